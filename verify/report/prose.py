"""Words with letters of mathematics in them: indices and powers are set low and high."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

__all__ = ["parted", "prose"]

_AFTER = r"(?<=[\w)\]|'′}>⟩∂̄̃̂])"
# What is short enough to be an index: the i of λ_i, and no word as in label_noise.
_SHORT = re.compile(
    rf"{_AFTER}([_^])(\d+(?!_|[A-Za-z]{{2}})|[½¼α-ω]|min|max"
    r"|[a-z]{1,2}(?![a-z0-9_])|[A-Z](?![A-Za-z0-9_]))"
)
_BRACED = re.compile(rf"{_AFTER}([_^])\{{([^{{}}_^]*)\}}")


def prose(text: str) -> Markup:
    """A text as markup, everything in it escaped.

    >>> print(prose("of label_noise <1>: λ_i"))
    of label_noise &lt;1&gt;: λ<sub>i</sub>
    >>> print(prose("λ_mV_ij e^{−λ_i t} v_0e^{b}"))
    λ<sub>m</sub>V<sub>ij</sub> e<sup>−λ<sub>i</sub> t</sup> v<sub>0</sub>e<sup>b</sup>
    """
    shown = _SHORT.sub(_set, str(escape(text)))
    # From the inside to the outside; each round takes braces away, so that the rounds end.
    while (raised := _BRACED.sub(_set, shown)) != shown:
        shown = raised
    return Markup(shown)


def parted(name: str) -> Markup:
    """A name as markup that a line may break after its dots, strokes and underscores.

    >>> print(parted("label_noise.<b>"))
    label_<wbr>noise.<wbr>&lt;b&gt;
    """
    parts = re.split(r"(?<=[._/:-])(?=\w|<)", name)
    return Markup("<wbr>").join(parts)


def _set(found: re.Match[str]) -> str:
    mark, inside = found.groups()
    tag = "sub" if mark == "_" else "sup"
    return f"<{tag}>{inside}</{tag}>"
