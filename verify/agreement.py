"""How far two sides agree: differences in units of the sum of the absolute terms, in digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from verify.coordinates import by_tuple, units
from verify.planning import Estimate
from verify.side_by_side import Compared
from verify.verdict import Status

__all__ = [
    "DIGITS",
    "NOTHING",
    "ROUNDED",
    "Agreement",
    "Gaps",
    "digits_of",
    "relative",
    "rounding",
    "side_by_side",
    "worst",
]

DIGITS: Mapping[str, int] = {"float64": 5, "50 digits": 12}
"""Digits of the sum of the absolute terms that must agree."""

NOTHING: Mapping[str, float] = {"float64": 1e-10, "50 digits": 1e-22}
"""A sum of absolute terms below this share of the other terms is rounding and no value."""

ROUNDED = 1e-6
"""The share of a unit that rounding may be: less than half of a digit more than is required."""

Gaps = dict[str, Estimate]
"""Name of what is compared -> its difference, relative to the sum of the absolute terms."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What was found at one point.

    Parameters
    ----------
    gaps : mapping
        Arithmetic -> differences.
    values : mapping
        What is compared -> all its values in float64.
    """

    gaps: Mapping[str, Gaps]
    values: Mapping[str, Compared] = field(default_factory=dict)


def digits_of(gap: Estimate) -> float:
    """Decimal digits that agree; none where the difference is no number."""
    if np.isnan(gap.value):
        return 0.0
    return float(max(0.0, min(60.0, -np.log10(abs(gap.value))))) if gap.value else 60.0


def relative(gap: float, scale: float, error: float = 0.0, least: float = 0.0) -> Estimate:
    """A difference in units of the scale, or of what counts as nothing where that is more."""
    unit = max(scale, least) or (gap if np.isfinite(gap) else 0.0) or 1.0
    return Estimate(value=gap / unit, bias=error / unit)


def rounding(error: Any, value: Any, axes: int) -> Any:
    """What float64 alone cannot tell from zero, where its errors are but the rounding of f."""
    largest = by_tuple(error, axes).max(axis=1, initial=0.0)
    size = np.maximum(1.0, np.max(np.abs(value), initial=0.0))
    return np.where(largest <= NOTHING["float64"] * size, largest / ROUNDED, 0.0)


def worst(
    gap: Any, scale: Any, error: Any, axes: int, least: Any = 0.0, beside: float = 0.0
) -> Estimate:
    """The tuple of indices that decides, by its largest entries.

    What the drift of a scalar or a matrix consists of is measured over all its entries together;
    different eigenvalues are measured each by its own.  A gap that is no number is of a stated form
    that has no value where the observable has a differential: nothing is farther off.  An error
    that is no number, and terms that overflow, settle nothing.
    """
    sizes, scales, biases = (
        np.max(np.abs(by_tuple(x, axes)), axis=1, initial=0.0) for x in (gap, scale, error)
    )
    sizes = np.where(np.isfinite(sizes), sizes, np.inf)
    known = np.isfinite(scales)
    unit = units(np.where(known, scales, 0.0), beside)
    biases = np.where(known & np.isfinite(unit) & ~np.isnan(biases), biases, np.inf)
    rows = zip(sizes, unit, biases, np.broadcast_to(least, scales.shape), strict=True)
    found = [relative(*(float(x) for x in row)) for row in rows]
    clear = [x for x in found if x.decide(10.0 ** -DIGITS["float64"]) == Status.DISAGREES]
    return max(clear or found, key=_distance, default=Estimate(value=0.0))


def _distance(gap: Estimate) -> float:
    """How far off it may be: what is no number, any distance."""
    found = abs(gap.value) + gap.bias
    return np.inf if np.isnan(found) else found


def side_by_side(
    claimed: Any,
    measured: Any,
    scale: Any,
    error: Any,
    axes: int,
    least: Any = 0.0,
    beside: float = 0.0,
) -> Compared:
    """All values that `worst` judges by the worst of them, in the same units."""
    stated, found, scales, errors = (by_tuple(x, axes) for x in (claimed, measured, scale, error))
    unit = units(np.max(np.abs(scales), axis=1, initial=0.0), beside)
    unit = np.maximum(unit, np.broadcast_to(least, unit.shape))[:, None]
    unit = np.where(unit == 0.0, 1.0, unit)
    bias = np.max(np.abs(errors), axis=1, initial=0.0, keepdims=True)
    with np.errstate(invalid="ignore"):
        gap = (found - stated) / unit
    return Compared(
        claimed=stated, measured=found, gap=gap, half_width=0.0, bias=bias / unit, unit=unit
    )
