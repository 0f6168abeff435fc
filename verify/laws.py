"""The law of an observable at the horizon, against a stated distribution function.

The empirical distribution function on the finest grid lies within the band of Dvoretzky, Kiefer
and Wolfowitz around that of the scheme; how far a halving of the steps moved it tells how far the
scheme is from the law.
"""

from __future__ import annotations

import math

import numpy as np

from numerics.system import Array

from .decisions import DistributionFunction
from .horizon import Setting
from .path_evidence import Judgement, judged
from .planning import Estimate, Plan
from .problem import Problem
from .refinement import LEFT, Look, Measurement, refined
from .verdict import Evidence

__all__ = ["distributed"]

GRID = 400
"""Levels at which grids are compared."""

ROUNDING = 1e-7
"""What a distribution function may fall, or exceed 0 and 1, by the rounding of its evaluation."""


def distributed(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on a stated law at all settings."""
    return judged(problem, plan, _one)


def _one(setting: Setting, plan: Plan) -> Judgement:
    def measure(look: Look) -> Measurement:
        levels = setting.reached(look.steps, look.paths, look.plan)
        return _measured(setting, levels, look.plan.budget.alpha)

    found = refined(measure, plan, setting.relevant, setting.system.size)
    return Judgement(
        finding=found, what="largest distance of the distribution functions", unit=setting.relevant
    )


def _measured(setting: Setting, levels: list[Array], alpha: float) -> Measurement:
    kept = np.all([np.isfinite(x) for x in levels], axis=0)
    lost = float(np.mean(~kept))
    if lost == 1.0:
        return _nothing("f(X_T) is no number on any path; the scheme leaves the system's domain")
    coarse, fine = np.sort(levels[1][kept]), np.sort(levels[2][kept])
    wrong = _no_distribution(setting, fine)
    if wrong is not None:
        return wrong
    test = DistributionFunction(alpha=alpha, cdf=lambda x: _stated(setting, x))
    e = test.estimate(fine)
    move, noise = _moved(coarse, fine, levels[1][kept], levels[2][kept])
    # Lost paths may have any value, and the band is that of the paths that were kept.
    return Measurement(
        estimate=Estimate(
            value=e.value,
            half_width=e.half_width,
            bias=LEFT * max(move, noise) + lost + 1e-12,
        ),
        # The largest over many levels is a few standard deviations of one.
        noise=2.5 * LEFT * noise,
    )


def _moved(coarse: Array, fine: Array, half: Array, quarter: Array) -> tuple[float, float]:
    """How far the distribution function moved from h/2 to h/4, and the noise of that."""
    n = len(fine)
    levels = fine[np.linspace(0, n - 1, min(n, GRID)).astype(int)]
    low, high = np.sort(np.minimum(half, quarter)), np.sort(np.maximum(half, quarter))

    def upto(x: Array) -> Array:
        return np.asarray(np.searchsorted(x, levels, side="right") / n)

    move = float(np.max(np.abs(upto(fine) - upto(coarse))))
    # A level between both values of a path is what moves the difference.
    return move, float(np.sqrt(np.max(upto(low) - upto(high)) / n))


def _stated(setting: Setting, x: Array) -> Array:
    point = {**setting.point, "t": np.asarray(setting.horizon), "level": x}
    with np.errstate(all="ignore"):
        value = np.asarray(setting.problem.kernel("path_cdf")(point), dtype=float)
    return np.broadcast_to(value, x.shape)


def _no_distribution(setting: Setting, x: Array) -> Measurement | None:
    """What is wrong with a stated distribution function at the values that were reached."""
    levels = np.unique(np.concatenate([x, np.linspace(x[0], x[-1], GRID)]))
    F = _stated(setting, levels)
    if not np.all(np.isfinite(F)):
        bad = float(levels[np.argmin(np.isfinite(F))])
        count = int(np.sum(~np.isfinite(_stated(setting, x))))
        return _nothing(
            f"cdf: no number at {bad:.6g}, among the values that {count:,} of {len(x):,} simulated "
            "paths reach; state it wherever the observable can be"
        )
    out = np.maximum(-F, F - 1)
    if np.max(out) > ROUNDING:
        at = int(np.argmax(out))
        return _refuted(
            f"cdf: {F[at]:.6g} at {levels[at]:.6g}, outside [0, 1]: no distribution function"
        )
    falls = -np.diff(F)
    if len(falls) and np.max(falls) > ROUNDING:
        # The whole of a fall, from its top to its foot.
        depth = np.maximum.accumulate(F) - F
        foot = int(np.argmax(depth))
        top = int(np.argmax(F[: foot + 1]))
        return _refuted(
            f"cdf: falls from {F[top]:.6g} at {levels[top]:.6g} to {F[foot]:.6g} at "
            f"{levels[foot]:.6g}: no distribution function"
        )
    return None


def _nothing(why: str) -> Measurement:
    return Measurement(estimate=Estimate(value=0.0, half_width=math.inf, bias=math.inf), why=why)


def _refuted(why: str) -> Measurement:
    """What is no distribution function is not the law, whatever the paths say."""
    return Measurement(estimate=Estimate(value=math.inf), why=why)
