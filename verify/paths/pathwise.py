"""Per-path errors of a law at three step lengths, and whether they shrink to zero.

A law that holds on every path is met by a simulated path up to its discretisation error.  At steps
h, h/2, h/4 on the same Brownian paths the error e_h of a path is measured, and

* the *median* of 2e_{h/4} − e_{h/2}, where the term of order h is gone, is the difference that is
  decided on; how far it moved from the same at h is the budget for its bias, an extrapolation;
* an *outer quantile* of |e_h|, extrapolated to h = 0 as a term of order √h, must vanish too: a
  missing martingale part leaves the median at zero and the spread of the paths as it is.

Intervals are those of order statistics: no law of the errors is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from numerics.system import Array
from verify.planning import ErrorBudget, Estimate
from verify.statistics.bounds import quantile_interval
from verify.verdict import Status, combine

__all__ = ["PathErrors", "path_errors"]

OUTER = 0.75
ROUNDING = 1e-10
OUTER_RELEVANT = 10.0
"""The spread may be this many times the relevant error of the median: it shrinks like √h only."""


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

    def status(self, relevant: float) -> Status:
        """The decision on all components."""
        centres = [e.decide(relevant) for e in self.centre]
        return combine([*centres, *(e.decide(OUTER_RELEVANT * relevant) for e in self.spread)])

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


def path_errors(errors: Sequence[Array], budget: ErrorBudget, *, noisy: bool) -> PathErrors:
    """Judge errors at h, h/2, h/4, each (paths, components), relative to the scale of the law.

    Without noise all paths are one; the extrapolation is all there is, and nothing spreads.
    """
    e = [np.asarray(x, dtype=float).reshape(len(x), -1) for x in errors]
    components = e[0].shape[1]
    # Four intervals are used: the median, and the outer quantile at three step lengths.
    alpha = budget.split(4 * components).alpha
    centre, spread = [], []
    for c in range(components):
        h, half, quarter = (x[:, c] for x in e)
        centre.append(_centre(2 * half - h, 2 * quarter - half, alpha, noisy=noisy))
        if noisy:
            spread.append(_spread([np.abs(x) for x in (h, half, quarter)], alpha))
    return PathErrors(
        medians=np.array([np.median(x, axis=0) for x in e]),
        outer=np.array([np.quantile(np.abs(x), OUTER, axis=0) for x in e]),
        centre=tuple(centre),
        spread=tuple(spread),
    )


def _interval(values: Array, q: float, alpha: float, *, noisy: bool) -> tuple[float, float]:
    """Centre and half-width of the interval of a quantile."""
    if not noisy:
        return float(values[0]), 0.0
    low, high = quantile_interval(values, q, alpha)
    return (low + high) / 2, (high - low) / 2


def _centre(before: Array, after: Array, alpha: float, *, noisy: bool) -> Estimate:
    value, half_width = _interval(after, 0.5, alpha, noisy=noisy)
    bias = abs(float(np.median(after)) - float(np.median(before))) + ROUNDING
    return Estimate(value=value, half_width=half_width, bias=bias)


def _spread(sizes: Sequence[Array], alpha: float) -> Estimate:
    """The outer quantile extrapolated to h = 0 as a constant and a term of order √h."""
    root = float(np.sqrt(2))
    points = [_interval(x, OUTER, alpha, noisy=True) for x in sizes]
    quantiles = [float(np.quantile(x, OUTER)) for x in sizes]
    before, after = ((root * fine - coarse) / (root - 1) for coarse, fine in pairwise(quantiles))
    (_, w1), (value, w2) = points[1:]
    # An error that shrinks faster than √h extrapolates below zero, which is no spread at all.
    half_width = (root * w2 + w1) / (root - 1)
    bias = min(abs(after - before), quantiles[-1]) + ROUNDING
    if not np.isfinite(value):
        return Estimate(value=np.nan, half_width=half_width, bias=bias)
    return Estimate(value=max(after, 0.0), half_width=half_width, bias=bias)
