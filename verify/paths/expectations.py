"""The expectation of an observable at the horizon, against a stated value.

An average of simulated paths proves something only where tails are under control.  So:

* without noise there is one path, and nothing to average;
* with finite bounds of the observable, Bernstein's inequality for the average;
* with a declared bound of its variance, Catoni's mean;
* with neither, the mean over all sign paths of the scheme, extrapolated to h = 0, where the system
  has few components that drive it (``driving``), drift, noise and observable are smooth, and no
  mean is lost far out (``tails``): no statistics;
* else, with one bound, such as f >= 0, the average of f cut off at some c bounds E f from one side:
  it refutes what lies beyond, and confirms nothing;
* else nothing is proved by any number of paths, and the evidence says so.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from numerics.errors import NumericsError
from numerics.moments import expectation
from numerics.smoothness import interpolation_error
from numerics.system import Array, State
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.statistics.decisions import ControlledMean, LowerBound
from verify.verdict import Evidence, Status

from .coefficients import has_smooth_coefficients
from .driving import driven
from .evidence import Judgement, judged
from .horizon import Setting
from .refinement import (
    LEFT,
    SLOW,
    Finding,
    Look,
    Measurement,
    extrapolated_mean,
    is_slow,
    is_unresolved,
    refined,
    undecided,
    unresolved,
)
from .saturation import moves_of, unseen, with_bias
from .tails import means_are_kept
from .within_steps import changes_within_steps, resolved, too_fast

__all__ = ["averaged"]

ROUNDING = 1e-12
ENOUGH = 8
"""So many grids tell what is left at h = 0 of most smooth systems: two components have them."""

SMOOTH = 1e-3
"""Error of interpolation of a smooth observable, in units of the relevant error and its spread."""

NEVER = (
    "no number of paths would settle it: a mean may be carried by rare paths; declare bounds that "
    "the observable cannot leave, or a bound of its variance"
)
FEW_GRIDS = (
    "no number of paths would settle it: with {components} components of the noise all sign paths "
    "are run on {grids} grids, too few to tell what is left at h = 0; leave out states that the "
    "observable does not need, or declare bounds= that it cannot leave, or variance=, a bound of "
    "its variance"
)
EXTRAPOLATED = (
    "no rate is bounded: the mean over all sign paths is extrapolated over grids, and its error "
    "is estimated from what the finest of them moved; drift, noise and observable are as smooth "
    "beyond the box around the paths, enlarged by half on each side, as they are within, and grow "
    "beyond it as along the rays that were looked at"
)
ONE_SIDED = "what rare paths carry is not seen"


def averaged(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on a stated expectation at all settings."""
    return judged(problem, plan, lambda setting, share: _one(problem, setting, share))


def _one(problem: Problem, setting: Setting, plan: Plan) -> Judgement:
    stated = setting.stated("value")
    low, high = _bounds(problem)
    if math.isfinite(high - low):
        return _bounded(setting, plan, stated, low, high)
    unit = setting.relevant * (abs(stated) or 1.0)
    if not setting.system.noises:
        return _without_noise(setting, plan, stated, unit)
    if "path_variance" in problem.kernels:
        return _controlled(setting, plan, stated, setting.stated("variance"), unit)
    over_signs = _over_signs(setting, stated, unit)
    if over_signs is not None and over_signs.finding.status != Status.INCONCLUSIVE:
        return over_signs
    if math.isinf(low) and math.isinf(high):
        return over_signs or _open(stated, unit, NEVER)
    return _one_sided(setting, plan, stated, unit, low, high)


def _bounds(problem: Problem) -> tuple[float, float]:
    low, high = problem.bounds or (-math.inf, math.inf)
    return float(low), float(high)


def _said(stated: float, method: str) -> str:
    return f"E f(X_T) − {stated:.6g}, {method},"


# Bounds.


def _bounded(setting: Setting, plan: Plan, stated: float, low: float, high: float) -> Judgement:
    unit = setting.relevant * (high - low)

    def measure(look: Look) -> Measurement:
        levels = setting.reached(look.steps, look.paths, look.plan)
        out = _outside(setting.problem, levels[-1], low, high)
        if out:
            return undecided(out, finer=True)
        if setting.takes_time and is_unresolved(levels):
            return unresolved()
        # A coarser grid may leave the domain of the system, and with it the bounds: such a path
        # is lost.
        kept = [np.where(_off(x, low, high) > 0, np.nan, np.clip(x, low, high)) for x in levels]
        found = extrapolated_mean(kept, low, high, stated, look.plan.budget.alpha)
        return with_bias(found, unseen(moves_of(setting, look).clipped(low, high), high - low))

    found = refined(
        resolved(setting, measure),
        plan,
        unit,
        setting.system.size,
        rough=lambda: setting.is_rough(plan),
    )
    return Judgement(finding=found, what=_said(stated, "mean of bounded values"), unit=unit)


def _off(values: Array, low: float, high: float) -> Array:
    """How far values are outside of bounds, beyond rounding; 0 for those inside and for NaN."""
    ends = [abs(x) for x in (low, high) if math.isfinite(x)]
    slack = 1e-9 * (high - low if len(ends) == 2 else max(ends))
    out = np.maximum(low - values, values - high) - slack
    return np.where(np.isfinite(values), np.maximum(out, 0.0), 0.0)


def _outside(problem: Problem, values: Array, low: float, high: float) -> str:
    """What is wrong with bounds that simulated values leave; empty if they keep them.

    Paths on a grid may leave (0, ∞) where those of the system do not: then it is not the bounds.
    """
    out = _off(values, low, high)
    count = np.count_nonzero(out)
    if not count:
        return ""
    said = (
        f"bounds ({low:g}, {high:g}): the observable is {values[np.argmax(out)]:.6g} on a "
        f"simulated path, and outside on {count:,} of {values.size:,}"
    )
    letters = (problem.signature.path or problem.signature).letters
    states = [x.name for x in letters if x.kind == "state" and "positive" in x.facts]
    if states:
        return (
            f"{said}: they do not hold, or {' or '.join(states)}, declared positive, is negative "
            "on paths that go by steps; give an observable that keeps its bounds on both sides of "
            "0, or bounds that hold"
        )
    return f"{said}; give bounds that hold, or an observable that keeps them"


# No noise.


def _without_noise(setting: Setting, plan: Plan, stated: float, unit: float) -> Judgement:
    """All paths are one; it is extrapolated to h = 0."""

    def measure(look: Look) -> Measurement:
        h, half, quarter = (float(x[0]) for x in setting.reached(look.steps, 1, look.plan))
        fine, coarse = 2 * quarter - half, 2 * half - h
        if not math.isfinite(fine + coarse):
            return undecided("f(X_T) is no number", finer=True)
        bias = LEFT * abs(fine - coarse) + ROUNDING * (1 + abs(stated))
        kept = {"levels": [x - stated for x in (h, half, quarter)]}
        bias += unseen(moves_of(setting, look), 1 + abs(stated))
        return Measurement(estimate=Estimate(value=fine - stated, bias=bias), numbers=kept)

    found = refined(resolved(setting, measure), plan, unit, setting.system.size)
    return Judgement(
        finding=replace(found, paths=1),
        what=_said(stated, "the one path of a system without noise"),
        unit=unit,
        chance=False,
    )


# A bound of the variance.


def _controlled(
    setting: Setting, plan: Plan, stated: float, variance: float, unit: float
) -> Judgement:
    def measure(look: Look) -> Measurement:
        levels = setting.reached(look.steps, look.paths, look.plan)
        if setting.takes_time and is_unresolved(levels):
            return unresolved()
        found = _robust(levels, stated, variance, look.plan.budget.alpha)
        return with_bias(found, unseen(moves_of(setting, look), math.sqrt(abs(variance))))

    found = refined(resolved(setting, measure), plan, unit, setting.system.size)
    return Judgement(
        finding=found,
        what=_said(stated, "Catoni's mean"),
        unit=unit,
        condition=f"the declared bound {variance:.4g} of the variance",
    )


def _robust(levels: list[Array], stated: float, variance: float, alpha: float) -> Measurement:
    if not all(np.all(np.isfinite(x)) for x in levels):
        return undecided("f(X_T) is no number on some paths; the scheme leaves the system's domain")
    if _varies_more(levels[-1], variance, alpha):
        why = (
            f"variance: the declared bound {variance:.4g} is refuted by the paths, whose sample "
            f"variance is {np.var(levels[-1]):.4g}; declare one that holds"
        )
        return undecided(why)
    test = ControlledMean(alpha=alpha, variance=variance)
    coarse, half, quarter = (test.estimate(x, stated) for x in levels)
    noise = float(np.std(levels[2] - levels[1])) / math.sqrt(len(levels[2]))
    move = max(abs(quarter.value - half.value), abs(half.value - coarse.value) / 2, noise)
    bias = LEFT * move + ROUNDING * abs(stated)
    if is_slow(half.value - coarse.value, quarter.value - half.value, 2 * noise):
        return Measurement(estimate=replace(quarter, bias=math.inf), why=SLOW, finer=True)
    kept = {"levels": [e.value for e in (coarse, half, quarter)]}
    return Measurement(estimate=replace(quarter, bias=bias), noise=LEFT * noise, numbers=kept)


def _varies_more(values: Array, variance: float, alpha: float) -> bool:
    """Whether the variance is beyond its declared bound for sure: half of squared differences."""
    pairs = len(values) // 2
    halves = (values[:pairs] - values[pairs : 2 * pairs]) ** 2 / 2
    # Values that the scheme's bias makes vary a little more are no reason to complain.
    return LowerBound(alpha=alpha).decide(halves, 1.1 * variance, 1.0) == Status.DISAGREES


# All sign paths.


def _over_signs(setting: Setting, stated: float, unit: float) -> Judgement | None:
    """The extrapolated mean over all sign paths.

    None if they are too many, if they do not converge, or if drift, noise or observable are not
    smooth where they go.
    """
    try:
        value, error, rough, paths, grids = setting.problem.measured(
            ("all sign paths", setting.horizon), setting.point, lambda p: _enumerated(p, setting)
        )
    except NumericsError:
        return None
    if not (math.isfinite(value) and math.isfinite(error) and rough <= SMOOTH * unit):
        return None
    e = Estimate(value=value - stated, bias=error)
    components = paths.bit_length() // grids
    finding = Finding(
        status=e.decide(unit),
        measurement=Measurement(estimate=e),
        steps=0,
        paths=paths,
        looks=1,
        needed=FEW_GRIDS.format(components=components, grids=grids) if grids < ENOUGH else NEVER,
    )
    return Judgement(
        finding=finding,
        what=_said(stated, "mean over all sign paths as h → 0"),
        unit=unit,
        condition=EXTRAPOLATED,
        chance=False,
        bounded=False,
        numbers={"method": "all sign paths", "measured": value},
    )


def _enumerated(declared: Problem, setting: Setting) -> tuple[float, float, float, int, int]:
    """Mean, its error, how rough the observable is around the paths, how many, on how many grids.

    Infinitely rough if drift or noise is not smooth there, or a mean may be lost beyond.
    """
    low, high = ({name: np.asarray(x) for name, x in setting.start.items()} for _ in range(2))

    def observed(state: State) -> Array:
        for name, x in state.items():
            low[name] = np.minimum(low[name], x.min(axis=0))
            high[name] = np.maximum(high[name], x.max(axis=0))
        return setting.observed(declared, state)[:, None]

    with np.errstate(all="ignore"):
        system = driven(
            setting.system,
            lambda x: setting.observed(declared, x),
            setting.start,
            setting.horizon,
        )
        found = expectation(system, observed, setting.start, setting.horizon)
        # What lies beyond their ends is met by rare paths of the system, and by none of these.
        ends = (
            {name: x - (high[name] - x) / 2 for name, x in low.items()},
            {name: x + (x - low[name]) / 2 for name, x in high.items()},
        )
        rough, spread = interpolation_error(lambda x: setting.observed(declared, x), *ends)
        if not (
            spread > 0
            and rough <= SMOOTH * spread
            and has_smooth_coefficients(setting.system, setting.horizon, *ends)
            and _keeps_means(setting, declared)
        ):
            rough = math.inf
    return float(found.value[0]), float(found.error[0]), rough, found.paths, len(found.means)


def _keeps_means(setting: Setting, declared: Problem) -> bool:
    """Whether means are under control where no path goes."""
    path = setting.problem.signature.path
    assert path is not None
    positive = [x.name for x in path.letters if x.kind == "state" and "positive" in x.facts]
    return means_are_kept(
        setting.system,
        lambda state: setting.observed(declared, state),
        setting.start,
        setting.horizon,
        positive,
    )


# One bound.


def _one_sided(
    setting: Setting, plan: Plan, stated: float, unit: float, low: float, high: float
) -> Judgement:
    sign, end = (1.0, low) if math.isfinite(low) else (-1.0, -high)
    share = replace(plan, budget=plan.budget.split(2))
    steps, paths = max(4, plan.effort.steps // 8), plan.effort.paths
    for number in range(2):
        look = Look(
            steps=steps,
            paths=paths * 4**number,
            plan=replace(share, purpose=f"{share.purpose}/look {number}"),
        )
        if changes_within_steps(setting, look):
            return _open(stated, unit, too_fast(look))
        levels = setting.reached(look.steps, look.paths, look.plan)
        out = _outside(setting.problem, np.concatenate(levels), low, high)
        if out:
            return _open(stated, unit, out)
        e = _cut([sign * x for x in levels], end, sign * stated, look.plan.budget.alpha)
        spread = max(float(np.nanstd(levels[-1])), unit)
        e = replace(e, bias=e.bias + unseen(moves_of(setting, look), spread))
        clear = e.value - e.half_width > e.bias
        if clear:
            break
    side = "at least" if sign > 0 else "at most"
    bound = sign * max(sign * stated + e.value - e.half_width - e.bias, end)
    finding = Finding(
        status=Status.DISAGREES if clear else Status.INCONCLUSIVE,
        measurement=Measurement(estimate=replace(e, value=sign * e.value)),
        steps=steps,
        paths=look.paths,
        looks=number + 1,
        needed=NEVER,
    )
    what = f"E f(X_T) is {side} {bound:.6g}, {stated:.6g} is stated: mean cut off,"
    numbers = {"side": side, "bound": bound} if clear else {}
    return Judgement(finding=finding, what=what, unit=unit, condition=ONE_SIDED, numbers=numbers)


def _cut(levels: list[Array], low: float, stated: float, alpha: float) -> Estimate:
    """E min(f, c) less the stated value, with c chosen on a tenth of the paths of its own."""
    bound = LowerBound(alpha=alpha, low=low, stretch=3.0)
    kept = np.all([np.isfinite(x) for x in levels], axis=0)
    # A lost path counts as low as it can be: the bound remains one.
    levels = [np.where(kept, x, low) for x in levels]
    pilot, rest = bound.divided(levels[-1])
    c = bound.cut(pilot, len(rest))
    if not c > low:
        return Estimate(value=0.0, half_width=math.inf)
    inside = [np.clip(x[len(pilot) :], low, c) for x in levels]
    # Of the two-sided bound at twice the rate one side is used.
    return extrapolated_mean(inside, low, c, stated, min(2 * alpha, 0.5)).estimate


def _open(stated: float, unit: float, why: str) -> Judgement:
    finding = Finding(
        status=Status.INCONCLUSIVE,
        measurement=undecided(why),
        steps=0,
        paths=0,
        looks=0,
        needed=why,
    )
    return Judgement(finding=finding, what=_said(stated, "nothing"), unit=unit)
