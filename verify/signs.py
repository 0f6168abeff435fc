"""The sign of a drift at points: exactly, by differences, and by simulating one step.

A claim about a sign speaks of a whole region.  One admissible point with the other sign refutes it;
any number of points with the right one are evidence and no proof, and no false-agree rate is
stated.  What is said instead is how large a part of the region with the other sign could have been
missed: N points miss a part that holds a share q of them, as they are drawn, with a chance of
(1 − q)^N at most, and this is the tier's share of the rate at the q that is named.  What looks for
a point of the other sign is bounded and the same on every machine (`counterexample`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from numerics.contexts import FlintContext, MultiprecisionContext, RationalContext
from numerics.errors import NoValueError
from numerics.generator import estimate_generator
from numerics.jets import generator
from numerics.one_step import one_step_drift
from numerics.points import as_arrays

from .amounts import counted
from .coordinates import entries
from .counterexample import Counterexample, searched, widened
from .differences import differences
from .planning import Plan
from .problem import Problem, SignSetting
from .sampling import Sample, admissible, more_of_functions, point_near
from .sizes import telling_sizes
from .systems import as_numbers, smooth_within
from .verdict import Evidence, Status, combine

__all__ = ["exact", "generated", "stepped", "with_its_form"]

Check: TypeAlias = Callable[[Problem, Plan], Evidence]

MOST = 24
"""Drifts that the evidence keeps to be looked at."""

STARTS = 4
"""Sizes at which a point of the wrong sign is looked for."""


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """A drift in the direction that is claimed, and how far off it may be."""

    value: float
    radius: float = 0.0

    @property
    def resolved(self) -> bool:
        """Whether its sign is known."""
        return abs(self.value) > self.radius

    @property
    def exactly_zero(self) -> bool:
        """Whether it is 0, without any interval."""
        return self.value == self.radius == 0.0

    def wrong(self, *, strict: bool) -> bool:
        """Whether it certainly has another sign than the one claimed."""
        return self.value < -self.radius or (strict and self.exactly_zero)


def exact(problem: Problem, plan: Plan) -> Evidence:
    """The sign of the drift in exact arithmetic, and a search for a point of another sign."""
    setting, reasons = _setting(problem), []
    contexts: list[FlintContext] = [RationalContext(), MultiprecisionContext(50)]
    for ctx in contexts:
        try:
            return _exact(problem, setting, plan, ctx)
        except NoValueError as error:
            reasons.append(str(error))
    return Evidence(
        tier="exact",
        status=Status.NOT_APPLICABLE,
        reason=f"no exact numbers for this claim: {reasons[-1]}",
    )


def _exact(problem: Problem, setting: SignSetting, plan: Plan, ctx: FlintContext) -> Evidence:
    def signed(sizes: Mapping[str, int], point: Mapping[str, Any]) -> list[_Measured]:
        at = {name: widened(ctx, x) for name, x in point.items()}
        return _drift(problem, setting, ctx, sizes, at)

    rational = RationalContext()
    sample = admissible(problem, rational, plan, signed)
    if not sample.points:
        return sample.empty("exact")
    wrong = [
        point
        for point, found in zip(sample.points, sample.values, strict=True)
        if any(x.wrong(strict=setting.strict) for x in found)
    ]
    numbers = "the rationals" if isinstance(ctx, RationalContext) else "balls of 50 digits"
    if wrong:
        shown = f"{len(wrong)} of {len(sample.points)} points of {numbers}"
        reason = f"the drift has another sign than {setting.sign} 0 at {shown}"
        return _evidence("exact", Status.DISAGREES, reason, sample)
    against, tried = _searched(problem, setting, plan)
    if against is not None:
        reason = f"the drift is {against.value:.6g}, against {setting.sign} 0, at {against.text}"
        return _evidence("exact", Status.DISAGREES, reason, sample, tried=tried)
    zero = sum(any(x.exactly_zero for x in found) for found in sample.values)
    # An exact 0, which no interval of a measured value is, has every sign but a strict one.
    if not any(x.resolved or x.exactly_zero for found in sample.values for x in found):
        reason = f"no sign was resolved at {sample.described()}"
        return _evidence("exact", Status.INCONCLUSIVE, reason, sample, tried=tried)
    zeros = f" (0 at {zero})" if zero else ""
    reason = (
        f"drift {setting.sign} 0 at {sample.described()} of {numbers}{zeros}, and at {tried} "
        f"others where one of another sign was looked for; {_evidenced(sample, plan)}"
    )
    share = _missed(sample, plan)
    return _evidence("exact", Status.AGREES, reason, sample, tried=tried, missed=share)


def _searched(
    problem: Problem, setting: SignSetting, plan: Plan
) -> tuple[Counterexample | None, int]:
    """A point of another sign, from a start at each of several sizes; in 50 digits, if found."""
    ctx = MultiprecisionContext(50)
    f = problem.kernel("observable")

    def score(sizes: Mapping[str, int], point: Mapping[str, Any]) -> float:
        numbers = as_numbers(problem.system("declared", sizes), point)
        reach = smooth_within(problem, numbers, point)
        with np.errstate(all="ignore"):
            e = estimate_generator(numbers, f, point, reach=reach)
            share = np.asarray(e.drift) / np.asarray(e.drift_scale)
        return min(setting.direction * float(x) for x in _chosen(list(np.ravel(share)), setting))

    def confirm(sizes: Mapping[str, int], point: Mapping[str, Any]) -> float | None:
        found = _drift(problem, setting, ctx, sizes, point)
        wrong = [x.value for x in found if x.wrong(strict=False)]
        return setting.direction * min(wrong) if wrong else None

    tried = 0
    effort = replace(plan.effort, sizes=STARTS, points=1)
    starts = admissible(
        problem, RationalContext(), replace(plan, effort=effort), lambda sizes, point: True
    )
    for sizes, point in starts.points:
        found, count = searched(problem, ctx, sizes, point, score, confirm)
        tried += count
        if found is not None:
            return found, tried
    return None, tried


def _drift(
    problem: Problem,
    setting: SignSetting,
    ctx: FlintContext,
    sizes: Mapping[str, int],
    point: Mapping[str, Any],
) -> list[_Measured]:
    """The drift in the direction claimed, of every value that the claim speaks of."""
    system, f = problem.system("declared", sizes), problem.kernel("observable")
    found = []
    for x in _chosen(entries(ctx, generator(ctx, system, f, point).drift), setting):
        radius = ctx.radius(x) if isinstance(ctx, MultiprecisionContext) else 0.0
        size = abs(ctx.to_float(x))
        # An exact number may be too small for a float; its sign is not.
        value = max(size, np.finfo(float).tiny) if x > 0 or x < 0 else size
        negative = bool(x < 0) or (not x > 0 and ctx.to_float(x) < 0)
        sign = -setting.direction if negative else setting.direction
        found.append(_Measured(value=sign * value, radius=0.0 if x > 0 or x < 0 else radius))
    return found


def generated(problem: Problem, plan: Plan) -> Evidence:
    """The sign of the drift by central differences, in float64 and at 50 digits."""
    setting, wide = _setting(problem), MultiprecisionContext(50)

    def both(sizes: Mapping[str, int], point: Mapping[str, Any]) -> list[_Measured]:
        values = as_arrays(point, RationalContext())
        at = {name: widened(wide, value) for name, value in point.items()}
        e, d = differences(problem, "observable", wide, sizes, at, values)
        found = list(_doubles(setting, e.drift, e.drift_error))
        if d is not None:
            found += [
                _Measured(
                    value=setting.direction * wide.to_float(x),
                    radius=wide.radius(x) + d.drift_error,
                )
                for x in _chosen(entries(wide, d.drift), setting)
            ]
        return found

    sample = admissible(problem, RationalContext(), more_of_functions(problem, plan), both)
    return _judged("generator", setting, sample, plan, "by central differences")


def stepped(problem: Problem, plan: Plan) -> Evidence:
    """The sign of the drift by simulating one step at a generic point."""
    setting = _setting(problem)
    sizes, sample = point_near(problem, telling_sizes(problem.signature), plan)
    if not sample.points:
        return sample.empty("one-step")
    point = sample.values[0]
    name = "reduced" if "reduced" in problem.signature.systems else "declared"
    system = as_numbers(problem.system(name, sizes), point)
    found = one_step_drift(
        system,
        problem.kernel("observable"),
        point,
        seed=plan.seed_for("drift"),
        level=plan.budget.alpha,
        samples=plan.effort.samples,
        pilot=plan.effort.pilot,
        reach=smooth_within(problem, system, point),
    )
    measured = list(_doubles(setting, found.mean, found.half_width + found.bias))
    whole = Sample(points=sample.points, values=(measured,), refused=sample.refused)
    alpha = plan.budget.alpha if system.noises else 0.0
    return _judged("one-step", setting, whole, plan, "by simulating one step", false_reject=alpha)


def with_its_form(sign: Check, problem: Problem, plan: Plan, compared: Check) -> Evidence:
    """The evidence on a sign, and on the form of the drift that is to show it, if one is stated."""
    if "stated_drift" not in problem.kernels:
        return sign(problem, plan)
    found = sign(problem, plan.share("sign", 2))
    form = compared(problem, plan.share("form", 2))
    if form.status == Status.NOT_APPLICABLE:
        return replace(found, numbers={**found.numbers, "stated form": None})
    status = combine([found.status, form.status])
    told = f"the form that is to show the sign: {form.reason}"
    said = [found.reason] if found.status == status else []
    said += [told] if form.status == status else []
    alpha = (found.false_reject or 0.0) + (form.false_reject or 0.0)
    return replace(
        found,
        status=status,
        reason="; ".join(said),
        false_reject=alpha,
        condition="; ".join(dict.fromkeys(x for x in (found.condition, form.condition) if x)),
        numbers={**found.numbers, "stated form": form.numbers},
    )


def _setting(problem: Problem) -> SignSetting:
    if problem.sign is None:
        raise ValueError(f"{problem.id}: a claim about a sign states none; give >=, <=, > or <")
    return problem.sign


def _chosen(values: Sequence[Any], setting: SignSetting) -> Sequence[Any]:
    """The values that the claim speaks of: all, or that of one eigenvalue."""
    number = setting.number
    if number is None:
        return values
    place = number - 1 if number > 0 else number
    return [values[place]]


def _doubles(setting: SignSetting, values: Any, errors: Any) -> Iterator[_Measured]:
    shape = np.shape(values)
    flat, off = list(np.ravel(values)), list(np.ravel(np.broadcast_to(errors, shape)))
    for x, error in zip(_chosen(flat, setting), _chosen(off, setting), strict=True):
        yield _Measured(value=setting.direction * float(x), radius=float(error))


def _missed(sample: Sample, plan: Plan) -> float:
    """The share of the region that N points miss with a chance of the tier's rate: (1 − q)^N."""
    return -math.expm1(math.log(plan.budget.false_agree) / len(sample.points))


def _evidenced(sample: Sample, plan: Plan) -> str:
    """What the points show and what they may miss, in words."""
    count = len(sample.points)
    if count == 1:
        return "evidence at one sampled point and no proof for the rest of the region"
    share = min(100 * _missed(sample, plan), 99.9)
    return (
        f"evidence at {count} sampled points of the region and no proof for the whole: a corner "
        f"that holds less than {share:.3g} % of it, as points are drawn, may be missed"
    )


def _judged(
    tier: str,
    setting: SignSetting,
    sample: Sample,
    plan: Plan,
    how: str,
    false_reject: float = 0.0,
) -> Evidence:
    """The answer of measured signs: one that is wrong beyond its interval refutes the claim."""
    if not sample.points:
        return sample.empty(tier)
    found = [x for values in sample.values for x in values]
    wrong = [x for x in found if x.wrong(strict=setting.strict)]
    resolved = sum(x.resolved for x in found)
    where = f"{sample.described()} {how}"
    numbers: dict[str, Any] = {"resolved": resolved, "drifts": _kept(setting, found)}
    if wrong:
        worst = min(wrong, key=lambda x: x.value)
        at = _place(sample, worst)
        status = Status.DISAGREES
        reason = (
            f"the drift is {setting.direction * worst.value:.6g} ± {worst.radius:.1g}, against "
            f"{setting.sign} 0, at {at}, one of {where}"
        )
    elif not resolved:
        status, reason = Status.INCONCLUSIVE, f"no sign was resolved at {where}"
    else:
        status = Status.AGREES
        reason = (
            f"drift {setting.sign} 0 beyond its interval in {resolved} of {len(found)} values at "
            f"{where}, no other one resolved; {_evidenced(sample, plan)}"
        )
        numbers["missed"] = _missed(sample, plan)
    return _evidence(tier, status, reason, sample, false_reject=false_reject, **numbers)


def _kept(setting: SignSetting, found: Sequence[_Measured]) -> dict[str, Any]:
    """Measured drifts to be looked at: the least, and others at even distances."""
    ordered = sorted((x for x in found if math.isfinite(x.value)), key=lambda x: x.value)
    count = len(ordered)
    kept = [ordered[n * count // min(count, MOST)] for n in range(min(count, MOST))]
    return {
        "stated": setting.sign,
        "value": [float(f"{setting.direction * x.value:.6g}") for x in kept],
        "error": [float(f"{x.radius:.2g}") for x in kept],
    }


def _place(sample: Sample, worst: _Measured) -> str:
    """The point at which a drift was measured, in words."""
    n = next(n for n, values in enumerate(sample.values) if any(x is worst for x in values))
    sizes, point = sample.points[n]
    named = [f"{name} = {size}" for name, size in sizes.items()]
    # A point has the dimensions of its letters too.
    values = sorted(item for item in as_arrays(point).items() if item[0] not in sizes)
    named += [f"{name} = {_number(x)}" for name, x in values]
    return ", ".join(named) or "the point"


def _number(value: Any) -> str:
    said = np.array2string(np.asarray(value, dtype=float), precision=6)
    # NumPy ends whole numbers with a point.
    return re.sub(r"(?<=\d)\.(?=[\s\]]|$)", "", "".join(said.split("\n")))


def _evidence(
    tier: str,
    status: Status,
    reason: str,
    sample: Sample,
    *,
    false_reject: float = 0.0,
    **numbers: Any,
) -> Evidence:
    measured = "the interval of the measured drift is an estimate" if tier != "exact" else ""
    return Evidence(
        tier=tier,
        status=status,
        reason=reason,
        brief=counted(len(sample.points), "point"),
        # Points speak for themselves: nothing bounds how often a wrong region is missed.
        false_agree=None,
        false_reject=false_reject,
        condition=measured,
        points=len(sample.points),
        refused=sample.refused,
        numbers={**numbers, "sizes": sample.sizes()},
    )
