"""Findings on claims about numbers: what was measured beside what is claimed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verify.verdict import Evidence, Status

from .finding import Finding
from .shrink import shown

__all__ = ["of_values"]

LONGEST = 400


def of_values(evidence: Sequence[Evidence]) -> Finding:
    """The numbers of the tiers that disagree; in their own words where there is no number."""
    wrong = [e for e in evidence if e.status == Status.DISAGREES]
    found = [pair for e in wrong for pair in _numbers(e.numbers)]
    if found:
        return Finding(lines=tuple(x for x, _ in found), changes=tuple(y for _, y in found))
    said = [f"{e.tier}: {e.reason}" for e in wrong[:1]]
    return Finding(lines=tuple(x if len(x) <= LONGEST else f"{x[:LONGEST]} …" for x in said))


def _numbers(numbers: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A line for every number that is not as claimed."""
    for setting in numbers.get("settings", ()):
        if setting["status"] == Status.DISAGREES and "stated" in setting:
            radius = setting["half_width"] + setting["bias"]
            at = f" at {setting['setting']}" if setting["setting"] else ""
            measured = setting["stated"] + setting["difference"]
            yield from _line(f"the value{at}", setting["stated"], measured, radius)
    for exponent in numbers.get("stated", ()):
        stated = float(exponent["stated"])
        radius = exponent["half_width"] + exponent["bias"]
        off = abs(exponent["value"] - stated)
        if off > radius:
            sizes = ", ".join(f"{name} = {n}" for name, n in exponent["sizes"].items())
            yield from _line(
                f"{exponent['exponent']} at {sizes}", stated, exponent["value"], radius
            )


def _line(
    what: str, stated: float, measured: float, radius: float
) -> Iterator[tuple[str, dict[str, Any]]]:
    if not all(map(math.isfinite, (stated, measured, radius))):
        return
    places = max(0, 1 - math.floor(math.log10(radius))) if radius > 0 else 6
    number = f"{measured:.{min(places, 12)}f}".replace("-", "−")
    line = f"{what}: claimed {shown(stated)}, measured {number} ± {radius:.1g}"
    data = {"part": what, "claimed": stated, "measured": measured, "radius": radius}
    yield line, data
