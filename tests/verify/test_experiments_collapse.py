"""stochastic-collapse: judged on what they simulate, and on what is wrong."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.verify.experimenting import Numbers, judged, quickly, statuses
from verify.experiments import stochastic_collapse
from verify.experiments.collapse_judge import judge, over_threshold, repulsion
from verify.experiments.collapse_neuron import neuron as simulated_neuron
from verify.experiments.command import Report, conduct
from verify.experiments.experiment import Settings
from verify.verdict import Status

DISAGREES = Status.DISAGREES


@cache
def collapse_report() -> Report:
    small = {"long_steps": 9000, "long_replicas": 64, "long_variances": [0.2, 13.4]}
    return conduct(quickly(stochastic_collapse.experiment(), **small), range(2))


def neuron(run: Numbers, **changed: Any) -> Numbers:
    return {**run, "neuron": {**run["neuron"], **changed}}


def test_nothing_true_is_rejected() -> None:
    report = collapse_report()
    assert Status.DISAGREES not in {f.status for f in report.findings}
    assert sum(f.status == Status.AGREES for f in report.findings) >= 2


def test_a_threshold_without_the_spread_of_the_data_is_rejected() -> None:
    report = collapse_report()
    wrong = [neuron(run, spread=0.0) for run in report.numbers]
    assert judged(report, wrong)["threshold of the neuron"] == DISAGREES


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_threshold_wrong_by_two_is_rejected(factor: float) -> None:
    report = collapse_report()
    wrong = [neuron(run, mean=factor * run["neuron"]["mean"]) for run in report.numbers]
    assert judged(report, wrong)["threshold of the neuron"] == DISAGREES
    # The same for the power of the step size.
    step = factor * report.experiment.settings["step"]
    assert judged(report, report.numbers, step=step)["threshold of the neuron"] == DISAGREES


def noise(*, square: float = -1.0, gain: float = 1.0, spread: float = 1.0, own: float = 1.0) -> Any:
    """η c (ζ² + Var(xy)/E x²)/2 over |E xy|/E x² with other powers of E x², c, Var(xy) and ζ."""

    def over(part: Numbers, settings: Settings, variance: Any) -> Any:
        of_data = part["spread"] ** spread * part["square"] ** square
        scale = settings["step"] * settings["gain"] ** gain / 2
        return scale * (np.asarray(variance) ** own + of_data) * part["square"] / part["mean"]

    return over


@pytest.mark.parametrize(
    "wrong",
    [
        {"square": 3.0},
        {"square": 0.0},
        {"square": -2.0},
        {"gain": 0.0},
        {"gain": 2.0},
        {"gain": -1.0},
        {"spread": 2.0},
        {"spread": 0.5},
        {"own": 2.0},
    ],
)
def test_another_power_in_the_threshold_is_rejected(wrong: dict[str, float]) -> None:
    report = collapse_report()
    settings = report.experiment.settings
    part, variance = report.numbers[0]["neuron"], np.array([0.3, 2.0])
    np.testing.assert_allclose(
        noise()(part, settings, variance), over_threshold(part, settings, variance)
    )
    found = statuses(judge(report.numbers, settings, over=noise(**wrong)))
    assert found["threshold of the neuron"] == DISAGREES


def test_what_the_steps_hide_in_the_threshold_is_said() -> None:
    """E[(xy)²] is Var(xy) and (E xy)², which at the threshold is of the order of the steps."""
    found = collapse_report().findings[0]
    gap = np.subtract(found.numbers["ratio_of_second_moment"], found.numbers["ratio"])
    assert gap.min() > 0
    assert gap.max() < 0.01
    assert "not told apart" in found.reason


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s, g, k: 2 * s - g,
        lambda s, g, k: 2 * k**2 * s - g,
        lambda s, g, k: 2 * k * s - 2 * g**2,
        lambda s, g, k: 2 * k * s - g**2,
        lambda s, g, k: k * s - g,
        lambda s, g, k: 2 * k * s - g * k,
    ],
)
def test_another_rate_of_modes_that_die_is_rejected(wrong: Any) -> None:
    report = collapse_report()
    settings = report.experiment.settings

    def rate(settings: Settings) -> Any:
        return wrong(np.array(settings["teacher"]), settings["gamma"], settings["kappa"])

    assert statuses(judge(report.numbers, settings, rate=rate))["modes that die"] == DISAGREES


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s, g, k: s - g / 2,
        lambda s, g, k: s - g**2 / k,
        lambda s, g, k: s - g**2,
        lambda s, g, k: s - g / (2 * k**2),
        lambda s, g, k: s - g * k / 2,
        lambda s, g, k: s - g / k,
        lambda s, g, k: s,
    ],
)
def test_another_soft_threshold_is_rejected(wrong: Any) -> None:
    report = collapse_report()
    settings = report.experiment.settings

    def mean(settings: Settings) -> Any:
        return wrong(np.array(settings["teacher"]), settings["gamma"], settings["kappa"])

    assert statuses(judge(report.numbers, settings, mean=mean))["modes that live"] == DISAGREES


def test_the_neuron_is_simulated_without_its_threshold() -> None:
    """The same numbers, whatever the law, from data of another slope: label noises are given."""
    settings = collapse_report().experiment.settings
    few = {**settings, "steps": 10, "long_steps": 10}
    for slope in (0.0, 0.5):
        part = simulated_neuron(3, {**few, "slope": slope}, lambda done: None)
        assert list(part["variance"]) == settings["variances"]
        assert list(part["long_variance"]) == settings["long_variances"]
        assert not {"ratio", "threshold", "needed"} & set(part)


def test_weights_that_live_are_not_taken_for_collapsed() -> None:
    report = collapse_report()
    wrong = [neuron(run, collapsed=run["neuron"]["collapsed"][::-1]) for run in report.numbers]
    assert judged(report, wrong)["fate of ordinary weights"] == DISAGREES
    # Collapse everywhere is no threshold; what is not settled by so many runs stays open.
    for below, status in (
        (1.0, Status.DISAGREES),
        (0.3, Status.DISAGREES),
        (0.125, Status.INCONCLUSIVE),
        (0.0, Status.AGREES),
    ):
        wrong = [neuron(run, collapsed=[below, 1.0]) for run in report.numbers]
        assert judged(report, wrong)["fate of ordinary weights"] == status


def test_a_rate_of_noise_wrong_by_two_is_rejected() -> None:
    report = collapse_report()
    for factor in (0.5, 2.0):
        gamma = factor * report.experiment.settings["gamma"]
        found = judged(report, report.numbers, gamma=gamma)
        assert found["modes that die"] == DISAGREES
        assert found["modes that live"] == DISAGREES
        assert found["repulsion"] == DISAGREES


def test_a_model_without_repulsion_is_not_taken_for_one_with_it() -> None:
    report = collapse_report()
    wrong = []
    for run in report.numbers:
        modes = run["modes"]
        still = {**modes["drift"], "moving": modes["drift"]["standing"]}
        exchanged = {"standing": modes["moving"], "moving": modes["standing"]}
        exchanged["standing"] = {**modes["standing"], "smallest": modes["moving"]["smallest"]}
        wrong.append({**run, "modes": {**modes, **exchanged, "drift": still}})
    found = judged(report, wrong)
    assert found["repulsion"] == DISAGREES
    assert found["smallest value"] == DISAGREES


def test_the_repulsion_is_that_of_theorem_5_1() -> None:
    x, y, gamma = np.array([1.1, 0.7]), np.array([0.6, 0.9]), 0.3
    standing, added = repulsion(x, y, gamma)
    lam, q = x**2, (x * y) ** 2
    force = (q[0] + q[1]) / (lam[0] - lam[1]) * np.array([1, -1])
    whole = gamma * (np.sum(y**2) + force) / lam - 2 * gamma * q / lam**2
    np.testing.assert_allclose(standing + added, whole, rtol=1e-12)
