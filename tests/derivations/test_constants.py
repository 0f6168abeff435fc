"""Numbers that are not rational, and identities of trigonometric functions."""

from typing import Any

import pytest
from sympy import (
    Catalan,
    E,
    EulerGamma,
    GoldenRatio,
    TribonacciConstant,
    cos,
    cosh,
    pi,
    sin,
    sinh,
    sqrt,
    tan,
)
from sympy import exp as e

from derivations import Brownian, MatrixSDE, State, positive, real
from derivations.equality import Status, equal

a, r = positive("a"), real("r")


@pytest.mark.parametrize("number", [pi, E, EulerGamma, Catalan, GoldenRatio, TribonacciConstant])
def test_a_constant_is_told_from_its_neighbour_in_fifty_digits(number: Any) -> None:
    near = number.evalf(50)
    assert equal(number * r, number * r).status is Status.EQUAL
    for wrong in (3 * r, near * r):
        found = equal(number * r, wrong)
        assert found.status is Status.DIFFERENT
        assert found.points == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sqrt(2) * sqrt(3) * r, sqrt(6) * r),
        (e(a * pi) * e(-a * pi) * r, r),
        (sin(pi * r) ** 2 + cos(pi * r) ** 2, 1),
        (sin(2 * pi * r), 2 * sin(pi * r) * cos(pi * r)),
        (1 + tan(r) ** 2, 1 / cos(r) ** 2),
        (cosh(a) ** 2 - sinh(a) ** 2, 1),
    ],
)
def test_identities_are_proved_and_wrong_ones_refuted(left: Any, right: Any) -> None:
    assert equal(left, right).status is Status.EQUAL
    assert equal(left, right + a / 7).status is Status.DIFFERENT


def test_a_differential_with_pi_in_it() -> None:
    x, b = State("x"), Brownian("b")
    drift = MatrixSDE({x: b.d}).d(sin(pi * x)).drift
    assert equal(drift, -(pi**2) * sin(pi * x) / 2)
    assert equal(drift, -pi * sin(pi * x) / 2).status is Status.DIFFERENT
