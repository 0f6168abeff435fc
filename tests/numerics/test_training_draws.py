"""What the algorithms draw: batches as they should be, and label noise in its exact p×k law."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from numerics.errors import DataError, TrainingError
from numerics.network import Array
from numerics.training import (
    Algorithm,
    Problem,
    draws,
    gradient_descent,
    label_noise,
    minibatch,
    noisy_residual,
    problem,
)

N, P, K = 7, 3, 2


@dataclass(frozen=True)
class OneBlock:
    """A block of runs with the key of its seed alone."""

    size: int
    seed: int = 5

    def generator(self, purpose: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *purpose.encode()])


@pytest.fixture
def data() -> Problem:
    rng = np.random.default_rng(21)
    return problem(rng.standard_normal((N, P)), rng.standard_normal((N, K)))


def batches(data: Problem, algorithm: Algorithm, runs: int, steps: int) -> list[Array]:
    stream = draws(algorithm, data)(OneBlock(runs))
    return [np.asarray(batch) for batch in itertools.islice(stream, steps)]


def test_gradient_descent_draws_nothing(data: Problem) -> None:
    stream = draws(gradient_descent(step=0.1), data)(OneBlock(3))
    assert list(itertools.islice(stream, 3)) == [None] * 3


@pytest.mark.parametrize("b", [1, 3, N])
def test_batches_without_replacement_are_subsets_each_equally_likely(data: Problem, b: int) -> None:
    drawn = np.concatenate(
        batches(data, minibatch(step=0.1, batch=b, sampling="without_replacement"), 500, 20)
    )
    assert drawn.shape == (10_000, b)
    subsets = [frozenset(row) for row in drawn.tolist()]
    assert {len(subset) for subset in subsets} == {b}
    kinds = list(itertools.combinations(range(N), b))
    counts = np.array([subsets.count(frozenset(kind)) for kind in kinds])
    expected = 10_000 / len(kinds)
    # Bernstein's bound for each count, rate 1e-9 split over them.
    bits = np.log(2 * len(kinds) / 1e-9)
    assert np.abs(counts - expected).max() <= np.sqrt(2 * expected * bits) + bits / 3


def test_batches_without_replacement_of_many_rows_are_those_of_the_smallest_keys() -> None:
    """Few keys are sorted by NumPy whatever it is asked for, many are not."""
    rows, block = 600, OneBlock(50)
    many = problem(np.arange(1.0, rows + 1)[:, None], np.ones((rows, 1)))
    algorithm = minibatch(step=0.1, batch=300, sampling="without_replacement")
    drawn = np.asarray(next(draws(algorithm, many)(block)))
    keys = block.generator("without_replacement").random((50, rows))
    assert np.array_equal(np.sort(drawn), np.sort(np.argsort(keys)[:, :300]))


def test_batches_with_replacement_repeat_rows_as_often_as_they_should(data: Problem) -> None:
    drawn = np.concatenate(batches(data, minibatch(step=0.1, batch=2), 500, 20))
    assert drawn.min() == 0
    assert drawn.max() == N - 1
    pairs = np.zeros((N, N))
    np.add.at(pairs, (drawn[:, 0], drawn[:, 1]), 1)
    expected, bits = 10_000 / N**2, np.log(2 * N**2 / 1e-9)
    assert np.abs(pairs - expected).max() <= np.sqrt(2 * expected * bits) + bits / 3


@pytest.mark.parametrize("b", [1, 2, 3, 7])
def test_an_epoch_sees_every_row_once(data: Problem, b: int) -> None:
    steps = -(-N // b)
    drawn = batches(data, minibatch(step=0.1, batch=b, sampling="reshuffling"), 40, 3 * steps)
    assert [batch.shape[1] for batch in drawn[:steps]] == [b] * (N // b) + [N % b] * (N % b > 0)
    for epoch in range(3):
        rows = np.concatenate(drawn[epoch * steps : (epoch + 1) * steps], axis=1)
        assert (np.sort(rows, axis=1) == np.arange(N)).all()
    first, second = (np.concatenate(drawn[e * steps : (e + 1) * steps], axis=1) for e in (0, 1))
    assert (first != second).any()
    assert len({tuple(row) for row in first.tolist()}) > 30


def test_steps_without_replacement_are_independent_of_each_other(data: Problem) -> None:
    """Reshuffling would never repeat a row within an epoch; independent subsets do."""
    drawn = batches(data, minibatch(step=0.1, batch=3, sampling="without_replacement"), 200, 2)
    shared = [len(set(a) & set(b)) for a, b in zip(*(d.tolist() for d in drawn), strict=True)]
    assert max(shared) == 3
    assert np.mean(shared) == pytest.approx(9 / N, abs=0.4)


@pytest.mark.parametrize("sampling", ["with_replacement", "without_replacement", "reshuffling"])
def test_the_mean_over_all_batches_is_the_full_residual(data: Problem, sampling: str) -> None:
    """Enumeration: every minibatch of two rows, no chance involved."""
    rng = np.random.default_rng(3)
    W1, W2 = rng.standard_normal((P, 6)), rng.standard_normal((6, K))
    every = (
        itertools.product(range(N), repeat=2)
        if sampling == "with_replacement"
        else itertools.permutations(range(N), 2)
    )
    rows = np.array(list(every))
    algorithm = minibatch(step=0.1, batch=2, sampling="with_replacement")
    G = noisy_residual(algorithm, data, W1, W2, rows)
    np.testing.assert_allclose(G.mean(axis=0), data.residual(W1, W2), rtol=1e-12)
    # The second moment that the rate of `gradient_noise_determinant` is made of.
    size = float(np.sum(data.residual(W1, W2) ** 2))
    spread = float(data.mean_square_gradient(W1, W2)) - size
    factor = 1.0 if sampling == "with_replacement" else (N - 2) / (N - 1)
    second = np.sum(G**2, axis=(1, 2)).mean()
    assert second == pytest.approx(size + factor * spread / 2, rel=1e-12)


def test_the_last_batch_of_an_epoch_is_the_mean_of_what_is_left_over(data: Problem) -> None:
    rng = np.random.default_rng(3)
    W1, W2 = rng.standard_normal((P, 6)), rng.standard_normal((6, K))
    algorithm = minibatch(step=0.1, batch=3, sampling="reshuffling")
    left = batches(data, algorithm, 1, 3)[2][0]
    assert left.shape == (1,)
    x, y = data.X[left[0]], data.Y[left[0]]
    G = noisy_residual(algorithm, data, W1, W2, left)
    np.testing.assert_allclose(G, np.outer(x, y - x @ W1 @ W2), rtol=1e-12)


def test_the_reduced_label_noise_has_the_covariance_of_the_full_one(data: Problem) -> None:
    """A Gaussian law is its covariance, so AA' = X'X decides; no sample is needed."""
    np.testing.assert_allclose(data.factor @ data.factor.T, data.X.T @ data.X, rtol=1e-12)
    X = np.outer(np.arange(1.0, 6), [1.0, 2.0, -1.0])
    low = problem(X, np.ones((5, 1)))
    assert low.factor.shape == (3, 1)
    np.testing.assert_allclose(low.factor @ low.factor.T, X.T @ X, rtol=1e-12)


def test_a_weak_direction_of_the_data_keeps_its_noise() -> None:
    """Directions are left out where they are rounding, not where they are small."""
    X = np.diag([1.0, 1e-7])
    factor = problem(X, np.ones((2, 1))).factor
    np.testing.assert_allclose(factor @ factor.T, X.T @ X, rtol=1e-12, atol=0)


def test_label_noise_is_drawn_with_that_factor_and_with_variance_delta(data: Problem) -> None:
    block, delta = OneBlock(4), 2.5
    first = next(draws(label_noise(step=0.1, variance=delta), data)(block))
    normals = block.generator("label_noise").standard_normal((4, P, K))
    np.testing.assert_allclose(first, np.sqrt(delta) * data.factor @ normals / N, rtol=1e-14)


def test_label_noise_by_chance_has_the_stated_second_moment(data: Problem) -> None:
    delta, count = 2.0, 40_000
    noise = np.asarray(next(draws(label_noise(step=0.1, variance=delta), data)(OneBlock(count))))
    squares = np.sum(noise**2, axis=(1, 2))
    expected = delta * K * float(np.sum(data.X**2)) / N**2
    # Laurent and Massart, Ann. Statist. 28 (2000), lemma 1, for a weighted sum of χ²; rate 1e-9.
    weights, bits = delta * np.linalg.eigvalsh(data.XX) / N / count, np.log(2 / 1e-9)
    half_width = 2 * np.sqrt(count * K * np.sum(weights**2) * bits) + 2 * weights.max() * bits
    assert abs(squares.mean() - expected) <= half_width
    # √δ for δ would be seen.
    assert half_width < 0.05 * expected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gradient_descent(step=0.0), r"step 0: not a positive number"),
        (lambda: gradient_descent(step=float("nan")), r"step nan: not a positive number"),
        (lambda: label_noise(step=0.1, variance=-1.0), r"variance -1: negative"),
        (lambda: gradient_descent(step=0.1, decay=-1.0), r"decay -1: step·decay is -0\.1"),
        (lambda: gradient_descent(step=0.1, decay=10.0), r"decay 10: step·decay is 1,"),
        (lambda: minibatch(step=0.1, batch=0), r"batch 0: no sample"),
        (lambda: minibatch(step=0.1, batch=1, sampling="full"), r"sampling 'full': draws no"),
        (lambda: Algorithm(sampling="all", step=0.1), r"sampling 'all': unknown; give one of"),  # type: ignore[arg-type]
    ],
)
def test_a_senseless_setting_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(TrainingError, match=message):
        make()


def test_a_batch_larger_than_the_data_is_refused_unless_rows_repeat(data: Problem) -> None:
    for sampling in ("without_replacement", "reshuffling"):
        with pytest.raises(TrainingError, match=r"batch 8: the data have 7 rows; give at most 7"):
            draws(minibatch(step=0.1, batch=8, sampling=sampling), data)
    assert len(batches(data, minibatch(step=0.1, batch=8), 1, 1)[0][0]) == 8


@pytest.mark.parametrize(
    ("X", "Y", "message"),
    [
        (np.ones(3), np.ones((3, 1)), r"X of shape \(3,\): not a matrix"),
        (np.ones((3, 2)), np.ones((3, 0)), r"Y of shape \(3, 0\): not a matrix"),
        (np.ones((3, 2)), np.ones((2, 1)), r"Y with 2 rows: X has 3"),
        (np.full((3, 2), np.nan), np.ones((3, 1)), r"X: has entries that are not finite"),
    ],
)
def test_data_that_do_not_fit_are_refused(X: Array, Y: Array, message: str) -> None:
    with pytest.raises(DataError, match=message):
        problem(X, Y)
