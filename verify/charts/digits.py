"""Digits of agreement of every part in every arithmetic, beside the digits that are required."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .svg import SIZE, WIDTH, Chart, clipped, drawing, element, number, painted, text

__all__ = ["digits"]

HAS: Mapping[str, int] = {"float64": 16, "50 digits": 50}
ALL = 60
"""The count that stands for two values that are equal in every digit."""

ROW, TOP, BAR = 22, 22, 10
LEFT, RIGHT = 118, 316


def digits(found: Mapping[str, Any], required: Mapping[str, Any], name: str) -> Chart | None:
    """A bar for every part, as long as the digits that agree; None if there are none.

    Parameters
    ----------
    found : mapping
        Arithmetic -> part -> digits.
    required : mapping
        Arithmetic -> digits.
    name : str
        Of which ids are made.
    """
    groups = {
        str(arithmetic): {str(part): count for part, x in parts.items() if _is(count := number(x))}
        for arithmetic, parts in sorted(found.items(), key=lambda item: HAS.get(item[0], ALL))
        if isinstance(parts, Mapping)
    }
    groups = {arithmetic: parts for arithmetic, parts in groups.items() if parts}
    if not groups:
        return None
    wanted = {arithmetic: number(required.get(arithmetic)) for arithmetic in groups}
    parts, y = [], 4.0
    for arithmetic, counts in groups.items():
        parts.append(_group(arithmetic, counts, wanted[arithmetic], y))
        y += TOP + ROW * len(counts) + 6
    title = "Digits that agree"
    return Chart(
        title=title,
        caption="Decimal digits in which what is stated and what was measured by differences "
        "agree, relative to the sum of the absolute terms, at the point where they are fewest. "
        "The line marks the digits that are required, the pale bar those that the arithmetic has.",
        svg=drawing(name, y, title, _said(groups, wanted), *parts),
    )


def _is(value: float | None) -> bool:
    return value is not None


def _group(arithmetic: str, counts: Mapping[str, Any], wanted: float | None, y: float) -> str:
    """One arithmetic: its name, and a bar for each part below the name."""
    whole = HAS.get(arithmetic, ALL)

    def at(count: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(max(count, 0.0), whole) / whole

    bars: dict[str, list[str]] = {"muted": [], "good": [], "bad": []}
    words = [text(0, y + SIZE, clipped(arithmetic, LEFT), font_weight="600")]
    if wanted is not None:
        anchor = "start" if at(wanted) < (LEFT + RIGHT) / 2 else "end"
        words.append(text(at(wanted), y + SIZE, f"{wanted:g} required", text_anchor=anchor))
    for row, (part, count) in enumerate(counts.items()):
        top = y + TOP + ROW * row
        enough = wanted is None or count >= wanted
        bars["muted"].append(_bar(LEFT, RIGHT, top))
        if at(count) > LEFT:
            bars["good" if enough else "bad"].append(_bar(LEFT, at(count), top))
        shown = "all" if count >= ALL else f"{count:g}" + ("" if enough else " ✗")
        words.append(text(0, top + BAR, clipped(part, LEFT - 6)))
        words.append(text(WIDTH, top + BAR, shown, text_anchor="end"))
    height = ROW * len(counts)
    line = ""
    if wanted is not None:
        path = f"M{at(wanted):.1f} {y + TOP - 4:g}v{height:g}"
        line = painted("text", element("path", d=path), width=2)
    return element(
        "g",
        painted("muted", *bars["muted"], opacity=0.25),
        *(painted(colour, *bars[colour]) for colour in ("good", "bad")),
        line,
        *words,
    )


def _bar(left: float, right: float, top: float) -> str:
    return element("rect", x=float(left), y=top, width=float(right - left), height=BAR, rx=2)


def _said(groups: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, float | None]) -> str:
    parts = []
    for arithmetic, counts in groups.items():
        each = ", ".join(f"{part} {count:g}" for part, count in counts.items())
        least = wanted[arithmetic]
        parts.append(f"{arithmetic}: {each}" + ("" if least is None else f" ({least:g} required)"))
    return "; ".join(parts)
