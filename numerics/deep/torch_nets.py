"""Fully connected, residual and convolutional ReLU networks in PyTorch, on the CPU.

The one module that needs PyTorch: the optional extra ``deep``.  It imports it when a network is
trained, and says in one line how to get it where it is missing.

All networks take images of 8 × 8 pixels and have no biases and no normalisation, so that each
layer is a matrix: the filters of a convolution one of shape (channels, channels·9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.datasets.digits import Split
from numerics.deep.network import Training, relative_rank
from numerics.errors import DataError, TrainingError

__all__ = ["ARCHITECTURES", "Outcome", "torch", "train"]

ARCHITECTURES = ("fully connected", "residual", "convolution")
CLASSES, PIXELS = 10, 64


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A trained network: ranks and errors."""

    start_ranks: tuple[int, ...]
    """Of the layers before training, the first layer first."""
    ranks: tuple[int, ...]
    full: tuple[int, ...]
    """The largest ranks that the shapes allow."""
    train_error: float
    test_error: float


def torch() -> Any:
    """The package.

    Raises
    ------
    TrainingError
        If it is not installed.
    """
    try:
        import torch as package
    except ImportError:
        raise TrainingError(
            "PyTorch is not installed; pip install 'driftproof[deep]', or run rank-sweep, which "
            "needs NumPy alone"
        ) from None
    return package


def train(
    kind: str,
    split: Split,
    how: Training,
    *,
    width: int,
    depth: int,
    threshold: float,
    seed: int,
) -> Outcome:
    """Train one network by SGD with weight decay λ|W|² on every layer.

    Parameters
    ----------
    kind
        One of `ARCHITECTURES`.
    width, depth
        Units or channels of the hidden layers, and how many of these there are.
    threshold
        Singular values above this share of the largest count for the rank.

    Raises
    ------
    DataError, TrainingError
        For an unknown kind, too large a batch; if PyTorch is missing.
    """
    if kind not in ARCHITECTURES:
        raise DataError(f"kind {kind!r}: choose from {', '.join(ARCHITECTURES)}")
    n = len(split.train_labels)
    if how.batch > n:
        raise DataError(f"batch={how.batch}: there are {n} samples; take a smaller batch")
    th = torch()
    draws = th.Generator().manual_seed(seed)
    weights = _start(th, kind, width, depth, draws)
    begun = _ranks(weights, threshold)
    threads = th.get_num_threads()
    # More of them cost such small networks more than they give.
    th.set_num_threads(1)
    try:
        _descend(th, kind, weights, _tensors(th, split.train, split.train_labels), how, draws)
    finally:
        th.set_num_threads(threads)
    errors = [
        _error(th, kind, weights, *_tensors(th, images, labels))
        for images, labels in (
            (split.train, split.train_labels),
            (split.test, split.test_labels),
        )
    ]
    return Outcome(
        start_ranks=begun,
        ranks=_ranks(weights, threshold),
        full=tuple(min(W.shape[0], W[0].numel()) for W in weights),
        train_error=errors[0],
        test_error=errors[1],
    )


def _descend(
    th: Any, kind: str, weights: Sequence[Any], data: tuple[Any, Any], how: Training, draws: Any
) -> None:
    """SGD in place; every epoch takes each sample once, in a new order."""
    x, y = data
    n, keep = len(y), 1 - 2 * how.step * how.decay
    order, place = th.randperm(n, generator=draws), 0
    for _ in range(how.updates):
        if place >= n:
            order, place = th.randperm(n, generator=draws), 0
        chosen = order[place : place + how.batch]
        place += how.batch
        loss = th.nn.functional.cross_entropy(_outputs(th, kind, weights, x[chosen]), y[chosen])
        found = th.autograd.grad(loss, weights)
        with th.no_grad():
            for W, G in zip(weights, found, strict=True):
                W.mul_(keep).sub_(how.step * G)


def _start(th: Any, kind: str, width: int, depth: int, draws: Any) -> list[Any]:
    """Normal weights of variance 2/fan-in; residual branches start smaller by √depth."""
    if kind == "convolution":
        inner = [(width, 1 if j == 0 else width, 3, 3) for j in range(depth)]
        shapes: list[tuple[int, ...]] = [*inner, (CLASSES, width * PIXELS // 4)]
    else:
        into = [PIXELS, *[width] * (depth - 1)]
        shapes = [*((width, d) for d in into), (CLASSES, width)]
    found = []
    for j, shape in enumerate(shapes):
        fan = int(np.prod(shape[1:]))
        branch = kind == "residual" and 0 < j < depth
        scale = np.sqrt(2.0 / fan / (depth if branch else 1))
        W = scale * th.randn(shape, generator=draws, dtype=th.float64)
        found.append(W.requires_grad_())
    return found


def _outputs(th: Any, kind: str, weights: Sequence[Any], x: Any) -> Any:
    """The network: hidden layers, then a linear one; a residual layer is h + relu(W h)."""
    if kind == "convolution":
        h = x[:, None]
        for F in weights[:-1]:
            h = th.relu(th.nn.functional.conv2d(h, F, padding=1))
        h = th.nn.functional.avg_pool2d(h, 2).flatten(1)
        return h @ weights[-1].T
    h = x.flatten(1)
    for j, W in enumerate(weights[:-1]):
        moved = th.relu(h @ W.T)
        h = h + moved if kind == "residual" and j > 0 else moved
    return h @ weights[-1].T


def _tensors(th: Any, images: Any, labels: Any) -> tuple[Any, Any]:
    # By lists: PyTorch's bridge to NumPy is bound to versions of both.
    return th.tensor(images.tolist(), dtype=th.float64), th.tensor(labels.tolist())


def _error(th: Any, kind: str, weights: Sequence[Any], x: Any, y: Any) -> float:
    with th.no_grad():
        wrong = _outputs(th, kind, weights, x).argmax(1) != y
    return float(wrong.double().mean())


def _ranks(weights: Sequence[Any], threshold: float) -> tuple[int, ...]:
    return tuple(
        relative_rank(np.array(W.detach().flatten(1).tolist()), threshold) for W in weights
    )
