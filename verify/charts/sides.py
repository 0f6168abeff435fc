"""Growth rates on both sides of a threshold, beside zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.amounts import SIGNS

from .scales import Scale, linear
from .svg import WIDTH, Chart, clipped, drawing, element, painted, shown, text

__all__ = ["Side", "sides"]

ROW, STRIP, FOOT = 40.0, 18.0, 36.0
LEFT, RIGHT = 10.0, WIDTH - 10.0
MARGIN = 0.1


@dataclass(frozen=True, kw_only=True)
class Side:
    """The growth rate at one value of the parameter, and the sign that is stated there.

    ``status`` is what was decided on it: AGREES, DISAGREES or INCONCLUSIVE.
    """

    label: str
    sign: int
    rate: float
    half_width: float
    bias: float
    status: str

    @property
    def slack(self) -> float:
        """Half-width and bias together."""
        return self.half_width + self.bias

    @property
    def colour(self) -> str:
        """That of the decision."""
        return {"AGREES": "good", "DISAGREES": "bad"}.get(self.status, "accent")

    @property
    def stated(self) -> str:
        """The sign in words."""
        return f"stated {SIGNS.get(self.sign, '')}"

    @property
    def said(self) -> str:
        """The rate with its interval."""
        return f"{shown(self.rate, 3)} ± {shown(self.slack, 1)}"


def sides(found: Sequence[Side], name: str) -> Chart | None:
    """A row for every side, the one below first; None if there are none."""
    if not found:
        return None
    ends = [x for side in found for x in (side.rate - side.slack, side.rate + side.slack)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = MARGIN * (high - low)
    scale = linear(low - room, high + room, LEFT, RIGHT)
    title = "Growth beside the threshold"
    described = "; ".join(f"{x.label}, {x.stated}: {x.said}, {x.status.lower()}" for x in found)
    return Chart(
        title=title,
        caption="Median growth f/t of the simulated paths at a value of the parameter below and "
        "above the threshold: the dot is the rate, the thick line its interval, the thin one the "
        "bias beside it. On the stated side of 0 it agrees.",
        svg=drawing(
            name,
            ROW * len(found) + FOOT,
            title,
            described,
            _ground(scale, ROW * len(found)),
            *(_row(side, ROW * n, scale) for n, side in enumerate(found)),
        ),
    )


def _ground(scale: Scale, bottom: float) -> str:
    """Zero, the axis and its ticks."""
    zero = scale(0.0)
    base, words = f"M{LEFT:g} {bottom:g}H{RIGHT:g}", []
    for value in scale.ticks(5):
        x = scale(value)
        base += f"M{x:.1f} {bottom:g}v4"
        words.append(text(x, bottom + 16, shown(value, 2), text_anchor="middle"))
    line = element("path", d=f"M{zero:.1f} {STRIP:g}V{bottom:g}", class_="zero")
    return (
        painted("text", line, width=1.2)
        + painted("muted", element("path", d=base), width=1)
        + "".join(words)
        + text(WIDTH / 2, bottom + 31, "f/t", text_anchor="middle", opacity=0.75)
    )


def _row(side: Side, top: float, scale: Scale) -> str:
    y, x = top + (ROW + STRIP) / 2, scale(side.rate)
    lines = [
        (element("path", d=_across(side, room, scale, y), class_=name), width, opacity)
        for room, name, width, opacity in (
            (side.slack, "slack", 1.5, None),
            (side.half_width, "interval", 5.0, 0.6),
        )
    ]
    drawn = [painted(side.colour, path, width=w, opacity=o) for path, w, o in lines]
    cross = f"M{x - 4:.1f} {y - 4:g}l8 8m0-8l-8 8"
    wrong = side.colour == "bad"
    mark = element("path", d=cross if wrong else f"M{x:.1f} {y:g}h0", stroke_linecap="round")
    drawn.append(painted(side.colour, mark, width=2.5 if wrong else 7.0))
    label = clipped(f"{side.label}, {side.stated}", WIDTH - 7.0 * len(side.said) - 12)
    words = text(0, top + 13, label) + text(WIDTH, top + 13, side.said, text_anchor="end")
    return "".join(drawn) + words


def _across(side: Side, room: float, scale: Scale, y: float) -> str:
    return f"M{scale(side.rate - room):.1f} {y:g}H{scale(side.rate + room):.1f}"
