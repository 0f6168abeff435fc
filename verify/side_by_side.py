"""Claimed and measured values side by side, as evidence keeps them to be looked at.

Nothing is decided here: the values are those that a tier has compared, a few of them where there
are many, and rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.system import Array

from .planning import Estimate
from .verdict import Status

__all__ = ["MOST", "Compared", "distribution_functions", "listed"]

MOST = 36
"""Pairs of values that the evidence of one tier keeps, of all parts together."""

DIGITS, QUANTILES = 6, 24
LOOKED_AT = 400
"""Quantiles among which two distribution functions are farthest apart."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Values in a row, and how far measured − claimed is from zero in the units of the decision.

    ``gap``, ``half_width`` and ``bias`` are relative to ``unit``; all have one shape, or
    shapes that are broadcast to one: a stated 0 stands for a matrix of zeros.
    """

    claimed: Array
    measured: Array
    gap: Any
    half_width: Any
    bias: Any
    unit: Any

    def columns(self) -> Array:
        """Claimed, measured, gap, half-width, bias and unit, a row for every pair of numbers."""
        parts = (self.measured, self.gap, self.half_width, self.bias, self.unit)
        columns = np.broadcast_arrays(np.asarray(self.claimed, dtype=float), *parts)
        rows = np.stack([np.ravel(x) for x in columns], axis=1)
        return np.asarray(rows[np.all(np.isfinite(rows[:, :2]), axis=1)], dtype=float)


def listed(parts: Mapping[str, Sequence[Compared]], relevant: float) -> dict[str, dict[str, Any]]:
    """Part -> claimed, measured and uncertain by how much; which refute; of how many; what counts.

    Of many values those at even distances are kept, and some of those that are farthest off.
    """
    found = {}
    for name, compared in parts.items():
        rows = np.concatenate([one.columns() for one in compared])
        if not len(rows):
            continue
        shown = rows[_kept(rows, max(1, MOST // len(parts)))]
        claimed, measured, _, half, bias, unit = shown.T
        found[name] = {
            "claimed": [_rounded(x) for x in claimed],
            "measured": [_rounded(x) for x in measured],
            "uncertainty": [_rounded(x, 2) for x in (half + bias) * unit],
            "relevant": _rounded(relevant * float(np.median(rows[:, 5])), 2),
            "refuting": [n for n, row in enumerate(shown) if _refutes(row, relevant)],
            "of": len(rows),
        }
    return found


def distribution_functions(
    values: Array, cdf: Callable[[Array], Array], difference: Estimate, relevant: float
) -> dict[str, dict[str, Any]]:
    """A stated distribution function and that of the values, at quantiles of the values.

    One of them is where the two are farthest apart, among many.
    """
    x = np.sort(values)
    many = x[((np.arange(LOOKED_AT) + 0.5) / LOOKED_AT * len(x)).astype(int)]
    gaps = np.abs(np.searchsorted(x, many, side="right") / len(x) - cdf(many))
    farthest = int(np.argmax(np.where(np.isfinite(gaps), gaps, -1.0)))
    places = ((np.arange(QUANTILES) + 0.5) / QUANTILES * len(x)).astype(int)
    levels = np.unique([*x[places], many[farthest]])
    shares = np.searchsorted(x, levels, side="right") / len(x)
    claimed = np.asarray(cdf(levels), dtype=float)
    known = np.isfinite(claimed)
    levels, shares, claimed = levels[known], shares[known], claimed[known]
    compared = Compared(
        claimed=claimed,
        measured=shares,
        gap=shares - claimed,
        half_width=difference.half_width,
        bias=difference.bias,
        unit=1.0,
    )
    found = listed({"distribution function": [compared]}, relevant)
    return {name: {**part, "at": [_rounded(x) for x in levels]} for name, part in found.items()}


def _refutes(row: Array, relevant: float) -> bool:
    gap, half, bias = (float(x) for x in row[2:5])
    return Estimate(value=gap, half_width=half, bias=bias).decide(relevant) == Status.DISAGREES


def _kept(rows: Array, most: int) -> NDArray[np.intp]:
    """Places: all, or a quarter of those that are farthest off and others at even distances."""
    count = len(rows)
    if count <= most:
        return np.arange(count, dtype=np.intp)
    clear = np.abs(rows[:, 2]) - rows[:, 3] - rows[:, 4]
    clear = np.where(np.isfinite(clear), clear, -np.inf)
    farthest = np.argsort(-clear, kind="stable")[: max(1, most // 4)]
    left = np.setdiff1d(np.arange(count), farthest)
    rest = most - len(farthest)
    others = left[np.arange(rest) * len(left) // rest]
    return np.sort(np.concatenate([farthest, others])).astype(np.intp)


def _rounded(value: float, digits: int = DIGITS) -> float:
    """Fewer digits: as many as a picture shows, and the same on every machine."""
    return float(f"{value:.{digits}g}")
