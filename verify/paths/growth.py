"""Lyapunov exponents on simulated paths, against those that are stated.

The declared system is run by Euler–Maruyama at steps h, h/2, h/4 on the same Brownian paths, its
columns orthonormalised after every step.  An exponent is an almost sure limit of the growth per
time of a path, so it is the limit of its median too, whatever the law of the growth; it is
estimated like any other such limit (`verify.paths.rates`): the median over (T/3, T) at h = 0, the
bias of the steps, and that of the time from what the median moved from (T/9, T/3), with the noise
of both.

From the growth is taken β·M, where M is what the noise alone adds to it, a martingale with M/t → 0
(`numerics.lyapunov`); β, and whether M/t shrinks, are those of a pilot.

Exponents that are not stated are measured in the same way and reported, nothing is decided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from numerics.lyapunov import VolumeGrowth, drift_per_time, log_growths, spread_per_time
from numerics.system import Array, System
from verify.amounts import counted
from verify.planning import Estimate, Plan
from verify.problem import ExponentSetting, Problem, SizedExponents, StatedExponent
from verify.systems import as_numbers
from verify.verdict import Evidence, Status, combine

from .controls import fitted_share
from .horizon import LEVELS
from .looks import looks
from .rates import Growth, Rate, over_windows, rate_of, vanishes

__all__ = ["Growths", "Measured", "grown", "growths", "measured"]

TIER = "path"
CONDITION = "the biases left by the step length and by the finite time, which are extrapolations"

PATHS_DIVISOR = 10
"""One path for each so many of the plan: they are long, and each is an average over its time."""

STEPS_DIVISOR = 14
"""A unit of the noise's time takes the steps of the plan divided by this."""

TIMES = ((1, 1), (2, 1), (4, 2))
"""How many times the paths and the steps of the plan a look has: most that stay open want paths."""

PER_DRIFT = 8
"""Steps, at least, while the drift moves a column by its own length."""

BLOCK = 256
"""Paths in a block, or somewhat less, so that none is drawn in vain."""

PILOT = 256
"""Paths to which the share of the martingale is fitted, on the coarsest grid."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Growths:
    """Growth per time of paths, and what the noise alone adds to it.

    Each is (2, paths, d): over (T/3, T) and over (T/9, T/3).  ``levels`` are at h, h/2, h/4,
    ``pilot`` are other paths at h.
    """

    levels: tuple[VolumeGrowth, ...]
    pilot: VolumeGrowth

    def of(self, first: int, last: int) -> Growth:
        """The mean of some columns, less a share of the martingale if that is worth it."""
        f, M = _mean(self.pilot, first, last)
        share = fitted_share(f[0], M[0, :, None]) if vanishes(M) else ()
        (beta,) = share or (0.0,)
        means = [_mean(level, first, last) for level in self.levels]
        return Growth(
            plain=tuple(f for f, _ in means), levels=tuple(f - beta * M for f, M in means)
        )


def _mean(level: VolumeGrowth, first: int, last: int) -> tuple[Array, Array]:
    growth, noise = (x[..., first - 1 : last].mean(axis=-1) for x in (level.growth, level.noise))
    return growth, noise


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One exponent, or the mean of several, at one size."""

    sizes: Mapping[str, int]
    name: str
    rate: Rate
    paths: int
    stated: StatedExponent | None = None

    def decided(self, relevant: float) -> Status:
        """The decision on a stated one; what the growth may still come to is not refuted."""
        assert self.stated is not None
        status = self.difference.decide(relevant)
        towards = status == Status.DISAGREES and self.rate.may_reach(self.stated.value)
        return Status.INCONCLUSIVE if towards else status

    def moves(self, relevant: float) -> bool:
        """Whether no number of paths would settle it: the growth still changes with time."""
        return self.decided(relevant) == Status.INCONCLUSIVE and self.rate.still > relevant / 2

    @property
    def estimate(self) -> Estimate:
        """The limit of the median, with its half-width and its bias."""
        return self.rate.estimate

    @property
    def difference(self) -> Estimate:
        """Measured less stated."""
        stated = 0.0 if self.stated is None else self.stated.value
        e = self.estimate
        return Estimate(value=e.value - stated, half_width=e.half_width, bias=e.bias)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        e = self.estimate
        shown = {} if self.stated is None else {"stated": self.stated.shown}
        return {
            "exponent": self.name,
            "value": e.value,
            "half_width": e.half_width,
            "bias": e.bias,
            "paths": self.paths,
            **shown,
        }


def grown(problem: Problem, plan: Plan) -> Evidence:
    """The evidence on every stated exponent; sizes after one that disagrees are not run.

    Each size has its own looks: only where an exponent is left open are there more paths.
    """
    setting = problem.exponents
    assert setting is not None
    parts = sum(len(at.stated) for at in setting.at)
    found: list[Measured] = []
    others: list[Measured] = []
    most = 0
    for at in setting.at:
        where = {**at.sizes, **setting.values}
        for look, share in enumerate(looks(plan, TIMES), 1):
            spent = share.share("exponents", parts)
            found_here = problem.measured(
                (TIER, replace(spent, budget=plan.budget), setting.horizon),
                where,
                partial(_growths_of, where, spent, setting.horizon),
            )
            here, left = measured(found_here, at, spent, setting.relevant)
            most = max(most, look)
            status = combine([m.decided(setting.relevant) for m in here])
            if status != Status.INCONCLUSIVE or any(m.moves(setting.relevant) for m in here):
                break
        found, others = [*found, *here], [*others, *left]
        if status == Status.DISAGREES:
            break
    return _evidence(setting, plan, found, others, most)


def _growths_of(at: Mapping[str, Any], plan: Plan, horizon: float, declared: Problem) -> Growths:
    return growths(_system(declared, at), plan, horizon)


def _system(declared: Problem, at: Mapping[str, Any]) -> System:
    """The declared system at sizes and values of parameters; of its states the shapes matter."""
    states = {x.name: x for x in declared.letters() if x.kind == "state"}
    shapes = {name: np.zeros(x.shape_at(at)) for name, x in states.items()}
    return as_numbers(declared.system("declared", at), {**at, **shapes})


def growths(system: System, plan: Plan, horizon: float) -> Growths:
    """Growth per time of every path at three step lengths, and of those of a pilot."""
    noise = plan.effort.steps // STEPS_DIVISOR * max(1, math.ceil(spread_per_time(system)))
    per_unit = max(noise, math.ceil(PER_DRIFT * drift_per_time(system)))
    ninth = max(1, math.ceil(per_unit * horizon / 9))
    paths = _paths(plan)

    def run(purpose: str, paths: int, grids: int) -> tuple[VolumeGrowth, ...]:
        found = log_growths(
            system,
            horizon=float(horizon),
            steps=9 * ninth,
            paths=paths,
            seed=plan.seed_for(purpose) % 2**63,
            at=[ninth, 3 * ninth, 9 * ninth],
            grids=grids,
            block=math.ceil(paths / math.ceil(paths / BLOCK)),
        )
        return tuple(
            VolumeGrowth(
                growth=over_windows(x.growth, horizon), noise=over_windows(x.noise, horizon)
            )
            for x in found
        )

    return Growths(levels=run("paths", paths, LEVELS), pilot=run("control", PILOT, 1)[0])


def measured(
    found: Growths, at: SizedExponents, plan: Plan, relevant: float
) -> tuple[list[Measured], list[Measured]]:
    """What is stated at one size, and the exponents that no statement is about, from growths.

    Each has the whole error rate of the plan.
    """
    alpha = plan.budget.alpha
    d = found.pilot.growth.shape[-1]

    def one(first: int, last: int, stated: StatedExponent | None) -> Measured:
        return Measured(
            sizes=at.sizes,
            name=f"λ{first}" if stated is None else stated.name,
            rate=rate_of(found.of(first, last), alpha, relevant, by_path=False),
            paths=_paths(plan),
            stated=stated,
        )

    said = {i for s in at.stated for i in range(s.first, s.last + 1)}
    return (
        [one(s.first, s.last, s) for s in at.stated],
        [one(i, i, None) for i in range(1, d + 1) if i not in said],
    )


def _paths(plan: Plan) -> int:
    return max(1, plan.effort.paths // PATHS_DIVISOR)


def _evidence(
    setting: ExponentSetting,
    plan: Plan,
    found: Sequence[Measured],
    others: Sequence[Measured],
    most: int,
) -> Evidence:
    statuses = [m.decided(setting.relevant) for m in found]
    status = combine(statuses)
    telling = [m for m, s in zip(found, statuses, strict=True) if s == status]
    worst = max(telling, key=lambda m: _reach(m.difference))
    e = worst.difference
    at = ", ".join(f"{name} = {n}" for name, n in worst.sizes.items())
    sizes = counted(len({str(m.sizes) for m in found}), "size")
    shown = "" if worst.stated is None else f"{worst.stated.value:.6g}"
    paths = max(m.paths for m in found)
    reason = (
        f"{counted(len(found), 'exponent')} at {sizes}; farthest "
        f"{worst.name}{at and f' at {at}'}: measured − stated ({shown}) {e.value:+.2g} ± "
        f"{e.half_width:.2g}, bias ≤ "
        f"{e.bias:.1g}, relevant {setting.relevant:g}"
    )
    if any(m.moves(setting.relevant) for m in telling):
        reason += "; the growth still changes with time, a longer horizon may settle it"
    if others:
        reason += f"; {len(others)} others measured, nothing claimed"
    return Evidence(
        tier=TIER,
        status=status,
        reason=reason,
        brief=f"±{_reach(e):.1g}",
        false_agree=plan.budget.alpha,
        false_reject=plan.budget.alpha,
        condition=CONDITION,
        points=paths,
        numbers={
            "horizon": setting.horizon,
            "looks": most,
            "paths": paths,
            "relevant": setting.relevant,
            "stated": _by_size(found),
            "measured, nothing claimed": _by_size(others),
        },
    )


def _reach(e: Estimate) -> float:
    return abs(e.value) + e.half_width + e.bias


def _by_size(measurements: Sequence[Measured]) -> list[dict[str, Any]]:
    return [{"sizes": dict(m.sizes), **m.to_json()} for m in measurements]
