"""What a claim about simulated paths states at each of its settings, beside what was measured.

The judge stops at the first setting that disagrees.  The others are measured here, so that a factor
can be told from a power; the simulation is that of the path tier, which knows the declared system
alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.signature import PathSignature
from numerics.system import Array
from verify.errors import VerifyError
from verify.paths.horizon import Setting, settings
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.problem import Problem
from verify.tiers.path import check
from verify.verdict import Evidence, Status

from .thresholds import measured_threshold

__all__ = ["PathValues", "path_values", "stated_name"]

STATED: Mapping[str, str] = {
    "expectation": "value",
    "hitting": "probability",
    "law": "cdf",
    "limit": "value",
    "stationary": "value",
    "threshold": "threshold",
}
"""Kind of a claim -> the kernel of what it states."""

MORE = 3
"""So many settings at most are measured here."""

SIDES = 2
"""So many settings of a threshold, each of which takes several runs."""

LEVEL = 1e-4
"""Error rates of what is measured here, which decides nothing."""

SLACK, ROUNDING = 1.5, 1e-9
"""How much larger than its estimate an error may be; relative rounding."""

SHOWN = 1e-5
"""Distribution functions are kept to so many digits."""


@dataclass(frozen=True, kw_only=True)
class PathValues:
    """One setting: its point, and intervals in which the right values lie.

    Attributes
    ----------
    point
        Parameters, states at time 0, ``t``; of a law ``level``, an array.
    stated, low, high
        Arrays of the stated values and the ends of the intervals.
    """

    point: Mapping[str, Any]
    stated: Array
    low: Array
    high: Array

    def fits(self, values: Any) -> bool:
        """Whether values, one or an array, lie in the intervals."""
        x = np.broadcast_to(np.asarray(values, dtype=float), self.low.shape)
        return bool(np.all((self.low <= x) & (x <= self.high)))


def stated_name(problem: Problem) -> str | None:
    """The kernel of what is stated, if it is a number or a distribution function."""
    name = STATED.get(problem.kind)
    return name if f"path_{name}" in problem.kernels else None


def path_values(
    problem: Problem, evidence: Sequence[Evidence], plan: Plan
) -> tuple[PathValues, ...]:
    """The settings of which a value and its error are known; none if nothing was simulated."""
    wrong = [e for e in evidence if e.tier == "path" and e.status == Status.DISAGREES]
    path, name = problem.signature.path, stated_name(problem)
    if not wrong or path is None or name is None:
        return ()
    known = wrong[0].numbers.get("settings", ())
    share = plan.share("settings")
    found, anew = [], 0
    for n, (one, setting) in enumerate(zip(path.settings(), settings(problem, share), strict=True)):
        entry = known[n] if n < len(known) else {}
        if name == "threshold":
            value = _threshold(setting, one, entry, share) if n < SIDES else None
        else:
            value = _value(setting, name, entry)
        if value is None and name != "threshold" and anew < MORE:
            anew += 1
            alone = replace(problem, signature=replace(problem.signature, path=one))
            value = next((_value(setting, name, x) for x in _measured(alone, share)), None)
        if value is not None:
            found.append(value)
    return tuple(found)


def _measured(problem: Problem, plan: Plan) -> Iterator[Mapping[str, Any]]:
    """What the path tier finds at one setting."""
    budget = ErrorBudget(false_agree=LEVEL, false_reject=LEVEL)
    try:
        found = check(problem, replace(plan, effort=EFFORTS["quick"], budget=budget))
    except VerifyError:
        return
    yield from found.numbers.get("settings", ())


def _threshold(
    setting: Setting, one: PathSignature, entry: Mapping[str, Any], plan: Plan
) -> PathValues | None:
    """The value at which the growth changes its sign."""
    stated = setting.stated("threshold")
    sides = entry.get("sides", ()) if entry.get("threshold") == stated else ()
    found = measured_threshold(setting.problem, one, stated, sides, plan)
    if found is None:
        return None
    low, high = (np.asarray([x]) for x in found)
    return PathValues(
        point={**setting.point, "t": np.asarray(setting.horizon)},
        stated=np.asarray([stated]),
        low=low,
        high=high,
    )


def _value(setting: Setting, name: str, entry: Mapping[str, Any]) -> PathValues | None:
    """The interval of a setting; None if it was another point, or nothing is known of it."""
    point = {**setting.point, "t": np.asarray(setting.horizon)}
    kernel = setting.problem.kernel(f"path_{name}")
    if columns := entry.get("values", {}).get("distribution function"):
        point["level"] = np.asarray(columns["at"], dtype=float)
        stated, measured, radius = (
            np.asarray(columns[x], dtype=float) for x in ("claimed", "measured", "uncertainty")
        )
        near = SHOWN
    elif "stated" in entry and "bound" not in entry:
        stated = np.asarray([entry["stated"]], dtype=float)
        measured = stated + entry["difference"]
        error = entry["half_width"] + SLACK * entry["bias"]
        radius = np.asarray([error + ROUNDING * abs(float(measured[0]))])
        near = ROUNDING
    else:
        return None
    again = np.broadcast_to(np.asarray(kernel(point), dtype=float), stated.shape)
    if not np.allclose(again, stated, rtol=near, atol=near):
        return None
    if not math.isfinite(float(np.max(np.abs(measured)) + np.max(radius))):
        return None
    return PathValues(
        point=point,
        stated=again,
        low=measured - radius,
        high=measured + radius,
    )
