"""The verdicts of the command ``data``, from numbers made up for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from numerics.datasets import load
from numerics.training import problem
from verify.data.laws import discrete_law, gradient_flow_law
from verify.data.measure import Measured, train_gradient_descent
from verify.data.settings import Request, choose
from verify.verdict import Status

DATA = problem(load("linnerud").X, load("linnerud").Y)


@pytest.fixture(scope="module")
def descent() -> Measured:
    settings = choose(DATA, Request(steps=50))
    return train_gradient_descent(DATA, settings, lambda done: None)


@pytest.mark.parametrize(
    ("excess", "verdict"),
    [
        (0.01, Status.AGREES),
        (1.0, Status.AGREES),
        (1.01, Status.DISAGREES),
        (np.inf, Status.DISAGREES),
        (np.nan, Status.INCONCLUSIVE),
    ],
)
def test_the_discrete_law_is_judged_by_its_worst_step(
    descent: Measured, excess: float, verdict: Status
) -> None:
    worse = replace(descent, excess=np.where(descent.steps[:, None] > 40, excess, 0.1))
    assert discrete_law([descent, worse]).verdict == verdict


def test_without_a_resolved_step_the_discrete_law_is_open(descent: Measured) -> None:
    blind = replace(descent, resolved=0 * descent.resolved)
    assert discrete_law([blind]).verdict == Status.INCONCLUSIVE
    assert discrete_law([blind, descent]).verdict == Status.AGREES


@pytest.mark.parametrize(
    ("drop", "verdict"),
    [
        (lambda i: 0.1 / 2**i, Status.AGREES),
        (lambda i: 0.1 / 2**i + 0.02 / 4**i, Status.AGREES),
        (lambda i: 0.1 / 2**i + 5 / 4**i + 3 / 8**i, Status.AGREES),
        (lambda i: 0.1, Status.DISAGREES),
        (lambda i: 0.1 / 2**i + 0.05, Status.DISAGREES),
        (lambda i: -0.1 / 2**i - 0.05, Status.DISAGREES),
        # Half an order: it may vanish, but not as it should.
        (lambda i: 0.1 / 2 ** (i / 4), Status.DISAGREES),
        (lambda i: 1e-15, Status.AGREES),
    ],
)
def test_gradient_flow_conserves_if_the_loss_vanishes_with_the_step(
    drop: object, verdict: Status
) -> None:
    assert callable(drop)
    assert gradient_flow_law(drop, 1e-13).verdict == verdict


def test_smaller_steps_are_taken_only_where_they_are_needed() -> None:
    asked: list[int] = []

    def drop(halvings: int) -> float:
        asked.append(halvings)
        return 0.1 / 2**halvings

    gradient_flow_law(drop, 1e-13)
    assert asked == [0, 1, 2]
    asked.clear()
    gradient_flow_law(lambda i: drop(i) + 7 / 16**i, 1e-13)
    assert asked[:4] == [0, 1, 2, 3]
    assert len(asked) <= 6
