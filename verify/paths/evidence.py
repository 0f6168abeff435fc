"""The evidence on a claim about simulated paths, from what was found at each of its settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verify.amounts import percent
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.verdict import Evidence, Status, combine

from .horizon import Setting, settings
from .refinement import CONDITION, Finding

__all__ = ["Judgement", "judged", "measured"]

TIER = "path"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What was found at one setting.

    Attributes
    ----------
    finding
        The decision and what it rests on.
    what
        What was compared, and by which method, in words.
    unit
        The relevant error in the units of the estimate.
    condition
        What the rates are conditional on beside the bias of the scheme.
    chance
        Whether any chance is involved.
    bounded
        Whether the rate of error is bounded: not where an extrapolation without chance is trusted.
    numbers
        What else was measured.
    """

    finding: Finding
    what: str
    unit: float
    condition: str = ""
    chance: bool = True
    bounded: bool = True
    numbers: Mapping[str, Any] = field(default_factory=dict)


def judged(problem: Problem, plan: Plan, judge: Callable[[Setting, Plan], Judgement]) -> Evidence:
    """The evidence of all settings; those after one that disagrees are not run."""
    every = list(settings(problem, plan))
    found: list[tuple[Setting, Judgement]] = []
    for number, setting in enumerate(every):
        if setting.unmet:
            reason = (
                f"the values{setting.at} do not meet: {'; '.join(setting.unmet)}; "
                "no admissible start was looked at"
            )
            return Evidence(tier=TIER, status=Status.INCONCLUSIVE, reason=reason)
        one = judge(setting, plan.share(f"setting {number}", len(every)))
        found.append((setting, one))
        if one.finding.status == Status.DISAGREES:
            break
    return _evidence(plan, found, len(every))


def _evidence(plan: Plan, found: Sequence[tuple[Setting, Judgement]], count: int) -> Evidence:
    status = combine(one.finding.status for _, one in found)
    telling = [(s, one) for s, one in found if one.finding.status == status]
    setting, worst = max(telling, key=lambda pair: _reach(pair[1]))
    chance = any(one.chance for _, one in found)
    alpha: float | None = plan.budget.alpha if chance else 0.0
    if not all(one.bounded for _, one in found):
        alpha = None
    stepped = [CONDITION] if any(one.bounded for _, one in found) else []
    conditions = dict.fromkeys([*stepped, *(one.condition for _, one in found if one.condition)])
    reach = _reach(worst) * worst.unit / setting_unit(setting, worst)
    return Evidence(
        tier=TIER,
        status=status,
        reason=_reason(setting, worst, count),
        brief=percent(reach) if math.isfinite(reach) else "",
        false_agree=alpha,
        false_reject=alpha,
        condition="; ".join(conditions),
        points=max(one.finding.paths for _, one in found),
        numbers={
            "horizon": setting.horizon,
            "relevant": setting.relevant,
            "settings": [_numbers(s, one) for s, one in found],
        },
    )


def setting_unit(setting: Setting, one: Judgement) -> float:
    """What the claim's relevant error is relative to."""
    return one.unit / setting.relevant


def _reach(one: Judgement) -> float:
    e = one.finding.estimate
    return (abs(e.value) + e.half_width + e.bias) / one.unit


def _reason(setting: Setting, one: Judgement, count: int) -> str:
    finding, e = one.finding, one.finding.estimate
    if finding.measurement.why and not math.isfinite(e.half_width + abs(e.value)):
        return f"{finding.measurement.why}{setting.at}"
    text = (
        f"{one.what} at T = {setting.horizon:g}{setting.at}: {measured(e)}, "
        f"relevant {one.unit:.3g}; {finding.paths:,} paths"
    )
    if finding.steps:
        text += f" of {finding.steps}, {2 * finding.steps}, {4 * finding.steps} steps"
    if count > 1:
        text += f"; {count} settings, this one the farthest"
    if finding.status == Status.INCONCLUSIVE:
        text += f"; {finding.needed}"
    return text


def measured(e: Estimate) -> str:
    """What was measured, in words where it has no bounds."""
    if not math.isfinite(e.half_width):
        return "could not be measured"
    if not math.isfinite(e.bias):
        return f"{e.value:+.2g} ± {e.half_width:.1g}, of a bias that is not known"
    return f"{e.value:+.2g} ± {e.half_width:.1g}, bias ≤ {e.bias:.1g}"


def _numbers(setting: Setting, one: Judgement) -> dict[str, Any]:
    finding, e = one.finding, one.finding.estimate
    return {
        "setting": setting.label,
        **({"drawn": setting.drawn} if setting.drawn else {}),
        "status": str(finding.status),
        **_stated(setting),
        "difference": e.value,
        "half_width": e.half_width,
        "bias": e.bias,
        "visible": e.visible,
        "relevant": one.unit,
        "paths": finding.paths,
        "steps": finding.steps,
        "looks": finding.looks,
        **finding.measurement.numbers,
        **one.numbers,
    }


def _stated(setting: Setting) -> dict[str, float]:
    """The number that is claimed, where the claim is about one."""
    names = [n for n in ("value", "probability") if f"path_{n}" in setting.problem.kernels]
    return {"stated": setting.stated(names[0])} if names else {}
