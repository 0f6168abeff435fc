"""Wrong observables and missing assumptions: one clear line; the valid neighbour is taken."""

from __future__ import annotations

import pytest
from sympy import (
    Abs,
    Function,
    HadamardProduct,
    Heaviside,
    Identity,
    Max,
    Q,
    Rational,
    cos,
    exp,
    floor,
    log,
    sign,
    sqrt,
)

from derivations import (
    Brownian,
    DerivationError,
    MatrixSDE,
    Parameter,
    Process,
    State,
    Status,
    entry,
    equal,
    logdet,
    stack,
    t,
    total,
    tr,
)
from derivations.errors import (
    AssumptionError,
    ShapeError,
    UnknownSymbolError,
)
from tests.derivations.refusals import (
    W1,
    W2,
    A,
    C,
    F,
    M,
    R,
    Refusal,
    U,
    X,
    beta,
    check_refused,
    flat,
    foreign,
    foreign_matrix,
    i,
    k,
    l,
    network,
    p,
    shown,
    theta,
    x,
    y,
)

REFUSALS = (
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
        id="inverse of a non-square word",
        wrong=lambda: network.d((W1 * W2).I),
        error=DerivationError,
        names=("W1*W2",),
        right=lambda: network.d((W1 * W1.T + C).I),
    ),
    Refusal(
        id="differential in an observable",
        wrong=lambda: flat.d(tr(A * U.d)),
        error=DerivationError,
        names=("dU",),
        right=lambda: flat.d(tr(A * X)),
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
        id="process in an observable",
        wrong=lambda: network.d(tr(R.T * W1 * W2)),
        error=UnknownSymbolError,
        names=("R",),
        right=lambda: network.d(tr(Parameter("R0", p, k).T * W1 * W2)),
    ),
    Refusal(
        id="free index in an observable",
        wrong=lambda: flat.d(tr(F[i] * X)),
        error=DerivationError,
        names=("i",),
        right=lambda: flat.d(total(tr(F[i] * X), i)),
    ),
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
    check_refused(case)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.id.replace(" ", "_"))
def test_valid_neighbour_is_taken(case: Refusal) -> None:
    shown(case.right())


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
