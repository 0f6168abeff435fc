"""The answers of `equal` against values entry by entry: proofs, never guesses."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sympy import Identity, Q, Rational, ZeroMatrix, cos, exp, log, sin, sqrt

from derivations import (
    Brownian,
    Family,
    MatrixSDE,
    Parameter,
    S,
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
    total,
    tr,
)
from tests.derivations import componentwise as literal
from tests.derivations.literal_values import draw
from tests.derivations.random_words import Words

p, k, n = dims("p k n")
X, Y = State("X", p, k), State("Y", k, p)
V = State("V", k, k)
A, B = Parameter("A", n, n), Parameter("B", n, n)
C = Parameter("C", n, n, positive_definite=True)
H = Parameter("H", n, n, symmetric=True)
x, y, c = State("x", positive=True), State("y"), positive("c")
i, j = index("i", n), index("j", n)
F, G, f, g = Family("F", p, k), Family("G", p, k), Family("f"), Family("g")
In, Ip, Ik = Identity(n), Identity(p), Identity(k)
theta = stack(X, Y.T)

IDENTITIES = (
    (tr(A * B), tr(B * A)),
    (tr(A * B), tr(B.T * A.T)),
    (tr(A * B * A * B * B), tr(B * B * A * B * A)),
    (tr(A + 2 * B.T), tr(A) + 2 * tr(B)),
    (tr(A * A.I), n),
    (A * B * B.I * A.I, In),
    ((A * B).I, B.I * A.I),
    ((A.T).I, (A.I).T),
    ((2 * A).I, A.I / 2),
    (tr(A * B.I * A.I), tr(B.I)),
    (C.T, C),
    (C.I.T, C.I),
    (tr(H * A), tr(H * A.T)),
    (tr(C * H * A), tr(A.T * H * C)),
    (det(A * B), det(A) * det(B)),
    (det(A.T), det(A)),
    (det(A.I), 1 / det(A)),
    (det(2 * A), 2**n * det(A)),
    (det(A) * det(A.I), 1),
    (logdet(C * C), 2 * logdet(C)),
    (logdet(C.I), -logdet(C)),
    ((A + B) ** 2, A**2 + A * B + B * A + B**2),
    (tr((A + A.T) ** 2), 2 * tr(A**2) + 2 * tr(A * A.T)),
    ((C + A * A.T) * (C + A * A.T).I, In),
    ((C + A * A.T).I * (C + A * A.T) * B, B),
    (tr((C + A * A.T).I * C) + tr((C + A * A.T).I * A * A.T), n),
    (theta.T * theta, X.T * X + Y * Y.T),
    (tr(theta * theta.T), tr(X * X.T) + tr(Y * Y.T)),
    (S(X).T, S(X)),
    (tr(S(X) ** 2), 2 * tr(X * X.T)),
    (S(X) * stack(X, V), stack(X * V, X.T * X)),
    (tr(S(X) ** 3), 0),
    (total(f[i], i) * total(g[j], j), total(total(f[i] * g[j], j), i)),
    (total(f[i], i) ** 2, total(total(f[i] * f[j], j), i)),
    (total(c * f[i], i), c * total(f[i], i)),
    (total(c, i), n * c),
    (total(total(f[j], i), j), n * total(f[j], j)),
    (total(f[i] * tr(F[i].T * X), i), tr(total(f[j] * F[j], j).T * X)),
    (total(F[i], i).T * total(G[i], i), total(total(F[j].T * G[i], i), j)),
    (total(f[i] + g[i], i), total(f[j], j) + total(g[i], i)),
    (entry(A * B, 0, 1), entry(B.T * A.T, 1, 0)),
    (entry(X, 0, 0) * tr(A), tr(A) * entry(X.T, 0, 0)),
    (log(x**2), 2 * log(x)),
    (sqrt(x) ** 2, x),
    (exp(y) * exp(-y), 1),
    ((x + y) ** 2 / x - y**2 / x, x + 2 * y),
    (sqrt(4 * c), 2 * sqrt(c)),
    (1 / (1 + y**2) + y**2 / (1 + y**2), 1),
    (A**0, In),
    (ZeroMatrix(n, n) + A, A),
)  # fmt: skip

# True, but beyond the rules: EQUAL or CANNOT TELL, and never DIFFERENT.
BEYOND = (
    ((Ip + X * X.T).I * X, X * (Ik + X.T * X).I),
    ((Ip + X * X.T).I, Ip - X * (Ik + X.T * X).I * X.T),
    (det(Ip + X * X.T), det(Ik + X.T * X)),
    (logdet(Ip + X * X.T), logdet(Ik + X.T * X)),
    ((A + B).I, A.I * (A.I + B.I).I * B.I),
    (A * (A + B).I * B, B * (A + B).I * A),
    (sin(y) ** 2 + cos(y) ** 2, 1),
    (det(In + A * B), det(In + B * A)),
    (sqrt(y**2 + 2 * y * x + x**2) ** 2, (x + y) ** 2),
    (tr((C + A * A.T).I * A * A.T), tr(A.T * (C + A * A.T).I * A)),
)

DIFFERENCES = (
    (tr(A * B), tr(A.T * B)),
    (tr(A) ** 2, tr(A**2)),
    (tr(A * B * C), tr(B * A * C)),
    (A * B, B * A),
    (A.I, A.I.T),
    (det(A + B), det(A) + det(B)),
    (det(2 * A), 2 * det(A)),
    (tr(A.I), 1 / tr(A)),
    (total(f[i] ** 2, i), total(f[i], i) ** 2),
    (total(f[i] * g[i], i), total(f[i], i) * total(g[i], i)),
    (total(tr(F[i] * F[i].T), i), tr(total(F[i], i) * total(F[i], i).T)),
    (total(c, i), c),
    (theta.T * theta, X.T * X),
    (tr(S(X) ** 2), tr(X * X.T)),
    (tr(X * X.T), tr(Y * Y.T)),
    (entry(A, 0, 1), entry(A, 1, 0)),
    (C * H, H * C),
    (H.I, H),
    (sqrt(c), c),
    (n * p, n * k),
    ((n - 1) * (p - 1) * tr(A), 0),
    ((n - 1) * (n - 2) * c, 0),
    (x + y, x - y),
    (log(x), x - 1),
    (exp(y), 1 + y + y**2 / 2),
    (det(Ip + X * X.T), det(Ip + X * X.T) + Rational(1, 10**9)),
    ((Ip + X * X.T).I, Ip - X * X.T),
)  # fmt: skip


@pytest.mark.parametrize(("a", "b"), IDENTITIES, ids=lambda e: str(e)[:40])
def test_identity_is_proved(a: Any, b: Any) -> None:
    assert equal(a, b).status is Status.EQUAL
    assert equal(b, a).status is Status.EQUAL


@pytest.mark.parametrize(("a", "b"), BEYOND, ids=lambda e: str(e)[:40])
def test_identity_beyond_the_rules_is_never_refuted(a: Any, b: Any) -> None:
    found = equal(a, b)
    assert found.status is not Status.DIFFERENT
    assert found.reason


@pytest.mark.parametrize(("a", "b"), DIFFERENCES, ids=lambda e: str(e)[:40])
def test_difference_is_proved(a: Any, b: Any) -> None:
    found = equal(a, b)
    assert found.status is Status.DIFFERENT
    assert found.point is not None


def test_shapes_that_differ_are_different() -> None:
    assert equal(X, Y).status is Status.DIFFERENT
    assert equal(X, tr(A)).status is Status.DIFFERENT


def test_martingale_parts_are_compared_as_letters() -> None:
    W, V = Brownian("W", p, k), Brownian("V", p, k)
    assert equal(tr(Y * W.d), tr(W.d.T * Y.T)).status is Status.EQUAL
    assert equal(tr(Y * W.d), tr(Y * V.d)).status is Status.DIFFERENT
    assert equal(tr(Y * W.d), 0).status is Status.DIFFERENT


def test_assumption_decides() -> None:
    """|tr A| has no sign of its own; under the declared one the root is its square's."""
    M = X * X.T
    facts = [Q.positive_definite(M)]
    assert equal(log(det(M) ** 2), 2 * logdet(M), assuming=facts).status is Status.EQUAL
    assert equal(logdet(M), 0, assuming=facts).status is Status.DIFFERENT


def test_assumption_that_nothing_meets_proves_nothing() -> None:
    """Without an admissible point there is no difference to see."""
    impossible = [Q.positive_definite(-X * X.T)]
    assert equal(tr(X * X.T), 1, assuming=impossible).status is Status.CANNOT_TELL


@pytest.mark.parametrize("seed", range(40))
def test_answer_agrees_with_values(seed: int) -> None:
    """A random word beside itself moved about, and beside itself changed in one place."""
    rng = random.Random(seed)
    words = Words(rng)
    a = words.matrix(p, k, 2)
    b = words.matrix(k, p, 1)
    right = tr((b * a).T) if rng.random() < 0.5 else tr(b * a)
    wrong = tr(a * b) + rng.choice([1, -1]) * tr(a.T * words.matrix(p, k, 0))
    assert equal(tr(a * b), right).status is not Status.DIFFERENT
    sde = MatrixSDE({State("u"): 0 * dt + Brownian("w").d})
    for other in (right, wrong):
        status = equal(tr(a * b), other).status
        same = all(
            literal.same(point.value(tr(a * b)), point.value(other))
            for sizes in (
                {p: 2, k: 3, n: 2},
                {p: 3, k: 2, n: 3},
            )
            for point in [draw(sde, a, b, other, sizes=sizes, seed=seed)]
        )
        assert status is not (Status.DIFFERENT if same else Status.EQUAL)
