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
from verify.sampling import predicates
from verify.sizes import small_sizes
from verify.steps.support import on_support

from .measured import Row
from .small_values import entry_at, places

__all__ = ["Small", "failure", "shrunk", "simplified"]

SIZES, PATTERNS, LOOKS = 16, 8, 280
"""Sizes, patterns at each, and points looked at in all, ..."""

USUAL, FEWEST = 40, 24
"""... of so many entries; of more entries fewer points, as each takes longer, but so many."""

REACH = 4.0
"""How far from 0, or from the end next to it, numbers of a range are looked for."""

ZERO, UNIT = -2, -1
"""The first patterns: every entry 0, and the first entry of every letter 1."""

MANY = 36
"""Of letters with more entries rows are made 0, and no entry is made simpler by itself."""

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
        search.at_most(letters, sizes)
        for pattern in range(ZERO, PATTERNS):
            if search.looks >= search.most // 2:
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
    search.at_most(letters, small.sizes)
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
    most: int = LOOKS
    ctx: RationalContext = field(default_factory=RationalContext)

    def at_most(self, letters: Sequence[LetterSignature], sizes: Mapping[str, int]) -> None:
        """Look at fewer points where they have many entries."""
        entries = sum(int(np.prod(x.shape_at(sizes))) for x in letters)
        self.most = max(FEWEST, LOOKS * USUAL // max(USUAL, entries))

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
        return _between(letter, shape, rng, pattern)
    if not shape:
        choice = POSITIVE if positive else FREE[pattern != ZERO :]
        return choice[0] if pattern <= 0 else rng.choice(choice[: pattern + 1])
    if letter.family is not None:
        return [_member(letter, shape[1:], pattern, rng, n) for n in range(shape[0])]
    return _patterned_matrix(letter, shape, pattern, rng)


def _member(
    letter: LetterSignature, shape: Sequence[int], pattern: int, rng: Random, n: int
) -> Rational:
    """A member of a family: members differ, so that their spread is not zero."""
    if pattern < 0 and not shape and "positive" not in letter.facts:
        return Fraction(int(n == 0 and pattern == UNIT))
    found = _patterned_matrix(letter, shape, pattern, rng)
    if pattern not in (UNIT, 0, 1, 4) or not isinstance(found, list):
        return found
    return [[n * x for x in row] for row in found]


def _patterned_matrix(
    letter: LetterSignature, shape: Sequence[int], pattern: int, rng: Random
) -> Rational:
    if not shape:
        positive = "positive" in letter.facts
        return Fraction(rng.choice((1, 4))) if positive else Fraction(rng.choice((1, -1, 2)))
    r, c = (*shape, 1)[:2]
    if pattern < 0:
        definite = "positive_definite" in letter.facts
        ones = min(r, c) if definite else int(pattern == UNIT)
        return _diagonal(r, c, ones)
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


def _diagonal(r: int, c: int, ones: int) -> Rational:
    """Ones at the first places of the diagonal, zeros elsewhere."""
    return [[Fraction(int(i == j < ones)) for j in range(c)] for i in range(r)]


def _between(
    letter: LetterSignature, shape: tuple[int, ...], rng: Random, pattern: int
) -> Rational:
    """A letter in its range: of the first patterns zeros, or a one, where the range has them."""
    low, high = _range(letter, shape)
    first = _filled(np.zeros(shape).tolist(), int(pattern == UNIT))

    def one(a: float, b: float, wish: Fraction) -> Fraction:
        if pattern < 0 and a <= wish <= b:
            return wish
        near = min(max(a, 0.0), b)
        a, b = max(a, near - REACH), min(b, near + REACH)
        inside = [x for x in (*FREE[1:], *POSITIVE, *HALVES) if a <= x <= b]
        if not inside:
            return Fraction((a + b) / 2).limit_denominator(100)
        return inside[0] if pattern < 0 else rng.choice(inside)

    def of(a: Any, b: Any, wish: Rational) -> Rational:
        if np.ndim(a) == 0:
            return one(float(a), float(b), wish)
        return [of(x, y, z) for x, y, z in zip(a, b, wish, strict=True)]

    return of(low, high, first)


def _range(letter: LetterSignature, shape: tuple[int, ...]) -> tuple[Any, Any]:
    ends = letter.within or (-np.inf, np.inf)
    low, high = (np.broadcast_to(np.asarray(x, float), shape) for x in ends)
    return low, high


def _inside(letter: LetterSignature, value: Rational) -> bool:
    """Whether all entries of a value lie in the range of the letter."""
    x = np.asarray(value, dtype=float)
    low, high = _range(letter, x.shape)
    return bool(np.all((low <= x) & (x <= high)))


def _simpler(search: _Search, letters: Sequence[LetterSignature], small: Small) -> Small:
    """Letters made simpler as a whole, then their entries, while something fails still."""
    for letter in letters:
        for whole in _simple_wholes(letter, small.point[letter.name]):
            moved = _tried(search, small, letter, whole)
            if moved is not None:
                small = moved
                break
    for letter in letters:
        every = places(small.point[letter.name])
        if len(every) > MANY:
            small = _fewer_rows(search, small, letter)
            continue
        for place in every:
            now = _entry(small.point[letter.name], place)
            for value in _simpler_than(letter, now, diagonal=len(set(place)) == 1):
                whole = _placed(letter, small.point[letter.name], place, value)
                moved = _tried(search, small, letter, whole)
                if moved is not None:
                    small = moved
                    break
    return small


def _fewer_rows(search: _Search, small: Small, letter: LetterSignature) -> Small:
    """The rows or entries of a large letter made 0, each where it can be."""
    fixed = {"symmetric", "positive_definite", "positive"} & set(letter.facts)
    if fixed:
        return small
    for n, row in enumerate(small.point[letter.name]):
        value = list(small.point[letter.name])
        value[n] = _filled(row, 0)
        if value[n] == row or not _inside(letter, value):
            continue
        moved = _tried(search, small, letter, value)
        small = small if moved is None else moved
    return small


def _simple_wholes(letter: LetterSignature, now: Rational) -> Iterator[Rational]:
    """Values of a letter that are simpler than it is: zeros, a one, ones on the diagonal."""
    if not isinstance(now, list) or "positive" in letter.facts:
        return
    table = isinstance(now[0], list) and not isinstance(now[0][0], list)
    square = table and len(now) == len(now[0])
    simple = [] if "positive_definite" in letter.facts else [_filled(now, 0), _filled(now, 1)]
    simple += [_diagonal(len(now), len(now), len(now))] if square else []
    for value in simple:
        if value == now:
            return
        if _inside(letter, value):
            yield value


def _filled(x: Rational, first: int) -> Rational:
    """Zeros in the shape of a value, but for its first entry."""
    if not isinstance(x, list):
        return Fraction(first)
    return [_filled(part, first * (n == 0)) for n, part in enumerate(x)]


def _tried(search: _Search, small: Small, letter: LetterSignature, value: Rational) -> Small | None:
    """The point with another value of a letter, if something fails there."""
    if search.looks >= search.most:
        return None
    point = search.drawn(small.sizes, {**small.point, letter.name: value})
    found = search.at(small.sizes, point)
    return None if found is None else Small(sizes=small.sizes, point=point, found=found)


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


def _entry(x: Rational, place: tuple[int, ...]) -> Fraction:
    found = entry_at(x, place)
    assert isinstance(found, Fraction)
    return found


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
