"""Several grids of one Brownian path at once: steps h, h/2, h/4, … side by side in one time loop.

Increments are drawn on the finest grid, and those of the others are their sums, which is what runs
one after the other would see (`numerics.brownian`): without factors or correlations of the noises
to the last bit, else to rounding.  Three grids drawn one after the other take seven normals where
this takes four.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from numerics.brownian import Block, Draws
from numerics.errors import SimulationError
from numerics.loop import Observer, Run, Step, iterate
from numerics.system import Array, State

__all__ = ["iterate_grids"]

Levels: TypeAlias = tuple[tuple[State, ...], ...]
"""The increments of one step of the coarsest grid: on grid i there are 2^i of them."""

MOST = 9
"""Grids that a digit numbers."""


def iterate_grids(
    step: Sequence[Step[State]],
    start: Callable[[Block], State],
    *,
    steps: int,
    horizon: float,
    paths: int,
    seed: int,
    draws: Draws[State],
    observe: Sequence[Mapping[str, Observer]],
    at: Sequence[int] | None = None,
    finite: bool = False,
    block: int = 64,
) -> tuple[Run, ...]:
    """The runs of one and the same Brownian paths on several grids, values of single paths kept.

    Parameters
    ----------
    step
        One for each grid, the coarsest first; grid i takes 2^i times as many steps.
    start
        The states of a block, the same on all grids.
    steps
        Those of the coarsest grid, over `horizon`.
    draws
        Increments on the finest grid.
    at
        Numbers of steps of the coarsest grid after which to observe; by default the end.
    observe
        Observables for each grid, of one shape on all of them.
    paths, seed, finite, block
        As for `numerics.loop.iterate`.

    Examples
    --------
    A sum of increments is the same on every grid:

    >>> from numerics.brownian import increments
    >>> from numerics.system import NoiseSpec, System
    >>> system = System(states={"x": ()}, noises=(NoiseSpec(name="B", shape=()),),
    ...                 increment=lambda point, t, dt, dB: {"x": dB["dB"]})
    >>> add = lambda state, index, dB: {"x": state["x"] + dB["dB"]}
    >>> coarse, fine = iterate_grids(
    ...     [add, add], lambda block: {"x": np.zeros(block.size)}, steps=4, horizon=1.0, paths=3,
    ...     seed=1, draws=increments(system, horizon=1.0, steps=8),
    ...     observe=[{"x": lambda state: state["x"]}] * 2)
    >>> bool(np.all(coarse.values["x"] == fine.values["x"]))
    True
    """
    grids = len(step)
    if not 1 <= grids <= MOST or len(observe) != grids:
        raise SimulationError(
            f"step: {grids} grids and {len(observe)} sets of observables; give one step and one "
            f"set for each of 1 to {MOST} grids"
        )

    def begun(block: Block) -> State:
        state = start(block)
        return {_on(i, name): x for i in range(grids) for name, x in state.items()}

    def all_steps(state: State, index: int, levels: Levels) -> State:
        before: list[dict[str, Array]] = [{} for _ in range(grids)]
        for key, x in state.items():
            before[int(key[0])][key[2:]] = x
        after = {}
        for i, one in enumerate(step):
            moved: State = before[i]
            for number, dB in enumerate(levels[i]):
                moved = one(moved, (index << i) + number, dB)
            after.update({_on(i, name): value for name, value in moved.items()})
        return after

    run = iterate(
        all_steps,
        begun,
        steps=steps,
        paths=paths,
        seed=seed,
        draws=_summed(draws, grids),
        observe={_on(i, name): _seen(i, f) for i in range(grids) for name, f in observe[i].items()},
        at=at,
        keep=True,
        finite=finite,
        block=block,
        dt=horizon / steps,
    )
    return tuple(_alone(run, i) for i in range(grids))


def _on(grid: int, name: str) -> str:
    """The name of a state or an observable on one grid: its digit, a space, its own name."""
    return f"{grid} {name}"


def _seen(grid: int, f: Observer) -> Observer:
    prefix = _on(grid, "")

    def of(point: Mapping[str, Any]) -> Array:
        there = {key[2:]: x for key, x in point.items() if key.startswith(prefix)}
        return f({**there, "t": point["t"]})

    return of


def _summed(draws: Draws[State], grids: int) -> Draws[Levels]:
    """The increments of one coarse step on all grids, the coarsest first."""

    def of(block: Block) -> Iterator[Levels]:
        stream = iter(draws(block))
        for first in stream:
            finest = [first, *(next(stream) for _ in range((1 << (grids - 1)) - 1))]
            levels = [tuple(finest)]
            while len(levels) < grids:
                fine = levels[-1]
                levels.append(
                    tuple(
                        {name: a[name] + b[name] for name in a}
                        for a, b in zip(fine[::2], fine[1::2], strict=True)
                    )
                )
            yield tuple(reversed(levels))

    return of


def _alone(run: Run, grid: int) -> Run:
    """What was observed on one grid."""
    prefix = _on(grid, "")

    def own(found: Mapping[str, Any]) -> dict[str, Any]:
        return {key[2:]: x for key, x in found.items() if key.startswith(prefix)}

    return Run(
        times=np.asarray(run.times),
        moments=own(run.moments),
        values=own(run.values),
        paths=run.paths,
        steps=run.steps << grid,
        block=run.block,
        seed=run.seed,
    )
