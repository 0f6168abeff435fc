"""The rules of derivations in words that a graduate student follows."""

from __future__ import annotations

__all__ = ["in_words"]


def in_words(rule: str) -> str:
    """What a rule says, and why it holds."""
    return ""
