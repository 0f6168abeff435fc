"""Finite-sample confidence bounds, and for each what it can see at n samples and what it needs.

Nothing here assumes a normal distribution or a large sample.  Every bound comes with the functions
that plan it: the half-width at n samples, and the samples for a half-width.

Sources
-------
DKW: Massart, The tight constant in the Dvoretzky–Kiefer–Wolfowitz inequality, Ann. Probab. 18 (1990).
Empirical Bernstein: Maurer and Pontil, Empirical Bernstein bounds and sample-variance penalization,
COLT 2009, theorem 4.
Order statistics: David and Nagaraja, Order Statistics (2003), section 7.1; the tails are those of
Clopper and Pearson, Biometrika 26 (1934).
Lower bound of a variance: Maurer, A bound on the deviation probability for sums of non-negative
random variables, J. Inequal. Pure Appl. Math. 4 (2003), theorem 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc

from .errors import UsageError

__all__ = [
    "bernstein_half_width",
    "bernstein_samples",
    "dkw_half_width",
    "dkw_samples",
    "mean_of_groups_interval",
    "mean_of_groups_samples",
    "order_statistic_samples",
    "quantile_interval",
    "quantile_ranks",
    "variance_upper_bound",
]

Array: TypeAlias = NDArray[np.float64]


def _checked_rate(alpha: float) -> float:
    if not 0 < alpha < 1:
        raise UsageError(f"alpha={alpha}: an error rate lies strictly between 0 and 1")
    return alpha


def least(condition: Callable[[int], bool], start: int = 1) -> int:
    """The least n >= start that meets a condition which, once met, stays met."""
    high = max(start, 1)
    while not condition(high):
        high *= 2
    low = max(start, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if condition(middle) else (middle + 1, high)
    return low


# Laws: the whole distribution function at once.


def dkw_half_width(n: int, alpha: float) -> float:
    """Half-width of the band around an empirical distribution function, level 1 − alpha.

    >>> round(dkw_half_width(110548, 5e-10), 6)
    0.01
    """
    return math.sqrt(math.log(2 / _checked_rate(alpha)) / (2 * n))


def dkw_samples(half_width: float, alpha: float) -> int:
    """Samples for a band of this half-width.

    >>> dkw_samples(0.01, 5e-10)
    110548
    """
    return math.ceil(math.log(2 / _checked_rate(alpha)) / (2 * half_width**2))


# Means of bounded functionals.


def bernstein_half_width(variance: float, n: int, extent: float, alpha: float) -> float:
    """Half-width for the mean of values in an interval of length ``extent``, level 1 − alpha.

    ``variance`` is the unbiased sample variance; no bound on the true variance is needed.
    """
    if n < 2:
        return math.inf
    # Two one-sided bounds, each of level alpha/2.
    bits = math.log(4 / _checked_rate(alpha))
    return math.sqrt(2 * variance * bits / n) + 7 * extent * bits / (3 * (n - 1))


def bernstein_samples(variance: float, half_width: float, extent: float, alpha: float) -> int:
    """Samples for this half-width, if the sample variance is ``variance``."""
    return least(lambda n: bernstein_half_width(variance, n, extent, alpha) <= half_width, 2)


# Quantiles of any law.


def quantile_ranks(n: int, q: float, alpha: float) -> tuple[int, int]:
    """Ranks (r, s), from 1, with P(x_(r) <= quantile_q <= x_(s)) >= 1 − alpha for any law.

    r = 0 and s = n + 1 say that no order statistic bounds the quantile on that side at this level.
    """
    if not 0 < q < 1:
        raise UsageError(f"q={q}: a quantile lies strictly between 0 and 1")
    half = _checked_rate(alpha) / 2
    k = np.arange(-1, n + 1)
    # P(x_(r) > quantile) <= P(Bin(n, q) <= r − 1); P(x_(s) < quantile) <= P(Bin(n, q) >= s).
    below = np.where(k < 0, 0.0, bdtr(np.maximum(k, 0), n, q))
    above = np.where(k < 0, 1.0, bdtrc(np.maximum(k, 0), n, q))
    r = int(np.searchsorted(below, half, side="right")) - 1
    s = int(np.argmax(above <= half))
    return max(r, 0), s


def quantile_interval(values: Array, q: float, alpha: float) -> tuple[float, float]:
    """Interval for the q-quantile, level 1 − alpha, whatever the law; infinite where n is too small.

    >>> quantile_interval(np.arange(1.0, 12.0), 0.5, 0.05)
    (2.0, 10.0)
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    r, s = quantile_ranks(n, q, alpha)
    lower = float(ordered[r - 1]) if r >= 1 else -math.inf
    upper = float(ordered[s - 1]) if s <= n else math.inf
    return lower, upper


def order_statistic_samples(q: float, alpha: float, within: float) -> int:
    """Samples for the interval of the q-quantile to stay between the quantiles q ± within."""

    def met(n: int) -> bool:
        r, s = quantile_ranks(n, q, alpha)
        return r >= (q - within) * n and r >= 1 and s <= (q + within) * n and s <= n

    # The ranks jump by one; a margin of one rank makes the condition monotone enough to bisect.
    return least(lambda n: met(n) and met(n + 1), 2)


# Means of unbounded values whose kurtosis is bounded.


def variance_upper_bound(values: Array, kurtosis: float, alpha: float) -> Array:
    """Upper bound, level 1 − alpha, of the variance of values (n, ...) with at most this kurtosis.

    The squares (x_{2i} − x_{2i+1})²/2 are non-negative with mean σ² and second moment at most
    (kurtosis + 3) σ⁴/2; the mean of m of them falls below σ²(1 − u) with probability at most
    exp(−m u²/(kurtosis + 3)).  Infinite where n is too small to say anything.
    """
    values = np.asarray(values, dtype=np.float64)
    m = len(values) // 2
    if m == 0:
        return np.full(values.shape[1:], np.inf)
    squares = (values[0 : 2 * m : 2] - values[1 : 2 * m : 2]) ** 2 / 2
    shrink = 1 - math.sqrt((kurtosis + 3) * math.log(1 / _checked_rate(alpha)) / m)
    mean: Array = squares.mean(axis=0)
    return mean / shrink if shrink > 0 else np.full_like(mean, np.inf)


def groups_for(alpha: float, spread: float = 2.0) -> int:
    """Groups for a median of means to stay within ``spread`` deviations of a group's mean.

    A group's mean leaves [μ − cσ, μ + cσ] on one given side with probability at most 1/(1 + c²)
    (Cantelli), and the median leaves on that side only if half of the groups do.
    """
    p = 1 / (1 + spread**2)
    half = _checked_rate(alpha) / 2
    # Odd numbers only: the median is then one of the groups.
    return 2 * least(lambda i: float(bdtrc(i, 2 * i + 1, p)) <= half) + 1


def mean_of_groups_interval(
    values: Array, kurtosis: float, alpha: float, spread: float = 2.0
) -> tuple[Array, Array]:
    """Median of group means and half-width, level 1 − alpha, for values (n, ...) of any law.

    Finite-sample, conditional on a kurtosis of at most ``kurtosis``; the rate is spent in halves on
    the variance and on the median.
    """
    values = np.asarray(values, dtype=np.float64)
    groups = groups_for(alpha / 2, spread)
    size = len(values) // groups
    if size == 0:
        shape = values.shape[1:]
        return np.full(shape, np.nan), np.full(shape, np.inf)
    means = values[: groups * size].reshape(groups, size, *values.shape[1:]).mean(axis=1)
    deviation = np.sqrt(variance_upper_bound(values, kurtosis, alpha / 2) / size)
    centre: Array = np.median(means, axis=0)
    return centre, spread * deviation


def mean_of_groups_samples(
    variance: float, half_width: float, kurtosis: float, alpha: float, spread: float = 2.0
) -> int:
    """Samples for this half-width if the sample variance is ``variance``."""
    groups = groups_for(alpha / 2, spread)

    def met(n: int) -> bool:
        m, size = n // 2, n // groups
        shrink = 1 - math.sqrt((kurtosis + 3) * math.log(2 / alpha) / m) if m else 0.0
        return size > 0 and shrink > 0 and spread**2 * variance / shrink / size <= half_width**2

    return least(lambda n: met(n) and met(n + groups), groups)
