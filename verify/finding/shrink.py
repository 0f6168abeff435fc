"""A point at which a claim fails, small enough to be checked by hand.

Sizes are tried from the smallest on, with a few patterns of small numbers at each; from the first
point that is admissible and at which both sides differ, entries are made simpler one by one.  The
same on every machine, and bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any, TypeAlias

import numpy as np

from numerics.contexts import RationalContext
from numerics.errors import NumericsError
from numerics.points import meets
from numerics.signature import LetterSignature
from verify.counterexample import MOVED, widened
from verify.problem import Problem
from verify.sampling import predicates, small_sizes
from verify.steps.support import on_support

from .measured import Row

__all__ = ["Small", "failure", "plain", "shown", "shrunk", "simplified"]

SIZES, PATTERNS, LOOKS = 16, 8, 280
"""Sizes, patterns at each, and points looked at in all."""

FREE = tuple(map(Fraction, (0, 1, -1, 2, -2, 3)))
POSITIVE = tuple(Fraction(x) for x in ("1", "4", "2", "9", "1/4"))
"""Simple numbers, the simplest first; squares have roots."""

HALVES = tuple(map(Fraction, ("1/2", "3/2", "3/4", "5/4")))

DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32, 50, 100)
"""Of the fractions near a number that nothing simpler may stand for."""

Rational: TypeAlias = Any


@dataclass(frozen=True, kw_only=True)
class Small:
    """A small point: sizes, plain fractions for every letter, and what fails there."""

    sizes: Mapping[str, int]
    point: Mapping[str, Rational]
    found: Any


Fails: TypeAlias = Callable[[Mapping[str, int], Mapping[str, Any]], Any]
"""Sizes and a point of the rationals -> what fails there, or None."""


def failure(rows: Sequence[Row], coefficients: Sequence[Any]) -> tuple[Row, Any] | None:
    """The first row whose measured value is not the stated one, and the stated one."""
    for row in rows:
        pairs = [(c, x) for c, x in zip(coefficients, row.terms, strict=True) if c != 0]
        stated: Any = sum((c * x for c, x in pairs), Fraction(0))
        gap = float(row.measured - stated)
        scale = abs(float(row.measured)) + abs(float(stated))
        inexact = row.error or isinstance(stated, float)
        if abs(gap) > (max(10 * row.error, 1e-6 * scale) if inexact else 0.0):
            return row, stated
    return None


def shrunk(problem: Problem, fails: Fails) -> Small | None:
    """The smallest point found at which ``fails`` finds something."""
    letters = tuple(x for x in problem.letters() if x.kind in MOVED)
    definite = tuple(x.name for x in letters if "positive_definite" in x.facts)
    search = _Search(problem=problem, fails=fails, definite=definite)
    blocks = [rows for spectrum in problem.signature.spectra for rows in (spectrum.rows or ())]
    spectral = {name for name, _ in blocks}
    for sizes in small_sizes(problem.signature, SIZES):
        for pattern in range(PATTERNS):
            if search.looks >= LOOKS // 2:
                return None
            point = {x.name: _patterned(x, sizes, _own(pattern, x.name, spectral)) for x in letters}
            point = search.drawn(sizes, point)
            found = search.at(sizes, point)
            if found is not None:
                return _simpler(search, letters, Small(sizes=sizes, point=point, found=found))
    return None


def simplified(problem: Problem, fails: Fails, small: Small) -> Small:
    """A point at which something fails, made simpler as long as it still does."""
    letters = tuple(x for x in problem.letters() if x.kind in MOVED and x.name in small.point)
    definite = tuple(x.name for x in letters if "positive_definite" in x.facts)
    search = _Search(problem=problem, fails=fails, definite=definite)
    return _simpler(search, letters, small)


def _own(pattern: int, name: str, spectral: set[str]) -> int:
    """Matrices whose spectrum is spoken of stay diagonal, so that it is rational."""
    return 4 if name in spectral else pattern


@dataclass(kw_only=True)
class _Search:
    """What fails at points, counted."""

    problem: Problem
    fails: Fails
    definite: tuple[str, ...]
    looks: int = 0
    ctx: RationalContext = field(default_factory=RationalContext)

    def drawn(self, sizes: Mapping[str, int], point: Mapping[str, Rational]) -> dict[str, Rational]:
        """The point with values for draws that their laws have, if there are any."""
        try:
            return {**point, **on_support(self.problem, sizes, point)}
        except NumericsError:
            return dict(point)

    def at(self, sizes: Mapping[str, int], point: Mapping[str, Rational]) -> Any:
        """What fails at an admissible point; None where nothing does, or nothing has a value."""
        self.looks += 1
        ctx = self.ctx
        values = {**sizes, **{name: widened(ctx, x) for name, x in point.items()}}
        try:
            if not all(met(ctx, values) for met in predicates(self.problem).values()):
                return None
            if not all(meets(ctx, "positive_definite", values[name]) for name in self.definite):
                return None
            return self.fails(sizes, values)
        except (NumericsError, ZeroDivisionError):
            return None


def _patterned(letter: LetterSignature, sizes: Mapping[str, int], pattern: int) -> Rational:
    """A letter of small numbers: first zeros and ones, then others."""
    shape = letter.shape_at(sizes)
    rng = Random(f"{pattern}/{letter.name}")
    positive = "positive" in letter.facts or letter.kind == "time"
    if letter.within is not None:
        return _between(letter, shape, rng)
    if not shape:
        choice = POSITIVE if positive else FREE[1:]
        return choice[0] if pattern == 0 else rng.choice(choice[: pattern + 1])
    if letter.family is not None:
        return [_member(letter, shape[1:], pattern, rng, n) for n in range(shape[0])]
    return _patterned_matrix(letter, shape, pattern, rng)


def _member(
    letter: LetterSignature, shape: Sequence[int], pattern: int, rng: Random, n: int
) -> Rational:
    """A member of a family: members differ, so that their spread is not zero."""
    found = _patterned_matrix(letter, shape, pattern, rng)
    if pattern not in (0, 1, 4) or not isinstance(found, list):
        return found
    return [[n * x for x in row] for row in found]


def _patterned_matrix(
    letter: LetterSignature, shape: Sequence[int], pattern: int, rng: Random
) -> Rational:
    if not shape:
        positive = "positive" in letter.facts
        return Fraction(rng.choice((1, 4))) if positive else Fraction(rng.choice((1, -1, 2)))
    r, c = (*shape, 1)[:2]
    turn = sum(map(ord, letter.name)) % 2 if pattern in (1, 3) else 0
    ladder = pattern in (0, 1, 4)
    if ladder and {"symmetric", "positive_definite"} & set(letter.facts):
        return [[Fraction((i + 1) * (i == j)) for j in range(c)] for i in range(r)]
    if "positive_definite" in letter.facts:
        # Dominant diagonal.
        return [[Fraction(1 + c if i == j else int((i + j) % 2)) for j in range(c)]
                for i in range(r)]  # fmt: skip
    if ladder or pattern == 3:
        # Ones, twos, ... on a diagonal: independent rows, and different singular values.
        start = turn or (letter.name[-1:] == "2" and pattern == 0)
        step = [[Fraction((i + 1) * (j == i + start)) for j in range(c)] for i in range(r)]
        if any(x for row in step for x in row):
            return step
        return [[Fraction(int(i == j)) for j in range(c)] for i in range(r)]
    if pattern == 2:
        return [[Fraction(1)] * c for _ in range(r)]
    A = [[Fraction(rng.choice((0, 0, 1, -1, 2))) for _ in range(c)] for _ in range(r)]
    if "symmetric" in letter.facts:
        return [[A[min(i, j)][max(i, j)] for j in range(c)] for i in range(r)]
    return A


def _between(letter: LetterSignature, shape: Sequence[int], rng: Random) -> Rational:
    low, high = (np.broadcast_to(np.asarray(x, float), shape) for x in letter.within or (0, 0))

    def one(a: float, b: float) -> Fraction:
        a, b = max(a, -4.0), min(b, 4.0) if a < 4.0 else a + 4.0
        inside = [x for x in (*FREE[1:], *POSITIVE, *HALVES) if a <= x <= b]
        return rng.choice(inside) if inside else Fraction((a + b) / 2).limit_denominator(100)

    def of(a: Any, b: Any) -> Rational:
        if np.ndim(a) == 0:
            return one(float(a), float(b))
        return [of(x, y) for x, y in zip(a, b, strict=True)]

    return of(low, high)


def _simpler(search: _Search, letters: Sequence[LetterSignature], small: Small) -> Small:
    """Entries made simpler one after the other, while something fails still."""
    for letter in letters:
        for place in _places(small.point[letter.name]):
            now = _entry(small.point[letter.name], place)
            for value in _simpler_than(letter, now, diagonal=len(set(place)) == 1):
                if search.looks >= LOOKS:
                    return small
                moved = _placed(letter, small.point[letter.name], place, value)
                point = search.drawn(small.sizes, {**small.point, letter.name: moved})
                found = search.at(small.sizes, point)
                if found is not None:
                    small = Small(sizes=small.sizes, point=point, found=found)
                    break
    return small


def _simpler_than(letter: LetterSignature, now: Fraction, *, diagonal: bool) -> Iterator[Fraction]:
    definite = "positive_definite" in letter.facts and diagonal
    positive = "positive" in letter.facts or letter.kind == "time" or definite
    values: Sequence[Fraction] = POSITIVE if positive else FREE
    low, high = -np.inf, np.inf
    if letter.within is not None:
        low, high = float(np.max(letter.within[0])), float(np.min(letter.within[1]))
        values = [x for x in (*FREE, *HALVES) if low <= x <= high]
    for value in values:
        if value == now:
            return
        yield value
    for denominator in DENOMINATORS:
        if denominator >= now.denominator:
            return
        near = now.limit_denominator(denominator)
        if low <= near <= high and (near > 0 or not positive):
            yield near


def _places(x: Rational) -> list[tuple[int, ...]]:
    if not isinstance(x, list):
        return [()]
    return [(n, *rest) for n, part in enumerate(x) for rest in _places(part)]


def _entry(x: Rational, place: tuple[int, ...]) -> Fraction:
    for n in place:
        x = x[n]
    assert isinstance(x, Fraction)
    return x


def _placed(
    letter: LetterSignature, x: Rational, place: tuple[int, ...], value: Fraction
) -> Rational:
    if not place:
        return value
    moved = [_placed(letter, part, place[1:], value) if n == place[0] else part
             for n, part in enumerate(x)]  # fmt: skip
    if len(place) == 2 and {"symmetric", "positive_definite"} & set(letter.facts):
        i, j = place
        moved = [list(row) for row in moved]
        moved[j][i] = value
    return moved


def plain(x: Any) -> Any:
    """A value of the rationals, or an array, as nested lists of numbers."""
    if hasattr(x, "tolist") and not hasattr(x, "nrows"):
        return plain(x.tolist())
    if isinstance(x, list | tuple):
        return [plain(part) for part in x]
    if hasattr(x, "nrows"):
        return [[plain(x[i, j]) for j in range(x.ncols())] for i in range(x.nrows())]
    return Fraction(int(x.p), int(x.q)) if hasattr(x, "p") else x


def shown(x: Any) -> str:
    """A number, or rows between semicolons."""
    if isinstance(x, list | tuple):
        if x and isinstance(x[0], list | tuple):
            if x[0] and isinstance(x[0][0], list | tuple):
                return "(" + ", ".join(map(shown, x)) + ")"
            return "[" + "; ".join(" ".join(map(shown, row)) for row in x) + "]"
        return "(" + ", ".join(map(shown, x)) + ")"
    if isinstance(x, Fraction | int):
        return str(x).replace("-", "−")
    return f"{float(x):.6g}".replace("-", "−")
