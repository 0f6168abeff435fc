"""How differences shrink with the step, on two logarithmic scales, and what is left at step 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .scales import Scale, logarithmic
from .svg import WIDTH, Chart, clipped, drawing, element, painted, shown, text

__all__ = ["Convergence", "Series", "convergence"]

FRAME_LEFT, FRAME_RIGHT, TOP, BOTTOM = 50.0, WIDTH - 12.0, 12.0, 192.0
STRIP = 44.0
"""Room beside the axis for what is left at step 0."""

LEGEND, FOOT = 18.0, 38.0
DECADES = 8.0
"""Powers of ten that are drawn below the largest value."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Sizes of one kind of difference at some steps.

    ``claimed`` is the order that is claimed or expected, ``measured`` the one found; None for none.
    """

    label: str
    steps: Sequence[float]
    sizes: Sequence[float]
    claimed: float | None = None
    measured: float | None = None


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """All series of a check.

    Parameters
    ----------
    step : str
        The letter of the step: h, η.
    series : tuple of Series
    relevant : float or None
        The relevant error of the extrapolated difference.
    limit, slack : float or None
        The size of the extrapolated difference; its half-width and bias together.
    noise : float or None
        The half-width of the extrapolated difference: below it, differences may be noise.
    unit : str
        What the differences are relative to, for the caption.
    """

    step: str
    series: tuple[Series, ...]
    relevant: float | None = None
    limit: float | None = None
    slack: float | None = None
    noise: float | None = None
    unit: str = ""


_COLOURS = ("accent", "text")


def convergence(found: Convergence, name: str) -> Chart | None:
    """The series that have two steps with a difference; None if there are none."""
    series = [s for s in found.series if sum(x > 0 for x in s.sizes) >= 2][: len(_COLOURS)]
    if not series:
        return None
    across = _across(series)
    upwards = _upwards(found, series)
    height = BOTTOM + FOOT + LEGEND * len(series)
    drawn = [_noise(found, upwards), _axes(found, across, upwards, series)]
    drawn += _limit(found, upwards)
    for n, (one, colour) in enumerate(zip(series, _COLOURS, strict=False)):
        drawn.append(_line(one, colour, across, upwards))
        drawn.append(_legend(one, colour, BOTTOM + FOOT + LEGEND * n + 12))
    title = f"Convergence in {found.step}"
    dashed = any(one.claimed is not None for one in series)
    caption = (
        f"Size of the difference at {len(series[0].steps)} step lengths{found.unit}"
        + ("; dashed: the order that is claimed or expected" if dashed else "")
        + f". At {found.step} = 0 stands the extrapolated difference with its interval and bias, "
        "beside the relevant error δ."
    )
    if found.noise:
        caption += " In the grey band, differences may be noise and orders say nothing."
    return Chart(
        title=title,
        caption=caption,
        svg=drawing(name, height, title, _described(found, series), *drawn),
    )


def _described(found: Convergence, series: Sequence[Series]) -> str:
    parts = []
    for one in series:
        values = ", ".join(shown(x) for x in one.sizes)
        steps = ", ".join(shown(h, 3) for h in one.steps)
        parts.append(f"{one.label}: {values} at {found.step} = {steps}{_orders(one)}")
    if found.limit is not None:
        slack = "" if found.slack is None else f" ± {shown(found.slack)}"
        parts.append(f"extrapolated to {found.step} = 0: {shown(found.limit)}{slack}")
    return "; ".join(parts)


def _orders(one: Series) -> str:
    said = "" if one.measured is None else f", order {one.measured:.2f}"
    return said + ("" if one.claimed is None else f" ({one.claimed:g} expected)")


def _across(series: Sequence[Series]) -> Scale:
    steps = [h for one in series for h in one.steps if h > 0]
    low, high = min(steps), max(steps)
    return logarithmic(low / 1.25, high * 1.25, FRAME_LEFT + STRIP, FRAME_RIGHT)


def _upwards(found: Convergence, series: Sequence[Series]) -> Scale:
    """From the smallest size that matters to the largest, with some room."""
    sizes = [x for one in series for x in one.sizes if x > 0]
    extra = [found.relevant, found.limit, (found.limit or 0.0) + (found.slack or 0.0)]
    known = [*sizes, *(x for x in extra if x is not None and x > 0)]
    high = 1.6 * max(known)
    low = max(min([*sizes, *(x for x in extra[:2] if x is not None and x > 0)]) / 1.6, 1e-300)
    return logarithmic(max(low, high / 10**DECADES), high, BOTTOM, TOP)


def _axes(found: Convergence, across: Scale, upwards: Scale, series: Sequence[Series]) -> str:
    lines = f"M{FRAME_LEFT:g} {TOP:g}V{BOTTOM:g}H{FRAME_RIGHT:g}"
    words = []
    for h in sorted({h for one in series for h in one.steps if h > 0}):
        lines += f"M{across(h):.1f} {BOTTOM:g}v4"
        words.append(text(across(h), BOTTOM + 16, shown(h, 2), text_anchor="middle"))
    words.append(text(FRAME_LEFT + 18, BOTTOM + 16, "0", text_anchor="middle"))
    lines += f"M{FRAME_LEFT + 18:g} {BOTTOM:g}v4"
    for value in upwards.ticks(5):
        y = upwards(value)
        lines += f"M{FRAME_LEFT:g} {y:.1f}h-4"
        words.append(text(FRAME_LEFT - 6, y + 4, shown(value, 1), text_anchor="end"))
    middle = (across.start + across.end) / 2
    words.append(text(middle, BOTTOM + 31, found.step, text_anchor="middle", font_style="italic"))
    relevant = ""
    if found.relevant is not None and found.relevant > 0:
        y = upwards(found.relevant)
        path = element(
            "path",
            d=f"M{FRAME_LEFT:g} {y:.1f}H{FRAME_RIGHT:g}",
            class_="relevant",
            stroke_dasharray="4 3",
        )
        relevant = painted("good", path, width=1.5)
        words.append(text(FRAME_RIGHT, y - 4, "δ", text_anchor="end"))
    return painted("muted", element("path", d=lines), width=1) + relevant + "".join(words)


def _noise(found: Convergence, upwards: Scale) -> str:
    """The band in which differences may be noise."""
    top = upwards(max(found.noise or 0.0, upwards.low))
    band = element(
        "rect",
        x=FRAME_LEFT + STRIP / 2 + 8,
        y=top,
        width=FRAME_RIGHT - FRAME_LEFT - STRIP / 2 - 8,
        height=BOTTOM - top,
        class_="noise",
    )
    return painted("muted", band, opacity=0.16) if top < BOTTOM else ""


def _limit(found: Convergence, upwards: Scale) -> list[str]:
    """The extrapolated difference, with how far from zero it may be."""
    if found.limit is None:
        return []
    slack = math.inf if found.slack is None else found.slack
    x, low, high = FRAME_LEFT + 18, max(found.limit - slack, 0.0), found.limit + slack
    # Of a logarithmic scale, zero is below every end.
    ends = [upwards(max(y, upwards.low)) for y in (low, high)]
    within = found.relevant is None or high <= found.relevant
    colour = "good" if within else "bad" if low > 0 else "accent"
    marks = [
        element("path", d=f"M{x - 4:g} {ends[1]:.1f}h8m-4 0V{ends[0]:.1f}", class_="limit"),
    ]
    if found.limit >= upwards.low:
        marks.append(element("path", d=f"M{x - 5:g} {upwards(found.limit):.1f}h10", stroke_width=3))
    return [painted(colour, *marks, width=1.8)]


def _line(one: Series, colour: str, across: Scale, upwards: Scale) -> str:
    points = [
        (across(h), upwards(max(size, upwards.low)), h, size)
        for h, size in zip(one.steps, one.sizes, strict=True)
        if size > 0
    ]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _, _ in points)
    dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y, _, _ in points)
    drawn = [
        painted(colour, element("path", d=path), width=1.5),
        painted(colour, element("path", d=dots, stroke_linecap="round", class_="points"), width=6),
    ]
    if one.claimed is not None:
        _, _, h, size = points[0]
        last = points[-1][2]
        ends = [(k, size * (k / h) ** one.claimed) for k in (h, last)]
        ends = [(k, max(y, upwards.low)) for k, y in ends]
        guide = "M" + "L".join(f"{across(k):.1f} {upwards(y):.1f}" for k, y in ends)
        drawn.append(
            painted(colour, element("path", d=guide, stroke_dasharray="2 4"), width=1, opacity=0.8)
        )
    return "".join(drawn)


def _legend(one: Series, colour: str, y: float) -> str:
    mark = element("path", d=f"M4 {y - 4:g}h16", stroke_linecap="round")
    words = clipped(one.label + _orders(one), WIDTH - 30)
    return painted(colour, mark, width=3) + text(28, y, words)
