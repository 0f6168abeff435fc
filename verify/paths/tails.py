"""Whether means are under control far out: drift, noise and observable along rays of states.

A mean over paths that stay near the start sees nothing of a mean that is lost, or made, far out:
dx = −x² dβ has the drift 0, keeps its mean on every grid, and E x falls.  With

    2 x·a + (p − 1) |b|² ≤ C (1 + |x|²)

for the drift a and the noise b, E|X_t|^p stays finite (Khasminskii, Stochastic Stability of
Differential Equations, 2nd ed., section 3.5); p is taken above the degree with which the observable
grows.  One that grows faster than any power, at most exponentially, needs bounded noise.  Looked at
are the axes and some other directions, no proof: the answer no is certain, yes is a condition.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from numerics.system import Array, State, System
from verify.systems import unit_noises

__all__ = ["means_are_kept"]

FAR = (1e2, 1e4)
"""Distances in units of the size of the start, and not less than 1."""

NEAR = (4.0, 16.0)
"""Distances at which an exponential is a number still."""

MORE = 2.0
"""What is bounded grows by no more than this factor from the first distance to the last."""

DIRECTIONS = 8
"""Directions beside the axes."""

LARGEST = 20.0
"""A power beyond that counts as none."""

LINEAR = 1.05
"""A power of the distance that counts as the first."""

TINY = 1e-9


def means_are_kept(
    system: System,
    f: Callable[[State], Array],
    start: Mapping[str, Any],
    horizon: float,
    positive: Collection[str] = (),
) -> bool:
    """Whether E f(X_t) can be what paths near the start make of it.

    Parameters
    ----------
    system
        Itô.
    f
        Batch of states -> one number for each.
    start
        State -> unbatched array.
    horizon
        Coefficients that depend on time are looked at from 0 to there.
    positive
        States that are positive.
    """
    rays = _rays(system, start, positive)
    far = [_at(system, rays, start, r) for r in FAR]
    with np.errstate(all="ignore"):
        values = np.array([np.abs(f(x)) for x in far])
        degree = _power(1.0 + values, FAR)
        if degree <= LARGEST:
            return all(_is_confined(system, far, t, math.ceil(degree) + 1) for t in (0.0, horizon))
        near = np.array([np.log(1.0 + np.abs(f(_at(system, rays, start, r)))) for r in NEAR])
        if _power(near, NEAR) > LINEAR:
            return False
        return all(_is_confined(system, far, t, math.inf) for t in (0.0, horizon))


def _rays(system: System, start: Mapping[str, Any], positive: Collection[str]) -> Array:
    """Unit vectors in the space of all states, (rays, size); of positive states no other."""
    units = np.concatenate([np.eye(system.size), -np.eye(system.size)])
    others = np.random.default_rng(0).standard_normal((DIRECTIONS, system.size))
    found = np.concatenate([units, others / np.linalg.norm(others, axis=1, keepdims=True)])
    first = 0
    for name in system.states:
        last = first + int(np.size(start[name]))
        if name in positive:
            found[:, first:last] = np.abs(found[:, first:last])
        first = last
    return found


def _at(system: System, rays: Array, start: Mapping[str, Any], distance: float) -> State:
    """The states so far out along every ray."""
    parts = {name: np.asarray(start[name], dtype=float) for name in system.states}
    size = max(1.0, *(float(np.max(np.abs(x), initial=0.0)) for x in parts.values()))
    found, first = {}, 0
    for name, x in parts.items():
        along = rays[:, first : first + x.size].reshape(len(rays), *x.shape)
        found[name] = x + size * distance * along
        first += x.size
    return found


def _power(values: Array, distances: Sequence[float]) -> float:
    """The largest power with which positive values grow along the rays; those that are numbers."""
    grown = values[-1] / values[0]
    defined = ~np.isnan(values).any(axis=0)
    if not np.any(defined):
        return 0.0
    largest = float(np.max(np.where(np.isfinite(grown[defined]), grown[defined], math.inf)))
    return math.log(max(largest, TINY)) / math.log(distances[-1] / distances[0])


def _is_confined(system: System, far: Sequence[State], t: float, p: float) -> bool:
    """Whether the moment of order p stays finite; of order ∞ with bounded noise alone."""
    bounds = []
    for state in far:
        x, a, spread = _fields(system, state, t)
        size = 1.0 + np.sum(x**2, axis=1)
        pull = 2.0 * np.sum(x * a, axis=1)
        rate = (pull + (p - 1.0) * spread) / size if math.isfinite(p) else pull / size
        bounds.append(np.array([rate, spread]))
    first, last = bounds[0], bounds[-1]
    if np.any(np.isinf([first[1], last[1]])):
        return False
    # Where a coefficient is no number the paths of the system do not go.
    defined = ~np.isnan(first).any(axis=0) & ~np.isnan(last).any(axis=0)
    bounded = np.isfinite(last) & (last <= MORE * np.maximum(first, 0.0) + TINY)
    asked = bounded if math.isinf(p) else bounded[:1]
    return bool(np.all(asked[:, defined]))


def _fields(system: System, state: State, t: float) -> tuple[Array, Array, Array]:
    """States and drift, (rays, size), and |b|² at states."""
    count = len(next(iter(state.values())))
    time: Any = np.full(count, t)

    def moved(dt: float, dB: State) -> Array:
        change = system.increment(state, time, dt, dB)
        parts = [np.broadcast_to(change[k], (count, *system.states[k])) for k in system.states]
        return np.concatenate([x.reshape(count, -1) for x in parts], axis=1)

    x = np.concatenate([state[name].reshape(count, -1) for name in system.states], axis=1)
    noises = [moved(0.0, dB) for dB in unit_noises(system, count)]
    spread = sum((np.sum(b**2, axis=1) for b in noises), np.zeros(count))
    return x, moved(1.0, system.no_noise((count,))), spread
