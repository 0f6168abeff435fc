"""How the pictures of this project look; Matplotlib is imported when the first one is made."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from verify.experiments.experiment import Finding
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "DASHES",
    "GREY",
    "INK",
    "MARKS",
    "STYLE",
    "applied",
    "caption",
    "figure",
    "files",
    "judged",
    "shades",
]

# Okabe and Ito's palette, told apart by every kind of colour vision, and in grey by their
# lightness.
COLOURS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
    "yellow": "#F0E442",
}
INK, GREY = "#222222", "#767676"
DASHES = (0, (5, 4))

STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "savefig.facecolor": "white",
    # The same picture gives the same file.
    "svg.hashsalt": "driftproof",
    "svg.fonttype": "path",
}

MARKS = {Status.AGREES: "✓", Status.DISAGREES: "✗", Status.INCONCLUSIVE: "?"}


def applied() -> AbstractContextManager[None]:
    """The style while figures are made and saved; what held before holds after it."""
    import matplotlib as mpl

    return mpl.rc_context(STYLE)


def figure(width: float, height: float) -> Figure:
    """An empty figure of this many inches, without any window."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def shades(count: int) -> Sequence[tuple[float, float, float, float]]:
    """Colours in an order, from dark to light, even in lightness and legible on white."""
    import matplotlib as mpl
    import numpy as np

    return [tuple(row) for row in mpl.colormaps["cividis"](np.linspace(0.0, 0.78, count))]


def files(name: str, drawn: Figure) -> dict[str, bytes]:
    """A figure as PNG and as SVG, name of file -> content; the same figure gives the same bytes."""
    return {
        f"{name}.png": _saved(drawn, "png", {"Software": None}),
        f"{name}.svg": _saved(drawn, "svg", {"Date": None, "Creator": None}),
    }


def _saved(drawn: Figure, kind: str, metadata: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    drawn.savefig(buffer, format=kind, dpi=160, metadata=metadata)
    return buffer.getvalue()


def judged(findings: Iterable[Finding]) -> list[tuple[Status, str]]:
    """The findings as `caption` takes them."""
    return [(finding.status, f"{finding.name}: {finding.reason}") for finding in findings]


def caption(
    drawn: Figure, *, claim: str, about: str, verdicts: Sequence[tuple[Status, str]]
) -> None:
    """Write claim and settings above the axes, the verdicts below; the axes fill what is left.

    Parameters
    ----------
    claim
        One or two sentences, wrapped.
    about
        Data and settings, in one line, grey; wrapped where it is too long.
    verdicts
        Status and text of each; see `judged`.
    """
    width, height = drawn.get_figwidth(), drawn.get_figheight()
    lines = []
    for status, text in verdicts:
        shown = f"{MARKS[status]} {status}  {text}"
        lines += _wrapped(shown, int(width * 16.8), indent="      ")
    title = _wrapped(claim, int(width * 8.7))
    settings = _wrapped(about, int(width * 14.5))
    below = 0.26 * len(title) + 0.14
    head = (below + 0.17 * len(settings) + 0.05) / height
    foot = (0.165 * len(lines) + 0.2) / height
    drawn.set_layout_engine("constrained", rect=(0.01, foot, 0.98, 1 - head - foot))
    left = 0.16 / width
    drawn.text(left, 1 - 0.13 / height, "\n".join(title), fontsize=13, weight="bold", va="top")
    place = 1 - below / height
    drawn.text(left, place, "\n".join(settings), fontsize=9.5, color=GREY, va="top")
    drawn.text(left, 0.1 / height, "\n".join(lines), fontsize=8, va="bottom", linespacing=1.4)


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of a text; none ends before or after the sign between two sides of a formula."""
    whole = re.sub(r" ([=×±<>≤≥−]) ", "\u00a0\\1\u00a0", text)
    return textwrap.wrap(whole, width, subsequent_indent=indent)
