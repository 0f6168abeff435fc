"""One-pass moments against NumPy, SciPy and exact fractions, in every order of merging."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from numerics.errors import SimulationError
from numerics.streaming import Moments
from numerics.system import Array

RNG = np.random.default_rng(0)
SAMPLES = {
    "scalars": RNG.standard_normal(200),
    "matrices": RNG.exponential(size=(150, 2, 3)),
    "far from zero": 1e5 + RNG.standard_normal((300, 2)),
    "small and large": np.concatenate([np.full(50, 1e-9), 1e3 * RNG.standard_normal(51)]),
}
CUTS = {"halves": [0.5], "one value": [0.005], "many": [0.1, 0.11, 0.4, 0.45, 0.9]}


def parts(values: Array, cuts: list[float]) -> list[Moments]:
    places = [max(1, int(len(values) * cut)) for cut in cuts]
    return [Moments.of(part, covariance=True) for part in np.split(values, places)]


def merged(moments: list[Moments]) -> Moments:
    return reduce(Moments.merged, moments)


def close(a: Moments, b: Moments, rtol: float) -> bool:
    scale = np.sqrt(b.M2 / b.count)
    return a.count == b.count and all(
        np.allclose(getattr(a, name), getattr(b, name), rtol=rtol, atol=rtol * b.count * size)
        for name, size in (
            ("mean", 0.0),
            ("M2", 0.0),
            ("M3", np.max(scale**3)),
            ("M4", 0.0),
            ("minimum", 0.0),
            ("maximum", 0.0),
            ("comoment", np.max(scale**2)),
        )
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_moments_are_those_of_numpy_and_scipy(name: str) -> None:
    values = SAMPLES[name]
    found = Moments.of(values, covariance=True)
    assert found.count == len(values)
    assert np.allclose(found.mean, values.mean(axis=0), rtol=1e-13)
    assert np.allclose(found.variance, values.var(axis=0, ddof=1), rtol=1e-10)
    assert np.allclose(found.standard_error, stats.sem(values, axis=0), rtol=1e-10)
    assert np.allclose(found.skewness, stats.skew(values, axis=0), rtol=1e-8, atol=1e-8)
    assert np.allclose(found.kurtosis, stats.kurtosis(values, axis=0, fisher=False), rtol=1e-8)
    assert np.array_equal(found.minimum, values.min(axis=0))
    assert np.array_equal(found.maximum, values.max(axis=0))
    flat = values.reshape(len(values), -1)
    assert np.allclose(found.covariance, np.cov(flat.T), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS.keys())
def test_merging_gives_what_one_pass_gives(name: str, cuts: list[float]) -> None:
    values = SAMPLES[name]
    assert close(merged(parts(values, cuts)), Moments.of(values, covariance=True), 1e-9)


def test_the_order_of_merging_matters_to_rounding_alone() -> None:
    pieces = parts(SAMPLES["matrices"], CUTS["many"][:3])
    first = merged(pieces)
    for order in permutations(pieces):
        assert close(merged(list(order)), first, 1e-12)
    nested = pieces[0].merged(pieces[1]).merged(pieces[2].merged(pieces[3]))
    assert close(nested, first, 1e-12)


def test_merging_in_one_order_gives_the_same_bits() -> None:
    for name in ("mean", "M2", "M3", "M4", "comoment"):
        one, two = (merged(parts(SAMPLES["matrices"], CUTS["many"])) for _ in range(2))
        assert np.array_equal(getattr(one, name), getattr(two, name))


def test_moments_against_exact_fractions() -> None:
    values = [Fraction(int(n), 64) for n in RNG.integers(-500, 500, 40)]
    n = len(values)
    mean = sum(values, Fraction(0)) / n
    powers = [float(sum((x - mean) ** q for x in values)) for q in (2, 3, 4)]
    floats = np.array([float(x) for x in values])
    for found in (Moments.of(floats), merged([Moments.of(floats[i : i + 1]) for i in range(n)])):
        assert float(found.mean) == pytest.approx(float(mean), rel=1e-14)
        assert [float(M) for M in (found.M2, found.M3, found.M4)] == pytest.approx(
            powers, rel=1e-11
        )


def test_a_thousand_merges_lose_nothing() -> None:
    values = 1e6 + RNG.standard_normal(20000)
    found = merged([Moments.of(part) for part in np.split(values, 1000)])
    assert float(found.variance) == pytest.approx(float(values.var(ddof=1)), rel=1e-9)


def test_a_single_value_has_no_variance() -> None:
    one = Moments.of(np.array([3.0]), covariance=True)
    assert np.isnan(one.variance)
    assert np.isnan(one.standard_error)
    assert np.isnan(one.covariance).all()


def test_what_is_not_a_number_stays_so() -> None:
    found = Moments.of(np.array([[1.0, np.nan], [2.0, 3.0]])).merged(Moments.of(np.ones((1, 2))))
    assert float(found.mean[0]) == pytest.approx(4 / 3)
    for name in ("mean", "M2", "minimum", "maximum"):
        assert np.isnan(getattr(found, name)[1])


def test_constant_values_have_no_shape() -> None:
    found = Moments.of(np.ones(5))
    assert float(found.variance) == 0.0
    assert np.isnan(found.skewness)
    assert np.isnan(found.kurtosis)


def test_what_was_not_collected_is_refused() -> None:
    with pytest.raises(SimulationError, match="covariance: not collected"):
        _ = Moments.of(np.ones(3)).covariance
    without = Moments.of(np.ones(3)).merged(Moments.of(np.ones(3), covariance=True))
    with pytest.raises(SimulationError, match="covariance: not collected"):
        _ = without.covariance


@pytest.mark.parametrize("values", [np.zeros((0, 2)), np.float64(1.0)])
def test_values_without_paths_are_refused(values: Array) -> None:
    with pytest.raises(SimulationError, match="holds no path"):
        Moments.of(values)
