"""Words with mathematics in them: as formulas, or in a line of text with indices low and high."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from .mathml import SURE, formula

if TYPE_CHECKING:
    from derivations.phrases import Phrase

__all__ = ["parted", "prose", "told"]

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


def told(text: str | Iterable[Phrase]) -> Markup:
    """A text as markup, its mathematics as formulas, but for those that a phone would scroll.

    Parameters
    ----------
    text : str or iterable of Phrase
        Words in which formulas are looked for, or words and formulas that are parted already.

    Examples
    --------
    >>> print(told("of <1>: a × x"))
    of &lt;1&gt;: <math displaystyle="true"><mi>a</mi><mo>×</mo><mi>x</mi></math>
    """
    from derivations.exposition import Mathematics
    from derivations.phrases import phrases

    parts = []
    for part in phrases(text) if isinstance(text, str) else text:
        shown = formula(Mathematics(unicode=part.text, latex=_paired(part.latex)), SURE)
        is_set = part.latex and not shown.wide
        parts.append(shown.markup if is_set else prose(part.text))
    return _glued(parts)


_OPENING, _ENDING = re.compile(r"[(\[]+$"), re.compile(r"^[)\].,:;!?]+")


def _glued(parts: Sequence[Markup]) -> Markup:
    """The parts in turn; no line ends between a formula and brackets and marks beside it."""
    found = [*parts]
    for n, part in enumerate(parts):
        if not part.startswith("<math") or "<wbr>" in part:
            continue
        before = _OPENING.search(found[n - 1]) if n else None
        after = _ENDING.search(found[n + 1]) if n + 1 < len(found) else None
        if not (before or after):
            continue
        if before:
            found[n - 1] = found[n - 1][: before.start()]
            part = before[0] + part
        if after:
            found[n + 1] = found[n + 1][after.end() :]
            part = part + after[0]
        found[n] = Markup('<span class="whole">{}</span>').format(part)
    return Markup("").join(found)


def _paired(latex: str) -> str:
    r"""Brackets as pairs that grow with what is between them, those that are pairs already left.

    >>> print(_paired(r"(a \times b) \left[c\right]"))
    \left(a \times b\right) \left[c\right]
    """
    opened = re.sub(r"(?<!\\left)[(\[]", r"\\left\g<0>", latex)
    return re.sub(r"(?<!\\right)[)\]]", r"\\right\g<0>", opened)


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
