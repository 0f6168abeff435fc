"""Systems of moments against the same expectations from tensors of the state, and what is refused.

For dx = Σ_j B_j x dβ_j + A x dt the expectation of x ⊗ ... ⊗ x solves a linear equation whose
matrix is a sum over single slots and pairs of slots: no trace, no word, no Itô table of the engine.
"""

from __future__ import annotations

from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm
from sympy import Matrix, Rational, sqrt

from derivations import (
    Brownian,
    DerivationError,
    MatrixSDE,
    Parameter,
    Process,
    State,
    det,
    dims,
    dt,
    index,
    positive,
    real,
    stack,
    t,
    total,
    tr,
)
from derivations.moments import moment_system
from derivations.symbols import Family

p, k, l, n = dims("p k l n")
W1, W2, B = State("W1", p, l), State("W2", l, k), Brownian("B", p, k)
gamma = positive("gamma")
NOISE = sqrt(gamma) * B.d
ALONE = MatrixSDE({W1: NOISE * W2.T, W2: W1.T * NOISE})
THETA = stack(W1, W2.T)


def test_the_second_moments_of_the_layers() -> None:
    found = moment_system(ALONE, [W1 * W1.T, W2.T * W2, W1 * W2])
    assert found.moments == (W1 * W1.T, W2.T * W2, W1 * W2, tr(W2 * W2.T), tr(W1 * W1.T))
    assert found.matrix == gamma * Matrix(
        [
            [0, 0, 0, 1, 0],
            [0, 0, 0, 0, 1],
            [0, 0, 1, 0, 0],
            [0, 0, 0, 0, k],
            [0, 0, 0, p, 0],
        ]
    )
    assert found.requested == ((1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0))


def test_a_sum_of_words_is_taken_apart() -> None:
    found = moment_system(ALONE, [tr(THETA * THETA.T)])
    assert found.moments == (tr(W1 * W1.T), tr(W2 * W2.T))
    assert found.requested == ((1, 1),)


def test_an_affine_drift_needs_the_moment_one() -> None:
    x, a, beta = State("x"), positive("a"), Brownian("beta")
    found = moment_system(MatrixSDE({x: -a * x * dt + beta.d}), [x**2])
    assert found.moments == (x**2, 1)
    (value,) = found.expectations(0.7, {x: 1.5}, {}, {a: 0.8})
    assert value == pytest.approx(1.5**2 * np.exp(-1.12) + (1 - np.exp(-1.12)) / 1.6, rel=1e-13)


def test_a_stratonovich_system_is_read_in_its_ito_form() -> None:
    x, beta = State("x"), Brownian("beta")
    found = moment_system(MatrixSDE({x: x * beta.d}, calculus="stratonovich"), [x])
    assert found.matrix.tolist() == [[Rational(1, 2)]]


def test_determinants_are_moments_too() -> None:
    X, beta = State("X", n, n), Brownian("beta")
    found = moment_system(MatrixSDE({X: X * beta.d}), [det(X)])
    assert found.moments == (det(X),)
    assert (found.matrix[0] - n * (n - 1) / 2).expand() == 0


# Against tensors of the state -------------------------------------------------------------------


def tensor_expectation(
    p_: int, k_: int, l_: int, g: float, degree: int, start: np.ndarray, time: float
) -> np.ndarray:
    """E[x ⊗ ... ⊗ x] for x the entries of W1 and W2, from the increments as typed."""
    size = (p_ + k_) * l_
    fields = []
    for i in range(p_):
        for a in range(k_):
            dB = np.zeros((p_, k_))
            dB[i, a] = np.sqrt(g)
            field = np.zeros((size, size))
            for column in range(size):
                x = np.eye(size)[column]
                w1, w2 = x[: p_ * l_].reshape(p_, l_), x[p_ * l_ :].reshape(l_, k_)
                field[:, column] = np.concatenate([(dB @ w2.T).ravel(), (w1.T @ dB).ravel()])
            fields.append(field)
    A: Any = np.zeros((size**degree, size**degree))
    for pair in combinations(range(degree), 2):
        for field in fields:
            slots = [field if slot in pair else np.eye(size) for slot in range(degree)]
            A = A + tensor(slots)
    moved = expm(A * time) @ tensor([start] * degree)
    return np.asarray(moved).reshape((size,) * degree)


def tensor(parts: list[Any]) -> Any:
    return reduce(lambda a, b: np.kron(a, b), parts)


@pytest.mark.parametrize("sizes", [(2, 1, 2), (1, 2, 2), (2, 2, 1)])
def test_second_moments_are_those_of_the_tensor(sizes: tuple[int, int, int]) -> None:
    p_, k_, l_ = sizes
    x = np.random.default_rng(1).standard_normal((p_ + k_) * l_)
    w1, w2 = x[: p_ * l_].reshape(p_, l_), x[p_ * l_ :].reshape(l_, k_)
    found = moment_system(ALONE, [W1 * W1.T, W1 * W2]).expectations(
        0.8, {W1: w1, W2: w2}, dict(zip((p, k, l), sizes, strict=True)), {gamma: 0.6}
    )
    T = tensor_expectation(p_, k_, l_, 0.6, 2, x, 0.8)
    first = T[: p_ * l_, : p_ * l_].reshape(p_, l_, p_, l_)
    mixed = T[: p_ * l_, p_ * l_ :].reshape(p_, l_, l_, k_)
    np.testing.assert_allclose(found[0], np.einsum("iaja->ij", first), rtol=1e-11)
    np.testing.assert_allclose(found[1], np.einsum("iaaj->ij", mixed), rtol=1e-11)


@pytest.mark.parametrize("sizes", [(2, 1, 1), (1, 1, 2), (1, 2, 1)])
def test_fourth_moments_are_those_of_the_tensor(sizes: tuple[int, int, int]) -> None:
    p_, k_, l_ = sizes
    x = np.random.default_rng(2).standard_normal((p_ + k_) * l_)
    w1, w2 = x[: p_ * l_].reshape(p_, l_), x[p_ * l_ :].reshape(l_, k_)
    words = [tr(W1 * W1.T) ** 2, tr(W1 * W1.T * W1 * W1.T), tr(W1 * W2 * W2.T * W1.T)]
    found = moment_system(ALONE, words).expectations(
        0.5, {W1: w1, W2: w2}, dict(zip((p, k, l), sizes, strict=True)), {gamma: 0.9}
    )
    T = tensor_expectation(p_, k_, l_, 0.9, 4, x, 0.5)
    m = p_ * l_
    first = T[:m, :m, :m, :m].reshape((p_, l_) * 4)
    mixed = T[:m, m:, m:, :m].reshape(p_, l_, l_, k_, l_, k_, p_, l_)
    wanted = [
        np.einsum("iaiajbjb->", first),
        np.einsum("iajajbib->", first),
        # tr W1 W2 W2' W1' = W1_ia W2_ab W2_cb W1_ic
        np.einsum("iaabcbic->", mixed),
    ]
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


# What is refused --------------------------------------------------------------------------------


def test_with_the_residual_nothing_closes() -> None:
    X, Y = Parameter("X", n, p), Parameter("Y", n, k)
    R = X.T * (Y - X * W1 * W2) / n
    dG = R * dt + B.d
    with pytest.raises(DerivationError, match=r"E\[W1\*W1\.T\]: nothing closes.*degree 4 after 2"):
        moment_system(MatrixSDE({W1: dG * W2.T, W2: W1.T * dG}), [W1 * W1.T])


def test_a_process_is_any_function_of_the_state() -> None:
    R = Process("R", p, k)
    sde = MatrixSDE({W1: R * W2.T * dt + B.d * W2.T, W2: W1.T * B.d})
    with pytest.raises(DerivationError, match="holds the process R"):
        moment_system(sde, [tr(W1 * W1.T)])


def test_powers_of_a_covariance_are_limited() -> None:
    C = Parameter("C", p, p, positive_definite=True)
    dZ = Brownian("B", p, k, row_covariance=C).d
    sde = MatrixSDE({W1: dZ * W2.T, W2: W1.T * dZ})
    with pytest.raises(DerivationError, match="12 moments do not close the system") as refused:
        moment_system(sde, [W1 * W2], most=12)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_coefficients_are_constant_in_time() -> None:
    x = State("x")
    with pytest.raises(DerivationError, match="depends on t"):
        moment_system(MatrixSDE({x: t * x * dt}), [x])


def test_a_local_martingale_may_lose_its_mean() -> None:
    r, beta = State("r"), Brownian("beta")
    with pytest.raises(DerivationError, match=r"E\[r\]: .* mean zero, as dr grows faster"):
        moment_system(MatrixSDE({r: -(r**2) * beta.d}), [r])


def test_what_is_not_given_is_named() -> None:
    found = moment_system(ALONE, [tr(W1 * W1.T)])
    with pytest.raises(DerivationError, match="gamma is not given"):
        found.at({p: 2, k: 1})
    with pytest.raises(DerivationError, match="W2 is not given"):
        found.expectations(1, {W1: [[1.0]]}, {p: 1, k: 1, l: 1}, {gamma: 1})


def test_sums_over_an_index_are_refused() -> None:
    i = index("i", n)
    x, a = Family("x", n), real("a")
    y = State("y")
    with pytest.raises(DerivationError, match="sums over an index"):
        moment_system(MatrixSDE({y: a * y * dt}), [y * total(x[i], i)])
