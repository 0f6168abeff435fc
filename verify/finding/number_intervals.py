"""Intervals in which a number lies that makes a stated value fit, and simple numbers in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from sympy import Integer, Rational, sqrt

from .path_values import PathValues

__all__ = ["interval_of", "is_sharp", "likely", "simple_number"]

SIMPLE = (
    *((Rational(n, d), 1.0) for n, d in product(range(1, 5), repeat=2) if math.gcd(n, d) == 1),
    *((sqrt(2) * x, 1.3) for x in (1, Rational(1, 2), 2)),
    *((Rational(n, d), 1.4) for d, n in product(range(1, 9), range(1, 13)) if math.gcd(n, d) == 1),
)
"""Simple numbers, and what each costs."""

SHARP = 0.02
"""A number known better than that, relative to itself, is told from others."""

KNOWN = 0.3
"""A number known worse than that says nothing."""


def interval_of(
    settings: Sequence[PathValues], rest: Sequence[float], own: Sequence[float]
) -> tuple[float, float] | None:
    """The numbers c with which rest + c own lies in the interval of every setting."""
    low, high = -math.inf, math.inf
    for setting, r, x in zip(settings, rest, own, strict=True):
        a, b = float(setting.low[0]) - r, float(setting.high[0]) - r
        if x == 0 or not math.isfinite(r + x):
            if not a <= 0 <= b:
                return None
            continue
        ends = sorted((a / x, b / x))
        low, high = max(low, ends[0]), min(high, ends[1])
    return (low, high) if low <= high and math.isfinite(high - low) else None


def likely(found: tuple[float, float], *, unknown: int, known: int) -> Iterator[tuple[Any, float]]:
    """The simple number in an interval with its cost, else the middle where that is determined."""
    low, high = found
    size = max(abs(low), abs(high))
    simple = simple_number(low, high) if high - low <= KNOWN * size or size < SHARP else None
    if simple is not None:
        yield simple
    elif known > unknown and high - low <= 2 * SHARP * size:
        yield (low + high) / 2, 1.5


def simple_number(low: float, high: float) -> tuple[Any, float] | None:
    """The simplest number in an interval, a fraction or that times √2, and what it costs."""
    if low <= 0 <= high:
        return Integer(0), 1.1
    sign = 1 if low > 0 else -1
    low, high = sorted((abs(low), abs(high)))
    within = [(cost, n, x) for n, (x, cost) in enumerate(SIMPLE) if low <= float(x) <= high]
    return (sign * min(within)[2], min(within)[0]) if within else None


def is_sharp(found: tuple[float, float]) -> bool:
    """Whether a number is known well enough to be told from others."""
    return found[1] - found[0] <= SHARP * max(abs(found[0]), abs(found[1]))
