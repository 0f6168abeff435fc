"""The block form S(G)Θ of every algorithm against the loss itself.

The vectorised step is never trusted to be the gradient of the loss: plain loops over samples and
entries, and differentiation of the loss by a complex step, must give the same weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from numerics.network import Array, advanced, curvature, gram, log_det, loss, stack
from numerics.training import (
    Problem,
    gradient_descent,
    label_noise,
    minibatch,
    noisy_residual,
    problem,
)

Complex = NDArray[np.complex128]
N, P, K, L, RUNS = 7, 3, 2, 6, 4
ETA, MU = 0.05, 0.3


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def data(rng: np.random.Generator) -> Problem:
    return problem(rng.standard_normal((N, P)), rng.standard_normal((N, K)))


@pytest.fixture
def weights(rng: np.random.Generator) -> tuple[Array, Array]:
    return rng.standard_normal((RUNS, P, L)), rng.standard_normal((RUNS, L, K))


def loop_loss(
    X: Array, Y: Array | Complex, W1: Array | Complex, W2: Array | Complex, rows: list[int]
) -> complex:
    """Mean over the rows of ½|y − W2'W1'x|², entry by entry; analytic."""
    total: complex = 0.0
    for i in rows:
        for a in range(Y.shape[1]):
            prediction: complex = 0.0
            for j in range(X.shape[1]):
                for m in range(W1.shape[1]):
                    prediction += X[i, j] * W1[j, m] * W2[m, a]
            total += (Y[i, a] - prediction) ** 2 / 2
    return total / len(rows)


def complex_step(f: Callable[[Complex], complex], W: Array) -> Array:
    """Derivative of an analytic f in every entry of W, exact to rounding."""
    gradient = np.zeros_like(W)
    for place in np.ndindex(W.shape):
        moved = W.astype(np.complex128)
        moved[place] += 1e-30j
        gradient[place] = f(moved).imag / 1e-30
    return gradient


def literal_step(
    X: Array, Y: Array, W1: Array, W2: Array, rows: list[int], eta: float, mu: float
) -> tuple[Array, Array]:
    """One step of gradient descent on the loss of some rows, with weight decay (μ/2)|Θ|²."""
    g1 = complex_step(lambda W: loop_loss(X, Y, W, W2, rows), W1)
    g2 = complex_step(lambda W: loop_loss(X, Y, W1, W, rows), W2)
    return W1 - eta * (g1 + mu * W1), W2 - eta * (g2 + mu * W2)


def test_loss_is_the_loop_loss(data: Problem, weights: tuple[Array, Array]) -> None:
    values = loss(data.X, data.Y, *weights)
    for r in range(RUNS):
        loop = loop_loss(data.X, data.Y, weights[0][r], weights[1][r], list(range(N)))
        assert values[r] == pytest.approx(loop.real, rel=1e-13)


@pytest.mark.parametrize("mu", [0.0, MU])
def test_gradient_descent_follows_the_loss(
    data: Problem, weights: tuple[Array, Array], mu: float
) -> None:
    W1, W2 = weights
    algorithm = gradient_descent(step=ETA, decay=mu)
    after = advanced(W1, W2, noisy_residual(algorithm, data, W1, W2, None), ETA, mu)
    for r in range(RUNS):
        literal = literal_step(data.X, data.Y, W1[r], W2[r], list(range(N)), ETA, mu)
        np.testing.assert_allclose(after[0][r], literal[0], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(after[1][r], literal[1], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mu", [0.0, MU])
def test_label_noise_follows_the_loss_of_noisy_labels(
    data: Problem, weights: tuple[Array, Array], rng: np.random.Generator, mu: float
) -> None:
    W1, W2 = weights
    noise = np.sqrt(2.0) * rng.standard_normal((RUNS, N, K))
    algorithm = label_noise(step=ETA, variance=2.0, decay=mu)
    G = noisy_residual(algorithm, data, W1, W2, data.X.T @ noise / N)
    after = advanced(W1, W2, G, ETA, mu)
    for r in range(RUNS):
        literal = literal_step(data.X, data.Y + noise[r], W1[r], W2[r], list(range(N)), ETA, mu)
        np.testing.assert_allclose(after[0][r], literal[0], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(after[1][r], literal[1], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("mu", [0.0, MU])
def test_minibatch_follows_the_loss_of_its_rows(
    data: Problem, weights: tuple[Array, Array], rng: np.random.Generator, batch: int, mu: float
) -> None:
    W1, W2 = weights
    rows = rng.integers(N, size=(RUNS, batch))
    algorithm = minibatch(step=ETA, batch=batch, decay=mu)
    after = advanced(W1, W2, noisy_residual(algorithm, data, W1, W2, rows), ETA, mu)
    for r in range(RUNS):
        literal = literal_step(data.X, data.Y, W1[r], W2[r], rows[r].tolist(), ETA, mu)
        np.testing.assert_allclose(after[0][r], literal[0], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(after[1][r], literal[1], rtol=1e-12, atol=1e-13)


def test_a_wrong_gradient_is_seen(data: Problem, weights: tuple[Array, Array]) -> None:
    """The twin rejects the lost 1/n and the second layer updated after the first."""
    W1, W2 = weights
    R = data.residual(W1, W2)
    literal = literal_step(data.X, data.Y, W1[0], W2[0], list(range(N)), ETA, 0.0)
    first, _ = advanced(W1, W2, N * R, ETA)
    assert np.abs(first[0] - literal[0]).max() > 1e-3
    first, _ = advanced(W1, W2, R, ETA)
    _, second = advanced(first, W2, R, ETA)
    assert np.abs(second[0] - literal[1]).max() > 1e-3


def test_a_step_multiplies_the_stack_from_the_left(
    data: Problem, weights: tuple[Array, Array]
) -> None:
    W1, W2 = weights
    G = data.residual(W1, W2)
    Theta = stack(*advanced(W1, W2, G, ETA, MU))
    for r in range(RUNS):
        S = np.block([[np.zeros((P, P)), G[r]], [G[r].T, np.zeros((K, K))]])
        expected = ((1 - ETA * MU) * np.eye(P + K) + ETA * S) @ stack(W1[r], W2[r])
        np.testing.assert_allclose(Theta[r], expected, rtol=1e-13, atol=1e-14)


def test_the_mean_square_gradient_is_the_loop_over_samples(
    data: Problem, weights: tuple[Array, Array]
) -> None:
    values = data.mean_square_gradient(*weights)
    for r in range(RUNS):
        total = 0.0
        for i in range(N):
            error = data.Y[i] - data.X[i] @ weights[0][r] @ weights[1][r]
            total += float(np.sum(np.outer(data.X[i], error) ** 2))
        assert values[r] == pytest.approx(total / N, rel=1e-13)


def test_log_det_agrees_with_slogdet_of_the_gram_matrix(weights: tuple[Array, Array]) -> None:
    signs, values = np.linalg.slogdet(gram(*weights))
    assert (signs == 1).all()
    np.testing.assert_allclose(log_det(*weights), values, rtol=1e-12)


def test_log_det_without_rank_is_minus_infinity(weights: tuple[Array, Array]) -> None:
    W1, W2 = weights
    assert np.isneginf(log_det(W1[..., : P + K - 1], W2[..., : P + K - 1, :])).all()
    assert np.isneginf(log_det(0 * W1, W2)).all()


def test_the_curvature_bounds_the_hessian_at_interpolation(rng: np.random.Generator) -> None:
    W1, W2 = rng.standard_normal((P, L)), rng.standard_normal((L, K))
    X = rng.standard_normal((N, P))
    Y = X @ W1 @ W2
    size = W1.size + W2.size

    def gradient(flat: Array) -> Array:
        V1, V2 = flat[: W1.size].reshape(P, L), flat[W1.size :].reshape(L, K)
        R = X.T @ (Y - X @ V1 @ V2) / N
        return -np.concatenate([(R @ V2.T).ravel(), (V1.T @ R).ravel()])

    at, h = np.concatenate([W1.ravel(), W2.ravel()]), 1e-6
    hessian = [(gradient(at + h * e) - gradient(at - h * e)) / (2 * h) for e in np.eye(size)]
    largest = np.linalg.eigvalsh(np.array(hessian))[-1]
    bound = float(curvature(X.T @ X / N, W1, W2))
    assert 0.3 * bound < largest <= bound * (1 + 1e-6)
