"""What the tiers wrote down, as what can be drawn.

Numbers come from files too, also from those of earlier versions: what is missing, or is no number,
is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from verify.paths.pathwise import OUTER_RELEVANT

from .convergence import Convergence, Limit, Series
from .intervals import Interval
from .scatter import Comparison
from .svg import number

__all__ = ["comparisons_of", "convergence_of", "intervals_of", "list_of", "mapping"]

Numbers = Mapping[str, Any]

_SHOWN = {"median": 1.0, "spread": OUTER_RELEVANT}
"""Estimates of a law on paths, and how many times the relevant error each may be."""

_EXACT = ("difference on paths", "difference of drifts", "difference of diffusions")
"""Differences of a change of time, which have no interval."""


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
        label = "at η = 0" if "step sizes" in numbers else "largest difference"
        yield _interval(label, numbers, relevant, exact="half_width" not in numbers)
    for name, factor in _SHOWN.items():
        found = mapping(numbers, name)
        if found:
            least = number(relevant)
            yield _interval(name, found, None if least is None else factor * least, "value")
    for name in _EXACT:
        if name in numbers:
            yield _interval(name, {"difference": numbers[name]}, relevant, exact=True)
    for name, found in [*numbers.items(), *mapping(numbers, "differences").items()]:
        if isinstance(found, Mapping) and "difference" in found:
            yield _interval(name, found, found.get("relevant", relevant))
        elif name == "distance in law" and isinstance(found, Mapping):
            yield _interval(name, found, found.get("relevant"), "value")
    for found in list_of(numbers, "settings"):
        # Of a threshold the signs on both sides are decided on, and no difference.
        if isinstance(found, Mapping) and "difference" in found and "sides" not in found:
            yield _of_setting(found)
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


def _of_setting(found: Numbers) -> Interval | None:
    label = str(found.get("setting") or "measured − stated").strip(" ,")
    return _interval(label, found, found.get("relevant"))


def comparisons_of(numbers: Numbers) -> tuple[Comparison, ...]:
    """Claimed and measured values, part by part."""
    parts = [_columns(name, found) for name, found in mapping(numbers, "values").items()]
    for row in _rows(numbers, "settings"):
        at = f" {row['setting']}" if row.get("setting") else ""
        parts += [_columns(f"{name}{at}", x) for name, x in mapping(row, "values").items()]
    measured, error = list_of(numbers, "measured"), list_of(numbers, "error")
    for name, found in mapping(numbers, "refuting").items():
        columns = {
            "claimed": numbers.get(name),
            "measured": measured,
            "uncertainty": error,
            "refuting": found,
        }
        parts.append(_columns(name, columns))
    parts.append(_columns("exponents", _of_rows(numbers, "stated", "value")))
    parts.append(_columns("settings", _of_rows(numbers, "settings", "difference")))
    return tuple(part for part in parts if part is not None)


def _rows(numbers: Numbers, name: str) -> list[Numbers]:
    return [row for row in list_of(numbers, name) if isinstance(row, Mapping)]


def _of_rows(numbers: Numbers, name: str, value: str) -> Numbers:
    """Columns of what stands in rows, each with the number that is stated."""
    rows = [row for row in _rows(numbers, name) if "sides" not in row]
    found: dict[str, list[Any]] = {"claimed": [], "measured": [], "uncertainty": [], "refuting": []}
    for row in rows:
        stated, at = stated_number(row.get("stated")), number(row.get(value))
        if stated is None or at is None:
            continue
        half, bias = number(row.get("half_width")), number(row.get("bias"))
        slack = None if half is None or bias is None else half + bias
        gap = at if value == "difference" else at - stated
        relevant = number(row.get("relevant", numbers.get("relevant")))
        wrong = relevant is not None and slack is not None and abs(gap) > slack
        if wrong and abs(gap) + (slack or 0.0) > (relevant or 0.0):
            found["refuting"].append(len(found["claimed"]))
        found["claimed"].append(stated)
        found["measured"].append(stated + gap)
        found["uncertainty"].append(slack)
    return found


def _columns(name: str, found: Any) -> Comparison | None:
    """The pairs whose both values are finite numbers."""
    if not isinstance(found, Mapping):
        return None
    claimed, measured, uncertainty = (
        list_of(found, key) for key in ("claimed", "measured", "uncertainty")
    )
    refuting = {n for n in list_of(found, "refuting") if isinstance(n, int)}
    rows: list[tuple[float, float, float | None]] = []
    wrong = set[int]()
    for n, (a, b) in enumerate(zip(claimed, measured, strict=False)):
        pair = number(a), number(b)
        if pair[0] is None or pair[1] is None:
            continue
        if n in refuting:
            wrong.add(len(rows))
        slack = number(uncertainty[n]) if n < len(uncertainty) else None
        rows.append((pair[0], pair[1], slack))
    if not rows:
        return None
    whole = number(found.get("of"))
    return Comparison(
        label=name,
        claimed=tuple(row[0] for row in rows),
        measured=tuple(row[1] for row in rows),
        uncertainty=tuple(row[2] for row in rows),
        wrong=frozenset(wrong),
        whole=len(rows) if whole is None else int(whole),
        relevant=number(found.get("relevant")) or 0.0,
    )


def convergence_of(numbers: Numbers) -> Convergence | None:
    """How medians on paths, or gaps of an algorithm, shrink with the step."""
    relevant = number(numbers.get("relevant"))
    if "gaps" in numbers:
        steps, gaps = list_of(numbers, "step sizes"), list_of(numbers, "gaps")
        orders = number(numbers.get("claimed order")), number(numbers.get("order"))
        gap = _series("gap to the rate", steps, gaps, *orders)
        left = _limit(numbers, "difference", relevant)
        return _convergence("η", [gap], [left], numbers, " of the algorithm")
    if "settings" in numbers:
        return _of_settings(numbers)
    horizon, steps = number(numbers.get("horizon")), list_of(numbers, "steps")
    counts = [number(n) for n in steps]
    if horizon is None or "medians" not in numbers or not all(counts):
        return None
    lengths = [horizon / n for n in counts if n]
    medians = [_largest(row) for row in list_of(numbers, "medians")]
    outer = [_largest(row) for row in list_of(numbers, "outer quantiles")]
    series = [
        _series("median of the paths", lengths, medians, 1.0, number(numbers.get("weak order")))
    ]
    if number(numbers.get("paths")) != 1:
        order = number(numbers.get("strong order"))
        series.append(_series("75 % of the paths", lengths, outer, 0.5, order))
    limits = [
        _limit(mapping(numbers, name), "value", relevant, factor)
        for name, factor in list(_SHOWN.items())[: len(series)]
    ]
    found = mapping(numbers, "median")
    return _convergence("h", series, limits, found, ", relative to the law")


def _of_settings(numbers: Numbers) -> Convergence | None:
    """The differences at three steps of the setting that reaches farthest."""
    horizon = number(numbers.get("horizon"))
    rows = [row for row in _rows(numbers, "settings") if row.get("levels") and row.get("steps")]
    known = [(row, interval) for row in rows if (interval := _of_setting(row)) is not None]
    if not known or not horizon:
        return None
    row, interval = max(known, key=lambda pair: pair[1].reach)
    steps = number(row["steps"]) or 1.0
    lengths = [horizon / (steps * 2**level) for level in range(len(list_of(row, "levels")))]
    series = _series(interval.label, lengths, list_of(row, "levels"), None, None)
    left = _limit(row, "difference", interval.relevant)
    return _convergence("h", [series], [left], row, "")


def _largest(row: Any) -> float | None:
    """The largest size of the components at one step."""
    values = row if isinstance(row, list | tuple) else [row]
    sizes = [abs(x) for x in map(number, values) if x is not None]
    return max(sizes, default=None)


def _series(
    label: str,
    steps: Sequence[Any],
    values: Sequence[Any],
    claimed: float | None,
    measured: float | None,
) -> Series:
    pairs = [(number(h), number(x)) for h, x in zip(steps, values, strict=False)]
    known = [(h, abs(x)) for h, x in pairs if h is not None and x is not None and h > 0]
    return Series(
        label=label,
        steps=tuple(h for h, _ in known),
        sizes=tuple(x for _, x in known),
        claimed=claimed,
        measured=measured,
    )


def _limit(found: Numbers, value: str, relevant: float | None, factor: float = 1.0) -> Limit | None:
    """What is left at step 0; None if it is no number."""
    size = number(found.get(value))
    half, bias = number(found.get("half_width")), number(found.get("bias"))
    if size is None:
        return None
    return Limit(
        size=abs(size),
        slack=math.inf if half is None or bias is None else half + bias,
        relevant=None if relevant is None or relevant <= 0 else factor * relevant,
        factor=factor,
    )


def _convergence(
    step: str,
    series: Sequence[Series],
    limits: Sequence[Limit | None],
    found: Numbers,
    unit: str,
) -> Convergence:
    return Convergence(
        step=step,
        series=tuple(series),
        limits=tuple(limits),
        noise=number(found.get("half_width")),
        unit=unit,
    )
