"""The value of a declared expression by literal loops over explicit numbers.

Nothing here is shared with the printers: matrices are lists of rows, a product is a triple loop, a
determinant is Leibniz' sum over permutations, an inverse is Cramer's rule, an index sum is a loop.
Numbers are mpmath's, so that the digits lost by NumPy show.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
from sympy import (
    Add,
    Determinant,
    Float,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    Mul,
    Pow,
    Rational,
    Trace,
    Transpose,
    ZeroMatrix,
    pi,
)
from sympy.core.numbers import Exp1
from sympy.matrices.expressions.blockmatrix import BlockMatrix
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixSymbol

from derivations.codegen.structure import Tuples
from derivations.expressions import BlockColumn, IndexSum, ScalarSum, Stack, SymmetricBlock
from derivations.spectrum import Eigenprojector, Eigenvalue
from derivations.symbols import FamilyMember, ScalarMember

DIGITS = 40
LARGEST = mpmath.mpf(10) ** 300
FUNCTIONS = {"Abs": "fabs", "sign": "sign", "log": "log", "exp": "exp"}


class OutsideFloat64Error(ArithmeticError):
    """A part of an expression is not a real number of float64's range at a point."""


def literal_value(expression: Any, point: Mapping[str, Any]) -> Any:
    """A number, a list of rows, or a tuple of these, at a point without batch axes."""
    with mpmath.workdps(DIGITS):
        if not isinstance(expression, Tuples):
            return _value(expression, point, {})
        inner, *indices = expression.args
        values = range(_size(indices[0].range, point))
        return tuple(
            _value(inner, point, dict(zip(indices, chosen, strict=True)))
            for chosen in itertools.permutations(values, len(indices))
        )


def as_array(value: Any) -> np.ndarray:
    if isinstance(value, tuple):
        return np.array([as_array(part) for part in value])
    return np.array([[float(x) for x in row] for row in value] if _is_rows(value) else float(value))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list)


def _number(x: Any) -> Any:
    return mpmath.mpf(x.numerator) / x.denominator if hasattr(x, "denominator") else mpmath.mpf(x)


def _letter(value: Any) -> Any:
    array = np.asarray(value)
    if array.ndim == 2:
        return [[_number(x) for x in row] for row in array.tolist()]
    return _number(array.item())


def _size(size: Any, point: Mapping[str, Any]) -> int:
    if size.is_Symbol:
        return int(point[str(size.name)])
    return int(size.subs({s: point[str(s.name)] for s in size.free_symbols}))


def _product(a: Any, b: Any) -> Any:
    return [
        [sum((a[i][m] * b[m][j] for m in range(len(b))), mpmath.mpf(0)) for j in range(len(b[0]))]
        for i in range(len(a))
    ]


def _transposed(a: Any) -> Any:
    return [[a[i][j] for i in range(len(a))] for j in range(len(a[0]))]


def _identity(n: int) -> Any:
    return [[mpmath.mpf(int(i == j)) for j in range(n)] for i in range(n)]


def _determinant(a: Any) -> Any:
    total = mpmath.mpf(0)
    for order in itertools.permutations(range(len(a))):
        inversions = sum(order[i] > order[j] for j in range(len(a)) for i in range(j))
        term = mpmath.mpf((-1) ** inversions)
        for i, j in enumerate(order):
            term *= a[i][j]
        total += term
    return total


def _inverse(a: Any) -> Any:
    n, d = len(a), _determinant(a)

    def minor(i: int, j: int) -> Any:
        return [[a[r][c] for c in range(n) if c != j] for r in range(n) if r != i]

    return [[(-1) ** (i + j) * _determinant(minor(j, i)) / d for j in range(n)] for i in range(n)]


def _power(a: Any, n: int) -> Any:
    found = _identity(len(a))
    for _ in range(abs(n)):
        found = _product(found, a if n > 0 else _inverse(a))
    return found


def _stacked(blocks: Any) -> Any:
    """Rows of blocks put together entry by entry."""
    rows = []
    for row in blocks:
        for i in range(len(row[0])):
            rows.append([x for block in row for x in block[i]])
    return rows


def _value(e: Any, point: Mapping[str, Any], at: Mapping[Any, int]) -> Any:
    def value(part: Any) -> Any:
        return _value(part, point, at)

    if isinstance(e, FamilyMember | ScalarMember):
        return _letter(np.asarray(point[e.name], dtype=object)[at[e.index]])
    if isinstance(e, MatrixSymbol) or e.is_Symbol:
        return _letter(point[str(e.name)])
    if isinstance(e, IndexSum | ScalarSum):
        return _sum(e, point, at)
    if isinstance(e, Eigenvalue | Eigenprojector):
        # mpmath counts upwards.
        numbers, vectors = _spectrum(tuple(map(tuple, value(e.matrix))))
        n = len(numbers) - 1 - at[e.index]
        u = [vectors[row, n] for row in range(len(numbers))]
        return numbers[n] if isinstance(e, Eigenvalue) else [[x * y for y in u] for x in u]
    for head, rule in MATRIX_RULES.items():
        if isinstance(e, head):
            return rule(e, value, point)
    return _real(_scalar(e, value, point), e)


@functools.lru_cache(maxsize=64)
def _spectrum(rows: tuple[tuple[Any, ...], ...]) -> tuple[Any, Any]:
    """The eigenvalues and eigenvectors: one matrix stands in every summand of a sum over both."""
    with mpmath.workdps(DIGITS):
        return tuple(mpmath.eigsy(mpmath.matrix([*map(list, rows)])))


def _real(x: Any, e: Any) -> Any:
    if isinstance(x, mpmath.mpc) or not abs(x) < LARGEST:
        raise OutsideFloat64Error(f"{e}: {mpmath.nstr(x, 3)} is no float64; take another point")
    return x


def _sum(e: Any, point: Mapping[str, Any], at: Mapping[Any, int]) -> Any:
    summand, index, *excluded = e.args
    terms = [
        _value(summand, point, {**at, index: n})
        for n in range(_size(index.range, point))
        if all(at[other] != n for other in excluded)
    ]
    if isinstance(e, ScalarSum):
        return sum(terms, mpmath.mpf(0))
    rows, columns = (_size(n, point) for n in e.shape)
    zero = [[mpmath.mpf(0)] * columns for _ in range(rows)]
    return [
        [sum((term[i][j] for term in terms), zero[i][j]) for j in range(columns)]
        for i in range(rows)
    ]


def _scaled_product(e: Any, value: Any, point: Any) -> Any:
    scalar, matrix = mpmath.mpf(1), None
    for factor in map(value, e.args):
        if _is_rows(factor):
            matrix = factor if matrix is None else _product(matrix, factor)
        else:
            scalar *= factor
    return [[scalar * x for x in row] for row in matrix]


def _added(e: Any, value: Any, point: Any) -> Any:
    terms = [value(term) for term in e.args]
    return [
        [sum(term[i][j] for term in terms) for j in range(len(terms[0][0]))]
        for i in range(len(terms[0]))
    ]


def _symmetric(e: Any, value: Any, point: Any) -> Any:
    G = value(e.args[0])
    p, k = len(G), len(G[0])
    zero = mpmath.mpf(0)
    upper = [[zero] * p + row for row in G]
    return upper + [row + [zero] * k for row in _transposed(G)]


def _block_column(e: Any, value: Any, point: Any) -> Any:
    place, *partition = e.args
    sizes = [_size(n, point) for n in partition]
    before, width = sum(sizes[: int(place)]), sizes[int(place)]
    whole = _identity(sum(sizes))
    return [row[before : before + width] for row in whole]


MATRIX_RULES = {
    Inverse: lambda e, value, point: _inverse(value(e.args[0])),
    MatPow: lambda e, value, point: _power(value(e.args[0]), int(e.args[1])),
    MatMul: _scaled_product,
    MatAdd: _added,
    Transpose: lambda e, value, point: _transposed(value(e.args[0])),
    Identity: lambda e, value, point: _identity(_size(e.shape[0], point)),
    ZeroMatrix: lambda e, value, point: [
        [mpmath.mpf(0)] * _size(e.shape[1], point) for _ in range(_size(e.shape[0], point))
    ],
    Stack: lambda e, value, point: _stacked([[value(block)] for block in e.args]),
    SymmetricBlock: _symmetric,
    BlockColumn: _block_column,
    BlockMatrix: lambda e, value, point: _stacked(
        [[value(block) for block in row] for row in e.blocks.tolist()]
    ),
}


def _scalar(e: Any, value: Any, point: Any) -> Any:
    if isinstance(e, Trace):
        return sum((row[i] for i, row in enumerate(value(e.args[0]))), mpmath.mpf(0))
    if isinstance(e, Determinant):
        return _determinant(value(e.args[0]))
    if isinstance(e, MatrixElement):
        return value(e.args[0])[_size(e.args[1], point)][_size(e.args[2], point)]
    if isinstance(e, Rational):
        return mpmath.mpf(int(e.p)) / int(e.q)
    if isinstance(e, Float):
        return mpmath.mpf(str(e))
    if e == pi or isinstance(e, Exp1):
        return +mpmath.pi if e == pi else mpmath.e()
    arguments = [value(part) for part in e.args]
    if isinstance(e, Add):
        return sum(arguments, mpmath.mpf(0))
    if isinstance(e, Mul):
        return mpmath.fprod(arguments)
    if isinstance(e, Pow):
        return arguments[0] ** arguments[1]
    name = type(e).__name__
    if name == "LogAbs":
        return mpmath.log(abs(arguments[0]))
    if name == "lowergamma":
        order, x = arguments
        return mpmath.gammainc(order, 0, max(x, 0))
    return getattr(mpmath, FUNCTIONS.get(name, name))(*arguments)
