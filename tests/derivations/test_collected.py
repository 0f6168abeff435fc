"""Differences as they are shown: the same number, in fewer words."""

from time import process_time
from typing import Any

import pytest
from sympy import Rational, exp, log, simplify, sin, sqrt
from sympy.abc import a, k, s, x, y

from derivations import Family, dims, equal, index, positive, total, tr
from derivations.collected import LONG, collected
from derivations.symbols import State

N = dims("N")
i, j = index("i", N), index("j", N)
c, d = Family("c"), Family("d")


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
        ((x + 1) ** 60 - x * (x + 1) ** 60 + (x - 1) * (x + 1) ** 60, 0),
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


@pytest.mark.parametrize(
    "gap",
    [
        (x + y + k + 1) ** 20 - x,
        1 / (x + y + k + 1) ** 20 - x,
        sin((x + y + k + 1) ** 20) - x,
        x**200 - a * y**200,
        exp(200 * x) - exp(200 * y),
        x**60 - y**60,
    ],
)
def test_what_would_take_long_to_multiply_out_stays_as_it_is(gap: Any) -> None:
    begun = process_time()
    assert collected(gap) is gap
    assert process_time() - begun < 1


@pytest.mark.parametrize(
    ("gap", "short"),
    [
        (
            total(c[i] ** 2, i)
            - 2 * x**2 * total(c[i], i)
            - total(c[j] ** 2 * (a + 1), j)
            + 2 * x**2 * total(c[j], j),
            -a * total(c[i] ** 2, i),
        ),
        (total(total(c[i] * d[j], j), i) - total(total(c[j] * d[i], i), j), 0),
        # A free index is not one that is bound, and an inner sum no outer one.
        (total(c[i], i) * d[j] - total(c[j], j) * d[j], 0),
        (total(c[i], i) - c[j], total(c[i], i) - c[j]),
        (total(total(c[i] * d[j], j, excluding=i), i) - total(total(c[i] * d[j], j), i),) * 2,
    ],
)
def test_sums_are_one_whatever_their_indices_are_called(gap: Any, short: Any) -> None:
    assert collected(gap) == short
    assert equal(gap, short)
