"""The exposition of a claim as Markdown for issues and reviews: formulas in $$, texts escaped.

GitHub reads a formula as Markdown first: a backslash before a sign is taken away, and underscores
may become emphasis.  So formulas stand on one line, use names for such signs, and have a space in
front of each underscore, where it can close no emphasis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from verify.markdown_text import code, escaped

if TYPE_CHECKING:
    from derivations.exposition import Exposition, Passage, Row

__all__ = ["text"]

_WIDTH = 480.0
"""Of a formula in points: about what a comment on GitHub shows without scrolling."""

_COMMANDS = {
    r"\\": r"\cr ",
    r"\,": r"\thinspace ",
    r"\;": r"\thickspace ",
    r"\ ": r"\space ",
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\_": r"\text{ }",
    r"\%": r"\text{ percent}",
    r"\&": r"\text{ and }",
    r"\#": r"\text{ number }",
    r"\$": r"\text{ dollar }",
}
"""What Markdown would take the backslash from -> a name for it."""


def text(shown: Exposition) -> str:
    """The whole exposition."""
    return "\n\n".join(_blocks(shown)) + "\n"


def _blocks(shown: Exposition) -> Iterator[str]:
    from derivations.displays import chain
    from derivations.exposition import Passage

    yield f"### {code(shown.id)}: {escaped(shown.title)}"
    if shown.statement:
        yield escaped(shown.statement)
    if shown.source:
        yield f"Source: {escaped(shown.source)}."
    if shown.expected != "AGREES":
        yield f"Expected verdict: **{escaped(shown.expected)}**."
    if shown.assumptions:
        yield "\n".join(f"- Assumes: {escaped(said)}." for said in shown.assumptions)
    for passage in shown.declared:
        yield from _passage(passage)
    if shown.names:
        yield from _passage(Passage(title="where", rows=shown.names))
    if shown.letters:
        yield escaped("".join(part.text for part in shown.letters))
    for matrix in shown.spectra:
        said = "λ\\_i, E\\_i: the eigenvalues, largest first, and eigenprojectors of"
        yield f"{said} {code(matrix.unicode)}."
    if shown.steps:
        yield "**Derivation**"
    for number, (step, row) in enumerate(chain(shown), 1):
        yield rf"**{number}\. {escaped(step.rule)}**"
        if step.words:
            yield escaped(step.words)
        yield from _display([row])
        if step.assumptions:
            yield f"Assuming: {', '.join(code(fact.unicode) for fact in step.assumptions)}."
        yield f"Checked: {escaped(step.check)}."
    for passage in shown.differences:
        yield from _passage(passage)
    for title, facts in shown.facts:
        yield f"{title}: {', '.join(code(fact.unicode) for fact in facts)}."
    for remark in shown.remarks:
        yield escaped(remark)


def _passage(passage: Passage) -> Iterator[str]:
    yield f"**{escaped(passage.title)}**"
    yield from _display(passage.rows)


def _display(rows: Iterable[Row]) -> Iterator[str]:
    """Rows of formulas as one alignment; labels in words and sources of functions as a list."""
    from derivations.displays import aligned

    formulas = [row for row in rows if not (row.words or row.right.source)]
    if formulas:
        body = r" \\ ".join(aligned(formulas, _WIDTH))
        inside = _safe(rf"\begin{{aligned}} {body} \end{{aligned}}")
        yield f"$${inside}$$"
    others = [row for row in rows if row not in formulas]
    if others:
        yield "\n".join(f"- {escaped(row.words)}: {_value(row)}" for row in others)


def _value(row: Row) -> str:
    note = f", {escaped(row.note)}" if row.note else ""
    if row.right.source:
        return code(row.right.unicode) + note
    return f"${_safe(row.right.latex)}$" + note


def _safe(formula: str) -> str:
    """A formula that Markdown leaves as it is."""
    for command, name in _COMMANDS.items():
        formula = formula.replace(command, name)
    formula = formula.replace("<", r"\lt ").replace(">", r"\gt ").replace("|", r"\vert ")
    formula = formula.replace("*", r"\ast ").replace("`", " ").replace("$", "")
    # A space in front of each: then none can close an emphasis.
    return re.sub(r"\s+", " ", formula.replace("_", " _"))
