"""The reference values themselves, by a component-wise calculation that knows no matrix rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sympy import sympify

from tests.derivations import componentwise as literal
from tests.derivations.literal_values import Point, draw
from tests.derivations.truncated_series import number
from tests.reference import Case, Covariation, all_cases

SEEDS = (1, 2)  # two, since a mistake may hide at one point
CASES = all_cases()
AT_SIZES = [
    pytest.param(case, sizes, id="-".join([case.id, *(f"{d}{n}" for d, n in sizes.items())]))
    for case in CASES
    for sizes in case.sizes
]
SIZED = [pytest.param(case, id=case.id) for case in CASES if case.sizes]


def point_of(case: Case | Covariation, sizes: Mapping[Any, int], seed: int) -> Point:
    if isinstance(case, Covariation):
        return draw(case.sde, case.f, case.g, *case.wrong.values(), sizes=sizes, seed=seed)
    values = {letter: number(sympify(value)) for letter, value in case.values.items()}
    wrong = (*case.wrong.values(), *case.wrong_martingale.values())
    return draw(case.sde, case.f, case.drift, *wrong, sizes=sizes, seed=seed, values=values)


@pytest.mark.parametrize(("case", "sizes"), AT_SIZES)
def test_stated_values_agree_with_the_component_wise_calculation(case: Any, sizes: Any) -> None:
    point = point_of(case, sizes, SEEDS[0])
    if isinstance(case, Covariation):
        found = literal.covariation(case.sde, case.f, case.g, point)
        assert literal.same(point.value(case.rate), found)
        return
    assert literal.same(point.value(case.drift), literal.drift(case.sde, case.f, point))
    for moved in literal.motions(case.sde, point):
        found = literal.martingale(case.sde, case.f, point, moved)
        assert literal.same(point.value(case.martingale, moved), found)


@pytest.mark.parametrize("case", SIZED)
def test_planted_mistakes_are_mistakes(case: Any) -> None:
    """At some point of some size of the case: a mistake may hide where a dimension is 1."""
    right = case.rate if isinstance(case, Covariation) else case.drift
    points = [point_of(case, sizes, seed) for sizes in case.sizes[::-1] for seed in SEEDS]
    for mistake, wrong in case.wrong.items():
        assert any(not literal.same(p.value(right), p.value(wrong)) for p in points), mistake


@pytest.mark.parametrize("case", [case for case in SIZED if isinstance(case.values[0], Case)])
def test_planted_mistakes_in_the_martingale_part_are_mistakes(case: Case) -> None:
    points = [point_of(case, sizes, seed) for sizes in case.sizes[::-1] for seed in SEEDS]
    for mistake, wrong in case.wrong_martingale.items():
        assert any(
            not literal.same(p.value(case.martingale, moved), p.value(wrong, moved))
            for p in points
            for moved in literal.motions(case.sde, p)
        ), mistake


def test_every_case_plants_a_mistake_and_cites_its_source() -> None:
    assert len(CASES) > 100
    for case in CASES:
        assert case.wrong, case.id
        assert case.source, case.id
