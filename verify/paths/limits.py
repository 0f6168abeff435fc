"""Almost sure limits of f(X_t)/t, and thresholds at which they change their sign, on paths.

A limit that holds almost surely is the limit of the median over the paths too, whatever the law of
f, which may be unbounded: `verify.paths.rates` says how that is measured.  The limit is one number
only if no outer quantile of the paths stays away from the median, nor a few outermost paths; of how
small a share of the paths that says nothing, the evidence names (`verify.paths.outer`).

A threshold is judged at (1 − relevant) and (1 + relevant) times its stated value: on both sides the
limit has to have the stated sign, and to be clear of zero.  A limit that is stated to be 0 has to
lie within half of that on the other side, and not to be clear of zero by a twentieth of it.  So the
threshold is known to ± relevant of itself: of values nearer to it nothing is seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.system import Array
from verify.amounts import SIGNS, percent
from verify.errors import UsageError
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.verdict import Evidence, Status, combine

from .almost_all import (
    APART,
    FINER,
    LATER,
    all_but,
    most_lost,
    of_all,
    paths_wanted,
    unseen,
    unseen_sign,
    what_parts,
)
from .ensemble import first_steps
from .evidence import Judgement, judged, measured
from .horizon import Setting
from .rates import LITTLE, Rate, control_of, growth_per_time, likely_rate, moves_little, rate_of
from .refinement import (
    LOOKS,
    Finding,
    Look,
    Measurement,
    are_taken,
    most_path_steps,
    refined,
    undecided,
    would_settle,
)
from .rounding import loses_digits
from .simulated import simulated_system, unmet

__all__ = ["limiting", "threshold"]

CONDITION = (
    "the bias left by the finite time, an extrapolation: what median and outer quantiles are "
    "off for f/t shrinks at least like 1/√t from a third of the horizon on, "
    "or like t^(−1/10) where it moves towards a stated limit that is refuted"
)

TOWARDS = (
    "the growth moves towards the stated limit, slowly; no number of paths would settle it, a "
    "longer horizon may"
)

NO_SIGN = (
    "f/t is not told from 0, and if its limit is 0 no number of paths would settle it; a longer "
    "horizon may, or a larger relevant error, which looks farther from the threshold"
)

MARGIN = 1.3
"""A second look at a sign takes so many times the paths that the first one named."""

FIRST_STEPS = 24
"""The first look takes at least three times this part of the plan's steps, on the coarsest grid."""

LONGER = 2
"""A second look takes so many times what is usual: what a control leaves falls with the step."""

PATHS = 2
"""Paths of the first look for each of the plan."""

SHARE, COARSE = 0.13, 0.25
"""Two grids of the first look move a path by at most this part of the spread of the paths.

A limit is measured, of a threshold only a sign.  Few paths choose the steps: by less than what the
look itself asks for, so that it hardly ever finds them too coarse.
"""

FAR = 2.0
"""Few paths look first where a pilot is off by more than so many times the relevant error."""

FEWER, LEAST_PATHS = 4, 1000
"""They are this part of the paths of a plan, but at least so many."""

FAR_LOOKS, FINER_BY = 2, 4
"""So often, the second time with so many times the steps, if the first grids are too coarse."""

UNCLEAR = 0.4
"""A limit within this part of its half-width, two standard deviations, may well be 0."""

ROOM = 0.8
"""A half-width is asked for as this part of the room that is left to it."""

CLEAR = 10
"""A limit that differs from 0 by this part of what counts as none is no 0."""


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


def _typical(values: Array) -> float:
    """The median of the paths that are numbers."""
    kept = values[np.isfinite(values)]
    return float(np.median(kept)) if len(kept) else math.nan


# A limit.


def _limit(setting: Setting, plan: Plan) -> Judgement:
    stated = setting.stated("value")

    what = f"f/t, median of the paths − stated {stated:.6g}"
    far = _far_off(setting, plan, stated)
    if far > FAR * setting.relevant:
        refuted = _refuted(setting, plan.share("far", 2), stated, far)
        if refuted is not None:
            return Judgement(finding=refuted, what=what, unit=setting.relevant, condition=CONDITION)
        plan = plan.share("near", 2)
    begin = _begin(setting, plan, SHARE, PATHS, LITTLE * setting.relevant)
    if lost := loses_digits(setting, plan, begin[0], setting.relevant):
        return Judgement(finding=_unmeasured(lost, *begin), what=what, unit=setting.relevant)
    control = control_of(setting, plan, begin[0])

    def measure(look: Look) -> Measurement:
        growth = growth_per_time(setting, look, control)
        rate = rate_of(growth, look.plan.budget.alpha, setting.relevant)
        e, why = rate.estimate, most_lost(rate)
        kept: dict[str, Any] = {"levels": [_typical(x[0]) - stated for x in growth.levels]}
        difference = replace(e, value=e.value - stated)
        more = paths_wanted(rate, difference.value, setting.relevant)
        if not why and rate.noise and rate.still > setting.relevant / 2:
            why = "the growth still changes with time; a longer horizon may settle it"
        elif difference.decide(setting.relevant) == Status.AGREES:
            kept |= unseen(rate, difference.value)
            difference, why = of_all(rate, difference, setting.relevant)
        if rate.coarse and abs(difference.value) > setting.relevant:
            # What refutes needs grids that are fine beside what it refutes.
            rate = rate_of(growth, look.plan.budget.alpha, abs(difference.value))
            difference = replace(rate.estimate, value=rate.estimate.value - stated)
        if difference.decide(setting.relevant) == Status.DISAGREES and rate.may_reach(stated):
            difference, why = replace(difference, bias=abs(difference.value)), TOWARDS
        # Lost paths widen everything, and finer steps lose fewer.
        noise, rest = (0.0, 0.0) if rate.lost else (rate.noise + rate.chance, rate.still)
        samples = _times(look.paths, e.half_width + noise, more) if more > 1 else None
        near = abs(difference.value) < setting.relevant and not rate.coarse
        return Measurement(
            estimate=difference,
            noise=noise,
            rest=rest,
            why=why,
            finer=why.endswith(FINER),
            coarse=rate.coarse,
            doubt=what_parts(rate, difference.value, setting.relevant) if near else "",
            samples=samples,
            numbers=kept,
        )

    size = setting.system.size
    found = refined(measure, plan, setting.relevant, size, begin=begin, longer=LONGER)
    return Judgement(
        finding=found,
        what=what,
        unit=setting.relevant,
        condition=f"{CONDITION}; {all_but(found.measurement.numbers)}"
        if found.status == Status.AGREES
        else CONDITION,
    )


def _far_off(setting: Setting, plan: Plan, stated: float) -> float:
    """How far few paths are from a stated limit at least; 0 if that is not known."""
    likely, noise = likely_rate(setting, plan)
    off = abs(likely - stated) - noise
    return off if math.isfinite(off) else 0.0


def _refuted(setting: Setting, plan: Plan, stated: float, off: float) -> Finding | None:
    """What looks at few paths refute, on grids that are fine beside what they are off by."""
    steps, paths = _begin(setting, plan, SHARE, 1, LITTLE * ROOM * off)
    steps, paths = max(steps, plan.effort.steps), max(LEAST_PATHS, paths // FEWER)
    with np.errstate(divide="ignore", invalid="ignore"):
        if loses_digits(setting, plan, steps, setting.relevant):
            return None
    control = control_of(setting, plan, steps)
    for number in range(FAR_LOOKS):
        look = Look(steps=steps, paths=paths, plan=plan.share(f"look {number}", FAR_LOOKS))
        growth = growth_per_time(setting, look, control)
        rate = rate_of(growth, look.plan.budget.alpha, off, by_path=False)
        fine = not rate.coarse and moves_little(growth, LITTLE * off)
        difference = replace(rate.estimate, value=rate.estimate.value - stated)
        off_enough = fine and abs(difference.value) >= off and not rate.loses
        refutes = difference.decide(setting.relevant) == Status.DISAGREES
        if refutes and off_enough and not rate.may_reach(stated):
            levels = [_typical(x[0]) - stated for x in growth.levels]
            return Finding(
                status=Status.DISAGREES,
                measurement=Measurement(estimate=difference, numbers={"levels": levels}),
                steps=steps,
                paths=paths,
                looks=number + 1,
                needed="",
            )
        if fine:
            break
        steps *= FINER_BY
    return None


def _unmeasured(why: str, steps: int, paths: int) -> Finding:
    """Nothing, and why."""
    return Finding(
        status=Status.INCONCLUSIVE,
        measurement=undecided(why),
        steps=steps,
        paths=paths,
        looks=0,
        needed=why,
    )


def _times(paths: int, noise: float, more: float) -> Callable[[float], int]:
    """Paths for a half-width, from what had this noise, but at least so many times as many."""
    return lambda wide: math.ceil(paths * max((ROOM * noise / wide) ** 2, more))


def _begin(
    setting: Setting, plan: Plan, share: float, more: int, little: float = 0.0
) -> tuple[int, int]:
    """Steps and paths of the first look."""
    size = setting.system.size
    steps = 3 * max(2, plan.effort.steps // FIRST_STEPS)
    little *= 2 * setting.horizon / 3
    # Where it wants finer steps than there may be, it takes them for half the paths.
    for paths in (more * plan.effort.paths, more * plan.effort.paths // 2):
        most = max(6, most_path_steps(plan.effort, size) // (4 * paths * size))
        steps = first_steps(setting, plan, steps, (1, 3), share=share, little=little, most=most)
        if 2 * steps <= most:
            break
    return steps, paths


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
    unseen: str = ""

    def said(self, parameter: str) -> str:
        """What was measured, in words."""
        place = f"f/t at {parameter} = {self.at:.4g}, stated {SIGNS[self.sign]}"
        return f"{place}: {measured(self.rate)}"

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
        moved = _moved(setting, stated.parameter, at)
        if moved.unmet:
            why = f"{stated.parameter} = {at:.4g} does not meet: {'; '.join(moved.unmet)}"
            sides.append(
                _left_out(f"{why}; that side of the threshold was not looked at", at, sign)
            )
        else:
            sides.append(_side(moved, at, sign, other / 2, share))
        if sides[-1].status == Status.DISAGREES:
            break
    return _judgement(setting, stated.parameter, value, sides)


def _moved(setting: Setting, parameter: str, value: float) -> Setting:
    """The setting with another value of the parameter, and the conditions that fail there."""
    path = setting.problem.signature.path
    assert path is not None
    if parameter not in setting.point:
        raise UsageError(f"parameter {parameter}: not in the system; name one that it has")
    point = {**setting.point, parameter: np.asarray(value)}
    system = replace(simulated_system(setting.problem, path, point), paths_last=False)
    failed = tuple(unmet(setting.problem, point))
    return replace(setting, point=point, system=system, unmet=failed)


def _left_out(why: str, at: float, sign: int, paths: int = 0, steps: int = 0) -> Side:
    """A side that was not measured."""
    nothing, open_ = undecided(why).estimate, Status.INCONCLUSIVE
    return Side(
        at=at, sign=sign, rate=nothing, status=open_, paths=paths, steps=steps, looks=0, why=why
    )


def _side(setting: Setting, at: float, sign: int, near: float, plan: Plan) -> Side:
    """The sign of the limit at one value of the parameter; ``near`` is what counts as no growth."""
    share = replace(plan, budget=plan.budget.split(LOOKS))
    steps, paths = _begin(setting, plan, COARSE, 1)
    most = LONGER * most_path_steps(plan.effort, setting.system.size)
    if lost := loses_digits(setting, plan, steps):
        return _left_out(lost, at, sign, paths, steps)
    control = control_of(setting, plan, steps)
    side = None
    for number in range(LOOKS):
        looking = replace(share, purpose=f"{share.purpose}/look {number}")
        look = Look(steps=steps, paths=paths, plan=looking)
        rate = rate_of(growth_per_time(setting, look, control), looking.budget.alpha)
        e, status = rate.estimate, _signed(rate, sign, near)
        apart = status == Status.AGREES and _stays(rate, abs(e.value) if sign else near)
        wanted = _wanted(rate, steps, paths, abs(e.value) if sign else near / 2)
        needed = would_settle(*wanted, plan.effort, setting.system.size) if wanted else LATER
        # A number that follows from a rate that may be 0 is none.
        unclear = sign and not rate.coarse and abs(e.value) < UNCLEAR * e.half_width
        if wanted and unclear and not are_taken(*wanted, setting.system.size):
            needed = NO_SIGN
        side = Side(
            at=at,
            sign=sign,
            rate=e,
            status=Status.INCONCLUSIVE if apart else status,
            paths=paths,
            steps=steps,
            looks=number + 1,
            why=APART if apart else most_lost(rate) or needed,
            unseen=unseen_sign(rate),
        )
        if side.status != Status.INCONCLUSIVE or apart or rate.lost >= 0.5:
            break
        if wanted is None and number:
            break
        more_steps, more_paths = wanted or (steps, 4 * paths)
        more_steps = min(more_steps, max(steps, most // (4 * paths)))
        # The number that was named follows from a rate that may be smaller than it was seen.
        least = paths if rate.coarse else 2 * paths
        more_paths = min(max(least, math.ceil(MARGIN * more_paths)), most // (4 * more_steps))
        if more_steps * more_paths < 1.5 * steps * paths:
            break
        steps, paths = more_steps, more_paths
    assert side is not None
    return side


def _stays(rate: Rate, within: float) -> bool:
    """Whether some paths, more than a few, may have a limit farther than this from the median."""
    return rate.loses or rate.outer.stays(within)


def _wanted(rate: Rate, steps: int, paths: int, room: float) -> tuple[int, int] | None:
    """Steps and paths that would settle a sign, if any number of paths does.

    Of grids that are too coarse to be measured on only the next are known to be better.
    """
    if rate.coarse:
        return 2 * steps, paths
    e = rate.estimate
    noise, step = e.half_width + rate.noise + rate.chance, rate.step
    left = room - rate.still
    if not (left > 0 and math.isfinite(noise + step)):
        return None
    finer = 1 if rate.lost else 0
    while step > left / 4 and finer < 4:
        finer, step = finer + 1, step / 2
    left -= min(step, left / 2)
    return steps * 2**finer, math.ceil(paths * max((noise / left) ** 2, 1.0))


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


def _judgement(setting: Setting, parameter: str, value: float, sides: Sequence[Side]) -> Judgement:
    status = combine(side.status for side in sides)
    telling = [side for side in sides if side.status == status]
    # What counts as 0 follows from the other side, which is told of first where both are open.
    last = status == Status.INCONCLUSIVE
    worst = min(telling, key=lambda side: (last and side.sign == 0, abs(side.rate.value)))
    finding = Finding(
        status=status,
        # Where no path was run there is nothing to say of paths.
        measurement=Measurement(estimate=worst.rate, why="" if worst.paths else worst.why),
        steps=worst.steps,
        paths=worst.paths,
        looks=worst.looks,
        needed=worst.why,
    )
    width = percent(setting.relevant)
    others = "".join(f"{side.said(parameter)}; " for side in sides if side is not worst)
    return Judgement(
        finding=finding,
        what=f"threshold {value:.4g} of {parameter}, seen to ±{width}: {others}f/t at {parameter} "
        f"= {worst.at:.4g}, stated {SIGNS[worst.sign]}, median of the paths",
        unit=setting.relevant,
        condition=f"{CONDITION}; {worst.unseen}" if status == Status.AGREES else CONDITION,
        numbers={
            "threshold": value,
            "parameter": parameter,
            "sides": [side.to_json() for side in sides],
        },
    )
