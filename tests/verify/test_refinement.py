"""What the looks do with noise and with bias, on values made by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from verify.paths.refinement import (
    LEFT,
    SLOW,
    Finding,
    Look,
    Measurement,
    extrapolated_mean,
    refined,
)
from verify.planning import EFFORTS, ErrorBudget, Estimate, Plan
from verify.verdict import Status

EFFORT = replace(EFFORTS["quick"], paths=1_000, steps=64)
PLAN = Plan(effort=EFFORT, budget=ErrorBudget(false_agree=1e-3, false_reject=1e-3))
RELEVANT = 0.1


def scheme(
    error: Callable[[float], float], stated: float, spread: float = 0.05
) -> Callable[[Look], Measurement]:
    """Values in [0, 1] around ½ whose mean is off by error(h) at step length h."""

    def measure(look: Look) -> Measurement:
        noise = spread * (2 * look.plan.generator("values").random(look.paths) - 1)
        levels = [0.5 + error(1 / (look.steps * 2**i)) + noise for i in range(3)]
        return extrapolated_mean(levels, 0.0, 1.0, stated, look.plan.budget.alpha)

    return measure


def found(error: Callable[[float], float], stated: float) -> Finding:
    return refined(scheme(error, stated), PLAN, RELEVANT, 1)


ORDERS = [
    lambda h: 2 * h,
    lambda h: -2 * h + 5 * h * h,
    lambda h: 0.8 * math.sqrt(h),
    lambda h: -0.8 * math.sqrt(h),
]


@pytest.mark.parametrize("error", ORDERS, ids=["h", "h and h²", "√h", "−√h"])
def test_a_bias_neither_rejects_nor_accepts(error: Callable[[float], float]) -> None:
    # At the first steps, 1/8, the plain mean is off by more than the relevant error.
    assert abs(error(1 / 8)) > RELEVANT
    right = found(error, 0.5)
    assert right.status == Status.AGREES
    assert right.steps > 8 or error(1.0) == 2.0
    for wrong in (0.5 + 2.1 * RELEVANT, 0.5 - 2.1 * RELEVANT):
        assert found(error, wrong).status == Status.DISAGREES


@pytest.mark.parametrize("error", ORDERS, ids=["h", "h and h²", "√h", "−√h"])
def test_the_estimate_of_the_bias_covers_what_is_left(error: Callable[[float], float]) -> None:
    for steps in (8, 32, 128):
        m = scheme(error, 0.5)(Look(steps=steps, paths=500, plan=PLAN))
        noiseless = replace(m.estimate, half_width=0.0).value
        assert abs(noiseless) <= m.estimate.bias + m.estimate.half_width
        h = 1 / (4 * steps)
        assert abs(2 * error(h) - error(2 * h)) <= m.estimate.bias * (1 + 1e-9) + 1e-12


def test_an_error_at_a_bias_of_half_of_it_is_never_accepted() -> None:
    assert Estimate(value=0.0, bias=RELEVANT / 2).decide(RELEVANT) == Status.INCONCLUSIVE


def test_lost_paths_are_bias() -> None:
    levels = [np.full(1000, 0.5) for _ in range(3)]
    levels[1][:100] = np.nan
    m = extrapolated_mean(levels, 0.0, 1.0, 0.5, 0.01)
    assert m.estimate.bias == pytest.approx(0.1)
    assert m.estimate.value == 0.0


def test_what_finer_steps_may_mend_is_looked_at_again() -> None:
    seen: list[int] = []

    def measure(look: Look) -> Measurement:
        seen.append(look.steps)
        nothing = Estimate(value=0.0, half_width=math.inf, bias=math.inf)
        return Measurement(estimate=nothing, why="outside", finer=True)

    answer = refined(measure, PLAN, RELEVANT, 1)
    assert seen == [8, 32, 128]
    assert answer.needed == "outside"


def test_looks_share_the_rates_and_have_paths_of_their_own() -> None:
    seen: list[Plan] = []

    def measure(look: Look) -> Measurement:
        seen.append(look.plan)
        return Measurement(estimate=Estimate(value=0.0, half_width=1.0))

    refined(measure, PLAN, RELEVANT, 1)
    assert math.fsum(plan.budget.alpha for plan in seen) <= PLAN.budget.alpha * (1 + 1e-12)
    assert len({plan.seed_for("paths") for plan in seen}) == len(seen) > 1


def test_what_is_left_by_a_move_is_a_geometric_sum() -> None:
    assert pytest.approx(sum(2 ** (-k / 2) for k in range(1, 200))) == LEFT


@pytest.mark.parametrize("order", [0.1, 0.25])
def test_moves_that_do_not_shrink_like_a_root_settle_nothing(order: float) -> None:
    answer = found(lambda h: -0.4 * h**order, 0.5)
    assert answer.status == Status.INCONCLUSIVE
    assert answer.needed == SLOW
    assert math.isinf(answer.estimate.bias)
