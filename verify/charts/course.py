"""An observable over time: what is claimed, and the paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .scales import Scale, linear
from .svg import WIDTH, Chart, drawing, element, painted, shown, text

__all__ = ["Course", "course"]

LEFT, RIGHT, TOP, BOTTOM = 52.0, WIDTH - 8.0, 12.0, 190.0
FOOT, LEGEND = 38.0, 18.0
MARGIN = 0.08


@dataclass(frozen=True, kw_only=True)
class Course:
    """What is claimed at some times, and what most paths lie between.

    Parameters
    ----------
    times, claimed, low, median, high : sequence of float
        Of the paths the quantiles of 5 %, 50 % and 95 %.
    relevant : float
        The relevant error, in units of the observable; 0 if it is not known.
    refuted : bool
        Whether what was measured refutes the claim.
    """

    times: Sequence[float]
    claimed: Sequence[float]
    low: Sequence[float]
    median: Sequence[float]
    high: Sequence[float]
    relevant: float = 0.0
    refuted: bool = False


def course(found: Course, name: str) -> Chart:
    """The claimed course with its relevant error, the median of the paths and their band."""
    across = linear(0.0, max(found.times), LEFT, RIGHT)
    values = [*found.claimed, *found.low, *found.high]
    low, high = min(values) - found.relevant, max(values) + found.relevant
    room = MARGIN * (high - low)
    upwards = linear(low - room, high + room, BOTTOM, TOP)
    colour = "bad" if found.refuted else "accent"
    title = "Over time"
    caption = (
        "The observable on simulated paths at the finest steps: the dots are their median, nine in "
        "ten of them lie in the band. The line is what is claimed"
    )
    caption += ", with the relevant error around it." if found.relevant > 0 else "."
    return Chart(
        title=title,
        caption=caption,
        svg=drawing(
            name,
            BOTTOM + FOOT + LEGEND,
            title,
            _described(found),
            _band(found, across, upwards, colour),
            _claimed(found, across, upwards),
            _axes(across, upwards),
            _dots(found, across, upwards, colour),
            _legend(colour),
        ),
    )


def _described(found: Course) -> str:
    rows = zip(found.times, found.claimed, found.median, found.low, found.high, strict=True)
    return "; ".join(
        f"t = {shown(t, 3)}: claimed {shown(claimed, 4)}, median {shown(median, 4)}, nine in ten "
        f"between {shown(low, 4)} and {shown(high, 4)}"
        for t, claimed, median, low, high in rows
    )


def _line(xs: Sequence[float], ys: Sequence[float], across: Scale, upwards: Scale) -> str:
    return "L".join(f"{across(x):.1f} {upwards(y):.1f}" for x, y in zip(xs, ys, strict=True))


def _band(found: Course, across: Scale, upwards: Scale, colour: str) -> str:
    there = _line(found.times, found.high, across, upwards)
    back = _line(found.times[::-1], found.low[::-1], across, upwards)
    band = element("path", d=f"M{there}L{back}Z", class_="paths")
    return painted(colour, band, opacity=0.2)


def _claimed(found: Course, across: Scale, upwards: Scale) -> str:
    drawn = ""
    if found.relevant > 0:
        edges = [[x + sign * found.relevant for x in found.claimed] for sign in (1, -1)]
        d = "".join(f"M{_line(found.times, edge, across, upwards)}" for edge in edges)
        edge = element("path", d=d, class_="relevant", stroke_dasharray="4 3")
        drawn = painted("good", edge, width=1.2)
    line = element("path", d=f"M{_line(found.times, found.claimed, across, upwards)}")
    return drawn + painted("text", line, width=1.5, class_="claimed")


def _dots(found: Course, across: Scale, upwards: Scale, colour: str) -> str:
    d = "".join(
        f"M{across(t):.1f} {upwards(x):.1f}h0"
        for t, x in zip(found.times, found.median, strict=True)
    )
    return painted(colour, element("path", d=d, class_="median", stroke_linecap="round"), width=6)


def _axes(across: Scale, upwards: Scale) -> str:
    lines, words = f"M{LEFT:g} {TOP:g}V{BOTTOM:g}H{RIGHT:g}", []
    for value in across.ticks(6):
        x, last = across(value), value == across.ticks(6)[-1]
        lines += f"M{x:.1f} {BOTTOM:g}v4"
        anchor = "end" if last and x > RIGHT - 12 else "middle"
        words.append(text(x, BOTTOM + 16, shown(value, 3), text_anchor=anchor))
    for value in upwards.ticks(5):
        y = upwards(value)
        lines += f"M{LEFT:g} {y:.1f}h-4"
        words.append(text(LEFT - 6, y + 4, shown(value, 3), text_anchor="end"))
    words.append(
        text((LEFT + RIGHT) / 2, BOTTOM + 31, "t", text_anchor="middle", font_style="italic")
    )
    return painted("muted", element("path", d=lines), width=1) + "".join(words)


def _legend(colour: str) -> str:
    y = BOTTOM + FOOT + 12
    claimed = painted("text", element("path", d=f"M4 {y - 4:g}h18"), width=1.5)
    dot = element("path", d=f"M118 {y - 4:g}h0", stroke_linecap="round")
    band = painted(colour, element("rect", x=228.0, y=y - 9, width=18.0, height=10), opacity=0.2)
    return (
        f"{claimed}{painted(colour, dot, width=6)}{band}"
        + text(28, y, "claimed")
        + text(128, y, "median of paths")
        + text(252, y, "90 % of them")
    )
