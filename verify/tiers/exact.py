"""Exact: the stated form against the generator's definition, without any rounding.

L f = [s¹]f(x + s·a) + Σ_j [s²]f(x + s·b_j) by truncated power series from the declared fields, at
random points of a prime field (of the rationals where signs matter), at several sizes of every
dimension.  No Itô table, no rule of calculus, no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from numerics.contexts import (
    MERSENNE_61,
    FlintContext,
    PrimeFieldContext,
    RationalContext,
)
from numerics.errors import NoValueError
from numerics.jets import GeneratorValue, generator
from verify.amounts import counted
from verify.coordinates import coordinates, entries
from verify.degrees import false_pass
from verify.forward import equal_sides
from verify.planning import Plan
from verify.problem import Problem
from verify.sampling import admissible, predicates
from verify.sides import one_side_alone
from verify.signs import exact as of_a_sign
from verify.signs import with_its_form
from verify.steps.checks import exact as of_a_step
from verify.verdict import Evidence, Status

__all__ = ["check"]

TIER = "exact"

CONDITION = "the sizes drawn: what is wrong at other sizes alone is not seen"

Gaps = dict[str, bool]
"""Name of what is compared -> whether both sides are equal."""


def check(problem: Problem, plan: Plan) -> Evidence:
    """Both sides at every point, in a prime field or, if that cannot say it, in the rationals."""
    if problem.kind == "sign":
        return with_its_form(of_a_sign, problem, plan, _compared)
    if problem.kind == "step":
        return of_a_step(problem, plan)
    alone = one_side_alone(problem, plan, TIER) if problem.kind == "identity" else None
    return alone or _compared(problem, plan)


def _compared(problem: Problem, plan: Plan) -> Evidence:
    missing = _without_points(problem, plan)
    if missing is not None:
        return missing
    reasons = []
    fields: list[FlintContext] = [PrimeFieldContext(MERSENNE_61), RationalContext()]
    if len(problem.signature.spectra) > 1:
        # Modulo a prime nothing says which eigenvalues of two matrices have the same number.
        del fields[0]
    for ctx in fields:
        try:
            return _checked(problem, plan, ctx)
        except NoValueError as error:
            reasons.append(str(error))
    return Evidence(
        tier=TIER,
        status=Status.NOT_APPLICABLE,
        reason=f"no exact numbers for this claim: {reasons[-1]}",
    )


def _without_points(problem: Problem, plan: Plan) -> Evidence | None:
    """The evidence that no admissible point exists, if none is found among the rationals.

    A prime field has no order, so conditions such as positivity are not asked there.
    """
    if not predicates(problem):
        return None
    try:
        sample = admissible(problem, RationalContext(), plan, lambda sizes, x: True)
    except NoValueError:
        return None
    return None if sample.points else sample.empty(TIER)


def _checked(problem: Problem, plan: Plan, ctx: FlintContext) -> Evidence:
    compare = _COMPARISONS[problem.kind]
    one = replace(plan, effort=replace(plan.effort, sizes=1, points=1))
    undefined = _undefined(problem, ctx, one) and _undefined(problem, ctx, plan)
    if undefined is not None:
        return undefined
    sample = admissible(problem, ctx, plan, lambda sizes, x: compare(problem, ctx, sizes, x))
    if not sample.points:
        return sample.empty(TIER)
    wrong = sorted({name for gaps in sample.values for name, equal in gaps.items() if not equal})
    missed = sum(not all(gaps.values()) for gaps in sample.values)
    field = "a prime field" if isinstance(ctx, PrimeFieldContext) else "the rationals"
    bound = false_pass(problem, ctx, [sizes for sizes, _ in sample.points])
    of_sizes = bool(problem.signature.dimensions)
    below = f"{' at these sizes' if of_sizes else ''} has probability below"
    said = "no bound stated" if bound is None else f"a false pass{below} {bound:.1g}"
    names = " and ".join(wrong or sample.values[0])
    reason = f"{names}: equal at {sample.described()} of {field}; {said}"
    if wrong:
        reason = f"{names}: both sides differ at {missed} of {len(sample.points)} points of {field}"
    return Evidence(
        tier=TIER,
        status=Status.DISAGREES if wrong else Status.AGREES,
        reason=reason,
        brief=counted(len(sample.points), "point"),
        false_agree=bound,
        condition=CONDITION if of_sizes else "",
        points=len(sample.points),
        refused=sample.refused,
        numbers={"field": field, "points that differ": missed, "sizes": sample.sizes()},
    )


def _undefined(problem: Problem, ctx: FlintContext, plan: Plan) -> Evidence | None:
    """The evidence that a stated form divides by zero wherever the observable has a differential.

    Such a form is wrong, while points that it merely misses by chance are drawn again.
    """
    names = ("observable", "first", "second") if problem.signature.spectra else ()
    subjects = [name for name in names if name in problem.kernels]

    def divided(sizes: Mapping[str, int], point: Mapping[str, Any]) -> set[str]:
        values = [_generator(problem, name, ctx, sizes, point) for name in subjects]
        component = next(iter(values[0].components), None)
        moved = {} if component is None else component.increments
        return {name for name in stated if _divides(ctx, problem, name, {**point, **moved})}

    stated = [name for name in problem.kernels if name.startswith("stated_")]
    sample = admissible(problem, ctx, plan, divided) if subjects and stated else None
    wrong = sorted(set.intersection(*sample.values)) if sample and sample.points else []
    if sample is None or not wrong:
        return None
    words = " and ".join(name.removeprefix("stated_") for name in wrong)
    return Evidence(
        tier=TIER,
        status=Status.DISAGREES,
        reason=f"{words}: the stated form divides by zero at all of {sample.described()}",
        brief=counted(len(sample.points), "point"),
        points=len(sample.points),
        refused=sample.refused,
    )


def _divides(ctx: FlintContext, problem: Problem, name: str, point: Mapping[str, Any]) -> bool:
    try:
        problem.kernel(name).in_context(ctx, point)
    except ZeroDivisionError:
        return True
    return False


def _generator(
    problem: Problem,
    name: str,
    ctx: FlintContext,
    sizes: Mapping[str, int],
    point: Mapping[str, Any],
) -> GeneratorValue:
    """The differential of an observable by its definition."""

    def measure(declared: Problem) -> GeneratorValue:
        return generator(ctx, declared.system("declared", sizes), declared.kernel(name), point)

    return problem.measured((TIER, type(ctx).__name__, name), point, measure)


def _differential(
    problem: Problem, ctx: FlintContext, sizes: Mapping[str, int], point: Mapping[str, Any]
) -> Gaps:
    value = _generator(problem, "observable", ctx, sizes, point)
    drift = problem.kernel("stated_drift").in_context(ctx, point)
    found = {"drift": _equal(ctx, value.drift, drift)}
    stated = problem.kernels.get("stated_martingale")
    if stated is None:
        return found
    along = [
        _equal(ctx, moved, stated.in_context(ctx, {**point, **component.increments}))
        for component, moved in zip(value.components, value.martingale, strict=True)
    ]
    return {**found, "martingale part": all(along)}


def _covariation(
    problem: Problem, ctx: FlintContext, sizes: Mapping[str, int], point: Mapping[str, Any]
) -> Gaps:
    first, second = (_generator(problem, name, ctx, sizes, point) for name in ("first", "second"))
    rate = problem.kernel("stated_rate").in_context(ctx, point)
    pairs = zip(first.components, first.martingale, second.martingale, strict=True)
    moved = [(c.weight, entries(ctx, f), entries(ctx, g)) for c, f, g in pairs]
    count = len(entries(ctx, first.drift))
    value = [ctx.total([w * f[n] * g[n] for w, f, g in moved]) for n in range(count)]
    return {"covariation": _equal(ctx, value, rate)}


def _drift(
    problem: Problem, ctx: FlintContext, sizes: Mapping[str, int], point: Mapping[str, Any]
) -> Gaps:
    """The drift alone, of moments under random weights; no martingale part is stated."""
    value = _generator(problem, "observable", ctx, sizes, point)
    drift = problem.kernel("stated_drift").in_context(ctx, point)
    name = "drift of the moments" if problem.kind == "moments" else "drift"
    return {name: _equal(ctx, value.drift, drift)}


def _identity(
    problem: Problem, ctx: FlintContext, sizes: Mapping[str, int], point: Mapping[str, Any]
) -> Gaps:
    left = problem.kernel("left").in_context(ctx, point)
    return {"both sides": _equal(ctx, left, problem.kernel("right").in_context(ctx, point))}


def _time_change(
    problem: Problem, ctx: FlintContext, sizes: Mapping[str, int], point: Mapping[str, Any]
) -> Gaps:
    """Itô drift a = rate·ã, and diffusion matrix Σ b_j b_j' = rate·Σ b̃_j b̃_j'."""
    first = problem.measured(
        (TIER, type(ctx).__name__),
        point,
        lambda declared: coordinates(ctx, declared.system("declared", sizes), point),
    )
    rate = problem.kernel("rate").in_context(ctx, point)
    second = coordinates(ctx, problem.system("changed", sizes), point)
    drift = all(a == rate * b for a, b in zip(first[0], second[0], strict=True))
    noise = all(a == rate * b for a, b in zip(first[1], second[1], strict=True))
    return {"drift": drift, "diffusion matrix": noise}


def _equal(ctx: FlintContext, a: Any, b: Any) -> bool:
    x, y = entries(ctx, a), entries(ctx, b)
    if len(x) == len(y):
        return all(u == v for u, v in zip(x, y, strict=True))
    # A stated 0 stands for a zero of any shape.
    return all(v == 0 for v in (x if len(y) == 1 and y[0] == 0 else [*x, *y]))


_COMPARISONS: Mapping[str, Callable[..., Gaps]] = {
    "covariation": _covariation,
    "differential": _differential,
    "fokker planck": equal_sides,
    "identity": _identity,
    "moments": _drift,
    "sign": _drift,
    "time change": _time_change,
}
