"""Which sizes of its dimensions a claim is looked at.

Points say nothing about sizes that were not looked at, and a wrong formula in the sizes may vanish
at all that were: n(n + 1 − m) wherever m = n + 1.  So sizes are taken one after the other, each to
break as much as it can of what the earlier ones left: polynomials of low degree with small whole
coefficients in two or three sizes that vanish at all of them, simple ones first.  Every order of
two dimensions, equal ones included, and new values and differences count as well; small sizes are
cheaper.  What dimensions are called changes nothing: they stand in the order of appearance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations, product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.signature import ClaimSignature, LetterSignature, NoiseSignature, holds

__all__ = [
    "Choice",
    "Sizes",
    "appearance",
    "corner_sizes",
    "several_sizes",
    "small_sizes",
    "telling_sizes",
    "turned_sizes",
    "wide_sizes",
]

Sizes: TypeAlias = Mapping[str, int]
Row: TypeAlias = tuple[int, ...]

LARGEST = 6
WIDEST, ROWS = 24, 10_000
"""Where no small size is admissible, values are looked at up to these, and so many rows of them."""

BEYOND = 2
"""How much larger than need be sizes are then."""

APART = (2, 3, 5, 7, 10)
"""Sizes of a tier that looks at one: hardly two that a small number takes to each other."""

ENTRIES = 80
"""Entries that the states may have there."""

LINEAR, CURVED = 5, 4
"""The most that the coefficients of a polynomial add up to: of first degree, and of second.

Products of two of the first are looked at as well.
"""

NEW, COST, NARROW, EQUAL, NEAR, REFUSED = 0.2, 0.018, 0.25, 0.3, 0.1, 0.5
"""Worth of a relation that is new; prices of a size, of a one, of equal or neighbouring sizes among
the first, and of a value at which there was no admissible point."""

WIDER = 0.5
"""Worth of a dimension that is larger than 1, which it was not at all that were found."""

GENERIC = 2
"""How many are looked at before those where dimensions are equal."""


@dataclass(frozen=True)
class Choice:
    """The small admissible sizes of a claim, from which one is taken after the other.

    ``rows`` are values of the dimensions in the order of ``names``, the smaller ones first;
    ``without`` says why there are none.
    """

    dimensions: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    without: str = ""

    @classmethod
    def of(cls, signature: ClaimSignature, values: Sequence[int] | None = None) -> Choice:
        """All sizes of these values, or all small ones, that meet the assumptions.

        Where no small ones do, those are taken that are hardly larger than the smallest that do.
        """
        names = appearance(signature)
        largest = LARGEST if len(names) <= 5 else 3
        each = tuple(range(1, largest + 1) if values is None else values)
        relations = tuple(c.relation for c in signature.conditions if c.relation is not None)
        rows = _fitting(names, relations, each)
        if not rows and names and values is None:
            largest = max(largest, min(WIDEST, int(ROWS ** (1 / len(names)) + 1e-9)))
            rows = _fitting(names, relations, tuple(range(1, largest + 1)))
            least = min(map(max, rows), default=0)
            rows = tuple(row for row in rows if max(row) <= least + BEYOND)
        without = "" if rows else f"no sizes up to {largest} meet {' and '.join(relations)}"
        return cls(signature.dimensions, names, rows, without)

    def sizes(self, row: Row) -> Sizes:
        """The sizes that a row is, in the order of the signature."""
        found = dict(zip(self.names, row, strict=True))
        return {name: found[name] for name in self.dimensions}

    def key(self, sizes: Sizes) -> str:
        """What tells sizes apart, whatever the dimensions are called."""
        return str(dict(enumerate(self.row(sizes))))

    def next(self, found: Sequence[Sizes], failed: Sequence[Sizes] = ()) -> Sizes | None:
        """The sizes that add most to those found; None where all are found or have failed."""
        taken, refused = ([self.row(sizes) for sizes in x] for x in (found, failed))
        left = [row for row in self.rows if row not in {*taken, *refused}]
        if not left:
            return None
        if not self.names:
            return {}
        # Ties go to the earlier, which is the smaller.
        return self.sizes(left[int(np.argmax(_worth(left, taken, refused)))])

    def row(self, sizes: Sizes) -> Row:
        """The values of the dimensions, in the order of the names."""
        return tuple(sizes[name] for name in self.names)


def appearance(signature: ClaimSignature) -> tuple[str, ...]:
    """The dimensions in the order in which the states, the noises and the letters have them.

    >>> appearance(ClaimSignature(claim="a", kind="identity", dimensions=("p", "q"), letters=()))
    ('p', 'q')
    """
    texts: list[str] = []
    letters = {x.name: x for x in signature.letters}
    for system in signature.systems.values():
        letters |= {x.name: x for x in system.letters if x.name not in letters}
        shaped: list[LetterSignature | NoiseSignature] = [
            letters[name] for name in system.states if name in letters
        ]
        shaped += system.noises
        texts += [text for x in shaped for text in (x.family or "", *x.shape)]
    for letter in letters.values():
        texts += [letter.family or "", *letter.shape]
    texts += [c.relation or "" for c in signature.conditions]
    found = [name for text in texts for name in re.findall(r"[^\W\d]\w*", text)]
    known = [name for name in dict.fromkeys(found) if name in signature.dimensions]
    return tuple(dict.fromkeys((*known, *signature.dimensions)))


def several_sizes(signature: ClaimSignature, count: int) -> tuple[Sizes, ...]:
    """Up to ``count`` small admissible sizes, each chosen for what the earlier ones leave.

    >>> several_sizes(ClaimSignature(claim="a", kind="identity", dimensions=(), letters=()), 3)
    ({},)
    """
    choice, found = Choice.of(signature), list[Sizes]()
    while len(found) < count and (sizes := choice.next(found)) is not None:
        found.append(sizes)
    return tuple(found)


def corner_sizes(signature: ClaimSignature, count: int) -> tuple[Sizes, ...]:
    """Up to ``count`` sizes in the corner of what is admissible: all ones, equal ones, bounds met.

    >>> a = ClaimSignature(claim="a", kind="identity", dimensions=("p", "q"), letters=())
    >>> corner_sizes(a, 2)
    ({'p': 1, 'q': 1}, {'p': 2, 'q': 2})
    """
    choice = Choice.of(signature)
    ordered = sorted(choice.rows, key=lambda row: (max(row, default=0), len(set(row)), row))
    return tuple(choice.sizes(row) for row in ordered[:count])


def small_sizes(signature: ClaimSignature, count: int) -> tuple[Sizes, ...]:
    """Up to ``count`` admissible sizes, the smallest first.

    >>> small_sizes(ClaimSignature(claim="a", kind="identity", dimensions=("p",), letters=()), 2)
    ({'p': 1}, {'p': 2})
    """
    choice = Choice.of(signature)
    return tuple(choice.sizes(row) for row in choice.rows[:count])


def wide_sizes(signature: ClaimSignature) -> Sizes:
    """Small different admissible sizes of which none is 1, if there are such.

    A matrix with one row is nearly a scalar: what does not commute, and what is lost in a trace,
    does not show there.

    >>> wide_sizes(ClaimSignature(claim="a", kind="identity", dimensions=("p", "q"), letters=()))
    {'p': 2, 'q': 3}
    """
    choice = Choice.of(signature)
    if not choice.rows:
        return {}
    wide = min(choice.rows, key=lambda row: (1 in row, -len(set(row)), sum(row), row))
    return choice.sizes(wide)


def telling_sizes(signature: ClaimSignature, entries: int = ENTRIES) -> Sizes:
    """The sizes for a tier that looks at one: none is 1, none equal to another or next to it.

    As far as the assumptions let them, and with at most so many entries of the states.

    >>> a = ClaimSignature(claim="a", kind="identity", dimensions=("p", "q"), letters=())
    >>> telling_sizes(a)
    {'p': 3, 'q': 5}
    """
    choice = Choice.of(signature, APART if len(signature.dimensions) <= 5 else APART[:3])
    states = [x for x in signature.letters if x.kind == "state"]
    rows = [row for row in choice.rows if _entries(states, choice.sizes(row)) <= entries]
    if not rows or not choice.names:
        return wide_sizes(signature)
    most = max(len(set(row)) for row in rows)
    rows = [row for row in rows if len(set(row)) == most]
    least = min(map(_alike, rows))
    rows = [row for row in rows if _alike(row) == least]
    return choice.sizes(rows[int(np.argmax(_worth(rows, (), (), cost=COST / 20)))])


def turned_sizes(signature: ClaimSignature, sizes: Sizes) -> tuple[Sizes, ...]:
    """The same numbers given to the dimensions in other orders, the most different one first.

    >>> a = ClaimSignature(claim="a", kind="identity", dimensions=("p", "q"), letters=())
    >>> turned_sizes(a, {"p": 3, "q": 5})
    ({'p': 5, 'q': 3},)
    """
    choice = Choice.of(signature, sorted(set(sizes.values())))
    own, pairs = choice.row(sizes), list(combinations(range(len(sizes)), 2))

    def shared(row: Row) -> int:
        return sum((row[i] < row[j]) == (own[i] < own[j]) for i, j in pairs)

    turned = (row for row in choice.rows if sorted(row) == sorted(own) and row != own)
    return tuple(choice.sizes(row) for row in sorted(turned, key=shared))


def _alike(row: Row) -> Row:
    """How many pairs are equal, how many next to each other, how many are the sum of two others."""
    gaps = [abs(a - b) for a, b in combinations(row, 2)]
    sums = sum(a == b + c for a, b, c in permutations(row, 3)) // 2
    return gaps.count(0), gaps.count(1), sums


def _entries(states: Iterable[LetterSignature], sizes: Sizes) -> int:
    return sum(int(np.prod(x.shape_at(sizes))) for x in states)


@cache
def _fitting(
    names: tuple[str, ...], relations: tuple[str, ...], values: tuple[int, ...]
) -> tuple[Row, ...]:
    """The rows of these values that meet all relations, the smaller ones first."""
    rows = product(values, repeat=len(names))
    found = (row for row in rows if _meets(dict(zip(names, row, strict=True)), relations))
    return tuple(sorted(found, key=lambda row: (sum(row), row)))


def _meets(sizes: Sizes, relations: Sequence[str]) -> bool:
    try:
        return all(holds(relation, sizes) for relation in relations)
    except ValueError:
        return False


# What a size is worth.


def _worth(
    left: Sequence[Row], found: Sequence[Row], failed: Sequence[Row], cost: float = COST
) -> NDArray[np.float64]:
    """What every size that is left would add to those found."""
    rows, taken = np.array(left), np.array(found, dtype=int).reshape(-1, len(left[0]))
    count = rows.shape[1]
    pairs = list(combinations(range(count), 2))
    worth = -cost * np.square(rows).mean(axis=1) - NARROW * (rows == 1).mean(axis=1)
    groups = [g for g in (pairs or [(0, 0)], list(combinations(range(count), 3))) if g]
    for group in groups:
        share = 1.0 / len(group) / len(groups)
        worth += sum(share * _broken(rows[:, list(x)], taken[:, list(x)]) for x in group)
    if len(found) < GENERIC:
        gaps = np.array([np.abs(rows[:, i] - rows[:, j]) for i, j in pairs] or [rows[:, 0] + 1])
        equal = (gaps == 0).any(axis=0) + (gaps == 0).mean(axis=0)
        worth -= EQUAL * equal + NEAR * (gaps == 1).mean(axis=0)
    if not found and count > 2:
        # Where the width is p + k it could be taken for it.
        sums = [rows[:, i] + rows[:, j] == rows[:, n] for i, j, n in permutations(range(count), 3)]
        worth -= NEAR * np.any(sums, axis=0)
    if found:
        # What is lost with a factor k shows only at k > 1.
        worth += WIDER * (rows[:, (taken == 1).all(axis=0)] > 1).sum(axis=1)
        news = [(np.sign(rows[:, i] - rows[:, j]), np.sign(taken[:, i] - taken[:, j]), 1.0)
                for i, j in pairs]  # fmt: skip
        news += [(rows[:, i] - rows[:, j], taken[:, i] - taken[:, j], 0.25) for i, j in pairs]
        worth += NEW * sum(w * ~np.isin(a, b) for a, b, w in news) / max(1, len(pairs))
        worth += NEW * sum(~np.isin(rows[:, i], taken[:, i]) for i in range(count)) / count
    for i, values in enumerate(np.array(failed, dtype=int).reshape(-1, count).T):
        gone = set(values.tolist()) - set(taken[:, i].tolist())
        worth -= REFUSED / count * np.isin(rows[:, i], list(gone))
    return np.asarray(worth)


def _broken(rows: NDArray[np.int_], taken: NDArray[np.int_]) -> NDArray[np.float64]:
    """The share, by weight, of the polynomials vanishing at all taken that do not at a row."""
    letters, largest = rows.shape[1], int(max(rows.max(), taken.max(initial=0)))
    weights, moved = _polynomials(letters, max(largest, LARGEST))
    places = tuple((rows - 1).T)
    for row in taken - 1:
        weights = weights * (1.0 - moved[(slice(None), *row)])
    total = float(weights.sum())
    if total == 0.0:
        return np.zeros(len(rows))
    by_value = np.tensordot(weights, moved, axes=1) / total
    return np.asarray(by_value[places])


@cache
def _polynomials(letters: int, largest: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights of polynomials in so many sizes, and where each is not zero."""
    values = np.indices((largest,) * letters) + 1
    weights, moved = _small(LINEAR, [np.ones_like(values[0]), *values])
    if letters > 2:
        return weights, moved
    i, j = np.triu_indices(len(weights))
    products = weights[i] * weights[j], moved[i] * moved[j]
    second = [values[i] * values[j] for i, j in zip(*np.triu_indices(letters), strict=True)]
    curved = _small(CURVED, [np.ones_like(values[0]), *values, *second])
    both = zip((weights, moved), products, curved, strict=True)
    return np.concatenate(next(both)), np.concatenate(next(both))


def _small(most: int, monomials: Sequence[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sums of monomials whose whole coefficients add up to at most so much, signs left out."""
    found = np.array(list(_coefficients(len(monomials), most)))
    found = found[1 + len(found) // 2 :]  # one of every f and −f, and not 0
    moved = np.tensordot(found, np.stack(monomials), axes=1) != 0
    weights = 0.5 ** np.abs(found).sum(axis=1)
    return weights.astype(np.float32), moved.astype(np.float32)


def _coefficients(count: int, most: int) -> Iterator[Row]:
    """All whole numbers, so many, whose absolute values add up to at most so much, in order."""
    if count == 0:
        yield ()
        return
    for first in range(-most, most + 1):
        for rest in _coefficients(count - 1, most - abs(first)):
            yield (first, *rest)
