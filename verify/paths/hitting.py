"""The probability that an observable reaches a level by the horizon.

Between two steps a path may cross and come back unseen, which a count of seen crossings misses by
an error of order √h.  Given both ends of a step, f is near a Brownian bridge, which crosses with
probability exp(−2 a b / v): a, b are the distances of the ends from the level, v the variance of f
over the step from the noise of the declared system at its start.  A path counts by its probability
to have crossed, 1 − Π (1 − p), which lies between 0 and 1; no solution of any equation enters.
See Gobet, Weak approximation of killed diffusion using Euler schemes, Stochastic Process. Appl. 87
(2000).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from numerics.brownian import basis, increments
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
SLOWER = 4
"""A step takes so many times as long as one that looks at nothing."""

EPSILON = 1e-5
"""Length of the differences along the noise, in units of its own over a unit of time."""


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
        survival = _survival(setting, look, level)
        levels = [-np.expm1(x) for x in survival]
        return extrapolated_mean(levels, 0.0, 1.0, stated, look.plan.budget.alpha)

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


def _survival(setting: Setting, look: Look, level: float) -> list[Array]:
    """Log of the probability not to have crossed, of every path, at h, h/2, h/4."""
    key = ("hitting", look.steps, look.paths, look.plan.seed, look.plan.purpose, level)
    return setting.problem.measured(
        key,
        setting.point,
        lambda declared: [
            _on_grid(declared, setting, look, level, look.steps * 2**i) for i in range(LEVELS)
        ],
    )


def _on_grid(declared: Problem, setting: Setting, look: Look, level: float, steps: int) -> Array:
    system, h = setting.system, setting.horizon / steps
    euler = stepper(named("euler_maruyama"), system, h)

    def step(state: State, index: int, draws: State) -> State:
        before = {name: state[name] for name in system.states}
        after = euler(before, index, draws)
        ends = ({**before, "t": index * h}, {**after, "t": (index + 1) * h})
        a, b = (setting.observed(declared, x) - level for x in ends)
        v = h * _variance_rate(declared, setting, before, index * h)
        survival = state[SURVIVAL] + _log_without_crossing(a, b, v)
        # Where a path goes after it has crossed does not matter, outside the domain even.
        gone = np.isneginf(state[SURVIVAL])
        return {**after, SURVIVAL: np.where(gone, -np.inf, survival)}

    start = {**{k: np.asarray(x, dtype=float) for k, x in setting.start.items()}}
    run = iterate(
        step,
        {**start, SURVIVAL: np.asarray(0.0)},
        steps=steps,
        paths=look.paths,
        seed=look.plan.seed_for("paths") % 2**63,
        draws=increments(system, horizon=setting.horizon, steps=steps),
        observe={"survival": lambda state: state[SURVIVAL]},
        keep=True,
        block=block_of(system, look.paths),
        dt=h,
    )
    return np.asarray(run.values["survival"][0])


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
