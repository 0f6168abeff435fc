"""A point near to another one: what holds at a single point only is no property of a region.

A function with a corner has its second derivative on either side and not at the corner, and Itô's
formula is right with either value there.  A difference that is found at one point is therefore
looked at again a little beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from numerics.contexts import RationalContext
from numerics.signature import LetterSignature

from .problem import Problem
from .sampling import predicates

__all__ = ["beside"]

SHARE, PARTS = 997, 1009
"""A state is moved by at most one of so many parts of its size, in steps of a prime of them."""


def beside(
    problem: Problem, ctx: RationalContext, point: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The point with its states moved a little; None if that is not admissible.

    States with a range have no round values, and those that are symmetric stay what they are.
    """
    rng = Random("beside")
    moved = dict(point)
    for letter in problem.letters():
        if _free(letter) and letter.name in point:
            moved[letter.name] = _moved(ctx, point[letter.name], rng)
    with ctx.working():
        met = all(holds(ctx, moved) for holds in predicates(problem).values())
    return moved if met else None


def _free(letter: LetterSignature) -> bool:
    bound = {"symmetric", "positive_definite"} & set(letter.facts)
    return letter.kind == "state" and letter.within is None and not bound


def _moved(ctx: RationalContext, value: Any, rng: Random) -> Any:
    if isinstance(value, list | tuple):
        return [_moved(ctx, member, rng) for member in value]
    if ctx.is_matrix(value):
        rows, columns = ctx.shape(value)
        return ctx.matrix(
            [[_moved(ctx, value[i, j], rng) for j in range(columns)] for i in range(rows)]
        )
    part = ctx.rational(rng.randint(1, PARTS), SHARE * PARTS)
    # An entry that is 0 moves too.
    return value + part * (value if value != 0 else 1)
