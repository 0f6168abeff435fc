"""What is wrong with the law of a moment whose system is right: the law that solves it, a point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, product
from typing import Any

from sympy import (
    Gt,
    ImmutableDenseMatrix,
    N,
    Pow,
    Q,
    Rational,
    count_ops,
    expand,
    simplify,
    sympify,
)
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational

from derivations.claim import MomentClaim
from derivations.expressions import is_zero
from derivations.printing import unicode
from derivations.symbols import t

from .finding import CounterExample, Finding
from .small_values import shown
from .wording import letter

__all__ = ["of_moment_laws"]

LARGEST = 3
"""Moments of a system that is solved here."""

SIMPLE = tuple(map(Fraction, ("1", "2", "1/2", "3", "1/4")))
LOOKS = 64
LONG = 200
"""Operations beyond which a solution is not simplified."""

DIGITS = 6


def of_moment_laws(claim: MomentClaim) -> Finding | None:
    """Laws that do not solve the stated system from their moments on; None if none is found."""
    if not claim.laws or len(claim.moments) > LARGEST:
        return None
    lines, changes, example = [], [], None
    right = _solved(claim)
    for moment, law, solved in zip(claim.moments, claim.laws, right, strict=True):
        gap = expand(solved - sympify(law))
        if is_zero(gap) or is_zero(simplify(gap)):
            continue
        name = f"the law of E[{unicode(moment, claim.where)}]"
        line = f"{name}: what solves the system is {unicode(solved, claim.where)}"
        missing = unicode(simplify(gap), claim.where)
        lines.append(f"{line}; {missing} is missing (as derived)")
        changes.append({"part": name, "term": missing, "missing": True, "against": "derived"})
        example = example or _example(claim, name, sympify(law), solved)
    if not lines:
        return None
    return Finding(
        lines=tuple(lines), changes=tuple(changes), explained=True, counterexample=example
    )


def _solved(claim: MomentClaim) -> Sequence[Any]:
    """e^{At} m, each multiplied out or simplified, whichever is shorter."""
    matrix = ImmutableDenseMatrix(claim.matrix)
    start = ImmutableDenseMatrix([sympify(m) for m in claim.moments])
    return [_shorter(x) for x in (matrix * t).exp() * start]


def _shorter(value: Any) -> Any:
    writings = [expand(value)]
    if value.count_ops() <= LONG:
        simple = simplify(value)
        writings += [expand(simple), simple]
    return min(writings, key=count_ops)


def _example(claim: MomentClaim, name: str, law: Any, solved: Any) -> CounterExample | None:
    """The simplest admissible point at which both laws differ."""
    symbols = sorted(law.free_symbols | solved.free_symbols, key=str)
    for at in islice(_simple(symbols), LOOKS):
        values = {x: Rational(v.numerator, v.denominator) for x, v in at.items()}
        if not _is_admissible(claim, values):
            continue
        claimed, right = (N(x.subs(values), 30) for x in (law, solved))
        if claimed.is_finite and right.is_finite and abs(claimed - right) > 1e-9 * abs(right):
            return CounterExample(
                part=name,
                at={letter(str(x)): shown(v) for x, v in at.items()},
                entry="",
                measured=f"{float(right):.{DIGITS}g}".replace("-", "−"),
                claimed=f"{float(claimed):.{DIGITS}g}".replace("-", "−"),
                exact=False,
                against="derived",
            )
    return None


def _is_admissible(claim: MomentClaim, values: Mapping[Any, Any]) -> bool:
    """Whether nothing that is assumed of scalars fails there, and the coefficients are real."""
    facts = (*claim.sde.assuming, *(a.condition for a in claim.assumptions))
    for fact in facts:
        if isinstance(fact, AppliedPredicate) and fact.function == Q.positive:
            fact = Gt(fact.arguments[0], 0)
        if isinstance(fact, Relational) and fact.xreplace(values).doit() == False:  # noqa: E712
            return False
    roots = {x for e in claim.sde.equations.values() for x in e.atoms(Pow) if not x.exp.is_integer}
    return not any(root.base.xreplace(values).is_negative for root in roots)


def _simple(symbols: Sequence[Any]) -> Iterator[Mapping[Any, Fraction]]:
    """Points of small numbers, those with the simpler ones first."""
    places = product(range(len(SIMPLE)), repeat=len(symbols))
    for place in sorted(places, key=lambda p: (sum(p), p)) if len(symbols) < 7 else ():
        yield dict(zip(symbols, (SIMPLE[n] for n in place), strict=True))
