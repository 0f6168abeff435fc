"""quadratic-lasso: judged on what it simulates, and on laws that are wrong."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from tests.verify.experimenting import judged, quickly, statuses
from verify.experiments import quadratic_lasso, style
from verify.experiments.command import Report, conduct
from verify.experiments.quadratic_lasso import Law, lasso
from verify.verdict import Status

DISAGREES = Status.DISAGREES


@cache
def report() -> Report:
    small = {"noises": [0.25, 0.5, 1.8], "time": 120.0}
    return conduct(quickly(quadratic_lasso.experiment(), **small), range(3))


def test_nothing_true_is_rejected() -> None:
    found = report()
    assert set(statuses(found.findings).values()) == {Status.AGREES}, found.findings
    with style.applied():
        assert found.experiment.draw(found.numbers, found.experiment.settings, found.findings)


WRONG_RATES: dict[str, Law] = {
    "equal lengths": lambda gradient, noise, h: gradient - noise,
    "half of the noise": lambda gradient, noise, h: gradient - noise * h / 2,
    "twice the noise": lambda gradient, noise, h: gradient - 2 * noise * h,
    "another sign of the gradient": lambda gradient, noise, h: -gradient - noise * h,
    "no gradient": lambda gradient, noise, h: -noise * h,
    "half of the gradient": lambda gradient, noise, h: gradient / 2 - noise * h,
    "squared lengths": lambda gradient, noise, h: gradient - noise * h**2,
}


@pytest.mark.parametrize("name", WRONG_RATES)
def test_another_rate_is_rejected(name: str) -> None:
    settings = report().experiment.settings
    found = quadratic_lasso.judge(report().numbers, settings, rate=WRONG_RATES[name])
    assert [f.status for f in found[1:]] == [DISAGREES, DISAGREES], [f.reason for f in found]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda gradient, noise, h: 0.5 * noise * np.ones_like(h),
        lambda gradient, noise, h: noise * h,
        lambda gradient, noise, h: 0.25 * noise * h,
        lambda gradient, noise, h: 0.5 * noise**0.5 * h,
        lambda gradient, noise, h: 0.5 * noise * h**2,
    ],
)
def test_another_penalty_is_rejected(wrong: Law) -> None:
    settings = report().experiment.settings
    found = quadratic_lasso.judge(report().numbers, settings, penalty=wrong)
    assert found[0].status is DISAGREES, found[0].reason


def test_lengths_that_are_equal_settle_no_weights() -> None:
    """Where the ordinary Lasso has the same solution, nothing is said of the weights |x_j|²."""
    numbers = []
    for run in report().numbers:
        gram = np.asarray(run["gram"])
        scale = 1 / np.sqrt(np.diag(gram))
        numbers.append({**run, "gram": gram * scale[:, None] * scale, "target": run["target"]})
    found = quadratic_lasso.judge(numbers, report().experiment.settings)[0]
    assert found.status is not Status.AGREES
    assert "equal lengths 0.00" in found.reason


def test_growth_is_not_taken_for_decay() -> None:
    wrong = [{**run, "rate": -np.asarray(run["rate"])} for run in report().numbers]
    assert judged(report(), wrong)["large noise"] is DISAGREES


def test_rates_of_one_kind_settle_nothing() -> None:
    # Without large noise nothing dies everywhere, and no term can be told from another.
    found = statuses(
        quadratic_lasso.judge(report().numbers, {**report().experiment.settings, "noises": [0.25]})
    )
    assert found["large noise"] is Status.INCONCLUSIVE


def test_dead_weights_alone_settle_no_penalty() -> None:
    noises = report().experiment.settings["noises"]
    numbers = [{**run, **{k: run[k][-1:] for k in ("mean", "rate")}} for run in report().numbers]
    assert judged(report(), numbers, noises=noises[-1:])["the Lasso"] is Status.INCONCLUSIVE


def test_the_solver_solves_the_problem_that_is_stated() -> None:
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((12, 4)), rng.standard_normal(12)
    G, c, weight = X.T @ X, X.T @ y, np.array([0.5, 1.0, 2.0, 0.1])
    b = lasso(G, c, weight)
    best = np.inf
    for support in product((False, True), repeat=4):
        on = np.array(support)
        trial = np.zeros(4)
        if on.any():
            trial[on] = np.linalg.solve(G[np.ix_(on, on)], (c - weight)[on])
        if np.all(trial >= 0):
            best = min(best, float(0.5 * np.sum((X @ trial - y) ** 2) + weight @ trial))
    assert np.isclose(0.5 * np.sum((X @ b - y) ** 2) + weight @ b, best)
