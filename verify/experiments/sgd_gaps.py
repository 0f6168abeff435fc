"""What pooled paths say: means with finite-sample intervals, orders, limits as η → 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from numerics.network import Array
from verify.planning import Estimate
from verify.statistics.bounds import bernstein_half_width

__all__ = ["LIMIT", "Pool", "limit", "local_orders", "order", "pooled", "slope"]

LIMIT = np.array([1.0, -6.0, 8.0]) / 3
"""Weights of values at step sizes s, s/2, s/4 whose errors of order s and s² cancel."""
LIMIT_LINEAR = np.array([0.0, -1.0, 2.0])


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Means of clipped per-path values over all seeds, and their covariance.

    A statistic is a linear combination of columns, given as name -> weights of its columns.
    """

    sizes: Mapping[str, int]
    count: int
    mean: Array
    covariance: Array
    window: Array
    """Half of the length of the interval that every column lies in."""
    clipped: int

    def weights(self, combination: Mapping[str, Any]) -> Array:
        """The combination as weights of all columns."""
        parts = [
            np.broadcast_to(np.asarray(combination.get(name, 0.0), dtype=float), (size,))
            for name, size in self.sizes.items()
        ]
        return np.concatenate(parts)

    def value(self, combination: Mapping[str, Any]) -> float:
        """The mean of a combination."""
        return float(self.weights(combination) @ self.mean)

    def standard_error(self, combination: Mapping[str, Any]) -> float:
        """The standard error of that mean, for error bars."""
        w = self.weights(combination)
        return float(np.sqrt(w @ self.covariance @ w / self.count))

    def half_width(self, combination: Mapping[str, Any], alpha: float) -> float:
        """Half-width of its interval at level 1 − alpha (empirical Bernstein)."""
        w = self.weights(combination)
        extent = 2 * float(np.abs(w) @ self.window)
        return bernstein_half_width(float(w @ self.covariance @ w), self.count, extent, alpha)

    def bias(self, combination: Mapping[str, Any]) -> float:
        """How far the mean moves if the SDE is extrapolated with one order less."""
        less = {f"{name} linear": weights for name, weights in combination.items()}
        return abs(self.value(combination) - self.value(less))

    def estimate(self, combination: Mapping[str, Any], alpha: float, scale: float = 1) -> Estimate:
        """Mean, half-width and bias of a combination, in units of `scale`."""
        return Estimate(
            value=self.value(combination) / scale,
            half_width=self.half_width(combination, alpha) / abs(scale),
            bias=self.bias(combination) / abs(scale),
        )


def pooled(summaries: Sequence[Mapping[str, Any]]) -> Pool:
    """All seeds together; they share the pilot, so that their values are alike in law."""
    first = summaries[0]
    n = sum(int(s["count"]) for s in summaries)
    total = np.sum([np.asarray(s["sum"]) for s in summaries], axis=0)
    products = np.sum([np.asarray(s["products"]) for s in summaries], axis=0)
    covariance = (products - np.outer(total, total) / n) / (n - 1)
    return Pool(
        sizes=first["sizes"],
        count=n,
        mean=np.asarray(first["centre"]) + total / n,
        covariance=covariance,
        window=np.asarray(first["window"]),
        clipped=sum(int(s["clipped"]) for s in summaries),
    )


def _order(coarse: Estimate, fine: Estimate) -> tuple[float, float]:
    """log₂ of the ratio of two sizes, and how far it may be off."""
    big, small = abs(coarse.value), abs(fine.value)
    w1, w2 = (e.half_width + e.bias for e in (coarse, fine))
    if not (big > w1 and small > w2):
        return float("nan"), float("inf")
    value = float(np.log2(big / small))
    upper, lower = np.log2((big + w1) / (small - w2)), np.log2((big - w1) / (small + w2))
    return value, float(max(upper - value, value - lower))


def local_orders(gaps: Sequence[Estimate]) -> list[float]:
    """log₂ of the ratios of consecutive gaps, the step size being halved from one to the next."""
    return [_order(*pair)[0] for pair in pairwise(gaps)]


def order(gaps: Sequence[Estimate], claimed: float) -> Estimate:
    """The order over the last halving, minus the claimed one; its bias is how far it moved."""
    (before, _), (value, half_width) = _order(*gaps[-3:-1]), _order(*gaps[-2:])
    bias = abs(value - before) if np.isfinite(before) else float("inf")
    return Estimate(value=value - claimed, half_width=half_width, bias=bias)


def slope(steps: Array, gaps: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
    """Least-squares slope of log |gap| against log step and its standard error."""
    x, y = np.log(steps), np.log(np.abs(gaps))
    weights = (np.abs(gaps) / np.asarray(errors)) ** 2
    centred = x - np.sum(weights * x) / np.sum(weights)
    spread = float(np.sum(weights * centred**2))
    return float(np.sum(weights * centred * y)) / spread, float(1 / np.sqrt(spread))


def limit(values: Sequence[Estimate]) -> Estimate:
    """The limit η → 0 from the last three step sizes, for values that are estimated apart."""
    v = np.array([e.value for e in values[-3:]])
    spread = np.abs(LIMIT) @ [e.half_width for e in values[-3:]]
    left = np.abs(LIMIT) @ [e.bias for e in values[-3:]]
    moved = abs(float((LIMIT - LIMIT_LINEAR) @ v))
    return Estimate(value=float(LIMIT @ v), half_width=float(spread), bias=float(left) + moved)
