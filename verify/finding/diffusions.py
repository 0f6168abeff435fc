"""What is wrong with a change of time whose noises are no terms that can be compared.

Two systems have one law if their drifts and diffusion matrices agree, so that these are put side by
side: what the declared system has in the new time, and what the other one is stated to have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from derivations.printing import unicode
from numerics.contexts import RationalContext
from numerics.errors import NoValueError
from numerics.points import as_arrays
from verify.coordinates import coordinates, diffusion
from verify.planning import Plan
from verify.problem import Problem
from verify.systems import as_numbers

from .drawn import failing
from .examples import example
from .finding import CounterExample, Finding
from .measured import Row, Table, rows, tables
from .refit import fits, whole_factor
from .shrink import failure
from .stated import StatedPart, whole_term
from .wording import changed

__all__ = ["Diffusions", "of_diffusions"]

ONE = (1,)
ROUNDING = 1e-9
SHOWN = 4
ALL = 4
"""Entries of states that are no scalars, of which pairs are looked at."""


@dataclass(frozen=True, kw_only=True)
class Diffusions:
    """Drift and diffusion matrix of both systems at a point, in fractions or in doubles."""

    exact: bool

    def rows(
        self, problem: Problem, part: Any, sizes: Mapping[str, int], point: Mapping[str, Any]
    ) -> tuple[Row, ...]:
        """The number of the part at one point: measured in the new time, and stated."""
        a, b = part.subject
        found = [self._coordinates(problem, name, sizes, point) for name in ("declared", "changed")]
        count = len(found[0][0])
        if max(a, b or 0) >= count:
            return ()
        # The pairs a ≤ b stand in a row.
        place = a if b is None else a * count - a * (a - 1) // 2 + b - a
        measured, stated = (values[b is not None][place] for values in found)
        if not self.exact:
            at = as_arrays(point)
            right = float(measured) / float(problem.kernel("rate")(at))
            scale = abs(right) + abs(float(stated))
            error = ROUNDING * scale
            return (Row(measured=right, error=error, terms=(float(stated),), entry=0, scale=scale),)
        ctx = RationalContext()
        right = measured / problem.kernel("rate").in_context(ctx, point)
        terms = (_fraction(ctx, stated),)
        return (Row(measured=_fraction(ctx, right), error=0.0, terms=terms, entry=0),)

    def _coordinates(
        self, problem: Problem, name: str, sizes: Mapping[str, int], point: Mapping[str, Any]
    ) -> tuple[Any, Any]:
        if self.exact:
            return coordinates(RationalContext(), problem.system(name, sizes), point)
        at = as_arrays(point)
        drift, matrix = diffusion(as_numbers(problem.system(name, sizes), at), at)
        return drift, matrix[np.triu_indices(len(drift))]


def _fraction(ctx: RationalContext, x: Any) -> Fraction:
    exact = ctx.rational(0) + x
    return Fraction(int(exact.p), int(exact.q))


def of_diffusions(problem: Problem, plan: Plan) -> Finding | None:
    """Drifts and covariations that differ, each with a factor if one fits, and a small point."""
    for exact in (True, False):
        how = Diffusions(exact=exact)
        try:
            return _found(problem, how, plan)
        except NoValueError:
            continue
    return None


def _found(problem: Problem, how: Diffusions, plan: Plan) -> Finding | None:
    parts = list(_parts(problem))
    found = tables(problem, parts, plan, how)
    wrong = [
        (part, table)
        for part, table in zip(parts, found, strict=True)
        if any(table.points) and not fits(table, ONE)
    ]
    if not wrong:
        return _rare(problem, how, parts, plan)
    lines, explained = [], True
    for part, table in wrong:
        line, data, known = _line(part, table)
        lines.append((line, data))
        explained &= known
    left = len(lines) - SHOWN
    more = [f"and {left} other numbers of the diffusion differ"] if left > 0 else []
    return Finding(
        lines=(*(line for line, _ in lines[:SHOWN]), *more),
        changes=tuple(data for _, data in lines),
        explained=explained,
        counterexample=_counterexample(problem, how, wrong[0][0], plan),
    )


def _rare(
    problem: Problem, how: Diffusions, parts: Sequence[StatedPart], plan: Plan
) -> Finding | None:
    """A point at which a number differs that fits at most of them."""
    for part in parts:
        example = _counterexample(problem, how, part, plan)
        if example is not None:
            line = f"{part.name}: differs at a point, and not at most others"
            data = {"part": part.name, "term": "whole"}
            return Finding(lines=(line,), changes=(data,), counterexample=example)
    return None


def _line(part: StatedPart, table: Table) -> tuple[str, Mapping[str, Any], bool]:
    measured = {row.measured for point in table.points for row in point}
    stated = {row.terms[0] for point in table.points for row in point}
    data: dict[str, Any] = {"part": part.name, "term": "whole"}
    if table.exact and len(measured) == 1 and len(stated) == 1:
        claimed, right = stated.pop(), measured.pop()
        line = f"{part.name}: claimed {claimed}, measured {right} (exactly, {table.where})"
        return line, {**data, "claimed": str(claimed), "measured": str(right)}, True
    change = whole_factor(table, ONE)
    if change is not None:
        return (*changed(part, change, table), True)
    off = sum(_differs(point) for point in table.points)
    line = f"{part.name}: differs at {off} of {len(table.points)} points, by no one factor"
    return line, {**data, "differs": off, "of": len(table.points)}, False


def _differs(point: tuple[Row, ...]) -> bool:
    return failure(point, ONE) is not None


def _parts(problem: Problem) -> Iterator[StatedPart]:
    """A part for every entry of a drift, and for every pair of entries: of scalars by name."""
    system = problem.signature.systems["declared"]
    letters = {x.name: x for x in problem.letters()}
    names = [unicode(_symbol(name)) for name in system.states]
    if all(not letters[x].shape and letters[x].family is None for x in system.states):
        labels = names
    else:
        labels = [f"entry {n + 1} of {', '.join(names)}" for n in range(ALL)]
    term = (whole_term(problem.kernel("rate"), "form"),)
    for a, name in enumerate(labels):
        words = f"drift of {name} in the new time"
        yield StatedPart(name=words, quantity="drift", subject=(a, None), terms=term)
    for a, one in enumerate(labels):
        for b, other in enumerate(labels[a:], a):
            words = f"diffusion matrix, d⟨{one}, {other}⟩/dτ"
            yield StatedPart(name=words, quantity="covariation", subject=(a, b), terms=term)


def _symbol(name: str) -> Any:
    from sympy import Symbol

    return Symbol(name)


def _counterexample(
    problem: Problem, how: Diffusions, part: StatedPart, plan: Plan
) -> CounterExample | None:
    def fails(sizes: Mapping[str, int], point: Mapping[str, Any]) -> Any:
        return failure(rows(how, problem, part, sizes, point), ONE)

    small = failing(problem, fails, plan)
    return None if small is None else example(part, small, *small.found)
