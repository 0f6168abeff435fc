"""Expectations over a span of time without statistics, and systems of moments as numbers.

Averages of simulated paths are useless where the law has heavy tails: the mean of e^{4B − 8} over
10⁵ paths of B up to time 1 misses most of what rare paths carry.  Here nothing is drawn.  Euler's
scheme with two-point increments ±√h has finitely many paths; all of them are run, and their mean is
the scheme's expectation but for rounding.  It is a power series in h (Talay and Tubaro 1990), so
the values at N = 1, 2, ..., N_max steps are extrapolated to h = 0 by the polynomial through them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from numerics.brownian import basis
from numerics.enumeration import MOST_SIGNS
from numerics.errors import NumericsError
from numerics.system import Array, State, System

__all__ = ["Expectation", "expectation", "propagated", "two_point_mean"]

LEAST_STEPS = 4
"""Grids below which an extrapolation says nothing about its own error."""

ROUNDING = 16 * np.finfo(float).eps
"""Relative rounding of a mean after up to 16 steps."""

Observable = Callable[[Mapping[str, Any]], Array]
"""A batch of states -> (paths, components)."""


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """E f(X_T) by enumeration and extrapolation; arrays have one entry for each component of f.

    Attributes
    ----------
    value
        Extrapolated to h → 0.
    error
        Estimate of what the extrapolation leaves, from how far the finest grids moved it; infinite
        where they did not move it less and less.
    means
        The exact means of the schemes with 1, 2, ..., N steps, (N, components).
    paths
        How many sign paths the finest grid has.
    """

    value: Array
    error: Array
    means: Array
    paths: int


def two_point_mean(
    system: System, observable: Observable, start: State, horizon: float, steps: int
) -> Array:
    """E f of Euler's scheme with increments ±√h after some steps: the mean over all sign paths.

    Parameters
    ----------
    system
        Itô.
    observable
        Batch of states -> (paths, components).
    start
        State -> unbatched array.
    horizon, steps
        The span of time and the number of equal steps it is divided into.

    Raises
    ------
    NumericsError
        If components times steps are more than `MOST_SIGNS`.
    """
    units = basis(system)
    m = _components(system)
    if m * steps > MOST_SIGNS:
        raise NumericsError(
            f"steps: {steps} steps of {m} components have 2**{m * steps} sign paths; at most "
            f"{MOST_SIGNS} signs are enumerated, take fewer steps"
        )
    h = horizon / steps
    xi = np.sqrt(h) * (1.0 - 2.0 * ((np.arange(2**m)[:, None] >> np.arange(m)) & 1))
    moves = {name: np.tensordot(xi, unit, axes=1) for name, unit in units.items()}
    states = {name: np.asarray(start[name], dtype=float)[None] for name in system.states}
    for step in range(steps):
        count = len(next(iter(states.values())))
        # Every path so far goes on in 2^m ways.
        states = {name: np.repeat(x, 2**m, axis=0) for name, x in states.items()}
        dB = {name: np.concatenate([move] * count) for name, move in moves.items()}
        change = system.increment(states, step * h, h, dB)
        states = {name: x + change[name] for name, x in states.items()}
    # Along the last axis sums are pairwise: plain ones lose digits that extrapolation needs.
    return np.asarray(np.mean(np.ascontiguousarray(observable(states).T), axis=-1))


def expectation(
    system: System, observable: Observable, start: State, horizon: float
) -> Expectation:
    """E f(X_T), from all sign paths on all grids that can be enumerated.

    Raises
    ------
    NumericsError
        If the system has too many independent components for grids enough, or none.
    """
    m = _components(system)
    finest = MOST_SIGNS // m if m else 0
    if finest < LEAST_STEPS:
        raise NumericsError(
            f"noises: {m} independent components leave {finest} grids to extrapolate from, "
            f"{LEAST_STEPS} are needed; take smaller dimensions"
        )
    grids = range(1, finest + 1)
    means = np.array([two_point_mean(system, observable, start, horizon, n) for n in grids])
    value, rounding = _at_zero(grids, means)
    limits = [value, *(_at_zero(grids[:-n], means[:-n])[0] for n in (1, 2, 3))]
    last, previous, first = (np.abs(a - b) for a, b in pairwise(limits))
    # Moves that halve add up to no more than the last; others promise nothing at all.  One move may
    # be small by chance, where the limits pass the value they tend to.
    converging = (last <= np.maximum(previous / 2, first / 4)) | (last <= rounding)
    error = np.where(converging, 2 * np.maximum(last, previous) + rounding, np.inf)
    return Expectation(value=value, error=error, means=means, paths=2 ** (m * finest))


def _components(system: System) -> int:
    return sum(noise.components for noise in system.noises)


def _at_zero(grids: Sequence[int], values: Array) -> tuple[Array, Array]:
    """The polynomial through the values at h = 1/N, at h = 0, and the rounding it amplifies."""
    h = 1.0 / np.array(grids)
    weights = np.array([np.prod(np.delete(h, i) / (np.delete(h, i) - x)) for i, x in enumerate(h)])
    rounding = ROUNDING * (np.abs(weights) @ np.abs(values))
    return np.asarray(weights @ values), np.asarray(rounding)


def propagated(matrix: Array, moments: Sequence[Any], horizon: float) -> list[Array]:
    """e^{AT} m, the solution of dm/dt = A m; beside a matrix a scalar moment stands for m·I.

    Parameters
    ----------
    matrix
        A, (r, r).
    moments
        r scalars and square or rectangular matrices, m at time 0.

    Raises
    ------
    NumericsError
        If the number of moments is not the size of the matrix.
    """
    from scipy.linalg import expm

    A = np.asarray(matrix, dtype=float)
    if A.shape != (len(moments), len(moments)):
        raise NumericsError(
            f"matrix: shape {A.shape} for {len(moments)} moments; give one row each"
        )
    flow = expm(A * horizon)
    start = [np.asarray(m, dtype=float) for m in moments]
    return [_combined(row, start, m.shape) for row, m in zip(flow, start, strict=True)]


def _combined(row: Array, start: Sequence[Array], shape: tuple[int, ...]) -> Array:
    total = np.zeros(shape)
    for c, m in zip(row, start, strict=True):
        if c != 0.0:
            total = total + c * (m * np.eye(shape[0]) if shape and not m.shape else m)
    return total
