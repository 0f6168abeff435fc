"""A point at which a value is negative, looked for near an admissible one: bounded, without chance.

Coordinates are moved one after the other and what lowers the score is kept: matrices are scaled,
their entries set to 0, turned, or moved by one; scalars are halved, doubled, and pushed onto the
boundary of every assumption that is linear in them.  Only admissible points count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from numerics.contexts import FlintContext
from numerics.errors import NumericsError
from numerics.points import as_arrays
from numerics.signature import LetterSignature

from .problem import Problem
from .sampling import predicates

__all__ = ["Counterexample", "searched", "widened"]

TRIES = 70
"""Points that are looked at, from one start."""

ROUNDS = 3

Score: TypeAlias = Callable[[Mapping[str, int], Mapping[str, Any]], float]
"""Sizes and a point in float64 -> the value relative to the sum of its absolute terms."""

Confirm: TypeAlias = Callable[[Mapping[str, int], Mapping[str, Any]], float | None]
"""Sizes and a point of the context -> the value if it is certainly negative, else None."""

Rational: TypeAlias = Any
"""A fraction, rows of fractions, or a list of either."""

MOVED = ("state", "parameter", "process", "time")


@dataclass(frozen=True, kw_only=True)
class Counterexample:
    """A point at which the value is negative, in fractions and in words, and the value."""

    value: float
    text: str
    at: Mapping[str, Any]


def searched(
    problem: Problem,
    ctx: FlintContext,
    sizes: Mapping[str, int],
    start: Mapping[str, Any],
    score: Score,
    confirm: Confirm,
) -> tuple[Counterexample | None, int]:
    """A point with a negative value, if one is found, and how many points were looked at."""
    letters = {x.name: x for x in problem.letters() if x.kind in MOVED}
    at = {name: _fractions(x) for name, x in start.items() if name in letters}
    search = _Search(problem=problem, ctx=ctx, sizes=sizes, score=score)
    best = search.at(at), at
    for _ in range(ROUNDS):
        before = best[0]
        for name in sorted(at):
            for moved in _moves(search, letters[name], best[1]):
                if search.tried >= TRIES:
                    return None, search.tried
                found = search.at(moved)
                if found < best[0]:
                    best = found, moved
                if found < 0.0:
                    value = confirm(sizes, search.point(moved))
                    if value is not None:
                        text = _text(sizes, moved)
                        return Counterexample(value=value, text=text, at=moved), search.tried
        if best[0] == before:
            break
    return None, search.tried


@dataclass(kw_only=True)
class _Search:
    """Scores of admissible points, counted."""

    problem: Problem
    ctx: FlintContext
    sizes: Mapping[str, int]
    score: Score
    tried: int = 0

    def point(self, point: Mapping[str, Rational]) -> dict[str, Any]:
        """A point of fractions in the context."""
        return {**self.sizes, **{name: widened(self.ctx, x) for name, x in point.items()}}

    def at(self, point: Mapping[str, Rational]) -> float:
        """The score, infinite where the point is not admissible or has none."""
        self.tried += 1
        values = self.point(point)
        try:
            with self.ctx.working():
                if not all(met(self.ctx, values) for met in predicates(self.problem).values()):
                    return math.inf
            found = self.score(self.sizes, as_arrays(values, self.ctx))
        except (NumericsError, ZeroDivisionError):
            return math.inf
        return found if math.isfinite(found) else math.inf

    def boundaries(self, name: str, point: Mapping[str, Rational]) -> Iterator[Fraction]:
        """Values of a scalar at which a condition that is linear in it is just met."""
        for condition in self.problem.signature.conditions:
            kernel = self.problem.kernels.get(condition.kernel or "")
            if kernel is None or name not in kernel.arguments:
                continue
            x, found = point[name], []
            for moved in (x, x + 1):
                gap = kernel.in_context(self.ctx, self.point({**point, name: moved}))
                if self.ctx.is_matrix(gap):
                    break
                found.append(Fraction(self.ctx.to_float(gap)).limit_denominator(10**6))
            if len(found) == 2 and found[0] != found[1]:
                slope = found[1] - found[0]
                edge = x - found[0] / slope
                yield from (edge, edge + Fraction(1, 64) * (1 if slope > 0 else -1))


def _moves(
    search: _Search, letter: LetterSignature, point: Mapping[str, Rational]
) -> Iterator[dict[str, Rational]]:
    """The points to which one letter may be moved."""
    name, x = letter.name, point[letter.name]
    positive = {"positive", "positive_definite"} & set(letter.facts) or letter.kind == "time"
    factors = [Fraction(1, 16), Fraction(16), Fraction(1, 2), Fraction(2)]
    if not positive:
        factors += [Fraction(-1), Fraction(0)]
    moved: list[Rational] = []
    if isinstance(x, Fraction):
        moved += search.boundaries(name, point)
    moved += [_scaled(x, c) for c in factors]
    if not letter.facts and letter.family is None and isinstance(x, list):
        moved += _entrywise(x)
    yield from ({**point, name: value} for value in moved if value != x)


def _entrywise(rows: Sequence[Sequence[Fraction]]) -> Iterator[list[list[Fraction]]]:
    """One entry set to 0, turned, or moved by one; all entries rounded."""
    yield [[Fraction(round(x)) for x in row] for row in rows]
    for i, row in enumerate(rows):
        for j, x in enumerate(row):
            for new in (Fraction(0), -x, x + 1, x - 1):
                copy = [list(r) for r in rows]
                copy[i][j] = new
                yield copy


def _scaled(x: Rational, c: Fraction) -> Rational:
    return [_scaled(part, c) for part in x] if isinstance(x, list) else c * x


def _fractions(x: Any) -> Rational:
    """A value of the rationals as plain fractions."""
    if isinstance(x, list | tuple):
        return [_fractions(part) for part in x]
    if hasattr(x, "nrows"):
        return [[_fractions(x[i, j]) for j in range(x.ncols())] for i in range(x.nrows())]
    return Fraction(int(x.p), int(x.q))


def widened(ctx: FlintContext, x: Any) -> Any:
    """A rational value, or one of plain fractions, as a number of another context."""
    if isinstance(x, int):
        return x
    if isinstance(x, Fraction):
        return ctx.rational(x.numerator, x.denominator)
    if isinstance(x, list | tuple):
        parts = [widened(ctx, part) for part in x]
        rows = bool(x) and isinstance(x[0], list) and bool(x[0]) and isinstance(x[0][0], Fraction)
        return ctx.matrix(parts) if rows else parts
    if hasattr(x, "nrows"):
        return widened(ctx, _fractions(x))
    return ctx.rational(int(x.p), int(x.q))


def _text(sizes: Mapping[str, int], point: Mapping[str, Rational]) -> str:
    """A point in words."""
    named = [f"{name} = {n}" for name, n in sizes.items()]
    return ", ".join(named + [f"{name} = {_shown(x)}" for name, x in sorted(point.items())])


def _shown(x: Rational) -> str:
    return f"[{', '.join(map(_shown, x))}]" if isinstance(x, list) else str(x)
