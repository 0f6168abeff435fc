from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from numerics.signature import ClaimSignature
from tests.verify import problems
from verify.planning import Plan, effort
from verify.problem import AlgorithmSetting, Problem
from verify.tiers.algorithm import check
from verify.verdict import Status

PLAN = Plan(seed=1)
QUICK = Plan(seed=1, effort=effort("quick"))


def spread(x: Any, y: Any, W1: Any, W2: Any) -> Any:
    """1/n Σ |x_i|²|r_i|² − |R|², by the definition."""
    X, Y = x[..., 0], y[..., 0]
    E = Y - X @ (W1 @ W2)
    R = X.T @ E / len(X)
    return np.einsum("ip,ip,...ik,...ik->...", X, X, E, E) / len(X) - np.sum(R * R, axis=(-1, -2))


RATES: dict[str, tuple[str, Callable[..., Any]]] = {
    "label_noise": (
        "eta delta k X n",
        lambda eta, delta, k, X, n: -2 * eta * delta * k * np.sum(X * X) / n**2,
    ),
    "gradient_descent": ("k", lambda k: 0.0),
    "minibatch_with_replacement": (
        "eta b x y W1 W2",
        lambda eta, b, x, y, W1, W2: -2 * eta / b * spread(x, y, W1, W2),
    ),
}


def claimed(algorithm: str, factor: float = 1.0, offset: float = 0.0, **values: float) -> Problem:
    arguments, rate = RATES[algorithm]
    kernel = problems.kernel(
        "rate", arguments, lambda *x: factor * rate(*x) + offset, lambda ctx, *x: None
    )
    return Problem(
        id=algorithm,
        title=algorithm,
        kernels={"rate": kernel},
        signature=ClaimSignature(claim=algorithm, kind="differential", dimensions=(), letters=()),
        algorithm=AlgorithmSetting(algorithm=algorithm, values=values),
    )


@pytest.mark.parametrize("algorithm", RATES)
def test_a_right_rate_agrees(algorithm: str) -> None:
    found = check(claimed(algorithm), PLAN)
    assert found.status == Status.AGREES, found.reason


def test_the_gap_is_of_first_order() -> None:
    for algorithm in ("label_noise", "gradient_descent"):
        found = check(claimed(algorithm), PLAN)
        assert found.numbers["order"] == pytest.approx(1.0, abs=0.15)
        # At the largest step size the gap is far beyond what is accepted at zero.
        assert abs(found.numbers["gaps"][0]) > 0.03


@pytest.mark.parametrize("factor", [2.0, 0.5, -1.0, 0.0])
@pytest.mark.parametrize("algorithm", ["label_noise", "minibatch_with_replacement"])
def test_a_wrong_rate_disagrees(algorithm: str, factor: float) -> None:
    found = check(claimed(algorithm, factor), QUICK)
    assert found.status == Status.DISAGREES, found.reason


@pytest.mark.parametrize("offset", [0.05, -0.05])
def test_a_rate_for_gradient_descent_disagrees(offset: float) -> None:
    found = check(claimed("gradient_descent", offset=offset), PLAN)
    assert found.status == Status.DISAGREES, found.reason


def test_the_variance_for_its_root_disagrees() -> None:
    wrong = replace(
        claimed("label_noise", delta=9.0),
        kernels={
            "rate": problems.kernel(
                "rate",
                "eta delta k X n",
                lambda eta, delta, k, X, n: -2 * eta * np.sqrt(delta) * k * np.sum(X * X) / n**2,
                lambda ctx, *x: None,
            )
        },
    )
    assert check(wrong, QUICK).status == Status.DISAGREES


def step_law(gain: float = 1.0, power: int = 2) -> Problem:
    """W1⁺W1⁺' − W2⁺'W2⁺ as the quantity after a step: here the first layer alone, W1⁺ = W1 + ηGW2'.

    The law: |W1⁺|² = |W1|² + 2η tr(W1'GW2') + η²|GW2'|².
    """

    def left(W1: Any, W2: Any, G: Any, eta: Any) -> Any:
        return np.sum((W1 + eta * G @ W2.swapaxes(-1, -2)) ** 2, axis=(-1, -2))

    def right(W1: Any, W2: Any, G: Any, eta: Any) -> Any:
        move = G @ W2.swapaxes(-1, -2)
        linear = np.sum(W1 * move, axis=(-1, -2))
        square = np.sum(move**2, axis=(-1, -2))
        return np.sum(W1**2, axis=(-1, -2)) + 2 * eta * linear + gain * eta**power * square

    arguments = "W1 W2 G eta"
    return Problem(
        id="step",
        title="step",
        kernels={
            "left": problems.kernel("left", arguments, left, lambda ctx, *x: None),
            "right": problems.kernel("right", arguments, right, lambda ctx, *x: None),
        },
        signature=ClaimSignature(claim="step", kind="identity", dimensions=(), letters=()),
        draws="G",
        algorithm=AlgorithmSetting(algorithm="label_noise"),
    )


def test_an_exact_law_is_checked_at_every_step() -> None:
    found = check(step_law(), QUICK)
    assert found.status == Status.AGREES, found.reason
    assert found.points == found.numbers["steps"] >= 1000


@pytest.mark.parametrize("wrong", [step_law(gain=2.0), step_law(gain=0.0), step_law(power=1)])
def test_a_wrong_law_of_a_step_disagrees(wrong: Problem) -> None:
    assert check(wrong, QUICK).status == Status.DISAGREES


def test_an_identity_about_another_step_disagrees() -> None:
    """Both sides are equal, and the algorithm does something else."""
    true = step_law()
    doubled = {
        name: replace(kernel, arrays=lambda W1, W2, G, eta, f=kernel.arrays: f(W1, W2, 2 * G, eta))
        for name, kernel in true.kernels.items()
    }
    assert check(replace(true, kernels=doubled), QUICK).status == Status.DISAGREES


def test_a_claim_without_an_algorithm_does_not_apply() -> None:
    assert check(problems.geometric(), PLAN).status == Status.NOT_APPLICABLE
