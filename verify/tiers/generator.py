"""Generator: the stated form against central differences, in float64 and at 50 digits.

Digits are counted relative to the sum of the absolute values of the terms, which does not cancel
where a drift does.  The required digits are `DIGITS`; the error that the extrapolation estimates
of itself is the bias of the decision.  Where a kernel is a Python function of arrays, or the noise
is meant in the sense of Stratonovich, there is float64 alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from numerics.contexts import FlintContext, MultiprecisionContext, RationalContext
from numerics.generator_digits import DigitsEstimate, largest_gap
from numerics.kernel import Kernel
from numerics.points import as_arrays
from verify.agreement import (
    DIGITS,
    NOTHING,
    ROUNDED,
    Agreement,
    Gaps,
    digits_of,
    relative,
    rounding,
    side_by_side,
    worst,
)
from verify.coordinates import by_tuple, coordinates, diffusion, entries, evaluated, fitted
from verify.counterexample import widened
from verify.differences import differences, said
from verify.ends import within_its_support
from verify.forward import flux_digits, side_digits
from verify.moment_laws import law_digits
from verify.nearby import beside
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.sampling import admissible, more_of_functions
from verify.side_by_side import listed
from verify.sides import one_side_alone
from verify.signs import generated as of_a_sign
from verify.signs import with_its_form
from verify.steps.checks import generated as of_a_step
from verify.systems import as_numbers
from verify.verdict import Evidence, Status, combine

__all__ = ["DIGITS", "check"]

TIER = "generator"


def check(problem: Problem, plan: Plan) -> Evidence:
    """Both arithmetics at every admissible point."""
    if problem.kind == "sign":
        return with_its_form(of_a_sign, problem, plan, _compared)
    if problem.kind == "step":
        return of_a_step(problem, plan)
    alone = one_side_alone(problem, plan, TIER) if problem.kind == "identity" else None
    found = alone or _compared(problem, plan)
    return within_its_support(found, problem, plan) if problem.kind == "stationary" else found


def _compared(problem: Problem, plan: Plan) -> Evidence:
    exact = RationalContext()
    wide = MultiprecisionContext(50)
    compare = _COMPARISONS[problem.kind]
    if problem.kind == "moments":
        compare = partial(compare, rng=plan.generator("times of laws"))

    def both(sizes: Mapping[str, int], point: Mapping[str, Any]) -> Agreement:
        digits = {name: widened(wide, value) for name, value in point.items()}
        found = compare(problem, wide, sizes, digits, as_arrays(point, exact))
        return found if isinstance(found, Agreement) else Agreement(gaps=found)

    def confirmed(sizes: Mapping[str, int], point: Mapping[str, Any]) -> Agreement:
        found = both(sizes, point)
        if not twice or _at_point(found.gaps) != Status.DISAGREES:
            return found
        near = beside(problem, exact, point)
        other = found if near is None else both(sizes, near)
        return found if _at_point(other.gaps) == Status.DISAGREES else other

    # Of a function it is not known where it has a corner: a difference is looked at twice.
    twice = problem.of_functions and problem.kind in ("covariation", "differential", "sign")
    sample = admissible(problem, exact, more_of_functions(problem, plan), confirmed)
    if not sample.points:
        return sample.empty(TIER)
    gaps = [found.gaps for found in sample.values]
    status = _over_points([_at_point(found) for found in gaps])
    resolved = [_resolved(found) for found in gaps]
    if status == Status.AGREES and not any(resolved):
        status = Status.INCONCLUSIVE
    shown = _fewest(gaps)
    unresolved = len(resolved) - sum(resolved)
    where = sample.described() + (f", {unresolved} beyond float64" if unresolved else "")
    return Evidence(
        tier=TIER,
        status=status,
        reason=_reason(status, shown, where),
        brief=_brief(shown),
        condition="the estimated error of the extrapolation bounds it",
        false_agree=problem.missed(0.0),
        points=len(sample.points),
        refused=sample.refused,
        numbers={
            "digits": shown,
            "required": dict(DIGITS),
            "beyond float64": unresolved,
            "sizes": sample.sizes(),
            **_values(sample.values),
        },
    )


def _values(found: Sequence[Agreement]) -> dict[str, Any]:
    """Claimed and measured values of all points, in float64; none where they are not kept."""
    names = dict.fromkeys(name for one in found for name in one.values)
    parts = {name: [one.values[name] for one in found if name in one.values] for name in names}
    return {"values": listed(parts, 10.0 ** -DIGITS["float64"])} if parts else {}


def _over_points(found: Sequence[Status]) -> Status:
    """The answer of those points that have one, if they are most.

    So close to a singular matrix that 50 digits do not settle it, a point says nothing.
    """
    settled = [status for status in found if status != Status.INCONCLUSIVE]
    return combine(settled if 2 * len(settled) > len(found) else found)


def _decided(arithmetic: str, gaps: Gaps) -> Status:
    return combine(gap.decide(10.0 ** -DIGITS[arithmetic]) for gap in gaps.values())


def _at_point(found: Mapping[str, Gaps]) -> Status:
    """The answer at one point; where float64 cannot resolve it, 50 digits decide alone."""
    statuses = {arithmetic: _decided(arithmetic, gaps) for arithmetic, gaps in found.items()}
    if statuses.get("50 digits") == Status.AGREES and not _resolved(found):
        return Status.AGREES
    return combine(statuses.values())


def _resolved(found: Mapping[str, Gaps]) -> bool:
    """Whether float64 had the digits to say anything at a point (or was not asked)."""
    gaps = found.get("float64")
    return gaps is None or _decided("float64", gaps) != Status.INCONCLUSIVE


def _fewest(values: Sequence[Mapping[str, Gaps]]) -> dict[str, dict[str, float]]:
    """Arithmetic -> part -> the fewest digits that agree at a point where they were resolved."""
    fewest: dict[str, dict[str, float]] = {}
    for found in values:
        for arithmetic, gaps in found.items():
            if arithmetic == "float64" and not _resolved(found):
                continue
            seen = fewest.setdefault(arithmetic, {})
            for name, gap in gaps.items():
                seen[name] = min(seen.get(name, 60.0), round(digits_of(gap), 1))
    return fewest


def _brief(shown: Mapping[str, Mapping[str, float]]) -> str:
    fewest = [f"{min(shown[a].values()):.0f}" for a in DIGITS if a in shown]
    return f"{' / '.join(fewest)} digits"


def _reason(status: Status, shown: Mapping[str, Mapping[str, float]], where: str) -> str:
    if status == Status.AGREES:
        parts = [f"{min(digits.values()):.1f} in {name}" for name, digits in shown.items()]
        return f"digits that agree, at {where}: at least {' and '.join(parts)}"
    few: dict[str, list[str]] = {}
    for arithmetic, digits in shown.items():
        for name, count in digits.items():
            if count < (least := DIGITS[arithmetic]):
                agree = "" if name in few else "digits agree "
                said = f"{count:.1f} {agree}in {arithmetic} ({least:g} required)"
                few.setdefault(name, []).append(said)
    parts = [f"{name}: {', '.join(said)}" for name, said in few.items()]
    if status == Status.DISAGREES:
        return f"{'; '.join(parts)}; at {where}"
    return f"the differences could not be resolved, at {where}"


def _both(doubles: Gaps, digits: Gaps | None) -> dict[str, Gaps]:
    return {"float64": doubles} | ({} if digits is None else {"50 digits": digits})


def _differential(
    problem: Problem,
    ctx: MultiprecisionContext,
    sizes: Mapping[str, int],
    wide: Mapping[str, Any],
    point: Mapping[str, Any],
) -> Agreement:
    drift = problem.kernel("stated_drift")
    # A claim about moments, or about a sign, states no martingale part.
    martingale = problem.kernels.get("stated_martingale")
    e, d = differences(problem, "observable", ctx, sizes, wide, point)
    axes = np.ndim(e.drift)
    stated = fitted(evaluated(drift, point), e.drift.shape, axes)
    error = e.drift_error
    value = np.asarray(problem.kernel("observable")(point))
    # Where all terms are zero, as along the entries of a determinant, float64 has but rounding.
    quiet = 0.0
    if d is None or _is_nothing(d.drift_scale, *d.martingale_scale):
        quiet = rounding(error, value, axes)
    gaps = {"drift": worst(e.drift - stated, e.drift_scale, error, axes, quiet)}
    values = {"drift": side_by_side(stated, e.drift, e.drift_scale, error, axes, quiet)}
    if e.directions and martingale is not None:
        along = evaluated(martingale, {**point, **e.directions})
        along = fitted(along, e.martingale.shape, axes)
        gap = e.martingale - along
        least = NOTHING["float64"] * np.maximum(1.0, by_tuple(e.drift_scale, axes).max(axis=1))
        noise = e.martingale_error
        if d is None or _unmoved(d):
            least = np.maximum(least, rounding(np.max(noise, axis=0), value, axes))
        gaps["martingale part"] = worst(gap, e.martingale_scale, noise, axes, least)
        values["martingale part"] = side_by_side(
            along, e.martingale, e.martingale_scale, noise, axes, least
        )
    digits = said(lambda: None if d is None else _in_digits(problem, ctx, d, wide))
    return Agreement(gaps=_both(gaps, digits), values=values)


def _is_nothing(scale: float, *others: float) -> bool:
    """Whether a sum of absolute terms in many digits is no value, beside the other ones."""
    return scale <= NOTHING["50 digits"] * max((1.0, *others))


def _moments(
    problem: Problem,
    ctx: MultiprecisionContext,
    sizes: Mapping[str, int],
    wide: Mapping[str, Any],
    point: Mapping[str, Any],
    *,
    rng: np.random.Generator,
) -> Agreement:
    """The drifts of moments, and their laws, if any are stated."""
    found = _differential(problem, ctx, sizes, wide, point)
    laws = said(lambda: law_digits(problem, ctx, wide, rng))
    if not laws:
        return found
    digits = {**found.gaps.get("50 digits", {}), **laws}
    return replace(found, gaps={**found.gaps, "50 digits": digits})


def _in_digits(
    problem: Problem,
    ctx: MultiprecisionContext,
    d: DigitsEstimate,
    point: Mapping[str, Any],
) -> Gaps:
    drift = _stated(ctx, problem.kernel("stated_drift").in_context(ctx, point), d.drift)
    scale = max(d.martingale_scale, default=0.0)
    # Where a function is linear, as |x| on a half-line, the differences of it are rounding.
    least = NOTHING["50 digits"] * max(1.0, scale)
    gap = largest_gap(ctx, d.drift, drift)
    gaps = {"drift": relative(gap, d.drift_scale, d.drift_error, least)}
    if "stated_martingale" not in problem.kernels:
        return gaps
    stated = problem.kernel("stated_martingale")
    error = max(d.martingale_error, default=0.0)
    gap = 0.0
    for component, value in zip(d.components, d.martingale, strict=True):
        along = stated.in_context(ctx, {**point, **component.increments})
        gap = max(gap, largest_gap(ctx, value, _stated(ctx, along, value)))
    if d.components:
        least = NOTHING["50 digits"] * max(1.0, d.drift_scale)
        gaps["martingale part"] = relative(gap, scale, error, least)
    return gaps


def _stated(ctx: FlintContext, value: Any, like: Any) -> Any:
    """A stated value; a stated 0 stands for a zero of any shape."""
    if ctx.is_matrix(like) and not ctx.is_matrix(value):
        return ctx.zeros(*ctx.shape(like))
    return value


def _covariation(
    problem: Problem,
    ctx: MultiprecisionContext,
    sizes: Mapping[str, int],
    wide: Mapping[str, Any],
    point: Mapping[str, Any],
) -> Agreement:
    """Σ_j of the products of the martingale coefficients, against the stated rate."""
    rate = problem.kernel("stated_rate")
    (e_f, f), (e_g, g) = (
        differences(problem, name, ctx, sizes, wide, point) for name in ("first", "second")
    )
    value, error, scale = e_f.covariation(e_g)
    axes = np.ndim(value)
    stated = fitted(evaluated(rate, point), value.shape, axes)
    beside = float(np.prod([np.linalg.norm(e.martingale_scale, axis=0).max() for e in (e_f, e_g)]))
    least = NOTHING["float64"] * max(1.0, beside)
    if any(d is None or _unmoved(d) for d in (f, g)):
        product = np.prod([np.max(np.abs(problem.kernel(x)(point))) for x in ("first", "second")])
        least = np.maximum(least, rounding(error, product, axes))
    doubles = {"covariation": worst(value - stated, scale, error, axes, least, beside)}
    values = {"covariation": side_by_side(stated, value, scale, error, axes, least, beside)}
    digits = None
    if f is not None and g is not None:
        digits = said(lambda: _covariation_in_digits(ctx, rate, wide, f, g))
    return Agreement(gaps=_both(doubles, digits), values=values)


def _unmoved(d: DigitsEstimate) -> bool:
    """Whether the noise moves an observable not at all."""
    return _is_nothing(max(d.martingale_scale, default=0.0), d.drift_scale)


def _covariation_in_digits(
    ctx: MultiprecisionContext,
    rate: Kernel,
    wide: Mapping[str, Any],
    f: DigitsEstimate,
    g: DigitsEstimate,
) -> Gaps:
    of_f = list(zip(f.martingale_scale, f.martingale_error, strict=True))
    of_g = list(zip(g.martingale_scale, g.martingale_error, strict=True))
    products = list(zip(of_f, of_g, strict=True))
    whole = float(sum(x * y for (x, _), (y, _) in products))
    bias = float(sum(x * b + y * a for (x, a), (y, b) in products))
    with ctx.working():
        terms = [
            [c.weight * x * y for x, y in zip(entries(ctx, u), entries(ctx, v), strict=True)]
            for c, u, v in zip(f.components, f.martingale, g.martingale, strict=True)
        ]
        stated = entries(ctx, rate.in_context(ctx, wide))
        zero = [ctx.rational(0)] * len(stated)
        summed = [ctx.total([*x]) for x in zip(*terms, strict=True)] or zero
        gap = largest_gap(ctx, summed, stated)
    largest = float(np.prod([np.linalg.norm(x.martingale_scale) for x in (f, g)]))
    least = NOTHING["50 digits"] * max(1.0, largest)
    return {"covariation": relative(gap, whole, bias, least)}


def _identity(
    problem: Problem,
    ctx: MultiprecisionContext,
    sizes: Mapping[str, int],
    wide: Mapping[str, Any],
    point: Mapping[str, Any],
) -> dict[str, Gaps]:
    """Both sides; the rounding of float64 is measured by the same side at 50 digits."""
    sides = [problem.kernel(name) for name in ("left", "right")]
    digits = said(lambda: [side.in_context(ctx, wide) for side in sides])
    if digits is None:
        left, right = (evaluated(side, point) for side in sides)
        size, gap = np.max(np.abs(left) + np.abs(right)), np.max(np.abs(left - right))
        return {"float64": {"both sides": relative(float(gap), float(size))}}
    exactly = [as_arrays({"": value}, ctx)[""] for value in digits]
    doubles = [np.asarray(side(point), dtype=float) for side in sides]
    scale = float(sum(np.max(np.abs(value)) for value in exactly))
    rounding = float(sum(np.max(np.abs(a - b)) for a, b in zip(doubles, exactly, strict=True)))
    gap = float(np.max(np.abs(doubles[0] - doubles[1])))
    # Two sides that cancel are no unit for what rounding leaves of them.
    least = NOTHING["50 digits"]
    unseen = max(gap, rounding) / ROUNDED if scale <= least else 0.0
    return {
        "float64": {"both sides": relative(gap, scale, rounding, unseen)},
        "50 digits": {"both sides": relative(largest_gap(ctx, *digits), scale, least=least)},
    }


def _time_change(
    problem: Problem,
    ctx: MultiprecisionContext,
    sizes: Mapping[str, int],
    wide: Mapping[str, Any],
    point: Mapping[str, Any],
) -> dict[str, Gaps]:
    """Drift and diffusion matrix of one system against the rate times those of the other."""
    systems = [problem.system(name, sizes) for name in ("declared", "changed")]
    rate = problem.kernel("rate")

    def digits() -> Gaps:
        with ctx.working():
            r = rate.in_context(ctx, wide)
            declared = problem.measured(
                (TIER, "coordinates"),
                point,
                lambda given: coordinates(ctx, given.system("declared", sizes), wide),
            )
            sides = [declared, coordinates(ctx, systems[1], wide)]
            return {
                name: _relative_lists(ctx, a, [r * x for x in b])
                for name, a, b in zip(("drift", "diffusion matrix"), *sides, strict=True)
            }

    found = {}
    in_digits = said(digits)
    if in_digits is not None:
        found["50 digits"] = in_digits
    if in_digits is None or all(system.calculus == "ito" for system in systems):
        numbers = [diffusion(as_numbers(system, point), point) for system in systems]
        r64 = float(rate(point))
        found["float64"] = {
            name: worst(a - r64 * b, np.abs(a) + np.abs(r64 * b), 0.0, 0)
            for name, a, b in zip(("drift", "diffusion matrix"), *numbers, strict=True)
        }
    return found


def _relative_lists(ctx: MultiprecisionContext, a: list[Any], b: list[Any]) -> Estimate:
    gap = max((abs(ctx.to_float(x - y)) + ctx.radius(x - y) for x, y in zip(a, b, strict=True)))
    scale = max(abs(ctx.to_float(x)) + abs(ctx.to_float(y)) for x, y in zip(a, b, strict=True))
    return relative(gap, scale)


_COMPARISONS: Mapping[str, Callable[..., Agreement | dict[str, Gaps]]] = {
    "covariation": _covariation,
    "differential": _differential,
    "fokker planck": side_digits,
    "identity": _identity,
    "moments": _moments,
    "sign": _differential,
    "stationary": flux_digits,
    "time change": _time_change,
}
