"""Finite randomness: all signs of one step, all draws of an algorithm."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from numerics.enumeration import (
    MOST_SIGNS,
    enumerate_covariation,
    enumerate_draws,
    enumerate_drift,
    signs,
)
from numerics.errors import NumericsError
from numerics.one_step import one_step_drift
from tests.numerics.handmade import (
    balancedness,
    geometric_brownian_motion,
    label_noise,
    log_det,
    log_x,
    network_point,
    stated_balancedness,
    stated_logdet,
    trace,
)


def test_signs_are_one_of_every_pair() -> None:
    for m in (1, 2, 5):
        half = {tuple(row) for row in signs(m)}
        assert half | {tuple(-x for x in row) for row in half} == set(product((1, -1), repeat=m))
        assert len(half) == 2 ** (m - 1)
    assert signs(0).shape == (1, 0)
    with pytest.raises(NumericsError, match="17 have"):
        signs(MOST_SIGNS + 1)


@pytest.mark.parametrize(("p", "k", "l"), [(1, 1, 2), (2, 3, 6), (5, 2, 10)])
def test_all_signs_give_the_determinant_law_and_reject_others(p: int, k: int, l: int) -> None:
    for seed in range(3):
        point = network_point(np.random.default_rng(seed), p, k, l)
        system = label_noise(p, k).at(point)
        found = enumerate_drift(system, log_det, point)
        stated = stated_logdet()(point)
        assert found.outcomes == 2 ** (p * k)
        assert abs(found.mean - stated) <= found.bias < 1e-7 * found.scale
        assert abs(found.mean - stated / 2) > found.bias
        tensor = enumerate_drift(system, balancedness, point)
        assert np.all(np.abs(tensor.mean - stated_balancedness(point)) <= tensor.bias + 1e-12)


def test_the_covariation_from_all_signs() -> None:
    point = network_point(np.random.default_rng(1), 2, 2, 5)
    P = point["W1"] @ point["W2"]
    stated = 16 * np.trace(P.T @ point["C"] @ P)
    found = enumerate_covariation(label_noise(2, 2).at(point), trace, trace, point)
    assert abs(found.mean - stated) <= found.bias + 1e-12 * found.scale
    assert found.bias < 1e-8 * found.scale


def test_signs_and_normals_agree() -> None:
    point = network_point(np.random.default_rng(5), 2, 2, 5)
    system = label_noise(2, 2).at(point)
    finite = enumerate_drift(system, trace, point)
    normal = one_step_drift(system, trace, point, seed=1, level=1e-6)
    assert abs(finite.mean - normal.mean) <= finite.bias + normal.bias + normal.half_width


def test_minibatches_of_a_small_data_set_without_replacement() -> None:
    """The mean over all batches against a loop: E|sum over a batch|² for given vectors."""
    x = np.random.default_rng(3).standard_normal((6, 2))
    batches = np.array(list(combinations(range(6), 3)))

    def outcome(draws: Any) -> Any:
        return np.sum(x[draws].mean(axis=1) ** 2, axis=-1)

    found = enumerate_draws(outcome, batches)
    loop = sum(float(np.sum(np.mean(x[list(batch)], axis=0) ** 2)) for batch in batches) / 20
    assert found.outcomes == 20
    assert abs(found.mean - loop) <= found.bias + 1e-15
    # Variance of a mean without replacement: (1/b)(n−b)/(n−1) of the population's.
    mean = x.mean(axis=0)
    spread = np.mean(np.sum((x - mean) ** 2, axis=1))
    np.testing.assert_allclose(found.mean, np.sum(mean**2) + spread / 3 * 3 / 5, rtol=1e-12)
    with_replacement = np.sum(mean**2) + spread / 3
    assert abs(found.mean - with_replacement) > 1e-3


def test_weights_are_probabilities() -> None:
    found = enumerate_draws(lambda d: d**2, np.array([1.0, 3.0]), weights=np.array([0.75, 0.25]))
    assert found.mean == 3.0
    for weights in ([1.0], [0.5, 0.4], [1.5, -0.5], [0.5, np.nan]):
        with pytest.raises(NumericsError, match="weights"):
            enumerate_draws(lambda d: d, np.array([1.0, 3.0]), weights=np.array(weights))
    with pytest.raises(NumericsError, match="got none"):
        enumerate_draws(lambda d: d, [])


def test_a_point_outside_the_domain_is_refused() -> None:
    point = {"x": np.array(-1.0), "mu": np.array(0.0), "sigma": np.array(1.0)}
    with pytest.raises(NumericsError, match="not finite"), np.errstate(invalid="ignore"):
        enumerate_drift(geometric_brownian_motion().at(point), log_x, point)
    with pytest.raises(NumericsError, match="not finite"), np.errstate(invalid="ignore"):
        enumerate_drift(geometric_brownian_motion().at(point), log_x, point, scale=1.0)
