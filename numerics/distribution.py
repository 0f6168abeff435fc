"""The distribution function of a density on an interval, by quadrature.

The interval is mapped to a line on which powers at an end of it decay exponentially; there the
density is integrated by Gauss and Legendre over panels that are halved until they do not change.
Where they do not settle, as at a pole between the ends, no value is given.
At an open end p behaves like a power of the distance (of x itself at infinity): the power says
whether p can be integrated, and what is left beyond the last panel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from numerics.errors import NumericsError
from numerics.system import Array

__all__ = ["Distribution", "End", "NoDensityError"]

Density: TypeAlias = Callable[[Array], Array]

REACH = 46.0
"""The map goes to distances e^(±REACH) of the scale: 20 powers of ten."""

PANELS, NODES, HALVINGS, PRECISION = 2048, 8, 24, 1e-12
BORDER = 1e-3
"""Powers nearer than this to −1 are not told from it."""
SETTLED = 1e-4
"""Share of the mass by which the last halving may still move the integral."""


class NoDensityError(NumericsError):
    """A function that no factor makes a density: its integral diverges, or it is negative."""


@dataclass(frozen=True, kw_only=True)
class End:
    """The power of the distance with which a density ends; infinite where it is 0 there.

    At infinity it is a power of |x|.  ``integrable`` is None where the power is too near to −1.
    """

    at: float
    power: float

    @property
    def integrable(self) -> bool | None:
        """Whether the density can be integrated up to this end."""
        power = -self.power - 2 if math.isinf(self.at) else self.power
        return None if abs(power + 1) < BORDER else power > -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Distribution:
    """The distribution function that belongs to a density p >= 0, normalised or not.

    Attributes
    ----------
    ends
        How p behaves at both ends.
    mass
        ∫ p.
    """

    ends: tuple[End, End]
    mass: float
    _line: _Line
    _edges: Array
    _sums: Array
    _density: Density

    @classmethod
    def of(cls, p: Density, low: float, high: float, centre: float, scale: float) -> Distribution:
        """The distribution on (low, high); the map is fine around ``centre`` within ``scale``.

        Raises
        ------
        NoDensityError
            If the integral of p diverges, or p is negative.
        NumericsError
            If that cannot be told, no mass is found, p is no number between the ends, or its
            integral does not settle, as at a pole there.
        """
        line = _Line(low=low, high=high, centre=centre, scale=scale)
        ends = line.end(p, -1), line.end(p, 1)
        for end in ends:
            if end.integrable is None:
                raise NumericsError(
                    f"density: like the power {end.power:.4g} at {end.at:g}, where −1 is the border"
                    " of what can be integrated; give another setting"
                )
            if not end.integrable:
                raise NoDensityError(
                    f"like the power {end.power:.4g} at {end.at:g} its integral diverges"
                )
        line.require_numbers(p)
        line.require_positive(p, line.edges)
        edges, parts = _integrated(lambda u: line.weighted(p, u), line.edges)
        line.require_positive(p, edges)
        before, after = line.left(p, ends[0], -1), line.left(p, ends[1], 1)
        sums = before + np.concatenate([[0.0], np.cumsum(parts)])
        mass = float(sums[-1] + after)
        if not (math.isfinite(mass) and mass > 0):
            raise NumericsError(f"density: its integral is {mass:g}; give a positive function")
        return cls(ends=ends, mass=mass, _line=line, _edges=edges, _sums=sums, _density=p)

    def cdf(self, x: Array) -> Array:
        """P(X <= x) for an array of levels."""
        x = np.asarray(x, dtype=float)
        u = np.clip(self._line.inverse(x), self._edges[0], self._edges[-1])
        k = np.clip(np.searchsorted(self._edges, u, side="right") - 1, 0, len(self._edges) - 2)
        first = self._edges[k]
        inside = _panels(lambda v: self._line.weighted(self._density, v), first, u)
        below, above = (
            self._line.beyond(x, end, side) for end, side in zip(self.ends, (-1, 1), strict=True)
        )
        value = self._sums[k] + inside
        value = np.where(u <= self._edges[0], below * self._sums[0], value)
        value = np.where(
            u >= self._edges[-1], self.mass - above * (self.mass - self._sums[-1]), value
        )
        return np.asarray(np.clip(value / self.mass, 0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A map from the line to (low, high)."""

    low: float
    high: float
    centre: float
    scale: float

    @property
    def edges(self) -> Array:
        """Edges of the first panels, as far as points are told from an end."""
        limits = []
        for side in (-1, 1):
            at, far = self.far(side)
            u = side * REACH if math.isinf(at) else float(self.inverse(np.asarray(at - side * far)))
            limits.append(min(max(u, -REACH), REACH))
        return np.linspace(limits[0], limits[1], PANELS + 1)

    @property
    def _open(self) -> tuple[bool, bool]:
        return math.isinf(self.low), math.isinf(self.high)

    def at(self, u: Array) -> tuple[Array, Array]:
        """x and dx/du."""
        match self._open:
            case (True, True):
                return self.centre + self.scale * np.sinh(u), self.scale * np.cosh(u)
            case (False, True):
                grown = self.scale * np.exp(u)
                return self.low + grown, grown
            case (True, False):
                grown = self.scale * np.exp(-u)
                return self.high - grown, grown
        near = (self.high - self.low) / (1 + np.exp(np.abs(u)))
        x = np.where(u < 0, self.low + near, self.high - near)
        return x, near / (1 + np.exp(-np.abs(u)))

    def inverse(self, x: Array) -> Array:
        """The u of an x."""
        with np.errstate(divide="ignore", invalid="ignore"):
            match self._open:
                case (True, True):
                    return np.asarray(np.arcsinh((x - self.centre) / self.scale))
                case (False, True):
                    return np.log(np.maximum(x - self.low, 0.0) / self.scale)
                case (True, False):
                    return -np.log(np.maximum(self.high - x, 0.0) / self.scale)
            below, above = np.maximum(x - self.low, 0.0), np.maximum(self.high - x, 0.0)
            return np.asarray(np.log(below) - np.log(above))

    def weighted(self, p: Density, u: Array) -> Array:
        """p dx/du, 0 where p is no number (an overflow times 0 far out)."""
        x, slope = self.at(u)
        with np.errstate(all="ignore"):
            value = np.asarray(p(x), dtype=float) * slope
        return np.where(np.isfinite(value), value, 0.0)

    def require_numbers(self, p: Density) -> None:
        """Refuse a p that is not a number between two points where it is positive."""
        edges = self.edges
        x, _ = self.at(edges[:-1] + 0.4 * np.diff(edges))
        with np.errstate(all="ignore"):
            value = np.asarray(p(x), dtype=float)
        seen = np.flatnonzero(value > 0)
        lost = np.isnan(value[seen[0] : seen[-1]]) if len(seen) else np.zeros(0, dtype=bool)
        if np.any(lost):
            where = x[seen[0] + int(np.argmax(lost))]
            raise NumericsError(f"density: not a number at {where:.4g}; give one that is there")

    def require_positive(self, p: Density, edges: Array) -> None:
        """Refuse a p that is below 0 at an edge, and may have a pole where it changes its sign."""
        if np.min(self.weighted(p, edges)) < 0:
            raise NoDensityError("it is negative in its support")

    def far(self, side: int) -> tuple[float, float]:
        """An end, and how far from it the panels go (from 0, at infinity)."""
        at = self.low if side < 0 else self.high
        x = float(self.at(np.asarray(side * REACH))[0])
        return at, abs(x) if math.isinf(at) else max(abs(x - at), 1e-13 * abs(at))

    def end(self, p: Density, side: int) -> End:
        """The power of p at an end, from two distances near it."""
        at, far = self.far(side)
        sign = side if math.isinf(at) else -side
        base = 0.0 if math.isinf(at) else at
        # From the end inwards, to where p can be evaluated.
        for inward in range(0, 22, 2):
            factor = 10.0 ** (-inward if math.isinf(at) else inward)
            distances = far * factor * np.array([1.0, 0.01 if math.isinf(at) else 100.0])
            with np.errstate(all="ignore"):
                first, second = np.abs(p(base + sign * distances))
            if math.isinf(at) and np.isinf(first):
                return End(at=at, power=math.inf)
            if np.isfinite(first) and np.isfinite(second):
                if first == 0:
                    return End(at=at, power=-math.inf if math.isinf(at) else math.inf)
                if second == 0:
                    break
                power = math.log(first / second) / math.log(distances[0] / distances[1])
                return End(at=at, power=power)
        raise NumericsError(f"density: no number near {at:g}; give a function of the interior")

    def beyond(self, x: Array, end: End, side: int) -> Array:
        """The share of what lies beyond the last panel that lies beyond x too."""
        at, far = self.far(side)
        away = side * x if math.isinf(at) else side * (at - x)
        away = np.clip(away / far, 1.0, None) if math.isinf(at) else np.clip(away / far, 0.0, 1.0)
        power = end.power + 1
        return np.asarray(away**power if math.isfinite(power) else np.zeros_like(away))

    def left(self, p: Density, end: End, side: int) -> float:
        """∫ p from the last panel to the end, as a power."""
        if math.isinf(end.power):
            return 0.0
        at, far = self.far(side)
        base, sign = (0.0, side) if math.isinf(at) else (at, -side)
        with np.errstate(all="ignore"):
            value = float(p(np.asarray([base + sign * far]))[0]) * far / abs(end.power + 1)
        return value if math.isfinite(value) else 0.0


_X, _W = np.polynomial.legendre.leggauss(NODES)


def _panels(f: Callable[[Array], Array], a: Array, b: Array) -> Array:
    """∫ f over every [a, b]."""
    middle, half = (a + b) / 2, (b - a) / 2
    u = middle[..., None] + half[..., None] * _X
    return np.asarray(half * np.sum(f(u) * _W, axis=-1))


def _integrated(f: Callable[[Array], Array], edges: Array) -> tuple[Array, Array]:
    """Edges that are fine enough, and ∫ f between them."""
    for _ in range(HALVINGS):
        a, b = edges[:-1], edges[1:]
        middle = (a + b) / 2
        whole, halves = _panels(f, a, b), _panels(f, a, middle) + _panels(f, middle, b)
        coarse = np.abs(whole - halves) > PRECISION * np.sum(np.abs(halves))
        if not np.any(coarse):
            break
        edges = np.sort(np.concatenate([edges, middle[coarse]]))
    else:
        unsettled = float(np.sum(np.abs(whole - halves)[coarse]) / np.sum(np.abs(halves)))
        if not unsettled <= SETTLED:
            raise NumericsError(
                f"density: its integral still moves by {unsettled:.2g} of itself; give a density "
                "without a pole between its ends"
            )
    return edges, _panels(f, edges[:-1], edges[1:])
