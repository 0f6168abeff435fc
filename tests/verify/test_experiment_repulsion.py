"""The repulsion of eigenvalues: enumerated drifts against branches; wrong terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from verify.experiments.experiment import Finding
from verify.experiments.repulsion import experiment, findings
from verify.experiments.repulsion_paths import Noise, branches, eigenvalues, enumerated, paths
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
        name: {**part, "end": part["end without"], "apart": np.abs(part["apart"])}
        for name, part in numbers.items()
    }
    found = named(swapped, 1.0)
    for k in (1, 2):
        assert found[f"smallest, k = {k}"].status == Status.DISAGREES
        assert found[f"crossing, k = {k}"].status == Status.INCONCLUSIVE
