"""The value of a parameter at which a simulated rate of growth changes its sign.

A threshold that is refuted is refuted by signs alone; where the sign does change is measured here,
by the rates at a few values of the parameter.  The system that is simulated is the declared one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.kernel import Kernel
from numerics.signature import PathSignature
from verify.errors import VerifyError
from verify.paths.rates import UNKNOWN
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.problem import Problem
from verify.tiers.path import check

__all__ = ["measured_threshold"]

LOOKS = 3
"""Values of the parameter at which the rate is measured."""

LEVEL = 1e-3
"""Error rates of a rate, which decides nothing."""

PATHS, STEPS = 200, 128
LITTLE = (0.2, 0.4)
"""The relevant error of a rate, as part of what is known of it; the next if grids are too coarse.

How near two grids have to be follows from it: of a smaller one a search takes twice the time.
"""

FARTHEST = 2.0
"""So many times greater or smaller is the next value while the sign does not change."""

ZERO = Kernel(name="path_value", arguments=(), arrays=lambda: 0.0, generic=lambda ctx: 0)


@dataclass(frozen=True, kw_only=True)
class _Rate:
    at: float
    value: float
    error: float

    @property
    def is_known(self) -> bool:
        """Whether it is a number whose error was found; of grids too coarse for one it is not."""
        return math.isfinite(self.value) and self.error < UNKNOWN


def measured_threshold(
    problem: Problem, one: PathSignature, stated: float, sides: Sequence[Mapping[str, Any]],
    plan: Plan,
) -> tuple[float, float] | None:  # fmt: skip
    """An interval with the value at which the rate is 0; None where it does not change its sign.

    ``sides`` are what the path tier has measured at this setting.
    """
    claimed = problem.threshold
    if claimed is None or {claimed.below, claimed.above} != {-1, 1} or stated == 0:
        return None
    known = [x for x in map(_side, sides) if x.is_known]
    if not known:
        known = [_rate(problem, one, stated * (1 - one.relevant), 0.0, plan)]
    for _ in range(LOOKS):
        if not known[-1].is_known:
            return None
        sizes = [abs(x.value) for x in known]
        scale = max(min(sizes), LITTLE[0] * max(sizes))
        known.append(_rate(problem, one, _next(known, claimed.below), scale, plan))
        if _zeros(known) and abs(known[-1].value) <= known[-1].error / 2:
            break
    return _interval(known)


def _side(side: Mapping[str, Any]) -> _Rate:
    return _Rate(at=side["at"], value=side["rate"], error=side["half_width"] + side["bias"])


def _rate(problem: Problem, one: PathSignature, at: float, scale: float, plan: Plan) -> _Rate:
    """The rate of growth at one value of the parameter, with an error if any was found."""
    for little in LITTLE:
        found = _run(problem, one, at, little * scale or one.relevant, plan)
        if found.is_known or not scale:
            break
    return found


def _run(problem: Problem, one: PathSignature, at: float, relevant: float, plan: Plan) -> _Rate:
    """The rate of growth at one value of the parameter, with this relevant error."""
    assert problem.threshold is not None
    name = problem.threshold.parameter
    path = replace(one, values={**one.values, name: at}, relevant=relevant, vary={})
    limit = replace(
        problem,
        kernels={**problem.kernels, "path_value": ZERO},
        signature=replace(problem.signature, kind="limit", path=path),
        threshold=None,
    )
    effort = replace(EFFORTS["quick"], paths=PATHS, steps=STEPS)
    budget = ErrorBudget(false_agree=LEVEL, false_reject=LEVEL)
    share = replace(plan.share(f"rate at {at!r}"), effort=effort, budget=budget)
    try:
        (found,) = check(limit, share).numbers["settings"]
    except (VerifyError, KeyError, ValueError):
        return _Rate(at=at, value=math.nan, error=math.nan)
    error = found["half_width"] + found["bias"]
    return _Rate(at=at, value=found["difference"], error=error)


def _next(known: Sequence[_Rate], below: int) -> float:
    """Where the rate may be 0; beyond all that is known while its sign has not changed."""
    zeros = _zeros(known)
    if zeros:
        return zeros[-1]
    under = all(x.value * below > 0 for x in known)
    ends = [x.at for x in known]
    # Away from 0 or towards it, never beyond: a negative one grows where it is divided.
    last, choose = (max(ends), max) if under else (min(ends), min)
    return choose(last * FARTHEST, last / FARTHEST)


def _zeros(known: Sequence[_Rate]) -> list[float]:
    """Zeros of the line through two values of different signs, and with a third of a parabola."""
    ups, downs = ([x for x in known if (x.value > 0) is up] for up in (True, False))
    if not ups or not downs:
        return []
    a, b = min(ups, key=lambda x: x.value), max(downs, key=lambda x: x.value)
    zeros = [a.at - a.value * (b.at - a.at) / (b.value - a.value)]
    third = [x for x in known if x not in (a, b)]
    if third:
        c = min(third, key=lambda x: abs(x.value))
        roots = np.roots(np.polyfit([a.at, b.at, c.at], [a.value, b.value, c.value], 2))
        low, high = sorted((a.at, b.at))
        zeros += [float(x.real) for x in roots if abs(x.imag) == 0 and low <= x.real <= high]
    return zeros


def _interval(known: Sequence[_Rate]) -> tuple[float, float] | None:
    """The last zero with the errors of the rates beside it; a line and a parabola differ little.

    None where that is no better than not to know its sign.
    """
    zeros = _zeros(known)
    if not zeros or not all(x.is_known for x in known):
        return None
    a, b = sorted(known, key=lambda x: abs(x.at - zeros[-1]))[:2]
    slope = abs((b.value - a.value) / (b.at - a.at))
    radius = max(a.error, b.error) / slope + abs(zeros[-1] - zeros[0])
    return (zeros[-1] - radius, zeros[-1] + radius) if radius < abs(zeros[-1]) else None
