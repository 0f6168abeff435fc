"""Wrong declarations: one clear line that names what is wrong; the valid neighbour is taken."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sympy import And, Eq, I, Identity, Matrix, Ne, Q, exp, nan, oo, zoo

from derivations import (
    Assumption,
    Brownian,
    DerivationError,
    HittingClaim,
    LimitClaim,
    MatrixSDE,
    Parameter,
    Process,
    State,
    StationaryClaim,
    ThresholdClaim,
    det,
    dims,
    dt,
    equal,
    logdet,
    positive,
    stack,
    t,
    total,
    tr,
)
from derivations.errors import (
    NonlinearNoiseError,
    ShapeError,
    UnknownSymbolError,
)
from derivations.signs import sign_of
from tests.derivations.refusals import (
    W1,
    W2,
    A,
    B,
    C,
    F,
    M,
    Refusal,
    U,
    X,
    beta,
    betas,
    check_refused,
    flat,
    foreign,
    foreign_matrix,
    gamma,
    i,
    k,
    l,
    n,
    p,
    shown,
    theta,
    x,
    y,
)

above = positive("above")


def _law(state: Any, support: Any) -> StationaryClaim:
    return StationaryClaim(sde=flat, observable=state, density=1, support=support, horizon=1)


SETTING: dict[str, Any] = {"sde": flat, "observable": x, "horizon": 1}


def _hitting(level: Any) -> HittingClaim:
    return HittingClaim(**SETTING, level=level, probability=1)


def _limit(kind: Any, value: Any) -> Any:
    return kind(**SETTING, value=value)


def _density(density: Any) -> StationaryClaim:
    return StationaryClaim(**SETTING, density=density)


def _threshold(threshold: Any) -> ThresholdClaim:
    return ThresholdClaim(**SETTING, parameter=gamma, threshold=threshold, below=-1, above=1)


REFUSALS = (
    Refusal(
        id="equation of another shape",
        wrong=lambda: MatrixSDE({W1: B.d}),
        error=ShapeError,
        names=("dW1", "p x k", "p x l"),
        right=lambda: MatrixSDE({W1: Brownian("Bl", p, l).d}),
    ),
    Refusal(
        id="product that does not conform",
        wrong=lambda: MatrixSDE({W1: B.d * W2, W2: W2 * dt}),
        error=ShapeError,
        names=("dB", "W2", "p x k", "l x k"),
        right=lambda: MatrixSDE({W1: B.d * W2.T, W2: W2 * dt}),
    ),
    Refusal(
        id="scalar equation for a matrix",
        wrong=lambda: MatrixSDE({X: x * dt, x: x * dt}),
        error=ShapeError,
        names=("dX", "scalar", "n x n"),
        right=lambda: MatrixSDE({X: x * X * dt, x: x * dt}),
    ),
    Refusal(
        id="matrix equation for a scalar",
        wrong=lambda: MatrixSDE({x: U.d, X: U.d}),
        error=ShapeError,
        names=("dx", "n x n"),
        right=lambda: MatrixSDE({x: tr(A * U.d), X: U.d}),
    ),
    Refusal(
        id="trace of a rectangle",
        wrong=lambda: tr(W1),
        error=ShapeError,
        names=("W1", "p x l", "square"),
        right=lambda: tr(W1 * W1.T),
    ),
    Refusal(
        id="determinant of a rectangle",
        wrong=lambda: det(W1 * W2),
        error=ShapeError,
        names=("W1*W2", "p x k", "square"),
        right=lambda: det(W1.T * W1),
    ),
    Refusal(
        id="log determinant of a stack",
        wrong=lambda: logdet(theta),
        error=ShapeError,
        names=("W1", "square"),
        right=lambda: logdet(M),
    ),
    Refusal(
        id="stack of different widths",
        wrong=lambda: stack(W1, W2),
        error=ShapeError,
        names=("W1", "W2", "l columns", "k"),
        right=lambda: stack(W1, W2.T),
    ),
    Refusal(
        id="covariance of another size",
        wrong=lambda: Brownian("N", k, p, row_covariance=C),
        error=ShapeError,
        names=("N", "row", "C", "p x p", "k x k"),
        right=lambda: Brownian("N", p, k, row_covariance=C),
    ),
    Refusal(
        id="symmetric rectangle",
        wrong=lambda: Parameter("H", p, k, symmetric=True),
        error=ShapeError,
        names=("H", "p x k", "square"),
        right=lambda: Parameter("H", p, p, symmetric=True),
    ),
    Refusal(
        id="size that is no integer",
        wrong=lambda: State("V", n / 2, n),
        error=ShapeError,
        names=("V", "n/2"),
        right=lambda: State("V", 2 * n, n),
    ),
    Refusal(
        id="square of a differential",
        wrong=lambda: MatrixSDE({x: beta.d**2}),
        error=NonlinearNoiseError,
        names=("dbeta",),
        right=lambda: MatrixSDE({x: 2 * beta.d}),
    ),
    Refusal(
        id="product of two differentials",
        wrong=lambda: MatrixSDE({X: U.d * A * U.d}),
        error=NonlinearNoiseError,
        names=("dU",),
        right=lambda: MatrixSDE({X: U.d * A + A * U.d}),
    ),
    Refusal(
        id="noise times dt",
        wrong=lambda: MatrixSDE({x: x * beta.d * dt}),
        error=NonlinearNoiseError,
        names=("dbeta", "dt"),
        right=lambda: MatrixSDE({x: x * beta.d + x * dt}),
    ),
    Refusal(
        id="function of a differential",
        wrong=lambda: MatrixSDE({x: exp(beta.d)}),
        error=NonlinearNoiseError,
        names=("dbeta",),
        right=lambda: MatrixSDE({x: exp(x) * beta.d}),
    ),
    Refusal(
        id="inverse of a differential",
        wrong=lambda: MatrixSDE({X: U.d.I}),
        error=NonlinearNoiseError,
        names=("dU",),
        right=lambda: MatrixSDE({X: X.I * U.d}),
    ),
    Refusal(
        id="term without a differential",
        wrong=lambda: MatrixSDE({X: A * X + U.d}),
        error=NonlinearNoiseError,
        names=("A", "dt"),
        right=lambda: MatrixSDE({X: A * X * dt + U.d}),
    ),
    Refusal(
        id="family of noises without its sum",
        wrong=lambda: MatrixSDE({X: F[i] * betas[i].d}),
        error=DerivationError,
        names=("i",),
        right=lambda: MatrixSDE({X: total(F[i] * betas[i].d, i)}),
    ),
    Refusal(
        id="unknown scalar in an equation",
        wrong=lambda: MatrixSDE({X: foreign * U.d}),
        error=UnknownSymbolError,
        names=("foreign", "dX"),
        right=lambda: MatrixSDE({X: positive("foreign") * U.d}),
    ),
    Refusal(
        id="unknown matrix in an equation",
        wrong=lambda: MatrixSDE({X: foreign_matrix * U.d}),
        error=UnknownSymbolError,
        names=("Foreign", "dX"),
        right=lambda: MatrixSDE({X: Parameter("Foreign", n, n) * U.d}),
    ),
    Refusal(
        id="unknown symbol in a covariance",
        wrong=lambda: MatrixSDE({X: Brownian("N", n, n, row_covariance=foreign_matrix).d}),
        error=UnknownSymbolError,
        names=("Foreign",),
        right=lambda: MatrixSDE({X: Brownian("N", n, n, row_covariance=A * A.T).d}),
    ),
    Refusal(
        id="state without an equation",
        wrong=lambda: MatrixSDE({W1: B.d * W2.T}),
        error=UnknownSymbolError,
        names=("dW1", "W2", "equation"),
        right=lambda: MatrixSDE({W1: B.d * W2.T, W2: W2 * dt}),
    ),
    Refusal(
        id="key that is no state",
        wrong=lambda: MatrixSDE({A: U.d}),
        error=DerivationError,
        names=("A", "state"),
        right=lambda: MatrixSDE({X: U.d}),
    ),
    Refusal(
        id="no equations",
        wrong=lambda: MatrixSDE({}),
        error=DerivationError,
        names=("equations",),
        right=lambda: MatrixSDE({X: 0}),
    ),
    Refusal(
        id="unknown calculus",
        wrong=lambda: MatrixSDE({X: U.d}, calculus="Ito"),
        error=DerivationError,
        names=("calculus", "Ito", "stratonovich"),
        right=lambda: MatrixSDE({X: U.d}, calculus="ito"),
    ),
    Refusal(
        id="process in front of Stratonovich noise",
        wrong=lambda: MatrixSDE({X: Process("K", n, n) * U.d}, calculus="stratonovich").to_ito(),
        error=UnknownSymbolError,
        names=("K",),
        right=lambda: MatrixSDE({X: A * U.d}, calculus="stratonovich").to_ito(),
    ),
    Refusal(
        id="index that is no index",
        wrong=lambda: F[1],
        error=DerivationError,
        names=("F", "1", "index"),
        right=lambda: F[i],
    ),
    Refusal(
        id="sum over no index",
        wrong=lambda: total(tr(X), n),
        error=DerivationError,
        names=("n", "index"),
        right=lambda: total(tr(F[i]), i),
    ),
    Refusal(
        id="correlation of different shapes",
        wrong=lambda: MatrixSDE({X: U.d, x: beta.d}, correlation={(U, beta): Parameter("rho")}),
        error=DerivationError,
        names=("U", "beta"),
        right=lambda: MatrixSDE(
            {X: U.d, y: y * gamma.d, x: beta.d}, correlation={(gamma, beta): Parameter("rho")}
        ),
    ),
    Refusal(
        id="correlation above one",
        wrong=lambda: MatrixSDE({x: beta.d, y: gamma.d}, correlation={(beta, gamma): 2}),
        error=DerivationError,
        names=("2", "beta", "gamma"),
        right=lambda: MatrixSDE({x: beta.d, y: gamma.d}, correlation={(beta, gamma): -1}),
    ),
    Refusal(
        id="correlation of a noise with itself",
        wrong=lambda: MatrixSDE({x: beta.d}, correlation={(beta, beta): Parameter("rho")}),
        error=DerivationError,
        names=("beta",),
        right=lambda: MatrixSDE({x: beta.d}, correlation={}),
    ),
    Refusal(
        id="correlation of a noise that does not occur",
        wrong=lambda: MatrixSDE({x: beta.d}, correlation={(beta, gamma): Parameter("rho")}),
        error=DerivationError,
        names=("gamma",),
        right=lambda: MatrixSDE(
            {x: beta.d + gamma.d}, correlation={(beta, gamma): Parameter("rho")}
        ),
    ),
    Refusal(
        id="invertibility of no square matrix",
        wrong=lambda: MatrixSDE({x: beta.d}, assuming=[Q.invertible(W1)]),
        error=ShapeError,
        names=("W1", "p x l", "square"),
        right=lambda: MatrixSDE({x: beta.d}, assuming=[Q.invertible(A)]),
    ),
    Refusal(
        id="definiteness of no square matrix",
        wrong=lambda: Assumption(text="", condition=Q.positive_definite(W1)),
        error=ShapeError,
        names=("W1", "p x l", "square"),
        right=lambda: Assumption(text="", condition=Q.positive_definite(M)),
    ),
    Refusal(
        id="definiteness of a scalar",
        wrong=lambda: equal(x, x, assuming=[Q.positive_definite(x)]),
        error=ShapeError,
        names=("x is a scalar", "Q.positive"),
        right=lambda: equal(x, x, assuming=[Q.positive(x)]),
    ),
    Refusal(
        id="positivity of a matrix among others",
        wrong=lambda: sign_of(x, [And(Q.positive(A), x > 0)]),
        error=ShapeError,
        names=("A is n x n", "Q.positive_definite"),
        right=lambda: sign_of(x, [And(Q.positive(tr(A)), x > 0)]),
    ),
    Refusal(
        id="symmetry as a relation",
        wrong=lambda: flat.d(x, assuming=[Eq(A, A.T)]),
        error=ShapeError,
        names=("Eq(A, A.T)", "symmetric=True"),
        right=lambda: flat.d(x, assuming=[Eq(tr(A), 1)]),
    ),
    Refusal(
        id="a relation of matrices",
        wrong=lambda: flat.d(x, assuming=[Ne(A, X)]),
        error=ShapeError,
        names=("Ne(A, X)", "entry"),
        right=lambda: flat.d(x, assuming=[Ne(tr(A), tr(X))]),
    ),
    *(
        Refusal(
            id=f"support {support}",
            wrong=partial(_law, state, support),
            error=DerivationError,
            names=("support", names),
            right=partial(_law, state, (0, above)),
        )
        for state, support, names in (
            (x, (1, 0), "lower end first"),
            (x, (above, above), "lower end first"),
            (x, (oo, oo), "lower end first"),
            (x, (0,), "two ends"),
            (x, zoo, "two ends"),
            (x, (I, 1), "I is no end"),
            (x, (0, zoo), "zoo is no end"),
            (x, (nan, 1), "nan is no end"),
            (y, (-1, 1), "begin at 0"),
            (y, (-oo, oo), "begin at 0"),
        )
    ),
    *(
        Refusal(
            id=f"{field} that moves, {n}",
            wrong=partial(stated, wrong),
            error=DerivationError,
            names=(field, "has the time t", remedy),
            right=partial(stated, 1),
        )
        for n, (stated, field, wrong, remedy) in enumerate(
            (
                (_hitting, "level", 1 + t, "from the observable"),
                (_hitting, "level", lambda t: 1 + t, "from the observable"),
                (partial(_limit, LimitClaim), "value", t, "limit"),
                (partial(_limit, StationaryClaim), "value", 2 * t, "does not move"),
                (_density, "density", exp(-t * x**2), "does not move"),
                (_threshold, "threshold", t, "other parameters"),
            )
        )
    ),
    Refusal(
        id="no dimension",
        wrong=lambda: dims(""),
        error=DerivationError,
        names=("dims",),
        right=lambda: dims("q"),
    ),
    Refusal(
        id="empty stack",
        wrong=lambda: stack(),
        error=DerivationError,
        names=("stack",),
        right=lambda: stack(X),
    ),
    Refusal(
        id="explicit matrix in an equation",
        wrong=lambda: MatrixSDE({X: Matrix([[1]]) * dt}),
        error=DerivationError,
        names=("dX",),
        right=lambda: MatrixSDE({X: Identity(n) * dt}),
    ),
)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.id.replace(" ", "_"))
def test_wrong_input_is_refused_in_one_line_that_names_it(case: Refusal) -> None:
    check_refused(case)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.id.replace(" ", "_"))
def test_valid_neighbour_is_taken(case: Refusal) -> None:
    shown(case.right())
