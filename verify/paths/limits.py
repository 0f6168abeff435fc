"""Almost sure limits of f(X_t)/t, and thresholds at which they change their sign, on paths.

A limit that holds almost surely is the limit of the median over the paths too, whatever the law of
f, which may be unbounded.  A third of the horizon is left to the start; paths are run at steps h,
h/2, h/4 on the same Brownian paths, and c, m, q are the growths of f per time over what is left:

* value: the median of 2 q − m, where the term of order h is gone, with order statistics as bounds;
* bias of the step: how far it lies from the median of 2 m − c, the same at twice the step, which
  is what is left if that shrinks at least like h; if two grids do not give single paths nearly the
  same growth, nothing is decided;
* bias of the time: what is left after T if the error of the median shrinks at least like 1/√T from
  the growth over (T/9, T/3) to that over (T/3, T), the noise of both medians added;
* spread: no 1 % or 99 % quantile of the growth stays away from the median if its distance shrinks
  at least like that too; else the limit may differ from path to path, and nothing agrees.

A threshold is judged at (1 − relevant) and (1 + relevant) times its stated value: on both sides the
limit has to have the stated sign, and to be clear of zero.  A limit that is stated to be 0 has to
lie within half of that on the other side, and not to be clear of zero by a twentieth of it.  So the
threshold is known to ± relevant of itself: of values nearer to it nothing is seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.system import Array
from verify.amounts import percent
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

CONDITION = (
    "the bias left by the finite time, an extrapolation: what median and outer quantiles are "
    "off for f/t shrinks at least like 1/√t from a third of the horizon on"
)

LEFT_BY_TIME = 1 / (math.sqrt(3) - 1)
"""An error that shrinks like 1/√T, in units of what it moved while the time tripled."""

OUTER = (0.01, 0.99)
"""Quantiles of the paths that must not stay away from the median."""

APART = (
    "the limit may differ from path to path: an outer quantile of f/t stays away from the median; "
    "no number of paths would settle it, a longer horizon may"
)

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
    seen = evidence.numbers.get("relevant")
    return evidence if seen is None else replace(evidence, brief=f"±{percent(seen)}")


def _brief(evidence: Evidence) -> str:
    """The rate that may be left, in units of the rate."""
    found = evidence.numbers.get("settings", ())
    reach = [abs(s["difference"]) + s["half_width"] + s["bias"] for s in found]
    return f"±{max(reach):.1g}" if reach and math.isfinite(max(reach)) else ""


# The growth per time.


def growth_per_time(setting: Setting, look: Look) -> list[Array]:
    """(f(X_t) − f(X_s))/(t − s) at h, h/2, h/4, each (2, paths): over (T/3, T) and (T/9, T/3)."""
    key = ("growth", look.steps, look.paths, look.plan.seed, look.plan.purpose, setting.horizon)

    def measure(declared: Problem) -> list[Array]:
        return [_grown(setting, declared, look, 2**level) for level in range(LEVELS)]

    return setting.problem.measured(key, setting.point, measure)


def _grown(setting: Setting, declared: Problem, look: Look, refinement: int) -> Array:
    ninth = math.ceil(look.steps / 9) * refinement
    found = ensemble(
        setting,
        declared,
        9 * ninth,
        look.paths,
        look.plan.seed_for("paths") % 2**63,
        at=[ninth, 3 * ninth, 9 * ninth],
        block=min(BLOCK, look.paths),
    )
    begun, middle, end = found["f"]
    time = setting.horizon / 9
    with np.errstate(invalid="ignore"):
        return np.stack([(end - middle) / (6 * time), (middle - begun) / (2 * time)])


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A limit at h = 0: the median, and the outer quantiles.

    Of its bias ``step`` is that of the steps, and ``noise`` is how much of the rest may be noise.
    ``outer`` has, for each outer quantile, the end of its interval that is nearer to the median,
    and what it may still move; ``lost`` is the part of paths whose values are no numbers.
    """

    estimate: Estimate
    noise: float = 0.0
    step: float = 0.0
    outer: tuple[tuple[float, float], ...] = ()
    lost: float = 0.0

    def differs(self, within: float) -> bool:
        """Whether more than a few paths may have a limit farther than this from the median."""
        if self.lost > OUTER[0]:
            return True
        return any(abs(end - self.estimate.value) > within + move for end, move in self.outer)


def _rate(growths: Sequence[Array], alpha: float) -> Rate:
    """The limit at h = 0; the median and what it moved have half of the rate each."""
    c, m, q = growths
    with np.errstate(invalid="ignore"):
        linear, before = 2 * q - m, 2 * m - c
    kept = np.all(np.isfinite([linear, before]), axis=(0, 1))
    lost = 1.0 - float(np.mean(kept))
    if lost == 1.0:
        return Rate(estimate=Estimate(value=0.0, half_width=math.inf, bias=math.inf), lost=lost)
    (low, high), early = (_median(x, kept, alpha / 2) for x in linear)
    value = float(np.median(linear[0, kept]))
    bias = abs(float(np.median(before[0, kept])) - value) + ROUNDING * abs(value)
    if not is_fine(m[0, kept], q[0, kept]):
        bias += UNKNOWN * (1 + abs(value))
    if not all(math.isfinite(x) for x in (low, high, *early)):
        e = Estimate(value=value, half_width=math.inf, bias=bias)
        return Rate(estimate=e, lost=lost)
    half_width = (high - low) / 2
    moved = abs((low + high - sum(early)) / 2)
    noise = LEFT_BY_TIME * math.hypot(half_width, (early[1] - early[0]) / 2)
    time = LEFT_BY_TIME * moved + noise
    e = Estimate(value=(low + high) / 2, half_width=half_width, bias=bias + time)
    outer = tuple(_outer(linear[:, kept], q, alpha) for q in OUTER)
    return Rate(estimate=e, noise=noise, step=bias, outer=outer, lost=lost)


def _median(values: Array, kept: Array, alpha: float) -> tuple[float, float]:
    """The interval of the median; a lost path may have grown at any rate."""
    low, _ = quantile_interval(np.where(kept, values, -math.inf), 0.5, alpha)
    _, high = quantile_interval(np.where(kept, values, math.inf), 0.5, alpha)
    return low, high


def _outer(values: Array, q: float, alpha: float) -> tuple[float, float]:
    """The nearer end of an outer quantile, and what it may still move; ends are in the sample."""
    late, early = (np.clip(quantile_interval(x, q, alpha), np.min(x), np.max(x)) for x in values)
    near, far = (late[1], early[0]) if q < 0.5 else (late[0], early[1])
    return float(near), LEFT_BY_TIME * abs(float(far - near))


def _typical(values: Array) -> float:
    """The median of the paths that are numbers."""
    kept = values[np.isfinite(values)]
    return float(np.median(kept)) if len(kept) else math.nan


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
        growths = growth_per_time(setting, look)
        rate = _rate(growths, look.plan.budget.alpha)
        e, why = rate.estimate, _lost(rate.lost)
        kept = {"levels": [_typical(x[0]) - stated for x in growths]}
        difference = replace(e, value=e.value - stated)
        agrees = difference.decide(setting.relevant) == Status.AGREES
        time = e.bias - rate.step - rate.noise
        if not why and rate.noise and time > setting.relevant / 2:
            why = "the growth still changes with time; a longer horizon may settle it"
        if agrees and rate.differs(setting.relevant):
            difference, why = replace(difference, bias=max(e.bias, setting.relevant)), APART
        return Measurement(estimate=difference, noise=rate.noise, why=why, numbers=kept)

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
        rate = _rate(growth_per_time(setting, look), looking.budget.alpha)
        e, status = rate.estimate, _signed(rate, sign, near)
        apart = status == Status.AGREES and rate.differs(abs(e.value) if sign else near)
        side = Side(
            at=at,
            sign=sign,
            rate=e,
            status=Status.INCONCLUSIVE if apart else status,
            paths=paths,
            steps=steps,
            looks=number + 1,
            why=APART if apart else _lost(rate.lost) or _needed(rate, paths, near, sign),
        )
        if side.status != Status.INCONCLUSIVE or apart or rate.lost >= 0.5:
            break
        # What is wider than the bias wants paths, else finer steps.
        noisy = e.half_width + rate.noise > e.bias - rate.noise
        steps, paths = (steps, 4 * paths) if noisy else (2 * steps, 2 * paths)
        if 4 * steps * paths > most:
            break
    assert side is not None
    return side


def _signed(rate: Rate, sign: int, near: float) -> Status:
    """Whether a limit has the stated sign; 0 is one within ``near``, and not clear of zero."""
    e = rate.estimate
    if sign == 0:
        clear = abs(e.value) - e.half_width
        if clear - e.bias > near / CLEAR:
            return Status.DISAGREES
        # What only the bias of the time keeps from being clear of zero is no 0 yet.
        still = clear - rate.step <= near / CLEAR
        within = still and abs(e.value) + e.half_width + e.bias <= near
        return Status.AGREES if within else Status.INCONCLUSIVE
    if not abs(e.value) - e.half_width > e.bias:
        return Status.INCONCLUSIVE
    return Status.AGREES if e.value * sign > 0 else Status.DISAGREES


def _needed(rate: Rate, paths: int, near: float, sign: int) -> str:
    """How many paths would settle a sign, if any number of them does."""
    e = rate.estimate
    room = (abs(e.value) if sign else near / 2) - (e.bias - rate.noise)
    noise = e.half_width + rate.noise
    if not (room > 0 and math.isfinite(noise)):
        return "no number of paths would settle it, a longer horizon may"
    return f"about {math.ceil(paths * (noise / room) ** 2):,} paths would settle it"


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
    width = percent(setting.relevant)
    return Judgement(
        finding=finding,
        what=f"threshold {value:.4g} of {parameter}, seen to ±{width}: f/t at {parameter} = "
        f"{worst.at:.4g}, stated {stated}, median of the paths",
        unit=setting.relevant,
        condition=CONDITION,
        numbers={"threshold": value, "sides": [side.to_json() for side in sides]},
    )
