"""Pictures of evidence as SVG: plain text, no scripts, in the colours of the page.

They are made of the numbers that a tier wrote down, and of nothing else; the same evidence, read
from a file or fresh, gives the same text.
"""

from __future__ import annotations

from typing import Any

from verify.amounts import counted
from verify.verdict import Evidence, Status, json_value

from . import paths, reading
from .convergence import convergence
from .course import course
from .digits import digits
from .drifts import drifts, drifts_of
from .intervals import intervals
from .scatter import scatter
from .sides import sides
from .svg import Chart

__all__ = ["Chart", "of"]


def of(evidence: Evidence, prefix: str = "") -> tuple[Chart, ...]:
    """The pictures of the evidence of one tier; none if it measured nothing.

    Parameters
    ----------
    evidence : Evidence
        Of any tier; numbers that it lacks, and those that are no numbers, are left out.
    prefix : str
        Ids within the pictures begin with it: give each claim on a page its own.

    Examples
    --------
    >>> numbers = {"digits": {"float64": {"drift": 11.0}}, "required": {"float64": 5}}
    >>> found = Evidence(tier="generator", status=Status.AGREES, reason="", numbers=numbers)
    >>> [chart.title for chart in of(found)]
    ['Digits that agree']
    """
    if evidence.status == Status.NOT_APPLICABLE:
        return ()
    numbers = _ordered(json_value(evidence.numbers))
    name = f"{prefix}-{evidence.tier}" if prefix else evidence.tier
    shrinking = reading.convergence_of(numbers)
    moving = paths.course_of(numbers, refuted=evidence.status == Status.DISAGREES)
    signed = drifts_of(numbers)
    found = [
        None if signed is None else drifts(signed, f"{name}-drifts"),
        None if moving is None else course(moving, f"{name}-course"),
        *(sides(found, f"{name}-sides-{n}") for n, found in enumerate(paths.sides_of(numbers))),
        intervals(reading.intervals_of(numbers), f"{name}-intervals"),
        digits(
            reading.mapping(numbers, "digits"),
            reading.mapping(numbers, "required"),
            f"{name}-digits",
        ),
        scatter(
            reading.comparisons_of(numbers),
            f"{name}-scatter",
            _MEASURED.get(evidence.tier, "measured"),
            _where(evidence),
        ),
        None if shrinking is None else convergence(shrinking, f"{name}-convergence"),
    ]
    return tuple(chart for chart in found if chart is not None)


def _where(evidence: Evidence) -> str:
    """At how many points, where that is what was counted."""
    if evidence.tier not in _AT_POINTS or not evidence.points or "draws" in evidence.numbers:
        return ""
    return f" at {counted(evidence.points, 'point')}"


def _ordered(value: Any) -> Any:
    """With all names in the order of the alphabet, in which files have them."""
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


_MEASURED = {"one-step": "simulated", "path": "simulated"}
"""How a tier comes to its values, in a word."""

_AT_POINTS = ("generator", "one-step")
