"""Declared systems as numbers, in the sense of Itô, ready to be simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.brownian import basis
from numerics.declared import DeclaredSystem
from numerics.reach import reach
from numerics.schemes.fields import ito_correction
from numerics.system import Array, State, System

from .problem import Problem

__all__ = ["as_numbers", "fine_within", "is_no_number", "per_path", "smooth_within", "unit_noises"]

FINE = 0.2
"""The part of |x| as reach of a function: its rounding is measured at steps of 10⁻⁵ of that."""


def as_numbers(declared: DeclaredSystem, parameters: Mapping[str, Any]) -> System:
    """The system with these parameters.

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
        c = _correction(system, units, point, t)
        return {
            # One step length for all paths, or one for each.
            name: value + np.reshape(dt, np.shape(dt) + (1,) * len(system.states[name])) * c[name]
            for name, value in moved.items()
        }

    return replace(system, increment=increment)


def per_path(number: Array, like: Any) -> Array:
    """One number for each path, against a state with the paths on its first axis."""
    return number.reshape(number.shape + (1,) * (np.ndim(like) - 1))


def unit_noises(system: System, paths: int) -> tuple[State, ...]:
    """The increments of one unit in each component of the noise, the same on every path."""
    units = basis(system)
    return tuple(
        {name: np.broadcast_to(unit[j], (paths, *unit[j].shape)) for name, unit in units.items()}
        for j in range(len(next(iter(units.values()), ())))
    )


def _correction(
    system: System, units: Mapping[str, Array], point: Mapping[str, Any], t: float
) -> dict[str, Array]:
    """The correction at states with any leading batch axes; found once if all paths are at one."""
    shapes = {
        name: np.shape(point[name])[: np.ndim(point[name]) - len(shape)]
        for name, shape in system.states.items()
    }
    batch = np.broadcast_shapes(*shapes.values())
    at = {
        name: np.broadcast_to(point[name], (*batch, *shape))
        for name, shape in system.states.items()
    }
    if not any(any(x.strides[: len(batch)]) for x in at.values()):
        # Steps from one point: every path is a view of the same numbers.
        at = {name: x[(slice(1),) * len(batch)] for name, x in at.items()}
        batch = next(iter(at.values())).shape[: len(batch)]
    flat = {name: at[name].reshape(-1, *shape) for name, shape in system.states.items()}
    c = ito_correction(system, units, flat, t)
    return {name: c[name].reshape((*batch, *shape)) for name, shape in system.states.items()}


def is_no_number(system: System, point: Mapping[str, Any]) -> str:
    """Which state has an equation that is no real number at a point, and the remedy; or empty."""
    at = {name: np.asarray(point[name], dtype=float)[None] for name in system.states}
    ones = {noise.differential: np.ones((1, *noise.shape)) for noise in system.noises}
    with np.errstate(all="ignore"):
        moved = system.increment(at, float(point.get("t", 0.0)), 1.0, ones)
    lost = next((name for name, x in moved.items() if not np.all(np.isfinite(x))), "")
    if not lost:
        return ""
    scalars = [name for name, shape in system.states.items() if not shape]
    shown = ", ".join(f"{name} = {float(point[name]):.3g}" for name in scalars)
    x = lost if lost in scalars else (scalars or ["x"])[0]
    return (
        f"the equation of {lost} is not real at {shown or 'an admissible point'}: declare where it "
        f'is, as by Assumption(text="{x} < 1", condition=Lt({x}, 1)) in the claim'
    )


def smooth_within(problem: Problem, system: System, point: Mapping[str, Any]) -> Array | None:
    """The length in state space within which the eigenvalues of a claim are smooth, if it has any.

    Raises
    ------
    NotAdmissibleError
        If two eigenvalues are one in float64.
    """
    return reach(problem.signature.spectra, problem.kernels, system.states, point)


def fine_within(system: System, point: Mapping[str, Any]) -> Array:
    """The length within which a function is looked at of which nothing tells how it rounds."""
    size = float(np.sqrt(sum(np.sum(np.square(point[name])) for name in system.states)))
    return np.asarray(FINE * (size or 1.0))
