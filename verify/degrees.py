"""Degrees of what a claim compares, and from them how likely a wrong claim passes at random points.

Two rational functions that differ agree at a point drawn uniformly from a field of q elements with
probability at most N/q, N the degree of the numerator of their difference (Schwartz 1980, Zippel
1979).  The degrees are found by running the kernels on degrees instead of numbers: a rational
function is the pair of the degrees of a numerator and a denominator, a matrix has one denominator
for all its entries.  Nothing is cancelled, so these are bounds.  What is not a rational function,
an exponential or the root of a sum, has none.

The bound supposes that the numerator is not zero modulo the prime; its coefficients are small
integers and the prime is 2⁶¹ − 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any, NoReturn, final

from numerics.contexts import FlintContext, NumberContext, PrimeFieldContext
from numerics.kernel import Kernel
from numerics.signature import LetterSignature, NoiseSignature, SystemSignature

from .problem import Problem

__all__ = ["Degree", "DegreeContext", "NoBoundError", "false_pass", "orders"]

Sizes = Mapping[str, int]


class NoBoundError(ValueError):
    """Something that is not a rational function of what is drawn."""


@dataclass(frozen=True)
class Degree:
    """Degree bounds of a rational function, and of a combination Σ c_i log g_i added to it.

    ``n``, ``d``: numerator and denominator.  ``logs`` is (degree of the numerators of the c_i, of
    their common denominator, of the product of numerators and denominators of the g_i), or None.
    ``square`` says that it is the square of a rational function.
    """

    n: int = 0
    d: int = 0
    logs: tuple[int, int, int] | None = None
    square: bool = False

    def __add__(self, other: Any) -> Degree:
        other = _degree(other)
        if (other.n, other.d, other.logs) == (0, 0, None):
            return Degree(max(self.n, self.d), self.d, self.logs)
        rational = _sum((self.n, self.d), (other.n, other.d))
        return Degree(*rational, _logs(self.logs, other.logs))

    __radd__ = __sub__ = __rsub__ = __add__

    def __neg__(self) -> Degree:
        return Degree(self.n, self.d, self.logs)

    def __mul__(self, other: Any) -> Degree:
        other = _degree(other)
        if self.logs and other.logs:
            raise NoBoundError("a product of logarithms")
        logs = self.logs or other.logs
        if logs:
            by = self if other.logs else other
            logs = (logs[0] + by.n, logs[1] + by.d, logs[2])
        square = self.square and other.square
        return Degree(self.n + other.n, self.d + other.d, logs, square)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Degree:
        other = _degree(other)
        if other.logs:
            raise NoBoundError("division by a logarithm")
        return self * Degree(other.d, other.n, None, other.square)

    def __rtruediv__(self, other: Any) -> Degree:
        return _degree(other) / self

    def __pow__(self, power: int) -> Degree:
        if self.logs and power != 1:
            raise NoBoundError("a power of a logarithm")
        n, d = (self.n, self.d) if power >= 0 else (self.d, self.n)
        size = abs(power)
        return Degree(n * size, d * size, self.logs, self.square or power % 2 == 0)

    def derivative(self, order: int) -> tuple[int, int]:
        """Degrees of every partial derivative of this order, 1 or 2, over one denominator."""
        n, d = self.n, self.d
        c, e, m = self.logs or (0, 0, 0)
        first = _sum((n + d, 2 * d), (c + m, e + m)) if self.logs else (n + d, 2 * d)
        if order == 1:
            return first
        if not self.logs:
            return n + 3 * d, 4 * d
        return _sum((n + 3 * d, 4 * d), (c + 2 * m, e + 2 * m))


def _degree(x: Any) -> Degree:
    return x if isinstance(x, Degree) else Degree(square=True)


def _sum(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Numerator and denominator of a sum of two fractions."""
    return max(a[0] + b[1], b[0] + a[1]), a[1] + b[1]


def _logs(
    a: tuple[int, int, int] | None, b: tuple[int, int, int] | None
) -> tuple[int, int, int] | None:
    if a is None or b is None:
        return a or b
    return (*_sum(a[:2], b[:2]), a[2] + b[2])


@dataclass(frozen=True)
class DegreeMatrix:
    """A matrix of rational functions with one denominator."""

    shape: tuple[int, int]
    entry: Degree


class DegreeContext(NumberContext):
    """Degrees as a number context: kernels run on them like on numbers."""

    def rational(self, p: int, q: int = 1) -> Degree:
        """A constant; modulo a prime its root, where there is one, is a constant too."""
        return Degree(square=True)

    def constant(self, name: str) -> Degree:
        """A constant."""
        return Degree()

    def sqrt(self, x: Any) -> Degree:
        """The root of a square."""
        x = _degree(x)
        if not x.square:
            raise NoBoundError("the root of something that is no square")
        return Degree(-(-x.n // 2), -(-x.d // 2), None, (x.n, x.d) == (0, 0))

    def log(self, x: Any) -> Degree:
        """A logarithm, whose derivatives are rational."""
        x = _degree(x)
        return Degree(0, 0, (0, 0, x.n + x.d))

    def logdet(self, a: DegreeMatrix) -> Degree:
        """The logarithm of a determinant."""
        return self.log(self.det(a))

    def abs(self, x: Any) -> NoReturn:
        """Not rational."""
        raise NoBoundError("an absolute value")

    def sign(self, x: Any) -> NoReturn:
        """Not rational."""
        raise NoBoundError("a sign")

    def real_power(self, x: Any, y: Any) -> NoReturn:
        """Not rational."""
        raise NoBoundError("a real power")

    def function(self, name: str, x: Any) -> NoReturn:
        """Not rational."""
        raise NoBoundError(name)

    def is_zero(self, x: Any) -> bool:
        """Nothing is known to be zero."""
        return False

    def to_float(self, x: Any) -> NoReturn:
        """A degree has no value."""
        raise NoBoundError("a value")

    def is_matrix(self, x: Any) -> bool:
        """Whether x is a matrix."""
        return isinstance(x, DegreeMatrix)

    def matrix(self, rows: Sequence[Sequence[Any]]) -> DegreeMatrix:
        """Entries over the product of the denominators that they bring."""
        entries = [_degree(x) for row in rows for x in row]
        if any(x.logs for x in entries):
            raise NoBoundError("a matrix of logarithms")
        constants = all((x.n, x.d) == (0, 0) for x in entries)
        d = sum(x.d for x in entries)
        n = 0 if constants else max(x.n + d - x.d for x in entries)
        return DegreeMatrix((len(rows), len(rows[0])), Degree(n, d))

    def zeros(self, r: int, c: int) -> DegreeMatrix:
        """A constant matrix."""
        return DegreeMatrix((r, c), Degree())

    def identity(self, n: int) -> DegreeMatrix:
        """A constant matrix."""
        return DegreeMatrix((n, n), Degree())

    def shape(self, a: DegreeMatrix) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return a.shape

    def entry(self, a: DegreeMatrix, i: int, j: int) -> Degree:
        """Any entry."""
        return a.entry

    def scale(self, c: Any, a: DegreeMatrix) -> DegreeMatrix:
        """Scalar times matrix."""
        return DegreeMatrix(a.shape, _degree(c) * a.entry)

    def transpose(self, a: DegreeMatrix) -> DegreeMatrix:
        """The transpose."""
        return DegreeMatrix(a.shape[::-1], a.entry)

    def inverse(self, a: DegreeMatrix) -> DegreeMatrix:
        """(P/q)⁻¹ = q adj(P)/det(P)."""
        n, d, size = a.entry.n, a.entry.d, a.shape[0]
        return DegreeMatrix(a.shape, Degree(d + (size - 1) * n, size * n))

    def det(self, a: DegreeMatrix) -> Degree:
        """det(P/q) = det(P)/qⁿ."""
        return Degree(a.shape[0] * a.entry.n, a.shape[0] * a.entry.d)

    def _eigenvalues(self, a: DegreeMatrix) -> list[Degree]:
        """Roots of a polynomial that is monic in them: they grow as the entries do."""
        return [Degree(a.entry.n, a.entry.d, None, True)] * a.shape[0]

    def block(self, blocks: Sequence[Sequence[DegreeMatrix]]) -> DegreeMatrix:
        """Blocks over one denominator."""
        flat = [b.entry for row in blocks for b in row]
        d = sum(b.d for b in flat)
        rows = sum(row[0].shape[0] for row in blocks)
        columns = sum(b.shape[1] for b in blocks[0])
        return DegreeMatrix((rows, columns), Degree(max(b.n + d - b.d for b in flat), d))

    def _times(self, a: DegreeMatrix, b: DegreeMatrix) -> DegreeMatrix:
        return DegreeMatrix((a.shape[0], b.shape[1]), a.entry * b.entry)

    def _plus(self, a: DegreeMatrix, b: DegreeMatrix) -> DegreeMatrix:
        return DegreeMatrix(a.shape, a.entry + b.entry)


# From a claim to a bound.


def false_pass(problem: Problem, ctx: FlintContext, drawn: Sequence[Sizes]) -> float | None:
    """Bound on the probability that a wrong claim passes at these points; None if there is none.

    Wrong means: not an identity at one of the sizes.  ``drawn`` has the sizes of every point.
    """
    if not isinstance(ctx, PrimeFieldContext):
        return None  # small fractions are too few values for the degrees that occur
    counts = Counter(tuple(sizes.items()) for sizes in drawn)
    try:
        bounds = []
        for sizes, count in counts.items():
            # A difference that is not zero has a norm, its product over all orders, which is
            # rational in what is drawn; and points without their roots were not drawn.
            share = numerator(problem, dict(sizes)) * orders(problem, dict(sizes)) ** 2 / ctx.prime
            bounds.append(min(1.0, share) ** count)
        return max(bounds, default=None)
    except NoBoundError:
        return None


def numerator(problem: Problem, sizes: Sizes) -> int:
    """Degree of the numerators of all that the exact tier compares, and of what they divide by.

    Points at which a denominator vanishes are not drawn, which the denominator's degree allows for.
    """
    ctx, at = DegreeContext(), _letters(problem.letters(), sizes)
    for system in problem.signature.systems.values():
        at |= {f"d{B.name}": _still(B, sizes) for B in system.noises}
    if problem.kind == "identity":
        left, right = (_single(problem.kernel(x).in_context(ctx, at)) for x in ("left", "right"))
        return _size(left + right)
    if problem.kind == "time change":
        return _clock_degree(problem, ctx, at)
    if problem.kind == "covariation":
        return _covariation_degree(problem, ctx, at)
    if problem.kind == "fokker planck":
        return _forward_degree(problem, ctx, at)
    f = _single(problem.kernel("observable").in_context(ctx, at))
    system = problem.signature.systems["declared"]
    drift, noise, spread = _fields(problem.kernels, system, ctx, at)
    first, second = f.derivative(1), f.derivative(2)
    along = Degree(drift.n + first[0], drift.d + first[1])
    across = Degree(2 * noise.n + spread.n + second[0], 2 * noise.d + spread.d + second[1])
    stated = _single(problem.kernel("stated_drift").in_context(ctx, at))
    roots = _of_roots(problem, ctx, at)
    if "stated_martingale" not in problem.kernels:
        return roots + _size(along + across + stated)
    moved = Degree(noise.n + first[0], noise.d + first[1])
    martingale = _single(problem.kernel("stated_martingale").in_context(ctx, at))
    return roots + max(_size(along + across + stated), _size(moved + martingale) + _size(spread))


def _covariation_degree(problem: Problem, ctx: DegreeContext, at: Mapping[str, Any]) -> int:
    _, noise, spread = _fields(problem.kernels, problem.signature.systems["declared"], ctx, at)
    rate = _single(problem.kernel("stated_rate").in_context(ctx, at))
    found = noise * noise * spread
    for name in ("first", "second"):
        found = found * Degree(*_single(problem.kernel(name).in_context(ctx, at)).derivative(1))
    return _size(found + rate) + _of_roots(problem, ctx, at)


def _forward_degree(problem: Problem, ctx: DegreeContext, at: Mapping[str, Any]) -> int:
    drift, noise, spread = _fields(problem.kernels, problem.signature.systems["declared"], ctx, at)
    p = Degree(1)  # a value of the density, or of one of its derivatives
    along = (drift * p).derivative(1)
    across = (noise * noise * spread * p).derivative(2)
    stated = _single(problem.kernel("stated_right").in_context(ctx, at))
    return _size(Degree(*along) + Degree(*across) + stated)


def _of_roots(problem: Problem, ctx: DegreeContext, at: Mapping[str, Any]) -> int:
    """What derivatives of eigenvalues and of their roots add.

    The n-th derivative of λ_i has the divisor Π_j (λ_i − λ_j)^(2n−1), that of √λ_i also λ_i^(n−½);
    divisors of first and second derivatives stand on both sides of a sum of fractions.
    """
    matrices = (problem.kernel(x.kernel).in_context(ctx, at) for x in problem.signature.spectra)
    return sum(8 * a.shape[0] ** 2 * _size(a.entry) for a in matrices)


@final
class _Shapes(DegreeContext):
    """Where shapes alone are asked for: a number is a number, rational or not."""

    def sqrt(self, x: Any) -> Degree:
        """A number."""
        return Degree()

    log = abs = sign = sqrt  # type: ignore[assignment]

    def real_power(self, x: Any, y: Any) -> Degree:  # type: ignore[override]
        """A number."""
        return Degree()

    def function(self, name: str, x: Any) -> Degree:  # type: ignore[override]
        """A number."""
        return Degree()


def orders(problem: Problem, sizes: Sizes) -> int:
    """In how many orders, with which signs of their roots, the eigenvalues of a claim can stand.

    That is n! 2ⁿ for the n eigenvalues of one matrix, 1 where there are none.  About one point of
    so many has all roots modulo a prime.
    """
    ctx, count = _Shapes(), 1
    at = _letters(problem.letters(), sizes)
    for spectrum in problem.signature.spectra:
        n = problem.kernel(spectrum.kernel).in_context(ctx, at).shape[0]
        count *= factorial(n) * 2**n
    return count


def _clock_degree(problem: Problem, ctx: DegreeContext, at: Mapping[str, Any]) -> int:
    systems = problem.signature.systems
    rate = _single(problem.kernel("rate").in_context(ctx, at))
    drift, noise, spread = _fields(problem.kernels, systems["declared"], ctx, at)
    other, moved, wide = _fields(problem.kernels, systems["changed"], ctx, at)
    return max(
        _size(drift + rate * other), _size(noise * noise * spread + rate * moved * moved * wide)
    )


def _size(value: Degree) -> int:
    return value.n + value.d


def _fields(
    kernels: Mapping[str, Kernel],
    system: SystemSignature,
    ctx: DegreeContext,
    at: Mapping[str, Any],
) -> tuple[Degree, Degree, Degree]:
    """Degrees of drift and noise over all states, and of the covariances of the noise."""
    value = kernels[f"{system.prefix}increment"].in_context(ctx, at)
    # The increment holds drift and noise: its degrees bound those of both.
    field = _single(value)
    if system.calculus == "stratonovich":
        n, d = field.derivative(1)
        field = field + Degree(n, d) * field
    names = [c for B in system.noises for c in (B.row_covariance, B.column_covariance) if c]
    spread = Degree()
    for name in (*names, *(rho for _, _, rho in system.correlations)):
        spread = spread * _single(kernels[name].in_context(ctx, at))
    return field, field, spread


def _still(noise: NoiseSignature, sizes: Sizes) -> Any:
    return _of_shape(Degree(), noise.shape_at(sizes), noise.family is not None)


def _letters(letters: Sequence[LetterSignature], sizes: Sizes) -> dict[str, Any]:
    """Every letter as degrees in what is drawn uniformly for it."""
    point: dict[str, Any] = {**sizes, "dt": Degree(), "t": Degree(2, square=True)}
    for letter in letters:
        entry = Degree(1)
        if "positive" in letter.facts or letter.kind == "time":
            entry = Degree(2, square=True)
        elif "positive_definite" in letter.facts:
            entry = Degree(2)
        if letter.kind in ("state", "parameter", "process", "time"):
            shape = letter.shape_at(sizes)
            point[letter.name] = _of_shape(entry, shape, letter.family is not None)
    return point


def _of_shape(entry: Degree, shape: tuple[int, ...], family: bool) -> Any:
    if family:
        return [_of_shape(entry, shape[1:], family=False) for _ in range(shape[0])]
    return DegreeMatrix((shape[0], (*shape, 1)[1]), entry) if shape else entry


def _single(value: Any) -> Degree:
    """Scalars, matrices and tuples of them over one denominator."""
    if isinstance(value, tuple | list):
        parts = [_single(part) for part in value]
        d = sum(part.d for part in parts)
        return Degree(max(part.n + d - part.d for part in parts), d)
    return value.entry if isinstance(value, DegreeMatrix) else _degree(value)
