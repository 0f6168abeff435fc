"""Confidence intervals that hold for finite samples."""

from __future__ import annotations

from math import log
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.errors import NumericsError

__all__ = ["empirical_bernstein"]

Array: TypeAlias = NDArray[np.float64]


def empirical_bernstein(variance: Array, width: Array, samples: int, level: float) -> Array:
    """Half-width of a two-sided interval for the mean of independent variables of bounded range.

    With probability at least 1 − level, |sample mean − mean| ≤ √(2 V L/n) + 3 b L/n, where V is the
    sample variance (divided by n), b the length of an interval that holds all values, and
    L = ln(3/level) (Audibert, Munos and Szepesvári 2009, Theor. Comput. Sci. 410, Theorem 1).

    >>> float(empirical_bernstein(np.asarray(0.25), np.asarray(1.0), 10_000, 1e-3)).__round__(4)
    0.0224
    """
    if samples < 1 or not 0.0 < level < 1.0:
        raise NumericsError(f"samples {samples}, level {level}: give n ≥ 1 and 0 < level < 1")
    L = log(3.0 / level)
    return np.asarray(np.sqrt(2.0 * variance * L / samples) + 3.0 * width * L / samples)
