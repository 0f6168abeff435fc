"""The compiled loops of ReLU networks beside their literal twins; moments of their noise."""

import numpy as np
import pytest

from numerics.compiled import relu
from numerics.network import Array


def network(seed: int, p: int = 3, m: int = 7, n: int = 11) -> tuple[Array, Array, Array, Array]:
    rng = np.random.Generator(np.random.SFC64(seed))
    draw = rng.standard_normal
    return draw((m, p)), draw(m), draw((n, p)), draw(n)


def generator(seed: int = 5) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


@pytest.mark.parametrize("deviation", [0.0, 0.5])
def test_sgd_takes_the_steps_of_its_literal_twin(deviation: float) -> None:
    W, a, X, y = network(1)
    V, b = W.copy(), a.copy()
    relu.sgd_steps(W, a, X, y, 0.02, deviation, 300, generator())
    relu.sgd_steps_literal(V, b, X, y, 0.02, deviation, 300, generator())
    np.testing.assert_allclose(W, V, rtol=1e-11)
    np.testing.assert_allclose(a, b, rtol=1e-11)


@pytest.mark.parametrize("deviation", [0.0, 0.5])
def test_sde_takes_the_steps_of_its_literal_twin(deviation: float) -> None:
    W, a, X, y = network(2)
    V, b = W.copy(), a.copy()
    relu.sde_steps(W, a, X, y, 0.02, deviation, 0.005, 200, generator())
    relu.sde_steps_literal(V, b, X, y, 0.02, deviation, 0.005, 200, generator())
    np.testing.assert_allclose(W, V, rtol=1e-11)
    np.testing.assert_allclose(a, b, rtol=1e-11)


def test_steps_taken_in_two_calls_are_those_of_one() -> None:
    W, a, X, y = network(3)
    V, b = W.copy(), a.copy()
    once, twice = generator(), generator()
    relu.sgd_steps(W, a, X, y, 0.02, 0.5, 50, once)
    for _ in range(2):
        relu.sgd_steps(V, b, X, y, 0.02, 0.5, 25, twice)
    assert (W == V).all()
    assert (a == b).all()


def moments(step: object, count: int, scale: float) -> tuple[Array, Array]:
    """Mean and covariance per unit of time of the change of the weights in one step."""
    W, a, X, y = network(4, p=2, m=3, n=4)
    rng = generator()
    changes = np.empty((count, W.size + a.size))
    for row in changes:
        V, b = W.copy(), a.copy()
        step(V, b, X, y, rng)  # type: ignore[operator]
        row[:] = np.concatenate([(V - W).ravel(), b - a])
    return changes.mean(axis=0) / scale, np.cov(changes.T) / scale


def test_the_sde_has_mean_and_covariance_of_the_algorithm() -> None:
    eta, h = 0.1, 0.001
    drift, spread = moments(
        lambda W, a, X, y, rng: relu.sgd_steps(W, a, X, y, eta, 0.5, 1, rng), 40_000, eta
    )
    # Scaled noise, so that the small drift of a short step is no part of what is compared.
    mean, covariance = moments(
        lambda W, a, X, y, rng: relu.sde_steps(W, a, X, y, eta, 0.5, h, 1, rng), 40_000, h
    )
    size = np.abs(spread).max()
    np.testing.assert_allclose(covariance, spread, atol=0.05 * size)
    assert np.abs(covariance - 2 * spread).max() > 0.5 * size
    # The standard error of a mean over 40,000 steps of length h, five times.
    errors = 5 * np.sqrt(np.diag(covariance) / h / 40_000)
    assert (np.abs(mean - drift) < errors + 5 * np.sqrt(np.diag(spread) / eta / 40_000)).all()
