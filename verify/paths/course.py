"""An observable on its way to the horizon, beside the law that is stated of it.

Nothing is decided here: a few quantiles of all paths at a few times are kept to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from numerics.system import Array

__all__ = ["QUANTILES", "at_the_end", "marks", "over_time", "quantiles", "watched"]

TIMES = 8
QUANTILES = {"low": 0.05, "median": 0.5, "high": 0.95}
LOST = 1e100
"""Stands for what is no number before the horizon, where the check does not look."""

DIGITS = 6


def marks(steps: int) -> list[int]:
    """The numbers of steps after which it is looked at; the last is the horizon."""
    return sorted({max(1, steps * n // TIMES) for n in range(1, TIMES + 1)})


def watched(
    observable: Callable[[Mapping[str, Any]], Array], horizon: float
) -> Callable[[Mapping[str, Any]], Array]:
    """The observable; before the horizon it may be no number, and no run fails for that."""

    def observe(state: Mapping[str, Any]) -> Array:
        values = np.asarray(observable(state), dtype=float)
        if state["t"] > horizon * (1 - 1e-9):
            return values
        return np.where(np.abs(values) < LOST, values, LOST)

    return observe


def at_the_end(
    observable: Callable[[Mapping[str, Any]], Array], horizon: float, shape: tuple[int, ...]
) -> Callable[[Mapping[str, Any]], Array]:
    """The observable at the horizon; before it is not computed, and zero."""

    def observe(state: Mapping[str, Any]) -> Array:
        if state["t"] > horizon * (1 - 1e-9):
            return observable(state)
        paths = len(next(x for name, x in state.items() if name != "t"))
        return np.zeros((paths, *shape))

    return observe


def quantiles(values: Array) -> Array | None:
    """Of values (times, paths) those of each time; None of an observable of several numbers."""
    if values.ndim != 2:
        return None
    found = np.where(np.abs(values) < LOST, values, np.nan)
    kept = np.all(np.isfinite(found), axis=1, keepdims=True)
    found = np.where(kept, found, 0.0)
    rows = np.quantile(found, list(QUANTILES.values()), axis=1).T
    return np.asarray(np.where(kept, rows, np.nan))


def over_time(
    law: Callable[[float], Array],
    initial: Array,
    times: Sequence[float],
    found: Array | None,
    relevant: float,
) -> dict[str, Any]:
    """Times, what is claimed there, and the quantiles; nothing where the law is not one number."""
    if found is None or initial.size != 1:
        return {}
    times = [0.0, *times]
    found = np.vstack([np.full(len(QUANTILES), float(initial.item())), found])
    with np.errstate(all="ignore"):
        claimed = [np.ravel(law(time)) for time in times]
    if any(value.size != 1 for value in claimed):
        return {}
    rows = np.column_stack([times, [value[0] for value in claimed], found])
    rows = rows[np.isfinite(rows).all(axis=1)]
    columns = zip(("t", "claimed", *QUANTILES), rows.T, strict=True)
    kept = {name: [_rounded(x) for x in values] for name, values in columns}
    return {"over time": {**kept, "relevant": _rounded(relevant)}} if len(rows) > 1 else {}


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
