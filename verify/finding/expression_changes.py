"""Simple changes of a scalar expression: a number, a sign or a power anywhere in it.

What people get wrong in a formula is one of a few things: a factor of two or √2, a sign, σ for σ²,
a term that does not belong there.  Every one of them is made at every place, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import (
    Add,
    Function,
    I,
    Mul,
    Pow,
    Rational,
    Symbol,
    nan,
    oo,
    preorder_traversal,
    sqrt,
    zoo,
)
from sympy.matrices.expressions import MatrixExpr

__all__ = ["ExpressionChange", "expression_changes"]

MOST = 400
"""Changes of one expression at one place; what changes a letter everywhere is kept besides."""

FACTORS = ((2, 1.0), (Rational(1, 2), 1.0), (-1, 1.0), (sqrt(2), 1.3), (1 / sqrt(2), 1.3))
"""Numbers in front that may be missing, and what each costs."""

NO_NUMBERS = (I, nan, oo, zoo)

DROPPED, EVERYWHERE, COMPOSITE = 1.1, 1.2, 1.2


@dataclass(frozen=True, kw_only=True)
class ExpressionChange:
    """An expression with one change: ``old`` was replaced by ``new``.

    ``place`` counts the places where the same stands, (2, 3) for the second of three; ``whole``
    says that it is the expression itself, ``everywhere`` that a letter was changed at all places.
    """

    expression: Any
    old: Any
    new: Any
    cost: float
    place: tuple[int, int] = (1, 1)
    whole: bool = False
    everywhere: bool = False


def expression_changes(expression: Any) -> tuple[ExpressionChange, ...]:
    """The changes of an expression, the most likely and those at its top first."""
    every = sorted((*_changes(expression), *_of_letters(expression)), key=lambda c: c.cost)
    different = {**{c.expression: c for c in reversed(every)}, expression: None}
    kept = [c for c in every if different[c.expression] is c and not c.expression.has(*NO_NUMBERS)]
    of_places = [c for c in kept if not c.everywhere][:MOST]
    of_letters = [c for c in kept if c.everywhere]
    return tuple(sorted((*of_places, *of_letters), key=lambda c: c.cost))


def _changes(expression: Any) -> Iterator[ExpressionChange]:
    places = list(_places(expression))
    same: dict[Any, int] = {}
    total: dict[Any, int] = {}
    for _, node, _ in places:
        total[node] = total.get(node, 0) + 1
    for way, node, scaled in places:
        same[node] = same.get(node, 0) + 1
        for new, cost in _instead(node, scaled=scaled, term=_is_term(expression, way)):
            yield ExpressionChange(
                expression=_placed(expression, way, new),
                old=node,
                new=new,
                cost=cost,
                place=(same[node], total[node]),
                whole=not way,
            )


def _places(
    node: Any, way: tuple[int, ...] = (), scaled: bool = True
) -> Iterator[tuple[tuple[int, ...], Any, bool]]:
    """Every scalar subexpression, its place, and whether a number may be missing in front of it."""
    if isinstance(node, MatrixExpr):
        return
    yield way, node, scaled or isinstance(node, Mul)
    if isinstance(node, Add | Mul | Pow | Function):
        for n, part in enumerate(node.args):
            exponent = isinstance(node, Pow) and n == 1
            if not (part.is_number and (exponent or isinstance(node, Mul))):
                yield from _places(part, (*way, n), not isinstance(node, Mul | Pow))


def _is_term(expression: Any, way: tuple[int, ...]) -> bool:
    """Whether a place is that of a term of a sum."""
    for n in way[:-1]:
        expression = expression.args[n]
    return bool(way) and isinstance(expression, Add)


def _instead(node: Any, *, scaled: bool, term: bool) -> Iterator[tuple[Any, float]]:
    if scaled:
        yield from ((factor * node, cost) for factor, cost in FACTORS)
    if term:
        yield 0 * node, DROPPED
    base, power = node.as_base_exp()
    if isinstance(node, Pow | Symbol) and power.is_Rational and not base.is_number:
        plain = isinstance(base, Symbol)
        others = (2 * power, power / 2, power + 1, power - 1, -power) if plain else (
            2 * power, power / 2)  # fmt: skip
        yield from ((base**e, 1.0 if plain else COMPOSITE) for e in dict.fromkeys(others))


def _placed(expression: Any, way: tuple[int, ...], new: Any) -> Any:
    if not way:
        return new
    parts = list(expression.args)
    parts[way[0]] = _placed(parts[way[0]], way[1:], new)
    return expression.func(*parts)


def _of_letters(expression: Any) -> Iterator[ExpressionChange]:
    """A letter at several places, changed at all of them; a size of matrices is left alone."""
    counts: dict[Any, int] = {}
    sizes = set().union(*(x.shape for x in expression.atoms(MatrixExpr)))
    for node in preorder_traversal(expression):
        if isinstance(node, Symbol) and node not in sizes:
            counts[node] = counts.get(node, 0) + 1
    for x in sorted((x for x, n in counts.items() if n > 1), key=str):
        for new in (x**2, sqrt(x), 2 * x, x / 2, sqrt(2) * x, x / sqrt(2)):
            changed = expression.xreplace({x: new})
            yield ExpressionChange(
                expression=changed, old=x, new=new, cost=EVERYWHERE, everywhere=True
            )
