"""What is said of a claim on functions that disagrees: numbers and the point, and nothing false."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import Expr

from derivations import (
    Brownian,
    DifferentialClaim,
    MatrixSDE,
    SignClaim,
    State,
    StepClaim,
    det,
    dims,
    tr,
)
from numerics.draws import Draw
from numerics.numeric_sde import NumericSDE
from numerics.numeric_update import NumericUpdate
from verify import check
from verify.loading import compiled
from verify.runner import Settings, judge
from verify.signs import _number as printed
from verify.verdict import Status

n = dims("n")
X, B = State("X", n, n), Brownian("B", n, n)
TEXT: dict[str, Any] = {"id": "det", "title": "det", "source": "a test", "statement": "det"}


def test_a_sign_that_is_wrong_names_its_point() -> None:
    bm = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=0, noise=lambda dB: dB)
    found = check(SignClaim(sde=bm, observable=lambda x: x**4 / 12 - 0.5 * x**2, sign=">="))
    assert found.status == Status.DISAGREES
    text = " ".join(e.reason for e in found.evidence if e.status == Status.DISAGREES)
    assert "0, at x = " in text
    assert found.finding is not None
    assert "could not be located" not in str(found.finding)


@pytest.mark.parametrize(
    ("value", "said"), [(16.0, "16"), (20.25, "20.25"), ([[1.0, -2.5], [3.0, 0.0]], "[[ 1")]
)
def test_whole_numbers_of_a_point_end_without_a_point(value: Any, said: str) -> None:
    text = printed(value)
    assert text.startswith(said)
    assert "." not in text.replace("2.5", "").replace("20.25", ""), text


def test_a_step_of_functions_says_what_was_measured() -> None:
    update = NumericUpdate(
        states={"w": ()},
        draws=(Draw(name="z", law="gaussian", shape=()),),
        moves=lambda w, z: w + z,
    )
    claim = StepClaim(
        update=update, observable=lambda w: np.exp(w), change=lambda w: np.exp(w) * 0.5
    )
    found = check(claim)
    assert found.status == Status.DISAGREES
    assert found.finding is not None
    # √e − 1 = 0.6487 in place of 1/2.
    assert "claimed factor 1, measured 1.2974" in str(found.finding)
    assert "counter-example: w = 0: change: measured 0.648721, claimed 0.5" in str(found.finding)
    assert "admissible" not in str(found.finding)


@pytest.mark.parametrize("noise", ["left", "free"])
def test_terms_that_are_all_zero_have_a_unit(noise: str) -> None:
    """Along every component a determinant is linear: the sum of its absolute terms is rounding."""
    moved = B.d * X if noise == "left" else B.d
    along = tr(B.d) if noise == "left" else tr(X.inverse() * B.d)

    def one_step(drift: Expr | int) -> Status:
        claim = DifferentialClaim(
            sde=MatrixSDE({X: moved}),
            observable=det(X),
            drift=drift,
            martingale=det(X) * along,
            **TEXT,
        )
        verdict = judge(compiled(claim), Settings(tiers=("one-step",), effort="quick"))
        return verdict.evidence[0].status

    assert one_step(0) == Status.AGREES
    assert one_step(det(X) / 50) == Status.DISAGREES
