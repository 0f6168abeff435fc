"""Exponents by orthonormalised columns beside exact products, and systems that have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from numerics.brownian import Block, increments
from numerics.errors import SimulationError
from numerics.lyapunov import (
    drift_per_time,
    generic_frame,
    log_growth,
    log_growths,
    require_left_multiplication,
    spread_per_time,
)
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
        system, horizon=1.5, steps=steps, paths=paths, seed=3, at=[12, 24], block=paths
    )
    draws = iter(increments(system, horizon=1.5, steps=steps)(Block(seed=3, index=0, size=paths)))
    Theta = np.broadcast_to(generic_frame(p + k), (paths, p + k, p + k))
    for done in range(1, steps + 1):
        B = next(draws)["dB"]
        L = np.zeros((paths, p + k, p + k))
        L[:, :p, p:], L[:, p:, :p] = B, np.swapaxes(B, -1, -2)
        Theta = Theta + L @ Theta
        if done in (12, 24):
            R = np.abs(np.diagonal(np.linalg.qr(Theta)[1], axis1=-2, axis2=-1))
            assert np.allclose(growth[done // 12 - 1], np.log(R), rtol=1e-10, atol=1e-10)


def triangular(*rates: float, coupling: float) -> System:
    """Without noise, dX = A X dt with these rates on the diagonal and a coupling above it."""
    A = np.diag(rates) + coupling * np.eye(len(rates), k=1)
    return System(
        states={"X": A.shape},
        noises=(NoiseSpec(name="B", shape=(1, 1)),),
        increment=lambda point, t, dt, dB: {"X": A @ point["X"] * dt},
    )


@pytest.mark.parametrize("coupling", [0.0, 1.0])
def test_exponents_are_ordered_where_columns_of_the_identity_are_invariant(coupling: float) -> None:
    """The first column of the identity grows like e^{−2t} for good; the largest exponent is 1."""
    system = triangular(-2.0, 1.0, coupling=coupling)
    growth = log_growth(system, horizon=8.0, steps=1024, paths=1, seed=1, at=[512, 1024])
    assert (growth[1] - growth[0])[0] / 4.0 == pytest.approx([1.0, -2.0], abs=0.02)


def test_the_noise_of_the_growth_is_a_sum_over_orthonormal_columns() -> None:
    """Twin: each step's Q from LAPACK, and diag(Q'L(0, dB)Q) added up on each path."""
    p, k, steps, paths = 2, 1, 8, 4
    (found,) = log_growths(
        network(p, k), horizon=0.5, steps=steps, paths=paths, seed=3, at=[8], grids=1, block=paths
    )
    draws = increments(network(p, k), horizon=0.5, steps=steps)(Block(seed=3, index=0, size=paths))
    Q, total = np.broadcast_to(generic_frame(3), (paths, 3, 3)), np.zeros((paths, 3))
    for dB in draws:
        L = np.zeros((paths, 3, 3))
        L[:, :p, p:], L[:, p:, :p] = dB["dB"], np.swapaxes(dB["dB"], -1, -2)
        total = total + np.einsum("nij,nik,nkj->nj", Q, L, Q)
        Q = np.linalg.qr(Q + L @ Q)[0]
    assert np.allclose(found.noise[0], total, rtol=1e-10, atol=1e-12)


def test_workers_that_would_be_ignored_are_refused() -> None:
    with pytest.raises(TypeError, match="workers"):
        log_growth(  # type: ignore[call-arg]
            network(1, 1), horizon=1.0, steps=1, paths=1, seed=1, at=[1], workers=2
        )


def test_drift_per_time() -> None:
    assert drift_per_time(network(2, 1)) == 0.0
    assert drift_per_time(triangular(-3.0, 1.0, coupling=0.0)) == pytest.approx(3.0, rel=1e-14)


def test_spread_per_time() -> None:
    """E|S(dB)|² = 2pk dt, over p + k columns."""
    assert spread_per_time(network(3, 2)) == pytest.approx(2 * 3 * 2 / 5, rel=1e-14)


@pytest.mark.parametrize(
    ("system", "words"),
    [
        (
            System(
                states={"X": (2, 3)},
                noises=(),
                increment=lambda point, t, dt, dB: {"X": dt * point["X"]},
            ),
            "square",
        ),
        (
            System(
                states={"X": (2, 2)},
                noises=(),
                increment=lambda point, t, dt, dB: {"X": dt * point["X"] @ np.diag([1.0, 2.0])},
            ),
            "linear system",
        ),
        (
            System(
                states={"X": (2, 2)},
                noises=(),
                increment=lambda point, t, dt, dB: {"X": dt * point["X"] ** 3},
            ),
            "linear system",
        ),
    ],
)
def test_what_has_no_exponents_is_refused(system: System, words: str) -> None:
    with pytest.raises(SimulationError, match=words):
        log_growth(system, horizon=1.0, steps=4, paths=2, seed=1, at=[4])


def test_a_scheme_whose_condition_fails_is_refused() -> None:
    """Milstein without Lévy areas has no place where noise does not commute."""
    settings = {"horizon": 1.0, "steps": 4, "paths": 2, "seed": 1, "at": [4]}
    with pytest.raises(SimulationError, match="scheme milstein: the noise does not commute"):
        log_growth(network(2, 1), scheme="milstein", **settings)  # type: ignore[arg-type]
    assert log_growth(network(1, 1), scheme="milstein", **settings).shape == (1, 2, 2)  # type: ignore[arg-type]


def test_the_network_is_a_left_multiplication() -> None:
    require_left_multiplication(network(2, 3))
