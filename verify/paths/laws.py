"""The law of an observable at the horizon, against a stated distribution function.

The empirical distribution function on the finest grid lies within the band of Dvoretzky, Kiefer
and Wolfowitz around that of the scheme; how far a halving of the steps moved it tells how far the
scheme is from the law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from numerics.system import Array
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.side_by_side import distribution_functions
from verify.statistics.bounds import dkw_half_width
from verify.statistics.decisions import DistributionFunction
from verify.verdict import Evidence

from .evidence import Judgement, judged
from .horizon import LEVEL, Setting
from .refinement import (
    LEFT,
    SLOW,
    Look,
    Measurement,
    is_slow,
    is_unresolved,
    refined,
    undecided,
    unresolved,
)
from .saturation import moves_of, unseen_in_law, with_bias
from .within_steps import resolved

__all__ = ["distributed"]

GRID = 400
"""Levels at which grids are compared."""

ROUNDING = 1e-12
RISE = 1e-7
"""What a distribution function may fall, or exceed 0 and 1, by the rounding of its evaluation."""


def distributed(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on a stated law at all settings."""
    return judged(problem, plan, _one)


def _one(setting: Setting, plan: Plan) -> Judgement:
    def measure(look: Look) -> Measurement:
        levels = setting.reached(look.steps, look.paths, look.plan)
        found = _measured(setting, levels, look.plan.budget.alpha)
        return with_bias(found, unseen_in_law(moves_of(setting, look)))

    found = refined(
        resolved(setting, measure),
        plan,
        setting.relevant,
        setting.system.size,
        rough=lambda: setting.is_rough(plan),
    )
    return Judgement(
        finding=found, what="largest distance of the distribution functions", unit=setting.relevant
    )


def _measured(setting: Setting, levels: list[Array], alpha: float) -> Measurement:
    kept = np.all([np.isfinite(x) for x in levels], axis=0)
    lost = float(np.mean(~kept))
    if lost == 1.0:
        return undecided("f(X_T) is no number on any path; the scheme leaves the system's domain")
    if setting.takes_time and is_unresolved(levels):
        return unresolved()
    coarse, fine = np.sort(levels[1][kept]), np.sort(levels[2][kept])
    domain = _domain(setting, fine)
    if domain.outside > setting.relevant / 4:
        return _off_the_law(domain, coarse, fine, alpha)
    ends = (domain.low, domain.high)
    test = DistributionFunction(alpha=alpha, cdf=lambda x: _stated(setting, np.clip(x, *ends)))
    e = test.estimate(fine)
    move, noise = _moved(levels[1][kept], levels[2][kept], fine)
    before, rough = _moved(levels[0][kept], levels[1][kept], fine)
    # The largest move over many levels has a little noise in it by being the largest.
    if is_slow(before, move, math.hypot(noise, rough / math.sqrt(2))):
        return Measurement(estimate=replace(e, bias=math.inf), why=SLOW, finer=True)
    # Lost paths may have any value, and the band is that of the paths that were kept.
    bias = LEFT * max(move, noise) + lost + domain.outside + ROUNDING
    # The largest noise over many levels is a few standard deviations of one.
    e = replace(e, bias=bias)
    kept = {"values": distribution_functions(fine, test.cdf, e, setting.relevant)}
    return Measurement(estimate=e, noise=2.5 * LEFT * noise, numbers=kept)


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Where a stated function is a distribution function, around the median of the values.

    ``low`` and ``high`` are infinite if it is one at all values on that side; ``outside`` is the
    part of the values beyond, and ``why`` says what is wrong there.
    """

    low: float
    high: float
    outside: float
    why: str
    number: bool


def _domain(setting: Setting, x: Array) -> Domain:
    """The levels, among sorted values, over which the stated function rises between 0 and 1."""
    F, n = _stated(setting, x), len(x)
    with np.errstate(invalid="ignore"):
        inside = (F >= -RISE) & (F <= 1 + RISE)
        rises = inside[1:] & inside[:-1] & (np.diff(F) >= -RISE)
    middle = n // 2
    below, above = np.flatnonzero(~rises[:middle]), np.flatnonzero(~rises[middle:])
    first = int(below[-1]) + 1 if len(below) else 0
    last = int(above[0]) + middle if len(above) else n - 1
    if not inside[middle]:
        first, last = middle, middle
    outside = (first + n - 1 - last) / n if inside[middle] else 1.0
    at = middle if not inside[middle] else first - 1 if first > 0 else min(last + 1, n - 1)
    number = bool(np.isfinite(F[at]))
    return Domain(
        low=float(x[first]) if first > 0 else -math.inf,
        high=float(x[last]) if last < n - 1 else math.inf,
        outside=outside,
        why=_wrong(x, F, at),
        number=number,
    )


def _wrong(x: Array, F: Array, at: int) -> str:
    """What keeps the values from being those of a distribution function, at one place."""
    if not np.isfinite(F[at]):
        return f"cdf: no number at {x[at]:.6g}"
    if not -RISE <= F[at] <= 1 + RISE:
        return f"cdf: {F[at]:.6g} at {x[at]:.6g}, outside [0, 1]: no distribution function"
    other = min(at + 1, len(x) - 1)
    return (
        f"cdf: {F[at]:.6g} at {x[at]:.6g} and {F[other]:.6g} at {x[other]:.6g}: it falls, no "
        "distribution function"
    )


def _off_the_law(domain: Domain, coarse: Array, fine: Array, alpha: float) -> Measurement:
    """Whether the observable is, and not its scheme alone, where no law is stated.

    Where the stated form is no number, nothing is refuted: it is not stated there.
    """
    n = len(fine)
    ends = ((coarse < domain.low) | (coarse > domain.high)).mean()
    noise = math.sqrt(domain.outside / n)
    bias = LEFT * max(abs(domain.outside - float(ends)), noise) if domain.outside < 1 else 0.0
    # The part between two levels is a difference of two values of the distribution function.
    e = Estimate(value=domain.outside, half_width=2 * dkw_half_width(n, alpha), bias=bias)
    if domain.number and e.value - e.half_width > e.bias:
        return Measurement(estimate=Estimate(value=math.inf), why=domain.why)
    why = (
        f"{domain.why}; {100 * domain.outside:.2g} % of the simulated paths are beyond; state it "
        "wherever the observable can be"
    )
    return undecided(why, finer=True)


def _moved(coarse: Array, fine: Array, values: Array) -> tuple[float, float]:
    """How far a halving moved the distribution function at levels among values, and its noise."""
    n = len(fine)
    levels = values[np.linspace(0, len(values) - 1, min(len(values), GRID)).astype(int)]

    def upto(x: Array) -> Array:
        return np.asarray(np.searchsorted(np.sort(x), levels, side="right") / n)

    low, high = np.minimum(coarse, fine), np.maximum(coarse, fine)
    move = float(np.max(np.abs(upto(fine) - upto(coarse))))
    # A level between both values of a path is what moves the difference.
    return move, float(np.sqrt(np.max(upto(low) - upto(high)) / n))


def _stated(setting: Setting, x: Array) -> Array:
    point = {**setting.point, "t": np.asarray(setting.horizon), LEVEL: x}
    with np.errstate(all="ignore"):
        value = np.asarray(setting.problem.kernel("path_cdf")(point), dtype=float)
    return np.broadcast_to(value, x.shape)
