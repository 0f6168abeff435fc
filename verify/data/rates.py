"""The rates of log det M that the theorems state, as functions of a point.

A rate takes a point (name -> array: ``W1``, ``W2`` with the runs on the first axis, ``X``, ``Y``,
``eta``, ``delta``, ``b``) and gives d log det M / dt of the stochastic differential equation, shape
(runs,).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from numerics.network import Array

__all__ = ["Rate", "predicted_rate"]

Rate: TypeAlias = Callable[[Mapping[str, Any]], Array]


def predicted_rate(algorithm: str) -> Rate:
    """The stated rate for an algorithm, ``label_noise`` or ``minibatch_with_replacement``."""
    return {"label_noise": _label_noise, "minibatch_with_replacement": _minibatch}[algorithm]


def _label_noise(point: Mapping[str, Any]) -> Array:
    """−2ηδk|X|²/n²: theorem `label_noise_determinant`."""
    X, k = point["X"], point["Y"].shape[-1]
    rate = -2 * point["eta"] * point["delta"] * k * np.sum(X * X) / len(X) ** 2
    return np.full(len(point["W1"]), rate)


def _minibatch(point: Mapping[str, Any]) -> Array:
    """−(2η/b)(1/n Σ|x_i|²|r_i|² − |R|²): theorem `gradient_noise_determinant`."""
    X = point["X"]
    E = point["Y"] - X @ (point["W1"] @ point["W2"])
    squares = np.mean(np.sum(X * X, axis=-1) * np.sum(E * E, axis=-1), axis=-1)
    R = X.T @ E / len(X)
    return np.asarray(-2 * point["eta"] / point["b"] * (squares - np.sum(R * R, axis=(-2, -1))))
