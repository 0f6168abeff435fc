"""Formulas as MathML: converted from LaTeX, put right, broken into pieces that a line can hold.

A browser does not break a formula at the end of a line.  A long one is therefore a row of pieces,
cut before the signs of its outer sums, which wrap as words do.  Nothing but the elements and
attributes named here comes through, whatever the names in a claim hold; what cannot be converted
is shown in its Unicode spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from markupsafe import Markup

from verify.errors import VerifyError

if TYPE_CHECKING:
    from derivations.exposition import Mathematics, Row

__all__ = ["SURE", "Formula", "formula", "row"]

LINE = 15.0
"""What a line of a phone holds, in em; a formula that is wider is broken where it can be."""

SURE = 10.0
"""What it holds whatever the letters of the browser; a wider piece may have to be scrolled."""

SHORT = 1.5
"""What is no wider, in em, is not left alone at the end of a line."""

_ELEMENTS = frozenset(
    {
        *("mi", "mn", "mo", "mtext", "mspace", "mrow", "mstyle", "mpadded", "mtable", "mtr", "mtd"),
        *("mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
    }
)
_ATTRIBUTES = frozenset(
    {
        *("accent", "columnalign", "displaystyle", "fence", "form", "linethickness", "lspace"),
        *("mathvariant", "maxsize", "minsize", "movablelimits", "rspace", "scriptlevel"),
        *("separator", "stretchy", "width"),
    }
)
_VALUE = re.compile(r"[A-Za-z0-9.%+\- ]*")
_BREAKS = frozenset("+−=±≤≥≠<>→")
_OPEN, _CLOSE = frozenset("([{⟨|‖⌊⌈"), frozenset(")]}⟩|‖⌋⌉")
_SUMS = frozenset("∑∏⋃⋂")
_PRIMES = frozenset("′″‴")
_LETTER = re.compile(r"&#x000[46-7][0-9A-F];")
_THIN = "0.17em"


class _UnreadableError(VerifyError):
    """LaTeX that does not become the MathML that is wanted."""


@dataclass(frozen=True, kw_only=True)
class Formula:
    """What a page holds of a formula: its markup, and whether a phone has to scroll it."""

    markup: Markup
    wide: bool = False


def row(shown: Row) -> Formula:
    """``left = right`` as one formula, or ``right`` alone."""
    if shown.left is None:
        return formula(shown.right)
    left, right = formula(shown.left), formula(shown.right)
    equals = Markup('<math><mo form="infix">=</mo></math>')
    return Formula(
        markup=Markup("{}<wbr>{}{}").format(left.markup, equals, right.markup),
        wide=left.wide or right.wide,
    )


def formula(shown: Mathematics, line: float = LINE) -> Formula:
    """A formula as MathML; one that has no LaTeX, or none that can be read, as it is in Unicode.

    ``line`` is what a line holds, in em.
    """
    if not shown.latex:
        return _plain(shown.unicode)
    return _converted(shown.latex, line) or _plain(shown.unicode)


def _plain(text: str) -> Formula:
    return Formula(markup=Markup('<span class="math">{}</span>').format(text), wide=len(text) > 20)


@cache
def _converted(latex: str, line: float) -> Formula | None:
    from latex2mathml.converter import convert_to_element

    try:
        root = convert_to_element(latex, display="block")
        children = _unwrapped([_right(child) for child in root])
        found = list(_pieces(children, line))
    except Exception:  # noqa: BLE001 - whatever cannot be read has a Unicode spelling
        return None
    texts = [_text(piece) for piece in found]
    return Formula(
        markup=Markup("<wbr>").join(texts), wide=any(_width(piece) > SURE for piece in found)
    )


def _text(piece: Sequence[Element]) -> Markup:
    root = Element("math", displaystyle="true")
    root.extend(piece)
    # The text of the elements is escaped as it is written.
    return Markup(ElementTree.tostring(root, encoding="unicode"))


# What the converter makes, put right.


def _right(element: Element) -> Element:
    """An element with what is wrong or dangerous in it put right, and all below it."""
    if element.tag not in _ELEMENTS:
        raise _UnreadableError(f"<{element.tag}>: not an element of a formula")
    for name, value in element.attrib.items():
        if name not in _ATTRIBUTES or not _VALUE.fullmatch(value):
            raise _UnreadableError(f"{name}={value!r}: not an attribute of a formula")
    made = Element(element.tag, element.attrib)
    written = element.text or ""
    made.text = unescape(written)
    made.extend([_right(child) for child in element])
    if made.tag == "mi" and _LETTER.fullmatch(written):
        # An upright letter, the d of a differential, is told from others by how it is written.
        made.set("mathvariant", "normal")
    elif made.tag == "mi" and made.text in _OPEN | _CLOSE:
        made.tag = "mo"
    elif made.tag == "mo":
        _operator(made)
    elif made.tag in ("msub", "msubsup") and made[0].tag == "mo" and made[0].text in _SUMS:
        made.tag = {"msub": "munder", "msubsup": "munderover"}[made.tag]
    elif made.tag == "mover" and len(made) == 2:
        made.set("accent", "true")
    elif made.tag == "msup" and made[1].text in _PRIMES:
        # The sign is high by itself; as a script it would be raised once more.
        made.tag = "mrow"
        made[1] = Element("mo", form="postfix", lspace="0em", rspace="0em")
        made[1].text = element[1].text and unescape(element[1].text)
    if made.tag in ("mrow", "mtd", "msqrt", "mstyle"):
        made[:] = _spaced(list(made))
    if made.tag == "mrow" and _is_fenced(made) and not _is_tall(made):
        # A bracket that may stretch is set as wide as the largest, stretched or not.
        for fence in (made[0], made[-1]):
            fence.set("stretchy", "false")
    return made


def _operator(made: Element) -> None:
    text = made.text or ""
    if not text and made.get("fence") != "true":
        raise _UnreadableError("an operator without a name")
    if text == "⊤":
        # As an operator it would stand apart from the matrix that it transposes.
        made.tag = "mi"
        made.attrib.clear()
    elif len(text) > 1 and text.isalpha():
        made.tag = "mi"
        made.attrib.clear()


def _spaced(children: list[Element]) -> list[Element]:
    """Thin spaces about names of functions and before differentials, as a printer sets them."""
    found: list[Element] = []
    for child in _unwrapped(children):
        before = found[-1] if found else None
        if before is not None and before.tag not in ("mo", "mspace") and child.tag != "mspace":
            named = _is_name(before) and not _is_fenced(child)
            if named or _is_name(child) or _is_differential(child):
                found.append(Element("mspace", width=_THIN))
        found.append(child)
    return found


def _unwrapped(children: list[Element]) -> list[Element]:
    """The children, those of rows that are no fenced group in the place of the row."""
    found = []
    for child in children:
        if child.tag == "mrow" and not _is_fenced(child) and not _is_matrix(child):
            found += _unwrapped(list(child))
        else:
            found.append(child)
    return found


def _is_name(element: Element) -> bool:
    base = element[0] if element.tag in ("msub", "msup", "msubsup") else element
    return base.tag == "mi" and len(base.text or "") > 1


def _is_differential(element: Element) -> bool:
    if element.tag in ("msub", "msup", "msubsup"):
        return element[0].tag == "mrow" and len(element[0]) > 0 and _is_differential(element[0][0])
    return element.tag == "mi" and element.text == "d" and "mathvariant" in element.attrib


def _is_fenced(element: Element) -> bool:
    if element.tag in ("msup", "msub", "msubsup"):
        return _is_fenced(element[0])
    ends = (element[0], element[-1]) if element.tag == "mrow" and len(element) > 1 else ()
    return bool(ends) and all(end.tag == "mo" and end.get("fence") == "true" for end in ends)


def _is_matrix(element: Element) -> bool:
    return any(child.tag == "mtable" for child in element)


# Pieces that a line can hold.


def _pieces(children: list[Element], line: float) -> Iterator[list[Element]]:
    """The formula in pieces: whole if a line holds it, else cut where it is read apart first."""
    if _width(children) <= line:
        yield children
        return
    for cut in (_items, _cut, _groups):
        parts = list(cut(children))
        if len(parts) > 1:
            for part in parts:
                yield from _pieces(part, line)
            return
    yield from _parted(children, line)


def _items(children: list[Element]) -> Iterator[list[Element]]:
    """What stands between commas and semicolons."""
    part: list[Element] = []
    ends = False
    for child in children:
        if ends and child.tag != "mspace":
            yield part
            part = []
        ends = child.text in (",", ";") or (ends and child.tag == "mspace")
        part.append(child)
    yield part


def _groups(children: list[Element]) -> Iterator[list[Element]]:
    """A product of brackets, one after the other."""
    part: list[Element] = []
    for child in children:
        if _is_fenced(child) and any(map(_is_fenced, part)):
            yield part
            part = []
        part.append(child)
    yield part


def _factors(children: list[Element]) -> Iterator[list[Element]]:
    """A product, cut before its differentials."""
    part: list[Element] = []
    for child in children:
        if _is_differential(child) and _width(part) > SHORT:
            yield part
            part = []
        part.append(child)
    yield part


def _cut(children: list[Element]) -> Iterator[list[Element]]:
    part: list[Element] = []
    for child in children:
        if part and child.tag == "mo" and child.text in _BREAKS and part[-1].tag != "mo":
            yield part
            child.set("form", "infix")
            part = []
        part.append(child)
    yield part


def _parted(part: list[Element], line: float) -> Iterator[list[Element]]:
    """A part that is too wide, cut inside its widest group in brackets."""
    groups = [i for i, child in enumerate(part) if child.tag == "mrow" and _is_fenced(child)]
    widest = max(groups, key=lambda i: _width([part[i]]), default=None)
    if widest is None or _width([part[widest]]) <= line / 2:
        yield from _factors(part)
        return
    group = list(part[widest])
    beside = _width(part) - _width(group[1:-1])
    inner = list(_pieces(group[1:-1], max(line - beside, line / 2)))
    if len(inner) == 1:
        yield part
        return
    first, last = group[0], group[-1]
    if any(_is_tall(piece) for piece in inner):
        for fence in (first, last):
            fence.attrib |= {"stretchy": "true", "minsize": "2.2em"}
    inner[0] = [*part[:widest], first, *inner[0]]
    inner[-1] = [*inner[-1], last, *part[widest + 1 :]]
    yield from inner


def _is_tall(piece: Iterable[Element]) -> bool:
    """Whether elements need brackets larger than a letter; scripts do not."""
    tall, scripts = ("mfrac", "munder", "munderover", "mtable"), ("msub", "msup", "msubsup")
    return any(
        child.tag in tall or _is_tall([child[0]] if child.tag in scripts else child)
        for child in piece
    )


def _width(elements: Sequence[Element]) -> float:
    """About how wide the elements are one after the other, in em."""
    return sum(map(_wide, elements))


def _wide(element: Element) -> float:
    tag, parts = element.tag, list(element)
    if tag in ("mi", "mn", "mtext"):
        return 0.55 * len(element.text or "")
    if tag == "mo":
        return 0.4 if element.get("fence") == "true" else 1.2
    if tag == "mspace":
        return 0.2
    if tag == "mfrac":
        return 0.2 + max(map(_wide, parts))
    if tag in ("munder", "munderover"):
        return max(_wide(parts[0]), *(0.7 * _wide(part) for part in parts[1:]))
    if tag in ("msub", "msup", "msubsup"):
        return _wide(parts[0]) + max(0.7 * _wide(part) for part in parts[1:])
    if tag == "mover":
        return _wide(parts[0])
    if tag == "mtable":
        return max((sum(0.8 + _width(list(cell)) for cell in line) for line in parts), default=0.0)
    return _width(parts)
