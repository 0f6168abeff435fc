"""How what is left unexplained of a claim grows in each of its scalars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from numerics.contexts import RationalContext
from numerics.errors import NumericsError
from verify.planning import EFFORTS, Plan
from verify.problem import Problem
from verify.sampling import admissible

from .measured import Arithmetic, rows
from .refit import gap_of
from .stated import StatedPart

__all__ = ["growth"]

FACTOR = 4
"""A scalar is multiplied by this, twice: a power shows by growing the same both times."""

NEAR = 1e-5


def growth(
    problem: Problem, arithmetic: Arithmetic, part: StatedPart, plan: Plan
) -> dict[str, Fraction]:
    """Scalar -> power with which measured less stated grows, for those where it is a power."""
    one = replace(plan, effort=replace(EFFORTS["quick"], sizes=1, points=1))
    sample = admissible(problem, RationalContext(), one, lambda sizes, x: None)
    if not sample.points:
        return {}
    sizes, point = sample.points[0]
    names = [x.name for x in problem.letters() if not x.shape and x.family is None]
    powers = {n: _power(problem, arithmetic, part, sizes, point, n) for n in names if n in point}
    return {name: power for name, power in powers.items() if power is not None}


def _power(
    problem: Problem,
    arithmetic: Arithmetic,
    part: StatedPart,
    sizes: Mapping[str, int],
    point: Mapping[str, Any],
    name: str,
) -> Fraction | None:
    found = []
    for n in range(3):
        moved = {**point, name: point[name] * FACTOR**n}
        try:
            size = gap_of(rows(arithmetic, problem, part, sizes, moved), part)
        except (NumericsError, ZeroDivisionError):
            return None
        if size == 0:
            return None
        found.append(math.log(size) / math.log(FACTOR))
    first, second = found[1] - found[0], found[2] - found[1]
    power = Fraction(round(2 * first), 2)
    same = abs(first - float(power)) < NEAR and abs(second - float(power)) < NEAR
    return power if same else None
