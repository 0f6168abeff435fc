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
RELEVANT_ERROR = 0.03
"""A change of the test error up to this is marginal; part of the statement."""
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
    """Batch, updates, learning rate, decay, no decay, test error."""
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
        _no_effect(
            "updates",
            f"It is the number of updates: at equal updates the rank for batch {base['batch']} is "
            f"not lower than for {large} by more than {RELEVANT_RANK:g}.",
            rank(batch=large) - rank(),
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
        without_decay(runs),
        _error(runs, settings),
    ]


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


def _no_effect(name: str, statement: str, fall: Array) -> Finding:
    fall = np.round(fall, DIGITS)
    return Finding(
        name=name,
        statement=statement,
        status=whether_at_most(RELEVANT_RANK, *median_over_seeds(fall)),
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
    """The test error with the base decay less that without, in all pairs of runs of each seed."""
    base = settings["base"]

    def change(how: Mapping[str, Any], decay: float) -> Array:
        given, none = (
            seed_values(runs, test_error, **{**base, **how, "decay": value})
            for value in (decay, 0.0)
        )
        return np.asarray(given - none)

    epochs = base["updates"] * base["batch"]
    pairs: list[dict[str, Any]] = [
        {"batch": batch, "updates": epochs // batch} for batch in settings["batches"]
    ]
    pairs += [{"step": step} for step in settings["steps"] if step != base["step"]]
    gap = np.mean([change(how, base["decay"]) for how in pairs], axis=0)
    alone, strongest = (change({}, x).mean() for x in (base["decay"], max(settings["decays"])))
    return Finding(
        name="test error",
        statement=f"With λ = {base['decay']:g} the test error, in the mean over batch sizes and "
        f"learning rates, is that without decay up to {RELEVANT_ERROR:.0%}.",
        status=whether_at_most(RELEVANT_ERROR, *median_over_seeds(np.abs(gap))),
        reason=f"change between {gap.min():+.2%} and {gap.max():+.2%} in {len(gap)} seeds; "
        f"{_rates(gap)}; in the mean over seeds at the base alone {alone:+.2%}, there with λ = "
        f"{max(settings['decays']):g} {strongest:+.2%}",
        numbers={"change": gap, "strongest": strongest},
    )
