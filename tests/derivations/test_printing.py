"""What people read: a line of Unicode, LaTeX, and normal forms as the expressions they are."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sympy import (
    BlockDiagMatrix,
    BlockMatrix,
    Expr,
    Function,
    Ge,
    Identity,
    Matrix,
    Q,
    Rational,
    ZeroMatrix,
    exp,
    log,
    sqrt,
)

from derivations import catalogue
from derivations.basis import form
from derivations.claim import (
    Claim,
    DifferentialClaim,
    ExponentClaim,
    IdentityClaim,
    TimeChangeClaim,
)
from derivations.display import expression
from derivations.equality import Status, equal
from derivations.errors import DerivationError
from derivations.expressions import S, det, diagonal, entry, logdet, stack, total, tr
from derivations.printing import latex, unicode
from derivations.sde import MatrixSDE
from derivations.symbols import (
    Brownian,
    BrownianFamily,
    Family,
    Parameter,
    Process,
    State,
    dims,
    dt,
    index,
    positive,
    t,
)
from tests.derivations.random_words import Words

p, k, l, n = dims("p k l n")
i, j = index("i", n), index("j", n)
W1, W2, Phi = State("W1", p, l), State("W2", l, k), State("Phi", p, p)
C = Parameter("C", p, p, positive_definite=True)
G, A = Parameter("G", p, k), Process("A", k, p)
x, u = State("x"), State("u", positive=True)
gamma, eta, a = positive("gamma"), positive("eta"), positive("a")
F, f, beta = Family("F", p, k), Family("f"), BrownianFamily("beta")
B, b, B_tau = Brownian("B", p, k), Brownian("beta"), Brownian("B_tau", p, k)
theta = stack(W1, W2.T)
M = theta * theta.T
I = Identity(p)
J = BlockMatrix([[k * I, ZeroMatrix(p, k)], [ZeroMatrix(k, p), -Identity(k)]])

UNICODE: list[tuple[Any, str]] = [
    (W1 * W2, "W₁ W₂"),
    (W1.T * W1 - W2 * W2.T, "W₁' W₁ - W₂ W₂'"),
    (-2 * k * tr(C), "-2 k tr(C)"),
    (C.I * G * G.T, "C⁻¹ G G'"),
    ((G * G.T).I * G, "(G G')⁻¹ G"),
    (M.I, "([W₁; W₂'] [W₁; W₂']')⁻¹"),
    (S(G).I, "S(G)⁻¹"),
    (Phi.T.I, "Φ'⁻¹"),
    (Phi**2 * G, "Φ² G"),
    ((Phi * C) ** 3 * G, "(Φ C)³ G"),
    (det(I - eta**2 * G * G.T) ** 2 * det(C), "det(I - η² G G')² det(C)"),
    (logdet(M), "log det([W₁; W₂'] [W₁; W₂']')"),
    (log(1 + tr(C)), "log(tr(C) + 1)"),
    (sqrt(gamma) * S(B.d) * theta, "√γ S(dB) [W₁; W₂']"),
    (sqrt(1 + x**2) * b.d, "√(x² + 1) dβ"),
    (x ** Rational(-1, 2), "1/√x"),
    (entry(G * A, 0, 1), "(G A)[0, 1]"),
    (total(tr(F[i] * F[i].T), i), "Σ_i tr(F_i F_i')"),
    (total(f[i] * F[i] + F[i], i), "Σ_i (f_i + 1) F_i"),
    (total(total(f[i] * f[j], i, excluding=j), j), "Σ_j Σ_i≠j f_i f_j"),
    (total(F[i] * beta[i].d, i), "Σ_i F_i dβ_i"),
    (B_tau.d, "dB_τ"),
    (a * G * dt, "a G dt"),
    (-G, "-G"),
    ((a - 1) * G + 3 * G * A * G, "(a - 1) G + 3 G A G"),
    (total(F[i] + A.T, i), "Σ_i (F_i + A')"),
    (G - A.T, "G - A'"),
    (exp(-a * t) * x, "x exp(-a t)"),
    (Q.positive_definite(C), "C is positive definite"),
    (Ge(l, p + k), "l ≥ k + p"),
    (-dt, "-dt"),
    (-x * dt, "-x dt"),
    (dt * (x - a), "(-a + x) dt"),
    ((G - A.T) * dt, "(G - A') dt"),
    (b.d**2 * x, "x dβ²"),
    (p + k, "k + p"),
]

BLOCKS: list[tuple[Any, str]] = [
    (J, "[k I, 0; 0, -I]"),
    (a * J * stack(G, A * G), "a [k I, 0; 0, -I] [G; A G]"),
    (stack(J, J), "[[k I, 0; 0, -I]; [k I, 0; 0, -I]]"),
    (J.I, "[k I, 0; 0, -I]⁻¹"),
    (BlockDiagMatrix(C, Phi), "[C, 0; 0, Φ]"),
    (Matrix([[a, -1], [0, p + k]]), "[a, -1; 0, k + p]"),
    (Matrix([[1, a]]).as_immutable(), "[1, a]"),
    (diagonal(State("v", p, 1)) * G, "diag(v) G"),
]
SHOWN = UNICODE + BLOCKS


@pytest.mark.parametrize(("given", "shown"), SHOWN, ids=[shown for _, shown in SHOWN])
def test_one_line_of_unicode(given: Any, shown: str) -> None:
    assert unicode(given) == shown


LATEX: list[tuple[Any, str]] = [
    (W1.T * W1, r"W_{1}^{\top} W_{1}"),
    (G - a * A.T - G * A * G, r"G - a A^{\top} - G A G"),
    (Phi.I * B.d, r"\Phi^{-1} \, \mathrm{d}B"),
    (theta, r"\begin{bmatrix} W_{1} \\ W_{2}^{\top} \end{bmatrix}"),
    (S(G), r"S\left(G\right)"),
    (tr(C) * dt, r"\operatorname{tr}\left(C\right) \, \mathrm{d}t"),
    (b.d, r"\mathrm{d}\beta"),
    (-x * dt, r"- x \, \mathrm{d}t"),
    (dt * (x - a), r"\left(- a + x\right) \, \mathrm{d}t"),
    ((G - A.T) * dt, r"\left(G - A^{\top}\right) \, \mathrm{d}t"),
    (log(det(C)), r"\log \det\left(C\right)"),
    (det(C), r"\det\left(C\right)"),
    (total(beta[i].d * f[i], i), r"\sum_{i} {f}_{i} {\mathrm{d}\beta}_{i}"),
    (p + k, "k + p"),
]


@pytest.mark.parametrize(("given", "shown"), LATEX, ids=[shown for _, shown in LATEX])
def test_latex(given: Any, shown: str) -> None:
    assert latex(given) == shown


# Names for compounds.


def test_a_named_compound_is_shown_by_its_name() -> None:
    where = {"Theta": theta, "M": M}
    assert unicode(logdet(M), where) == "log det(M)"
    assert unicode(M.I * theta, where) == "M⁻¹ Θ"
    assert unicode(2 * G * A * M, where) == "2 G A M"
    assert latex(tr(S(G) * M), where) == r"\operatorname{tr}\left(S\left(G\right) M\right)"


def test_the_differential_of_a_named_compound_has_its_name() -> None:
    sde = MatrixSDE({W1: G * W2.T * dt + B.d * W2.T, W2: W1.T * B.d})
    steps = sde.d(logdet(M), assuming=[Q.positive_definite(M)]).derivation.steps
    shown = unicode(steps[0].after, {"Theta": theta, "M": M})
    assert "tr(M⁻¹ dΘ Θ')" in shown
    assert "W" not in shown
    assert unicode(steps[0].before, {"M": M}) == "d(log det(M))"
    assert latex(steps[0].before, {"M": M}).startswith(r"\mathrm{d}\left(\log")
    # Without a name the blocks are shown.
    assert "d[W₁; W₂']" in unicode(steps[0].after)
    assert r"\mathrm{d}\begin{bmatrix} W_{1}" in latex(steps[0].after)


# Every claim.


def shown_of(claim: Claim) -> Iterator[Any]:
    if isinstance(claim, IdentityClaim):
        yield from (claim.left, claim.right)
    if isinstance(claim, DifferentialClaim):
        yield from (*claim.sde.equations.values(), claim.observable, claim.drift, claim.martingale)
    # A claim whose assumptions no network meets is stated and not derived.
    if isinstance(claim, DifferentialClaim) and claim.speaks:
        found = claim.sde.d(claim.observable, assuming=[a.condition for a in claim.assumptions])
        yield from (found.drift, found.martingale)
    if isinstance(claim, ExponentClaim):
        yield from claim.sde.equations.values()
        for group in claim.exponents:
            yield from (group.first, group.last, group.value)
    if isinstance(claim, TimeChangeClaim):
        yield from (*claim.sde.equations.values(), *claim.changed.equations.values(), claim.rate)
    yield from (assumption.condition for assumption in claim.assumptions)


def unbalanced(text: str) -> list[str]:
    """What is opened and not closed, or closed and not opened, in LaTeX."""
    pairs = {"}": "{", r"\right": r"\left", r"\end": r"\begin", r"\}": r"\{"}
    waiting: list[str] = []
    for mark in re.findall(r"\\left|\\right|\\begin|\\end|\\[{}]|[{}]", text):
        if mark in pairs.values():
            waiting.append(mark)
        elif not waiting or waiting.pop() != pairs[mark]:
            return [*waiting, mark]
    return waiting


# SymPy's own spelling, or signs that are not joined.
RAW = re.compile(r"Determinant|Trace|Transpose|\*|\.T\b|\+ -")


@pytest.mark.parametrize("claim", catalogue.claims(), ids=lambda claim: claim.id)
def test_a_claim_is_shown(claim: Claim) -> None:
    for shown in shown_of(claim):
        for where in (None, claim.where):
            line, text = unicode(shown, where), latex(shown, where)
            assert line
            assert "\n" not in line
            assert not RAW.search(line), line
            assert text
            assert not unbalanced(text), text
            assert not RAW.search(text), text


@pytest.mark.parametrize("text", ["{", "}", r"\left( x", "{}}", r"\begin{a}", r"\left({\right)}"])
def test_planted_unbalanced_latex_is_seen(text: str) -> None:
    assert unbalanced(text)


@pytest.mark.parametrize("given", [det(C) + x, tr(C), 2 * a, W1.T * W1])
def test_raw_spelling_is_seen(given: Any) -> None:
    assert RAW.search(str(given))


# There and back: expression, normal form, expression.

ROUND_TRIPS: list[Any] = [
    *(given for given, _ in UNICODE if isinstance(given, Expr)),
    (W1.T * W1 - W2 * W2.T) * W2,
    (C + G * G.T).I * G,
    tr((C + G * G.T).I * C) ** 2,
    theta.T * S(G) * theta,
    stack(G, A.T) * A,
    entry(total(F[i] * A * F[i], i), 0, 0) * entry(C, 1, 0),
    entry(State("v", p), 1, 0),
    det(2 * C * Phi) / det(Phi),
    det(Identity(p + k) + eta * S(G)),
    Function("alpha")(t) * C,
    total(tr(F[i].T * G) * F[i], i),
    total(total(tr(F[i].T * F[j]), i, excluding=j), j),
    sqrt(tr(G * G.T) + total(f[i] ** 2, i)),
    Phi**-3 * G,
    G - G,
    x - x,
]


@pytest.mark.parametrize("given", ROUND_TRIPS, ids=unicode)
def test_a_normal_form_shows_what_it_came_from(given: Any) -> None:
    shown = expression(form(given))
    assert equal(shown, given).status is Status.EQUAL
    # What is shown is settled: showing it again changes nothing.
    assert expression(form(shown)) == shown


@pytest.mark.parametrize("seed", range(150))
def test_a_random_normal_form_shows_what_it_came_from(seed: int) -> None:
    given = Words(random.Random(seed)).scalar(2)
    answer = equal(expression(form(given)), given)
    assert answer.status is Status.EQUAL, answer.reason


def test_a_unit_vector_alone_is_refused() -> None:
    from derivations.forms import Form
    from derivations.words import Unit

    with pytest.raises(DerivationError, match="cannot be shown"):
        expression(Form.letter(Unit(p, 0)))
