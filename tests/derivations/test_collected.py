"""Differences as they are shown: the same number, in fewer words."""

import pytest
from sympy import Rational, log, simplify, sqrt
from sympy.abc import a, k, s, x, y

from derivations import dims, positive, tr
from derivations.collected import LONG, collected
from derivations.symbols import State


@pytest.mark.parametrize(
    ("gap", "short"),
    [
        (2 * a * log(x) - s**3 - s**2 * log(x) + s**2 - 2 * (a - s**2 / 2) * log(x), s**2 - s**3),
        (
            -a * x / (2 * sqrt(k + x))
            + s**2 * x**2 / (4 * (k + x) ** Rational(3, 2))
            + x * (4 * a * k + 4 * a * x - s**2 * x) / (8 * (k + x) ** Rational(3, 2)),
            s**2 * x**2 / (8 * (k + x) ** Rational(3, 2)),
        ),
        (
            (2 * a * y**2 - s**2 * y - s**2) / (y**2 + 1) ** 2
            - (2 * a * y**2 - s**2) / (y**2 + 1) ** 2,
            -(s**2) * y / (y**2 + 1) ** 2,
        ),
        (a * (x + 1), a * (x + 1)),
    ],
)
def test_the_shortest_writing_is_chosen(gap: object, short: object) -> None:
    assert collected(gap) == short
    assert simplify(collected(gap) - gap) == 0


def test_matrices_and_long_differences_stay_as_they_are() -> None:
    n, m = dims("n m")
    X, c = State("X", n, m), positive("c")
    traces = c * (tr(X * X.T) + 1) - c * tr(X * X.T)
    assert collected(traces) is traces
    long = sum((x + k) ** n * k**n for n in range(LONG))
    assert collected(long) is long
