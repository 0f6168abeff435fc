"""Derivation: what the engine derives from the declared system against what is stated.

The one tier that knows the engine.  Equal means that a normal form of the difference is zero, a
proof relative to the engine's rules; different means a point at which both sides were evaluated and
differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sympy import sympify

from derivations.claim import (
    CovariationClaim,
    DifferentialClaim,
    IdentityClaim,
    MomentClaim,
    SignClaim,
    TimeChangeClaim,
)
from derivations.clocks import change_time
from derivations.derive import derive, derived_covariation
from derivations.diffusions import compared_in_law, counterparts
from derivations.equality import Equality, equal
from derivations.equality import Status as Answer
from derivations.fokker_planck import FokkerPlanckClaim, forward_parts
from derivations.moment_claims import moment_parts, unproved, without_one
from derivations.path_claims import StationaryClaim
from derivations.printing import unicode
from derivations.sign_claims import decided
from derivations.stationary_density import stationary_parts
from derivations.step_claims import NotDerived, derived_change, stated_change
from derivations.update import StepClaim
from verify.ends import within_its_support
from verify.paths.normalisation import normalisation
from verify.planning import Plan
from verify.problem import Problem
from verify.verdict import Evidence, Status, combine

__all__ = ["check", "facts_of"]

TIER = "derivation"

DRAWN = 12
"""Points at which a statement about every draw is looked at: signs have but two values."""

_STATUS = {
    Answer.EQUAL: Status.AGREES,
    Answer.DIFFERENT: Status.DISAGREES,
    Answer.CANNOT_TELL: Status.INCONCLUSIVE,
}


def check(problem: Problem, plan: Plan) -> Evidence:
    """The derived form of every stated part of a claim, compared by the ladder of equality."""
    claim = problem.claim
    if claim is None:
        reason = "the claim is given as functions, there is nothing to derive from"
        return Evidence(tier=TIER, status=Status.NOT_APPLICABLE, reason=reason)
    facts = facts_of(claim)
    seed = plan.seed_for("points") % 2**31
    if isinstance(claim, SignClaim):
        return _signed(problem, facts, seed)
    differential = isinstance(claim, DifferentialClaim)
    df = None
    if differential:
        df = problem.remembered(TIER, lambda: claim.sde.d(claim.observable, assuming=facts))
    try:
        parts = list(_parts(problem, df, seed))
    except NotDerived as error:
        return Evidence(tier=TIER, status=Status.NOT_APPLICABLE, reason=str(error))
    points = DRAWN if getattr(claim, "pathwise", False) else 3
    found = [(name, equal(a, b, assuming=facts, seed=seed, points=points)) for name, a, b in parts]
    status = combine(_STATUS[answer.status] for _, answer in found)
    telling = [(name, answer) for name, answer in found if _STATUS[answer.status] == status]
    derived = {name: a for name, a, _ in parts}
    derivation = _derivation(claim, df) if status == Status.AGREES else None
    evidence = Evidence(
        tier=TIER,
        status=status,
        reason=_reason(status, telling, derivation, derived, claim.where),
        brief="proved",
        # A proof relative to the engine's rules on one side, a point on the other: no chance.
        points=max(answer.points for _, answer in found),
        numbers={
            "parts": {name: answer.status.value for name, answer in found},
            "reasons": {name: answer.reason for name, answer in found},
            **_steps(derivation),
        },
    )
    if isinstance(claim, MomentClaim):
        return _integrable(evidence, claim)
    if not isinstance(claim, StationaryClaim):
        return evidence
    return within_its_support(_normalised(evidence, claim), problem, plan)


def _integrable(evidence: Evidence, claim: MomentClaim) -> Evidence:
    """The evidence on moments, which needs martingale parts of mean zero too."""
    if evidence.status == Status.DISAGREES and (hint := without_one(claim)):
        return replace(evidence, reason=f"{evidence.reason}; {hint}")
    missing = unproved(claim) if evidence.status == Status.AGREES else ""
    if not missing:
        return evidence
    return replace(
        evidence, status=Status.INCONCLUSIVE, reason=f"{evidence.reason}, but {missing}", brief=""
    )


def _normalised(evidence: Evidence, claim: StationaryClaim) -> Evidence:
    """The evidence on a stationary density, which needs a finite integral too."""
    found = None if evidence.status == Status.DISAGREES else normalisation(claim)
    if found is None:
        return evidence
    status = combine([evidence.status, found.status])
    said = [evidence.reason] if evidence.status == status else []
    said += [found.reason] if found.status == status else []
    numbers = {**evidence.numbers, **found.numbers}
    return replace(evidence, status=status, reason="; ".join(said), numbers=numbers)


def _signed(problem: Problem, facts: tuple[Any, ...], seed: int) -> Evidence:
    """A sign by the rules of signs, or a point that has another one.

    What no rule decides is left to the tiers that look at points, as of a function, of which
    nothing can be derived: to declare more is never the worse.
    """
    claim = problem.claim
    df = problem.remembered(TIER, lambda: claim.sde.d(claim.observable, assuming=facts))
    found = decided(claim, df, facts, seed=seed)
    drift = f"; the drift is {unicode(df.drift, claim.where)}"
    if found.unread:
        reason = f"cannot tell: {found.reason}{drift}; the other tiers look at points"
        return Evidence(tier=TIER, status=Status.NOT_APPLICABLE, reason=reason)
    return Evidence(
        tier=TIER,
        status=_STATUS[found.status],
        reason=found.reason + ("" if found.status is Answer.EQUAL else drift),
        brief="proved",
        points=found.points,
    )


def facts_of(claim: Any) -> tuple[Any, ...]:
    """The conditions of a claim that are more than words."""
    return tuple(a.condition for a in claim.assumptions if a.condition is not None)


def _parts(problem: Problem, df: Any, seed: int) -> Iterator[tuple[str, Any, Any]]:
    """Name, derived form and stated form of everything that a claim states."""
    claim = problem.claim
    if df is not None:
        yield "drift", df.drift, claim.drift
        if claim.martingale is not None:
            yield "martingale part", df.martingale, claim.martingale
    elif isinstance(claim, CovariationClaim):
        rate = problem.remembered(TIER, lambda: derived_covariation(claim))
        yield "covariation", rate, sympify(claim.rate)
    elif isinstance(claim, IdentityClaim):
        yield "identity", claim.left, claim.right
    elif isinstance(claim, MomentClaim):
        yield from moment_parts(claim)
    elif isinstance(claim, TimeChangeClaim):
        yield from _clock_parts(claim, seed)
    elif isinstance(claim, StepClaim):
        key = (TIER, claim.order, claim.pathwise)
        change = problem.remembered(key, lambda: derived_change(claim))
        yield "change", change, stated_change(claim)
    elif isinstance(claim, FokkerPlanckClaim):
        yield from forward_parts(claim)
    elif isinstance(claim, StationaryClaim):
        yield from stationary_parts(claim)
    else:
        raise TypeError(f"{claim.id}: a {type(claim).__name__} states nothing that can be derived")


def _clock_parts(claim: TimeChangeClaim, seed: int) -> Iterator[tuple[str, Any, Any]]:
    """Equal in law: the Brownian motions have names, signs and numbers of their own."""
    stated = claim.changed.to_ito()
    names = counterparts(claim.sde, stated)
    derived = change_time(claim.sde, claim.rate, renamed=names)
    yield from compared_in_law(derived, stated, assuming=facts_of(claim), seed=seed)


def _derivation(claim: Any, df: Any) -> Any:
    if df is not None:
        return df.derivation
    if isinstance(claim, CovariationClaim):
        return derive(claim)
    return None


def _steps(derivation: Any) -> dict[str, Any]:
    if derivation is None:
        return {}
    return {
        "steps": [step.rule for step in derivation.steps],
        "assumptions used": [str(fact) for fact in derivation.used],
        "assumptions implied": [str(fact) for fact in derivation.implied],
        "assumptions unused": [str(fact) for fact in derivation.unused],
    }


def _reason(
    status: Status,
    telling: list[tuple[str, Equality]],
    derivation: Any,
    derived: Mapping[str, Any],
    where: Mapping[str, Any],
) -> str:
    if status != Status.AGREES:
        return "; ".join(
            f"{name}: {answer.reason}; what follows is {unicode(derived[name], where)}"
            for name, answer in telling
        )
    names = " and ".join(name for name, _ in telling)
    text = f"{names}: derived and stated have the same normal form"
    if derivation is None:
        return text
    unused = [str(fact) for fact in derivation.unused]
    never = f", never used: {', '.join(unused)}" if unused else ""
    return f"{text}; {len(derivation.steps)} checked steps{never}"
