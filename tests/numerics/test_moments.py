"""Means over all sign paths against closed forms, and against the naive average of paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from numerics.errors import NumericsError
from numerics.moments import expectation, propagated, two_point_mean
from numerics.system import Array, NoiseSpec, State, System
from tests.numerics import systems

START = {"W1": np.array([[0.8, -0.4]]), "W2": np.array([[0.3], [1.1]])}


def alone(p: int, k: int, g: float = 1.0) -> System:
    """The network under noise alone, dΘ = √g S(dB)Θ."""

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        dZ = np.sqrt(g) * dB["dB"]
        W1, W2 = point["W1"], point["W2"]
        return {"W1": dZ @ W2.swapaxes(-1, -2), "W2": W1.swapaxes(-1, -2) @ dZ}

    return System(
        states={"W1": (p, 2), "W2": (2, k)},
        noises=(NoiseSpec(name="B", shape=(p, k)),),
        increment=increment,
    )


def size(states: Mapping[str, Any]) -> Array:
    """Tr M, with a component axis."""
    return np.stack([sum(np.sum(x * x, axis=(-2, -1)) for x in states.values())], axis=-1)


def first_two_powers(states: Mapping[str, Any]) -> Array:
    return np.stack([states["x"], states["x"] ** 2], axis=-1)


@pytest.mark.parametrize("steps", [1, 3, 8])
def test_the_mean_of_the_scheme_is_exact(steps: int) -> None:
    a, b, h = 0.3, 0.8, 0.9 / steps
    found = two_point_mean(
        systems.geometric(a, b), first_two_powers, {"x": np.array(1.5)}, 0.9, steps
    )
    wanted = [1.5 * (1 + a * h) ** steps, 2.25 * ((1 + a * h) ** 2 + b * b * h) ** steps]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_a_step_of_the_scheme_reads_the_time_at_which_it_begins() -> None:
    """dx = t x dt + dβ: E x is the product of 1 + t h over the beginnings t of the steps."""

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        return {"x": t * point["x"] * dt + dB["dbeta"]}

    system = System(states={"x": ()}, noises=(systems.SCALAR,), increment=increment)
    found = two_point_mean(system, first_two_powers, {"x": np.array(1.5)}, 0.9, 3)
    assert found[0] == pytest.approx(1.5 * (1 + 0.3 * 0.3) * (1 + 0.6 * 0.3), rel=1e-13)


@pytest.mark.parametrize("horizon", [0.5, 1.0, 2.0])
def test_the_extrapolation_is_within_its_error(horizon: float) -> None:
    a, b = 0.3, 0.8
    found = expectation(systems.geometric(a, b), first_two_powers, {"x": np.array(1.5)}, horizon)
    wanted = [1.5 * np.exp(a * horizon), 2.25 * np.exp((2 * a + b * b) * horizon)]
    assert np.all(np.abs(found.value - wanted) <= found.error)
    assert np.all(found.error <= 1e-5 * np.abs(wanted))
    assert found.paths == 2**16


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_kink_or_a_jump_has_no_extrapolation(level: float) -> None:
    """The means jump from grid to grid, and the polynomial through them is far out."""
    system = System(
        states={"x": ()},
        noises=(systems.SCALAR,),
        increment=lambda point, t, dt, dB: {"x": 0.0 * point["x"] + dB["dbeta"]},
    )

    def above(states: Mapping[str, Any]) -> Array:
        x = states["x"]
        return (np.abs(x) if level == 0.0 else (x > level).astype(float))[:, None]

    assert expectation(system, above, {"x": np.array(0.0)}, 1.0).error == np.inf


@pytest.mark.parametrize("rho", [-0.5, 0.9])
def test_correlated_noises_are_enumerated(rho: float) -> None:
    def product(states: Mapping[str, Any]) -> Array:
        return np.stack([states["x"] * states["y"]], axis=-1)

    start = {"x": np.array(1.0), "y": np.array(2.0)}
    found = expectation(systems.correlated_pair(rho), product, start, 1.0)
    assert abs(found.value[0] - 2 * np.exp(0.49 * rho)) <= found.error[0] < 1e-4


def test_a_heavy_tail_is_met_where_averages_of_paths_fail() -> None:
    """p = k = 1: E tr M = e^t tr M_0, and the average over 10⁴ paths at t = 4 is typically less.

    Even paths without any discretisation error, w ± a = (w_0 ± a_0) exp(±B_t − t/2), do not help.
    """
    unit = {"W1": np.array([[1.0, 0.0]]) / np.sqrt(2), "W2": np.array([[0.0], [1.0]]) / np.sqrt(2)}
    found = expectation(alone(1, 1), size, unit, 4.0)
    assert abs(found.value[0] - np.exp(4)) <= found.error[0] < 0.01
    averages = []
    for seed in range(41):
        B = 2.0 * np.random.default_rng(seed).standard_normal(10_000)
        averages.append(np.mean(np.cosh(2 * B)) * np.exp(-4.0))
    assert np.median(averages) < 0.9 * np.exp(4)


def test_both_layers_feed_each_other() -> None:
    found = expectation(alone(1, 2, 0.5), size, _start(1, 2), 1.0)
    first, second = (float(np.sum(x**2)) for x in _start(1, 2).values())
    A = 0.5 * np.array([[0.0, 1.0], [2.0, 0.0]])
    wanted = float(np.sum(expm(A) @ [first, second]))
    assert abs(found.value[0] - wanted) <= found.error[0] < 1e-3


def _start(p: int, k: int) -> dict[str, Array]:
    rng = np.random.default_rng(5)
    return {"W1": rng.standard_normal((p, 2)), "W2": rng.standard_normal((2, k))}


def test_too_many_signs_are_refused() -> None:
    with pytest.raises(NumericsError, match=r"2\*\*18 sign paths"):
        two_point_mean(alone(1, 2), size, _start(1, 2), 1.0, 9)
    with pytest.raises(NumericsError, match="leave 2 grids"):
        expectation(alone(2, 3), size, _start(2, 3), 1.0)


def test_a_scalar_beside_a_matrix_stands_for_a_multiple_of_the_identity() -> None:
    A = np.array([[0.0, 2.0], [0.0, 0.0]])
    matrix, scalar = propagated(A, [np.ones((2, 2)), 3.0], 0.5)
    np.testing.assert_allclose(matrix, np.ones((2, 2)) + 3.0 * np.eye(2))
    assert scalar == pytest.approx(3.0)
    with pytest.raises(NumericsError, match="for 1 moments"):
        propagated(A, [1.0], 1.0)
