"""Finite-sample confidence bounds, and for each what it can see at n samples and what it needs.

Nothing here assumes a normal distribution or a large sample.  Every bound comes with the functions
that plan it: the half-width at n samples, and the samples for a half-width.

Sources
-------
DKW: Massart, The tight constant in the Dvoretzky–Kiefer–Wolfowitz inequality, Ann. Probab. 18
(1990).
Empirical Bernstein: Maurer and Pontil, Empirical Bernstein bounds and sample-variance penalization,
COLT 2009, theorem 4.
Catoni: Catoni, Challenging the empirical mean and empirical variance: a deviation study, Ann. Inst.
H. Poincaré Probab. Stat. 48 (2012), proposition 2.4.
Probabilities: Clopper and Pearson, Biometrika 26 (1934).
Order statistics: David and Nagaraja, Order Statistics (2003), section 7.1; the tails are those of
Clopper and Pearson, Biometrika 26 (1934).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, betaincinv

from verify.errors import UsageError

__all__ = [
    "bernstein_half_width",
    "bernstein_samples",
    "catoni_half_width",
    "catoni_mean",
    "catoni_samples",
    "clopper_pearson",
    "dkw_half_width",
    "dkw_samples",
    "least",
    "order_statistic_samples",
    "proportion_samples",
    "quantile_interval",
    "quantile_ranks",
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


# Means of anything whose variance has a bound.


def catoni_half_width(variance: float, n: int, alpha: float) -> float:
    """Half-width of Catoni's mean, level 1 − alpha, for any law of at most this variance.

    Infinite for fewer samples than the bound speaks about.

    >>> round(catoni_half_width(1.0, 1000, 0.05), 4)
    0.0862
    """
    bits = math.log(2 / _checked_rate(alpha))
    return math.inf if n <= 4 * bits else math.sqrt(2 * variance * bits / (n - 2 * bits))


def catoni_samples(variance: float, half_width: float, alpha: float) -> int:
    """Samples for this half-width."""
    bits = math.log(2 / _checked_rate(alpha))
    return max(math.ceil(2 * variance * bits / half_width**2 + 2 * bits), math.floor(4 * bits) + 1)


def catoni_mean(values: Array, variance: float, alpha: float) -> Array:
    """Catoni's mean of the last axis: each value enters by the logarithm of what it is off.

    The root of Σ ψ(s (x_i − m)) with ψ(u) = ± log(1 + |u| + u²/2), which decreases in m.
    """
    x = np.asarray(values, dtype=np.float64)
    n = x.shape[-1]
    bits = math.log(2 / _checked_rate(alpha))
    if variance <= 0 or n <= 4 * bits:
        return np.asarray(np.median(x, axis=-1))
    s = math.sqrt(2 * bits / (n * variance * (1 + 2 * bits / (n - 2 * bits))))
    low, high = np.min(x, axis=-1), np.max(x, axis=-1)
    m = np.median(x, axis=-1)
    for _ in range(100):
        u = s * (x - m[..., None])
        size = 1 + np.abs(u) + u * u / 2
        total = np.sum(np.sign(u) * np.log(size), axis=-1)
        low, high = np.where(total > 0, m, low), np.where(total > 0, high, m)
        # Newton's step where it stays between the ends, else the middle of them.
        slope = s * np.sum((1 + np.abs(u)) / size, axis=-1)
        following = m + total / slope
        inside = (low <= following) & (following <= high)
        following = np.where(inside, following, (low + high) / 2)
        done = np.abs(following - m) <= 1e-13 * (np.abs(m) + 1 / s)
        m = following
        if np.all(done):
            break
    return np.asarray(m)


# Probabilities.


def clopper_pearson(hits: Any, n: int, alpha: float) -> tuple[Array, Array]:
    """Interval for a probability after ``hits`` of n, level 1 − alpha; elementwise.

    >>> low, high = clopper_pearson(0, 10, 0.05)
    >>> float(low), round(float(high), 4)
    (0.0, 0.3085)
    """
    half = _checked_rate(alpha) / 2
    k = np.asarray(hits, dtype=np.float64)
    low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, half), 0.0)
    high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - half), 1.0)
    return low, high


def proportion_samples(half_width: float, alpha: float) -> int:
    """Samples for intervals of a probability no longer than twice this, whatever comes out."""

    def met(n: int) -> bool:
        # The longest interval is the one in the middle.
        low, high = clopper_pearson(n // 2, n, alpha)
        return bool(high - low <= 2 * half_width)

    return least(met, 1)


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
    """Interval for the q-quantile, level 1 − alpha, for any law; infinite where n is too small.

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
