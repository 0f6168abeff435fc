"""What is assumed of scalars, as bounds of polynomials in letters.

An inequality between scalars becomes a polynomial and its relation to 0; |u| < c is u < c and
−u < c, and |u| > c is u² > c².  What lies in [−1, 1] by itself (sin, cos, tanh, erf) brings that,
and a number that is not rational a narrow interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    Q,
    Rational,
    cos,
    erf,
    expand,
    floor,
    fraction,
    ilcm,
    sin,
    tanh,
    together,
)
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational

from .cells import Bound
from .domains import declared
from .errors import DerivationError
from .sign_rules import MOST_DEGREE, relation_of
from .signed_letters import Reading

__all__ = ["Assumed", "Roots", "quotient", "rooted"]

DIGITS = 5
"""Digits to which a number is enclosed that is not rational: a linear program sees the width."""

MOST_ROOTS = 24
"""The denominator of a power up to which a letter is written by its root."""

_RELATIONS = {Gt: ">", Lt: ">", Ge: ">=", Le: ">=", Ne: "!="}


@dataclass(frozen=True, kw_only=True)
class Roots:
    """Positive letters z that are written y^q, so that their roots are powers; z -> (y, q)."""

    letters: Mapping[Any, tuple[Any, int]]
    powers: Mapping[Any, Any]

    def written(self, value: Any) -> Any:
        """What was read, without the roots."""
        powers = {z: y**q for z, (y, q) in self.letters.items()}
        return value.xreplace({**powers, **self.powers})

    def bounds(self) -> Iterator[Bound]:
        """What the letters are by declaration: z >= 1 says that y >= 1."""
        for z, (y, _) in self.letters.items():
            if z.is_integer:
                yield from (Bound(b.gap.xreplace({z: y}), b.relation) for b in declared(z))

    def back(self, point: Mapping[Any, Any]) -> dict[Any, Any]:
        """A point in the letters as they were."""
        found = dict(point)
        for z, (y, q) in self.letters.items():
            if y in found:
                found[z] = found.pop(y) ** q
        return found


def rooted(reading: Reading) -> Roots:
    """The roots of declared letters that a reading has met as letters of their own."""
    met = {
        letter: key[1].as_base_exp()
        for key, letter in reading.letters.items()
        if key[0] == "power" and key[1].base.is_Symbol and key[1].base.is_positive
    }
    met = {x: (z, n) for x, (z, n) in met.items() if n.is_Rational and abs(n) <= MOST_DEGREE}
    parts: dict[Any, int] = {}
    for z, n in met.values():
        parts[z] = ilcm(parts.get(z, 1), n.q)
    letters = {
        z: (Dummy(f"{z}r", positive=True), int(q)) for z, q in parts.items() if q <= MOST_ROOTS
    }
    powers = {x: letters[z][0] ** (n * letters[z][1]) for x, (z, n) in met.items() if z in letters}
    return Roots(letters=letters, powers=powers)


class Assumed:
    """The inequalities among facts, in the letters of a reading."""

    def __init__(self, reading: Reading, facts: Iterable[Any]) -> None:
        self.reading = reading
        self.read = tuple(bound for fact in facts for bound in self._of(fact))

    def bounds(self, roots: Roots) -> list[Bound]:
        """All bounds as polynomials, those of the functions last that the reading has met."""
        found = []
        for gap, relation in self.read:
            above, below = quotient(roots.written(gap))
            # Where the quotient is defined, it has the sign of the product.
            positive = relation_of(below) == ">"
            found.append(Bound(above if positive else expand(above * below), relation))
        found += roots.bounds()
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
            relation = _RELATIONS[fact.func]
            for part in [gap] if relation == "!=" else _without_modulus(gap):
                yield from self._gap(part, relation)

    def _gap(self, gap: Any, relation: str) -> Iterator[Bound]:
        try:
            value = self.reading.value(gap)
        except (AttributeError, DerivationError):  # a relation between matrices says nothing here
            return
        yield _rounded(value) if relation == ">" else Bound(value, relation)


def _rounded(gap: Any) -> Bound:
    """That a gap is positive; of whole numbers it is then at least the next one."""
    number, terms = gap.as_coeff_Add()
    content, whole = terms.as_content_primitive()
    if not (whole.is_integer and number.is_Rational and content.is_Rational):
        return Bound(gap, ">")
    return Bound(whole - floor(-number / content) - 1, ">=")


def quotient(value: Any) -> tuple[Any, Any]:
    """The numerator and the denominator of a rational function."""
    above, below = fraction(together(value))
    return expand(above), expand(below)


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
    linear = not slope.has(u) and not rest.has(u) and expand(gap - slope * u - rest) == 0
    if linear and slope.is_negative:
        yield rest / -slope - u.args[0]
        yield rest / -slope + u.args[0]
    elif linear and slope.is_positive and rest.is_nonpositive:
        yield u.args[0] ** 2 - (rest / slope) ** 2
    else:
        yield gap
