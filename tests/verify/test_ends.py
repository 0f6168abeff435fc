"""The support of a stationary density: Feller's test at its ends, against textbook boundaries.

Karlin and Taylor, A Second Course in Stochastic Processes (1981), section 15.6, classifies them.
"""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Abs, Rational, exp, oo, pi, sign, sqrt

from derivations import Brownian, MatrixSDE, State, StationaryClaim, dt, positive
from tests.verify.test_stationary import PLAN, claimed
from verify.loading import compiled
from verify.tiers import check_of
from verify.verdict import Evidence, Status

a, s, m = positive("a"), positive("s"), positive("m")
x, y = State("x"), State("y", positive=True)
B = Brownian("B")
HALF = Rational(1, 2)
ONE = {a: 1, s: 1, x: 1}
OU = MatrixSDE({x: -a * x * dt + s * B.d})
NORMAL = exp(-a * x**2 / s**2)
CIR = MatrixSDE({y: a * (m - y) * dt + s * sqrt(y) * B.d})
GAMMA = y ** (2 * a * m / s**2 - 1) * exp(-2 * a * y / s**2)
JACOBI = MatrixSDE({x: a * (HALF - x) * dt + s * sqrt(x * (1 - x)) * B.d})
BETA = (x * (1 - x)) ** (a / s**2 - 1)
FAST = MatrixSDE({x: 2 * x**3 * dt + sqrt(2) * (1 + x**2) * B.d})
BESSEL = MatrixSDE({y: (Rational(1, 4) / y - y) * dt + B.d})


def split(c: Any) -> MatrixSDE:
    """c is not crossed, so that there are two laws."""
    return MatrixSDE({x: (x - c) * (2 - (x - c) ** 2) * dt + (x - c) * B.d})


def law(sde: Any, observable: Any, density: Any, values: Any, **fields: Any) -> StationaryClaim:
    return claimed(sde, observable, density=density, values=values, horizon=5, **fields)


AGREES: dict[str, tuple[StationaryClaim, str]] = {
    "the line": (law(OU, x, NORMAL, ONE), "∞ is not reached"),
    "the line, open parameters": (law(OU, x, NORMAL, {}), "at 6 points"),
    "Feller's condition": (law(CIR, y, GAMMA, {a: 1, m: 1, s: 1, y: 1}), "0 is not reached"),
    "0 is reached": (law(CIR, y, GAMMA, {a: 1, m: 1, s: 2, y: 1}), "0 turns them back"),
    "Jacobi": (
        law(JACOBI, x, BETA, {a: 1, s: 2, x: HALF}, support=(0, 1)), "1 turns them back"),
    "exponential drift": (
        law(MatrixSDE({x: (a - exp(x)) * dt + s * B.d}), x, exp(2 * (a * x - exp(x)) / s**2), ONE),
        "−∞ is not reached"),
    "a jump of the drift": (
        law(MatrixSDE({x: -sign(x) * dt + B.d}), x, exp(-2 * Abs(x)), {x: 1}), "stay"),
}  # fmt: skip

CROSSED: dict[str, tuple[StationaryClaim, str]] = {
    "cut off at 0 and 10": (law(OU, x, NORMAL, ONE, support=(0, 10)), "at 0 paths"),
    "cut off at 1": (law(OU, x, NORMAL, ONE, support=(1, oo)), "at 1 paths"),
    "cut off at −1, open": (law(OU, x, NORMAL, {}, support=(-1, oo)), "at −1 paths"),
    "gamma from 1": (law(CIR, y, GAMMA, {a: 1, m: 1, s: 1, y: 1}, support=(1, oo)), "at 1 paths"),
    "half of a beta": (law(JACOBI, x, BETA, ONE, support=(0, HALF)), "at 0.5 paths"),
}

OPEN: dict[str, tuple[StationaryClaim, str]] = {
    "a drift without bound": (law(BESSEL, y, sqrt(y) * exp(-(y**2)), {y: 1}), "what they do then"),
    "explosion": (law(FAST, x, exp(1 / (1 + x**2)) / (1 + x**2), {x: 1}), "in a finite time"),
    "two laws": (law(split(0), x, x**2 * exp(-(x**2)), {x: 1}), "no path crosses it"),
    "two laws at π": (law(split(pi), x, (x - pi) ** 2 * exp(-((x - pi) ** 2)), {x: 4}), "3.14159"),
    "a jump at 0": (law(OU, x, NORMAL * (2 + sign(x)), ONE), "jumps there"),
    "a jump at 1": (law(OU, x, NORMAL * (2 + sign(x - 1)), ONE), ""),
}


def asked(tier: str, claim: StationaryClaim) -> Evidence:
    return check_of(tier)(compiled(claim), PLAN)


@pytest.mark.parametrize("tier", ["derivation", "generator"])
@pytest.mark.parametrize("name", AGREES)
def test_ends_that_paths_do_not_leave(name: str, tier: str) -> None:
    claim, words = AGREES[name]
    found = asked(tier, claim)
    assert found.status == Status.AGREES, found.reason
    assert words in found.reason


@pytest.mark.parametrize("tier", ["derivation", "generator"])
@pytest.mark.parametrize("name", CROSSED)
def test_a_support_that_paths_leave_is_refuted(name: str, tier: str) -> None:
    claim, words = CROSSED[name]
    found = asked(tier, claim)
    assert found.status == Status.DISAGREES, found.reason
    assert words in found.reason
    assert "cross it" in found.reason


@pytest.mark.parametrize("tier", ["derivation", "generator"])
@pytest.mark.parametrize("name", OPEN)
def test_a_flux_of_zero_alone_proves_nothing(name: str, tier: str) -> None:
    claim, words = OPEN[name]
    found = asked(tier, claim)
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert words in found.reason


def test_every_value_that_varies_is_looked_at() -> None:
    """At s = 3 the integral diverges: 2a/s² − 2 is below −1."""
    sde = MatrixSDE({y: (a * y - y**3) * dt + s * y * B.d})
    density = y ** (2 * a / s**2 - 2) * exp(-(y**2) / s**2)
    claim = law(sde, y, density, {a: 2, y: 1}, vary={s: (1, 3)})
    assert asked("generator", claim).status == Status.DISAGREES


def test_a_support_that_is_forgotten_is_named() -> None:
    """Beyond 1 the density of a Jacobi diffusion on (0, 1) is negative or no number."""
    sde = MatrixSDE({y: (4 - 6 * y) * dt + sqrt(2 * y * (1 - y)) * B.d})
    found = asked("derivation", law(sde, y, y**3 * (1 - y), {y: HALF}))
    assert found.status == Status.DISAGREES, found.reason
    assert "negative" in found.reason
    assert "support=(0, 1)" in found.reason
    assert "inf" not in found.reason
