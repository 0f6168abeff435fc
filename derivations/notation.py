"""What the letters for blocks mean, for whoever reads a formula with S(A) or K₁ in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sympy import Basic

from .exposition import Mathematics, Row
from .expressions import BlockColumn, SymmetricBlock
from .printing import unicode

__all__ = ["notation"]

_SYMMETRIC = Row(
    left=Mathematics(unicode="S(A)", latex=r"S\left(A\right)"),
    right=Mathematics(
        unicode="[0, A; A', 0]", latex=r"\begin{bmatrix} 0 & A \\ A^{\top} & 0 \end{bmatrix}"
    ),
)

_COLUMNS = (
    Row(
        left=Mathematics(
            unicode="K₁' [A; B]", latex=r"K_{1}^{\top} \begin{bmatrix} A \\ B \end{bmatrix}"
        ),
        right=Mathematics(unicode="A", latex="A"),
        note="the first block",
    ),
    Row(
        left=Mathematics(
            unicode="K₂' [A; B]", latex=r"K_{2}^{\top} \begin{bmatrix} A \\ B \end{bmatrix}"
        ),
        right=Mathematics(unicode="B", latex="B"),
        note="the second block",
    ),
    Row(
        left=Mathematics(
            unicode="K₁ K₁' + K₂ K₂'", latex=r"K_{1} K_{1}^{\top} + K_{2} K_{2}^{\top}"
        ),
        right=Mathematics(unicode="I", latex="I"),
        note="so that one of the two products can stand for the other",
    ),
)


def notation(formulas: Iterable[Any]) -> Iterator[Row]:
    """What S(A) and K₁ mean, where they occur, and how large the blocks are."""
    heads = (SymmetricBlock, BlockColumn)
    found = {x for f in formulas if isinstance(f, Basic) for x in f.atoms(*heads)}
    if any(isinstance(x, SymmetricBlock) for x in found):
        yield _SYMMETRIC
    columns = [x for x in found if isinstance(x, BlockColumn)]
    if columns:
        yield from (_column(n, columns[0].args[1:]) for n in range(2))
        yield from _COLUMNS[2:] if len(columns[0].args) == 3 else ()


def _column(number: int, sizes: tuple[Any, ...]) -> Row:
    row, (rows, columns) = _COLUMNS[number], BlockColumn(number, *sizes).shape
    size = f"{unicode(columns)} of {unicode(rows)} rows"
    return Row(left=row.left, right=row.right, note=f"{row.note}, {size}")
