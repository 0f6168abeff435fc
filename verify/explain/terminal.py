"""The exposition of a claim for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derivations.exposition import Exposition, Row

__all__ = ["page"]

WIDTH = 96


def page(shown: Exposition, width: int = WIDTH) -> str:
    """The whole exposition as lines of text."""
    return "\n".join(_lines(shown, width))


def _lines(shown: Exposition, width: int) -> Iterator[str]:
    def text(line: str, indent: str = "") -> list[str]:
        return textwrap.wrap(line, width, initial_indent=indent, subsequent_indent=indent)

    heading = f"{shown.id}: {shown.title}"
    yield heading
    yield "=" * len(heading)
    for line in (shown.statement, shown.source and f"Source: {shown.source}."):
        yield from text(line) if line else ()
    if shown.expected != "AGREES":
        yield from text(f"Expected verdict: {shown.expected}.")
    for assumption in shown.assumptions:
        yield from text(f"Assumes: {assumption}.")
    for passage in shown.declared:
        yield ""
        yield from text(passage.title)
        for row in passage.rows:
            yield from _row(row, width)
    if shown.names:
        yield ""
        yield "where"
        for row in shown.names:
            yield from _row(row, width)
    for matrix in shown.spectra:
        yield from text(
            f"λ_i, E_i: the eigenvalues, largest first, and eigenprojectors of {matrix.unicode}."
        )
    if shown.steps:
        yield ""
        yield "Derivation"
    for number, step in enumerate(shown.steps, 1):
        yield ""
        yield from text(f"{number}. {step.rule}")
        yield from textwrap.wrap(step.after.unicode, width, initial_indent=" " * 4)
        yield from text(f"checked: {step.check}", "    ")
    for passage in shown.differences:
        yield ""
        yield from text(passage.title)
        for row in passage.rows:
            yield from _row(row, width)
    for title, facts in shown.facts:
        yield from text(f"{title}: {', '.join(fact.unicode for fact in facts)}.")
    for remark in shown.remarks:
        yield from text(remark)


def _row(row: Row, width: int) -> Iterator[str]:
    left = row.words or (row.left.unicode if row.left else "")
    right = row.right.unicode + (f", {row.note}" if row.note else "")
    yield from textwrap.wrap(
        f"{left} = {right}" if left else right,
        width,
        initial_indent=" " * 4,
        subsequent_indent=" " * 8,
        break_long_words=False,
    )
