"""Compound expressions that SymPy lacks: stacks, the symmetric block S(G), index sums."""

from __future__ import annotations

from typing import Any

from sympy import Abs, Add, Expr, Function, Integer, MatMul, Trace, ZeroMatrix, log, sympify, zoo
from sympy.core.kind import NumberKind
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.precedence import PRECEDENCE

from .errors import DerivationError, ShapeError
from .symbols import Index, same_size
from .wrapping import bracketed

__all__ = [
    "BlockColumn",
    "Diagonal",
    "IndexSum",
    "LogAbs",
    "S",
    "ScalarSum",
    "Stack",
    "SymmetricBlock",
    "det",
    "diagonal",
    "entry",
    "free_indices",
    "gram",
    "is_zero",
    "logdet",
    "stack",
    "total",
    "tr",
    "zero_like",
]


class Stack(MatrixExpr):
    """The blocks [A_1; A_2; ...] under each other."""

    @property
    def shape(self) -> tuple[Any, Any]:
        """(sum of the rows of the blocks, their columns)."""
        return Add(*(block.shape[0] for block in self.args)), self.args[0].shape[1]

    @property
    def partition(self) -> tuple[Any, ...]:
        """Row sizes of the blocks."""
        return tuple(block.shape[0] for block in self.args)

    def _sympystr(self, printer: Any) -> str:
        return "[" + "; ".join(printer._print(block) for block in self.args) + "]"

    def _latex(self, printer: Any) -> str:
        rows = r" \\ ".join(printer._print(block) for block in self.args)
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Any:
        return MatrixElement(self, i, j)


class SymmetricBlock(MatrixExpr):
    """S(G) = [[0, G], [G', 0]], (p+k, p+k) for G (p, k)."""

    @property
    def shape(self) -> tuple[Any, Any]:
        """(p + k, p + k)."""
        size = self.args[0].shape[0] + self.args[0].shape[1]
        return size, size

    @property
    def partition(self) -> tuple[Any, ...]:
        """Sizes (p, k) of the blocks."""
        return tuple(self.args[0].shape)

    def _eval_transpose(self) -> Any:
        return self

    def _sympystr(self, printer: Any) -> str:
        return f"S({printer._print(self.args[0])})"

    def _latex(self, printer: Any) -> str:
        return rf"S\left({printer._print(self.args[0])}\right)"

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Any:
        return MatrixElement(self, i, j)


class BlockColumn(MatrixExpr):
    """K_a, the block column of a partitioned identity, where a result still shows one."""

    def __new__(cls, position: Any, *partition: Any) -> Any:
        """The block of a position, counted from 0, in a partition into sizes."""
        return MatrixExpr.__new__(cls, position, *partition)

    @property
    def shape(self) -> tuple[Any, Any]:
        """(sum of the sizes, size of the block)."""
        return Add(*self.args[1:]), self.args[int(self.args[0]) + 1]

    def _sympystr(self, printer: Any) -> str:
        return f"K{int(self.args[0]) + 1}"

    def _latex(self, printer: Any) -> str:
        return f"K_{{{int(self.args[0]) + 1}}}"


class IndexSum(MatrixExpr):
    """Σ_i of a matrix expression; args (expression, index, excluded indices...)."""

    precedence = PRECEDENCE["Mul"]  # a power or a transpose of it needs brackets

    @property
    def shape(self) -> tuple[Any, Any]:
        """Shape of the summand."""
        rows, columns = self.args[0].shape
        return rows, columns

    def _sympystr(self, printer: Any) -> str:
        return f"Sum_{_range(self)}({printer._print(self.args[0])})"

    def _latex(self, printer: Any) -> str:
        return _latex_sum(self, printer)

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Any:
        return MatrixElement(self, i, j)


class ScalarSum(Expr):
    """Σ_i of a scalar expression; args (expression, index, excluded indices...)."""

    precedence = PRECEDENCE["Mul"]
    is_commutative = True
    is_real = True
    kind = NumberKind

    def _sympystr(self, printer: Any) -> str:
        return f"Sum_{_range(self)}({printer._print(self.args[0])})"

    def _latex(self, printer: Any) -> str:
        return _latex_sum(self, printer)


class Diagonal(MatrixExpr):
    """The diagonal matrix of a vector: to be declared, not to be differentiated."""

    @property
    def shape(self) -> tuple[Any, Any]:
        """(d, d) for a vector (d, 1)."""
        return self.args[0].shape[0], self.args[0].shape[0]

    def _eval_transpose(self) -> Any:
        return self

    def _sympystr(self, printer: Any) -> str:
        return f"diag({printer._print(self.args[0])})"

    _unicode = _sympystr

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{diag}}\left({printer._print(self.args[0])}\right)"

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Any:
        return MatrixElement(self, i, j)


class LogAbs(Function):
    """log|x| for x ≠ 0, with the derivative 1/x."""

    nargs = 1
    is_real = True

    @classmethod
    def eval(cls, x: Any) -> Any:
        """A pole at zero."""
        return zoo if x == 0 else None

    def fdiff(self, argindex: int = 1) -> Any:
        """1/x."""
        return 1 / self.args[0]

    def _eval_rewrite_as_log(self, x: Any, **kwargs: Any) -> Any:
        return log(Abs(x))

    def _sympystr(self, printer: Any) -> str:
        return f"log(Abs({printer._print(self.args[0])}))"

    def _latex(self, printer: Any) -> str:
        return rf"\log\left|{printer._print(self.args[0])}\right|"


def gram(matrix: Any) -> Any:
    """A block matrix whose blocks are A_a B_b' as the product [A_1; A_2] [B_1; B_2]', or None."""
    blocks = matrix.blocks
    rows, columns = range(blocks.shape[0]), range(blocks.shape[1])
    split = {(a, b): _halves(blocks[a, b]) for a in rows for b in columns}
    if any(halves is None for halves in split.values()):
        return None
    left = [split[a, 0][0] for a in rows]
    right = [split[0, b][1] for b in columns]
    if any(split[a, b] != (left[a], right[b]) for a in rows for b in columns):
        return None
    return Stack(*left) * Stack(*(block.T for block in right)).T


def _halves(block: Any) -> Any:
    is_product = isinstance(block, MatMul) and len(block.args) == 2
    return block.args if is_product and isinstance(block.args[0], MatrixExpr) else None


def stack(*blocks: Any) -> Stack:
    """The blocks under each other, [A_1; A_2; ...].

    Raises
    ------
    DerivationError, ShapeError
        If there is no block, or their numbers of columns differ.
    """
    if not blocks:
        raise DerivationError("stack: got no block; give one or more matrices")
    for block in blocks[1:]:
        if not same_size(block.shape[1], blocks[0].shape[1]):
            raise ShapeError(
                f"stack: {blocks[0]} has {blocks[0].shape[1]} columns and {block} has "
                f"{block.shape[1]}; transpose one, or declare the sizes equal"
            )
    return Stack(*blocks)


def S(G: Any) -> SymmetricBlock:  # noqa: N802 - the sheet's letters
    """The symmetric block S(G) = [[0, G], [G', 0]].

    Raises
    ------
    ShapeError
        If ``G`` is no matrix.
    """
    if not hasattr(G, "shape"):
        raise ShapeError(
            f"S: got {G}, no matrix; S(G) is the symmetric block of one, and the number is "
            f"sympy.S({G})"
        )
    return SymmetricBlock(G)


def diagonal(vector: Any) -> Diagonal:
    """The diagonal matrix of a vector (d, 1).

    The calculus has no rules for it: a differential or a value of it is refused by name.

    Raises
    ------
    ShapeError
        If ``vector`` has more than one column.
    """
    if vector.shape[1] != 1:
        raise ShapeError(
            f"diagonal: {vector} is {vector.shape[0]} x {vector.shape[1]}; give one column"
        )
    return Diagonal(vector)


def is_zero(expression: Any) -> bool:
    """Whether an expression is 0 or a zero matrix as it stands."""
    return bool(expression == 0 or getattr(expression, "is_ZeroMatrix", False))


def zero_like(expression: Any) -> Any:
    """0, or the zero matrix of the shape of a matrix expression."""
    matrix = isinstance(expression, MatrixExpr)
    return ZeroMatrix(*expression.shape) if matrix else Integer(0)


def free_indices(expression: Any) -> set[Index]:
    """The indices of an expression that no sum binds."""
    if isinstance(expression, Index):
        return {expression}
    found: set[Index] = set().union(*map(free_indices, getattr(expression, "args", ())))
    return found - {expression.args[1]} if isinstance(expression, IndexSum | ScalarSum) else found


def _range(total: Any) -> str:
    return "!=".join(str(index) for index in total.args[1:])


def _latex_sum(total: Any, printer: Any) -> str:
    body = bracketed(printer._print(total.args[0]), latex=True)
    return rf"\sum_{{{_latex_range(total, printer)}}} {body}"


def _latex_range(total: Any, printer: Any) -> str:
    index, *excluded = (str(printer._print(i)) for i in total.args[1:])
    return index + (rf" \neq {', '.join(excluded)}" if excluded else "")


def total(expression: Any, index: Index, *, excluding: Any = ()) -> Any:
    """Σ_i of a scalar or matrix expression over an index's range, without the excluded indices.

    Raises
    ------
    DerivationError
        If ``index`` or an excluded one is not made with ``index(...)``, or an excluded one is the
        index itself or has another range.
    """
    excluded = (excluding,) if isinstance(excluding, Index) else tuple(excluding)
    for i in (index, *excluded):
        if not isinstance(i, Index):
            raise DerivationError(f"total: {i} is not an index; make one with index(...)")
    for i in excluded:
        if i == index or i.range != index.range:
            raise DerivationError(
                f"total over {index}: excluding {i} says nothing; exclude another index that runs "
                f"to {index.range}"
            )
    expression = sympify(expression)
    head = IndexSum if isinstance(expression, MatrixExpr) else ScalarSum
    return head(expression, index, *excluded)


def entry(A: Any, i: Any, j: Any) -> Any:
    """The entry A[i, j], counted from 0 as SymPy does, without expanding a product."""
    for position, size in zip((i, j), A.shape, strict=True):
        inside = sympify(position).is_nonnegative is not False
        beyond = (sympify(position) - size).is_nonnegative
        if not inside or beyond:
            raise ShapeError(
                f"entry: {A}[{i}, {j}] is outside {A.shape[0]} x {A.shape[1]}; count from 0"
            )
    return MatrixElement(A, i, j)


def tr(A: Any) -> Any:
    """The trace of a square matrix; ShapeError for another."""
    _square("tr", A)
    return Trace(A)


def det(A: Any) -> Any:
    """The determinant of a square matrix; ShapeError for another."""
    _square("det", A)
    return Determinant(A)


def logdet(A: Any) -> Any:
    """log det A; its differential asks that A is declared, or seen to be, positive definite."""
    _square("logdet", A)
    return log(Determinant(A))


def _square(what: str, A: Any) -> None:
    if not same_size(*A.shape):
        raise ShapeError(f"{what}: {A} is {A.shape[0]} x {A.shape[1]}, it must be square")
