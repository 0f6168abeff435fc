"""Stated laws of moments at 50 digits: they start at the moments and solve the stated system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any

from numerics.contexts import MultiprecisionContext

from .coordinates import entries
from .planning import Estimate
from .problem import Problem

__all__ = ["law_digits"]

TIMES = ((1, 2), (7, 5))
"""Times at which a law is looked at, as fractions."""

STEP = 10**12
"""One over the step of a central difference; half of it says how large the error is."""

START, SLOPE = "laws at time 0", "laws solve the system"


def law_digits(
    problem: Problem, ctx: MultiprecisionContext, wide: Mapping[str, Any]
) -> dict[str, Estimate]:
    """The largest gap of the laws at time 0, and of their derivatives; nothing without laws."""
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
        gaps = {START: [_gap(ctx, laws(ctx.rational(0)), start, start)], SLOPE: []}
        for time in TIMES:
            t = ctx.rational(*time)
            coarse, fine = (_slope(ctx, laws, t, n) for n in (STEP, 2 * STEP))
            stated, terms = _stated(matrix, laws(t))
            gaps[SLOPE].append(_gap(ctx, fine, stated, terms, coarse))
        return {name: max(found, key=lambda gap: abs(gap.value)) for name, found in gaps.items()}


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
    """The largest difference, in units of the absolute terms of what it is of."""
    worst = Estimate(value=0.0)
    for n, (one, other) in enumerate(zip(found, stated, strict=True)):
        sizes = (ctx.to_float(abs(x)) for x in (*one, *terms[n]))
        scale = max(sizes, default=0.0) or 1.0
        for k, (x, y) in enumerate(zip(one, other, strict=True)):
            error = 0.0 if coarse is None else abs(ctx.to_float(coarse[n][k] - x))
            gap = Estimate(
                value=ctx.to_float(x - y) / scale, bias=(error + ctx.radius(x - y)) / scale
            )
            worst = max(worst, gap, key=lambda e: abs(e.value))
    return worst
