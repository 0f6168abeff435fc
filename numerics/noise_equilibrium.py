"""The noise equilibrium of a matrix factorization along its orbit, by a matrix geometric mean.

Factors (UC⁻¹, CW) have one product.  Of these the equilibrium

    tr(Σ_r) WΣxW' = tr(Σx) U'Σ_rU

picks one up to a rotation of the hidden space where M = WΣxW' and N = U'Σ_rU are positive definite:
Q = C'C solves Q M Q = (tr Σx/tr Σ_r) N, so it is the geometric mean of M⁻¹ and that right side.
It is what judges compare runs with; no simulation reads it.  (A start of data-covariance is the
flattest point of its orbit, a geometric mean as well.)

Source: Bhatia, Positive Definite Matrices (2007), 4.1; the equilibrium as in the theorem
matrix_factorization_equilibrium.
"""

from __future__ import annotations

import numpy as np

from numerics.errors import NumericsError
from numerics.network import Array

__all__ = ["geometric_mean", "noise_equilibrium"]


def geometric_mean(X: Array, Y: Array) -> Array:
    """X # Y = X^½ (X^−½ Y X^−½)^½ X^½, the positive definite solution Z of Z X⁻¹ Z = Y.

    Raises
    ------
    NumericsError
        If one of the two, or X^−½ Y X^−½, is not positive definite in double precision.
    """
    _require_definite(X=X, Y=Y)
    half, back = _power(X, 0.5), _power(X, -0.5)
    inner = back @ Y @ back
    _require_definite(**{"X^-½ Y X^-½": inner})
    return half @ _power(inner, 0.5) @ half


def noise_equilibrium(
    U: Array, W: Array, *, residual_covariance: Array, input_covariance: Array
) -> tuple[Array, Array]:
    """The point (UC⁻¹, CW) of the orbit at which the noise of SGD leaves the imbalance alone.

    Parameters
    ----------
    U : (outputs, h)
    W : (h, inputs)
    residual_covariance : (outputs, outputs)
        Σ_r, of a residual that is independent of the input.
    input_covariance : (inputs, inputs)
        Σx, the second moment of the inputs.

    Raises
    ------
    NumericsError
        If W Σx W' or U'Σ_rU is singular: then the two sides have no common rank at any finite C,
        or it is not unique.

    Examples
    --------
    >>> U, W = np.array([[1.0], [0.0]]), np.array([[4.0, 0.0]])
    >>> same = np.eye(2)
    >>> U, W = noise_equilibrium(U, W, residual_covariance=same, input_covariance=same)
    >>> print(U.T, W)
    [[2. 0.]] [[2. 0.]]
    """
    M = W @ input_covariance @ W.T
    N = U.T @ residual_covariance @ U
    _require_definite(**{"W input_covariance W'": M, "U' residual_covariance U": N})
    ratio = np.trace(input_covariance) / np.trace(residual_covariance)
    inverse: Array = np.linalg.inv(M).astype(np.float64)
    Q = geometric_mean(inverse, ratio * N)
    return U @ _power(Q, -0.5), _power(Q, 0.5) @ W


def _power(X: Array, exponent: float) -> Array:
    values, vectors = np.linalg.eigh((X + X.T) / 2)
    power: Array = (vectors * values**exponent) @ vectors.T
    return power


def _require_definite(**named: Array) -> None:
    for name, X in named.items():
        values = np.linalg.eigvalsh((X + X.T) / 2)
        floor = len(X) * np.finfo(float).eps * max(values[-1], 0.0)
        if not values[0] > floor:
            rank = int((values > floor).sum())
            raise NumericsError(
                f"{name}: rank {rank} of {len(X)}, not positive definite; no equilibrium is known "
                "along such an orbit, take fewer hidden units or noise of full rank"
            )
