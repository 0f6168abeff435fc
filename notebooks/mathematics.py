"""Formulas in Markdown as every renderer reads them: GitHub, JupyterLab, nbconvert.

Renderers differ in what they take for mathematics.  All agree on ``$...$`` within a line and on
lines between two lines ``$$`` of which none is empty and none looks like an item of a list.
"""

from __future__ import annotations

import re

from notebooks.errors import NotebookError

__all__ = ["require_readable"]

_CODE = re.compile(r"`+[^`]*`+|\\\$")
_ITEM = re.compile(r"\s*(?:[-+*#]\s|>|\d+[.)]\s|[-=]*\s*$)")


def require_readable(markdown: str) -> None:
    """Refuse formulas that some renderer would show as text.

    Raises
    ------
    NotebookError
        Naming the line and the remedy.
    """
    inside = fenced = False
    for line in markdown.splitlines():
        plain = line.strip()
        if plain.startswith("```"):
            fenced = not fenced
        if fenced:
            continue
        if plain == "$$":
            inside = not inside
        elif inside and (_ITEM.match(line) or "$" in line):
            raise NotebookError(
                f"formula: the line {plain!r} would be read as text; begin it otherwise, not empty"
            )
        elif not inside and ("$$" in line or _CODE.sub("", line).count("$") % 2):
            raise NotebookError(
                f"formula: {plain!r}: keep $...$ on one line, and put $$ on lines of their own"
            )
    if inside or fenced:
        raise NotebookError(f"text: a {'$$' if inside else 'fence'} is not closed; close it")
