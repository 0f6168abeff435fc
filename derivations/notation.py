"""What the letters for blocks mean, for whoever reads a formula with S(A) or K₁ in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sympy import Basic

from .exposition import Mathematics, Row
from .expressions import BlockColumn, SymmetricBlock

__all__ = ["notation"]


def _row(left: tuple[str, str], right: tuple[str, str], note: str = "") -> Row:
    return Row(
        left=Mathematics(unicode=left[0], latex=left[1]),
        right=Mathematics(unicode=right[0], latex=rf"\begin{{bmatrix}} {right[1]} \end{{bmatrix}}"),
        note=note,
    )


_ROWS: dict[type, tuple[Row, ...]] = {
    SymmetricBlock: (
        _row(("S(A)", r"S\left(A\right)"), ("[0, A; A', 0]", r"0 & A \\ A^{\top} & 0")),
    ),
    BlockColumn: (
        _row(("K₁", "K_{1}"), ("[I; 0]", r"I \\ 0"), "so that K₁'Θ is the first block of Θ"),
        _row(("K₂", "K_{2}"), ("[0; I]", r"0 \\ I")),
    ),
}
"""Head of an expression -> what it means."""


def notation(formulas: Iterable[Any]) -> Iterator[Row]:
    """What S(A) and K₁ mean, where they occur."""
    found = {type(x) for f in formulas if isinstance(f, Basic) for x in f.atoms(*_ROWS)}
    for head, rows in _ROWS.items():
        yield from rows if head in found else ()
