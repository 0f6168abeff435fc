"""The tree of a declared expression, as the printers see it: parts, letters, free indices.

Sizes, covariances and other facts that travel inside a letter are no parts of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sympy import Basic, Expr, Identity, MatPow, Symbol, ZeroMatrix
from sympy.core.kind import NumberKind
from sympy.core.symbol import Str
from sympy.matrices.expressions import MatrixExpr
from sympy.matrices.expressions.blockmatrix import BlockMatrix
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixSymbol

from derivations.errors import DerivationError
from derivations.expressions import BlockColumn, IndexSum, ScalarSum
from derivations.spectrum import Eigenprojector, Eigenvalue
from derivations.symbols import Dimension, FamilyMember, Index, Letter, ScalarMember

__all__ = [
    "AllEigenvalues",
    "AllProjectors",
    "Apart",
    "Hoisted",
    "HoistedMatrix",
    "Listing",
    "Tuples",
    "dimensions",
    "free_indices",
    "is_letter",
    "is_matrix",
    "letters",
    "named",
    "nodes",
    "parts",
    "point_name",
    "rebuilt",
]


class Hoisted(Symbol):
    """The name of a scalar computed once; ``axes`` are the open indices that it depends on."""

    __slots__ = ("axes",)
    axes: tuple[str, ...]

    def __new__(cls, name: str, axes: Sequence[str] = ()) -> Hoisted:
        """Make the letter; its open indices are part of what it is."""
        obj: Hoisted = Symbol.__xnew__(cls, name)
        obj.axes = tuple(axes)
        return obj

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.axes)


class HoistedMatrix(MatrixSymbol):
    """The name of a matrix computed once; ``axes`` as for a scalar."""

    def __new__(cls, name: Any, rows: Any, columns: Any, *axes: Any) -> Any:
        """Make the letter; the sizes may be any expressions."""
        words = (word if isinstance(word, Str) else Str(word) for word in axes)
        text = name if isinstance(name, Str) else Str(name)
        return MatrixExpr.__new__(cls, text, rows, columns, *words)

    @property
    def axes(self) -> tuple[str, ...]:
        """The open indices that it depends on."""
        return tuple(str(text.name) for text in self.args[3:])


class Listing(Basic):
    """What a name with open indices stands for: the values for all indices; args (value, axes)."""


class AllEigenvalues(Expr):
    """All eigenvalues of a symmetric matrix, numbered downwards; args (matrix,)."""


class AllProjectors(Expr):
    """The projectors on the eigenvectors of a symmetric matrix, in that order; args (matrix,)."""


class Apart(Expr):
    """A scalar that has no meaning where two indices are equal, and is 1 there; args (x, i, j)."""

    is_commutative = True
    is_real = True
    kind = NumberKind


class Tuples(Basic):
    """The values of an expression for all tuples of distinct values of its open indices.

    args (expression, indices...), the indices sorted by name.
    """

    @property
    def indices(self) -> tuple[Any, ...]:
        """The open indices."""
        return tuple(self.args[1:])


_INDEXED = (
    MatPow | MatrixElement | IndexSum | ScalarSum | Apart | Tuples | Eigenvalue | Eigenprojector
)
"""What has one part, its first argument; the other arguments are numbers or indices."""


def named(expression: Any, name: str) -> Any:
    """A letter of some name that stands for an expression."""
    axes = sorted(free_indices(expression))
    if is_matrix(expression):
        return HoistedMatrix(name, *expression.shape, *axes)
    return Hoisted(name, axes)


def is_letter(expression: Any) -> bool:
    """Whether an expression has a name and no parts."""
    return isinstance(expression, Letter | Symbol | MatrixSymbol)


def is_matrix(expression: Any) -> bool:
    """Whether an expression is matrix-valued."""
    return isinstance(expression, MatrixExpr)


@lru_cache(maxsize=65536)
def parts(expression: Any) -> tuple[Any, ...]:
    """The sub-expressions that are evaluated before the expression itself."""
    if is_letter(expression) or isinstance(expression, Identity | ZeroMatrix | BlockColumn):
        return ()
    if isinstance(expression, BlockMatrix):
        return tuple(expression.blocks)
    if isinstance(expression, _INDEXED):
        return (expression.args[0],)
    return tuple(part for part in expression.args if isinstance(part, Expr))


def rebuilt(expression: Any, new: Sequence[Any]) -> Any:
    """The same expression of other parts; nothing is evaluated or reordered."""
    if isinstance(expression, BlockMatrix):
        rows, columns = expression.blocks.shape
        return BlockMatrix([list(new[i * columns : (i + 1) * columns]) for i in range(rows)])
    if isinstance(expression, _INDEXED):
        return expression.func(new[0], *expression.args[1:])
    if isinstance(expression, MatrixExpr) or not expression.args:
        return expression.func(*new)
    if expression.is_Add or expression.is_Mul or expression.is_Pow:
        return expression.func(*new, evaluate=False)
    return expression.func(*new)


@lru_cache(maxsize=65536)
def free_indices(expression: Any) -> frozenset[str]:
    """Names of the indices that no sum inside the expression binds."""
    if isinstance(expression, FamilyMember | ScalarMember):
        return frozenset((expression.index.name,))
    if isinstance(expression, Hoisted | HoistedMatrix):
        return frozenset(expression.axes)
    if isinstance(expression, IndexSum | ScalarSum):
        summand, index, *excluded = expression.args
        inside = free_indices(summand)
        if index.name in inside:
            inside |= {other.name for other in excluded}
        return inside - {index.name}
    if isinstance(expression, Eigenvalue | Eigenprojector):
        return frozenset((expression.index.name,)) | free_indices(expression.matrix)
    if isinstance(expression, Tuples):
        return free_indices(expression.args[0]) - {index.name for index in expression.indices}
    return frozenset(name for part in parts(expression) for name in free_indices(part))


def _sizes(expression: Any) -> tuple[Any, ...]:
    """Sizes that the value of an expression needs beside its parts."""
    if isinstance(expression, Identity):
        return (expression.shape[0],)
    if isinstance(expression, ZeroMatrix):
        return tuple(expression.shape)
    if isinstance(expression, MatrixElement):
        return tuple(expression.args[1:])
    if isinstance(expression, BlockColumn):
        return tuple(expression.args[1:])
    if isinstance(expression, IndexSum | ScalarSum):
        summand, index, *excluded = expression.args
        if index.name not in free_indices(summand):
            return (index.range,)
        return tuple(expression.shape) if excluded and is_matrix(expression) else ()
    if isinstance(expression, Tuples):
        mentioned = free_indices(expression.args[0])
        silent = not mentioned.intersection(index.name for index in expression.indices)
        return (expression.indices[0].range,) if silent else ()
    return ()


def nodes(expression: Any) -> Iterator[Any]:
    """An expression and all its parts."""
    yield expression
    for part in parts(expression):
        yield from nodes(part)


def dimensions(size: Any) -> set[Any]:
    """The dimension symbols in a size."""
    return {symbol for symbol in getattr(size, "free_symbols", ()) if isinstance(symbol, Dimension)}


def letters(expression: Any) -> dict[str, Any]:
    """The letters and dimensions that the value of an expression needs, by name in a point.

    Raises
    ------
    DerivationError
        If one name stands for two different letters.
    """
    found: dict[str, Any] = {}
    ranges: dict[str, Any] = {}
    for node in nodes(expression):
        if isinstance(node, FamilyMember | ScalarMember | Eigenvalue | Eigenprojector):
            index = node.index
            if ranges.setdefault(index.name, index.range) != index.range:
                raise DerivationError(
                    f"{index}: two indices of this name have the ranges {ranges[index.name]} and "
                    f"{index.range}; rename one"
                )
        new = {node} if is_letter(node) and not isinstance(node, Index) else set()
        for size in _sizes(node):
            new |= dimensions(size)
        for letter in sorted(new, key=str):
            name = point_name(letter)
            if not _same_letter(found.setdefault(name, letter), letter):
                raise DerivationError(
                    f"{name}: two different letters of one claim have this name "
                    f"({_what(found[name])} and {_what(letter)}); rename one"
                )
    return found


def point_name(letter: Any) -> str:
    """The name under which a letter's value stands in a point."""
    return str(letter.name)


def _same_letter(a: Any, b: Any) -> bool:
    if isinstance(a, FamilyMember | ScalarMember) and type(a) is type(b):
        # Members of one family differ in their index alone.
        a_range, b_range = a.index.range, b.index.range
        return bool(a.xreplace({a.index: b.index}) == b and a_range == b_range)
    return bool(a == b)


def _what(letter: Any) -> str:
    shape = " x ".join(map(str, letter.shape)) + " " if is_matrix(letter) else ""
    return f"{shape}{type(letter).__name__}"
