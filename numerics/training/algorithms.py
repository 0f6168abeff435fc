"""The real algorithms on the two-layer linear network: what each of them draws and sees.

Every one of them moves the stack by Θ⁺ = ((1 − ημ) I + η S(G)) Θ; they differ in the residual G
that a step sees:

- gradient descent: G = R, that of all of the data;
- label-noise SGD: G = R + X'ε/n with fresh ε (n×k) i.i.d. N(0, δ), drawn from its exact p×k law;
- minibatch SGD: G = 1/b Σ_{i in batch} x_i r_i', r_i the i-th error, for batches drawn with
  replacement, without replacement (independent subsets), or by reshuffling in every epoch (the last
  batch takes what is left over).

Time is (number of steps)·η and δ is a variance.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from numerics.errors import TrainingError
from numerics.network import Array, transposed
from numerics.training.problem import Problem

__all__ = [
    "Algorithm",
    "Sampling",
    "draws",
    "gradient_descent",
    "label_noise",
    "minibatch",
    "noisy_residual",
]

Sampling: TypeAlias = Literal[
    "full", "label_noise", "with_replacement", "without_replacement", "reshuffling"
]
Draw: TypeAlias = Array | NDArray[np.intp] | None


class Block(Protocol):
    """The part of `numerics.brownian.Block` that draws need."""

    @property
    def size(self) -> int:
        """Number of runs."""

    def generator(self, purpose: str) -> np.random.Generator:
        """The generator of this block for one purpose."""


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """A gradient method, as data; made by `gradient_descent`, `label_noise` or `minibatch`."""

    sampling: Sampling
    step: float
    """η."""
    decay: float = 0.0
    """μ: the gradient of (μ/2)|Θ|² is added."""
    variance: float = 0.0
    """δ, the variance of the label noise."""
    batch: int | None = None
    """b, or None where every step sees all of the data."""

    def __post_init__(self) -> None:
        if self.sampling not in get_args(Sampling):
            raise TrainingError(
                f"sampling {self.sampling!r}: unknown; give one of {', '.join(get_args(Sampling))}"
            )
        if not (np.isfinite(self.step) and self.step > 0):
            raise TrainingError(
                f"step {self.step:g}: not a positive number; give a step size above zero"
            )
        if not (np.isfinite(self.variance) and self.variance >= 0):
            raise TrainingError(
                f"variance {self.variance:g}: negative or not finite; give zero or more"
            )
        if not 0 <= self.step * self.decay < 1:
            raise TrainingError(
                f"decay {self.decay:g}: step·decay is {self.step * self.decay:g}, not in [0, 1); "
                "give a decay from zero up to below 1/step"
            )
        if self.batch is not None and self.batch < 1:
            raise TrainingError(f"batch {self.batch}: no sample in it; give one or more")


def gradient_descent(*, step: float, decay: float = 0.0) -> Algorithm:
    """Gradient descent with step size η = `step` and weight decay (μ/2)|Θ|², μ = `decay`."""
    return Algorithm(sampling="full", step=step, decay=decay)


def label_noise(*, step: float, variance: float, decay: float = 0.0) -> Algorithm:
    """Full-batch SGD with fresh Gaussian noise of variance δ on every label, in every step."""
    return Algorithm(sampling="label_noise", step=step, variance=variance, decay=decay)


def minibatch(
    *, step: float, batch: int, sampling: Sampling = "with_replacement", decay: float = 0.0
) -> Algorithm:
    """SGD on batches of b = `batch` samples; per-sample SGD is ``batch=1``."""
    if sampling in ("full", "label_noise"):
        raise TrainingError(
            f"sampling {sampling!r}: draws no batches; give with_replacement or another kind"
        )
    return Algorithm(sampling=sampling, step=step, batch=batch, decay=decay)


def noisy_residual(algorithm: Algorithm, data: Problem, W1: Array, W2: Array, draw: Draw) -> Array:
    """The residual G that a step sees, shape (..., p, k).

    Parameters
    ----------
    draw
        The step's randomness, as `draws` yields it: None for gradient descent, X'ε/n for label
        noise, the indices of the batch, shape (..., b), for the rest.
    """
    if draw is None:
        return data.residual(W1, W2)
    if algorithm.batch is None:
        return data.residual(W1, W2) + draw
    X, Y = data.X[draw], data.Y[draw]
    G: Array = transposed(X) @ (Y - X @ (W1 @ W2)) / draw.shape[-1]
    return G


def draws(algorithm: Algorithm, data: Problem) -> Callable[[Block], Iterator[Draw]]:
    """The randomness of the algorithm, one item a step, for a block of runs.

    Raises
    ------
    TrainingError
        If batches are to be larger than the data.
    """
    b, n = algorithm.batch, data.n
    if b is not None and b > n and algorithm.sampling != "with_replacement":
        raise TrainingError(f"batch {b}: the data have {n} rows; give at most {n}")

    def of(block: Block) -> Iterator[Draw]:
        rng = block.generator(algorithm.sampling)
        match algorithm.sampling:
            case "full":
                return _nothing()
            case "label_noise":
                return _label_noise(rng, data, algorithm.variance, block.size)
            case "with_replacement":
                return _with_replacement(rng, n, b or n, block.size)
            case "without_replacement":
                return _without_replacement(rng, n, b or n, block.size)
            case "reshuffling":
                return _reshuffling(rng, n, b or n, block.size)

    return of


def _nothing() -> Iterator[None]:
    while True:
        yield None


def _label_noise(
    rng: np.random.Generator, data: Problem, variance: float, runs: int
) -> Iterator[Array]:
    """X'ε/n as √δ/n·Aξ with AA' = X'X: p·k normals a run instead of n·k, and the same law."""
    A = np.sqrt(variance) / data.n * data.factor
    shape = (runs, A.shape[1], data.k)
    while True:
        yield A @ rng.standard_normal(shape)


def _with_replacement(
    rng: np.random.Generator, n: int, b: int, runs: int
) -> Iterator[NDArray[np.intp]]:
    while True:
        yield rng.integers(n, size=(runs, b))


def _without_replacement(
    rng: np.random.Generator, n: int, b: int, runs: int
) -> Iterator[NDArray[np.intp]]:
    """The places of the b smallest of n uniform keys: all subsets are equally likely."""
    while True:
        keys = rng.random((runs, n))
        yield np.argpartition(keys, b - 1, axis=-1)[:, :b]


def _reshuffling(rng: np.random.Generator, n: int, b: int, runs: int) -> Iterator[NDArray[np.intp]]:
    ordered = np.tile(np.arange(n), (runs, 1))
    while True:
        order = rng.permuted(ordered, axis=1)
        for first in range(0, n, b):
            yield order[:, first : first + b]
