"""Change of time: dτ = a dt turns dX = b dt + σ dB into dX = (b/a) dτ + (σ/√a) dB̃."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sympy import Integer, Q, Rational, log, sqrt

from derivations import (
    Brownian,
    DerivationError,
    MatrixSDE,
    Parameter,
    Process,
    S,
    State,
    Status,
    det,
    dims,
    dt,
    equal,
    logdet,
    positive,
    stack,
    t,
    tr,
)
from derivations.errors import AssumptionError
from tests.derivations import componentwise as literal
from tests.derivations.literal_values import draw

OKSENDAL = "B. Øksendal, Stochastic Differential Equations, 6th ed., Theorem 8.5.7"
DUBINS_SCHWARZ = "L. Dubins, G. Schwarz, On continuous martingales, PNAS 53 (1965)"
LAMPERTI = (
    "J. Lamperti, Semi-stable Markov processes, Z. Wahrscheinlichkeitstheorie 22 (1972): "
    "exp(β + νt) is a Bessel process of index ν under the clock ∫x² dt"
)
RD = "as derived here, after A. Varre, M. Sagitova, N. Flammarion (2024), (5.2) to (5.3)"

p, k, l, n = dims("p k l n")
gamma, kappa, sigma, nu, c = (positive(name) for name in ("gamma", "kappa", "sigma", "nu", "c"))
x, y = State("x", positive=True), State("y")
X, B = State("X", n, n), Brownian("B", n, n)
A = Parameter("A", n, n)
W1, W2, N = State("W1", p, l), State("W2", l, k), Brownian("N", p, k)
Theta, R = State("Theta", p + k, l), Process("R", p, k)
beta, beta1, beta2 = Brownian("beta"), Brownian("beta1"), Brownian("beta2")
rho = Parameter("rho")
size = tr(X.T * X)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A system, its clock, and the equations in the new time; ``f`` is an observable to compare."""

    id: str
    source: str
    sde: MatrixSDE
    rate: Any
    changed: Mapping[Any, Any]
    wrong: Mapping[str, Mapping[Any, Any]]
    f: Any
    sizes: Mapping[Any, int] = field(default_factory=dict)


CASES = (
    Change(
        id="martingale_becomes_brownian",
        source=DUBINS_SCHWARZ,
        sde=MatrixSDE({x: x * beta.d}),
        rate=x**2,
        changed={x: beta.d},
        wrong={"√a for a": {x: sqrt(x) * beta.d}, "a for √a": {x: beta.d / x}},
        f=x**3,
    ),
    Change(
        id="geometric_brownian_becomes_bessel",
        source=LAMPERTI,
        sde=MatrixSDE({x: nu * x * dt + x * beta.d}),
        rate=x**2,
        changed={x: nu / x * dt + beta.d},
        wrong={
            "drift divided by √a": {x: nu * dt + beta.d},
            "drift kept": {x: nu * x * dt + beta.d},
        },
        f=log(x),
    ),
    Change(
        id="squared_bessel_becomes_bessel",
        source="worked out by hand: dr = δdt + 2√r dβ under 4r is δ/(4r) dτ + dβ̃",
        sde=MatrixSDE({x: nu * dt + 2 * sqrt(x) * beta.d}),
        rate=4 * x,
        changed={x: nu / (4 * x) * dt + beta.d},
        wrong={"2 for 4": {x: nu / (2 * x) * dt + beta.d}},
        f=x**2,
    ),
    Change(
        id="ornstein_uhlenbeck_rescaled",
        source=f"{OKSENDAL}, deterministic clock",
        sde=MatrixSDE({y: -kappa * y * dt + sigma * beta.d}),
        rate=sigma**2,
        changed={y: -kappa / sigma**2 * y * dt + beta.d},
        wrong={
            "σ for σ²": {y: -kappa / sigma * y * dt + beta.d},
            "noise divided by a": {y: -kappa / sigma**2 * y * dt + beta.d / sigma},
            "drift kept": {y: -kappa * y * dt + beta.d},
        },
        f=y**2,
    ),
    Change(
        id="large_noise_limit",
        source=RD,
        sde=MatrixSDE({Theta: sqrt(gamma) * S(N.d) * Theta}),
        rate=gamma,
        changed={Theta: S(N.d) * Theta},
        wrong={
            "√γ kept": {Theta: sqrt(gamma) * S(N.d) * Theta},
            "divided by γ": {Theta: S(N.d) * Theta / sqrt(gamma)},
        },
        f=tr(Theta * Theta.T),
        sizes={p: 1, k: 1, l: 2},
    ),
    Change(
        id="small_drift_with_noise",
        source=f"{RD}, with the drift kept: R becomes R/γ",
        sde=MatrixSDE(
            {
                W1: R * W2.T * dt + sqrt(gamma) * N.d * W2.T,
                W2: W1.T * R * dt + sqrt(gamma) * W1.T * N.d,
            }
        ),
        rate=gamma,
        changed={
            W1: R * W2.T / gamma * dt + N.d * W2.T,
            W2: W1.T * R / gamma * dt + W1.T * N.d,
        },
        wrong={
            "R/√γ": {
                W1: R * W2.T / sqrt(gamma) * dt + N.d * W2.T,
                W2: W1.T * R / sqrt(gamma) * dt + W1.T * N.d,
            }
        },
        f=tr(W1 * W1.T) * tr(W2 * W2.T),
        sizes={p: 1, k: 2, l: 2},
    ),
    Change(
        id="state_dependent_matrix_clock",
        source=f"{OKSENDAL}, clock |X|²",
        sde=MatrixSDE(
            {X: size * A * X * dt + sqrt(size) * B.d * X}, assuming=[Q.positive(size)]
        ),
        rate=size,
        changed={X: A * X * dt + B.d * X},
        wrong={"√a and a confused": {X: sqrt(size) * A * X * dt + B.d * X}},
        f=tr(X * X.T),
        sizes={n: 2},
    ),
    Change(
        id="correlated_pair",
        source=f"{OKSENDAL}: one clock for both, the correlation is kept",
        sde=MatrixSDE(
            {x: x * beta1.d, y: y * dt + x * beta2.d}, correlation={(beta1, beta2): rho}
        ),
        rate=x**2,
        changed={x: beta1.d, y: y / x**2 * dt + beta2.d},
        wrong={"drift kept": {x: beta1.d, y: y * dt + beta2.d}},
        f=x * y,
    ),
)  # fmt: skip


def system(case: Change, equations: Mapping[Any, Any]) -> MatrixSDE:
    correlation = {(beta1, beta2): rho} if case.sde.correlation else {}
    return MatrixSDE(equations, correlation=correlation, assuming=case.sde.assuming)


def same(a: MatrixSDE, b: MatrixSDE) -> bool:
    """Whether two systems in the same letters have equal drifts and noises."""
    return all(
        equal(part(a, state), part(b, state)).status is Status.EQUAL
        for state in a.states
        for part in (MatrixSDE.drift, MatrixSDE.noise)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_equations_in_the_new_time(case: Change) -> None:
    assert same(case.sde.change_time(case.rate), system(case, case.changed))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_wrong_equations_are_told_apart(case: Change) -> None:
    changed = case.sde.change_time(case.rate)
    for mistake, equations in case.wrong.items():
        assert not same(changed, system(case, equations)), mistake


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_generator_is_divided_by_the_rate(case: Change) -> None:
    changed = case.sde.change_time(case.rate)
    before, after = case.sde.generator(case.f), changed.generator(case.f)
    assert equal(after, before / case.rate).status is Status.EQUAL
    assert equal(after, before / sqrt(case.rate)).status is not Status.EQUAL
    covariation = case.sde.covariation(case.f, case.f)
    assert (
        equal(changed.covariation(case.f, case.f), covariation / case.rate).status is Status.EQUAL
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_stated_equations_agree_with_the_component_wise_calculation(case: Change) -> None:
    """The stated equations have the generator of the old ones over the rate."""
    stated = system(case, case.changed)
    point = draw(case.sde, case.f, case.rate, *case.changed.values(), sizes=case.sizes, seed=5)
    rate = point.value(case.rate)
    before, after = (literal.drift(sde, case.f, point) for sde in (case.sde, stated))
    assert literal.equal_numbers(before, after * rate)
    before, after = (
        literal.covariation(sde, case.f, case.f, point) for sde in (case.sde, stated)
    )  # fmt: skip
    assert literal.equal_numbers(before, after * rate)
    for mistake, equations in case.wrong.items():
        wrong = system(case, equations)
        found = (
            literal.drift(wrong, case.f, point) * rate,
            literal.covariation(wrong, case.f, case.f, point) * rate,
        )
        right = (literal.drift(case.sde, case.f, point), before)
        assert not all(map(literal.equal_numbers, found, right)), mistake


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_there_and_back(case: Change) -> None:
    facts = (*case.sde.assuming, Q.positive(1 / case.rate))
    sde = MatrixSDE(
        case.sde.equations,
        correlation={(beta1, beta2): rho} if case.sde.correlation else {},
        assuming=facts,
    )
    assert same(sde.change_time(case.rate).change_time(1 / case.rate), case.sde)


def test_rate_of_the_log_determinant_in_the_new_time() -> None:
    """RD (5.3): −2pk whatever γ; confusing √γ with γ leaves a γ behind."""
    theta = stack(W1, W2.T)
    regular = (Q.positive_definite(theta * theta.T),)
    sde = MatrixSDE({W1: sqrt(gamma) * N.d * W2.T, W2: sqrt(gamma) * W1.T * N.d})
    right = sde.change_time(gamma).d(logdet(theta * theta.T), assuming=regular).drift
    confused = sde.change_time(sqrt(gamma)).d(logdet(theta * theta.T), assuming=regular).drift
    assert equal(right, -2 * p * k).status is Status.EQUAL
    assert equal(confused, -2 * p * k * sqrt(gamma)).status is Status.EQUAL
    assert equal(confused, -2 * p * k).status is Status.DIFFERENT


def test_clock_that_depends_on_time_removes_its_own_time_dependence() -> None:
    """dx = (1+t)c dt + √(1+t) dβ under 1+t is c dτ + dβ̃: nothing depends on time any more."""
    sde = MatrixSDE({y: (1 + t) * c * dt + sqrt(1 + t) * beta.d}, assuming=[Q.positive(1 + t)])
    changed = sde.change_time(1 + t)
    assert equal(changed.drift(y), c).status is Status.EQUAL
    assert equal(changed.noise(y), beta.d).status is Status.EQUAL


def test_time_that_is_left_is_the_new_time() -> None:
    """dx = −tx dt + dβ under the clock 2: t = τ/2, so dx = −(τ/4)x dτ + dβ̃/√2, or a refusal."""
    sde = MatrixSDE({y: -t * y * dt + beta.d})
    try:
        changed = sde.change_time(Integer(2))
    except DerivationError as error:
        assert "t" in str(error)  # noqa: PT017 - a refusal is as good as the right equation
        return
    assert equal(changed.drift(y), -t * y / 4).status is Status.EQUAL


def test_stratonovich_system_changes_as_ito() -> None:
    stratonovich = MatrixSDE({x: x * beta.d}, calculus="stratonovich")
    changed = stratonovich.change_time(x**2)
    assert equal(changed.to_ito().drift(x), 1 / (2 * x)).status is Status.EQUAL
    assert equal(changed.to_ito().noise(x), beta.d).status is Status.EQUAL


@pytest.mark.parametrize(
    ("rate", "name"), [(y, "y"), (det(X), "det|Det|X"), (y**3 - 1, "y"), (rho, "rho")]
)
def test_rate_of_unknown_sign_is_refused(rate: Any, name: str) -> None:
    sde = MatrixSDE({y: beta.d, X: B.d})
    with pytest.raises(AssumptionError, match=name):
        sde.change_time(rate)


def test_rate_of_known_sign_is_taken() -> None:
    sde = MatrixSDE({y: beta.d}, assuming=[Q.positive(y)])
    assert equal(sde.change_time(y).noise(y), beta.d / sqrt(y)).status is Status.EQUAL
    assert equal(sde.change_time(1 + y**2).noise(y), beta.d / sqrt(1 + y**2)).status is Status.EQUAL


@pytest.mark.parametrize("rate", [2, Rational(1, 2)])
def test_number_is_a_rate(rate: Any) -> None:
    changed = MatrixSDE({y: y * dt + beta.d}).change_time(rate)
    assert equal(changed.drift(y), y / rate).status is Status.EQUAL


@pytest.mark.parametrize("rate", [X, beta.d, dt, -1, 0])
def test_what_is_no_rate_is_refused(rate: Any) -> None:
    with pytest.raises(DerivationError, match="rate"):
        MatrixSDE({y: y * dt + beta.d}).change_time(rate)
