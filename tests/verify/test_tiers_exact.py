from __future__ import annotations

from dataclasses import replace

import pytest

from numerics.signature import Condition
from tests.verify import problems
from verify.planning import Plan, effort
from verify.problem import Problem
from verify.tiers.exact import check
from verify.verdict import Status

PLAN = Plan(seed=1, effort=effort("quick"))

RIGHT = [
    problems.geometric(),
    problems.label_noise(),
    problems.schur(),
    problems.clock(),
    problems.clock(constant=True),
]
WRONG = [
    problems.geometric("missing Itô term"),
    problems.geometric("2 for 1"),
    problems.geometric("sign"),
    problems.geometric("σ for σ²"),
    problems.geometric(martingale=2.0),
    problems.geometric(martingale=-1.0),
    *(problems.label_noise(rate) for rate in problems.WRONG_RATES),
    problems.label_noise(martingale=True),
    problems.schur(sign=1),
    problems.clock(drift=0.5),
]


@pytest.mark.parametrize("problem", RIGHT, ids=lambda p: p.id)
def test_a_right_claim_agrees(problem: Problem) -> None:
    found = check(problem, PLAN)
    assert found.status == Status.AGREES, found.reason
    assert found.points >= 2


@pytest.mark.parametrize("problem", WRONG, ids=lambda p: p.id)
def test_a_wrong_claim_disagrees(problem: Problem) -> None:
    found = check(problem, PLAN)
    assert found.status == Status.DISAGREES, found.reason


def test_what_differs_is_named() -> None:
    assert "martingale part" in check(problems.geometric(martingale=2.0), PLAN).reason
    reason = check(problems.geometric("sign"), PLAN).reason
    assert "drift" in reason
    assert "martingale" not in reason


def test_the_false_pass_bound_is_stated_and_tiny() -> None:
    bound = check(problems.label_noise(), PLAN).false_agree
    assert bound is not None
    assert 0 < bound < 1e-15


def test_no_admissible_point_is_no_agreement() -> None:
    problem = problems.label_noise()
    impossible = Condition(text="γ = 0", predicate="zero", kernel="stated_drift")
    signature = replace(problem.signature, conditions=(*problem.signature.conditions, impossible))
    found = check(replace(problem, signature=signature), PLAN)
    assert found.status == Status.INCONCLUSIVE
    assert found.points == 0
    assert found.refused > 0
    assert "γ = 0" in found.reason


def test_no_admissible_size_is_no_agreement() -> None:
    problem = problems.label_noise()
    narrow = Condition(text="l < p", relation="l < p")
    signature = replace(problem.signature, conditions=(*problem.signature.conditions, narrow))
    found = check(replace(problem, signature=signature), PLAN)
    assert found.status == Status.INCONCLUSIVE
