"""Values that evidence keeps to be looked at: which, how many, and which of them refute."""

from __future__ import annotations

import json

import numpy as np
import pytest

from verify.loading import load
from verify.planning import Estimate, Plan, effort
from verify.problem import Problem, Reference
from verify.runner import Settings, judge
from verify.side_by_side import MOST, Compared, distribution_functions, listed
from verify.tiers import generator, one_step
from verify.verdict import Status, json_value

RELEVANT = 1e-3


def problem(claim: str, mutant: str | None = None) -> Problem:
    return load(Reference(claim=claim, mutant=mutant))


def compared(claimed: np.ndarray, measured: np.ndarray, unit: float = 1.0) -> Compared:
    return Compared(
        claimed=claimed,
        measured=measured,
        gap=(measured - claimed) / unit,
        half_width=1e-5,
        bias=0.0,
        unit=unit,
    )


def test_few_values_are_all_kept_in_their_order() -> None:
    values = np.array([3.0, 1.0, 2.0])
    found = listed(
        {"drift": [compared(values, values + np.array([0.0, 0.5, 0.0]), unit=2.0)]}, RELEVANT
    )
    drift = found["drift"]
    assert drift["claimed"] == [3.0, 1.0, 2.0]
    assert drift["measured"] == [3.0, 1.5, 2.0]
    assert drift["uncertainty"] == [2e-5] * 3
    assert (drift["refuting"], drift["of"], drift["relevant"]) == ([1], 3, 2e-3)


@pytest.mark.parametrize("place", [0, 517, 999])
def test_of_many_values_the_farthest_is_kept(place: int) -> None:
    claimed = np.linspace(0, 1, 1000).reshape(10, 100)
    measured = claimed.copy()
    measured.flat[place] += 0.1
    found = listed(
        {"a": [compared(claimed, measured)], "b": [compared(claimed, claimed)]}, RELEVANT
    )
    assert len(found["a"]["claimed"]) == len(found["b"]["claimed"]) == MOST // 2
    (at,) = found["a"]["refuting"]
    assert found["a"]["claimed"][at] == pytest.approx(claimed.flat[place], rel=1e-5)
    assert found["a"]["of"] == 1000
    assert found["b"]["refuting"] == []
    # The others are spread over all of them.
    assert np.max(np.diff(found["b"]["claimed"])) < 0.1


def test_one_value_stands_for_all() -> None:
    found = listed({"a": [compared(np.array(0.0), np.array([[0.0, 2.0]]))]}, RELEVANT)
    assert (found["a"]["claimed"], found["a"]["refuting"]) == ([0.0, 0.0], [1])


def test_what_is_no_number_is_left_out() -> None:
    claimed = np.array([1.0, np.nan, np.inf])
    found = listed(
        {"a": [compared(claimed, np.ones(3))], "b": [compared(claimed[1:], np.ones(2))]}, 1
    )
    assert found["a"]["claimed"] == [1.0]
    assert "b" not in found
    json.dumps(json_value(found), allow_nan=False)


def test_distribution_functions_meet_at_the_right_law_alone() -> None:
    values = np.random.default_rng(3).uniform(size=4000)
    e = Estimate(value=0.0, half_width=0.04)
    right = distribution_functions(values, lambda x: x, e, 0.05)["distribution function"]
    wrong = distribution_functions(values, np.sqrt, e, 0.05)["distribution function"]
    assert right["refuting"] == []
    assert len(wrong["refuting"]) > 10
    gaps = np.abs(np.array(right["claimed"]) - right["measured"])
    assert np.max(gaps) < 0.04


@pytest.mark.parametrize("tier", [generator, one_step])
@pytest.mark.parametrize(("claim", "mutant"), [("cir.noise", "square"), ("bessel.square", None)])
def test_tiers_keep_what_they_compare(tier: object, claim: str, mutant: str | None) -> None:
    plan = Plan(effort=effort("quick"))
    found = tier.check(problem(claim, mutant), plan)  # type: ignore[attr-defined]
    values = found.numbers["values"]
    refuting = [n for part in values.values() for n in part["refuting"]]
    assert bool(refuting) == (found.status == Status.DISAGREES) == (mutant is not None)
    for part in values.values():
        off = np.abs(np.array(part["claimed"]) - part["measured"])
        assert np.all(
            np.delete(off, part["refuting"]) <= 1e-4 * (1 + np.abs(part["claimed"]).max())
        )


def test_paths_keep_the_differences_at_three_steps() -> None:
    verdict = judge(problem("cir.laplace"), Settings(tiers=("path",), effort="quick"), 1)
    (setting,) = verdict.evidence[0].numbers["settings"]
    assert len(setting["levels"]) == 3
    assert abs(setting["levels"][-1]) <= setting["half_width"] + setting["relevant"]
