"""Where the outermost paths go: whether f(X_t)/t has one limit for all of them.

Noise that is forgotten leaves a growth per time like 1/√t, and so do its quantiles: from the
growths over (T/9, T/3) and over (T/3, T) follows where a quantile comes to.  That of a part of the
paths with a limit of its own stays where it is.  Of the 1 % and 99 % quantiles the ends of order
statistics are taken, so that noise leaves it open; of the paths farther out what was seen is taken,
and no more than a share of all paths lies beyond them, by a bound for every law.

Growths are those on the finest grid: 2 q − m goes astray on a path that two grids lead elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from numerics.system import Array
from verify.statistics.bounds import clopper_pearson, quantile_interval

__all__ = ["LEFT_BY_TIME", "NOWHERE", "Outer", "outer_of"]

LEFT_BY_TIME = 1 / (math.sqrt(3) - 1)
"""An error that shrinks like 1/√T, in units of what it moved while the time tripled."""

LEVEL = 0.01
"""Quantiles, from either end, that have an interval."""

FEW = 4
"""The path of this rank from either end is the outermost that is looked at."""

LEAST, MOST = 2.0, 4.0
"""For the sake of the quantiles the next look takes between so many times the paths."""


@dataclass(frozen=True, kw_only=True)
class Outer:
    """Low and high ends of the limits of all but a few paths, less that of the median.

    Attributes
    ----------
    sure
        Of the quantiles, where their intervals may still come to.
    seen
        Of the quantiles, and of all paths but a few on each side, where they seem to come to.
    late
        Of the growths over (T/3, T), the same two.
    beyond
        On each side, the share of paths beyond the middle between the median and all but a few.
    shares
        At most this share of the paths lies beyond the quantile on a side; outside of the few.
    """

    sure: tuple[float, float] = (0.0, 0.0)
    seen: tuple[tuple[float, float], ...] = ()
    late: tuple[tuple[float, float], ...] = ()
    beyond: tuple[float, float] = (0.0, 0.0)
    shares: tuple[float, float] = (0.0, 0.0)

    def stays(self, within: float) -> bool:
        """Whether a quantile seems to stay farther than this from the median."""
        return any(any(_outside(ends, -within, within)) for ends in self.seen[:1])

    def apart(self, low: float, high: float) -> float:
        """The share of paths that seem to stay outside of a band, on the side with the more."""
        out = [_outside(ends, low, high) for ends in self.seen]
        sides = [self.beyond[side] for one in out for side in (0, 1) if one[side]]
        return max(sides, default=0.0)

    def more(self, low: float, high: float) -> float:
        """How many times the paths bring the ends of the quantiles into a band; 1 if they are."""
        wanted = [1.0]
        for side, out in enumerate(_outside(self.sure, low, high)):
            if out:
                seen = self.seen[0][side]
                noise, left = abs(self.sure[side] - seen), abs((low, high)[side] - seen)
                times = (noise / left) ** 2 if left and math.isfinite(noise) else MOST
                wanted.append(min(max(times, LEAST), MOST))
        return max(wanted)

    def reach(self, away: float) -> tuple[float, float]:
        """How far quantiles, and all but a few paths, are from a value so far from the median."""
        quantiles, few = (max(abs(end - away) for end in ends) for ends in self.late)
        return quantiles, few


NOWHERE = Outer()
"""Where no paths go."""


def outer_of(late: Array, early: Array, lost: int, alpha: float) -> Outer:
    """The outermost of paths that are numbers, from their growths over both times.

    ``lost`` paths more may be anywhere.  ``alpha`` is the rate of each of three statements: the
    quantiles on each side, and the share.
    """
    late, early = (np.sort(x) - np.median(x) for x in (late, early))
    n = len(late)
    ranks = [round(LEVEL * n), min(FEW, (n + 1) // 2) - 1]
    ends = [[(float(x[k]), float(x[-1 - k])) for x in (late, early)] for k in ranks]
    (low, high), (low_before, high_before) = (
        [quantile_interval(x, at, alpha) for at in (LEVEL, 1 - LEVEL)] for x in (late, early)
    )
    outermost = ends[1][0]
    _, shares = clopper_pearson([ranks[0] + lost, 2 * ranks[1] + 1 + lost], n + lost, alpha)
    return Outer(
        sure=(_comes_to(low[0], low_before[1]), _comes_to(high[1], high_before[0])),
        seen=tuple((_comes_to(x[0], y[0]), _comes_to(x[1], y[1])) for x, y in ends),
        late=(ends[0][0], outermost),
        beyond=(
            float(np.mean(late < outermost[0] / 2)),
            float(np.mean(late > outermost[1] / 2)),
        ),
        shares=(float(shares[0]), float(shares[1])),
    )


def _outside(ends: tuple[float, float], low: float, high: float) -> tuple[bool, bool]:
    """Which of two ends lies outside of a band: the low one below, the high one above."""
    return ends[0] < low, ends[1] > high


def _comes_to(late: float, early: float) -> float:
    """Where what shrinks like 1/√T comes to."""
    return late + LEFT_BY_TIME * (late - early) if math.isfinite(late) else late
