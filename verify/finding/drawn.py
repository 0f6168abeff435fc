"""A point at which a claim fails where no small one does: drawn, or sought, made simpler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from numerics.contexts import RationalContext
from numerics.errors import NoValueError
from verify.counterexample import MOVED, searched, widened
from verify.planning import EFFORTS, Plan
from verify.problem import Problem
from verify.sampling import admissible

from .shrink import Small, shrunk, simplified
from .small_values import plain

__all__ = ["failing"]

SIZES, POINTS, OF_FUNCTIONS = 4, 16, 16
"""Sizes, points drawn at each, and how often they are drawn anew where functions are claimed."""

Sizes: TypeAlias = Mapping[str, int]
At: TypeAlias = Mapping[str, Any]


def failing(
    problem: Problem,
    fails: Callable[[Sizes, At], Any],
    plan: Plan,
    score: Callable[[Sizes, At], float] | None = None,
) -> Small | None:
    """A simple point at which something fails, None if none is found.

    With a ``score``, which is negative where something fails, it is also looked for beside points
    that are drawn, and where assumptions end.
    """
    small = shrunk(problem, fails)
    if small is not None:
        return small
    ctx, starts = RationalContext(), list[tuple[Sizes, At]]()
    effort = replace(EFFORTS["quick"], sizes=SIZES, points=POINTS)
    # Of functions the generator tier has looked at more points; the first that fails is enough.
    for n in range(OF_FUNCTIONS if problem.of_functions else 1):
        share = replace(plan.share(f"failing points {n}"), effort=effort)
        try:
            sample = admissible(problem, ctx, share, fails)
        except NoValueError:
            return None
        for (sizes, point), found in zip(sample.points, sample.values, strict=True):
            if found is not None:
                return simplified(problem, fails, _small(problem, sizes, point, found))
        starts += sample.points[:SIZES]
    for sizes, point in starts[:SIZES] if score is not None else ():
        assert score is not None
        other, _ = searched(
            problem, ctx, sizes, point, score,
            lambda sizes, at: None if fails(sizes, at) is None else -1.0,
        )  # fmt: skip
        if other is not None:
            at = {**sizes, **other.at}
            return simplified(problem, fails, _small(problem, sizes, at, _again(fails, sizes, at)))
    return None


def _again(fails: Callable[[Sizes, At], Any], sizes: Sizes, at: At) -> Any:
    ctx = RationalContext()
    return fails(sizes, {name: widened(ctx, x) for name, x in at.items()})


def _small(problem: Problem, sizes: Sizes, point: At, found: Any) -> Small:
    names = [x.name for x in problem.letters() if x.kind in MOVED]
    at = {name: plain(point[name]) for name in names if name in point}
    return Small(sizes=sizes, point=at, found=found)
