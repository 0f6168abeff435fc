"""Number contexts against literal loops over fractions, and against each other."""

from __future__ import annotations

import itertools
from fractions import Fraction
from random import Random
from typing import Any

import mpmath
import pytest

from numerics.contexts import (
    JetContext,
    MultiprecisionContext,
    NumberContext,
    PrimeFieldContext,
    RationalContext,
)
from numerics.errors import NotAdmissibleError, NoValueError, NumericsError

PRIME = PrimeFieldContext()
RATIONAL = RationalContext()
DIGITS = MultiprecisionContext(50)
EXACT = [RATIONAL, PRIME]
EVERY = [RATIONAL, PRIME, DIGITS, JetContext(RATIONAL), JetContext(PRIME, 3), JetContext(DIGITS)]


def name_of(ctx: Any) -> str:
    base = getattr(ctx, "base", None)
    return type(ctx).__name__ + (f" over {type(base).__name__}" if base else "")


def fractions(rng: Random, r: int, c: int) -> list[list[Fraction]]:
    return [[Fraction(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(c)] for _ in range(r)]


def product(A: Any, B: Any) -> Any:
    return [
        [sum((A[i][m] * B[m][j] for m in range(len(B))), Fraction(0)) for j in range(len(B[0]))]
        for i in range(len(A))
    ]


def leibniz(A: Any) -> Any:
    """det A by its definition, a signed sum over permutations."""
    total: Any = 0
    for order in itertools.permutations(range(len(A))):
        inversions = sum(a > b for a, b in itertools.combinations(order, 2))
        term: Any = -1 if inversions % 2 else 1
        for i, j in enumerate(order):
            term = A[i][j] * term
        total = term + total
    return total


def into(ctx: NumberContext, rows: list[list[Fraction]]) -> Any:
    return ctx.matrix([[ctx.number(x) for x in row] for row in rows])


def same(ctx: NumberContext, x: Any, expected: Any) -> bool:
    """Whether a scalar of any context is this fraction: exactly, or within its radius."""
    gap = x - ctx.number(expected)
    if isinstance(ctx, JetContext):
        gap = ctx.coefficient(gap, 0)
    return not differs(gap, 0)


def differs(x: Any, y: Any) -> bool:
    """Whether two numbers certainly differ; balls that overlap do not."""
    return bool(x != y)


@pytest.mark.parametrize("ctx", EVERY, ids=name_of)
def test_matrix_methods_are_those_of_literal_loops(ctx: NumberContext) -> None:
    rng = Random(5)
    A, B, G = fractions(rng, 3, 3), fractions(rng, 3, 3), fractions(rng, 2, 3)
    a, b, g = into(ctx, A), into(ctx, B), into(ctx, G)
    with ctx.working():
        cases = {
            "matmul": (ctx.matmul(a, b, a), product(product(A, B), A)),
            "add": (
                ctx.add(a, b, b),
                [
                    [x + 2 * y for x, y in zip(*rows, strict=True)]
                    for rows in zip(A, B, strict=True)
                ],
            ),
            "subtract": (
                ctx.subtract(a, b),
                [[x - y for x, y in zip(*rows, strict=True)] for rows in zip(A, B, strict=True)],
            ),
            "hadamard": (
                ctx.hadamard(a, b),
                [[x * y for x, y in zip(*rows, strict=True)] for rows in zip(A, B, strict=True)],
            ),
            "scale": (
                ctx.scale(ctx.rational(-2, 7), a),
                [[Fraction(-2, 7) * x for x in r] for r in A],
            ),
            "transpose": (ctx.transpose(g), [list(column) for column in zip(*G, strict=True)]),
            "power": (ctx.power(a, 3), product(product(A, A), A)),
            "power 0": (ctx.power(a, 0), [[Fraction(i == j) for j in range(3)] for i in range(3)]),
            "vstack": (ctx.vstack([a, g]), A + G),
            "hstack": (ctx.hstack([a, b]), [x + y for x, y in zip(A, B, strict=True)]),
            "S(G)": (
                ctx.symmetric_block(g),
                [[Fraction(0)] * 2 + row for row in G]
                + [[G[0][i], G[1][i]] + [Fraction(0)] * 3 for i in range(3)],
            ),
            "block": (ctx.block([[a], [ctx.zeros(1, 3)]]), [*A, [Fraction(0)] * 3]),
            "diagonal": (
                ctx.diagonal([ctx.rational(2), ctx.rational(1, 3)]),
                [[Fraction(2), Fraction(0)], [Fraction(0), Fraction(1, 3)]],
            ),
            "total": (ctx.total([g, g, g]), [[3 * x for x in row] for row in G]),
        }
        for name, (value, expected) in cases.items():
            assert ctx.shape(value) == (len(expected), len(expected[0])), name
            for i, row in enumerate(expected):
                for j, x in enumerate(row):
                    assert same(ctx, ctx.entry(value, i, j), x), name


@pytest.mark.parametrize("ctx", EVERY, ids=name_of)
def test_traces_determinants_and_inverses_are_those_of_their_definitions(
    ctx: NumberContext,
) -> None:
    rng = Random(7)
    for n in (1, 2, 4):
        A = fractions(rng, n, n)
        a = into(ctx, A)
        with ctx.working():
            assert same(ctx, ctx.trace(a), sum(A[i][i] for i in range(n)))
            assert same(ctx, ctx.det(a), leibniz(A))
            assert same(ctx, ctx.norm2(a), sum(x * x for row in A for x in row))
            unit = ctx.matmul(a, ctx.power(a, -1))
            for i, j in itertools.product(range(n), repeat=2):
                assert same(ctx, ctx.entry(unit, i, j), Fraction(i == j))


@pytest.mark.parametrize("ctx", EVERY, ids=name_of)
def test_scalars_have_the_operators_of_numbers(ctx: NumberContext) -> None:
    x, y = Fraction(3, 7), Fraction(-5, 2)
    with ctx.working():
        a, b = ctx.number(x), ctx.number(y)
        assert same(ctx, (2 * a - b / 3) * b + 1 - a / b, (2 * x - y / 3) * y + 1 - x / y)
        assert same(ctx, a**3 + b**-2, x**3 + y**-2)
        assert same(ctx, ctx.total([a, b, a]), 2 * x + y)
        assert same(ctx, ctx.total([]), 0)
        assert same(ctx, ctx.sqrt(ctx.rational(49, 36)), Fraction(7, 6)) or ctx is PRIME


def test_a_kernel_value_of_the_rationals_has_the_residue_that_the_prime_field_gives() -> None:
    A = fractions(Random(1), 4, 4)
    exact = RATIONAL.det(RATIONAL.inverse(into(RATIONAL, A)))
    modular = PRIME.det(PRIME.inverse(into(PRIME, A)))
    assert modular == PRIME.rational(int(exact.numerator), int(exact.denominator))


def test_fifty_digits_are_those_of_mpmath() -> None:
    with mpmath.workdps(60), DIGITS.working():
        for name in ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "log", "sqrt"):
            value = getattr(DIGITS, name)(DIGITS.rational(5, 7))
            expected = getattr(mpmath, name)(mpmath.mpf(5) / 7)
            assert abs(mpmath.mpf(value.mid().str(60, radius=False)) - expected) < 1e-50, name
            assert DIGITS.radius(value) < 1e-50


def test_digits_lost_outside_the_working_precision_show_in_the_radius() -> None:
    with DIGITS.working():
        third = DIGITS.rational(1, 3)
        inside = DIGITS.radius(third * third)
    assert inside < 1e-50 < 1e-20 < DIGITS.radius(third * third)


def test_square_roots_modulo_a_prime_are_multiplicative_and_positive_roots_have_roots() -> None:
    rng = Random(3)
    for _ in range(20):
        x, y = (PRIME.rational(rng.randrange(1, PRIME.prime)) ** 2 for _ in range(2))
        assert PRIME.sqrt(x) ** 2 == x
        assert PRIME.sqrt(x * y) == PRIME.sqrt(x) * PRIME.sqrt(y)
        assert PRIME.sqrt(PRIME.sqrt(x)) ** 4 == x
    assert PRIME.sqrt(PRIME.rational(2)) ** 2 == 2


@pytest.mark.parametrize("prime", [2**61, 13, 2**89 - 1, -7])
def test_a_modulus_that_is_no_suitable_prime_is_refused(prime: int) -> None:
    with pytest.raises(NumericsError, match="prime: got"):
        PrimeFieldContext(prime)


def test_what_a_context_cannot_do_is_an_error_that_says_so() -> None:
    q = RATIONAL.rational
    refused: list[tuple[Any, type[Exception], str]] = [
        (lambda: RATIONAL.sqrt(q(2)), NoValueError, "no square"),
        (lambda: RATIONAL.sqrt(q(-4)), NotAdmissibleError, "negative"),
        (lambda: RATIONAL.log(q(2)), NoValueError, "log"),
        (lambda: RATIONAL.log(q(0)), NotAdmissibleError, "not positive"),
        (lambda: RATIONAL.exp(q(1)), NoValueError, "exp"),
        (lambda: RATIONAL.pi(), NoValueError, "pi"),
        (lambda: RATIONAL.real_power(q(2), q(1, 3)), NoValueError, "power"),
        (lambda: PRIME.sqrt(PRIME.rational(-1)), NotAdmissibleError, "no square"),
        (lambda: PRIME.abs(PRIME.rational(3)), NoValueError, "no sign"),
        (lambda: PRIME.to_float(PRIME.rational(3)), NoValueError, "no real number"),
        (lambda: DIGITS.log(DIGITS.rational(-1)), NotAdmissibleError, "not positive"),
        (lambda: DIGITS.sqrt(DIGITS.rational(-1)), NotAdmissibleError, "not ≥ 0"),
        (lambda: MultiprecisionContext(0), NumericsError, "digits"),
        (lambda: JetContext(RATIONAL, 0), NumericsError, "order"),
        (lambda: RATIONAL.trace(RATIONAL.zeros(2, 3)), NumericsError, "2 x 3"),
    ]
    for action, kind, text in refused:
        with pytest.raises(kind, match=text):
            action()
    for ctx in (*EXACT, DIGITS):
        with pytest.raises(NotAdmissibleError, match="singular"), ctx.working():
            ctx.inverse(ctx.matrix([[1, 2], [2, 4]]))
        with pytest.raises(NotAdmissibleError), ctx.working():
            ctx.logdet(ctx.matrix([[1, 2], [2, 4]]))


def test_values_that_exact_contexts_do_have() -> None:
    for ctx in EXACT:
        assert ctx.exp(ctx.rational(0)) == 1
        assert ctx.sin(ctx.rational(0)) == 0
        assert ctx.log(ctx.rational(1)) == 0
    q = RATIONAL.rational
    assert RATIONAL.real_power(q(4, 9), q(-3, 2)) == q(27, 8)
    assert RATIONAL.abs(RATIONAL.rational(-2)) == 2
    assert RATIONAL.sign(RATIONAL.rational(-2)) == -1
