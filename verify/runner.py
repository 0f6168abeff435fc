"""Runs the tiers over claims: their order, the workers, the time limit.

Claims are independent of each other and every one has randomness of its own, so verdicts do not
depend on how many workers there are nor on which finishes first.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .errors import ClaimError, KernelError, TimeLimitError, UsageError
from .loading import claim_of, load
from .planning import TIERS, ErrorBudget, Plan, effort
from .problem import Problem, Reference
from .tiers import TierCheck, check_of
from .time_limit import limited
from .verdict import Evidence, Status, Verdict

__all__ = ["Progress", "Settings", "guarded", "judge", "limited", "run"]

Progress = Callable[[int, int, str], None]
"""Called with (claims done, claims in all, id of the claim that just ended)."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run is asked to do.

    Parameters
    ----------
    tiers : tuple of str
        The tiers to go through, in their order.
    effort : str
        'quick', 'standard' or 'deep'.
    seed : int
    workers : int
        Processes; 1 keeps everything in this one.
    budget : ErrorBudget
        Both error rates of the whole run.
    time_limit : float
        Seconds one tier may take on one claim.
    """

    tiers: tuple[str, ...] = TIERS
    effort: str = "standard"
    seed: int = 0
    workers: int = min(2, os.cpu_count() or 1)
    budget: ErrorBudget = field(default_factory=ErrorBudget)
    time_limit: float = 120.0

    def __post_init__(self) -> None:
        for tier in self.tiers:
            if tier not in TIERS:
                raise UsageError(f"tier={tier}: not a tier; choose from {', '.join(TIERS)}")
        if self.workers < 1:
            raise UsageError(f"workers={self.workers}: give at least one")
        if not self.time_limit > 0:
            raise UsageError(f"time_limit={self.time_limit}: give a positive number of seconds")
        effort(self.effort)

    @property
    def plan(self) -> Plan:
        """The plan of the whole run."""
        return Plan(seed=self.seed, effort=effort(self.effort), budget=self.budget)

    def to_json(self) -> dict[str, Any]:
        """What decides the results (the number of workers does not)."""
        return {
            "tiers": list(self.tiers),
            "effort": self.effort,
            "seed": self.seed,
            **asdict(self.budget),
        }


def run(
    references: Sequence[Reference], settings: Settings, progress: Progress | None = None
) -> tuple[Verdict, ...]:
    """The verdicts on the claims, in the order of the references."""
    jobs = [(reference, settings, len(references)) for reference in references]
    if settings.workers == 1 or len(jobs) < 2:
        return tuple(_serially(jobs, progress))
    return _in_processes(jobs, settings.workers, progress)


def _serially(jobs: Sequence[Any], progress: Progress | None) -> Iterator[Verdict]:
    for done, job in enumerate(jobs, 1):
        verdict = _judge_reference(*job)
        if progress:
            progress(done, len(jobs), verdict.claim)
        yield verdict


def _in_processes(
    jobs: Sequence[Any], workers: int, progress: Progress | None
) -> tuple[Verdict, ...]:
    # Started afresh and not forked: numerical libraries keep threads, which a fork would not copy.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=min(workers, len(jobs)), mp_context=context)
    with pool:
        futures: list[Future[Verdict]] = [pool.submit(_judge_reference, *job) for job in jobs]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                verdict = future.result()
                if progress:
                    progress(done, len(jobs), verdict.claim)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return tuple(future.result() for future in futures)


def _judge_reference(reference: Reference, settings: Settings, claims: int) -> Verdict:
    try:
        claim = claim_of(reference)
        return _refused(claim, settings) or judge(load(reference, claim), settings, claims)
    except ClaimError as error:
        # Of a user's claim; the others are judged all the same.
        return Verdict(claim=reference.claim, title="", evidence=(), error=str(error))


def _refused(claim: Any, settings: Settings) -> Verdict | None:
    """The verdict on a claim whose assumptions no sizes meet; no tier is asked."""
    from .applicability import refusal, refused

    found = refusal(claim)
    if found is None:
        return None
    return Verdict(
        claim=claim.id,
        title=claim.title,
        evidence=refused(found, settings.tiers),
        expected=Status(claim.expected),
    )


def judge(problem: Problem, settings: Settings, claims: int = 1) -> Verdict:
    """The verdict on one claim, as one of ``claims`` that share the error rates of a run."""
    evidence = tuple(
        _evidence(problem, tier, settings.plan.for_tier(problem.id, tier, claims), settings)
        for tier in settings.tiers
    )
    return Verdict(
        claim=problem.id,
        title=problem.title,
        evidence=evidence,
        expected=problem.expected,
    )


def _evidence(problem: Problem, tier: str, plan: Plan, settings: Settings) -> Evidence:
    if tier in problem.inapplicable:
        reason = problem.inapplicable[tier]
        return Evidence(tier=tier, status=Status.NOT_APPLICABLE, reason=reason)
    started = time.perf_counter()
    found = guarded(check_of(tier), problem, plan, tier, settings.time_limit)
    return replace(found, seconds=time.perf_counter() - started)


def guarded(
    check: TierCheck, problem: Problem, plan: Plan, tier: str, time_limit: float
) -> Evidence:
    """What a tier finds; a check that fails or does not end has found nothing, and says why."""
    try:
        with limited(time_limit):
            return check(problem, plan)
    except KernelError:
        raise
    except TimeLimitError as error:
        return _nothing(tier, str(error))
    except ValueError as error:
        # The errors of all three packages: input that a tier cannot take.
        return _nothing(tier, f"the check could not be made: {error}")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one check must not end the others
        return _nothing(tier, f"the check failed with {type(error).__name__}: {error}")


def _nothing(tier: str, reason: str) -> Evidence:
    return Evidence(
        tier=tier,
        status=Status.INCONCLUSIVE,
        reason=" ".join(reason.split()),
        false_agree=None,
        false_reject=None,
    )
