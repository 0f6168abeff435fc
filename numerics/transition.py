"""One step of a declared system from a point, as a function of the normals that drive it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.brownian import basis
from numerics.errors import NumericsError
from numerics.kernel import Point
from numerics.system import System

__all__ = [
    "LADDER",
    "Observable",
    "Sampled",
    "Statistic",
    "Transition",
    "covariation_statistic",
    "drift_statistic",
]

Array: TypeAlias = NDArray[np.float64]
Observable: TypeAlias = Callable[[Point], Any]

LADDER = 0.01 * 0.25 ** np.arange(11.0)
"""Candidate steps, in units of the time to move by |x|; `Sampled` shares values between them."""

_SMALLEST = 1e-8 * 0.5 ** np.arange(7.0)
_WITHIN = 0.25  # of the reach: steps of a hundredth of the unit, moved by some ten deviations
_VISIBLE = 64 * np.finfo(float).eps


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """A function of ξ (N, m) and h with values (N, *value).

    What rounding leaves in it grows like 1/h^order: a second difference over h, or a product of two
    first differences over √h, each about as large as it should be.
    """

    of: Callable[[Array, float], Array]
    order: float

    def __call__(self, xi: Array, h: float) -> Array:
        """The values at every ξ."""
        return self.of(xi, h)

    def rounding(self, rho: Array, h: float) -> Array:
        """What rounding leaves at h, with ρ from `Sampled.grain`."""
        return np.asarray(rho / h**self.order)


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One step of a system from a point, as a function of standard normals ξ (N, m)."""

    system: System
    point: Point
    units: Mapping[str, Array]
    plain: frozenset[str]  # the noises of which every unit is one entry
    seen: Array  # V (m, rank): orthonormal coordinates that move the state
    unit_time: float  # in which the state moves by about its own size, or a part of its reach
    grain_time: float  # the unit of time for the steps at which nothing but rounding is left

    @classmethod
    def at(cls, system: System, point: Point, reach: Any = None) -> Transition:
        """The step from an unbatched point, from which observables are smooth within `reach`.

        Raises
        ------
        NumericsError
            If a state has another shape than declared, or the reach is not positive.
        """
        for name, shape in system.states.items():
            if np.shape(point[name]) != shape:
                raise NumericsError(
                    f"point: {name} has shape {np.shape(point[name])}, the state is {shape}; "
                    "give one point, without batch axes"
                )
        limit = np.inf if reach is None else _WITHIN * float(reach)
        if not limit > 0.0:
            raise NumericsError(f"reach: got {reach}; give a positive length, or None")
        m = sum(noise.components for noise in system.noises)
        units = basis(system)
        step = cls(
            system=system,
            point=point,
            units=units,
            plain=frozenset(name for name, unit in units.items() if _is_plain(unit)),
            seen=np.eye(m),
            unit_time=1.0,
            grain_time=1.0,
        )
        a, b = step._fields(m)
        size = np.sqrt(sum(np.sum(np.square(point[name])) for name in system.states)) or 1.0
        unit = _time_to_move(min(size, limit), a, b)
        # Far below the reach a displacement is lost in the last digits of the state.
        visible = _time_to_move(_VISIBLE * size, a, b) / _SMALLEST[-1]
        step = replace(
            step, unit_time=unit, grain_time=unit if reach is None else max(unit, visible)
        )
        if not m:
            return step
        U, values, _ = np.linalg.svd(b, full_matrices=False)
        seen = U[:, values > 1e-12 * values[0]] if values[0] > 0.0 else U[:, :0]
        return replace(step, seen=seen)

    def _fields(self, m: int) -> tuple[Array, Array]:
        """The drift field (d,) and the noise fields (m, d) at the point, all states in a row."""
        t = float(self.point.get("t", 0.0))
        a = self.system.increment(self._states(1), t, 1.0, self.system.no_noise((1,)))
        b = self.system.increment(self._states(m), t, 0.0, self.units) if m else {}
        return self._row(a, 1)[0], self._row(b, m)

    def _row(self, value: Mapping[str, Any], lines: int) -> Array:
        parts = [
            np.broadcast_to(value[name], (lines, *shape)).reshape(lines, -1)
            for name, shape in self.system.states.items()
            if name in value
        ]
        return np.concatenate(parts, axis=1) if parts else np.zeros((lines, 0))

    def _states(self, lines: int) -> dict[str, Any]:
        states = {
            name: np.broadcast_to(self.point[name], (lines, *shape))
            for name, shape in self.system.states.items()
        }
        return {**self.point, **states}

    def after(self, dB: Mapping[str, Array], h: float) -> Point:
        """The points after a step of length h with the increments dB (N, *shape)."""
        lines = len(next(iter(dB.values()), np.zeros(1)))
        before = self._states(lines)
        t = float(self.point.get("t", 0.0))
        change = self.system.increment(before, t, h, dB)
        moved = {name: before[name] + change[name] for name in self.system.states}
        return {**self.point, **moved, **({"t": t + h} if "t" in self.point else {})}

    def _increment(self, xi: Array, name: str) -> Array:
        """Σ_j ξ_j unit_j, (N, *shape); the entries of ξ themselves, if every unit is one entry."""
        unit = self.units[name]
        if name in self.plain:
            return xi.reshape(len(xi), *unit.shape[1:])
        return np.asarray(np.tensordot(xi, unit, axes=1))

    def pair(self, xi: Array, h: float) -> tuple[Point, Point]:
        """The points x_+ and x_− after a step with dB = ±√h times the increments for ξ."""
        dB = {name: np.sqrt(h) * self._increment(xi, name) for name in self.units}
        return self.after(dB, h), self.after({name: -value for name, value in dB.items()}, h)


def _is_plain(unit: Array) -> bool:
    """Whether unit number j, of a noise with as many entries, is its entry number j."""
    m = len(unit)
    return unit.size == m * m and np.array_equal(unit.reshape(m, m), np.eye(m))


def _time_to_move(distance: float, a: Array, b: Array) -> float:
    """The time in which the fields a and b move a state by a distance; at most 1."""
    times = [1.0]
    times += [float(distance / np.linalg.norm(a))] if np.any(a) else []
    times += [float(distance / np.linalg.norm(b)) ** 2] if np.any(b) else []
    return min(times)


def _value(f: Observable, shape: tuple[int, ...], xi: Array, after: Point) -> Array:
    """The values of f at the points after a step, (N, *shape); f may ignore the state."""
    with np.errstate(all="ignore"):
        value = np.asarray(f(after), dtype=float)
    return np.broadcast_to(value, (len(xi), *shape))


def drift_statistic(step: Transition, f: Observable) -> Statistic:
    """D_h(ξ) = [f(x_+) + f(x_−) − 2f(x)]/(2h), of mean L f + O(h)."""
    f0 = np.asarray(f(step.point), dtype=float)

    def statistic(xi: Array, h: float) -> Array:
        up, down = (_value(f, f0.shape, xi, after) for after in step.pair(xi, h))
        return np.asarray((up + down - 2.0 * f0) / (2.0 * h))

    return Statistic(of=statistic, order=1.0)


def covariation_statistic(step: Transition, f: Observable, g: Observable) -> Statistic:
    """G_h(ξ) = [f(x_+) − f(x_−)]/(2√h) · [g(x_+) − g(x_−)]/(2√h), of mean Γ(f, g) + O(h)."""

    def half(observable: Observable, xi: Array, pair: tuple[Point, Point], h: float) -> Array:
        shape = np.shape(observable(step.point))
        up, down = (_value(observable, shape, xi, after) for after in pair)
        return np.asarray((up - down) / (2.0 * np.sqrt(h)))

    def statistic(xi: Array, h: float) -> Array:
        pair = step.pair(xi, h)
        first = half(f, xi, pair, h)
        return np.asarray(first * (first if g is f else half(g, xi, pair, h)))

    return Statistic(of=statistic, order=0.5)


class Sampled:
    """A statistic at given ξ (N, m), as a function of h.

    Each value is kept, so that steps whose ratio is a power of two share most of their work.
    """

    def __init__(self, statistic: Statistic, xi: Array) -> None:
        self._order = statistic.order
        self._at = cache(lambda h: statistic(xi, h))

    def extrapolated(self, h: float) -> Array:
        """Richardson's value from h, h/2, h/4: its mean is that of the limit, up to O(h³)."""
        coarse, middle, fine = (self._at(h / 2**level) for level in range(3))
        return np.asarray((8.0 * fine - 6.0 * middle + coarse) / 3.0)

    def change(self, h: float) -> Array:
        """What halving the step 2h changes, (N, *value): what is left at h, or more.

        Terms of order h³ make up seven times what they leave at h. An error of f(x) in its last
        digit makes up half of what it leaves, which `grain` measures.
        """
        return self.extrapolated(h) - self.extrapolated(2.0 * h)

    def grain(self, unit_time: float) -> Array:
        """ρ such that rounding leaves about ρ/h^order in the mean of an extrapolated value at h.

        Measured at the smallest steps, where nothing but rounding is left: twice the largest change
        times h^order. How ill-conditioned f is need not be known.
        """
        changes = [
            np.abs(np.mean(self.change(float(h)), axis=0)) * h**self._order
            for h in unit_time * _SMALLEST
        ]
        return np.asarray(2.0 * np.max(changes, axis=0))
