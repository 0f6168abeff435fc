"""What is claimed of groups of ReLU neurons: the law of a step, its mean, SGD beside the SDE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from numerics.network import Array
from verify.experiments.experiment import Finding, Numbers
from verify.experiments.relu_groups import Group, followed, gaps, means
from verify.planning import Estimate
from verify.verdict import Status, combine

__all__ = ["gap_finding", "group_numbers", "rate_finding", "step_finding"]

RELEVANT = 0.02
LEAST_RESOLVED = 20


def group_numbers(
    found: Sequence[Group],
    fresh: Sequence[Group],
    eta: float,
    variance: float,
    longest: int,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """All that is measured of the groups of one seed.

    Parameters
    ----------
    found
        The groups to follow, at most `longest` steps each, and to take means of.
    fresh
        Groups that have something to learn, for the gap between SGD and its SDE.
    """
    walks = [followed(group, eta, np.sqrt(variance), longest, rng) for group in found]
    rows = list(means(list(found), eta, variance))
    beside = [gaps(group, eta, variance) for group in fresh]
    numbers: dict[str, Any] = {
        "window_sizes": np.array([len(group.members) for group in found]),
        "window_steps": np.array([len(walk["law"]) for walk in walks]),
        "window_lasted": np.array([walk["lasted"] for walk in walks]),
        "excess": max((walk["excess"] for walk in walks), default=np.nan),
        "resolved": sum(walk["resolved"] for walk in walks),
    }
    numbers |= {
        f"window_{name}": np.array([walk[name][-1] for walk in walks])
        for name in ("change", "law", "mean")
    }
    if rows:
        numbers |= {f"rate_{name}": np.array([row[name] for row in rows]) for name in rows[0]}
    names = beside[0] if beside else ()
    return numbers | {f"gap_{name}": np.array([gap[name] for gap in beside]) for name in names}


def step_finding(runs: Sequence[Numbers]) -> Finding:
    """The exact law of a step, in the worst seed."""
    excess = [float(run["excess"]) for run in runs]
    resolved = [int(run["resolved"]) for run in runs]
    steps = int(sum(np.sum(run["window_steps"]) for run in runs))
    windows = np.concatenate([np.asarray(run["window_steps"]) for run in runs])
    broken = np.concatenate([np.asarray(run["window_lasted"]) for run in runs])
    status = Status.AGREES if max(excess) <= 1 else Status.DISAGREES
    if min(resolved) < LEAST_RESOLVED or not np.isfinite(excess).all():
        status = Status.INCONCLUSIVE if not max(excess) > 1 else status
    return Finding(
        name="law of a step",
        statement="While the pattern of a group lasts, every step on sample i multiplies its det M "
        "by (1 − η²e²|x_i|²)² if the group is active there, else by 1.",
        status=status,
        reason=f"{steps:,} steps of {len(windows)} groups; the largest deviation is "
        f"{max(excess):.2g} of its rounding error in the worst of {len(runs)} seeds; "
        f"{sum(resolved):,} steps far above rounding; patterns lasted {int(np.median(windows))} "
        f"steps in the median, {int(broken.sum())} of {len(windows)} broke while watched",
        numbers={"excess": excess, "resolved": resolved, "steps": steps},
    )


def rate_finding(runs: Sequence[Numbers], stated: Mapping[str, str] | None = None) -> Finding:
    """Mean rates of SGD and of its SDE against what is stated, group by group, without chance.

    Parameters
    ----------
    stated
        Which of the rates of `relu_groups.rates` is stated for what is measured.
    """
    pairs = stated or {"mean_step": "algorithm", "generator": "sde"}
    ratios = {
        measured: _together(runs, f"rate_{measured}") / _together(runs, f"rate_{named}")
        for measured, named in pairs.items()
    }
    worst = {name: float(np.max(np.abs(ratio - 1))) for name, ratio in ratios.items()}
    status = combine(Estimate(value=value).decide(RELEVANT) for value in worst.values())
    count = len(next(iter(ratios.values())))
    other = _together(runs, "rate_full_batch") / _together(runs, "rate_algorithm")
    moved = sum(float(np.sum(run["window_change"])) for run in runs)
    expected = sum(float(np.sum(run["window_mean"])) for run in runs)
    return Finding(
        name="mean rate",
        statement="log det M of a group falls at 2η/n Σ|x_i|²(r_i² + δ) over its active samples, "
        "and at 2η|R|² less under the SDE.",
        status=status if count else Status.INCONCLUSIVE,
        reason=f"summed over samples and integrated over label noise at {count} groups: at most "
        f"{max(worst.values()):.2%} off, relevant {RELEVANT:.0%}, no chance involved; on paths "
        f"{moved / expected:.2f} of the mean; 2ηδ|DX|²/n², of full batches, is "
        f"{np.mean(other):.2g} of it",
        numbers={"worst": worst, "groups": count, "paths": moved / expected},
    )


def gap_finding(runs: Sequence[Numbers]) -> Finding:
    """SGD and SDE as η → 0: first order at fixed ηδ, none at fixed δ, and |R|² is the reason."""
    fixed, constant, residual = (
        _together(runs, f"gap_{name}") for name in ("fixed_product", "fixed_variance", "residual")
    )
    order = np.log2(fixed[:, -2] / fixed[:, -1])
    kept = constant[:, -1] / constant[:, 0]
    explained = fixed[:, -1] / residual[:, -1]
    estimates = [
        Estimate(value=float(np.max(np.abs(order - 1)))),
        Estimate(value=float(np.max(np.abs(explained - 1)))),
    ]
    status = combine(
        estimate.decide(relevant)
        for estimate, relevant in zip(estimates, (0.1, RELEVANT), strict=True)
    )
    if float(kept.min()) < 0.9:
        status = Status.DISAGREES
    return Finding(
        name="SGD beside its SDE",
        statement="The gap of their rates is 2η|R|²: of first order in η at fixed ηδ; at fixed δ "
        "it keeps its share of the rate.",
        status=status,
        reason=f"at fixed ηδ order {order.mean():.3f}, at most {estimates[0].value:.3f} off 1"
        f"; gap over 2η|R|² {explained.mean():.4f}; at fixed δ its share at η/8 is "
        f"{kept.mean():.3f} of that at η; {len(fixed)} groups, no chance involved",
        numbers={"order": order, "explained": explained, "kept": kept},
    )


def _together(runs: Sequence[Numbers], name: str) -> Array:
    return np.concatenate([np.asarray(run[name], dtype=float) for run in runs if name in run])
