"""What a letter may be by its declaration: its bounds, whether it is whole, numbers of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from sympy import Integer, Rational

from .cells import HOLDS, Bound, sign_of_number

__all__ = ["declared", "drawn", "is_admissible"]


def declared(x: Any) -> Iterator[Bound]:
    """The bounds that hold of a letter by its declaration; a size is 1 or more."""
    least = Integer(1 if x.is_integer else 0)
    if x.is_positive or x.is_negative:
        yield Bound((x if x.is_positive else -x) - least, ">=" if x.is_integer else ">")
    elif x.is_nonnegative or x.is_nonpositive:
        yield Bound(x if x.is_nonnegative else -x, ">=")


def is_admissible(point: Mapping[Any, Any]) -> bool:
    """Whether every letter has a number at a point that its declaration allows."""
    return all(
        not (x.is_integer and not number.is_integer)
        and all(HOLDS[b.relation](sign_of_number(b.gap.xreplace({x: number}))) for b in declared(x))
        for x, number in point.items()
    )


def drawn(x: Any, rng: random.Random) -> Any:
    """A rational number that a letter may be, a small one."""
    if x.is_integer:
        number = Integer(rng.randint(1, 6))
    else:
        number = Rational(rng.randint(1, 8), rng.choice((1, 1, 2, 4, 8)))
    if x.is_nonnegative or x.is_nonpositive:
        return number if x.is_nonnegative else -number
    return number * rng.choice((1, 1, -1, -1, 0))
