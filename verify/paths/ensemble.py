"""Paths of a claim over a long time: several starts, several times, the states beside what is seen.

Paths are run by Euler–Maruyama.  A scalar state that is declared positive is reflected where the
scheme leaves (0, ∞): of a process that never does, nothing is reflected as h → 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from numerics.brownian import Block, increments
from numerics.grids import iterate_grids
from numerics.loop import Step
from numerics.schemes import named
from numerics.schemes.step import stepper
from numerics.system import Array, State
from verify.planning import Plan
from verify.problem import Problem

from .horizon import Setting

__all__ = [
    "SUMS",
    "ensemble",
    "ensembles",
    "first_steps",
    "is_fine",
    "is_settled",
    "positive_states",
]

Sums: TypeAlias = Callable[[State, int, Mapping[str, Array]], Array]

SUMS = "sums of the steps"
"""Under this name stand the sums; no state can have it."""

BLOCK = 4096
"""Paths in a block: enough to hide the interpreter, few enough for the cache."""

PILOT = 256
"""Paths that choose the steps of the first look."""

SHRINKING = 0.85
"""Moves of single paths by two halvings have this ratio at most; if they shrink like √h, 0.71."""

SHARE = 0.3
"""Two grids move a path by at most this part of the spread of the paths, if both are fine."""


def first_steps(
    setting: Setting,
    plan: Plan,
    steps: int,
    at: Sequence[int],
    *,
    share: float = SHARE,
    little: float = 0.0,
    most: int,
) -> int:
    """The first of steps, 2·steps, … whose halved and quartered grids agree on single paths.

    ``at`` says, in units of thirds of the horizon, between which times f has to agree; there are
    not more than ``most`` steps.  Moves of ``little`` are none if they shrink.  The pilot has
    randomness of its own; of its paths nothing else is used.
    """
    begun, end = at
    seed = plan.seed_for("steps") % 2**63

    def moved(declared: Problem, number: int) -> Array:
        marks = [begun * number // 3, end * number // 3]
        found = ensemble(setting, declared, number, PILOT, seed, at=marks, block=PILOT)["f"]
        with np.errstate(invalid="ignore"):
            return np.asarray(found[1] - found[0] if begun else found[1])

    def chosen(declared: Problem) -> int:
        number, half = steps, moved(declared, 2 * steps)
        coarse = moved(declared, steps) if little else half
        while 2 * number <= most:
            quarter = moved(declared, 4 * number)
            settled = little > 0 and is_settled(coarse, half, quarter, little)
            if settled or is_fine(half, quarter, share):
                break
            number, coarse, half = 2 * number, half, quarter
        return number

    key = ("steps", steps, tuple(at), share, little, most, plan.seed, plan.purpose, setting.horizon)
    return setting.problem.measured(key, setting.point, chosen)


def is_fine(half: Array, quarter: Array, share: float = SHARE) -> bool:
    """Whether two grids give single paths nearly the same value: few are lost or move much.

    Differences that shrink slowly, or on grids so coarse that they do not show yet, are told by no
    extrapolation.
    """
    kept = np.isfinite(half) & np.isfinite(quarter)
    if np.mean(kept) < 0.99:
        return False
    low, high = np.quantile(quarter[kept], [0.25, 0.75])
    spread = float(high - low) / 2
    return _moved(half[kept], quarter[kept]) <= share * spread or spread == 0.0


def is_settled(coarse: Array, half: Array, quarter: Array, little: float) -> bool:
    """Whether single paths move by no more than ``little``, and less by every halving.

    For paths whose values hardly spread.  On grids that are too coarse the errors of single steps
    do not shrink, and the more steps there are, the farther two grids are from each other.
    """
    kept = np.all(np.isfinite([coarse, half, quarter]), axis=0)
    if np.mean(kept) < 0.99:
        return False
    last = _moved(half[kept], quarter[kept])
    return last <= little and last <= SHRINKING * _moved(coarse[kept], half[kept])


def _moved(before: Array, after: Array) -> float:
    """How far single values move beside what all do, in the middle."""
    moves = after - before
    return float(np.median(np.abs(moves - np.median(moves))))


def ensemble(
    setting: Setting,
    declared: Problem,
    steps: int,
    paths: int,
    seed: int,
    *,
    at: Sequence[int] | None = None,
    start: State | None = None,
    states: bool = False,
    sums: Sums | None = None,
    block: int = BLOCK,
) -> dict[str, Array]:
    """Values "f" of the observable, (times, paths); with ``states`` all states under their names.

    Parameters
    ----------
    setting, declared
        What is run, and the problem that has the kernel of the observable.
    steps, paths, seed, block
        Runs with steps, 2·steps, … and one seed and block see the same Brownian paths.
    at
        Numbers of steps after which to observe, ascending; by default the end.
    start
        One state for each path; by default that of the setting for all.
    sums
        What a step adds to sums from the start: (state, index, dB) -> (N, numbers).  They are
        given as ``SUMS``, (times, paths, numbers).

    A path that leaves the domain of the system has values that are no numbers.
    """
    (found,) = ensembles(
        setting,
        declared,
        steps,
        paths,
        seed,
        at=at,
        start=start,
        states=states,
        sums=None if sums is None else (sums,),
        block=block,
    )
    return found


def ensembles(
    setting: Setting,
    declared: Problem,
    steps: int,
    paths: int,
    seed: int,
    *,
    grids: int = 1,
    at: Sequence[int] | None = None,
    start: State | None = None,
    states: bool = False,
    sums: Sequence[Sums] | None = None,
    block: int = BLOCK,
) -> list[dict[str, Array]]:
    """The same paths with steps, 2·steps, …, as `ensemble` gives them one after the other.

    Parameters
    ----------
    steps, at
        Of the coarsest grid.
    grids
        How many.
    sums
        One for each grid, if any.
    setting, declared, paths, seed, start, states, block
        As for `ensemble`.
    """
    system = setting.system
    observe: dict[str, Callable[[Mapping[str, Any]], Array]] = {
        "f": lambda state: setting.observed(declared, state)
    }
    if states:
        observe |= {name: _state(name) for name in system.states}
    if sums is not None:
        observe[SUMS] = _state(SUMS)
    runs = iterate_grids(
        [_step(setting, steps << i, None if sums is None else sums[i]) for i in range(grids)],
        _starting(setting.start if start is None else start, setting, paths),
        steps=steps,
        horizon=setting.horizon,
        paths=paths,
        seed=seed,
        draws=increments(system, horizon=setting.horizon, steps=steps << (grids - 1)),
        observe=[observe] * grids,
        at=at,
        block=block,
    )
    return [{name: np.asarray(values) for name, values in run.values.items()} for run in runs]


def _step(setting: Setting, steps: int, sums: Sums | None) -> Step[State]:
    """A step of Euler's scheme on a grid of so many, reflected, and what it adds to the sums."""
    system = setting.system
    move = stepper(named("euler_maruyama"), system, setting.horizon / steps)
    positive = positive_states(setting)

    def step(state: State, index: int, dB: State) -> State:
        before = {name: state[name] for name in system.states}
        after = dict(move(before, index, dB))
        for name in positive:
            after[name] = np.abs(after[name])
        if sums is not None:
            after[SUMS] = state[SUMS] + sums(before, index, dB)
        return after

    return step


def positive_states(setting: Setting) -> set[str]:
    """The scalar states that are declared positive."""
    path = setting.problem.signature.path
    assert path is not None
    positive = {x.name for x in path.letters if "positive" in x.facts and not x.shape}
    return positive & set(setting.system.states)


def _state(name: str) -> Callable[[Mapping[str, Any]], Array]:
    return lambda state: state[name]


def _starting(start: State, setting: Setting, paths: int) -> Callable[[Block], State]:
    shapes = setting.system.states

    def of(block: Block) -> State:
        which = np.minimum(block.paths, paths - 1)
        return {SUMS: np.zeros((block.size, 1))} | {
            name: np.array(
                x[which]
                if np.ndim(x) > len(shapes[name])
                else np.broadcast_to(x, (block.size, *shapes[name]))
            )
            for name, x in start.items()
        }

    return of
