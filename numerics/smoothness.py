"""How well an observable is a polynomial along lines: whether an extrapolation may rest on it.

Extrapolation in the step length supposes that expectations are smooth in it, and so that the
observable is: a kink or a jump that few paths meet is seen by none of the coarse grids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from numerics.system import Array, State

__all__ = ["interpolation_error"]

NODES = 33
LINES = 8


def interpolation_error(
    observable: Callable[[Mapping[str, Any]], Array], low: State, high: State, *, seed: int = 0
) -> tuple[float, float]:
    """The largest error of interpolation by polynomials of degree 32, and how far f spreads.

    Infinite and 0 where f is no number.

    Parameters
    ----------
    observable
        Batch of states -> (paths,).
    low, high
        Two opposite corners of a box of states; f is taken along diagonals of the box, at
        Chebyshev points, and compared between them.

    Examples
    --------
    >>> ends = {"x": np.array(-2.0)}, {"x": np.array(2.0)}
    >>> error, spread = interpolation_error(lambda state: state["x"] ** 4, *ends)
    >>> error < 1e-12 * spread
    True
    >>> error, spread = interpolation_error(lambda state: np.abs(state["x"] - 0.1), *ends)
    >>> error > 0.01 * spread
    True
    """
    angles = np.arange(2 * NODES - 1) * np.pi / (2 * NODES - 2)
    r = (1 - np.cos(angles)) / 2
    rng = np.random.Generator(np.random.SFC64(seed))
    worst, least, most = 0.0, np.inf, -np.inf
    for _ in range(LINES):
        states = {}
        for name, lowest in low.items():
            swapped = rng.random(np.shape(lowest)) < 0.5
            a = np.where(swapped, high[name], lowest)
            b = np.where(swapped, lowest, high[name])
            along = r.reshape(-1, *(1,) * np.ndim(a))
            states[name] = a + along * (b - a)
        f = np.asarray(observable(states), dtype=float)
        if not np.all(np.isfinite(f)):
            return np.inf, 0.0
        worst = max(worst, float(np.max(np.abs(_interpolated(r, f) - f[1::2]))))
        least, most = min(least, float(np.min(f))), max(most, float(np.max(f)))
    return worst, most - least


def _interpolated(r: Array, f: Array) -> Array:
    """The polynomial through every other point, at the others: the barycentric formula."""
    nodes, between = r[::2], r[1::2]
    weights = (-1.0) ** np.arange(len(nodes))
    weights[[0, -1]] /= 2
    terms = weights / (between[:, None] - nodes)
    return np.asarray(terms @ f[::2] / terms.sum(axis=1))
