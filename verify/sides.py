"""Whether both sides of an identity have a value where its assumptions hold.

log r² = 2 log r is right where r > 0, and has no right-hand side where r < 0: points at which one
side alone has no value are no points that may be left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.contexts import MultiprecisionContext, RationalContext
from numerics.errors import NotAdmissibleError, NoValueError
from numerics.points import as_arrays

from .counterexample import widened
from .planning import Plan
from .problem import Problem
from .sampling import admissible
from .verdict import Evidence, Status

__all__ = ["one_side_alone"]

SIDES = {"left": "left-hand", "right": "right-hand"}
MORE = 2
"""Points for each one of the plan: a root of a number of either sign is soon one of a negative."""


def one_side_alone(problem: Problem, plan: Plan, tier: str) -> Evidence | None:
    """The evidence that one side alone has no value at an admissible point; None if none is found.

    Parameters
    ----------
    problem : Problem
        Of an identity.
    plan : Plan
    tier : str
        Whose evidence it is.
    """
    exact, wide = RationalContext(), MultiprecisionContext(50)

    def missing(sizes: Mapping[str, int], point: Mapping[str, Any]) -> str:
        at = {name: widened(wide, value) for name, value in point.items()}
        lost = [side for side in SIDES if not _has_value(problem, side, wide, at, point)]
        if len(lost) == len(SIDES):
            raise NotAdmissibleError("point: no side has a value there; draw another point")
        return lost[0] if lost else ""

    effort = replace(plan.effort, points=MORE * plan.effort.points)
    sample = admissible(problem, exact, replace(plan, effort=effort), missing)
    found = [(at, side) for at, side in zip(sample.points, sample.values, strict=True) if side]
    if not found:
        return None
    (_, point), side = found[0]
    letters = {letter.name for letter in problem.letters()}
    where = ", ".join(f"{name} = {value}" for name, value in point.items() if name in letters)
    return Evidence(
        tier=tier,
        status=Status.INCONCLUSIVE,
        reason=f"at {where or 'an admissible point'} the {SIDES[side]} side has no value, and the "
        f"other has one ({len(found)} of {len(sample.points)} points): declare where both have "
        "one, by an Assumption of the claim",
        false_agree=None,
        points=len(sample.points),
        refused=sample.refused,
    )


def _has_value(
    problem: Problem,
    side: str,
    ctx: MultiprecisionContext,
    wide: Mapping[str, Any],
    point: Mapping[str, Any],
) -> bool:
    kernel = problem.kernel(side)
    try:
        with ctx.working():
            kernel.in_context(ctx, wide)
    except NoValueError:
        with np.errstate(all="ignore"):
            return bool(np.all(np.isfinite(kernel(as_arrays(point)))))
    except (NotAdmissibleError, ZeroDivisionError):
        return False
    return True
