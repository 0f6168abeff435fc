"""What a walkthrough prints: verdicts without the digits that differ between processors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebooks.style import COLOURS, DASHES, GREY, INK, shades, use_style

if TYPE_CHECKING:
    from verify import Verdict

__all__ = ["COLOURS", "DASHES", "GREY", "INK", "shades", "show", "use_style"]


def show(verdict: Verdict) -> None:
    """Print a verdict: its status, a line for each tier that was asked, and what is wrong."""
    lines = [str(verdict.said)]
    for evidence in verdict.evidence:
        if evidence.status != "NOT APPLICABLE":
            lines.append(f"  {evidence.tier:<11} {evidence.status:<10} {evidence.brief}".rstrip())
    if verdict.error:
        lines.append(verdict.error)
    if verdict.finding:
        lines += verdict.finding.text
    print("\n".join(lines))
