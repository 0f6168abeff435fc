"""Expectations without statistics, where the randomness is finite.

A two-point increment ±√h has the moments of a Gaussian one up to the third, so that one step with
signs has the same drift and covariation as h → 0; for m components there are 2^m signs, and all of
them can be tried. A discrete algorithm that draws from a finite list (the minibatches of a small
data set) has an exact mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.errors import NumericsError
from numerics.generator import estimate_generator
from numerics.kernel import Point
from numerics.system import System
from numerics.transition import (
    Observable,
    Statistic,
    Transition,
    covariation_statistic,
    drift_statistic,
)

__all__ = [
    "MOST_SIGNS",
    "Enumeration",
    "enumerate_covariation",
    "enumerate_draws",
    "enumerate_drift",
    "signs",
]

Array: TypeAlias = NDArray[np.float64]

MOST_SIGNS = 16
"""Largest number of components whose signs are enumerated."""

_LADDER = 0.01 * 0.25 ** np.arange(11.0)  # candidate steps, in units of the time to move by |x|
_FEW = 64
_CHUNK = 4096


@dataclass(frozen=True, kw_only=True)
class Enumeration:
    """An exact mean over finitely many outcomes; arrays have the shape of the observable's value.

    Attributes
    ----------
    mean
        The mean; of one step with signs, extrapolated to h → 0.
    bias
        Estimated bound of what the step length leaves, with rounding.
    scale
        The sum of the absolute values of the terms.
    outcomes
        How many outcomes were averaged.
    step
        h, or None where there is none.
    """

    mean: Array
    bias: Array
    scale: Array
    outcomes: int
    step: float | None


def signs(m: int) -> Array:
    """One of every pair ±ε of sign vectors, (2^(m−1), m); a single empty one for m = 0.

    Raises
    ------
    NumericsError
        If m is larger than `MOST_SIGNS`.
    """
    if m > MOST_SIGNS:
        raise NumericsError(
            f"components: {m} have 2**{m} signs; at most {MOST_SIGNS} are enumerated, simulate it"
        )
    return (
        np.array([(1.0, *rest) for rest in product((1.0, -1.0), repeat=m - 1)])
        if m
        else (np.zeros((1, 0)))
    )


def enumerate_drift(
    system: System, observable: Observable, point: Point, *, scale: Any = None
) -> Enumeration:
    """L f from all signs of the increments of one step.

    Raises
    ------
    NumericsError
        If there are more than `MOST_SIGNS` components, or f is not finite near the point.
    """
    step = Transition.at(system, point)
    if scale is None:
        scale = estimate_generator(system, observable, point).drift_scale
    value = np.abs(np.asarray(observable(point), dtype=float))
    return _limit(step, drift_statistic(step, observable), value, np.asarray(scale))


def enumerate_covariation(
    system: System, f: Observable, g: Observable, point: Point, *, scale: Any = None
) -> Enumeration:
    """Γ(f, g) from all signs of the increments of one step, entry by entry."""
    step = Transition.at(system, point)
    if scale is None:
        estimates = [estimate_generator(system, observable, point) for observable in (f, g)]
        scale = estimates[0].covariation(estimates[1])[2]
    value = np.abs(np.asarray(f(point), dtype=float) * np.asarray(g(point), dtype=float))
    return _limit(step, covariation_statistic(step, f, g), value, np.asarray(scale))


def _limit(step: Transition, statistic: Statistic, value: Array, scale: Array) -> Enumeration:
    """The mean over all signs, extrapolated, at the step that a few of the signs find best.

    The bias is twice the change from 4h to h: what the extrapolation leaves changes 64 times from
    the one to the other, and an error of f(x) in the last digit changes 4 times.
    """
    xi = signs(len(step.seen))
    few = xi[:: max(1, len(xi) // _FEW)]
    tried = {float(h): _at(statistic, few, float(h), value)[1] for h in step.unit_time * _LADDER}
    h = min(tried, key=lambda h: tried[h])
    mean, worst, bias = _at(statistic, xi, h, value)
    if not np.isfinite(worst):
        raise NumericsError("point: the observable is not finite near it; draw another point")
    return Enumeration(mean=mean, bias=bias, scale=scale, outcomes=2 * len(xi), step=h)


def _at(statistic: Statistic, xi: Array, h: float, value: Array) -> tuple[Array, float, Array]:
    """The extrapolated mean, the largest entry of its bias, and its bias, at h."""
    means = [_mean(statistic, xi, h * 2.0**level) for level in (2, 1, 0, -1, -2)]
    coarse, fine = _extrapolated(means[:3]), _extrapolated(means[2:])
    rounding = 16.0 * np.finfo(float).eps * np.maximum(value, 1.0) / h
    bias = 2.0 * np.abs(fine - coarse) + rounding
    worst = float(np.max(bias))
    return fine, worst if np.isfinite(worst) else float("inf"), bias


def _extrapolated(means: Sequence[Array]) -> Array:
    """Richardson's value from steps h, h/2, h/4 for errors in all powers of the step."""
    once = [2.0 * fine - coarse for coarse, fine in pairwise(means)]
    return np.asarray((4.0 * once[1] - once[0]) / 3.0)


def _mean(statistic: Statistic, xi: Array, h: float) -> Array:
    parts = [
        np.sum(statistic(xi[first : first + _CHUNK], h), axis=0)
        for first in range(0, len(xi), _CHUNK)
    ]
    return np.asarray(sum(parts[1:], parts[0]) / len(xi))


def enumerate_draws(
    outcome: Callable[[Any], Any],
    draws: Array | Sequence[Any],
    *,
    weights: Array | None = None,
) -> Enumeration:
    """The mean of a function of a draw over a finite list of draws.

    Parameters
    ----------
    outcome
        Takes a batch of draws, the first axis of `draws`, and returns one value for each, such as
        the change of log det M in one step of an algorithm.
    draws
        All possible draws, equally likely unless `weights` (which add up to 1) say otherwise.

    Raises
    ------
    NumericsError
        If there is no draw, or the weights are no probabilities.
    """
    draws = np.asarray(draws)
    count = len(draws)
    if count == 0:
        raise NumericsError("draws: got none; give every possible draw once")
    p = np.full(count, 1.0 / count) if weights is None else np.asarray(weights, dtype=float)
    if p.shape != (count,) or np.any(p < 0.0) or abs(float(np.sum(p)) - 1.0) > 1e-12:
        raise NumericsError(
            f"weights: shape {p.shape} with sum {float(np.sum(p)):.6g} for {count} draws; give one "
            "probability for each"
        )
    parts = [
        np.asarray(outcome(draws[first : first + _CHUNK]), dtype=float)
        for first in range(0, count, _CHUNK)
    ]
    values = np.concatenate(parts)
    mean = np.tensordot(p, values, axes=1)
    scale = np.tensordot(p, np.abs(values), axes=1)
    rounding = count * np.finfo(float).eps * scale
    return Enumeration(
        mean=np.asarray(mean),
        bias=np.asarray(rounding),
        scale=np.asarray(scale),
        outcomes=count,
        step=None,
    )
