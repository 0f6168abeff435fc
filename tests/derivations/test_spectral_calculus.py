"""Eigenvalues and projectors: the perturbation equations, power sums, known diffusions, hygiene.

Every identity stands beside a wrong one that must not be proved.
"""

from itertools import pairwise

import pytest
from sympy import Abs, Q, Rational, log, sqrt

from derivations import (
    Brownian,
    DerivationError,
    Family,
    MatrixSDE,
    Parameter,
    Process,
    State,
    dims,
    dt,
    eigenvalues,
    entry,
    equal,
    positive,
    real,
    singular_values,
    stack,
    total,
    tr,
)
from derivations.basis import Basis, FormAlgebra, form
from derivations.equality import vanishes
from derivations.errors import AssumptionError, ShapeError
from derivations.facts import Facts
from derivations.forms import Form
from derivations.perturbation import Perturbation

n, m_, p, k, l = dims("n m p k l")
gamma, q = positive("gamma"), real("q")
A = Parameter("A", n, n, symmetric=True)
D, F = Parameter("D", n, n), Parameter("F", n, n)
lam = eigenvalues(A)
i, j, m = lam.indices("i j m")
E = lam.projector


def weight(matrix, index):
    return tr(E(index) * matrix)


def status(a, b):
    return equal(a, b).status.name


# What the language knows ------------------------------------------------------------------------


def test_the_perturbation_equations_hold_to_second_order():
    algebra = FormAlgebra(Basis(), Facts())
    change = Form.letter(Parameter("D", n, n, symmetric=True))
    moved = Perturbation(algebra.spectral(A), i)
    assert all(map(vanishes, moved.residuals(change)))
    # The same equations refuse a first order term of the wrong sign.
    wrong = -moved.projector_first(change)
    left = change * moved.projector + moved.spectral.form * wrong
    right = moved.value_first(change) * moved.projector + moved.value * wrong
    assert not vanishes(left - right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (total(E(i), i), E(i) + total(E(j), j, excluding=i)),
        (tr(A * D), total(lam[i] * weight(D, i), i)),
        (tr(A * A * A), total(lam[i] ** 3, i)),
        (E(i) * D * E(i), weight(D, i) * E(i)),
        (E(i) * A * A, lam[i] ** 2 * E(i)),
        (tr(E(i) * D * E(j) * F * E(i)), tr(E(j) * F * E(i) * D)),
        (
            total(lam[j] / (lam[i] - lam[j]) * weight(D, j), j, excluding=i) + tr(D),
            total(lam[i] / (lam[i] - lam[j]) * weight(D, j), j, excluding=i) + weight(D, i),
        ),
    ],
)
def test_completeness_and_eigen_relations(left, right):
    assert status(left, right) == "EQUAL"
    assert status(2 * left, right) == "DIFFERENT"


def test_partial_fractions_cancel_under_symmetric_sums():
    body = 1 / ((lam[i] - lam[j]) * (lam[i] - lam[m]))
    whole = total(total(total(body, i, excluding=(j, m)), j, excluding=m), m)
    assert status(whole, 0) == "EQUAL"
    # Only the sum over all three cancels.
    assert status(total(body, i, excluding=(j, m)), 0) == "DIFFERENT"


HIDDEN = [
    # The index i cancels out of the term, and with it what it had kept j from.
    lam[i] * total(weight(D, j) * weight(F, j), j, excluding=i) / lam[i],
    total(weight(D, j) * weight(F, j) * (lam[i] - lam[j]) / (lam[i] - lam[j]), j, excluding=i),
    total(weight(D, j) * weight(F, j) * tr(E(i)), j, excluding=i),
]


@pytest.mark.parametrize("expression", HIDDEN)
def test_a_cancelled_index_keeps_what_it_left_out(expression):
    every = total(weight(D, j) * weight(F, j), j)
    assert status(expression, every - weight(D, i) * weight(F, i)) == "EQUAL"
    assert status(expression, every) == "DIFFERENT"


def test_different_free_indices_are_different():
    assert status(E(i) * E(j), 0 * E(i)) == "EQUAL"
    without = total(weight(D, m), m, excluding=(i, j))
    assert status(without, tr(D) - weight(D, i) - weight(D, j)) == "EQUAL"
    assert status(without, tr(D) - weight(D, i)) == "DIFFERENT"


def test_a_range_that_is_too_short_leaves_no_term():
    small = Parameter("A", 2, 2, symmetric=True)
    mu = eigenvalues(small)
    a, b, c = mu.indices("a b c")
    assert status(total(1 / (mu[a] - mu[c]), c, excluding=(a, b)), 0) == "EQUAL"
    assert status(total(mu[c], c), tr(small)) == "EQUAL"


# Power sums ---------------------------------------------------------------------------------------

W1, W2 = State("W1", p, l), State("W2", l, k)
R = Process("R", p, k)
C = Parameter("C", p, p, positive_definite=True)
B = Brownian("B", p, k, row_covariance=C)
first = eigenvalues(W1 * W1.T)
a, b = first.indices("a b")


def network(*facts):
    dG = R * dt + B.d
    return MatrixSDE({W1: dG * W2.T, W2: W1.T * dG}, assuming=facts)


@pytest.mark.parametrize("power", range(1, 7))
def test_power_sums_drift_as_traces_do(power):
    system = network(first.distinct)
    eigen, trace = system.d(first[a] ** power), system.d(tr((W1 * W1.T) ** power))
    assert status(total(eigen.drift, a), trace.drift) == "EQUAL"
    assert status(total(eigen.martingale, a), trace.martingale) == "EQUAL"
    assert status(total(eigen.drift, a), 2 * trace.drift) == "DIFFERENT"


def test_eigenvalues_of_a_stack_know_their_blocks():
    theta = stack(W1, W2.T)
    M = theta * theta.T
    mu = eigenvalues(M)
    x = mu.indices("x")
    system = network(mu.distinct)
    assert status(total(system.d(mu[x] ** 2).drift, x), system.d(tr(M * M)).drift) == "EQUAL"


def test_projectors_move_as_eigenvalues_say():
    """d(Σ λ_i E_i) = dS, and d tr E_i = 0."""
    system = network(first.distinct)
    whole = system.d(total(first[a] * first.projector(a), a))
    assert status(whole.drift, system.d(W1 * W1.T).drift) == "EQUAL"
    assert status(tr(system.d(first.projector(a)).drift), 0) == "EQUAL"


# Known diffusions ---------------------------------------------------------------------------------


def test_dyson_in_both_normalisations():
    G, H = Brownian("G", n, n), State("H", n, n)
    x = eigenvalues(H + H.T)
    u, v = x.indices("u v")
    for scale in (1 / sqrt(2), Rational(1, 2)):
        d = MatrixSDE({H: scale * G.d}, assuming=[x.distinct]).d(x[u])
        repulsion = total(1 / (x[u] - x[v]), v, excluding=u)
        assert status(d.drift, scale**2 * 2 * repulsion) == "EQUAL"
        assert status(d.covariation(), 4 * scale**2) == "EQUAL"


def test_wishart():
    X = State("X", p, m_)
    x = eigenvalues(X * X.T)
    u, v = x.indices("u v")
    d = MatrixSDE({X: Brownian("G", p, m_).d}, assuming=[x.distinct]).d(x[u])
    repulsion = total((x[u] + x[v]) / (x[u] - x[v]), v, excluding=u)
    assert status(d.drift, m_ + repulsion) == "EQUAL"
    assert status(d.covariation(), 4 * x[u]) == "EQUAL"
    assert status(d.drift, p + repulsion) == "DIFFERENT"


def test_singular_values_of_rectangular_brownian_motion():
    X = State("X", p, m_)
    sigma = singular_values(X)
    u, v = sigma.indices("u v")
    x = sigma.squares
    system = MatrixSDE({X: Brownian("G", p, m_).d}, assuming=[x.distinct, x.positive])
    d = system.d(sigma[u])
    drift = (m_ - p) / sigma[u] / 2 + total(
        (1 / (sigma[u] - sigma[v]) + 1 / (sigma[u] + sigma[v])) / 2, v, excluding=u
    )
    assert status(d.drift, drift) == "EQUAL"
    assert status(d.covariation(), 1) == "EQUAL"


def test_the_log_gap_of_two_eigenvalues():
    """For 2 × 2 it is a local martingale; in general the others push."""
    X, G = State("X", n, n), Brownian("G", n, n)
    x = eigenvalues(X + X.T)
    u, v, w = x.indices("u v w")
    system = MatrixSDE({X: G.d / 2}, assuming=[x.distinct])
    drift = system.d(log(Abs(x[u] - x[v]))).drift
    others = total(1 / ((x[u] - x[w]) * (x[v] - x[w])), w, excluding=(u, v))
    assert status(drift, -others / 2) == "EQUAL"
    assert status(drift, others / 2) == "DIFFERENT"


def test_a_derivation_of_an_eigenvalue_is_checked_step_by_step():
    system = network(first.distinct)
    derivation = system.d(first[a]).derivation
    assert [step.before for step in derivation.steps[1:]] == [
        step.after for step in derivation.steps[:-1]
    ]
    assert all(x.after == y.before for x, y in pairwise(derivation.steps))
    assert first.distinct in derivation.used


# Wrong input --------------------------------------------------------------------------------------


def test_distinctness_that_nobody_declared_is_named():
    assert first.distinct in network().d(first[a]).derivation.implied


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: eigenvalues(W1), ShapeError, "square"),
        (lambda: network().d(eigenvalues(W1 * W2 * W2.T * W1.T * C)[a]), DerivationError, "symm"),
        (lambda: first[i], DerivationError, "lam.indices"),
        (lambda: network(first.distinct).d(sqrt(first[a])), AssumptionError, "positive definite"),
        (lambda: network().d(Family("c")[a] * entry(W1, 0, 0)), DerivationError, "free"),
    ],
)
def test_wrong_input_is_refused_in_one_line(make, error, words):
    with pytest.raises(error, match=words) as raised:
        make()
    assert "\n" not in str(raised.value)


def test_positive_eigenvalues_come_from_a_declared_matrix():
    system = network(first.distinct, first.positive)
    assert Q.positive_definite(W1 * W1.T) in system.d(log(first[a])).facts.used
    drift = system.d(first[a] ** q).drift
    assert status(drift.subs(q, 1), system.d(first[a]).drift) == "EQUAL"


def test_a_sum_that_reaches_a_pole_is_refused():
    with pytest.raises(DerivationError, match="excluding=i"):
        form(total(weight(D, j) / (lam[i] - lam[j]), j))
    assert status(total(weight(D, j) / (lam[i] - lam[j]), j), 0) == "CANNOT_TELL"
    inner = total(1 / (lam[i] - lam[j]), j, excluding=i)
    assert status(total(inner, i), 0) == "EQUAL"
