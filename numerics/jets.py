"""The generator from its definition, in exact arithmetic: L f as coefficients of power series.

For dX = a dt + Σ_j b_j dβ_j with independent β_j of variance w_j dt (Itô),

    L f = [s¹] f(x + s·a, t + s) + Σ_j w_j [s²] f(x + s·b_j),
    Γ(f, g) = Σ_j w_j [s¹] f(x + s·b_j) · [s¹] g(x + s·b_j),

and the martingale part of df is Σ_j [s¹] f(x + s·b_j) dβ_j (Øksendal 2003, Theorem 7.3.3). The
coefficients [sⁿ] come out of arithmetic on truncated series: no Itô table, no rule of calculus and
no perturbation formula is used. A Stratonovich noise term moves along the flow x' = b_j(x) instead
of a straight line (Kunita 1990, §4.8): the same formula with x + s·b_j + ½ s² [s¹] b_j(x + s·b_j).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numerics.contexts import FlintContext, JetContext, NumberContext, Scalar
from numerics.declared import Component, DeclaredSystem
from numerics.errors import NotAdmissibleError, NumericsError
from numerics.kernel import Kernel, Point

__all__ = ["GeneratorValue", "combine", "covariation", "generator"]


@dataclass(frozen=True, kw_only=True)
class GeneratorValue:
    """The Itô differential of an observable at a point, in a number context.

    Attributes
    ----------
    drift
        L f (with ∂f/∂t): a scalar, a matrix, or a list of either, as the observable returns.
    martingale
        [s¹] f(x + s·b_j) for every component j.
    components
        The components, with their weights w_j.
    """

    drift: Any
    martingale: tuple[Any, ...]
    components: tuple[Component, ...]


def generator(
    ctx: FlintContext, system: DeclaredSystem, observable: Kernel, point: Point
) -> GeneratorValue:
    """L f and the martingale coefficients of an observable at one point.

    Parameters
    ----------
    ctx
        `RationalContext` or `PrimeFieldContext` (no rounding), or `MultiprecisionContext`.
    system, observable
        The declared system, and f; scalar or matrix valued, of the states, parameters and t.
    point
        Values in `ctx` of everything that the two take, increments left out.

    Raises
    ------
    NotAdmissibleError
        If f or the system is not defined at the point.
    NoValueError
        If the context cannot say a number that is needed; take another context.
    """
    jets = JetContext(ctx, 2)
    try:
        # A Python function of arrays has no drift in ctx: found before all components are.
        along = _line(jets, point, system.drift(ctx, point))
        components = system.components(ctx, point)
        if "t" in point:
            along["t"] = jets.series(point["t"], ctx.rational(1))
        drift = _coefficient(jets, observable, point, along, 1)
        martingale = []
        for component in components:
            along = _path(jets, system, point, component)
            with jets.working():
                f = observable.in_context(jets, {**point, **along})
                martingale.append(jets.coefficient(f, 1))
                second = jets.coefficient(f, 2)
                drift = combine(ctx, (ctx.rational(1), drift), (component.weight, second))
    except ZeroDivisionError as error:
        raise NotAdmissibleError(f"generator: {error} here; draw another point") from error
    return GeneratorValue(drift=drift, martingale=tuple(martingale), components=components)


def covariation(ctx: NumberContext, f: GeneratorValue, g: GeneratorValue) -> Any:
    """Γ(f, g), the rate of the quadratic covariation of two observables of one system.

    Of two scalars a scalar; of two lists of scalars of one length the list of the Γ(f_n, g_n).

    Raises
    ------
    NumericsError
        If an observable is a matrix, or lists differ in length.
    """
    _check_scalars(ctx, f.drift, g.drift)
    with ctx.working():
        terms = [
            (component.weight, _product(x, y))
            for component, x, y in zip(f.components, f.martingale, g.martingale, strict=True)
        ]
        zero = (ctx.rational(0), _product(f.drift, g.drift))
        return combine(ctx, *(terms or [zero]))


def _check_scalars(ctx: NumberContext, x: Any, y: Any) -> None:
    if isinstance(x, list) and isinstance(y, list) and len(x) == len(y):
        for members in zip(x, y, strict=True):
            _check_scalars(ctx, *members)
        return
    for value in (x, y):
        if isinstance(value, list):
            raise NumericsError(
                "covariation: got a list beside another shape; give two lists of one length"
            )
        if ctx.is_matrix(value):
            raise NumericsError(
                "covariation: got a matrix observable; give scalars, such as entries"
            )


def _product(x: Any, y: Any) -> Any:
    if isinstance(x, list):
        return [_product(*members) for members in zip(x, y, strict=True)]
    return x * y


def combine(ctx: NumberContext, *terms: tuple[Scalar, Any]) -> Any:
    """Σ c·v over (c, v) for values v that are all scalars, all matrices, or lists of these."""
    first = terms[0][1]
    if isinstance(first, list):
        return [combine(ctx, *((c, v[n]) for c, v in terms)) for n in range(len(first))]
    if ctx.is_matrix(first):
        return ctx.add(*(ctx.scale(c, v) for c, v in terms))
    return ctx.total([c * v for c, v in terms])


def _line(jets: JetContext, point: Point, direction: Mapping[str, Any]) -> dict[str, Any]:
    return {name: jets.series(point[name], b) for name, b in direction.items()}


def _path(
    jets: JetContext, system: DeclaredSystem, point: Point, component: Component
) -> dict[str, Any]:
    """The states along one component, to second order."""
    b = system.noise(jets.base, point, component.increments)
    line = _line(jets, point, b)
    if system.calculus == "ito":
        return line
    along = system.noise(jets, {**point, **line}, component.increments)
    half = jets.base.rational(1, 2)
    return {
        name: jets.series(
            point[name],
            b[name],
            combine(jets.base, (half, jets.coefficient(along[name], 1))),
        )
        for name in system.states
    }


def _coefficient(
    jets: JetContext, observable: Kernel, point: Point, along: Mapping[str, Any], n: int
) -> Any:
    with jets.working():
        return jets.coefficient(observable.in_context(jets, {**point, **along}), n)
