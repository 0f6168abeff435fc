"""The two-layer linear network f(x) = W2'W1'x: loss, steps, determinant of its weights.

Shapes: X (n, p), Y (n, k), W1 (..., p, l), W2 (..., l, k), with any leading axes for independent
runs. The stack is Θ = [W1; W2'] of shape (..., p+k, l), and M = ΘΘ'. Everything here is plain
linear algebra on the state.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "advanced",
    "curvature",
    "gram",
    "log_det",
    "log_det_with_error",
    "loss",
    "stack",
    "transposed",
]

Array: TypeAlias = NDArray[np.float64]


def transposed(A: Array) -> Array:
    """A' for every matrix of a batch."""
    return A.swapaxes(-1, -2)


def loss(X: Array, Y: Array, W1: Array, W2: Array) -> Array:
    """L = 1/(2n) |Y − X W1 W2|², shape (...)."""
    E = Y - X @ (W1 @ W2)
    value: Array = np.sum(E * E, axis=(-2, -1)) / (2 * len(X))
    return value


def stack(W1: Array, W2: Array) -> Array:
    """Θ = [W1; W2'], shape (..., p+k, l)."""
    return np.concatenate([W1, transposed(W2)], axis=-2)


def gram(W1: Array, W2: Array) -> Array:
    """M = ΘΘ', shape (..., p+k, p+k)."""
    Theta = stack(W1, W2)
    return Theta @ transposed(Theta)


def advanced(
    W1: Array, W2: Array, G: Array, step: float, decay: float = 0.0
) -> tuple[Array, Array]:
    """One step Θ⁺ = ((1 − ημ) I + η S(G)) Θ, written out for the two layers.

    Parameters
    ----------
    W1, W2
        The weights before, both read before either is replaced.
    G
        The (noisy) residual, minus the gradient of the loss in W1W2, shape (..., p, k).
    step, decay
        η and μ; the decay is the gradient of (μ/2)|Θ|².
    """
    keep = 1.0 - step * decay
    return keep * W1 + step * (G @ transposed(W2)), keep * W2 + step * (transposed(W1) @ G)


def log_det(W1: Array, W2: Array) -> Array:
    """log det M = 2 Σ log|r_ii| from the triangular factor of Θ' = QR, shape (...).

    The factor has the condition number of Θ, where M = ΘΘ' has its square: thin determinants stay
    exact to rounding. It is −inf where the rank is below p+k (always if l < p+k).
    """
    return log_det_with_error(W1, W2)[0]


def log_det_with_error(W1: Array, W2: Array) -> tuple[Array, Array]:
    """log det M, and a bound on its rounding error and that of the step that led to these weights.

    Householder's QR returns the exact factor of Θ' + E, and a step of training is exact up to
    another such E, with |e_j| ≤ c u |Θ| for every column j, u the unit roundoff and c growing with
    the sizes. To first order log det M moves by 2 tr(R^{-1} Q'E), at most 2 c u |Θ| Σ_j |R^{-1} row
    j|. Constant: c = l (p + k), the worst case of N. Higham, Accuracy and Stability of Numerical
    Algorithms (2002), theorem 19.4, whose statistical size is its square root; so what looks like a
    violation is one.
    """
    Theta = stack(W1, W2)
    rows, width = Theta.shape[-2:]
    if width < rows:
        infinite = np.full(Theta.shape[:-2], np.inf)
        return -infinite, infinite
    triangle = np.linalg.qr(transposed(Theta), mode="r")
    diagonal = np.abs(np.diagonal(triangle, axis1=-2, axis2=-1))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        logarithms = np.log(diagonal)
        value = 2.0 * logarithms.sum(axis=-1)
        singular = ~(diagonal > 0.0).all(axis=-1)
        solvable = np.where(singular[..., None, None], np.eye(rows), triangle)
        inverse_rows = np.linalg.norm(np.linalg.inv(solvable), axis=-1).sum(axis=-1)
        size = np.linalg.norm(Theta, axis=(-2, -1))
        unit = np.finfo(np.float64).eps / 2
        error = (
            2.0
            * unit
            * (width * rows * size * inverse_rows + rows * np.abs(logarithms).sum(axis=-1))
        )
    return value, np.where(singular, np.inf, error)


def curvature(XX: Array, W1: Array, W2: Array) -> Array:
    """An upper bound on the largest curvature of the loss at an interpolating point, shape (...).

    The Gauss–Newton part of the Hessian is u ↦ |X (dW1 W2 + W1 dW2)|²/n, at most λ_max(X'X/n)(|W1|²
    + |W2|²) in the operator norm. Gradient descent is stable for η below 2 over it.

    Parameters
    ----------
    XX
        X'X/n.
    """
    largest = np.linalg.eigvalsh(XX)[-1]
    norms = [np.linalg.norm(W, ord=2, axis=(-2, -1)) ** 2 for W in (W1, W2)]
    bound: Array = largest * (norms[0] + norms[1])
    return bound
