"""Looks at a difference with finer steps or with more paths, whichever it wants.

The noise of a difference has a finite-sample bound.  The bias of the scheme has none: it is
estimated from what a halving of the steps moved, and called an estimate.  If the error shrinks at
least like √h, then what is left is at most ``LEFT`` times the last move.

Every look has paths of its own and an equal share of both error rates, so that what the next look
spends may follow from what the last one saw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from numerics.system import Array
from verify.planning import EFFORTS, Effort, Estimate, Plan
from verify.statistics.bounds import bernstein_samples
from verify.statistics.decisions import BoundedMean
from verify.verdict import Status

__all__ = [
    "CONDITION",
    "LEFT",
    "LOOKS",
    "SLOW",
    "Finding",
    "Look",
    "Measurement",
    "are_taken",
    "extrapolated_mean",
    "is_slow",
    "is_unresolved",
    "most_path_steps",
    "refined",
    "undecided",
    "unresolved",
    "would_settle",
]

CONDITION = (
    "the bias left by the step length, estimated from what the last halving of the steps moved"
)

LEFT = 1 / (math.sqrt(2) - 1)
"""Sum of the moves to come, in units of the last, if each is at most 1/√2 of the one before."""

SLOW = (
    "the last halving of the steps moved it by more than 1/√2 of the one before: its error does "
    "not shrink like √h on these grids, and what is left is not known; finer steps may settle it"
)
ROUGH = (
    "drift or noise are not smooth where the paths go, so that the scheme may be slower than "
    "√h: the difference is within what it may have left; finer steps may settle it"
)
SLOWER = (math.sqrt(2) - 1) / (2**0.125 - 1)
"""What is left of an error of order h^(1/8), in units of what is left of one of order √h."""

SURE = 2.0
"""Standard deviations beyond which a move is taken for larger than another."""

UNRESOLVED = (
    "single paths differ between two grids by what coefficients do within a step: they change too "
    "fast with the time for these steps; finer ones may settle it"
)
SHARE = 0.3
"""Two grids move paths by at most this part of their spread, if the time is resolved."""

ROUNDING = 1e-12
LOOKS = 3
MOST_PATHS = 10_000_000
"""More paths than so many are no advice."""

FIRST_STEPS = 8
"""The first look takes this part of the steps of the plan."""

PATH_STEPS = 64
"""Steps of all paths that a look may take, in units of those of the plan."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """Steps of the coarsest of three grids, paths, and a plan with rates and randomness."""

    steps: int
    paths: int
    plan: Plan


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A difference measured − stated, and how much of its bias may be noise.

    ``rest`` is how much of the bias neither more paths nor finer steps lessen, ``counted`` how much
    of it is no estimate from what a halving moved.
    ``samples`` is how many paths have a given half-width, if not as many as 1/√n says; ``why`` says
    what keeps it from deciding, if it is neither paths nor steps, and ``finer`` whether finer steps
    may mend that; ``coarse`` says that only the next grids are known to be better, and ``doubt``
    what a number of paths would not settle.  ``numbers`` has what is kept to be looked at: the
    differences at h, h/2, h/4 as levels, values side by side.
    """

    estimate: Estimate
    noise: float = 0.0
    rest: float = 0.0
    counted: float = 0.0
    why: str = ""
    finer: bool = False
    coarse: bool = False
    doubt: str = ""
    samples: Callable[[float], int] | None = field(default=None, compare=False)
    numbers: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the looks found: the last measurement, the decision, what would settle it."""

    status: Status
    measurement: Measurement
    steps: int
    paths: int
    looks: int
    needed: str

    @property
    def estimate(self) -> Estimate:
        """The difference of the last look."""
        return self.measurement.estimate


def most_path_steps(effort: Effort, size: int) -> int:
    """Steps of all paths on the finest grid that one look may take, for a state of some size."""
    return int(PATH_STEPS * effort.paths * effort.steps / max(1.0, size / 8))


def refined(
    measure: Callable[[Look], Measurement],
    plan: Plan,
    relevant: float,
    size: int,
    *,
    begin: tuple[int, int] | None = None,
    longer: int = 1,
    rough: Callable[[], bool] = lambda: False,
) -> Finding:
    """Look until the difference is decided, or until a look would take too long.

    ``begin`` has the steps and the paths of the first look; a look after it may take ``longer``
    times what is usual.  ``rough`` says whether drift or noise
    are not smooth where the paths go, so that a scheme may be slower than √h: asked before a
    rejection, which then needs a difference beyond a bias of ``SLOWER`` times the estimate.
    """
    share = replace(plan, budget=plan.budget.split(LOOKS))
    steps, paths = begin or (max(4, plan.effort.steps // FIRST_STEPS), plan.effort.paths)
    most = longer * most_path_steps(plan.effort, size)
    for number in range(LOOKS):
        looking = replace(share, purpose=f"{share.purpose}/look {number}")
        found = measure(Look(steps=steps, paths=paths, plan=looking))
        status = found.estimate.decide(relevant)
        if status == Status.DISAGREES and math.isfinite(found.estimate.value):
            estimated = found.estimate.bias - found.counted
            wider = replace(found.estimate, bias=SLOWER * estimated + found.counted)
            if wider.decide(relevant) != Status.DISAGREES and rough():
                found = replace(found, estimate=wider, why=ROUGH, finer=True)
                status = Status.INCONCLUSIVE
        wanted = _wanted(found, steps, paths, relevant)
        finding = Finding(
            status=status,
            measurement=found,
            steps=steps,
            paths=paths,
            looks=number + 1,
            needed=_needed(found, wanted, plan.effort, size),
        )
        if status != Status.INCONCLUSIVE or wanted is None:
            return finding
        more_steps, more_paths = wanted
        more_steps = min(more_steps, max(steps, most // (4 * paths)))
        more_paths = min(more_paths, max(paths, most // (4 * more_steps)))
        if more_steps * more_paths < 1.5 * steps * paths:
            return finding
        steps, paths = more_steps, more_paths
    return finding


def _wanted(found: Measurement, steps: int, paths: int, relevant: float) -> tuple[int, int] | None:
    """Steps and paths that would leave a quarter of the room to the bias; None if none would."""
    e, room = found.estimate, relevant / 2
    if found.why:
        return (4 * steps, paths) if found.finer else None
    if found.coarse:
        return 2 * steps, paths
    if not (math.isfinite(e.half_width) and math.isfinite(e.bias)) or not room > 0:
        return None
    bias, noise = max(e.bias - found.noise - found.rest, 0.0), found.noise
    room -= found.rest
    if not room > 0:
        return None
    finer = 0
    while bias > room / 4 and finer < 4:
        finer, bias = finer + 1, bias / 2
    left = room - min(bias, room / 2)
    if found.samples is not None:
        more = found.samples(0.8 * left) / paths
    else:
        # Both what is known up to w and the noise of the bias shrink like 1/√n.
        more = ((e.half_width + noise) / left) ** 2
    return steps * 2**finer, math.ceil(paths * max(1.1 * more, 1.0))


def _needed(found: Measurement, wanted: tuple[int, int] | None, effort: Effort, size: int) -> str:
    if found.why or found.doubt:
        return found.why or found.doubt
    if wanted is None:
        return "no number of paths would settle it"
    return would_settle(*wanted, effort, size)


def would_settle(steps: int, paths: int, effort: Effort, size: int) -> str:
    """How many paths on the finest grid would settle it, and whether more effort takes them."""
    if paths > MOST_PATHS:
        return (
            f"this setting does not settle it, which would take more than {MOST_PATHS:,} paths; a "
            "larger relevant error may, of a limit a longer horizon too"
        )
    enough = are_taken(steps, paths, size)
    more = "and effort deep takes so many" if enough else "more than effort deep takes"
    end = f", {more}" if effort.name != "deep" else ""
    return f"about {paths:,} paths of {4 * steps:,} steps would settle it{end}"


def are_taken(steps: int, paths: int, size: int) -> bool:
    """Whether effort deep takes so many steps and paths."""
    return 4 * steps * paths <= most_path_steps(EFFORTS["deep"], size)


def is_slow(before: float, last: float, noise: float) -> bool:
    """Whether two moves in succession refute that the error shrinks at least like √h.

    ``noise`` is the standard deviation of |last| − |before|/√2.
    """
    return abs(last) > (1 + 1e-6) * abs(before) / math.sqrt(2) + SURE * noise + ROUNDING


def is_unresolved(levels: Sequence[Array]) -> bool:
    """Whether two grids, each at random times of its own, give single paths other values.

    By their mean square: few paths that meet a short time at which much happens say as much as the
    many that miss it.
    """
    half, quarter = levels[-2], levels[-1]
    kept = np.isfinite(half) & np.isfinite(quarter)
    if not np.any(kept):
        return False
    moved = math.sqrt(float(np.mean((quarter[kept] - half[kept]) ** 2)))
    low, high = np.quantile(quarter[kept], [0.25, 0.75])
    return moved > SHARE * float(high - low) / 2 + ROUNDING


def undecided(why: str, *, finer: bool = False) -> Measurement:
    """Nothing was measured, and why; ``finer`` says whether finer steps may mend that."""
    nothing = Estimate(value=0.0, half_width=math.inf, bias=math.inf)
    return Measurement(estimate=nothing, why=why, finer=finer)


def unresolved() -> Measurement:
    """Nothing, until finer steps are taken."""
    return undecided(UNRESOLVED, finer=True)


def extrapolated_mean(
    levels: Sequence[Array], low: float, high: float, stated: float, alpha: float
) -> Measurement:
    """The mean of values within bounds at h, h/2, h/4, extrapolated to h = 0, less the stated one.

    2f(h/4) − f(h/2) lies between 2·low − high and 2·high − low, so that Bernstein's inequality
    holds for it as it is.  A path that left the domain of the system, whose value is no number, may
    have any value: its weight counts as bias.
    """
    h, half, quarter, lost = _whole(levels, (low + high) / 2)
    fine, coarse = 2 * quarter - half, 2 * half - h
    test = BoundedMean(alpha=alpha, low=2 * low - high, high=2 * high - low)
    e = test.estimate(fine, stated)
    moves = fine - coarse
    noise = float(np.std(moves)) / math.sqrt(len(moves))
    bias = LEFT * max(abs(float(np.mean(moves))), noise) + lost * (high - low)
    kept = {"levels": [float(np.mean(x)) - stated for x in (h, half, quarter)]}
    if _slow_on(h, half, quarter, high - low):
        estimate = replace(e, bias=math.inf)
        return Measurement(estimate=estimate, why=SLOW, finer=True, numbers=kept)
    scale, variance, extent = abs(low) + abs(high), float(np.var(fine)), 3 * (high - low)
    return Measurement(
        estimate=replace(e, bias=bias + ROUNDING * scale),
        noise=LEFT * noise,
        samples=lambda half_width: bernstein_samples(variance, half_width, extent, alpha),
        numbers=kept,
    )


def _slow_on(h: Array, half: Array, quarter: Array, extent: float) -> bool:
    """Whether the means on three grids refute an error that shrinks like √h."""
    before, last = (half - h) / extent, (quarter - half) / extent
    noise = math.sqrt((np.var(last) + np.var(before) / 2) / len(h))
    return is_slow(float(np.mean(before)), float(np.mean(last)), noise)


def _whole(levels: Sequence[Array], instead: float) -> tuple[Array, Array, Array, float]:
    """The values, those of lost paths replaced on all grids, and the part of paths that is lost."""
    kept = np.all([np.isfinite(x) for x in levels], axis=0)
    h, half, quarter = (np.where(kept, x, instead) for x in levels)
    return h, half, quarter, float(np.mean(~kept))
