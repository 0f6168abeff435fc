"""The noises that drive an observable: those whose increments its value at the horizon depends on.

Where all sign paths are run, each component of the noise halves the number of grids.  A noise that
moves other states alone is one too many.  It is found by running paths of Euler's scheme twice,
the second time with other increments of that noise: it drives nothing if the observable is the same
on all of them, to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.system import Array, State, System

__all__ = ["driven"]

PATHS, STEPS = 256, 16

LOUD = (1.0, 4.0)
"""Factors of the noise, half of the paths each: they go beyond where sign paths go."""


def driven(
    system: System, f: Callable[[State], Array], start: Mapping[str, Any], horizon: float
) -> System:
    """The system without the noises that do not drive an observable; itself if all do.

    One noise is always left, the smallest: where none drives the observable, all its sign paths
    are alike.

    Parameters
    ----------
    system
        Itô; noises that are correlated are kept.
    f
        Batch of states -> one number for each.
    start
        State -> unbatched array.
    """
    if system.correlation or len(system.noises) < 2:
        return system
    rng = np.random.default_rng(0)
    drawn, other = (
        {noise.differential: _increments(rng, noise.shape) for noise in system.noises}
        for _ in range(2)
    )
    h = horizon / STEPS
    with np.errstate(all="ignore"):
        value = f(_run(system, drawn, start, h))
        if not np.any(np.isfinite(value)):
            return system
        idle = {
            name
            for name in drawn
            if np.array_equal(
                value, f(_run(system, {**drawn, name: other[name]}, start, h)), equal_nan=True
            )
        }
    if len(idle) == len(drawn):
        idle.remove(min(system.noises, key=lambda noise: noise.components).differential)
    return _without(system, idle) if idle else system


def _increments(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Of all steps and paths, over a unit of time."""
    loud = np.repeat(LOUD, PATHS // len(LOUD)).reshape(-1, *(1 for _ in shape))
    return loud * rng.standard_normal((STEPS, PATHS, *shape))


def _run(system: System, drawn: State, start: Mapping[str, Any], h: float) -> State:
    state: State = {
        name: np.broadcast_to(np.asarray(start[name], dtype=float), (PATHS, *shape))
        for name, shape in system.states.items()
    }
    for step in range(STEPS):
        dB = {name: np.sqrt(h) * x[step] for name, x in drawn.items()}
        change = system.increment(state, step * h, h, dB)
        state = {name: x + change[name] for name, x in state.items()}
    return state


def _without(system: System, idle: set[str]) -> System:
    """The system whose increments of these noises are 0."""
    kept = tuple(x for x in system.noises if x.differential not in idle)
    gone = [x for x in system.noises if x.differential in idle]

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        name, shape = next(iter(system.states.items()))
        batch = np.shape(point[name])[: np.ndim(point[name]) - len(shape)]
        zero = {x.differential: np.zeros((*batch, *x.shape)) for x in gone}
        return system.increment(point, t, dt, {**dB, **zero})

    return replace(system, noises=kept, increment=increment, multiplier=None)
