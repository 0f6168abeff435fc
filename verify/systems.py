"""Declared systems as numbers, in the sense of Itô, ready to be simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.brownian import basis
from numerics.declared import DeclaredSystem
from numerics.schemes.fields import ito_correction
from numerics.system import State, System

__all__ = ["as_numbers"]


def as_numbers(declared: DeclaredSystem, parameters: Mapping[str, Any]) -> System:
    """The system with these parameters; paths stand on the first axis of what it is given.

    A Stratonovich declaration is read as Itô with the correction ½ Σ_j (∂b_j)b_j, which is found by
    central differences of the declared fields: no rule of calculus is used.
    """
    system = replace(declared, calculus="ito").at(parameters)
    if declared.calculus == "ito":
        return system
    units = basis(system)

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        moved = system.increment(point, t, dt, dB)
        if not np.any(dt):
            return moved
        states = {name: point[name] for name in system.states}
        c = ito_correction(system, units, states, t)
        # One step length for all paths, or one for each.
        step = {name: np.reshape(dt, (-1, *(1,) * (x.ndim - 1))) for name, x in states.items()}
        return {name: value + step[name] * c[name] for name, value in moved.items()}

    return replace(system, increment=increment)
