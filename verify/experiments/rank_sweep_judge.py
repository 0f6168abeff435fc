"""What is claimed of rank against batch size, learning rate and decay, judged over all seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.verdict import Status

__all__ = [
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
"""A difference in mean rank that is no accident of a value near the threshold."""
RELEVANT_ERROR = 0.03
"""A change of the test error that is called marginal."""


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
            f"At equal epochs the rank is lower for batch {base['batch']} than for {large}.",
            rank(**epochs) - rank(),
        ),
        _no_effect(
            "updates",
            f"It is the number of updates: at equal updates batch {base['batch']} gives no lower "
            f"rank than batch {large}.",
            rank(batch=large) - rank(),
        ),
        falls(
            "learning rate",
            f"The rank is lower for μ = {base['step']:g} than for {min(settings['steps']):g}.",
            rank(step=min(settings["steps"])) - rank(),
        ),
        falls(
            "weight decay",
            f"The rank is lower for λ = {max(settings['decays']):g} than for {_least(settings):g}.",
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
    """A fall of the mean rank in every seed."""
    status = Status.INCONCLUSIVE
    if fall.min() > RELEVANT_RANK:
        status = Status.AGREES
    elif fall.mean() <= 0:
        status = Status.DISAGREES
    return Finding(
        name=name,
        statement=statement,
        status=status,
        reason=f"mean rank lower by {fall.min():.1f} to {fall.max():.1f} in {len(fall)} seeds; "
        f"relevant: {RELEVANT_RANK:g}; by chance of the order alone {0.5 ** len(fall):.2g}",
        numbers={"fall": fall},
    )


def _no_effect(name: str, statement: str, fall: Array) -> Finding:
    status = Status.INCONCLUSIVE
    if fall.max() <= RELEVANT_RANK:
        status = Status.AGREES
    elif fall.min() > RELEVANT_RANK:
        status = Status.DISAGREES
    return Finding(
        name=name,
        statement=statement,
        status=status,
        reason=f"mean rank lower by {fall.min():.1f} to {fall.max():.1f} (negative: higher) in "
        f"{len(fall)} seeds; relevant: {RELEVANT_RANK:g}",
        numbers={"fall": fall},
    )


def without_decay(runs: Sequence[Numbers]) -> Finding:
    """Without decay all runs keep the rank of their start."""
    falls = [
        float(np.mean(run["start ranks"][:-1])) - mean_rank(run)
        for numbers in runs
        for run in numbers["runs"]
        if run["decay"] == 0
    ]
    worst = max(falls)
    return Finding(
        name="no decay",
        statement="Without decay the rank stays that of the start, for every batch size and "
        "learning rate.",
        status=Status.AGREES if worst <= RELEVANT_RANK else Status.DISAGREES,
        reason=f"mean rank falls by at most {worst:.2f} in {len(falls)} runs; relevant: "
        f"{RELEVANT_RANK:g}",
        numbers={"falls": falls},
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
    mean = float(gap.mean())
    half = 3 * float(gap.std(ddof=1)) / np.sqrt(len(gap)) if len(gap) > 1 else RELEVANT_ERROR
    status = Status.INCONCLUSIVE
    if abs(mean) + half <= RELEVANT_ERROR:
        status = Status.AGREES
    elif abs(mean) - half > RELEVANT_ERROR:
        status = Status.DISAGREES
    return Finding(
        name="test error",
        statement=f"With λ = {base['decay']:g} the test error is that without decay, up to "
        f"{RELEVANT_ERROR:.0%}, in the mean over batch sizes and learning rates.",
        status=status,
        reason=f"{mean:+.2%} ± {half:.2%} (3 standard errors of {len(gap)} seeds); at "
        f"the base alone {alone:+.2%}, there with λ = {max(settings['decays']):g} "
        f"{strongest:+.2%}",
        numbers={"change": gap, "strongest": strongest},
    )
