"""Conditions as regions are written: And(0 < x, x < 1) is two, Q.gt(x, 0) is the relation x > 0."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import And, Eq, Ge, Gt, Le, Lt, Ne, Q
from sympy.assumptions import AppliedPredicate

from derivations.claim import Assumption
from derivations.printing import unicode
from verify.errors import ClaimError

__all__ = ["with_parts"]

RELATIONS = {Q.eq: Eq, Q.ge: Ge, Q.gt: Gt, Q.le: Le, Q.lt: Lt, Q.ne: Ne}


def with_parts(claim: Any) -> Any:
    """The claim with an assumption for each part of a condition that is an And.

    Raises
    ------
    ClaimError
        If a predicate relates what cannot be compared.
    """
    given = claim.assumptions
    if not isinstance(given, tuple):
        return claim
    found = tuple(_related(part) for x in given for part in _parts(x))
    return claim if found == given else replace(claim, assumptions=found)


def _condition(assumption: Any) -> Any:
    return assumption.condition if isinstance(assumption, Assumption) else None


def _parts(assumption: Any) -> tuple[Any, ...]:
    """The parts, in an order of their own; each says which of them it is."""
    condition = _condition(assumption)
    if not isinstance(condition, And):
        return (assumption,)
    return tuple(
        replace(assumption, text=f"{assumption.text}: {unicode(part)}", condition=part)
        for part in sorted(condition.args, key=str)
    )


def _related(assumption: Any) -> Any:
    """The assumption, with the relation that a predicate of two expressions is."""
    condition = _condition(assumption)
    if not isinstance(condition, AppliedPredicate) or condition.function not in RELATIONS:
        return assumption
    try:
        relation = RELATIONS[condition.function](*condition.arguments)
        return replace(assumption, condition=relation)
    except TypeError as error:
        raise ClaimError(f"assumptions: {condition} is no relation of numbers ({error})") from None
