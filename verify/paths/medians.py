"""How far the steps may leave a median off, from the values of single paths on two grids.

If the error shrinks at least like √h, what is left after a halving is at most ``LEFT`` times what
it moved; of one of order h less is left.  A move that is smaller than its noise says nothing of
itself: it is taken to be as large as that.
"""

from __future__ import annotations

import math

import numpy as np

from numerics.system import Array

from .refinement import LEFT

__all__ = ["left_by_steps", "noise_of_median"]

QUARTILES = 1.349
"""The distance of the quartiles of a normal law, in standard deviations."""

MEDIAN = math.sqrt(math.pi / 2)
"""The standard deviation of a median of normal values, in units of that of their mean."""


def left_by_steps(before: Array, after: Array, units: float = LEFT) -> float:
    """The bias left in the median of ``after``, the same paths as ``before`` at half the step.

    ``units`` of the move; its noise is estimated from the quartiles of the moves of single paths.
    """
    with np.errstate(invalid="ignore"):
        moves = after - before
        moved = abs(float(np.median(after) - np.median(before)))
    return units * max(moved, noise_of_median(moves)) if math.isfinite(moved) else math.nan


def noise_of_median(values: Array) -> float:
    """The standard deviation of a median, by the quartiles of the values that are numbers."""
    kept = values[np.isfinite(values)]
    if not len(kept):
        return math.nan
    low, high = np.quantile(kept, [0.25, 0.75])
    return MEDIAN * float(high - low) / QUARTILES / math.sqrt(len(kept))
