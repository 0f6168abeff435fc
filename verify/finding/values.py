"""Findings on claims about numbers: what was measured beside what is claimed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from derivations.printing import unicode
from verify.amounts import SIGNS
from verify.problem import Problem
from verify.verdict import Evidence, Status

from .finding import Finding
from .small_values import shown

__all__ = ["of_values", "with_values"]

LONGEST = 400
LONGEST_NAME = 60
"""Letters of an observable that stand in a line; a longer one is called f."""

Line: TypeAlias = tuple[str, dict[str, Any]]


def of_values(problem: Problem, evidence: Sequence[Evidence]) -> Finding:
    """The numbers of the tiers that disagree; in their own words where there is no number."""
    wrong = [e for e in evidence if e.status == Status.DISAGREES]
    found = [pair for e in wrong for pair in _numbers(problem, e.numbers)]
    if found:
        return Finding(lines=tuple(x for x, _ in found), changes=tuple(y for _, y in found))
    said = [f"{e.tier}: {e.reason}" for e in wrong[:1]]
    return Finding(lines=tuple(x if len(x) <= LONGEST else f"{x[:LONGEST]} …" for x in said))


def with_values(finding: Finding, problem: Problem, evidence: Sequence[Evidence]) -> Finding:
    """A finding with the numbers that were measured on paths besides."""
    values = of_values(problem, evidence)
    if not values.changes:
        return finding
    lines, changes = (*finding.lines, *values.lines), (*finding.changes, *values.changes)
    return replace(finding, lines=lines, changes=changes)


def _numbers(problem: Problem, numbers: Mapping[str, Any]) -> Iterator[Line]:
    """A line for every number that is not as claimed."""
    for setting in numbers.get("settings", ()):
        if setting["status"] == Status.DISAGREES:
            yield from _of_setting(problem, setting, numbers["horizon"])
    for exponent in numbers.get("stated", ()):
        stated = float(exponent["stated"])
        radius = exponent["half_width"] + exponent["bias"]
        off = abs(exponent["value"] - stated)
        if off > radius:
            sizes = ", ".join(f"{name} = {n}" for name, n in exponent["sizes"].items())
            what = f"{exponent['exponent']}{sizes and f' at {sizes}'}"
            yield from _line(what, shown(stated), stated, exponent["value"], radius)


def _of_setting(problem: Problem, setting: Mapping[str, Any], horizon: float) -> Iterator[Line]:
    """What is wrong at one setting: at the worst level, on a side of a threshold, or in a value."""
    f, ending = _observable(problem), f" with {setting['setting']}" if setting["setting"] else ""
    time = "" if problem.kind == "stationary" else f" at t = {horizon:g}"
    if columns := setting.get("values", {}).get("distribution function"):
        worst = _worst(columns)
        level, claimed, measured = (columns[name][worst] for name in ("at", "claimed", "measured"))
        what = f"P({f} ≤ {level:.4g}){_law(problem)}{time}{ending}"
        radius = columns["uncertainty"][worst]
        yield from _line(what, f"{claimed:.4g}", claimed, measured, radius, level=level)
    for side in setting.get("sides", ()):
        if side["status"] == Status.DISAGREES:
            stated = SIGNS[side["stated sign"]]
            what = f"growth of {f} at {setting['parameter']} = {side['at']:.4g}{ending}"
            radius = side["half_width"] + side["bias"]
            yield from _line(what, stated, 0.0, side["rate"], radius)
    if "stated" in setting:
        what = f"{_quantity(problem, f)}{time if problem.kind != 'limit' else ''}{ending}"
        stated = setting["stated"]
        if "bound" in setting:
            yield _beyond(what, stated, setting)
            return
        radius = setting["half_width"] + setting["bias"]
        measured = stated + setting["difference"]
        yield from _line(what, shown(stated), stated, measured, radius)


def _worst(columns: Mapping[str, Any]) -> int:
    gaps = [abs(a - b) for a, b in zip(columns["claimed"], columns["measured"], strict=True)]
    return gaps.index(max(gaps))


def _observable(problem: Problem) -> str:
    """The observable as it is printed; f where it has no formula, or a long one."""
    claim = problem.claim
    if claim is None or callable(claim.observable):
        return "f"
    text = unicode(claim.observable, claim.where)
    return text if len(text) <= LONGEST_NAME else "f"


def _law(problem: Problem) -> str:
    return " in the stationary law" if problem.kind == "stationary" else ""


def _quantity(problem: Problem, f: str) -> str:
    """What the stated number is of."""
    known = {"expectation": f"E[{f}]", "stationary": f"stationary mean of {f}"}
    if problem.kind == "hitting":
        claim = problem.claim
        plain = claim is None or callable(claim.level)
        level = "the level" if claim is None or plain else unicode(claim.level, claim.where)
        return f"P({f} reaches {level})"
    long = f"({f})" if " " in f else f
    return {**known, "limit": f"the limit of {long}/t"}.get(problem.kind, "the value")


def _beyond(what: str, stated: float, setting: Mapping[str, Any]) -> Line:
    """A value that is only bounded on the side on which it is refuted."""
    side, bound = setting["side"], setting["bound"]
    line = f"{what}: claimed {shown(stated)}, simulated {side} {bound:.4g}"
    return line, {"part": what, "claimed": stated, "measured": f"{side} {bound:.4g}"}


def _line(
    what: str, said: str, stated: float, measured: float, radius: float, **more: float
) -> Iterator[Line]:
    if not all(map(math.isfinite, (stated, measured, radius))):
        return
    # No digits beyond its error, and without error six that count.
    size = radius or abs(measured) * 1e-5 or 1.0
    places = min(max(0, 1 - math.floor(math.log10(size))), 12)
    number = f"{measured:.{places}f}".replace("-", "−")
    line = f"{what}: claimed {said.replace('-', '−')}, simulated {number} ± {radius:.1g}"
    data = {"part": what, **more, "claimed": said, "measured": measured, "radius": radius}
    yield line, data
