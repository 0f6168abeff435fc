"""Drifts at sampled points beside zero, on the side of which they are stated to lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .reading import list_of, mapping
from .scales import Scale, symmetric
from .svg import WIDTH, Chart, drawing, element, number, painted, shown, text

__all__ = ["Drifts", "drifts", "drifts_of"]

LEFT, RIGHT, TOP, BOTTOM = 60.0, WIDTH - 8.0, 12.0, 170.0
FOOT = 22.0
ROOM = 1.6
"""Times the largest value that the scale reaches."""


@dataclass(frozen=True, kw_only=True)
class Drifts:
    """Measured drifts with how uncertain they are, and the stated sign: >=, >, <= or <."""

    values: Sequence[float]
    errors: Sequence[float]
    sign: str

    @property
    def direction(self) -> int:
        """1 where they are stated to be above zero, −1 below."""
        return 1 if self.sign.startswith(">") else -1

    def is_wrong(self, n: int) -> bool:
        """Whether the interval of a value lies beyond zero, on the side that is not stated."""
        return self.direction * self.values[n] + self.errors[n] < 0


def drifts_of(numbers: Mapping[str, Any]) -> Drifts | None:
    """The drifts that were kept; None if there are not two."""
    found = mapping(numbers, "drifts")
    pairs = zip(list_of(found, "value"), list_of(found, "error"), strict=False)
    known = [
        (x, e) for a, b in pairs if (x := number(a)) is not None and (e := number(b)) is not None
    ]
    sign = str(found.get("stated", ""))
    if len(known) < 2 or sign not in (">=", ">", "<=", "<") or not any(x for x, _ in known):
        return None
    known.sort()
    return Drifts(values=[x for x, _ in known], errors=[abs(e) for _, e in known], sign=sign)


def drifts(found: Drifts, name: str) -> Chart:
    """The values in their order, and zero; the stated side is shaded."""
    largest = max(abs(x) + e for x, e in zip(found.values, found.errors, strict=True))
    sizes = sorted(abs(x) for x in found.values if x != 0.0)
    bend = 10.0 ** math.floor(math.log10(max(sizes[len(sizes) // 4], 1e-9 * largest)))
    scale = symmetric(ROOM * largest, bend, BOTTOM, TOP)
    count = len(found.values)
    wrong = sum(map(found.is_wrong, range(count)))
    sign = found.sign.replace(">=", "≥").replace("<=", "≤")
    title = "Drifts and their stated sign"
    caption = (
        f"The drifts that were measured, {count} of them in their order, with their uncertainty; "
        f"stated is that they are {sign} 0, in the shaded half. The axis is straight within "
        f"{shown(bend, 3)} of 0 and logarithmic beyond."
    )
    if wrong:
        caption += " A cross is a value that refutes the claim."
    low, high = shown(found.values[0], 3), shown(found.values[-1], 3)
    described = f"{count} drifts between {low} and {high}, stated {sign} 0; {wrong} refute that"
    return Chart(
        title=title,
        caption=caption,
        svg=drawing(
            name,
            BOTTOM + FOOT,
            title,
            described,
            _ground(found, scale),
            *_marks(found, scale),
        ),
    )


def _ground(found: Drifts, scale: Scale) -> str:
    zero = scale(0.0)
    top, bottom = (TOP, zero) if found.direction > 0 else (zero, BOTTOM)
    half = element("rect", x=LEFT, y=top, width=RIGHT - LEFT, height=bottom - top)
    line = element("path", d=f"M{LEFT:g} {zero:.1f}H{RIGHT:g}", class_="zero")
    base, words = f"M{LEFT:g} {TOP:g}V{BOTTOM:g}", []
    for value in scale.ticks(8):
        y = scale(value)
        base += f"M{LEFT:g} {y:.1f}h-4"
        words.append(text(LEFT - 6, y + 4, shown(value, 3), text_anchor="end"))
    return (
        painted("good", half, opacity=0.14)
        + painted("text", line, width=1.2)
        + painted("muted", element("path", d=base), width=1)
        + "".join(words)
        + text((LEFT + RIGHT) / 2, BOTTOM + 16, "drifts in their order", text_anchor="middle")
    )


def _marks(found: Drifts, scale: Scale) -> Iterator[str]:
    step = (RIGHT - LEFT) / len(found.values)
    bars, marks = {"accent": "", "bad": ""}, {"accent": "", "bad": ""}
    for n, (value, error) in enumerate(zip(found.values, found.errors, strict=True)):
        colour = "bad" if found.is_wrong(n) else "accent"
        x, y = LEFT + step * (n + 0.5), scale(value)
        ends = scale(value - error), scale(value + error)
        if abs(ends[0] - ends[1]) > 6.0:
            bars[colour] += f"M{x:.1f} {ends[0]:.1f}V{ends[1]:.1f}"
        cross = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"
        marks[colour] += cross if colour == "bad" else f"M{x:.1f} {y:.1f}h0"
    for colour, width, name in (("accent", 5.0, "right"), ("bad", 2.2, "wrong")):
        if bars[colour]:
            yield painted(colour, element("path", d=bars[colour]), width=1.2)
        if marks[colour]:
            path = element("path", d=marks[colour], class_=name, stroke_linecap="round")
            yield painted(colour, path, width=width)
