"""Coverage is tested at loose levels, where a bound that is wrong shows; see also test_planning."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from verify.errors import UsageError
from verify.statistics import bounds

ALPHA = 0.05
TRIALS = 2000


def rng(name: str) -> np.random.Generator:
    return np.random.default_rng(list(name.encode()))


def misses_allowed(trials: int, alpha: float) -> float:
    # Six standard deviations of a binomial count: a sound bound fails here once in 10⁹ runs.
    return alpha * trials + 6 * math.sqrt(alpha * trials)


def test_dkw_matches_the_reference() -> None:
    # 110,548 paths for a half-width of 0.01 at 5e-10: ln(2/5e-10)/(2·0.01²).
    assert bounds.dkw_samples(0.01, 5e-10) == 110_548
    assert bounds.dkw_half_width(110_548, 5e-10) <= 0.01 < bounds.dkw_half_width(110_547, 5e-10)


def test_dkw_covers() -> None:
    x = np.sort(rng("dkw").random((TRIALS, 50)), axis=1)
    steps = np.arange(51) / 50
    gap = np.maximum(np.abs(x - steps[1:]), np.abs(x - steps[:-1])).max(axis=1)
    misses = (gap > bounds.dkw_half_width(50, ALPHA)).sum()
    # The bound is tight: it must miss sometimes, and not too often.
    assert 0 < misses <= misses_allowed(TRIALS, ALPHA)


def test_empirical_bernstein_matches_maurer_and_pontil() -> None:
    # Theorem 4 with δ = alpha/2 on each side: sqrt(2 V ln(2/δ)/n) + 7 ln(2/δ)/(3(n − 1)).
    bits = math.log(2 / 0.005)
    expected = math.sqrt(2 * 0.04 * bits / 100) + 7 * bits / (3 * 99)
    assert bounds.bernstein_half_width(0.04, 100, 1.0, 0.01) == pytest.approx(expected, rel=1e-12)


def test_empirical_bernstein_covers_where_t_does_not() -> None:
    # One in a hundred: a t interval of nominal 5 % misses half of the time at n = 60.
    x = (rng("bernstein").random((TRIALS, 60)) < 0.01).astype(float)
    widths = [bounds.bernstein_half_width(v, 60, 1.0, ALPHA) for v in x.var(axis=1, ddof=1)]
    misses = (np.abs(x.mean(axis=1) - 0.01) > np.array(widths)).sum()
    assert misses <= misses_allowed(TRIALS, ALPHA)
    t_misses = (np.abs(x.mean(axis=1) - 0.01) > 2 * x.std(axis=1, ddof=1) / math.sqrt(60)).sum()
    assert t_misses > misses_allowed(TRIALS, ALPHA)


def test_one_value_bounds_nothing() -> None:
    assert bounds.bernstein_half_width(0.0, 1, 1.0, ALPHA) == math.inf


def test_median_ranks_match_the_table() -> None:
    # David and Nagaraja, section 7.1: for n = 11 the interval (x_2, x_10) covers the median with
    # probability 1 − 2·12/2048 = 0.988, and (x_3, x_9) with 0.935 only.
    assert bounds.quantile_ranks(11, 0.5, 0.05) == (2, 10)
    assert bounds.quantile_ranks(11, 0.5, 0.07) == (3, 9)


def test_too_few_values_bound_no_quantile() -> None:
    assert bounds.quantile_interval(np.arange(20.0), 0.5, 1e-9) == (-math.inf, math.inf)


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_quantile_intervals_cover_a_heavy_tail(q: float) -> None:
    x = rng(f"quantile {q}").standard_cauchy((TRIALS, 99))
    truth = math.tan(math.pi * (q - 0.5))
    r, s = bounds.quantile_ranks(99, q, ALPHA)
    ordered = np.sort(x, axis=1)
    misses = ((ordered[:, r - 1] > truth) | (ordered[:, s - 1] < truth)).sum()
    assert 0 < misses <= misses_allowed(TRIALS, ALPHA)


PLANNED: list[tuple[str, Callable[[float], int], Callable[[int], float]]] = [
    ("dkw", lambda w: bounds.dkw_samples(w, 1e-6), lambda n: bounds.dkw_half_width(n, 1e-6)),
    (
        "bernstein",
        lambda w: bounds.bernstein_samples(0.01, w, 1.0, 1e-6),
        lambda n: bounds.bernstein_half_width(0.01, n, 1.0, 1e-6),
    ),
]


@pytest.mark.parametrize(("name", "samples", "half_width"), PLANNED)
def test_samples_and_half_width_are_inverse(
    name: str, samples: Callable[[float], int], half_width: Callable[[int], float]
) -> None:
    for w in (0.2, 0.05, 0.013):
        n = samples(w)
        assert half_width(n) <= w < half_width(n - 1), name


def test_quantile_samples_keep_within() -> None:
    n = bounds.order_statistic_samples(0.9, 1e-9, 0.05)
    r, s = bounds.quantile_ranks(n, 0.9, 1e-9)
    assert 0.85 * n <= r < s <= 0.95 * n
    r, s = bounds.quantile_ranks(n // 2, 0.9, 1e-9)
    assert r < 0.85 * (n // 2) or s > 0.95 * (n // 2)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, math.nan])
def test_levels_that_are_none_are_refused(alpha: float) -> None:
    with pytest.raises(UsageError, match="alpha"):
        bounds.dkw_half_width(10, alpha)
    with pytest.raises(UsageError, match="alpha"):
        bounds.quantile_ranks(10, 0.5, alpha)


def test_a_quantile_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match=r"q=1"):
        bounds.quantile_ranks(10, 1.0, 0.1)
