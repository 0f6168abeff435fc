"""The engine against the literature: the stated value is proved, a planted mistake is not."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from derivations import Status, equal
from tests.reference import Case, Covariation, all_cases

CASES = {case.id: case for case in all_cases() if isinstance(case, Case)}
COVARIATIONS = {case.id: case for case in all_cases() if isinstance(case, Covariation)}


@cache
def differential(name: str) -> Any:
    case = CASES[name]
    return case.sde.d(case.f, assuming=case.assuming)


@cache
def rate(name: str) -> Any:
    case = COVARIATIONS[name]
    return case.sde.covariation(case.f, case.g, assuming=case.assuming)


def status(a: Any, b: Any, case: Any) -> Status:
    return equal(a, b, assuming=case.assuming).status


@pytest.mark.parametrize("name", CASES)
def test_drift_is_the_stated_one(name: str) -> None:
    case = CASES[name]
    assert status(differential(name).drift, case.drift, case) is Status.EQUAL


@pytest.mark.parametrize("name", CASES)
def test_martingale_part_is_the_stated_one(name: str) -> None:
    case = CASES[name]
    assert status(differential(name).martingale, case.martingale, case) is Status.EQUAL


@pytest.mark.parametrize("name", COVARIATIONS)
def test_covariation_is_the_stated_one(name: str) -> None:
    case = COVARIATIONS[name]
    assert status(rate(name), case.rate, case) is Status.EQUAL


@pytest.mark.parametrize(
    ("name", "mistake"), [(case.id, mistake) for case in CASES.values() for mistake in case.wrong]
)
def test_wrong_drift_is_refuted(name: str, mistake: str) -> None:
    case = CASES[name]
    assert status(differential(name).drift, case.wrong[mistake], case) is Status.DIFFERENT


@pytest.mark.parametrize(
    ("name", "mistake"),
    [(case.id, mistake) for case in CASES.values() for mistake in case.wrong_martingale],
)
def test_wrong_martingale_part_is_not_accepted(name: str, mistake: str) -> None:
    case = CASES[name]
    wrong = case.wrong_martingale[mistake]
    assert status(differential(name).martingale, wrong, case) is not Status.EQUAL


@pytest.mark.parametrize(
    ("name", "mistake"),
    [(case.id, mistake) for case in COVARIATIONS.values() for mistake in case.wrong],
)
def test_wrong_covariation_is_refuted(name: str, mistake: str) -> None:
    case = COVARIATIONS[name]
    assert status(rate(name), case.wrong[mistake], case) is Status.DIFFERENT


@pytest.mark.parametrize("name", CASES)
def test_generator_is_the_drift(name: str) -> None:
    case = CASES[name]
    assert case.sde.generator(case.f, assuming=case.assuming) == differential(name).drift
