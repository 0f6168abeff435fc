"""A Fokker–Planck equation against the adjoint of the declared generator, at points.

The right side is linear in the values of the density and of its derivatives, so that it is decided
by random ones: these are drawn with the point, and the density is the polynomial that has them
there.  Its adjoint comes from the declared fields alone (`numerics.adjoint`), by power series
without rounding and by central differences at 50 digits; the stated right side is evaluated at the
drawn values.

A stationary density of one state is held against its flux, which is to be zero; that too comes from
the declared fields.  Whether it has a finite integral shows at a setting alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numerics.adjoint import Adjoint, Field, adjoint, by_differences, by_series, flux
from numerics.contexts import FlintContext, MultiprecisionContext, NumberContext
from numerics.errors import NotAdmissibleError

from .planning import Estimate
from .problem import Problem

__all__ = ["equal_sides", "flux_digits", "side_digits"]

SIDE = "right side"
OFFSET = "offset_"
"""Prefix of the letters of the test density's displacement from the point."""

NOTHING = 1e-15
"""Terms below this share of what they are elsewhere, as at the top of a density, are zero."""

Point = Mapping[str, Any]


def _test_density(problem: Problem, point: Point) -> Field:
    """The polynomial with the drawn value and derivatives at the point."""
    kernel = problem.kernel("density")
    names = [n.removeprefix(OFFSET) for n in kernel.arguments if n.startswith(OFFSET)]

    def value(ctx: NumberContext, y: Point) -> Any:
        # A ball around zero has no powers: a state that did not move is at zero exactly.
        offsets = {
            f"{OFFSET}{name}": ctx.rational(0) if y[name] is point[name] else y[name] - point[name]
            for name in names
        }
        return kernel.in_context(ctx, {**y, **offsets})

    return value


def equal_sides(
    problem: Problem, ctx: FlintContext, sizes: Mapping[str, int], point: Point
) -> dict[str, bool]:
    """Whether the stated right side is L*p at a point, in exact numbers."""
    system = problem.system("declared", sizes)
    found = adjoint(ctx, by_series(ctx), system, _test_density(problem, point), point)
    return {SIDE: found.value == problem.kernel("stated_right").in_context(ctx, point)}


def side_digits(
    problem: Problem,
    ctx: MultiprecisionContext,
    sizes: Mapping[str, int],
    point: Point,
    arrays: Point,
) -> dict[str, dict[str, Estimate]]:
    """The stated right side less L*p at 50 digits, relative to the sum of the absolute terms."""
    system = problem.system("declared", sizes)
    density = _test_density(problem, point)

    def measured(halvings: int) -> Adjoint:
        return adjoint(ctx, by_differences(ctx, halvings), system, density, point)

    stated = problem.kernel("stated_right").in_context(ctx, point)
    return {"50 digits": {SIDE: _gap(ctx, measured(0), measured(1), stated)}}


def flux_digits(
    problem: Problem,
    ctx: MultiprecisionContext,
    sizes: Mapping[str, int],
    point: Point,
    arrays: Point,
) -> dict[str, dict[str, Estimate]]:
    """The flux of a stated stationary density at 50 digits, relative to its absolute terms.

    Raises
    ------
    NotAdmissibleError
        If the point is outside the support.
    """
    system = problem.system("declared", sizes)
    (name,) = system.states
    for end, side in (("lower", 1), ("upper", -1)):
        if end in problem.kernels:
            inside = side * (point[name] - problem.kernel(end).in_context(ctx, point))
            if not inside > 0:
                raise NotAdmissibleError("point: outside the support of the density; draw again")

    def density(c: NumberContext, y: Point) -> Any:
        return problem.kernel("density").in_context(c, y)

    def measured(halvings: int) -> Adjoint:
        return flux(ctx, by_differences(ctx, halvings), system, density, point)

    return {"50 digits": {"stationary flux": _gap(ctx, measured(0), measured(1), 0)}}


def _gap(ctx: MultiprecisionContext, coarse: Adjoint, fine: Adjoint, stated: Any) -> Estimate:
    """Stated less measured, with the error of the differences, in units of the absolute terms."""
    with ctx.working():
        scale = sum((abs(term) for term in fine.terms), start=abs(ctx.rational(0) + stated))
        if not scale > NOTHING * fine.beside:
            return Estimate(value=0.0)
        gap, error = (stated - fine.value) / scale, abs(fine.value - coarse.value) / scale
        return Estimate(value=ctx.to_float(gap), bias=ctx.to_float(error) + ctx.radius(gap))
