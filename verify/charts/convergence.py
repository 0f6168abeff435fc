"""How differences shrink with the step, on two logarithmic scales, and what is left at step 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .scales import Scale, logarithmic
from .svg import WIDTH, Chart, clipped, drawing, element, painted, shown, text

__all__ = ["Convergence", "Limit", "Series", "convergence"]

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
class Limit:
    """What is left of a series at step 0, which is what is judged.

    Parameters
    ----------
    size : float
        Of the extrapolated difference.
    slack : float
        Its half-width and bias together, infinite where one is not known.
    relevant : float or None
        Its relevant error.
    factor : float
        How many times the relevant error of the claim that is.
    """

    size: float
    slack: float
    relevant: float | None = None
    factor: float = 1.0

    @property
    def ends(self) -> tuple[float, float]:
        """How close to zero it may be, and how far from it."""
        return max(self.size - self.slack, 0.0), self.size + self.slack

    @property
    def refutes(self) -> bool:
        """Whether it is farther from zero than it may be, and zero beyond its interval."""
        low, high = self.ends
        return low > 0 and self.relevant is not None and high > self.relevant

    @property
    def line(self) -> str:
        """The name of its relevant error."""
        return "δ" if self.factor == 1.0 else f"{self.factor:g} δ"


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """All series of a check.

    Parameters
    ----------
    step : str
        The letter of the step: h, η.
    series : tuple of Series
    limits : tuple of Limit or None
        What is left of each series at step 0; None where that is not known.
    noise : float or None
        The half-width of the first of them: below it, differences may be noise.
    unit : str
        What the differences are relative to, for the caption.
    """

    step: str
    series: tuple[Series, ...]
    limits: tuple[Limit | None, ...] = ()
    noise: float | None = None
    unit: str = ""

    @property
    def known(self) -> tuple[tuple[int, Limit], ...]:
        """The limits that are known, with the places of their series."""
        return tuple((n, x) for n, x in enumerate(self.limits) if x is not None)


_COLOURS = ("accent", "text")


def convergence(found: Convergence, name: str) -> Chart | None:
    """The series that have two steps with a difference; None if there are none."""
    told = [n for n, s in enumerate(found.series) if sum(x > 0 for x in s.sizes) >= 2]
    told = told[: len(_COLOURS)]
    series = [found.series[n] for n in told]
    if not series:
        return None
    across = _across(series)
    upwards = _upwards(found, series)
    height = BOTTOM + FOOT + LEGEND * len(series)
    drawn = [_noise(found, upwards), _axes(found, across, upwards, series)]
    drawn += _limits(found, upwards)
    for n, one in zip(told, series, strict=True):
        drawn.append(_line(one, _COLOURS[n], across, upwards))
    for row, (n, one) in enumerate(zip(told, series, strict=True)):
        drawn.append(_legend(one, _COLOURS[n], BOTTOM + FOOT + LEGEND * row + 12))
    title = f"Convergence in {found.step}"
    return Chart(
        title=title,
        caption=_caption(found, series),
        svg=drawing(name, height, title, _described(found, series), *drawn),
    )


def _caption(found: Convergence, series: Sequence[Series]) -> str:
    text = f"Size of the difference at {len(series[0].steps)} step lengths{found.unit}"
    if any(one.claimed is not None for one in series):
        text += "; dashed: the order that is claimed or expected"
    text += (
        f". Judged is what is left at {found.step} = 0, drawn there with its interval and bias, "
        "and not the size at a step"
    )
    if len(found.known) > 1:
        rooms = (f"that of the {found.series[n].label} by {x.line}" for n, x in found.known)
        text += f": {', '.join(rooms)}, δ the relevant error."
    else:
        text += "; δ is the relevant error."
    if found.noise:
        text += " In the grey band, differences may be noise and orders say nothing."
    return text


def _described(found: Convergence, series: Sequence[Series]) -> str:
    parts = []
    for one in series:
        values = ", ".join(shown(x) for x in one.sizes)
        steps = ", ".join(shown(h, 3) for h in one.steps)
        parts.append(f"{one.label}: {values} at {found.step} = {steps}{_orders(one)}")
    for n, limit in found.known:
        slack = "" if math.isinf(limit.slack) else f" ± {shown(limit.slack)}"
        room = "" if limit.relevant is None else f", relevant {shown(limit.relevant, 3)}"
        label = f"{found.series[n].label} " if len(found.known) > 1 else ""
        parts.append(f"{label}extrapolated to {found.step} = 0: {shown(limit.size)}{slack}{room}")
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
    limits = [limit for _, limit in found.known]
    marks = [x for limit in limits for x in (limit.relevant or 0.0, limit.size) if x > 0]
    ends = [limit.ends[1] for limit in limits if math.isfinite(limit.ends[1])]
    high = 1.6 * max([*sizes, *marks, *ends])
    low = max(min([*sizes, *marks]) / 1.6, 1e-300)
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
    for limit in {x.line: x for _, x in found.known if x.relevant is not None}.values():
        y = upwards(limit.relevant or 0.0)
        path = element(
            "path",
            d=f"M{FRAME_LEFT:g} {y:.1f}H{FRAME_RIGHT:g}",
            class_="relevant",
            stroke_dasharray="4 3",
        )
        relevant += painted("good", path, width=1.5)
        words.append(text(FRAME_RIGHT, y - 4, limit.line, text_anchor="end"))
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


def _limits(found: Convergence, upwards: Scale) -> list[str]:
    """The extrapolated differences, with how far from zero they may be, in their colours."""
    drawn = []
    for place, (n, limit) in enumerate(found.known):
        x = FRAME_LEFT + 18 + (14 * place - 7 * (len(found.known) - 1))
        # Of a logarithmic scale, zero is below every end.
        low, high = (upwards(max(y, upwards.low)) for y in limit.ends)
        marks = [element("path", d=f"M{x - 4:g} {high:.1f}h8m-4 0V{low:.1f}", class_="limit")]
        if limit.size >= upwards.low:
            y = upwards(limit.size)
            marks.append(element("path", d=f"M{x - 5:g} {y:.1f}h10", stroke_width=3))
        colour = "bad" if limit.refutes else _COLOURS[min(n, len(_COLOURS) - 1)]
        drawn.append(painted(colour, *marks, width=1.8))
    return drawn


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
