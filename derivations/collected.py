"""A difference of two numbers in the shortest of a few writings."""

from __future__ import annotations

from typing import Any

from sympy import Expr, count_ops, expand, factor
from sympy.matrices.expressions import MatrixExpr

__all__ = ["collected"]

LONG = 200
"""Operations beyond which a difference is left as it is."""


def collected(gap: Any) -> Any:
    """The shortest writing of a difference: as it is, multiplied out, or in factors.

    >>> from sympy.abc import a, x
    >>> collected(x * (a + 1) - a * x - 2 * x)
    -x
    """
    # Traces and entries are no polynomials of their letters; what has matrices stays as it is.
    if not isinstance(gap, Expr) or gap.atoms(MatrixExpr) or gap.count_ops() > LONG:
        return gap
    return min((gap, expand(gap), factor(gap)), key=count_ops)
