"""Claimed and measured values side by side, as evidence keeps them to be looked at.

Nothing is decided here: the values are those that a tier has compared, a few of them where there
are many, and rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.system import Array

from .planning import Estimate
from .verdict import Status

__all__ = ["MOST", "Compared", "distribution_functions", "listed"]

MOST = 48
"""Pairs of values that the evidence of one tier keeps, of all parts together."""

DIGITS, QUANTILES = 6, 24


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

    def rows(self) -> list[tuple[float, float, float, Estimate]]:
        """Claimed, measured, uncertainty, and the difference in its unit; of finite values."""
        parts = (self.claimed, self.measured, self.gap, self.half_width, self.bias, self.unit)
        values = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in parts))
        flat = [np.ravel(x).tolist() for x in values]
        return [
            (c, m, (w + b) * u, Estimate(value=d, half_width=w, bias=b))
            for c, m, d, w, b, u in zip(*flat, strict=True)
            if math.isfinite(c) and math.isfinite(m)
        ]


def listed(parts: Mapping[str, Sequence[Compared]], relevant: float) -> dict[str, dict[str, Any]]:
    """Part -> claimed, measured and uncertain by how much; which of them refute; of how many.

    Of many values those at even distances are kept, and some of those that are farthest off.
    """
    found = {}
    for name, compared in parts.items():
        rows = [row for one in compared for row in one.rows()]
        kept = _kept([_reach(row[3]) for row in rows], max(1, MOST // len(parts)))
        shown = [rows[n] for n in kept]
        refuting = [n for n, row in enumerate(shown) if row[3].decide(relevant) == Status.DISAGREES]
        found[name] = {
            "claimed": [_rounded(row[0]) for row in shown],
            "measured": [_rounded(row[1]) for row in shown],
            "uncertainty": [_rounded(row[2], 2) for row in shown],
            "refuting": refuting,
            "of": len(rows),
        }
    return {name: values for name, values in found.items() if values["of"]}


def distribution_functions(
    values: Array, cdf: Callable[[Array], Array], difference: Estimate, relevant: float
) -> dict[str, dict[str, Any]]:
    """A stated distribution function and that of the values, at quantiles of the values."""
    x = np.sort(values)
    places = ((np.arange(QUANTILES) + 0.5) / QUANTILES * len(x)).astype(int)
    levels = np.unique(x[places])
    shares = np.searchsorted(x, levels, side="right") / len(x)
    claimed = np.asarray(cdf(levels), dtype=float)
    compared = Compared(
        claimed=claimed,
        measured=shares,
        gap=shares - claimed,
        half_width=difference.half_width,
        bias=difference.bias,
        unit=1.0,
    )
    return listed({"distribution function": [compared]}, relevant)


def _reach(e: Estimate) -> float:
    """How clear of zero a difference is; negative where it is not."""
    clear = abs(e.value) - e.half_width - e.bias
    return clear if math.isfinite(clear) else -math.inf


def _kept(clear: Sequence[float], most: int) -> list[int]:
    """Places: all, or a quarter of those that are farthest off and others at even distances."""
    count = len(clear)
    if count <= most:
        return list(range(count))
    farthest = sorted(range(count), key=lambda n: (-clear[n], n))[: max(1, most // 4)]
    left = [n for n in range(count) if n not in set(farthest)]
    rest = most - len(farthest)
    return sorted([*farthest, *(left[n * len(left) // rest] for n in range(rest))])


def _rounded(value: float, digits: int = DIGITS) -> float:
    """Fewer digits: as many as a picture shows, and the same on every machine."""
    return float(f"{value:.{digits}g}")
