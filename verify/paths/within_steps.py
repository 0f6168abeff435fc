"""Whether drift or noise do something within single steps that no end of a step shows.

A scheme takes the coefficients for constant over a step.  If they vanish, or are large, on a strip
of states or for a time that steps pass over, no grid shows it and no halving moves anything.  So at
random points of steps that paths take, in state and time, the increment is compared with those at
both ends: a coefficient that rises or falls, or jumps, lies between them, one that oscillates or
has a strip of its own does not.

Each entry of the state is judged by its own increments alone: entries have units of their own, and
one that moves far, or seldom and then far, says nothing of what is typical of the others.

The points depend on the seed of the run alone: what a claim states, and how often its system is
run, does not change what is found, so a memory finds it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.brownian import Block, Draws, increments
from numerics.loop import Step, iterate
from numerics.system import Array, State
from verify.problem import Problem
from verify.systems import per_path

from .horizon import Setting
from .refinement import Look, Measurement, undecided

__all__ = ["WITHIN_STEPS", "changes_within_steps", "resolved", "too_fast"]

PATHS = 2048
"""Paths that are looked at, of a scalar."""

POINTS, TIMED_POINTS = 2048, 4096
"""Points on every path; more where a short time is looked for."""

MOST = 64
"""Points within one step."""

BEYOND = 0.5
"""Part of the typical increment of an entry, on its path or on half of all paths if that is larger,
by which one is beyond both ends."""

ROUNDING = 1e-10
"""An entry whose increments are this part of those of another is what rounding leaves."""

SPIKE = 4.0
"""Times as large within a step as at both ends, at a time."""

CARRIED = 0.1
"""Part of the variance of a path at all its points that one of them carries."""

SHARE, FEW = 0.005, 3
"""The part of the paths that may meet such a step, and their number."""

WITHIN_STEPS = "within steps"
"""The first entry of the key under which a memory has what was found."""

PARTS = "parts of a step"
GONE = "whether the level is passed"
ENERGY, INSIDE, FARTHEST, LARGEST = (
    "sum of squares of the steps",
    "the same at points within them",
    "farthest beyond both ends",
    "largest square within a step",
)


def resolved(
    setting: Setting, measure: Callable[[Look], Measurement], level: float | None = None
) -> Callable[[Look], Measurement]:
    """Measure only where the finest grid resolves drift and noise; else finer steps are wanted."""

    def checked(look: Look) -> Measurement:
        if changes_within_steps(setting, look, level):
            return undecided(too_fast(look), finer=True)
        return measure(look)

    return checked


def too_fast(look: Look) -> str:
    """What is said where the finest grid of a look does not resolve drift or noise."""
    return (
        f"the coefficients change too fast for {4 * look.steps:,} steps: within single steps they "
        "are others than at both ends; finer steps may settle it"
    )


def changes_within_steps(setting: Setting, look: Look, level: float | None = None) -> bool:
    """Whether on more than a few paths coefficients are, within a step, beyond both its ends.

    With a ``level``, from the step on that carries the observable over it states do not matter.
    """
    if not setting.system.noises and not setting.takes_time:
        return _on_paths(setting, look, 1, level)
    return _on_paths(setting, look, max(64, PATHS // setting.system.size), level)


def _on_paths(setting: Setting, look: Look, paths: int, level: float | None) -> bool:
    steps, plan = 4 * look.steps, replace(look.plan, purpose="")
    key = (WITHIN_STEPS, steps, paths, plan.seed, setting.horizon, level)

    def measure(declared: Problem) -> bool:
        seed = plan.seed_for(WITHIN_STEPS) % 2**63
        found = _met(declared, setting, steps, paths, seed, level)
        with np.errstate(all="ignore"):
            typical = _typical(found[ENERGY]) / steps
            rounding = ROUNDING**2 * np.fmax.reduce(typical, axis=1, keepdims=True)
            beyond = found[FARTHEST] > BEYOND * np.sqrt(np.fmax(typical, rounding))
            spikes = found[LARGEST] > np.fmax(CARRIED * found[INSIDE], rounding)
        few = min(FEW, paths)
        strips = np.count_nonzero(np.any(beyond, axis=1)) >= max(few, SHARE * paths)
        return bool(strips or np.count_nonzero(np.any(spikes, axis=1)) >= few)

    return setting.problem.measured(key, setting.point, measure)


def _typical(energy: Array) -> Array:
    """The sums of squares of every path, (N, entries), or their medians if these are larger.

    A path that hardly moves, where the noise vanishes, is compared with the others: with half of
    them, as the mean may be that of a few.
    """
    known = [column[~np.isnan(column)] for column in energy.T]
    return np.fmax(energy, [np.median(x) if len(x) else np.nan for x in known])


def _met(
    declared: Problem, setting: Setting, steps: int, paths: int, seed: int, level: float | None
) -> dict[str, Array]:
    """Of every entry of every path: what steps and points in them add up to, and the extremes."""
    system, h = setting.system, setting.horizon / steps
    points = TIMED_POINTS if setting.takes_time else POINTS
    within = int(np.clip(points // steps, 1, MOST))

    def step(state: State, index: int, draws: State) -> State:
        t = index * h
        x = {name: state[name] for name in system.states}
        dB = {name: a for name, a in draws.items() if name != PARTS}

        def moved(at: Mapping[str, Any], time: Any) -> State:
            return system.increment({**at, "t": time}, time, h, dB)

        with np.errstate(all="ignore"):
            first = moved(x, t)
            after = {name: x[name] + first[name] for name in x}
            last = moved(after, t)
            gone = state[GONE] > 0
            if level is not None:
                ends_at = ({**x, "t": np.asarray(t)}, {**after, "t": np.asarray(t + h)})
                a, b = (setting.observed(declared, one) - level for one in ends_at)
                gone = gone | (a * b <= 0)
            ends = np.maximum(_entries(first, x) ** 2, _entries(moved(x, t + h), x) ** 2)
            length = _length(dB, h)
            inside, farthest, largest = state[INSIDE], state[FARTHEST], state[LARGEST]
            for u in np.moveaxis(draws[PARTS], -1, 0):
                at = {name: x[name] + per_path(u, first[name]) * first[name] for name in x}
                if setting.takes_time:
                    first_then, last_then = moved(x, t + u * h), moved(after, t + u * h)
                    here = moved(at, t + u * h)
                    square = _entries(first_then, x) ** 2
                    spike = square > SPIKE**2 * ends
                    largest = np.fmax(largest, np.where(spike, square, 0.0))
                    inside = inside + square
                else:
                    first_then, last_then, here = first, last, moved(at, t)
                out = _beyond(*(_entries(one, x) for one in (here, first_then, last_then)))
                farthest = np.fmax(farthest, np.where(gone[:, None], 0.0, out / length))
        return {
            **after,
            GONE: np.asarray(gone, dtype=float),
            ENERGY: state[ENERGY] + _entries(first, x) ** 2,
            INSIDE: inside,
            FARTHEST: farthest,
            LARGEST: largest,
        }

    return _run(setting, step, steps, paths, seed, within)


def _run(
    setting: Setting, step: Step[State], steps: int, paths: int, seed: int, within: int
) -> dict[str, Array]:
    """What is kept of every path at the horizon."""
    system, h = setting.system, setting.horizon / steps
    kept = (ENERGY, INSIDE, FARTHEST, LARGEST)
    start = {name: np.asarray(x, dtype=float) for name, x in setting.start.items()}
    start[GONE] = np.asarray(0.0)
    run = iterate(
        step,
        {**start, **{name: np.zeros(system.size) for name in kept}},
        steps=steps,
        paths=paths,
        seed=seed,
        draws=_with_parts(increments(system, horizon=setting.horizon, steps=steps), within),
        observe={name: lambda state, name=name: state[name] for name in kept},  # type: ignore[misc]
        keep=True,
        finite=False,
        block=paths,
        dt=h,
    )
    return {name: np.asarray(run.values[name][0]) for name in kept}


def _with_parts(draws: Draws[State], count: int) -> Draws[State]:
    """The draws with so many uniform parts of each step for every path."""

    def of(block: Block) -> Iterator[State]:
        rng = block.generator("parts of steps")
        for dB in draws(block):
            yield {**dB, PARTS: rng.random((block.size, count))}

    return of


def _entries(moved: State, state: State) -> Array:
    """Increments of every path, those of all states in a row, (N, entries)."""
    rows = [np.broadcast_to(moved[name], x.shape).reshape(len(x), -1) for name, x in state.items()]
    return rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1)


def _beyond(here: Array, first: Array, last: Array) -> Array:
    """How far increments are from lying between two others, entry by entry; NaN is nowhere."""
    above, below = here - np.maximum(first, last), np.minimum(first, last) - here
    return np.maximum(np.maximum(above, below), 0.0)


def _length(dB: State, h: float) -> Array:
    """The largest increment of all noises in units of √h, at least 1: large ones are rare."""
    length = np.ones((1, 1))
    for x in dB.values():
        most = np.max(np.abs(x).reshape(len(x), -1), axis=1, keepdims=True)
        length = np.maximum(length, most / np.sqrt(h))
    return length
