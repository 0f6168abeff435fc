"""What a claim from outside takes for granted by what it speaks of, as assumptions like its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sympy import Function, Ge, Gt, Integer, Inverse, MatMul, MatrixExpr, NumberSymbol, Pow, Q
from sympy.assumptions import AppliedPredicate
from sympy.matrices.expressions.matexpr import MatrixElement

from derivations.claim import Assumption
from derivations.spectrum import distinct_eigenvalues, spectra_of
from derivations.symbols import Index

from .differentials import stated

__all__ = ["with_implied"]


def with_implied(claim: Any) -> Any:
    """The claim with what its entries, eigenvalues and inverses need, where it is not declared.

    X[0, 1] of an n x n matrix needs n ≥ 2. An eigenvalue has a differential where it is simple: at
    a point where zero is one twice, as of X X' with more rows than columns, nothing is claimed.
    """
    known = [fact.condition for fact in claim.assumptions if isinstance(fact, Assumption)]
    added = tuple(Assumption(text=text, condition=fact) for text, fact in _facts(claim, known))
    return replace(claim, assumptions=(*claim.assumptions, *added)) if added else claim


def _facts(claim: Any, known: list[Any]) -> Iterator[tuple[str, Any]]:
    expressions = [expression for _, expression in stated("", claim)]
    least: dict[Any, int] = {}
    for size, needed in _needed(expressions):
        least[size] = max(needed, least.get(size, 1))
    for size, needed in sorted(least.items(), key=str):
        if needed > 1 and not any(_holds(size, needed, fact) for fact in known):
            yield f"{size} ≥ {needed}", Ge(size, needed)
    said = [fact for fact in known if _is_of_matrix(fact)]
    distinct = {fact.function(_unscaled(fact.arg)) for fact in said}
    for matrix in dict.fromkeys(map(_unscaled, spectra_of(expressions))):
        fact = distinct_eigenvalues(matrix)
        if fact not in distinct and _is_rational(matrix):
            yield f"the eigenvalues of {matrix} are distinct", fact
    spoken_of = {_unscaled(fact.arg) for fact in said}
    inverted = {_unscaled(part.arg) for one in expressions for part in one.atoms(Inverse)}
    for matrix in sorted(inverted - spoken_of, key=str):
        if _is_rational(matrix):
            yield f"{matrix} is invertible", Q.invertible(matrix)


def _is_of_matrix(fact: Any) -> bool:
    unary = isinstance(fact, AppliedPredicate) and len(fact.arguments) == 1
    return unary and isinstance(fact.arg, MatrixExpr)


def _unscaled(matrix: Any) -> Any:
    """The matrix without its scalar factor, which makes no eigenvalues meet: √2 X X' is X X'."""
    product = matrix.as_coeff_mmul()[1]
    # A sum comes as a product of one factor, which equals nothing that anyone declares.
    alone = isinstance(product, MatMul) and len(product.args) == 1
    return product.args[0] if alone else product


def _is_rational(matrix: Any) -> bool:
    """Whether points can be asked: fractions in it stay fractions, and it is one, not a family."""
    powers = (power for power in matrix.atoms(Pow) if not power.exp.is_integer)
    return not matrix.atoms(Index, Function, NumberSymbol) and next(powers, None) is None


def _needed(expressions: list[Any]) -> Iterator[tuple[Any, int]]:
    """Sizes that are symbols, with how large they must be for an entry that is spoken of."""
    for expression in expressions:
        for found in expression.atoms(MatrixElement):
            for position, size in zip(found.indices, found.parent.shape, strict=True):
                if isinstance(position, Integer) and size.is_Symbol:
                    yield size, int(position) + 1


def _holds(size: Any, least: int, fact: Any) -> bool:
    """Whether a declared fact is that the size is at least so large, or more."""
    if isinstance(fact, Ge | Gt) and fact.lhs == size and isinstance(fact.rhs, Integer):
        return int(fact.rhs) + isinstance(fact, Gt) >= least
    return False
