"""Whether an observable keeps its digits on simulated paths over a long time.

What grows or falls for long enough leaves the digits of its own computation: the determinant of a
matrix whose columns have become parallel is what rounding leaves of it, and grows at another rate.
More steps or a longer time show it no better.  It is seen from within: entries of the state that
are moved by one unit in their last place must not move f by more than a small part of what matters.
A computation that is wrong and does not move, such as (u + v) − u for a small v, is not seen.
"""

from __future__ import annotations

import numpy as np

from numerics.system import Array
from verify.amounts import percent
from verify.planning import Plan
from verify.problem import Problem

from .controls import spread
from .ensemble import PILOT, ensemble
from .horizon import Setting

__all__ = ["loses_digits"]

UNIT = 2.0**-52
"""A unit in the last place, relative."""

PART = 1e-3
"""What a unit in the last place may move f by, in units of its spread or of what matters of it."""

LITTLE = 1e-6
"""This part of f itself counts as a spread."""

SHARE = 0.01
"""Of more paths f must not be moved."""


def loses_digits(setting: Setting, plan: Plan, steps: int, relevant: float = 0.0) -> str:
    """That the digits of the observable are lost by T, with the remedy; empty if they are not.

    ``relevant`` is what matters of the growth of f per time.
    """

    def moved(declared: Problem) -> tuple[Array, Array]:
        seed = plan.seed_for("rounding") % 2**63
        found = ensemble(
            setting, declared, steps, PILOT, seed, at=[steps], states=True, block=PILOT
        )
        rng = plan.generator("units in the last place")
        ends = {name: found[name][0] for name in setting.system.states}
        near = {k: x * (1 + UNIT * rng.choice((-1.0, 1.0), x.shape)) for k, x in ends.items()}
        return found["f"][0], setting.observed(declared, near)

    key = ("rounding", steps, plan.seed, plan.purpose, setting.horizon)
    f, near = setting.problem.measured(key, setting.point, moved)
    kept = np.isfinite(f)
    if not np.any(kept):
        return ""
    size = float(np.median(np.abs(f[kept])))
    matters = PART * max(spread(f), relevant * setting.horizon, LITTLE * size)
    with np.errstate(invalid="ignore"):
        lost = float(np.mean(~(np.abs(near - f)[kept] <= matters)))
    if lost <= SHARE:
        return ""
    return (
        f"the observable has lost its digits to rounding by T = {setting.horizon:g}: on "
        f"{percent(lost)} of the paths a unit in the last place of the state changes it; give a "
        "shorter horizon, or compute it in a way that keeps its digits"
    )
