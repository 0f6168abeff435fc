"""The adjoint of a generator, from the declared fields: what moves densities.

For dX = a dt + Σ_j b_j dβ_j with independent β_j of variance w_j dt, a density p obeys ∂p/∂t = L*p,

    L*p = −Σ_i ∂_i(a_i p) + ½ Σ_j w_j Σ_ik ∂_i∂_k(b_ij b_kj p)            Itô,
    L*p = −Σ_i ∂_i(a_i p) + ½ Σ_j w_j Σ_ik ∂_i(b_ij ∂_k(b_kj p))         Stratonovich

(Risken 1989, The Fokker–Planck Equation, (3.95) and (3.108)).  A derivative is either a coefficient
of a truncated power series, in exact numbers, or a central difference at many digits.  No Itô
table, no conversion of one calculus into the other and no symbolic derivative is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from numerics.contexts import (
    FlintContext,
    JetContext,
    MultiprecisionContext,
    NumberContext,
    Scalar,
)
from numerics.declared import Component, DeclaredSystem
from numerics.errors import NumericsError
from numerics.kernel import Point

__all__ = ["Adjoint", "Field", "adjoint", "by_differences", "by_series", "flux"]

Field: TypeAlias = Callable[[NumberContext, Point], Scalar]
"""A scalar function of the point, in any number context."""

Derivative: TypeAlias = Callable[[Field, Point, Mapping[str, int], int], Scalar]
"""(field, point, direction, 1 or 2) -> the derivative of that order along the direction."""

FIRST_STEP = 10**9
"""One over the first step of a central difference; 50 digits bear it."""


@dataclass(frozen=True, kw_only=True)
class Adjoint:
    """The terms of L*p, or of a flux, at a point, and their sum.

    ``beside`` is what the terms of a flux are where they do not vanish: ½ b² p over |x|.
    """

    terms: tuple[Scalar, ...]
    value: Scalar
    beside: Scalar = 0


def adjoint(
    ctx: FlintContext, derivative: Derivative, system: DeclaredSystem, density: Field, point: Point
) -> Adjoint:
    """L*p at one point, for a system of scalar states whose noises have constant covariances.

    Parameters
    ----------
    ctx
        The context of the point.
    derivative
        `by_series` or `by_differences` of that context.
    system
        The declared system, Itô or Stratonovich.
    density
        p as a function of the point.

    Raises
    ------
    NumericsError
        If a state is no scalar.
    NotAdmissibleError
        If a field has no value there.
    """
    for name in system.states:
        if isinstance(point[name], list | tuple) or ctx.is_matrix(point[name]):
            raise NumericsError(f"{name}: a matrix; densities are those of scalar states")

    def drifting(name: str) -> Field:
        return lambda c, y: system.drift(c, y)[name] * density(c, y)

    with ctx.working():
        terms = [-derivative(drifting(name), point, {name: 1}, 1) for name in system.states]
        terms += [
            component.weight * term / 2
            for component in system.components(ctx, point)
            for term in _spreading(ctx, derivative, system, component, density, point)
        ]
        return Adjoint(terms=tuple(terms), value=ctx.total(terms))


def flux(
    ctx: FlintContext, derivative: Derivative, system: DeclaredSystem, density: Field, point: Point
) -> Adjoint:
    """J = a p − ½ Σ_j w_j ∂(b_j² p) for one scalar state, L*p = −∂J; Stratonovich: b_j ∂(b_j p).

    Parameters and errors are those of `adjoint`.
    """
    (name,) = system.states

    def noise(component: Component) -> Field:
        return lambda c, y: system.noise(c, y, component.increments)[name]

    with ctx.working():
        terms, beside = [system.drift(ctx, point)[name] * density(ctx, point)], ctx.rational(0)
        for component in system.components(ctx, point):
            b = noise(component)
            beside += component.weight * _product(b, b, density)(ctx, point) / 2
            if system.calculus == "ito":
                moved = derivative(_product(b, b, density), point, {name: 1}, 1)
            else:
                moved = b(ctx, point) * derivative(_product(b, density), point, {name: 1}, 1)
            terms.append(-component.weight * moved / 2)
        unit = abs(point[name]) if point[name] != 0 else ctx.rational(1)
        return Adjoint(
            terms=tuple(terms), value=ctx.total(terms), beside=abs(ctx.rational(0) + beside) / unit
        )


def _product(*fields: Field) -> Field:
    def value(ctx: NumberContext, point: Point) -> Scalar:
        found = fields[0](ctx, point)
        for field in fields[1:]:
            found = found * field(ctx, point)
        return found

    return value


def _spreading(
    ctx: FlintContext,
    derivative: Derivative,
    system: DeclaredSystem,
    component: Component,
    density: Field,
    point: Point,
) -> list[Scalar]:
    """The terms of Σ_ik ∂_i∂_k(b_i b_k p), or of Σ_ik ∂_i(b_i ∂_k(b_k p)), for one component."""

    def noise(name: str) -> Field:
        return lambda c, y: system.noise(c, y, component.increments)[name]

    def carried(name: str) -> Field:
        return lambda c, y: noise(name)(c, y) * density(c, y)

    def product(first: str, second: str) -> Field:
        return lambda c, y: noise(first)(c, y) * carried(second)(c, y)

    found = []
    for i in system.states:
        for k in system.states:
            if system.calculus == "ito":
                found.append(_mixed(derivative, product(i, k), point, i, k))
                continue
            # ∂_i(b ψ) = (∂_i b) ψ + b ∂_i ψ for ψ = ∂_k(b_k p)
            slope = derivative(noise(i), point, {i: 1}, 1)
            found.append(slope * derivative(carried(k), point, {k: 1}, 1))
            found.append(noise(i)(ctx, point) * _mixed(derivative, carried(k), point, i, k))
    return found


def _mixed(derivative: Derivative, field: Field, point: Point, i: str, k: str) -> Scalar:
    """∂_i∂_k of a field, by polarisation of second derivatives along lines."""
    if i == k:
        return derivative(field, point, {i: 1}, 2)
    both = derivative(field, point, {i: 1, k: 1}, 2)
    return (both - derivative(field, point, {i: 1}, 2) - derivative(field, point, {k: 1}, 2)) / 2


def by_series(ctx: FlintContext) -> Derivative:
    """Derivatives as coefficients of truncated power series, without rounding if ctx has none."""
    jets = JetContext(ctx, 2)

    def derivative(field: Field, point: Point, direction: Mapping[str, int], order: int) -> Scalar:
        moved = {name: jets.series(point[name], ctx.rational(n)) for name, n in direction.items()}
        with jets.working():
            return order * jets.coefficient(field(jets, {**point, **moved}), order)

    return derivative


def by_differences(ctx: MultiprecisionContext, halvings: int = 0) -> Derivative:
    """Derivatives as central differences with one Richardson step, in ball arithmetic.

    Two numbers of ``halvings`` of the first step show how large the error is.
    """
    h = ctx.rational(1, FIRST_STEP * 2**halvings)

    def along(field: Field, point: Point, direction: Mapping[str, int], step: Any) -> Scalar:
        moved = {name: point[name] + n * step for name, n in direction.items()}
        return field(ctx, {**point, **moved})

    def plain(
        field: Field, point: Point, direction: Mapping[str, int], order: int, s: Any
    ) -> Scalar:
        up, down = (along(field, point, direction, sign * s) for sign in (1, -1))
        if order == 1:
            return (up - down) / (2 * s)
        return (up + down - 2 * field(ctx, point)) / (s * s)

    def derivative(field: Field, point: Point, direction: Mapping[str, int], order: int) -> Scalar:
        with ctx.working():
            coarse, fine = (plain(field, point, direction, order, s) for s in (h, h / 2))
            return (4 * fine - coarse) / 3

    return derivative
