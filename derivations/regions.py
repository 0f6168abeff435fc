"""The sign of a polynomial over a region that inequalities describe.

What letters are by declaration comes first, as bounds like all others.  Letters whose scale
nothing fixes are set to 1: x > 0 with a weight under which every polynomial that is met, that of a
bound too, is homogeneous, and no whole letter has a weight.  Of one letter that is left the sign is
decided exactly, of several it is shown by a discriminant or by a certificate, or it is left open.
A point of another sign is looked for among the rationals.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from typing import Any

from sympy import Integer, Matrix, Poly, Rational, ceiling, factor_list
from sympy.polys.polyerrors import CoercionFailed, PolynomialError

from .cells import HOLDS, Bound, sign_of_number, signs_on_line
from .certificates import certified
from .domains import declared, drawn
from .sign_rules import MOST_DEGREE, power_of, product_of

__all__ = ["Over", "sign_over"]

DRAWS, KEPT, LINES, AT_ENDS = 400, 60, 6, 0.3
"""Rational points drawn, looked at, followed along lines; the share of numbers at ends."""

MOST_LETTERS = 6
"""Letters of which a certificate is looked for."""


@dataclass(frozen=True, kw_only=True)
class Over:
    """A sign over a region, ``"?"`` if it is open, and for each sign that was met a point."""

    relation: str
    points: Mapping[int, Mapping[Any, Any]] = field(default_factory=dict)


_OF_SIGNS: Mapping[frozenset[int], str] = {
    frozenset({1}): ">",
    frozenset({0, 1}): ">=",
    frozenset({0}): "=",
    frozenset({0, -1}): "<=",
    frozenset({-1}): "<",
}


def sign_over(value: Any, bounds: Iterable[Bound]) -> Over:
    """The sign of a polynomial wherever all bounds hold, with what letters are by declaration."""
    try:
        return _sign_over(value, tuple(bounds))
    except (CoercionFailed, PolynomialError):  # no polynomial with rational coefficients
        return Over(relation="?")


@lru_cache(maxsize=4096)  # a discriminant comes back for every order of the letters before it
def _sign_over(value: Any, given: tuple[Bound, ...]) -> Over:
    bounds = _connected(value, given)
    letters = _letters([value, *(b.gap for b in bounds)])
    bounds = list(dict.fromkeys([*bounds, *(bound for x in letters for bound in declared(x))]))
    polynomials = [value, *(b.gap for b in bounds)]
    if letters and any(Poly(p, *letters).total_degree() > MOST_DEGREE for p in polynomials):
        return Over(relation="?")
    fixed = _scales(polynomials, letters)
    ones = dict.fromkeys(fixed, Integer(1))
    value = value.xreplace(ones)
    bounds = [Bound(b.gap.xreplace(ones), b.relation) for b in bounds]
    if value.is_number:
        return Over(relation=_OF_SIGNS[frozenset({sign_of_number(value)})])
    left = _letters([value, *(b.gap for b in bounds)])
    if len(left) == 1:
        return _on_line(value, bounds, left, ones)
    points = _met(value, bounds, left, ones)
    if {1, -1} <= points.keys():
        return Over(relation="?", points=points)
    return Over(relation=_shown(value, bounds, left, points), points=points)


def _on_line(
    value: Any, bounds: Sequence[Bound], left: Sequence[Any], ones: Mapping[Any, Any]
) -> Over:
    """The sign by the cells of the letter that is left."""
    found = signs_on_line(value, bounds, left[0])
    if not found:  # nowhere, or unknown
        return Over(relation="?")
    points = {sign: {**ones, **dict.fromkeys(left, x)} for sign, x in found.items()}
    return Over(relation=_OF_SIGNS.get(frozenset(found), "?"), points=points)


# Letters and their scales.


def _letters(values: Iterable[Any]) -> list[Any]:
    return sorted(set[Any]().union(*(v.free_symbols for v in values)), key=_named)


def _named(x: Any) -> tuple[str, str]:
    return type(x).__name__, str(x)


def _connected(value: Any, bounds: Sequence[Bound]) -> list[Bound]:
    """The bounds that hold a letter of the value, or one of a bound that does."""
    met, kept = set(value.free_symbols), [False] * len(bounds)
    for _ in bounds:
        for n, bound in enumerate(bounds):
            if not kept[n] and met & bound.gap.free_symbols:
                kept[n] = True
                met |= bound.gap.free_symbols
    return [bound for bound, keep in zip(bounds, kept, strict=True) if keep]


def _scales(values: Sequence[Any], letters: Sequence[Any]) -> list[Any]:
    """Positive letters that may be set to 1: none fixes their scale, each after those before."""
    fixed: list[Any] = []
    for x in (x for x in letters if x.is_positive and not x.is_integer):
        kept = [y for y in letters if y not in fixed]
        rows = [row for v in values for row in _differences(v, kept)]
        rows += [[int(z == y) for z in kept] for y in kept if y.is_integer]
        own = [int(y == x) for y in kept]
        if not rows or Matrix([*rows, own]).rank() > Matrix(rows).rank():
            fixed.append(x)
    return fixed


def _differences(value: Any, letters: Sequence[Any]) -> Iterator[list[int]]:
    """The exponents of all terms of a polynomial, less those of the first."""
    gens = [x for x in letters if value.has(x)]
    if not gens:
        return
    first, *others = Poly(value, *gens).monoms()
    for other in others:
        powers = dict(zip(gens, (a - b for a, b in zip(other, first, strict=True)), strict=True))
        yield [powers.get(x, 0) for x in letters]


# Several letters.


def _shown(
    value: Any, bounds: Sequence[Bound], letters: Sequence[Any], points: Mapping[int, Any]
) -> str:
    """The sign that is proved, of the factors or in the direction of the points that were met."""
    content, factors = factor_list(value)
    if len(factors) > 1 or factors[0][1] > 1:
        signs = (_of_power(f, e, bounds) for f, e in factors)
        found = reduce(product_of, signs, ">" if content > 0 else "<")
        if found != "?":
            return found
    weak = 0 in points or _is_zero_at_origin(value, bounds, letters)
    for turned in (False, True):
        if (1 if turned else -1) in points:
            continue
        target = (-value if turned else value).expand()
        found = _nonnegative(target, bounds, letters, weak=weak)
        if found != "?":
            return found.replace(">", "<") if turned else found
    return "?"


def _is_zero_at_origin(value: Any, bounds: Iterable[Bound], letters: Iterable[Any]) -> bool:
    """Whether the region has the point of all zeros, and the value is 0 there."""
    zeros = dict.fromkeys(letters, Integer(0))
    signs = ((b.relation, sign_of_number(b.gap.xreplace(zeros))) for b in bounds)
    return value.xreplace(zeros) == 0 and all(HOLDS[relation](sign) for relation, sign in signs)


def _of_power(f: Any, e: int, bounds: Sequence[Bound]) -> str:
    """The sign of a power of an irreducible polynomial."""
    if e % 2 or len(f.free_symbols) > 1:
        return power_of(_sign_over(f, tuple(bounds)).relation, e)
    # A square may be positive where its root has either sign.
    own = tuple(b for b in bounds if b.gap.free_symbols <= f.free_symbols)
    return _sign_over((f**2).expand(), own).relation


def _nonnegative(value: Any, bounds: Sequence[Bound], letters: Sequence[Any], *, weak: bool) -> str:
    """``">"`` or ``">="`` if one is shown; ``weak`` says that the value is 0 somewhere."""
    best = "?"
    for x in letters:
        found = _by_discriminant(value, bounds, x)
        if found == ">" or (weak and found == ">="):
            return found
        best = best if found == "?" else found
    if len(letters) > MOST_LETTERS:
        return best
    usable = [b for b in bounds if b.relation != "!="]
    found = certified(value, usable, letters)
    return best if found == "?" else found


def _by_discriminant(value: Any, bounds: Sequence[Bound], x: Any) -> str:
    """A y² + B y + C >= 0 for y a power of x, where A > 0 and 4 A C >= B²."""
    powers = {m[0]: c for m, c in Poly(value, x).terms()}
    most = max(powers)
    if most == 0 or most % 2 or not powers.keys() <= {0, most // 2, most}:
        return "?"
    others = tuple(b for b in bounds if not b.gap.has(x))
    if _sign_over(powers[most], others).relation != ">":
        return "?"
    A, B, C = (powers.get(n, Integer(0)) for n in (most, most // 2, 0))
    # Without its content, which is positive, it is the same in whatever order letters go.
    _, discriminant = (4 * A * C - B**2).expand().as_content_primitive()
    found = _sign_over(discriminant, others).relation
    return {">": ">", ">=": ">=", "=": ">="}.get(found, "?")


def _met(
    value: Any, bounds: Sequence[Bound], letters: Sequence[Any], ones: Mapping[Any, Any]
) -> dict[int, Mapping[Any, Any]]:
    """A point of the region for each sign that was met, at random or on a line through it."""
    rng = random.Random("regions")
    ends = {x: list(_ends(x, bounds)) for x in letters}
    polynomials = [Poly(p, *letters) for p in (value, *(b.gap for b in bounds))]
    found: dict[int, Mapping[Any, Any]] = {}
    kept: list[dict[Any, Any]] = []
    for _ in range(DRAWS):
        point = {
            x: rng.choice(ends[x]) if ends[x] and rng.random() < AT_ENDS else drawn(x, rng)
            for x in letters
        }
        value_here, *gaps = (p.eval(tuple(point.values())) for p in polynomials)
        pairs = zip(bounds, gaps, strict=True)
        if all(HOLDS[b.relation](sign_of_number(g)) for b, g in pairs):
            found.setdefault(sign_of_number(value_here), {**ones, **point})
            kept.append(point)
        if len(kept) == KEPT or {1, -1} <= found.keys():
            break
    for point in kept[:LINES]:
        for x in letters:
            if not {1, -1} <= found.keys():
                found = {**_along(value, bounds, x, point, ones), **found}
    return found


def _along(
    value: Any, bounds: Sequence[Bound], x: Any, point: Mapping[Any, Any], ones: Mapping[Any, Any]
) -> dict[int, Mapping[Any, Any]]:
    """The signs on the line through a point on which one letter alone changes."""
    others = {y: n for y, n in point.items() if y != x}
    there = [Bound(b.gap.xreplace(others), b.relation) for b in bounds]
    found = signs_on_line(value.xreplace(others), there, x) or {}
    return {sign: {**ones, **others, x: n} for sign, n in found.items()}


def _ends(x: Any, bounds: Iterable[Bound]) -> Iterator[Any]:
    """Numbers at which bounds of one letter alone end; of a whole letter the next whole one."""
    for bound in bounds:
        if bound.gap.free_symbols == {x} and Poly(bound.gap, x).degree() == 1:
            end = Rational(Poly(bound.gap, x).eval(0) / -Poly(bound.gap, x).LC())
            yield ceiling(end) if x.is_integer else end
