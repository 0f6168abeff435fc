"""Texts of others in Markdown: nothing in them is taken for markup, on GitHub either."""

from __future__ import annotations

import re

from verify.printable import printable

__all__ = ["code", "escaped"]


def escaped(text: str) -> str:
    """A text without meaning for Markdown or HTML; nobody is told, nothing is linked."""
    kept = printable(text)
    kept = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    kept = re.sub(r"([\\`*_\[\]!|~$]|^[-+#=]|^\d+(?=[.)]))", r"\\\1", kept)
    # An empty comment between: no mention, no number of an issue, no address.
    kept = re.sub(r"([@#])(?=\w)", r"\1<!-- -->", kept)
    return re.sub(r"(?i)\b(https?|ftp|www|mailto)(?=[:.])", r"\1<!-- -->", kept)


def code(text: str) -> str:
    """A text as code, whatever strokes are in it."""
    kept = printable(text)
    longest = max(map(len, re.findall(r"`+", kept)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {kept} {fence}" if longest else f"`{kept}`"
