"""The exposition of a claim for a terminal: aligned at "=", in lines that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from verify.printable import printable

if TYPE_CHECKING:
    from derivations.exposition import Exposition, Mathematics, Passage, Row, StepShown

__all__ = ["LEAST", "USUAL", "page"]

USUAL, LEAST = 96, 40
"""The width of a page that goes to no terminal, and the least width that holds."""

_SIDE = 0.3
"""The part of the width that a left side may have, if the right one is to stand beside it."""

_INDENT = 4

Line = tuple[str, str]
"""A line of text and the style it has on a terminal that shows colours."""


def page(shown: Exposition, width: int = USUAL) -> Text:
    """The whole exposition; its ``plain`` is the text without colours."""
    text = Text()
    for n, (line, style) in enumerate(_lines(shown, max(width, LEAST))):
        text.append("\n" if n else "")
        text.append(line, style=style)
    return text


def _lines(shown: Exposition, width: int) -> Iterator[Line]:
    yield from _heading(shown, width)
    for passage in shown.declared:
        yield from _passage(passage, width)
    if shown.names:
        yield from _titled("where", shown.names, width)
    if shown.letters:
        yield "", ""
        yield from _wrapped("".join(part.text for part in shown.letters), width)
    for matrix in shown.spectra:
        said = f"λ_i, E_i: the eigenvalues, largest first, and eigenprojectors of {matrix.unicode}."
        yield from _wrapped(said, width)
    if shown.steps:
        yield "", ""
        yield "Derivation", "bold"
        yield from _steps(shown, width)
    for passage in shown.differences:
        yield from _passage(passage, width, "bold red")
    if shown.facts or shown.remarks:
        yield "", ""
    for title, facts in shown.facts:
        yield from _wrapped(f"{title}: {_listed(facts)}.", width)
    for remark in shown.remarks:
        yield from _wrapped(remark, width)


def _heading(shown: Exposition, width: int) -> Iterator[Line]:
    heading = [line for line, _ in _wrapped(f"{shown.id}: {shown.title}", width)]
    yield from ((line, "bold") for line in heading)
    yield "═" * max(map(cell_len, heading)), "bold"
    yield from _wrapped(shown.statement, width)
    if shown.source:
        yield from _wrapped(f"Source: {shown.source}.", width, style="dim")
    if shown.expected != "AGREES":
        yield from _wrapped(f"Expected verdict: {shown.expected}.", width, style="bold")
    for assumption in shown.assumptions:
        yield from _wrapped(f"Assumes: {assumption}.", width)


def _steps(shown: Exposition, width: int) -> Iterator[Line]:
    from derivations.displays import chain

    for number, (step, row) in enumerate(chain(shown), 1):
        yield "", ""
        yield from _wrapped(f"{number}. {step.rule}", width, style="bold")
        yield from _wrapped(step.words, width, _INDENT, style="dim")
        yield from _rows([row], width)
        yield from _checked(step, width)


def _checked(step: StepShown, width: int) -> Iterator[Line]:
    if step.assumptions:
        yield from _wrapped(f"assuming: {_listed(step.assumptions)}", width, _INDENT)
    yield from _wrapped(f"checked: {step.check}", width, _INDENT, style="green")


def _passage(passage: Passage, width: int, style: str = "bold") -> Iterator[Line]:
    yield from _titled(passage.title, passage.rows, width, style)


def _titled(title: str, rows: Sequence[Row], width: int, style: str = "bold") -> Iterator[Line]:
    yield "", ""
    yield from _wrapped(title, width, style=style)
    yield from _rows(rows, width)


def _listed(facts: Sequence[Mathematics]) -> str:
    return ", ".join(fact.unicode for fact in facts)


# Formulas.


def _rows(rows: Sequence[Row], width: int) -> Iterator[Line]:
    room = width - _INDENT
    lefts = [_left(row) for row in rows]
    narrow = [w for left in lefts if (w := cell_len(left)) <= _SIDE * room]
    side = max(narrow, default=0)
    for row, left in zip(rows, lefts, strict=True):
        for line in _row(row, left, side, room):
            yield " " * _INDENT + line, "" if row.right.source else "cyan"


def _row(row: Row, left: str, side: int, room: int) -> Iterator[str]:
    from derivations.wrapping import unicode_lines

    right = printable(row.right.unicode + (f", {row.note}" if row.note else ""))
    if row.left is None and not left:
        yield from unicode_lines(right, room, room, cell_len)
        return
    sign = row.relation
    if cell_len(left) > side:
        # A left side of its own lines.
        yield from unicode_lines(left, room, room, cell_len)
        left, side = "", 2
    blank = max(0, side - cell_len(left))
    head = f"{left}{' ' * blank} {sign} " if row.words else f"{' ' * blank}{left} {sign} "
    rest = room - cell_len(head)
    first, *others = unicode_lines(right, rest, rest, cell_len)
    yield head + first
    yield from (" " * cell_len(head) + line for line in others)


def _left(row: Row) -> str:
    return printable(row.words or (row.left.unicode if row.left else ""))


# Words.


def _wrapped(text: str, width: int, indent: int = 0, style: str = "") -> Iterator[Line]:
    """A text in lines; a name that fits on none is broken behind a point or a stroke."""
    line, room = "", width - indent
    # An equation is one word: "k = 3" is not broken.
    for word in re.sub(r"(?<=\S) = (?=\S)", "\xa0=\xa0", printable(text)).split(" "):
        parts = [word] if cell_len(word) <= room else re.findall(r"[^./_-]*[./_-]+|[^./_-]+", word)
        for n, part in enumerate(parts):
            longer = line + (" " if line and n == 0 else "") + part
            if line and cell_len(longer) > room:
                yield " " * indent + line.replace("\xa0", " "), style
                longer = part
            line = longer
    if line:
        yield " " * indent + line.replace("\xa0", " "), style
