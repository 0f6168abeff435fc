"""Runs the tiers over claims: their order, the workers, the time limit, what is kept.

Claims are independent of each other and every one has randomness of its own, so verdicts do not
depend on how many workers there are, nor on which finishes first, nor on how often the run was
interrupted.  `verify.runs.workers` says what the processes are and what floating point can promise.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .errors import ClaimError, KernelError, TimeLimitError, UsageError
from .finding.locating import with_finding
from .loading import claim_of, load
from .planning import TIERS, ErrorBudget, Plan, effort
from .printable import declarable, printable, said_by
from .problem import Problem, Reference
from .runs.contents import contents_of
from .runs.provenance import Sources, kernels_hash, versions
from .runs.store import Record, Store, key_of
from .runs.time_limit import BY_CLOCK, limited
from .runs.workers import results
from .tiers import TierCheck, check_of
from .verdict import Evidence, Status, Verdict

__all__ = ["Progress", "Settings", "guarded", "judge", "limited", "records", "run"]

SYMBOLS, FUNCTIONS = 120.0, 60.0
"""Seconds that a tier may take on a claim, and on one of Python functions, if nothing is said."""

UNREAD = "it reaches a value that cannot be read, a {}; give its functions numbers, texts or arrays"
MOVING = (
    "a value that it reaches changed while claims were judged, as a dict that functions fill does, "
    "or is another each time that its file is executed; give random numbers a seed, and leave the "
    "data alone while they are used"
)

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
    time_limit : float, optional
        Seconds of processor time that one tier may take on one claim; 120 if not given, and 60 on a
        claim of Python functions.
    """

    tiers: tuple[str, ...] = TIERS
    effort: str = "standard"
    seed: int = 0
    workers: int = min(2, os.cpu_count() or 1)
    budget: ErrorBudget = field(default_factory=ErrorBudget)
    time_limit: float | None = None

    def __post_init__(self) -> None:
        for tier in self.tiers:
            if tier not in TIERS:
                raise UsageError(f"tier={tier}: not a tier; choose from {', '.join(TIERS)}")
        if self.workers < 1:
            raise UsageError(f"workers={self.workers}: give at least one")
        if self.time_limit is not None and not 0 < self.time_limit < math.inf:
            raise UsageError(f"time_limit={self.time_limit}: give a positive number of seconds")
        effort(self.effort)

    @property
    def plan(self) -> Plan:
        """The plan of the whole run."""
        return Plan(seed=self.seed, effort=effort(self.effort), budget=self.budget)

    def seconds(self, *, functions: bool) -> float:
        """The time limit of a tier on a claim, which may be one of Python functions."""
        if self.time_limit is not None:
            return self.time_limit
        return FUNCTIONS if functions else SYMBOLS

    def to_json(self) -> dict[str, Any]:
        """What decides the results (the number of workers does not)."""
        return {
            "tiers": list(self.tiers),
            "effort": self.effort,
            "seed": self.seed,
            **asdict(self.budget),
        }

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Settings:
        """The settings of `to_json`, with as many workers as are usual."""
        return Settings(
            tiers=tuple(found["tiers"]),
            effort=found["effort"],
            seed=found["seed"],
            budget=ErrorBudget(
                false_agree=found["false_agree"], false_reject=found["false_reject"]
            ),
        )


def run(
    references: Sequence[Reference],
    settings: Settings,
    progress: Progress | None = None,
) -> tuple[Verdict, ...]:
    """The verdicts on the claims, in the order of the references."""
    return tuple(record.verdict for record in records(references, settings, progress))


def records(
    references: Sequence[Reference],
    settings: Settings,
    progress: Progress | None = None,
    *,
    store: Store | None = None,
    resume: bool = False,
    claims: int | None = None,
) -> tuple[Record, ...]:
    """The verdicts on the claims and the hashes of what they are about, in the same order.

    Parameters
    ----------
    references, settings
    progress : callable, optional
    store : Store, optional
        Where every finished verdict is put the moment it is there.
    resume : bool
        Whether finished verdicts are taken from the store.
    claims : int, optional
        How many claims share the error rates, if not these.
    """
    sources = Sources.now()
    before = [sources.of(reference) for reference in references]
    shares = len(references) if claims is None else claims
    shown, using = settings.to_json(), versions()
    keys = [key_of(r, p, shown, shares, using) for r, p in zip(references, before, strict=True)]
    done = store.found(keys) if store and resume else {}
    for index, was in enumerate(before):
        if was.unread and store and resume:
            store.unkept(references[index].claim, UNREAD.format(was.unread))
    missing = [index for index in range(len(references)) if index not in done]
    jobs = [_Job(reference=references[i], settings=settings, claims=shares) for i in missing]
    for number, outcome in results(
        _Job.judged,
        jobs,
        workers=settings.workers,
        lost=_Job.lost,
        seconds=settings.seconds(functions=False) * (len(settings.tiers) + 2 + BY_CLOCK),
    ):
        index = missing[number]
        kernels, verdict, values = outcome
        done[index], was = (kernels, verdict), before[index]
        # If a file was changed meanwhile, it is not known which text was judged.
        if store and not was.unread and sources.of(references[index]) == was:
            if verdict.finished and values != was.values:
                store.unkept(references[index].claim, MOVING)
            else:
                # One that was cut off is judged anew in any case, and is not put there.
                store.put(keys[index], kernels, verdict)
        if progress:
            progress(len(done), len(references), references[index].claim)
    return tuple(
        Record(
            reference=reference,
            provenance=replace(was, kernels=done[index][0] or was.kernels),
            verdict=done[index][1],
        )
        for index, (reference, was) in enumerate(zip(references, before, strict=True))
    )


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One claim of a run, as a worker is given it."""

    reference: Reference
    settings: Settings
    claims: int

    def judged(self) -> tuple[str, Verdict, str]:
        """The hash of the kernels, the verdict, the hash of the values that the claim reaches."""
        values = ""
        try:
            claim = claim_of(self.reference)
            if self.reference.file is not None:
                values = contents_of(claim).digest
            refused = _refused(claim, self.settings)
            if refused is not None:
                return "", refused, values
            problem = load(self.reference, claim)
        except ClaimError as error:
            # Of a user's claim; the others are judged all the same.
            wrong = Verdict(claim=self.reference.claim, title="", evidence=(), error=str(error))
            return "", wrong, values
        verdict = judge(problem, self.settings, self.claims)
        if not self.reference.mutant:
            verdict = with_finding(problem, verdict, self.settings.plan)
        return kernels_hash(problem), verdict, values

    def lost(self, reason: str) -> tuple[str, Verdict, str]:
        """The verdict on a claim that ends the process in which it is judged."""
        claim = claim_of(self.reference)
        said = f"the check could not be made: {reason}"
        evidence = tuple(_nothing(tier, said, finished=False) for tier in self.settings.tiers)
        verdict = Verdict(
            claim=claim.id,
            title=claim.title,
            evidence=evidence,
            expected=Status.DISAGREES if self.reference.mutant else Status(claim.expected),
        )
        return "", verdict, ""


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
    evidence: list[Evidence] = []
    for tier in settings.tiers:
        plan = settings.plan.for_tier(problem.id, tier, claims)
        stuck = problem.of_functions and not all(e.finished for e in evidence)
        evidence.append(_evidence(problem, tier, plan, settings, stuck=stuck))
    return Verdict(
        claim=problem.id,
        title=problem.title,
        evidence=tuple(evidence),
        expected=problem.expected,
    )


def _evidence(
    problem: Problem, tier: str, plan: Plan, settings: Settings, *, stuck: bool
) -> Evidence:
    if tier in problem.inapplicable:
        reason = problem.inapplicable[tier]
        return Evidence(tier=tier, status=Status.NOT_APPLICABLE, reason=reason)
    if stuck:
        # What did not end once is a function that does not end: the next tier would wait as long.
        return _nothing(tier, "not asked: a tier before it did not end", finished=False)
    started = time.perf_counter()
    limit = settings.seconds(functions=problem.of_functions)
    found = _of_means(guarded(check_of(tier), problem, plan, tier, limit), problem)
    return replace(found, seconds=time.perf_counter() - started)


def _of_means(found: Evidence, problem: Problem) -> Evidence:
    """The evidence; of means it is none where it is not proved that they follow the drifts.

    A strict local martingale has the drift 0 at every point, and keeps its mean on every grid.
    """
    if problem.kind != "moments" or problem.claim is None or found.status != Status.AGREES:
        return found
    from derivations.moment_claims import unproved

    missing = unproved(problem.claim)
    if not missing:
        return found
    reason = f"{found.reason}, but {missing}"
    return replace(found, status=Status.INCONCLUSIVE, reason=reason, brief="")


def guarded(
    check: TierCheck, problem: Problem, plan: Plan, tier: str, time_limit: float
) -> Evidence:
    """What a tier finds; a check that fails or does not end has found nothing, and says why."""
    import numpy as np

    try:
        # A value that is no number is met where it matters; nothing is printed in between.
        with limited(time_limit), np.errstate(all="ignore"):
            return check(problem, plan)
    except KernelError:
        raise
    except TimeLimitError as error:
        return _nothing(tier, f"{error}; --time-limit gives more", finished=False)
    except MemoryError:
        return _nothing(tier, "the check could not be made: memory ran out", finished=False)
    except ValueError as error:
        # The errors of all three packages: input that a tier cannot take.
        return _nothing(tier, f"the check could not be made: {declarable(said_by(error))}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - one check must not end the others
        return _nothing(tier, f"the check failed with {type(error).__name__}: {said_by(error)}")


def _nothing(tier: str, reason: str, *, finished: bool = True) -> Evidence:
    return Evidence(
        tier=tier,
        status=Status.INCONCLUSIVE,
        reason=printable(reason),
        finished=finished,
        false_agree=None,
        false_reject=None,
    )
