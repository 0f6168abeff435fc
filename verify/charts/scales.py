"""From values to places on a page: linear, logarithmic, logarithmic on both sides of zero."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "linear", "logarithmic", "symmetric"]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A map of the values from ``low`` to ``high`` to the places from ``start`` to ``end``.

    ``bend`` is the size below which a scale that is logarithmic on both sides of zero is straight;
    0 for a scale that is logarithmic throughout, infinite for a linear one.
    """

    low: float
    high: float
    start: float
    end: float
    bend: float = math.inf

    def __call__(self, value: float) -> float:
        """The place of a value; what is beyond an end has the place of that end."""
        value = min(max(value, self.low), self.high)
        low, high, at = (self._bent(x) for x in (self.low, self.high, value))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def _bent(self, value: float) -> float:
        if math.isinf(self.bend):
            return value
        if self.bend == 0.0:
            return math.log10(value)
        return math.copysign(math.log10(1.0 + abs(value) / self.bend), value)

    def ticks(self, most: int = 6) -> tuple[float, ...]:
        """Round values between the ends, at most so many and at least two apart from each other."""
        if math.isinf(self.bend):
            return _round_values(self.low, self.high, most)
        found = tuple(x for x in self._powers() if self.low <= x <= self.high)
        return self._thinned(found, most)

    def _powers(self) -> Iterable[float]:
        largest = max(abs(self.low), abs(self.high))
        least = self.low if self.bend == 0.0 else self.bend
        first, last = math.floor(math.log10(least)), math.ceil(math.log10(largest))
        sizes = [10.0**n for n in range(first, last + 1)]
        if self.bend == 0.0:
            return sizes if len(sizes) > 3 else [m * x for x in sizes for m in (1, 2, 5)]
        return [*(-x for x in reversed(sizes)), 0.0, *sizes]

    def _thinned(self, values: tuple[float, ...], most: int) -> tuple[float, ...]:
        """Those kept that stand far enough from zero and from the one kept before."""
        room = abs(self.end - self.start) / max(most, 1)
        kept: list[float] = [0.0] if 0.0 in values else []
        for x in sorted(values, key=lambda x: (-abs(x), x)):
            if all(abs(self(x) - self(y)) >= room for y in kept):
                kept.append(x)
        return tuple(sorted(kept))


def _round_values(low: float, high: float, most: int) -> tuple[float, ...]:
    if not high > low:
        return (low,)
    raw = (high - low) / max(most - 1, 1)
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next((m * unit for m in (1, 2, 5, 10) if m * unit >= raw * (1 - 1e-9)), 10 * unit)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(float(f"{n * step:.12g}") for n in range(first, last + 1))


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """A linear scale; equal ends are moved apart."""
    if not high > low:
        room = abs(low) / 2 or 1.0
        low, high = low - room, high + room
    return Scale(low=low, high=high, start=start, end=end)


def symmetric(largest: float, bend: float, start: float, end: float) -> Scale:
    """From −largest to largest, logarithmic beyond ``bend``."""
    return Scale(low=-largest, high=largest, start=start, end=end, bend=bend)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """Of positive values; equal ends are moved apart."""
    if not high > low:
        low, high = low / 2, high * 2
    return Scale(low=low, high=high, start=start, end=end, bend=0.0)
