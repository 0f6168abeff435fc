"""The rates of log det M that the theorems state, from their generated kernels.

A rate takes a point (name -> array: ``W1``, ``W2`` with the runs on the first axis, ``X`` (n, p),
``Y`` (n, k), ``eta``, ``delta``, ``b``) and gives d log det M / dt of the stochastic differential
equation, shape (runs,).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from numerics.kernel import Kernel
from numerics.kernels import kernels
from numerics.network import Array
from verify.errors import KernelError

__all__ = ["Rate", "predicted_rate"]

Rate: TypeAlias = Callable[[Mapping[str, Any]], Array]

CLAIMS = {
    "label_noise": "label_noise_determinant.label_noise",
    "minibatch_with_replacement": "gradient_noise_determinant.minibatch",
}


def predicted_rate(algorithm: str) -> Rate:
    """The stated rate for an algorithm, ``label_noise`` or ``minibatch_with_replacement``.

    Raises
    ------
    NumericsError
        If the kernels were not built.
    KernelError
        If the fast form of the minibatch rate is not the stated one.
    """
    kernel = kernels(CLAIMS[algorithm])["rate"]
    if algorithm == "minibatch_with_replacement":
        _require_same(minibatch_rate, kernel)
        return minibatch_rate
    return lambda point: _of_kernel(kernel, point)


def _of_kernel(kernel: Kernel, point: Mapping[str, Any]) -> Array:
    """The kernel at a point, with the letters that follow from the data."""
    X, Y = point["X"], point["Y"]
    letters = {"x": X[:, :, None], "y": Y[:, :, None], "n": len(X), "k": Y.shape[1]}
    rate = np.asarray(kernel({**letters, **point}), dtype=np.float64)
    return np.broadcast_to(rate, point["W1"].shape[:-2])


def minibatch_rate(point: Mapping[str, Any]) -> Array:
    """−(2η/b)(1/n Σ|x_i|²|r_i|² − |R|²), as fast as it must be to be summed over every step.

    The kernel of `gradient_noise_determinant.minibatch` makes a matrix of every row of the data;
    this form is held against it before it is used.
    """
    X = point["X"]
    E = point["Y"] - X @ (point["W1"] @ point["W2"])
    squares = np.mean(np.sum(X * X, axis=-1) * np.sum(E * E, axis=-1), axis=-1)
    R = X.T @ E / len(X)
    rate = -2 * point["eta"] / point["b"] * (squares - np.sum(R * R, axis=(-2, -1)))
    return np.asarray(rate, dtype=np.float64)


def _require_same(fast: Rate, kernel: Kernel) -> None:
    """Hold a fast form against the kernel at random points of several sizes."""
    rng = np.random.Generator(np.random.SFC64(1))
    for n, p, k, width in ((2, 1, 1, 2), (5, 3, 2, 6), (7, 2, 3, 5)):
        point = {
            "X": rng.standard_normal((n, p)),
            "Y": rng.standard_normal((n, k)),
            "W1": rng.standard_normal((4, p, width)),
            "W2": rng.standard_normal((4, width, k)),
            "eta": 0.3,
            "delta": 0.7,
            "b": 3.0,
        }
        if not np.allclose(fast(point), _of_kernel(kernel, point), rtol=1e-10, atol=0):
            raise KernelError(
                f"kernel {kernel.name!r} of {CLAIMS['minibatch_with_replacement']}: not the rate "
                "that this command sums; bring verify/data/rates.py up to date"
            )
