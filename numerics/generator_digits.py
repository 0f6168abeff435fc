"""The generator by central differences at 50 digits, where the declaration can be evaluated there.

The formula is that of `numerics.generator`; with many digits one small step and two Richardson
steps leave about thirty of them. Ball arithmetic bounds what rounding does at every moment. Steps
stay well within the `reach` where eigenvalues cannot meet (`numerics.reach`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite, isinf, log10
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.contexts import MultiprecisionContext, Scalar
from numerics.declared import Component, DeclaredSystem
from numerics.errors import NotAdmissibleError, NumericsError
from numerics.jets import combine
from numerics.kernel import Kernel, Point

__all__ = ["DigitsEstimate", "estimate_in_digits", "largest_gap"]

_STEPS_EXPONENT = 6  # the largest step is 10⁻⁶ at 50 digits: second differences keep 38 of them
_SCALE_EXPONENT = 15
_WITHIN = 1e-5  # of the reach: leaves thirty digits where it is 10⁻¹⁰
_LEVELS = 3

_Pair: TypeAlias = tuple[Scalar, Any, Any]
"""A step h, and an observable at h and at −h along a line."""


@dataclass(frozen=True, kw_only=True)
class DigitsEstimate:
    """The differential of an observable, from differences at many digits.

    Attributes
    ----------
    drift
        L f, in the context; its balls bound rounding only.
    drift_error
        Estimate of what is left of the step, as a float: the last change of the extrapolation.
    drift_scale
        The sum of the absolute values of the terms, as a float; the largest over the entries.
    martingale, martingale_error, martingale_scale
        The same for every component.
    components
        The components of the noise, with their weights.
    """

    drift: Any
    drift_error: float
    drift_scale: float
    martingale: tuple[Any, ...]
    martingale_error: tuple[float, ...]
    martingale_scale: tuple[float, ...]
    components: tuple[Component, ...]


def estimate_in_digits(
    ctx: MultiprecisionContext,
    system: DeclaredSystem,
    observable: Kernel,
    point: Point,
    *,
    reach: float | None = None,
) -> DigitsEstimate:
    """L f and the martingale coefficients by central differences in many digits.

    `reach` is the length in state space within which f is smooth, None if there is no limit.

    Raises
    ------
    NumericsError
        If the context has fewer than 30 digits, or the system is Stratonovich.
    NotAdmissibleError
        If f or the system is not defined at the point or within a step of it.
    """
    if reach is not None and not reach > 0.0:
        raise NumericsError(f"reach: got {reach}; give a positive length, or None")
    if ctx.digits < 30 or system.calculus != "ito":
        raise NumericsError(
            f"digits {ctx.digits}, calculus {system.calculus}: needs 30 digits or more, and Itô"
        )
    with ctx.working():
        lines = _Lines(
            ctx=ctx,
            observable=observable,
            point=point,
            states=system.states,
            reach=inf if reach is None else float(reach),
        )
        # A Python function of arrays has no drift in digits: found before all components are.
        a = system.drift(ctx, point)
        components = system.components(ctx, point)
        fields = [system.noise(ctx, point, c.increments) for c in components]
        moved = {**a, "t": ctx.rational(1)} if "t" in point else a
        drift, error = lines.first(lines.along(moved))
        middle = observable.in_context(ctx, point)
        martingale, martingale_error = [], []
        scales = lines.absolute_terms([moved, *fields])
        for component, b in zip(components, fields, strict=True):
            pairs = lines.along(b)
            value, gap = lines.first(pairs)
            martingale.append(value)
            martingale_error.append(gap)
            value, gap = lines.second(pairs, middle)
            drift = combine(ctx, (ctx.rational(1), drift), (component.weight, value))
            weight = abs(ctx.to_float(component.weight))
            error += weight * gap
            second = weight * _sizes(ctx, value)
            scales[0] = scales[0] + second
    if not isfinite(error) or not isfinite(_size(ctx, drift)):
        raise NotAdmissibleError("point: the observable is not finite near it; draw another point")
    return DigitsEstimate(
        drift=drift,
        drift_error=error,
        drift_scale=float(np.max(scales[0])),
        martingale=tuple(martingale),
        martingale_error=tuple(martingale_error),
        martingale_scale=tuple(float(np.max(scale)) for scale in scales[1:]),
        components=components,
    )


def largest_gap(ctx: MultiprecisionContext, x: Any, y: Any) -> float:
    """The largest difference between entries of two values, rounding errors included."""
    with ctx.working():
        gap = combine(ctx, (ctx.rational(1), x), (ctx.rational(-1), y))
        return _size(ctx, gap)


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """An observable along lines through a point."""

    ctx: MultiprecisionContext
    observable: Kernel
    point: Point
    states: tuple[str, ...]
    reach: float

    def _exponent(self, b: Mapping[str, Any], least: int) -> int:
        """n such that the step 10⁻ⁿ along b stays well within the reach, `least` or more."""
        squares = (np.sum(_sizes(self.ctx, b[name]) ** 2) for name in self.states if name in b)
        length = float(np.sqrt(sum(squares, 0.0)))
        if isinf(self.reach) or length == 0.0:
            return least
        return max(least, ceil(log10(length / (_WITHIN * self.reach))))

    def along(self, b: Mapping[str, Any]) -> list[_Pair]:
        """The steps h, h/2, h/4 with f(x + h·b) and f(x − h·b)."""
        exponent = self._exponent(b, _STEPS_EXPONENT)
        steps = [self.ctx.rational(1, 10**exponent * 2**level) for level in range(_LEVELS)]
        return [(h, self._at(b, h), self._at(b, -h)) for h in steps]

    def first(self, pairs: Sequence[_Pair]) -> tuple[Any, float]:
        """[s¹] f(x + s·b), and the last change of its extrapolation."""
        return self._extrapolated(
            combine(self.ctx, (1 / (2 * h), up), (-1 / (2 * h), down)) for h, up, down in pairs
        )

    def second(self, pairs: Sequence[_Pair], middle: Any) -> tuple[Any, float]:
        """[s²] f(x + s·b), and the last change of its extrapolation, from f(x) too."""
        units = [(1 / (2 * h * h), up, down) for h, up, down in pairs]
        return self._extrapolated(
            combine(self.ctx, (c, up), (c, down), (-2 * c, middle)) for c, up, down in units
        )

    def absolute_terms(self, directions: list[dict[str, Any]]) -> list[Any]:
        """Σ_e |∂_e f b_e| over the entries e of the states, for every b and entry of f."""
        ctx = self.ctx
        totals: list[Any] = [0.0] * len(directions)
        for name in directions[0]:
            for unit, pick in _units(ctx, self.point[name]):
                h = ctx.rational(1, 10 ** self._exponent({name: unit}, _SCALE_EXPONENT))
                up, down = (self._at({name: unit}, sign * h) for sign in (1, -1))
                slope = _sizes(ctx, combine(ctx, (1 / (2 * h), up), (-1 / (2 * h), down)))
                for n, b in enumerate(directions):
                    if name in b:
                        totals[n] = totals[n] + slope * abs(ctx.to_float(pick(b[name])))
        return totals

    def _at(self, b: Mapping[str, Any], s: Scalar) -> Any:
        ctx = self.ctx
        moved = {
            name: combine(ctx, (ctx.rational(1), self.point[name]), (s, direction))
            for name, direction in b.items()
        }
        return self.observable.in_context(ctx, {**self.point, **moved})

    def _extrapolated(self, quotients: Iterable[Any]) -> tuple[Any, float]:
        """Richardson's table for the steps h, h/2, h/4 and errors in even powers of the step."""
        ctx = self.ctx
        row: list[Any] = []
        for quotient in quotients:
            new = [quotient]
            for column, old in enumerate(row, start=1):
                factor = 4**column
                weights = ctx.rational(factor, factor - 1), ctx.rational(-1, factor - 1)
                new.append(combine(ctx, (weights[0], new[-1]), (weights[1], old)))
            change = largest_gap(ctx, new[-1], row[-1]) if row else 0.0
            row = new
        return row[-1], change


def _units(ctx: MultiprecisionContext, value: Any) -> list[tuple[Any, Any]]:
    """For every entry of a scalar, matrix or family: the unit direction, and how to read it."""
    if isinstance(value, list | tuple):
        zeros = [combine(ctx, (ctx.rational(0), member)) for member in value]
        return [
            ([*zeros[:n], unit, *zeros[n + 1 :]], lambda b, n=n, pick=pick: pick(b[n]))
            for n, member in enumerate(value)
            for unit, pick in _units(ctx, member)
        ]
    if not ctx.is_matrix(value):
        return [(ctx.rational(1), lambda b: b)]
    r, c = ctx.shape(value)
    return [
        (
            ctx.matrix([[int((m, n) == (i, j)) for n in range(c)] for m in range(r)]),
            lambda b, i=i, j=j: ctx.entry(b, i, j),
        )
        for i in range(r)
        for j in range(c)
    ]


def _sizes(ctx: MultiprecisionContext, value: Any) -> NDArray[np.float64]:
    """The absolute values of all entries, radii included."""
    if isinstance(value, list | tuple):
        return np.concatenate([_sizes(ctx, member) for member in value])
    numbers = value.entries() if ctx.is_matrix(value) else [value]
    return np.array([abs(ctx.to_float(x)) + ctx.radius(x) for x in numbers])


def _size(ctx: MultiprecisionContext, value: Any) -> float:
    return float(np.max(_sizes(ctx, value)))
