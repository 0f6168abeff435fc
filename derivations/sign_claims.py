"""Claims about the sign of a drift: decided by the rules of signs, or refuted at a point.

The drift is derived.  Where its normal form does not show the sign, a claim may state it in a form
that does; the two are proved equal first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .claim import SignClaim
from .derivation import Derivation, Step, algebraic_step, ito_derivation
from .differential import Differential
from .equality import BITS, Status, equal
from .errors import DerivationError
from .expressions import free_indices
from .points import draw, evaluate, precision
from .signs import Sign, numbered, sign_of
from .symbols import Index

__all__ = ["SignAnswer", "decided", "sign_derivation"]

POINTS = 6


@dataclass(frozen=True, kw_only=True)
class SignAnswer:
    """Whether the stated sign follows; the reason in words; the points that were looked at."""

    status: Status
    reason: str
    points: int = 0


def decided(claim: SignClaim, d: Differential, facts: tuple[Any, ...], *, seed: int) -> SignAnswer:
    """Whether the drift of a claim's observable has the sign that is stated.

    EQUAL stands for a proof, DIFFERENT for a point with another sign.

    Raises
    ------
    DerivationError
        If the number of an eigenvalue is none.
    """
    index = _checked(claim)
    wrong = _point_against(claim, d.drift, index, facts, seed)
    if wrong is not None:
        return wrong
    form = d.drift
    if claim.shown is not None:
        same = equal(d.drift, claim.shown, assuming=facts, seed=seed)
        if same.status is not Status.EQUAL:
            reason = f"the form that is to show the sign: {same.reason}"
            return SignAnswer(status=same.status, reason=reason, points=same.points)
        form = claim.shown
    found = _sign(claim, form, index, facts)
    if found.implies(claim.sign):
        reason = f"every term has the sign: drift {found.relation} 0"
        return SignAnswer(status=Status.EQUAL, reason=reason)
    remains = found.remains or f"only drift {found.relation} 0 is shown"
    reason = f"no sign is read off {remains}, and no point of {POINTS} has another one"
    return SignAnswer(status=Status.CANNOT_TELL, reason=reason, points=POINTS)


def _checked(claim: SignClaim) -> Index | None:
    """The free index that is numbered, if one is."""
    free = sorted(free_indices(claim.observable), key=str)
    if claim.number is None:
        return None
    if len(free) != 1:
        raise DerivationError(
            f"number={claim.number}: the observable has {len(free)} free indices; it needs one"
        )
    found: Index = free[0]
    return found


def _sign(claim: SignClaim, form: Any, index: Index | None, facts: tuple[Any, ...]) -> Sign:
    chosen = form if index is None else numbered(form, index, claim.number or 1)
    return sign_of(chosen, facts)


def _point_against(
    claim: SignClaim, drift: Any, index: Index | None, facts: tuple[Any, ...], seed: int
) -> SignAnswer | None:
    """A point at which the drift certainly has another sign, if one is found."""
    with precision(BITS):
        for point in draw([drift], facts, count=POINTS, seed=seed):
            if index is not None:
                size, number = point.size(index.range), claim.number or 1
                place = number if number > 0 else size + 1 + number
                point = replace(point, indices={**point.indices, index: place}, values=point.values)
            value = evaluate(drift, point)
            if _against(value, claim.sign):
                sizes = ", ".join(f"{d} = {n}" for d, n in point.sizes.items())
                where = f" with {sizes}" if sizes else ""
                reason = f"the drift is {float(value.mid()):.6g} at a point{where}"
                return SignAnswer(status=Status.DIFFERENT, reason=reason, points=1)
    return None


def _against(value: Any, sign: str) -> bool:
    """Whether a ball of real numbers certainly has another sign than the stated one."""
    beyond = value < 0 if sign.startswith(">") else value > 0
    return bool(beyond or (sign in "<>" and value == 0))


def sign_derivation(claim: SignClaim, d: Differential, facts: tuple[Any, ...]) -> Derivation:
    """The steps to the drift, its form that shows the sign, and the sign that is read off.

    Raises
    ------
    StepError
        If a step does not hold.
    """
    found = ito_derivation(d)
    index, steps = _checked(claim), list(found.steps)
    form = d.drift if claim.shown is None else claim.shown
    if claim.shown is not None:
        rule = "the drift in a form that shows its sign"
        steps.append(algebraic_step(rule, d.drift, claim.shown, assuming=facts))
    sign = _sign(claim, form, index, facts)
    if sign.implies(claim.sign):
        rule = f"the signs of all terms: drift {sign.relation} 0"
        check = "exact rules for the signs of traces, gaps and parameters"
        steps.append(Step(rule=rule, before=form, after=form, check=check))
    return replace(found, steps=tuple(steps))
