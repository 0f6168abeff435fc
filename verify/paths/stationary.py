"""Stationary laws and stationary means on simulated paths.

Only the equation is simulated, from several starts: that of the claim, its mirror image, states
that pilots reached with this and with more noise, and states beside them; never from the stated
density.
At the end of the horizon

* a stated *density* is held against the empirical distribution function, within the band of
  Dvoretzky, Kiefer and Wolfowitz; its own distribution function comes from quadrature, and one
  that cannot be integrated is no density at all;
* a stated *mean* of an observable within bounds is held against the average, by Bernstein's
  inequality.

The bias of the step is estimated from what the last halvings moved, the bias of the finite time
from what another start on the same Brownian paths moves; both are called estimates.  Where other
starts, or the second half of the horizon, still move it much, nothing is decided.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.distribution import Distribution, End, NoDensityError
from numerics.errors import NumericsError
from numerics.system import Array
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.side_by_side import distribution_functions
from verify.statistics.decisions import BoundedMean, DistributionFunction
from verify.verdict import Evidence, Status

from .ensemble import first_steps
from .evidence import Judgement, judged
from .horizon import Setting
from .refinement import Finding, Look, Measurement, most_path_steps, refined, undecided
from .reflection import not_resolved, within_domain
from .stationary_paths import Sample, biased, sampled, support, without_lost
from .within_steps import resolved

__all__ = ["stationary"]

PATHS = 8
"""Paths of the first look for each of the plan: a band of 0.02 at rates of 10⁻⁸."""

FIRST_STEPS = 12
"""The first look takes at least three times this part of the plan's steps, on the coarsest grid."""

NOWHERE = (
    "no path keeps to the domain of the system at these steps; write a root of what may change its "
    "sign as √|…|, or take other variables"
)

TIMED = (
    "the system takes t: an equation that changes with time has no stationary law; claim a law "
    "at a time, or make the clock a state"
)

TYPICAL = 2.0
"""Two empirical distribution functions of n values each are about 2/√n apart at most."""

SHARE = 0.1
"""Two grids of the first look move a path by at most this part of the spread of the paths."""

CONDITION = "the bias left by the finite time, estimated from what another start moves"


def stationary(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on a stationary density, or on a stationary mean, at all settings."""
    judge = _density if "path_density" in problem.kernels else _mean

    def timeless(setting: Setting, plan: Plan) -> Judgement:
        if setting.takes_time:
            found = _without_paths(undecided(TIMED), Status.INCONCLUSIVE)
            return Judgement(finding=found, what="", unit=setting.relevant, chance=False)
        return judge(setting, plan)

    return judged(problem, plan, timeless)


def _refined(
    measure: Callable[[Look, Sample, float], Measurement],
    plan: Plan,
    relevant: float,
    setting: Setting,
    more: int,
) -> Finding:
    """The looks at paths that keep to the domain, with the part that counts as lost."""
    rough = False

    def looked(look: Look) -> Measurement:
        nonlocal rough
        sample, lost = without_lost(sampled(setting, look))
        rough = sample.rough
        if lost >= 1.0:
            return undecided(NOWHERE)
        found = measure(look, sample, lost + sample.reflected)
        if sample.reflected > setting.relevant / 4 and not found.why:
            return replace(found, why=not_resolved(sample.reflected), finer=True)
        return found

    size, paths = setting.system.size, more * plan.effort.paths
    # No more steps than a look may take.
    most = max(4, most_path_steps(plan.effort, size) // (4 * paths * size))
    least = 3 * max(2, plan.effort.steps // FIRST_STEPS)
    steps = first_steps(setting, plan, least, (0, 3), share=SHARE, most=most)
    # Steps that cross 0 in a positive state are reflected, and counted.
    measured = resolved(within_domain(setting), looked)
    return refined(measured, plan, relevant, size, begin=(steps, paths), rough=lambda: rough)


# A density.


def _density(setting: Setting, plan: Plan) -> Judgement:
    ends: dict[str, Any] = {}

    def measure(look: Look, sample: Sample, lost: float) -> Measurement:
        try:
            law = _law(setting, sample.values)
        except NoDensityError as error:
            return _refuted(f"no density: {_in_words(error)}")
        except NumericsError as error:
            return undecided(str(error))
        ends.update(_ends(law.ends), mass=law.mass)
        test = DistributionFunction(alpha=look.plan.budget.alpha, cdf=law.cdf)
        e = test.estimate(sample.values)
        bias, noise, why, finer = biased(
            sample,
            _apart,
            _noise_of_law(sample.half, sample.quarter),
            setting.relevant,
            most=1.0,
            typical=TYPICAL,
        )
        e = replace(e, bias=bias + lost)
        return Measurement(
            estimate=e,
            noise=noise,
            counted=lost,
            why=why,
            finer=finer,
            numbers={"values": distribution_functions(sample.values, law.cdf, e, setting.relevant)},
        )

    diverges = _diverging(setting)
    if diverges:
        found = _without_paths(_refuted(diverges), Status.DISAGREES)
    else:
        found = _refined(measure, plan, setting.relevant, setting, PATHS)
    what = "law, largest distance from the distribution function of the density"
    return Judgement(
        finding=found,
        what=what,
        unit=setting.relevant,
        condition=CONDITION,
        chance=math.isfinite(found.estimate.value),
        numbers=ends,
    )


def _diverging(setting: Setting) -> str:
    """Why the stated function is no density, whatever the paths are; empty if it may be one."""
    start = float(np.asarray(next(iter(setting.start.values()))).ravel()[0])
    try:
        _law(setting, np.array([start]))
    except NoDensityError as error:
        return f"no density: {_in_words(error)}"
    except NumericsError:
        return ""
    return ""


def _in_words(error: NoDensityError) -> str:
    """What is wrong with a density; where it grows without a power, its support may be meant."""
    text = str(error)
    for end in ("-inf", "inf"):
        fast = f"like the power inf at {end} its integral diverges"
        shown = end.replace("inf", "∞").replace("-", "−")
        support = "a smaller support is given by support=(low, high)"
        text = text.replace(fast, f"near {shown} it has no finite integral; {support}")
    return text


def _law(setting: Setting, values: Array) -> Distribution:
    """The stated law; where the simulated values are is where quadrature begins to look."""
    problem, point = setting.problem, setting.point
    kernel = problem.kernel("path_density")
    (name,) = problem.kernel("path_observable").arguments
    low, high = support(setting)

    def p(x: Array) -> Array:
        return np.broadcast_to(np.asarray(kernel({**point, name: x}), dtype=float), np.shape(x))

    q = np.quantile(values, [0.25, 0.5, 0.75])
    scale = float(q[2] - q[0]) or max(abs(float(q[1])), 1.0)
    if math.isfinite(low) != math.isfinite(high):
        end = low if math.isfinite(low) else high
        scale = max(abs(float(q[1]) - end), scale)
    return Distribution.of(p, low, high, float(q[1]), scale)


def _ends(ends: tuple[End, End]) -> dict[str, float]:
    return {f"power at {end.at:g}": end.power for end in ends}


def _apart(x: Array, y: Array) -> float:
    """The largest distance of two empirical distribution functions."""
    levels = np.concatenate([x, y])
    first, second = (np.searchsorted(np.sort(v), levels, side="right") / len(v) for v in (x, y))
    return float(np.max(np.abs(first - second)))


def _noise_of_law(x: Array, y: Array) -> float:
    """How far the distribution functions of paired values may be apart by chance."""
    low, high = np.sort(np.minimum(x, y)), np.sort(np.maximum(x, y))
    between = [np.searchsorted(v, low, side="right") / len(v) for v in (low, high)]
    # A level between both values of a pair is what moves the difference.
    return float(np.sqrt(np.max(between[0] - between[1]) / len(x)))


# A mean.


def _mean(setting: Setting, plan: Plan) -> Judgement:
    stated, bounds = setting.stated("value"), setting.problem.bounds
    low, high = bounds or (-math.inf, math.inf)
    what = "stationary mean, measured − stated"
    if not math.isfinite(high - low):
        why = (
            f"the observable has no bounds, and no number of paths proves its mean {stated:.6g}; "
            "give bounds, or claim the density"
        )
        found = _without_paths(undecided(why), Status.INCONCLUSIVE)
        return Judgement(finding=found, what=what, unit=setting.relevant, chance=False)
    unit = setting.relevant * (high - low)

    def measure(look: Look, sample: Sample, lost: float) -> Measurement:
        e = BoundedMean(alpha=look.plan.budget.alpha, low=low, high=high).estimate(
            sample.values, stated
        )
        spread = float(np.std(sample.quarter - sample.half))
        bias, noise, why, finer = biased(
            sample,
            lambda x, y: abs(float(np.mean(x) - np.mean(y))),
            spread / math.sqrt(len(sample.half)),
            unit,
            most=high - low,
            typical=2 * float(np.std(sample.values)),
        )
        return Measurement(
            estimate=replace(e, bias=bias + lost * (high - low)),
            noise=noise,
            counted=lost * (high - low),
            why=why,
            finer=finer,
        )

    found = _refined(measure, plan, unit, setting, 1)
    return Judgement(finding=found, what=what, unit=unit, condition=CONDITION)


def _without_paths(measurement: Measurement, status: Status) -> Finding:
    return Finding(
        status=status,
        measurement=measurement,
        steps=0,
        paths=0,
        looks=0,
        needed="no number of paths would settle it",
    )


def _refuted(why: str) -> Measurement:
    """What is no density is not the density, whatever the paths say."""
    return Measurement(estimate=Estimate(value=math.inf), why=why)
