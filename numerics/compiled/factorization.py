"""SGD and gradient descent on a matrix factorization, ℓ = |U W x − y|², one run.

Samples are fresh: x ~ N(0, Σ_x) and y = V x + ε with ε ~ N(0, Σ_r).  With r = U W x − y a step on a
batch moves, weight decay γ|θ|² included,

    U⁺ = U − 2η (mean of r x'W' + γ U),   W⁺ = W − 2η (mean of U'r x' + γ W);

gradient descent has the expectations, (U W − V) Σ_x W' and U'(U W − V) Σ_x.  U (d_y, h) and
W (h, d_x) are changed in place.
"""

from __future__ import annotations

import numpy as np

from numerics.compiled import compiled
from numerics.network import Array

__all__ = ["full_steps", "sgd_steps", "sgd_steps_literal"]


@compiled
def sgd_steps(
    U: Array,
    W: Array,
    V: Array,
    input_factor: Array,
    noise_factor: Array,
    etas: Array,
    batch: int,
    decay: float,
    rng: np.random.Generator,
) -> None:
    """Take as many steps of SGD as there are step sizes.

    Parameters
    ----------
    U, W
        The weights, (d_y, h) and (h, d_x).
    V
        What is to be factorized, (d_y, d_x).
    input_factor, noise_factor
        Lower triangular roots of Σ_x and Σ_r.
    etas
        η of every step.
    batch
        Samples a step.
    decay
        γ.
    rng
        Gives d_x and then d_y normal numbers for each sample.
    """
    outputs, h = U.shape
    inputs = W.shape[1]
    z, x = np.empty(inputs), np.empty(inputs)
    e, r = np.empty(outputs), np.empty(outputs)
    hidden, back = np.empty(h), np.empty(h)
    dU, dW = np.empty((outputs, h)), np.empty((h, inputs))
    for eta in etas:
        dU[:] = batch * decay * U
        dW[:] = batch * decay * W
        for _ in range(batch):
            for c in range(inputs):
                z[c] = rng.standard_normal()
            for i in range(outputs):
                e[i] = rng.standard_normal()
            for c in range(inputs):
                x[c] = 0.0
                for d in range(c + 1):
                    x[c] += input_factor[c, d] * z[d]
            for a in range(h):
                hidden[a] = 0.0
                back[a] = 0.0
                for c in range(inputs):
                    hidden[a] += W[a, c] * x[c]
            for i in range(outputs):
                r[i] = 0.0
                for a in range(h):
                    r[i] += U[i, a] * hidden[a]
                for c in range(inputs):
                    r[i] -= V[i, c] * x[c]
                for j in range(i + 1):
                    r[i] -= noise_factor[i, j] * e[j]
            for i in range(outputs):
                for a in range(h):
                    back[a] += U[i, a] * r[i]
                    dU[i, a] += r[i] * hidden[a]
            for a in range(h):
                for c in range(inputs):
                    dW[a, c] += back[a] * x[c]
        moved = 2.0 * eta / batch
        for i in range(outputs):
            for a in range(h):
                U[i, a] -= moved * dU[i, a]
        for a in range(h):
            for c in range(inputs):
                W[a, c] -= moved * dW[a, c]


@compiled
def full_steps(U: Array, W: Array, V: Array, covariance: Array, etas: Array, decay: float) -> None:
    """Take as many steps of gradient descent on the expected loss as there are step sizes.

    ``covariance`` is Σ_x; the other parameters are those of `sgd_steps`.
    """
    outputs, h = U.shape
    inputs = W.shape[1]
    off, G = np.empty((outputs, inputs)), np.empty((outputs, inputs))
    dU, dW = np.empty((outputs, h)), np.empty((h, inputs))
    for eta in etas:
        dU[:] = decay * U
        dW[:] = decay * W
        for i in range(outputs):
            for c in range(inputs):
                off[i, c] = -V[i, c]
                for a in range(h):
                    off[i, c] += U[i, a] * W[a, c]
        for i in range(outputs):
            for c in range(inputs):
                G[i, c] = 0.0
                for d in range(inputs):
                    G[i, c] += off[i, d] * covariance[d, c]
                for a in range(h):
                    dU[i, a] += G[i, c] * W[a, c]
                    dW[a, c] += U[i, a] * G[i, c]
        for i in range(outputs):
            for a in range(h):
                U[i, a] -= 2.0 * eta * dU[i, a]
        for a in range(h):
            for c in range(inputs):
                W[a, c] -= 2.0 * eta * dW[a, c]


def sgd_steps_literal(
    U: Array,
    W: Array,
    V: Array,
    input_factor: Array,
    noise_factor: Array,
    etas: Array,
    batch: int,
    decay: float,
    rng: np.random.Generator,
) -> None:
    """The twin of `sgd_steps` in NumPy: the same numbers from the same generator."""
    for eta in etas:
        dU, dW = decay * U, decay * W
        for _ in range(batch):
            x = input_factor @ rng.standard_normal(W.shape[1])
            r = U @ W @ x - V @ x - noise_factor @ rng.standard_normal(len(U))
            dU = dU + np.outer(r, W @ x) / batch
            dW = dW + np.outer(U.T @ r, x) / batch
        U -= 2 * eta * dU
        W -= 2 * eta * dW
