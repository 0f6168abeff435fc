"""What is no contradiction of two tiers: each looked at something else, or somewhere else."""

import pytest
from sympy import exp

import verify
from derivations import (
    Brownian,
    DifferentialClaim,
    MatrixSDE,
    MomentClaim,
    State,
    dims,
    dt,
    positive,
    tr,
)
from derivations.symbols import t
from verify.finding.contradiction import contradictions
from verify.tiers import exact
from verify.verdict import Evidence, Status

AGREES, DISAGREES = Status.AGREES, Status.DISAGREES


@pytest.mark.parametrize(
    ("parts", "condition", "said"),
    [
        ({"drift of x²": "DIFFERENT", "the law of E[x²] at time 0": "DIFFERENT"}, "", True),
        # Exact arithmetic compares the drift of moments and not their laws, at the sizes drawn.
        ({"drift of x²": "EQUAL", "the law of E[x²] solves the system": "DIFFERENT"}, "", False),
        ({"drift": "DIFFERENT"}, exact.CONDITION, False),
    ],
)
def test_what_exact_arithmetic_did_not_look_at_contradicts_nothing(
    parts: dict[str, str], condition: str, said: bool
) -> None:
    evidence = [
        Evidence(tier="derivation", status=DISAGREES, reason="", numbers={"parts": parts}),
        Evidence(tier="exact", status=AGREES, reason="", condition=condition),
    ]
    assert bool(contradictions(evidence)) is said


def test_a_wrong_law_of_right_moments() -> None:
    x, beta, a, sigma = State("x"), Brownian("beta"), positive("a"), positive("sigma")
    late = exp(-2 * a * t)
    claim = MomentClaim(
        sde=MatrixSDE({x: -a * x * dt + sigma * beta.d}),
        moments=(x**2, 1),
        matrix=[[-2 * a, sigma**2], [0, 0]],
        laws=(late * x**2 + sigma**2 / a * (1 - late), 1),
    )
    verdict = verify.check(claim, effort="quick")
    assert verdict.status == DISAGREES
    assert verdict.finding is not None
    assert verdict.finding.explained
    assert "contradict" not in str(verdict)


def test_what_vanishes_at_all_sizes_drawn() -> None:
    n = dims("n")
    X, B = State("X", n, n), Brownian("B", n, n)
    claim = DifferentialClaim(
        sde=MatrixSDE({X: B.d}),
        observable=tr(X * X.T),
        drift=n**2 + (n - 2) * (n - 3),
        martingale=None,
    )
    verdict = verify.check(claim, effort="quick")
    said = {e.tier: e.status for e in verdict.evidence}
    # Both are right, each where it looked.
    assert (said["derivation"], said["exact"]) == (DISAGREES, AGREES)
    assert "contradict" not in str(verdict)
