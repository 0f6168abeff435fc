"""Drift and covariation by simulating one step of the declared system, to many digits.

For a step of length h with standard normal ξ, and x_±(h) = x + increment(x, t, h, ±√h dB(ξ)),

    D_h(ξ) = [f(x_+) + f(x_−) − 2f(x)]/(2h),       E D_h = L f + O(h),
    G_h(ξ) = [f(x_+) − f(x_−)]/(2√h) · [g(x_+) − g(x_−)]/(2√h),       E G_h = Γ(f, g) + O(h).

What is averaged is Z = (8D_{h/4} − 6D_{h/2} + D_h)/3 − Σ c_ab (ζ_a ζ_b − δ_ab): the antithetic
pair takes out odd powers of ξ, Richardson extrapolation in h on one and the same ξ takes out the
terms of order h and h², and the Hermite polynomials, whose mean is zero whatever c is, take out the
quadratic form that is left. ζ = V'ξ are the coordinates that the noise at x can see. The
coefficients c, the step h and the range below come from a pilot that is independent of the run. No
formula of calculus enters.

With more than 62 coordinates the polynomials are too many. There ξ is drawn in random orthogonal
frames (`numerics.frames`), over which quadratic forms have their mean but for one factor; what is
said of ξ, N and Z holds of frames and of the mean of Z over a frame.

**The interval.** Z is unbounded. Let r be such that all |ξ| ≤ r with probability 1 − level/100. On
that event Z is bounded, and empirical Bernstein holds for the conditional mean; the latter is
within √P(|ξ| > r) times the root mean square of Z of the true one. The bound on |Z| for |ξ| ≤ r is
*declared*: eight times the largest value that the pilot sees, half of whose draws lie on the sphere
|ξ| = r, where a polynomial is largest but for its lower terms. It enters at order 1/n only, and a
run that sees a larger value has an infinite interval. The `bias` left by the extrapolation in h is
an estimate too, from the change from 2h to h and from the size of rounding errors, both measured by
the pilot (`numerics.transition`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv

from numerics.errors import NumericsError
from numerics.frames import RadialControl, averaged, drawn
from numerics.generator import estimate_generator
from numerics.intervals import empirical_bernstein
from numerics.kernel import Point
from numerics.system import System
from numerics.transition import (
    LADDER,
    Observable,
    Sampled,
    Statistic,
    Transition,
    covariation_statistic,
    drift_statistic,
)

__all__ = ["OneStepEstimate", "one_step_covariation", "one_step_drift"]

Array: TypeAlias = NDArray[np.float64]

_RANGE_FACTOR = 8.0
_TAIL_SHARE = 0.01
_NUMBERS_AT_ONCE = 1_000_000
_CHUNK = 4096
_MOST_CROSSED = 62
"""Coordinates whose products are controlled one by one, some 2,000 of them; more are in frames."""

_LEAST_FRAMES, _LEAST_PILOT = 32, 16
_NORMALS_IN_FRAMES = 20_000_000
_MOST_TRIED = 2_000_000  # numbers, for every step length that the pilot tries
_PILOT_STREAM, _RUN_STREAM = 0, 1


@dataclass(frozen=True, kw_only=True)
class OneStepEstimate:
    """A mean over one step, with its interval; arrays have the shape of the observable's value.

    Attributes
    ----------
    mean
        The estimate of L f, or of Γ(f, g).
    half_width
        Half-width of the two-sided interval, for all entries together at `level`.
    bias
        Estimated bound of what the step length leaves, rounding included.
    scale
        The sum of the absolute values of the terms, by central differences.
    deviation
        Standard deviation of one sample; in frames, whose samples are drawn together, √samples
        times that of the mean.
    step, samples, controls, level
        h; antithetic pairs in the run; Hermite polynomials used; error probability.
    """

    mean: Array
    half_width: Array
    bias: Array
    scale: Array
    deviation: Array
    step: float
    samples: int
    controls: int
    level: float

    @property
    def relative(self) -> float:
        """Half-width plus bias relative to the sum of the absolute terms, the worst entry."""
        worst, scale = float(np.max(self.half_width + self.bias)), float(np.max(self.scale))
        return worst / scale if scale > 0.0 else (0.0 if worst == 0.0 else float("inf"))


def one_step_drift(
    system: System,
    observable: Observable,
    point: Point,
    *,
    seed: int,
    level: float,
    samples: int = 20_000,
    pilot: int = 2_000,
    h: float | None = None,
    scale: Any = None,
    reach: Any = None,
) -> OneStepEstimate:
    """L f by simulating one step.

    Parameters
    ----------
    system
        The declared system as numbers, Itô.
    observable
        f, a function of a point over one leading batch axis; scalar or matrix valued.
    point
        One value for every state, and what else f and the system need; ``"t"`` if they do.
    seed
        Fixes the pilot and the run.
    level
        Two-sided error probability of the interval, for all entries of f together; a family of
        claims splits its own level before.
    samples, pilot
        Antithetic pairs of the run, and of the pilot.
    h
        Length of the step; None lets the pilot choose it.
    scale
        The sum of the absolute terms if it is known; else it is found by central differences.
    reach
        Length in state space within which f is smooth, None for no limit; see `numerics.reach`.

    Raises
    ------
    NumericsError
        If an argument is out of range, or f is not finite at the point or near it.
    """
    plan = _Plan(samples=samples, pilot=pilot, seed=seed, level=level, h=h)
    step = Transition.at(system, point, reach)
    if scale is None:
        scale = estimate_generator(system, observable, point, reach=reach).drift_scale
    shape = np.shape(observable(point))
    return plan.carried_out(step, drift_statistic(step, observable), np.broadcast_to(scale, shape))


def one_step_covariation(
    system: System,
    f: Observable,
    g: Observable,
    point: Point,
    *,
    seed: int,
    level: float,
    samples: int = 20_000,
    pilot: int = 2_000,
    h: float | None = None,
    scale: Any = None,
    reach: Any = None,
) -> OneStepEstimate:
    """Γ(f, g), the rate of the quadratic covariation, entry by entry; see `one_step_drift`."""
    plan = _Plan(samples=samples, pilot=pilot, seed=seed, level=level, h=h)
    step = Transition.at(system, point, reach)
    if scale is None:
        estimates = [estimate_generator(system, x, point, reach=reach) for x in (f, g)]
        scale = estimates[0].covariation(estimates[1])[2]
    shape = np.broadcast_shapes(np.shape(f(point)), np.shape(g(point)))
    return plan.carried_out(step, covariation_statistic(step, f, g), np.broadcast_to(scale, shape))


@dataclass(frozen=True, kw_only=True)
class _Controls:
    """The polynomials ζ_a ζ_b − δ_ab in ζ = V'ξ, with their coefficients (controls, values)."""

    V: Array
    a: NDArray[np.intp]
    b: NDArray[np.intp]
    c: Array

    @classmethod
    def of(cls, Y: Callable[[Array], Array], V: Array) -> _Controls:
        """Coefficients of the quadratic form of Y(Vζ), from its values at v_a and v_a + v_b."""
        m, rank = V.shape
        i, j = np.triu_indices(rank, 1)
        at_zero, squares, crossed = np.split(
            Y(np.concatenate([np.zeros((1, m)), V.T, V.T[i] + V.T[j]])), [1, 1 + rank]
        )
        squares, crossed = squares - at_zero, crossed - at_zero
        every = np.arange(rank)
        c = np.concatenate([squares, crossed - squares[i] - squares[j]])
        c = c.reshape(rank + len(i), at_zero[0].size)
        return cls(V=V, a=np.concatenate([every, i]), b=np.concatenate([every, j]), c=c)

    def __call__(self, xi: Array) -> Array:
        """Their combination at every ξ, (N, values); its mean over Gaussian ξ is zero."""
        zeta = xi @ self.V
        return np.asarray((zeta[:, self.a] * zeta[:, self.b] - (self.a == self.b)) @ self.c)


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """What the pilot decides: the step, the controls, the centre, the range, the bias.

    Arrays are flat over the entries of the observable's value.
    """

    h: float
    controls: _Controls | RadialControl
    centre: Array
    reach: Array  # declared bound on |Z − centre|
    bias: Array

    def z(self, statistic: Statistic, xi: Array) -> Array:
        """Z − centre, (N, values)."""
        y = Sampled(statistic, xi).extrapolated(self.h)
        return np.asarray(y.reshape(len(xi), -1) - self.controls(xi) - self.centre)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    samples: int
    pilot: int
    seed: int
    level: float
    h: float | None
    frames: Array | None = None  # V, where samples and pilot count frames in its span

    def __post_init__(self) -> None:
        if self.samples < 2 or self.pilot < 16 or not 0.0 < self.level < 1.0:
            raise NumericsError(
                f"samples {self.samples}, pilot {self.pilot}, level {self.level}: give at least 2 "
                "samples, a pilot of at least 16, and 0 < level < 1"
            )
        if self.h is not None and not self.h > 0.0:
            raise NumericsError(f"h: got {self.h}; give a positive step, or None")

    def carried_out(self, step: Transition, statistic: Statistic, scale: Array) -> OneStepEstimate:
        """The pilot, then the run."""
        m, rank = step.seen.shape
        draws = self._pilot(m)
        plan = self if rank <= _MOST_CROSSED else self._in_frames(step)
        h, rounding = plan._resolved(step, statistic, draws, scale.size)
        if plan is self:
            setting = _measured(step, statistic, h, draws, rounding)
            return self._run(setting, statistic, scale, m)
        width = max(scale.size, step.system.size)
        framed = averaged(statistic, width, _NUMBERS_AT_ONCE)
        setting = _measured(step, framed, h, plan._pilot(rank), rounding)
        found = plan._run(setting, framed, scale, rank)
        deviation = found.deviation * np.sqrt(rank)
        return replace(found, samples=plan.samples * rank, deviation=deviation)

    def _in_frames(self, step: Transition) -> _Plan:
        """The same with frames, of about as many antithetic pairs in all if that is affordable."""
        m, rank = step.seen.shape
        affordable = min(-(-self.samples // rank), _NORMALS_IN_FRAMES // (rank * m))
        return replace(
            self,
            samples=max(_LEAST_FRAMES, affordable),
            pilot=max(_LEAST_PILOT, self.pilot // rank),
            frames=step.seen,
        )

    def _run(
        self, setting: _Setting, statistic: Statistic, scale: Array, m: int
    ) -> OneStepEstimate:
        """The mean over the run and its interval, for ξ of m coordinates."""
        rank = setting.controls.c.shape[0] if m else 0
        count, total, squares, most = 0, *(np.zeros(scale.size) for _ in range(3))
        for xi in self._draws(_RUN_STREAM, self.samples if rank else 1, m, rank):
            z = setting.z(statistic, xi)
            count, total, squares = count + len(xi), total + z.sum(0), squares + (z * z).sum(0)
            most = np.maximum(most, np.max(np.abs(z), axis=0))
        mean = total / count
        variance = np.maximum(squares / count - mean**2, 0.0)
        half = np.zeros(scale.size)
        if rank:
            beyond = np.sqrt(gammaincc(m / 2.0, self._radius(m) ** 2 / 2.0))
            half = self._half_width(variance, setting.reach) + beyond * setting.reach
            # A run that refutes the declared bound has shown nothing.
            half = np.where(most <= setting.reach, half, np.inf)
        return OneStepEstimate(
            mean=(setting.centre + mean).reshape(scale.shape),
            half_width=half.reshape(scale.shape),
            bias=setting.bias.reshape(scale.shape),
            scale=scale,
            deviation=np.sqrt(variance).reshape(scale.shape),
            step=setting.h,
            samples=self.samples,
            controls=len(setting.controls.c),
            level=self.level,
        )

    def _radius(self, m: int) -> float:
        """r such that no |ξ| of the run is larger, but for the tail's share of the level."""
        tail = _TAIL_SHARE * self.level / self.samples
        return float(np.sqrt(2.0 * gammainccinv(m / 2.0, tail))) if m else 0.0

    def _draws(self, stream: int, samples: int, m: int, controls: int) -> Iterator[Array]:
        """Standard normals, some samples at a time; they depend on the seed and stream alone."""
        rng = np.random.Generator(np.random.SFC64([self.seed, stream]))
        if self.frames is not None:
            yield from (drawn(rng, 1, self.frames) for _ in range(samples))
            return
        width = max(1, min(_CHUNK, _NUMBERS_AT_ONCE // max(controls, 1)))
        for first in range(0, samples, width):
            yield rng.standard_normal((min(width, samples - first), m))

    def _pilot(self, m: int) -> Array:
        """The draws of the pilot, every second moved to the sphere |ξ| = r."""
        draws = np.concatenate(list(self._draws(_PILOT_STREAM, self.pilot, m, 1)))
        norms = np.linalg.norm(draws[1::2], axis=-1, keepdims=True)
        draws[1::2] *= self._radius(m) / np.maximum(norms, np.finfo(float).tiny)
        return draws

    def _resolved(
        self, step: Transition, statistic: Statistic, draws: Array, values: int
    ) -> tuple[float, Array]:
        """The step length that promises the shortest interval, and rounding (`Sampled.grain`)."""
        few = draws[: max(16, min(len(draws) // len(LADDER), _MOST_TRIED // values))]
        rounding = Sampled(statistic, few[::2]).grain(step.grain_time).ravel()
        if self.h is not None:
            return self.h, rounding
        taken = Sampled(statistic, np.concatenate([few, few / np.sqrt(2.0), 0.0 * few[:1]]))

        def promised(h: float) -> float:
            z = _unquadratic(taken.extrapolated(h))
            reach = _RANGE_FACTOR * np.max(np.abs(z), axis=0)
            half = self._half_width(np.var(z[::2], axis=0), reach)
            left = _bias(taken.change(h)[: len(few) : 2]) + statistic.rounding(rounding, h)
            worst = np.max(half + left)
            return float(worst) if np.isfinite(worst) else float("inf")

        return min((float(h) for h in step.unit_time * LADDER), key=promised), rounding

    def _half_width(self, variance: Array, reach: Array) -> Array:
        """Of all entries together: the rest of the tail's share of the level, split evenly."""
        share = (1.0 - _TAIL_SHARE) * self.level / max(variance.size, 1)
        return empirical_bernstein(variance, 2.0 * reach, self.samples, share)


def _unquadratic(y: Array) -> Array:
    """What is not constant or quadratic in ξ, up to a factor: Y(ξ) − 2 Y(ξ/√2) + Y(0).

    It shows what the controls will leave before their coefficients are known. Given are the values
    at all ξ, then at all ξ/√2, then at 0.
    """
    y = y.reshape(len(y), -1)
    full, less = np.split(y[:-1], 2)
    return np.asarray(full - 2.0 * less + y[-1])


def _bias(moved: Array) -> Array:
    """What the extrapolation leaves in the mean, from its change at plain draws."""
    moved = moved.reshape(len(moved), -1)
    spread = np.std(moved, axis=0) / np.sqrt(len(moved))
    return np.asarray(np.abs(np.mean(moved, axis=0)) + 3.0 * spread)


def _measured(
    step: Transition, statistic: Statistic, h: float, draws: Array, rounding: Array
) -> _Setting:
    """Controls, centre, range and bias at one step length, from draws that no run uses."""

    def y(xi: Array) -> Array:
        return Sampled(statistic, xi).extrapolated(h)

    framed = draws.ndim > 2
    controls = RadialControl.of(y, draws[0]) if framed else _Controls.of(y, step.seen)
    taken = Sampled(statistic, draws)
    z = taken.extrapolated(h).reshape(len(draws), -1) - controls(draws)
    centre = np.mean(z[::2], axis=0)
    reach = _RANGE_FACTOR * np.max(np.abs(z - centre), axis=0)
    if not np.all(np.isfinite(reach)):
        raise NumericsError("point: the observable is not finite near it; draw another point")
    return _Setting(
        h=h,
        controls=controls,
        centre=centre,
        reach=reach,
        bias=_bias(taken.change(h)[::2]) + statistic.rounding(rounding, h),
    )
