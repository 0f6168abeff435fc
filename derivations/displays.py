"""Rows of an exposition as aligned LaTeX, in lines that fit a width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .exposition import Exposition, Mathematics, Row, StepShown
from .typesetting import formula_lines, typed, width_of, words
from .wrapping import unicode_lines

__all__ = ["aligned", "chain"]

_SIDE = 0.35
"""The part of the width that a left side may have, if the right one is to stand beside it."""

_SIGN, _INDENT, _TYPED = 20.0, 10.0, 5.3
"""Widths in points: a relation, an indentation, a letter of a typewriter."""

_RELATIONS = {"≈": r"\approx", "≥": r"\geq", "≤": r"\leq"}

NOTHING = Mathematics(unicode="", latex="")


def chain(shown: Exposition) -> Iterator[tuple[StepShown, Row]]:
    """The steps, each with its formulas; what the step before arrived at is not repeated."""
    for before, step in pairwise((None, *shown.steps)):
        assert step is not None
        chained = before is not None and before.after == step.before
        left = NOTHING if chained else step.before
        yield step, Row(left=left, relation=step.relation, right=step.after)


def aligned(rows: Sequence[Row], width: float) -> list[str]:
    """Lines of an alignment, with & in each; they are as wide as it can be helped."""
    narrow = [w for row in rows if (w := width_of(_left(row))) <= _SIDE * width]
    side = max(narrow, default=0.0)
    return [line for row in rows for line in _row(row, width, side)]


def _row(row: Row, width: float, side: float) -> Iterator[str]:
    left = _left(row)
    if row.left is None and not left:
        first, *others = _right(row, width, width - _INDENT)
        yield f"&{first}"
        yield from (f"&{_joined(line)}" for line in others)
        return
    sign = _RELATIONS.get(row.relation, row.relation)
    if width_of(left) <= side:
        room = width - side - _SIGN
        first, *others = _right(row, room, room - _INDENT)
        yield f"{left} &{sign} {first}"
    else:
        start, *more = formula_lines(left, width, width - _INDENT)
        yield f"&{start}"
        yield from (f"&{_joined(line)}" for line in more)
        first, *others = _right(row, width - _SIGN, width - _SIGN - _INDENT)
        yield f"&{sign} {first}"
    yield from (f"&{_joined(line)}" for line in others)


def _joined(line: str) -> str:
    """A line that goes on: its sign is one between two terms."""
    return rf"\quad {{}}{line}"


def _left(row: Row) -> str:
    return rf"\text{{{words(row.words)}}}" if row.words else row.left.latex if row.left else ""


def _right(row: Row, first: float, rest: float) -> list[str]:
    if row.right.source:
        one, more = (max(20, int(room / _TYPED)) for room in (first, rest))
        lines = [rf"\texttt{{{typed(x)}}}" for x in unicode_lines(row.right.unicode, one, more)]
    else:
        lines = formula_lines(row.right.latex, first, rest)
    if row.note:
        lines[-1] += rf"\text{{, {words(row.note)}}}"
    return lines
