"""What is proved of means, and strict local martingales of which nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Abs, Rational, cos, exp, log, sin, sqrt

from derivations import (
    Brownian,
    Family,
    MatrixSDE,
    Process,
    State,
    dims,
    dt,
    index,
    positive,
    stack,
    t,
    total,
    tr,
)
from derivations.catalogue import find_theorem
from derivations.claim import MomentClaim
from derivations.integrability import obstacle

n, p, k, l = dims("n p k l")
a, q = positive("a"), positive("q")
x, y, v = State("x"), State("y"), State("v", positive=True)
beta, gamma = Brownian("beta"), Brownian("gamma")
W1, W2, B = State("W1", p, l), State("W2", l, k), Brownian("B", p, k)
NET = MatrixSDE({W1: B.d * W2.T, W2: W1.T * B.d})
THETA = stack(W1, W2.T)
FREE = MatrixSDE({v: beta.d})
DOWN = MatrixSDE({v: -dt + sqrt(v) * beta.d})
i, SHARES = index("i", n), Family("f")
JACOBI = sqrt(v * (1 - v)) * beta.d


@pytest.mark.parametrize(
    ("equations", "moments"),
    [
        (NET.equations, (tr(THETA * THETA.T), W1 * W2)),
        ({x: sin(x) * x * beta.d}, (x, x**4)),
        ({x: beta.d, y: x**2 * dt + x * gamma.d}, (y**2, x * y)),
        ({x: sqrt(1 + x**2) * beta.d + x / (1 + x**2) * dt}, (x**2,)),
        ({x: beta.d / (1 + t)}, (exp(-t) * x, cos(x))),
        ({v: a * v * dt + sin(t) * v * beta.d}, (v**q, 1 / v)),
        ({v: a * v * dt + sin(t) * v * beta.d}, (log(v), log(v) ** 2, v * log(a / v))),
        ({x: Abs(x) * beta.d}, (x, x**2)),
        ({x: total(SHARES[i] * x, i) * beta.d}, (x,)),
        ({v: a * (1 - v) * dt + sqrt(v) * beta.d}, (v**2, 1)),
        ({v: a * (1 - 2 * v) * dt + JACOBI}, (v, v**2, 1)),
    ],
)
def test_linear_growth_is_enough(equations: Any, moments: Any) -> None:
    assert obstacle(MatrixSDE(equations), moments) == ""


def test_all_moments_of_the_catalogue_are_finite() -> None:
    names = ("bessel", "cir", "general_linear", "geometric_brownian_motion")
    names += ("moment_hierarchy", "ornstein_uhlenbeck", "wishart")
    found = [c for name in names for c in find_theorem(name).claims]
    claims = [c for c in found if isinstance(c, MomentClaim)]
    assert len(claims) > 8
    assert {c.id: obstacle(c.sde, c.moments) for c in claims if obstacle(c.sde, c.moments)} == {}


@pytest.mark.parametrize(
    ("sde", "moment", "why"),
    [
        (MatrixSDE({x: -(x**2) * beta.d}), x, "dx grows faster than linearly"),
        (MatrixSDE({x: x * beta.d}, calculus="stratonovich"), 1 / x, "1/x"),
        (MatrixSDE({x: y * x * beta.d, y: gamma.d}), x, "dx grows faster than linearly"),
        (MatrixSDE({W1: B.d * W2.T * tr(W2 * W2.T), W2: W1.T * B.d}), W1 * W2, "dW₁ grows"),
        (MatrixSDE({x: Process("R") * beta.d}), x, "no bound of R is known"),
        # Three-dimensional Bessel: E 1/v falls, although 1/v has no drift.
        (MatrixSDE({v: dt / v + beta.d}), 1 / v, "1/v"),
        (MatrixSDE({x: beta.d / t}), x, "1/t"),
        (MatrixSDE({x: total(SHARES[i] * x**2, i) * beta.d}), x, "dx grows faster than linearly"),
        (MatrixSDE({x: x * Abs(x) * beta.d}), x, "dx grows faster than linearly"),
        (MatrixSDE({x: log(1 + x**2) * beta.d}), x, "log"),
        # Local time at zero: E |x| grows.
        (MatrixSDE({x: beta.d}), Abs(x), "smooth"),
        (MatrixSDE({v: a * dt + 2 * sqrt(v) * beta.d}), v ** (1 - a / 2), "smooth"),
        (MatrixSDE({v: a * dt + 2 * sqrt(v) * beta.d}), v ** Rational(3, 2), "smooth"),
        # Squared Bessel processes come to 0: of dimension 2 its logarithm has no drift, and grows.
        (MatrixSDE({v: 2 * dt + 2 * sqrt(v) * beta.d}), log(v), "log"),
        (MatrixSDE({v: a * v * dt + v * beta.d}), log(v + x), "log"),
        (MatrixSDE({v: a * v * dt + v * beta.d}), log(t * v), "log"),
        (MatrixSDE({v: v * log(v) * beta.d}), v, "log"),
        (FREE, v**q, "smooth"),
        (FREE, exp(v**2), "exp"),
        # The declared sign is none of the equation: paths come to v = 0 and end there.
        (DOWN, v, "not known to stay real"),
        (MatrixSDE({v: a * (2 - v) * dt + JACOBI}), v, "not known to stay real"),
        (MatrixSDE({v: a * dt + (1 + sqrt(v)) * beta.d}), v, "not known to stay real"),
    ],
)
def test_what_may_fail_is_not_proved(sde: MatrixSDE, moment: Any, why: str) -> None:
    assert why in obstacle(sde, (moment,))
