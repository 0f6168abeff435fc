"""The generator by central differences and Richardson extrapolation, in float64 and in many digits.

For dX = a dt + Σ_j b_j dβ_j (Itô), with δ_j an increment of β_j,

    L f ≈ [f(x + h·a, t + h) − f(x − h·a, t − h)]/(2h)
          + Σ_j [f(x + δ b_j) + f(x − δ b_j) − 2f(x)]/(2δ²),

one pair of values ±δ for each Brownian component. Both have errors in even powers of the step,
which Richardson extrapolation removes one after the other. Digits are counted relative to the sum
of the absolute values of the terms, Σ_e |∂_e f a_e| + Σ_j |second difference j| over the entries e
of the state: a drift may cancel, the terms that it consists of do not.

Of eigenvalues all steps stay within the `reach` (`numerics.reach`) where they cannot meet: across a
collision differences settle on wrong numbers. As eigenvalues, and above all their differences, are
rounded by more than their last digit, rounding is then measured instead of assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import factorial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.brownian import basis
from numerics.errors import NumericsError
from numerics.kernel import Point
from numerics.system import State, System

__all__ = ["STARTS", "GeneratorEstimate", "estimate_generator"]

Array: TypeAlias = NDArray[np.float64]
Observable: TypeAlias = Callable[[Point], Any]

STARTS = 3
"""Extrapolations of a function of which nothing tells how far it is smooth."""

_LEVELS = 12  # steps, each half of the one before
_COLUMNS = 6  # Richardson steps at most
_LATER = 3  # halvings later begins each of several extrapolations
_BETWEEN = 0.7  # of the steps of one, those of the next: rounding is not the same at any two
_FIRST_STEP = 0.1  # of |x| over |direction|
_GRADIENT_STEP = 1e-5  # of |x|; the scale needs three digits, not ten
_WITHIN, _GRADIENT_WITHIN = 0.5, 0.01  # of the reach, the largest step and that of the gradient
_NOISE_STEP = 1e-5  # of the reach: fourth differences are nothing but rounding
_NOISE_LEAST = 64 * np.finfo(float).eps  # of |x|: smaller steps hardly move it
_NOISE_LINES, _NOISE_FACTOR = 8, 6.0
_NOISE_PARTS = (1.0, 0.882, 0.731, 0.618, 0.543)  # rounding to a grid may repeat at one
_LAST = 3  # of the steps, those at which a difference has to shrink
_ROUNDED = 10.0  # times the bound of the rounding: a difference above it is none
_SHRINKS = {1: 0.75, 2: 0.6}
"""Order -> a difference is at most this part of that at twice the step, if it is resolved."""

_NOISY = 1e-4  # of |f|: what rounds more than that, or moves so fast, has no differences
_NUMBERS_AT_ONCE = 2_000_000
_ARRAYS, _KEPT = 8, 4  # as large as the values at all steps; as the entries of a table


@dataclass(frozen=True, kw_only=True)
class GeneratorEstimate:
    """The differential of an observable, as estimated by differences.

    Arrays have the batch axes of the point first, then those of the observable's value;
    `martingale` and its companions have one axis more in front, the Brownian components.

    Attributes
    ----------
    drift, drift_error, drift_scale
        L f; an estimate of its error; the sum of the absolute values of its terms.
    martingale, martingale_error, martingale_scale
        The same for ∂f·b_j, the coefficient of dβ_j.
    directions
        Differential -> value for a unit of each component, shape (components, *its shape).
    """

    drift: Array
    drift_error: Array
    drift_scale: Array
    martingale: Array
    martingale_error: Array
    martingale_scale: Array
    directions: Mapping[str, Array]

    def covariation(self, other: GeneratorEstimate) -> tuple[Array, Array, Array]:
        """Γ(f, g) entry by entry, with its error estimate and the sum of its absolute terms."""
        f, g = self.martingale, other.martingale
        off, of_other = self.martingale_error, other.martingale_error
        with np.errstate(invalid="ignore"):
            # The product of both errors counts where a badly conditioned point leaves little else.
            error = np.abs(f) * of_other + np.abs(g) * off + off * of_other
            scale = np.sum(self.martingale_scale * other.martingale_scale, axis=0)
            value = np.sum(f * g, axis=0)
        # Of 0 times what is not known nothing is known.
        return value, np.sum(np.where(np.isnan(error), np.inf, error), axis=0), scale


def estimate_generator(
    system: System, observable: Observable, point: Point, *, reach: Any = None, starts: int = 1
) -> GeneratorEstimate:
    """L f and the martingale coefficients by differences, vectorised over points.

    Parameters
    ----------
    system
        The declared system, as numbers.
    observable
        f: a float64 kernel, or any NumPy function of a point over leading batch axes.
    point
        States (with any leading batch axes), and what else the two need; ``"t"`` if they do.
    reach
        For every point of the batch the length in state space within which f is smooth, such as
        `numerics.reach.reach` finds it for eigenvalues; None if f is smooth wherever it is defined.
    starts
        Extrapolations, of which each begins at smaller steps than the one before: with ``STARTS`` a
        value counts if two of them say it.  For a reach that is a guess.

    Raises
    ------
    NumericsError
        If f is not finite at the point, or a reach is not positive.
    """
    frame = replace(_Frame.at(system, observable, point, reach), starts=starts)
    a = frame.increments(1.0, system.no_noise(frame.batch), ())
    along_drift = {name: value[None] for name, value in a.items()}
    if "t" in point:
        along_drift["t"] = np.ones(1)
    units = basis(system)
    count = sum(noise.components for noise in system.noises)
    spread = {
        name: value.reshape(count, *[1] * len(frame.batch), *value.shape[1:])
        for name, value in units.items()
    }
    b = frame.increments(0.0, spread, (count,))
    frame = frame.with_noise(along_drift, b)
    first, _ = frame.differences(along_drift)
    first_b, second_b = frame.in_chunks(b)
    scale_a, scale_b = frame.absolute_terms(a, b)
    drift = first[0][0] + np.sum(second_b[0], axis=0)
    return GeneratorEstimate(
        drift=drift,
        drift_error=first[1][0] + np.sum(second_b[1], axis=0),
        drift_scale=scale_a + np.sum(np.abs(second_b[0]), axis=0),
        martingale=first_b[0],
        martingale_error=first_b[1],
        martingale_scale=scale_b,
        directions=units,
    )


Pair: TypeAlias = tuple[Array, Array]
"""A value and the estimate of its error."""


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """An observable seen from a point: its values along lines through it."""

    system: System
    observable: Observable
    point: Point
    batch: tuple[int, ...]
    t: float
    size: Array  # |x|, per point of the batch
    value: Array  # f(x)
    reach: Array  # per point of the batch; infinite if f has none
    noise: Array | float = 0.0  # bound of the rounding error of f, where there is a reach
    starts: int = 1  # extrapolations where there is a reach

    @classmethod
    def at(cls, system: System, observable: Observable, point: Point, reach: Any) -> _Frame:
        name, shape = next(iter(system.states.items()))
        full = np.shape(point[name])
        batch = full[: len(full) - len(shape)]
        squares = [
            np.sum(np.square(point[s]), axis=tuple(range(-len(shape), 0)))
            for s, shape in system.states.items()
        ]
        size = np.sqrt(sum(squares, np.zeros(batch)))
        value = np.asarray(observable(point), dtype=float)
        if not np.all(np.isfinite(value)):
            raise NumericsError("point: the observable is not finite there; draw another point")
        reach = np.broadcast_to(np.inf if reach is None else np.asarray(reach, float), batch)
        if not np.all(reach > 0.0):
            raise NumericsError(f"reach: got {np.min(reach)}; give positive lengths, or None")
        return cls(
            system=system,
            observable=observable,
            point=point,
            reach=reach,
            batch=batch,
            t=float(np.max(point.get("t", 0.0))),
            size=np.where(size > 0.0, size, 1.0),
            value=value,
        )

    def increments(self, dt: float, dB: State, lines: tuple[int, ...]) -> dict[str, Array]:
        """The declared right-hand side, every state with the axes (*lines, *batch, *shape)."""
        lead = (*lines, *self.batch)
        value = self.system.increment(self._spread({}, lead), self.t, dt, dB)
        return {
            name: np.broadcast_to(np.asarray(value[name], dtype=float), (*lead, *shape))
            for name, shape in self.system.states.items()
        }

    def differences(self, b: Mapping[str, Array]) -> tuple[Pair, Pair]:
        """[s¹]f and [s²]f along directions b (lines, *batch, *shape), each with its error."""
        first = self._lasting(b, np.minimum(_FIRST_STEP * self.size, _WITHIN * self.reach))
        measured: Any = self._fitted(np.isfinite(self.reach))
        ladder, spans = self._ladder()
        # (levels, lines, *batch)
        steps: Array = ladder.reshape(-1, *[1] * first.ndim) * first
        up, down = (self._values(b, sign * steps) for sign in (1.0, -1.0))
        s = self._fitted(steps)
        rounding = 4.0 * np.finfo(float).eps * (np.abs(up) + np.abs(down)) + 2.0 * self.noise
        moves = {1: up - down, 2: up + down - 2 * self.value}
        units = {1: 2 * s, 2: 2 * s * s}
        bounds = {1: rounding, 2: 2 * rounding}
        # An eigenvalue that is always zero is rounded as the others are.
        entries = self.value.ndim - len(self.batch)
        levels = np.maximum(np.abs(up), np.abs(down))
        own = tuple(range(levels.ndim - entries, levels.ndim))
        largest = np.max(levels, axis=(0, *own), keepdims=True)[0]
        noisy = measured & (self.noise > _NOISY * largest)
        # All tables at once, (levels, orders * starts, lines, *batch, *entries).
        orders = [n for n in moves for _ in spans]
        moved, bound, unit = (
            np.stack([x[n][span] for n in moves for span in spans], axis=1)
            for x in (moves, bounds, units)
        )
        with np.errstate(invalid="ignore"):
            value, error = _extrapolated(moved / unit, bound / unit, measured)
            if np.any(measured):
                parts = np.array([_SHRINKS[n] for n in orders])
                parts = parts.reshape(-1, *[1] * (moved.ndim - 2))
                lost = noisy | (measured & _unresolved(moved, bound, parts))
                error = np.where(lost, np.inf, error)
        tables = list(zip(value, error, strict=True))
        first_order, second_order = tables[: len(spans)], tables[len(spans) :]
        return _consistent(first_order, measured), _consistent(second_order, measured)

    def _lasting(self, b: Mapping[str, Array], distance: Array) -> Array:
        """The s for which s·b has the given length; 1 where b is 0."""
        squares = [
            np.sum(np.square(b[s]), axis=tuple(range(-len(shape), 0)))
            for s, shape in self.system.states.items()
        ]
        length = np.sqrt(sum(squares, 0.0))
        with np.errstate(divide="ignore"):
            return np.where(length > 0.0, distance / length, 1.0)

    def with_noise(self, *lines: Mapping[str, Array]) -> _Frame:
        """The frame with the rounding error of f, from fourth differences at tiny steps.

        Those of independent errors of variance σ² have variance σ² 8!/4!² (Moré and Wild 2011,
        SIAM J. Sci. Comput. 33, 1292).
        """
        if not np.any(np.isfinite(self.reach)):
            return self
        noise = np.zeros(self.value.shape)
        distance = np.maximum(_NOISE_STEP * self.reach, _NOISE_LEAST * self.size)
        distance = np.where(np.isfinite(self.reach), distance, 0.0)
        for b in lines:
            few = {name: value[:_NOISE_LINES] for name, value in b.items()}
            step = self._lasting(few, distance)
            if step.size == 0:
                continue
            grids = np.multiply.outer(np.arange(-4.0, 5.0), _NOISE_PARTS)
            fourth = np.diff(self._values(few, np.multiply.outer(grids, step)), n=4, axis=0)
            sigma = np.sqrt(np.mean(fourth**2, axis=0) * factorial(4) ** 2 / factorial(8))
            noise = np.maximum(noise, _NOISE_FACTOR * np.max(sigma, axis=(0, 1)))
        return replace(self, noise=np.where(np.isfinite(noise), noise, np.inf))

    def _ladder(self) -> tuple[Array, Sequence[Any]]:
        """The steps in parts of the first one, and which of them each extrapolation has."""
        return _ladders(self.starts if np.any(np.isfinite(self.reach)) else 1)

    def _numbers_of_a_line(self) -> int:
        """How many `differences` holds at once: moved states, values there, tables of both."""
        ladder, spans = self._ladder()
        levels, tables = len(ladder), 2 * len(spans)
        rows = _ARRAYS * _LEVELS + _KEPT * sum(_LEVELS - n for n in range(1, _COLUMNS + 1))
        states = 2 * levels * self.system.size * int(np.prod(self.batch))
        return states + (_ARRAYS * levels + tables * rows) * int(self.value.size)

    def in_chunks(self, b: Mapping[str, Array]) -> tuple[Pair, Pair]:
        """`differences`, a few lines at a time where all at once would need much memory."""
        lines = len(next(iter(b.values())))
        width = max(1, _NUMBERS_AT_ONCE // self._numbers_of_a_line())
        parts = [
            self.differences({name: value[i : i + width] for name, value in b.items()})
            for i in range(0, lines, width)
        ]
        if not parts:
            empty = np.zeros((0, *self.value.shape))
            return (empty, empty), (empty, empty)
        joined = [
            np.concatenate([part[order][which] for part in parts])
            for order in (0, 1)
            for which in (0, 1)
        ]
        return (joined[0], joined[1]), (joined[2], joined[3])

    def absolute_terms(self, a: Mapping[str, Array], b: Mapping[str, Array]) -> Pair:
        """Σ_e |∂_e f a_e| (with |∂_t f|), and Σ_e |∂_e f b_je| for every component j."""
        count = len(next(iter(b.values())))
        along_a = np.zeros(self.value.shape)
        along_b = np.zeros((count, *self.value.shape))
        h = np.minimum(_GRADIENT_STEP * self.size, _GRADIENT_WITHIN * self.reach)
        for name, shape in self.system.states.items():
            entries = int(np.prod(shape))
            units = np.eye(entries).reshape(entries, *[1] * len(self.batch), *shape)
            gradient = np.abs(self._gradient({name: units}, h))
            flat_a = np.abs(a[name]).reshape(*self.batch, entries)
            flat_b = np.abs(b[name]).reshape(count, *self.batch, entries)
            for e, slope in enumerate(gradient):
                along_a = along_a + slope * self._fitted(flat_a[..., e])
                along_b = along_b + slope * self._fitted(flat_b[..., e])
        if "t" in self.point:
            along_a = along_a + np.abs(self._gradient({"t": np.ones(1)}, np.asarray(1e-6))[0])
        return along_a, along_b

    def _gradient(self, units: Mapping[str, Array], h: Array) -> Array:
        lines = len(next(iter(units.values())))
        steps = np.broadcast_to(h, (lines, *self.batch))
        up, down = (self._values(units, sign * steps) for sign in (1.0, -1.0))
        return (up - down) / (2 * self._fitted(steps))

    def _fitted(self, x: Array) -> Array:
        """x, which ends with the batch axes, with the axes of the observable's value behind."""
        return x.reshape((*x.shape, *[1] * (self.value.ndim - len(self.batch))))

    def _values(self, b: Mapping[str, Array], s: Array) -> Array:
        """f(x + s·b); s ends with (lines, *batch), b is (lines, *batch, *shape)."""
        moved = self._spread(
            {
                name: self.point[name]
                + s.reshape(*s.shape, *[1] * len(self.system.states.get(name, ()))) * direction
                for name, direction in b.items()
            },
            s.shape,
        )
        with np.errstate(all="ignore"):
            value = np.asarray(self.observable(moved), dtype=float)
        return np.broadcast_to(value, (*s.shape, *self.value.shape[len(self.batch) :]))

    def _spread(self, moved: Mapping[str, Array], lead: tuple[int, ...]) -> dict[str, Any]:
        """The point with the states `moved`, all states with the same leading axes."""
        states = {
            name: np.broadcast_to(moved.get(name, self.point[name]), (*lead, *shape))
            for name, shape in self.system.states.items()
        }
        return {**self.point, **moved, **states}


def _ladders(starts: int) -> tuple[Array, Sequence[Any]]:
    """The steps of several extrapolations, and where each one has its own; no two neighbours share.

    Every other one is of steps between those of the first.
    """
    rows = [
        _BETWEEN ** (n % 2) * 0.5 ** np.arange(n * _LATER, n * _LATER + _LEVELS, dtype=float)
        for n in range(starts)
    ]
    steps, where = np.unique(np.concatenate(rows), return_inverse=True)
    last = len(steps) - 1
    return steps[::-1], [last - where[n * _LEVELS : (n + 1) * _LEVELS] for n in range(starts)]


def _extrapolated(values: Array, rounding: Array, measured: Any) -> Pair:
    """Richardson's table for errors in even powers of a halved step, and its best entry.

    The entry taken is the one that differs least from its neighbours in the table (Ridders 1982,
    Adv. Eng. Software 4, 75), rounding added, so that chance agreement of rounded values does not
    count.  Where rounding is measured, no entry counts from which differences at smaller steps are
    farther than those that it was made of: those of a fast f agree by chance at large steps.
    """
    refuting = _Refuting(values, rounding) if np.any(measured) else None
    entries, gaps = [], []
    previous, floor = values, rounding
    for column in range(1, _COLUMNS + 1):
        factor = 4.0**column
        current = previous[1:] + (previous[1:] - previous[:-1]) / (factor - 1.0)
        floor = (factor * floor[1:] + floor[:-1]) / (factor - 1.0)
        gap = np.maximum(np.abs(current - previous[1:]), np.abs(current - previous[:-1])) + floor
        if refuting is not None:
            gap = np.where(measured & refuting.next(current), np.inf, gap)
        entries.append(current)
        gaps.append(gap)
        previous = current
    table, off = np.concatenate(entries), np.concatenate(gaps)
    off = np.where(np.isfinite(off), off, np.inf)
    row = np.argmin(off, axis=0)[None]
    best, error = (np.take_along_axis(x, row, axis=0)[0] for x in (table, off))
    return np.where(np.isfinite(error), best, values[0]), error


class _Refuting:
    """Whether a later difference is farther from an entry than all that it was made of.

    Entry r of column c was made of the differences r to r + c; their extremes are kept, and those
    of all differences from each one on.
    """

    def __init__(self, values: Array, rounding: Array) -> None:
        self.values, self.column = values, 0
        self.high = self.low = values
        slack = _ROUNDED * rounding
        self.above = np.maximum.accumulate((values - slack)[::-1])[::-1]
        self.below = np.minimum.accumulate((values + slack)[::-1])[::-1]

    def next(self, entries: Array) -> Any:
        """The answer for the entries of the next column; the last has no later difference."""
        self.column += 1
        self.high = np.maximum(self.high[:-1], self.values[self.column :])
        self.low = np.minimum(self.low[:-1], self.values[self.column :])
        own = np.maximum(self.high - entries, entries - self.low)[:-1]
        above, below = self.above[self.column + 1 :], self.below[self.column + 1 :]
        found = np.zeros(entries.shape, dtype=bool)
        found[:-1] = np.maximum(above - entries[:-1], entries[:-1] - below) > own
        return found


def _consistent(tables: Sequence[Pair], measured: Any) -> Pair:
    """The best of several extrapolations, each begun at smaller steps than the one before.

    Of a function nothing tells how far it is smooth, and steps that reach across its singular set
    may settle on a wrong number.  A value counts with its distance from the next extrapolation and
    the error of that one, so that what it refutes is refuted from two starting steps.
    """
    best, error = tables[0]
    if len(tables) == 1:
        return best, error
    best, error = best.copy(), np.where(measured, np.inf, error)
    for (value, off), (finer, finer_off) in pairwise(tables):
        with np.errstate(invalid="ignore"):
            gap = np.maximum(off, np.abs(value - finer) + finer_off)
        gap = np.where(measured & np.isfinite(gap), gap, np.inf)
        best = np.where(gap < error, value, best)
        error = np.where(gap < error, gap, error)
    return best, error


def _unresolved(moves: Array, rounding: Array, part: Any) -> Any:
    """Where a difference does not shrink with the last steps, though it is more than rounding."""
    late = np.abs(moves[-_LAST:])
    kept = late[1:] > part * late[:-1] + _ROUNDED * rounding[-_LAST + 1 :]
    return np.any(kept, axis=0)
