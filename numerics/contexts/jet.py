"""Truncated power series as a number context: how a kernel is expanded along a line.

The coefficients of f(x + s·b) come out of plain arithmetic on series. Nothing here knows a
derivative: an inverse solves A·X = I coefficient by coefficient, a determinant is the product of
the pivots of an elimination over series, log(c + u) is log c plus the series of log(1 + u/c).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from numerics.contexts.base import Matrix, NumberContext, Scalar
from numerics.contexts.characteristic import characteristic_polynomial, derivative, value_at
from numerics.contexts.flint_matrices import FlintContext
from numerics.contexts.series import Coefficients, Jet, Unknown, compose, convolve, merge
from numerics.errors import NotAdmissibleError, NoValueError, NumericsError

__all__ = ["JetContext", "JetMatrix"]


class JetMatrix:
    """A truncated power series of matrices."""

    __slots__ = ("coefficients", "shape")

    def __init__(self, coefficients: Coefficients, shape: tuple[int, int]) -> None:
        self.coefficients = coefficients
        self.shape = shape


@final
@dataclass(frozen=True)
class JetContext(NumberContext):
    """Power series to the power `order`, over a context of numbers.

    Values of the base context may stand wherever a series may: they are constants. Over an exact
    base the constant term of a logarithm is unknown; it is an error only to ask for it.
    """

    base: FlintContext
    order: int = 2

    def __post_init__(self) -> None:
        if self.order < 1:
            raise NumericsError(f"order: got {self.order}; give 1 or more")

    # ------------------------------------------------------------------ into and out of series

    def series(self, *coefficients: Any) -> Any:
        """The series c_0 + c_1 s + …, for scalars, matrices, and families of either."""
        value = coefficients[0]
        if isinstance(value, list | tuple):
            return [self.series(*parts) for parts in zip(*coefficients, strict=True)]
        filled = (*coefficients, *[None] * (self.order + 1 - len(coefficients)))
        if self.base.is_matrix(value):
            return JetMatrix(filled, self.base.shape(value))
        return Jet(filled, self._one)

    def coefficient(self, series: Any, n: int) -> Any:
        """The n-th coefficient, in the base context; an error if the base cannot express it."""
        if isinstance(series, list | tuple):
            return [self.coefficient(x, n) for x in series]
        lifted = self._matrix(series) if self.is_matrix(series) else self._scalar(series)
        value = lifted.coefficients[n]
        if isinstance(value, Unknown):
            raise NoValueError(value.reason)
        if value is None:
            return (
                self.base.zeros(*lifted.shape)
                if isinstance(lifted, JetMatrix)
                else self.base.rational(0)
            )
        return value

    @cached_property
    def _one(self) -> Scalar:
        return self.base.rational(1)

    def _scalar(self, x: Any) -> Jet:
        if isinstance(x, Jet):
            return x
        constant = self.base.rational(x) if isinstance(x, int) else x
        return Jet((constant, *[None] * self.order), self._one)

    def _matrix(self, a: Any) -> JetMatrix:
        if isinstance(a, JetMatrix):
            return a
        return JetMatrix((a, *[None] * self.order), self.base.shape(a))

    def working(self) -> AbstractContextManager[object]:
        """Surrounds arithmetic: that of the base context."""
        return self.base.working()

    # ------------------------------------------------------------------ scalars

    def rational(self, p: int, q: int = 1) -> Scalar:
        """The constant p/q."""
        return self._scalar(self.base.rational(p, q))

    def constant(self, name: str) -> Scalar:
        """The constant π or e."""
        return self._scalar(self.base.constant(name))

    def is_zero(self, x: Scalar | Matrix) -> bool:
        """Whether every coefficient is zero."""
        lifted = self._matrix(x) if self.is_matrix(x) else self._scalar(x)
        return all(c is None or self.base.is_zero(c) for c in lifted.coefficients)

    def is_matrix(self, x: object) -> bool:
        """Whether x is a series of matrices, or a matrix of the base."""
        return isinstance(x, JetMatrix) or self.base.is_matrix(x)

    def to_float(self, x: Scalar) -> float:
        """The nearest double to the constant term."""
        return self.base.to_float(self.coefficient(x, 0))

    def abs(self, x: Scalar) -> Scalar:
        """The absolute value, at a point where x is not 0."""
        return self._scalar(x) * self.sign(x)

    def sign(self, x: Scalar) -> Scalar:
        """The sign of the constant term."""
        return self._scalar(self.base.sign(self.coefficient(x, 0)))

    def log(self, x: Scalar) -> Scalar:
        """log(c + u) = log c + log(1 + u/c), the second part by its series."""
        return self._log(self._scalar(x), self.base.log)

    def logdet(self, a: Matrix) -> Scalar:
        """log |det a|."""
        return self._log(self.det(a), lambda c: self.base.log(self.base.abs(c)))

    def _log(self, x: Jet, of_constant: Callable[[Scalar], Scalar]) -> Jet:
        c = x.coefficients[0]
        u, c = self._relative(x, "log")
        try:
            value = of_constant(c)
        except NoValueError as error:
            value = Unknown(str(error))
        q = self.base.rational
        return compose([value, *(q((-1) ** (k + 1), k) for k in range(1, self.order + 1))], u)

    def sqrt(self, x: Scalar) -> Scalar:
        """√(c + u) = √c · (1 + u/c)^½ by the binomial series."""
        x = self._scalar(x)
        if self.is_zero(x):
            return x
        u, c = self._relative(x, "sqrt")
        return self._binomial(u, self.base.rational(1, 2)) * self.base.sqrt(c)

    def real_power(self, x: Scalar, y: Scalar) -> Scalar:
        """(c + u)^y = c^y (1 + u/c)^y by the binomial series; y is a constant."""
        y = self._scalar(y)
        if any(k is not None for k in y.coefficients[1:]):
            raise NoValueError("exponent: it moves with the state; write exp(y*log(x))")
        exponent = self.coefficient(y, 0)
        u, c = self._relative(self._scalar(x), "power")
        return self._binomial(u, exponent) * self.base.real_power(c, exponent)

    def function(self, name: str, x: Scalar) -> Scalar:
        """exp, sin, cos, tan, sinh, cosh, tanh, atan by addition theorem and series at 0."""
        x = self._scalar(x)
        c, u = self.coefficient(x, 0), self._without_constant(x)
        f = self.base.function
        if name == "exp":
            return compose(self._exponential((1, 1)), u) * f("exp", c)
        if name == "atan":
            u = u / (1 + c * (c + u))
            return compose([f("atan", c), *self._arc_tangent()], u)
        if name in ("tan", "tanh"):
            stem = "h" if name == "tanh" else ""
            return self.function("sin" + stem, x) / self.function("cos" + stem, x)
        stem, sign = ("h", 1) if name.endswith("h") else ("", -1)
        odd = compose(self._exponential((0, 1), sign), u)
        even = compose(self._exponential((1, 0), sign), u)
        sine, cosine = f("sin" + stem, c), f("cos" + stem, c)
        if name.startswith("sin"):
            return even * sine + odd * cosine
        return even * cosine + odd * (sine * sign)

    def _exponential(self, parity: tuple[int, int], sign: int = 1) -> list[Scalar]:
        """Coefficients sign^⌊k/2⌋/k! at the even and odd powers that `parity` keeps."""
        factorial, out = 1, []
        for k in range(self.order + 1):
            factorial *= max(k, 1)
            out.append(self.base.rational(parity[k % 2] * sign ** (k // 2), factorial))
        return out

    def _arc_tangent(self) -> list[Scalar]:
        q = self.base.rational
        return [q((-1) ** (k // 2), k) if k % 2 else q(0) for k in range(1, self.order + 1)]

    def _without_constant(self, x: Jet) -> Jet:
        return Jet((None, *x.coefficients[1:]), self._one)

    def _relative(self, x: Jet, name: str) -> tuple[Jet, Scalar]:
        """The pair u/c, c of a series c + u."""
        c = x.coefficients[0]
        if isinstance(c, Unknown):
            raise NoValueError(c.reason)
        if c is None or not c != 0:
            raise NotAdmissibleError(f"{name}: the argument is 0; draw another point")
        return self._without_constant(x) * (1 / c), c

    def _binomial(self, u: Jet, y: Scalar) -> Jet:
        term = self.base.rational(1)
        coefficients = [term]
        for k in range(1, self.order + 1):
            term = term * (y - (k - 1)) / k
            coefficients.append(term)
        return compose(coefficients, u)

    # ------------------------------------------------------------------ matrices

    def matrix(self, rows: Sequence[Sequence[Scalar]]) -> Matrix:
        """The matrix with these rows of series, numbers or integers."""
        lifted = [[self._scalar(x) for x in row] for row in rows]
        shape = len(rows), len(rows[0])
        layers = ([[x.coefficients[n] for x in row] for row in lifted] for n in self._powers)
        return JetMatrix(tuple(_layer(x, self.base.matrix, lambda *_: 0) for x in layers), shape)

    def zeros(self, r: int, c: int) -> Matrix:
        """The r × c zero matrix."""
        return JetMatrix((None,) * (self.order + 1), (r, c))

    def identity(self, n: int) -> Matrix:
        """The n × n identity."""
        return self._matrix(self.base.identity(n))

    def shape(self, a: Matrix) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return a.shape if isinstance(a, JetMatrix) else self.base.shape(a)

    def entry(self, a: Matrix, i: int, j: int) -> Scalar:
        """The entry in row i and column j, counted from 0."""
        found = _each(self._matrix(a).coefficients, lambda c: self.base.entry(c, i, j))
        return Jet(found, self._one)

    def scale(self, c: Scalar, a: Matrix) -> Matrix:
        """Scalar times matrix."""
        a = self._matrix(a)
        x = self._scalar(c).coefficients
        return JetMatrix(convolve(x, a.coefficients, self.base.scale, self.base.add), a.shape)

    def transpose(self, a: Matrix) -> Matrix:
        """The transpose."""
        a = self._matrix(a)
        return JetMatrix(_each(a.coefficients, self.base.transpose), (a.shape[1], a.shape[0]))

    def block(self, blocks: Sequence[Sequence[Matrix]]) -> Matrix:
        """The matrix made of a rectangular arrangement of blocks."""
        grid = [[self._matrix(a) for a in row] for row in blocks]
        shape = sum(row[0].shape[0] for row in grid), sum(a.shape[1] for a in grid[0])
        layers = ([[a.coefficients[n] for a in row] for row in grid] for n in self._powers)

        def zero(i: int, j: int) -> Matrix:
            return self.base.zeros(*grid[i][j].shape)

        return JetMatrix(tuple(_layer(x, self.base.block, zero) for x in layers), shape)

    def inverse(self, a: Matrix) -> Matrix:
        """The inverse: X_n = −X_0 Σ_{k≥1} A_k X_{n−k}, from comparing coefficients in A·X = I."""
        a = self._matrix(a)
        if a.coefficients[0] is None:
            raise NotAdmissibleError("inverse: the matrix is 0 here; draw another point")
        first = self.base.inverse(a.coefficients[0])
        inverse: list[Any] = [first]
        for n in range(1, self.order + 1):
            terms = [
                self.base.matmul(a.coefficients[k], inverse[n - k])
                for k in range(1, n + 1)
                if a.coefficients[k] is not None and inverse[n - k] is not None
            ]
            inverse.append(
                self.base.negate(self.base.matmul(first, self.base.add(*terms))) if terms else None
            )
        return JetMatrix(tuple(inverse), a.shape)

    def _eigenvalues(self, a: Matrix) -> list[Scalar]:
        """The eigenvalues as series: Newton's iteration for the characteristic polynomial.

        From a root of the constant term on, every step of x ← x − χ(x)/χ'(x) makes one coefficient
        more of χ(x) = det(x I − a) vanish. No formula for perturbed eigenvalues enters.
        """
        a = self._matrix(a)
        constant = self.coefficient(a, 0)
        starts = self.base.eigenvalues(constant)
        if all(c is None for c in a.coefficients[1:]):
            return [self._scalar(x) for x in starts]
        polynomial = characteristic_polynomial(self, a)
        slopes = derivative(characteristic_polynomial(self.base, constant))
        return [self._root(polynomial, x, value_at(slopes, x)) for x in starts]

    def _root(self, polynomial: Sequence[Jet], start: Scalar, slope: Scalar) -> Jet:
        """The root that starts with a simple root of the constant terms, where χ' is `slope`."""
        if not slope != 0:
            raise NotAdmissibleError("eigenvalues: two of them may be equal; draw another point")
        root = self._scalar(start)
        for n in range(1, self.order + 1):
            left = value_at(polynomial, root).coefficients[n]
            step = None if left is None else -(left / slope)
            root = Jet((*root.coefficients[:n], step, *root.coefficients[n + 1 :]), self._one)
        return root

    def det(self, a: Matrix) -> Scalar:
        """The determinant: the signed product of the pivots of an elimination over series."""
        a = self._matrix(a)
        n, columns = a.shape
        if n != columns:
            raise NumericsError(f"det: the matrix is {n} x {columns}; it must be square")
        if all(c is None for c in a.coefficients[1:]):
            return self._scalar(
                self.base.rational(0)
                if a.coefficients[0] is None
                else self.base.det(a.coefficients[0])
            )
        return self._eliminate(a.coefficients, list(range(n)), list(range(n)))

    def _eliminate(self, a: Coefficients, rows: list[int], columns: list[int]) -> Jet:
        """det of the block of `rows` and `columns`; all other entries of `a` are left unread.

        Where no entry of the block starts with a number other than 0 the block is s·B, and its
        determinant is s^m det B with m the size of the block.
        """
        result = self._scalar(self.base.rational(1))
        while rows:
            position = None if a[0] is None else self.base.pivot(a[0], rows, columns)
            if position is None:
                if all(c is None for c in a):
                    return self._scalar(self.base.rational(0))
                inner = self._eliminate((*a[1:], None), rows, columns).coefficients
                shifted = (*[None] * len(rows), *inner)[: self.order + 1]
                return result * Jet(shifted, self._one)
            i, j = position
            pivot, a = self._cleared(a, i, j)
            result = result * pivot
            if (rows.index(i) + columns.index(j)) % 2:
                result = -result
            rows, columns = [r for r in rows if r != i], [c for c in columns if c != j]
        return result

    def _cleared(self, a: Coefficients, i: int, j: int) -> tuple[Jet, Coefficients]:
        """The pivot at (i, j), and a minus the rank-one series that clears its row and column."""
        base = self.base
        r, c = base.shape(a[0])
        pick_row = base.matrix([[int(m == i) for m in range(r)]])
        pick_column = base.matrix([[int(m == j)] for m in range(c)])
        row = _each(a, lambda x: base.matmul(pick_row, x))
        column = _each(a, lambda x: base.matmul(x, pick_column))
        pivot = Jet(_each(row, lambda x: base.entry(x, 0, j)), self._one)
        scaled = convolve(pivot.reciprocal().coefficients, row, base.scale, base.add)
        outer = convolve(column, scaled, base.matmul, base.add)
        return pivot, merge(a, _each(outer, base.negate), base.add)

    def _times(self, a: Matrix, b: Matrix) -> Matrix:
        a, b = self._matrix(a), self._matrix(b)
        product = convolve(a.coefficients, b.coefficients, self.base.matmul, self.base.add)
        return JetMatrix(product, (a.shape[0], b.shape[1]))

    def _plus(self, a: Matrix, b: Matrix) -> Matrix:
        a, b = self._matrix(a), self._matrix(b)
        if a.shape != b.shape:
            raise NumericsError(f"add: shapes {a.shape} and {b.shape} differ; they must agree")
        return JetMatrix(merge(a.coefficients, b.coefficients, self.base.add), a.shape)

    @property
    def _powers(self) -> range:
        return range(self.order + 1)


def _each(coefficients: Coefficients, f: Callable[[Any], Any]) -> Coefficients:
    return tuple(c if c is None or isinstance(c, Unknown) else f(c) for c in coefficients)


def _layer(
    grid: list[list[Any]], assemble: Callable[[Any], Matrix], zero: Callable[[int, int], Any]
) -> Matrix | Unknown | None:
    """One coefficient of a matrix from those of its parts: unknown as soon as a part is."""
    parts = [x for row in grid for x in row if x is not None]
    unknown = next((x for x in parts if isinstance(x, Unknown)), None)
    if unknown is not None or not parts:
        return unknown
    return assemble(
        [[zero(i, j) if x is None else x for j, x in enumerate(row)] for i, row in enumerate(grid)]
    )
