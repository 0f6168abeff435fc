"""Elements of SVG as text: escaped, without scripts, in the colours of the page.

Colours are those of the page that a chart stands in, ``currentColor`` and the properties --accent,
--good, --bad and --muted, each with a value for a page that has none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

__all__ = [
    "COLOURS",
    "SIZE",
    "WIDTH",
    "Chart",
    "clipped",
    "drawing",
    "element",
    "number",
    "painted",
    "plain",
    "power_of_ten",
    "shown",
    "text",
]

WIDTH = 360
"""Natural width, that of a phone: there, letters have their natural size."""

SIZE = 12
"""Natural size of the letters."""

LETTER = 0.56
"""Mean width of a letter, in units of its size; wide ones have more."""

COLOURS: Mapping[str, str] = {
    "accent": "var(--accent, #3b7dd8)",
    "good": "var(--good, #2e9b5b)",
    "bad": "var(--bad, #d64545)",
    "muted": "var(--muted, #8a8a8a)",
    "text": "currentColor",
}

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture of evidence.

    Parameters
    ----------
    title, caption : str
        What is shown, in a few words and in a sentence or two: plain text, to be escaped.
    svg : str
        An ``svg`` element, to be put into HTML as it is.
    """

    title: str
    caption: str
    svg: str


def plain(value: Any) -> str:
    """Text without the characters that XML does not have."""
    return _FORBIDDEN.sub("\ufffd", str(value))


def element(name: str, *children: str, **attributes: Any) -> str:
    """An element; children are elements, and attributes are escaped (``stroke_width=2``).

    >>> element("g", element("circle", r=2.50), style='a"b')
    '<g style="a&quot;b"><circle r="2.5"/></g>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(children)
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def _attribute(value: Any) -> str:
    return coordinate(value) if isinstance(value, float) else escape(plain(value), quote=True)


def class_of(said: object) -> str:
    """The class that a status or an outcome has in a style sheet.

    >>> class_of("NOT APPLICABLE")
    'not-applicable'
    """
    return str(said).lower().replace(" ", "-")


def coordinate(value: float) -> str:
    """A length with one decimal, which is a tenth of a pixel."""
    found = f"{value:.1f}"
    return found.removesuffix(".0") if found != "-0.0" else "0"


def text(x: float, y: float, words: str, **attributes: Any) -> str:
    """A line of text, escaped."""
    return element("text", escape(plain(words)), x=float(x), y=float(y), **attributes)


def painted(colour: str, *children: str, width: float | None = None, **attributes: Any) -> str:
    """A group that is filled with a colour of the page; with a width, drawn in its lines."""
    value = COLOURS[colour]
    style = f"fill:{value}"
    if width is not None:
        style = f"fill:none;stroke:{value};stroke-width:{width:g}"
    return element("g", *children, style=style, **attributes) if children else ""


def drawing(
    name: str, height: float, title: str, description: str, *children: str, width: float = WIDTH
) -> str:
    """The whole picture, with its title and description for those who cannot see it.

    Parameters
    ----------
    name : str
        No other drawing of the page may have it: ids are made of it.
    """
    name = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    return element(
        "svg",
        element("title", escape(plain(title)), id=f"{name}-title"),
        element("desc", escape(plain(description)), id=f"{name}-desc"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        viewBox=f"0 0 {coordinate(float(width))} {coordinate(float(height))}",
        width=float(width),
        height=float(height),
        style="max-width:100%;height:auto;fill:currentColor",
        font_family="system-ui,sans-serif",
        font_size=SIZE,
    )


def clipped(words: str, room: float, size: float = SIZE) -> str:
    """The words, or as many letters as fit into the room and an ellipsis.

    >>> clipped("quadratic variation", 60)
    'quadrat…'
    """
    most = max(1, int(room / (LETTER * size)))
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def shown(value: float | None, digits: int = 2) -> str:
    """A number for people.

    >>> shown(-1.53e-12), shown(0.25), shown(float("nan"))
    ('−1.5·10⁻¹²', '0.25', 'not a number')
    """
    if value is None or math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    mantissa, _, power = f"{value:.{digits}g}".partition("e")
    if power:
        factor = "" if mantissa in ("1", "-1") else f"{mantissa}·"
        sign = "-" if mantissa == "-1" else ""
        mantissa = f"{sign}{factor}{power_of_ten(int(power))}"
    return mantissa.replace("-", "−", 1) if mantissa.startswith("-") else mantissa


def power_of_ten(power: int) -> str:
    """A power of ten.

    >>> power_of_ten(-12)
    '10⁻¹²'
    """
    return f"10{str(power).translate(_SUPERSCRIPT)}"


def number(value: Any) -> float | None:
    """The value as a finite number; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
