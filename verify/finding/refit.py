"""Which change of a stated form makes it fit: a number, a power, a term too many or too few.

A form is Σ c_i x_i with numbers c_i and terms x_i.  A change is accepted if it fits every row at
every point within the errors of the measured values; of several the least is preferred.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

import numpy as np

from .linear_fit import solved
from .measured import Row, Table

__all__ = ["Change", "Fit", "best_fit", "fits", "gap_of", "residuals", "whole_factor"]

WIDEST = 1e-2
"""A coefficient known worse than that, relative to itself, explains nothing."""

SAME = 1e-9
"""Relative distance at which numbers from exact values are one number."""

CLOSE = 1e-7
"""Relative distance at which a number is as claimed."""

LETTERS = 3
"""So many letters at most may have a wrong power in one term."""

UNSEEN = 1e-6
"""A gap below that share of what a measured value consists of is left to rounding."""

POWERS = tuple(Fraction(n, 2) for n in (2, -2, 1, -1, 4, -4, 3, -3))
"""Powers that a letter may have too little, together with another mistake."""

SIMPLE = 60
"""Largest denominator of a fraction that a decimal number is taken for."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One term: its number as claimed and as measured, and the powers that it lacks.

    ``term`` counts the terms, then the candidates; None is the whole form.
    """

    term: int | None
    claimed: Any
    low: Any
    high: Any
    powers: Mapping[str, Fraction] = field(default_factory=dict)
    exchanged: tuple[str, ...] = ()
    """Two dimensions of which each stands where the other fits, ..."""
    both: bool = False
    """... if both stand there; else the first stands where the second fits."""

    @property
    def measured(self) -> Any:
        """The middle of the interval, or the simple number in it."""
        if isinstance(self.low, Fraction) and self.low == self.high:
            return self.low
        low, high = float(self.low), float(self.high)
        middle = (low + high) / 2
        simple = Fraction(middle).limit_denominator(SIMPLE)
        slack = max((high - low) / 2, SAME * abs(middle))
        return simple if abs(float(simple) - middle) <= slack else middle

    @property
    def same_number(self) -> bool:
        """Whether the number in front is as claimed, and the powers alone are not."""
        slack = CLOSE * max(1.0, abs(float(self.claimed)))
        return float(self.low) - slack <= float(self.claimed) <= float(self.high) + slack

    @property
    def radius(self) -> float:
        """Half the length of the interval."""
        return float(self.high - self.low) / 2


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Changes that make the form fit, and how much they change."""

    cost: float
    changes: tuple[Change, ...]


def best_fit(table: Table, coefficients: Sequence[Any], candidates: int) -> Fit | None:
    """The least change that makes the form fit; None if none of those tried does."""
    return min(_fits(table, coefficients, candidates), key=lambda fit: fit.cost, default=None)


def fits(table: Table, coefficients: Sequence[Any]) -> bool:
    """Whether the form fits as it stands."""
    for row in _all(table):
        gap, error = _needed(row, coefficients, None)
        if abs(gap) > max(error, UNSEEN * row.scale):
            return False
    return True


def whole_factor(table: Table, coefficients: Sequence[Any]) -> Change | None:
    """The number and the powers by which the whole form is to be multiplied so that it fits."""
    found = _single(table, coefficients, None)
    return None if found is None else found.changes[0]


def residuals(table: Table, coefficients: Sequence[Any]) -> list[list[tuple[Any, float]]]:
    """Measured less stated with its error, row by row at every point."""
    return [[_needed(row, coefficients, None) for row in point] for point in table.points]


def gap_of(rows: Sequence[Row], part: Any) -> float:
    """The largest difference of measured and stated values among some rows."""
    coefficients = [term.coefficient for term in (*part.terms, *part.candidates)]
    return max((abs(float(_needed(row, coefficients, None)[0])) for row in rows), default=0.0)


def _all(table: Table) -> Iterator[Row]:
    return (row for point in table.points for row in point)


def _fits(table: Table, coefficients: Sequence[Any], candidates: int) -> Iterator[Fit]:
    count = len(coefficients) - candidates
    for i in range(count):
        found = _single(table, coefficients, i)
        if found is not None:
            yield found
    if count > 1:
        found = _single(table, coefficients, None)
        if found is not None:
            yield Fit(cost=found.cost + 0.3, changes=found.changes)
        yield from _joint(table, coefficients, count)
        yield from _pairs(table, coefficients, count)
    # What was forgotten may be a power times something that is there, or a candidate.
    for i in range(len(coefficients)):
        found = _single(table, coefficients, i, missing=True)
        if found is not None:
            yield Fit(cost=found.cost + (0.55 if i >= count else 0.8), changes=found.changes)


def _single(
    table: Table, coefficients: Sequence[Any], i: int | None, *, missing: bool = False
) -> Fit | None:
    """One term, or the whole form, with another number or other powers in front.

    With ``missing`` the term comes in addition to what is stated.
    """
    intervals = []
    for point in table.points:
        interval = _ratio(point, coefficients, i, missing=missing)
        if interval is None:
            return None
        intervals.append(interval)
    claimed = 1 if i is None else (0 if missing else coefficients[i])
    both = _intersection(intervals)
    if both is not None:
        change = Change(term=i, claimed=claimed, low=both[0], high=both[1])
        return Fit(cost=1.0, changes=(change,)) if _differs(change) else None
    return _powers(table, intervals, i, claimed)


def _needed(row: Row, coefficients: Sequence[Any], without: int | None) -> tuple[Any, float]:
    """Measured less stated, one term left out, and how far off that may be."""
    gap: Any = row.measured
    rounding, error = 0.0, row.error
    for n, (c, x) in enumerate(zip(coefficients, row.terms, strict=True)):
        if n == without or c == 0 or x == 0:
            continue
        part = c * x if isinstance(c, Fraction | int) or isinstance(x, float) else c * float(x)
        if isinstance(part, float):
            rounding += abs(part)
            gap = float(gap)
        gap = gap - part
    return gap, error + 1e-12 * rounding


def _ratio(
    point: Sequence[Row], coefficients: Sequence[Any], i: int | None, *, missing: bool
) -> tuple[Any, Any] | None:
    """The interval of numbers in front of a term that fit at one point; None if none does."""
    low: Any = -math.inf
    high: Any = math.inf
    for row in point:
        x: Any
        gap: Any
        if i is None:
            x = sum(c * y for c, y in zip(coefficients, row.terms, strict=True) if c != 0)
            gap, error = row.measured, row.error
        else:
            x = row.terms[i]
            gap, error = _needed(row, coefficients, None if missing else i)
        if x == 0 or (isinstance(x, float) and abs(x) < 1e-14 * abs(gap)):
            if abs(gap) > error:
                return None
            continue
        if error:
            centre, radius = float(gap) / float(x), error / abs(float(x))
            low, high = max(low, centre - radius), min(high, centre + radius)
        else:
            exact = gap / x
            low, high = max(low, exact), min(high, exact)
        if low > high and not _near(low, high, isinstance(gap, float)):
            return None
    return (low, high) if low <= high else (high, low)


def _near(a: Any, b: Any, inexact: bool) -> bool:
    return inexact and abs(float(a) - float(b)) <= SAME * max(abs(float(a)), abs(float(b)))


def _intersection(intervals: Sequence[tuple[Any, Any]]) -> tuple[Any, Any] | None:
    told = [x for x in intervals if math.isfinite(x[0]) and math.isfinite(x[1])]
    if not told:
        return None
    low, high = max(x[0] for x in told), min(x[1] for x in told)
    if low > high:
        if not (isinstance(low, float) or isinstance(high, float)) or not _near(low, high, True):
            return None
        low, high = high, low
    width = float(high) - float(low)
    if width > WIDEST * max(abs(float(low)), abs(float(high)), WIDEST):
        return None
    return low, high


def _differs(change: Change) -> bool:
    return not change.same_number or bool(change.powers)


def _powers(
    table: Table, intervals: Sequence[tuple[Any, Any]], i: int | None, claimed: Any
) -> Fit | None:
    """Powers of scalars that make the numbers in front of a term one number."""
    told = [
        (float(low), float(high), scalars)
        for (low, high), scalars in zip(intervals, table.scalars, strict=True)
        if _narrow(low, high)
    ]
    middles = [(low + high) / 2 for low, high, _ in told]
    if not told or any(m == 0 for m in middles):
        return None
    names = sorted(set.intersection(*({*scalars} for *_, scalars in told)))
    logs = {name: np.log(np.abs([scalars[name] for *_, scalars in told])) for name in names}
    varying = [name for name in names if np.ptp(logs[name]) > 1e-9]
    y = np.log(np.abs(middles))
    found = []
    for count in range(1, LETTERS + 1):
        if len(told) < count + 3:
            break
        for chosen in combinations(varying, count):
            change = _with_powers(told, [logs[name] for name in chosen], y, chosen, i, claimed)
            if change is not None:
                cost = 1.1 + 0.1 * count + 0.3 * (not change.same_number)
                found.append(Fit(cost=cost, changes=(change,)))
        if found:
            break
    return min(found, key=lambda fit: fit.cost, default=None)


def _power(x: float, e: Fraction) -> float:
    """x to the power e; not a number for a root of a negative one."""
    if e.denominator == 1:
        return float(x ** int(e))
    return math.nan if x < 0 else float(x ** float(e))


def _narrow(low: Any, high: Any) -> bool:
    """Whether a point tells the number in front; where a term is but rounding, it does not."""
    return math.isfinite(low) and float(high - low) <= WIDEST * max(abs(low), abs(high))


def _with_powers(
    told: Sequence[Any],
    logs: Sequence[Any],
    y: Any,
    chosen: Sequence[str],
    i: int | None,
    claimed: Any,
) -> Change | None:
    A = np.stack([np.ones(len(y)), *logs], axis=1)
    solution, _, rank, _ = np.linalg.lstsq(A, y, rcond=None)
    if rank < A.shape[1]:
        return None
    exponents = [Fraction(round(4 * x), 4) for x in solution[1:]]
    pairs = zip(exponents, solution[1:], strict=True)
    if any(abs(float(e) - x) > 0.02 or e == 0 for e, x in pairs):
        return None
    low, high = -math.inf, math.inf
    for a, b, scalars in told:
        scale = _monomial(scalars, dict(zip(chosen, exponents, strict=True)))
        if math.isnan(scale):
            return None
        ends = sorted((a / scale, b / scale))
        low, high = max(low, ends[0]), min(high, ends[1])
    if low > high:
        if not _near(low, high, True):
            return None
        low, high = high, low
    if not _narrow(low, high):
        return None
    powers = dict(zip(chosen, exponents, strict=True))
    return Change(term=i, claimed=claimed, low=low, high=high, powers=powers)


def _pairs(table: Table, coefficients: Sequence[Any], count: int) -> Iterator[Fit]:
    """One term with another number together with one that has another power of one letter."""
    rows = [(n, row) for n, point in enumerate(table.points) for row in point]
    if len(rows) < 6:
        return
    names = sorted(set.intersection(*({*scalars} for scalars in table.scalars)))
    X = np.array([[float(x) for x in row.terms[:count]] for _, row in rows])
    c = np.array([float(x) for x in coefficients[:count]])
    y = np.array([float(row.measured) for _, row in rows]) - X @ c
    slack = np.array([row.error for _, row in rows]) + SAME * np.max(np.abs(X * c), axis=1)
    for powers in _likely(names, table.dimensions):
        factor = np.array([_monomial(table.scalars[n], powers) for n, _ in rows])
        if np.any(np.isnan(factor)) or np.ptp(factor) == 0:
            continue
        for i, j in permutations(range(count), 2):
            rest = y + X[:, i] * c[i] + X[:, j] * c[j]
            A = np.stack([X[:, i], X[:, j] * factor], axis=1)
            found, _, rank, _ = np.linalg.lstsq(A, rest, rcond=None)
            if rank == 2 and np.all(np.abs(A @ found - rest) <= slack):
                yield _pair(coefficients, (i, j), found, powers)


def _likely(names: Sequence[str], dimensions: Sequence[str]) -> Iterator[dict[str, Fraction]]:
    """A power of one letter, or one dimension for another."""
    yield from ({name: power} for name in names for power in POWERS)
    yield from ({a: Fraction(1), b: Fraction(-1)} for a, b in permutations(dimensions, 2))


def _monomial(scalars: Mapping[str, float], powers: Mapping[str, Fraction]) -> float:
    return math.prod(_power(scalars[name], e) for name, e in powers.items())


def _pair(
    coefficients: Sequence[Any], pair: tuple[int, int], found: Any, powers: Mapping[str, Fraction]
) -> Fit:
    changes = []
    for n, value, extra in zip(pair, found.tolist(), ({}, powers), strict=True):
        slack = SAME * max(abs(value), abs(float(coefficients[n])))
        change = Change(
            term=n,
            claimed=coefficients[n],
            low=value - slack,
            high=value + slack,
            # 0 times a power is 0: what is not there has none.
            powers=extra if abs(value) > slack else {},
        )
        changes.append(change)
    return Fit(cost=2.3 + 0.3 * (not changes[1].same_number), changes=tuple(changes))


def _joint(table: Table, coefficients: Sequence[Any], count: int) -> Iterator[Fit]:
    """All numbers at once, where they are determined."""
    numbers = solved(table, count)
    if numbers is None:
        return
    changes = []
    for n, (low, high) in enumerate(numbers):
        change = Change(term=n, claimed=coefficients[n], low=low, high=high)
        if _differs(change):
            changes.append(change)
    if len(changes) > 1:
        yield Fit(cost=1.05 * len(changes), changes=tuple(changes))
