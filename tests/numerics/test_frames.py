"""Orthogonal frames: normal rows, exact means of quadratic forms, intervals that cover."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from numerics.frames import RadialControl, averaged, drawn
from numerics.one_step import OneStepEstimate, one_step_covariation, one_step_drift
from numerics.system import NoiseSpec, System
from numerics.transition import Statistic

K = 70
POINT = {"x": np.linspace(-1.0, 1.0, K)}


def additive(size: float = 1.0) -> System:
    """dx = −x dt + size dB for a vector of K entries."""
    return System(
        states={"x": (K,)},
        noises=(NoiseSpec(name="B", shape=(K,)),),
        increment=lambda p, t, dt, dB: {"x": -p["x"] * dt + size * dB["dB"]},
    )


def exponentials(point: Any) -> Any:
    return np.sum(np.exp(point["x"]), axis=-1)


def test_rows_of_a_frame_are_orthogonal_and_of_one_length() -> None:
    frames = drawn(np.random.default_rng(1), 2, np.eye(K))
    for frame in frames:
        assert frame @ frame.T == pytest.approx((frame[0] @ frame[0]) * np.eye(K), abs=1e-11)


def test_every_row_is_a_standard_normal_vector() -> None:
    """Means, covariances and fourth moments of both rows, within five deviations."""
    V = np.linalg.qr(np.random.default_rng(2).standard_normal((3, 2)))[0]
    frames = drawn(np.random.default_rng(3), 40_000, V) @ V  # coordinates in the span
    for row in (frames[:, 0], frames[:, 1]):
        share = 5 / np.sqrt(len(row))
        assert np.abs(np.mean(row, axis=0)).max() < share
        assert np.abs(row.T @ row / len(row) - np.eye(2)).max() < np.sqrt(2) * share
        assert np.abs(np.mean(row**4, axis=0) - 3.0).max() < np.sqrt(96) * share
        assert abs(np.mean(row[:, 0] ** 2 * row[:, 1] ** 2) - 1.0) < np.sqrt(8) * share


@pytest.mark.parametrize("at_once", [1, 50, 10_000])
def test_the_mean_over_a_frame_is_that_of_a_literal_loop(at_once: int) -> None:
    frames = drawn(np.random.default_rng(4), 3, np.eye(5))
    cubes = Statistic(of=lambda xi, h: h * xi[:, :2] ** 3, order=1.0)
    found = averaged(cubes, 5, at_once)(frames, 0.5)
    for frame, value in zip(frames, found, strict=True):
        rows = [0.5 * row[:2] ** 3 for row in frame]
        assert value == pytest.approx(sum(rows) / len(rows), rel=1e-13)


def test_a_quadratic_form_leaves_nothing_beside_its_trace() -> None:
    rng = np.random.default_rng(5)
    H = rng.standard_normal((K, K))
    form = Statistic(of=lambda xi, h: np.einsum("nj,jk,nk->n", xi, H, xi), order=1.0)
    mean = averaged(form, K, 10**6)
    frames = drawn(rng, 3, np.eye(K))
    control = RadialControl.of(lambda x: mean(x, 1.0), frames[0])
    left = mean(frames[1:], 1.0) - control(frames[1:])[:, 0]
    assert left == pytest.approx(np.trace(H), abs=1e-9)


def at_half(seed: int, level: float) -> OneStepEstimate:
    return one_step_drift(
        additive(), exponentials, POINT, seed=seed, level=level, samples=2_000, pilot=100, h=0.5
    )


def exact_at_half() -> float:
    """The mean of the extrapolated difference at h = 1/2, a step so long that frames differ."""
    x = POINT["x"]

    def difference(h: float) -> float:
        return float(np.sum(np.exp(x - x * h + h / 2) - np.exp(x)) / h)

    return (8 * difference(0.125) - 6 * difference(0.25) + difference(0.5)) / 3


def test_intervals_of_frames_cover_and_their_means_vary_as_they_say() -> None:
    found = [at_half(seed, 0.01) for seed in range(25)]
    off = np.array([float(e.mean) - exact_at_half() for e in found])
    assert np.all(np.abs(off) <= [float(e.half_width) for e in found])
    frames = found[0].samples / K
    z = off * np.sqrt(frames) / np.array([float(e.deviation) for e in found])
    # 25 standard normals: their mean and their mean square within four deviations.
    assert abs(np.mean(z)) < 4 / np.sqrt(25)
    assert abs(np.mean(z**2) - 1.0) < 4 * np.sqrt(2 / 25)
    assert np.std(off) > 1e-12


def test_a_drift_of_many_components_has_nine_digits_and_wrong_ones_are_rejected() -> None:
    x = POINT["x"]
    found = one_step_drift(additive(), exponentials, POINT, seed=1, level=1e-7)
    right = np.sum(np.exp(x) * (0.5 - x))
    assert found.controls == 1
    assert found.relative < 1e-9
    room = found.half_width + found.bias
    assert abs(found.mean - right) <= room
    for wrong in (np.sum(np.exp(x) * (1.0 - x)), np.sum(-np.exp(x) * x), (1 + 1e-7) * right):
        assert abs(found.mean - wrong) > room


def test_a_covariation_of_many_components_and_a_lost_sign() -> None:
    x = POINT["x"]
    found = one_step_covariation(
        additive(2.0), exponentials, lambda p: p["x"][..., 0], POINT, seed=1, level=1e-7
    )
    room = found.half_width + found.bias
    assert abs(found.mean - 4 * np.exp(x[0])) <= room
    assert abs(found.mean + 4 * np.exp(x[0])) > room
    assert abs(found.mean - 2 * np.exp(x[0])) > room


def test_the_seed_fixes_the_frames() -> None:
    first, again, other = (at_half(seed, 0.01).mean for seed in (1, 1, 2))
    assert first == again != other
