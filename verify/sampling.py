"""Admissible points of a problem, at several sizes of every dimension, counted.

Which sizes these are says `verify.sizes`; of a sign, the corner of what is admissible comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from numerics.contexts import NumberContext, RationalContext
from numerics.errors import NotAdmissibleError
from numerics.points import Predicate, as_arrays, meets, sample
from numerics.signature import Condition

from .amounts import counted
from .degrees import orders
from .planning import EFFORTS, Plan
from .problem import Problem
from .sizes import Choice, Sizes, corner_sizes, several_sizes, turned_sizes
from .verdict import Evidence, Status

__all__ = [
    "Sample",
    "admissible",
    "generic_point",
    "more_of_functions",
    "point_near",
    "predicates",
    "sample_at",
]

Evaluation: TypeAlias = Callable[[Sizes, Mapping[str, Any]], Any]

TELLING = 40
SPARE = 6
"""Sizes that may be tried for every one that is wanted."""

TURNED = 3
"""Other orders of the same sizes that are tried for a point."""

MOST_ORDERS = 384
"""Eigenvalues are asked of matrices up to 4 x 4: modulo a prime, few larger ones have any."""

MORE, WORK = 32, 2_000
"""Points for each one of the plan, of Python functions: nothing else looks for a corner there.

Fewer where entries of the state times components of the noise are many, but at least an eighth, or
as many as the standard effort has then.
"""

CORNER = 4
"""Sizes in the corner of what is admissible, at which a sign is looked at as well."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Admissible points with their sizes, the values there, how many others were refused.

    ``without`` says why none was drawn at all.
    """

    points: tuple[tuple[Sizes, Mapping[str, Any]], ...]
    values: tuple[Any, ...]
    refused: int
    reasons: tuple[str, ...] = ()
    without: str = ""

    def described(self) -> str:
        """How many points, of how many sizes."""
        sizes = {tuple(s.items()) for s, _ in self.points}
        if not any(sizes):
            return counted(len(self.points), "point")
        return f"{counted(len(self.points), 'point')} at {counted(len(sizes), 'size')}"

    def sizes(self) -> list[dict[str, int]]:
        """The sizes that occur, each once."""
        return [dict(s) for s in dict.fromkeys(tuple(sizes.items()) for sizes, _ in self.points)]

    def empty(self, tier: str) -> Evidence:
        """What a tier says that found no admissible point: nothing."""
        why = f" (not met: {'; '.join(self.reasons)})" if self.reasons else ""
        return Evidence(
            tier=tier,
            status=Status.INCONCLUSIVE,
            reason=self.without or f"no admissible point among {self.refused} drawn{why}",
            false_agree=None,
            refused=self.refused,
        )


def _condition(problem: Problem, condition: Condition) -> Predicate:
    kernel, predicate = problem.kernel(condition.kernel or ""), condition.predicate or ""

    def met(ctx: NumberContext, point: Mapping[str, Any]) -> bool:
        return meets(ctx, predicate, kernel.in_context(ctx, point))

    return met


def predicates(problem: Problem) -> dict[str, Predicate]:
    """The conditions of a claim that are about values."""
    return {
        condition.text: _condition(problem, condition)
        for condition in problem.signature.conditions
        if condition.predicate is not None
    }


def sample_at(
    problem: Problem,
    ctx: NumberContext,
    sizes: Sizes,
    count: int,
    seed: int,
    of: Evaluation,
    tries: int = 20,
) -> Sample:
    """Admissible points at one size, at which ``of`` can be evaluated, with its values.

    At most ``tries`` points are drawn for each one that is wanted.
    """
    values: list[Any] = []

    def defined(ctx: NumberContext, point: Mapping[str, Any]) -> bool:
        try:
            values.append(of(sizes, point))
        except np.linalg.LinAlgError as error:
            # Exactly it is regular; what rounds to a singular matrix says nothing in float64.
            raise NotAdmissibleError(f"point: {error} in float64; draw another point") from error
        return True

    found = sample(
        ctx,
        problem.letters(),
        sizes,
        count=count,
        seed=seed,
        # Last, so that it is asked of admissible points only: every value belongs to one.
        predicates={**predicates(problem), "defined": defined},
        spectra=problem.signature.spectra,
        tries=tries,
    )
    return Sample(
        points=tuple((sizes, point) for point in found.points),
        values=tuple(values),
        refused=found.drawn - found.admissible,
        reasons=tuple(found.refused),
    )


def generic_point(problem: Problem, sizes: Sizes, plan: Plan) -> Sample:
    """One well-conditioned admissible point in float64, at which no scalar is 0, 1 or another one.

    Where δ = 1, √δ for δ does not show; a tier that looks at one point looks at a telling one.
    """
    exact, refused = RationalContext(), 0
    reasons: dict[str, None] = {}
    fixed = {letter.name for letter in problem.letters() if letter.fixed}

    def telling(sizes: Sizes, point: Mapping[str, Any]) -> Mapping[str, Any]:
        values = as_arrays(point, exact)
        drawn = [v for name, v in values.items() if not isinstance(v, int) and name not in fixed]
        scalars = [abs(float(v)) for v in drawn if v.ndim == 0]
        if len({*scalars, 0.0, 1.0}) < len(scalars) + 2:
            raise NotAdmissibleError("point: a scalar is 0, 1 or equal to another; draw again")
        _require_finite(problem, values)
        return values

    for attempt in range(TELLING):
        # The first point of every seed is generic; the badly conditioned profiles follow it.
        seed = plan.seed_for(f"point {attempt}")
        found = sample_at(problem, exact, sizes, 1, seed, telling, tries=1)
        if found.points:
            return replace(found, refused=refused)
        refused += found.refused
        reasons |= dict.fromkeys(found.reasons)
    return Sample(points=(), values=(), refused=refused, reasons=tuple(reasons))


def _require_finite(problem: Problem, point: Mapping[str, Any]) -> None:
    """Refuse a point at which what is observed overflows."""
    for name in ("observable", "first", "second"):
        kernel = problem.kernels.get(name)
        with np.errstate(all="ignore"):
            if kernel is not None and np.any(np.isinf(kernel(point))):
                raise NotAdmissibleError(f"point: {name} overflows there; draw another point")


def point_near(problem: Problem, sizes: Sizes, plan: Plan) -> tuple[Sizes, Sample]:
    """A generic point at these sizes, or at others where these have no admissible one.

    Perhaps a dimension must be larger than another, which no relation says: first the same numbers
    stand in another order.
    """
    refused, reasons = 0, dict[str, None]()
    if without := Choice.of(problem.signature).without:
        return sizes, Sample(points=(), values=(), refused=0, without=without)
    turned = turned_sizes(problem.signature, sizes)[:TURNED]
    for at in (sizes, *turned, *several_sizes(problem.signature, SPARE)):
        found = generic_point(problem, at, plan)
        refused, reasons = refused + found.refused, reasons | dict.fromkeys(found.reasons)
        if found.points:
            break
    return at, replace(found, refused=refused, reasons=tuple(reasons))


def more_of_functions(problem: Problem, plan: Plan) -> Plan:
    """The plan with more points, if the claim is of Python functions."""
    if not problem.of_functions:
        return plan
    sizes = next(iter(several_sizes(problem.signature, 1)), {})
    shapes = [x.shape_at(sizes) for x in problem.letters() if x.kind == "state"]
    entries = sum(int(np.prod(shape)) for shape in shapes)
    few = EFFORTS["standard"].points
    least = max(1, MORE // 8 * min(few, plan.effort.points) // plan.effort.points)
    more = min(MORE, max(least, WORK // max(1, entries**2)))
    return replace(plan, effort=replace(plan.effort, points=more * plan.effort.points))


def admissible(problem: Problem, ctx: NumberContext, plan: Plan, of: Evaluation) -> Sample:
    """Admissible points at several sizes, as many as the plan's effort says, with the values there.

    ``of(sizes, point)`` may raise `NotAdmissibleError`; another point is then drawn.  A size that
    has no admissible point (W1W1' is singular for l < p, √3 is in no point modulo a prime) makes
    room for another, which differs from it as well as from those that have points.
    """
    parts: list[Sample] = []
    choice, found, failed = Choice.of(problem.signature), list[Sizes](), list[Sizes]()
    # A bound that is nearly met, and one row or as many rows as columns, are where signs change.
    corners = CORNER if problem.kind == "sign" and choice.names else 0
    first = corner_sizes(problem.signature, corners)
    wanted = plan.effort.sizes + len(first)
    # Where there are fewer sizes, one without dimensions, they have the points of all.
    points = -(-plan.effort.points * wanted // max(1, min(wanted, len(choice.rows))))
    while len(found) < wanted and len(found) + len(failed) < SPARE * wanted:
        tried = len(found) + len(failed)
        sizes = first[tried] if tried < len(first) else choice.next(found, failed)
        if sizes is None:
            break
        if orders(problem, sizes) > MOST_ORDERS:
            failed.append(sizes)
            continue
        parts.append(sample_at(problem, ctx, sizes, points, plan.seed_for(choice.key(sizes)), of))
        (found if parts[-1].points else failed).append(sizes)
    without = choice.without
    if failed and not parts:
        large = ", ".join(f"{name} = {size}" for name, size in failed[0].items())
        without = f"eigenvalues are looked at of small matrices alone, not of those at {large}"
    return Sample(
        points=tuple(point for part in parts for point in part.points),
        values=tuple(value for part in parts for value in part.values),
        refused=sum(part.refused for part in parts),
        reasons=tuple(dict.fromkeys(reason for part in parts for reason in part.reasons)),
        without=without,
    )
