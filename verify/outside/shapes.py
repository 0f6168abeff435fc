"""Whether what a claim from outside states has the shape of what it is stated of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Basic
from sympy.matrices.exceptions import NonSquareMatrixError, ShapeError

from derivations.errors import DerivationError
from derivations.expressions import is_zero
from derivations.shapes import shape_of
from derivations.symbols import same_shape
from verify.errors import ClaimError

__all__ = ["check_shapes", "of_shapes"]

_STATED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "differential": ("observable", ("drift", "martingale")),
    "covariation": ("first", ("second", "rate")),
    "sign": ("observable", ("shown",)),
    "step": ("observable", ("change",)),
    "identity": ("left", ("right",)),
}
"""By the kind of a claim: whose shape decides, and what must have it."""


def check_shapes(claim: Any) -> None:
    """Refuse expressions that do not conform, or have another shape than what they are stated of.

    A zero is one of any shape.

    Raises
    ------
    ClaimError
        Naming the fields and both shapes.
    """
    owner, others = _STATED.get(claim.kind, ("", ()))
    shape = _shape(claim, owner)
    if shape is None:
        return
    for name in others:
        found = _shape(claim, name)
        if found is not None and not same_shape(found, shape):
            raise ClaimError(
                f"{name}: it is {_text(found)}, {owner} is {_text(shape)}; give both one shape"
            )


def of_shapes(error: BaseException) -> str:
    """What SymPy says of matrices that do not conform, in words; empty for another error.

    >>> from sympy import MatrixSymbol
    >>> Y = MatrixSymbol("Y", 2, 3)
    >>> try:
    ...     Y * Y
    ... except ValueError as error:
    ...     of_shapes(error)
    'a product of matrices does not conform, 3 columns before 2 rows; transpose one of them'
    """
    if not isinstance(error, ShapeError | NonSquareMatrixError):
        return ""
    said = " ".join(map(str, error.args))
    match error.args:
        case ("Matrices are not aligned", columns, rows):
            return (
                f"a product of matrices does not conform, {columns} columns before {rows} rows; "
                "transpose one of them"
            )
    if isinstance(error, NonSquareMatrixError):
        return f"only a square matrix has an inverse or a power ({said}); take one of X * X.T"
    return f"matrices of different shapes are added ({said}); transpose one of them"


def _shape(claim: Any, name: str) -> tuple[Any, ...] | None:
    """The shape of what a field holds; None for a function, for nothing, and for zero."""
    value = getattr(claim, name, None)
    if isinstance(value, int | float) and value:
        return ()
    if not isinstance(value, Basic) or is_zero(value):
        return None
    try:
        return shape_of(value)
    except DerivationError as error:
        raise ClaimError(f"{name}: {error}") from None


def _text(shape: tuple[Any, ...]) -> str:
    return f"{shape[0]} x {shape[1]}" if shape else "a scalar"
