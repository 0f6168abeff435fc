"""How fast an observable moves where it meets a level, beside how fast it moves a step away.

A count of crossings on a grid, bridges included, takes drift and noise of f for constant on the
way from the end of a step to the level.  Where the noise vanishes at the level, or the drift is
singular there, they never are, however fine the grid: a squared Bessel process of dimension 2 does
not reach 0, a scheme for it does.  The way along the noise to the level says which it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.system import Array, State
from verify.problem import Problem
from verify.systems import per_path, unit_noises

from .horizon import Setting

__all__ = ["Meeting"]

Flags: TypeAlias = NDArray[np.bool_]

EPSILON = 1e-5
"""Length of the differences along the noise, in units of its own over a unit of time."""

ITERATIONS = 3
"""Newton's, on the way to the level; an extremum is approached by halves."""

CHANGED = 0.5
"""A part of the deviation of a step by which drift or noise change on the way: not constant."""


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """The observable of a setting, and the level that it may meet, for steps of length h."""

    declared: Problem
    setting: Setting
    level: float
    h: float

    def distance(self, state: Mapping[str, Any]) -> Array:
        """f − level, at the time ``t`` of the state."""
        return self.setting.observed(self.declared, state) - self.level

    def variance_rate(self, state: Mapping[str, Any], time: float) -> Array:
        """d⟨f⟩/dt: squared central differences of f along every component of the noise."""
        return self._along(state, time)[0]

    def is_uneven(self, before: State, after: State, time: float) -> Flags:
        """Whether drift or noise of f are others at the level than where a step starts.

        The level is looked for between the two ends if they are on both sides of it, and else where
        the noise leads to it.  What has no value there is another.
        """
        with np.errstate(all="ignore"):
            a, b = (
                self.distance({**x, "t": t}) for x, t in ((before, time), (after, time + self.h))
            )
            passed: Flags = a * b < 0
            share = np.where(passed, a / (a - b), 0.0)
            at = {k: x + per_path(share, x) * (after[k] - x) for k, x in before.items()}
            for _ in range(ITERATIONS):
                at = self._nearer(at, time, passed)
            rates = [self.variance_rate(x, time) for x in (before, at)]
            away, there = (np.sqrt(v * self.h) for v in rates)
            drifts = [self._drift(x, time) for x in (before, at)]
            carried: Flags = a * (a + drifts[0]) < 0
            noise: Flags = np.abs(there - away) <= CHANGED * np.maximum(there, away)
            room = np.where(carried, np.abs(drifts[0]), 0.0) + away
            drift: Flags = np.abs(drifts[1] - drifts[0]) <= CHANGED * room
            # Without noise a step is as long as its drift, whatever that does on the way.
            even: Flags = ((noise | carried) & drift) | (passed & (away == 0.0))
            return ~even

    def _nearer(self, at: State, time: float, keep: Flags) -> dict[str, Array]:
        """One step of Newton's along the noise, but for those to keep."""
        rate, way = self._along(at, time)
        share = np.where(keep | ~(rate > 0), 0.0, self.distance({**at, "t": time}) / rate)
        return {k: x - per_path(share, x) * way[k] for k, x in at.items()}

    def _drift(self, state: State, time: float) -> Array:
        """What the drift of the declared system adds to f over a step."""
        system = self.setting.system
        paths = len(next(iter(state.values())))
        moved = system.increment({**state, "t": time}, time, self.h, system.no_noise((paths,)))
        ends = ({k: x + s * moved[k] for k, x in state.items()} for s in (1.0, 0.0))
        up, here = (self.distance({**x, "t": time}) for x in ends)
        return up - here

    def _along(self, state: Mapping[str, Any], time: float) -> tuple[Array, dict[str, Array]]:
        """d⟨f⟩/dt, and Σ_j (∂f·b_j) b_j over the components of the noise."""
        system, paths = self.setting.system, len(next(iter(state.values())))
        total, way = np.zeros(paths), {k: np.zeros(np.shape(x)) for k, x in state.items()}
        for dB in unit_noises(system, paths):
            moved = system.noise(state, time, dB)
            ends = [
                self.distance(
                    {"t": time, **{k: x + s * EPSILON * moved[k] for k, x in state.items()}}
                )
                for s in (1.0, -1.0)
            ]
            slope = (ends[0] - ends[1]) / (2 * EPSILON)
            total = total + slope**2
            way = {k: x + per_path(slope, x) * moved[k] for k, x in way.items()}
        return total, way
