"""Label-noise SGD on the two-layer linear network, millions of steps of one run.

    Θ⁺ = (I + η S(R + X'ε/n)) Θ,   ε (n×k) i.i.d. N(0, δ),   R = X'(Y − X W1 W2)/n

X'ε/n is drawn from its exact p×k law as Fξ, FF' = δ X'X/n², ξ independent N(0, 1).  W2 comes
transposed, so that every inner loop runs along rows.
"""

from __future__ import annotations

import numpy as np

from numerics.compiled import compiled, summing
from numerics.network import Array, advanced
from numerics.training.determinant import log_det_change
from numerics.training.problem import Problem

__all__ = ["label_noise_steps", "label_noise_steps_literal", "noise_factor"]


def noise_factor(data: Problem, variance: float) -> Array:
    """F (p, r) of the noise of labels with variance δ; no columns where there is no noise."""
    if variance == 0:
        return np.zeros((data.p, 0))
    return np.ascontiguousarray(np.sqrt(variance) / data.n * data.factor)


@compiled
def label_noise_steps(
    W1: Array,
    W2T: Array,
    XX: Array,
    XYT: Array,
    factor: Array,
    eta: float,
    steps: int,
    rng: np.random.Generator,
) -> tuple[float, float, Array]:
    """Take a number of steps; the weights are changed in place.

    Parameters
    ----------
    W1, W2T
        The weights, (p, l) and, transposed, (k, l).
    XX, XYT
        X'X/n (p, p), and X'Y/n transposed, (k, p).
    factor
        F (p, r), see `noise_factor`.
    eta, steps
        η and the number of steps.
    rng
        Gives r·k normals a step, in the order of ξ (r, k).

    Returns
    -------
    law : float
        Σ log|det(I − η²G'G)|², by which the steps have changed log det M.
    seen : float
        Σ |G|².
    squares : array
        Σ R R' over the steps, (p, p), R the residual without noise.
    """
    p, width = W1.shape
    k, r = len(W2T), factor.shape[1]
    P, R, G = np.empty((k, p)), np.empty((k, p)), np.empty((k, p))
    xi, moved = np.empty((k, r)), np.empty((k, width))
    inner, squares = np.empty((k, k)), np.zeros((p, p))
    law = seen = 0.0
    for _ in range(steps):
        for i in range(p):
            for c in range(k):
                P[c, i] = _dot(W1, i, W2T, c, width)
        for m in range(r):
            for c in range(k):
                xi[c, m] = rng.standard_normal()
        for i in range(p):
            for c in range(k):
                R[c, i] = XYT[c, i] - _dot(XX, i, P, c, p)
                G[c, i] = R[c, i] + _dot(factor, i, xi, c, r)
        law += _change(G, eta, inner)
        for c in range(k):
            seen += _dot(G, c, G, c, p)
        _add_squares(R, squares)
        moved[:] = 0.0
        for i in range(p):
            for c in range(1, k):
                g = eta * G[c, i]
                for j in range(width):
                    moved[c, j] += g * W1[i, j]
            # One pass where there is one output; both layers are read before either is replaced.
            g = eta * G[0, i]
            for j in range(width):
                moved[0, j] += g * W1[i, j]
                W1[i, j] += g * W2T[0, j]
            for c in range(1, k):
                g = eta * G[c, i]
                for j in range(width):
                    W1[i, j] += g * W2T[c, j]
        for c in range(k):
            for j in range(width):
                W2T[c, j] += moved[c, j]
    for i in range(p):
        for j in range(i):
            squares[j, i] = squares[i, j]
    return law, seen, squares


@summing
def _dot(A: Array, i: int, B: Array, j: int, length: int) -> float:
    """Row i of A times row j of B."""
    total = 0.0
    for m in range(length):
        total += A[i, m] * B[j, m]
    return total


@compiled
def _change(G: Array, eta: float, inner: Array) -> float:
    """2 log|det(I − η²G'G)| of G, transposed to (k, p), by elimination on η²G'G.

    With x the deviation of a pivot from 1, log|1 − x| keeps the digits of a small x.
    """
    k, p = G.shape
    for a in range(k):
        for b in range(a + 1):
            inner[a, b] = eta * eta * _dot(G, a, G, b, p)
            inner[b, a] = inner[a, b]
    total = 0.0
    for a in range(k):
        x = inner[a, a]
        total += np.log1p(-x) if x < 1.0 else np.log1p(x - 2.0)
        for b in range(a + 1, k):
            share = inner[b, a] / (1.0 - x)
            for c in range(a + 1, k):
                inner[b, c] += share * inner[a, c]
    return 2.0 * total


@compiled
def _add_squares(R: Array, squares: Array) -> None:
    """Add the lower triangle of R R', R transposed to (k, p)."""
    k, p = R.shape
    for i in range(p):
        for c in range(k):
            left = R[c, i]
            for j in range(i + 1):
                squares[i, j] += left * R[c, j]


def label_noise_steps_literal(
    W1: Array,
    W2T: Array,
    XX: Array,
    XYT: Array,
    factor: Array,
    eta: float,
    steps: int,
    rng: np.random.Generator,
) -> tuple[float, float, Array]:
    """`label_noise_steps` as it stands on paper, in NumPy."""
    law, seen, squares = 0.0, 0.0, np.zeros_like(XX)
    for _ in range(steps):
        R = XYT.T - XX @ (W1 @ W2T.T)
        G = R + factor @ rng.standard_normal((factor.shape[1], len(W2T)))
        law += float(log_det_change(G, eta))
        seen += float(np.sum(G * G))
        squares += R @ R.T
        after = advanced(W1, W2T.T, G, eta)
        W1[:], W2T[:] = after[0], after[1].T
    return law, seen, squares
