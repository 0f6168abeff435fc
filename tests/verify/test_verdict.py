from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest

from verify.errors import VerifyError
from verify.report import rates_line
from verify.verdict import TIERS, Evidence, Status, Verdict, combine, exit_code, json_value

AGREES, DISAGREES = Status.AGREES, Status.DISAGREES
OPEN, NOT = Status.INCONCLUSIVE, Status.NOT_APPLICABLE


def evidence(status: Status, **fields: object) -> Evidence:
    return Evidence(**{"tier": "exact", "status": status, "reason": "for a test", **fields})


def verdict(*statuses: Status, expected: Status = AGREES) -> Verdict:
    found = tuple(evidence(status) for status in statuses)
    return Verdict(claim="a", title="A", evidence=found, expected=expected)


@pytest.mark.parametrize(
    ("statuses", "together"),
    [
        ([AGREES, AGREES], AGREES),
        ([AGREES, NOT], AGREES),
        ([AGREES, OPEN], OPEN),
        ([AGREES, OPEN, DISAGREES, NOT], DISAGREES),
        ([NOT, NOT], NOT),
        ([], NOT),
    ],
)
def test_answers_together(statuses: list[Status], together: Status) -> None:
    assert combine(statuses) == together
    assert verdict(*statuses).status == together


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([verdict(AGREES)], 0),
        ([verdict(NOT, expected=NOT)], 0),
        ([verdict(DISAGREES, expected=DISAGREES)], 0),
        ([verdict(AGREES), verdict(DISAGREES)], 1),
        ([verdict(OPEN), verdict(DISAGREES)], 1),
        ([verdict(AGREES, expected=NOT)], 1),
        ([verdict(AGREES), verdict(OPEN)], 3),
        ([verdict(NOT)], 3),
        ([], 3),
    ],
)
def test_exit_codes(verdicts: list[Verdict], code: int) -> None:
    assert exit_code(verdicts) == code


def test_what_no_tier_of_some_is_for_is_no_surprise_and_what_none_of_all_is_for_is_one() -> None:
    some = verdict(NOT)
    every = Verdict(
        claim="a", title="A", evidence=tuple(evidence(NOT, tier=tier) for tier in TIERS)
    )
    assert (some.as_expected, some.unasked) == (True, True)
    assert (every.as_expected, every.unasked) == (False, False)
    assert exit_code([verdict(AGREES), some]) == 0
    assert exit_code([verdict(DISAGREES), some]) == 1
    assert exit_code([verdict(AGREES), every]) == 3
    # Nothing was asked at all, or the claim has an error.
    assert exit_code([some, some]) == 3
    assert not Verdict(claim="a", title="A", evidence=(), error="b").as_expected


def test_a_run_says_for_how_many_claims_nothing_is_bounded() -> None:
    bounded = Verdict(claim="a", title="A", evidence=(evidence(AGREES, false_agree=1e-7),))
    silent = Verdict(claim="b", title="B", evidence=(evidence(AGREES, false_agree=None),))
    assert "accepted: at most 1e-07; given" in rates_line([bounded])
    assert "at most 1e-07, and not bounded for 1 of the claims;" in rates_line([bounded, silent])
    assert "accepted: not bounded;" in rates_line([silent])


def test_error_rates_add_up_for_rejection_and_do_not_hide_for_acceptance() -> None:
    parts = (
        evidence(AGREES, false_agree=1e-9, false_reject=1e-9),
        evidence(AGREES, false_agree=None, false_reject=0.0),
        evidence(AGREES, false_agree=1e-7, false_reject=2e-9),
        evidence(NOT, false_agree=None, false_reject=None),
    )
    found = Verdict(claim="a", title="A", evidence=parts)
    assert found.false_agree == 1e-7
    assert found.false_reject == pytest.approx(3e-9)


def test_a_tier_without_a_bound_leaves_the_sum_without_one() -> None:
    parts = (evidence(AGREES), evidence(DISAGREES, false_reject=None))
    assert Verdict(claim="a", title="A", evidence=parts).false_reject is None


def test_a_tier_that_found_nothing_has_no_part_in_the_rates() -> None:
    parts = (evidence(AGREES, false_reject=1e-9), evidence(OPEN, false_reject=None))
    assert Verdict(claim="a", title="A", evidence=parts).false_reject == 1e-9


def test_a_tier_that_drew_at_random_and_left_it_open_has_spent_its_rates() -> None:
    left_open = evidence(OPEN, false_agree=5e-9, false_reject=2e-9)
    parts = (evidence(AGREES, false_agree=1e-9, false_reject=1e-9), left_open)
    found = Verdict(claim="a", title="A", evidence=parts)
    assert found.false_reject == pytest.approx(3e-9)
    assert found.false_agree == 5e-9
    assert Verdict(claim="a", title="A", evidence=(left_open,)).false_reject == 2e-9


def test_a_tier_that_drew_nothing_states_no_bound_for_the_others() -> None:
    parts = (evidence(AGREES, false_agree=None), evidence(OPEN, false_agree=0.0))
    assert Verdict(claim="a", title="A", evidence=parts).false_agree is None


@pytest.mark.parametrize("rate", [-0.1, 1.5, math.nan])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(VerifyError, match="false_agree"):
        evidence(AGREES, false_agree=rate)


def test_json_holds_no_nan() -> None:
    numbers = {
        "a": np.array([1.0, np.inf]),
        "b": math.nan,
        "c": np.float64(2),
        "d": (True, None, 3),
    }
    text = json.dumps(evidence(AGREES, numbers=numbers).to_json(), allow_nan=False)
    assert json.loads(text)["numbers"] == {
        "a": [1.0, None],
        "b": None,
        "c": 2.0,
        "d": [True, None, 3],
    }
    assert json_value(Status.NOT_APPLICABLE) == "NOT APPLICABLE"


def test_the_rates_of_a_run_are_said_to_be_conditional() -> None:
    assert rates_line([verdict(AGREES)]).endswith("; given the conditions named with each tier")


def test_seconds_are_no_part_of_a_result() -> None:
    assert evidence(AGREES, seconds=1.0) == evidence(AGREES, seconds=2.0)


def test_a_verdict_travels_between_processes() -> None:
    before = verdict(AGREES, NOT)
    assert pickle.loads(pickle.dumps(before)) == before
