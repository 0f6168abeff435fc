"""The sign of a rational function of letters with signs: of its terms, or of its factors.

Assumptions that are linear in a letter are put in for it; if then all terms of a polynomial have
one sign, or all of its factors have a sign, that is the sign.  What may be 0 has no inverse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from typing import Any, TypeAlias

from sympy import (
    Add,
    Dummy,
    Eq,
    Expr,
    Gt,
    Le,
    Lt,
    Mul,
    Ne,
    Pow,
    expand,
    factor,
    fraction,
    sympify,
    together,
)
from sympy.core.relational import Relational

from .symbols import Dimension

__all__ = ["MOST_DEGREE", "TURNED", "choices_of", "power_of", "product_of", "relation_of"]

MOST_DEGREE = 60
"""The degree up to which a power is multiplied out, and a polynomial looked at."""

TURNED = {">": "<", ">=": "<=", "=": "=", "<=": ">=", "<": ">", "?": "?"}
"""The sign of what is negated."""


def choices_of(value: Any, relations: Iterable[Relational]) -> Iterator[Mapping[Any, Any]]:
    """Letter -> its bound and a letter of known sign; every combination of one bound a letter."""
    symbols = {a for fact in relations for a in fact.free_symbols} | value.free_symbols
    bounds = {x: list(_bounds(x, relations)) for x in sorted(symbols, key=str)}
    given = {x: found for x, found in bounds.items() if found}
    for chosen in product(*given.values()):
        yield dict(zip(given, chosen, strict=True))


def _bounds(x: Any, relations: Iterable[Relational]) -> Iterator[Any]:
    """The ways to write a letter as a bound plus or minus something that is not negative."""
    for relation in relations:
        if isinstance(relation, Eq | Ne) or not relation.has(x):
            continue
        gap = relation.lhs - relation.rhs
        gap = -gap if isinstance(relation, Le | Lt) else gap
        slope = gap.diff(x)
        if slope not in (1, -1):
            continue
        rest = expand(gap - slope * x)
        if rest.has(x):  # also as the size of a matrix
            continue
        strict = isinstance(relation, Gt | Lt)
        if strict and gap.is_integer:
            slack = 1 + Dummy(f"{x}'", nonnegative=True, integer=True)
        else:
            slack = Dummy(f"{x}'", **{"positive" if strict else "nonnegative": True})
        # gap = slope·x + rest = slack.
        yield expand((slack - rest) / slope)
    if isinstance(x, Dimension):
        yield 1 + Dummy(f"{x}'", nonnegative=True, integer=True)
    elif not isinstance(x, Dummy):
        yield x


def _put_in(value: Any, choice: Mapping[Any, Any]) -> Any:
    """The value where letters are written by their bounds; a bound in other letters comes first."""
    for _ in range(len(choice) + 1):
        left = {x: bound for x, bound in choice.items() if value.has(x) and bound != x}
        if not left:
            return value
        outer = {
            x: b for x, b in left.items() if not any(o.has(x) for y, o in left.items() if y != x)
        }
        if not outer:
            return value
        value = value.xreplace(outer)
    return value


Choices: TypeAlias = Sequence[Mapping[Any, Any]]


def relation_of(value: Any, choices: Choices = ({},)) -> str:
    """The sign of a rational function of letters.

    Of its terms and factors as they are typed, or of one fraction; every part may have its letters
    written in a way of its own.
    """
    value = sympify(value)
    if isinstance(value, Mul):
        return reduce(product_of, (relation_of(part, choices) for part in value.args))
    if isinstance(value, Pow) and value.exp.is_Integer:
        return power_of(relation_of(value.base, choices), int(value.exp))
    if isinstance(value, Add):
        found = reduce(_plus, (relation_of(part, choices) for part in value.args))
        if found != "?":
            return found
    above, below = (_of_factors(part, choices) for part in fraction(together(value)))
    return product_of(above, power_of(below, -1))


def _of_factors(value: Expr, choices: Choices) -> str:
    """The sign of a polynomial: of all its terms, or of its factors."""
    whole = _known(value, choices)
    if whole != "?":
        return whole
    powers = (part.as_base_exp() for part in Mul.make_args(factor(value)))
    signs = (power_of(_known(base, choices), e) if e.is_Integer else "?" for base, e in powers)
    return reduce(product_of, signs)


def _known(value: Any, choices: Choices) -> str:
    """The sign of all terms, the letters written in the first way that shows the most."""
    best = "?"
    for choice in choices:
        found = _of_terms(expand(_put_in(value, choice)))
        if found in (">", "<", "="):
            return found
        best = best if found == "?" else found
    return best


def power_of(a: str, n: int) -> str:
    """The sign of a power; what may be 0 has no inverse."""
    if n < 0 and a not in ("<", ">"):
        return "?"
    if n % 2 == 0:
        return {"<": ">", ">": ">", "=": "="}.get(a, ">=") if n else ">"
    return a


def _plus(a: str, b: str) -> str:
    if "=" in (a, b):
        return b if a == "=" else a
    if "?" in (a, b) or a[0] != b[0]:
        return "?"
    return a if len(a) < len(b) else b


def product_of(a: str, b: str) -> str:
    """The sign of a product."""
    if "?" in (a, b):
        return "?"
    if "=" in (a, b):
        return "="
    turned = (a[0] == "<") != (b[0] == "<")
    return ("<" if turned else ">") + ("=" if len(a) + len(b) > 2 else "")


def _of_terms(value: Any) -> str:
    if value == 0:
        return "="
    terms = Add.make_args(value)
    if all(term.is_nonnegative for term in terms):
        return ">" if any(term.is_positive for term in terms) else ">="
    if all(term.is_nonpositive for term in terms):
        return "<" if any(term.is_negative for term in terms) else "<="
    return "?"
