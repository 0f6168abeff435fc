"""Per-path errors of a law at three step lengths, and whether they shrink to zero.

A law that holds on every path is met by a simulated path up to its discretisation error.  At steps
h, h/2, h/4 on the same Brownian paths the error e_h of a path is measured, and

* the *median* of 2e_{h/4} − e_{h/2}, where the term of order h is gone, is the difference that is
  decided on; its bias is 2.41 times what it moved from the same at h, what an error that shrinks
  at least like √h leaves, and never below the noise of that move: an extrapolation;
* an *outer quantile* of |e_h|, extrapolated to h = 0 as a term of order √h, must vanish too: a
  missing martingale part leaves the median at zero and the spread of the paths as it is;
* where ``exceptions`` is given, no more than that share of all paths may have an error at h/4 that
  is larger than the spread may be and than half of that at h, which a term of order √h is not: a
  law that fails on few paths leaves every other quantile.

Intervals are those of order statistics: no law of the errors is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from numerics.system import Array
from verify.planning import ErrorBudget, Estimate
from verify.statistics.bounds import clopper_pearson, quantile_interval
from verify.verdict import Status, combine

from .medians import left_by_steps
from .refinement import LEFT

__all__ = ["OUTER_RELEVANT", "PathErrors", "path_errors"]

OUTER = 0.75
ROUNDING = 1e-10
OUTER_RELEVANT = 10.0
"""The spread may be this many times the relevant error of the median: it shrinks like √h only."""


@dataclass(frozen=True, kw_only=True)
class _Tail:
    """Sizes of the errors at h/4 that have not halved, and the extreme quantile at h = 0."""

    sizes: Array
    extreme: Estimate
    exceptions: float
    alpha: float

    def beyond(self, relevant: float) -> float:
        """An upper bound of the share that is too large; what is no number is."""
        count = int(np.sum(~(self.sizes <= OUTER_RELEVANT * relevant)))
        return float(clopper_pearson(count, len(self.sizes), self.alpha)[1])

    def status(self, relevant: float) -> Status:
        """Few enough are too large, or their extreme quantile does not vanish."""
        if self.beyond(relevant) <= self.exceptions:
            return Status.AGREES
        refuted = self.extreme.decide(OUTER_RELEVANT * relevant) == Status.DISAGREES
        return Status.DISAGREES if refuted else Status.INCONCLUSIVE


@dataclass(frozen=True, kw_only=True)
class PathErrors:
    """What the errors at three step lengths say, relative to the scale of the law.

    ``medians`` and ``outer`` are the plain statistics at h, h/2, h/4; ``centre`` and ``spread`` the
    extrapolated ones, for every component of the observable.
    """

    medians: Array
    outer: Array
    centre: tuple[Estimate, ...]
    spread: tuple[Estimate, ...]
    tails: tuple[_Tail, ...] = ()

    def status(self, relevant: float) -> Status:
        """The decision on all components."""
        centres = [e.decide(relevant) for e in self.centre]
        spreads = [e.decide(OUTER_RELEVANT * relevant) for e in self.spread]
        return combine([*centres, *spreads, *(tail.status(relevant) for tail in self.tails)])

    def beyond(self, relevant: float) -> float:
        """An upper bound of the share of paths whose error is too large and does not shrink."""
        return max((tail.beyond(relevant) for tail in self.tails), default=0.0)

    @property
    def worst_centre(self) -> Estimate:
        """The component whose median may be farthest from zero."""
        return max(self.centre, key=lambda e: abs(e.value) + e.half_width + e.bias)

    @property
    def worst_spread(self) -> Estimate:
        """The component whose spread may be farthest from zero; 0 where all paths are one."""
        widest = sorted(self.spread, key=lambda e: abs(e.value) + e.half_width + e.bias)
        return widest[-1] if widest else Estimate(value=0.0)

    @property
    def strong_order(self) -> float | None:
        """Measured order in h of the outer quantile, over the last halving."""
        return _order(self.outer[1:])

    @property
    def weak_order(self) -> float | None:
        """Measured order in h of the median."""
        return _order(self.medians[:2])


def _order(values: Array) -> float | None:
    first, second = (float(np.max(np.abs(v))) for v in values[:2])
    return float(np.log2(first / second)) if first > 0 and second > 0 else None


def path_errors(
    errors: Sequence[Array],
    budget: ErrorBudget,
    *,
    noisy: bool,
    exceptions: float | None = None,
    left: float = LEFT,
) -> PathErrors:
    """Judge errors at h, h/2, h/4, each (paths, components), relative to the scale of the law.

    Without noise all paths are one; the extrapolation is all there is, and nothing spreads.
    ``exceptions`` is the share of paths that may be off, if only so few may be.  ``left`` is what
    remains of a median after a halving, in units of what it moved: 1 for an error of order one.
    """
    e = [np.asarray(x, dtype=float).reshape(len(x), -1) for x in errors]
    components = e[0].shape[1]
    # Four intervals are used: the median, and the outer quantile at three step lengths; for the
    # exceptions four more: their share, and the extreme quantile at three step lengths.
    alpha = budget.split((4 if exceptions is None else 8) * components).alpha
    centre, spread, tails = [], [], []
    for c in range(components):
        h, half, quarter = (x[:, c] for x in e)
        centre.append(_centre(2 * half - h, 2 * quarter - half, alpha, left, noisy=noisy))
        if noisy:
            sizes = [np.abs(x) for x in (h, half, quarter)]
            spread.append(_spread(sizes, OUTER, alpha))
            if exceptions is not None:
                extreme = _spread(sizes, 1 - exceptions, alpha)
                tails.append(
                    _Tail(
                        sizes=_staying(sizes), extreme=extreme, exceptions=exceptions, alpha=alpha
                    )
                )
    return PathErrors(
        medians=np.array([np.median(x, axis=0) for x in e]),
        outer=np.array([np.quantile(np.abs(x), OUTER, axis=0) for x in e]),
        centre=tuple(centre),
        spread=tuple(spread),
        tails=tuple(tails),
    )


def _staying(sizes: Sequence[Array]) -> Array:
    """The sizes at h/4; 0 where they are at most half of those at h, as terms of order √h are."""
    first, *_, last = sizes
    return np.asarray(np.where(last <= first / 2, 0.0, last))


def _interval(values: Array, q: float, alpha: float, *, noisy: bool) -> tuple[float, float]:
    """Centre and half-width of the interval of a quantile."""
    if not noisy:
        return float(values[0]), 0.0
    low, high = quantile_interval(values, q, alpha)
    return (low + high) / 2, (high - low) / 2


def _centre(before: Array, after: Array, alpha: float, left: float, *, noisy: bool) -> Estimate:
    value, half_width = _interval(after, 0.5, alpha, noisy=noisy)
    bias = left_by_steps(before, after, left) + ROUNDING
    return Estimate(value=value, half_width=half_width, bias=bias)


def _spread(sizes: Sequence[Array], q: float, alpha: float) -> Estimate:
    """The outer quantile extrapolated to h = 0 as a constant and a term of order √h."""
    root = float(np.sqrt(2))
    points = [_interval(x, q, alpha, noisy=True) for x in sizes]
    quantiles = [float(np.quantile(x, q)) for x in sizes]
    before, after = ((root * fine - coarse) / (root - 1) for coarse, fine in pairwise(quantiles))
    (_, w1), (value, w2) = points[1:]
    # An error that shrinks faster than √h extrapolates below zero, which is no spread at all.
    half_width = (root * w2 + w1) / (root - 1)
    bias = min(abs(after - before), quantiles[-1]) + ROUNDING
    if not np.isfinite(value):
        return Estimate(value=np.nan, half_width=half_width, bias=bias)
    return Estimate(value=max(after, 0.0), half_width=half_width, bias=bias)
