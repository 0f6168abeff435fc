"""Itô and Stratonovich: the correction of the drift, both ways, and what it conserves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sympy import Identity, Q, Rational, ZeroMatrix, log, sqrt

from derivations import (
    Brownian,
    BrownianFamily,
    Family,
    MatrixSDE,
    Parameter,
    S,
    State,
    Status,
    dims,
    dt,
    equal,
    index,
    logdet,
    positive,
    stack,
    total,
    tr,
)
from tests.derivations import componentwise as literal
from tests.derivations.literal_values import draw

n, p, k, l, r = dims("n p k l r")
c, sigma = positive("c"), positive("sigma")
rho = Parameter("rho")
G, B = State("G", n, n), Brownian("B", n, n)
A = Parameter("A", n, n)
C, D = Parameter("C", n, n, positive_definite=True), Parameter("D", n, n, positive_definite=True)
Bcd = Brownian("Bcd", n, n, row_covariance=C, column_covariance=D)
W1, W2, Theta = State("W1", p, l), State("W2", l, k), State("Theta", p + k, l)
N, Nc = (
    Brownian("N", p, k),
    Brownian("Nc", p, k, row_covariance=Parameter("Cp", p, p, positive_definite=True)),
)
Cp = Nc.d.row_covariance
X, E = Parameter("X", r, p), Brownian("E", r, k)
x, y = State("x", n), State("y")
u, v = State("u"), State("v", positive=True)
i = index("i", r)
F, betas = Family("F", n, n), BrownianFamily("betas")
beta, beta1, beta2 = Brownian("beta"), Brownian("beta1"), Brownian("beta2")

OKSENDAL = "B. Øksendal, Stochastic Differential Equations, 6th ed., (3.3.6)"
NORRIS = (
    "J. Norris, L. Rogers, D. Williams, Brownian motions of ellipsoids, Trans. AMS 294 (1986): "
    "dG = (∂B)G"
)
BY_HAND = "worked out by hand: ½ of the noise's coefficient's own noise, contracted"


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What is added to the drift when the noise of ``equations`` is read in the Itô sense."""

    id: str
    source: str
    equations: Mapping[Any, Any]
    added: Mapping[Any, Any]
    wrong: Mapping[str, tuple[Any, Any]]
    sizes: Mapping[Any, int] = field(default_factory=dict)
    correlation: Mapping[Any, Any] = field(default_factory=dict)

    def system(self, calculus: str) -> MatrixSDE:
        return MatrixSDE(self.equations, correlation=self.correlation, calculus=calculus)


CASES = (
    Correction(
        id="left_multiplication",
        source=NORRIS,
        equations={G: B.d * G},
        added={G: G / 2},
        wrong={"½n": (G, n * G / 2), "sign": (G, -G / 2), "1": (G, G)},
        sizes={n: 3},
    ),
    Correction(
        id="right_multiplication",
        source=NORRIS,
        equations={G: G * A * dt + G * B.d},
        added={G: G / 2},
        wrong={"½n": (G, n * G / 2)},
        sizes={n: 2},
    ),
    Correction(
        id="transposed_noise",
        source=f"{BY_HAND}: dB'dB' = I",
        equations={G: B.d.T * G},
        added={G: G / 2},
        wrong={"as dB'dB": (G, n * G / 2)},
        sizes={n: 2},
    ),
    Correction(
        id="coloured_left_multiplication",
        source=f"{BY_HAND}: dB dB = C D",
        equations={G: Bcd.d * G},
        added={G: C * D * G / 2},
        wrong={"D C": (G, D * C * G / 2), "tr D": (G, tr(D) * C * G / 2)},
        sizes={n: 2},
    ),
    Correction(
        id="transposed_state",
        source=f"{BY_HAND}: dB (dB X')' = dB X dB' = tr(X) I",
        equations={G: B.d * G.T},
        added={G: tr(G) * Identity(n) / 2},
        wrong={"as for dB X": (G, G / 2), "X'": (G, G.T / 2)},
        sizes={n: 2},
    ),
    Correction(
        id="two_sided",
        source=f"{BY_HAND}: d⟨G dB G⟩: dG dB G and G dB dG with dG = G dB G",
        equations={G: G * B.d * G},
        added={G: G * G.T * G / 2 + G * G.T * G / 2},
        wrong={"one side": (G, G * G.T * G / 2), "transpose lost": (G, G**3)},
        sizes={n: 2},
    ),
    Correction(
        id="orthogonal_group",
        source=f"{BY_HAND}: (dB − dB')² = (2 − 2n) I dt",
        equations={G: (B.d - B.d.T) * G},
        added={G: (1 - n) * G},
        wrong={"−n": (G, -n * G), "dB' taken for dB": (G, ZeroMatrix(n, n))},
        sizes={n: 3},
    ),
    Correction(
        id="network_layers",
        source=f"{BY_HAND}: dB dB' = kI, dB'dB = pI",
        equations={W1: N.d * W2.T, W2: W1.T * N.d},
        added={W1: k * W1 / 2, W2: p * W2 / 2},
        wrong={"p and k exchanged": (W1, p * W1 / 2), "pk": (W2, p * k * W2 / 2)},
        sizes={p: 1, k: 2, l: 2},
    ),
    Correction(
        id="network_layers_coloured",
        source=f"{BY_HAND}: dB dB' = kC, dB'dB = tr(C) I",
        equations={W1: Nc.d * W2.T, W2: W1.T * Nc.d},
        added={W1: k * Cp * W1 / 2, W2: tr(Cp) * W2 / 2},
        wrong={"tr C": (W1, tr(Cp) * W1 / 2), "C lost": (W2, p * W2 / 2)},
        sizes={p: 2, k: 1, l: 2},
    ),
    Correction(
        id="label_noise",
        source=f"{BY_HAND}: dZ = cX'dE, dZ dZ' = c²kX'X, dZ'dZ = c²|X|² I",
        equations={W1: c * X.T * E.d * W2.T, W2: c * W1.T * X.T * E.d},
        added={W1: c**2 * k * X.T * X * W1 / 2, W2: c**2 * tr(X.T * X) * W2 / 2},
        wrong={"c": (W1, c * k * X.T * X * W1 / 2), "rows for k": (W1, r * X.T * X * W1 / 2)},
        sizes={p: 2, k: 1, l: 2, r: 2},
    ),
    Correction(
        id="family_of_linear_fields",
        source=f"{BY_HAND}: ½ΣF_i²x",
        equations={x: A * x * dt + total(F[i] * x * betas[i].d, i)},
        added={x: total(F[i] * F[i] * x, i) / 2},
        wrong={
            "F'F": (x, total(F[i].T * F[i] * x, i) / 2),
            "square of the sum": (x, total(F[i], i) * total(F[i], i) * x / 2),
        },
        sizes={n: 2, r: 2},
    ),
    Correction(
        id="geometric_brownian",
        source=f"{OKSENDAL}: ½σ²x",
        equations={u: c * u * dt + sigma * u * beta.d},
        added={u: sigma**2 * u / 2},
        wrong={"σ": (u, sigma * u / 2), "½ lost": (u, sigma**2 * u)},
    ),
    Correction(
        id="square_root",
        source=f"{OKSENDAL}: ½·σ√x·σ/(2√x) = σ²/4",
        equations={v: sigma * sqrt(v) * beta.d},
        added={v: sigma**2 / 4},
        wrong={"½": (v, sigma**2 / 2), "0": (v, 0)},
    ),
    Correction(
        id="additive_noise",
        source=f"{OKSENDAL}: a constant coefficient has no correction",
        equations={u: -c * u * dt + sigma * beta.d},
        added={u: 0},
        wrong={"as if multiplicative": (u, sigma**2 * u / 2)},
    ),
    Correction(
        id="correlated_exchange",
        source=f"{BY_HAND}: ½ d⟨y, β1⟩ = ½ρu, ½ d⟨u, β2⟩ = ½ρy",
        equations={u: y * beta1.d, y: u * beta2.d},
        added={u: rho * u / 2, y: rho * y / 2},
        wrong={"ρ taken as 1": (u, u / 2), "independent": (u, 0), "ρ²": (y, rho**2 * y / 2)},
        correlation={(beta1, beta2): rho},
    ),
    Correction(
        id="independent_exchange",
        source=f"{BY_HAND}: no covariation between y and β1",
        equations={u: y * beta1.d, y: u * beta2.d},
        added={u: 0, y: 0},
        wrong={"as if shared": (u, u / 2)},
    ),
)
STATES = [
    pytest.param(case, state, id=f"{case.id}-{state}") for case in CASES for state in case.added
]


@pytest.mark.parametrize(("case", "state"), STATES)
def test_correction_to_ito(case: Correction, state: Any) -> None:
    stratonovich = case.system("stratonovich")
    expected = stratonovich.drift(state) + case.added[state]
    assert stratonovich.to_ito().calculus == "ito"
    assert equal(stratonovich.to_ito().drift(state), expected).status is Status.EQUAL
    assert stratonovich.to_ito().noise(state) == stratonovich.noise(state)


@pytest.mark.parametrize(("case", "state"), STATES)
def test_correction_to_stratonovich(case: Correction, state: Any) -> None:
    ito = case.system("ito")
    expected = ito.drift(state) - case.added[state]
    assert ito.to_stratonovich().calculus == "stratonovich"
    assert equal(ito.to_stratonovich().drift(state), expected).status is Status.EQUAL


@pytest.mark.parametrize(("case", "state"), STATES)
def test_there_and_back(case: Correction, state: Any) -> None:
    ito = case.system("ito")
    back = ito.to_stratonovich().to_ito()
    assert equal(back.drift(state), ito.drift(state)).status is Status.EQUAL


@pytest.mark.parametrize(("case", "state"), STATES)
def test_differential_of_a_stratonovich_system_is_ito(case: Correction, state: Any) -> None:
    stratonovich = case.system("stratonovich")
    expected = stratonovich.drift(state) + case.added[state]
    assert equal(stratonovich.d(state).drift, expected).status is Status.EQUAL


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_wrong_correction_is_refuted(case: Correction) -> None:
    stratonovich = case.system("stratonovich")
    for mistake, (state, wrong) in case.wrong.items():
        found = stratonovich.to_ito().drift(state)
        expected = stratonovich.drift(state) + wrong
        assert equal(found, expected).status is Status.DIFFERENT, mistake


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_stated_correction_agrees_with_the_component_wise_calculation(case: Correction) -> None:
    stratonovich = case.system("stratonovich")
    point = draw(stratonovich, *case.added.values(), sizes=case.sizes, seed=3)
    found = literal.ito_drift(stratonovich, point)
    for state, added in case.added.items():
        stated = point.value(stratonovich.drift(state)) + point.value(added)
        assert literal.equal_numbers(stated, found[literal.key(state)])


theta = stack(W1, W2.T)
M = theta * theta.T
REGULAR = (Q.positive_definite(M),)
network = {W1: N.d * W2.T, W2: W1.T * N.d}
M_theta = Theta * Theta.T


def test_stratonovich_noise_conserves_the_determinant() -> None:
    """Theorem sheet §0; the Itô reading loses 2pk instead."""
    for system in (
        MatrixSDE(network, calculus="stratonovich"),
        MatrixSDE(network, calculus="stratonovich").to_ito(),
    ):
        df = system.d(logdet(M), assuming=REGULAR)
        assert equal(df.drift, 0).status is Status.EQUAL
        assert equal(df.martingale, 0).status is Status.EQUAL
    ito = MatrixSDE(network).d(logdet(M), assuming=REGULAR).drift
    assert equal(ito, -2 * p * k).status is Status.EQUAL
    assert equal(ito, 0).status is Status.DIFFERENT


def test_stratonovich_noise_conserves_the_determinant_of_a_single_stack() -> None:
    regular = (Q.positive_definite(M_theta),)
    system = MatrixSDE({Theta: S(Nc.d) * Theta}, calculus="stratonovich")
    df = system.d(logdet(M_theta), assuming=regular)
    assert equal(df.drift, 0).status is Status.EQUAL
    assert equal(df.martingale, 0).status is Status.EQUAL


def test_stratonovich_noise_conserves_balancedness() -> None:
    balance = W1.T * W1 - W2 * W2.T
    df = MatrixSDE(network, calculus="stratonovich").d(balance)
    assert equal(df.drift, ZeroMatrix(l, l)).status is Status.EQUAL
    assert equal(df.martingale, ZeroMatrix(l, l)).status is Status.EQUAL
    ito = MatrixSDE(network).d(balance)
    assert equal(ito.drift, p * W2 * W2.T - k * W1.T * W1).status is Status.EQUAL
    assert equal(ito.drift, ZeroMatrix(l, l)).status is Status.DIFFERENT


def test_single_stack_gets_the_block_correction() -> None:
    """½ diag(kI, pI)Θ, seen through the trace of Θ with a constant."""
    K = Parameter("K", l, p + k)
    upper = stack(Identity(p), ZeroMatrix(k, p))
    lower = stack(ZeroMatrix(p, k), Identity(k))
    system = MatrixSDE({Theta: S(N.d) * Theta}, calculus="stratonovich")
    blocks = k * upper * upper.T + p * lower * lower.T
    found = system.to_ito().drift(Theta)
    assert equal(found, blocks * Theta / 2).status is Status.EQUAL
    assert equal(found, (p + k) * Theta / 4).status is Status.DIFFERENT
    assert equal(system.d(tr(K * Theta)).drift, tr(K * blocks * Theta) / 2).status is Status.EQUAL


def test_orthogonal_group_is_kept() -> None:
    system = MatrixSDE({G: (B.d - B.d.T) * G}, calculus="stratonovich")
    df = system.d(G.T * G)
    assert equal(df.drift, ZeroMatrix(n, n)).status is Status.EQUAL
    assert equal(df.martingale, ZeroMatrix(n, n)).status is Status.EQUAL
    ito = MatrixSDE({G: (B.d - B.d.T) * G}).d(G.T * G)
    assert equal(ito.drift, (2 * n - 2) * G.T * G).status is Status.EQUAL


def test_stratonovich_chain_rule_is_the_ordinary_one() -> None:
    positive_state = State("z", positive=True)
    system = MatrixSDE({positive_state: sigma * positive_state * beta.d}, calculus="stratonovich")
    df = system.d(log(positive_state))
    assert equal(df.drift, 0).status is Status.EQUAL
    assert equal(df.martingale, sigma * beta.d).status is Status.EQUAL
    assert equal(df.drift, -(sigma**2) / 2).status is Status.DIFFERENT
    assert equal(df.drift, Rational(1, 2)).status is Status.DIFFERENT
