"""A theorem for the tests of the printers and of the build, of every kind of claim."""

from __future__ import annotations

from fractions import Fraction

from sympy import Ge, Le, Matrix, Q, exp, sqrt

from derivations import (
    INITIAL,
    Assumption,
    Brownian,
    BrownianFamily,
    DifferentialClaim,
    Family,
    IdentityClaim,
    MatrixSDE,
    Parameter,
    PathCheck,
    Process,
    State,
    Theorem,
    TimeChangeClaim,
    dims,
    dt,
    index,
    positive,
    t,
    total,
    tr,
)
from derivations.claim import AlgorithmCheck

p, k, n, m = dims("p k n m")
W, x = State("W", p, k), State("x", positive=True)
A, X = Parameter("A", p, p), Parameter("X", n, p)
C = Parameter("C", p, p, positive_definite=True)
D = Parameter("D", k, k, symmetric=True)
a, b = positive("a"), positive("b")
R = Process("R", p, k)
B = Brownian("B", p, k, row_covariance=C, column_covariance=D)
E = Brownian("E", n, k)
i = index("i", n)
u, beta = Family("u", p, k, process=True), BrownianFamily("beta")


def theorem() -> Theorem:
    """Claims whose kernels are known by heart; one of them is wrong on purpose."""
    return Theorem(
        id="codegen_theorem",
        title="A theorem of the tests",
        source="the tests",
        claims=(differential(), label_noise(), families(), identity(), time_change()),
    )


def differential() -> DifferentialClaim:
    return DifferentialClaim(
        id="codegen_theorem",
        title="d tr(WW')",
        source="the tests",
        statement="The drift of tr(WW') under covariances of rows and columns.",
        sde=MatrixSDE({W: (-a * A * W + R) * dt + sqrt(b) * B.d}),
        observable=tr(W * W.T),
        drift=-2 * a * tr(A * W * W.T) + 2 * tr(R * W.T) + b * tr(C) * tr(D),
        martingale=2 * sqrt(b) * tr(W.T * B.d),
        assumptions=(
            Assumption(text="wide enough", condition=Ge(k, p)),
            Assumption(text="a is at most b", condition=Le(a, b)),
            Assumption(text="invertible", condition=Q.invertible(A)),
        ),
    )


def label_noise() -> DifferentialClaim:
    sde = MatrixSDE({W: -a * W * dt + sqrt(b) / n * X.T * E.d})
    return DifferentialClaim(
        id="codegen_theorem.label_noise",
        title="d W with n × k noise",
        source="the tests",
        statement="A linear system with label noise; its mean decays.",
        sde=sde,
        observable=W,
        drift=-a * W,
        martingale=sqrt(b) / n * X.T * E.d,
        path=PathCheck(
            sde=MatrixSDE({x: -a * x * dt}),
            observable=x,
            law=exp(-a * t) * INITIAL,
            horizon="1/2",
            sizes={p: 2},
            values={a: Fraction(1, 3), X: Matrix([[1, 2], [3, 4]]), b: 0.25},
            relevant=0.01,
        ),
        algorithm=AlgorithmCheck(algorithm="label_noise", rate=-2 * a * tr(X.T * X) / n),
    )


def families() -> DifferentialClaim:
    return DifferentialClaim(
        id="codegen_theorem.families",
        title="general noise",
        source="the tests",
        statement="The drift of tr(WW') under a sum of noises.",
        sde=MatrixSDE({W: total(u[i] * beta[i].d, i)}),
        observable=tr(W * W.T),
        drift=total(tr(u[i] * u[i].T), i),
        martingale=2 * total(tr(u[i] * W.T) * beta[i].d, i),
    )


def identity() -> IdentityClaim:
    return IdentityClaim(
        id="codegen_theorem.identity",
        title="a trace rotates",
        source="the tests",
        statement="tr(AW W') = tr(W'AW).",
        left=tr(A * W * W.T),
        right=tr(W.T * A * W),
    )


def time_change() -> TimeChangeClaim:
    F, F_tau = Brownian("F"), Brownian("F_tau")
    return TimeChangeClaim(
        id="codegen_theorem.time_change",
        title="a clock",
        source="the tests",
        statement="dx = −a x dt + √a dβ in the time a t.",
        sde=MatrixSDE({x: -a * x * dt + sqrt(a) * F.d}),
        rate=a,
        changed=MatrixSDE({x: -x * dt + F_tau.d}),
    )
