"""The exact discrete law det M⁺ = det(I − η²G'G)² det M, draw by draw, for every algorithm."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from numerics.datasets import load
from numerics.errors import TrainingError
from numerics.network import Array, advanced, gram, log_det_with_error
from numerics.training import (
    Algorithm,
    Problem,
    gradient_descent,
    label_noise,
    log_det_change,
    minibatch,
    problem,
    run,
    squared_singular_values,
    start_state,
    stepper,
)

ETA = 0.03
LINNERUD = problem(load("linnerud").X, load("linnerud").Y)
DIABETES = problem(load("diabetes").X, load("diabetes").Y)

ALGORITHMS = [
    gradient_descent(step=ETA),
    label_noise(step=ETA, variance=4.0),
    minibatch(step=ETA, batch=1),
    minibatch(step=ETA, batch=5, sampling="with_replacement"),
    minibatch(step=ETA, batch=5, sampling="without_replacement"),
    minibatch(step=ETA, batch=6, sampling="reshuffling"),
]
ALL = [Algorithm(**{**vars(a), "decay": mu}) for a in ALGORITHMS for mu in (0.0, 0.5)]


def name(algorithm: Algorithm) -> str:
    return f"{algorithm.sampling}-{algorithm.batch}-decay{algorithm.decay:g}"


@pytest.mark.parametrize("algorithm", ALL, ids=name)
@pytest.mark.parametrize("data", [LINNERUD, DIABETES], ids=["linnerud", "diabetes"])
def test_the_discrete_law_holds_in_every_step(algorithm: Algorithm, data: Problem) -> None:
    result = run(
        algorithm,
        data,
        width=data.p + data.k + 2,
        steps=60,
        runs=16,
        block=16,
        seed=4,
        start_scale=0.4,
        keep=True,
    )
    assert (result.values("excess")[-1] <= 1).all()
    assert result.values("gap")[-1].max() < 1e-11
    np.testing.assert_allclose(
        result.values("log_det")[-1] - result.values("log_det")[0],
        result.values("law")[-1],
        atol=1e-11,
    )
    # Without noise and decay the last steps change next to nothing.
    assert (result.values("resolved")[-1] > 10).all()


@pytest.mark.parametrize("wrong", [0.5, 2.0, 1.001, -1.0])
def test_a_wrong_law_is_beyond_the_bound(wrong: float) -> None:
    """Half, twice, a thousandth more, the wrong sign: the bound has no room for them."""
    rng = np.random.default_rng(8)
    W1, W2 = 0.4 * rng.standard_normal((50, 10, 13)), 0.4 * rng.standard_normal((50, 13, 1))
    G = DIABETES.residual(W1, W2)
    before, e0 = log_det_with_error(W1, W2)
    after, e1 = log_det_with_error(*advanced(W1, W2, G, ETA))
    change = log_det_change(G, ETA)
    assert (np.abs(after - before - change) <= e0 + e1).all()
    assert (np.abs(after - before - wrong * change) > e0 + e1).all()


@pytest.mark.parametrize("shape", [(3, 3), (10, 1), (1, 4), (2, 5)])
@pytest.mark.parametrize("mu", [0.0, 2.0])
def test_the_change_is_the_determinant_of_the_multiplier(shape: tuple[int, int], mu: float) -> None:
    """2 log|det((1 − ημ)I + ηS(G))| by slogdet of the block, without any Schur complement."""
    rng = np.random.default_rng(9)
    eta = 0.1
    for scale in (0.01, 1.0, 10.0, 100.0):
        G = scale * rng.standard_normal((6, *shape))
        p, k = shape
        S = np.zeros((6, p + k, p + k))
        S[:, :p, p:], S[:, p:, :p] = G, G.swapaxes(-1, -2)
        _, expected = np.linalg.slogdet((1 - eta * mu) * np.eye(p + k) + eta * S)
        np.testing.assert_allclose(log_det_change(G, eta, mu), 2 * expected, rtol=1e-10, atol=1e-12)


def test_small_changes_keep_their_digits() -> None:
    """1 − x rounds at 1e-16, log1p(−x) does not: relative accuracy survives x = 1e-14."""
    G = np.array([[[1e-5], [0.0]]])
    exact = 2 * (-1e-14 - 1e-28 / 2)
    assert log_det_change(G, 0.01)[0] == pytest.approx(exact, rel=1e-14)


def test_a_singular_step_drops_the_rank() -> None:
    G = np.diag([4.0, 4.0, 1.0])
    assert np.isneginf(log_det_change(G, 0.25))
    rng = np.random.default_rng(2)
    W1, W2 = rng.standard_normal((3, 8)), rng.standard_normal((8, 3))
    after = advanced(W1, W2, G, 0.25)
    assert np.linalg.matrix_rank(gram(*after)) == 6 - 2


def test_an_increase_needs_a_large_step() -> None:
    assert log_det_change(np.array([[1.5]]), 1.0) > 0
    assert log_det_change(np.array([[1.4]]), 1.0) < 0


def test_squared_singular_values_from_either_side() -> None:
    G = np.random.default_rng(3).standard_normal((4, 2, 5))
    expected = np.linalg.svd(G, compute_uv=False) ** 2
    for A in (G, G.swapaxes(-1, -2)):
        np.testing.assert_allclose(squared_singular_values(A)[:, ::-1], expected, rtol=1e-12)


def test_the_accumulated_law_goes_on_where_the_determinant_ends() -> None:
    """M is singular to working precision; the sum over the steps still follows a 250-digit twin."""
    mpmath = pytest.importorskip("mpmath")
    algorithm = label_noise(step=0.1, variance=40.0)
    state = start_state(*_one_start(3, 3, 7))
    step, noise = stepper(algorithm, LINNERUD), _normals(40.0, 500)
    with mpmath.workdps(250):
        Theta = mpmath.matrix(np.concatenate([state["W1"][0], state["W2"][0].T]).tolist())
        for index, draw in enumerate(noise):
            state = dict(step(state, index, draw))
            G = state["G"][0]
            S = mpmath.eye(6)
            for i, j in itertools.product(range(3), range(3)):
                S[i, 3 + j] = S[3 + j, i] = mpmath.mpf(0.1) * mpmath.mpf(G[i, j])
            Theta = S * Theta
        exact = mpmath.log(mpmath.det(Theta * Theta.T))
    start = log_det_with_error(*_one_start(3, 3, 7))[0][0]
    assert start + state["law"][0] == pytest.approx(float(exact), rel=1e-9)
    assert exact < -150
    # The weights in double precision know less, and the bound says so.
    assert state["log_det_error"][0] > 1e-6


def test_where_the_rank_is_missing_nothing_is_claimed() -> None:
    """From W1 = 0 the Gram matrix is singular; the check then never counts as agreement."""
    rng = np.random.default_rng(1)
    state = start_state(np.zeros((2, 3, 8)), rng.standard_normal((2, 8, 3)))
    step = stepper(gradient_descent(step=ETA), LINNERUD)
    for index in range(3):
        state = dict(step(state, index, None))
    assert not (state["excess"] <= 1).any()
    assert (state["resolved"] <= 1).all()
    with pytest.raises(TrainingError, match=r"width 5: det M is zero below p \+ k = 6"):
        run(gradient_descent(step=ETA), LINNERUD, width=5, steps=5, runs=2, seed=1)


def _one_start(p: int, k: int, width: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(12)
    return 0.3 * rng.standard_normal((1, p, width)), 0.3 * rng.standard_normal((1, width, k))


def _normals(variance: float, steps: int) -> list[Array]:
    rng = np.random.default_rng(13)
    scale = np.sqrt(variance) / LINNERUD.n
    return [scale * LINNERUD.factor @ rng.standard_normal((1, 3, 3)) for _ in range(steps)]


def test_divergence_is_one_clear_line() -> None:
    with pytest.raises(TrainingError, match=r"^step 5: training diverged after \d+ steps; take"):
        run(gradient_descent(step=5.0), LINNERUD, width=8, steps=200, runs=2, seed=1)
