"""Truncated power series against SymPy's series and against the definition of the determinant."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest
import sympy

from numerics.contexts import (
    JetContext,
    JetMatrix,
    MultiprecisionContext,
    PrimeFieldContext,
    RationalContext,
)
from numerics.errors import NotAdmissibleError, NoValueError
from tests.numerics.test_contexts_arithmetic import differs, leibniz, name_of

BASES = [RationalContext(), PrimeFieldContext(), MultiprecisionContext(50)]
s = sympy.Symbol("s")
ORDER = 4


def coefficients(expression: Any) -> list[Any]:
    """Taylor coefficients at 0 by SymPy's differentiation, which the contexts do not use."""
    return [sympy.diff(expression, s, n).subs(s, 0) / sympy.factorial(n) for n in range(ORDER + 1)]


@pytest.mark.parametrize(
    "name", ["exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan"]
)
def test_functions_of_a_series_are_sympys(name: str) -> None:
    base = MultiprecisionContext(40)
    ctx = JetContext(base, ORDER)
    x = sympy.Rational(3, 4) + 2 * s - sympy.Rational(5, 3) * s**2
    q = base.rational
    with ctx.working():
        jet = getattr(ctx, name)(ctx.series(q(3, 4), q(2), q(-5, 3)))
        for n, expected in enumerate(coefficients(getattr(sympy, name)(x))):
            text = str(sympy.N(expected, 45))
            assert (
                abs(base.to_float(ctx.coefficient(jet, n) - base.number(sympy_fraction(text))))
                < 1e-38
            )


def sympy_fraction(text: str) -> Any:
    from fractions import Fraction

    return Fraction(text)


def test_powers_of_a_series_with_any_exponent_are_sympys() -> None:
    base = RationalContext()
    ctx = JetContext(base, ORDER)
    q = base.rational
    x = sympy.Rational(9, 4) + s + 3 * s**3
    jet = ctx.series(q(9, 4), q(1), q(0), q(3))
    for exponent in (sympy.Rational(3, 2), sympy.Rational(-1, 2), sympy.Integer(-3)):
        value = ctx.real_power(jet, q(int(exponent.p), int(exponent.q)))
        for n, expected in enumerate(coefficients(x**exponent)):
            assert ctx.coefficient(value, n) == q(int(expected.p), int(expected.q))
    for n, expected in enumerate(coefficients(x**-3)):
        assert ctx.coefficient(jet**-3, n) == q(int(expected.p), int(expected.q))


def test_a_logarithm_over_the_rationals_lacks_its_constant_term_and_nothing_else() -> None:
    base = RationalContext()
    ctx = JetContext(base, 2)
    jet = ctx.log(ctx.series(base.rational(2), base.rational(3)))
    assert ctx.coefficient(jet, 1) == base.rational(3, 2)
    assert ctx.coefficient(jet, 2) == base.rational(-9, 8)
    for unknown in (jet, jet + 1, jet * jet, 1 / jet):
        with pytest.raises(NoValueError, match="log"):
            ctx.coefficient(unknown, 0)
    # (log x)² needs the value of log x in its first coefficient too.
    with pytest.raises(NoValueError, match="log"):
        ctx.coefficient(jet * jet, 1)
    matrix = ctx.scale(2, ctx.block([[ctx.matrix([[jet, 1]])], [ctx.zeros(1, 2)]]))
    assert ctx.coefficient(ctx.entry(matrix, 0, 0), 1) == 3


def random_series(rng: Random, ctx: JetContext, n: int, sparse: float) -> JetMatrix:
    def layer() -> Any:
        return ctx.base.matrix(
            [
                [0 if rng.random() < sparse else rng.randint(-9, 9) for _ in range(n)]
                for _ in range(n)
            ]
        )

    return JetMatrix(tuple(layer() for _ in range(ctx.order + 1)), (n, n))


@pytest.mark.parametrize("sparse", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("base", BASES, ids=name_of)
def test_elimination_over_series_gives_the_sum_over_permutations(base: Any, sparse: float) -> None:
    ctx, rng = JetContext(base, 3), Random(11)
    for n in (1, 2, 3, 4):
        a = random_series(rng, ctx, n, sparse)
        with ctx.working():
            entries = [[ctx.entry(a, i, j) for j in range(n)] for i in range(n)]
            for power in range(4):
                gap = ctx.coefficient(ctx.det(a), power) - ctx.coefficient(leibniz(entries), power)
                assert not differs(gap, 0)


def test_a_determinant_that_starts_with_zeros_keeps_all_its_coefficients() -> None:
    ctx = JetContext(RationalContext(), 3)
    q = ctx.base.rational
    moved = ctx.series(
        ctx.base.zeros(2, 2), ctx.base.matrix([[1, 2], [3, 4]]), ctx.base.identity(2)
    )
    value = ctx.det(moved)  # det(s A + s² I) = −2 s² + 5 s³ + s⁴
    assert [ctx.coefficient(value, n) for n in range(4)] == [q(0), q(0), q(-2), q(5)]


@pytest.mark.parametrize("base", BASES, ids=name_of)
def test_the_inverse_of_a_series_of_matrices_multiplies_to_one(base: Any) -> None:
    ctx = JetContext(base, 3)
    a = random_series(Random(2), ctx, 3, 0.0)
    with ctx.working():
        unit = ctx.matmul(ctx.inverse(a), a)
        for power, i, j in itertools.product(range(4), range(3), range(3)):
            expected = base.rational(int(power == 0 and i == j))
            assert not differs(ctx.coefficient(ctx.entry(unit, i, j), power), expected)


def test_division_by_a_series_that_starts_with_zero_is_not_admissible() -> None:
    ctx = JetContext(RationalContext(), 2)
    through_zero = ctx.series(ctx.base.rational(0), ctx.base.rational(1))
    for action in (
        lambda: 1 / through_zero,
        lambda: ctx.log(through_zero),
        lambda: ctx.sqrt(through_zero),
    ):
        with pytest.raises(NotAdmissibleError):
            action()


def test_absolute_values_take_the_sign_of_the_constant_term() -> None:
    ctx = JetContext(RationalContext(), 1)
    q = ctx.base.rational
    assert ctx.coefficient(ctx.abs(ctx.series(q(-2), q(5))), 1) == -5
    assert ctx.coefficient(
        ctx.logdet(ctx.series(ctx.base.matrix([[-2]]), ctx.base.matrix([[5]]))), 1
    ) == q(-5, 2)


def test_families_are_expanded_member_by_member() -> None:
    ctx = JetContext(RationalContext(), 2)
    q = ctx.base.rational
    family = ctx.series([q(1), q(2)], [q(3), q(4)])
    assert ctx.coefficient([x * x for x in family], 1) == [6, 16]
