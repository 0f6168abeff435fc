"""Noises of a system in a new time: what of them is no mistake, as it leaves their law."""

from __future__ import annotations

from collections.abc import Sequence

from derivations.codegen.stated_parts import NOISE, StatedPart
from verify.verdict import Evidence

from .measured import Table

__all__ = ["NOISE", "noise_in_law", "opposite"]


def opposite(parts: Sequence[StatedPart], tables: Sequence[Table]) -> bool:
    """Whether the stated noises point against the measured ones, which one sign for all mends."""
    total = 0.0
    for part, found in zip(parts, tables, strict=True):
        if part.quantity == NOISE:
            for row in (row for point in found.points for row in point):
                stated = sum(
                    float(term.coefficient * value)
                    for term, value in zip(part.terms, row.terms, strict=True)
                )
                total += float(row.measured) * stated
    return total < 0


def noise_in_law(evidence: Sequence[Evidence]) -> bool:
    """Whether it is proved that the stated noises have the right law, whatever their terms are."""
    for found in evidence:
        if found.tier == "derivation":
            answers = found.numbers.get("parts", {})
            noises = [x for name, x in answers.items() if not name.startswith("drift of ")]
            return bool(noises) and all(x == "EQUAL" for x in noises)
    return False
