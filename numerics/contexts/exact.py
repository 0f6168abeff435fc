"""Exact contexts: the rational numbers and a prime field."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any, final

from flint import fmpq, fmpq_mat, fmpz, nmod, nmod_mat

from numerics.contexts.base import Matrix, Scalar
from numerics.contexts.flint_matrices import FlintContext, without_value
from numerics.errors import (
    NotAdmissibleError,
    NoValueError,
    NumericsError,
    OutsideFieldError,
)

__all__ = ["MERSENNE_61", "PrimeFieldContext", "RationalContext"]

MERSENNE_61 = 2**61 - 1
"""The prime 2⁶¹ − 1; it is 7 modulo 8, so that −1 is no square and 2 is one."""


class _ExactContext(FlintContext):
    """What the rationals and a prime field share: zero is recognised, logarithms do not exist."""

    @final
    def is_zero(self, x: Scalar | Matrix) -> bool:
        """Whether a scalar or a matrix is zero."""
        if self.is_matrix(x):
            return not any(entry != 0 for entry in x.entries())
        return bool(x == 0)

    @final
    def pivot(
        self, a: Matrix, rows: Sequence[int], columns: Sequence[int]
    ) -> tuple[int, int] | None:
        """The first entry that is not zero."""
        return next(((i, j) for i in rows for j in columns if a[i, j] != 0), None)

    @final
    def logdet(self, a: Matrix) -> Scalar:
        """log |det a| has no value here, unless it is log 1."""
        d = a.det()
        if d == 0:
            raise NotAdmissibleError("logdet: the matrix is singular here; draw another point")
        return self.log(d)

    @final
    def _eigenvalues(self, a: Matrix) -> list[Scalar]:
        roots = a.charpoly().roots()
        if any(multiplicity > 1 for _, multiplicity in roots):
            raise NotAdmissibleError("eigenvalues: two of them are equal; draw another point")
        if len(roots) != a.nrows():
            raise OutsideFieldError(
                f"eigenvalues: {a.nrows() - len(roots)} of {a.nrows()} are no numbers of "
                f"{type(self).__name__}; draw another point"
            )
        return self._ordered([root for root, _ in roots])

    @abstractmethod
    def _ordered(self, roots: list[Scalar]) -> list[Scalar]:
        """Numbers downwards, or in some fixed order where there is no natural one."""

    @final
    def function(self, name: str, x: Scalar) -> Scalar:
        """A transcendental function: only its value at zero is a number of this context."""
        return self.rational(without_value(name, x))

    @final
    def constant(self, name: str) -> Scalar:
        """π and e are not numbers of this context."""
        raise NoValueError(f"{name} is no rational number; take digits (MultiprecisionContext)")


@final
@dataclass(frozen=True)
class RationalContext(_ExactContext):
    """The rational numbers, without rounding."""

    def rational(self, p: int, q: int = 1) -> fmpq:
        """The fraction p/q."""
        return fmpq(p, q)

    def _new(self, r: int, c: int, entries: Sequence[Scalar]) -> Matrix:
        return fmpq_mat(r, c, entries)

    def _ordered(self, roots: list[Scalar]) -> list[Scalar]:
        return sorted(roots, reverse=True)

    def sqrt(self, x: Scalar) -> Scalar:
        """The square root of the square of a fraction."""
        x = fmpq(x)
        if x < 0:
            raise NotAdmissibleError(f"sqrt: {x} is negative; draw another point")
        p, q = int(x.numerator), int(x.denominator)
        if isqrt(p) ** 2 != p or isqrt(q) ** 2 != q:
            raise NoValueError(
                f"sqrt: {x} is no square of a fraction; use squares, PrimeFieldContext or "
                "MultiprecisionContext"
            )
        return fmpq(isqrt(p), isqrt(q))

    def log(self, x: Scalar) -> Scalar:
        """The logarithm of 1."""
        if x <= 0:
            raise NotAdmissibleError(f"log: {x} is not positive; draw another point")
        return self.rational(without_value("log", x) if x != 1 else 0)

    def abs(self, x: Scalar) -> Scalar:
        """The absolute value."""
        return -x if x < 0 else x

    def sign(self, x: Scalar) -> Scalar:
        """The sign of x ≠ 0."""
        if x == 0:
            raise NotAdmissibleError("sign: the argument is 0; draw another point")
        return fmpq(1 if x > 0 else -1)

    def real_power(self, x: Scalar, y: Scalar) -> Scalar:
        """x to the power y, for integers y and halves of integers."""
        y = fmpq(y)
        if y.denominator == 2:
            x, y = self.sqrt(x), y * 2
        if y.denominator != 1:
            raise NoValueError(
                f"a fraction to the power {y} is none; take digits (MultiprecisionContext)"
            )
        if x == 0 and y < 0:
            raise NotAdmissibleError(f"power {y} of 0; draw another point")
        return fmpq(x) ** int(y.numerator)

    def to_float(self, x: Scalar) -> float:
        """The nearest double."""
        return float(fmpq(x))


@final
@dataclass(frozen=True)
class PrimeFieldContext(_ExactContext):
    """The integers modulo a prime that is 3 modulo 4.

    An identity between rational functions of degree at most d that fails somewhere holds at a
    uniformly random point with probability at most d/prime (Schwartz 1980, Lemma 1; Zippel 1979).
    There is no order, so "positive" means "a square other than 0"; the root that `sqrt` takes is
    the one that is a square itself. For a prime that is 3 modulo 4 this choice is multiplicative,
    √(xy) = √x √y, and every positive element has a positive root, as for real numbers.
    """

    prime: int = MERSENNE_61

    def __post_init__(self) -> None:
        if not (0 < self.prime < 2**64 and self.prime % 4 == 3 and fmpz(self.prime).is_prime()):
            raise NumericsError(
                f"prime: got {self.prime}; give a prime below 2**64 that is 3 modulo 4, such as "
                "2**61 - 1"
            )

    def rational(self, p: int, q: int = 1) -> nmod:
        """The residue of p/q."""
        if q % self.prime == 0:
            raise NotAdmissibleError(f"rational: {p}/{q} has no residue; take another prime")
        return nmod(p, self.prime) / nmod(q, self.prime) if q != 1 else nmod(p, self.prime)

    def _new(self, r: int, c: int, entries: Sequence[Scalar]) -> Matrix:
        return nmod_mat(r, c, entries, self.prime)

    def _ordered(self, roots: list[Scalar]) -> list[Scalar]:
        return sorted(roots, key=int)

    def sqrt(self, x: Scalar) -> Scalar:
        """The root that is a square itself, of an element that is a square."""
        value = int(x) % self.prime
        root = pow(value, (self.prime + 1) // 4, self.prime)
        if root * root % self.prime != value:
            raise OutsideFieldError(
                f"sqrt: {value} is no square modulo {self.prime}; draw another point"
            )
        return nmod(root, self.prime)

    def log(self, x: Scalar) -> Scalar:
        """The logarithm of 1."""
        if x == 0:
            raise NotAdmissibleError("log: the argument is 0; draw another point")
        return self.rational(without_value("log", x) if x != 1 else 0)

    def abs(self, x: Scalar) -> Scalar:
        """Not to be had: the field has no order."""
        return self._no_order("abs", x)

    def sign(self, x: Scalar) -> Scalar:
        """Not to be had: the field has no order."""
        return self._no_order("sign", x)

    def real_power(self, x: Scalar, y: Scalar) -> Scalar:
        """Not to be had: an exponent is a rational or a real number, not a residue."""
        raise NoValueError(
            f"power {y} of {x}: PrimeFieldContext knows integer powers and roots only; use "
            "RationalContext or MultiprecisionContext"
        )

    def to_float(self, x: Scalar) -> float:
        """Not to be had: a residue is near no double."""
        raise NoValueError(f"to_float: the residue {x} is no real number; use RationalContext")

    def _no_order(self, name: str, x: Any) -> Scalar:
        raise NoValueError(f"{name}: residues such as {x} have no sign; use RationalContext")
