"""Differences with half-width and bias, beside the relevant error ±δ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .scales import Scale, symmetric
from .svg import WIDTH, Chart, clipped, drawing, element, painted, shown, text

__all__ = ["Interval", "intervals"]

MOST = 12
"""Rows that are drawn; of more, those that reach farthest."""

ROW, STRIP, FOOT = 40, 18, 36
"""Height of a row, of the words in it, of what stands below all rows."""

LEFT, RIGHT = 10.0, WIDTH - 10.0
LEAST_BEND, LARGEST_BEND = 1e-9, 0.3
FARTHEST = 1e6
"""Multiples of the relevant error beyond which a place is not drawn to scale."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A difference measured − stated; None stands for what is no finite number."""

    label: str
    difference: float | None
    half_width: float | None
    bias: float | None
    relevant: float

    @property
    def slack(self) -> float:
        """Half-width and bias together, infinite where one is not known."""
        if self.half_width is None or self.bias is None:
            return math.inf
        return self.half_width + self.bias

    @property
    def reach(self) -> float:
        """How far from zero the difference may be, in units of the relevant error."""
        if self.difference is None:
            return math.inf
        return (abs(self.difference) + self.slack) / self.relevant

    @property
    def colour(self) -> str:
        """Good within the relevant error; bad where zero is beyond the interval; else neither."""
        if self.difference is None:
            return "bad"
        if self.reach <= 1.0 and self.bias is not None and self.bias < self.relevant / 2:
            return "good"
        return "bad" if abs(self.difference) > self.slack else "accent"

    @property
    def said(self) -> str:
        """The numbers, as a line."""
        if self.difference is None:
            return "no finite value"
        if self.half_width == 0.0:
            bias = "" if not self.bias else f", bias ≤ {shown(self.bias, 1)}"
            return shown(self.difference) + bias
        half = "?" if self.half_width is None else shown(self.half_width, 1)
        return f"{shown(self.difference)} ± {half}"

    @property
    def described(self) -> str:
        """All numbers in words."""
        bias = "not known" if self.bias is None else f"at most {shown(self.bias, 1)}"
        difference = self.said.partition(",")[0]
        return (
            f"{self.label}: difference {difference}, bias {bias}, relevant "
            f"{shown(self.relevant, 3)}"
        )


def intervals(rows: Sequence[Interval], name: str, title: str = "") -> Chart | None:
    """A row for every difference, all in units of their relevant error; None if there are none."""
    known = [row for row in rows if row.relevant > 0 and math.isfinite(row.relevant)]
    if not known:
        return None
    farthest = sorted(range(len(known)), key=lambda n: (-known[n].reach, n))[:MOST]
    drawn = [known[n] for n in sorted(farthest)]
    scale = _scale(drawn)
    words = [_words(row, n) for n, row in enumerate(drawn)]
    parts = [_ground(scale, len(drawn)), *_marks(drawn, scale), *words]
    caption = (
        "Differences measured − stated in units of the relevant error δ: the dot is the "
        "difference, the thick line its interval, the thin one the bias beside it. Within the "
        "band the claim agrees; an interval clear of 0 refutes it. The axis is straight within "
        f"{shown(scale.bend)} δ of 0 and logarithmic beyond."
    )
    if len(drawn) < len(known):
        caption += f" The {len(drawn)} that reach farthest of {len(known)}."
    title = title or "Difference and relevant error"
    described = "; ".join(row.described for row in drawn)
    return Chart(
        title=title,
        caption=caption,
        svg=drawing(name, ROW * len(drawn) + FOOT, title, described, *parts),
    )


def _scale(rows: Sequence[Interval]) -> Scale:
    sizes = [
        max(abs(row.difference or 0.0), row.slack if math.isfinite(row.slack) else 0.0)
        / row.relevant
        for row in rows
    ]
    least = min((x for x in sizes if x > 0), default=LARGEST_BEND)
    bend = 10.0 ** math.floor(math.log10(min(max(least, LEAST_BEND), LARGEST_BEND)))
    reach = max((row.reach for row in rows if math.isfinite(row.reach)), default=1.0)
    return symmetric(min(max(1.5, 1.2 * reach), FARTHEST), max(bend, LEAST_BEND), LEFT, RIGHT)


def _ground(scale: Scale, rows: int) -> str:
    """The bands of the relevant error, zero, and the ticks."""
    low, zero, high = scale(-1.0), scale(0.0), scale(1.0)
    bottom = ROW * rows
    strips = [ROW * n + STRIP for n in range(rows)]
    bands = [
        element("rect", x=low, y=float(y), width=high - low, height=float(ROW - STRIP))
        for y in strips
    ]
    edges, zeros = (
        "".join(f"M{x:.1f} {y:g}v{ROW - STRIP:g}" for x in places for y in strips)
        for places in ((low, high), (zero,))
    )
    base, words = f"M{LEFT:g} {bottom:g}H{RIGHT:g}", []
    for name, x in (("−δ", low), ("0", zero), ("δ", high)):
        base += f"M{x:.1f} {bottom:g}v4"
        words.append(text(x, bottom + 16, name, text_anchor="middle"))
    for value in scale.ticks(9):
        x = scale(value)
        if min(abs(x - y) for y in (low, zero, high)) > 32 and LEFT + 8 <= x <= RIGHT - 8:
            base += f"M{x:.1f} {bottom:g}v4"
            words.append(text(x, bottom + 16, shown(value, 1), text_anchor="middle", opacity=0.75))
    return element(
        "g",
        painted("good", *bands, opacity=0.14),
        painted("good", element("path", d=edges, class_="relevant"), width=1.5),
        painted("muted", element("path", d=zeros, class_="zero"), element("path", d=base), width=1),
        *words,
        text(WIDTH / 2, bottom + 31, "difference / δ", text_anchor="middle", opacity=0.75),
    )


def _words(row: Interval, number: int) -> str:
    """The label and the numbers above the strip of a row."""
    y, said = ROW * number + 13.0, row.said
    room = WIDTH - 7.0 * len(said) - 12
    return text(0, y, clipped(row.label, room)) + text(WIDTH, y, said, text_anchor="end")


def _marks(rows: Sequence[Interval], scale: Scale) -> Iterator[str]:
    """The intervals of one colour after the other: with bias thin, without it thick."""
    for colour in ("good", "accent", "bad"):
        thin, thick, dots = [], [], []
        for n, row in enumerate(rows):
            if row.colour != colour:
                continue
            y = ROW * n + (ROW + STRIP) / 2
            x = RIGHT if row.difference is None else scale(row.difference / row.relevant)
            # A shape of its own, for those who cannot tell the colours.
            cross = f"M{x - 4:.1f} {y - 4:g}l8 8m0-8l-8 8"
            dots.append(cross if colour == "bad" else f"M{x:.1f} {y:g}h0")
            if row.difference is not None:
                thin.append(_line(row.difference, row.slack, row.relevant, scale, y))
                half = math.inf if row.half_width is None else row.half_width
                thick.append(_line(row.difference, half, row.relevant, scale, y))
        for paths, width, opacity, name in (
            (thin, 1.5, None, "slack"),
            (thick, 5.0, 0.6, "interval"),
            (dots, 2.5 if colour == "bad" else 7.0, None, "difference"),
        ):
            if any(paths):
                cap = "round" if name == "difference" else None
                path = element("path", d="".join(paths), class_=name, stroke_linecap=cap)
                yield painted(colour, path, width=width, opacity=opacity)


def _line(middle: float, room: float, unit: float, scale: Scale, y: float) -> str:
    ends = [scale((middle + sign * room) / unit) for sign in (-1, 1)]
    return f"M{ends[0]:.1f} {y:g}H{ends[1]:.1f}" if ends[1] - ends[0] > 0.05 else ""
