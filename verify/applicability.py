"""Whether the assumptions of a claim can hold at all, decided by the sizes alone.

Full row rank of A needs columns − rows ≥ 0, a relation between dimensions says what it says, and
every dimension is at least 1.  These are linear inequalities in the dimensions; elimination of one
dimension after the other (Fourier and Motzkin) finds a combination of them that no sizes meet, if
there is one.  Such a claim speaks about nothing, and no tier is asked: the answer is NOT
APPLICABLE, with the assumptions to blame.  Nothing is said of a claim whose assumptions survive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Eq, Ge, Gt, Integer, Le, Lt, MatMul, Poly, Q, Transpose, false
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational
from sympy.matrices.expressions import MatrixExpr

from derivations.printing import unicode
from derivations.symbols import Dimension

from .verdict import Evidence, Status

__all__ = ["Refusal", "refusal", "refused"]

LARGEST = 4096
"""Inequalities that an elimination may hold; beyond that nothing is decided."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a claim says nothing: the assumptions that no sizes meet, and the contradiction."""

    assumptions: tuple[Any, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class _Inequality:
    """Σ_d weights[d]·d + constant ≥ 0; ``parts`` says of which inequalities it is the sum."""

    weights: Mapping[Any, Fraction]
    constant: Fraction
    parts: Mapping[int, Fraction]


def refusal(claim: Any) -> Refusal | None:
    """The smallest set of assumptions that no sizes meet together, or None."""
    demands = [(a, gaps) for a in claim.assumptions if (gaps := _gaps(a.condition))]
    if not _impossible([gap for _, gaps in demands for gap in gaps]):
        return None
    for demand in list(demands):
        others = [other for other in demands if other is not demand]
        if _impossible([gap for _, gaps in others for gap in gaps]):
            demands = others
    assumptions = tuple(a for a, _ in demands)
    gaps = [gap for _, found in demands for gap in found]
    return Refusal(assumptions=assumptions, reason=_reason(assumptions, gaps))


def refused(found: Refusal, tiers: Iterable[str]) -> tuple[Evidence, ...]:
    """The evidence of tiers that are not asked."""
    return tuple(
        Evidence(tier=tier, status=Status.NOT_APPLICABLE, reason=found.reason) for tier in tiers
    )


# What an assumption asks of the sizes.


def _gaps(condition: Any) -> list[Any]:
    """Expressions in dimensions that the condition asks to be at least 0."""
    if condition == false:
        # SymPy evaluates 2d < 2 on the spot.
        return [Integer(-1)]
    if isinstance(condition, Relational):
        return _relation(condition)
    if isinstance(condition, AppliedPredicate) and condition.function == Q.positive_definite:
        return _full_rank(condition.arguments[0])
    return []


def _relation(relation: Any) -> list[Any]:
    gap = relation.lhs - relation.rhs
    if not _is_linear(gap):
        return []
    one = Integer(1)
    # Sizes are integers: more than is at least one more.
    found = {Ge: [gap], Gt: [gap - one], Le: [-gap], Lt: [-gap - one], Eq: [gap, -gap]}
    return found.get(relation.func, [])


def _full_rank(gram: Any) -> list[Any]:
    """A A' is positive definite only if A has at least as many columns as rows."""
    A = _root(gram)
    if A is None:
        return []
    gap = A.shape[1] - A.shape[0]
    return [gap] if _is_linear(gap) else []


def _root(gram: Any) -> Any:
    """The A of a product A A', or None."""
    factors = list(gram.args) if isinstance(gram, MatMul) else []
    half, odd = divmod(len(factors), 2)
    matrices = all(isinstance(f, MatrixExpr) for f in factors)
    if odd or not factors or not matrices:
        return None
    left, right = factors[:half], factors[half:]
    mirrored = [f.args[0] if isinstance(f, Transpose) else f.T for f in reversed(right)]
    return MatMul(*left) if left == mirrored else None


def _is_linear(expression: Any) -> bool:
    found = expression.free_symbols
    if not all(isinstance(symbol, Dimension) for symbol in found):
        return False
    return not found or bool(Poly(expression, *found).total_degree() <= 1)


# Whether linear inequalities in positive integers can be met.


def _impossible(gaps: Sequence[Any]) -> Mapping[int, Fraction] | None:
    """Weights of a sum of the inequalities ``gap ≥ 0`` that no positive sizes meet, or None."""
    names = sorted({symbol for gap in gaps for symbol in gap.free_symbols}, key=str)
    system = [_inequality(gap, number) for number, gap in enumerate(gaps)]
    system += [
        _Inequality(weights={name: Fraction(1)}, constant=Fraction(-1), parts={}) for name in names
    ]
    for name in names:
        system = _without(system, name)
        if len(system) > LARGEST:
            return None
    return next((row.parts for row in system if row.constant < 0), None)


def _inequality(gap: Any, number: int) -> _Inequality:
    weights = {s: _fraction(gap.coeff(s)) for s in gap.free_symbols}
    constant = gap.xreplace(dict.fromkeys(gap.free_symbols, Integer(0)))
    return _Inequality(weights=weights, constant=_fraction(constant), parts={number: Fraction(1)})


def _fraction(number: Any) -> Fraction:
    return Fraction(int(number.p), int(number.q))


def _without(system: Sequence[_Inequality], name: Any) -> list[_Inequality]:
    """What the inequalities say of the other dimensions."""
    up: list[_Inequality] = []
    down: list[_Inequality] = []
    rest: list[_Inequality] = []
    for row in system:
        weight = row.weights.get(name, 0)
        (up if weight > 0 else down if weight < 0 else rest).append(row)
    met = (_sum(a, -b.weights[name], b, a.weights[name]) for a in up for b in down)
    return [*rest, *met]


def _sum(a: _Inequality, of_a: Fraction, b: _Inequality, of_b: Fraction) -> _Inequality:
    """of_a·a + of_b·b for two positive numbers."""

    def mixed(x: Mapping[Any, Fraction], y: Mapping[Any, Fraction]) -> dict[Any, Fraction]:
        both = {key: of_a * x.get(key, 0) + of_b * y.get(key, 0) for key in (*x, *y)}
        return {key: value for key, value in both.items() if value}

    return _Inequality(
        weights=mixed(a.weights, b.weights),
        constant=of_a * a.constant + of_b * b.constant,
        parts=mixed(a.parts, b.parts),
    )


# In words.


def _reason(assumptions: Sequence[Any], gaps: Sequence[Any]) -> str:
    if len(assumptions) == 1:
        (assumption,) = assumptions
        return f"the assumption cannot hold: {assumption.text}; {_alone(assumption.condition)}"
    texts = "; ".join(f"({number}) {a.text}" for number, a in enumerate(assumptions, 1))
    asked = " and ".join(f"{unicode(gap)} ≥ 0" for gap in gaps)
    weights = _impossible(gaps) or {}
    total = sum((Integer(w.numerator) / w.denominator * gaps[n] for n, w in weights.items()), 0)
    scale = min(weights.values(), default=Fraction(1))
    total = (total * scale.denominator / scale.numerator).expand()
    weighted = len(set(weights.values())) > 1
    combined = "a positive combination of them" if weighted else "together they"
    return (
        f"the assumptions cannot hold together: {texts}; they ask {asked}, and {combined} "
        f"{'asks' if weighted else 'ask'} {unicode(total)} ≥ 0, which no sizes meet"
    )


def _alone(condition: Any) -> str:
    if condition == false:
        return "its condition is false whatever the values are"
    if not isinstance(condition, AppliedPredicate):
        return f"no sizes meet {unicode(condition)}"
    A = _root(condition.arguments[0])
    rows, columns = map(unicode, A.shape)
    return (
        f"the matrix has {rows} rows and {columns} columns, and its rank is at most "
        f"{columns} < {rows} for all sizes, so the claim says nothing"
    )
