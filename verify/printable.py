"""Texts of others without characters that show nothing but act: controls, marks of direction.

An error of theirs is such a text too.
"""

from __future__ import annotations

import unicodedata

__all__ = ["declarable", "is_unicode", "printable", "said_by", "shown"]


def printable(text: str) -> str:
    r"""A text in one line, without what would move a cursor, change colours or turn the reading.

    >>> printable("one\x1b[2J  two\u202e\nthree")
    'one[2J two three'
    """
    return " ".join(shown(text).split())


def shown(text: str) -> str:
    r"""A text of any number of lines, without what would act on a terminal or turn the reading.

    >>> shown("one\x1b[2J\r  two\u202e\n\tthree")
    'one[2J   two\n\tthree'
    """
    return "".join(mark if _is_shown(mark) else " " * mark.isspace() for mark in text)


def is_unicode(text: str) -> bool:
    r"""Whether a text can be written to a file; one half of a pair cannot.

    >>> is_unicode("λ"), is_unicode("\ud800")
    (True, False)
    """
    return not any(unicodedata.category(mark) == "Cs" for mark in text)


def said_by(error: BaseException) -> str:
    """What an error says of itself, in one line; nothing if it fails even at that."""
    try:
        return printable(str(error))
    except Exception:  # noqa: BLE001 - there is an error to be told already
        return ""


def declarable(text: str) -> str:
    """What an error says of a drawn point, with what the author of a claim can do about it.

    >>> declarable("point: f is not finite there; draw another point").partition(" (")[0]
    'f is not finite at a drawn point; declare an assumption that leaves such points out'
    """
    said, _, remedy = text.rpartition("; ")
    if not said or not remedy.startswith("draw "):
        return text
    place = said.removeprefix("point: ").removesuffix(" there").removesuffix(" here")
    return (
        f"{place} at a drawn point; declare an assumption that leaves such points out (an "
        "Assumption of the claim, or assuming=[...] of its system), or claim another observable"
    )


def _is_shown(mark: str) -> bool:
    return mark in "\n\t" or unicodedata.category(mark) not in ("Cc", "Cf", "Cs")
