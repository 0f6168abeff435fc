"""The probability that an observable reaches a level by the horizon.

Between two steps a path may cross and come back unseen, which a count of seen crossings misses by
an error of order √h.  Given both ends of a step, f is near a Brownian bridge, which crosses with
probability exp(−2 a b / v): a, b are the distances of the ends from the level, v the variance of f
over the step from the noise of the declared system at its start.  A path counts by its probability
to have crossed, 1 − Π (1 − p), which lies between 0 and 1; no solution of any equation enters.
What the variance at the end of a step would change instead counts as bias.  A level that is an
extremum of f is touched and never passed; there f is no Brownian bridge, and nothing is decided.
Nor is a crossing proved, or missed, where drift or noise of f at the level are others than a step
away (see ``level``): such a step counts by half, and the other half is bias either way.
See Gobet, Weak approximation of killed diffusion using Euler schemes, Stochastic Process. Appl. 87
(2000).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from numerics.loop import iterate
from numerics.schemes import named
from numerics.schemes.step import stepper
from numerics.system import Array, State
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.verdict import Evidence

from .evidence import Judgement, judged
from .horizon import LEVELS, Setting, block_of
from .level import Meeting
from .refinement import Finding, Look, Measurement, extrapolated_mean, refined
from .saturation import Moves, unseen, with_bias
from .within_steps import resolved

__all__ = ["crossed"]

SURVIVAL = "log of the probability not to have crossed"
ENDS = "the same with the variance at the ends of the steps"
VARIANCE = "rate of the variance of the observable"
BEYOND = "whether a step ended beyond the level"
PROVED = "log of survival where only crossings at even drift and noise count"
NEAREST = "the least distance from the level, negative beyond"
FEARED = "log of survival where coming near at uneven drift or noise counts too"
OBSERVED = {
    "survival": SURVIVAL,
    "ends": ENDS,
    "beyond": BEYOND,
    "proved": PROVED,
    "feared": FEARED,
    "nearest": NEAREST,
}
"""Fields of what is seen of a path, and the names under which its state has them."""

SEEN = 1e-3
"""The probability to cross in a step from which on it is asked how drift and noise change there."""

NEAR = 0.05
"""The probability to cross in a step, at uneven drift or noise, that may be a certain one."""

CERTAIN = 5.0
"""Standard deviations of what may have crossed or not that count as bias."""

UNEVEN = (
    "where paths meet the level, drift or noise of the observable are others there than a step "
    "away (the noise vanishes, or the drift is singular), so that crossings on a grid prove none; "
    "state a level inside; finer steps settle it only if both are regular at the level"
)
COUNTED = 5
"""With so many paths that crossed by their bridges, some end a step beyond a level inside."""

TOUCHED = (
    "no path ended a step beyond the level though bridges count crossings: the level is touched at "
    "an extremum of f; state log f, or a level inside"
)
SLOWER = 4
"""A step takes so many times as long as one that looks at nothing."""


@dataclass(frozen=True, kw_only=True)
class _Crossings:
    """Of every path on one grid: logs of survival, and what the ends of its steps have met."""

    survival: Array
    ends: Array
    beyond: Array
    proved: Array
    feared: Array
    nearest: Array

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The least and the most that a path may count."""
        return -np.expm1(self.proved), -np.expm1(self.feared)


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
        grids = _crossings(setting, look, level)
        found = _measured(grids, stated, look.plan.budget.alpha, setting.relevant)
        # Nothing moves the count where all paths, or none, are beyond on every grid.
        reach = Moves.of_values(grids[-2].nearest, grids[-1].nearest)
        return with_bias(found, unseen(reach.upto(0.0), 1.0))

    # A step looks along every component of the noise too.
    size = SLOWER * max(8, setting.system.size)
    found = refined(resolved(setting, measure, level), plan, setting.relevant, size)
    what = f"P(f reaches {level:.4g}) − {stated:.6g}, bridges between the steps,"
    return Judgement(
        finding=found,
        what=what,
        unit=setting.relevant,
        condition="crossings between two steps are those of a Brownian bridge",
    )


def _measured(grids: list[_Crossings], stated: float, alpha: float, relevant: float) -> Measurement:
    """The share that crossed less the stated one; what another count would change is bias."""
    last = grids[-1]
    crossed = -np.expm1(last.survival)
    if np.nansum(crossed) > COUNTED and not any(np.any(one.beyond) for one in grids):
        nothing = Estimate(value=0.0, half_width=math.inf)
        return Measurement(estimate=nothing, why=TOUCHED)
    found = extrapolated_mean([-np.expm1(one.survival) for one in grids], 0.0, 1.0, stated, alpha)
    apart = abs(_mean(-np.expm1(last.ends) - crossed))
    low, high = last.bounds
    half = _mean(high - low) / 2
    # Both ends of the doubt are means of as many paths.
    spread = np.where(np.isfinite(high - low), high - low, 0.0)
    doubt = half + CERTAIN * float(np.std(spread)) / math.sqrt(len(spread))
    estimate = replace(
        found.estimate,
        value=found.estimate.value + _mean(low - crossed) + half,
        bias=found.estimate.bias + apart + doubt,
    )
    if doubt > relevant / 4:
        return replace(found, estimate=estimate, why=UNEVEN, finer=True)
    return replace(found, estimate=estimate)


def _mean(x: Array) -> float:
    """The mean over all paths, of which those that are lost count 0."""
    return float(np.mean(np.where(np.isfinite(x), x, 0.0)))


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

    meeting = Meeting(declared=declared, setting=setting, level=level, h=h)
    start = {name: np.asarray(x, dtype=float)[None] for name, x in setting.start.items()}
    away = float(meeting.distance({**start, "t": np.zeros(1)})[0])

    def step(state: State, index: int, draws: State) -> State:
        before = {name: state[name] for name in system.states}
        after = euler(before, index, draws)
        ends = ({**before, "t": index * h}, {**after, "t": (index + 1) * h})
        a, b = (meeting.distance(x) for x in ends)
        v = meeting.variance_rate(before, 0.0) if index == 0 else state[VARIANCE]
        w = meeting.variance_rate(after, (index + 1) * h)
        # Where a path goes after it has crossed does not matter, outside the domain even.
        gone = np.isneginf(state[SURVIVAL])
        met = [_log_without_crossing(a, b, h * rate) for rate in (v, w)]
        least = np.where(gone, 0.0, np.fmin(*met))
        uneven = np.zeros(len(a), dtype=bool)
        asked = np.flatnonzero(least < math.log1p(-SEEN))
        if len(asked):
            here, there = ({k: x[asked] for k, x in one.items()} for one in (before, after))
            uneven[asked] = meeting.is_uneven(here, there, index * h)
        feared = np.where(uneven & (least < math.log1p(-NEAR)), -np.inf, met[0])
        counts = {
            SURVIVAL: met[0],
            ENDS: met[1],
            PROVED: np.where(uneven, 0.0, met[0]),
            FEARED: feared,
        }
        return {
            **after,
            VARIANCE: w,
            BEYOND: np.maximum(state[BEYOND], a * b < 0),
            NEAREST: np.minimum(state[NEAREST], _at_most_as_far(b, away)),
            **{k: np.where(gone, state[k], state[k] + x) for k, x in counts.items()},
        }

    looking = {name: np.asarray(0.0) for name in (*OBSERVED.values(), VARIANCE)}
    looking[NEAREST] = np.asarray(abs(away))
    run = iterate(
        step,
        {**{k: np.asarray(x, dtype=float) for k, x in setting.start.items()}, **looking},
        steps=steps,
        paths=look.paths,
        seed=look.plan.seed_for("paths") % 2**63,
        draws=draws,
        observe={k: lambda state, name=name: state[name] for k, name in OBSERVED.items()},  # type: ignore[misc]
        keep=True,
        block=block_of(system, look.paths),
        dt=h,
    )
    return _Crossings(**{name: np.asarray(x[0]) for name, x in run.values.items()})


def _at_most_as_far(b: Array, away: float) -> Array:
    """Distances before the level, cut off beyond it at that of the start; none outside a domain."""
    distance = np.maximum(math.copysign(1.0, away) * b, -abs(away))
    return np.where(np.isnan(b), -abs(away), distance)


def _log_without_crossing(a: Array, b: Array, v: Array) -> Array:
    """Log of the probability that a bridge of variance v from a to b does not meet 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.log(-np.expm1(np.where(v > 0, -2 * a * b / v, -np.inf)))
    gone = np.where(np.isfinite(a) & np.isfinite(b), -np.inf, np.nan)
    return np.asarray(np.where(a * b > 0, inside, gone))
