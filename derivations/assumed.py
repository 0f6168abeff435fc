"""What is assumed of scalars, as bounds of polynomials in letters.

An inequality between scalars becomes a polynomial and its relation to 0; |u| < c is u < c and
−u < c, and |u| > c is u² > c².  What lies in [−1, 1] by itself (sin, cos, tanh, erf) brings that,
and a number that is not rational a narrow interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import (
    Abs,
    Dummy,
    Eq,
    Ge,
    Gt,
    Le,
    Lt,
    Ne,
    Pow,
    Q,
    Rational,
    cos,
    erf,
    expand,
    fraction,
    ilcm,
    sin,
    tanh,
    together,
)
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational

from .cells import Bound
from .errors import DerivationError
from .signed_letters import Reading

__all__ = ["Assumed", "Roots", "rooted"]

DIGITS = 5
"""Digits to which a number is enclosed that is not rational: a linear program sees the width."""

_RELATIONS = {Gt: ">", Lt: ">", Ge: ">=", Le: ">=", Ne: "!="}


@dataclass(frozen=True, kw_only=True)
class Roots:
    """Positive letters z that are written y^q, so that their roots are powers; z -> (y, q)."""

    letters: Mapping[Any, tuple[Any, int]]

    def back(self, point: Mapping[Any, Any]) -> dict[Any, Any]:
        """A point in the letters as they were."""
        found = dict(point)
        for z, (y, q) in self.letters.items():
            if y in found:
                found[z] = found.pop(y) ** q
        return found


def rooted(expressions: Sequence[Any]) -> tuple[list[Any], Roots]:
    """Expressions in which no positive letter has a power that is a fraction."""
    parts: dict[Any, int] = {}
    for power in set[Any]().union(*(e.atoms(Pow) for e in expressions if hasattr(e, "atoms"))):
        base, exponent = power.as_base_exp()
        if base.is_Symbol and base.is_positive and exponent.is_Rational:
            parts[base] = ilcm(parts.get(base, 1), exponent.q)
    named = sorted(((z, q) for z, q in parts.items() if q > 1), key=str)
    letters = {z: (Dummy(f"{z}r", positive=True), q) for z, q in named}
    written = {z: y**q for z, (y, q) in letters.items()}
    found = [e.subs(written) if written and hasattr(e, "subs") else e for e in expressions]
    return found, Roots(letters=letters)


class Assumed:
    """The inequalities among facts, in the letters of a reading."""

    def __init__(self, reading: Reading, facts: Iterable[Any]) -> None:
        self.reading, self.facts = reading, tuple(facts)

    def bounds(self) -> list[Bound]:
        """All bounds, those of the functions last that the reading has met."""
        found = [bound for fact in self.facts for bound in self._of(fact)]
        for key, letter in self.reading.letters.items():
            if key[0] in ("scalar", "power", "exp") and key[1].is_number:
                found += _enclosed(key[1], letter)
            elif key[0] == "scalar" and key[1].func in (sin, cos, tanh, erf):
                found += [Bound(1 - letter, ">="), Bound(1 + letter, ">=")]
        return found

    def _of(self, fact: Any) -> Iterator[Bound]:
        if isinstance(fact, AppliedPredicate) and fact.function == Q.positive:
            yield from self._gap(fact.arguments[0], ">")
        elif isinstance(fact, Eq):
            yield from self._gap(fact.lhs - fact.rhs, ">=")
            yield from self._gap(fact.rhs - fact.lhs, ">=")
        elif isinstance(fact, Relational) and fact.func in _RELATIONS:
            turned = isinstance(fact, Le | Lt)
            gap = fact.rhs - fact.lhs if turned else fact.lhs - fact.rhs
            for part in _without_modulus(gap):
                yield from self._gap(part, _RELATIONS[fact.func])

    def _gap(self, gap: Any, relation: str) -> Iterator[Bound]:
        try:
            above, below = fraction(together(self.reading.value(gap)))
        except (AttributeError, DerivationError):  # a relation between matrices says nothing here
            return
        # Where the quotient is defined, it has the sign of the product.
        yield Bound(expand(above * below), relation)


def _enclosed(number: Any, letter: Any) -> Iterator[Bound]:
    """Rational numbers between which one lies that is not rational, such as √2."""
    if number.is_real:
        near, width = Rational(str(number.evalf(DIGITS + 5))), Rational(1, 10**DIGITS)
        width *= 1 + abs(near)
        yield Bound(letter - near + width, ">")
        yield Bound(near + width - letter, ">")


def _without_modulus(gap: Any) -> Iterator[Any]:
    """Gaps without |u| that follow from one that is linear in it."""
    moduli = [u for u in gap.atoms(Abs) if not u.args[0].has(Abs)]
    if len(moduli) != 1:
        yield gap
        return
    u = moduli[0]
    slope, rest = expand(gap).coeff(u), expand(gap).coeff(u, 0)
    if slope.is_negative and not rest.has(u):
        yield rest / -slope - u.args[0]
        yield rest / -slope + u.args[0]
    elif slope.is_positive and rest.is_nonpositive:
        yield u.args[0] ** 2 - (rest / slope) ** 2
    else:
        yield gap
