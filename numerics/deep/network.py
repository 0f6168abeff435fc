"""Deep ReLU networks without biases on classes, trained by SGD with weight decay, in NumPy.

    h_0 = x,  h_j = relu(W_j h_{j−1}),  f = W_L h_{L−1},  loss = mean cross-entropy + λ Σ_j |W_j|²

One update is W_j ← W_j − μ(G_j + 2λW_j) = (1 − 2μλ)W_j − μG_j, G_j the data gradient of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.errors import DataError, TrainingError
from numerics.features import feature_rank
from numerics.network import Array

__all__ = ["Layers", "Training", "error_rate", "gradients", "relative_rank", "sgd", "start"]

Labels: TypeAlias = NDArray[np.int64]
Layers: TypeAlias = list[Array]
"""W_1, …, W_L, each (d_out, d_in)."""
Watch: TypeAlias = Callable[[int, Layers, Layers], None]
"""Called after an update with its number from 1, the weights, and the gradients that it took."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a network is trained."""

    step: float
    """The learning rate μ."""
    decay: float
    """λ of λ|W|²."""
    batch: int
    updates: int

    def __post_init__(self) -> None:
        if not 0 <= 2 * self.step * self.decay < 1 or self.step <= 0:
            raise TrainingError(
                f"step={self.step}, decay={self.decay}: 2μλ is to be in [0, 1) and μ above 0"
            )
        if self.batch < 1 or self.updates < 0:
            raise TrainingError(
                f"batch={self.batch}, updates={self.updates}: give a batch of one or more, and no "
                "negative number of updates"
            )


def start(widths: Sequence[int], rng: np.random.Generator) -> Layers:
    """Normal weights of variance 2/d_in (He et al. 2015) for widths d_0, d_1, …, d_L."""
    return [
        rng.standard_normal((out, into)) * np.sqrt(2.0 / into) for into, out in pairwise(widths)
    ]


def gradients(layers: Layers, x: Array, labels: Labels) -> Layers:
    """The gradient of the mean cross-entropy of a batch, layer by layer.

    Parameters
    ----------
    x
        Inputs, shape (b, d_0).
    labels
        Classes from 0, shape (b,).
    """
    inputs = [x]
    for W in layers[:-1]:
        inputs.append(np.maximum(inputs[-1] @ W.T, 0.0))
    f = inputs[-1] @ layers[-1].T
    f -= f.max(axis=1, keepdims=True)
    np.exp(f, out=f)
    f /= f.sum(axis=1, keepdims=True)
    f[np.arange(len(labels)), labels] -= 1.0
    back, found = f / len(labels), []
    for W, h in zip(reversed(layers), reversed(inputs), strict=True):
        found.append(back.T @ h)
        if h is not x:
            back = (back @ W) * (h > 0.0)
    return found[::-1]


def sgd(
    layers: Layers,
    x: Array,
    labels: Labels,
    how: Training,
    rng: np.random.Generator,
    watch: Watch = lambda update, layers, gradients: None,
) -> Layers:
    """Train; every epoch takes each sample once, in a new order, the last batch may be smaller.

    Raises
    ------
    DataError
        If the batch is larger than the data.
    """
    n = len(labels)
    if how.batch > n:
        raise DataError(f"batch={how.batch}: there are {n} samples; take a smaller batch")
    layers = [W.copy() for W in layers]
    keep, done = 1.0 - 2.0 * how.step * how.decay, 0
    while done < how.updates:
        order = rng.permutation(n)
        for first in range(0, n, how.batch):
            if done == how.updates:
                break
            chosen = order[first : first + how.batch]
            found = gradients(layers, x[chosen], labels[chosen])
            for W, G in zip(layers, found, strict=True):
                W *= keep
                W -= how.step * G
            done += 1
            watch(done, layers, found)
    return layers


def error_rate(layers: Layers, x: Array, labels: Labels) -> float:
    """The share of inputs whose largest output is not that of their class.

    Raises
    ------
    TrainingError
        If an output is not finite: it has no largest one then.
    """
    h = x
    for W in layers[:-1]:
        h = np.maximum(h @ W.T, 0.0)
    f = h @ layers[-1].T
    if not np.isfinite(f).all():
        raise TrainingError("layers: an output is not finite; take a smaller step size")
    return float(np.mean(np.argmax(f, axis=1) != labels))


def relative_rank(W: Array, threshold: float) -> int:
    """The number of singular values above a share of the largest; 0 of a zero matrix.

    >>> relative_rank(np.diag([1.0, 0.1, 1e-4]), 1e-3)
    2
    """
    return int(feature_rank(np.asarray(W).reshape(len(W), -1), threshold))
