"""What is wrong with the change of a step that has no terms: factors, powers, a point to check.

The change is measured of the update alone, averaged over the draws or at the draws of the point.
Of a claim to an order single coefficients in the step size are compared: both changes are fitted by
a polynomial in it, at step sizes at which the states move by a tenth of themselves and less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sympy import Symbol

from derivations.printing import unicode
from numerics.errors import NotAdmissibleError
from numerics.points import as_arrays
from numerics.system import Array
from verify.planning import Plan
from verify.problem import Problem
from verify.steps.checks import draws_of, setting_of
from verify.steps.measures import Moves
from verify.steps.rules import Rule, rule_of

from .examples import example
from .finding import CounterExample, Finding
from .measured import Row, Table, rows, tables
from .refit import Change, best_fit, fits, whole_factor
from .residual_growth import growth
from .shrink import failure, shrunk
from .stated import StatedPart, forgotten_terms, whole_term
from .wording import changed, unexplained

__all__ = ["of_steps"]

NODES = (10, 8)
"""Step sizes at which a polynomial is fitted; what a second fit differs by is the error."""

CLEAR = 1e-4
"""Error relative to a coefficient with which it says nothing: there is no power series."""

SLACK, NOTHING = 4.0, 1e-9
ONE = (1,)


@dataclass(frozen=True, kw_only=True)
class _StepValues:
    """Measured and stated change at a point, or a coefficient in the step size of either."""

    power: int | None = None

    @property
    def exact(self) -> bool:
        """Values have an error."""
        return False

    def rows(
        self, problem: Problem, part: Any, sizes: Mapping[str, int], point: Mapping[str, Any]
    ) -> tuple[Row, ...]:
        """Every entry of the change at one point."""
        setting = setting_of(problem)
        moves = Moves(problem=problem, setting=setting, point=as_arrays(point))
        with np.errstate(all="ignore"):
            rule = _rule(moves, problem, sizes)
            found = (
                _changes(moves, rule, None)
                if self.power is None
                else _coefficient(moves, rule, self.power)
            )
        measured, stated, error = found
        others = [float(np.ravel(c.kernel(moves.point))[0]) for c in part.candidates]
        return tuple(
            Row(
                measured=float(x),
                error=error,
                terms=(float(y), *others),
                entry=n,
                scale=abs(float(x)) + abs(float(y)),
                shape=measured.shape,
            )
            for n, (x, y) in enumerate(zip(np.ravel(measured), np.ravel(stated), strict=True))
        )


def _rule(moves: Moves, problem: Problem, sizes: Mapping[str, int]) -> Rule:
    """The mean over the draws; of a statement about each of them the one of the point."""
    draws = draws_of(problem, sizes)
    if moves.setting.pathwise:
        values = {d.name: np.asarray(moves.point[d.name], dtype=float)[None] for d in draws}
        return Rule(weights=np.ones(1), values=values)
    rule = rule_of(draws, exact=moves.setting.order is None)
    if rule is None:
        raise NotAdmissibleError("draws: too many to average; take smaller sizes")
    return rule


def _changes(moves: Moves, rule: Rule, h: float | None) -> tuple[Array, Array, float]:
    """Measured change, stated change, and the error of the first."""
    moved, error = moves.change(rule.values, h)
    measured = rule.mean(moved)
    error += rule.error(lambda x: moves.change(x, h)[0], exact=h is None)
    stated = moves.stated(rule.values, h)
    if moves.setting.pathwise and stated.ndim > measured.ndim:
        stated = stated[0]
    if not np.isfinite(error):
        raise NotAdmissibleError("draws: the mean over them is not known there; take another point")
    return measured, np.broadcast_to(stated, measured.shape), float(error)


def _coefficient(moves: Moves, rule: Rule, power: int) -> tuple[Array, Array, float]:
    """What stands in front of a power of the step size in both changes."""
    unit = moves.unit(rule.values)
    fitted = [_fitted(moves, rule, unit, count, power) for count in NODES]
    (measured, stated, rounding), (less, other, _) = fitted
    gaps = max(np.max(np.abs(measured - less)), np.max(np.abs(stated - other)))
    error = SLACK * float(gaps) + rounding
    size = max(np.max(np.abs(measured)), np.max(np.abs(stated)))
    moved = float(np.max(np.abs(_changes(moves, rule, unit)[0]))) / unit**power
    if not error <= CLEAR * max(float(size), moved):
        raise NotAdmissibleError(f"{moves.setting.step}: no power series there; take another point")
    return measured, stated, error


def _fitted(
    moves: Moves, rule: Rule, unit: float, count: int, power: int
) -> tuple[Array, Array, float]:
    places = (1.0 + np.cos(np.pi * (np.arange(count) + 0.5) / count)) / 2.0
    found = [_changes(moves, rule, float(unit * x)) for x in places]
    weights = np.linalg.inv(np.vander(places, count, increasing=True))[power] / unit**power
    measured, stated = (
        np.tensordot(weights, np.stack([values[n] for values in found]), axes=1) for n in (0, 1)
    )
    return measured, stated, float(np.abs(weights) @ [error for *_, error in found])


def of_steps(problem: Problem, plan: Plan) -> Finding | None:
    """The first part of a change that is not as measured; None if there is none to be shown."""
    setting = setting_of(problem)
    powers = [None] if setting.order is None else range(setting.order)
    term = whole_term(problem.kernel("change"), "change")
    for power in powers:
        part = StatedPart(name=_named(setting.step, power), quantity="step", terms=(term,))
        arithmetic = _StepValues(power=power)
        (found,) = tables(problem, [part], plan, arithmetic)
        if not found.points:
            return None
        if not fits(found, ONE):
            absent = _absent(problem, power)
            kept = [c for c in forgotten_terms(problem) if not {*c.kernel.arguments} & absent]
            more = replace(part, candidates=tuple(kept))
            (wide,) = tables(problem, [more], plan, arithmetic)
            return _found(problem, more, arithmetic, _of_part(problem, wide, power), plan)
    return None


def _named(step: str | None, power: int | None) -> str:
    if power is None:
        return "change"
    h = Symbol(str(step))
    if power == 0:
        return f"change at {unicode(h)} = 0"
    return f"coefficient of {unicode(h**power)} in the change"


def _absent(problem: Problem, power: int | None) -> set[str]:
    """Letters that cannot be in it: means hold no draw, and coefficients no step size."""
    setting = setting_of(problem)
    absent = set[str]() if setting.pathwise else {d.name for d in setting.draws}
    return absent | (set() if power is None else {str(setting.step)})


def _of_part(problem: Problem, table: Table, power: int | None) -> Table:
    absent = _absent(problem, power)
    kept = tuple({k: x for k, x in at.items() if k not in absent} for at in table.scalars)
    return replace(table, scalars=kept)


def _found(
    problem: Problem, part: StatedPart, arithmetic: _StepValues, table: Table, plan: Plan
) -> Finding:
    change = _change(part, table)
    if change is not None:
        line, data = changed(part, change, table, of_functions=problem.claim is None)
    else:
        absent = _absent(problem, arithmetic.power)
        powers = growth(problem, arithmetic, part, plan)
        powers = {name: power for name, power in powers.items() if name not in absent}
        line, data = unexplained(part, table, powers)
    return Finding(
        lines=(line,),
        changes=(data,),
        explained=change is not None,
        counterexample=_example(problem, replace(part, candidates=()), arithmetic),
    )


def _change(part: StatedPart, table: Table) -> Change | None:
    """A factor with powers of the whole, else one forgotten term."""
    narrow = tuple(tuple(replace(r, terms=r.terms[:1]) for r in rs) for rs in table.points)
    if _states_something(table):
        whole = whole_factor(replace(table, points=narrow), ONE)
        if whole is not None:
            return whole
    fit = best_fit(table, (1, *(0 for _ in part.candidates)), len(part.candidates))
    if fit is None or len(fit.changes) != 1 or not fit.changes[0].term:
        return None
    return fit.changes[0]


def _states_something(table: Table) -> bool:
    size = max(abs(float(row.measured)) for point in table.points for row in point)
    return any(abs(float(row.terms[0])) > NOTHING * size for point in table.points for row in point)


def _example(problem: Problem, part: StatedPart, arithmetic: _StepValues) -> CounterExample | None:
    def fails(sizes: Mapping[str, int], point: Mapping[str, Any]) -> Any:
        return failure(rows(arithmetic, problem, part, sizes, point), ONE)

    small = shrunk(problem, fails)
    if small is None:
        return None
    row, stated = small.found
    kernels = [problem.kernel(name) for name in ("update", "observable", "change")]
    kernels += [k for name, k in problem.kernels.items() if name.startswith("condition_")]
    used = {name for kernel in kernels for name in kernel.arguments}
    used -= _absent(problem, arithmetic.power)
    point = {name: x for name, x in small.point.items() if name in used}
    return example(part, replace(small, point=point), row, stated)
