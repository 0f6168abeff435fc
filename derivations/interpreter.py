"""One walk over SymPy expressions, for every algebra that can take them.

The calculus needs an expression in several algebras: as a normal form, as an Itô differential, as a
number at a point.  Each algebra says what letters and operations mean; the walk is here, once.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from typing import Any, Protocol

from sympy import (
    Abs,
    Add,
    Derivative,
    Determinant,
    Function,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    Mul,
    Pow,
    Trace,
    Transpose,
    ZeroMatrix,
    log,
    sympify,
)
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.blockmatrix import BlockMatrix
from sympy.matrices.expressions.matexpr import MatrixElement

from .errors import DerivationError
from .expressions import (
    BlockColumn,
    IndexSum,
    LogAbs,
    ScalarSum,
    Stack,
    SymmetricBlock,
    gram,
)
from .spectrum import Eigenprojector, Eigenvalue
from .symbols import Letter, ScalarIncrement, ScalarMember, ScalarState
from .words import Selector, Unit

__all__ = ["Algebra", "interpret"]


class Algebra(Protocol):
    """What an algebra gives; elements are opaque to the walk."""

    def scalar(self, value: Any) -> Any:
        """A scalar that holds no state, increment or index."""

    def letter(self, symbol: Any) -> Any:
        """A declared letter: matrix, scalar state, increment or family member."""

    def block_column(self, selector: Selector) -> Any:
        """The block column K_a of a partitioned identity."""

    def unit(self, vector: Unit) -> Any:
        """The unit vector e_i."""

    def identity(self, size: Any) -> Any:
        """The identity."""

    def zero(self, shape: Any) -> Any:
        """The zero matrix."""

    def stack(self, expression: Stack) -> Any:
        """A stack that the algebra takes as one letter, or None."""

    def add(self, a: Any, b: Any) -> Any:
        """Sum."""

    def mul(self, a: Any, b: Any) -> Any:
        """Product of matrices, of scalars, or of both."""

    def transpose(self, a: Any) -> Any:
        """Transpose."""

    def inverse(self, a: Any, expression: Any) -> Any:
        """Inverse of a matrix; ``expression`` is what was typed."""

    def trace(self, a: Any) -> Any:
        """Trace."""

    def det(self, a: Any, expression: Any) -> Any:
        """Determinant; ``expression`` is the matrix as typed."""

    def function(self, head: Any, arguments: list[Any]) -> Any:
        """A smooth scalar function of scalars."""

    def eigenvalue(self, letter: Eigenvalue) -> Any:
        """λ_i of a symmetric matrix, as typed."""

    def projector(self, letter: Eigenprojector) -> Any:
        """E_i of a symmetric matrix, as typed."""

    def derivative(self, expression: Any) -> Any:
        """A derivative of an unspecified function, as it stands."""

    def total(self, body: Any, index: Any, *excluded: Any) -> Any:
        """Sum of an expression, as typed, over an index without the values of others."""


def interpret(expression: Any, algebra: Algebra) -> Any:
    """The value of a SymPy expression in an algebra.

    Raises
    ------
    DerivationError
        For a node that the language does not have, naming it.
    """
    expression = sympify(expression)
    if isinstance(expression, MatrixExpr):
        return _matrix(expression, algebra)
    if isinstance(expression, ScalarState | ScalarMember | ScalarIncrement):
        return algebra.letter(expression)
    if not _is_compound(expression):
        return algebra.scalar(expression)
    return _scalar(expression, algebra)


_COMPOUND = (
    MatrixExpr,
    Trace,
    Determinant,
    MatrixElement,
    ScalarSum,
    Eigenvalue,
    ScalarState,
    ScalarMember,
    ScalarIncrement,
)


@lru_cache(maxsize=16384)
def _is_compound(expression: Any) -> bool:
    if isinstance(expression, _COMPOUND):
        return True
    return any(_is_compound(part) for part in expression.args)


def _scalar(expression: Any, algebra: Algebra) -> Any:
    walk = interpret
    match expression:
        case Add():
            return reduce(algebra.add, [walk(a, algebra) for a in expression.args])
        case Mul():
            return reduce(algebra.mul, [walk(a, algebra) for a in expression.args])
        case Pow() if expression.exp.is_Integer and 0 < expression.exp <= 16:
            return reduce(algebra.mul, [walk(expression.base, algebra)] * int(expression.exp))
        case Trace():
            return algebra.trace(walk(expression.args[0], algebra))
        case Determinant():
            return algebra.det(walk(expression.args[0], algebra), expression.args[0])
        case MatrixElement():
            matrix, i, j = expression.args
            left, right = Unit(matrix.shape[0], i), Unit(matrix.shape[1], j)
            row = algebra.mul(algebra.transpose(algebra.unit(left)), walk(matrix, algebra))
            return algebra.trace(algebra.mul(row, algebra.unit(right)))
        case ScalarSum():
            return algebra.total(*expression.args)
        case Derivative():
            return algebra.derivative(expression)
        case Eigenvalue():
            return algebra.eigenvalue(expression)
        case log() if isinstance(expression.args[0], Abs):
            return algebra.function(LogAbs, [walk(expression.args[0].args[0], algebra)])
        case Pow() | Function():
            return algebra.function(expression.func, [walk(a, algebra) for a in expression.args])
    raise DerivationError(f"{expression}: the language has no rule for {type(expression).__name__}")


def _matrix(expression: Any, algebra: Algebra) -> Any:
    walk = interpret
    match expression:
        case MatAdd():
            return reduce(algebra.add, [walk(a, algebra) for a in expression.args])
        case MatMul():
            return reduce(algebra.mul, [walk(a, algebra) for a in expression.args])
        case Transpose():
            return algebra.transpose(walk(expression.args[0], algebra))
        case Inverse():
            return algebra.inverse(walk(expression.args[0], algebra), expression.args[0])
        case MatPow():
            return _power(expression, algebra)
        case Identity():
            return algebra.identity(expression.shape[0])
        case ZeroMatrix():
            return algebra.zero(tuple(expression.shape))
        case Stack():
            whole = algebra.stack(expression)
            return whole if whole is not None else _stacked(expression, algebra)
        case BlockColumn():
            return algebra.block_column(Selector(expression.args[1:], int(expression.args[0])))
        case SymmetricBlock():
            return _symmetric_block(expression, algebra)
        case BlockMatrix():
            return _blocks(expression, algebra)
        case IndexSum():
            return algebra.total(*expression.args)
        case Eigenprojector():
            return algebra.projector(expression)
    if isinstance(expression, Letter):
        return algebra.letter(expression)
    raise DerivationError(f"{expression}: the language has no rule for {type(expression).__name__}")


def _power(expression: Any, algebra: Algebra) -> Any:
    base, exponent = expression.args
    if not exponent.is_Integer:
        raise DerivationError(
            f"{expression}: the exponent {exponent} is not an integer; write the power out"
        )
    n = int(exponent)
    if n == 0:
        return algebra.identity(base.shape[0])
    value = interpret(base, algebra)
    if n < 0:
        value = algebra.inverse(value, base)
    return reduce(algebra.mul, [value] * abs(n))


def _stacked(expression: Stack, algebra: Algebra) -> Any:
    partition = expression.partition
    parts = (
        algebra.mul(algebra.block_column(Selector(partition, n)), interpret(block, algebra))
        for n, block in enumerate(expression.args)
    )
    return reduce(algebra.add, parts)


def _symmetric_block(expression: SymmetricBlock, algebra: Algebra) -> Any:
    first, second = (algebra.block_column(Selector(expression.partition, n)) for n in (0, 1))
    G = interpret(expression.args[0], algebra)
    upper = algebra.mul(algebra.mul(first, G), algebra.transpose(second))
    return algebra.add(upper, algebra.transpose(upper))


def _blocks(expression: Any, algebra: Algebra) -> Any:
    product = gram(expression)
    if product is not None:
        return interpret(product, algebra)
    blocks = expression.blocks.tolist()
    if len(blocks[0]) == 1:
        return interpret(Stack(*(row[0] for row in blocks)), algebra)
    rows = tuple(row[0].shape[0] for row in blocks)
    columns = tuple(block.shape[1] for block in blocks[0])
    parts = []
    for a, row in enumerate(blocks):
        left = _column(Selector(rows, a), algebra)
        for b, block in enumerate(row):
            right = algebra.transpose(_column(Selector(columns, b), algebra))
            inner = algebra.mul(left, interpret(block, algebra))
            parts.append(algebra.mul(inner, right))
    return reduce(algebra.add, parts)


def _column(selector: Selector, algebra: Algebra) -> Any:
    if len(selector.partition) == 1:
        return algebra.identity(selector.partition[0])
    return algebra.block_column(selector)
