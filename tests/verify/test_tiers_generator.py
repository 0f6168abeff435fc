from __future__ import annotations

import pytest

from tests.verify import problems
from tests.verify.test_tiers_exact import RIGHT, WRONG
from verify.planning import Plan, effort
from verify.problem import Problem
from verify.tiers.generator import check
from verify.verdict import Status

PLAN = Plan(seed=1, effort=effort("quick"))


@pytest.mark.parametrize("problem", RIGHT, ids=lambda p: p.id)
def test_a_right_claim_agrees(problem: Problem) -> None:
    found = check(problem, PLAN)
    assert found.status == Status.AGREES, found.reason
    digits = found.numbers["digits"]
    assert min(digits["float64"].values()) > 6
    assert min(digits["50 digits"].values()) > 25


@pytest.mark.parametrize("problem", WRONG, ids=lambda p: p.id)
def test_a_wrong_claim_disagrees(problem: Problem) -> None:
    found = check(problem, PLAN)
    assert found.status == Status.DISAGREES, found.reason


def test_what_differs_is_named_with_its_digits() -> None:
    reason = check(problems.geometric("sign"), PLAN).reason
    assert "drift to 0.0 digits in float64" in reason
    assert "martingale" not in reason
