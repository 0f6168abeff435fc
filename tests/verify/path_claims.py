"""Small claims about paths with known answers and their mistakes, for tests of the path tier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import cos, erf, exp, log, sqrt

from derivations import (
    LEVEL,
    Brownian,
    ExpectationClaim,
    HittingClaim,
    LawClaim,
    MatrixSDE,
    State,
    dt,
    positive,
    real,
    t,
)
from verify.loading import compiled
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.tiers.path import check
from verify.verdict import Evidence

x, y = State("x"), State("y", positive=True)
mu, sigma, a = real("mu"), positive("sigma"), positive("a")
beta = Brownian("beta")

DRIFTED = MatrixSDE({x: mu * dt + sigma * beta.d})
ORNSTEIN_UHLENBECK = MatrixSDE({x: -a * x * dt + sigma * beta.d})
GEOMETRIC = MatrixSDE({y: y * (mu * dt + sigma * beta.d)})

EFFORT = replace(EFFORTS["quick"], paths=1_000, steps=64)
PLAN = Plan(
    seed=3, effort=EFFORT, budget=ErrorBudget(false_agree=1e-4, false_reject=1e-4), purpose="test"
)


def judged(claim: Any, plan: Plan = PLAN) -> Evidence:
    return check(compiled(claim), plan)


def named(**fields: Any) -> dict[str, Any]:
    return {"id": "scratch", "title": "", "source": "", "statement": "", **fields}


def normal(z: Any) -> Any:
    return (1 + erf(z / sqrt(2))) / 2


def geometric_law(factor: Any = 1, power: int = 2, sign: int = 1, **fields: Any) -> LawClaim:
    """The lognormal law; right for the defaults."""
    z = log(LEVEL / y) - (sign * mu - factor * sigma**power / 2) * t
    settings = {
        "horizon": 1,
        "values": {y: 1, mu: "1/2", sigma: 1},
        "relevant": 0.1,
        **fields,
    }
    return LawClaim(
        **named(sde=GEOMETRIC, observable=y, cdf=normal(z / (sigma * sqrt(t))), **settings)
    )


def cosine(value: Any = None, **fields: Any) -> ExpectationClaim:
    """E cos X_T of Ornstein and Uhlenbeck's process; right for the defaults."""
    mean, spread = x * exp(-a * t), sigma**2 * (1 - exp(-2 * a * t)) / (2 * a)
    settings = {
        "horizon": 1,
        "values": {x: 1, a: 1, sigma: 1},
        "relevant": 0.06,
        "bounds": (-1, 1),
        "value": cos(mean) * exp(-spread / 2) if value is None else value,
        **fields,
    }
    return ExpectationClaim(**named(sde=ORNSTEIN_UHLENBECK, observable=cos(x), **settings))


def growth(value: Any = None, **fields: Any) -> ExpectationClaim:
    """E Y_T of geometric Brownian motion; right for the defaults."""
    settings = {
        "horizon": 1,
        "values": {y: 1, mu: "1/2", sigma: 1},
        "relevant": 0.1,
        "value": y * exp(mu * t) if value is None else value,
        **fields,
    }
    return ExpectationClaim(**named(sde=GEOMETRIC, observable=y, **settings))


GROWN_VARIANCE = y**2 * exp(2 * mu * t) * (exp(sigma**2 * t) - 1)


def crossing(drift: Any = mu, scale: Any = sigma, factor: Any = 1, **fields: Any) -> HittingClaim:
    """P(max X >= a) for a Brownian motion with drift; right for the defaults."""
    root = scale * sqrt(t)
    up = normal((drift * t - a) / root)
    back = exp(2 * drift * a / scale**2) * normal((-a - drift * t) / root)
    settings = {
        "horizon": 1,
        "values": {x: 0, mu: "1/2", sigma: 1, a: 1},
        "relevant": 0.1,
        **fields,
    }
    return HittingClaim(
        **named(sde=DRIFTED, observable=x, level=a, probability=factor * (up + back), **settings)
    )
