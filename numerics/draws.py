"""What one step of an algorithm draws: finite lists of outcomes with exact weights, and samples.

Signs and minibatches have finitely many outcomes.  Standard normals are replaced by finite laws of
rational values with the same moments,

    values ±1                          all moments up to order 3
    0, ±1, ±2 with 1/2, 1/6, 1/12      up to order 5
    0, ±1, ±2, ±3 with 7/18, 1/4, 1/20, 1/180      up to order 7
    0, ±1, … ±4 with 115/288, 29/120, 13/240, 11/2520, 1/6720      up to order 9

so that the mean of a polynomial of such a degree is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import comb, factorial, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.errors import NumericsError

__all__ = ["DEGREES", "Draw", "Outcome", "count", "outcomes", "sampled", "tabled"]

_HALF = Fraction(1, 2)
_NORMAL: Mapping[int, tuple[tuple[int, Fraction], ...]] = {
    3: ((1, _HALF), (-1, _HALF)),
    5: ((0, _HALF), *((s * x, w) for x, w in ((1, Fraction(1, 6)), (2, Fraction(1, 12)))
                      for s in (1, -1))),
    7: ((0, Fraction(7, 18)),
        *((s * x, w) for x, w in ((1, Fraction(1, 4)), (2, Fraction(1, 20)), (3, Fraction(1, 180)))
          for s in (1, -1))),
    9: ((0, Fraction(115, 288)),
        *((s * x, w) for x, w in ((1, Fraction(29, 120)), (2, Fraction(13, 240)),
                                  (3, Fraction(11, 2520)), (4, Fraction(1, 6720)))
          for s in (1, -1))),
}  # fmt: skip

DEGREES = tuple(_NORMAL)
"""Degrees of polynomials in standard normals whose means are exact."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A letter that is drawn, at concrete sizes.

    Attributes
    ----------
    name
        Its key in a point.
    law
        ``"two-point"``, ``"gaussian"`` or ``"minibatch"``.
    shape
        (r, c), or () for a scalar; (n,) for the weights of a minibatch of n samples.
    batch
        Size of a minibatch.
    replacement
        Whether a sample may be in it more than once.
    """

    name: str
    law: str
    shape: tuple[int, ...]
    batch: int = 0
    replacement: bool = False

    def __post_init__(self) -> None:
        if self.law not in ("two-point", "gaussian", "minibatch"):
            raise NumericsError(
                f"law of {self.name}: got {self.law!r}; give two-point, gaussian or minibatch"
            )
        if self.law != "minibatch":
            return
        if len(self.shape) != 1:
            raise NumericsError(
                f"{self.name}: the weights of a minibatch are one axis of n, got {self.shape}"
            )
        if self.batch < 1 or (not self.replacement and self.batch > self.shape[0]):
            raise NumericsError(
                f"batch {self.batch} of {self.name}: give 1 to {self.shape[0]}, or draw with "
                "replacement"
            )

    @property
    def size(self) -> int:
        """Number of entries that are drawn."""
        return prod(self.shape)


Outcome = tuple[Fraction, Mapping[str, NDArray[np.object_]]]
"""Its probability, and the value of every draw as an array of fractions."""


def count(draws: Sequence[Draw], degree: int = 3) -> int:
    """How many outcomes there are, normals being taken up to a degree."""
    total = 1
    for d in draws:
        if d.law == "minibatch":
            n = d.shape[0]
            total *= comb(n + d.batch - 1, d.batch) if d.replacement else comb(n, d.batch)
        else:
            total *= (2 if d.law == "two-point" else len(_NORMAL[degree])) ** d.size
    return total


def outcomes(draws: Sequence[Draw], degree: int = 3) -> Iterator[Outcome]:
    """Every joint outcome of independent draws, with its probability."""
    each = [list(_outcomes(d, degree)) for d in draws]
    for joint in product(*each):
        values = {d.name: value for d, (_, value) in zip(draws, joint, strict=True)}
        yield prod((w for w, _ in joint), start=Fraction(1)), values


def _outcomes(d: Draw, degree: int) -> Iterator[tuple[Fraction, NDArray[np.object_]]]:
    if d.law == "minibatch":
        yield from _batches(d)
        return
    law = _NORMAL[3 if d.law == "two-point" else degree]
    for entries in product(law, repeat=d.size):
        value = np.array([Fraction(x) for x, _ in entries], dtype=object)
        yield prod((w for _, w in entries), start=Fraction(1)), value.reshape(d.shape)


def _batches(d: Draw) -> Iterator[tuple[Fraction, NDArray[np.object_]]]:
    """The weights (n/b)·counts of every batch; with replacement counts are multinomial."""
    n, b = d.shape[0], d.batch
    for chosen in combinations_with_replacement(range(n), b):
        counts = [chosen.count(i) for i in range(n)]
        if not d.replacement and max(counts) > 1:
            continue
        ways = factorial(b) // prod(map(factorial, counts))
        weight = Fraction(ways, n**b) if d.replacement else Fraction(1, comb(n, b))
        yield weight, np.array([Fraction(n * c, b) for c in counts], dtype=object)


def tabled(
    draws: Sequence[Draw], nodes: int = 2
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """All outcomes in float64, along a first axis: weights, and the value of every draw.

    Standard normals by Gauss and Hermite's rule of so many nodes, exact up to degree 2·nodes − 1.
    """
    weights, values = np.ones(1), dict[str, NDArray[np.float64]]()
    for d in draws:
        w, x = _table(d, nodes)
        values = {name: np.repeat(v, len(w), axis=0) for name, v in values.items()}
        values[d.name] = np.tile(x, (len(weights), *(1 for _ in d.shape)))
        weights = np.repeat(weights, len(w)) * np.tile(w, len(weights))
    return weights, values


def _table(d: Draw, nodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if d.law == "minibatch":
        found = list(_batches(d))
        return np.array([float(w) for w, _ in found]), np.stack(
            [value.astype(float) for _, value in found]
        )
    x, w = np.array([1.0, -1.0]), np.array([0.5, 0.5])
    if d.law == "gaussian":
        x, w = map(np.asarray, np.polynomial.hermite_e.hermegauss(nodes))
        w = w / np.sum(w)
    places = np.stack(np.meshgrid(*[np.arange(len(x))] * d.size, indexing="ij"), -1)
    places = places.reshape(-1, d.size)
    return np.prod(w[places], axis=1), x[places].reshape(-1, *d.shape)


def sampled(
    draws: Sequence[Draw], rng: np.random.Generator, size: int
) -> dict[str, NDArray[np.float64]]:
    """Independent samples of every draw, along a first axis."""
    found: dict[str, Any] = {}
    for d in draws:
        if d.law == "gaussian":
            found[d.name] = rng.standard_normal((size, *d.shape))
        elif d.law == "two-point":
            found[d.name] = rng.integers(0, 2, (size, *d.shape)) * 2.0 - 1.0
        else:
            found[d.name] = _sampled_batches(d, rng, size)
    return found


def _sampled_batches(d: Draw, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    n, b = d.shape[0], d.batch
    if d.replacement:
        counts = rng.multinomial(b, np.full(n, 1.0 / n), size=size).astype(float)
    else:
        chosen = rng.permuted(np.tile(np.arange(n), (size, 1)), axis=1)[:, :b]
        counts = np.zeros((size, n))
        np.put_along_axis(counts, chosen, 1.0, axis=1)
    return np.asarray(counts * n / b, dtype=np.float64)
