"""One step of a scheme for a system, as the time loop takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from numerics.brownian import basis
from numerics.schemes.exponential import correction, exponential_applied, operator
from numerics.schemes.fields import combined, derivative_along, ito_correction
from numerics.schemes.scheme import Scheme
from numerics.system import Array, State, System

__all__ = ["stepper"]

SchemeStep: TypeAlias = Callable[[State, int, Mapping[str, Array]], State]


def stepper(scheme: Scheme, system: System, dt: float) -> SchemeStep:
    """The scheme for one system and step size: (state, index, dB) -> state after the step."""
    if scheme.exponential:
        return _exponential_step(scheme, system, dt)
    E = basis(system) if scheme.correction else {}

    def increment(point: State, t: float, dB: State) -> State:
        declared = system.increment(point, t, dt, dB)
        if not scheme.correction:
            return declared
        c = ito_correction(system, E, point, t)
        return {name: x - scheme.correction * dt * c[name] for name, x in declared.items()}

    def step(state: State, index: int, dB: Mapping[str, Array]) -> State:
        t = index * dt
        stages: list[State] = []
        for row in scheme.predictor:
            stages.append(increment(combined(state, row, stages), t + dt * sum(row), dB))
        after = combined(state, scheme.weights, stages)
        if not scheme.self_derivative:
            return after

        def b(x: State) -> State:
            return system.noise(x, t, dB)

        along = derivative_along(b, state, b(state))
        return combined(after, (0.5 * scheme.self_derivative,), (along,))

    return step


def _exponential_step(scheme: Scheme, system: System, dt: float) -> SchemeStep:
    E = basis(system)
    acting = operator(system)
    constant = system.multiplier is not None and system.multiplier.constant_noise
    known: list[Array] = []  # two threads may both fill it: with the same value

    def corrected(state: State, t: float) -> Array:
        if not constant:
            return correction(system, acting, E, state, t)
        if not known:
            known.append(correction(system, acting, E, state, t))
        return known[0]

    def step(state: State, index: int, dB: Mapping[str, Array]) -> State:
        t = index * dt
        Z = acting.matrix(state, t, dt, dB)
        Z = Z - scheme.correction * dt * corrected(state, t)
        return acting.unstack(exponential_applied(Z, acting.stack(state)), system.states)

    return step
