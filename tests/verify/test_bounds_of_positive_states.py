"""Bounds that hold for the solution, and not for paths on a grid that leave its domain."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Rational, exp

from derivations import Brownian, MatrixSDE, State, dt
from verify import ExpectationClaim, Status, check

x, y, b = State("x", positive=True), State("y"), Brownian("b")


@pytest.mark.parametrize(
    ("state", "words"),
    [(x, "they do not hold, or x, declared positive, is negative"), (y, "; give bounds that hold")],
)
def test_bounds_may_hold_where_a_positive_state_is_below_zero(state: Any, words: str) -> None:
    claim = ExpectationClaim(
        sde=MatrixSDE({state: Rational(1, 4) * dt + b.d}),
        observable=exp(-state / 2),
        value=Rational(1, 2),
        bounds=(0, 1),
        horizon=1,
        values={state: Rational(1, 100)},
    )
    verdict = check(claim, tiers=("path",), effort="quick")
    assert verdict.status is Status.INCONCLUSIVE
    assert words in str(verdict)
