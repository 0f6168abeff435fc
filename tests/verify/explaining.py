"""The page of a claim as plain text, in a width that wraps nothing short."""

from __future__ import annotations

from typing import Any

from verify.explain import exposition_of
from verify.explain.terminal import page


def explained(claim: Any, width: int = 96) -> str:
    return page(exposition_of(claim), width).plain
