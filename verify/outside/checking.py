"""One claim judged from Python, for a notebook or anyone's own test suite."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from verify.errors import ClaimError
from verify.planning import TIERS, ErrorBudget
from verify.verdict import Status, Verdict

__all__ = ["check"]


def check(
    claim: Any,
    *,
    effort: str = "standard",
    tiers: tuple[str, ...] = TIERS,
    seed: int = 0,
    budget: ErrorBudget | None = None,
    time_limit: float | None = None,
) -> Verdict:
    """The verdict on one claim.

    Parameters
    ----------
    claim : derivations.claim.Claim
        Symbolic, or of Python functions.
    effort : str
        How much every tier may spend: "quick", "standard" or "deep".
    tiers : tuple of str
        Those to go through, in their order: "derivation", "exact", "generator", "one-step", "path",
        "algorithm"; all of them, if not given.
    seed : int
        Of all random numbers; the same seed gives the same verdict.
    budget : verify.planning.ErrorBudget, optional
        Both error rates of the verdict; 1e-6 each, if not given.
    time_limit : float, optional
        Seconds of processor time that one tier may take; 120 if not given, and 60 on a claim of
        Python functions.

    Returns
    -------
    Verdict
        ``assert verdict.agrees, str(verdict)`` makes it a test; the text says what was found.

    Raises
    ------
    ClaimError
        If no verdict can be given: a field of the wrong kind, a function that raises.
    UsageError
        If an effort, a tier or a limit is none.
    """
    from derivations.claim import Claim, Theorem
    from verify.applicability import refusal, refused
    from verify.finding.locating import with_finding
    from verify.loading import problem_from_outside
    from verify.runner import Settings, judge
    from verify.runs.workers import one_thread

    from .claim_types import accepted

    if isinstance(claim, Theorem):
        raise ClaimError(f"claim: got the theorem {claim.id}; give one of its claims")
    if not isinstance(claim, Claim):
        raise ClaimError(f"claim: got {type(claim).__name__}; give a claim, such as IdentityClaim")
    chosen = Settings(
        tiers=tiers,
        effort=effort,
        seed=seed,
        budget=budget or ErrorBudget(),
        time_limit=time_limit,
    )
    claim = replace(claim, id=claim.id or "claim", title=claim.title or claim.id)
    claim = accepted(claim)
    found = refusal(claim)
    if found is not None:
        return Verdict(
            claim=claim.id,
            title=claim.title,
            evidence=refused(found, chosen.tiers),
            expected=Status(claim.expected),
        )
    problem = problem_from_outside(claim, chosen.seconds(functions=False))
    with one_thread():
        return with_finding(problem, judge(problem, chosen), chosen.plan)
