from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from tests.verify import problems
from verify import runner
from verify.errors import KernelError, UsageError
from verify.planning import TIERS, ErrorBudget, Plan
from verify.problem import Problem, Reference
from verify.runner import Settings, guarded, judge, records, run
from verify.runs.certificate import Certificate
from verify.runs.provenance import Sources, versions
from verify.verdict import Evidence, Status

FAST = Settings(tiers=("exact", "generator"), effort="quick")


def test_tiers_are_asked_in_their_order_and_only_once() -> None:
    found = judge(problems.geometric(), Settings(effort="quick"))
    assert tuple(e.tier for e in found.evidence) == TIERS
    assert found.status == Status.AGREES
    assert found.as_expected


def test_a_tier_that_does_not_apply_is_listed_with_its_reason() -> None:
    problem = replace(problems.geometric(), inapplicable={"exact": "for a test"})
    evidence = judge(problem, FAST).evidence[0]
    assert (evidence.status, evidence.reason) == (Status.NOT_APPLICABLE, "for a test")


def test_a_wrong_claim_is_refuted_and_may_expect_to_be() -> None:
    wrong = problems.geometric("2 for 1")
    assert not judge(wrong, FAST).as_expected
    assert judge(replace(wrong, expected=Status.DISAGREES), FAST).as_expected


def test_every_tier_that_applies_refutes_a_wrong_claim() -> None:
    found = judge(problems.label_noise("2 for 1"), Settings(effort="quick"))
    statuses = {e.tier: e.status for e in found.evidence}
    assert {statuses[tier] for tier in ("exact", "generator", "one-step")} == {Status.DISAGREES}


def test_the_same_seed_gives_the_same_verdict() -> None:
    settings = Settings(tiers=("one-step",), effort="quick", seed=5)
    first, second = (judge(problems.geometric(), settings) for _ in range(2))
    assert first == second
    other = judge(problems.geometric(), replace(settings, seed=6))
    assert other.evidence[0].numbers != first.evidence[0].numbers


PLAN = Plan()


def failing(error: BaseException) -> Any:
    def check(problem: Problem, plan: Plan) -> Evidence:
        raise error

    return check


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("a bad\nvalue"), "could not be made: a bad value"),
        (
            ValueError("point: f is not finite there; draw another point"),
            "f is not finite at a drawn point; declare an assumption that leaves such points out",
        ),
        (ZeroDivisionError("by zero"), "failed with ZeroDivisionError: by zero"),
        (KeyError("x"), "failed with KeyError"),
        (SystemExit(0), "failed with SystemExit: 0"),
    ],
)
def test_a_check_that_fails_is_never_agreement(error: BaseException, said: str) -> None:
    found = guarded(failing(error), problems.geometric(), PLAN, "exact", 10)
    assert found.status == Status.INCONCLUSIVE
    assert said in found.reason
    assert "\n" not in found.reason


def test_missing_kernels_end_the_run() -> None:
    with pytest.raises(KernelError):
        guarded(failing(KernelError("none")), problems.geometric(), PLAN, "exact", 10)


def test_a_time_limit_that_is_given_holds_for_functions_too() -> None:
    usual, given = Settings(), Settings(time_limit=200)
    assert usual.seconds(functions=True) < usual.seconds(functions=False)
    assert given.seconds(functions=True) == given.seconds(functions=False) == 200


def test_a_check_that_does_not_end_is_stopped() -> None:
    def endless(problem: Problem, plan: Plan) -> Evidence:
        while True:
            time.sleep(0.01)

    started = time.perf_counter()
    found = guarded(endless, problems.geometric(), PLAN, "exact", 0.2)
    assert time.perf_counter() - started < 5
    assert found.status == Status.INCONCLUSIVE
    assert "time limit of 0.2 s" in found.reason


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tiers": ("exakt",)}, "tier=exakt"),
        ({"workers": 0}, "workers=0"),
        ({"time_limit": 0.0}, "time_limit=0"),
        ({"time_limit": float("inf")}, "time_limit=inf"),
        ({"effort": "hard"}, "effort=hard"),
    ],
)
def test_wrong_settings_are_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Settings(**fields)


# The catalogue, in processes.

IDS = ("discrete_determinant", "discrete_determinant.factor", "balancedness.discrete")


def certified(workers: int, seen: list[tuple[int, int, str]]) -> str:
    references = [Reference(claim=claim) for claim in IDS]
    settings = Settings(
        tiers=("exact", "one-step"), effort="quick", workers=workers, budget=ErrorBudget()
    )
    found = records(references, settings, lambda *progress: seen.append(progress))
    return Certificate(records=found, settings=settings, versions=versions()).text()


def test_certificates_do_not_depend_on_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = Sources.now()
    monkeypatch.setattr(Sources, "now", lambda: sources)
    alone: list[tuple[int, int, str]] = []
    together: list[tuple[int, int, str]] = []
    assert certified(1, alone) == certified(2, together) == certified(4, [])
    assert [claim for _, _, claim in alone] == list(IDS)
    assert sorted(claim for _, _, claim in together) == sorted(IDS)
    assert [done for done, _, _ in together] == [1, 2, 3]


def test_a_claim_that_nobody_declares_ends_the_run() -> None:
    references = [Reference(claim=IDS[0]), Reference(claim="discrete_determinant.none")]
    with pytest.raises(ValueError, match=r"discrete_determinant\.none"):
        run(references, Settings(tiers=("exact",), workers=1))


def test_a_claim_that_ends_its_process_is_open_and_asked_again() -> None:
    job = runner._Job(reference=Reference(claim=IDS[0]), settings=FAST, claims=1)
    _, found, _ = job.lost("its process died twice")
    assert (found.claim, found.status, found.finished) == (IDS[0], Status.INCONCLUSIVE, False)
    assert [e.tier for e in found.evidence] == list(FAST.tiers)
    assert all("its process died twice" in e.reason for e in found.evidence)


def test_what_was_cut_off_is_not_finished() -> None:
    def endless(problem: Problem, plan: Plan) -> Evidence:
        while True:
            time.sleep(0.01)

    assert not guarded(endless, problems.geometric(), PLAN, "exact", 0.05).finished
    assert not guarded(failing(MemoryError()), problems.geometric(), PLAN, "exact", 10).finished
    assert guarded(failing(ValueError("no")), problems.geometric(), PLAN, "exact", 10).finished
