"""Conditions that hold together, as regions are written: And(0 < x, x < 1) is two assumptions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import And

from derivations.claim import Assumption
from derivations.printing import unicode

__all__ = ["with_parts"]


def with_parts(claim: Any) -> Any:
    """The claim with an assumption for each part of a condition that is an And."""
    given = claim.assumptions
    if not isinstance(given, tuple) or not any(isinstance(_condition(x), And) for x in given):
        return claim
    return replace(claim, assumptions=tuple(part for x in given for part in _parts(x)))


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
