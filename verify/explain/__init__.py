"""Claims for people: their expositions, on a terminal, as LaTeX and as Markdown."""

from __future__ import annotations

from typing import Any

from .expositions import exposition_of
from .terminal import page

__all__ = ["explained", "exposition_of"]


def explained(claim: Any, *, latex: bool = False) -> str:
    """What a claim states, assumes and follows from, as text or as LaTeX."""
    shown = exposition_of(claim)
    if not latex:
        return page(shown)
    from derivations.codegen.document import claim_latex

    return "\n".join(claim_latex(shown))
