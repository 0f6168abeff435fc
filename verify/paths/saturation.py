"""What an observable would be if the states moved on as they moved between two grids.

The bias of a scheme is estimated from what a halving of the steps moves the observable.  Where the
observable is flat, an indicator far from its jump, say, that is nothing on any grid, while the
states are still on their way to the other side of the jump.  So the states themselves are moved on
by the move between the two finest grids on the same Brownian path, to both sides; if that changes
the observable by far more than the halving did, the change is bias.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from numerics.system import Array
from verify.problem import Problem

from .ensemble import ensemble
from .horizon import Setting
from .refinement import LEFT, Look, Measurement

__all__ = ["Moves", "moves_of", "unseen", "unseen_in_law", "with_bias"]

PILOT = 2048
"""Paths of their own on which states are moved on."""

FAR = (1.0, LEFT, -1.0, -LEFT)
"""By how many moves between the two finest grids: what is left if errors shrink like h, like √h."""

MORE = 3.0
"""Times as much as the moves of the observable itself say: it is flat between the grids alone."""

FEW = 12
"""Paths that may change by more than the halving says by chance."""

CERTAIN = 3.0
"""Standard deviations of the change that are added to it."""

VALUES = 101
"""Values at which distribution functions are compared."""

ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Moves:
    """An observable on two grids, the finer last, and with the finer states moved on by FAR."""

    before: Array
    last: Array
    on: tuple[Array, ...]

    @classmethod
    def of_values(cls, before: Array, last: Array) -> Moves:
        """Of values that are moved on themselves; what is no number stays."""
        kept = np.isfinite(before) & np.isfinite(last)
        before, last = before[kept], last[kept]
        return cls(before=before, last=last, on=tuple(last + k * (last - before) for k in FAR))

    def clipped(self, low: float, high: float) -> Moves:
        """The values cut off at bounds."""
        return Moves(
            before=np.clip(self.before, low, high),
            last=np.clip(self.last, low, high),
            on=tuple(np.clip(x, low, high) for x in self.on),
        )

    def upto(self, value: float) -> Moves:
        """Of every path, whether the observable is at most a value: 1 or 0."""
        return Moves(
            before=(self.before <= value).astype(float),
            last=(self.last <= value).astype(float),
            on=tuple((x <= value).astype(float) for x in self.on),
        )


def moves_of(setting: Setting, look: Look) -> Moves:
    """The moves of f(X_T) between the two finest grids of a look, on paths of their own."""
    plan = look.plan
    paths = int(max(256, min(PILOT, 16 * PILOT / setting.system.size)))
    if not setting.system.noises:
        paths = 1
    key = ("moves", look.steps, paths, plan.seed, plan.purpose, setting.horizon)

    def measure(declared: Problem) -> Moves:
        seed = plan.seed_for("moves") % 2**63
        half, quarter = (
            ensemble(setting, declared, n * look.steps, paths, seed, states=True) for n in (2, 4)
        )
        before, last = half["f"][0], quarter["f"][0]
        on = []
        with np.errstate(all="ignore"):
            for k in FAR:
                state = {
                    name: quarter[name][0] + k * (quarter[name][0] - half[name][0])
                    for name in setting.system.states
                }
                f = setting.observed(declared, state)
                on.append(np.where(np.isfinite(f), f, last))
        kept = np.isfinite(before) & np.isfinite(last)
        return Moves(before=before[kept], last=last[kept], on=tuple(x[kept] for x in on))

    return setting.problem.measured(key, setting.point, measure)


def unseen(moves: Moves, extent: float) -> float:
    """The change of the mean that states moved on bring, where the halving does not show it.

    ``extent`` is how far values may be from each other; 0 where the halving says enough.
    """
    n, most = len(moves.last), 0.0
    if n == 0:
        return 0.0
    shown = float(np.mean(np.abs(moves.last - moves.before)))
    chance = FEW / n if n > 1 else ROUNDING
    for k, f in zip(FAR, moves.on, strict=True):
        change = f - moves.last
        if float(np.mean(np.abs(change))) > MORE * abs(k) * shown + chance * extent:
            noise = CERTAIN * float(np.std(change)) / math.sqrt(n)
            most = max(most, abs(float(np.mean(change))) + noise)
    return most


def unseen_in_law(moves: Moves) -> float:
    """The same for the distribution function, at the value where it is largest."""
    return max((unseen(moves.upto(x), 1.0) for x in _values(moves)), default=0.0)


def _values(moves: Moves) -> Iterator[float]:
    """Values among all that were seen, above what rounding tells apart."""
    seen = np.sort(np.concatenate([moves.before, moves.last, *moves.on]))
    if len(seen):
        at = np.linspace(0, len(seen) - 1, min(len(seen), VALUES)).astype(int)
        scale = float(np.median(np.abs(seen)))
        yield from np.unique(seen[at] + ROUNDING * scale)


def with_bias(found: Measurement, more: float) -> Measurement:
    """The measurement with so much more bias."""
    return replace(found, estimate=replace(found.estimate, bias=found.estimate.bias + more))
