"""Wrong input: one clear line that names what is wrong, and its valid neighbour is taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sympy import (
    Abs,
    Function,
    HadamardProduct,
    Heaviside,
    Identity,
    Matrix,
    MatrixSymbol,
    Max,
    Q,
    Rational,
    Symbol,
    cos,
    exp,
    floor,
    log,
    sign,
    sqrt,
)

from derivations import (
    Brownian,
    BrownianFamily,
    DerivationError,
    Family,
    MatrixSDE,
    Parameter,
    Process,
    State,
    Status,
    det,
    dims,
    dt,
    entry,
    equal,
    index,
    logdet,
    positive,
    stack,
    t,
    total,
    tr,
)
from derivations.errors import (
    AssumptionError,
    NonlinearNoiseError,
    ShapeError,
    UnknownSymbolError,
)

p, k, l, n = dims("p k l n")
W1, W2, B = State("W1", p, l), State("W2", l, k), Brownian("B", p, k)
X, U, A = State("X", n, n), Brownian("U", n, n), Parameter("A", n, n)
R, C = Process("R", p, k), Parameter("C", p, p, positive_definite=True)
x, y, beta, gamma = State("x"), State("y", positive=True), Brownian("beta"), Brownian("gamma")
foreign, foreign_matrix = Symbol("foreign"), MatrixSymbol("Foreign", n, n)
i = index("i", n)
F, betas = Family("F", n, n), BrownianFamily("betas")
theta = stack(W1, W2.T)
M = theta * theta.T
network = MatrixSDE({W1: R * W2.T * dt + B.d * W2.T, W2: W1.T * R * dt + W1.T * B.d})
flat = MatrixSDE({X: A * X * dt + U.d, x: x * beta.d, y: y * gamma.d})


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A request that is refused, the error, what its line names, and a neighbour that is taken."""

    id: str
    wrong: Callable[[], Any]
    error: type[DerivationError]
    names: tuple[str, ...]
    right: Callable[[], Any]


REFUSALS = (
    # shapes
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
        id="observable that does not conform",
        wrong=lambda: network.d(tr(W2.T * W1 * W2 * W1.T)),
        error=ShapeError,
        names=("W1", "W2"),
        right=lambda: network.d(tr(W1 * W2 * W2.T * W1.T)),
    ),
    Refusal(
        id="sum of two shapes",
        wrong=lambda: flat.d(tr(X + stack(X, X))),
        error=DerivationError,
        names=("X",),
        right=lambda: flat.d(tr(X + X.T)),
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
        id="inverse of a non-square word",
        wrong=lambda: network.d((W1 * W2).I),
        error=DerivationError,
        names=("W1*W2",),
        right=lambda: network.d((W1 * W1.T + C).I),
    ),
    # noise
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
        id="differential in an observable",
        wrong=lambda: flat.d(tr(A * U.d)),
        error=DerivationError,
        names=("dU",),
        right=lambda: flat.d(tr(A * X)),
    ),
    Refusal(
        id="family of noises without its sum",
        wrong=lambda: MatrixSDE({X: F[i] * betas[i].d}),
        error=DerivationError,
        names=("i",),
        right=lambda: MatrixSDE({X: total(F[i] * betas[i].d, i)}),
    ),
    # symbols
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
        id="unknown scalar in an observable",
        wrong=lambda: flat.d(foreign * tr(X)),
        error=UnknownSymbolError,
        names=("foreign",),
        right=lambda: flat.d(t * tr(X)),
    ),
    Refusal(
        id="unknown matrix in an observable",
        wrong=lambda: flat.d(tr(foreign_matrix * X)),
        error=UnknownSymbolError,
        names=("Foreign",),
        right=lambda: flat.d(tr(A * X)),
    ),
    Refusal(
        id="state of another system",
        wrong=lambda: flat.d(tr(W1 * W1.T)),
        error=UnknownSymbolError,
        names=("W1",),
        right=lambda: network.d(tr(W1 * W1.T)),
    ),
    Refusal(
        id="state without an equation",
        wrong=lambda: MatrixSDE({W1: B.d * W2.T}),
        error=UnknownSymbolError,
        names=("dW1", "W2", "equation"),
        right=lambda: MatrixSDE({W1: B.d * W2.T, W2: W2 * dt}),
    ),
    Refusal(
        id="process in an observable",
        wrong=lambda: network.d(tr(R.T * W1 * W2)),
        error=UnknownSymbolError,
        names=("R",),
        right=lambda: network.d(tr(Parameter("R0", p, k).T * W1 * W2)),
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
        id="free index in an observable",
        wrong=lambda: flat.d(tr(F[i] * X)),
        error=DerivationError,
        names=("i",),
        right=lambda: flat.d(total(tr(F[i] * X), i)),
    ),
    # correlations
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
    # assumptions
    Refusal(
        id="log determinant of a general matrix",
        wrong=lambda: flat.d(logdet(X)),
        error=AssumptionError,
        names=("X", "positive definite"),
        right=lambda: flat.d(logdet(X), assuming=[Q.positive_definite(X)]),
    ),
    Refusal(
        id="log determinant of a Gram matrix that may be singular",
        wrong=lambda: network.d(logdet(M)),
        error=AssumptionError,
        names=("positive definite",),
        right=lambda: network.d(logdet(M), assuming=[Q.positive_definite(M)]),
    ),
    Refusal(
        id="log determinant with another matrix declared",
        wrong=lambda: network.d(logdet(M), assuming=[Q.positive_definite(theta.T * theta)]),
        error=AssumptionError,
        names=("positive definite",),
        right=lambda: network.d(logdet(M + Identity(p + k))),
    ),
    Refusal(
        id="log of a state of unknown sign",
        wrong=lambda: flat.d(log(x)),
        error=AssumptionError,
        names=("x", "positive"),
        right=lambda: flat.d(log(y)),
    ),
    Refusal(
        id="root of a state of unknown sign",
        wrong=lambda: flat.d(sqrt(x)),
        error=AssumptionError,
        names=("x", "positive"),
        right=lambda: flat.d(sqrt(x**2 + 1)),
    ),
    Refusal(
        id="log of a trace of unknown sign",
        wrong=lambda: flat.d(log(tr(X))),
        error=AssumptionError,
        names=("X", "positive"),
        right=lambda: flat.d(log(1 + tr(X.T * X))),
    ),
    # functions
    *(
        Refusal(
            id=f"{function.__name__} is not smooth",
            wrong=lambda function=function: flat.d(function(x)),
            error=DerivationError,
            names=(function.__name__,),
            right=lambda: flat.d(cos(x)),
        )
        for function in (Abs, sign, floor, Heaviside)
    ),
    Refusal(
        id="maximum is not smooth",
        wrong=lambda: flat.d(Max(x, 0)),
        error=DerivationError,
        names=("Max",),
        right=lambda: flat.d(log(exp(x) + 1)),
    ),
    Refusal(
        id="fractional power of a matrix",
        wrong=lambda: flat.d(tr(X ** Rational(1, 2))),
        error=DerivationError,
        names=("X", "1/2"),
        right=lambda: flat.d(tr(X**-2)),
    ),
    Refusal(
        id="product entry by entry",
        wrong=lambda: flat.d(HadamardProduct(X, X)),
        error=DerivationError,
        names=("HadamardProduct",),
        right=lambda: flat.d(X * X),
    ),
    Refusal(
        id="entry that SymPy expanded",
        wrong=lambda: flat.d((X * X.T)[0, 0]),
        error=DerivationError,
        names=("entry",),
        right=lambda: flat.d(entry(X * X.T, 0, 0)),
    ),
    Refusal(
        id="entry outside",
        wrong=lambda: entry(State("Z", 2, 3), 2, 0),
        error=DerivationError,
        names=("Z", "2"),
        right=lambda: entry(State("Z", 2, 3), 1, 2),
    ),
    Refusal(
        id="text for an observable",
        wrong=lambda: flat.d("tr(X)"),
        error=DerivationError,
        names=("tr(X)",),
        right=lambda: flat.d(3),
    ),
    # names
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
    Refusal(
        id="covariation of matrices",
        wrong=lambda: flat.covariation(X, tr(X)),
        error=DerivationError,
        names=("scalar",),
        right=lambda: flat.covariation(entry(X, 0, 0), tr(X)),
    ),
)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.id.replace(" ", "_"))
def test_wrong_input_is_refused_in_one_line_that_names_it(case: Refusal) -> None:
    with pytest.raises(case.error) as caught:
        shown(case.wrong())
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    for name in case.names:
        assert re.search(rf"(?<![A-Za-z]){re.escape(name)}", message), (name, message)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.id.replace(" ", "_"))
def test_valid_neighbour_is_taken(case: Refusal) -> None:
    shown(case.right())


def shown(result: Any) -> None:
    """Force what is computed when it is asked for."""
    if hasattr(result, "drift") and not isinstance(result, MatrixSDE):
        assert result.drift is not None
        assert result.martingale is not None


def test_functions_that_are_smooth_everywhere_need_no_assumption() -> None:
    df = flat.d(cos(x) * exp(x))
    assert equal(df.drift, (x**2 / 2) * (exp(x) * cos(x)).diff(x, 2)).status is Status.EQUAL


def test_process_may_stand_in_drift_and_in_front_of_noise() -> None:
    sigma = Process("sigma")
    sde = MatrixSDE({x: sigma * beta.d})
    assert equal(sde.generator(x**2), sigma**2).status is Status.EQUAL


def test_two_letters_of_one_name_are_two_letters() -> None:
    """A state W1 and a parameter W1 are not confused."""
    other = Parameter("W1", p, l)
    df = network.d(tr(other.T * W1))
    assert equal(df.drift, tr(other.T * R * W2.T)).status is Status.EQUAL
    assert equal(df.drift, tr(W1.T * R * W2.T)).status is Status.DIFFERENT


def test_zero_equation_is_a_constant_state() -> None:
    sde = MatrixSDE({X: 0, x: x * beta.d})
    assert sde.generator(tr(X)) == 0
    assert equal(sde.generator(x**2 * tr(X)), x**2 * tr(X)).status is Status.EQUAL


def test_repeated_noise_is_one_noise() -> None:
    again = Brownian("beta")
    sde = MatrixSDE({x: beta.d + again.d})
    assert equal(sde.generator(x**2), 4).status is Status.EQUAL
    assert equal(sde.generator(x**2), 2).status is Status.DIFFERENT


def test_constant_has_no_differential() -> None:
    df = flat.d(3)
    assert df.drift == 0
    assert df.martingale == 0


def test_unspecified_smooth_function_obeys_the_chain_rule() -> None:
    g = Function("g")
    df = flat.d(g(t, x))
    assert equal(df.drift, g(t, x).diff(t) + x**2 / 2 * g(t, x).diff(x, 2)).status is Status.EQUAL
    assert equal(df.martingale, x * g(t, x).diff(x) * beta.d).status is Status.EQUAL
    assert equal(df.drift, g(t, x).diff(t) + x**2 * g(t, x).diff(x, 2)).status is Status.DIFFERENT


def test_concrete_sizes_are_sizes() -> None:
    """Wishart with n = 2, m = 3: (m−n−1) tr S⁻¹ = 0, and d tr S = 6 dt + ..."""
    Z, W = State("Z", 2, 3), Brownian("W", 2, 3)
    sde = MatrixSDE({Z: W.d}, assuming=[Q.positive_definite(Z * Z.T)])
    assert equal(sde.generator(logdet(Z * Z.T)), 0).status is Status.EQUAL
    assert equal(sde.generator(tr(Z * Z.T)), 6).status is Status.EQUAL
    assert equal(sde.generator(tr(Z * Z.T)), 5).status is Status.DIFFERENT
