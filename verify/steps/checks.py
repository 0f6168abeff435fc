"""One step of an algorithm at points: E f(x⁺) − f(x) against the stated change.

Finite draws are enumerated with their exact weights.  Standard normals are replaced by finite laws
that share their moments up to the degree of the polynomial that is averaged; that degree is found
on a line through random values, by differences that vanish, and the claim does not go through this
tier if there is none.  An order in the step size h is read off power series in h, whose
coefficients below h^m must vanish: no small number is chosen and nothing is fitted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from numerics.contexts import (
    MERSENNE_61,
    FlintContext,
    JetContext,
    MultiprecisionContext,
    PrimeFieldContext,
    RationalContext,
)
from numerics.draws import DEGREES, Draw, count, outcomes
from numerics.errors import NotAdmissibleError, NoValueError
from numerics.signature import Condition, size
from verify.amounts import counted
from verify.coordinates import entries
from verify.counterexample import widened
from verify.errors import UsageError
from verify.planning import Plan
from verify.problem import Problem
from verify.sampling import admissible, predicates
from verify.verdict import Evidence, Status

from .measures import fitted_order, judged_order
from .samples import simulated
from .setting import StepSetting

__all__ = ["exact", "generated", "stepped"]

MOST_OUTCOMES = 160
"""Outcomes that are enumerated in exact arithmetic at one point."""

MOST_ENTRIES, MOST_SAMPLES = 6, 5
"""Entries that are drawn, samples that a minibatch is drawn from, in exact arithmetic."""

FEW = 64
"""Outcomes that are averaged in many digits."""

WIDE, TINY = MultiprecisionContext(200), (40, 41, 42)
"""Digits, and halvings of the step size, at which an order is as good as reached."""

LINE = (1, 2, -1)
"""Multiples of drawn values at which a statement about every draw of normals is checked."""


class _NoPolynomialError(NoValueError):
    """A function of standard normals that no finite law averages exactly."""


def exact(problem: Problem, plan: Plan) -> Evidence:
    """Both sides in a prime field or, if that cannot say it, in the rationals."""
    setting, reasons = setting_of(problem), []
    missing = _without_points(problem, plan)
    if missing is not None:
        return missing
    contexts: list[FlintContext] = [PrimeFieldContext(MERSENNE_61), RationalContext()]
    for ctx in contexts:
        try:
            return _exact(problem, setting, plan, ctx)
        except NoValueError as error:
            reasons.append(str(error))
    reason = f"no exact numbers for this claim: {reasons[-1]}"
    return Evidence(tier="exact", status=Status.NOT_APPLICABLE, reason=reason)


def _without_points(problem: Problem, plan: Plan) -> Evidence | None:
    """The evidence that no admissible point exists: a prime field has no order to ask."""
    if not predicates(problem):
        return None
    small = limited(problem, MOST_ENTRIES, MOST_SAMPLES)
    one = replace(plan, effort=replace(plan.effort, points=1))
    try:
        sample = admissible(small, RationalContext(), one, lambda sizes, point: True)
    except NoValueError:
        return None
    return None if sample.points else sample.empty("exact")


def generated(problem: Problem, plan: Plan) -> Evidence:
    """The change in float64, its order fitted over halved step sizes."""
    small, setting = limited(problem, MOST_ENTRIES, MOST_SAMPLES), setting_of(problem)

    def wide(
        sizes: Mapping[str, int], point: Mapping[str, Any], unit: float
    ) -> tuple[Status, str, float] | None:
        draws = draws_of(problem, sizes)
        if setting.pathwise or any(d.law == "gaussian" for d in draws) or count(draws) > FEW:
            return None
        at = {name: widened(WIDE, x) for name, x in point.items()}
        try:
            return _in_digits(problem, setting, draws, at, unit)
        except NoValueError:
            return None  # Python functions have no digits but those of float64

    return fitted_order(small, setting, plan, draws_of, wide)


def _in_digits(
    problem: Problem,
    setting: StepSetting,
    draws: Sequence[Draw],
    point: dict[str, Any],
    unit: float,
) -> tuple[Status, str, float]:
    """The gap at tiny step sizes, or at the point's, in many digits."""
    exactly, gaps = replace(setting, order=None), list[float]()
    where = f" in {WIDE.digits} digits"
    with WIDE.working():
        unit = WIDE.rational(*float(unit).as_integer_ratio())
        for n in TINY if setting.order else range(1):
            at = {**point, str(setting.step): unit / 2**n} if setting.order else point
            step = _Step(problem, exactly, WIDE, draws, at)
            sides = [(x, y) for row in step.sides() for x, y in row]
            gap = max(((abs(x - y)) for x, y in sides), key=WIDE.to_float)
            scale = max(((abs(x) + abs(y)) for x, y in sides), key=WIDE.to_float)
            if not gap > 0:
                return Status.AGREES, f"nothing is left out{where}", 0.0
            # The logarithm is taken of a number that float64 holds.
            gaps.append(WIDE.to_float(gap * 2 ** (TINY[0] * (setting.order or 0)) / unit))
    if setting.order:
        return judged_order(gaps, float(setting.order), where)
    share = WIDE.to_float(gap / scale)
    status = Status.DISAGREES if share > 1e-12 else Status.AGREES
    return status, f"difference {share:.1g} of the change{where}", -share


def stepped(problem: Problem, plan: Plan) -> Evidence:
    """The change in float64 at the sizes of the net, enumerated or simulated."""
    return simulated(limited(problem, None, None), setting_of(problem), plan, draws_of)


def setting_of(problem: Problem) -> StepSetting:
    """What the claim says about its step."""
    if problem.step is None:
        raise UsageError(f"{problem.id}: a claim about a step has no update; give one")
    return problem.step


def draws_of(problem: Problem, sizes: Mapping[str, int]) -> tuple[Draw, ...]:
    """What is drawn, at concrete sizes."""
    return tuple(
        Draw(
            name=d.name,
            law=d.law,
            shape=problem.signature.letter(d.name).shape_at(sizes),
            batch=size(d.batch, sizes) if d.batch else 0,
            replacement=d.replacement,
        )
        for d in setting_of(problem).draws
    )


def limited(problem: Problem, drawn: int | None, samples: int | None) -> Problem:
    """The problem at sizes that can be enumerated, and at which its minibatches exist."""
    found, parts = [], []
    for d in setting_of(problem).draws:
        letter = problem.signature.letter(d.name)
        shape = letter.shape if letter.family is None else (letter.family, *letter.shape)
        if d.law != "minibatch":
            parts.append("*".join(f"({n})" for n in shape) or "1")
            continue
        if not d.replacement:
            found.append(f"{shape[0]} >= {d.batch}")
        if samples is not None:
            found += [f"{samples} >= {shape[0]}", f"{samples} >= {d.batch}"]
    if drawn is not None and parts:
        found.append(f"{drawn} >= {' + '.join(parts)}")
    conditions = [Condition(text=f"small enough: {x}", relation=x) for x in found if _open(x)]
    signature = problem.signature
    # The size of a batch may stand in nothing that is stated.
    batches = {
        name for d in setting_of(problem).draws for name in re.findall(r"[^\W\d]\w*", d.batch)
    }
    signature = replace(
        signature,
        conditions=(*signature.conditions, *conditions),
        dimensions=tuple(sorted({*signature.dimensions, *batches})),
    )
    return replace(problem, signature=signature)


def _open(relation: str) -> bool:
    """Whether a relation speaks of a dimension."""
    return any(c.isalpha() for c in relation)


def _exact(problem: Problem, setting: StepSetting, plan: Plan, ctx: FlintContext) -> Evidence:
    effort = replace(
        plan.effort, sizes=min(plan.effort.sizes, 3), points=min(plan.effort.points, 2)
    )
    degrees, tried = set[int](), list[int]()

    def compare(sizes: Mapping[str, int], point: Mapping[str, Any]) -> int | None:
        """The least power of the step size at which both sides differ (0 of an exact claim)."""
        step = _Step(problem, setting, ctx, draws_of(problem, sizes), point)
        if not setting.pathwise:
            degrees.add(step.degree)
        found = next((n for n, equal in enumerate(step.equal()) if not equal), None)
        tried.append(step.outcomes)
        return found

    small = limited(problem, MOST_ENTRIES, MOST_SAMPLES)
    sample = admissible(small, ctx, replace(plan, effort=effort), compare)
    if not sample.points:
        anywhere = admissible(small, ctx, replace(plan, effort=effort), lambda sizes, point: True)
        if setting.order is not None and anywhere.points:
            raise NoValueError(f"no power series in {setting.step} at any of its points")
        return sample.empty("exact")
    wrong = [n for n in sample.values if n is not None]
    field = "a prime field" if isinstance(ctx, PrimeFieldContext) else "the rationals"
    what = _said(setting)
    if wrong:
        where = f"{len(wrong)} of {len(sample.points)} points of {field}"
        at = "" if setting.order is None else f" at the power {min(wrong)} of {setting.step}"
        reason = f"{what}: both sides differ{at} at {where}"
    else:
        law = _law(setting, max(degrees, default=3))
        reason = f"{what}: equal at {sample.described()} of {field}; {law}"
    return Evidence(
        tier="exact",
        status=Status.DISAGREES if wrong else Status.AGREES,
        reason=reason,
        brief=counted(len(sample.points), "point"),
        false_agree=None,
        points=len(sample.points),
        refused=sample.refused,
        numbers={
            "field": field,
            "outcomes": max(tried),
            "least power that differs": min(wrong, default=None),
            "sizes": sample.sizes(),
        },
    )


def _said(setting: StepSetting) -> str:
    what = "change for every draw" if setting.pathwise else "expected change"
    return what if setting.order is None else f"{what} below {setting.step}^{setting.order}"


def _law(setting: StepSetting, degree: int) -> str:
    if not setting.draws:
        return "nothing is drawn"
    if setting.pathwise:
        return "every outcome of finite draws, normals at random values"
    if any(d.law == "gaussian" for d in setting.draws):
        return f"normals by a finite law of equal moments up to order {degree}"
    return "every outcome was averaged"


class _Step:
    """One step at one point of a number context."""

    def __init__(
        self,
        problem: Problem,
        setting: StepSetting,
        ctx: FlintContext,
        draws: Sequence[Draw],
        point: Mapping[str, Any],
    ) -> None:
        self.problem, self.setting, self.ctx = problem, setting, ctx
        self.draws, self.point = draws, dict(point)
        self.powers = range(1) if setting.order is None else range(setting.order)
        self.numbers: Any = ctx
        if setting.order is not None:
            self.numbers = JetContext(ctx, max(1, setting.order - 1))
            zero_one = (ctx.rational(0), ctx.rational(1))
            self.point[str(setting.step)] = self.numbers.series(*zero_one)
        self.degree = 3 if setting.pathwise else self._degree()
        self.outcomes = count(draws, self.degree)
        if self.outcomes > MOST_OUTCOMES:
            raise NotAdmissibleError(f"outcomes: {self.outcomes} are too many; take smaller sizes")

    def equal(self) -> Iterator[bool]:
        """Whether both sides agree, power by power of the step size."""
        if self.setting.pathwise:
            rows = [[x == y for x, y in zip(*sides, strict=True)] for sides in self._each()]
            yield from (all(column) for column in zip(*rows, strict=True))
            return
        for row in self.sides():
            yield all(x == y for x, y in row)

    def sides(self) -> list[list[tuple[Any, Any]]]:
        """Mean change and stated change of every entry, power by power."""
        mean: list[list[Any]] = []
        for weight, drawn in outcomes(self.draws, self.degree):
            w = self.ctx.rational(weight.numerator, weight.denominator)
            moved = self._moved(self._in_context(drawn))
            mean = [
                [w * x + y for x, y in zip(a, b, strict=True)]
                for a, b in zip(moved, mean or [[0] * len(a) for a in moved], strict=True)
            ]
        stated = self._split(self._evaluated("change", self.point))
        pairs = zip(mean, stated, strict=True)
        return [list(zip(a, b, strict=True)) for a, b in pairs]

    def _each(self) -> Iterator[tuple[list[list[Any]], list[list[Any]]]]:
        """Change and stated change for one draw after the other."""
        normals = [d for d in self.draws if d.law == "gaussian"]
        finite = [d for d in self.draws if d.law != "gaussian"]
        for _, drawn in outcomes(finite):
            for t in LINE if normals else (1,):
                at = self._in_context(drawn) | {d.name: self._times(d, t) for d in normals}
                yield self._moved(at), self._split(self._evaluated("change", {**self.point, **at}))

    def _moved(self, drawn: Mapping[str, Any]) -> list[list[Any]]:
        """f(x⁺) − f(x), power by power."""
        at = {**self.point, **drawn}
        after = self._evaluated("update", at)
        after = after if isinstance(after, tuple | list) else (after,)
        new = {**at, **dict(zip(self.setting.states, after, strict=True))}
        first, second = self._evaluated("observable", new), self._evaluated("observable", at)
        if self.setting.order is None:
            x, y = entries(self.ctx, first), entries(self.ctx, second)
            return [[a - b for a, b in zip(x, y, strict=True)]]
        stands = self._stands_still(new, at)
        found = []
        for n in self.powers:
            # At h = 0 a step that moves nothing changes nothing, also where log f(x) has no value.
            x, y = (
                self._coefficients(value, n) if n or not stands else self._zeros(value)
                for value in (first, second)
            )
            found.append([a - b for a, b in zip(x, y, strict=True)])
        return found

    def _stands_still(self, new: Mapping[str, Any], at: Mapping[str, Any]) -> bool:
        return all(
            a == b
            for name in self.setting.states
            for a, b in zip(
                self._coefficients(new[name], 0), self._coefficients(at[name], 0), strict=True
            )
        )

    def _zeros(self, value: Any) -> list[Any]:
        return [self.ctx.rational(0)] * len(self._coefficients(value, 1))

    def _split(self, value: Any) -> list[list[Any]]:
        if self.setting.order is None:
            return [entries(self.ctx, value)]
        return [self._coefficients(value, n) for n in self.powers]

    def _coefficients(self, value: Any, n: int) -> list[Any]:
        return entries(self.ctx, self.numbers.coefficient(value, n))

    def _evaluated(self, name: str, at: Mapping[str, Any]) -> Any:
        try:
            return self.problem.kernel(name).in_context(self.numbers, at)
        except ZeroDivisionError as error:
            raise NotAdmissibleError(f"{name}: {error} here; draw another point") from error

    def _in_context(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _converted(self.ctx, value) for name, value in drawn.items()}

    def _times(self, d: Draw, t: int) -> Any:
        """A multiple of the random value that the point has for a draw."""
        value, factor = self.point[d.name], self.ctx.rational(t)
        return self.ctx.scale(factor, value) if self.ctx.is_matrix(value) else factor * value

    def _degree(self) -> int:
        """The degree in the normals, rounded up to one that a finite law averages."""
        normals = [d for d in self.draws if d.law == "gaussian"]
        if not normals:
            return DEGREES[0]
        finite = [d for d in self.draws if d.law != "gaussian"]
        _, other = next(iter(outcomes(finite)))
        beside = self._in_context(other)
        rows = []
        for t in range(DEGREES[-1] + 3):
            moved = self._moved(beside | {d.name: self._times(d, t) for d in normals})
            rows.append([x for row in moved for x in row])
        for degree in range(DEGREES[-1] + 1):
            rows = [[b - a for a, b in zip(x, y, strict=True)] for x, y in pairwise(rows)]
            if not any(x != 0 for row in rows for x in row):
                return next(d for d in DEGREES if d >= degree)
        raise _NoPolynomialError(
            f"no polynomial of degree {DEGREES[-1]} or less in the normals: no mean is exact"
        )


def _converted(ctx: FlintContext, value: Any) -> Any:
    """An array of fractions as a number or matrix of a context."""
    rational: Callable[[Fraction], Any] = lambda x: ctx.rational(x.numerator, x.denominator)  # noqa: E731
    if np.ndim(value) == 0:
        return rational(value[()])
    if np.ndim(value) == 1:
        return [rational(x) for x in value]
    return ctx.matrix([[rational(x) for x in row] for row in value])
