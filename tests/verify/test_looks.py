from __future__ import annotations

import pytest

from verify.paths.looks import LOOKS, settled
from verify.planning import Plan
from verify.verdict import Evidence, Status


def looked(statuses: list[Status], rate: float | None = 1e-9) -> tuple[Evidence, list[Plan]]:
    plans: list[Plan] = []

    def check(plan: Plan) -> Evidence:
        plans.append(plan)
        status = statuses[len(plans) - 1]
        return Evidence(
            tier="path", status=status, reason="for a test", false_agree=rate, false_reject=rate
        )

    return settled(check, Plan()), plans


@pytest.mark.parametrize("status", [Status.AGREES, Status.DISAGREES, Status.NOT_APPLICABLE])
def test_one_look_is_enough_where_it_settles(status: Status) -> None:
    found, plans = looked([status])
    assert (found.status, len(plans)) == (status, 1)


def test_a_second_look_spends_more() -> None:
    found, (first, second) = looked([Status.INCONCLUSIVE, Status.AGREES])
    assert found.status == Status.AGREES
    assert found.numbers["looks"] == 2
    assert second.effort.paths == 4 * first.effort.paths
    assert second.effort.steps == 2 * first.effort.steps


def test_a_second_look_has_paths_of_its_own() -> None:
    _, (first, second) = looked([Status.INCONCLUSIVE, Status.AGREES])
    assert first.seed_for("paths") == Plan().seed_for("paths")
    assert second.seed_for("paths") != first.seed_for("paths")


def test_what_no_look_settles_stays_open() -> None:
    found, plans = looked([Status.INCONCLUSIVE] * LOOKS)
    assert (found.status, len(plans)) == (Status.INCONCLUSIVE, LOOKS)


def test_the_looks_share_the_rates() -> None:
    whole = Plan().budget
    found, plans = looked([Status.INCONCLUSIVE, Status.AGREES])
    assert sum(plan.budget.false_agree for plan in plans) == pytest.approx(whole.false_agree)
    assert found.false_agree == whole.false_agree
    assert found.false_reject == whole.false_reject


@pytest.mark.parametrize("rate", [0.0, None])
def test_where_no_chance_is_involved_there_is_none(rate: float | None) -> None:
    assert looked([Status.AGREES], rate)[0].false_agree == rate
