"""The finite-sample bounds of the command ``data``, against exact moment generating functions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from numerics.network import Array
from numerics.training import Problem, minibatch, noisy_residual, problem
from verify.data.concentration import (
    Concentration,
    batch_concentration,
    label_noise_concentration,
)

DELTA, ALPHA = 3.0, 1e-3


def small(n: int, p: int, k: int, seed: int = 0) -> tuple[Problem, tuple[Array, Array]]:
    rng = np.random.default_rng(seed)
    data = problem(rng.standard_normal((n, p)), rng.standard_normal((n, k)))
    W1 = rng.standard_normal((1, p, p + k))
    return data, (W1, rng.standard_normal((1, p + k, k)))


def test_the_gaussian_exponent_is_exact() -> None:
    """log E exp(s(|R + N|² − E)) by Gauss–Hermite quadrature over every normal."""
    data, (W1, W2) = small(6, 2, 1)
    bound = label_noise_concentration(data, DELTA, (W1, W2), 1000, ALPHA)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    grid = np.array(list(itertools.product(nodes, repeat=2)))
    mass = np.prod(np.array(list(itertools.product(weights, repeat=2))), axis=1)
    # Any factor of X'X will do: the law is the same.
    A = np.linalg.cholesky(data.X.T @ data.X)
    G = data.residual(W1, W2) + np.sqrt(DELTA) / 6 * (A @ grid[:, :, None])
    squares = np.sum(G**2, axis=(1, 2))
    mean = mass @ squares
    for s in (0.05, 0.3, -0.05, -0.3, -2.0):
        exact = np.log(mass @ np.exp(s * (squares - mean)))
        assert bound.log_moment(W1, W2)(s)[0] == pytest.approx(exact, rel=1e-6, abs=1e-12)
    assert np.isinf(bound.log_moment(W1, W2)(1e3)[0])


@pytest.mark.parametrize("b", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_batch_exponent_is_a_bound(b: int, seed: int) -> None:
    """Every batch is enumerated: the exponent may not be below the exact one, for either sign."""
    data, (W1, W2) = small(5, 2, 2, seed)
    bound = batch_concentration(data, b, (W1, W2), 1000, ALPHA)
    rows = np.array(list(itertools.product(range(5), repeat=b)))
    G = noisy_residual(minibatch(step=0.1, batch=b), data, W1[0], W2[0], rows)
    squares = np.sum(G**2, axis=(1, 2))
    scale = 1 / squares.mean()
    for s in (0.01, 0.1, 1.0, -0.01, -0.1, -1.0, -10.0):
        exact = np.log(np.mean(np.exp(s * scale * (squares - squares.mean()))))
        exponent = bound.log_moment(W1, W2)(s * scale)[0]
        assert exact <= exponent * (1 + 1e-9) + 1e-12
    # And it is of use: for a small tilt within a factor of the exact one.
    near = np.log(np.mean(np.exp(0.01 * scale * (squares - squares.mean()))))
    assert bound.log_moment(W1, W2)(0.01 * scale)[0] < 12 * near


def test_data_that_are_fitted_leave_no_noise() -> None:
    data, (W1, W2) = small(5, 2, 1)
    exact = problem(data.X, data.X @ W1[0] @ W2[0])
    bound = batch_concentration(exact, 2, (0 * W1, W2), 100, ALPHA)
    assert bound.log_moment(W1, W2)(1.0)[0] == pytest.approx(0, abs=1e-20)


def coverage(bound: Concentration, deviations: Array, W1: Array, W2: Array) -> Array:
    steps = np.arange(1, deviations.shape[1] + 1)
    upper, lower = bound.upper_exponent(W1, W2)[0], bound.lower_exponent(W1, W2)[0]
    return np.abs(np.cumsum(deviations, axis=1)) <= bound.half_width(steps * upper, steps * lower)


@pytest.mark.parametrize("alpha", [0.5, 0.05])
def test_the_band_holds_at_all_times_at_once(alpha: float) -> None:
    """Label noise at fixed weights: as many walks leave the band as its level allows, no more."""
    data, (W1, W2) = small(8, 2, 1)
    bound = label_noise_concentration(data, DELTA, (W1, W2), 100, alpha)
    rng = np.random.default_rng(1)
    normals = rng.standard_normal((2000, 100, 2, 1))
    G = data.residual(W1, W2)[0] + np.sqrt(DELTA) / 8 * (data.factor @ normals)
    squares = np.sum(G**2, axis=(2, 3))
    mean = np.sum(data.residual(W1, W2) ** 2) + DELTA * np.sum(data.X**2) / 64
    left = np.mean(~coverage(bound, squares - mean, W1, W2).all(axis=1))
    # 2000 walks: Hoeffding's bound at 1e-6.
    assert left <= alpha + 0.06
    # A mean that is wrong by a factor of two leaves it for sure.
    assert not coverage(bound, squares - 2 * mean, W1, W2)[:, -1].any()


def test_more_draws_make_the_bound_narrower() -> None:
    data, weights = small(8, 2, 1)
    widths = []
    for draws in (100, 10_000):
        bound = label_noise_concentration(data, DELTA, weights, draws, ALPHA)
        upper, lower = bound.upper_exponent(*weights)[0], bound.lower_exponent(*weights)[0]
        widths.append(float(bound.half_width(draws * upper, draws * lower)) / draws)
    assert widths[1] < 0.15 * widths[0]
