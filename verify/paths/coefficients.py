"""Whether drift and noise of a system are smooth where its paths go."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from numerics.smoothness import interpolation_error
from numerics.system import Array, State, System
from verify.systems import unit_noises

__all__ = ["has_smooth_coefficients"]

SMOOTH = 1e-3
"""Error of interpolation in units of the spread."""

ROUNDING = 1e-12


def has_smooth_coefficients(system: System, horizon: float, low: State, high: State) -> bool:
    """Whether drift and noise are polynomials in states and time, or nearly, in a box of states."""
    count = len(unit_noises(system, 1))
    ends = ({**low, "t": np.asarray(0.0)}, {**high, "t": np.asarray(horizon)})

    def component(state: Mapping[str, Any], number: int, entry: int) -> Array:
        paths = len(state["t"])
        dB = (*unit_noises(system, paths), system.no_noise((paths,)))[number]
        point = {name: state[name] for name in system.states}
        time: Any = state["t"]
        moved = system.increment(point, time, float(number == count), dB)
        parts = [np.broadcast_to(x, (paths, *system.states[k])) for k, x in moved.items()]
        return np.concatenate([x.reshape(paths, -1) for x in parts], axis=1)[:, entry]

    for number in range(count + 1):
        for entry in range(system.size):
            f = partial(component, number=number, entry=entry)
            rough, spread = interpolation_error(f, *ends)
            if not rough <= SMOOTH * spread + ROUNDING:
                return False
    return True
