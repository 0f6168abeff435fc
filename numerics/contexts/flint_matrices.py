"""Matrices that python-flint stores and multiplies; what the three contexts over it share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import final

from numerics.contexts.base import Matrix, NumberContext, Scalar
from numerics.errors import NotAdmissibleError, NoValueError

__all__ = ["FlintContext", "without_value"]

_AT_ZERO = {"exp": 1, "sin": 0, "cos": 1, "tan": 0, "sinh": 0, "cosh": 1, "tanh": 0, "atan": 0}


class FlintContext(NumberContext):
    """A context whose matrices are python-flint's."""

    @abstractmethod
    def _new(self, r: int, c: int, entries: Sequence[Scalar]) -> Matrix:
        """The r × c matrix with these entries, row after row."""

    @abstractmethod
    def pivot(
        self, a: Matrix, rows: Sequence[int], columns: Sequence[int]
    ) -> tuple[int, int] | None:
        """Where, among these rows and columns, to divide; None if all entries there are zero."""

    @final
    def matrix(self, rows: Sequence[Sequence[Scalar]]) -> Matrix:
        """The matrix with these rows of scalars (Python integers allowed)."""
        return self._new(len(rows), len(rows[0]), [x for row in rows for x in row])

    @final
    def zeros(self, r: int, c: int) -> Matrix:
        """The r × c zero matrix."""
        return self._new(r, c, [0] * (r * c))

    @final
    def identity(self, n: int) -> Matrix:
        """The n × n identity."""
        return self._new(n, n, ([1] + [0] * n) * (n - 1) + [1])

    @final
    def shape(self, a: Matrix) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return a.nrows(), a.ncols()

    @final
    def entry(self, a: Matrix, i: int, j: int) -> Scalar:
        """The entry in row i and column j, counted from 0."""
        return a[i, j]

    @final
    def scale(self, c: Scalar, a: Matrix) -> Matrix:
        """Scalar times matrix."""
        return a * c

    @final
    def transpose(self, a: Matrix) -> Matrix:
        """The transpose."""
        return a.transpose()

    @final
    def inverse(self, a: Matrix) -> Matrix:
        """The inverse of a square matrix."""
        try:
            return a.inv()
        except ZeroDivisionError:
            r, c = self.shape(a)
            raise NotAdmissibleError(
                f"inverse: the {r} x {c} matrix is singular here; draw another point"
            ) from None

    @final
    def det(self, a: Matrix) -> Scalar:
        """The determinant of a square matrix."""
        return a.det()

    @final
    def block(self, blocks: Sequence[Sequence[Matrix]]) -> Matrix:
        """The matrix made of a rectangular arrangement of blocks."""
        rows = [
            [x for part in parts for x in part]
            for row in blocks
            for parts in zip(*(a.tolist() for a in row), strict=True)
        ]
        return self.matrix(rows)

    @final
    def _times(self, a: Matrix, b: Matrix) -> Matrix:
        return a * b

    @final
    def _plus(self, a: Matrix, b: Matrix) -> Matrix:
        return a + b

    @final
    def is_matrix(self, x: object) -> bool:
        """Whether x is a matrix of this context."""
        return hasattr(x, "nrows")


def without_value(name: str, x: Scalar) -> int:
    """The value of a transcendental function where an exact context has one: at zero."""
    if x == 0 and name in _AT_ZERO:
        return _AT_ZERO[name]
    raise NoValueError(f"{name}({x}) is no rational number; take digits (MultiprecisionContext)")
