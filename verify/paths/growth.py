"""Lyapunov exponents on simulated paths, against those that are stated.

The declared system is run by Euler–Maruyama at steps h, h/2, h/4 on the same Brownian paths, its
columns orthonormalised once a unit of time.  A third of the time is left to the start.  An exponent
is an almost sure limit of the growth per time of a path, so it is the limit of its median too,
whatever the law of the growth, which is unbounded and near normal:

* value: the median over the paths of 2 q − m, where the term of order h is gone (c, m, q the growth
  of a path at h, h/2, h/4); the half-width is that of order statistics;
* bias of the step: how far (8 q − 6 m + c)/3 lies from it, where the term of order h² is gone too;
* bias of the time: how far the median over the later half of that time lies from that over all.

Exponents that are not stated are measured in the same way and reported, nothing is decided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.lyapunov import log_growths, spread_per_time
from numerics.system import Array, System
from verify.planning import Estimate, Plan
from verify.problem import ExponentSetting, Problem, SizedExponents, StatedExponent
from verify.statistics.bounds import quantile_interval
from verify.systems import as_numbers
from verify.verdict import Evidence, Status, combine

from .looks import looks

__all__ = ["Measured", "grown", "growths", "measured"]

TIER = "path"
CONDITION = "the biases left by the step length and by the finite time, which are extrapolations"

PATHS = 6
"""One path for each so many of the plan: they are long, and each is an average over its time.

A second look costs eight times the first: so many paths leave few exponents open.
"""

BLOCK = 256
"""Paths in a block, or somewhat less, so that none is drawn in vain."""

STEPS = 21
"""Of the steps of the plan, a unit of the noise's time takes this part."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One exponent, or the mean of several, at one size."""

    sizes: Mapping[str, int]
    name: str
    estimate: Estimate
    paths: int
    stated: StatedExponent | None = None

    def decided(self, relevant: float) -> Status:
        """The decision on a stated one."""
        assert self.stated is not None
        return self.difference.decide(relevant)

    @property
    def difference(self) -> Estimate:
        """Measured less stated."""
        stated = 0.0 if self.stated is None else self.stated.value
        e = self.estimate
        return Estimate(value=e.value - stated, half_width=e.half_width, bias=e.bias)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        e = self.estimate
        shown = {} if self.stated is None else {"stated": self.stated.shown}
        return {
            "exponent": self.name,
            "value": e.value,
            "half_width": e.half_width,
            "bias": e.bias,
            "paths": self.paths,
            **shown,
        }


def grown(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on every stated exponent; sizes after one that disagrees are not run.

    Each size has its own looks: only where an exponent is left open are there more paths.
    """
    setting = problem.exponents
    assert setting is not None
    parts = sum(len(at.stated) for at in setting.at)
    found: list[Measured] = []
    others: list[Measured] = []
    most = 0
    for at in setting.at:
        system = as_numbers(problem.system("declared", at.sizes), _point(problem, at.sizes))
        for look, share in enumerate(looks(plan), 1):
            spent = share.share("exponents", parts)
            levels = problem.measured(
                (TIER, replace(spent, budget=plan.budget), setting.horizon),
                at.sizes,
                lambda _: growths(system, spent, setting.horizon),  # noqa: B023 - called at once
            )
            here, left = measured(levels, at, spent)
            most = max(most, look)
            status = combine([m.decided(setting.relevant) for m in here])
            if status != Status.INCONCLUSIVE:
                break
        found, others = [*found, *here], [*others, *left]
        if status == Status.DISAGREES:
            break
    return _evidence(setting, plan, found, others, most)


def _point(problem: Problem, sizes: Mapping[str, int]) -> dict[str, Any]:
    """The sizes, and states that only show their shapes."""
    states = {x.name: x for x in problem.letters() if x.kind == "state"}
    return {**sizes, **{name: np.zeros(x.shape_at(sizes)) for name, x in states.items()}}


def growths(system: System, plan: Plan, horizon: int) -> list[Array]:
    """Growth per time of every path at three step lengths, each (2, paths, d)."""
    spreads = max(1, math.ceil(spread_per_time(system)))
    coarse = max(1, plan.effort.steps // STEPS * spreads)
    return _over_windows(system, plan, coarse, horizon)


def measured(
    levels: Sequence[Array], at: SizedExponents, plan: Plan
) -> tuple[list[Measured], list[Measured]]:
    """What is stated at one size, and the exponents that no statement is about, from growths.

    Each interval has the whole error rate of the plan.
    """
    alpha = plan.budget.alpha
    d = levels[0].shape[-1]

    def one(first: int, last: int, stated: StatedExponent | None) -> Measured:
        growths = [level[..., first - 1 : last].mean(axis=-1) for level in levels]
        name = f"λ{first}" if stated is None else stated.name
        estimate = _estimate(growths, alpha)
        return Measured(
            sizes=at.sizes, name=name, estimate=estimate, paths=_paths(plan), stated=stated
        )

    said = {i for s in at.stated for i in range(s.first, s.last + 1)}
    return (
        [one(s.first, s.last, s) for s in at.stated],
        [one(i, i, None) for i in range(1, d + 1) if i not in said],
    )


def _paths(plan: Plan) -> int:
    return max(1, plan.effort.paths // PATHS)


def _over_windows(system: System, plan: Plan, unit: int, horizon: int) -> list[Array]:
    """Growth per time, (2, paths, d): over all but the first third, and over the last third.

    At three step lengths; the longest has ``unit`` steps to a unit of time.
    """
    third, paths = horizon // 3, _paths(plan)
    marks = [third * unit, (horizon - third) * unit, horizon * unit]
    found = log_growths(
        system,
        horizon=float(horizon),
        steps=horizon * unit,
        paths=paths,
        seed=plan.seed_for("paths") % 2**63,
        at=marks,
        every=unit,
        grids=3,
        block=math.ceil(paths / math.ceil(paths / BLOCK)),
    )
    return [
        np.stack([(end - begun) / (horizon - third), (end - middle) / third])
        for begun, middle, end in found
    ]


def _estimate(growths: Sequence[Array], alpha: float) -> Estimate:
    """The median at h = 0 over all the time, from growths at h, h/2, h/4, each (2, paths)."""
    c, m, q = growths
    linear, quadratic = 2 * q - m, (8 * q - 6 * m + c) / 3
    low, high = quantile_interval(linear[0], 0.5, alpha)
    value, late = np.median(linear, axis=1)
    step = abs(float(np.median(quadratic[0]) - value))
    return Estimate(
        value=(low + high) / 2, half_width=(high - low) / 2, bias=step + abs(float(late - value))
    )


def _evidence(
    setting: ExponentSetting,
    plan: Plan,
    found: Sequence[Measured],
    others: Sequence[Measured],
    most: int,
) -> Evidence:
    statuses = [m.decided(setting.relevant) for m in found]
    status = combine(statuses)
    telling = [m for m, s in zip(found, statuses, strict=True) if s == status]
    worst = max(telling, key=lambda m: _reach(m.difference))
    e = worst.difference
    at = ", ".join(f"{name} = {n}" for name, n in worst.sizes.items())
    shown = "" if worst.stated is None else f"{worst.stated.value:.6g}"
    paths = max(m.paths for m in found)
    reason = (
        f"{len(found)} exponents at {len({str(m.sizes) for m in found})} sizes; farthest "
        f"{worst.name} at {at}: measured − stated ({shown}) {e.value:+.2g} ± "
        f"{e.half_width:.2g}, bias ≤ "
        f"{e.bias:.1g}, relevant {setting.relevant:g}"
    )
    if others:
        reason += f"; {len(others)} others measured, nothing claimed"
    return Evidence(
        tier=TIER,
        status=status,
        reason=reason,
        brief=f"±{_reach(e):.1g}",
        false_agree=plan.budget.alpha,
        false_reject=plan.budget.alpha,
        condition=CONDITION,
        points=paths,
        numbers={
            "horizon": setting.horizon,
            "looks": most,
            "paths": paths,
            "relevant": setting.relevant,
            "stated": _by_size(found),
            "measured, nothing claimed": _by_size(others),
        },
    )


def _reach(e: Estimate) -> float:
    return abs(e.value) + e.half_width + e.bias


def _by_size(measurements: Sequence[Measured]) -> list[dict[str, Any]]:
    return [{"sizes": dict(m.sizes), **m.to_json()} for m in measurements]
