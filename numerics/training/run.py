"""Runs of training, many independent ones at once, watched step by step in bounded memory.

`stepper` makes an algorithm the kind of step that the time loop takes. Besides the weights its
state carries

- ``G``: the residual that the last step saw (zero at the start);
- ``law``: Σ over steps of `log_det_change`, from the residuals alone, unless it is not wanted;

and, when the steps are checked,

- ``log_det`` and ``log_det_error``: log det M of the weights and the bound on its rounding error;
- ``gap``: the largest deviation of any one step's change of log det M from `log_det_change`;
- ``excess``: the largest ratio of such a deviation to the rounding error it may have. Up to 1 the
  exact discrete law holds, in every step so far;
- ``resolved``: the number of steps whose change is a thousand times larger than that rounding
  error, so that a law wrong by a fraction of a per cent would have been seen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from numerics.brownian import Block
from numerics.errors import TrainingError
from numerics.network import Array, advanced, log_det_with_error, loss
from numerics.simulate import Advance, Run, advance, iterate
from numerics.streaming import Moments
from numerics.training.algorithms import Algorithm, Draw, draws, noisy_residual
from numerics.training.determinant import log_det_change
from numerics.training.problem import Problem

__all__ = ["TrainingRun", "gaussian_start", "run", "start_state", "stepper"]

State = Mapping[str, Array]
Observer = Callable[[State], Array]
Accumulator = Callable[[State, State, Draw], Array]

# Weights beyond this are on their way to overflow: their squares are still finite, so the message
# comes first.
DIVERGED = 1e100

# What the state carries beyond the weights when the steps are checked.
CHECKED = ("log_det", "log_det_error", "gap", "excess", "resolved")


def stepper(
    algorithm: Algorithm, data: Problem, *, check: bool = True, law: bool = True
) -> Callable[[State, int, Draw], State]:
    """The algorithm as a step of the time loop, with the determinant laws beside it.

    Parameters
    ----------
    check
        Take log det M of the state after every step and hold its change against the step's
        residual. Without it a step is cheaper and the state has no ``log_det``, ``log_det_error``,
        ``gap``, ``excess`` and ``resolved``.
    law
        Follow log det M by the residuals too; the check needs it.  Of a step on small matrices it
        is a third of the work.
    """
    eta, mu = algorithm.step, algorithm.decay

    def step(state: State, index: int, draw: Draw) -> State:
        W1, W2 = state["W1"], state["W2"]
        with np.errstate(over="ignore", invalid="ignore"):
            G = noisy_residual(algorithm, data, W1, W2, draw)
            after = advanced(W1, W2, G, eta, mu)
        if not all(np.abs(W).max() < DIVERGED for W in after):
            raise TrainingError(
                f"step {eta:g}: training diverged after {index + 1} steps; take a smaller step size"
            )
        new = {"W1": after[0], "W2": after[1], "G": G}
        if not (law or check):
            return new
        change = log_det_change(G, eta, mu)
        new["law"] = state["law"] + change
        return {**new, **_checked(state, *after, change)} if check else new

    return step


def _checked(before: State, W1: Array, W2: Array, change: Array) -> dict[str, Array]:
    """The determinant after a step, and the worst deviation from the law so far."""
    value, error = log_det_with_error(W1, W2)
    with np.errstate(invalid="ignore"):
        gap = np.abs(value - before["log_det"] - change)
        bound = before["log_det_error"] + error
        excess = gap / bound
        resolved = np.abs(change) > 1000.0 * bound
    return {
        "log_det": value,
        "log_det_error": error,
        # Not a number where M was singular before or is after: no evidence, and never counted as
        # agreement.
        "gap": np.maximum(before["gap"], gap),
        "excess": np.maximum(before["excess"], excess),
        "resolved": before["resolved"] + resolved,
    }


def start_state(W1: Array, W2: Array, *, check: bool = True, law: bool = True) -> dict[str, Array]:
    """The state of `stepper` at the weights W1 (..., p, l), W2 (..., l, k)."""
    batch = W1.shape[:-2]
    zero = np.zeros(batch)
    state = {"W1": W1, "W2": W2, "G": np.zeros((*batch, W1.shape[-2], W2.shape[-1]))}
    if law or check:
        state["law"] = zero
    if check:
        value, error = log_det_with_error(W1, W2)
        state |= {"log_det": value, "log_det_error": error, "gap": zero}
        state |= {"excess": zero, "resolved": zero}
    return state


def gaussian_start(
    data: Problem, width: int, scale: float = 1.0
) -> Callable[[Block], tuple[Array, Array]]:
    """Independent weights N(0, scale²) for every run of a block."""

    def weights(block: Block) -> tuple[Array, Array]:
        rng = block.generator("start")
        W1 = scale * rng.standard_normal((block.size, data.p, width))
        return W1, scale * rng.standard_normal((block.size, width, data.k))

    return weights


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """What was watched over a number of independent runs.

    Every observable comes as `Moments` over the runs (mean, variance, count), one for each time of
    `times`.
    """

    algorithm: Algorithm
    data: Problem
    width: int
    loop: Run

    @property
    def times(self) -> Array:
        """Times of observation, (number of steps)·η."""
        return self.loop.times

    def moments(self, name: str) -> tuple[Moments, ...]:
        """Moments over the runs of one observable, one for each time."""
        return self.loop.moments[name]

    def mean(self, name: str) -> Array:
        """Mean over the runs, shape (times, ...)."""
        return np.array([moments.mean for moments in self.moments(name)])

    def standard_error(self, name: str) -> Array:
        """Standard error of that mean, shape (times, ...); nan for a single run."""
        return np.array([moments.standard_error for moments in self.moments(name)])

    def values(self, name: str) -> Array:
        """The single runs, shape (times, runs, ...); only if they were kept."""
        return self.loop.values[name]


def _standard_observers(data: Problem, check: bool, law: bool) -> dict[str, Observer]:
    watched = ("law", *CHECKED) if check else ("law",) if law else ()
    by_name: dict[str, Observer] = {name: itemgetter(name) for name in watched}
    by_name["loss"] = lambda state: loss(data.X, data.Y, state["W1"], state["W2"])
    return by_name


def run(
    algorithm: Algorithm,
    data: Problem,
    *,
    width: int,
    steps: int,
    runs: int,
    seed: int,
    start_scale: float = 1.0,
    start: tuple[Array, Array] | None = None,
    at: Sequence[int] | None = None,
    observe: Mapping[str, Observer] | None = None,
    accumulate: Mapping[str, Accumulator] | None = None,
    check: bool = True,
    law: bool = True,
    keep: bool = False,
    block: int = 64,
    workers: int = 1,
    advance: Advance = advance,
    progress: Callable[[int, int], None] | None = None,
) -> TrainingRun:
    """Train `runs` independent networks and watch log det M.

    Parameters
    ----------
    algorithm
        From `gradient_descent`, `label_noise` or `minibatch`.
    width
        l, the width of the network; det M is zero below p + k.
    steps, runs, seed
        Run i depends on the seed and on i alone (given the block size), not on how many others
        there are.
    start_scale
        Standard deviation of the independent Gaussian starting weights.
    start
        One pair W1 (p, l), W2 (l, k) from which every run starts instead.
    at
        Numbers of steps after which to observe; by default the start and the end.
    observe
        Further observables: a function of the state (`stepper`) over the runs of a block, shape
        (runs, ...). ``loss`` and, with `law` and `check`, what these carry are always observed.
    accumulate
        Functions of the states before and after a step and of its draw, summed over the steps.
    check, law, keep, block, workers, advance, progress
        A block of runs is drawn whole, so a single run wants ``block=1``; for the others
        see `stepper` and `numerics.simulate.iterate`.

    Raises
    ------
    TrainingError
        If a setting makes no sense, or if training diverges.
    """
    for name, value in (("width", width), ("steps", steps), ("runs", runs)):
        if value < 1:
            raise TrainingError(f"{name} {value}: nothing to train; give one or more")
    if not (np.isfinite(start_scale) and start_scale > 0):
        raise TrainingError(
            f"start_scale {start_scale:g}: not a positive number; give one above zero"
        )
    if check and width < data.p + data.k:
        raise TrainingError(
            f"width {width}: det M is zero below p + k = {data.p + data.k}; widen the network"
        )
    shapes = (data.p, width), (width, data.k)
    if start is not None and tuple(W.shape for W in start) != shapes:
        raise TrainingError(
            f"start: shapes {', '.join(str(W.shape) for W in start)}; give {shapes[0]} and "
            f"{shapes[1]}, for a width of {width}"
        )
    weights = gaussian_start(data, width, start_scale)
    loop = iterate(
        stepper(algorithm, data, check=check, law=law),
        start_state(*start, check=check, law=law)
        if start is not None
        else lambda block: start_state(*weights(block), check=check, law=law),
        steps=steps,
        paths=runs,
        seed=seed,
        draws=draws(algorithm, data),
        observe=_standard_observers(data, check, law) | dict(observe or {}),
        at=(0, steps) if at is None else at,
        accumulate=dict(accumulate or {}),
        keep=keep,
        block=block,
        workers=workers,
        advance=advance,
        dt=algorithm.step,
        progress=progress,
    )
    return TrainingRun(algorithm=algorithm, data=data, width=width, loop=loop)
