"""The rate at which f(X_t) grows on simulated paths, and how far it is known.

A third of the horizon T is left to the start; paths are run at steps h, h/2, h/4 on the same
Brownian paths, and c, m, q are the growths of f per time over what is left, each less a martingale
M/t that tends to 0 (`verify.paths.controls`): it leaves the limit of every path as it is, and less
noise.

* value: the median of 2 q − m, where the term of order h is gone, with order statistics as bounds;
* bias of the step: how far it lies from the median of 2 m − c, the same at twice the step, or the
  noise of that, in units that follow from how fast c, m, q move, at least those of an error of
  order h, at most those of √h; if two grids do not give single paths nearly the same growth,
  nothing is decided;
* bias of the time: what is left after T if the error of the median shrinks at least like 1/√T from
  the growth over (T/9, T/3) to that over (T/3, T), the noise of both medians added: those of q,
  which has less noise, and whose steps leave it as far off at both times; a value that the median
  moves towards is refuted only if one shrinking like T^(−1/10) does not come there;
* spread: of all but how few paths a limit is one, and whether the outermost of them stay away from
  the median, `verify.paths.outer` says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from numerics.system import Array
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.statistics.bounds import quantile_interval

from .controls import NONE, Control, fitted_share, spread
from .ensemble import BLOCK, SUMS, ensembles, is_fine, is_settled
from .horizon import LEVELS, Setting
from .medians import left_by_steps, noise_of_median
from .outer import LEFT_BY_TIME, NOWHERE, Outer, outer_of
from .refinement import Look, is_slow

__all__ = [
    "LITTLE",
    "Growth",
    "Rate",
    "control_of",
    "growth_per_time",
    "likely_rate",
    "moves_little",
    "over_windows",
    "rate_of",
    "vanishes",
]

SLOW = 1 / (3**0.1 - 1)
"""The same of an error that shrinks like T^(−1/10): what moves so may still come far."""

SEEN = 0.6
"""A move above this part of its bound of the noise, which is that of the error rates, is one."""

LOST = 0.01
"""A limit is not that of almost all paths if more of them have values that are no numbers."""

PARTS = 6
"""Parts of a rate: the median, that of q at two times, the outer quantiles, and their share."""

ROUNDING = 1e-12
UNKNOWN = 100.0
"""The bias of a grid that is too coarse for any estimate, beside a rate of one."""

LITTLE = 0.25
"""Two grids that move single paths by less than this part of what matters are fine."""

MANY = 2.0
"""Where many medians are asked, a move is larger only beyond so many times its usual bound."""

PILOT = 512
"""Paths to which the control is fitted, and that tell a rate roughly."""

DEVIATIONS = 10.0
"""What the noise moves f by is cut off at so many standard deviations of its growth."""

SHRINKING = 0.75
"""While the time triples, the spread of M/t falls below this part; if like 1/√t, to 0.58."""

BETTER = 0.5
"""What the noise moves f by costs as much as two more runs: it has to halve the spread."""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Growths per time over (T/3, T) and (T/9, T/3), at h, h/2, h/4: each (2, paths).

    ``plain`` are those of f, ``levels`` those from which the control is taken.
    """

    plain: tuple[Array, ...]
    levels: tuple[Array, ...]


def growth_per_time(setting: Setting, look: Look, control: Control) -> Growth:
    """The growths of the paths of a look."""
    key = ("growth", look.steps, look.paths, look.plan.seed, look.plan.purpose, setting.horizon)

    def measure(declared: Problem) -> Growth:
        seed = look.plan.seed_for("paths") % 2**63
        found = _grown(setting, declared, look.steps, look.paths, seed, LEVELS, control)
        return Growth(
            plain=tuple(f for f, _ in found),
            levels=tuple(f if M is None else f - control.taken(M) for f, M in found),
        )

    return setting.problem.measured((*key, *control.share, control.bound), setting.point, measure)


def control_of(setting: Setting, plan: Plan, steps: int) -> Control:
    """The control that a pilot shows to leave the least noise for what it costs."""
    if not setting.system.noises:
        return NONE

    def chosen(declared: Problem) -> Control:
        seed = plan.seed_for("control") % 2**63

        def piloted(control: Control) -> tuple[Control, float]:
            ((f, M),) = _grown(setting, declared, steps, PILOT, seed, 1, control)
            assert M is not None
            tends_to_zero = not control.bound or vanishes(M[..., -1])
            share = fitted_share(f[0], M[0]) if tends_to_zero else ()
            found = Control(share=share, bound=control.bound) if share else NONE
            return found, spread(f[0] - found.taken(M[0]) if share else f[0])

        plain, alone = piloted(Control(share=(0.0,)))
        bound = DEVIATIONS * alone * math.sqrt(setting.horizon)
        if not bound > 0:
            return plain
        moved, both = piloted(Control(share=(0.0,), bound=bound))
        return moved if both < BETTER * alone else plain

    key = ("control", steps, plan.seed, plan.purpose, setting.horizon)
    return setting.problem.measured(key, setting.point, chosen)


def likely_rate(setting: Setting, plan: Plan) -> tuple[float, float]:
    """The median of few paths and twice its noise: it chooses what is looked at, and how closely.

    Of randomness of its own, so that the looks after it keep their error rates.
    """
    steps = 2 * plan.effort.steps

    def measure(declared: Problem) -> tuple[float, float]:
        seed = plan.seed_for("likely") % 2**63
        with np.errstate(all="ignore"):
            ((f, _),) = _grown(setting, declared, steps, PILOT, seed, 1, NONE)
        kept = f[0][np.isfinite(f[0])]
        if len(kept) < PILOT / 2:
            return math.nan, math.inf
        return float(np.median(kept)), 2 * noise_of_median(kept)

    key = ("likely", steps, plan.seed, plan.purpose, setting.horizon)
    return setting.problem.measured(key, setting.point, measure)


def vanishes(martingale: Array) -> bool:
    """Whether the spread of M/t, (2, paths) over both times, shrinks with the time."""
    late, early = (spread(x) for x in martingale)
    return late < SHRINKING * early


def _grown(
    setting: Setting,
    declared: Problem,
    steps: int,
    paths: int,
    seed: int,
    grids: int,
    control: Control,
) -> list[tuple[Array, Array | None]]:
    """On each grid growths of f, (2, paths), and of the martingales of a control, (2, paths, M)."""
    ninth = math.ceil(steps / 9)
    lengths = [setting.horizon / (9 * ninth << grid) for grid in range(grids)]
    found = ensembles(
        setting,
        declared,
        9 * ninth,
        paths,
        seed,
        grids=grids,
        at=[ninth, 3 * ninth, 9 * ninth],
        sums=[control.sums(setting, declared, h) for h in lengths] if control.share else None,
        block=min(BLOCK, paths),
    )
    T = setting.horizon
    with np.errstate(invalid="ignore"):
        return [
            (over_windows(x["f"], T), over_windows(x[SUMS], T) if control.share else None)
            for x in found
        ]


def over_windows(values: Array, horizon: float) -> Array:
    """What values at T/9, T/3 and T grow by per time over (T/3, T) and over (T/9, T/3)."""
    begun, middle, end = values
    return np.stack([(end - middle) / (2 * horizon / 3), (middle - begun) / (2 * horizon / 9)])


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A limit at h = 0: the median, and the outer quantiles.

    Of its bias ``step`` is that of the steps, and ``noise`` is how much of the rest may be noise.
    ``outer`` is where the outermost paths go; ``lost`` is the part of paths that are no numbers.
    ``moved`` is by how much the median grew while the time tripled.  ``coarse`` says that two grids
    do not give single paths nearly the same growth.
    """

    estimate: Estimate
    noise: float = 0.0
    step: float = 0.0
    moved: float = 0.0
    outer: Outer = NOWHERE
    lost: float = 0.0
    coarse: bool = False

    @property
    def chance(self) -> float:
        """What of the bias of the time may be chance, and shrinks like the noise."""
        return min(self.time, self.noise / 2)

    @property
    def still(self) -> float:
        """What of the bias neither paths nor steps lessen."""
        return self.time - self.chance

    @property
    def time(self) -> float:
        """What of the bias is that of the time, beside the bound of its noise."""
        return self.estimate.bias - self.step - self.noise

    def may_reach(self, value: float) -> bool:
        """Whether the median moves towards a value, and comes there if it moves on slowly.

        Its error may shrink like T^(−1/10); what neither moves nor is near has another limit.
        """
        away = value - self.estimate.value
        towards, noise = math.copysign(self.moved, self.moved * away), self.noise / LEFT_BY_TIME
        if towards <= SEEN * noise:
            return False
        room = abs(away) - self.estimate.half_width - self.step
        return room <= SLOW * (towards + noise)

    @property
    def loses(self) -> bool:
        """Whether more than a few paths have values that are no numbers."""
        return self.lost > LOST


def rate_of(
    growth: Growth, alpha: float, relevant: float | None = None, *, by_path: bool = True
) -> Rate:
    """The limit at h = 0; all that has a bound has an equal part of the rate.

    ``relevant`` is the error that matters, by default the limit itself.  ``by_path`` asks that two
    grids give single paths nearly the same growth, else that their medians do not move too slowly.
    """
    c, m, q = growth.levels
    with np.errstate(invalid="ignore"):
        linear, before = 2 * q - m, 2 * m - c
    kept = np.all(np.isfinite([linear, before]), axis=(0, 1))
    lost, part = 1.0 - float(np.mean(kept)), alpha / PARTS
    if lost == 1.0:
        return Rate(estimate=Estimate(value=0.0, half_width=math.inf, bias=math.inf), lost=lost)
    low, high = _median(linear[0], kept, part)
    late, early = (_median(x, kept, part) for x in q)
    value = float(np.median(linear[0, kept]))
    units = _left(*(float(np.median(x[0, kept])) for x in growth.levels))
    bias = left_by_steps(before[0, kept], linear[0, kept], units) + ROUNDING * abs(value)
    little = LITTLE * (abs(value) if relevant is None else relevant)
    unknown = _too_coarse(growth, kept, little) if by_path else _too_slow(growth, kept)
    if unknown:
        bias += UNKNOWN * (1 + abs(value))
    if not all(math.isfinite(x) for x in (low, high, *late, *early)):
        e = Estimate(value=value, half_width=math.inf, bias=bias)
        return Rate(estimate=e, lost=lost, coarse=unknown)
    half_width = (high - low) / 2
    moved = (sum(late) - sum(early)) / 2
    noise = LEFT_BY_TIME * math.hypot(*(high - low for low, high in (late, early))) / 2
    time = LEFT_BY_TIME * abs(moved) + noise
    e = Estimate(value=(low + high) / 2, half_width=half_width, bias=bias + time)
    return Rate(
        estimate=e,
        noise=noise,
        step=bias,
        moved=moved,
        outer=outer_of(q[0, kept], q[1, kept], int(np.sum(~kept)), part),
        lost=lost,
        coarse=unknown,
    )


def _too_coarse(growth: Growth, kept: Array, little: float) -> bool:
    """Whether two grids do not give single paths nearly the same growth."""
    coarse, half, quarter = (x[0, kept] for x in growth.plain)
    return not (is_fine(half, quarter) or is_settled(coarse, half, quarter, little))


def moves_little(growth: Growth, little: float) -> bool:
    """Whether two grids move single paths by no more than ``little``, and by less than before."""
    coarse, half, quarter = (x[0] for x in growth.plain)
    with np.errstate(invalid="ignore"):
        last, before = (float(np.median(np.abs(x))) for x in (quarter - half, half - coarse))
    return last <= min(little, before)


def _too_slow(growth: Growth, kept: Array) -> bool:
    """Whether the medians on three grids refute an error that shrinks at least like √h."""
    c, m, q = (x[0, kept] for x in growth.levels)
    before, last = m - c, q - m
    noise = math.hypot(noise_of_median(last), noise_of_median(before) / math.sqrt(2))
    typical = [float(np.median(x)) for x in (c, m, q)]
    # One claim states many exponents, and each is asked.
    return is_slow(typical[1] - typical[0], typical[2] - typical[1], MANY * noise)


def _left(c: float, m: float, q: float) -> float:
    """How far 2 q − m is off, in units of its distance from 2 m − c.

    For an error of order h^p it is r/(1 − r), where r = 2^(−p) is the ratio of two moves.
    """
    ratio = abs(q - m) / abs(m - c) if m != c else 0.5
    r = min(max(ratio, 0.5), 1 / math.sqrt(2))
    return r / (1 - r)


def _median(values: Array, kept: Array, alpha: float) -> tuple[float, float]:
    """The interval of the median; a lost path may have grown at any rate."""
    low, _ = quantile_interval(np.where(kept, values, -math.inf), 0.5, alpha)
    _, high = quantile_interval(np.where(kept, values, math.inf), 0.5, alpha)
    return low, high
