"""The repulsion of eigenvalues: enumerated drifts against branches; wrong terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from numerics.kernels import kernels
from verify.experiments.experiment import Finding
from verify.experiments.repulsion import experiment, findings
from verify.experiments.repulsion_paths import (
    CLAIM,
    STILL,
    Modes,
    Noise,
    branches,
    eigenvalues,
    enumerated,
    paths,
)
from verify.verdict import Status

SETTINGS = {**experiment().settings, **experiment().quick}
NOISE = Noise(features=3, targets=2, width=5, gamma=0.7)


def weights() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.Generator(np.random.SFC64(4))
    return rng.standard_normal((3, 5)), rng.standard_normal((5, 2))


@pytest.fixture(scope="module")
def numbers() -> Mapping[str, Any]:
    return experiment().simulate(3, SETTINGS, lambda fraction, what: None)


def test_enumerated_drift_is_within_the_error_of_gaussian_branches() -> None:
    W1, W2 = weights()
    exact, bias = enumerated(NOISE, W1, W2, 1e-6)
    rng = np.random.Generator(np.random.SFC64(1))
    mean, error = branches(NOISE, W1, W2, 1e-6, 4000, rng)
    assert (np.abs(exact - mean) < 5 * error + bias).all()
    # Half of the repulsion would be seen.
    push = NOISE.repulsion(W1[None], W2[None])[0]
    assert (np.abs(exact - 0.5 * push - mean) > 5 * error).any()


def test_a_step_is_the_declared_noise() -> None:
    W1, W2 = weights()
    dB = np.random.Generator(np.random.SFC64(2)).standard_normal((1, 3, 2))
    after = NOISE.moved(W1[None], W2[None], dB)
    np.testing.assert_allclose(after[0][0], W1 + np.sqrt(0.7) * dB[0] @ W2.T)
    np.testing.assert_allclose(after[1][0], W2 + np.sqrt(0.7) * W1.T @ dB[0])


def test_noise_along_fixed_vectors_does_not_turn_them() -> None:
    """U diag(x) V' keeps U and V, and E_i dW1 E_j = 0; a full dB turns them."""
    W1, W2 = weights()
    modes, x, y = Modes.of(W1[None], W2[None], 0.7)
    dB = np.random.Generator(np.random.SFC64(2)).standard_normal((1, 3, 2))
    after = modes.moved(x, y, dB)
    left = modes.left[0]
    along = np.array([left[:, i] @ dB[0] @ modes.right[0, i] for i in range(3)])
    np.testing.assert_allclose(after[0][0], x[0] + np.sqrt(0.7) * y[0] * along)
    np.testing.assert_allclose(after[1][0], y[0] + np.sqrt(0.7) * x[0] * along)
    np.testing.assert_allclose((left * x[0] ** 2) @ left.T, W1 @ W1.T)
    full = left.T @ (NOISE.moved(W1[None], W2[None], dB)[0][0] - W1) @ W1.T @ left
    assert np.abs(full - np.diag(np.diag(full))).max() > 0.1


def test_what_a_full_noise_adds_at_standing_vectors_repels() -> None:
    """γλ_i|W2|²/(λ_i − λ_j), W1 and W2 diagonal: the whole drift less that of standing vectors."""
    x, y, gamma = np.array([2.0, 1.0]), np.array([0.5, 1.5]), 0.7
    weights = {"W1": np.diag(x), "W2": np.diag(y), "R": np.zeros((2, 2)), "gamma": gamma}
    full = kernels(CLAIM)["derived_drift"]({name: np.array(v) for name, v in weights.items()})
    modes = {"x1": x[0], "x2": x[1], "y1": y[0], "y2": y[1], "r1": 0.0, "r2": 0.0, "gamma": gamma}
    still = kernels(STILL)["derived_drift"]({name: np.array(v) for name, v in modes.items()})
    np.testing.assert_allclose(still, gamma * y**2)
    gaps = np.array([x[0] ** 2 - x[1] ** 2, x[1] ** 2 - x[0] ** 2])
    np.testing.assert_allclose(full - still, gamma * x**2 * (y @ y) / gaps)
    assert full[0] > still[0]
    assert full[1] < still[1]


def test_standing_modes_are_those_of_the_exact_solution() -> None:
    """x ± y = (x_0 ± y_0) exp(±√γ β − γt/2) on every path, as the step tends to zero."""
    errors = []
    for steps in (256, 1024):
        rng = np.random.Generator(np.random.SFC64(7))
        dB = rng.standard_normal((1024, 50, 1, 1)) / 32
        dB = dB.reshape(steps, -1, 50, 1, 1).sum(axis=1)
        one = np.ones((50, 1, 1))
        modes = Modes(left=one, right=one, gamma=0.7)
        x, y = 2 * np.ones((50, 1)), np.ones((50, 1))
        for each in dB:
            x, y = modes.moved(x, y, each)
        beta = np.sqrt(0.7) * dB.sum(axis=0)[:, :, 0]
        exact = 3 * np.exp(beta - 0.35)
        errors.append(np.abs(x + y - exact).mean() / exact.mean())
    assert errors[1] < 0.6 * errors[0] < 0.02


def test_paths_at_twice_the_steps_are_the_same_paths() -> None:
    coarse, fine = (
        paths(NOISE, horizon=0.02, steps=steps, count=4, seed=1, at=(0, steps))
        for steps in (256, 512)
    )
    np.testing.assert_array_equal(coarse.values["on"][0], fine.values["on"][0])
    moved = np.abs(coarse.values["on"][1] - coarse.values["on"][0]).mean()
    assert np.abs(coarse.values["on"][1] - fine.values["on"][1]).mean() < 0.1 * moved
    np.testing.assert_allclose(coarse.values["on"][1], eigenvalues(coarse.values["W1"][1]))


def named(numbers: Mapping[str, Any], factor: float) -> dict[str, Finding]:
    return {found.name: found for found in findings([numbers], SETTINGS, factor=factor)}


def test_no_stated_finding_is_rejected(numbers: Mapping[str, Any]) -> None:
    found = named(numbers, 1.0)
    assert all(finding.status != Status.DISAGREES for finding in found.values())
    assert {found[f"drift, k = {k}"].status for k in (1, 2)} == {Status.AGREES}


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.99, 2.0, -1.0])
@pytest.mark.parametrize("k", [1, 2])
def test_wrong_repulsion_is_rejected(numbers: Mapping[str, Any], factor: float, k: int) -> None:
    assert named(numbers, factor)[f"drift, k = {k}"].status == Status.DISAGREES


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, -1.0])
@pytest.mark.parametrize("k", [1, 2])
def test_paths_reject_a_wrong_repulsion(numbers: Mapping[str, Any], factor: float, k: int) -> None:
    assert named(numbers, factor)[f"paths, k = {k}"].status == Status.DISAGREES


def test_paths_that_do_not_fall_are_not_accepted(numbers: Mapping[str, Any]) -> None:
    swapped = {
        name: {
            **part,
            "end": part["end without"],
            "apart": np.abs(part["apart"]),
            "apart still": np.abs(part["apart still"]),
        }
        for name, part in numbers.items()
    }
    found = named(swapped, 1.0)
    for k in (1, 2):
        assert found[f"smallest, k = {k}"].status == Status.DISAGREES
        assert found[f"crossing, k = {k}"].status == Status.INCONCLUSIVE
        assert found[f"standing, k = {k}"].status == Status.INCONCLUSIVE
