"""The tiers that use chance on small claims, true ones and ones wrong by the relevant error.

What a claim states depends on a parameter ``c`` that the system has not, so that the simulated side
of a true claim and of a wrong one is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import exp
from types import MappingProxyType
from typing import Any

import sympy
from scipy.special import ndtr, ndtri

from derivations import (
    INITIAL,
    LEVEL,
    Brownian,
    DifferentialClaim,
    ExpectationClaim,
    HittingClaim,
    LawClaim,
    MatrixSDE,
    PathCheck,
    State,
    dt,
    positive,
    real,
    t,
)
from verify.loading import compiled
from verify.memory import Memory
from verify.paths.within_steps import WITHIN_STEPS
from verify.planning import Effort, ErrorBudget, Plan
from verify.problem import Problem
from verify.tiers import check_of
from verify.verdict import Status

from .table import Count

__all__ = ["RUNS", "counted"]

EFFORT = Effort(
    name="power", sizes=1, points=1, samples=200, pilot=50, paths=200, steps=16, updates=1,
    repeats=1,
)  # fmt: skip

x, y, sigma, c = State("x"), State("y", positive=True), positive("sigma"), real("c")
beta = Brownian("beta")
_OU = MatrixSDE({x: -x * dt + sigma * beta.d})
_GBM = MatrixSDE({y: y * (dt / 5 + sigma * beta.d)})
_DRIVEN = MatrixSDE({x: x * sigma * beta.d, y: -y * sigma * beta.d})

_SPREAD = (1 - exp(-2.0)) / 2
"""Variance at time 1 of the Ornstein–Uhlenbeck process with σ = 1."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A claim that states c; the true c, and one that is wrong by the relevant error.

    ``tier`` is the one that is asked, ``runs`` is how often.
    """

    tier: str
    law: str
    claim: Callable[[], Any]
    true: float
    wrong: float
    runs: int = 2_000


def counted(name: str, alpha: float, runs: int, first: int, seed: int) -> Count:
    """Runs number first, first + 1, ... of one cell."""
    cell = _CELLS[name]
    check = check_of(cell.tier)
    budget = ErrorBudget(false_agree=alpha, false_reject=alpha)
    answers: dict[float, list[Status]] = {cell.true: [], cell.wrong: []}
    for value, found in answers.items():
        problem = _at(name, value)
        for run in range(first, first + runs):
            purpose = f"power/{name}/{value}/{run}"
            plan = Plan(seed=seed, effort=EFFORT, budget=budget, purpose=purpose)
            # A run keeps of those before it only whether steps resolve the system: no sample.
            problem = replace(problem, memory=(problem.memory or Memory()).only(WITHIN_STEPS))
            found.append(check(problem, plan).status)
    true, wrong = answers.values()
    return Count(
        subject=f"{cell.tier} tier: {name}",
        law=cell.law,
        alpha=alpha,
        samples="200 and more",
        true_runs=runs,
        false_rejects=true.count(Status.DISAGREES),
        wrong_runs=runs,
        misses=wrong.count(Status.AGREES),
        open=[*true, *wrong].count(Status.INCONCLUSIVE),
    )


@cache
def _compiled(name: str) -> Problem:
    return compiled(_CELLS[name].claim())


def _at(name: str, value: float) -> Problem:
    """The claim that states this value."""
    problem = _compiled(name)
    signature, path = problem.signature, problem.signature.path
    if path is not None:
        path = replace(path, values={**path.values, "c": value})
    # Elsewhere c is drawn like every other parameter: here from one value.
    letters = tuple(
        replace(letter, within=(value, value)) if letter.name == "c" else letter
        for letter in signature.letters
    )
    return replace(problem, signature=replace(signature, path=path, letters=letters))


def _named(**fields: Any) -> dict[str, Any]:
    return {"id": "power", "title": "", "source": "", "statement": "", **fields}


def _normal(z: Any) -> Any:
    return (1 + sympy.erf(z / sympy.sqrt(2))) / 2


def _differential() -> Any:
    return DifferentialClaim(
        **_named(
            sde=_GBM,
            observable=sympy.log(y),
            drift=(sympy.Rational(1, 5) - sigma**2 / 2) + c * (sympy.Rational(1, 5) + sigma**2 / 2),
            martingale=sigma * beta.d,
        )
    )


def _on_paths() -> Any:
    law = INITIAL - c * sigma**2 * t
    product = sympy.log(x) + sympy.log(y)
    start = {x: 1, y: 1, sigma: "1/2"}
    return DifferentialClaim(
        **_named(
            sde=_DRIVEN,
            observable=product,
            drift=-c * sigma**2,
            path=PathCheck(
                sde=_DRIVEN, observable=product, law=law, horizon=1, sizes={}, values=start,
                relevant=0.5,
            ),
        )
    )  # fmt: skip


def _bounded() -> Any:
    return ExpectationClaim(
        **_named(
            sde=_OU, observable=sympy.cos(x), value=c, bounds=(-1, 1), horizon=1, relevant=0.15,
            values={x: 1, sigma: 1},
        )
    )  # fmt: skip


def _declared() -> Any:
    return ExpectationClaim(
        **_named(
            sde=_GBM, observable=y, value=c, variance=y**2 * sympy.exp(2 * t / 5)
            * (sympy.exp(sigma**2 * t) - 1), horizon=1, relevant=0.3, values={y: 1, sigma: 1},
        )
    )  # fmt: skip


def _distributed() -> Any:
    spread = sigma**2 * (1 - sympy.exp(-2 * t)) / 2
    return LawClaim(
        **_named(
            sde=_OU, observable=x, cdf=_normal((LEVEL - c) / sympy.sqrt(spread)), horizon=1,
            relevant=0.3, values={x: 1, sigma: 1},
        )
    )  # fmt: skip


def _hitting() -> Any:
    return HittingClaim(
        **_named(
            sde=_OU, observable=x, level=0, probability=c, horizon=1, relevant=0.25,
            values={x: 1, sigma: 1},
        )
    )  # fmt: skip


def _reaching(start: float) -> float:
    """P(the Ornstein–Uhlenbeck process with σ = 1 reaches 0 by time 1).

    e^s X is a Brownian motion in the clock (e^{2s} − 1)/2, and reflection applies.
    """
    return float(2 * ndtr(-start / ((exp(2.0) - 1) / 2) ** 0.5))


_MEAN = exp(-1.0)

# A normal law moved by m of its deviations is off by 2Φ(m/2) − 1 in the middle.
_MOVED = 2 * float(ndtri(0.65)) * _SPREAD**0.5

_CELLS: Mapping[str, Cell] = MappingProxyType(
    {
        "differential": Cell(
            tier="one-step", law="log of geometric Brownian motion", claim=_differential,
            true=0.0, wrong=1.0e-6, runs=300,
        ),
        "identity on paths": Cell(
            tier="path", law="log of a product", claim=_on_paths, true=1.0, wrong=2.0,
        ),
        "expectation, bounds": Cell(
            tier="path", law="cosine of an Ornstein–Uhlenbeck process", claim=_bounded,
            true=float(sympy.cos(_MEAN)) * exp(-_SPREAD / 2),
            wrong=float(sympy.cos(_MEAN)) * exp(-_SPREAD / 2) - 0.3,
        ),
        "expectation, variance": Cell(
            tier="path", law="geometric Brownian motion, σ = 1", claim=_declared, true=exp(0.2),
            wrong=exp(0.2) / 0.7,
        ),
        "law": Cell(
            tier="path", law="Ornstein–Uhlenbeck process", claim=_distributed, true=_MEAN,
            wrong=_MEAN + _MOVED,
        ),
        "hitting": Cell(
            tier="path", law="Ornstein–Uhlenbeck process", claim=_hitting, true=_reaching(1.0),
            wrong=_reaching(1.0) + 0.25,
        ),
    }
)  # fmt: skip

RUNS: Mapping[str, int] = MappingProxyType({name: cell.runs for name, cell in _CELLS.items()})
"""What is measured, and how many runs; those of the path tier are 10,000 together."""
