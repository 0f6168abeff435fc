"""Expectations without statistics, where the randomness is finite.

A two-point increment ±√h has the moments of a Gaussian one up to the third, so that one step with
signs has the same drift and covariation as h → 0; for m components there are 2^m signs, and all of
them can be tried. A discrete algorithm that draws from a finite list (the minibatches of a small
data set) has an exact mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.errors import NumericsError
from numerics.generator import estimate_generator
from numerics.kernel import Point
from numerics.system import System
from numerics.transition import (
    LADDER,
    Observable,
    Sampled,
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
        Estimated bound of what the step length leaves, and of rounding; 0 for an exact mean.
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
    system: System, observable: Observable, point: Point, *, scale: Any = None, reach: Any = None
) -> Enumeration:
    """L f from all signs of the increments of one step; `reach` as for `one_step_drift`.

    Raises
    ------
    NumericsError
        If there are more than `MOST_SIGNS` components, or f is not finite near the point.
    """
    step = Transition.at(system, point, reach)
    if scale is None:
        scale = estimate_generator(system, observable, point, reach=reach).drift_scale
    return _limit(step, drift_statistic(step, observable), np.asarray(scale))


def enumerate_covariation(
    system: System,
    f: Observable,
    g: Observable,
    point: Point,
    *,
    scale: Any = None,
    reach: Any = None,
) -> Enumeration:
    """Γ(f, g) from all signs of the increments of one step, entry by entry."""
    step = Transition.at(system, point, reach)
    if scale is None:
        estimates = [estimate_generator(system, x, point, reach=reach) for x in (f, g)]
        scale = estimates[0].covariation(estimates[1])[2]
    return _limit(step, covariation_statistic(step, f, g), np.asarray(scale))


def _limit(step: Transition, statistic: Statistic, scale: Array) -> Enumeration:
    """The mean over all signs, extrapolated, at the step that a few of the signs find best."""
    xi = signs(len(step.seen))
    few = Sampled(statistic, xi[:: max(1, len(xi) // _FEW)])
    rounding = few.grain(step.grain_time)

    def promised(h: float) -> float:
        left = np.abs(np.mean(few.change(h), axis=0))
        worst = np.max(left + statistic.rounding(rounding, h))
        return float(worst) if np.isfinite(worst) else float("inf")

    h = min((float(h) for h in step.unit_time * LADDER), key=promised)
    if promised(h) == float("inf"):
        raise NumericsError("point: the observable is not finite near it; draw another point")
    mean, moved = np.zeros((2, *scale.shape))
    for first in range(0, len(xi), _CHUNK):
        chunk = Sampled(statistic, xi[first : first + _CHUNK])
        mean = mean + np.sum(chunk.extrapolated(h), axis=0) / len(xi)
        moved = moved + np.sum(chunk.change(h), axis=0) / len(xi)
    bias = np.abs(moved) + statistic.rounding(rounding, h)
    return Enumeration(mean=mean, bias=bias, scale=scale, outcomes=2 * len(xi), step=h)


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
    if p.shape != (count,) or np.any(p < 0.0) or not abs(float(np.sum(p)) - 1.0) <= 1e-12:
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
