"""What is claimed of rank against batch size, learning rate and decay, judged over all seeds.

Every statement is one on the median over seeds, which are independent: its bounds are order
statistics, hold for any law of the ranks, and each fails at most at the rate `ALPHA`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.seeds import ALPHA, median_over_seeds, whether_above, whether_at_most
from verify.verdict import combine

__all__ = [
    "RELEVANT_RANK",
    "Trained",
    "at",
    "falls",
    "findings_of",
    "mean_rank",
    "seed_values",
    "test_error",
    "without_decay",
]

Trained: TypeAlias = dict[str, Any]
"""One run: how it was trained, its ranks, its errors."""

RELEVANT_RANK = 1.0
"""A rank is lower if it is lower by more than this; part of every statement."""
DIGITS = 9
"""Means of whole numbers differ by rounding beyond these digits."""


def mean_rank(run: Mapping[str, Any]) -> float:
    """The mean rank of the layers but the last, which has as many rows as there are classes."""
    return float(np.mean(run["ranks"][:-1]))


def test_error(run: Mapping[str, Any]) -> float:
    """The share of test samples that the run has wrong."""
    return float(run["test error"])


def at(numbers: Numbers, **how: Any) -> Mapping[str, Any]:
    """The run of one seed that was trained in this way."""
    found: Mapping[str, Any] = next(
        run for run in numbers["runs"] if all(run[name] == value for name, value in how.items())
    )
    return found


def seed_values(runs: Sequence[Numbers], what: Any, **how: Any) -> Array:
    """A value of the run of this kind, seed by seed; ``what`` is a function of it."""
    return np.array([what(at(numbers, **how)) for numbers in runs])


def findings_of(runs: Sequence[Numbers], settings: Settings) -> list[Finding]:
    """Batch, updates, learning rate, decay, each layer, no decay, test error."""
    base, large = settings["base"], max(settings["batches"])
    epochs = {"batch": large, "updates": base["updates"] * base["batch"] // large}

    def rank(**how: Any) -> Array:
        return seed_values(runs, mean_rank, **{**base, **how})

    return [
        falls(
            "batch size",
            f"At equal epochs the rank for batch {base['batch']} is lower than for {large} by more "
            f"than {RELEVANT_RANK:g}.",
            rank(**epochs) - rank(),
        ),
        falls(
            "updates",
            f"It is the number of updates: at equal updates the order is the other one, and the "
            f"rank for batch {large} is lower than for {base['batch']} by more than "
            f"{RELEVANT_RANK:g}.",
            rank() - rank(batch=large),
        ),
        falls(
            "learning rate",
            f"The rank for μ = {base['step']:g} is lower than for {min(settings['steps']):g} by "
            f"more than {RELEVANT_RANK:g}.",
            rank(step=min(settings["steps"])) - rank(),
        ),
        falls(
            "weight decay",
            f"The rank for λ = {max(settings['decays']):g} is lower than for {_least(settings):g} "
            f"by more than {RELEVANT_RANK:g}.",
            rank(decay=_least(settings)) - rank(decay=max(settings["decays"])),
        ),
        *(_each_layer(runs, settings, *sweep) for sweep in _sweeps(settings)),
        without_decay(runs),
        _error(runs, settings),
    ]


def _sweeps(settings: Settings) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Of every sweep its name and its ends, where the rank is stated higher and lower."""
    base, large = settings["base"], max(settings["batches"])
    epochs = {"batch": large, "updates": base["updates"] * base["batch"] // large}
    return [
        ("batch size", epochs, {}),
        ("learning rate", {"step": min(settings["steps"])}, {}),
        ("weight decay", {"decay": _least(settings)}, {"decay": max(settings["decays"])}),
    ]


def _each_layer(
    runs: Sequence[Numbers],
    settings: Settings,
    name: str,
    high: Mapping[str, Any],
    low: Mapping[str, Any],
) -> Finding:
    """As for the mean, of every layer but the last, which has as many rows as classes."""
    base = settings["base"]
    above, below = (
        seed_values(runs, lambda run: run["ranks"], **{**base, **how}) for how in (high, low)
    )
    fall = above - below
    shown = "; ".join(
        f"layer {number} {column.mean():.1f} ({column.min():g} to {column.max():g})"
        for number, column in enumerate(fall.T, start=1)
    )
    return Finding(
        name=f"{name}, each layer",
        statement=f"The rank of every layer but the last falls by more than {RELEVANT_RANK:g} "
        f"between the ends of the sweep over the {name}, in the median over seeds.",
        status=combine(
            whether_above(RELEVANT_RANK, *median_over_seeds(column)) for column in fall.T[:-1]
        ),
        reason=f"falls, mean and all {len(fall)} seeds: {shown}; {_rates(fall[:, 0])}, of each "
        "layer",
        numbers={"fall": fall},
    )


def _least(settings: Settings) -> float:
    """The least decay above 0, or 0 where there is only one."""
    some = sorted(decay for decay in settings["decays"] if decay > 0)
    return float(some[0]) if len(some) > 1 else 0.0


def falls(name: str, statement: str, fall: Array) -> Finding:
    """The mean rank falls by more than `RELEVANT_RANK`, in the median over seeds."""
    fall = np.round(fall, DIGITS)
    return Finding(
        name=name,
        statement=statement,
        status=whether_above(RELEVANT_RANK, *median_over_seeds(fall)),
        reason=_lower(fall),
        numbers={"fall": fall},
    )


def _lower(fall: Array) -> str:
    ends = "(negative: higher) " if fall.min() < 0 else ""
    return (
        f"mean rank lower by {fall.min():.2f} to {fall.max():.2f} {ends}in {len(fall)} seeds; "
        + _rates(fall)
    )


def _rates(values: Array) -> str:
    """What the verdict rests on: the bounds of the median, or that there are none."""
    low, high = median_over_seeds(values)
    if not np.isfinite(high - low):
        return f"no bound of a median at error rate {ALPHA:g} from {len(values)} seeds: run 10"
    return f"median over seeds, error rate {ALPHA:g} on either side for any law"


def without_decay(runs: Sequence[Numbers]) -> Finding:
    """Without decay all runs keep the rank of their start."""
    every = [
        [
            float(np.mean(run["start ranks"][:-1])) - mean_rank(run)
            for run in numbers["runs"]
            if run["decay"] == 0
        ]
        for numbers in runs
    ]
    worst = np.round([max(falls) for falls in every], DIGITS)
    return Finding(
        name="no decay",
        statement="Without decay the mean rank falls below that of the start by at most "
        f"{RELEVANT_RANK:g}, for the batch size and learning rate where it falls most.",
        status=whether_at_most(RELEVANT_RANK, *median_over_seeds(worst)),
        reason=f"at most {worst.max():.2f} in {sum(map(len, every))} runs of {len(every)} seeds; "
        + _rates(worst),
        numbers={"falls": every},
    )


def _error(runs: Sequence[Numbers], settings: Settings) -> Finding:
    """The test error with decay less that without, where the rank falls most, seed by seed."""
    base, strongest = settings["base"], max(settings["decays"])

    def change(decay: float, **how: Any) -> Array:
        given, none = (
            seed_values(runs, test_error, **{**base, **how, "decay": value})
            for value in (decay, 0.0)
        )
        return np.asarray(given - none)

    gap = change(strongest)
    large = max(settings["batches"])
    hardly = change(base["decay"], batch=large, updates=base["updates"] * base["batch"] // large)
    equal = seed_values(runs, test_error, **{**base, "batch": large})
    return Finding(
        name="test error",
        statement=f"It has a price: at the base with λ = {strongest:g}, where the rank falls most, "
        "the test error is higher than without decay, in the median over seeds.",
        status=whether_above(0.0, *median_over_seeds(gap)),
        reason=f"change {np.median(gap):+.2%} (median, from {gap.min():+.2%} to {gap.max():+.2%} "
        f"in {len(gap)} seeds; {_rates(gap)}); in the mean {gap.mean():+.2%}, with λ = "
        f"{base['decay']:g} {change(base['decay']).mean():+.2%}, and for batch {large} at equal "
        f"epochs, where the rank hardly falls, {hardly.mean():+.2%}; for batch {large} at equal "
        f"updates, where the rank is low too, the error is {equal.mean():.2%} beside "
        f"{seed_values(runs, test_error, **base).mean():.2%} for batch {base['batch']}",
        numbers={"change": gap, "batch": hardly},
    )
