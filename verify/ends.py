"""Whether paths stay within the support of a stationary density, by Feller's test at its ends.

A flux of zero inside the support says nothing of its ends: a density cut off where paths pass
through has it too.  The test is made at the values that a claim gives, at all that vary; a claim
that leaves a parameter open is looked at where its density can be integrated, at several points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from numerics.boundaries import DIGITS, Boundary, Diffusion, Kind, boundary, breaks
from numerics.contexts import MultiprecisionContext, RationalContext
from numerics.errors import NotAdmissibleError

from .amounts import counted
from .coordinates import coordinates
from .planning import Plan
from .problem import Problem
from .sampling import admissible
from .verdict import Evidence, Status, combine

__all__ = ["within_its_support"]

OPEN_POINTS = 6
"""Points at which a density with open parameters is looked at."""

CONDITION = "powers at the ends of the support are read off values near them"

_STATUS = {
    Kind.UNREACHED: Status.AGREES,
    Kind.TURNED: Status.AGREES,
    Kind.CROSSED: Status.DISAGREES,
    Kind.DIVERGING: Status.DISAGREES,
    Kind.OPEN: Status.INCONCLUSIVE,
}


def within_its_support(evidence: Evidence, problem: Problem, plan: Plan) -> Evidence:
    """The evidence on a flux that is zero, which needs paths that stay in the support too."""
    if evidence.status != Status.AGREES:
        return evidence
    points = _given(problem) or _drawn(problem, plan)
    found = [_boundaries(problem, point) for point in points]
    status = combine(_STATUS[end.kind] for ends in found for end in ends) if found else None
    if status is None:
        why = "no values of its parameters were found at which the density can be integrated"
        return replace(
            evidence, status=Status.INCONCLUSIVE, reason=f"{evidence.reason}, but {why}", brief=""
        )
    shown = [_shown(ends) for ends in found]
    numbers = {**evidence.numbers, "ends": shown}
    if status == Status.AGREES:
        at = "" if _given(problem) else f", at {counted(len(points), 'point')}"
        reason = f"{evidence.reason}; paths stay in the support: {_words(found[0])}{at}"
        condition = f"{evidence.condition}; {CONDITION}" if evidence.condition else CONDITION
        return replace(evidence, reason=reason, numbers=numbers, condition=condition)
    telling = next(e for ends in found for e in ends if _STATUS[e.kind] == status)
    reason = f"{evidence.reason}, but at {_at(telling)} {telling.reason}"
    return replace(evidence, status=status, reason=reason, brief="", numbers=numbers)


def _words(ends: tuple[Boundary, ...]) -> str:
    return " and ".join(f"{_at(end)} {end.kind}" for end in ends)


def _shown(ends: tuple[Boundary, ...]) -> dict[str, str]:
    return {_at(end): f"{end.kind}: {end.reason}" for end in ends}


def _at(end: Boundary) -> str:
    value = float(end.at)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.6g}".replace("-", "−")


# Where.


def _parameters(problem: Problem) -> tuple[str, ...]:
    return tuple(x.name for x in problem.letters() if x.kind == "parameter")


def _given(problem: Problem) -> list[dict[str, Any]]:
    """The parameters at every setting; empty if the claim leaves one open."""
    path, ctx = problem.signature.path, RationalContext()
    if path is None:
        return []
    found = []
    for setting in path.settings():
        names = _parameters(problem)
        if any(name not in setting.values for name in names):
            return []
        values = {name: Fraction(str(setting.values[name])) for name in names}
        found.append({name: ctx.rational(x.numerator, x.denominator) for name, x in values.items()})
    return found


def _drawn(problem: Problem, plan: Plan) -> list[Mapping[str, Any]]:
    """Points at which the density can be integrated, where it is stated for open parameters."""

    def integrable(sizes: Mapping[str, int], point: Mapping[str, Any]) -> bool:
        if any(end.kind == Kind.DIVERGING for end in _boundaries(problem, point)):
            raise NotAdmissibleError("point: the density has no finite integral there; draw again")
        return True

    plan = plan.share("ends")
    effort = replace(plan.effort, sizes=1, points=OPEN_POINTS)
    sample = admissible(problem, RationalContext(), replace(plan, effort=effort), integrable)
    return [point for _, point in sample.points]


# What is there.


def _boundaries(problem: Problem, point: Mapping[str, Any]) -> tuple[Boundary, ...]:
    """The ends of the support, and places inside that paths may not cross."""
    ctx = MultiprecisionContext(DIGITS)
    diffusion, ends = _diffusion(problem, ctx, point), _ends(problem, ctx, point)
    at_ends = (boundary(diffusion, ends[0], 1), boundary(diffusion, ends[1], -1))
    return (*at_ends, *_inside(diffusion, ends))


def _inside(diffusion: Diffusion, ends: tuple[Any, Any]) -> Iterator[Boundary]:
    with diffusion.ctx.working():
        yield from breaks(diffusion, *ends)


def _ends(
    problem: Problem, ctx: MultiprecisionContext, point: Mapping[str, Any]
) -> tuple[Any, Any]:
    values = {"lower": -math.inf, "upper": math.inf}
    if _positive(problem) and "lower" not in problem.kernels:
        values["lower"] = ctx.rational(0)
    for name in values:
        if name in problem.kernels:
            values[name] = problem.kernel(name).in_context(ctx, _wide(ctx, point))
    return values["lower"], values["upper"]


def _positive(problem: Problem) -> bool:
    (state,) = problem.signature.systems["declared"].states
    return any(x.name == state and "positive" in x.facts for x in problem.letters())


def _wide(ctx: MultiprecisionContext, point: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: x if isinstance(x, int) else ctx.rational(int(x.p), int(x.q))
        for name, x in point.items()
        if np.ndim(x) == 0
    }


def _diffusion(problem: Problem, ctx: MultiprecisionContext, point: Mapping[str, Any]) -> Diffusion:
    system, density = problem.system("declared", {}), problem.kernel("density")
    (name,) = system.states
    fixed = _wide(ctx, {"t": RationalContext().rational(0), **point})

    def fields(x: Any) -> tuple[list[Any], list[Any]]:
        return coordinates(ctx, system, {**fixed, name: x})

    def spread(x: Any) -> Any:
        at = {**fixed, name: x}
        return ctx.total(
            [
                component.weight * system.noise(ctx, at, component.increments)[name] ** 2
                for component in system.components(ctx, at)
            ]
        )

    return Diffusion(
        ctx=ctx,
        drift=lambda x: fields(x)[0][0],
        spread=spread,
        density=lambda x: density.in_context(ctx, {**fixed, name: x}),
        positive=_positive(problem),
    )
