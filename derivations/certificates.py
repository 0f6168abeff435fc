"""A polynomial as a nonnegative combination of what is known to be nonnegative.

    P = Σ c · g_1 ⋯ g_r · m²,      c >= 0, the g of the bounds, m a monomial or m_1 ± m_2

shows P >= 0 wherever the bounds hold, and P > 0 if a product of strict bounds, or a positive
number, is among what is summed.  Linear programming in floating point looks for it; what it finds
is solved for again in exact rationals, and nothing else is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import flint
import numpy as np
from sympy import Poly

from .cells import Bound

__all__ = ["certified"]

MOST_PRODUCTS = 3000
"""Products that are tried at most; of more letters and degrees nothing is looked for."""

SMALL = 1e-9
"""A share below which a coefficient of the linear program counts as none."""

Terms = Mapping[tuple[int, ...], Any]


class _Part(NamedTuple):
    """A polynomial that is nonnegative where the bounds hold, or positive."""

    terms: Terms
    degree: int
    strict: bool


def certified(value: Any, bounds: Sequence[Bound], letters: Sequence[Any]) -> str:
    """``">"`` or ``">="`` if a combination shows it, else ``"?"``."""
    target = _part(value, letters, strict=False)
    known = [_part(b.gap, letters, strict=b.relation == ">") for b in bounds]
    degree = max([2, target.degree, *(part.degree for part in known)])
    parts = _parts(known, degree, len(letters))
    return "?" if parts is None else _combined(target, parts)


def _part(value: Any, letters: Sequence[Any], *, strict: bool) -> _Part:
    found = Poly(value, *letters, domain="QQ")
    terms = {m: flint.fmpq(int(c.p), int(c.q)) for m, c in found.terms() if c != 0}
    return _Part(terms, max(0, int(found.total_degree())) if terms else 0, strict)


def _parts(known: Sequence[_Part], degree: int, count: int) -> list[_Part] | None:
    """Products of bounds and squares up to a degree; None if they are too many."""
    one = _Part({(0,) * count: flint.fmpq(1)}, 0, True)
    if comb(degree // 2 + count, count) > MOST_PRODUCTS:
        return None
    squares = list(_squares(degree, count))
    found: list[_Part] = []
    for whole in _products(one, [part for part in known if part.degree], degree):
        found.append(whole)
        found += [_times(whole, s) for s in squares if whole.degree + s.degree <= degree]
        if len(found) > MOST_PRODUCTS:
            return None
    return found


def _products(whole: _Part, known: Sequence[_Part], degree: int) -> Iterator[_Part]:
    """A part times all products of bounds, as far as the degree allows."""
    yield whole
    for n, part in enumerate(known):
        if whole.degree + part.degree <= degree:
            yield from _products(_times(whole, part), known[n:], degree)


def _squares(degree: int, count: int) -> Iterator[_Part]:
    """m² and (m_1 ± m_2)² for the monomials of half the degree."""
    half = degree // 2
    monomials = list(_monomials(half, count))
    for m in monomials:
        if sum(m):
            yield _Part({_sum(m, m): flint.fmpq(1)}, 2 * sum(m), False)
    if len(monomials) ** 2 > MOST_PRODUCTS:
        return
    for a, b in combinations(monomials, 2):
        for sign in (-2, 2):
            terms = {_sum(a, a): flint.fmpq(1), _sum(b, b): flint.fmpq(1)}
            terms[_sum(a, b)] = terms.get(_sum(a, b), flint.fmpq(0)) + sign
            yield _Part(terms, 2 * max(sum(a), sum(b)), False)


def _monomials(degree: int, count: int) -> Iterator[tuple[int, ...]]:
    """The exponents of all monomials up to a degree."""
    if not count:
        yield ()
        return
    for first in range(degree + 1):
        for rest in _monomials(degree - first, count - 1):
            yield (first, *rest)


def _sum(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _times(a: _Part, b: _Part) -> _Part:
    terms: dict[tuple[int, ...], Any] = {}
    for m, x in a.terms.items():
        for n, y in b.terms.items():
            at = _sum(m, n)
            terms[at] = terms.get(at, flint.fmpq(0)) + x * y
    return _Part(terms, a.degree + b.degree, a.strict and b.strict)


def _combined(target: _Part, parts: Sequence[_Part]) -> str:
    """The sign that a combination of the parts gives the target."""
    monomials = sorted(set(target.terms).union(*(part.terms for part in parts)))
    chosen = _chosen(target, parts, monomials)
    if not chosen:
        return "?"
    coefficients = _solved(target, chosen, monomials)
    if coefficients is None or any(c < 0 for c in coefficients):
        return "?"
    met = [part for part, c in zip(chosen, coefficients, strict=True) if c > 0]
    return ">" if any(part.strict for part in met) else ">="


def _chosen(
    target: _Part, parts: Sequence[_Part], monomials: Sequence[tuple[int, ...]]
) -> list[_Part]:
    """The parts that a linear program takes, with as much of the strict ones as there can be."""
    from scipy.optimize import linprog  # late: few claims come here

    place = {m: n for n, m in enumerate(monomials)}
    matrix, goal = np.zeros((len(monomials), len(parts))), np.zeros(len(monomials))
    for column, part in enumerate(parts):
        for m, c in part.terms.items():
            matrix[place[m], column] = float(c.p) / float(c.q)
    for m, c in target.terms.items():
        goal[place[m]] = float(c.p) / float(c.q)
    strict = np.array([1.0 if part.strict else 0.0 for part in parts])
    # Over a region that is nearly empty there is no most; then as few as can be are taken.
    for cost in (-strict, 1 - strict / 2):
        found = linprog(cost, A_eq=matrix, b_eq=goal, bounds=(0, None), method="highs-ds")
        if found.success and found.x is not None:
            break
    else:
        return []
    least = SMALL * max(1.0, float(np.max(found.x)))
    return [part for part, x in zip(parts, found.x, strict=True) if x > least]


def _solved(
    target: _Part, chosen: Sequence[_Part], monomials: Sequence[tuple[int, ...]]
) -> list[Any] | None:
    """The coefficients in exact rationals; None if there are none, or several."""
    zero, width = flint.fmpq(0), len(chosen) + 1
    entries = [part.terms.get(m, zero) for m in monomials for part in (*chosen, target)]
    reduced, rank = flint.fmpq_mat(len(monomials), width, entries).rref()
    pivots = all(reduced[n, n] == 1 for n in range(min(rank, width - 1)))
    if rank != width - 1 or not pivots:
        return None
    return [reduced[n, width - 1] for n in range(rank)]
