"""What every number context offers to a generic kernel.

A context says how numbers and matrices of numbers are calculated with: rationals, a prime field,
many digits, truncated power series over any of these.  A kernel body takes its context first, so
one body serves them all (the pattern of mpmath's contexts).

Scalars of a context bring their own operators ``+ - * /`` and ``** int``, with each other and with
Python integers.  Matrices are opaque and only go through the methods below; a 1 × 1 matrix is not
a scalar.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from functools import reduce
from typing import Any, TypeAlias, final

from numerics.errors import NoValueError, NumericsError

__all__ = ["Matrix", "NumberContext", "Scalar"]

Scalar: TypeAlias = Any
"""A number of some context; its type is the context's own."""

Matrix: TypeAlias = Any
"""A matrix of some context."""


class NumberContext(ABC):
    """Arithmetic for generic kernels: the methods that a kernel may call."""

    # ------------------------------------------------------------------ numbers

    @abstractmethod
    def rational(self, p: int, q: int = 1) -> Scalar:
        """The number p/q, exactly if the context is exact."""

    @abstractmethod
    def sqrt(self, x: Scalar) -> Scalar:
        """The square root of x ≥ 0."""

    @abstractmethod
    def log(self, x: Scalar) -> Scalar:
        """The natural logarithm of x > 0."""

    @abstractmethod
    def abs(self, x: Scalar) -> Scalar:
        """The absolute value."""

    @abstractmethod
    def sign(self, x: Scalar) -> Scalar:
        """The sign of x ≠ 0, as a number of the context."""

    @abstractmethod
    def real_power(self, x: Scalar, y: Scalar) -> Scalar:
        """x to the power y for x > 0."""

    @abstractmethod
    def function(self, name: str, x: Scalar) -> Scalar:
        """An entire or meromorphic function by name: exp, sin, cos, tan, sinh, cosh, tanh, atan."""

    def special(self, name: str, *arguments: Scalar) -> Scalar:
        """A function that distribution functions need: erf, erfc, gamma, and its incomplete ones.

        Raises
        ------
        NoValueError
            In exact contexts and for series: it is no number of theirs.
        """
        raise NoValueError(
            f"{name}: has no value in {type(self).__name__}; evaluate it in float64 or in digits"
        )

    @abstractmethod
    def constant(self, name: str) -> Scalar:
        """The constant ``"pi"`` or ``"e"``."""

    @abstractmethod
    def is_zero(self, x: Scalar | Matrix) -> bool:
        """Whether a scalar or a matrix is certainly zero."""

    @abstractmethod
    def to_float(self, x: Scalar) -> float:
        """The nearest double, for reports."""

    # ------------------------------------------------------------------ matrices

    @abstractmethod
    def matrix(self, rows: Sequence[Sequence[Scalar]]) -> Matrix:
        """The matrix with these rows of scalars (Python integers allowed)."""

    @abstractmethod
    def zeros(self, r: int, c: int) -> Matrix:
        """The r × c zero matrix."""

    @abstractmethod
    def identity(self, n: int) -> Matrix:
        """The n × n identity."""

    @abstractmethod
    def shape(self, a: Matrix) -> tuple[int, int]:
        """Numbers of rows and columns."""

    @abstractmethod
    def entry(self, a: Matrix, i: int, j: int) -> Scalar:
        """The entry in row i and column j, counted from 0."""

    @abstractmethod
    def scale(self, c: Scalar, a: Matrix) -> Matrix:
        """Scalar times matrix."""

    @abstractmethod
    def transpose(self, a: Matrix) -> Matrix:
        """The transpose."""

    @abstractmethod
    def inverse(self, a: Matrix) -> Matrix:
        """The inverse of a square matrix."""

    @abstractmethod
    def det(self, a: Matrix) -> Scalar:
        """The determinant of a square matrix."""

    @abstractmethod
    def logdet(self, a: Matrix) -> Scalar:
        """log |det a|."""

    @abstractmethod
    def _eigenvalues(self, a: Matrix) -> list[Scalar]:
        """The roots of the characteristic polynomial, checked to be all there and different."""

    @abstractmethod
    def block(self, blocks: Sequence[Sequence[Matrix]]) -> Matrix:
        """The matrix made of a rectangular arrangement of blocks."""

    @abstractmethod
    def _times(self, a: Matrix, b: Matrix) -> Matrix:
        """Product of two matrices."""

    @abstractmethod
    def _plus(self, a: Matrix, b: Matrix) -> Matrix:
        """Sum of two matrices."""

    # ------------------------------------------------------------------ built from these

    def working(self) -> AbstractContextManager[object]:
        """Surrounds arithmetic on this context's scalars; needed where a precision must be set."""
        return nullcontext()

    @final
    def number(self, value: int | float | Fraction) -> Scalar:
        """A Python number as a number of the context; a float counts as the dyadic it is."""
        fraction = Fraction(value)
        return self.rational(fraction.numerator, fraction.denominator)

    @final
    def log_abs(self, x: Scalar) -> Scalar:
        """log |x| for x ≠ 0."""
        return self.logdet(self.matrix([[x]]))

    @final
    def exp(self, x: Scalar) -> Scalar:
        """The exponential function."""
        return self.function("exp", x)

    @final
    def sin(self, x: Scalar) -> Scalar:
        """The sine."""
        return self.function("sin", x)

    @final
    def cos(self, x: Scalar) -> Scalar:
        """The cosine."""
        return self.function("cos", x)

    @final
    def tan(self, x: Scalar) -> Scalar:
        """The tangent."""
        return self.function("tan", x)

    @final
    def sinh(self, x: Scalar) -> Scalar:
        """The hyperbolic sine."""
        return self.function("sinh", x)

    @final
    def cosh(self, x: Scalar) -> Scalar:
        """The hyperbolic cosine."""
        return self.function("cosh", x)

    @final
    def tanh(self, x: Scalar) -> Scalar:
        """The hyperbolic tangent."""
        return self.function("tanh", x)

    @final
    def atan(self, x: Scalar) -> Scalar:
        """The arc tangent."""
        return self.function("atan", x)

    @final
    def pi(self) -> Scalar:
        """The number π."""
        return self.constant("pi")

    @final
    def e(self) -> Scalar:
        """The number e."""
        return self.constant("e")

    @final
    def matmul(self, *factors: Matrix) -> Matrix:
        """The product of one or more matrices."""
        return reduce(self._times, factors)

    @final
    def add(self, *terms: Matrix) -> Matrix:
        """The sum of one or more matrices."""
        return reduce(self._plus, terms)

    @final
    def negate(self, a: Matrix) -> Matrix:
        """−a."""
        return self.scale(self.rational(-1), a)

    @final
    def subtract(self, a: Matrix, b: Matrix) -> Matrix:
        """a − b."""
        return self._plus(a, self.negate(b))

    @final
    def power(self, a: Matrix, n: int) -> Matrix:
        """The n-th power of a square matrix; n may be negative."""
        if n < 0:
            return self.power(self.inverse(a), -n)
        if n == 0:
            return self.identity(self.shape(a)[0])
        half = self.power(a, n // 2) if n > 1 else None
        if half is None:
            return a
        square = self._times(half, half)
        return self._times(square, a) if n % 2 else square

    @final
    def trace(self, a: Matrix) -> Scalar:
        """The trace of a square matrix."""
        r, c = self.shape(a)
        if r != c:
            raise NumericsError(f"trace: the matrix is {r} x {c}; only a square one has a trace")
        return self.total([self.entry(a, i, i) for i in range(r)])

    @final
    def norm2(self, a: Matrix) -> Scalar:
        """|a|², the sum of the squared entries."""
        return self.trace(self._times(self.transpose(a), a))

    @final
    def hadamard(self, a: Matrix, b: Matrix) -> Matrix:
        """The entrywise product."""
        r, c = self.shape(a)
        return self.matrix(
            [[self.entry(a, i, j) * self.entry(b, i, j) for j in range(c)] for i in range(r)]
        )

    @final
    def symmetric_part(self, a: Matrix) -> Matrix:
        """(a + a')/2."""
        r, c = self.shape(a)
        if r != c:
            raise NumericsError(
                f"eigenvalues: the matrix is {r} x {c}; give a symmetric one, or A A' for the "
                "squares of singular values"
            )
        return self.scale(self.rational(1, 2), self._plus(a, self.transpose(a)))

    @final
    def eigenvalues(self, a: Matrix) -> list[Scalar]:
        """The eigenvalues of a symmetric matrix, all different; downwards where there is an order.

        Of a matrix that is not symmetric its symmetric part is meant, as in float64.

        Raises
        ------
        NotAdmissibleError
            If the characteristic polynomial has no n different roots among the context's numbers.
        NumericsError
            If the matrix is not square.
        """
        return self._eigenvalues(self.symmetric_part(a))

    @final
    def projectors(self, a: Matrix) -> list[Matrix]:
        """The eigenprojectors Π_{j ≠ i} (a − λ_j I)/(λ_i − λ_j), in the order of the eigenvalues.

        Raises as `eigenvalues` does.
        """
        a = self.symmetric_part(a)
        eigenvalues = self._eigenvalues(a)
        identity = self.identity(len(eigenvalues))
        shifted = [self.subtract(a, self.scale(x, identity)) for x in eigenvalues]
        found = []
        for i, x in enumerate(eigenvalues):
            projector = identity
            for j, y in enumerate(eigenvalues):
                if j != i:
                    factor = self.scale(1 / (x - y), shifted[j])
                    projector = self._times(projector, factor)
            found.append(projector)
        return found

    @final
    def diagonal(self, entries: Sequence[Scalar]) -> Matrix:
        """The diagonal matrix with these entries."""
        n = len(entries)
        return self.matrix([[entries[i] if i == j else 0 for j in range(n)] for i in range(n)])

    @final
    def vstack(self, blocks: Sequence[Matrix]) -> Matrix:
        """Blocks under each other."""
        return self.block([[a] for a in blocks])

    @final
    def hstack(self, blocks: Sequence[Matrix]) -> Matrix:
        """Blocks beside each other."""
        return self.block([list(blocks)])

    @final
    def symmetric_block(self, g: Matrix) -> Matrix:
        """S(G) = [[0, G], [G', 0]]."""
        p, k = self.shape(g)
        return self.block([[self.zeros(p, p), g], [self.transpose(g), self.zeros(k, k)]])

    @final
    def total(self, items: Sequence[Scalar | Matrix], zero: Scalar | Matrix | None = None) -> Any:
        """The sum of scalars or of matrices; an empty one is `zero`, or 0 if that is left out."""
        if not items:
            return self.rational(0) if zero is None else zero
        if self.is_matrix(items[0]):
            return self.add(*items)
        return reduce(lambda x, y: x + y, items)

    @abstractmethod
    def is_matrix(self, x: Any) -> bool:
        """Whether x is a matrix of this context."""
