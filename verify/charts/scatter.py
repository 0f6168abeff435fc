"""What is claimed against what was measured or simulated, with its uncertainty and the diagonal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .scales import Scale, linear
from .svg import WIDTH, Chart, clipped, drawing, element, painted, shown, text

__all__ = ["Comparison", "scatter"]

MOST_PANELS = 6
APART = 5.0
"""Relevant errors that claimed values are from zero or spread over at least: of zeros, only noise
would be seen."""

CURVED = 200.0
"""Times the median size that the largest value may have on a linear scale."""

HEAD, FOOT, LEFT, GAP = 20.0, 34.0, 50.0, 8.0
MARGIN = 0.06


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Pairs of values of one part of a claim.

    Parameters
    ----------
    label : str
    claimed, measured : sequence of float
    uncertainty : sequence of float or None
        Half-width and bias together; None where it is not known.
    wrong : frozenset of int
        Places of those that refute the claim.
    whole : int
        Of how many pairs these were chosen.
    relevant : float
        The relevant error of most of them; 0 if it is not known.
    """

    label: str
    claimed: Sequence[float]
    measured: Sequence[float]
    uncertainty: Sequence[float | None]
    wrong: frozenset[int] = field(default_factory=frozenset)
    whole: int = 0
    relevant: float = 0.0

    @property
    def is_telling(self) -> bool:
        """Whether there are several, clear of zero or of each other, or refuting the claim."""
        if len(self.claimed) < 2:
            return False
        clear = self.relevant > 0 and max(map(abs, self.claimed)) > APART * self.relevant
        return clear or not self.is_one or bool(self.wrong)

    @property
    def is_one(self) -> bool:
        """Whether all claimed values are one."""
        return max(self.claimed) - min(self.claimed) <= APART * self.relevant


@dataclass(frozen=True, kw_only=True)
class _Frame:
    left: float
    right: float
    top: float
    bottom: float


def scatter(parts: Sequence[Comparison], name: str, what: str, where: str = "") -> Chart | None:
    """A panel for every part whose values tell something; None if there is none.

    Parameters
    ----------
    parts : sequence of Comparison
    name : str
        Of which ids are made.
    what : str
        How it was measured, in a word.
    where : str
        Where the points are, for the caption.
    """
    drawn = [part for part in parts if part.is_telling][:MOST_PANELS]
    if not drawn:
        return None
    columns = min(len(drawn), 2)
    width = (WIDTH - GAP * (columns - 1)) / columns
    height = HEAD + (200.0 if columns == 1 else 118.0) + FOOT
    panels = []
    for n, part in enumerate(drawn):
        x, y = (n % columns) * (width + GAP), (n // columns) * height
        frame = _Frame(left=x + LEFT, right=x + width - 6, top=y + HEAD, bottom=y + height - FOOT)
        panels.append(_panel(part, frame, x, what))
    rows = math.ceil(len(drawn) / columns)
    title = f"Claimed against {what}"
    count = sum(len(part.claimed) for part in drawn)
    whole = max(count, sum(part.whole for part in drawn))
    wrong = sum(len(part.wrong) for part in drawn)
    said = (f"{count}" if whole == count else f"{count} of {whole}") + " value" + "s" * (whole != 1)
    caption = (
        f"{said}{where}: claimed across, {what} upwards with its uncertainty, "
        "equal on the line." + (" A cross is a value that refutes the claim." if wrong else "")
    )
    described = "; ".join(_described(part, what) for part in drawn)
    return Chart(
        title=title,
        caption=caption,
        svg=drawing(name, height * rows, title, described, *panels),
    )


def _described(part: Comparison, what: str) -> str:
    off = max(abs(a - b) for a, b in zip(part.claimed, part.measured, strict=True))
    low, high = min(part.claimed), max(part.claimed)
    text = (
        f"{part.label}: {len(part.claimed)} values claimed between {shown(low)} and {shown(high)}, "
        f"{what} at most {shown(off)} away"
    )
    return text + (f", {len(part.wrong)} refute the claim" if part.wrong else "")


def _panel(part: Comparison, frame: _Frame, x: float, what: str) -> str:
    across, upwards = _scales(part, frame)
    middle = (frame.left + frame.right) / 2
    width = frame.right - x
    label = text(x, frame.top - 8, clipped(part.label, width), font_weight="600")
    return element(
        "g",
        label,
        _axes(across, upwards, frame),
        text(middle, frame.bottom + 29, f"claimed → {what} ↑", text_anchor="middle", opacity=0.75),
        painted(
            "muted",
            element(
                "path",
                d=f"M{frame.left:.1f} {frame.bottom:.1f}L{frame.right:.1f} {frame.top:.1f}",
                class_="identity",
            ),
            width=1,
        ),
        *_marks(part, across, upwards),
    )


def _scales(part: Comparison, frame: _Frame) -> tuple[Scale, Scale]:
    """The same values on both axes, so that equal ones lie on the diagonal."""
    # One value is shown by its distance from zero.
    values = [*part.claimed, *part.measured, *([0.0] if part.is_one else [])]
    sizes = sorted(abs(x) for x in values if x != 0.0)
    low, high = min(values), max(values)
    largest = sizes[-1] if sizes else 0.0
    bend = math.inf
    if sizes and largest > CURVED * sizes[len(sizes) // 2]:
        bend = 10.0 ** math.floor(math.log10(max(sizes[len(sizes) // 4], 1e-9 * largest)))
        low, high = (-1.5 * largest if low < 0 else 0.0), (1.5 * largest if high > 0 else 0.0)
    else:
        room = MARGIN * (high - low)
        base = linear(low - room, high + room, 0.0, 1.0)
        low, high = base.low, base.high
    return (
        Scale(low=low, high=high, start=frame.left, end=frame.right, bend=bend),
        Scale(low=low, high=high, start=frame.bottom, end=frame.top, bend=bend),
    )


def _axes(across: Scale, upwards: Scale, frame: _Frame) -> str:
    lines = f"M{frame.left:.1f} {frame.top:.1f}V{frame.bottom:.1f}H{frame.right:.1f}"
    words = []
    last = -math.inf
    for value in across.ticks(max(4, int((frame.right - frame.left) / 52))):
        x, said = across(value), shown(value, 4)
        half = 3.4 * len(said)
        lines += f"M{x:.1f} {frame.bottom:.1f}v4"
        if x - half > last and x + half <= frame.right + 6:
            last = x + half + 4
            words.append(text(x, frame.bottom + 15, said, text_anchor="middle"))
    for value in upwards.ticks(4):
        y = upwards(value)
        lines += f"M{frame.left:.1f} {y:.1f}h-4"
        words.append(text(frame.left - 6, y + 4, shown(value, 4), text_anchor="end"))
    return painted("muted", element("path", d=lines), width=1) + "".join(words)


def _marks(part: Comparison, across: Scale, upwards: Scale) -> Iterator[str]:
    """Uncertainties as lines, what agrees as dots, what refutes as crosses."""
    found: dict[str, list[str]] = {"accent": [], "bad": []}
    bars: dict[str, list[str]] = {"accent": [], "bad": []}
    pairs = zip(part.claimed, part.measured, part.uncertainty, strict=True)
    for n, (claimed, measured, slack) in enumerate(pairs):
        colour = "bad" if n in part.wrong else "accent"
        x, y = across(claimed), upwards(measured)
        room = math.inf if slack is None else slack
        ends = upwards(measured - room), upwards(measured + room)
        if abs(ends[0] - ends[1]) > 6.0:
            bars[colour].append(f"M{x:.1f} {ends[0]:.1f}V{ends[1]:.1f}")
        dot = f"M{x:.1f} {y:.1f}h0"
        cross = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"
        found[colour].append(cross if colour == "bad" else dot)
    for colour, width in (("accent", 5.0), ("bad", 2.2)):
        if bars[colour]:
            yield painted(colour, element("path", d="".join(bars[colour])), width=1.2)
        if found[colour]:
            yield painted(
                colour,
                element(
                    "path",
                    d="".join(found[colour]),
                    class_="wrong" if colour == "bad" else "right",
                    stroke_linecap="round",
                ),
                width=width,
            )
