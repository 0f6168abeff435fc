"""The only time loop: blocks of paths, step after step, observed and reduced as they go.

`numerics.simulate.simulate` runs a scheme on a declared system through it, and `numerics.training`
the updates of an algorithm. Memory is bounded by a few blocks whatever the number of paths, unless
the single paths are kept. What a block gives depends on (seed, block number, block size) alone, and
blocks are merged in their order: results are the same for any number of workers, to the last bit.

A compiled backend replaces one function, `advance`: it is handed a state and the draws of a block,
and carries the state over a stretch of steps between two observations.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np

from numerics.brownian import Block, Draws
from numerics.errors import SimulationError
from numerics.streaming import Moments
from numerics.system import Array, State

__all__ = [
    "Advance",
    "Observer",
    "Progress",
    "Run",
    "Start",
    "Step",
    "advance",
    "iterate",
    "require_counts",
]

D = TypeVar("D")
D_contra = TypeVar("D_contra", contravariant=True)
Start: TypeAlias = State | Callable[[Block], State]
Observer: TypeAlias = Callable[[Mapping[str, Any]], Array]
Progress: TypeAlias = Callable[[int, int], None]


# 16 MiB: below the largest threshold that glibc takes, far above the arrays of a step.
REUSED_SCALARS = 1 << 21


class Step(Protocol[D_contra]):
    """One step of a scheme or one update of an algorithm; it writes into nothing it is given."""

    def __call__(self, state: State, index: int, draws: D_contra, /) -> State:
        """The state after step number `index`, with the same names and shapes."""


class Advance(Protocol):
    """Carry a state over the steps first, ..., last − 1: what a compiled backend provides."""

    def __call__(
        self, step: Step[D], state: State, draws: Iterator[D], first: int, last: int, /
    ) -> State:
        """The state after step last − 1; takes last − first items from the draws."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What was observed.

    Attributes
    ----------
    times
        Times of observation.
    moments
        Name of observable -> its moments over the paths, one for each time.
    values
        Name -> the single paths (times, paths, ...); empty unless they were kept.
    paths, steps, block, seed
        As run; path i depends on (seed, block, i) and on the number of steps, not on `paths`.
    """

    times: Array
    moments: Mapping[str, tuple[Moments, ...]]
    values: Mapping[str, Array]
    paths: int
    steps: int
    block: int
    seed: int


def advance(step: Step[D], state: State, draws: Iterator[D], first: int, last: int) -> State:
    """Carry a state over the steps first, ..., last − 1 in Python."""
    for index in range(first, last):
        try:
            drawn = next(draws)
        except StopIteration:
            raise SimulationError(
                f"draws: ended after {index} steps; yield one item for each step"
            ) from None
        state = step(state, index, drawn)
    return state


@dataclass(frozen=True, kw_only=True, eq=False)
class _Plan(Generic[D]):
    """Everything that the blocks of a run have in common."""

    step: Step[D]
    start: Callable[[Block], State]
    draws: Draws[D]
    observe: Mapping[str, Observer]
    at: tuple[int, ...]
    accumulate: Mapping[str, Callable[[State, State, D], Array]]
    paths: int
    seed: int
    block: int
    dt: float
    keep: bool
    covariance: bool
    finite: bool
    advance: Advance


@dataclass(frozen=True, kw_only=True, eq=False)
class _Observed:
    """Moments and, if kept, values of one block: name -> one for each time."""

    moments: dict[str, list[Moments]] = field(default_factory=dict)
    values: dict[str, list[Array]] = field(default_factory=dict)


def _accumulating(
    step: Step[D], accumulate: Mapping[str, Callable[[State, State, D], Array]]
) -> Step[D]:
    """The step with running sums as further entries of the state."""
    if not accumulate:
        return step

    def summed(state: State, index: int, draws: D) -> State:
        before = {name: x for name, x in state.items() if name not in accumulate}
        after = step(before, index, draws)
        sums = {}
        for name, f in accumulate.items():
            term = f(before, after, draws)
            if np.shape(term) != state[name].shape:
                raise SimulationError(
                    f"accumulate {name!r}: shape {np.shape(term)} for {len(state[name])} paths; "
                    "return one number for each"
                )
            sums[name] = state[name] + term
        return {**after, **sums}

    return summed


def _with_sums(plan: _Plan[D], block: Block) -> State:
    """The start of a block, and the running sums at zero."""
    start = plan.start(block)
    for name in plan.accumulate:
        if name in start:
            raise SimulationError(f"accumulate {name!r}: a state has that name; give another")
    return {**start, **{name: np.zeros(block.size) for name in plan.accumulate}}


def _observation(plan: _Plan[D], block: Block, name: str, point: Mapping[str, Any]) -> Array:
    """One observable of the paths that are wanted of a block."""
    values = np.asarray(plan.observe[name](point), dtype=float)
    if values.ndim < 1 or len(values) != block.size:
        raise SimulationError(
            f"observe {name!r}: shape {values.shape} for {block.size} paths; return (paths, ...)"
        )
    values = values[: max(0, plan.paths - block.paths.start)]
    if plan.finite and not np.isfinite(values).all():
        bad = int(np.argmin(np.isfinite(values).reshape(len(values), -1).all(axis=1)))
        raise SimulationError(
            f"observe {name!r}: not finite at t = {point['t']:g} on path {block.paths[bad]}; take "
            "more steps, or finite=False if the observable may be infinite there"
        )
    return values


def _keep_freed_memory() -> None:
    """Let the allocator keep the arrays of one step for the next.

    glibc hands memory back to the system above a threshold that follows the largest array freed so
    far. Without this, a step on half a megabyte of state spends a quarter of its time in page
    faults; elsewhere it costs a microsecond. The array is never touched.
    """
    np.empty(REUSED_SCALARS)


def _run_block(plan: _Plan[D], index: int) -> _Observed:
    """One block from its start to the last observation."""
    _keep_freed_memory()
    block = Block(seed=plan.seed, index=index, size=plan.block)
    observed = _Observed()
    step = _accumulating(plan.step, plan.accumulate)
    # An overflow shows in what is observed; a warning would name a line inside a kernel instead.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        state = _with_sums(plan, block)
        draws, done = iter(plan.draws(block)), 0
        for mark in plan.at:
            state = plan.advance(step, state, draws, done, mark)
            done = mark
            point = {**state, "t": mark * plan.dt}
            for name in plan.observe:
                values = _observation(plan, block, name, point)
                moments = Moments.of(values, covariance=plan.covariance)
                observed.moments.setdefault(name, []).append(moments)
                if plan.keep:
                    observed.values.setdefault(name, []).append(values.copy())
    return observed


def _blocks_in_order(plan: _Plan[D], blocks: int, workers: int) -> Iterator[_Observed]:
    """The blocks one after the other, at most 2·workers of them under way or waiting."""
    if workers == 1:
        yield from (_run_block(plan, index) for index in range(blocks))
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[_Observed]] = deque()
        try:
            for index in range(blocks):
                waiting.append(pool.submit(_run_block, plan, index))
                if len(waiting) == 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _reduced(plan: _Plan[D], steps: int, workers: int, progress: Progress | None) -> Run:
    """Merge the blocks in their order."""
    blocks = -(-plan.paths // plan.block)
    moments: dict[str, list[Moments]] = {}
    kept: dict[str, list[list[Array]]] = {}
    for done, observed in enumerate(_blocks_in_order(plan, blocks, workers), 1):
        for name, new in observed.moments.items():
            old = moments.get(name)
            with np.errstate(invalid="ignore", over="ignore"):
                moments[name] = (
                    new if old is None else [a.merged(b) for a, b in zip(old, new, strict=True)]
                )
        for name, values in observed.values.items():
            kept.setdefault(name, []).append(values)
        if progress is not None:
            progress(done, blocks)
    return Run(
        times=np.array(plan.at) * plan.dt,
        moments={name: tuple(parts) for name, parts in moments.items()},
        values={
            name: np.stack([np.concatenate(time) for time in zip(*parts, strict=True)])
            for name, parts in kept.items()
        },
        paths=plan.paths,
        steps=steps,
        block=plan.block,
        seed=plan.seed,
    )


def _starting(start: Start) -> Callable[[Block], State]:
    """One path's arrays, repeated for every path; or the function itself."""
    if callable(start):
        return start
    one = {name: np.asarray(x) for name, x in start.items()}
    return lambda block: {name: np.repeat(x[None], block.size, axis=0) for name, x in one.items()}


def require_counts(steps: int, at: Sequence[int], **counts: int) -> None:
    """Refuse counts below one, and times of observation that are not ascending or outside."""
    for name, value in counts.items():
        if value < 1:
            raise SimulationError(f"{name} {value}: less than one; give 1 or more")
    if steps < 0:
        raise SimulationError(f"steps {steps}: negative; give 0 or more")
    if list(at) != sorted(set(at)) or not at or at[0] < 0 or at[-1] > steps:
        shown = ", ".join(map(str, at[:6])) + (", ..." if len(at) > 6 else "")
        raise SimulationError(
            f"at ({shown}): give ascending numbers of steps between 0 and {steps}, each once"
        )


def iterate(
    step: Step[D],
    start: Start,
    *,
    steps: int,
    paths: int,
    seed: int,
    draws: Draws[D] | None = None,
    observe: Mapping[str, Observer] | None = None,
    at: Sequence[int] | None = None,
    accumulate: Mapping[str, Callable[[State, State, D], Array]] | None = None,
    keep: bool = False,
    covariance: bool = False,
    finite: bool = False,
    block: int = 64,
    workers: int = 1,
    dt: float = 1.0,
    advance: Advance = advance,
    progress: Progress | None = None,
) -> Run:
    """Run a step many times on many paths.

    Parameters
    ----------
    step
        (state, index, draws) -> state; every array has the paths of a block on its first axis.
    start
        The arrays of one path, repeated for every path, or a function of the block.
    steps, paths, seed
        How often, how many, and the seed from which all randomness follows.
    draws
        Block -> iterator of one item a step. By default every step is handed the block's generator
        for ``"steps"``.
    observe
        Name -> function of the state, with the time added as ``"t"``; it returns (N, ...).
    at
        Numbers of steps after which to observe, ascending; by default the end alone.
    accumulate
        Name -> function of the states before and after a step and of its draws, shape (N,). The
        sums are further entries of the state: what bottoms out when taken from the state alone,
        such as the log det of a matrix that loses rank, is added up here.
    keep
        Keep the values of the single paths too: memory grows with their number.
    covariance
        Collect the covariance of the entries of each observable.
    finite
        Refuse an observable that is not finite.
    block
        Paths in a block. They are drawn together, so one path wants ``block=1``.
    workers
        Threads; NumPy leaves the interpreter free inside its loops.
    dt
        Time of a step.
    advance
        The inner loop; a compiled backend puts its own here.
    progress
        Called with (blocks done, blocks in all).

    Examples
    --------
    >>> def walk(state, index, rng):
    ...     return {"x": state["x"] + rng.choice([-1.0, 1.0], len(state["x"]))}
    >>> run = iterate(walk, {"x": np.array(0.0)}, steps=9, paths=1000, seed=1,
    ...               observe={"square": lambda state: state["x"] ** 2})
    >>> square, = run.moments["square"]
    >>> bool(abs(square.mean - 9) < 5 * square.standard_error)
    True
    """
    marks = (steps,) if at is None else tuple(int(mark) for mark in at)
    require_counts(steps, marks, paths=paths, block=block, workers=workers)
    generators: Any = lambda block: repeat(block.generator("steps"))  # noqa: E731 - a default value
    plan = _Plan(
        step=step,
        start=_starting(start),
        draws=generators if draws is None else draws,
        observe=dict(observe or {}),
        at=marks,
        accumulate=dict(accumulate or {}),
        paths=paths,
        seed=seed,
        block=block,
        dt=dt,
        keep=keep,
        covariance=covariance,
        finite=finite,
        advance=advance,
    )
    return _reduced(plan, steps, workers, progress)
