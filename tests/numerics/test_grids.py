"""Grids side by side are the runs one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from numerics.errors import SimulationError
from numerics.grids import iterate_grids
from numerics.schemes import named
from numerics.simulate import simulate, simulate_grids
from numerics.system import NoiseSpec, System

EULER = named("euler_maruyama")


def _system(**noise: np.ndarray) -> System:
    """dX = −X dt + t dB X: nothing is equal on two grids, and the time is seen."""
    return System(
        states={"X": (2, 3)},
        noises=(NoiseSpec(name="B", shape=(2, 2), **noise),),
        increment=lambda point, t, dt, dB: {
            "X": -point["X"] * dt + (1.0 + t) * np.matmul(dB["dB"], point["X"])
        },
    )


@pytest.mark.parametrize("steps", [8, 6, 5])
def test_each_grid_is_the_run_with_its_steps(steps: int) -> None:
    system, start = _system(), {"X": np.ones((2, 3))}
    seen = {"X": lambda state: state["X"], "trace": lambda state: state["X"][:, 0, 0]}
    marks = [1, steps]
    runs = simulate_grids(
        system, EULER, start, 1.5, steps, 10, 3, observe=[seen] * 3, at=marks, block=4
    )
    for i, run in enumerate(runs):
        at = [mark << i for mark in marks]
        alone = simulate(
            system, EULER, start, 1.5, steps << i, 10, 3, observe=seen, at=at, keep=True, block=4
        )
        for name in seen:
            np.testing.assert_array_equal(run.values[name], alone.values[name])
            assert run.moments[name][-1].mean.shape == alone.moments[name][-1].mean.shape
        np.testing.assert_allclose(run.times, alone.times)
        assert (run.steps, run.paths, run.block) == (alone.steps, alone.paths, alone.block)
    assert np.abs(runs[0].values["X"][-1] - runs[2].values["X"][-1]).max() > 1e-3


def test_with_a_covariance_they_agree_to_rounding() -> None:
    system = _system(row_factor=np.array([[1.0, 0.0], [0.3, 0.7]]))
    start, seen = {"X": np.ones((2, 3))}, {"X": lambda state: state["X"]}
    runs = simulate_grids(system, EULER, start, 1.0, 4, 6, 3, observe=[seen] * 2)
    for i, run in enumerate(runs):
        alone = simulate(system, EULER, start, 1.0, 4 << i, 6, 3, observe=seen, keep=True)
        np.testing.assert_allclose(run.values["X"], alone.values["X"], rtol=1e-13)


def test_other_increments_on_a_coarse_grid_would_be_seen() -> None:
    """The first of two increments for their sum: a path that no longer ends where it should."""
    system, start = _system(), {"X": np.ones((2, 3))}
    seen = {"X": lambda state: state["X"]}
    coarse, _ = simulate_grids(system, EULER, start, 1.0, 4, 6, 3, observe=[seen] * 2)
    other = simulate(system, EULER, start, 1.0, 4, 6, 4, observe=seen, keep=True)
    assert np.abs(coarse.values["X"] - other.values["X"]).max() > 1e-2


def test_what_is_not_finite_names_its_grid() -> None:
    lost = {"f": lambda state: state["X"][:, 0, 0] * np.nan}
    fine = {"f": lambda state: state["X"][:, 0, 0]}
    with pytest.raises(SimulationError, match="observe '1 f': not finite"):
        simulate_grids(_system(), EULER, {"X": np.ones((2, 3))}, 1.0, 4, 6, 3, observe=[fine, lost])


@pytest.mark.parametrize("count", [0, 2, 10])
def test_as_many_observables_as_grids(count: int) -> None:
    with pytest.raises(SimulationError, match="sets of observables; give one step and one set"):
        iterate_grids(
            [lambda state, index, dB: state] * (count if count != 2 else 1),
            lambda block: {"x": np.zeros(block.size)},
            steps=1,
            horizon=1.0,
            paths=1,
            seed=0,
            draws=lambda block: iter([{}]),
            observe=[{}] * count,
        )
