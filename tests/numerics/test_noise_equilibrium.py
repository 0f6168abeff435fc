"""The noise equilibrium by the geometric mean, against the drift that it must make zero."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from numerics.errors import NumericsError
from numerics.noise_equilibrium import geometric_mean, noise_equilibrium

Array = NDArray[np.float64]
OUTPUTS, HIDDEN, INPUTS = 4, 3, 5


def covariance(rng: np.random.Generator, n: int, rank: int | None = None) -> Array:
    root = rng.normal(size=(n, rank or 2 * n))
    found: Array = root @ root.T / root.shape[1]
    return found


def drift(U: Array, W: Array, residuals: Array, inputs: Array) -> Array:
    """Of WW' − U'U, over 4T."""
    out = np.trace(inputs) * U.T @ residuals @ U
    found: Array = out - np.trace(residuals) * W @ inputs @ W.T
    return found


def sharpness(U: Array, W: Array, inputs: Array) -> float:
    flat = len(U) * np.trace(W @ inputs @ W.T) + np.trace(inputs) * np.sum(U * U)
    return 2 * float(flat)


@pytest.fixture(params=range(4))
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(request.param)


def start(rng: np.random.Generator) -> tuple[Array, Array]:
    return rng.normal(size=(OUTPUTS, HIDDEN)), rng.normal(size=(HIDDEN, INPUTS))


def test_geometric_mean_against_another_formula(rng: np.random.Generator) -> None:
    X, Y = covariance(rng, 4), covariance(rng, 4)
    Z = geometric_mean(X, Y)
    np.testing.assert_allclose(Z @ np.linalg.inv(X) @ Z, Y, atol=1e-11)
    np.testing.assert_allclose(Z, X @ sqrtm(np.linalg.inv(X) @ Y), atol=1e-10)
    assert not np.allclose(Z, (X + Y) / 2)


def test_a_mean_that_double_precision_cannot_tell_is_refused(rng: np.random.Generator) -> None:
    """Both matrices are definite, and X^−½ Y X^−½ is not, for want of digits."""

    def narrow() -> Array:
        Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        return (Q * np.logspace(0, -13, 4)) @ Q.T

    with pytest.raises(NumericsError, match="not positive definite"):
        geometric_mean(narrow(), narrow())


def test_the_drift_vanishes_at_the_equilibrium_and_the_product_stays(
    rng: np.random.Generator,
) -> None:
    (U, W), residuals, inputs = start(rng), covariance(rng, OUTPUTS), covariance(rng, INPUTS)
    at = noise_equilibrium(U, W, residual_covariance=residuals, input_covariance=inputs)
    np.testing.assert_allclose(at[0] @ at[1], U @ W, atol=1e-11)
    assert np.abs(drift(*at, residuals, inputs)).max() < 1e-9
    # Neither the start, nor a balanced factorization, nor the equilibrium of other noise does it.
    other = noise_equilibrium(
        U, W, residual_covariance=np.eye(OUTPUTS), input_covariance=np.eye(INPUTS)
    )
    for wrong in ((U, W), other):
        assert np.abs(drift(*wrong, residuals, inputs)).max() > 1e-2


def test_every_start_on_the_orbit_leads_to_one_point_up_to_a_rotation(
    rng: np.random.Generator,
) -> None:
    (U, W), residuals, inputs = start(rng), covariance(rng, OUTPUTS), covariance(rng, INPUTS)
    C = rng.normal(size=(HIDDEN, HIDDEN))
    found = [
        noise_equilibrium(*at, residual_covariance=residuals, input_covariance=inputs)
        for at in ((U, W), (U @ np.linalg.inv(C), C @ W))
    ]
    (U1, W1), (U2, W2) = found
    np.testing.assert_allclose(U1 @ U1.T, U2 @ U2.T, atol=1e-8)
    np.testing.assert_allclose(W1.T @ W1, W2.T @ W2, atol=1e-8)
    rotation = W2 @ np.linalg.pinv(W1)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(HIDDEN), atol=1e-7)


def test_ranks_that_differ_have_no_equilibrium(rng: np.random.Generator) -> None:
    U, W = start(rng)
    residuals, inputs = covariance(rng, OUTPUTS, rank=1), covariance(rng, INPUTS)
    with pytest.raises(NumericsError, match=r"U' residual_covariance U: rank 1 of 3"):
        noise_equilibrium(U, W, residual_covariance=residuals, input_covariance=inputs)


def test_where_ranks_differ_the_flow_along_the_orbit_collapses_the_rank(
    rng: np.random.Generator,
) -> None:
    (U, W), inputs = start(rng), covariance(rng, INPUTS)
    near, sizes = covariance(rng, OUTPUTS, rank=1), []
    for floor in (1e-2, 1e-4, 1e-6):
        at = noise_equilibrium(
            U, W, residual_covariance=near + floor * np.eye(OUTPUTS), input_covariance=inputs
        )
        sizes.append(np.linalg.svd(at[1], compute_uv=False))
    # W loses all ranks but one as the noise does, like the fourth root of its small part.
    ratios = np.array(sizes)[:, 1:] / np.array(sizes)[:, :1]
    assert (ratios[1:] < 0.5 * ratios[:-1]).all()
    assert (ratios[1:] > 0.2 * ratios[:-1]).all()


def test_isotropic_noise_leads_to_the_flattest_point(rng: np.random.Generator) -> None:
    (U, W), inputs = start(rng), covariance(rng, INPUTS)
    at = noise_equilibrium(U, W, residual_covariance=np.eye(OUTPUTS), input_covariance=inputs)
    least = sharpness(*at, inputs)
    assert least < sharpness(U, W, inputs)
    for size in (1e-2, 1e-1, 1):
        A = rng.normal(size=(HIDDEN, HIDDEN)) * size
        C = np.eye(HIDDEN) + (A + A.T) / 4
        assert sharpness(at[0] @ np.linalg.inv(C), C @ at[1], inputs) > least


def test_anisotropic_noise_sharpens(rng: np.random.Generator) -> None:
    """From the flattest point of the orbit the equilibrium of anisotropic noise is sharper."""
    (U, W), inputs = start(rng), covariance(rng, INPUTS)
    flattest = noise_equilibrium(U, W, residual_covariance=np.eye(OUTPUTS), input_covariance=inputs)
    strong = np.diag([100.0, 1, 0.01, 0.01])
    at = noise_equilibrium(*flattest, residual_covariance=strong, input_covariance=inputs)
    assert sharpness(*at, inputs) > 1.02 * sharpness(*flattest, inputs)


def test_the_hessian_has_the_trace(rng: np.random.Generator) -> None:
    """The Laplacian of the loss by central differences, exact for a quartic up to its h² term."""
    (U, W), inputs = start(rng), covariance(rng, INPUTS)
    A = rng.normal(size=(OUTPUTS, INPUTS))

    def loss(theta: Array) -> float:
        left = theta[: U.size].reshape(U.shape) @ theta[U.size :].reshape(W.shape) - A
        return float(np.trace(left @ inputs @ left.T))

    theta, h = np.concatenate([U.ravel(), W.ravel()]), 1e-3
    steps = h * np.eye(len(theta))
    laplacian = sum(loss(theta + s) + loss(theta - s) - 2 * loss(theta) for s in steps) / h**2
    assert laplacian == pytest.approx(sharpness(U, W, inputs), rel=1e-6)
    assert laplacian != pytest.approx(sharpness(U, W, inputs) / 2, rel=0.1)


def test_the_flow_that_the_noise_gives_the_imbalance_ends_at_the_equilibrium(
    rng: np.random.Generator,
) -> None:
    """Motion along the orbit with d(WW' − U'U) = drift dt: the potential falls to its minimum."""
    (U, W), residuals, inputs = start(rng), covariance(rng, OUTPUTS), covariance(rng, INPUTS)

    def potential(U: Array, W: Array) -> float:
        down = np.trace(residuals) * np.trace(W @ inputs @ W.T)
        return float(down + np.trace(inputs) * np.trace(U.T @ residuals @ U))

    at = noise_equilibrium(U, W, residual_covariance=residuals, input_covariance=inputs)
    values = [potential(U, W)]
    for _ in range(500):
        U, W = along(U, W, drift(U, W, residuals, inputs), 0.08 / np.trace(inputs))
        values.append(potential(U, W))
    assert (np.diff(values) <= 1e-12 * values[0]).all()
    assert values[-1] == pytest.approx(potential(*at), rel=1e-6)
    np.testing.assert_allclose(U @ U.T, at[0] @ at[0].T, rtol=0.01, atol=0.01)


def along(U: Array, W: Array, change: Array, time: float) -> tuple[Array, Array]:
    """exp(∓ time X), X the solution of XG + GX = change, G = WW' + U'U."""
    values, V = np.linalg.eigh(W @ W.T + U.T @ U)
    X = V @ ((V.T @ change @ V) / (values[:, None] + values[None, :])) @ V.T
    turns, E = np.linalg.eigh(X)
    forward, back = ((E * np.exp(s * time * turns)) @ E.T for s in (1, -1))
    return U @ back, forward @ W
