"""Tables and laws of claims about moments: one row, one column and one law for each."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Matrix

from derivations import Brownian, MatrixSDE, MomentClaim, State
from derivations.errors import DerivationError

x, b = State("x"), Brownian("b")
FLAT = MatrixSDE({x: b.d})

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a row too short": ({"matrix": ((0,), (1,))}, "matrix: 2 x 1, for 2 moments; give 2 x 2"),
    "a row too few": ({"matrix": ((0, 0),)}, "matrix: 1 x 2, for 2 moments; give 2 x 2"),
    "a matrix": ({"matrix": Matrix([[0], [1]])}, "matrix: 2 x 1, for 2 moments; give 2 x 2"),
    "rows that differ": ({"matrix": ((0, 0), (1,))}, r"matrix: no table, \(\(0, 0\), \(1,\)\)"),
    "a number": ({"matrix": 1}, "matrix: no table, 1, for 2 moments"),
    "a law too few": ({"laws": (x,)}, "laws: 1 for 2 moments; give one each, or none"),
    "one moment": ({"moments": x}, r"moments: got x; give a tuple, \(x,\)"),
    "one law": ({"laws": x}, r"laws: got x; give a tuple, \(x,\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(name: str) -> None:
    changes, reason = REFUSED[name]
    right: dict[str, Any] = {"moments": (x, x**2), "matrix": ((0, 0), (0, 0))}
    MomentClaim(sde=FLAT, **right)
    with pytest.raises(DerivationError, match=reason) as error:
        MomentClaim(sde=FLAT, **{**right, **changes})
    assert "\n" not in str(error.value)
