"""The shape of an expression, with every product and sum inside it checked for conformity.

SymPy leaves symbolic sizes unchecked; here two sizes conform only if they are the same expression.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sympy import Add, Determinant, Inverse, MatAdd, MatMul, MatPow, Trace
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.blockmatrix import BlockMatrix
from sympy.matrices.expressions.matexpr import MatrixElement

from .errors import ShapeError
from .expressions import Stack
from .symbols import same_size

__all__ = ["shape_of"]

Shape = tuple[Any, ...]


def shape_of(expression: Any) -> Shape:
    """(rows, columns) of a matrix expression, () of a scalar.

    Raises
    ------
    ShapeError
        Naming the first product, sum, inverse, trace or determinant inside that does not conform.
    """
    if isinstance(expression, MatrixExpr):
        return _matrix_shape(expression)
    if isinstance(expression, Trace | Determinant):
        _square(expression, expression.args[0])
    elif isinstance(expression, MatrixElement):
        shape_of(expression.args[0])
    elif getattr(expression, "is_Matrix", False):
        return tuple(expression.shape)
    else:
        shapes = [shape_of(part) for part in expression.args if hasattr(part, "args")]
        if isinstance(expression, Add) and any(shape != () for shape in shapes):
            raise ShapeError(f"{expression}: a scalar and a matrix are added")
    return ()


def _matrix_shape(expression: Any) -> Shape:
    if isinstance(expression, MatMul):
        factors = [part for part in expression.args if shape_of(part)]
        for left, right in pairwise(factors):
            if not same_size(left.shape[1], right.shape[0]):
                raise ShapeError(
                    f"{left}*{right}: {_text(left)} times {_text(right)} does not conform; "
                    "transpose one, or use one size for both"
                )
    elif isinstance(expression, MatAdd):
        first = expression.args[0]
        for part in expression.args:
            shape_of(part)
            if not all(map(same_size, part.shape, first.shape)):
                raise ShapeError(
                    f"{first} + {part}: {_text(first)} plus {_text(part)} does not conform"
                )
    elif isinstance(expression, Inverse | MatPow):
        _square(expression, expression.args[0])
    elif isinstance(expression, Stack):
        for part in expression.args:
            shape_of(part)
            if not same_size(part.shape[1], expression.args[0].shape[1]):
                raise ShapeError(f"{expression}: blocks with {part.shape[1]} and other columns")
    elif not expression.is_Symbol and not isinstance(expression, BlockMatrix):
        for part in expression.args:
            if isinstance(part, MatrixExpr):
                shape_of(part)
    return tuple(expression.shape)


def _square(expression: Any, argument: Any) -> None:
    shape = shape_of(argument)
    if len(shape) != 2 or not same_size(*shape):
        raise ShapeError(f"{expression}: {argument} is {_text(argument)}, it must be square")


def _text(matrix: Any) -> str:
    return f"{matrix.shape[0]} x {matrix.shape[1]}"
