"""Paths towards a stationary law: from several starts, at several steps, at two times.

Only the equation is simulated, and no stated support reaches it.  Paths start from the start of the
claim, from its mirror image where a single state is not declared positive, from states that pilots
reached at their 5 % and 95 % quantile, with the noise as it is and with 2, 4, 8 times that, and
from either side of the first pilot, four times its spread from its median.  A vector or a matrix
may keep to a surface, beside which there is nothing: its far starts are all such as pilots reached,
at the quantiles of what is observed and of its first entries.

Noise k times as strong asks for steps k² times as short.  A pilot that goes farther than linear
systems do, and elsewhere on another grid, is run on such steps: multiplicative noise times 8 makes
Euler's scheme unstable where it was stable, and no path comes back in time from where it throws it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.system import Array, State
from verify.problem import Problem

from .coefficients import has_smooth_coefficients
from .ensemble import BLOCK, ensemble, is_fine, positive_states
from .horizon import Setting
from .refinement import LEFT, Look
from .reflection import at_reflection

__all__ = ["Sample", "biased", "sampled", "support", "without_lost"]

PILOT = 256
OUTER = (0.05, 0.95)
"""Quantiles of the pilots from which further paths start."""

LOUDER = (2.0, 4.0, 8.0)
"""Factors of the noise of further pilots, which may leave a well that holds the first."""

LINEAR = 4.0
"""Noise k times as strong brings a pilot of a linear system so many times k spreads far at most."""

ENTRIES = 4
"""Entries of vectors and matrices at whose quantiles the loudest pilot gives starts."""

ASIDE = 4.0
"""Starts beside the pilot, in units of its spread; for a positive state in logarithms."""

FARTHEST = 8.0
"""How far from the pilot a positive state starts at most, in units of its spread in logarithms."""

FINEST = 4
"""A pilot has so many times the steps of the coarsest grid, as the finest has."""

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
    far, farther
        The first paths at h/2 from farther starts in turn, and how many of these there are.
    reflected
        The part of all paths at h/4 that are within the noise of a step of where they are
        reflected.
    rough
        Whether drift or noise are not smooth in the box of these paths.
    """

    values: Array
    earlier: Array
    half: Array
    whole: Array
    swapped: Array
    starts: int
    far: Array
    farther: int
    reflected: float
    rough: bool

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
    starts, near = _starts(setting, declared, look)
    few = max(1, look.paths // COUPLED)
    seed = look.plan.seed_for("paths") % 2**63

    count = len(next(iter(starts.values())))

    def run(
        refinement: int, paths: int, turn: int = 0, first: int = 0, last: int = near
    ) -> dict[str, Array]:
        which = first + (np.arange(paths) + turn) % (last - first)
        start = {name: x[which] for name, x in starts.items()}
        steps = look.steps * refinement
        marks = [steps // 2, steps]
        return ensemble(
            setting,
            declared,
            steps,
            paths,
            seed,
            start=start,
            block=min(BLOCK, few),
            at=marks,
            states=refinement == 4,
        )

    finest = run(4, look.paths)
    earlier, values = finest["f"]
    states = {name: finest[name][1] for name in setting.system.states}
    return Sample(
        values=values,
        earlier=earlier,
        half=run(2, few)["f"][1],
        whole=run(1, few)["f"][1],
        swapped=run(2, few, 1)["f"][1],
        starts=near,
        far=run(2, few, first=near, last=count)["f"][1] if count > near else np.empty(0),
        farther=min(count - near, few),
        reflected=at_reflection(setting, states, setting.horizon / (4 * look.steps)),
        rough=_is_rough(setting, states),
    )


def _is_rough(setting: Setting, states: State) -> bool:
    """Whether drift or noise are not smooth in the box of some states."""
    finite = {name: np.where(np.isfinite(x), x, np.nan) for name, x in states.items()}
    # A state of which no path is left may be anywhere.
    if any(np.any(np.all(np.isnan(x), axis=0)) for x in finite.values()):
        return True
    low, high = ({n: f(x, axis=0) for n, x in finite.items()} for f in (np.nanmin, np.nanmax))
    with np.errstate(all="ignore"):
        return not has_smooth_coefficients(setting.system, setting.horizon, low, high)


def _starts(setting: Setting, declared: Problem, look: Look) -> tuple[State, int]:
    """Starts, and how many of the first of them the process reaches by itself."""
    pilot = _pilot(setting, declared, look, 1.0)
    begin = {
        name: np.broadcast_to(np.asarray(setting.start[name], dtype=float), shape)
        for name, shape in setting.system.states.items()
    }
    found = [begin]
    if _has_mirror_image(setting):
        found.append({name: -x for name, x in begin.items()})
    found += _outer(pilot)
    near = len(found)
    for factor in LOUDER:
        loud = _louder(setting, declared, look, factor, pilot)
        found += _outer(loud)
    found += _outer_entries(setting, loud)
    found += _beside(setting, pilot)
    for name in positive_states(setting):
        low, high = _reach(pilot[name][0])
        # The start of the claim stays as it is.
        for one in found[1:]:
            one[name] = np.clip(one[name], low, high)
    return {name: np.stack([one[name] for one in found]) for name in begin}, near


def _louder(
    setting: Setting, declared: Problem, look: Look, factor: float, pilot: Mapping[str, Array]
) -> dict[str, Array]:
    """A pilot with so many times the noise, on steps that are short enough for it."""
    found = _pilot(setting, declared, look, factor)
    shortened = int(factor**2)
    if shortened <= FINEST or not _strays(setting, pilot, found, LINEAR * factor):
        return found
    # What lies that far may be another well: then two grids lead paths to the same place.
    coarser = _pilot(setting, declared, look, factor, FINEST // 2)
    halves, whole = (_entries(x, setting.system.states) for x in (coarser, found))
    if all(is_fine(x, y) for x, y in zip(halves, whole, strict=True)):
        return found
    return _pilot(setting, declared, look, factor, shortened)


def _strays(
    setting: Setting, pilot: Mapping[str, Array], found: Mapping[str, Array], spreads: float
) -> bool:
    """Whether a start from there lies so many spreads of a pilot from its median, in an entry."""
    for name in set(setting.system.states) - positive_states(setting):
        middle = _aside(pilot[name][0], 0.0, False)
        spread = _aside(pilot[name][0], 1.0, False) - middle
        away = [np.abs(one[name] - middle) for one in _outer(found)]
        if any(np.any((x > spreads * spread) & (spread > 0)) for x in away):
            return True
    return False


def _pilot(
    setting: Setting, declared: Problem, look: Look, factor: float, finer: int = FINEST
) -> dict[str, Array]:
    """Few paths of the system, its noise times a factor, on steps so many times finer."""
    system = setting.system

    def louder(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        return system.increment(point, t, dt, {name: factor * x for name, x in dB.items()})

    loud = setting if factor == 1.0 else replace(setting, system=replace(system, increment=louder))
    seed = look.plan.seed_for("pilot") % 2**63
    return ensemble(loud, declared, finer * look.steps, PILOT, seed, states=True, block=PILOT)


def _outer(pilot: Mapping[str, Array], by: Array | None = None) -> list[dict[str, Array]]:
    """The states of a pilot at outer quantiles of what is observed, of those that are finite.

    Of other values, one for each path, if they are given.
    """
    f = pilot["f"][0] if by is None else by
    whole = int(np.count_nonzero(np.isfinite(f)))
    order = np.argsort(np.where(np.isfinite(f), f, np.inf))
    which = [order[int(q * (whole - 1))] for q in OUTER] if whole else []
    return [{name: x[0][i] for name, x in pilot.items() if name != "f"} for i in which]


def _outer_entries(setting: Setting, pilot: Mapping[str, Array]) -> list[dict[str, Array]]:
    """The states of a pilot at outer quantiles of the first entries of vectors and matrices."""
    arrays = [name for name, shape in setting.system.states.items() if shape]
    found = [one for x in _entries(pilot, arrays)[:ENTRIES] for one in _outer(pilot, x)]
    return [one for one in found if all(np.all(np.isfinite(x)) for x in one.values())]


def _entries(pilot: Mapping[str, Array], names: Iterable[str]) -> list[Array]:
    """Entry after entry of some states, each on all paths of a pilot."""
    return [x for name in names for x in pilot[name][0].reshape(len(pilot[name][0]), -1).T]


def _beside(setting: Setting, pilot: Mapping[str, Array]) -> list[dict[str, Array]]:
    """All states on either side of the pilot, where they are scalars without other facts."""
    path = setting.problem.signature.path
    assert path is not None
    states = [x for x in path.letters if x.name in setting.system.states]
    if any(setting.system.states.values()) or any(set(x.facts) - {"positive"} for x in states):
        return []
    positive = positive_states(setting)
    low, high = (
        {name: _aside(pilot[name][0], sign, name in positive) for name in setting.system.states}
        for sign in (-ASIDE, ASIDE)
    )
    return [one for one in (low, high) if all(np.isfinite(x) for x in one.values())]


def _reach(values: Array) -> tuple[Array, Array]:
    return _aside(values, -FARTHEST, True), _aside(values, FARTHEST, True)


def _aside(values: Array, spreads: float, positive: bool) -> Array:
    """So many spreads from the median of what is finite, entry by entry."""
    if values.ndim > 1:
        entries = [_aside(x, spreads, positive) for x in values.reshape(len(values), -1).T]
        return np.reshape(entries, values.shape[1:])
    kept = values[np.isfinite(values) & ((values > 0) | (not positive))]
    if not len(kept):
        return np.asarray(math.nan)
    x = np.log(kept) if positive else kept
    q = np.quantile(x, [0.25, 0.5, 0.75])
    there = q[1] + spreads * (q[2] - q[0]) / 1.35
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(there) if positive else there)


def _has_mirror_image(setting: Setting) -> bool:
    """Whether the only state is a scalar that is not declared positive."""
    (shape, *others) = setting.system.states.values()
    return not others and shape == () and not positive_states(setting)


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
) -> tuple[float, float, str, bool]:
    """Bias of step and time, the part of it that may be noise, what keeps it from deciding.

    The last says whether finer steps may mend that.

    ``distance`` says how far two laws are apart, ``most`` how far they can be; ``noise`` how far
    two samples of one law on the same paths may be, and ``typical``/√n on paths of their own.
    """
    left, shrinks = _left(
        distance(sample.half, sample.whole), distance(sample.quarter, sample.half), noise
    )
    # One start after the other: all together, the starts of both are the same.
    start = max(
        distance(sample.half[n :: sample.starts], sample.swapped[n :: sample.starts])
        for n in range(sample.starts)
    )
    # Farther starts may be seen at half of the horizon, if they are forgotten at its end.
    late = distance(sample.earlier, sample.values)
    far = _farther(sample, distance)
    if not shrinks:
        why = "what a halving of the steps moves does not shrink like √h; finer steps may settle it"
        return math.inf, 0.0, why, True
    bias = left + start
    each = len(sample.half) / sample.starts
    moves = {
        "another start": start - typical / math.sqrt(each),
        "a start farther out": far - typical / math.sqrt(len(sample.half) / max(1, sample.farther)),
        "the second half of the horizon": late - typical / math.sqrt(len(sample.values)),
    }
    cause = max(moves, key=lambda name: moves[name])
    if moves[cause] <= relevant / 2:
        return bias, LEFT * noise, "", False
    why = (
        f"{cause} moves it by {max(start, far, late):.2g}: no stationary law at the horizon, or "
        "not the only one; no number of paths would settle it, a longer horizon may"
    )
    return min(bias + UNSETTLED * moves[cause], most), LEFT * noise, why, False


def _farther(sample: Sample, distance: Callable[[Array, Array], float]) -> float:
    """What farther starts move, where their paths keep to the domain of the system."""
    if not sample.farther:
        return 0.0
    far = np.where(np.isfinite(sample.far), sample.far, sample.half)
    parts = [slice(n, None, sample.farther) for n in range(sample.farther)]
    return max(distance(sample.half[part], far[part]) for part in parts)


def _left(before: float, last: float, noise: float) -> tuple[float, bool]:
    """What is left of an error whose last two moves are known, and whether it seems to shrink.

    As of order h at best, √h at worst; moves are not smaller than their noise.  A last move beyond
    1/√2 of the one before and their noise is no error that shrinks like √h.
    """
    shrinks = last <= before / math.sqrt(2) + 2 * noise
    before, last = max(before, noise), max(last, noise)
    ratio = min(max(last / before, 0.5), 1 / math.sqrt(2)) if before > 0 else 0.5
    return last * ratio / (1 - ratio), shrinks


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
