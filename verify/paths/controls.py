"""Martingales that are known from the declared system, to be taken from what grows on its paths.

If M/t → 0 almost surely, f − β·M grows like f on every path, whatever the fixed β.  That holds for
the noises B of the system, and for every martingale whose quadratic variation grows at a bounded
rate.  One such is what the noise alone moves f by in a step, [f(X + b dB) − f(X − b dB)]/2, cut
off at a bound: it is odd in dB, so that its mean is zero whatever f and X are.  No formula is in
it, and no rule: the system and the observable are called as they were typed.

β is fitted to pilot paths, which are independent of those that are judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from numerics.system import Array, State
from verify.problem import Problem

from .ensemble import positive_states
from .horizon import Setting

__all__ = ["NONE", "Control", "fitted_share", "spread"]

ENTRIES = 32
"""Noises with more entries are left as they are."""

WORTH = 0.9
"""A control is used if it leaves at most this part of the spread."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """β·M: shares of the entries of the noises, and last that of what the noise moves f by.

    ``bound`` cuts off what the noise moves f by, in units of the root of the time; at 0 it is
    neither computed nor among the shares.
    """

    share: tuple[float, ...] = ()
    bound: float = 0.0

    def sums(
        self, setting: Setting, declared: Problem, step: float
    ) -> Callable[[State, int, Mapping[str, Array]], Array]:
        """What a step of this length adds to each martingale: (state, index, dB) -> (N, M)."""
        moved = _moved(setting, declared, step, self.bound * math.sqrt(step))

        def added(state: State, index: int, dB: Mapping[str, Array]) -> Array:
            entries = [x.reshape(len(x), -1) for x in dB.values()]
            if self.bound:
                entries.append(moved(state, index * step, dB)[:, None])
            return np.concatenate(entries, axis=1)

        return added

    def taken(self, martingales: Array) -> Array:
        """β·M of martingales (..., M)."""
        return np.asarray(martingales @ np.asarray(self.share))


NONE = Control()


def _moved(
    setting: Setting, declared: Problem, step: float, most: float
) -> Callable[[State, float, Mapping[str, Array]], Array]:
    """What the noise alone moves f by, cut off at ±most; 0 where that is no number."""
    positive = positive_states(setting)

    def moved(state: State, t: float, dB: Mapping[str, Array]) -> Array:
        # The increment is linear in (dt, dB): without time it is the noise.
        noise = setting.system.increment(state, t, 0.0, dB)
        ends = []
        for sign in (1, -1):
            end = {name: x + sign * noise[name] for name, x in state.items()}
            end = {name: np.abs(x) if name in positive else x for name, x in end.items()}
            ends.append(setting.observed(declared, {**end, "t": np.asarray(t)}))
        with np.errstate(all="ignore"):
            half = (ends[0] - ends[1]) / 2
        return np.where(np.isfinite(half), np.clip(half, -most, most), 0.0)

    return moved


def fitted_share(growth: Array, martingales: Array) -> tuple[float, ...]:
    """β by least squares, from paths (N,) and (N, M); empty where it is not worth it."""
    kept = np.isfinite(growth)
    f, M = growth[kept], martingales[kept]
    if not 0 < M.shape[1] <= ENTRIES + 1 or len(f) < max(len(growth) / 2, 4 * M.shape[1]):
        return ()
    beta = np.linalg.lstsq(M - M.mean(axis=0), f - f.mean(), rcond=None)[0]
    if not np.all(np.isfinite(beta)) or not spread(f - M @ beta) < WORTH * spread(f):
        return ()
    return tuple(map(float, beta))


def spread(values: Array) -> float:
    """The distance of the quartiles, of the values that are numbers; 0 if none is."""
    kept = values[np.isfinite(values)]
    if not len(kept):
        return 0.0
    low, high = np.quantile(kept, [0.25, 0.75])
    return float(high - low)
