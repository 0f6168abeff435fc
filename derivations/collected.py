"""A difference of two numbers in the shortest of a few writings."""

from __future__ import annotations

from math import comb, prod
from typing import Any

from sympy import Add, Expr, Integer, Mul, Pow, Rational, count_ops, exp, expand, factor
from sympy import preorder_traversal as parts_of
from sympy.matrices.expressions import MatrixExpr

from .expressions import IndexSum, ScalarSum, free_indices
from .symbols import Index

__all__ = ["collected"]

LONG = 200
"""Operations beyond which a difference is left as it is."""

MOST_TERMS = 300
"""Terms up to which it is multiplied out."""

MOST_DEGREE = 20
"""Exponents up to which it is looked for in factors."""


def collected(gap: Any) -> Any:
    """The shortest writing of a difference: as it is, multiplied out, or in factors.

    Sums that differ by the names of their indices alone are one sum.

    >>> from sympy.abc import a, x
    >>> collected(x * (a + 1) - a * x - 2 * x)
    -x
    """
    if not isinstance(gap, Expr) or isinstance(gap, MatrixExpr) or gap.count_ops() > LONG:
        return gap
    same = _renamed(gap)
    writings = [gap, same]
    # Traces and entries are no polynomials of their letters; what has matrices stays as it is.
    if not same.atoms(MatrixExpr) and _most_terms(same) <= MOST_TERMS:
        writings += [expand(same), expand(_apart(same))]
        if max(map(_degree, parts_of(same))) <= MOST_DEGREE:
            writings.append(factor(same))
    return min(writings, key=count_ops)


# How large it would become.


def _most_terms(gap: Any) -> int:
    """Terms at most, of the whole over one denominator or of an argument, when multiplied out."""
    powers = [p for p in gap.atoms(Pow) if p.exp.is_Integer and p.exp.is_negative]
    below = prod(_terms(p) for p in powers)
    return max(_terms(gap) * below, *map(_terms, parts_of(gap)))


def _terms(value: Any) -> int:
    if isinstance(value, Add):
        return sum(map(_terms, value.args))
    if isinstance(value, Mul):
        return prod(map(_terms, value.args))
    if isinstance(value, Pow) and value.exp.is_Integer:
        base = _terms(value.base)
        return comb(abs(int(value.exp)) + base - 1, base - 1)
    return 1


def _degree(value: Any) -> int:
    """The exponent of a power, as that of exp(x) in exp(3*x)."""
    if not isinstance(value, Pow | exp):
        return 0
    number = value.as_base_exp()[1].as_coeff_Mul()[0]
    return max(abs(number.p), number.q) if isinstance(number, Rational) else 0


# Sums over indices.


def _renamed(gap: Any) -> Any:
    """With one name for the indices of all sums that as many sums stand inside of."""
    sums = gap.atoms(ScalarSum, IndexSum)
    bound = {total.args[1].name for total in sums}
    names = sorted(bound - {i.name for i in free_indices(gap)})
    if len(bound) < 2:
        return gap
    numbered, depth = _numbered(gap)
    if depth > len(names):
        return gap
    indices = {i for total in numbered.atoms(ScalarSum, IndexSum) for i in total.args[1:2]}
    return numbered.xreplace({i: Index(names[int(i.name)], i.range) for i in indices})


def _numbered(value: Any) -> tuple[Any, int]:
    """With the number of the sums inside as the name of each index that is bound; their depth."""
    if not value.has(ScalarSum, IndexSum):
        return value, 0
    found = [_numbered(part) for part in value.args]
    depth = max(inside for _, inside in found)
    parts = [part for part, _ in found]
    if not isinstance(value, ScalarSum | IndexSum):
        return value.func(*parts), depth
    body, index, *excluded = parts
    name = Index(str(depth), index.range)
    return value.func(body.xreplace({index: name}), name, *excluded), depth + 1


def _apart(gap: Any) -> Any:
    """With a sum for each term of a summand, and factors without its index before it."""
    if not gap.has(ScalarSum):
        return gap
    whole = gap.func(*map(_apart, gap.args))
    if not isinstance(whole, ScalarSum):
        return whole
    body, index, *excluded = whole.args
    found = Integer(0)
    for term in Add.make_args(expand(body)):
        outside, inside = term.as_independent(index, as_Add=False)
        if inside == 1:
            outside, inside = Integer(1), term
        found += outside * ScalarSum(inside, index, *excluded)
    return found
