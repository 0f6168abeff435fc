"""One step of an algorithm in float64: the mean over the draws, and the order of what is left out.

The mean over finitely many outcomes is a sum; over normals it is Gauss and Hermite's rule where few
entries are drawn, with the change from other rules as its bias (`verify.steps.rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from numerics.contexts import RationalContext
from numerics.draws import Draw
from numerics.errors import NotAdmissibleError
from numerics.points import as_arrays
from numerics.system import Array
from verify.amounts import counted
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.sampling import Sample, admissible
from verify.verdict import Evidence, Status, combine

from .rules import Rule, rule_of
from .setting import StepSetting

__all__ = ["Gap", "Moves", "evidence", "fitted_order", "judged_order"]

Drawn: TypeAlias = Callable[[Problem, Mapping[str, int]], tuple[Draw, ...]]

Wide: TypeAlias = Callable[
    [Mapping[str, int], Mapping[str, Any], float], tuple[Status, str, float] | None
]
"""Sizes, a point of the rationals, a step size -> what many digits say, None if they cannot."""

EXACT = 1e-6
"""Relevant error of an exact change, relative to what moves."""

TOLERANCE = 0.25
"""How far a measured order may lie below the one claimed: orders are whole or half numbers."""

HALVINGS, TINY = 12, (12, 13)
"""Step sizes at which an order is looked for; at which a power of the stated change shows."""

SHAKEN = 64
"""Draws at which the rounding of an observable is measured."""

FLOOR = 64 * float(np.finfo(float).eps)


@dataclass(frozen=True, kw_only=True)
class Moves:
    """A problem at one point in float64."""

    problem: Problem
    setting: StepSetting
    point: Mapping[str, Any]

    def at(self, h: float | None) -> dict[str, Any]:
        """The point with another step size."""
        return (
            dict(self.point) if h is None else {**self.point, str(self.setting.step): np.array(h)}
        )

    def change(self, drawn: Mapping[str, Array], h: float | None) -> tuple[Array, float]:
        """f(x⁺) − f(x) for every draw, along the first axis, and its rounding."""
        at = self.at(h)
        n = len(next(iter(drawn.values()))) if drawn else 1
        after = self.problem.kernel("update")({**at, **drawn})
        after = after if isinstance(after, tuple | list) else (after,)
        f = self.problem.kernel("observable")
        before = np.asarray(f(at), dtype=float)
        new = {**at, **drawn, **dict(zip(self.setting.states, after, strict=True))}
        moved = np.asarray(f(new), dtype=float)
        if moved.ndim == before.ndim:
            moved = moved[None]
        rounding = 4 * (self._shaken(new, drawn, moved) + self._shaken(at, {}, before))
        rounding += FLOOR * float(np.max(np.abs(before), initial=0.0))
        return np.broadcast_to(moved - before, (n, *before.shape)), rounding

    def _shaken(self, at: Mapping[str, Any], drawn: Mapping[str, Array], value: Array) -> float:
        """What the last digit of the states does to f at some draws: its rounding, or a part."""
        n = len(next(iter(drawn.values()))) if drawn else 0
        few = {name: x[:SHAKEN] for name, x in drawn.items()}
        for name in self.setting.states:
            x = np.asarray(at[name], dtype=float)
            batched = x.ndim > np.ndim(self.point[name]) and len(x) == n
            few[name] = _jittered(x[:SHAKEN] if batched else x)
        shaken = np.asarray(self.problem.kernel("observable")({**at, **few}), dtype=float)
        return float(np.max(np.abs(shaken - (value[: len(shaken)] if n else value))))

    def stated(self, drawn: Mapping[str, Array], h: float | None) -> Array:
        """The stated change; for every draw if it is a statement about each."""
        at = {**self.at(h), **(drawn if self.setting.pathwise else {})}
        return np.asarray(self.problem.kernel("change")(at), dtype=float)

    def states_a_change(self, drawn: Mapping[str, Array]) -> bool:
        """Whether anything is stated below the claimed order: c h of a claim to O(h) is nothing."""
        unit, order = self.unit(drawn), float(self.setting.order or 0)
        large, small = (
            float(np.max(np.abs(self.stated(drawn, unit / 2**n)), initial=0.0)) for n in TINY
        )
        return large > 0.0 and (small == 0.0 or np.log2(large / small) < order - TOLERANCE)

    def gap(self, rule: Rule, h: float | None) -> Gap:
        """Change minus stated change, averaged or the largest over all draws."""
        moved, error = self.change(rule.values, h)
        stated = self.stated(rule.values, h)
        sizes = np.abs(stated) if stated.ndim else abs(float(stated))
        share = rule.mean(np.abs(moved)) if rule.others else np.abs(moved)
        scale = float(np.max(share, initial=0.0) + np.max(sizes, initial=0.0))
        error += FLOOR * scale
        if self.setting.pathwise:
            value = float(np.max(np.abs(moved - stated)))
            return Gap(value=value, error=error, scale=scale, stated=float(np.max(sizes)))
        off = rule.mean(moved) - stated
        error += rule.error(lambda x: self.change(x, h)[0], exact=h is None)
        worst = np.max(np.abs(off))
        return Gap(value=float(worst), error=error, scale=scale, stated=float(np.max(sizes)))

    def unit(self, drawn: Mapping[str, Array]) -> float:
        """The step size at which the states move by a tenth of themselves."""
        h = 1e-6
        at = self.at(h)
        after = self.problem.kernel("update")({**at, **drawn})
        after = after if isinstance(after, tuple | list) else (after,)
        old = [np.asarray(at[name], dtype=float) for name in self.setting.states]
        size = max(float(np.max(np.abs(x))) for x in old)
        pairs = zip(after, old, strict=True)
        moved = max(float(np.max(np.abs(np.asarray(x) - y))) for x, y in pairs)
        return 0.1 * h * size / moved if moved > 0.0 and size > 0.0 else 0.1


def _jittered(x: Any) -> Array:
    """Every entry moved by a unit in its last digit, up and down in turn."""
    x = np.asarray(x, dtype=float)
    turns = np.where(np.arange(x.size).reshape(x.shape) % 3 == 1, -1.0, 1.0) if x.ndim else 1.0
    return np.asarray(x * (1.0 + np.finfo(float).eps * turns))


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The largest gap over the entries, the error of its own, and what it is relative to."""

    value: float
    error: float
    scale: float
    stated: float


# Generator tier: small sizes, all outcomes.


def fitted_order(
    problem: Problem, setting: StepSetting, plan: Plan, drawn: Drawn, wide: Wide
) -> Evidence:
    """The change at several points: exactly, or the order of what a claim leaves out.

    ``wide`` measures the same in many digits; where it can, it decides.
    """
    effort = replace(
        plan.effort, sizes=min(plan.effort.sizes, 3), points=min(plan.effort.points, 2)
    )

    def measured(sizes: Mapping[str, int], point: Mapping[str, Any]) -> tuple[Status, str, float]:
        at = as_arrays(point, RationalContext())
        moves = Moves(problem=problem, setting=setting, point=at)
        rule = rule_of(drawn(problem, sizes), exact=setting.order is None)
        if rule is None:
            raise NotAdmissibleError("draws: too many to average; take smaller sizes")
        with np.errstate(all="ignore"):
            found = _exactly(moves, rule) if setting.order is None else _ordered(moves, rule)
            digits = wide(sizes, point, moves.unit(rule.values) if setting.order else 1.0)
        return found if digits is None else digits

    sample = admissible(problem, RationalContext(), replace(plan, effort=effort), measured)
    return evidence("generator", sample, [*sample.values])


def _exactly(moves: Moves, rule: Rule) -> tuple[Status, str, float]:
    gap = moves.gap(rule, None)
    unit = gap.scale or 1.0
    found = Estimate(value=gap.value / unit, bias=gap.error / unit)
    text = f"difference {found.value:.1g} of what moves, bias ≤ {found.bias:.1g}"
    return found.decide(EXACT), text, -found.value


def _ordered(moves: Moves, rule: Rule) -> tuple[Status, str, float]:
    """The order of the gap from h, h/2, h/4, ..., where it is clear of rounding."""
    claimed, unit = float(moves.setting.order or 0), moves.unit(rule.values)
    gaps = [moves.gap(rule, unit / 2**n) for n in range(HALVINGS)]
    clear = [g.value for g in gaps if np.isfinite(g.value) and g.value > 20 * g.error]
    if not clear and any((g.stated or g.scale) > 1e4 * g.error for g in gaps):
        return Status.AGREES, "nothing is left out", claimed
    values = [g.value for g in gaps]
    first = values.index(clear[0]) if clear else 0
    if len(clear) < 3 or clear != values[first : first + len(clear)]:
        return Status.INCONCLUSIVE, "what is left out does not rise above rounding", 0.0
    return judged_order([x / clear[-1] for x in clear[-3:]], claimed, "")


def judged_order(gaps: Sequence[float], claimed: float, where: str) -> tuple[Status, str, float]:
    """The order of three gaps at h, h/2, h/4, against the one claimed."""
    first, order = (float(np.log2(gaps[n] / gaps[n + 1])) for n in (0, 1))
    error = abs(order - first)
    text = f"what is left out has the order {order:.2f} ± {error:.1g}{where}, claimed {claimed:g}"
    if error > TOLERANCE:
        return Status.INCONCLUSIVE, text, order
    if order - error >= claimed - TOLERANCE:
        return Status.AGREES, text, order
    if order + error < claimed - TOLERANCE:
        return Status.DISAGREES, text, order
    return Status.INCONCLUSIVE, text, order


def evidence(
    tier: str,
    sample: Sample,
    found: Sequence[tuple[Status, str, float]],
    rate: float = 0.0,
    numbers: Mapping[str, Any] = MappingProxyType({}),
) -> Evidence:
    """The answer of several points; one that settles nothing says nothing."""
    if not sample.points:
        return sample.empty(tier)
    statuses = [status for status, _, _ in found]
    status = combine(statuses)
    if status == Status.INCONCLUSIVE and Status.AGREES in statuses:
        status = Status.AGREES
    telling = [(text, value) for s, text, value in found if s == status]
    text, value = min(telling, key=lambda x: x[1])
    unsettled = statuses.count(Status.INCONCLUSIVE)
    beside = f", {unsettled} of them not settled" if unsettled and unsettled < len(found) else ""
    return Evidence(
        tier=tier,
        status=status,
        reason=f"{text}, at {sample.described()}{beside}",
        brief=counted(len(sample.points), "point"),
        false_agree=rate,
        false_reject=rate,
        condition="" if not rate else "the range declared for the controlled statistic",
        points=len(sample.points),
        refused=sample.refused,
        numbers={"value": value, "sizes": sample.sizes(), **numbers},
    )
