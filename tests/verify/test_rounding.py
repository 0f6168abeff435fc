"""Observables that have lost their digits settle nothing, neither right nor wrong claims."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from verify import LimitClaim, NumericSDE, ThresholdClaim
from verify.loading import compiled
from verify.planning import EFFORTS, Plan
from verify.tiers import check_of
from verify.verdict import Evidence, Status

PLAN = Plan(seed=2, effort=replace(EFFORTS["quick"], paths=1000, steps=128))
GROUP = NumericSDE(
    states={"X": (2, 2)}, noises={"B": (2, 2)}, drift=lambda X: 0 * X, noise=lambda X, dB: dB @ X
)
GROWING = replace(GROUP, parameters={"mu": 0.5}, drift=lambda X, mu: mu * X)


def log_det(X: Any) -> Any:
    return np.linalg.slogdet(X)[1]


def judged(claim: Any) -> Evidence:
    return check_of("path")(compiled(replace(claim, id="limit")), PLAN)


@pytest.mark.parametrize("value", [-1.0, 0.0])
@pytest.mark.parametrize("horizon", [40, 160])
def test_a_determinant_of_parallel_columns_settles_nothing(value: float, horizon: int) -> None:
    """d log |det X| = −dt + tr dB; after a while det X is what rounding leaves of |X|²."""
    found = judged(
        LimitClaim(
            sde=GROUP, observable=log_det, value=value, horizon=horizon, values={"X": np.eye(2)},
            relevant=0.4,
        )
    )  # fmt: skip
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "lost its digits to rounding" in found.reason
    assert "shorter horizon" in found.reason
    assert "longer" not in found.reason


def test_before_its_digits_are_lost_it_is_judged() -> None:
    claim = LimitClaim(
        sde=GROUP, observable=log_det, value=-1.0, horizon=8, values={"X": np.eye(2)}, relevant=0.5
    )
    right = judged(claim)
    assert "rounding" not in right.reason
    assert right.status != Status.DISAGREES
    assert judged(replace(claim, value=1.0)).status == Status.DISAGREES


def test_a_threshold_of_an_observable_without_digits_is_open() -> None:
    """d log |det X| = (2 μ − 1) dt + tr dB."""
    claim = ThresholdClaim(
        sde=GROWING, observable=log_det, parameter="mu", threshold=0.5, below=-1, above=1,
        horizon=40, values={"X": np.eye(2)}, relevant=0.5,
    )  # fmt: skip
    found = judged(claim)
    assert found.status == Status.INCONCLUSIVE
    assert "lost its digits" in found.reason
    assert "lost its digits" not in judged(replace(claim, horizon=6)).reason
