from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from numerics.contexts import PrimeFieldContext, RationalContext
from numerics.errors import NotAdmissibleError, OutsideFieldError
from numerics.signature import Condition
from tests.verify import problems
from verify.planning import Plan, effort
from verify.sampling import CORNER, admissible, generic_point
from verify.sizes import corner_sizes, several_sizes

PLAN = Plan(seed=1, effort=effort("standard"))
NET = problems.label_noise()


def nothing(sizes: object, point: object) -> None:
    return None


def test_sizes_differ_and_meet_the_assumptions() -> None:
    sizes = several_sizes(NET.signature, 4)
    assert len(sizes) == 4
    for found in sizes:
        assert found["l"] >= found["p"] + found["k"]
    # A lost transpose shows only where p and k differ, in both orders.
    assert any(s["p"] > s["k"] for s in sizes)
    assert any(s["p"] < s["k"] for s in sizes)


def test_points_are_counted_and_meet_the_assumptions() -> None:
    found = admissible(NET, PrimeFieldContext(), PLAN, nothing)
    assert len(found.points) == PLAN.effort.points * PLAN.effort.sizes
    assert len(found.sizes()) == PLAN.effort.sizes
    assert found.values == (None,) * len(found.points)


def test_points_that_cannot_be_evaluated_are_drawn_again() -> None:
    seen: list[int] = []

    def every_second(sizes: object, point: object) -> int:
        seen.append(len(seen))
        if len(seen) % 2:
            raise NotAdmissibleError("not this one")
        return len(seen)

    found = admissible(NET, RationalContext(), PLAN, every_second)
    assert len(found.points) == PLAN.effort.points * PLAN.effort.sizes
    assert found.refused >= len(found.points)
    assert len(found.values) == len(found.points)
    assert all(value % 2 == 0 for value in found.values)


def test_a_size_without_points_makes_room_for_another() -> None:
    def wide(sizes: Mapping[str, int], point: object) -> None:
        if sizes["p"] == 1:
            raise NotAdmissibleError("too narrow")

    found = admissible(NET, RationalContext(), PLAN, wide)
    assert len(found.sizes()) == PLAN.effort.sizes
    assert all(sizes["p"] > 1 for sizes in found.sizes())


def test_a_failed_size_is_not_followed_by_sizes_of_one_alone() -> None:
    """A factor k that is lost shows at k > 1, even if the first such size has no point."""
    quick = Plan(seed=1, effort=effort("quick"))
    first = several_sizes(NET.signature, 2)
    assert len({sizes["k"] for sizes in first}) == 2
    wide = max(sizes["k"] for sizes in first)

    def not_that(sizes: Mapping[str, int], point: object) -> None:
        if sizes["k"] == wide:
            raise OutsideFieldError("no root of it")

    found = admissible(NET, PrimeFieldContext(), quick, not_that).sizes()
    assert len(found) == 2
    assert max(sizes["k"] for sizes in found) > 1


def test_where_only_sizes_of_one_have_points_they_are_taken() -> None:
    def narrow(sizes: Mapping[str, int], point: object) -> None:
        if sizes["k"] > 1:
            raise OutsideFieldError("no root of it")

    found = admissible(NET, PrimeFieldContext(), PLAN, narrow).sizes()
    assert len(found) == PLAN.effort.sizes
    assert {sizes["k"] for sizes in found} == {1}


def test_where_few_sizes_are_admissible_they_have_the_points_of_all() -> None:
    few = Condition(text="two sizes", relation="4 >= k + l + p")
    tight = (*NET.signature.conditions, few)
    problem = replace(NET, signature=replace(NET.signature, conditions=tight))
    found = admissible(problem, PrimeFieldContext(), PLAN, nothing)
    assert found.sizes() == [{"k": 1, "l": 2, "p": 1}]
    assert len(found.points) == PLAN.effort.points * PLAN.effort.sizes


def test_signs_are_looked_at_in_the_corner_as_well() -> None:
    sign = replace(NET, signature=replace(NET.signature, kind="sign"))
    found = admissible(sign, PrimeFieldContext(), PLAN, nothing).sizes()
    assert found[:CORNER] == [dict(sizes) for sizes in corner_sizes(NET.signature, CORNER)]
    assert len(found) == CORNER + PLAN.effort.sizes
    assert found[0] == {"k": 1, "l": 2, "p": 1}


@pytest.mark.parametrize("seed", range(20))
def test_one_point_is_a_telling_one(seed: int) -> None:
    found = generic_point(problems.geometric(), {}, Plan(seed=seed))
    (point,) = found.values
    scalars = [abs(float(point[name])) for name in ("x", "mu", "sigma")]
    assert len({*scalars, 0.0, 1.0}) == 5
