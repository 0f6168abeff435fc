"""Independent seeds taken together: one error rate, their mean or median, a value and a bound."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from numerics.network import Array
from verify.planning import Estimate
from verify.statistics.bounds import quantile_interval
from verify.verdict import Status

__all__ = [
    "ALPHA",
    "median_over_seeds",
    "over_seeds",
    "refined",
    "whether_above",
    "whether_at_most",
]

# Both error rates of one finding, over all of its seeds.
ALPHA = 1e-3


def over_seeds(differences: Array, alpha: float = ALPHA) -> Estimate:
    """Mean over independent seeds with Student's half-width, for normal deviations.

    One seed settles nothing: its half-width is infinite.
    """
    n = len(differences)
    if n < 2:
        return Estimate(value=float(differences.mean()), half_width=np.inf)
    error = float(differences.std(ddof=1)) / np.sqrt(n)
    return Estimate(
        value=float(differences.mean()),
        half_width=float(stdtrit(n - 1, 1 - alpha / 2)) * error,
    )


def refined(fine: Array, coarse: Array, alpha: float = ALPHA) -> Estimate:
    """Mean over seeds of a deviation; its bias is what halving the step size took off.

    A bias that is linear in the step size is as large at the finer one as the difference; what is
    taken is the upper end of its interval over the seeds, at the same level.
    """
    at_fine, change = over_seeds(fine, alpha / 2), over_seeds(coarse - fine, alpha / 2)
    return Estimate(
        value=at_fine.value,
        half_width=at_fine.half_width,
        bias=abs(change.value) + change.half_width,
    )


def median_over_seeds(values: Array) -> tuple[float, float]:
    """Bounds of the median over independent seeds, for any law; each fails at most at rate `ALPHA`.

    It takes ten seeds: of fewer the order alone says too little, and the bounds are infinite.

    >>> median_over_seeds(np.arange(10.0)), median_over_seeds(np.arange(9.0))
    ((0.0, 9.0), (-inf, inf))
    """
    return quantile_interval(values, 0.5, 2 * ALPHA)


def whether_above(bound: float, low: float, high: float) -> Status:
    """Whether a value that is known to lie between ``low`` and ``high`` is above a bound."""
    if low > bound:
        return Status.AGREES
    return Status.DISAGREES if high < bound else Status.INCONCLUSIVE


def whether_at_most(bound: float, low: float, high: float) -> Status:
    """Whether a value that is known to lie between ``low`` and ``high`` is at most a bound."""
    if high <= bound:
        return Status.AGREES
    return Status.DISAGREES if low > bound else Status.INCONCLUSIVE
