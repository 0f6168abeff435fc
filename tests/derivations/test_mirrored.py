"""Traces that are their own mirror images: one normal form from whichever side they are read."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sympy import Rational

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    MatrixSDE,
    Parameter,
    State,
    dims,
    dt,
    eigenvalues,
    equal,
    positive,
    total,
    tr,
)
from derivations.derive import derived_covariation
from derivations.equality import Status
from derivations.mirrored import Relation, mirrored_step
from derivations.words import Factor, canonical_cycle, factor, transpose_word

n, m = dims("n m")
G, H, W, V = State("G", n, n), State("H", n, n), State("W", n, m), State("V", n, m)
A = Parameter("A", n, n)
B = Brownian("B", n, n)
a, s = positive("a"), positive("sigma")

lam = eigenvalues(G + G.T)
i, j = lam.indices("i j")
E = lam.projector
two = eigenvalues(G + G.T + H + H.T)
k = two.indices("k")
K = two.projector
word = eigenvalues(G * H + H.T * G.T)
q = word.indices("q")
cross = eigenvalues(W * V.T + V * W.T)
r = cross.indices("r")
mixed = eigenvalues(W * W.T + G + G.T)
u = mixed.indices("u")
S, R = (G + G.T).inverse(), (W * V.T + V * W.T).inverse()

EQUAL: dict[str, tuple[Any, Any, Any]] = {
    "half": (tr(G * E(i)), lam[i] / 2, lam[i] / 3),
    "half of the transpose": (tr(G.T * E(i)), lam[i] / 2, lam[i]),
    "beside a letter": (
        tr(G * E(i) * A),
        lam[i] * tr(E(i) * A) - tr(G.T * E(i) * A),
        lam[i] * tr(E(i) * A) - tr(G * E(i) * A.T),
    ),
    "squares": (
        tr(G * G * E(i)), lam[i] ** 2 / 2 - tr(G * E(i) * G.T), lam[i] ** 2 / 2,
    ),
    "two projectors": (
        tr(E(i) * G * E(j) * G.T), -tr(E(i) * G * E(j) * G), tr(E(i) * G * E(j) * G),
    ),
    "summed": (total(tr(E(i) * G) ** 2, i), tr((G + G.T) ** 2) / 4, tr((G + G.T) ** 2) / 2),
    "two letters": (
        tr(K(k) * G), two[k] / 2 - tr(K(k) * H), two[k] - tr(K(k) * H),
    ),
    "two letters beside a third": (
        tr(K(k) * G * A),
        two[k] * tr(K(k) * A) - tr(K(k) * (G.T + H + H.T) * A),
        two[k] * tr(K(k) * A) - tr(K(k) * (G.T + H) * A),
    ),
    "a word": (tr(word.projector(q) * G * H), word[q] / 2, word[q]),
    "rectangular words": (tr(cross.projector(r) * W * V.T), cross[r] / 2, cross[r]),
    "words of two lengths": (
        tr(mixed.projector(u) * G),
        mixed[u] / 2 - tr(mixed.projector(u) * W * W.T) / 2,
        mixed[u] - tr(mixed.projector(u) * W * W.T),
    ),
    "an inverse": (tr(S * G), Rational(1, 2) * n, n),
    "an inverse beside a letter": (
        tr(S * G * A), tr(A) - tr(S * A.T * G), tr(A) - tr(S * G * A.T),
    ),
    "an inverse of rectangular words": (tr(V.T * R * W), Rational(1, 2) * n, Rational(1, 2) * m),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUAL)
def test_both_sides_have_one_normal_form(name: str) -> None:
    left, right, wrong = EQUAL[name]
    assert equal(left, right).status is Status.EQUAL
    assert equal(right, left).status is Status.EQUAL
    assert equal(left, wrong).status is Status.DIFFERENT


def test_a_covariation_with_an_eigenvalue_of_a_sum_is_proved() -> None:
    """d⟨λ_i, tr G²⟩ = 2σ²λ_i dt for G + G', stated in either letter; a factor off is refuted."""
    sde = MatrixSDE({G: -a * G * dt + s * B.d}, assuming=[lam.distinct])
    distinct = (Assumption(text="distinct", condition=lam.distinct),)
    for second, rate in (
        (tr(G * G), 2 * s**2 * lam[i]),
        (tr(G * G), 4 * s**2 * tr(E(i) * G)),
        (tr(G * G.T), 4 * s**2 * tr(E(i) * G)),
    ):
        claim = CovariationClaim(
            sde=sde, first=lam[i], second=second, rate=rate, assumptions=distinct
        )
        derived = derived_covariation(claim)
        assert equal(derived, rate, assuming=(lam.distinct,)).status is Status.EQUAL
        assert equal(derived, 2 * rate, assuming=(lam.distinct,)).status is Status.DIFFERENT


def test_every_rewriting_falls_and_comes_to_an_end() -> None:
    """Random traces, from both sides: what is written never comes back, and both ends are one."""
    g, h = factor(G), factor(G, transposed=True)
    f, x = factor(Parameter("P", n, n, symmetric=True)), factor(A)
    relation = Relation(Rational(3), (f,), ((Rational(1), (g,)), (Rational(1), (h,))))

    def relation_of(letter: Factor) -> Relation | None:
        return relation if letter == f else None

    def ended(cycle: Any, seen: frozenset[Any] = frozenset()) -> dict[Any, Any]:
        met = canonical_cycle(cycle)
        assert met not in seen
        found = mirrored_step(cycle, relation_of)
        if found is None:
            return {met: Rational(1)}
        total_: dict[Any, Any] = {}
        for c, w in found:
            for end, y in ended(w, seen | {met}).items():
                total_[end] = total_.get(end, 0) + c * y
        return {end: c for end, c in total_.items() if c != 0}

    rng = random.Random(5)
    rewritten = 0
    for _ in range(60):
        cycle = (f, *(rng.choice((g, h, x)) for _ in range(rng.randint(1, 4))))
        ends = ended(cycle)
        assert ends == ended(transpose_word(cycle)) == ended(cycle[1:] + cycle[:1])
        rewritten += list(ends) != [canonical_cycle(cycle)]
    assert rewritten > 10
