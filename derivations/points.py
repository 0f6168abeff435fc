"""Expressions at points: every letter a matrix of rationals, the value a ball of real numbers.

Letters get exact rational values; the arithmetic is ball arithmetic (Arb, through python-flint), so
a ball that excludes zero proves that the value is not zero.  Nothing here knows a rule of the
calculus.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from operator import add, methodcaller, mul
from typing import Any

import flint
from sympy import (
    Abs,
    Add,
    Catalan,
    Derivative,
    EulerGamma,
    Integer,
    MatMul,
    Mul,
    NumberSymbol,
    Pow,
    Rational,
    S,
    Symbol,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    erf,
    exp,
    gamma,
    log,
    pi,
    preorder_traversal,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)
from sympy.core.function import AppliedUndef
from sympy.functions.special.tensor_functions import KroneckerDelta
from sympy.matrices.expressions import MatrixExpr

from .decimals import exactly
from .draws import MatrixDraw, WeightDraw
from .errors import DerivationError
from .expressions import LogAbs
from .interpreter import interpret
from .spectrum import Eigenprojector, Eigenvalue
from .symbols import Dimension, FamilyMember, Index, MatrixParameter, ScalarMember
from .words import Selector, Unit

__all__ = ["NotAdmissible", "Point", "PointAlgebra", "entries", "evaluate", "precision"]


class NotAdmissible(DerivationError):  # noqa: N818 - a property of a point, not a failure
    """The point is outside the domain of an expression (a singular inverse, log of a negative)."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with balls of so many bits."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


@dataclass(frozen=True, kw_only=True)
class Point:
    """Sizes of the dimensions and a seed; the values of letters are drawn when first asked for.

    ``indices`` gives numbers to free indices, different ones to different indices of one range;
    ``overrides`` replaces letters by given values (:class:`flint.arb_mat` or :class:`flint.arb`).
    ``definite`` are letters that are drawn positive definite, whatever they are declared as.
    """

    sizes: Mapping[Any, int]
    seed: int
    indices: Mapping[Any, int] = field(default_factory=dict)
    overrides: Mapping[Any, Any] = field(default_factory=dict, repr=False)
    values: dict[Any, Any] = field(default_factory=dict, repr=False)
    definite: frozenset[Any] = frozenset()

    def with_overrides(self, overrides: Mapping[Any, Any]) -> Point:
        """The same point with some letters given other values."""
        return Point(
            sizes=self.sizes,
            seed=self.seed,
            indices=self.indices,
            overrides={**self.overrides, **overrides},
            values=self.values,
            definite=self.definite,
        )

    def size(self, dimension: Any) -> int:
        """The integer that a dimension expression has here."""
        value = dimension.xreplace({d: Integer(n) for d, n in self.sizes.items()})
        if not value.is_Integer:
            raise DerivationError(f"{dimension}: no size is given for this dimension")
        return int(value)

    def letter(self, symbol: Any) -> Any:
        """The value of a letter."""
        if symbol in self.overrides:
            return self.overrides[symbol]
        if symbol not in self.values:
            self.values[symbol] = self._drawn(symbol)
        return self.values[symbol]

    def member(self, symbol: Any, n: int) -> Any:
        """The value of the n-th letter of a family; weights are those of one minibatch."""
        found = _member(symbol, n)
        weighed = isinstance(symbol, WeightDraw) and found not in self.overrides
        if weighed and found not in self.values:
            size, b = self.size(symbol.index.range), self.size(symbol.batch)
            if b > size and not symbol.replacement:
                raise NotAdmissible(f"{symbol}: no {b} of {size} samples without replacement")
            rng = random.Random(f"{self.seed}:{symbol.name}:{size}:{b}")
            for i, count in enumerate(symbol.counts(rng, size, b), 1):
                self.values[_member(symbol, i)] = flint.arb(size * count) / b
        return self.letter(found)

    def _drawn(self, symbol: Any) -> Any:
        rng = random.Random(f"{self.seed}:{type(symbol).__name__}:{symbol}")
        if not isinstance(symbol, MatrixExpr):
            value = Rational(rng.randint(1, 6), rng.randint(1, 8))
            if symbol.is_positive:
                return _arb(value**2)
            return _arb(value * rng.choice((-1, 1)))
        rows, columns = (self.size(n) for n in symbol.shape)
        if isinstance(symbol, MatrixDraw) and symbol.law == "two-point":
            signs = [flint.arb(rng.choice((1, -1))) for _ in range(rows * columns)]
            return flint.arb_mat(rows, columns, signs)
        A = _random_matrix(rng, rows, columns)
        kind = symbol.structure if isinstance(symbol, MatrixParameter) else "general"
        kind = "positive_definite" if symbol in self.definite else kind
        if kind == "symmetric":
            return A + A.transpose()
        if kind == "positive_definite":
            return A * A.transpose() + _identity(rows)
        return A


def _random_matrix(rng: random.Random, rows: int, columns: int) -> Any:
    entries = [
        flint.arb(rng.randint(-6, 6)) / flint.arb(rng.choice((1, 2, 4)))
        for _ in range(rows * columns)
    ]
    return flint.arb_mat(rows, columns, entries)


def _identity(n: int) -> Any:
    return flint.arb_mat(n, n, [flint.arb(int(a == b)) for a in range(n) for b in range(n)])


def _arb(value: Any) -> Any:
    value = Rational(value)
    return flint.arb(int(value.p)) / flint.arb(int(value.q))


_ELEMENTARY = (
    *(exp, log, sin, cos, tan, sinh, cosh, tanh),
    *(asin, acos, atan, asinh, acosh, atanh, erf, gamma),
)
_FUNCTIONS: dict[Any, Callable[[Any], Any]] = {
    **{head: methodcaller(head.__name__) for head in _ELEMENTARY},
    LogAbs: lambda x: abs(x).log(),
    Abs: abs,
}


_CONSTANTS: dict[Any, Callable[[], Any]] = {
    pi: flint.arb.pi,
    S.Exp1: flint.arb.const_e,
    EulerGamma: flint.arb.const_euler,
    Catalan: flint.arb.const_catalan,
}
"""Numbers that are no roots of polynomials; the other ones of SymPy are written with roots."""


class PointAlgebra:
    """Values at a point, for :func:`derivations.interpreter.interpret`.

    ``bound`` gives the numbers of the indices that a sum around has bound, ``known`` the values of
    factors that were worked out before, for these numbers.
    """

    def __init__(
        self,
        point: Point,
        bound: Mapping[Any, int] | None = None,
        known: dict[Any, Any] | None = None,
    ) -> None:
        self.point = point
        self.bound = bound or {}
        self.known = {} if known is None else known

    def scalar(self, value: Any) -> Any:
        """Numbers as they are, sizes as chosen, symbols and unknown functions as drawn."""
        if value in self.bound:
            return flint.arb(self.bound[value])
        if isinstance(value, Dimension):
            return flint.arb(self.point.size(value))
        if isinstance(value, Symbol | AppliedUndef | Derivative):
            return self.point.letter(value)
        if value.is_Rational or value.is_Float:
            return _arb(exactly(value))
        if isinstance(value, NumberSymbol):
            known = _CONSTANTS.get(value)
            return known() if known else self.scalar(value.rewrite(sqrt))
        if isinstance(value, KroneckerDelta):
            a, b = (self.bound.get(i, i) for i in value.args)
            return flint.arb(int(a == b))
        if isinstance(value, Add | Mul):
            return reduce(add if isinstance(value, Add) else mul, map(self.scalar, value.args))
        return self.function(value.func, [self.scalar(a) for a in value.args])

    def letter(self, symbol: Any) -> Any:
        """The letter's value at the point; of a family, that of the member meant."""
        if isinstance(symbol, FamilyMember | ScalarMember) and symbol.index in self.bound:
            return self.point.member(symbol, self.bound[symbol.index])
        return self.point.letter(symbol)

    def block_column(self, selector: Selector) -> Any:
        """The columns of the identity that belong to the block."""
        sizes = [self.point.size(n) for n in selector.partition]
        start, width = sum(sizes[: selector.position]), sizes[selector.position]
        entries = [flint.arb(int(a == start + b)) for a in range(sum(sizes)) for b in range(width)]
        return flint.arb_mat(sum(sizes), width, entries)

    def unit(self, vector: Unit) -> Any:
        """A column of the identity; not admissible where the matrix is too small for it."""
        numbers = {index: Integer(n) for index, n in self.bound.items()}
        size = self.point.size(vector.size)
        position = self.point.size((Integer(0) + vector.position).xreplace(numbers))
        if position >= size:
            raise NotAdmissible(
                f"entry {position}: the matrix has only {size} rows or columns here"
            )
        return flint.arb_mat(size, 1, [flint.arb(int(a == position)) for a in range(size)])

    def identity(self, size: Any) -> Any:
        """The identity of the size that the dimension has here."""
        return _identity(self.point.size(size))

    def zero(self, shape: Any) -> Any:
        """Exact zeros."""
        rows, columns = (self.point.size(n) for n in shape)
        return flint.arb_mat(rows, columns, [flint.arb(0)] * (rows * columns))

    def stack(self, expression: Any) -> None:
        """No stack is a letter here: its blocks have the values."""

    def add(self, a: Any, b: Any) -> Any:
        """Entry by entry."""
        return a + b

    def mul(self, a: Any, b: Any) -> Any:
        """The matrix product; the library wants a scalar on the right."""
        return b * a if isinstance(a, flint.arb) else a * b

    def transpose(self, a: Any) -> Any:
        """Rows for columns."""
        return a.transpose()

    def inverse(self, a: Any, expression: Any) -> Any:
        """A verified enclosure; not admissible where the matrix may be singular."""
        try:
            return a.inv()
        except ZeroDivisionError:
            raise NotAdmissible(f"{expression}: singular at this point") from None

    def trace(self, a: Any) -> Any:
        """The sum of the diagonal."""
        return a.trace()

    def det(self, a: Any, expression: Any) -> Any:
        """By elimination, whatever the matrix was made of."""
        return a.det()

    def function(self, head: Any, arguments: list[Any]) -> Any:
        """A power or an elementary function; not admissible outside its domain."""
        if head is Pow:
            value = arguments[0] ** arguments[1]
        elif head in _FUNCTIONS:
            value = _FUNCTIONS[head](arguments[0])
        else:
            raise NotAdmissible(f"{head}: no ball arithmetic for this function")
        if not value.is_finite():
            raise NotAdmissible(f"{head}: outside its domain at this point")
        return value

    def eigenvalue(self, letter: Eigenvalue) -> Any:
        """The eigenvalue of that number, counted downwards."""
        return self._eigenvalues(letter.matrix)[self._number(letter.index)]

    def projector(self, letter: Eigenprojector) -> Any:
        """Π_{j≠i} (S − λ_j)/(λ_i − λ_j), which needs no eigenvector."""
        place, known = self._number(letter.index), self._known_of(letter.matrix)
        key = "projector", letter.matrix, place, flint.ctx.prec
        if key not in known:
            values = self._eigenvalues(letter.matrix)
            S = interpret(letter.matrix, self)
            factors = (
                (S - _identity(S.nrows()) * x) * (1 / (values[place] - x))
                for j, x in enumerate(values)
                if j != place
            )
            known[key] = reduce(mul, factors, _identity(S.nrows()))
        return known[key]

    def _eigenvalues(self, matrix: Any) -> list[Any]:
        key, known = ("eigenvalues", matrix, flint.ctx.prec), self._known_of(matrix)
        if key not in known:
            S = interpret(matrix, self)
            try:
                found = [x.real for x in S.eig()]
            except (ValueError, ZeroDivisionError):
                raise NotAdmissible(f"{matrix}: two eigenvalues meet at this point") from None
            known[key] = sorted(found, key=lambda x: -x.mid())
        values: list[Any] = known[key]
        return values

    def _known_of(self, matrix: Any) -> dict[Any, Any]:
        """Where the spectrum of a matrix is kept: with the point, unless letters are overridden."""
        key = "fixed", matrix
        if key not in self.known:
            parts = set(preorder_traversal(matrix))
            members = any(isinstance(part, FamilyMember | ScalarMember) for part in parts)
            overridden = self.point.overrides
            self.known[key] = not overridden or not (members or parts & overridden.keys())
        return self.point.values if self.known[key] else self.known

    def _number(self, index: Any) -> int:
        if index not in self.bound:
            raise NotAdmissible(f"{index}: a free index has no number at a point")
        return self.bound[index] - 1

    def derivative(self, expression: Any) -> Any:
        """A free value, as of any letter."""
        return self.point.letter(expression)

    def total(self, body: Any, index: Index, *excluded: Any) -> Any:
        """Summed out, one value of the index after the other."""
        free = [e for e in excluded if e not in self.bound]
        if free:
            raise NotAdmissible(f"{free[0]}: a free index has no number at a point")
        barred = {self.bound[e] for e in excluded}
        values = (n for n in range(1, self.point.size(index.range) + 1) if n not in barred)
        inner = (PointAlgebra(self.point, {**self.bound, index: n}, self.known) for n in values)
        zero = self.zero(body.shape) if isinstance(body, MatrixExpr) else flint.arb(0)
        return reduce(add, (algebra._summand(body) for algebra in inner), zero)

    def _summand(self, body: Any) -> Any:
        factors = body.args if isinstance(body, Mul | MatMul) else (body,)
        return reduce(self.mul, map(self._factor, factors))

    def _factor(self, factor: Any) -> Any:
        """A factor's value, worked out once for all indices that it does not hold."""
        if factor not in self.known:
            self.known[factor] = tuple(factor.atoms(Index))
        key = factor, tuple(self.bound.get(i) for i in self.known[factor])
        if key not in self.known:
            self.known[key] = interpret(factor, self)
        return self.known[key]


def _member(symbol: Any, n: int) -> Any:
    """The n-th member of the family that a member with an index belongs to."""
    return symbol.func(*(Integer(n) if a == symbol.index else a for a in symbol.args))


def evaluate(expression: Any, point: Point) -> Any:
    """The value (a ball, or a matrix of balls) of an expression at a point."""
    return interpret(expression, PointAlgebra(point, point.indices))


def entries(value: Any) -> list[Any]:
    """The balls of a value, matrix or scalar."""
    return value.entries() if isinstance(value, flint.arb_mat) else [value]
