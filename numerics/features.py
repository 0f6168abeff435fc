"""How rich the features of a network are: effective rank, independent neurons, similarity.

Observables of weights or of activations, over any leading batch axes; the last two axes are

* activations: samples × neurons, what one layer gives on a data set;
* spectra: the singular values on the last axis.

Sources: Andriushchenko, Varre, Pillaud-Vivien, Flammarion, SGD with Large Step Sizes Learns Sparse
Features, ICML 2023 (the feature sparsity coefficient: the average fraction of distinct, non-zero
activations of a layer, highly correlated ones counted once; and ranks of features); Roy and
Vetterli, The effective rank, EUSIPCO 2007.
"""

from __future__ import annotations

import numpy as np

from numerics.errors import NumericsError
from numerics.network import Array

__all__ = [
    "CORRELATED",
    "activation_similarity",
    "distinct_neurons",
    "effective_rank",
    "feature_rank",
    "feature_sparsity",
    "independent_fraction",
    "relu_activations",
]

CORRELATED = 0.95
"""Neurons correlated more than this count as one, as in the source."""

ACTIVE = 1e-12
"""An activation at most this part of the largest one of the layer is zero."""


def relu_activations(X: Array, W: Array, b: Array | None = None) -> Array:
    """max(XW + b, 0) of a layer: X (…, n, p), W (…, p, m), b (…, m), result (…, n, m)."""
    before = X @ W if b is None else X @ W + b[..., None, :]
    return np.asarray(np.maximum(before, 0.0))


def effective_rank(singular_values: Array) -> Array:
    """exp of the entropy of σ_i/Σσ over the last axis; k equal values and else zeros give k.

    0 where all values are zero.  Source: Roy and Vetterli 2007.

    Raises
    ------
    NumericsError
        If a value is negative or not finite.

    >>> effective_rank(np.array([2.0, 2.0, 0.0]))
    array(2.)
    """
    values = np.asarray(singular_values, dtype=np.float64)
    if not np.all((values >= 0.0) & (values < np.inf)):
        raise NumericsError(
            "singular_values: one is negative or not finite; leave diverged runs out"
        )
    sums = values.sum(axis=-1, keepdims=True)
    share = values / np.where(sums > 0, sums, 1.0)
    entropy = -np.sum(share * np.log(np.where(share > 0, share, 1.0)), axis=-1)
    return np.asarray(np.where(sums[..., 0] > 0, np.exp(entropy), 0.0))


def feature_rank(features: Array, tolerance: float = 1e-3) -> Array:
    """The number of singular values above ``tolerance`` times the largest, over the last two axes.

    >>> feature_rank(np.array([[1.0, 2.0], [2.0, 4.0]]))
    array(1)
    """
    _fraction("tolerance", tolerance)
    values = np.linalg.svd(_layer(features), compute_uv=False)
    return np.asarray(np.sum(values > tolerance * values[..., :1], axis=-1))


def activation_similarity(activations: Array, *, centred: bool = True) -> Array:
    """Correlations of the neurons of a layer over its samples, shape (…, m, m).

    Cosines of the columns if not ``centred``.  A neuron that is constant (zero, if not centred) is
    similar to none, 0, itself included.

    >>> activation_similarity(np.array([[1.0, 2.0, -1.0], [3.0, 6.0, -3.0]]))
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """
    A = _layer(activations)
    scale = np.max(np.abs(A), axis=(-2, -1), keepdims=True)
    A = A / np.where(scale > 0, scale, 1.0)
    if centred:
        A = A - A.mean(axis=-2, keepdims=True)
    length = np.linalg.norm(A, axis=-2, keepdims=True)
    moving = length > ACTIVE * np.sqrt(A.shape[-2])
    units = np.where(moving, A / np.where(moving, length, 1.0), 0.0)
    return np.asarray(np.clip(np.swapaxes(units, -1, -2) @ units, -1.0, 1.0))


def distinct_neurons(activations: Array, threshold: float = CORRELATED) -> Array:
    """Group neurons: entry j is the first neuron of j's group, −1 for one that is zero everywhere.

    Two neurons are in one group if a chain of correlations above ``threshold`` joins them; groups
    do not depend on the order of the neurons then.  One that is constant, but not zero, is by
    itself.

    Returns
    -------
    array of integers (…, m)
    """
    _fraction("threshold", threshold)
    A = _layer(activations)
    joined = activation_similarity(A) > threshold
    m = A.shape[-1]
    first = np.broadcast_to(np.arange(m), joined.shape[:-1]).copy()
    joined = joined | np.eye(m, dtype=bool)
    for _ in range(m):
        # The smallest number that is reached in one more step.
        next_first = np.where(joined, first[..., None, :], m).min(axis=-1)
        if np.array_equal(next_first, first):
            break
        first = next_first
    return np.asarray(np.where(_alive(A).any(axis=-2), first, -1))


def independent_fraction(activations: Array, threshold: float = CORRELATED) -> Array:
    """Groups of neurons that are not zero everywhere, as a part of all neurons; see above.

    >>> independent_fraction(np.array([[1.0, 2.0, 0.0, 0.0], [3.0, 6.0, 1.0, 0.0]]) ** 2)
    array(0.25)
    """
    groups = distinct_neurons(activations, threshold)
    own = groups == np.arange(groups.shape[-1])
    return np.asarray(own.mean(axis=-1))


def feature_sparsity(activations: Array, threshold: float = CORRELATED) -> Array:
    """The feature sparsity coefficient: distinct active neurons of a sample, as a part of all.

    A group counts once for a sample if any of its neurons is active there; the mean is over the
    samples.  1 is dense, 0 is a layer that is zero on all samples.  Source: Andriushchenko et al.

    >>> feature_sparsity(np.array([[1.0, 0.0], [0.0, 1.0]]))
    array(0.5)
    """
    A = _layer(activations)
    groups, alive = distinct_neurons(A, threshold), _alive(A)
    member = groups[..., None, :] == np.arange(A.shape[-1])[:, None]
    counted = (alive.astype(np.float64) @ np.swapaxes(member, -1, -2).astype(np.float64)) > 0
    return np.asarray(counted.mean(axis=(-2, -1)))


def _alive(A: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    size = np.abs(A)
    return np.asarray(size > ACTIVE * np.max(size, axis=(-2, -1), keepdims=True))


def _layer(activations: Array) -> Array:
    A = np.asarray(activations, dtype=np.float64)
    if A.ndim < 2 or 0 in A.shape[-2:]:
        raise NumericsError(
            f"activations of shape {A.shape}: give samples × neurons on the last two axes"
        )
    if not np.all(np.isfinite(A)):
        raise NumericsError("activations: an entry is not finite; leave diverged runs out")
    return A


def _fraction(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise NumericsError(f"{name}={value}: give a number from 0 to below 1")
