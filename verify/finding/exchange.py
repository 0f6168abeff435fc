"""Two dimensions exchanged in a stated form: its kernels with the one size in place of the other.

Matrices keep their shapes; only where a formula names a dimension as a number does it change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from numerics.errors import NumericsError
from verify.planning import Plan
from verify.problem import Problem

from .measured import table
from .refit import Change, Fit, fits
from .stated import StatedPart, TermKernel

__all__ = ["exchange_fit"]

COST = 1.05
"""One wrong number costs less; powers of two dimensions, which may say the same, cost more."""

TERMS = 6
"""Of so many terms at most some may have their dimensions exchanged, and others not."""

SIZES = 2
"""So many sizes at least, at which the two differ, must say it."""


def exchange_fit(problem: Problem, part: StatedPart, plan: Plan) -> Fit | None:
    """The fewest terms in which two dimensions have to be exchanged so that the form fits."""
    found = [
        fit
        for pair in combinations(problem.signature.dimensions, 2)
        if (fit := _of_pair(problem, part, pair, plan)) is not None
    ]
    return min(found, key=lambda fit: fit.cost, default=None)


def _of_pair(problem: Problem, part: StatedPart, pair: tuple[str, str], plan: Plan) -> Fit | None:
    named = [n for n, term in enumerate(part.terms) if {*pair} & {*term.kernel.arguments}]
    if not named:
        return None
    turned = [_exchanged(part.terms[n], pair) for n in named]
    both = replace(part, terms=(*part.terms, *turned), candidates=())
    try:
        _, (found,) = table(problem, [both], plan)
    except (NumericsError, TypeError, ValueError):
        # A dimension that is the size of an identity matrix cannot be another one.
        return None
    sizes = {(scalars[pair[0]], scalars[pair[1]]) for scalars in found.scalars}
    if sum(a != b for a, b in sizes) < SIZES:
        return None
    for chosen in _choices(len(named)):
        coefficients = _coefficients(part, named, chosen)
        if fits(found, coefficients):
            return _fit(part, [named[n] for n in chosen], named, pair)
    return None


def _exchanged(term: TermKernel, pair: tuple[str, str]) -> TermKernel:
    """A term whose formula is given the value of each dimension for the other."""
    other = dict(zip(pair, reversed(pair), strict=True))
    arguments = tuple(other.get(name, name) for name in term.kernel.arguments)
    return replace(term, kernel=replace(term.kernel, arguments=arguments))


def _choices(count: int) -> Iterator[tuple[int, ...]]:
    """Which of the terms that name a dimension, the fewest first."""
    for size in range(1, count + 1) if count <= TERMS else (1, count):
        yield from combinations(range(count), size)


def _coefficients(part: StatedPart, named: Sequence[int], chosen: Sequence[int]) -> list[Any]:
    gone = {named[n] for n in chosen}
    stated = [0 if n in gone else term.coefficient for n, term in enumerate(part.terms)]
    turned = [part.terms[k].coefficient if n in chosen else 0 for n, k in enumerate(named)]
    return [*stated, *turned]


def _fit(
    part: StatedPart, wrong: Sequence[int], named: Sequence[int], pair: tuple[str, str]
) -> Fit:
    whole = len(wrong) > 1 and len(wrong) == len(named)
    changes = tuple(_change(part, n, pair) for n in ([None] if whole else wrong))
    return Fit(cost=COST + 0.05 * (len(wrong) - 1), changes=changes)


def _change(part: StatedPart, n: int | None, pair: tuple[str, str]) -> Change:
    terms = part.terms if n is None else part.terms[n : n + 1]
    there = {name for term in terms for name in term.kernel.arguments}
    number = 1 if n is None else part.terms[n].coefficient
    # The one that is named comes first, if the other one is not.
    exchanged = pair if pair[0] in there else (pair[1], pair[0])
    return Change(
        term=n,
        claimed=number,
        low=number,
        high=number,
        exchanged=exchanged,
        both={*pair} <= there,
    )
