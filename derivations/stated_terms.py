"""The additive terms of a form as it is typed, and the number and the powers in front of each.

Levels say how far products are multiplied out: a form as typed, its products with sums multiplied
out, and last the sums over indices split by their numerators.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Add, Integer, MatAdd, MatMul, Mul, Pow, Rational, Trace, expand_mul, sympify
from sympy.matrices.expressions import MatrixExpr

from .expressions import IndexSum, ScalarSum, is_zero

__all__ = ["LEVELS", "StatedTerm", "stated_terms"]

LEVELS = ("typed", "multiplied out", "sums split")
"""How a form may be taken apart, the coarsest first."""

MOST = 16
"""A form with more terms than that is left less far taken apart."""


LARGE = 200
"""A form of more operations than that is taken as typed."""


@dataclass(frozen=True, kw_only=True)
class StatedTerm:
    """One additive term: ``coefficient`` times ``base``, the coefficient a number."""

    expression: Any
    coefficient: Any
    base: Any

    @property
    def powers(self) -> dict[str, Fraction]:
        """Exponents of the scalar letters that stand as factors in front."""
        found: dict[str, Fraction] = {}
        for factor in _factors(self.base):
            root, exponent = factor.as_base_exp()
            if root.is_Symbol and exponent.is_Rational:
                power = Fraction(int(exponent.p), int(exponent.q))
                found[str(root.name)] = found.get(str(root.name), Fraction(0)) + power
        return found


def stated_terms(expression: Any, level: str = "typed") -> tuple[StatedTerm, ...]:
    """The terms of a scalar or matrix form, in the order in which it is printed; none of a 0."""
    expression = sympify(expression)
    if is_zero(expression):
        return ()
    parts = _typed(expression)
    if expression.count_ops() > LARGE:
        return tuple(map(_term, parts))
    for further in LEVELS[1 : LEVELS.index(level) + 1]:
        split = [piece for part in parts for piece in _SPLIT[further](part)]
        parts = split if len(split) <= MOST else parts
    return tuple(map(_term, parts))


def _typed(expression: Any) -> list[Any]:
    if isinstance(expression, MatrixExpr):
        return list(expression.args) if isinstance(expression, MatAdd) else [expression]
    return list(expression.as_ordered_terms())


def _multiplied_out(part: Any) -> Iterator[Any]:
    if isinstance(part, MatrixExpr):
        yield from _typed(part.expand() if isinstance(part, MatMul) else part)
        return
    for product in Add.make_args(expand_mul(part, deep=False)):
        traces = [f for f in Mul.make_args(product) if isinstance(f, Trace)]
        sums = [f for f in traces if isinstance(f.arg, MatAdd)]
        if not sums:
            yield product
            continue
        rest = product / sums[0]
        yield from (rest * Trace(summand) for summand in sums[0].arg.args)


def _sums_split(part: Any) -> Iterator[Any]:
    if isinstance(part, IndexSum):
        yield from (IndexSum(piece, *part.args[1:]) for piece in _typed(part.args[0]))
        return
    factors = [] if isinstance(part, MatrixExpr) else Mul.make_args(part)
    sums = [f for f in factors if isinstance(f, ScalarSum)]
    if not sums:
        yield part
        return
    rest = part / sums[0]
    for piece in Add.make_args(expand_mul(sums[0].args[0], deep=False)):
        yield rest * ScalarSum(piece, *sums[0].args[1:])


_SPLIT = {LEVELS[1]: _multiplied_out, LEVELS[2]: _sums_split}


def _term(expression: Any) -> StatedTerm:
    coefficient, base = _number(expression)
    return StatedTerm(expression=expression, coefficient=coefficient, base=base)


def _number(expression: Any) -> tuple[Any, Any]:
    """The number in front and the rest; also of a sum over an index."""
    if isinstance(expression, ScalarSum | IndexSum):
        number, inner = _number(expression.args[0])
        return number, type(expression)(inner, *expression.args[1:])
    if isinstance(expression, MatrixExpr):
        scalar, matrices = _scalar_and_matrices(expression)
        number, rest = _number(scalar)
        if not matrices:
            return number, expression
        return number, rest * MatMul(*matrices) if len(matrices) > 1 else rest * matrices[0]
    factors = Mul.make_args(expression)
    number, rest = Integer(1), Integer(1)
    for factor in factors:
        if factor.is_number:
            number *= factor
        elif isinstance(factor, ScalarSum):
            inner, base = _number(factor)
            number, rest = number * inner, rest * base
        else:
            rest *= factor
    return number, rest


def _scalar_and_matrices(expression: Any) -> tuple[Any, list[Any]]:
    if not isinstance(expression, MatMul):
        return Integer(1), [expression]
    scalar, matrices = expression.as_coeff_matrices()
    return scalar, list(matrices)


def _factors(base: Any) -> Iterator[Any]:
    """The scalar factors in front, those under a common root one by one."""
    scalar = _scalar_and_matrices(base)[0] if isinstance(base, MatrixExpr) else base
    for factor in Mul.make_args(scalar):
        inside = factor.base if isinstance(factor, Pow) else None
        if isinstance(inside, Mul) and isinstance(factor.exp, Rational):
            yield from (Pow(part, factor.exp) for part in inside.args)
        else:
            yield factor
