"""Points for kernels: rational values, as float64 batches and as values of a number context.

Positive scalars are squares, so that a square root of a product of them is rational too, and at
most 2, so that exponentials of products of them are numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, permutations, product
from typing import Any

import numpy as np

from numerics.signature import ClaimSignature

SIZES = {"p": 2, "k": 3, "l": 6, "n": 4, "m": 5, "d": 3, "N": 3, "b": 3, "c": 2, "q": 3}
"""Sizes of words that tests write down; those of a claim come from `admitted_sizes`."""

SHRUNK = 8
"""Scalars are squares of these parts of an integer, with a sign where they may have one."""


def admitted_sizes(signature: ClaimSignature) -> Iterator[dict[str, int]]:
    """Sizes of all dimensions that the claim admits: different ones first, the smaller first.

    Where sizes differ, a transposition that does not conform is seen at once.
    """
    of_path = signature.path.sizes if signature.path else {}
    names = tuple(dict.fromkeys((*signature.dimensions, *of_path)))
    several = range(2, max(8, len(names) + 3))
    different = sorted(permutations(several, len(names)), key=sum)
    for chosen in chain(different, product(several, repeat=len(names))):
        sizes = dict(zip(names, chosen, strict=True))
        if signature.admits(sizes):
            yield sizes


def draw(
    letters: Sequence[Any],
    rng: np.random.Generator,
    batch: tuple[int, ...] = (),
    sizes: Mapping[str, int] = SIZES,
) -> dict[str, Any]:
    """A point: an object array of fractions for every letter, an int for every dimension."""
    point: dict[str, Any] = dict(sizes)
    for letter in letters:
        if letter.kind == "dimension":
            continue
        shape = letter.shape_at(sizes)
        value = _fractions(rng, (*batch, *shape))
        times = letter.kind in ("time", "time increment")
        # A law may speak of positive levels alone.
        positive = "positive" in letter.facts or times or letter.name == "level"
        if positive or not shape:
            # Of either sign they are as large as the positive ones: a² < bc is no rare event.
            value = _fractions(rng, (*batch, *shape), least=1) / SHRUNK
            value = value * value * (1 if positive else rng.choice((-1, 1), size=(*batch, *shape)))
        if "positive_definite" in letter.facts:
            value = np.matmul(value, np.swapaxes(value, -1, -2)) + np.eye(shape[-1], dtype=int)
        elif "symmetric" in letter.facts:
            value = value + np.swapaxes(value, -1, -2)
        point[letter.name] = value
    return point


def _fractions(rng: np.random.Generator, shape: tuple[int, ...], least: int = -9) -> Any:
    above = rng.integers(least, 10, size=shape)
    below = rng.integers(1, 5, size=shape)
    return np.vectorize(Fraction, otypes=[object])(above, below)


def floats(point: Mapping[str, Any]) -> dict[str, Any]:
    """The point in float64."""
    return {
        name: value if isinstance(value, int) else np.asarray(value, dtype=float)
        for name, value in point.items()
    }


def member(point: Mapping[str, Any], at: Any) -> dict[str, Any]:
    """One point of a batch, or those that an array of indices picks."""
    return {
        name: value if isinstance(value, int) else np.asarray(value, dtype=object)[at]
        for name, value in point.items()
    }


def in_context(ctx: Any, point: Mapping[str, Any], letters: Sequence[Any]) -> dict[str, Any]:
    """A point without batch axes as values of a number context."""

    def scalar(x: Any) -> Any:
        x = Fraction(x)
        return ctx.rational(x.numerator, x.denominator)

    def value(x: Any, letter: Any) -> Any:
        if not letter.shape:
            return scalar(np.asarray(x, dtype=object).item())
        return ctx.matrix([[scalar(y) for y in row] for row in np.asarray(x).tolist()])

    found: dict[str, Any] = {}
    for letter in letters:
        given = point[letter.name]
        if letter.kind == "dimension":
            found[letter.name] = given
        elif letter.family is not None:
            found[letter.name] = [value(x, letter) for x in given]
        else:
            found[letter.name] = value(given, letter)
    return found


def from_context(ctx: Any, value: Any) -> Any:
    """A value of a number context as float64, a tuple as a tuple."""
    if isinstance(value, tuple):
        return tuple(from_context(ctx, part) for part in value)
    if isinstance(value, list):
        return np.array([from_context(ctx, part) for part in value])
    if not ctx.is_matrix(value):
        return np.asarray(ctx.to_float(value))
    rows, columns = ctx.shape(value)
    return np.array(
        [[ctx.to_float(ctx.entry(value, i, j)) for j in range(columns)] for i in range(rows)]
    )
