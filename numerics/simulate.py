"""Simulation of a declared system: a scheme, refinable increments and the time loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from numerics.brownian import Block, Law, increments
from numerics.errors import SimulationError
from numerics.grids import iterate_grids
from numerics.loop import (
    Advance,
    Observer,
    Progress,
    Run,
    Start,
    Step,
    advance,
    iterate,
    require_counts,
)
from numerics.products import LARGEST_PATHS_LAST, with_paths_last
from numerics.schemes.conditions import require_conditions, require_declared
from numerics.schemes.scheme import Scheme
from numerics.schemes.step import stepper
from numerics.system import Array, State, System

__all__ = [
    "Advance",
    "Run",
    "Step",
    "advance",
    "default_block",
    "iterate",
    "simulate",
    "simulate_grids",
]

# Scalars of state in a block: few enough for the cache, enough to hide the interpreter.
BLOCK_SCALARS = 1 << 17


def default_block(system: System) -> int:
    """Paths in a block: a power of two that follows from the size of the state alone."""
    fitting = BLOCK_SCALARS / max(1, system.size)
    return int(2 ** np.clip(np.round(np.log2(fitting)), 5, 11))


def _system_start(system: System, start: Start, paths: int, last: bool) -> Callable[[Block], State]:
    """Check the names and shapes of a start and lay it out."""

    def of(block: Block) -> State:
        given = start(block) if callable(start) else start
        if set(given) != set(system.states):
            raise SimulationError(
                f"start: has {', '.join(given)}; give exactly {', '.join(system.states)}"
            )
        state = {}
        for name, shape in system.states.items():
            x = np.asarray(given[name], dtype=float)
            if x.shape == (paths, *shape) and not callable(start):
                x = x[np.minimum(block.paths, paths - 1)]
            if x.shape not in (shape, (block.size, *shape)):
                raise SimulationError(
                    f"start {name}: shape {x.shape}; give {shape}, or one for each of {paths} paths"
                )
            x = np.array(np.broadcast_to(x, (block.size, *shape)))
            state[name] = with_paths_last(x) if last else x
        return state

    return of


def simulate(
    system: System,
    scheme: Scheme,
    start: Start,
    horizon: float,
    steps: int,
    paths: int,
    seed: int,
    *,
    observe: Mapping[str, Observer],
    at: Sequence[int] | None = None,
    accumulate: Mapping[str, Callable[[State, State, State], Array]] | None = None,
    keep: bool = False,
    covariance: bool = False,
    finite: bool = True,
    law: Law = "gaussian",
    drawn: int | None = None,
    block: int | None = None,
    workers: int = 1,
    advance: Advance = advance,
    progress: Progress | None = None,
) -> Run:
    """Simulate a declared system over [0, horizon] in equal steps.

    Parameters
    ----------
    system, scheme
        What and how; a condition of the scheme that fails near the start is refused.
    start
        One path's states, or (paths, ...) of them, or a function of the block.
    horizon, steps, paths, seed
        Runs with steps·2^i steps and the same seed see the same Brownian paths
        (`numerics.brownian`).
    accumulate
        As for `iterate`; the draws of a step are its increments ``"dB"``.
    law, drawn
        As for `numerics.brownian.increments`.
    block
        Paths in a block; by default what `default_block` gives.
    observe, at, keep, covariance, finite, workers, advance, progress
        As for `iterate`.

    Raises
    ------
    SimulationError
        If shapes or names do not fit, the increment is not linear in (dt, dB), a condition of the
        scheme fails, or an observable is not finite.

    Examples
    --------
    The mean of geometric Brownian motion, E x(t) = e^{0.1 t}:

    >>> from numerics.schemes import named
    >>> from numerics.system import NoiseSpec
    >>> system = System(
    ...     states={"x": ()},
    ...     noises=(NoiseSpec(name="beta", shape=()),),
    ...     increment=lambda point, t, dt, dB: {"x": point["x"] * (0.1 * dt + 0.2 * dB["dbeta"])},
    ... )
    >>> run = simulate(system, named("milstein"), {"x": 1.0}, 1.0, 32, 4096, 7,
    ...                observe={"x": lambda point: point["x"]})
    >>> x, = run.moments["x"]
    >>> bool(abs(x.mean - np.exp(0.1)) < 5 * x.standard_error)
    True
    """
    size = default_block(system) if block is None else block
    require_counts(steps, (0,), paths=paths, block=size, workers=workers)
    steps = int(steps)  # NumPy has integers of its own
    draws = increments(
        system, horizon=horizon, steps=steps, drawn=drawn, law=law, paths_last=_paths_last(system)
    )
    starting = _admitted(system, scheme, start, paths, Block(seed=seed, index=0, size=size))
    return iterate(
        stepper(scheme, system, horizon / steps),
        starting,
        steps=steps,
        paths=paths,
        seed=seed,
        draws=draws,
        observe=observe,
        at=at,
        accumulate=accumulate,
        keep=keep,
        covariance=covariance,
        finite=finite,
        block=size,
        workers=workers,
        dt=horizon / steps,
        advance=advance,
        progress=progress,
    )


def simulate_grids(
    system: System,
    scheme: Scheme,
    start: Start,
    horizon: float,
    steps: int,
    paths: int,
    seed: int,
    *,
    observe: Sequence[Mapping[str, Observer]],
    at: Sequence[int] | None = None,
    finite: bool = True,
    block: int | None = None,
) -> tuple[Run, ...]:
    """The same Brownian paths with steps, 2·steps, 4·steps, …, side by side.

    What `simulate` gives one after the other, drawn once.  Values of single paths are kept.

    Parameters
    ----------
    steps, at
        Of the coarsest grid.
    observe
        Observables for each grid, the coarsest first, of one shape on all of them.
    system, scheme, start, horizon, paths, seed, finite, block
        As for `simulate`.

    Raises
    ------
    SimulationError
        As `simulate`.
    """
    size = default_block(system) if block is None else block
    require_counts(steps, (0,), paths=paths, block=size, workers=1)
    steps, grids = int(steps), len(observe)
    finest = steps << (grids - 1)
    return iterate_grids(
        [stepper(scheme, system, horizon / (steps << grid)) for grid in range(grids)],
        _admitted(system, scheme, start, paths, Block(seed=seed, index=0, size=size)),
        steps=steps,
        horizon=horizon,
        paths=paths,
        seed=seed,
        draws=increments(system, horizon=horizon, steps=finest, paths_last=_paths_last(system)),
        observe=observe,
        at=at,
        finite=finite,
        block=size,
    )


def _paths_last(system: System) -> bool:
    """Whether paths stand on the last axis in memory."""
    return system.paths_last and system.size <= LARGEST_PATHS_LAST


def _admitted(
    system: System, scheme: Scheme, start: Start, paths: int, first: Block
) -> Callable[[Block], State]:
    """The start of every block, after what the system and the scheme ask of the first."""
    starting = _system_start(system, start, paths, _paths_last(system))
    sample = starting(first)
    require_declared(system, sample)
    require_conditions(scheme, system, sample)
    return starting
