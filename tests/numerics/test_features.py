"""Effective rank, independent neurons, similarity: beside cases that are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from numerics.errors import NumericsError
from numerics.features import (
    activation_similarity,
    distinct_neurons,
    effective_rank,
    feature_rank,
    feature_sparsity,
    independent_fraction,
    relu_activations,
)

RNG = np.random.default_rng(5)
BATCH = RNG.standard_normal((3, 2, 40, 6))


def test_effective_rank_of_known_spectra() -> None:
    assert effective_rank(np.array([1.0, 1.0, 1.0])) == pytest.approx(3)
    assert effective_rank(np.array([5.0, 0.0])) == pytest.approx(1)
    # exp of −¾ log ¾ − ¼ log ¼.
    assert effective_rank(np.array([3.0, 1.0])) == pytest.approx(4 / 3**0.75)
    assert effective_rank(np.zeros(3)) == 0
    assert effective_rank(np.ones((4, 2, 3))).shape == (4, 2)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0])
def test_values_of_a_diverged_run_have_no_effective_rank(wrong: float) -> None:
    with pytest.raises(NumericsError, match="diverged"):
        effective_rank(np.array([[1.0, 1.0], [1.0, wrong]]))


def test_rank_of_features() -> None:
    first = RNG.standard_normal((20, 2))
    assert feature_rank(first @ RNG.standard_normal((2, 7))) == 2
    assert feature_rank(np.zeros((4, 3))) == 0
    assert feature_rank(np.diag([1.0, 1e-4]), tolerance=1e-3) == 1
    assert feature_rank(np.diag([1.0, 1e-4]), tolerance=1e-5) == 2
    # The scale of the features is none of their rank.
    for scale in (1e-8, 1e8):
        assert feature_rank(scale * np.diag([1.0, 1e-4]), tolerance=1e-3) == 1


def test_similarity_is_the_correlation() -> None:
    found = activation_similarity(BATCH)
    for place in np.ndindex(3, 2):
        np.testing.assert_allclose(found[place], np.corrcoef(BATCH[place].T), atol=1e-12)
    cosines = activation_similarity(np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 1.0]]), centred=False)
    half = 0.5**0.5
    np.testing.assert_allclose(cosines, [[1, 0, half], [0, 1, half], [half, half, 1]], atol=1e-12)
    # Scale and shift of a neuron change nothing; a constant one is similar to none.
    np.testing.assert_allclose(activation_similarity(1e-200 * BATCH + 0.0), found, atol=1e-12)
    assert activation_similarity(np.array([[1.0, 2.0], [1.0, 3.0]]))[0].tolist() == [0, 0]


def test_groups_of_neurons() -> None:
    a, b = RNG.standard_normal((2, 200))
    layer = np.column_stack([a, 2 * a + 1, b, np.zeros(200), -a, a + 1e-3 * b, np.ones(200)])
    assert distinct_neurons(layer).tolist() == [0, 0, 2, -1, 4, 0, 6]
    assert independent_fraction(layer) == pytest.approx(4 / 7)
    # A chain: 0–1 and 1–2 are above the threshold, 0–2 is not.
    angle = np.radians(15)
    circle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    chain = np.column_stack([np.cos(circle - n * angle) for n in range(3)])
    assert activation_similarity(chain)[0, 2] < 0.95 < activation_similarity(chain)[0, 1]
    assert distinct_neurons(chain).tolist() == [0, 0, 0]
    assert distinct_neurons(chain[:, [0, 2, 1]]).tolist() == [0, 0, 0]
    assert distinct_neurons(chain, threshold=0.99).tolist() == [0, 1, 2]
    # The source's 0.95 from both sides: correlations 0.951 and 0.949.
    for correlation, groups in ((0.951, [0, 0]), (0.949, [0, 1])):
        second = correlation * np.cos(circle) + (1 - correlation**2) ** 0.5 * np.sin(circle)
        assert distinct_neurons(np.column_stack([np.cos(circle), second])).tolist() == groups


def test_the_number_of_groups_does_not_depend_on_the_order() -> None:
    layer = np.maximum(RNG.standard_normal((30, 4)) @ RNG.standard_normal((4, 12)), 0)
    shuffled = layer[:, RNG.permutation(12)]
    for threshold in (0.3, 0.6, 0.9):
        found = independent_fraction(layer, threshold)
        assert independent_fraction(shuffled, threshold) == found


def test_sparsity_counts_groups_once_a_sample() -> None:
    a = np.array([1.0, 2.0, 0.0, 0.0])
    layer = np.column_stack([a, 3 * a, [0.0, 0.0, 0.0, 1.0], np.zeros(4)])
    # Active groups of the four samples: 1, 1, 0, 1, of four neurons.
    assert feature_sparsity(layer) == pytest.approx(3 / 16)
    assert feature_sparsity(np.zeros((3, 2))) == 0
    # Distinct neurons that are all active are dense.
    assert feature_sparsity(np.abs(BATCH[0, 0]) + 1) == 1
    # Neither scale nor sign makes a neuron zero.
    for scale in (1e-20, -1.0):
        assert feature_sparsity(scale * layer) == pytest.approx(3 / 16)
        assert distinct_neurons(scale * layer).tolist() == [0, 0, 2, -1]


def test_a_layer_is_what_its_weights_and_biases_leave_above_zero() -> None:
    X, W, b = RNG.standard_normal((7, 4)), RNG.standard_normal((4, 3)), RNG.standard_normal(3)
    for bias in (None, b):
        found = relu_activations(X, W, bias)
        for sample, neuron in np.ndindex(7, 3):
            before = sum(X[sample, k] * W[k, neuron] for k in range(4))
            expected = max(float(before) + (0.0 if bias is None else bias[neuron]), 0.0)
            assert found[sample, neuron] == pytest.approx(expected, rel=1e-12)


def test_batches_are_one_by_one() -> None:
    layers = relu_activations(BATCH, RNG.standard_normal((3, 2, 6, 5)), RNG.standard_normal((2, 5)))
    assert layers.shape == (3, 2, 40, 5)
    for measure in (feature_rank, independent_fraction, feature_sparsity, distinct_neurons):
        found = measure(layers)
        for place in np.ndindex(3, 2):
            np.testing.assert_array_equal(found[place], measure(layers[place]))


@pytest.mark.parametrize(
    "layer", [np.ones(3), np.ones((0, 3)), np.array([[1.0, np.nan]])], ids=["1d", "empty", "nan"]
)
def test_what_is_no_layer_is_refused(layer: np.ndarray) -> None:
    with pytest.raises(NumericsError):
        independent_fraction(layer)


def test_a_threshold_outside_its_range_is_refused() -> None:
    with pytest.raises(NumericsError, match="threshold"):
        distinct_neurons(BATCH, threshold=1.5)
