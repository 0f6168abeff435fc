"""Degrees against polynomials whose degree is known, and against a prime field."""

from __future__ import annotations

from typing import Any

import pytest

from numerics.contexts import PrimeFieldContext, RationalContext
from tests.verify import problems
from verify.degrees import Degree, DegreeContext, DegreeMatrix, NoBoundError, false_pass, numerator

C = DegreeContext()
X = Degree(1)
A = DegreeMatrix((3, 3), Degree(1))


@pytest.mark.parametrize(
    ("found", "degrees"),
    [
        (X * X + 3, (2, 0)),
        (X / (X * X), (1, 2)),
        (1 / X + X, (2, 1)),
        (X**-3, (0, 3)),
        (C.sqrt(X**2), (1, 0)),
        (C.det(A), (3, 0)),
        (C.inverse(A).entry, (2, 3)),
        (C.trace(C.matmul(A, A)), (2, 0)),
        (C.det(C.inverse(A)), (6, 9)),
    ],
)
def test_degrees(found: Degree, degrees: tuple[int, int]) -> None:
    assert (found.n, found.d) == degrees


def test_derivatives_of_a_logarithm_are_rational() -> None:
    # log det A: first derivatives adj/det, second ones over det².
    assert C.logdet(A).derivative(1) == (3, 3)
    assert C.logdet(A).derivative(2) == (6, 6)


@pytest.mark.parametrize(
    "made",
    [
        lambda: C.sqrt(X + 1),
        lambda: C.exp(X),
        lambda: C.log(X) * C.log(X),
        lambda: C.abs(X),
        lambda: C.real_power(X, X),
    ],
)
def test_what_is_not_rational_has_no_bound(made: Any) -> None:
    with pytest.raises(NoBoundError):
        made()


def test_more_points_make_a_false_pass_less_likely() -> None:
    ctx, sizes = PrimeFieldContext(), {"k": 1, "l": 3, "p": 2}
    one, two = (false_pass(problems.label_noise(), ctx, [sizes] * count) for count in (1, 2))
    assert one is not None
    assert two is not None
    assert one == numerator(problems.label_noise(), sizes) / ctx.prime
    assert two == pytest.approx(one**2)


def test_few_fractions_give_no_bound() -> None:
    assert false_pass(problems.label_noise(), RationalContext(), [{"k": 1, "l": 3, "p": 2}]) is None


def test_the_bound_is_kept_in_a_small_field() -> None:
    """A wrong identity between polynomials of degree 4 passes no more often than 4/q."""
    q = 103
    ctx = PrimeFieldContext(q)
    problem = problems.schur(sign=1)
    degree = numerator(problem, {"k": 1, "p": 1})
    passed = 0
    for g in range(q):
        for e in range(1, q):
            point = {"G": ctx.matrix([[g]]), "eta": ctx.rational(e) * e}
            sides = [problem.kernel(name).in_context(ctx, point) for name in ("left", "right")]
            passed += sides[0] == sides[1]
    assert 0 < passed <= degree / q * q * (q - 1)
