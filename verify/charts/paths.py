"""What was kept of simulated paths, over time and beside a threshold, as what can be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .course import Course
from .reading import list_of, mapping
from .sides import Side
from .svg import number

__all__ = ["course_of", "sides_of"]

_COLUMNS = ("t", "claimed", "low", "median", "high")
_OF_A_RATE = ("rate", "half_width", "bias")


def course_of(numbers: Mapping[str, Any], *, refuted: bool) -> Course | None:
    """The course of an observable; None if it is not known at two times."""
    found = mapping(numbers, "over time")
    columns = [[number(x) for x in list_of(found, name)] for name in _COLUMNS]
    rows = [[x for x in row if x is not None] for row in zip(*columns, strict=False)]
    rows = [row for row in rows if len(row) == len(_COLUMNS)]
    if len(rows) < 2 or not max(row[0] for row in rows) > 0:
        return None
    times, claimed, low, median, high = zip(*rows, strict=True)
    return Course(
        times=times,
        claimed=claimed,
        low=low,
        median=median,
        high=high,
        relevant=number(found.get("relevant")) or 0.0,
        refuted=refuted,
    )


def sides_of(numbers: Mapping[str, Any]) -> Iterator[tuple[Side, ...]]:
    """The sides of the threshold of each setting, in the order of the parameter."""
    for row in list_of(numbers, "settings"):
        if not isinstance(row, Mapping):
            continue
        found = [side for x in list_of(row, "sides") if (side := _side(row, x)) is not None]
        yield tuple(side for _, side in sorted(found, key=lambda pair: pair[0]))


def _side(row: Mapping[str, Any], found: Any) -> tuple[float, Side] | None:
    if not isinstance(found, Mapping):
        return None
    at, sign, *rest = (number(found.get(name)) for name in ("at", "stated sign", *_OF_A_RATE))
    rate, half_width, bias = rest
    if at is None or sign is None or rate is None or half_width is None or bias is None:
        return None
    ending = f", {row['setting']}" if row.get("setting") else ""
    side = Side(
        label=f"{row.get('parameter', 'parameter')} = {at:.4g}{ending}",
        sign=int(sign),
        rate=rate,
        half_width=half_width,
        bias=bias,
        status=str(found.get("status", "")),
    )
    return at, side
