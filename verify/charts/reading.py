"""What the tiers wrote down, as what can be drawn.

Numbers come from files too, also from those of earlier versions: what is missing, or is no number,
is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from verify.paths.pathwise import OUTER_RELEVANT

from .intervals import Interval
from .svg import number

__all__ = ["intervals_of", "list_of", "mapping"]

Numbers = Mapping[str, Any]

_SHOWN = {"median": 1.0, "spread": OUTER_RELEVANT}
"""Estimates of a law on paths, and how many times the relevant error each may be."""


def mapping(numbers: Numbers, name: str) -> Numbers:
    """The mapping of this name, an empty one if there is none."""
    found = numbers.get(name)
    return found if isinstance(found, Mapping) else {}


def list_of(numbers: Numbers, name: str) -> Sequence[Any]:
    """The list of this name, an empty one if there is none."""
    found = numbers.get(name)
    return found if isinstance(found, list | tuple) else ()


def intervals_of(numbers: Numbers) -> tuple[Interval, ...]:
    """Every difference that was decided on by its size."""
    return tuple(found for found in _intervals(numbers) if found is not None)


def _intervals(numbers: Numbers) -> Iterator[Interval | None]:
    relevant = numbers.get("relevant")
    if "difference" in numbers:
        yield _interval("at η = 0", numbers, relevant, exact="half_width" not in numbers)
    for name, factor in _SHOWN.items():
        found = mapping(numbers, name)
        if found:
            least = number(relevant)
            yield _interval(name, found, None if least is None else factor * least, "value")
    for name, found in numbers.items():
        if isinstance(found, Mapping) and "difference" in found:
            yield _interval(name, found, found.get("relevant", relevant))
    for found in list_of(numbers, "settings"):
        # Of a threshold the signs on both sides are decided on, and no difference.
        if isinstance(found, Mapping) and "difference" in found and "sides" not in found:
            label = str(found.get("setting") or "measured − stated").strip(" ,")
            yield _interval(label, found, found.get("relevant"))
    for found in list_of(numbers, "stated"):
        if isinstance(found, Mapping):
            yield _of_exponent(found, relevant)


def _interval(
    label: str, found: Numbers, relevant: Any, value: str = "difference", *, exact: bool = False
) -> Interval | None:
    least = number(relevant)
    if least is None:
        return None
    missing = 0.0 if exact else None
    return Interval(
        label=label,
        difference=number(found.get(value)),
        half_width=number(found.get("half_width", missing)),
        bias=number(found.get("bias", missing)),
        relevant=least,
    )


def _of_exponent(found: Numbers, relevant: Any) -> Interval | None:
    """An exponent is stated as it is typed."""
    stated, value = stated_number(found.get("stated")), number(found.get("value"))
    if stated is None:
        return None
    gap = None if value is None else value - stated
    return _interval(labelled(found, "exponent"), {**found, "difference": gap}, relevant)


def labelled(found: Numbers, name: str) -> str:
    """What was measured, and at which sizes."""
    sizes = ", ".join(f"{key} = {size}" for key, size in mapping(found, "sizes").items())
    return f"{found.get(name, '')} at {sizes}" if sizes else str(found.get(name, ""))


def stated_number(value: Any) -> float | None:
    """A number, or the text of one such as -1/2."""
    if not isinstance(value, str):
        return number(value)
    try:
        return number(float(Fraction(value)))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
