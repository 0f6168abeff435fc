"""Where a positive state is reflected at 0, and how much of a law the steps do not resolve there.

The scheme reflects a scalar state that is declared positive where a step leaves (0, ∞).  A process
that does not reach 0 is reflected the less, the finer the steps are.  One that does reach it is
reflected on every grid, and what its law is within the noise of a step of 0 is the scheme's, as
what leaves from there is: if drift or noise are singular at 0, no halving of the steps tells how
far that is from the law of the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.system import Array, State
from verify.amounts import percent
from verify.systems import unit_noises

from .ensemble import positive_states
from .horizon import Setting

__all__ = ["at_reflection", "not_resolved", "within_domain"]

STEPS = 2.0
"""Standard deviations of the noise of a step within which it may cross 0."""


def at_reflection(setting: Setting, states: State, dt: float) -> float:
    """The part of the paths whose next step, of length ``dt``, may take a positive state across 0.

    Parameters
    ----------
    setting
        The system.
    states
        All states on every path; those that are no numbers do not count.
    dt
        The length of a step.
    """
    positive = positive_states(setting)
    if not positive:
        return 0.0
    paths = len(next(iter(states.values())))
    squares = {name: np.zeros(paths) for name in positive}
    with np.errstate(all="ignore"):
        for unit in unit_noises(setting.system, paths):
            moved = setting.system.increment(states, 0.0, 0.0, unit)
            squares = {name: x + moved[name] ** 2 for name, x in squares.items()}
        near = [states[name] <= STEPS * np.sqrt(dt * x) for name, x in squares.items()]
    return float(np.mean(np.any(near, axis=0)))


def not_resolved(part: float) -> str:
    """What is said where so much of a law is not resolved at 0."""
    return (
        f"{percent(part)} of the paths are within the noise of a step of 0, where the scheme "
        "reflects them, and what their law is there is not known; finer steps may settle it"
    )


def within_domain(setting: Setting) -> Setting:
    """The setting with no numbers for drift and noise where a positive state is not positive."""
    system, positive = setting.system, positive_states(setting)
    if not positive:
        return setting

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        inside: Array = np.all([np.asarray(point[name]) > 0 for name in positive], axis=0)
        return {
            name: np.where(
                np.reshape(inside, inside.shape + (1,) * len(system.states[name])), x, np.nan
            )
            for name, x in system.increment(point, t, dt, dB).items()
        }

    return replace(setting, system=replace(system, increment=increment))
