"""Measured orders of convergence with their error bars.

Errors of several step sizes are taken on the same paths: increments are refinable, so a run with
twice the steps and the same seed sees the same Brownian motion. The order is the slope of log error
over log h by least squares; its standard deviation follows from the paths, by a jackknife over
groups of them, which counts the correlation between the step sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.schemes import Scheme
from numerics.simulate import simulate
from numerics.system import Array, State, System

GROUPS = 32
Observable = Callable[[Mapping[str, Array]], Array]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A measured order of convergence and the standard deviation of the measurement."""

    value: float
    deviation: float

    def agrees_with(self, stated: float, *, allowance: float = 0.12) -> bool:
        """Within five standard deviations and an allowance for the terms of higher order."""
        return abs(self.value - stated) <= 5 * self.deviation + allowance


def final_values(
    system: System,
    scheme: Scheme,
    start: State,
    observe: Observable,
    *,
    levels: Sequence[int],
    paths: int,
    seed: int,
    horizon: float = 1.0,
    with_noise: Sequence[str] = (),
) -> tuple[Array, dict[str, Array]]:
    """An observable of the same paths at several numbers of steps, (levels, paths, ...), and B(T).

    `with_noise` names the scalar increments whose sums B(T) are wanted.
    """
    sums = {name: (lambda before, after, dB, name=name: dB[name]) for name in with_noise}
    observers = {"f": observe} | {name: (lambda point, name=name: point[name]) for name in sums}
    runs = [
        simulate(
            system,
            scheme,
            start,
            horizon,
            steps,
            paths,
            seed,
            observe=observers,
            accumulate=sums,
            keep=True,
        )
        for steps in levels
    ]
    values = np.stack([run.values["f"][-1] for run in runs])
    for name in sums:
        for run in runs:
            # To the last bit without correlation; with it, sums are formed of mixed increments.
            same = np.allclose(run.values[name], runs[0].values[name], rtol=0, atol=1e-12)
            assert same, "the step sizes did not see one Brownian path"
    return values, {name: runs[0].values[name][-1] for name in sums}


def _slope(h: Array, errors: Array) -> float:
    return float(np.polyfit(np.log(h), np.log(errors), 1)[0])


def order(levels: Sequence[int], statistic: Callable[[Array], Array], parts: Array) -> Order:
    """The slope of log statistic over log h for parts (levels, paths, ...) of the same paths."""
    h = 1.0 / np.asarray(levels, dtype=float)
    groups = np.array_split(np.arange(parts.shape[1]), GROUPS)
    slopes = []
    for group in groups:
        left = np.delete(parts, group, axis=1)
        slopes.append(_slope(h, statistic(left)))
    spread = np.asarray(slopes) - np.mean(slopes)
    deviation = float(np.sqrt((GROUPS - 1) / GROUPS * (spread**2).sum()))
    return Order(value=_slope(h, statistic(parts)), deviation=deviation)


def strong_order(levels: Sequence[int], differences: Array) -> Order:
    """Of E|difference| over the paths, differences (levels, paths)."""
    return order(levels, lambda parts: np.abs(parts).mean(axis=1), differences)


def weak_order(levels: Sequence[int], differences: Array, offset: float | Array = 0.0) -> Order:
    """Of |E difference + offset|, differences (levels, paths), offset known for each level."""
    return order(levels, lambda parts: np.abs(parts.mean(axis=1) + offset), differences)
