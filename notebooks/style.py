"""How the pictures in the walkthroughs look: white, so that they are legible on a dark page."""

from __future__ import annotations

from typing import Any

from verify.experiments.style import COLOURS, DASHES, GREY, INK, STYLE, shades

__all__ = ["COLOURS", "DASHES", "GREY", "INK", "PICTURES", "shades", "use_style"]

PICTURES: Any = {
    **STYLE,
    "figure.figsize": (7.0, 3.2),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "figure.constrained_layout.use": True,
    "legend.fontsize": 9,
    "lines.linewidth": 1.4,
}


def use_style() -> None:
    """Set the style for the rest of this notebook; a figure gives the same file every time."""
    import matplotlib as mpl
    from matplotlib_inline import backend_inline

    mpl.rcParams.update(PICTURES)
    formats: Any = backend_inline.set_matplotlib_formats
    formats("png", metadata={"Software": None})
