"""What a notebook on disk has that a fresh build has not: the cell, and what differs in it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

__all__ = ["PIXELS_APART", "SHADES_APART", "differences", "pictures_agree"]

SHADES_APART = 32
"""Of 255: where the last digit of a number differs, the smoothed edge of a line may, by so much."""

PIXELS_APART = 1e-3
"""The share of pixels that may differ by more."""

TOLERANCE = f"more than {PIXELS_APART:.1%} of the pixels differ by more than {SHADES_APART} of 255"


def differences(old: str, new: str) -> tuple[str, ...]:
    """A line for each thing that differs; texts byte for byte, pictures by `pictures_agree`.

    Empty where both notebooks say the same.
    """
    if old == new:
        return ()
    try:
        before, after = json.loads(old), json.loads(new)
        found = tuple(_cells(before["cells"], after["cells"]))
        if found:
            return found
        rest = _without_pictures(before) != _without_pictures(after)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ("is not a notebook",)
    return ("the notebook's metadata or the way it is written differ",) if rest else ()


def pictures_agree(old: bytes, new: bytes) -> bool:
    """Whether two PNGs are the same, or of one size and as near as the tolerances above say."""
    if old == new:
        return True
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        a, b = (np.asarray(Image.open(io.BytesIO(p)).convert("RGBA"), int) for p in (old, new))
    except (UnidentifiedImageError, OSError):
        return False
    if a.shape != b.shape:
        return False
    apart = np.abs(a - b).max(axis=-1) > SHADES_APART
    return bool(apart.mean() <= PIXELS_APART)


def _cells(old: list[Any], new: list[Any]) -> Iterator[str]:
    if len(old) != len(new):
        yield f"has {len(old)} cells, a build writes {len(new)}"
    for number, (before, after) in enumerate(zip_longest(old, new), 1):
        if before is None or after is None:
            return
        place = f"cell {number}"
        if _text(before["source"]) != _text(after["source"]):
            was, now = _first(_text(before["source"]), _text(after["source"]))
            yield f"{place}: source {was!r}, a build writes {now!r}"
        elif before["cell_type"] != after["cell_type"] or before["id"] != after["id"]:
            yield f"{place}: kind or id of the cell"
        else:
            yield from (f"{place}: {what}" for what in _outputs(before, after))


def _outputs(before: Any, after: Any) -> Iterator[str]:
    old, new = before.get("outputs", []), after.get("outputs", [])
    if len(old) != len(new):
        yield f"has {len(old)} outputs, a build writes {len(new)}"
        return
    for one, other in zip(old, new, strict=True):
        said, says = _said(one), _said(other)
        if said != says:
            was, now = _first(said, says)
            yield f"output {was!r}, a build writes {now!r}"
        pictures = [_picture(output) for output in (one, other)]
        if pictures[0] != pictures[1] and not pictures_agree(*pictures):
            yield f"picture: {TOLERANCE}"


def _said(output: Any) -> str:
    return _text(output.get("text", "")) + _text(output.get("data", {}).get("text/plain", ""))


def _picture(output: Any) -> bytes:
    return base64.b64decode(_text(output.get("data", {}).get("image/png", "")))


def _text(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)


def _first(old: str, new: str) -> tuple[str, str]:
    """The first lines that differ."""
    pairs = zip_longest(old.splitlines(), new.splitlines(), fillvalue="")
    was, now = next(((a, b) for a, b in pairs if a != b), (old[-20:], new[-20:]))
    return was[:80], now[:80]


def _without_pictures(book: Any) -> Any:
    if isinstance(book, dict):
        return {key: _without_pictures(value) for key, value in book.items() if key != "image/png"}
    if isinstance(book, list):
        return [_without_pictures(value) for value in book]
    return book
