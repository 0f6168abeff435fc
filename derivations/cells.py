"""The sign of a polynomial on a part of the line, decided exactly.

The real roots of all polynomials that are met cut the line into points and open intervals, on each
of which every one of them has one sign.  Roots are isolated and never approximated: at a root a
polynomial is 0 if the irreducible factor that has the root divides it, and has the sign that it has
beside it if not.  Of a whole letter the integers next to the roots meet every sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from sympy import Integer, Poly, Rational, ceiling, floor

__all__ = ["HOLDS", "Bound", "sign_of_number", "signs_on_line"]


class Bound(NamedTuple):
    """A polynomial and what it is of 0: ``">"``, ``">="`` or ``"!="``."""

    gap: Any
    relation: str


HOLDS: Mapping[str, Any] = {
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "!=": lambda sign: sign != 0,
}
"""What a relation to 0 asks of a sign."""

MOST_BISECTIONS = 60
"""Bisections after which two roots that are not told apart are given up."""


def sign_of_number(number: Any) -> int:
    """-1, 0 or 1."""
    return int(bool(number > 0)) - int(bool(number < 0))


class _Cell(NamedTuple):
    """A point or an open interval: the signs of the polynomials on it, and a number in it."""

    signs: tuple[int, ...]
    number: Any


def signs_on_line(value: Any, bounds: Iterable[Bound], x: Any) -> dict[int, Any] | None:
    """The signs, -1, 0 and 1, that a polynomial in x takes where the bounds hold, and where.

    A rational number is given where there is one; None if roots cannot be told apart.
    """
    bounds = list(bounds)
    polynomials = [Poly(p, x, domain="QQ") for p in (value, *(b.gap for b in bounds))]
    cells = _cells(polynomials, x)
    if cells is None:
        return None
    found: dict[int, Any] = {}
    for sign, number in _admitted(cells, bounds):
        if sign not in found or (number.is_Rational and not found[sign].is_Rational):
            found[sign] = number
    return found


def _admitted(cells: Iterable[_Cell], bounds: Sequence[Bound]) -> Iterator[tuple[int, Any]]:
    for cell in cells:
        first, *others = cell.signs
        if all(HOLDS[b.relation](sign) for b, sign in zip(bounds, others, strict=True)):
            yield first, cell.number


def _cells(polynomials: Sequence[Any], x: Any) -> list[_Cell] | None:
    """All cells of the line, from left to right; of a whole letter, integers of all of them."""
    factors = [{f.monic() for f, _ in p.factor_list()[1]} for p in polynomials]
    met = sorted(set[Any]().union(*factors), key=str)
    places = _roots(met, x)
    if places is None:
        return None
    if x.is_integer:
        return [_open(polynomials, number) for number in _whole(places)]
    cells = [_open(polynomials, _before(places))]
    for n, (left, right) in enumerate(places):
        owner = next(f for f in met if _has_root(f, left, right))
        beside = cells[-1].signs
        here = tuple(
            0 if owner in own or p.is_zero else sign
            for own, p, sign in zip(factors, polynomials, beside, strict=True)
        )
        root = left if left == right else _root_in(owner, left, right)
        cells.append(_Cell(here, root))
        after = places[n + 1][0] if n + 1 < len(places) else right + 2
        cells.append(_open(polynomials, (right + after) / 2))
    return cells


def _before(places: Sequence[tuple[Any, Any]]) -> Any:
    return places[0][0] - 1 if places else Integer(0)


def _whole(places: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Integers of which one lies wherever there is one between two roots, or at a root."""
    near = (range(floor(a) - 1, ceiling(b) + 2) for a, b in places)
    return [Integer(n) for n in sorted({0}.union(*near))]


def _open(polynomials: Iterable[Any], number: Any) -> _Cell:
    signs = (p.eval(number) for p in polynomials)
    return _Cell(tuple(map(sign_of_number, signs)), number)


def _roots(factors: Sequence[Any], x: Any) -> list[tuple[Any, Any]] | None:
    """Intervals that hold one root each, so far apart that no root lies between two of them."""
    whole = Poly(1, x, domain="QQ")
    for f in factors:
        whole *= f
    if whole.degree() < 1:
        return []
    for bits in range(4, MOST_BISECTIONS, 8):
        places = [place for place, _ in whole.intervals(eps=Rational(1, 2**bits))]
        between = [(b + c) / 2 for (_, b), (c, _) in pairwise(places)]
        if all(whole.eval(number) != 0 for number in between):
            return places
    return None


def _has_root(factor: Any, left: Any, right: Any) -> bool:
    return bool(factor.eval(left) == 0 if left == right else factor.count_roots(left, right))


def _root_in(factor: Any, left: Any, right: Any) -> Any:
    return next(r for r in factor.real_roots() if left <= r <= right)
