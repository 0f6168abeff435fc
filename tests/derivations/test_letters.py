"""What is said of the letters: read off the declarations, all of them, in every rendering."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sympy import Basic, Identity

from derivations.catalogue import claims, find
from derivations.claim import DifferentialClaim
from derivations.codegen.document import claim_latex
from derivations.exposition import Exposition
from derivations.expounding import stated
from derivations.expressions import total, tr
from derivations.letters import letters_of
from derivations.sde import MatrixSDE
from derivations.symbols import (
    Brownian,
    BrownianFamily,
    Family,
    Letter,
    MatrixIncrement,
    Parameter,
    Process,
    ScalarIncrement,
    State,
    dims,
    dt,
    index,
    positive,
    real,
)
from notebooks.expositions import statement_markdown
from tests.verify.report_pages import Page, record, site, verdict
from verify.explain.markdown import text as markdown
from verify.explain.terminal import page
from verify.report.expositions import Told
from verify.report.prose import told
from verify.report.site import pages

p, k, n = dims("p k n")


def said(claim: Any) -> str:
    return "".join(part.text for part in letters_of(claim))


def of(equations: dict[Any, Any], observable: Any, **more: Any) -> DifferentialClaim:
    return DifferentialClaim(
        id="x", sde=MatrixSDE(equations, **more), observable=observable, drift=0
    )


def test_shapes_processes_covariances_and_signs() -> None:
    assert said(find("label_noise_determinant")) == (
        "with W₁ (p × l) and W₂ (l × k) the states; R (p × k) any adapted process; B (p × k) a "
        "Brownian motion, each column of dB of covariance C dt; C (p × p) positive definite; "
        "p, l, k positive integers."
    )


def test_scalars_and_correlated_noises() -> None:
    x, y, rho, a = State("x"), State("y", positive=True), real("rho"), positive("a")
    b, c, e = Brownian("b"), Brownian("c"), Brownian("e")
    claim = of(
        {x: a * dt + b.d, y: y * c.d + y * e.d},
        x,
        correlation={(b, c): rho},
        calculus="stratonovich",
    )
    assert said(claim) == (
        "with x and y > 0 the states; b, c and e standard Brownian motions; db dc = ρ dt; all "
        "Brownian motions independent otherwise; a > 0; ρ a real number."
    )


def test_rows_and_both_covariances() -> None:
    X, C, D = (
        State("X", p, k),
        Parameter("C", p, p, positive_definite=True),
        Parameter("D", k, k, symmetric=True),
    )
    rows = said(of({X: Brownian("B", p, k, column_covariance=D).d}, tr(X.T * X)))
    assert "each row of dB of covariance D dt; D (k × k) symmetric" in rows
    both = Brownian("B", p, k, row_covariance=C, column_covariance=D)
    assert "E[dB_ia dB_jb] = C_ij D_ab dt" in said(of({X: both.d}, tr(X.T * X)))
    below = Brownian(
        "B", p, k, row_covariance=Parameter("C_x", p, p, symmetric=True), column_covariance=D
    )
    letters = letters_of(of({X: below.d}, tr(X.T * X)))
    assert any(r"\left(C_{x}\right)_{ij} D_{ab}" in part.latex for part in letters)
    scaled = Brownian("B", p, k, row_covariance=2 * Identity(p))
    assert "of covariance 2 I dt" in said(of({X: scaled.d}, tr(X.T * X)))


def test_families_with_their_ranges() -> None:
    i = index("i", n)
    X, G, beta, c = (
        State("X", p, k),
        Family("G", p, k, process=True),
        BrownianFamily("beta"),
        Family("c"),
    )
    claim = of({X: total(c[i] * G[i] * beta[i].d, i)}, tr(X.T * X))
    assert said(claim) == (
        "with X (p × k) the state; G_i (p × k, i = 1, …, n) any adapted processes; β_i "
        "(i = 1, …, n) independent standard Brownian motions; c_i (i = 1, …, n) real numbers; "
        "p, k, n positive integers."
    )


def test_every_eigenvalue_and_two_different_ones() -> None:
    assert said(find("dyson")).endswith("stated for every i from 1 to N.")
    assert said(find("dyson.gap")).endswith("stated for all i ≠ j from 1 to N.")
    assert "stated for" not in said(find("first_layer_eigenvalues.largest"))


def test_draws_weights_new_times_and_densities() -> None:
    assert "ξ (n × k) of independent standard normals, drawn anew" in said(find("one_step_laws"))
    weights = said(find("one_step_laws.without_replacement"))
    assert "the weights of a minibatch of b samples drawn without replacement" in weights
    assert "B_τ (p × k) a standard Brownian motion in the new time" in said(find("time_change"))
    assert "p the density of v at time t" in said(find("cir.fokker_planck"))


def undeclared(claim: Any, told_of: str) -> set[str]:
    """Names of letters in the system and the observable of which nothing is told."""
    from derivations.printing import letter, unicode

    expressions = [getattr(claim, name, None) for name in ("observable", "drift", "left", "right")]
    sde = getattr(claim, "sde", None)
    expressions += [*sde.equations.values(), *sde.equations] if isinstance(sde, MatrixSDE) else []
    found = {x for e in expressions if isinstance(e, Basic) for x in e.atoms(Letter)}
    names = {
        str(x.name)[isinstance(x, ScalarIncrement | MatrixIncrement) :]
        for x in found
        if getattr(x, "role", "") != "increment"
    }
    words = set(re.findall(r"[^\s(),;]+", told_of))
    shown = {unicode(letter(name)) for name in names}
    return {x for x in shown if x not in words and not any(w.startswith(f"{x}_") for w in words)}


def test_no_letter_of_the_catalogue_is_left_out() -> None:
    assert not {c.id: missing for c in claims() if (missing := undeclared(c, said(c)))}


def test_that_a_letter_left_out_is_seen() -> None:
    claim = find("label_noise_determinant")
    assert undeclared(claim, said(claim).replace("R (p × k) any adapted process; ", "")) == {"R"}


# Renderings.


@pytest.fixture(scope="module")
def shown() -> Exposition:
    return stated(find("label_noise_determinant"))


def test_all_renderings_say_it(shown: Exposition) -> None:
    assert "R (p × k) any adapted process" in " ".join(page(shown, 96).plain.split())
    assert "R (p × k) any adapted process" in markdown(shown)
    inside = r"$R$ ($p \times k$) any adapted process"
    assert inside in statement_markdown(shown)
    assert inside in "\n".join(claim_latex(shown))
    assert "any adapted process" in told(shown.letters)
    assert "<mo>×</mo>" in told(shown.letters)


def test_the_page_of_a_report_says_it(shown: Exposition) -> None:
    some = site(record(verdict("right")), told=Told(exposition=shown))
    text = Page(pages(some)["claims/right.html"]).shown
    assert "any adapted process" in text
    assert "each column of" in text


def test_it_is_kept_in_the_data(shown: Exposition) -> None:
    assert shown.letters
    assert Exposition.from_json(shown.to_json()) == shown


def test_expressions_of_functions_have_no_letters() -> None:
    claim = DifferentialClaim(id="x", sde=None, observable=abs, drift=abs)
    assert not letters_of(claim)


def test_a_process_needs_no_state() -> None:
    X, R = State("X", p, k), Process("R", p, k)
    assert said(of({X: R * dt}, tr(X.T * X))).startswith("with X (p × k) the state; R (p × k) any")
