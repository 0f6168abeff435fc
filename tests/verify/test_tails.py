"""Means that are kept far out and means that are lost there, by the growth along rays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import erf
from sympy import cos, exp, log, sqrt

import verify
from derivations import Brownian, ExpectationClaim, MatrixSDE, State, dt, t, tr
from verify.loading import compiled
from verify.paths.horizon import settings
from verify.paths.tails import means_are_kept
from verify.planning import Plan, effort
from verify.verdict import Status

x, y, z = State("x"), State("y"), State("z", positive=True)
X, B = State("X", 2, 2), Brownian("B", 2, 2)
b, c = Brownian("b"), Brownian("c")

KEPT: dict[str, tuple[Any, Any]] = {
    "Brownian motion": ({x: b.d}, x**4),
    "geometric": ({x: x * dt + 2 * x * b.d}, x**3),
    "mean-reverting root": ({z: (1 - z) * dt + sqrt(z) * b.d}, z**2),
    "exponential of bounded noise": ({x: -x * dt + b.d}, exp(x)),
    "bounded": ({x: -x * dt + b.d}, cos(x)),
    "pulled back": ({x: -(x**3) * dt + b.d}, x**2),
    "pulled back against noise": ({x: -(x**3) * dt + x**2 * b.d}, x),
    "logistic": ({z: z * (1 - z) * dt + z * b.d}, z),
    "rotation": ({x: y * dt + b.d, y: -x * dt + c.d}, x * y),
    "matrix": ({X: -X * dt + X * B.d}, tr(X * X.T)),
}
LOST: dict[str, tuple[Any, Any]] = {
    "strict local martingale": ({x: -(x**2) * b.d}, x),
    "of a positive state": ({z: -(z**2) * b.d}, z),
    "a power slightly above 1": ({z: z * (1 + z**2) ** 0.1 * b.d}, z),
    "explosion": ({x: x**2 * dt + b.d}, x),
    "one of two": ({x: b.d, y: (x - y) * dt + y**2 * c.d}, x + y),
    "exponential of unbounded noise": ({z: z * b.d}, exp(z)),
    "beyond exponential": ({x: -x * dt + b.d}, exp(x**2)),
    "too high a moment": ({x: -(x**3) * dt + x**2 * b.d}, x**4),
    "exponential noise": ({x: exp(x**2) * b.d}, x),
    "matrix": ({X: X * X * B.d}, tr(X)),
    "later": ({x: t * x**2 * b.d}, x),
    "at first": ({x: (1 - t) * x**2 * b.d}, x),
}


def kept(equations: Any, f: Any) -> bool:
    values: dict[Any, Any] = {s: 1 for s in equations if s != X} | (
        {X: ((1, 0), (0, 1))} if X in equations else {}
    )
    claim = ExpectationClaim(
        id="c", title="", source="", statement="", sde=MatrixSDE(equations), observable=f, value=0,
        horizon=1, values=values,
    )  # fmt: skip
    (at,) = settings(compiled(claim), Plan(seed=1, effort=effort("quick")))
    return means_are_kept(
        at.system,
        lambda state: at.observed(at.problem, state),
        at.start,
        1.0,
        [str(s) for s in equations if s == z],
    )


@pytest.mark.parametrize("name", KEPT)
def test_means_that_are_kept(name: str) -> None:
    assert kept(*KEPT[name])


@pytest.mark.parametrize("name", LOST)
def test_means_that_may_be_lost(name: str) -> None:
    assert not kept(*LOST[name])


def test_logarithms_are_looked_at_where_they_are_numbers() -> None:
    assert kept({z: z * b.d}, log(z))


@pytest.mark.parametrize("start", ["1/4", "1/3", "2/5"])
def test_a_strict_local_martingale_is_left_open(start: str) -> None:
    """E x_1 = x_0 erf(1/(√2 x_0)); every grid says x_0, with an error that looks like 1e-7."""
    number = float(start[0]) / float(start[2])
    true = number * float(erf(1 / (np.sqrt(2) * number)))
    for value in (number, true):
        claim = ExpectationClaim(
            id="c", title="", source="", statement="", sde=MatrixSDE({z: -(z**2) * b.d}),
            observable=z, value=value, horizon=1, values={z: start},
            relevant=(1 - true / number) / 2,
        )  # fmt: skip
        assert verify.check(claim, tiers=("path",), effort="quick").status == Status.INCONCLUSIVE
