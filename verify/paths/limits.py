"""Almost sure limits of f(X_t)/t, and thresholds at which they change their sign, on paths.

A limit that holds almost surely is the limit of the median over the paths too, whatever the law of
f, which may be unbounded.  A third of the horizon is left to the start; paths are run at steps h,
h/2, h/4 on the same Brownian paths, and c, m, q are the growths of f per time over what is left:

* value: the median of 2 q − m, where the term of order h is gone, with order statistics as bounds;
* bias of the step: how far it lies from the median of 2 m − c, the same at twice the step, which
  is what is left if that shrinks at least like h; if two grids do not give single paths nearly the
  same growth, nothing is decided;
* bias of the time: how far the median over the later half of that time lies from that over all.

A threshold is judged at (1 − relevant) and (1 + relevant) times its stated value: on both sides the
limit has to have the stated sign, and to be clear of zero.  A limit that is stated to be 0 has to
lie within half of that on the other side, and not to be clear of zero by a twentieth of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.system import Array
from verify.errors import UsageError
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.statistics.bounds import quantile_interval
from verify.verdict import Evidence, Status, combine

from .ensemble import BLOCK, ensemble, first_steps, is_fine
from .evidence import Judgement, judged
from .horizon import LEVELS, Setting
from .refinement import LOOKS, Finding, Look, Measurement, most_path_steps, refined
from .simulated import simulated_system

__all__ = ["growth_per_time", "limiting", "threshold"]

CONDITION = "the bias left by the finite time, an extrapolation from the later half of it"

FIRST_STEPS = 24
"""The first look takes at least three times this part of the plan's steps, on the coarsest grid."""

PATHS = 2
"""Paths of the first look for each of the plan."""

SHARE, COARSE = 0.13, 0.3
"""Two grids of the first look move a path by at most this part of the spread of the paths.

A limit is measured, of a threshold only a sign.
"""

CLEAR = 10
"""A limit that differs from 0 by this part of what counts as none is no 0."""

ROUNDING = 1e-12
UNKNOWN = 100.0
"""The bias of a grid that is too coarse for any estimate, beside a rate of one."""


def limiting(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on a stated limit at all settings."""
    evidence = judged(problem, plan, _limit)
    return replace(evidence, brief=_brief(evidence))


def threshold(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on both sides of a stated threshold, at all settings."""
    evidence = judged(problem, plan, _threshold)
    return replace(evidence, brief=_brief(evidence))


def _brief(evidence: Evidence) -> str:
    """The rate that may be left, in units of the rate."""
    found = evidence.numbers.get("settings", ())
    reach = [abs(s["difference"]) + s["half_width"] + s["bias"] for s in found]
    return f"±{max(reach):.1g}" if reach and math.isfinite(max(reach)) else ""


# The growth per time.


def growth_per_time(setting: Setting, look: Look) -> list[Array]:
    """(f(X_t) − f(X_s))/(t − s) at h, h/2, h/4, each (2, paths): over (T/3, T) and (2T/3, T)."""
    key = ("growth", look.steps, look.paths, look.plan.seed, look.plan.purpose, setting.horizon)

    def measure(declared: Problem) -> list[Array]:
        return [_grown(setting, declared, look, 2**level) for level in range(LEVELS)]

    return setting.problem.measured(key, setting.point, measure)


def _grown(setting: Setting, declared: Problem, look: Look, refinement: int) -> Array:
    third = math.ceil(look.steps / 3) * refinement
    found = ensemble(
        setting,
        declared,
        3 * third,
        look.paths,
        look.plan.seed_for("paths") % 2**63,
        at=[third, 2 * third, 3 * third],
        block=min(BLOCK, look.paths),
    )
    begun, middle, end = found["f"]
    time = setting.horizon / 3
    with np.errstate(invalid="ignore"):
        return np.stack([(end - begun) / (2 * time), (end - middle) / time])


def _rate(growths: Sequence[Array], alpha: float) -> tuple[Estimate, float]:
    """The limit at h = 0, and the part of paths whose values are no numbers."""
    c, m, q = growths
    with np.errstate(invalid="ignore"):
        linear, before = 2 * q - m, 2 * m - c
    kept = np.all(np.isfinite([linear, before]), axis=(0, 1))
    lost = 1.0 - float(np.mean(kept))
    if lost == 1.0:
        return Estimate(value=0.0, half_width=math.inf, bias=math.inf), lost
    # A lost path may have grown at any rate.
    low, high = (
        quantile_interval(np.where(kept, linear[0], end), 0.5, alpha)[which]
        for which, end in enumerate((-math.inf, math.inf))
    )
    value, late = np.median(linear[:, kept], axis=1)
    step = abs(float(np.median(before[0, kept]) - value))
    bias = step + abs(float(late - value)) + ROUNDING * abs(float(value))
    if not is_fine(m[0, kept], q[0, kept]):
        bias += UNKNOWN * (1 + abs(float(value)))
    if not (math.isfinite(low) and math.isfinite(high)):
        return Estimate(value=float(value), half_width=math.inf, bias=bias), lost
    return Estimate(value=(low + high) / 2, half_width=(high - low) / 2, bias=bias), lost


def _lost(share: float) -> str:
    if share < 0.5:
        return ""
    return (
        f"f(X_t) is no number on {100 * share:.0f} % of the paths: they leave the domain of the "
        "system, or of floating-point numbers; give a shorter horizon"
    )


# A limit.


def _limit(setting: Setting, plan: Plan) -> Judgement:
    stated = setting.stated("value")

    def measure(look: Look) -> Measurement:
        e, lost = _rate(growth_per_time(setting, look), look.plan.budget.alpha)
        return Measurement(estimate=replace(e, value=e.value - stated), why=_lost(lost))

    begin = _begin(setting, plan, SHARE, PATHS)
    found = refined(measure, plan, setting.relevant, setting.system.size, begin=begin)
    what = f"f/t, median of the paths − stated {stated:.6g}"
    return Judgement(finding=found, what=what, unit=setting.relevant, condition=CONDITION)


def _begin(setting: Setting, plan: Plan, share: float, more: int) -> tuple[int, int]:
    """Steps and paths of the first look."""
    paths = more * plan.effort.paths
    size = setting.system.size
    most = max(6, most_path_steps(plan.effort, size) // (4 * paths * size))
    least = 3 * max(2, plan.effort.steps // FIRST_STEPS)
    return first_steps(setting, plan, least, (1, 3), share=share, most=most), paths


# A threshold.


@dataclass(frozen=True, kw_only=True)
class Side:
    """What was measured at one value of the parameter."""

    at: float
    sign: int
    rate: Estimate
    status: Status
    paths: int
    steps: int
    looks: int
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        e = self.rate
        return {
            "at": self.at,
            "stated sign": self.sign,
            "rate": e.value,
            "half_width": e.half_width,
            "bias": e.bias,
            "status": str(self.status),
        }


def _threshold(setting: Setting, plan: Plan) -> Judgement:
    stated = setting.problem.threshold
    assert stated is not None
    value = setting.stated("threshold")
    if value == 0:
        raise UsageError(
            f"threshold: is 0{setting.at}, and the claim is judged at multiples of it; "
            "give values for which it is not"
        )
    shift = setting.relevant * abs(value)
    signs = ((value - shift, stated.below), (value + shift, stated.above))
    # The side that is clear of zero first: a limit that is stated to be 0 is measured by it.
    sides: list[Side] = []
    for at, sign in sorted(signs, key=lambda pair: pair[1] == 0):
        other = abs(sides[0].rate.value) if sides else 0.0
        share = plan.share(f"{stated.parameter} {at!r}", 2)
        sides.append(_side(_moved(setting, stated.parameter, at), at, sign, other / 2, share))
        if sides[-1].status == Status.DISAGREES:
            break
    return _judgement(setting, stated.parameter, value, sides)


def _moved(setting: Setting, parameter: str, value: float) -> Setting:
    """The setting with another value of the parameter."""
    path = setting.problem.signature.path
    assert path is not None
    if parameter not in setting.point:
        raise UsageError(f"parameter {parameter}: not in the system; name one that it has")
    point = {**setting.point, parameter: np.asarray(value)}
    system = replace(simulated_system(setting.problem, path, point), paths_last=False)
    return replace(setting, point=point, system=system)


def _side(setting: Setting, at: float, sign: int, near: float, plan: Plan) -> Side:
    """The sign of the limit at one value of the parameter; ``near`` is what counts as no growth."""
    share = replace(plan, budget=plan.budget.split(LOOKS))
    steps, paths = _begin(setting, plan, COARSE, 1)
    most = most_path_steps(plan.effort, setting.system.size)
    side = None
    for number in range(LOOKS):
        looking = replace(share, purpose=f"{share.purpose}/look {number}")
        look = Look(steps=steps, paths=paths, plan=looking)
        e, lost = _rate(growth_per_time(setting, look), looking.budget.alpha)
        side = Side(
            at=at,
            sign=sign,
            rate=e,
            status=_signed(e, sign, near),
            paths=paths,
            steps=steps,
            looks=number + 1,
            why=_lost(lost) or _needed(e, paths, near if sign == 0 else None),
        )
        if side.status != Status.INCONCLUSIVE or lost >= 0.5:
            break
        # What is wider than the bias wants paths, else finer steps.
        steps, paths = (steps, 4 * paths) if e.half_width > e.bias else (2 * steps, 2 * paths)
        if 4 * steps * paths > most:
            break
    assert side is not None
    return side


def _signed(e: Estimate, sign: int, near: float) -> Status:
    """Whether a limit has the stated sign; 0 is one within ``near``, and not clear of zero."""
    if sign == 0:
        if abs(e.value) - e.half_width - e.bias > near / CLEAR:
            return Status.DISAGREES
        within = abs(e.value) + e.half_width + e.bias <= near
        return Status.AGREES if within else Status.INCONCLUSIVE
    if not abs(e.value) - e.half_width > e.bias:
        return Status.INCONCLUSIVE
    return Status.AGREES if e.value * sign > 0 else Status.DISAGREES


def _needed(e: Estimate, paths: int, near: float | None) -> str:
    """How many paths would settle a sign, if any number of them does."""
    room = abs(e.value) - e.bias if near is None else near / 2 - e.bias
    if not (room > 0 and math.isfinite(e.half_width)):
        return "no number of paths would settle it, a longer horizon may"
    return f"about {math.ceil(paths * (e.half_width / room) ** 2):,} paths would settle it"


def _judgement(setting: Setting, parameter: str, value: float, sides: Sequence[Side]) -> Judgement:
    status = combine(side.status for side in sides)
    telling = [side for side in sides if side.status == status]
    worst = min(telling, key=lambda side: abs(side.rate.value))
    finding = Finding(
        status=status,
        measurement=Measurement(estimate=worst.rate),
        steps=worst.steps,
        paths=worst.paths,
        looks=worst.looks,
        needed=worst.why,
    )
    stated = {-1: "< 0", 0: "= 0", 1: "> 0"}[worst.sign]
    return Judgement(
        finding=finding,
        what=f"f/t at {parameter} = {worst.at:.4g}, threshold {value:.4g}, stated {stated}, median "
        "of the paths",
        unit=setting.relevant,
        condition=CONDITION,
        numbers={"threshold": value, "sides": [side.to_json() for side in sides]},
    )
