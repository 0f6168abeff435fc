from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.verify.path_claims import PLAN
from verify import ExpectationClaim, HittingClaim, LawClaim, NumericSDE
from verify.loading import compiled
from verify.paths.saturation import Moves, unseen, unseen_in_law
from verify.tiers.path import check
from verify.verdict import Evidence, Status


def growing(noise: float, **fields: Any) -> dict[str, Any]:
    """dx = x dt + noise dB from 1: e = 2.71828 at 1, while Euler's 128 steps end at 2.7077."""
    random = {"noises": {"B": ()}, "noise": lambda dB: noise * dB} if noise else {}
    sde = NumericSDE(states={"x": ()}, drift=lambda x: x, **random)
    return {
        "sde": sde, "observable": lambda x: x, "horizon": 1, "values": {"x": 1.0},
        "relevant": 0.1, **fields,
    }  # fmt: skip


def judged(claim: Any) -> Evidence:
    return check(compiled(claim), PLAN)


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_a_level_between_the_ends_of_the_scheme_and_of_the_system(noise: float) -> None:
    true, wrong = (HittingClaim(**growing(noise, level=2.715, probability=p)) for p in (1.0, 0.0))
    assert judged(true).status != Status.DISAGREES
    assert judged(wrong).status != Status.AGREES


@pytest.mark.parametrize("noise", [0.0, 1e-4])
@pytest.mark.parametrize("bounds", [(0, 1), (0, np.inf)])
def test_an_indicator_of_what_the_scheme_does_not_reach(
    noise: float, bounds: tuple[float, float]
) -> None:
    true, wrong = (
        ExpectationClaim(
            **growing(noise, observable=lambda x: (x > 2.715) * 1.0, value=p, bounds=bounds)
        )
        for p in (1.0, 0.0)
    )
    assert judged(true).status != Status.DISAGREES
    assert judged(wrong).status != Status.AGREES


def test_an_indicator_whose_variance_is_declared() -> None:
    seen = {"observable": lambda x: (x > 2.715) * 1.0, "variance": 0.25}
    assert judged(ExpectationClaim(**growing(1e-4, value=1.0, **seen))).status != Status.DISAGREES
    assert judged(ExpectationClaim(**growing(1e-4, value=0.0, **seen))).status != Status.AGREES


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_the_law_of_what_hardly_spreads(noise: float) -> None:
    true = LawClaim(**growing(noise, cdf=lambda level: (level >= np.e) * 1.0))
    wrong = LawClaim(**growing(noise, cdf=lambda level: (level >= 2.7077) * 1.0))
    assert judged(true).status != Status.DISAGREES
    assert judged(wrong).status != Status.AGREES


def test_nothing_is_added_where_the_halving_shows_the_move() -> None:
    rng = np.random.default_rng(1)
    last = rng.standard_normal(2_000)
    before = last + 0.02 * rng.standard_normal(2_000) + 0.01
    moves = Moves.of_values(before, last)
    assert unseen_in_law(moves) == 0.0
    assert unseen(moves.upto(1.0), 1.0) == 0.0
    assert unseen(moves, 5.0) == 0.0


def test_all_is_added_where_only_the_states_move() -> None:
    moves = Moves.of_values(np.full(100, 2.697), np.full(100, 2.708))
    assert unseen(moves.upto(2.715), 1.0) == 1.0
    assert unseen_in_law(moves) == 1.0
    assert unseen(moves.upto(3.0), 1.0) == 0.0
