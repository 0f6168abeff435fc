"""Wrong versions of an expression, one mistake each, walked as it was typed.

A term with another coefficient or sign, lost or out of place; a square or a root lost or put in
excess; a transpose lost; an index, or a dimension, for another; a factor lost; 1 added.  What does
not typecheck is not made.  The order is that of the expression: the same for the same expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sympy import (
    Add,
    Identity,
    Integer,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Mul,
    Pow,
    Rational,
    S,
    Symbol,
    Transpose,
    ZeroMatrix,
    sqrt,
    sympify,
)
from sympy.matrices.expressions import MatrixExpr

from .errors import DerivationError
from .expressions import free_indices, is_zero
from .sde import is_increment
from .shapes import shape_of
from .spectrum import Eigenprojector, Eigenvalue
from .symbols import Dimension, FamilyMember, Index, Letter, ScalarMember, same_shape

__all__ = ["KINDS", "Variation", "variations"]

KINDS = (
    "coefficient",
    "sign",
    "lost term",
    "added",
    "power",
    "lost factor",
    "dimension",
    "transpose",
    "index",
)
"""The kinds of mistakes."""


_UNDEFINED = frozenset((S.ComplexInfinity, S.Infinity, S.NegativeInfinity, S.NaN))


@dataclass(frozen=True, kw_only=True)
class Variation:
    """A wrong version of an expression: the kind of mistake, where it is in words, the result."""

    kind: str
    name: str
    expression: Any


def variations(expression: Any, *, dimensions: tuple[Any, ...] = ()) -> Iterator[Variation]:
    """All wrong versions of an expression, each once.

    Parameters
    ----------
    expression : SymPy expression of the language
    dimensions : which dimensions may stand for another; those of the expression if left out
    """
    expression = sympify(expression)
    shape, free = shape_of(expression), free_indices(expression)
    sizes = dimensions or tuple(sorted(expression.atoms(Dimension), key=str))
    numbers = tuple(sorted(expression.atoms(Index), key=str))
    seen = {expression}
    for found in _all(expression, (*sizes, *numbers)):
        if found.expression not in seen and _well_formed(found.expression, shape, free):
            seen.add(found.expression)
            yield found


def _well_formed(expression: Any, shape: Any, free: set[Index]) -> bool:
    """Whether a version has the shape and the free indices of the original, and a value."""
    try:
        same = is_zero(expression) or same_shape(shape_of(expression), shape)
    except (DerivationError, AttributeError, TypeError):
        return False
    undefined = any(part in _UNDEFINED for part in _nodes(expression))
    return same and free_indices(expression) <= free and not undefined


def _nodes(expression: Any) -> Iterator[Any]:
    yield expression
    if not _is_leaf(expression):
        for part in expression.args:
            yield from _nodes(part)


def _is_leaf(expression: Any) -> bool:
    """Letters are walked as wholes: their sizes and marks are no part of what was typed."""
    leaf = (Letter, MatrixSymbol, Symbol, Identity, ZeroMatrix)
    return isinstance(expression, leaf) or not getattr(expression, "args", ())


# Every place of an expression, and what it becomes when one place changes.

Rebuild = Callable[[Any], Any]


def _places(expression: Any, rebuild: Rebuild, depth: int = 0) -> Iterator[tuple[Any, Rebuild]]:
    """Every part that was typed, from the outside inwards, and how to put another in its place."""
    yield expression, rebuild
    if _is_leaf(expression):
        return
    for n, part in enumerate(expression.args):
        # Which matrix has the eigenvalues is what a claim is about, and must stay symmetric.
        spectrum = n == 0 and isinstance(expression, Eigenvalue | Eigenprojector)
        if spectrum or isinstance(part, Index) or not hasattr(part, "args"):
            continue

        def inside(other: Any, n: int = n) -> Any:
            args = [*expression.args[:n], other, *expression.args[n + 1 :]]
            return rebuild(_made(expression, args))

        yield from _places(part, inside)


def _made(whole: Any, args: list[Any]) -> Any:
    """A node with other arguments; products and sums are put in order as when they are typed."""
    if isinstance(whole, MatMul | MatAdd):
        return whole.func(*args).doit(deep=False)
    return whole.func(*args)


def _all(expression: Any, others: tuple[Any, ...]) -> Iterator[Variation]:
    yield from _of_sums(expression)
    for place, rebuild in _places(expression, lambda other: other):
        for kind, words, other in _of_place(place, others):
            try:
                version = rebuild(other)
            except (ValueError, TypeError, AttributeError):
                # SymPy refuses what does not conform.
                continue
            yield Variation(kind=kind, name=words, expression=version)
    yield from _of_letters(expression)


def _of_sums(expression: Any) -> Iterator[Variation]:
    """Terms of all sums: with another coefficient or sign, lost; 1 added to the whole."""
    sums = 0
    for place, rebuild in _places(expression, lambda other: other):
        whole = place is expression
        if not whole and not isinstance(place, Add | MatAdd):
            continue
        terms = place.args if isinstance(place, Add | MatAdd) else (place,)
        sums += not whole
        where = "term" if whole else f"inner sum {sums}, term"
        for n, term in enumerate(terms, 1):
            if is_zero(term):
                continue
            rest = [*terms[: n - 1], *terms[n:]]
            for kind, words, other in _of_term(term):
                changed = [*terms[: n - 1], *([] if other is None else [other]), *terms[n:]]
                try:
                    version = rebuild(_sum(place, changed if other is not None else rest))
                except (ValueError, TypeError, AttributeError):
                    continue
                yield Variation(kind=kind, name=f"{where} {n}: {words}", expression=version)
    yield from _with_one(expression)


def _of_term(term: Any) -> Iterator[tuple[str, str, Any]]:
    yield "coefficient", "×2", 2 * term
    yield (
        "coefficient",
        "×½",
        term / 2 if not isinstance(term, MatrixExpr) else Rational(1, 2) * term,
    )
    yield "sign", "sign", -term
    yield "lost term", "lost", None


def _sum(whole: Any, terms: list[Any]) -> Any:
    if isinstance(whole, MatrixExpr):
        return MatAdd(*terms).doit(deep=False) if terms else ZeroMatrix(*whole.shape)
    return Add(*terms)


def _with_one(expression: Any) -> Iterator[Variation]:
    if not isinstance(expression, MatrixExpr):
        yield Variation(kind="added", name="1 added", expression=expression + 1)
    elif expression.shape[0] == expression.shape[1]:
        one = Identity(expression.shape[0])
        added = one if is_zero(expression) else MatAdd(expression, one)
        yield Variation(kind="added", name="I added", expression=added)


# One place.


def _of_place(place: Any, others: tuple[Any, ...]) -> Iterator[tuple[str, str, Any]]:
    """What can go wrong at one place, other than with the terms of a sum."""
    if isinstance(place, Pow | MatPow):
        yield from _of_power(place)
    elif isinstance(place, Dimension):
        yield "added", f"{place} + 1 for {place}", place + 1
        for other in others:
            if isinstance(other, Dimension) and other != place:
                yield "dimension", f"{other} for {place}", other
    elif isinstance(place, Transpose):
        yield "transpose", f"{place.args[0]} for its transpose", place.args[0]
    elif isinstance(place, Mul | MatMul):
        for factor in place.args:
            if _is_scalar(factor) and not factor.is_number and not is_increment(factor):
                left = [f for f in place.args if f is not factor]
                yield "lost factor", f"factor {_short(factor)} lost", _made(place, left)
    elif isinstance(place, Eigenvalue | Eigenprojector | FamilyMember | ScalarMember):
        yield from _of_index(place, others)


def _of_power(power: Any) -> Iterator[tuple[str, str, Any]]:
    base, exponent = power.args
    if exponent in (Rational(1, 2), Rational(-1, 2)):
        yield "power", f"root of {_short(base)} lost", power.func(base, 2 * exponent)
    elif exponent.is_Integer and abs(exponent) > 1:
        less = exponent - (1 if exponent > 0 else -1)
        yield "power", f"power {less} of {_short(base)}", power.func(base, less)
        if not isinstance(base, MatrixExpr):
            yield "power", f"power {exponent + 1} of {_short(base)}", base ** (exponent + 1)
    elif exponent == -1:
        yield "power", f"{_short(base)} for its inverse", base
    elif not exponent.is_number:
        yield "power", f"power of {_short(base)} one less", power.func(base, exponent - 1)


def _of_index(member: Any, others: tuple[Any, ...]) -> Iterator[tuple[str, str, Any]]:
    """The member of another index of the same range; one that nothing binds is found out later."""
    own = next(part for part in member.args if isinstance(part, Index))
    for other in others:
        if isinstance(other, Index) and other.range == own.range and other != own:
            args = [other if part == own else part for part in member.args]
            yield "index", f"{other} for {own} in {_short(member)}", member.func(*args)


def _is_scalar(factor: Any) -> bool:
    return not isinstance(factor, MatrixExpr)


def _short(expression: Any) -> str:
    text = str(expression)
    return text if len(text) <= 40 else f"{text[:37]}..."


# One letter everywhere.


def _of_letters(expression: Any) -> Iterator[Variation]:
    """The square of a scalar for itself, the root for one that is positive, wherever it stands."""
    scalars = [
        x for x in expression.free_symbols if isinstance(x, Letter) and isinstance(x, Symbol)
    ]
    rooted = {x.base for x in expression.atoms(Pow) if not x.exp.is_integer}
    for letter in sorted([*scalars, *expression.atoms(ScalarMember)], key=str):
        if is_increment(letter):
            continue
        others = {f"{letter}² for {letter}": letter ** Integer(2)}
        if letter.is_positive and letter not in rooted:
            others[f"√{letter} for {letter}"] = sqrt(letter)
        for words, other in others.items():
            try:
                version = expression.xreplace({letter: other})
            except ValueError:
                # A derivative by a power: the letter is the variable of a density.
                continue
            yield Variation(kind="power", name=words, expression=version)
