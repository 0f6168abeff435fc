"""One claim judged from Python, for a notebook or anyone's own test suite."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from verify.errors import ClaimError
from verify.verdict import Status, Verdict

__all__ = ["check"]


def check(claim: Any, **settings: Any) -> Verdict:
    """The verdict on one claim.

    Parameters
    ----------
    claim : derivations.claim.Claim
        Symbolic, or of Python functions.
    **settings
        Those of `verify.runner.Settings`: ``effort`` ("quick", "standard", "deep"), ``tiers``,
        ``seed``, ``budget``, ``time_limit``.

    Returns
    -------
    Verdict
        ``assert verdict.agrees, str(verdict)`` makes it a test; the text says what was found.

    Raises
    ------
    ClaimError
        If no verdict can be given: a field of the wrong kind, a function that raises.
    """
    from derivations.claim import Claim, Theorem
    from verify.applicability import refusal, refused
    from verify.finding.locating import with_finding
    from verify.loading import problem_from_outside
    from verify.runner import Settings, judge

    from .claim_types import check_claim, with_numbers

    if isinstance(claim, Theorem):
        raise ClaimError(f"claim: got the theorem {claim.id}; give one of its claims")
    if not isinstance(claim, Claim):
        raise ClaimError(f"claim: got {type(claim).__name__}; give a claim, such as IdentityClaim")
    chosen = Settings(**settings)
    claim = replace(claim, id=claim.id or "claim", title=claim.title or claim.id)
    claim = with_numbers(claim)
    check_claim(claim)
    found = refusal(claim)
    if found is not None:
        return Verdict(
            claim=claim.id,
            title=claim.title,
            evidence=refused(found, chosen.tiers),
            expected=Status(claim.expected),
        )
    problem = problem_from_outside(claim, chosen.time_limit)
    return with_finding(problem, judge(problem, chosen), chosen.plan)
