"""Exponents by orthonormalised columns beside exact products, and systems that have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from numerics.brownian import Block, increments
from numerics.errors import SimulationError
from numerics.lyapunov import log_growth, require_left_multiplication, spread_per_time
from numerics.system import NoiseSpec, System


def network(p: int, k: int) -> System:
    """dX = dB Y, dY = dB'X with all p + k columns."""

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: Mapping[str, Any]) -> Any:
        B = dB["dB"]
        return {"X": B @ point["Y"], "Y": np.swapaxes(B, -1, -2) @ point["X"]}

    states = {"X": (p, p + k), "Y": (k, p + k)}
    return System(states=states, noises=(NoiseSpec(name="B", shape=(p, k)),), increment=increment)


def test_growth_is_that_of_the_product_of_all_steps() -> None:
    """Twin: the steps multiplied out on each path, and one QR decomposition of the product."""
    p, k, steps, paths = 2, 1, 24, 8
    system = network(p, k)
    growth = log_growth(
        system, horizon=1.5, steps=steps, paths=paths, seed=3, at=[12, 24], every=4, block=paths
    )
    draws = iter(increments(system, horizon=1.5, steps=steps)(Block(seed=3, index=0, size=paths)))
    Theta = np.broadcast_to(np.eye(p + k), (paths, p + k, p + k))
    for done in range(1, steps + 1):
        B = next(draws)["dB"]
        L = np.zeros((paths, p + k, p + k))
        L[:, :p, p:], L[:, p:, :p] = B, np.swapaxes(B, -1, -2)
        Theta = Theta + L @ Theta
        if done in (12, 24):
            R = np.abs(np.diagonal(np.linalg.qr(Theta)[1], axis1=-2, axis2=-1))
            assert np.allclose(growth[done // 12 - 1], np.log(R), rtol=1e-10, atol=1e-10)


def test_how_often_columns_are_orthonormalised_changes_rounding_alone() -> None:
    system = network(2, 2)
    often, seldom = (
        log_growth(system, horizon=2.0, steps=64, paths=16, seed=5, at=[64], every=every)
        for every in (1, 32)
    )
    assert np.allclose(often, seldom, rtol=1e-9, atol=1e-9)


def test_spread_per_time() -> None:
    """E|S(dB)|² = 2pk dt, over p + k columns."""
    assert spread_per_time(network(3, 2)) == pytest.approx(2 * 3 * 2 / 5, rel=1e-14)


@pytest.mark.parametrize(
    ("system", "every", "words"),
    [
        (network(1, 1), 3, "divide"),
        (
            System(
                states={"X": (2, 3)},
                noises=(),
                increment=lambda point, t, dt, dB: {"X": dt * point["X"]},
            ),
            1,
            "square",
        ),
        (
            System(
                states={"X": (2, 2)},
                noises=(),
                increment=lambda point, t, dt, dB: {"X": dt * point["X"] @ np.diag([1.0, 2.0])},
            ),
            1,
            "linear system",
        ),
        (
            System(
                states={"X": (2, 2)},
                noises=(),
                increment=lambda point, t, dt, dB: {"X": dt * point["X"] ** 3},
            ),
            1,
            "linear system",
        ),
    ],
)
def test_what_has_no_exponents_is_refused(system: System, every: int, words: str) -> None:
    with pytest.raises(SimulationError, match=words):
        log_growth(system, horizon=1.0, steps=4, paths=2, seed=1, at=[4], every=every)


def test_a_scheme_whose_condition_fails_is_refused() -> None:
    """Milstein without Lévy areas has no place where noise does not commute."""
    settings = {"horizon": 1.0, "steps": 4, "paths": 2, "seed": 1, "at": [4], "every": 1}
    with pytest.raises(SimulationError, match="scheme milstein: the noise does not commute"):
        log_growth(network(2, 1), scheme="milstein", **settings)  # type: ignore[arg-type]
    assert log_growth(network(1, 1), scheme="milstein", **settings).shape == (1, 2, 2)  # type: ignore[arg-type]


def test_the_network_is_a_left_multiplication() -> None:
    require_left_multiplication(network(2, 3))
