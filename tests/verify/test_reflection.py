"""Stationary laws of processes that reach 0, or that steps do not resolve."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Rational, exp, oo, sin, sqrt

from derivations import Brownian, MatrixSDE, State, StationaryClaim, dt, positive
from tests.verify.path_claims import named
from verify.loading import compiled
from verify.memory import Memory
from verify.paths.horizon import settings
from verify.paths.reflection import at_reflection, not_resolved, within_domain
from verify.paths.stationary import stationary
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.verdict import Evidence, Status

x, y, b = State("x", positive=True), State("y"), Brownian("b")
c, theta = positive("c"), positive("theta")
PLAN = Plan(
    seed=2,
    effort=replace(EFFORTS["quick"], paths=1000, steps=96),
    budget=ErrorBudget(false_agree=1e-4, false_reject=1e-4),
)

# The root of a CIR process: 0 is reached if and only if c < 2.
ROOT = MatrixSDE({x: ((c - 1) / (2 * x) - x) * dt + b.d})
CROSSED = MatrixSDE({y: ((c - 1) / (2 * y) - y) * dt + b.d})
# 0 is reached if and only if θ < 1/2.
CIR = MatrixSDE({x: (theta - x) * dt + sqrt(x) * b.d})
REFLECTED = MatrixSDE({x: -x * dt + b.d})


def root(dimension: Any, power: int = 0, sde: Any = ROOT, at: Any = x) -> StationaryClaim:
    density = at ** (c - 1 + power) * exp(-(at**2))
    values, ends = {c: dimension, at: 1}, {} if at == x else {"support": (0, oo)}
    return StationaryClaim(
        **named(sde=sde, observable=at, density=density, horizon=4, values=values, **ends)
    )


def mean_of_root(dimension: Any, factor: Any = 1) -> StationaryClaim:
    stated = {"value": factor * 2 ** (-c / 2), "bounds": (0, 1), "horizon": 6}
    values = {"values": {c: dimension, x: 1}}
    return StationaryClaim(**named(sde=ROOT, observable=exp(-(x**2)), **stated, **values))


def gamma(mean: Any, power: int = 0) -> StationaryClaim:
    density = x ** (2 * theta - 1 + power) * exp(-2 * x)
    values = {theta: mean, x: 1}
    return StationaryClaim(
        **named(sde=CIR, observable=x, density=density, horizon=8, values=values)
    )


def half_normal() -> StationaryClaim:
    fields = {"density": exp(-(x**2)), "horizon": 6, "values": {x: 1}}
    return StationaryClaim(**named(sde=REFLECTED, observable=x, **fields))


def judged(*claims: StationaryClaim, seed: int = 2) -> list[Evidence]:
    memory, plan = Memory(), replace(PLAN, seed=seed)
    return [stationary(replace(compiled(claim), memory=memory), plan) for claim in claims]


REACHED = {
    "root, 3/2": root(Rational(3, 2)),
    "root, 1/2": root(Rational(1, 2)),
    "mean of the root": mean_of_root(Rational(11, 10)),
    "CIR, 1/10": gamma(Rational(1, 10)),
    "CIR, 1/20": gamma(Rational(1, 20)),
    "what the equation does not reflect": half_normal(),
}


@pytest.mark.parametrize("name", REACHED)
def test_a_law_of_a_process_that_is_reflected_stays_open(name: str) -> None:
    (found,) = judged(REACHED[name])
    assert found.status == Status.INCONCLUSIVE, found.reason


@pytest.mark.parametrize("seed", range(2))
def test_it_says_how_much_of_the_law_is_not_resolved(seed: int) -> None:
    (found,) = judged(root(Rational(6, 5)), seed=seed)
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "of the paths are within the noise of a step of 0" in found.reason


@pytest.mark.parametrize(
    ("right", "wrong"),
    [(root(3), root(3, 1)), (gamma(1), gamma(1, 1)), (mean_of_root(3), mean_of_root(3, 0.6))],
    ids=["root", "CIR", "mean of the root"],
)
def test_a_process_that_does_not_reach_0_is_decided(right: Any, wrong: Any) -> None:
    right, wrong = judged(*(replace(claim, relevant=0.1) for claim in (right, wrong)))
    assert right.status == Status.AGREES, right.reason
    assert wrong.status == Status.DISAGREES, wrong.reason


def test_far_wrong_densities_of_reflected_processes_are_refuted() -> None:
    (found,) = judged(gamma(Rational(2, 5), 1))
    assert found.status == Status.DISAGREES, found.reason


def test_what_changes_within_steps_decides_nothing() -> None:
    fast = MatrixSDE({y: -y * dt + sin(400 * y) * b.d})
    strip = named(sde=fast, observable=y, density=exp(-2 * y**2), horizon=4, values={y: 1})
    crossed = root(Rational(6, 5), 0, CROSSED, y)
    for claim in (StationaryClaim(**strip), crossed):
        (found,) = judged(claim)
        assert found.status == Status.INCONCLUSIVE, found.reason
        assert "coefficients change too fast" in found.reason


def test_the_part_that_a_step_may_take_across_0() -> None:
    (setting,) = settings(compiled(half_normal()), PLAN)
    states = {"x": np.array([0.01, 0.19, 0.21, 5.0, np.nan])}
    assert at_reflection(setting, states, 0.01) == pytest.approx(2 / 5)
    assert at_reflection(setting, states, 1e-6) == 0.0
    assert not_resolved(0.4).startswith("40 % of the paths")


def test_no_number_where_a_positive_state_is_not_positive() -> None:
    (setting,) = settings(compiled(half_normal()), PLAN)
    states = {"x": np.array([1.0, -1.0])}
    moved = within_domain(setting).system.increment(states, 0.0, 1.0, {"db": np.zeros(2)})["x"]
    assert moved[0] == -1.0
    assert np.isnan(moved[1])
