"""Decimals in claims, beside the fractions that they are written as."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest
from sympy import Float, Integer, Matrix, Q, Rational, exp, sqrt
from sympy.core.cache import clear_cache

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    ExpectationClaim,
    ExponentClaim,
    Exponents,
    FokkerPlanckClaim,
    Gaussian,
    IdentityClaim,
    MatrixSDE,
    MomentClaim,
    PathCheck,
    SignClaim,
    State,
    StationaryClaim,
    Status,
    StepClaim,
    TimeChangeClaim,
    Update,
    density,
    dims,
    dt,
    equal,
    positive,
    t,
)
from derivations.claim import Claim
from derivations.decimals import exactly
from derivations.signs import sign_of

x, y, h = State("x"), State("y"), positive("h")
n = dims("n")
X = State("X", n, n)
b = Brownian("b")


@pytest.mark.parametrize(
    ("decimal", "fraction"),
    [
        (0.1, Rational(1, 10)),
        (0.1 + 0.2, Rational(3, 10)),
        (-1.7e-9, Rational(-17, 10**10)),
        (1 / 3, Rational(1, 3)),
        (1 - 1 / 3, Rational(2, 3)),
        (-math.sqrt(0.3), -sqrt(Rational(3, 10))),
        (0.333333333333, Rational(333333333333, 10**12)),
        (Float("0.12345678901234567890", 20), Rational("0.12345678901234567890")),
        (0.1 * x * dt + 0.2 * x * dt, Rational(3, 10) * x * dt),
        (x**0.5 * exp(-0.3 * x), sqrt(x) * exp(-Rational(3, 10) * x)),
        (1.0 * X, X),
        (x > 0.1, x > Rational(1, 10)),
    ],
)
def test_a_decimal_is_the_fraction_that_it_is_written_as(decimal: Any, fraction: Any) -> None:
    assert exactly(decimal) == fraction
    assert exactly(fraction) == fraction


def test_what_has_no_decimals_stays_the_same_object() -> None:
    """Else it would depend on what was read before."""
    first = -2 * x
    clear_cache()
    second = -2 * x
    assert first == second
    assert first is not second
    rows = [[second, Rational(2, 3)], [Integer(0), exp(x)]]
    assert exactly(first) is first
    assert exactly(rows) is rows


@pytest.mark.parametrize(
    ("equation", "f", "drift"),
    [
        (0.1 * x * dt, x**3, 0.3 * x**3),
        (-1.1 * x * dt, (x - 1.1) ** 2, -2.2 * x**2 + 2.42 * x),
        (0.1 * x * dt + 0.2 * x * dt, x, 0.3 * x),
        (math.sqrt(0.2) * b.d, x**2, 0.2),
        (x * dt / 3, x, (1 / 3) * x),
    ],
)
def test_a_true_claim_with_decimals_follows_and_its_neighbour_does_not(
    equation: Any, f: Any, drift: Any
) -> None:
    claim = DifferentialClaim(sde=MatrixSDE({x: equation}), observable=f, drift=drift)
    derived = claim.sde.d(claim.observable).drift
    assert equal(derived, claim.drift).status is Status.EQUAL
    assert equal(derived, 1.000001 * claim.drift).status is Status.DIFFERENT


def test_no_sign_is_proved_of_a_square_but_the_weak_one() -> None:
    for c in (1.1, 1.7, 0.3):
        assert sign_of((x - c) ** 2).relation == ">="
        assert sign_of(x - c, [x > c]).relation == ">"
    system = MatrixSDE({y: (x - 1.1) ** 2 * dt, x: x * dt})
    claim = SignClaim(sde=system, observable=y, sign=">")
    assert not sign_of(claim.sde.d(claim.observable).drift).implies(claim.sign)


SDE = MatrixSDE({x: -0.5 * x * dt + 0.2 * b.d})
SOME = (Assumption(text="x is large", condition=Q.positive(x - 0.1)),)
PATHS = PathCheck(sde=SDE, observable=0.5 * x, law=0.3 * t, horizon=0.1, values={h: 0.7})

CLAIMS: tuple[Claim, ...] = (
    DifferentialClaim(
        sde=SDE, observable=x, drift=-0.5 * x, martingale=0.2 * b.d, terms={"all": -0.5 * x}
    ),
    CovariationClaim(sde=SDE, first=0.5 * x, second=x, rate=0.02, assumptions=SOME),
    SignClaim(sde=SDE, observable=0.5 * x, sign=">", shown=-0.25 * x),
    MomentClaim(sde=SDE, moments=(x,), matrix=Matrix([[-0.5]]), laws=(x * exp(-0.5 * t),)),
    IdentityClaim(left=0.5, right=h / 2.0),
    TimeChangeClaim(sde=SDE, rate=0.5, changed=SDE, path=PATHS),
    ExponentClaim(
        sde=SDE, exponents=(Exponents(first=1, last=1, value=-0.5),), sizes=({},), horizon=9
    ),
    StepClaim(update=Update({x: x - 0.5 * h * Gaussian("g")}), observable=x, change=0.5 * h),
    StationaryClaim(
        sde=SDE, observable=x, density=exp(-12.5 * x**2), support=(-0.5, 0.5), horizon=1.5
    ),
    ExpectationClaim(sde=SDE, observable=x, value=0.25, bounds=(0.5, 1.5), horizon=0.5),
    FokkerPlanckClaim(sde=SDE, density=density("p", x), right=0.5 * density("p", x)),
)
SETTINGS = {"values", "horizon", "relevant", "bounds", "sizes"}


def _decimals(value: Any) -> list[Any]:
    """Every decimal in a value, settings of simulations left out."""
    if isinstance(value, float):
        return [value]
    if hasattr(value, "__dataclass_fields__"):
        stated = [f.name for f in fields(value) if f.name not in SETTINGS]
        return _decimals([getattr(value, name) for name in stated])
    if isinstance(value, MatrixSDE | Update):
        return _decimals([*vars(value).values()])
    if isinstance(value, dict):
        return _decimals([*value.values()])
    if isinstance(value, list | tuple):
        return [found for part in value for found in _decimals(part)]
    return [*value.atoms(Float)] if hasattr(value, "atoms") else []


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.kind)
def test_every_kind_of_claim_reads_its_decimals_and_keeps_its_settings(claim: Claim) -> None:
    assert _decimals(claim) == []
    assert _decimals([0.5 * x, {"a": (0.5,)}]) == [Float(0.5), 0.5]
    if claim.simulated is not None:
        assert isinstance(claim.simulated.horizon, float)
