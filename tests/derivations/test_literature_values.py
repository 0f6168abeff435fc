"""The reference values themselves, by a component-wise calculation that knows no matrix rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import ZeroMatrix, sympify

from tests.derivations import componentwise as literal
from tests.derivations.literal_values import Point, draw
from tests.derivations.truncated_series import number
from tests.reference import Case, Covariation, all_cases

SEEDS = (1, 2)
AT_SIZES = [
    pytest.param(case, sizes, id=f"{case.id}-{'-'.join(f'{d}{n}' for d, n in sizes.items())}")
    for case in all_cases()
    for sizes in case.sizes
]


def point_of(case: Any, sizes: Any, seed: int) -> Point:
    if isinstance(case, Covariation):
        return draw(case.sde, case.f, case.g, case.rate, sizes=sizes, seed=seed)
    return draw(
        case.sde, case.f, case.drift, *case.wrong.values(), sizes=sizes, seed=seed,
        values={d: number(sympify(v)) for d, v in case.values.items()},
    )  # fmt: skip


def zero_like(value: Any, pattern: Any) -> Any:
    """A stated 0 as a number or as an array."""
    return (
        pattern * 0
        if isinstance(pattern, np.ndarray) and not isinstance(value, np.ndarray)
        else value
    )


@pytest.mark.parametrize(("case", "sizes"), AT_SIZES)
def test_stated_values_agree_with_the_component_wise_calculation(case: Any, sizes: Any) -> None:
    for seed in SEEDS:
        point = point_of(case, sizes, seed)
        if isinstance(case, Covariation):
            found = literal.covariation(case.sde, case.f, case.g, point)
            assert literal.equal_numbers(point.value(case.rate), found)
            continue
        found = literal.drift(case.sde, case.f, point)
        assert literal.equal_numbers(zero_like(point.value(case.drift), found), found)
        for moved in literal.motions(case.sde, point):
            found = literal.martingale(case.sde, case.f, point, moved)
            stated = point.value(case.martingale, moved)
            assert literal.equal_numbers(zero_like(stated, found), found)


@pytest.mark.parametrize(("case", "sizes"), AT_SIZES)
def test_planted_mistakes_are_mistakes(case: Any, sizes: Any) -> None:
    """At some point of some size of the case: a mistake may hide where a dimension is 1."""
    right = case.rate if isinstance(case, Covariation) else case.drift
    for mistake, wrong in case.wrong.items():
        assert any(
            not literal.equal_numbers(
                zero_like(point.value(right), point.value(wrong)), point.value(wrong)
            )
            for seed in SEEDS
            for other in case.sizes
            for point in [point_of(case, other, seed)]
        ), mistake


def test_there_are_cases() -> None:
    assert len(all_cases()) > 80
    assert all(case.wrong for case in all_cases())
    assert all(isinstance(case, Case | Covariation) for case in all_cases())
    assert ZeroMatrix(1, 1).shape == (1, 1)
