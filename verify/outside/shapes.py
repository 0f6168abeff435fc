"""Shapes in a claim from outside: those that must be one, and sizes that its entries ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sympy import Basic, Ge, Gt, Integer
from sympy.matrices.expressions.matexpr import MatrixElement

from derivations.claim import Assumption
from derivations.errors import DerivationError
from derivations.expressions import is_zero
from derivations.shapes import shape_of
from derivations.symbols import same_shape
from verify.errors import ClaimError

from .differentials import stated

__all__ = ["check_shapes", "with_sizes"]

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


def with_sizes(claim: Any) -> Any:
    """The claim with the sizes assumed that its entries need: X[0, 1] of an n x n matrix, n ≥ 2."""
    least: dict[Any, int] = {}
    for size, needed in _needed(claim):
        least[size] = max(needed, least.get(size, 1))
    known = [fact.condition for fact in claim.assumptions if isinstance(fact, Assumption)]
    added = tuple(
        Assumption(text=f"{size} ≥ {needed}", condition=Ge(size, needed))
        for size, needed in sorted(least.items(), key=str)
        if needed > 1 and not any(_holds(size, needed, fact) for fact in known)
    )
    return replace(claim, assumptions=(*claim.assumptions, *added)) if added else claim


def _needed(claim: Any) -> Iterator[tuple[Any, int]]:
    """Sizes that are symbols, with how large they must be for an entry that is spoken of."""
    for _, expression in stated("", claim):
        for found in expression.atoms(MatrixElement):
            for position, size in zip(found.indices, found.parent.shape, strict=True):
                if isinstance(position, Integer) and size.is_Symbol:
                    yield size, int(position) + 1


def _holds(size: Any, least: int, fact: Any) -> bool:
    """Whether a declared fact is that the size is at least so large, or more."""
    if isinstance(fact, Ge | Gt) and fact.lhs == size and isinstance(fact.rhs, Integer):
        return int(fact.rhs) + isinstance(fact, Gt) >= least
    return False
