"""Admissible points: sizes of the dimensions and values of the letters that meet given facts."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count as count_up
from typing import Any

import flint
from sympy import Eq, Ge, Gt, Le, Lt, Q
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational

from .errors import DerivationError
from .expressions import free_indices
from .points import NotAdmissible, Point, evaluate
from .symbols import Dimension, Index

__all__ = ["draw", "sizes_for"]


def draw(
    expressions: Iterable[Any], facts: Iterable[Any] = (), *, count: int = 3, seed: int = 0
) -> list[Point]:
    """Points where all expressions can be evaluated and all facts hold; fewer if few are found."""
    expressions, facts = list(expressions), list(facts)
    relations = [f for f in facts if not isinstance(f, AppliedPredicate)]
    predicates = [f for f in facts if isinstance(f, AppliedPredicate)]
    definite = frozenset(f.arguments[0] for f in predicates if f.function == Q.positive_definite)
    found: list[Point] = []
    rng = random.Random(f"sizes:{seed}")
    choices = sizes_for([*expressions, *facts], rng)
    free = sorted(set[Any]().union(*map(free_indices, expressions)), key=str)
    for attempt, sizes in zip(range(60 * count), choices, strict=False):
        if attempt >= 40 * count:
            if found:
                break
            sizes = _widened(sizes, rng)
        point = Point(sizes=sizes, seed=seed + attempt, definite=definite)
        try:
            point = replace(point, indices=_numbers(point, free))
            if not all(_holds(fact, point) for fact in (*relations, *predicates)):
                continue
            for e in expressions:
                evaluate(e, point)
        except NotAdmissible:
            continue
        found.append(point)
        if len(found) == count:
            break
    return found


def _widened(sizes: dict[Any, int], rng: random.Random) -> dict[Any, int]:
    """Sizes of which one is large, for facts that no small ones meet."""
    if not sizes:
        return sizes
    name = rng.choice(list(sizes))
    return {**sizes, name: sizes[name] + rng.randint(4, 20)}


def _numbers(point: Point, free: Sequence[Index]) -> dict[Any, int]:
    """Numbers for free indices, different ones for those of one range."""
    numbers: dict[Any, int] = {}
    for n in {i.range for i in free}:
        indices = [i for i in free if i.range == n]
        size = point.size(n)
        if len(indices) > size:
            raise NotAdmissible(f"{indices[-1]}: there are only {size} values here")
        rng = random.Random(f"indices:{point.seed}:{n}")
        numbers |= dict(zip(indices, rng.sample(range(1, size + 1), len(indices)), strict=True))
    return numbers


def sizes_for(expressions: Iterable[Any], rng: random.Random) -> Iterator[dict[Any, int]]:
    """Small sizes for the dimensions that occur, mostly unequal ones."""
    names = sorted({d for e in expressions for d in _dimensions(e)}, key=str)
    for turn in count_up():
        # Sizes of one are a corner where much agrees by accident: they are in the minority.  One
        # size in three draws is large, since many conditions want one (a width, a sample).
        pool = (1, 2, 3) if turn % 3 == 2 else (2, 3)
        sizes = {name: rng.choice(pool) for name in names}
        if turn % 2 and names:
            # All different, so that one size written for another shows.
            least = 1 if turn % 4 == 3 else 2
            choices = rng.sample(range(least, len(names) + 4), len(names))
            sizes = dict(zip(names, choices, strict=True))
        elif names and turn % 4 != 3:
            sizes[rng.choice(names)] = rng.randint(3, 4 + 2 * len(names))
        yield sizes


def _dimensions(expression: Any) -> set[Any]:
    if isinstance(expression, Dimension):
        return {expression}
    if isinstance(expression, Index):
        return set(expression.range.free_symbols)
    found: set[Any] = set()
    for part in getattr(expression, "args", ()):
        found |= _dimensions(part)
    return found


def _holds(fact: Any, point: Point) -> bool:
    if isinstance(fact, AppliedPredicate):
        value = evaluate(fact.arguments[0], point)
        if fact.function == Q.positive_definite:
            return _is_positive_definite(value)
        if fact.function == Q.positive:
            return bool(value > 0)
        if fact.function.name == "distinct_eigenvalues":
            return _has_distinct_eigenvalues(value)
        if fact.function == Q.invertible:
            return bool(value.det() != 0)
        raise DerivationError(
            f"assuming: {fact} cannot be checked at a point; say it with Q.positive_definite, "
            "Q.invertible, Q.positive or a relation"
        )
    if isinstance(fact, Relational):
        gap = evaluate(fact.lhs - fact.rhs, point)
        zero = flint.arb(0)
        compare = {Ge: gap >= zero, Gt: gap > zero, Le: gap <= zero, Lt: gap < zero}
        return bool(compare.get(fact.func, (gap == zero) == isinstance(fact, Eq)))
    return bool(fact)


def _has_distinct_eigenvalues(A: Any) -> bool:
    try:
        A.eig()
    except (ValueError, ZeroDivisionError):
        return False
    return True


def _is_positive_definite(A: Any) -> bool:
    n = A.nrows()
    if not all(A[a, b].overlaps(A[b, a]) for a in range(n) for b in range(a)):
        return False
    minors = (
        flint.arb_mat(m, m, [A[a, b] for a in range(m) for b in range(m)]).det()
        for m in range(1, n + 1)
    )
    return all(minor > 0 for minor in minors)
