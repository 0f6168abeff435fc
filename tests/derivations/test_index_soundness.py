"""What depends on an index stays under its sum: false equalities are not taken for proofs."""

from __future__ import annotations

import pytest
from sympy import Identity, exp

from derivations import (
    Brownian,
    BrownianFamily,
    DerivationError,
    Family,
    MatrixSDE,
    Parameter,
    State,
    Status,
    det,
    dims,
    dt,
    equal,
    index,
    total,
    tr,
)

n, m = dims("n m")
c, x, V, X = Family("c"), Family("x", m), State("V", m), State("X")
i, j, h = index("i", n), index("j", n), index("h", m)
beta = BrownianFamily("beta")

FALSE = {
    "function of a member": (total(exp(c[i]) * c[i], i), total(exp(c[i]), i) * total(c[i], i) / n),
    "function of a trace": (
        total(1 / (1 + exp(tr(x[i].T * V))), i),
        n / (1 + exp(tr(x[i].T * V))),
    ),
    "reciprocal": (total(1 / c[i], i), n / c[i]),
    "the index itself": (total(i, i), n * i),
    "determinant": (
        total(det(x[i] * x[i].T + c[i] * Identity(m)), i),
        n * det(x[i] * x[i].T + c[i] * Identity(m)),
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_equality_is_not_proved(name: str) -> None:
    assert equal(*FALSE[name]).status is not Status.EQUAL


def test_a_function_of_a_member_follows_its_index() -> None:
    assert equal(total(exp(c[i]) * c[i], i), total(c[j] * exp(c[j]), j))
    drift = MatrixSDE({X: total(exp(c[i]) * beta[i].d, i)}).d(X**2).drift
    assert equal(drift, total(exp(2 * c[i]), i))
    decay = MatrixSDE({X: total(exp(-c[i] * X), i) * dt}).d(X**2).drift
    assert equal(decay, 2 * X * total(exp(-c[i] * X), i))


P = Parameter("P", m, m)
w = {
    "general": Brownian("w", m, row_covariance=P),
    "negative": Brownian("w", m, row_covariance=-Identity(m)),
    "of the state": Brownian("w", m, row_covariance=V * V.T),
}


@pytest.mark.parametrize(
    ("name", "named"), [("general", "P"), ("negative", "-I"), ("of the state", "V")]
)
def test_an_impossible_covariance_is_refused(name: str, named: str) -> None:
    with pytest.raises(DerivationError, match=named):
        MatrixSDE({V: w[name].d})


def test_a_gram_covariance_is_taken() -> None:
    noise = Brownian("w", m, row_covariance=P.T * P)
    assert equal(MatrixSDE({V: noise.d}).d(tr(V * V.T)).drift, tr(P * P.T))


def test_a_family_of_two_ranges_is_refused() -> None:
    with pytest.raises(DerivationError, match="dbeta"):
        MatrixSDE({X: total(beta[i].d, i), State("Y"): total(beta[h].d, h)})


def test_a_correlation_beside_a_covariance_is_refused() -> None:
    first, second = Brownian("w", m, row_covariance=P.T * P), Brownian("u", m)
    with pytest.raises(DerivationError, match="covariance of its own"):
        MatrixSDE({V: first.d + second.d}, correlation={(first, second): 1})
