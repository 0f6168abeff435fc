"""The component-wise calculation itself, and the engine against it on systems chosen to be hard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sympy import QQ, Determinant, Identity, Matrix, Q, Rational, Symbol, exp, log, sqrt
from sympy.matrices.expressions import MatrixExpr

from derivations import (
    Brownian,
    BrownianFamily,
    Family,
    MatrixSDE,
    Parameter,
    Process,
    S,
    State,
    det,
    dims,
    dt,
    entry,
    index,
    logdet,
    positive,
    stack,
    t,
    total,
    tr,
)
from tests.derivations import componentwise as literal
from tests.derivations.literal_values import draw
from tests.derivations.truncated_series import (
    composed,
    constant,
    determinant,
    inverse,
    line,
    matmul,
    times,
    unit_matrix,
)

# ------------------------------------------------------------------- the calculation itself


def rational_matrix(rows: list[list[int]]) -> Any:
    return np.array([[QQ(a, 3) for a in row] for row in rows], dtype=object)


def test_inverse_of_a_series_is_one_up_to_second_order() -> None:
    A = line(rational_matrix([[2, 1], [5, 7]]), rational_matrix([[1, -4], [3, 2]]), 2)
    one = times(A, inverse(A), matmul)
    assert (one[0] == unit_matrix(2)).all()
    assert not one[1].any()
    assert not one[2].any()


def test_determinant_of_a_series_is_sympys() -> None:
    s = Symbol("s")
    first, second = [[2, 1, 0], [5, 7, 1], [1, 1, 3]], [[1, -4, 2], [3, 2, 2], [0, 1, 5]]
    expected = (Matrix(first) + s * Matrix(second)).det().as_poly(s).all_coeffs()[::-1]
    found = determinant(line(np.array(first, dtype=object), np.array(second, dtype=object), 2))
    assert list(found) == expected[:3]


def test_scalar_functions_of_a_series() -> None:
    assert composed(sqrt, [line(QQ(4), QQ(1), 2)]) == (QQ(2), QQ(1, 4), QQ(-1, 64))
    assert composed(log, [line(QQ(1), QQ(3), 2)]) == (0, QQ(3), QQ(-9, 2))
    assert composed(exp, [constant(QQ(0), 2)]) == (1, 0, 0)


p, k, l, n, m = dims("p k l n m")
gamma = positive("gamma")
W1, W2, B = State("W1", p, l), State("W2", l, k), Brownian("B", p, k)
x, y, beta1, beta2 = State("x", positive=True), State("y"), Brownian("b1"), Brownian("b2")
rho = Parameter("rho")


def test_directions_have_the_declared_covariance() -> None:
    """L diag(v) L' is the covariance C_ij D_ab of the increments, and ρ between two of them."""
    C, D = (
        Parameter("C", p, p, positive_definite=True),
        Parameter("D", k, k, positive_definite=True),
    )
    BC = Brownian("BC", p, k, row_covariance=C, column_covariance=D)
    X = State("X", p, k)
    sde = MatrixSDE({X: BC.d, x: beta1.d, y: beta2.d}, correlation={(beta1, beta2): Rational(1, 3)})
    point = draw(sde, sizes={p: 2, k: 2}, seed=1)
    rows, columns = point.value(C), point.value(D)
    found = literal.directions(sde, point)
    name = literal.key(BC.d)
    for i, a, j, b in np.ndindex(2, 2, 2, 2):
        covariance = sum(
            v.variance * v.increments[name][i, a] * v.increments[name][j, b] for v in found
        )
        assert covariance == rows[i, j] * columns[a, b]
    first, second = literal.key(beta1.d), literal.key(beta2.d)
    assert sum(v.variance * v.increments[first] * v.increments[second] for v in found) == QQ(1, 3)
    assert sum(v.variance * v.increments[first] * v.increments[name][0, 0] for v in found) == 0


TWINS = [
    (tr(Parameter("K", k, p) * W1 * W2), "product"),
    (logdet(stack(W1, W2.T) * stack(W1, W2.T).T), "log determinant"),
    (det(W1 * W1.T + Identity(p)), "determinant"),
    (tr((W2.T * W2 + Identity(k)).I), "inverse"),
    (tr(W1 * W2 * W2.T * W1.T) ** 2, "square"),
    (sqrt(1 + tr(W1 * W1.T)) * entry(W1 * W2, 0, 0), "root"),
]


@pytest.mark.parametrize("f", [f for f, _ in TWINS], ids=[name for _, name in TWINS])
def test_series_agree_with_second_derivatives_in_all_entries(f: Any) -> None:
    """The literal twin: SymPy differentiates twice in every pair of entries."""
    R = Process("R", p, k)
    sde = MatrixSDE({W1: R * W2.T * dt + B.d * W2.T, W2: W1.T * R * dt + gamma * W1.T * B.d})
    point = draw(sde, f, sizes={p: 1, k: 1, l: 2}, seed=4)
    found = literal.drift(sde, f, point)
    assert literal.same(literal.hessian_drift(sde, f, point), found)
    assert not literal.same(found + QQ(1, 7), found)


# ----------------------------------------------------------------------- systems that are hard


@dataclass(frozen=True, kw_only=True)
class System:
    """A system, observables, and the sizes at which the engine is compared entry by entry."""

    name: str
    sde: MatrixSDE
    observables: tuple[Any, ...]
    sizes: tuple[Mapping[Any, int], ...]


R = Process("R", p, k)
C = Parameter("Cov", p, p, positive_definite=True)
H = Parameter("H", p, p, symmetric=True)
BC = Brownian("BC", p, k, row_covariance=C)
theta, turned, thrice = stack(W1, W2.T), stack(W2.T, W1), stack(W1, W2.T, W1)
X, Y = State("X", n, m), State("Y", m, n)
V1, V2 = Brownian("V1", n, m), Brownian("V2", n, m)
A, D = Parameter("A", n, n), Parameter("D", m, m)
Z, U = State("Z", n, n), Brownian("U", n, n)
beta = Brownian("beta")
i, j = index("i", m), index("j", m)
F, f_, betas = Family("F", n, n), Family("f"), BrownianFamily("betas")
v, w = State("v", n), Brownian("w", n)
Z23, Z33, V23, V33 = State("Z", 2, 3), State("Y", 3, 3), Brownian("V", 2, 3), Brownian("U", 3, 3)
NETWORKS = ({p: 1, k: 1, l: 1}, {p: 1, k: 1, l: 2}, {p: 2, k: 1, l: 3}, {p: 1, k: 2, l: 4})
PLANES = ({n: 1, m: 1}, {n: 1, m: 2}, {n: 2, m: 1}, {n: 2, m: 3})
SQUARES = ({n: 1, m: 2}, {n: 2, m: 1}, {n: 2, m: 2}, {n: 3, m: 1})
network = MatrixSDE({W1: R * W2.T * dt + BC.d * W2.T, W2: W1.T * R * dt + W1.T * BC.d})

SYSTEMS = (
    System(
        name="network",
        sde=network,
        observables=(
            logdet(theta * theta.T + Identity(p + k)),
            logdet(turned * turned.T + Identity(p + k)),
            logdet(thrice.T * thrice + Identity(l)),
            tr(theta * theta.T * S(W1 * W2)),
            tr((theta * theta.T) ** 3),
            theta.T * theta,
            (Identity(l) + turned.T * turned).I,
            W1.T * W1 - W2 * W2.T,
            tr(W1 * W2 * W2.T * W1.T) / (1 + tr(theta * theta.T)),
            det(W1 * W1.T + C) * exp(t * tr(W2.T * W2)),
            entry(W1 * W2, 0, 0) ** 2 * tr(H * W1 * W1.T),
            tr(H * (W1 * W1.T + C).I * H * (W1 * W1.T + C).I),
            log(1 + tr(H * W1 * W1.T * H)) * logdet(W2.T * W2 + Identity(k)),
        ),
        sizes=NETWORKS,
    ),
    System(
        name="noise repeated and transposed",
        sde=MatrixSDE(
            {
                X: A * X * dt + V1.d * Y * X + X * V1.d.T * X + V2.d * D,
                Y: Y * A * dt + V1.d.T - D * V2.d.T * A + Y * V1.d * Y,
            },
            correlation={(V1, V2): rho},
        ),
        observables=(
            X * Y,
            tr(X * Y * X * Y),
            tr(X * Y) ** 3,
            tr(X.T * X) * tr(Y * Y.T),
            det(Identity(n) + X * Y),
            (Identity(n) + X * X.T).I,
            logdet(Identity(m) + Y * Y.T + X.T * X),
            entry(X * Y, 0, 0) * entry(Y * X, 0, 0),
            stack(X, Y.T),
            tr(stack(X.T, Y).T * stack(X.T, Y) * A),
        ),
        sizes=PLANES,
    ),
    System(
        name="square matrix with scalar noises",
        sde=MatrixSDE(
            {
                Z: A * Z * dt + Z * U.d * Z.T + U.d.T * A + tr(Z) * U.d + tr(A * Z) * Z * beta.d,
                y: tr(Z) * dt + y * beta.d,
            }
        ),
        observables=(
            Z.I,
            Z**-2,
            Z**3,
            det(Z),
            det(Z) ** 2 * tr(Z.I),
            tr(Z.I * A * Z.T.I),
            det(Z * Z.T + A * A.T),
            y * det(Z) + tr(Z) ** 2,
            log(y**2 + 1) * tr(Z * Z.T),
            exp(y) * Z,
        ),
        sizes=SQUARES,
    ),
    System(
        name="families of noises, two indices",
        sde=MatrixSDE(
            {
                Z: total(f_[i] * F[i] * Z * betas[i].d, i) + total(Z * F[j].T * betas[j].d, j),
                v: total(f_[i] * F[i] * v, i) * dt + total(F[i] * v * betas[i].d, i) + w.d,
            }
        ),
        observables=(
            Z.T * Z,
            Z * v,
            tr(v.T * Z * v),
            det(Z),
            total(tr(F[i] * Z) ** 2, i),
            total(tr(F[i] * Z), i) ** 2,
            total(tr(F[i] * Z) * total(tr(F[j] * Z.T) * f_[j], j), i),
            total(f_[i] * tr(F[i] * Z), i) * total(f_[i] * tr(F[i].T * Z), i),
            total(F[i] * Z * F[i].T, i),
            total(F[i] * Z, i) * total(F[i], i),
            tr(v.T * v) / (1 + total(tr(F[i] * Z) ** 2, i)),
            sqrt(1 + total(tr(v.T * F[i] * v) ** 2, i)),
        ),
        sizes=SQUARES,
    ),
    System(
        name="time and scalars as coefficients",
        sde=MatrixSDE(
            {
                x: x / (1 + t) * dt + t * x * beta1.d,
                y: (x - y) * dt + sqrt(x) * beta2.d,
                X: t * X * dt + x * V1.d + y * A * X * beta1.d,
            },
            correlation={(beta1, beta2): rho},
        ),
        observables=(
            x * y * t,
            log(x) * sqrt(x),
            x**2 * tr(X * X.T),
            (1 + t) * X,
            exp(-t) * y,
            logdet(X * X.T + x * Identity(n)),
            tr(X * X.T) ** 2 / x,
            y**3 / (1 + t) ** 2,
        ),
        sizes=PLANES,
    ),
    System(
        name="concrete sizes",
        sde=MatrixSDE(
            {
                Z23: Z23 * V33.d.T + V23.d,
                Z33: V33.d * Z33 + Z23.T * V23.d * t,
            }
        ),
        observables=(
            logdet(Z23 * Z23.T + Identity(2)),
            Z33.I * Z23.T,
            det(Z33),
            tr(stack(Z23, Z33) * stack(Z23, Z33).T * S(Z23)),
            entry(Z23 * Z33, 1, 2) ** 2,
        ),
        sizes=({},),
    ),
)
COMPARED = [
    pytest.param(system, f, id=f"{system.name}-{number}")
    for system in SYSTEMS
    for number, f in enumerate(system.observables)
]


def facts_of(*expressions: Any) -> list[Any]:
    """Every determinant under a log is declared positive definite; det alone needs nothing."""
    return [
        Q.positive_definite(found.args[0])
        for e in expressions
        for logarithm in e.atoms(log)
        for found in logarithm.atoms(Determinant)
    ]


@pytest.mark.parametrize(("system", "f"), COMPARED)
def test_engine_agrees_entry_by_entry(system: System, f: Any) -> None:
    df = system.sde.d(f, assuming=facts_of(f))
    drift, martingale = df.drift, df.martingale
    for seed, sizes in enumerate(system.sizes):
        point = draw(system.sde, f, sizes=sizes, seed=seed)
        assert literal.same(point.value(drift), literal.drift(system.sde, f, point)), sizes
        for moved in literal.motions(system.sde, point):
            found = literal.martingale(system.sde, f, point, moved)
            assert literal.same(point.value(martingale, moved), found), sizes


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_covariations_agree_entry_by_entry(system: System) -> None:
    f, *others = [g for g in system.observables if not isinstance(g, MatrixExpr)]
    for g in (f, *others[:4]):
        rate = system.sde.covariation(f, g, assuming=facts_of(f, g))
        back = system.sde.covariation(g, f, assuming=facts_of(f, g))
        for seed, sizes in enumerate(system.sizes[1:3]):
            point = draw(system.sde, f, g, sizes=sizes, seed=seed)
            found = literal.covariation(system.sde, f, g, point)
            assert literal.same(point.value(rate), found), g
            assert literal.same(point.value(back), found), g


@pytest.mark.parametrize("system", SYSTEMS[:4], ids=lambda system: system.name)
def test_stratonovich_agrees_entry_by_entry(system: System) -> None:
    correlation = {tuple(pair): value for pair, value in system.sde.correlation.items()}
    sde = MatrixSDE(system.sde.equations, correlation=correlation, calculus="stratonovich")
    ito = sde.to_ito()
    for seed, sizes in enumerate(system.sizes):
        point = draw(sde, sizes=sizes, seed=seed)
        found = literal.ito_drift(sde, point)
        for state in sde.states:
            assert literal.same(point.value(ito.drift(state)), found[literal.key(state)])


def test_oracle_sees_a_planted_mistake() -> None:
    """Wrong by a transpose, by ½, by a lost correlation: each is seen at the smallest size."""
    f = tr(X * Y)
    sde = SYSTEMS[1].sde
    point = draw(sde, f, sizes={n: 2, m: 2}, seed=1)
    right = literal.drift(sde, f, point)
    independent = MatrixSDE(sde.equations)
    assert not literal.same(literal.drift(independent, f, point), right)
    stratonovich = MatrixSDE(sde.equations, correlation={(V1, V2): rho}, calculus="stratonovich")
    assert not literal.same(literal.drift(stratonovich, f, point), right)
