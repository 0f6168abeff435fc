"""norm-growth: judged on what it simulates, and on laws that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from numerics.network import Array
from tests.verify.experimenting import judged, quickly, statuses
from verify.experiments import norm_growth, style
from verify.experiments.command import Report, conduct
from verify.experiments.norm_growth_judge import Rate, judge
from verify.verdict import Status

DISAGREES = Status.DISAGREES
RATE, LINEAR = "rate of the fourth power", "linear fourth power"


@cache
def report() -> Report:
    small = {"steps": 3_000, "marks": 50, "runs": 24, "long_steps": 4_000, "long_marks": 40}
    return conduct(quickly(norm_growth.experiment(), **small), range(2))


def test_as_stated_and_drawn() -> None:
    found = report()
    status = statuses(found.findings)
    # Few runs may leave open what the standard settings decide.
    assert status.pop(LINEAR) is not DISAGREES
    assert set(status.values()) == {Status.AGREES}, [f.reason for f in found.findings]
    with style.applied():
        drawn = found.experiment.draw(found.numbers, found.experiment.settings, found.findings)
    assert set(drawn) == {"norm-growth", "fourth-power"}


@pytest.mark.parametrize(
    ("here", "there", "finding"),
    [
        ("norms_B_sgd", "norms_A_sgd", "exact law"),
        ("least_B_sgd", "least_A_sgd", "never falls"),
        ("norms_A_gd", "norms_A_sgd", "gradient descent"),
        ("least_A_sgd", "least_B_sgd", "layers of Net A"),
        ("norms_A_gd", "norms_B_gd", "layers of Net A"),
        ("norms_B_gd", "norms_A_gd", "layers of Net A"),
        ("moment_long", "norm_long", RATE),
        ("moment_long", "norm_long", LINEAR),
    ],
)
def test_what_does_otherwise_is_rejected(here: str, there: str, finding: str) -> None:
    numbers = [{**run, here: run[there]} for run in report().numbers]
    assert judged(report(), numbers)[finding] is DISAGREES


def test_a_wrong_factor_of_the_squared_gradient_is_rejected() -> None:
    for square in (0.5, 2.0):
        exact = judge(report().numbers, report().experiment.settings, square)[0]
        assert exact.status is DISAGREES


WRONG: Mapping[str, Rate] = {
    "half": lambda norm, moment, eta: eta * norm * moment,
    "twice": lambda norm, moment, eta: 4 * eta * norm * moment,
    "the square of the step": lambda norm, moment, eta: 2 * eta**2 * norm * moment,
    "the norm itself": lambda norm, moment, eta: 2 * eta * np.sqrt(norm) * moment,
    "no norm": lambda norm, moment, eta: 2 * eta * moment,
    "the fourth power": lambda norm, moment, eta: 2 * eta * norm**2 * moment,
    "a square root": lambda norm, moment, eta: 2 * eta * norm * np.sqrt(moment),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_rate_of_the_fourth_power_is_rejected(name: str) -> None:
    found = judge(report().numbers, report().experiment.settings, rate=WRONG[name])
    assert statuses(found)[RATE] is DISAGREES


@pytest.mark.parametrize("power", [0.0, -2.0, -0.5, 1.0])
def test_another_power_of_the_noise_is_rejected(power: float) -> None:
    # |θ|², |θ|⁶, |θ|³ or a constant would be linear.
    found = judge(report().numbers, report().experiment.settings, power=power)
    assert statuses(found)[LINEAR] is DISAGREES, found[-1].reason


@pytest.mark.parametrize("power", [-1.35, -1.25, -0.75])
def test_a_power_a_quarter_off_is_not_accepted(power: float) -> None:
    found = judge(report().numbers, report().experiment.settings, power=power)
    assert statuses(found)[LINEAR] is not Status.AGREES, found[-1].reason


def drifting(early: float, late: float, noise: float) -> list[dict[str, Array]]:
    """Long runs in which tr Σ goes with one power of |θ|², and after half of its growth another."""
    rng = np.random.Generator(np.random.SFC64(3))
    steps = np.asarray(report().numbers[0]["long_steps"])
    norm = np.log(3) + 1.2 * np.sqrt(steps / steps[-1])[:, None]
    half = np.clip(norm, None, np.log(3) + 0.95)
    moment = early * half + late * (norm - half) + noise * rng.standard_normal((len(steps), 192))
    shape = {"norm_long": np.exp(norm + 0 * moment), "moment_long": np.exp(moment)}
    return [{**report().numbers[0], **shape}]


@pytest.mark.parametrize(
    ("early", "late"), [(-1.3, -1.0), (-1.2, -0.9), (-1.2, -0.85), (-1.15, -0.75), (-0.8, -1.2)]
)
@pytest.mark.parametrize("noise", [0.02, 0.1, 0.2])
def test_a_power_that_drifts_is_not_accepted(early: float, late: float, noise: float) -> None:
    """However well the whole of a run may hide it."""
    assert judged(report(), drifting(early, late, noise))[LINEAR] is not Status.AGREES


def test_a_power_that_stays_is_accepted() -> None:
    assert judged(report(), drifting(-1.0, -1.0, 0.03))[LINEAR] is Status.AGREES


def test_every_run_has_a_data_set_of_its_own() -> None:
    """From the first loss on, runs differ: Student over runs takes them for independent."""
    losses = np.asarray(report().numbers[0]["losses_A_gd"])
    assert len(np.unique(np.round(losses[-1], 6))) == losses.shape[1]


def test_a_short_time_settles_nothing() -> None:
    brief = {"steps": 40, "marks": 20, "long_steps": 40, "long_marks": 20}
    short = conduct(quickly(norm_growth.experiment(), **brief), range(2))
    found = statuses(short.findings)
    assert found["gradient descent"] is found[LINEAR] is Status.INCONCLUSIVE
    assert DISAGREES not in found.values()


@pytest.mark.parametrize("net", ["A", "B"])
def test_gradients_of_the_nets(net: str) -> None:
    rng = np.random.Generator(np.random.SFC64(2))
    W, u = rng.standard_normal((1, 4, 3)), rng.standard_normal((1, 4))
    X, y = rng.standard_normal((1, 6, 3)), rng.standard_normal((1, 6))

    def loss(W: Array, u: Array) -> float:
        squares = np.sum(W * W), np.sum(u * u)
        N = sum(squares) if net == "A" else np.sqrt(squares[0] * squares[1])
        f = np.maximum(X[0] @ W[0].T, 0) @ u[0] / N
        return float(np.mean((f - y[0]) ** 2))

    dW, du = norm_growth.gradient(net, W, u, X, y)
    for of, parts, here in ((dW, (W, u), 0), (du, (W, u), 1)):
        for at in np.ndindex(of.shape):
            moved = []
            for sign in (1, -1):
                copies = [part.copy() for part in parts]
                copies[here][at] += sign * 1e-6
                moved.append(loss(*copies))
            assert of[at] == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-5, abs=1e-8)
