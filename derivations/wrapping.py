"""Printed formulas as text: sums, brackets, and long ones in lines, broken where people would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Piece", "bracketed", "joined", "lines_of", "unicode_lines"]

_FULL = 0.4
"""A line is filled at least so far, if it can be."""

_PRODUCT, _TIGHT = 3, 9
"""What a break between factors costs, and one where no space stands; at a sign it costs nothing."""

_OPENING, _CLOSING = "([{⟨", ")]}⟩"

_SHORT = 12
"""Letters in brackets that are not worth a break."""

_INSIDE = "  "
"""In front of a line that begins inside of brackets."""


def joined(terms: Iterable[str]) -> str:
    """Printed terms as a sum, by their signs."""
    first, *others = terms
    signed = (f" - {x[1:].lstrip()}" if x.startswith("-") else f" + {x}" for x in others)
    return first + "".join(signed)


def bracketed(text: str, *, latex: bool = False) -> str:
    """A printed factor, in brackets if it is a sum.

    >>> bracketed("a + b"), bracketed("-a (b + c)")
    ('(a + b)', '-a (b + c)')
    """
    depth = 0
    for n, mark in enumerate(text):
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if depth == 0 and text[n : n + 3] in (" + ", " - "):
            return rf"\left({text}\right)" if latex else f"({text})"
    return text


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What cannot be broken, with its width, and what a break in front of it costs.

    ``depth`` counts the brackets that are open in front of it.
    """

    text: str
    width: float
    depth: int = 0
    cost: int | None = None

    @property
    def price(self) -> int:
        """The cost of a break, dearer in each pair of brackets."""
        return (self.cost or 0) + 2 * self.depth


def lines_of(pieces: Sequence[Piece], first: float, rest: float) -> Iterator[Sequence[Piece]]:
    """The pieces in lines, the first of which has a width of its own."""
    start, available = 0, first
    while start < len(pieces):
        stop = _stop(pieces, start, available)
        yield pieces[start:stop]
        start, available = stop, rest


def _stop(pieces: Sequence[Piece], start: int, available: float) -> int:
    """Where the line ends that begins at ``start``."""
    width, good, poor = 0.0, list[int](), list[int]()
    for n in range(start, len(pieces)):
        if n > start and pieces[n].cost is not None:
            (good if width >= _FULL * available else poor).append(n)
        width += pieces[n].width
        if width > available and (good or poor):
            break
    else:
        if width <= available:
            return len(pieces)
    found = good or poor
    if not found:
        return len(pieces)
    return min(found, key=lambda n: (pieces[n].price, -n))


def unicode_lines(
    formula: str, first: int, rest: int, width: Callable[[str], int] = len
) -> list[str]:
    """A line of Unicode in lines of some widths, never broken inside a name.

    >>> unicode_lines("a b c + d e - f", 9, 9)
    ['a b c', '+ d e', '- f']
    """
    found = lines_of(list(_pieces(formula, width)), first, rest - len(_INSIDE))
    return [
        (_INSIDE if n and line[0].depth else "") + "".join(piece.text for piece in line).strip()
        for n, line in enumerate(found)
    ]


def _pieces(formula: str, width: Callable[[str], int]) -> Iterator[Piece]:
    """Names and signs with what follows them; brackets are counted."""
    depth, after, short = 0, "", _short_brackets(formula)
    for found in re.finditer(r"(?: [-+=≈≥≤<>] )?\s*[^\s]+", formula):
        place = found.start()
        for part in re.findall(r"[^(\[⟨,/]*(?:[(\[⟨,]+|/|$)", found[0]):
            if not part:
                continue
            cost = _cost(part, after)
            if place in short and cost is not None:
                cost += _TIGHT
            yield Piece(text=part, width=width(part), depth=depth, cost=cost)
            depth += sum((mark in _OPENING) - (mark in _CLOSING) for mark in part)
            place, after = place + len(part), part


def _short_brackets(formula: str) -> set[int]:
    """Places inside of brackets that hold little, as in λ^(q - 1)."""
    found, opened = set(), []
    for n, mark in enumerate(formula):
        if mark in _OPENING:
            opened.append(n)
        elif mark in _CLOSING and opened:
            start = opened.pop()
            if n - start <= _SHORT:
                found |= set(range(start + 1, n + 1))
    return found


def _cost(part: str, after: str) -> int | None:
    if not after:
        return None
    if re.match(r" [-+=≈≥≤<>] ", part):
        return 0
    if not part.startswith(" "):
        return 2 * _TIGHT if after.endswith("/") else _TIGHT
    if "Σ" in after:
        return _TIGHT
    return 1 if after.endswith((",", ";")) else _PRODUCT
