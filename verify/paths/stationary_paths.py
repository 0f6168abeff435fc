"""Paths towards a stationary law: from several starts, at several steps, at two times.

Only the equation is simulated.  Paths start from the start of the claim, from its mirror image
where a single state may have either sign, and from states that a pilot reached at its 5 % and 95 %
quantile.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from numerics.system import Array, State
from verify.problem import Problem

from .ensemble import BLOCK, ensemble
from .horizon import Setting
from .refinement import LEFT, Look

__all__ = ["Sample", "biased", "sampled", "support", "without_lost"]

PILOT = 256
OUTER = (0.05, 0.95)
"""Quantiles of the pilot from which further paths start."""

COUPLED = 4
"""One path in so many is run with other steps and from another start too."""

UNSETTLED = 10
"""Where other starts or times move a law much, so many times the move may be left."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Values at the horizon: of all paths at h/4, of the first of them in other ways too.

    Attributes
    ----------
    values
        At h/4, the paths having their starts in turn.
    half, whole
        The first paths at h/2 and at h.
    swapped
        The same at h/2, every path from the start that is next in turn.
    earlier
        All paths at h/4, at half of the horizon.
    starts
        How many there are.
    """

    values: Array
    earlier: Array
    half: Array
    whole: Array
    swapped: Array
    starts: int

    @property
    def quarter(self) -> Array:
        """The first paths at h/4."""
        return self.values[: len(self.half)]


def sampled(setting: Setting, look: Look) -> Sample:
    """What a look sees of the system at one setting; nothing that is stated reaches it."""
    key = ("stationary", look.steps, look.paths, look.plan.seed, look.plan.purpose, setting.horizon)
    return setting.problem.measured(
        key, setting.point, lambda declared: _simulated(setting, declared, look)
    )


def _simulated(setting: Setting, declared: Problem, look: Look) -> Sample:
    starts = _starts(setting, declared, look)
    few = max(1, look.paths // COUPLED)
    seed = look.plan.seed_for("paths") % 2**63

    count = len(next(iter(starts.values())))

    def run(refinement: int, paths: int, turn: int = 0) -> Array:
        which = (np.arange(paths) + turn) % count
        start = {name: x[which] for name, x in starts.items()}
        steps = look.steps * refinement
        marks = [steps // 2, steps]
        block = min(BLOCK, few)
        found = ensemble(setting, declared, steps, paths, seed, start=start, block=block, at=marks)
        return found["f"]

    earlier, values = run(4, look.paths)
    return Sample(
        values=values,
        earlier=earlier,
        half=run(2, few)[1],
        whole=run(1, few)[1],
        swapped=run(2, few, 1)[1],
        starts=count,
    )


def _starts(setting: Setting, declared: Problem, look: Look) -> State:
    """The start of the claim, its mirror image, and two that a pilot reached, for every state."""
    pilot = ensemble(
        setting,
        declared,
        4 * look.steps,
        PILOT,
        look.plan.seed_for("pilot") % 2**63,
        states=True,
        block=PILOT,
    )
    order = np.argsort(pilot["f"][0])
    whole = int(np.count_nonzero(np.isfinite(pilot["f"][0])))
    outer = [order[int(q * (whole - 1))] for q in OUTER] if whole else []
    mirrored = [-1.0] if _has_mirror_image(setting) else []
    return {
        name: np.stack(
            [
                np.asarray(x, dtype=float),
                *(sign * np.asarray(x, dtype=float) for sign in mirrored),
                *(pilot[name][0][i] for i in outer),
            ]
        )
        for name, x in setting.start.items()
    }


def _has_mirror_image(setting: Setting) -> bool:
    """Whether the only state is a scalar of either sign, and the support has both x and −x."""
    path = setting.problem.signature.path
    assert path is not None
    (name, *others) = setting.system.states
    state = next(x for x in path.letters if x.name == name)
    if others or state.shape or "positive" in state.facts:
        return False
    low, high = support(setting)
    return low < -float(setting.start[name]) < high


def support(setting: Setting) -> tuple[float, float]:
    """The interval on which a density is stated; the line where none is."""
    kernels = setting.problem.kernels
    low = setting.stated("lower") if "path_lower" in kernels else -math.inf
    high = setting.stated("upper") if "path_upper" in kernels else math.inf
    return low, high


def biased(
    sample: Sample,
    distance: Callable[[Array, Array], float],
    noise: float,
    relevant: float,
    *,
    most: float,
    typical: float,
) -> tuple[float, float, str]:
    """Bias of step and time, the part of it that may be noise, and what no paths would settle.

    ``distance`` says how far two laws are apart, ``most`` how far they can be; ``noise`` how far
    two samples of one law on the same paths may be, and ``typical``/√n on paths of their own.
    """
    left = _left(distance(sample.half, sample.whole), distance(sample.quarter, sample.half), noise)
    # One start after the other: all together, the starts of both are the same.
    start = max(
        distance(sample.half[n :: sample.starts], sample.swapped[n :: sample.starts])
        for n in range(sample.starts)
    )
    late = distance(sample.earlier, sample.values)
    bias = left + start
    each = len(sample.half) / sample.starts
    moves = {
        "another start": start - typical / math.sqrt(each),
        "the second half of the horizon": late - typical / math.sqrt(len(sample.values)),
    }
    cause = max(moves, key=lambda name: moves[name])
    if moves[cause] <= relevant / 2:
        return bias, LEFT * noise, ""
    why = (
        f"{cause} moves it by {max(start, late):.2g}: no stationary law at the horizon, or not the"
        " only one; no number of paths would settle it, a longer horizon may"
    )
    return min(bias + UNSETTLED * moves[cause], most), LEFT * noise, why


def _left(before: float, last: float, noise: float) -> float:
    """What is left of an error whose last two moves are known: as of order h at best, √h at worst.

    Moves are not smaller than their noise.
    """
    before, last = max(before, noise), max(last, noise)
    ratio = min(max(last / before, 0.5), 1 / math.sqrt(2)) if before > 0 else 0.5
    return last * ratio / (1 - ratio)


def without_lost(sample: Sample) -> tuple[Sample, float]:
    """The sample with the median where a path left the domain of the system, and their part."""
    parts = ("values", "earlier", "half", "whole", "swapped")
    lost = max(float(np.mean(~np.isfinite(getattr(sample, part)))) for part in parts)
    if lost in (0.0, 1.0):
        return sample, lost
    kept = {part: getattr(sample, part) for part in parts}
    return (
        replace(
            sample,
            **{part: np.where(np.isfinite(x), x, np.nanmedian(x)) for part, x in kept.items()},
        ),
        2 * lost,
    )
