"""A counter-example meets every assumption, and lies where the system and the density live."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from sympy import Lt, Q, Rational, exp, log, oo, sqrt

from derivations import Brownian, MatrixSDE, State, dt, positive, t
from verify import Assumption, MomentClaim, StationaryClaim, Status, check

a, c, k, s = positive("a"), positive("c"), positive("k"), positive("s")
x, z, b = State("x", positive=True), State("z"), Brownian("b")
WRIGHT_FISHER = MatrixSDE({x: sqrt(x * (1 - x)) * b.d})
POINTS = ("derivation", "generator")


def refuted(claim: Any) -> Any:
    verdict = check(claim, tiers=POINTS, effort="quick")
    assert verdict.status is Status.DISAGREES
    assert verdict.finding is not None
    assert verdict.finding.counterexample is not None
    return verdict.finding


def value(finding: Any, letter: Any) -> Fraction:
    return Fraction(finding.counterexample.at[str(letter)].replace("−", "-"))


@pytest.mark.parametrize("fact", [Lt(x, 1), Q.positive(1 - x), None])
def test_of_a_law_of_moments(fact: Any) -> None:
    claim = MomentClaim(
        sde=WRIGHT_FISHER,
        moments=(x, x**2),
        matrix=((0, 0), (1, -1)),
        laws=(x, x - (x - x**2) * exp(-2 * t)),
        assumptions=() if fact is None else (Assumption(text="x < 1", condition=fact),),
    )
    assert value(refuted(claim), x) < 1


def test_the_law_that_solves_the_system_is_shown_in_few_words() -> None:
    claim = MomentClaim(
        sde=MatrixSDE({x: k * x * dt + s * x * b.d}),
        moments=(log(x), 1),
        matrix=((0, k - s**2 / 2), (0, 0)),
        laws=(log(x) + k * t, 1),
    )
    (line,) = refuted(claim).lines
    assert "what solves the system is k t - s² t/2 + log(x);" in line


def jacobi(low: Any, high: Any, y: Any, *, double: int) -> StationaryClaim:
    drift, spread = a * (high - y) - c * (y - low), (y - low) * (high - y)
    return StationaryClaim(
        sde=MatrixSDE({y: drift * dt + sqrt(spread) * b.d}),
        observable=y,
        density=(y - low) ** (double * a - 1) * (high - y) ** (double * c - 1),
        support=(low, high),
        horizon=6,
        values={a: 1, c: 2, y: low + Rational(1, 2), **({k: 1} if high == k else {})},
    )


@pytest.mark.parametrize(("low", "high", "y"), [(0, 1, x), (0, k, x), (10, 11, z), (-12, -11, z)])
def test_of_a_stationary_density(low: Any, high: Any, y: Any) -> None:
    assert check(jacobi(low, high, y, double=2), tiers=POINTS, effort="quick")
    finding = refuted(jacobi(low, high, y, double=1))
    above = value(finding, k) if high == k else high
    assert low < value(finding, y) < above


def test_of_a_density_on_a_half_line() -> None:
    claim = StationaryClaim(
        sde=MatrixSDE({z: (a - c * (z - 1)) * dt + sqrt(z - 1) * b.d}),
        observable=z,
        density=(z - 1) ** (a - 1) * exp(-2 * c * z),
        support=(1, oo),
        horizon=6,
        values={a: 1, c: 2, z: 2},
    )
    assert value(refuted(claim), z) > 1
