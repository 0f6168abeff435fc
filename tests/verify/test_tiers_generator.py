from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from derivations import (
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    Family,
    IdentityClaim,
    MatrixSDE,
    State,
    TimeChangeClaim,
    det,
    dims,
    dt,
    index,
    positive,
    total,
    tr,
)
from derivations.catalogue import find
from numerics.contexts import RationalContext
from numerics.numeric_sde import NumericSDE
from tests.verify import problems
from tests.verify.test_tiers_exact import RIGHT, WRONG
from verify.loading import compiled
from verify.planning import Plan, effort
from verify.problem import Problem
from verify.sampling import sample_at
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
    assert reason.startswith("drift: 0.0 digits agree in float64 (5 required), 0.0 in 50 digits (")
    assert "agree only" not in reason
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


def determinant(size: object, drift: object) -> Problem:
    """d det X of a square matrix of independent Brownian motions: a martingale."""
    X, B = State("X", size, size), Brownian("B", size, size)
    return compiled(
        DifferentialClaim(
            id="determinant",
            sde=MatrixSDE({X: B.d}),
            observable=det(X),
            drift=drift,
            martingale=det(X) * tr(X.inverse() * B.d),
        )
    )


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_drift_of_no_terms_is_resolved_to_rounding(size: int) -> None:
    """A determinant is linear along every entry: float64 has no unit but its own rounding."""
    found = check(determinant(size, 0), PLAN)
    assert found.status == Status.AGREES, found.reason
    assert "beyond float64" not in found.reason
    X = State("X", size, size)
    for wrong in (2, det(X) / 10**6):
        assert check(determinant(size, wrong), PLAN).status == Status.DISAGREES


@pytest.mark.parametrize("seed", range(4))
def test_a_point_that_rounds_to_a_singular_matrix_is_drawn_again(seed: int) -> None:
    """Some points are a regular matrix exactly, and none in float64; no seed leaves it open."""
    plan = Plan(seed=seed, effort=effort("standard")).for_tier("det", "generator", 1)
    found = check(determinant(dims("n"), 0), plan)
    assert found.status == Status.AGREES, found.reason


def test_what_is_singular_in_float64_alone_is_no_point_of_a_sample() -> None:
    tries = []

    def of(_sizes: object, point: object) -> int:
        tries.append(point)
        if len(tries) < 3:
            raise np.linalg.LinAlgError("Singular matrix")
        return len(tries)

    found = sample_at(determinant(2, 0), RationalContext(), {}, 1, 1, of)
    assert found.values == (3,)
    assert found.refused >= 2


x, b = State("x"), Brownian("b")
FREE = MatrixSDE({x: -x * dt + b.d})
SMALL = Rational(1, 10**6)
FEW = replace(PLAN, effort=replace(effort("quick"), sizes=1, points=1))


@pytest.mark.parametrize("sde", [FREE, NumericSDE(
    states={"x": ()}, drift=lambda x: -x, noise=lambda x, db: db, noises={"b": ()},
)], ids=["expressions", "functions"])  # fmt: skip
def test_a_constant_does_not_move(sde: Any) -> None:
    """There is nothing to resolve, which is not the same as unresolved."""
    f = 3 if sde is FREE else lambda x: 3.0 + 0.0 * x
    g = x if sde is FREE else lambda x: x

    def moved(drift: Any, martingale: Any) -> str:
        claim = DifferentialClaim(sde=sde, observable=f, drift=drift, martingale=martingale)
        return str(check(compiled(claim), FEW).status)

    def varied(rate: Any) -> str:
        claim = CovariationClaim(sde=sde, first=f, second=g, rate=rate)
        return str(check(compiled(claim), FEW).status)

    assert moved(0, 0) == varied(0) == "AGREES"
    along = SMALL * b.d if sde is FREE else lambda db: 1e-6 * db
    assert moved(SMALL, 0) == moved(0, along) == varied(SMALL) == "DISAGREES"


@pytest.mark.parametrize(("drift", "status"), [(0, "AGREES"), (SMALL * x, "DISAGREES")])
def test_systems_that_stand_still_are_the_same_on_every_clock(drift: Any, status: str) -> None:
    still, other = MatrixSDE({x: 0 * dt}), MatrixSDE({x: drift * dt})
    claim = TimeChangeClaim(sde=still, rate=positive("s"), changed=other)
    assert str(check(compiled(claim), PLAN).status) == status


WRONG_FACTOR = 1 + Rational(1, 10**6)


@pytest.mark.parametrize(("factor", "answer"), [(1, "AGREES"), (WRONG_FACTOR, "DISAGREES")])
def test_sides_that_cancel_at_some_size_are_equal_there(factor: object, answer: str) -> None:
    # The covariance of one value is 0 on both sides, whatever rounding leaves of them.
    n, _ = dims("n m")
    x, y = Family("x"), Family("y")
    i, j, k = (index(name, n) for name in "ijk")
    means = total(x[i], i) / n, total(y[j], j) / n
    left = total((x[k] - means[0]) * (y[k] - means[1]), k) / n
    right = total(x[k] * y[k], k) / n - means[0] * means[1]
    plan = replace(PLAN, effort=effort("standard"))
    found = check(compiled(IdentityClaim(left=left, right=factor * right)), plan)
    assert {"n": 1} in found.numbers["sizes"]
    assert str(found.status) == answer
