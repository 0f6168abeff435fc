"""The ends of the support of a stationary density: Feller's test by leading powers.

A density p of dx = a dt + b dB whose flux vanishes is p = c/(b² s'), with s the scale function, so
that s' is 1/(b² p) up to a factor.  Paths do not reach an end at which s diverges: where b² p is
like the power k of the distance from a finite end, for k ≥ 1; where it is like |x|^k at infinity,
for k ≤ 1.  A finite end at which b² vanishes at least linearly, and the drift points inward, turns
paths back (as √v dB does at 0); one at which b² is positive and the drift finite, they cross.

Powers are read off at two distances far apart, in ball arithmetic to `DIGITS` digits; one that
still moves towards the border between two answers settles nothing.

Source: I. Karatzas, S. Shreve, Brownian Motion and Stochastic Calculus, 2nd ed., section 5.5.C.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from .contexts import MultiprecisionContext
from .errors import NotAdmissibleError

__all__ = ["DIGITS", "Boundary", "Diffusion", "Kind", "boundary", "breaks"]

DIGITS = 150

SCALES = ((10**30, 10**60), (10**6, 10**12), (10**3, 10**6), (100, 300), (30, 90), (10, 20))
"""Distances from 0 at an infinite end, and one over those from a finite one; the first that can."""

EXACT = 1e-9
SLOWER = 0.75
"""A power whose distance from a border shrinks by more over these scales may tend to it."""

GRID = 48
HALVINGS = 70
FLAT = 1e-6
LOOKED_AT = 4
"""Steepest intervals that are searched for a jump."""


class Kind(StrEnum):
    """What paths do at an end of a support, or at a place inside."""

    UNREACHED = "is not reached"
    TURNED = "turns them back"
    CROSSED = "is crossed"
    DIVERGING = "is no end of a density"
    OPEN = "is open"


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """An end, what paths do there, and why, in a few words."""

    at: Any
    kind: Kind
    reason: str


@dataclass(frozen=True, kw_only=True)
class Diffusion:
    """Itô drift, b² and the stated density of one scalar state, as functions of balls.

    ``positive`` says that the state is positive by its declaration.
    """

    ctx: MultiprecisionContext
    drift: Callable[[Any], Any]
    spread: Callable[[Any], Any]
    density: Callable[[Any], Any]
    positive: bool = False

    def logarithm(self, f: Callable[[Any], Any], x: Any) -> Any:
        """log f(x); NotAdmissibleError where f is not positive."""
        return self.ctx.log(f(x))

    def product(self, x: Any) -> Any:
        """b² p at x."""
        return self.spread(x) * self.density(x)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """Powers of b² p, p and b² at two distances, and the values of b² and a there."""

    product: tuple[float, float]
    density: tuple[float, float]
    spread: tuple[float, float]
    drift: tuple[float, float]
    place: Any
    exact: float


def boundary(diffusion: Diffusion, at: Any, inward: int) -> Boundary:
    """What paths do at an end of the support, a ball or ±oo as a float; ``inward`` is 1 or −1."""
    infinite = isinstance(at, float)
    found = _reading(diffusion, at, inward)
    if found is None:
        return Boundary(at=at, kind=Kind.OPEN, reason="drift, noise or density has no value there")
    towards = -1 if infinite else 1
    mass = _against(found.density, -1, found.exact)
    if mass is None or mass * towards <= 0:
        sure = mass is not None and mass * towards < 0
        kind = Kind.DIVERGING if sure else Kind.OPEN
        said = f"the density is like the power {found.density[1]:.6g} there"
        verb = "and its integral diverges" if sure else "and its integral may diverge"
        return Boundary(at=at, kind=kind, reason=f"{said}, {verb}")
    scale = _against(found.product, 1, found.exact)
    if scale is not None and scale * towards >= 0:
        return Boundary(at=at, kind=Kind.UNREACHED, reason="the scale function diverges there")
    if infinite:
        reason = "paths may get there in a finite time: the scale function converges"
        return Boundary(at=at, kind=Kind.OPEN, reason=reason)
    return _reached(diffusion, at, inward, found)


def _reached(diffusion: Diffusion, at: Any, inward: int, found: _Reading) -> Boundary:
    """What paths do at a finite end that they may reach."""
    near, nearest = found.drift
    steady = abs(near - nearest) <= FLAT * (abs(near) + abs(nearest))
    linear = _against(found.spread, 1, found.exact)
    if steady and linear is not None and linear >= 0 and inward * nearest > 0:
        reason = "the noise vanishes there and the drift points inward"
        return Boundary(at=at, kind=Kind.TURNED, reason=reason)
    if _against(found.spread, 0, found.exact) == 0 and _goes_on(diffusion, at, found):
        reason = "paths get there in a finite time and cross it: the noise is positive there"
        return Boundary(at=at, kind=Kind.CROSSED, reason=reason)
    reason = "paths may get there in a finite time, and what they do then is not known"
    return Boundary(at=at, kind=Kind.OPEN, reason=reason)


def _goes_on(diffusion: Diffusion, at: Any, found: _Reading) -> bool:
    """Whether drift and noise go on beyond a finite end, with a limit there."""
    if diffusion.positive and at == 0:
        return False
    try:
        with diffusion.ctx.working():
            unit = float(diffusion.spread(found.place))
            beyond = 2 * at - found.place
            moves = [
                abs(float(f(beyond)) - float(f(found.place)))
                for f in (diffusion.spread, diffusion.drift)
            ]
            moves.append(abs(found.drift[0] - found.drift[1]))
            return max(moves) <= FLAT * (unit + abs(found.drift[1]))
    except (NotAdmissibleError, ValueError, ZeroDivisionError):
        return False


def _reading(diffusion: Diffusion, at: Any, inward: int) -> _Reading | None:
    for scale in SCALES:
        try:
            with diffusion.ctx.working():
                return _read(diffusion, at, inward, scale)
        except (NotAdmissibleError, ValueError, ZeroDivisionError, OverflowError):
            continue
    return None


def _read(diffusion: Diffusion, at: Any, inward: int, scale: tuple[int, int]) -> _Reading:
    infinite = isinstance(at, float)

    def place(n: int, part: int) -> Any:
        if infinite:
            return diffusion.ctx.rational(-inward * n * part)
        return at + diffusion.ctx.rational(inward * part, n)

    def power(f: Callable[[Any], Any], n: int) -> float:
        one, two = (diffusion.logarithm(f, place(n, part)) for part in (1, 2))
        return _number((two - one) / diffusion.ctx.log(diffusion.ctx.rational(2)))

    def powers(f: Callable[[Any], Any]) -> tuple[float, float]:
        near, far = (power(f, n) for n in scale)
        return near, far

    near, far = (_number(diffusion.drift(place(n, 1))) for n in scale)
    return _Reading(
        product=powers(diffusion.product),
        density=powers(diffusion.density),
        spread=powers(diffusion.spread),
        drift=(near, far),
        place=place(scale[1], 1),
        exact=max(EXACT, 10 / scale[0]),
    )


def _number(x: Any) -> float:
    value = float(x)
    if math.isnan(value):
        raise NotAdmissibleError("end: a value is not known there; look from another distance")
    return value


def _against(powers: tuple[float, float], border: float, exact: float) -> int | None:
    """Whether a power is above (1), at (0), or below (−1) a border; None if it may tend to it."""
    near, far = (power - border for power in powers)
    if abs(near) <= exact and abs(far) <= exact:
        return 0
    if near * far <= 0 or min(abs(near), abs(far)) <= exact or abs(far) < SLOWER * abs(near):
        return None
    return 1 if far > 0 else -1


# Inside the support.


def breaks(diffusion: Diffusion, low: Any, high: Any) -> Iterator[Boundary]:
    """Places inside the support at which b² p is not continuous and positive, or b² vanishes.

    The support is searched on a grid, around its extrema and where logarithms move most.
    """
    if low < 0 < high:
        sides = [_reading(diffusion, diffusion.ctx.rational(0), s) for s in (1, -1)]
        if reason := _apart(diffusion, sides):
            yield Boundary(at=0, kind=Kind.OPEN, reason=reason)
            return
    places = [x for x in _grid(diffusion.ctx, low, high) if x != 0]
    for f, words in ((diffusion.product, "b² p"), (diffusion.spread, "b²")):
        found = _break(diffusion, f, places)
        if found is not None:
            yield Boundary(
                at=float(found), kind=Kind.OPEN,
                reason=f"{words} vanishes or jumps there, inside the support",
            )  # fmt: skip
            return


def _apart(diffusion: Diffusion, sides: list[_Reading | None]) -> str:
    """Why paths are not known to cross 0, from what is read on both sides of it."""
    for side in sides:
        if side is None:
            return "drift, noise or density has no value there, inside the support"
        if (crossed := _against(side.product, 1, side.exact)) is None or crossed >= 0:
            return "inside the support, no path crosses it: each side has laws of its own"
        if _against(side.product, 0, side.exact) != 0:
            return "b² p vanishes or grows without bound there, inside the support"
    places = [side.place for side in sides if side is not None]
    with diffusion.ctx.working():
        one, other = (diffusion.logarithm(diffusion.product, x) for x in places)
        return "b² p jumps there, inside the support" if abs(float(one - other)) > FLAT else ""


def _grid(ctx: MultiprecisionContext, low: Any, high: Any) -> list[Any]:
    """Places inside, closer to each other near finite ends and near 0."""
    with ctx.working():
        steps = [ctx.rational(10) ** (ctx.rational(n - GRID // 2) / 6) for n in range(GRID + 1)]
        if isinstance(low, float) and isinstance(high, float):
            return [-x for x in reversed(steps)] + steps
        if isinstance(high, float):
            return [low + x for x in steps]
        if isinstance(low, float):
            return [high - x for x in reversed(steps)]
        return [low + (high - low) * ctx.rational(n, 101) for n in range(1, 101)]


def _break(diffusion: Diffusion, f: Callable[[Any], Any], places: list[Any]) -> Any:
    """Where log f is not finite or jumps, however near one looks; None where it nowhere does."""
    with diffusion.ctx.working():
        values = [(x, _logarithm(diffusion, f, x)) for x in places]
        # Beyond what balls can say nothing is looked at: the ends are.
        known = [n for n, (_, value) in enumerate(values) if value is not None]
        values = values[known[0] : known[-1] + 1] if known else []
        unknown = next((x for x, value in values if value is None), None)
        if unknown is not None:
            return unknown
        for n in range(1, len(values) - 1):
            inner = values[n - 1 : n + 2]
            if (found := _deepest(diffusion, f, inner)) is not None:
                return found
        pairs = [pair for pair in pairwise(values) if not pair[0][0] < 0 < pair[1][0]]
        steep = sorted(pairs, key=lambda pair: -_slope(pair))[:LOOKED_AT]
        return next((x for pair in steep if (x := _jump(diffusion, f, pair)) is not None), None)


def _logarithm(diffusion: Diffusion, f: Callable[[Any], Any], x: Any) -> Any:
    try:
        return diffusion.logarithm(f, x)
    except (NotAdmissibleError, ValueError, ZeroDivisionError):
        return None


def _slope(pair: tuple[tuple[Any, Any], tuple[Any, Any]]) -> float:
    """How much log f moves, over the part that the interval is of its place."""
    (a, at_a), (b, at_b) = pair
    return abs(float((at_b - at_a) / (b - a))) * min(abs(float(a)), abs(float(b)))


def _deepest(diffusion: Diffusion, f: Callable[[Any], Any], inner: list[tuple[Any, Any]]) -> Any:
    """Where log f is without bound between three places, the middle one an extremum of them."""
    (a, at_a), (b, at_b), (c, at_c) = inner
    if at_b < at_a and at_b < at_c:
        sign = 1
    elif at_b > at_a and at_b > at_c:
        sign = -1
    else:
        return None
    if a < 0 < c:
        return None
    seen, deepest = [], sign * at_b
    for n in range(2 * HALVINGS):
        x = (a + b) / 2 if n % 2 else (b + c) / 2
        value = _logarithm(diffusion, f, x)
        if value is None:
            return x
        if sign * value < deepest:
            a, b, c = (a, x, b) if n % 2 else (b, x, c)
            deepest = sign * value
        elif n % 2:
            a = x
        else:
            c = x
        seen.append(deepest)
    return b if seen[HALVINGS] - seen[-1] > 1 else None


def _jump(diffusion: Diffusion, f: Callable[[Any], Any], pair: Any) -> Any:
    """Where log f jumps: halved again and again, it moves as much as it did before."""
    (a, at_a), (b, at_b) = pair
    moves = []
    for _ in range(HALVINGS):
        middle = (a + b) / 2
        value = _logarithm(diffusion, f, middle)
        if value is None:
            return middle
        if abs(value - at_a) > abs(at_b - value):
            b, at_b = middle, value
        else:
            a, at_a = middle, value
        moves.append(abs(float(at_b - at_a)))
    return a if moves[-1] > FLAT and moves[-1] > moves[HALVINGS // 2] / 2 else None
