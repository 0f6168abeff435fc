"""The probability that an observable reaches a level by the horizon.

Between two steps a path may cross and come back unseen, which a count of seen crossings misses by
an error of order √h.  Given both ends of a step, f is near a Brownian bridge, which crosses with
probability exp(−2 a b / v): a, b are the distances of the ends from the level, v the variance of f
over the step from the noise of the declared system at its start.  A path counts by its probability
to have crossed, 1 − Π (1 − p), which lies between 0 and 1; no solution of any equation enters.
What the variance at the end of a step would change instead counts as bias.  A level that is an
extremum of f is touched and never passed; there f is no Brownian bridge, and nothing is decided.
See Gobet, Weak approximation of killed diffusion using Euler schemes, Stochastic Process. Appl. 87
(2000).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.brownian import basis
from numerics.loop import iterate
from numerics.schemes import named
from numerics.schemes.step import stepper
from numerics.system import Array, State
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.verdict import Evidence

from .evidence import Judgement, judged
from .horizon import LEVELS, Setting, block_of
from .refinement import Finding, Look, Measurement, extrapolated_mean, refined

__all__ = ["crossed"]

SURVIVAL = "log of the probability not to have crossed"
ENDS = "the same with the variance at the ends of the steps"
VARIANCE = "rate of the variance of the observable"
BEYOND = "whether a step ended beyond the level"
COUNTED = 5
"""With so many paths that crossed by their bridges, some end a step beyond a level inside."""

TOUCHED = (
    "no path ended a step beyond the level though bridges count crossings: the level is touched at "
    "an extremum of f; state log f, or a level inside"
)
SLOWER = 4
"""A step takes so many times as long as one that looks at nothing."""

EPSILON = 1e-5
"""Length of the differences along the noise, in units of its own over a unit of time."""


@dataclass(frozen=True, kw_only=True)
class _Crossings:
    """Of every path on one grid: both logs of survival, and whether a step ended beyond."""

    survival: Array
    ends: Array
    beyond: Array


def crossed(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on a stated probability of crossing at all settings."""
    return judged(problem, plan, _one)


def _one(setting: Setting, plan: Plan) -> Judgement:
    stated, level = setting.stated("probability"), setting.stated("level")
    if not 0 <= stated <= 1:
        why = f"probability: {stated:.6g} is stated, outside [0, 1]: no probability"
        return _exactly(Measurement(estimate=Estimate(value=math.inf), why=why), setting)
    start = {name: np.asarray(x, dtype=float)[None] for name, x in setting.start.items()}
    start["t"] = np.zeros(1)
    if float(setting.observed(setting.problem, start)[0]) == level:
        e = Estimate(value=1.0 - stated)
        return _exactly(Measurement(estimate=e), setting)

    def measure(look: Look) -> Measurement:
        return _measured(_crossings(setting, look, level), stated, look.plan.budget.alpha)

    # A step looks along every component of the noise too.
    size = SLOWER * max(8, setting.system.size)
    found = refined(measure, plan, setting.relevant, size)
    what = f"P(f reaches {level:.4g}) − {stated:.6g}, bridges between the steps,"
    return Judgement(
        finding=found,
        what=what,
        unit=setting.relevant,
        condition="crossings between two steps are those of a Brownian bridge",
    )


def _measured(grids: list[_Crossings], stated: float, alpha: float) -> Measurement:
    """The share that crossed less the stated one; what the other variance changes is bias."""
    levels, others = ([-np.expm1(x) for x in xs] for xs in _both(grids))
    if np.nansum(levels[-1]) > COUNTED and not any(np.any(one.beyond) for one in grids):
        nothing = Estimate(value=0.0, half_width=math.inf)
        return Measurement(estimate=nothing, why=TOUCHED)
    found = extrapolated_mean(levels, 0.0, 1.0, stated, alpha)
    moved = others[-1] - levels[-1]
    apart = abs(float(np.mean(np.where(np.isfinite(moved), moved, 0.0))))
    return replace(found, estimate=replace(found.estimate, bias=found.estimate.bias + apart))


def _both(grids: list[_Crossings]) -> tuple[list[Array], list[Array]]:
    return [one.survival for one in grids], [one.ends for one in grids]


def _exactly(found: Measurement, setting: Setting) -> Judgement:
    """What needs no path: the observable starts at the level, or no probability is stated."""
    finding = Finding(
        status=found.estimate.decide(setting.relevant),
        measurement=found,
        steps=0,
        paths=1,
        looks=1,
        needed="",
    )
    return Judgement(
        finding=finding,
        what="P(f reaches the level at which it starts) − stated",
        unit=setting.relevant,
        chance=False,
    )


def _crossings(setting: Setting, look: Look, level: float) -> list[_Crossings]:
    """What every path has met at h, h/2, h/4."""
    plan = look.plan
    key = (
        "hitting",
        look.steps,
        look.paths,
        plan.seed,
        plan.purpose,
        level,
        setting.horizon,
    )
    return setting.problem.measured(
        key,
        setting.point,
        lambda declared: [
            _on_grid(declared, setting, look, level, look.steps * 2**i) for i in range(LEVELS)
        ],
    )


def _on_grid(
    declared: Problem, setting: Setting, look: Look, level: float, steps: int
) -> _Crossings:
    (system, draws), h = setting.on_grid(steps), setting.horizon / steps
    euler = stepper(named("euler_maruyama"), system, h)

    def step(state: State, index: int, draws: State) -> State:
        before = {name: state[name] for name in system.states}
        after = euler(before, index, draws)
        ends = ({**before, "t": index * h}, {**after, "t": (index + 1) * h})
        a, b = (setting.observed(declared, x) - level for x in ends)
        first = index == 0
        v = _variance_rate(declared, setting, before, 0.0) if first else state[VARIANCE]
        w = _variance_rate(declared, setting, after, (index + 1) * h)
        # Where a path goes after it has crossed does not matter, outside the domain even.
        gone = np.isneginf(state[SURVIVAL])
        met = [_log_without_crossing(a, b, h * rate) for rate in (v, w)]
        return {
            **after,
            VARIANCE: w,
            SURVIVAL: np.where(gone, -np.inf, state[SURVIVAL] + met[0]),
            ENDS: np.where(gone, -np.inf, state[ENDS] + met[1]),
            BEYOND: np.maximum(state[BEYOND], a * b < 0),
        }

    looking = {name: np.asarray(0.0) for name in (SURVIVAL, ENDS, VARIANCE, BEYOND)}
    run = iterate(
        step,
        {**{k: np.asarray(x, dtype=float) for k, x in setting.start.items()}, **looking},
        steps=steps,
        paths=look.paths,
        seed=look.plan.seed_for("paths") % 2**63,
        draws=draws,
        observe={
            "survival": lambda state: state[SURVIVAL],
            "ends": lambda state: state[ENDS],
            "beyond": lambda state: state[BEYOND],
        },
        keep=True,
        block=block_of(system, look.paths),
        dt=h,
    )
    return _Crossings(**{name: np.asarray(x[0]) for name, x in run.values.items()})


def _log_without_crossing(a: Array, b: Array, v: Array) -> Array:
    """Log of the probability that a bridge of variance v from a to b does not meet 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.log(-np.expm1(np.where(v > 0, -2 * a * b / v, -np.inf)))
    gone = np.where(np.isfinite(a) & np.isfinite(b), -np.inf, np.nan)
    return np.asarray(np.where(a * b > 0, inside, gone))


def _variance_rate(
    declared: Problem, setting: Setting, state: Mapping[str, Any], time: float
) -> Array:
    """d⟨f⟩/dt: squared central differences of f along every component of the noise."""
    system, total = setting.system, np.zeros(len(next(iter(state.values()))))
    units = basis(system)
    count = len(next(iter(units.values()))) if units else 0
    for j in range(count):
        dB = {
            name: np.broadcast_to(unit[j], (len(total), *unit[j].shape))
            for name, unit in units.items()
        }
        moved = system.noise(state, time, dB)
        ends = [
            setting.observed(
                declared,
                {"t": time, **{k: x + s * EPSILON * moved[k] for k, x in state.items()}},
            )
            for s in (1.0, -1.0)
        ]
        total = total + ((ends[0] - ends[1]) / (2 * EPSILON)) ** 2
    return total
