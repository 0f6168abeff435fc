"""All numbers in front of the terms of a form at once: exactly, or by weighted least squares."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .measured import Row, Table

__all__ = ["solved"]

WIDEST = 1e-2
"""A number known worse than that, relative to itself or to 1, is not determined."""

ROUNDING = 1e-15


def solved(table: Table, count: int) -> list[tuple[Any, Any]] | None:
    """An interval for each of the first ``count`` numbers; None if they are not determined."""
    rows = [row for point in table.points for row in point]
    if table.exact:
        system: list[list[Any]] = [[*row.terms[:count], row.measured] for row in rows]
        exact = _eliminated(system, count)
        return None if exact is None else [(c, c) for c in exact]
    weights = np.array([1.0 / _error(row, count) for row in rows])
    A = np.array([[float(x) for x in row.terms[:count]] for row in rows]) * weights[:, None]
    y = np.array([float(row.measured) for row in rows]) * weights
    scale = np.linalg.norm(A, axis=0)
    if not np.all(scale > 0):
        return None
    solution, _, rank, singular = np.linalg.lstsq(A / scale, y, rcond=1e-10)
    if rank < count or np.max(np.abs(A / scale @ solution - y)) > 2.0:
        return None
    spread = np.sqrt(len(rows)) / (singular[-1] * scale)
    centre = solution / scale
    if np.any(spread > WIDEST * np.maximum(np.abs(centre), 1.0)):
        return None
    return [(c - s, c + s) for c, s in zip(centre.tolist(), spread.tolist(), strict=True)]


def _error(row: Row, count: int) -> float:
    """The error of a row; that of rounding where none is known, and any where all is 0."""
    size = max(abs(float(x)) for x in (row.measured, *row.terms[:count]))
    return max(row.error, ROUNDING * size) or 1.0


def _eliminated(rows: Sequence[Sequence[Fraction]], count: int) -> list[Fraction] | None:
    """The solution of an overdetermined system in fractions; None without one, or with many."""
    pivots: dict[int, list[Fraction]] = {}
    for given in rows:
        row = list(given)
        for n in range(count):
            if not row[n]:
                continue
            if n not in pivots:
                pivots[n] = row
                break
            factor = row[n] / pivots[n][n]
            row = [a - factor * b for a, b in zip(row, pivots[n], strict=True)]
        else:
            if row[count]:
                return None
    if len(pivots) < count:
        return None
    found = [Fraction(0)] * count
    for n in reversed(range(count)):
        rest = sum((pivots[n][j] * found[j] for j in range(n + 1, count)), Fraction(0))
        found[n] = (pivots[n][count] - rest) / pivots[n][n]
    return found
