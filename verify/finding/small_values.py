"""Small values of letters: nested lists of plain numbers, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

__all__ = ["entry_at", "places", "plain", "shown"]

SMALL, FEW = 4, 6
"""Arrays of no more entries are written out, and of large ones no more entries that are not 0."""

LARGE = 36
"""So many entries are large."""


def places(x: Any) -> list[tuple[int, ...]]:
    """The indices of all entries."""
    if not isinstance(x, list | tuple):
        return [()]
    return [(n, *rest) for n, part in enumerate(x) for rest in places(part)]


def entry_at(x: Any, place: Sequence[int]) -> Any:
    """One entry."""
    for n in place:
        x = x[n]
    return x


def plain(x: Any) -> Any:
    """A value of the rationals, or an array, as nested lists of numbers."""
    if hasattr(x, "tolist") and not hasattr(x, "nrows"):
        return plain(x.tolist())
    if isinstance(x, list | tuple):
        return [plain(part) for part in x]
    if hasattr(x, "nrows"):
        return [[plain(x[i, j]) for j in range(x.ncols())] for i in range(x.nrows())]
    return Fraction(int(x.p), int(x.q)) if hasattr(x, "p") else x


def shown(x: Any) -> str:
    """A number, or rows between semicolons; a large array of hardly anything but zeros in short."""
    if isinstance(x, list | tuple):
        if short := _in_short(x):
            return short
        if x and isinstance(x[0], list | tuple):
            if x[0] and isinstance(x[0][0], list | tuple):
                return "(" + ", ".join(map(shown, x)) + ")"
            return "[" + "; ".join(" ".join(map(shown, row)) for row in x) + "]"
        return "(" + ", ".join(map(shown, x)) + ")"
    if isinstance(x, Fraction | int):
        return str(x).replace("-", "−")
    return f"{float(x):.6g}".replace("-", "−")


def _in_short(x: Any) -> str:
    """0, I, e_3, or the few entries of a large array that are not 0; else empty."""
    every = places(x)
    if len(every) <= SMALL:
        return ""
    values = {tuple(n + 1 for n in place): entry_at(x, place) for place in every}
    left = {place: value for place, value in values.items() if value != 0}
    if not left:
        return "0"
    column = all(place[1:] in ((), (1,)) for place in values)
    if len(left) == 1 and column and set(left.values()) == {1}:
        return f"e_{next(iter(left))[0]}"
    pairs = {place: 1 for place in left if len(place) == 2 and place[0] == place[1]}
    if left == pairs and len(left) ** 2 == len(every):
        return "I"
    if len(left) > FEW or len(every) <= LARGE:
        return ""
    said = (f"{place[0] if len(place) == 1 else place}: {shown(v)}" for place, v in left.items())
    return f"0 but for {', '.join(said)}"
