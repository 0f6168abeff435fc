from __future__ import annotations

import pytest

from derivations.catalogue import find
from tests.verify import problems
from tests.verify.test_tiers_exact import RIGHT, WRONG
from verify.loading import compiled
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


@pytest.mark.parametrize("name", ["bessel", "wishart.log_determinant"])
def test_points_that_no_digits_resolve_refute_nothing(name: str) -> None:
    """On a half-line |x| is linear; some points of log det X'X are next to a singular one."""
    claim = find(name)
    plan = Plan(seed=1, effort=effort("standard")).for_tier(name, "generator", 300)
    found = check(compiled(claim), plan)
    assert found.status == Status.AGREES, found.reason
    for mutant in claim.mutants:
        assert check(compiled(claim.mutated(mutant)), plan).status == Status.DISAGREES, mutant.name
