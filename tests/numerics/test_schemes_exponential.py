"""The exponential scheme: times, large exponents, and its order where L depends on the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from numerics.errors import SimulationError
from numerics.schemes import named
from numerics.schemes.conditions import require_conditions
from numerics.schemes.exponential import exponential_applied
from numerics.schemes.step import stepper
from numerics.system import Array, LeftMultiplication, State, System
from tests.numerics.convergence import final_values, strong_order
from tests.numerics.systems import SCALAR

EXPONENTIAL = named("exponential")


def test_large_exponents_are_taken_in_parts() -> None:
    """A Taylor series of exp(−40) in one part is lost in its own terms, of size e⁴⁰."""
    found = exponential_applied(np.array([[[-40.0]], [[0.5]]]), np.ones((2, 1, 1)))
    np.testing.assert_allclose(found.ravel(), np.exp([-40.0, 0.5]), rtol=1e-13)


@pytest.mark.parametrize("multiplied", [True, False])
def test_a_step_reads_the_time_at_which_it_begins(multiplied: bool) -> None:
    """dx = x(t dt + (1 + t) dβ): the fields, and ½(1 + t)² of the correction."""

    def left(point: Mapping[str, Any], t: float, dt: float, dB: State) -> Array:
        return np.reshape(t * dt + (1 + t) * dB["dbeta"], (-1, 1, 1))

    system = System(
        states={"x": (1, 1)},
        noises=(SCALAR,),
        increment=lambda point, t, dt, dB: {"x": left(point, t, dt, dB) * point["x"]},
        multiplier=LeftMultiplication(matrix=left, rows=("x",)) if multiplied else None,
    )
    w, h, t = np.array([0.2, -0.1]), 0.1, 0.3
    after = stepper(EXPONENTIAL, system, h)({"x": np.ones((2, 1, 1))}, 3, {"dbeta": w})
    exact = np.exp(t * h + (1 + t) * w - 0.5 * (1 + t) ** 2 * h)
    np.testing.assert_allclose(after["x"].ravel(), exact, rtol=1e-13)


def test_noise_said_to_be_constant_must_be_so_at_all_times() -> None:
    def left(point: Mapping[str, Any], t: float, dt: float, dB: State) -> Array:
        return np.reshape(np.cos(t) * dB["dbeta"], (-1, 1, 1))

    system = System(
        states={"x": (1, 1)},
        noises=(SCALAR,),
        increment=lambda point, t, dt, dB: {"x": left(point, t, dt, dB) * point["x"]},
        multiplier=LeftMultiplication(matrix=left, rows=("x",), constant_noise=True),
    )
    with pytest.raises(SimulationError, match="depends on the point or on time"):
        require_conditions(EXPONENTIAL, system, {"x": np.ones((1, 1, 1))})


def logistic() -> System:
    """dx = x(1−x) ∘ dβ in Itô form, as dx = L(x) x: x/(1−x) = e^β x_0/(1−x_0)."""

    def left(point: Mapping[str, Any], t: float, dt: float, dB: State) -> Array:
        x = point["x"]
        return np.asarray((1 - x) * (0.5 * (1 - 2 * x) * dt + np.reshape(dB["dbeta"], (-1, 1, 1))))

    return System(
        states={"x": (1, 1)},
        noises=(SCALAR,),
        increment=lambda point, t, dt, dB: {"x": left(point, t, dt, dB) * point["x"]},
        multiplier=LeftMultiplication(matrix=left, rows=("x",)),
    )


@pytest.mark.parametrize(("name", "stated"), [("exponential", 0.5), ("milstein", 1.0)])
def test_noise_of_an_operator_that_depends_on_the_state_costs_half_an_order(
    name: str, stated: float
) -> None:
    """The noise commutes, being scalar; the exponential freezes L, Milstein does not."""
    levels = (16, 32, 64, 128)
    values, noise = final_values(
        logistic(),
        named(name),
        {"x": np.array([[0.3]])},
        lambda point: point["x"][:, 0, 0],
        levels=levels,
        paths=4096,
        seed=2,
        with_noise=["dbeta"],
    )
    odds = 0.3 / 0.7 * np.exp(noise["dbeta"])
    measured = strong_order(levels, values - odds / (1 + odds))
    assert measured.agrees_with(stated), measured
