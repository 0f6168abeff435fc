"""stationary-law: judged on what it simulates, and on laws that are wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from numerics.network import Array
from tests.verify.experimenting import judged, quickly, statuses
from verify.experiments import stationary_law, style
from verify.experiments.command import Report, conduct
from verify.experiments.stationary_law_judge import (
    Density,
    discrete_rate,
    judge,
    log_density,
)
from verify.experiments.stationary_law_paths import (
    Data,
    Moments,
    gradient_variances,
    moments,
    sde_paths,
)
from verify.verdict import Status

SMALL = {"paths": 4000, "sde_step": 0.04, "fall": 20.0, "batches": 120, "ordinary": [150, 600.0]}


@cache
def report() -> Report:
    return conduct(quickly(stationary_law.experiment(), **SMALL), range(2))


def test_as_stated_and_drawn() -> None:
    found = report()
    status = statuses(found.findings)
    assert status.pop("collapse above the threshold") is not Status.DISAGREES
    assert set(status.values()) == {Status.AGREES}, [f.reason for f in found.findings]
    with style.applied():
        drawn = found.experiment.draw(found.numbers, found.experiment.settings, found.findings)
    assert set(drawn) == {"stationary-law"}


def terms(
    *, twist: float = 1.0, power: float = 1.5, ratio: float = 1.0, turn: float = 1.0
) -> Density:
    """The stated density with −twist in the exponent of g, and so on for the other terms."""

    def density(m: Moments, T: float, v: Array) -> Array:
        root = np.sqrt(m.a1 * m.a3 - m.a2**2)
        r = m.b2 / (2 * m.a3 * T)
        angle = np.arctan((m.a1 * v - m.a2) / root)
        logs = (ratio * r - power) * np.log(v) - (twist + r / 2) * np.log(m.spread(v))
        drawn = (m.a3 * m.b1 - m.a2 * m.b2) / (2 * m.a3 * T * root) * angle
        return np.asarray(logs - turn * drawn)

    return density


def other_moments(**factors: float) -> Density:
    """The stated density of data whose moments are multiplied."""

    def density(m: Moments, T: float, v: Array) -> Array:
        wrong = {name: factor * getattr(m, name) for name, factor in factors.items()}
        return log_density(replace(m, **wrong), T, v)

    return density


def power_of_moment(**powers: float) -> Density:
    """The stated density with powers of moments in the place of moments."""

    def density(m: Moments, T: float, v: Array) -> Array:
        wrong = {name: getattr(m, name) ** power for name, power in powers.items()}
        return log_density(replace(m, **wrong), T, v)

    return density


WRONG = {
    "β₁³": power_of_moment(b1=3.0),
    "β₁²": power_of_moment(b1=2.0),
    "no β₁": power_of_moment(b1=0.0),
    "β₂²": power_of_moment(b2=2.0),
    "α₃²": power_of_moment(a3=2.0),
    "half the exponent −1 of g": terms(twist=0.5),
    "another sign of α₂": other_moments(a2=-1.0),
    "twice β₂/(2α₃T)": terms(ratio=2.0),
    "half of β₂/(2α₃T)": terms(ratio=0.5),
    "twice α₁": other_moments(a1=2.0),
    "no arctan": terms(turn=0.0),
    "−1 for −3/2": terms(power=1.0),
}


def test_the_terms_are_those_of_the_stated_density() -> None:
    m, v = moments(Data(slope=1.0, noise=0.6, square=0.7)), np.array([0.1, 1.0, 3.0])
    np.testing.assert_allclose(terms()(m, 0.2, v), log_density(m, 0.2, v), rtol=1e-12)


@pytest.mark.parametrize("name", WRONG)
def test_another_density_is_rejected(name: str) -> None:
    settings = report().experiment.settings
    sde, sgd, *_ = judge(report().numbers, settings, WRONG[name])
    assert sde.status is Status.DISAGREES, sde.reason
    # What SGD cannot see is said in its finding.
    blind = name == "half the exponent −1 of g"
    assert sgd.status is (Status.AGREES if blind else Status.DISAGREES), sgd.reason
    assert "cannot see the −1 in the exponent of g" in sgd.reason


@pytest.mark.parametrize(
    "wrong", [{"a2": -1.0}, {"a2": 0.5}, {"a1": 2.0}, {"a1": 0.5}, {"a3": 0.9}]
)
def test_another_noise_of_the_gradient_is_rejected(wrong: dict[str, float]) -> None:
    def of(data: Data) -> Moments:
        m = moments(data)
        return replace(m, **{name: factor * getattr(m, name) for name, factor in wrong.items()})

    found = judge(report().numbers, report().experiment.settings, of=of)
    assert found[2].status is Status.DISAGREES, found[2].reason


def test_the_law_of_another_temperature_is_rejected() -> None:
    for factor in (0.5, 1.5):
        cases = [
            [a, s, q, factor * T, time]
            for a, s, q, T, time in report().experiment.settings["cases"]
        ]
        found = judged(report(), report().numbers, cases=cases)
        assert found["law under SGD"] is found["law under SDE"] is Status.DISAGREES


def test_a_wrong_rate_of_collapse_is_rejected() -> None:
    found = judged(report(), report().numbers, above=[0.05, 1.0, 0.7, 0.16])
    assert found["collapse above the threshold"] is Status.DISAGREES


def test_paths_that_stay_are_not_taken_for_fallen() -> None:
    numbers = [{**run, "ordinary_sde": 0 * run["ordinary_sde"]} for run in report().numbers]
    assert judged(report(), numbers)["collapse from ordinary v"] is Status.DISAGREES


def test_below_the_threshold_nothing_collapses() -> None:
    small = {"above": [0.05, 1.0, 0.7, 0.03], "paths": 50, "of_sgd": 1, "fall": 4.0}
    small["cases"] = [[1.0, 1.0, 0.7, 0.1, 0.2]] * 2
    settings = {**report().experiment.settings, **small}
    numbers = [stationary_law.simulate(1, settings, lambda done, what: None)]
    found = statuses(judge(numbers, settings))
    assert found["collapse from ordinary v"] is Status.DISAGREES


def test_the_rate_of_sgd_is_the_integral_that_it_states() -> None:
    """Two rules, and the mean over drawn samples."""
    data = Data(slope=0.05, noise=1.0, square=1.0)
    rates = [discrete_rate(data, 0.09, nodes) for nodes in (60, 120)]
    assert rates[0] == pytest.approx(rates[1], rel=1e-4)
    rng = np.random.Generator(np.random.SFC64(5))
    x, e = rng.standard_normal((2, 400_000))
    logs = -np.log((1 + 0.18 * x * (0.05 * x + e)) ** 2) / 0.09
    assert rates[0] == pytest.approx(logs.mean(), abs=4 * logs.std() / np.sqrt(len(logs)))


def test_paths_whose_steps_matter_are_not_accepted() -> None:
    numbers = [{**run, "log_v_coarse": run["log_v_sde"] + 1} for run in report().numbers]
    assert judged(report(), numbers)["law under SDE"] is Status.INCONCLUSIVE


def test_a_step_of_the_sde_has_the_declared_drift_and_noise() -> None:
    data, T, u = Data(slope=0.8, noise=0.5, square=0.6), 0.1, 1.1
    rng = np.random.Generator(np.random.SFC64(3))
    time, v = 1e-4, u * u
    logs = sde_paths(data, T, time, rng, start=v, paths=400_000, step=0.5)[-1]
    moved = np.exp(logs / 2) - u
    g = gradient_variances(data, [v], rng, samples=100_000, batches=10).mean()
    assert moved.mean() / time == pytest.approx(-2 * 0.6 * (v - 0.8) * u, rel=0.1)
    assert moved.var() / time == pytest.approx(4 * T * g * v, rel=0.03)
