from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    MatrixSDE,
    State,
    TimeChangeClaim,
    dims,
    dt,
    eigenvalues,
    positive,
)
from tests.verify import problems
from tests.verify.test_tiers_exact import RIGHT, WRONG
from verify.loading import compiled
from verify.planning import EFFORTS, Plan
from verify.problem import Problem
from verify.sizes import telling_sizes
from verify.tiers.one_step import check
from verify.verdict import Status

PLAN = Plan(seed=1)


@pytest.mark.parametrize("problem", RIGHT, ids=lambda p: p.id)
def test_a_right_claim_agrees(problem: Problem) -> None:
    found = check(problem, PLAN)
    assert found.status == Status.AGREES, found.reason


@pytest.mark.parametrize("problem", WRONG, ids=lambda p: p.id)
def test_a_wrong_claim_disagrees(problem: Problem) -> None:
    found = check(problem, PLAN)
    assert found.status == Status.DISAGREES, found.reason


def test_five_digits_on_the_net_in_a_second() -> None:
    started = time.process_time()
    found = check(problems.label_noise(), PLAN)
    assert time.process_time() - started < 2
    assert found.numbers["sizes"] == dict(telling_sizes(problems.label_noise().signature))
    drift = found.numbers["drift"]
    assert drift["half_width"] + drift["bias"] < 1e-5


def test_all_draws_are_enumerated() -> None:
    found = check(problems.schur(), PLAN)
    assert found.points == found.numbers["draws"] >= 4


def test_two_sides_that_vanish_are_equal_at_all_draws() -> None:
    problem = problems.schur()

    def nothing(G: Any, eta: Any) -> Any:
        return 0.0 * problem.kernel("left").arrays(G, eta)

    def some(G: Any, eta: Any) -> Any:
        return 1e-9 + nothing(G, eta)

    for right, answer in ((nothing, Status.AGREES), (some, Status.DISAGREES)):
        sides = {"left": replace(problem.kernel("left"), arrays=nothing)}
        sides["right"] = replace(problem.kernel("right"), arrays=right)
        found = check(replace(problem, kernels={**problem.kernels, **sides}), PLAN)
        assert found.status == answer


@pytest.mark.parametrize(("drift", "status"), [(0, "AGREES"), (1, "DISAGREES")])
def test_systems_that_stand_still_are_the_same_on_every_clock(drift: int, status: str) -> None:
    """There are no terms that could be a unit."""
    x = State("x")
    still, other = MatrixSDE({x: 0 * dt}), MatrixSDE({x: drift * x * dt / 10**6})
    claim = TimeChangeClaim(sde=still, rate=positive("s"), changed=other)
    assert str(check(compiled(claim), PLAN).status) == status


@pytest.mark.parametrize(("rate", "status"), [(0, "AGREES"), ("gap", "DISAGREES")])
def test_eigenvalues_that_do_not_vary_together(rate: Any, status: str) -> None:
    """Where all terms of a covariation are zero, those of the variations are its unit."""
    n, m = dims("n m")
    X, B = State("X", n, m), Brownian("B", n, m)
    lam = eigenvalues(X * X.T)
    i, j = lam.indices("i j")
    claim = CovariationClaim(
        id="c",
        sde=MatrixSDE({X: B.d}),
        first=lam[i],
        second=lam[j],
        rate=lam[i] - lam[j] if rate else 0,
        assumptions=(Assumption(text="distinct", condition=lam.distinct),),
    )
    found = check(compiled(claim), replace(PLAN, effort=EFFORTS["quick"]))
    assert str(found.status) == status, found.reason
