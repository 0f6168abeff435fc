"""Claims about the sign of a drift: decided by the rules of signs, or refuted at a point.

The drift is derived.  Where its normal form does not show the sign, a claim may state it in a form
that does; the two are proved equal first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Dummy, Symbol, sympify, true

from .admissible import draw
from .claim import SignClaim
from .derivation import Derivation, Step, algebraic_step, ito_derivation
from .differential import Differential
from .equality import BITS, Status, equal
from .errors import DerivationError
from .expressions import free_indices
from .points import evaluate, precision
from .printing import unicode
from .signs import REGION, Sign, numbered, sign_of
from .symbols import Index

__all__ = ["SignAnswer", "decided", "sign_derivation"]

POINTS = 6


@dataclass(frozen=True, kw_only=True)
class SignAnswer:
    """Whether the stated sign follows; the reason in words; the points that were looked at.

    ``unread`` is whether the rules of signs alone are what cannot tell.
    """

    status: Status
    reason: str
    points: int = 0
    unread: bool = False


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
        reason = f"{found.how}: drift {found.relation} 0"
        return SignAnswer(status=Status.EQUAL, reason=reason)
    wrong = _met_against(claim, form, found, facts)
    if wrong is not None:
        return wrong
    remains = found.remains or f"only drift {found.relation} 0 is shown"
    reason = f"no sign is read off {remains}, and no point of {POINTS} has another one"
    return SignAnswer(status=Status.CANNOT_TELL, reason=reason, points=POINTS, unread=True)


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
    return sign_of(chosen, facts, enough=claim.sign)


def _met_against(
    claim: SignClaim, drift: Any, found: Sign, facts: tuple[Any, ...]
) -> SignAnswer | None:
    """A point of another sign that the rules of signs met, put in for its letters and looked at."""
    for sign in (-1, 1, 0):
        if not _other(sign, claim.sign) or sign not in found.points:
            continue
        point = {x: n for x, n in found.points[sign].items() if not isinstance(x, Dummy)}
        value = sympify(drift).subs(point)
        known = [fact.subs(point) for fact in facts if _touched(fact, point)]
        if not (value.is_number and value.is_real) or any(fact is not true for fact in known):
            continue
        # Of 0 the rules are sure themselves, if every letter of theirs is one of the claim.
        zero = sign == 0 and len(point) == len(found.points[sign]) and not value.is_nonzero
        if zero or (sign and (value * sign > 0) is true):
            numbers = sorted(point.items(), key=str)
            where = ", ".join(f"{unicode(x)} = {_shown(n)}" for x, n in numbers)
            said = "0" if sign == 0 else f"{float(value):.6g}"
            reason = f"the drift is {said} at {where}"
            return SignAnswer(status=Status.DIFFERENT, reason=reason, points=1)
    return None


def _other(sign: int, stated: str) -> bool:
    """Whether a sign is against the stated one."""
    return (sign == 0 and stated in "<>") or sign == (-1 if stated.startswith(">") else 1)


def _touched(fact: Any, point: Mapping[Any, Any]) -> bool:
    return bool(getattr(fact, "free_symbols", set()) & point.keys())


def _shown(number: Any) -> str:
    return str(number) if number.is_Rational else f"{float(number):.6g}…"


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
                named = [f"{d} = {n}" for d, n in point.sizes.items()]
                scalars = sorted((x for x in point.values if isinstance(x, Symbol)), key=str)
                named += [f"{unicode(x)} = {float(point.values[x].mid()):.6g}" for x in scalars]
                where = f" with {', '.join(named)}" if named else ""
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
        over = sign.how == REGION
        by = "the sign over the region" if over else "the signs of all terms"
        rule = f"{by}: drift {sign.relation} 0"
        check = (
            "real roots in exact arithmetic, or a certificate that is checked in rationals"
            if over
            else "exact rules for the signs of traces, gaps and parameters"
        )
        steps.append(Step(rule=rule, before=form, after=form, check=check))
    return replace(found, steps=tuple(steps))
