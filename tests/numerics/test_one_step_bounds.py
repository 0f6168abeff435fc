"""The declared range of one step, and the rounding in its bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from numerics.one_step import _RANGE_FACTOR, _measured, _Plan, one_step_drift
from numerics.system import NoiseSpec, System
from numerics.transition import Transition, drift_statistic


def exponential(point: Any) -> Any:
    return np.exp(point["x"])


def test_the_declared_range_is_of_the_sphere_beyond_which_no_draw_is_expected() -> None:
    """In one dimension the sphere is ±r, where what the controls leave is largest."""
    system = System(
        states={"x": ()},
        noises=(NoiseSpec(name="B", shape=()),),
        increment=lambda point, t, dt, dB: {"x": dB["dB"]},
    )
    step = Transition.at(system, {"x": np.array(1.0)})
    statistic = drift_statistic(step, exponential)
    plan = _Plan(samples=100, pilot=64, seed=1, level=1e-3, h=0.5)
    r, draws = plan._radius(1), plan._pilot(1)
    assert np.abs(draws[1::2]) == pytest.approx(r)
    found = _measured(step, statistic, 0.5, draws, np.zeros(1))
    outermost = np.abs(found.z(statistic, np.array([[r]])))
    assert found.reach == pytest.approx(_RANGE_FACTOR * outermost[0], rel=1e-12)
    within = np.abs(found.z(statistic, np.linspace(-r, r, 101)[:, None])).max()
    assert found.reach >= _RANGE_FACTOR * within * (1 - 1e-12)


def test_at_tiny_steps_the_bias_holds_what_rounding_leaves() -> None:
    """Without noise nothing else is uncertain: dx = x dt, L e^x = x e^x."""
    system = System(
        states={"x": ()}, noises=(), increment=lambda point, t, dt, dB: {"x": point["x"] * dt}
    )
    for h in np.logspace(-13, -8, 41):
        found = one_step_drift(
            system, exponential, {"x": np.array(1.3)}, seed=1, level=1e-3, samples=2, h=float(h)
        )
        assert found.half_width == 0
        assert abs(found.mean - 1.3 * np.exp(1.3)) <= found.bias
