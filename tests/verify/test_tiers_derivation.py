from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sympy import Identity, log, sqrt

from derivations import (
    Brownian,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Parameter,
    S,
    State,
    TimeChangeClaim,
    det,
    dims,
    dt,
    full_row_rank,
    logdet,
    positive,
    stack,
)
from derivations.claim import Assumption
from tests.verify import problems
from verify.planning import Plan
from verify.problem import Problem
from verify.tiers.derivation import check
from verify.verdict import Status

PLAN = Plan(seed=1)
p, k, l = dims("p k l")
gamma, mu, sigma = positive("gamma"), positive("mu"), positive("sigma")
x, beta = State("x", positive=True), Brownian("beta")
W1, W2, B = State("W1", p, l), State("W2", l, k), Brownian("B", p, k)
G, eta = Parameter("G", p, k), positive("eta")
theta = stack(W1, W2.T)


def claim(kind: Any, **fields: Any) -> Any:
    return kind(id="a", title="A", source="here", statement="this", **fields)


def judged(stated: Any) -> Any:
    return check(replace(problems.geometric(), claim=stated), PLAN)


GEOMETRIC = MatrixSDE({x: mu * x * dt + sigma * x * beta.d})
NOISE = MatrixSDE(
    {W1: sqrt(gamma) * B.d * W2.T, W2: sqrt(gamma) * W1.T * B.d},
    assuming=[full_row_rank(theta)],
)
M = theta * theta.T

RIGHT = [
    claim(
        DifferentialClaim,
        sde=GEOMETRIC,
        observable=log(x),
        drift=mu - sigma**2 / 2,
        martingale=sigma * beta.d,
    ),
    claim(DifferentialClaim, sde=NOISE, observable=logdet(M), drift=-2 * gamma * k * p),
    claim(
        IdentityClaim,
        left=det(Identity(p + k) + eta * S(G)),
        right=det(Identity(k) - eta**2 * G.T * G),
    ),
    claim(
        TimeChangeClaim,
        sde=MatrixSDE({W1: sqrt(gamma) * B.d * W2.T, W2: sqrt(gamma) * W1.T * B.d}),
        rate=gamma,
        changed=MatrixSDE({W1: B.d * W2.T, W2: W1.T * B.d}),
    ),
]
WRONG = [
    replace(RIGHT[0], drift=mu),
    replace(RIGHT[0], drift=mu + sigma**2 / 2),
    replace(RIGHT[0], drift=mu - sigma / 2),
    replace(RIGHT[0], martingale=-sigma * beta.d),
    replace(RIGHT[1], drift=-gamma * k * p),
    replace(RIGHT[1], drift=-2 * gamma * k**2),
    replace(RIGHT[1], drift=0 * k),
    replace(RIGHT[2], right=det(Identity(k) + eta**2 * G.T * G)),
    replace(RIGHT[3], rate=sqrt(gamma)),
]


@pytest.mark.parametrize("stated", RIGHT)
def test_a_right_claim_is_proved(stated: Any) -> None:
    found = judged(stated)
    assert found.status == Status.AGREES, found.reason
    assert found.false_agree == found.false_reject == 0.0


@pytest.mark.parametrize("stated", WRONG)
def test_a_wrong_claim_is_refuted_by_a_point(stated: Any) -> None:
    found = judged(stated)
    assert found.status == Status.DISAGREES, found.reason
    assert found.points > 0


def test_steps_and_assumptions_are_reported() -> None:
    unused = Assumption(text="the width is even", condition=sigma > mu)
    stated = replace(RIGHT[1], assumptions=(unused,))
    found = judged(stated)
    assert len(found.numbers["steps"]) >= 3
    assert found.numbers["assumptions used"]
    assert "never used" in found.reason


def test_functions_have_nothing_to_derive_from() -> None:
    problem: Problem = problems.geometric()
    assert problem.claim is None
    assert check(problem, PLAN).status == Status.NOT_APPLICABLE
