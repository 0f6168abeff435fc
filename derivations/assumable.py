"""What is assumed, as it is taken: decimals read, each fact about something that can have it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import And, Eq, Q, Transpose
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational

from .decimals import exactly
from .errors import ShapeError
from .shapes import shape_of
from .symbols import same_size

__all__ = ["assumable"]

OF_SQUARES = {
    "positive_definite": "give a square matrix, such as A*A.T; of a scalar say Q.positive",
    "invertible": "give a square matrix; full row rank is Q.positive_definite(A*A.T)",
    "distinct_eigenvalues": "give a square matrix, such as A*A.T",
}
"""Predicates of square matrices, and what to do where they are said of something else."""


def assumable(facts: Iterable[Any]) -> tuple[Any, ...]:
    """Facts with fractions for their decimals.

    Raises
    ------
    ShapeError
        If a fact is about a matrix or a scalar that cannot have it.
    """
    found: tuple[Any, ...] = exactly(tuple(facts))
    for fact in found:
        _check(fact)
    return found


def _check(fact: Any) -> None:
    if isinstance(fact, And):
        for part in fact.args:
            _check(part)
    elif isinstance(fact, AppliedPredicate):
        _check_predicate(fact)
    elif isinstance(fact, Relational) and (shape_of(fact.lhs) or shape_of(fact.rhs)):
        raise ShapeError(f"assuming {fact}: a relation between matrices; {_instead(fact)}")


def _check_predicate(fact: Any) -> None:
    name, argument = fact.function.name, fact.arguments[0]
    shape = shape_of(argument)
    if fact.function == Q.positive and shape:
        raise ShapeError(
            f"assuming {fact}: {argument} is {_text(shape)}; give a scalar, or say "
            "Q.positive_definite of the matrix"
        )
    if name in OF_SQUARES and not (shape and same_size(*shape)):
        raise ShapeError(f"assuming {fact}: {argument} is {_text(shape)}; {OF_SQUARES[name]}")


def _instead(fact: Relational) -> str:
    """How to say what a relation between matrices may mean."""
    sides = (fact.lhs, fact.rhs)
    if isinstance(fact, Eq) and any(Transpose(a).doit() == b for a, b in (sides, sides[::-1])):
        return "declare a symmetric one, as in Parameter(name, n, n, symmetric=True)"
    if isinstance(fact, Eq):
        return "put one in for the other, or compare entries, with entry(A, i, j)"
    return "say Q.positive_definite of their difference, or compare entries, with entry(A, i, j)"


def _text(shape: tuple[Any, ...]) -> str:
    return f"{shape[0]} x {shape[1]}" if shape else "a scalar"
