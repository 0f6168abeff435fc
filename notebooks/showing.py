"""What a walkthrough prints: verdicts without the digits that differ between processors."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from notebooks.style import COLOURS, DASHES, GREY, INK, shades, use_style

if TYPE_CHECKING:
    from verify import Verdict

WIDTH = 84
"""Letters in a line: what a page shows without scrolling."""

__all__ = ["COLOURS", "DASHES", "GREY", "INK", "shades", "show", "use_style"]


def show(verdict: Verdict) -> None:
    """Print a verdict: its status, a line for each tier that was asked, and what is wrong."""
    lines = [str(verdict.said)]
    for evidence in verdict.evidence:
        if evidence.status != "NOT APPLICABLE":
            said = _steady(evidence.brief) if evidence.status == "AGREES" else ""
            lines.append(f"  {evidence.tier:<11} {evidence.status:<13} {said}".rstrip())
    if verdict.error:
        lines.append(verdict.error)
    if verdict.finding:
        lines += verdict.finding.text
    for line in lines:
        print(textwrap.fill(line, WIDTH, subsequent_indent="    ", break_long_words=False))


def _steady(brief: str) -> str:
    """How well a tier agreed; digits in steps of five, since processors round differently."""
    if "digits" not in brief:
        return brief
    return "at least " + re.sub(r"\d+(?:\.\d+)?", lambda n: f"{float(n[0]) // 5 * 5:.0f}", brief)
