"""Texts of others without characters that show nothing but act: controls, marks of direction."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]


def printable(text: str) -> str:
    r"""A text in one line, without what would move a cursor, change colours or turn the reading.

    >>> printable("one\x1b[2J  two\u202e\nthree")
    'one[2J two three'
    """
    return " ".join("".join(mark for mark in text if _is_shown(mark)).split())


def _is_shown(mark: str) -> bool:
    return mark.isspace() or unicodedata.category(mark) not in ("Cc", "Cf", "Cs")
