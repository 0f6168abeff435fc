"""Stated laws of moments at 50 digits: they start at the moments and solve the stated system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite, isnan, isqrt
from typing import Any

import numpy as np

from numerics.contexts import MultiprecisionContext

from .agreement import DIGITS
from .coordinates import entries
from .planning import Estimate
from .problem import Problem
from .verdict import Status

__all__ = ["law_digits"]

TIMES, GRID, LATEST = 2, 64, 2
"""Times at which a law is looked at beside each point: so many on a grid, from 1/64 to 2."""

STEP = 10**12
"""One over the step of a central difference; half of it says how large the error is."""

EARLY = 10**20
"""One over a time that stands for 0 where a law has its value there as a limit."""

START, SLOPE = "laws at time 0", "laws solve the system"


def law_digits(
    problem: Problem,
    ctx: MultiprecisionContext,
    wide: Mapping[str, Any],
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """The gap of the laws at time 0 that decides, and that of their derivatives.

    There is nothing without laws.  The times are drawn from ``rng``, so that every point has its
    own: between times known beforehand, and at all of them, a wrong law may solve the system.
    """
    if "path_laws" not in problem.kernels:
        return {}
    with ctx.working():
        moments = problem.kernel("path_moments").in_context(ctx, wide)
        matrix = problem.kernel("path_matrix").in_context(ctx, wide)

        def laws(t: Any) -> list[list[Any]]:
            found = problem.kernel("path_laws").in_context(ctx, {**wide, "t": t})
            pairs = zip(found, moments, strict=True)
            return [_shaped(ctx, law, moment) for law, moment in pairs]

        start = [entries(ctx, moment) for moment in moments]
        slopes = []
        for n in rng.choice(GRID * LATEST, size=TIMES, replace=False):
            t = ctx.rational(int(n) + 1, GRID)
            coarse, fine = (_slope(ctx, laws, t, n) for n in (STEP, 2 * STEP))
            stated, terms = _stated(matrix, laws(t))
            slopes.append(_gap(ctx, fine, stated, terms, coarse))
        return {START: _started(ctx, laws, start), SLOPE: _deciding(slopes)}


def _started(ctx: MultiprecisionContext, laws: Any, start: Sequence[Sequence[Any]]) -> Estimate:
    """How far the laws are from the moments at time 0, or just after it if they are 0/0 there."""
    found = laws(ctx.rational(0))
    if all(isfinite(ctx.to_float(x)) for law in found for x in law):
        return _gap(ctx, found, start, start)
    late, early = (laws(ctx.rational(n, EARLY)) for n in (2, 1))
    return _gap(ctx, early, start, start, late)


def _shaped(ctx: MultiprecisionContext, law: Any, moment: Any) -> list[Any]:
    """The entries of a law; one number stands for a moment all of whose entries it is."""
    found, like = entries(ctx, law), entries(ctx, moment)
    return found * len(like) if len(found) == 1 else found


def _slope(ctx: MultiprecisionContext, laws: Any, t: Any, n: int) -> list[list[Any]]:
    h = ctx.rational(1, n)
    pairs = zip(laws(t + h), laws(t - h), strict=True)
    return [[(x - y) * n / 2 for x, y in zip(up, down, strict=True)] for up, down in pairs]


def _stated(
    matrix: Sequence[Any], laws: Sequence[Sequence[Any]]
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Σ_j A_ij law_j, and the sum of its absolute terms.

    In the row of a matrix a scalar stands on the diagonal.
    """
    size, found, terms = len(laws), [], []
    for i, like in enumerate(laws):
        total, absolute = [0 * x for x in like], [0 * x for x in like]
        for j, law in enumerate(laws):
            c = matrix[i * size + j]
            row = law if len(law) == len(like) else _diagonal(law[0], len(like))
            total = [x + c * y for x, y in zip(total, row, strict=True)]
            absolute = [x + abs(c * y) for x, y in zip(absolute, row, strict=True)]
        found.append(total)
        terms.append(absolute)
    return found, terms


def _diagonal(x: Any, count: int) -> list[Any]:
    side = isqrt(count)
    return [x if n % (side + 1) == 0 else 0 * x for n in range(count)]


def _gap(
    ctx: MultiprecisionContext,
    found: Sequence[Sequence[Any]],
    stated: Sequence[Sequence[Any]],
    terms: Sequence[Sequence[Any]],
    coarse: Sequence[Sequence[Any]] | None = None,
) -> Estimate:
    """The difference that decides, in units of the absolute terms of what it is of."""
    gaps = []
    for n, (one, other) in enumerate(zip(found, stated, strict=True)):
        sizes = (ctx.to_float(abs(x)) for x in (*one, *terms[n]))
        scale = max(sizes, default=0.0) or 1.0
        for k, (x, y) in enumerate(zip(one, other, strict=True)):
            error = 0.0 if coarse is None else abs(ctx.to_float(coarse[n][k] - x))
            value, bias = ctx.to_float(x - y) / scale, (error + ctx.radius(x - y)) / scale
            # What is no number is as far off, and as little known, as can be.
            value, bias = (inf if isnan(part) else part for part in (value, bias))
            gaps.append(Estimate(value=value, bias=bias))
    return _deciding(gaps)


def _deciding(gaps: Sequence[Estimate]) -> Estimate:
    """One that is surely wrong if any is; else the one that may be farthest off."""
    clear = [x for x in gaps if x.decide(10.0 ** -DIGITS["50 digits"]) == Status.DISAGREES]
    return max(clear or gaps, key=lambda x: abs(x.value) + x.bias, default=Estimate(value=0.0))
