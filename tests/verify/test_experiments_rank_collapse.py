"""rank-collapse: judged on what it simulates, and on what is wrong."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from numerics.network import Array
from tests.verify.experimenting import Numbers, judged, quickly, statuses
from verify.experiments import rank_collapse, style
from verify.experiments.command import Report, conduct
from verify.experiments.experiment import Settings
from verify.experiments.factorization import Model
from verify.experiments.rank_collapse import collapse_rate, predicted
from verify.verdict import Status

AGREES, DISAGREES, OPEN = Status.AGREES, Status.DISAGREES, Status.INCONCLUSIVE
RATE, REST, KEPT = "rate of collapse", "what remains", "gradient descent keeps the rank"


@cache
def report() -> Report:
    small = {"runs": [[0.006, 300_000], [0.012, 75_000]], "marks": 40}
    return conduct(quickly(rank_collapse.experiment(), **small), range(5))


def changed(**values: Any) -> list[Numbers]:
    return [{**run, **values} for run in report().numbers]


def test_nothing_true_is_rejected() -> None:
    found = statuses(report().findings)
    assert DISAGREES not in found.values()
    assert found[KEPT] == AGREES
    with style.applied():
        drawn = report().experiment.draw(
            report().numbers, report().experiment.settings, report().findings
        )
        for figure in drawn.values():
            figure.savefig(io.BytesIO(), dpi=30)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_rate_wrong_by_two_is_rejected(factor: float) -> None:
    noise = [factor * value for value in report().experiment.settings["noise"]]
    assert judged(report(), report().numbers, noise=noise)[RATE] == DISAGREES
    # As with the paper's 2σ² read as T, or without the factor b.
    runs = [[factor * eta, steps] for eta, steps in report().experiment.settings["runs"]]
    assert judged(report(), report().numbers, runs=runs)[RATE] == DISAGREES


def test_a_rate_with_another_power_of_the_step_is_rejected() -> None:
    """T² for T, with a constant that fits the finer step size."""
    fine, coarse = report().experiment.settings["runs"]
    scale = 2.0  # as large a step, relative to the finer one, once more
    runs = [fine, [scale * coarse[0], coarse[1]]]
    assert judged(report(), report().numbers, runs=runs)[RATE] != AGREES


def test_one_trace_for_the_other_and_the_largest_eigenvalue_are_rejected() -> None:
    settings = report().experiment.settings
    assert collapse_rate(settings, 0.01) == pytest.approx(0.02 * (0.35 + 1.05) * 0.5)
    for noise in ([max(settings["noise"])], [4 * 0.5]):  # the norm of Σ_r; tr Σ_x
        assert judged(report(), report().numbers, noise=noise)[RATE] == DISAGREES


@pytest.mark.parametrize(
    ("trace", "variance"), [(2, 2), (0, 0), (-1, -1), (1, 0), (0, 1), (2, 1), (1, 2)]
)
def test_another_power_of_the_trace_or_of_the_variance_is_rejected(
    trace: int, variance: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(settings: Settings, eta: float) -> float:
        return float(
            2 * eta * sum(settings["noise"]) ** trace * settings["input_variance"] ** variance
        )

    monkeypatch.setattr(rank_collapse, "collapse_rate", wrong)
    assert judged(report(), report().numbers)[RATE] == DISAGREES


def without_trace_of_inputs(of: Model) -> Array:
    """tr(Σ_r) W Σ_x W' = U'Σ_r U."""
    return np.asarray(predicted(of) / np.trace(of.inputs) ** 0.25)


def balanced_factors(of: Model) -> Array:
    """W W' = U'U."""
    return np.asarray(np.sqrt(np.linalg.svd(of.V, compute_uv=False)))


def traces_exchanged(of: Model) -> Array:
    """tr(Σ_x) W Σ_x W' = tr(Σ_r) U'Σ_r U."""
    return np.asarray(predicted(of) * np.sqrt(of.traces[1] / of.traces[0]))


@pytest.mark.parametrize("law", [without_trace_of_inputs, balanced_factors, traces_exchanged])
def test_another_equilibrium_is_rejected(
    law: Callable[[Model], Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_collapse, "predicted", law)
    assert judged(report(), report().numbers)[REST] == DISAGREES


def test_isotropic_noise_is_not_taken_for_what_it_is_not() -> None:
    """Which way it is off depends on the seed, so that a mean may leave it open."""
    assert judged(report(), changed(noise=0.7 * np.eye(2)))[REST] != AGREES


def test_a_collapse_is_not_taken_for_gradient_descent() -> None:
    names = ("", " U", " W", " time")
    wrong = [{**run, **{f"gd{n}": run[f"sgd{n}"] for n in names}} for run in report().numbers]
    assert judged(report(), wrong)[KEPT] == DISAGREES
    still = [
        {**run, **{f"{way}{n}": run[f"gd{n}"] for n in names for way in ("sgd", "coarse")}}
        for run in report().numbers
    ]
    assert judged(report(), still)[RATE] == DISAGREES


def test_one_singular_value_that_falls_in_one_seed_is_seen() -> None:
    values = np.array(report().numbers[2]["gd"])
    values[-1, 3] *= 0.9
    wrong = [*report().numbers[:2], {**report().numbers[2], "gd": values}]
    assert judged(report(), wrong)[KEPT] == DISAGREES
