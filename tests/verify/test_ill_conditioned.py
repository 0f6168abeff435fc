"""Badly conditioned points refute nothing that is true, and hide nothing that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import Abs, Ge, Gt, Ne, cos, exp, log, pi, sin, sqrt

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    SignClaim,
    State,
    dims,
    eigenvalues,
    full_row_rank,
    logdet,
    positive,
    real,
    t,
    tr,
)
from numerics.generator import STARTS, estimate_generator
from numerics.system import NoiseSpec, System
from verify import check
from verify.loading import compiled
from verify.planning import ErrorBudget, Plan, effort
from verify.sampling import generic_point
from verify.verdict import Status

AGREES, DISAGREES, INCONCLUSIVE = Status.AGREES, Status.DISAGREES, Status.INCONCLUSIVE
n, m = dims("n m")
X, B = State("X", n, m), Brownian("B", n, m)
S = X * X.T
OF_FULL_RANK = (Assumption(text="X has full row rank", condition=full_row_rank(X)),)
MOTION = MatrixSDE({X: B.d}, assuming=[full_row_rank(X)])


def status(claim: Any, tier: str = "generator", how: str = "standard") -> Status:
    return check(claim, tiers=(tier,), effort=how).status


COVARIATIONS = {
    "tr S² and log det S": (tr(S * S), logdet(S), 8 * tr(S)),
    "log det S and tr S⁻¹": (logdet(S), tr(S.inverse()), -4 * tr(S.inverse() * S.inverse())),
    "log det S twice": (logdet(S), logdet(S), 4 * tr(S.inverse())),
    "tr S and tr S⁻¹": (tr(S), tr(S.inverse()), -4 * tr(S.inverse())),
}


@pytest.mark.parametrize("name", COVARIATIONS)
def test_covariations_of_inverses_are_right_or_wrong_at_all_points(name: str) -> None:
    first, second, rate = COVARIATIONS[name]
    for factor, answer in ((1, AGREES), (-1, DISAGREES), (2, DISAGREES)):
        claim = CovariationClaim(
            sde=MOTION, first=first, second=second, rate=factor * rate, assumptions=OF_FULL_RANK
        )
        assert status(claim) == answer


@pytest.mark.parametrize(("sign", "answer"), [(">=", AGREES), ("<", DISAGREES)])
def test_the_sign_of_the_drift_of_a_log_determinant(sign: str, answer: Status) -> None:
    facts = (*OF_FULL_RANK, Assumption(text="n < m", condition=Ge(m, n + 1)))
    claim = SignClaim(sde=MOTION, observable=logdet(S), sign=sign, assumptions=facts)
    assert status(claim) == answer


def trace(x: Any) -> Any:
    return np.trace(x, axis1=-2, axis2=-1)


def inverse(x: Any) -> Any:
    return np.linalg.inv(x @ np.swapaxes(x, -1, -2))


def smallest(X: Any) -> Any:
    return np.linalg.svd(X, compute_uv=False)[..., -1]


def of_the_smallest(x: Any) -> Any:
    a, b = np.moveaxis(np.linalg.svd(x, compute_uv=False), -1, 0)
    return (1 / b + 2 * b / (b**2 - a**2)) / 2


FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "log det S": (lambda X: -np.log(np.linalg.det(inverse(X))), lambda X: 0.0 * trace(inverse(X))),
    "tr S⁻¹": (
        lambda X: trace(inverse(X)),
        lambda X: trace(inverse(X) @ inverse(X)) + trace(inverse(X)) ** 2,
    ),
    "the smallest singular value": (smallest, of_the_smallest),
}


def of_functions(name: str, wrong: Any = lambda drift, X: drift) -> DifferentialClaim:
    f, drift = FUNCTIONS[name]
    Y, W = State("X", 2, 3), Brownian("B", 2, 3)
    return DifferentialClaim(
        sde=MatrixSDE({Y: W.d}, assuming=[full_row_rank(Y)]),
        observable=f,
        drift=lambda X: wrong(drift(X), X),
        martingale=None,
        assumptions=(Assumption(text="X has full row rank", condition=full_row_rank(Y)),),
    )


@pytest.mark.parametrize("name", ["log det S", "the smallest singular value"])
def test_functions_near_singular_matrices(name: str) -> None:
    assert status(of_functions(name), how="quick") == AGREES


def test_a_wrong_drift_near_singular_matrices_is_refuted() -> None:
    name = "log det S"
    other = of_functions(name, lambda drift, X: drift + trace(inverse(X)))
    assert status(other, how="quick") == DISAGREES


def moved(at: Any, t: float, dt: Any, dB: Any) -> Any:
    return {"x": 0.0 * at["x"] + dB["dB"]}


LINE = System(states={"x": ()}, noises=(NoiseSpec(name="B", shape=()),), increment=moved)


def test_a_function_is_told_from_its_pole() -> None:
    """Steps of a tenth of |x| reach across it: nothing that they settle on has a small error."""
    gaps = np.logspace(-1, -5, 60)
    e = estimate_generator(
        LINE, lambda at: (at["x"] - 1) ** -2, {"x": 1 + gaps}, reach=0.2, starts=STARTS
    )
    off = np.abs(e.drift - 3 * gaps**-4)
    assert np.all(off <= e.drift_error)
    assert np.all(e.drift_error[gaps > 1e-3] < 1e-5 * e.drift[gaps > 1e-3])


r, q = real("r"), real("q")
x, a, beta = State("x"), positive("a"), Brownian("beta")
NOT_ZERO = (Assumption(text="r is not 0", condition=Ne(r, 0)),)
ONE_SIGN = (Assumption(text="r and q have one sign", condition=Gt(r * q, 0)),)
IDENTITIES = {
    "a logarithm of a negative number": (log(r**2), 2 * log(r), NOT_ZERO, INCONCLUSIVE),
    "roots of negative numbers": (sqrt(r * q), sqrt(r) * sqrt(q), ONE_SIGN, INCONCLUSIVE),
    "the logarithm of a square": (log(r**2), 2 * log(Abs(r)), NOT_ZERO, AGREES),
    "a double angle": (sin(2 * r), 2 * sin(r) * cos(r), (), AGREES),
    "half of it": (sin(2 * r), sin(r) * cos(r), (), DISAGREES),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_no_side_is_left_out_in_silence(name: str) -> None:
    left, right, facts, answer = IDENTITIES[name]
    found = check(IdentityClaim(left=left, right=right, assumptions=facts), tiers=("generator",))
    assert found.status == answer
    if answer == INCONCLUSIVE:
        assert "the right-hand side has no value" in found.evidence[0].reason
        exact = status(IdentityClaim(left=left, right=right, assumptions=facts), "exact")
        assert exact in (INCONCLUSIVE, Status.NOT_APPLICABLE)


def test_a_sign_of_what_is_exactly_zero_holds_unless_it_is_strict() -> None:
    Z, W = State("Z", 2, 1), Brownian("W", 2, 1)
    values = eigenvalues(Z * Z.T)
    for sign, answer in (("<=", AGREES), (">=", AGREES), (">", DISAGREES), ("<", DISAGREES)):
        claim = SignClaim(
            sde=MatrixSDE({Z: W.d}), observable=values[values.indices("i")], number=-1, sign=sign
        )
        assert status(claim, "exact") == answer


def test_where_an_observable_overflows_one_step_takes_another_point() -> None:
    growing = exp(a**2 * t / 2) * cos(a * x)
    claim = DifferentialClaim(
        sde=MatrixSDE({x: beta.d}), observable=growing, drift=0, martingale=None
    )
    problem = compiled(claim)
    for seed in range(60):
        plan = Plan(seed=seed, effort=effort("quick"), budget=ErrorBudget())
        for point in generic_point(problem, {}, plan).values:
            assert np.isfinite(problem.kernel("observable")(point))


@pytest.mark.parametrize(("sign", "answer"), [(">", AGREES), ("<", DISAGREES)])
def test_the_sign_of_the_drift_of_a_function_near_singular_matrices(
    sign: str, answer: Status
) -> None:
    """The trace of S⁻¹ has a positive drift, however large."""
    right = of_functions("tr S⁻¹")
    claim = SignClaim(
        sde=right.sde, observable=right.observable, sign=sign, assumptions=right.assumptions
    )
    assert status(claim, how="quick") == answer


def test_a_counter_example_shows_more_than_rounding() -> None:
    """At r = 1 both sides are what is left of sin π."""
    claim = IdentityClaim(left=sin(2 * pi * r), right=sin(pi * r) * cos(pi * r))
    found = check(claim, tiers=("generator",), effort="quick").finding
    assert found is not None
    assert found.counterexample is not None
    assert "e" not in found.counterexample.measured
