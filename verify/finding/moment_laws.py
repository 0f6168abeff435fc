"""What is wrong with the law of a moment whose system is right: the law that solves it, a point."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, product
from typing import Any

from sympy import (
    Dummy,
    Gt,
    ImmutableDenseMatrix,
    MatrixExpr,
    N,
    Pow,
    Q,
    Rational,
    Symbol,
    count_ops,
    expand,
    preorder_traversal,
    simplify,
    sympify,
)
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational

from derivations.claim import MomentClaim
from derivations.expressions import is_zero
from derivations.printing import unicode
from derivations.symbols import Dimension, MatrixParameter, MatrixState, t

from .finding import CounterExample, Finding
from .small_values import shown
from .wording import letter

__all__ = ["of_moment_laws"]

LARGEST = 3
"""Moments of a system that is solved here."""

SIMPLE = tuple(map(Fraction, ("1", "2", "1/2", "3", "1/4")))
WHOLE = tuple(map(Fraction, range(1, len(SIMPLE) + 1)))
"""The same of sizes."""

MANY = 7
"""Letters of which no values are tried."""

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
        if is_zero(gap) or is_zero(_simplified(gap)):
            continue
        name = f"the law of E[{unicode(moment, claim.where)}]"
        line = f"{name}: what solves the system is {unicode(solved, claim.where)}"
        missing = unicode(_simplified(gap), claim.where)
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
        simple = _simplified(value)
        writings += [expand(simple), simple]
    return min(writings, key=count_ops)


def _simplified(value: Any) -> Any:
    """Simplified as an expression in numbers, a trace being one: SymPy may turn one for ever."""
    held = [x for x in preorder_traversal(value) if any(isinstance(y, MatrixExpr) for y in x.args)]
    names = {x: Dummy() for x in held if not isinstance(x, MatrixExpr)}
    return simplify(value.xreplace(names)).xreplace({name: x for x, name in names.items()})


def _example(claim: MomentClaim, name: str, law: Any, solved: Any) -> CounterExample | None:
    """The simplest admissible point at which both laws differ; None if none can be written down."""
    letters = law.free_symbols | solved.free_symbols
    if not _are_plain(claim, letters):
        return None
    shapes = (side for x in letters if isinstance(x, MatrixExpr) for side in x.shape)
    symbols = sorted(letters.union(*(side.free_symbols for side in shapes)), key=_order)
    for at in islice(_simple(symbols), LOOKS):
        values = _values(at)
        if not _is_admissible(claim, values):
            continue
        claimed, right = (N(x.xreplace(values).doit(), 30) for x in (law, solved))
        known = all(x.is_comparable and x.is_finite for x in (claimed, right))
        if known and abs(claimed - right) > 1e-9 * abs(right):
            return CounterExample(
                part=name,
                at={letter(str(x)): shown(_listed(values[x])) for x in at},
                entry="",
                measured=f"{float(right):.{DIGITS}g}".replace("-", "−"),
                claimed=f"{float(claimed):.{DIGITS}g}".replace("-", "−"),
                exact=False,
                against="derived",
            )
    return None


def _order(symbol: Any) -> tuple[bool, str]:
    """Sizes first, as they are said of other points."""
    return not isinstance(symbol, Dimension), str(symbol)


def _are_plain(claim: MomentClaim, letters: Collection[Any]) -> bool:
    """Whether all are numbers, or matrices of which no more than positive definite is assumed."""
    if all(isinstance(x, Symbol) for x in letters):
        return True
    if not all(isinstance(x, Symbol | MatrixState | MatrixParameter) for x in letters):
        return False
    facts = (*claim.sde.assuming, *(a.condition for a in claim.assumptions))
    return all(fact is None or isinstance(_as_relation(fact), Relational) for fact in facts)


def _as_relation(fact: Any) -> Any:
    """What is assumed, a relation where it is that a number is positive."""
    if isinstance(fact, AppliedPredicate) and fact.function == Q.positive:
        return Gt(fact.arguments[0], 0)
    return fact


def _values(at: Mapping[Any, Fraction]) -> dict[Any, Any]:
    """Values of letters: of a matrix, its number times ones on the diagonal."""
    numbers = {x: Rational(v.numerator, v.denominator) for x, v in at.items()}
    sizes = {x: v for x, v in numbers.items() if isinstance(x, Dimension)}
    found: dict[Any, Any] = {}
    for x, number in numbers.items():
        found[x] = number
        if isinstance(x, MatrixExpr):
            rows, columns = (int(sympify(side).xreplace(sizes)) for side in x.shape)
            found[x] = number * ImmutableDenseMatrix.eye(rows, columns)
    return found


def _listed(value: Any) -> Any:
    """A value as it is shown: numbers, in rows where it is a matrix."""
    if isinstance(value, ImmutableDenseMatrix):
        return [[_listed(x) for x in row] for row in value.tolist()]
    return Fraction(int(value.p), int(value.q))


def _is_admissible(claim: MomentClaim, values: Mapping[Any, Any]) -> bool:
    """Whether nothing that is assumed of scalars fails there, and the coefficients are real."""
    facts = (*claim.sde.assuming, *(a.condition for a in claim.assumptions))
    for fact in map(_as_relation, facts):
        if isinstance(fact, Relational) and fact.xreplace(values).doit() == False:  # noqa: E712
            return False
    roots = {x for e in claim.sde.equations.values() for x in e.atoms(Pow) if not x.exp.is_integer}
    return not any(root.base.xreplace(values).doit().is_negative for root in roots)


def _simple(symbols: Sequence[Any]) -> Iterator[Mapping[Any, Fraction]]:
    """Points of small numbers, those with the simpler ones first."""
    if len(symbols) >= MANY:
        return
    each = [WHOLE if isinstance(x, Dimension) else SIMPLE for x in symbols]
    places = product(range(len(SIMPLE)), repeat=len(symbols))
    for place in sorted(places, key=lambda p: (sum(p), p)):
        yield {x: each[k][n] for k, (x, n) in enumerate(zip(symbols, place, strict=True))}
