"""Mathematics in words: what is found, what is left alone, and that every renderer can read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import pairwise

import pytest
from latex2mathml.converter import convert
from latex2mathml.exceptions import DoubleSuperscriptsError

from derivations.build import ROOT
from derivations.exposition import read_expositions
from derivations.phrases import Phrase, phrases


def shown(text: str) -> str:
    return "".join(f"${part.latex}$" if part.latex else part.text for part in phrases(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("d log det M", r"$\mathrm{d}\log \det M$"),
        ("and 2 tr(dw w') cancel", r"and $2\,\operatorname{tr}(\mathrm{d}w\,w^{\top})$ cancel"),
        ("of the 3 Σ_i x_i", r"of the $3\,\sum _{i}\,x_{i}$"),
        ("-exp(b) a db and da", r"$-\exp (b)\,a\,\mathrm{d}b$ and $\mathrm{d}a$"),
        ("is ⌈n/b⌉ of them", r"is $\lceil n/b\rceil$ of them"),
        ("of M a drift", r"of $M$ a drift"),
        ("Σ_j≠i x_j gives", r"$\sum _{j\neq i}\,x_{j}$ gives"),
        ("at 2 points X, in 3 W", r"at 2 points $X$, in 3 $W$"),
        ("S E_i = 0, and a_file", r"$S\,E_{i} = 0$, and a_file"),
        ("where M is a product ΘΘ'.", r"where $M$ is a product $\Theta \Theta ^{\top}$."),
        ("a p × k matrix", r"a $p \times k$ matrix"),
        ("A matrix A, and dB A dB'", r"A matrix $A$, and $\mathrm{d}B\,A\,\mathrm{d}B^{\top}$"),
        ("is dt if i = j and a = b,", r"is $\mathrm{d}t$ if $i = j$ and $a = b$,"),
        ("divided by a, by √a only", r"divided by $a$, by $\sqrt{a}$ only"),
        ("df = f'[dX] + ½ f''[dX, dX].", None),
        ("(log p)' = (2a − (b²)')/b²", None),
        ("θ⁺'Aθ⁺", r"$\theta ^{+\top}A\theta ^{+}$".replace("+\\top", "+ \\top")),
        ("of size √dt: products", r"of size $\sqrt{\mathrm{d}t}$: products"),
        ("dB̃ = √a dB", r"$\mathrm{d}\tilde{B} = \sqrt{a}\,\mathrm{d}B$"),
        ("multiply (M + dM) by it", r"multiply $(M + \mathrm{d}M)$ by it"),
        ("(a state M)", r"(a state $M$)"),
        ("for the step s = 2^-300", r"for the step $s = 2{}^{-300}$"),
        ("∂p/∂t = L*p", r"$\partial p/\partial t = L^{\ast }p$"),
        ("e^{−κT}", r"$e^{-\kappa T}$"),
        ("tr(Σ_x)WΣ_xW'", r"$\operatorname{tr}(\Sigma _{x})W\Sigma _{x}W^{\top}$"),
        ("log|λ_1 − λ_2| of W1W1'", r"$\log |\lambda _{1} - \lambda _{2}|$ of $W_{1}W_{1}^{\top}$"),
        ("d log|x + y| = c", r"$\mathrm{d}\log |x + y| = c$"),
        (
            "k(N − k − 1)dt + 2 tr(P dB)",
            r"$k(N - k - 1)\mathrm{d}t + 2\,\operatorname{tr}(P\,\mathrm{d}B)$",
        ),
        ("det(I_k − η²G'G)", r"$\det (I_{k} - \eta ^{2}G^{\top}G)$"),
        ("cov(au + b, v)", r"$\operatorname{cov}(au + b,\,v)$"),
        ("e^{−B + t/2} is", r"$e^{-B + t/2}$ is"),
        (
            "the sum Σ_{j≠i} q_j, for 0 < q ≤ 1",
            r"the sum $\sum _{j\neq i}\,q_{j}$, for $0 < q \leq 1$",
        ),
        ("Y = ZX moves, dW = XW ds", r"$Y = ZX$ moves, $\mathrm{d}W = XW\,\mathrm{d}s$"),
        ("is √(2T) of s*", r"is $\sqrt{2T}$ of $s^{\ast }$"),
        ("g'Ag and λ'", r"$g^{\top}Ag$ and $\lambda '$"),
    ],
)
def test_what_is_mathematics_is_set_as_such(text: str, said: str | None) -> None:
    found = shown(text)
    assert found == said or said is None
    assert found.count("$") >= 2


@pytest.mark.parametrize(
    "text",
    [
        "A product of two Brownian increments is replaced by its mean.",
        "Itô's formula; Taylor's theorem, and it's so (or not).",
        "label_noise_determinant.label_noise", "python -m verify run a_file.py:good --effort quick",
        "SGD, GD and an SDE", "don't", "50 % of 10,000 paths", "50 % & more # of \\alpha $x$ {y}",
        "<script>alert(1)</script>", "<b>x</b>", "<i>",
        "** bold ** and `code`", ")(", "{}", "| | |", "⟩⟨", "a", "A", "", "I", "- one - two",
    ],
)  # fmt: skip
def test_what_is_none_is_left_alone(text: str) -> None:
    assert shown(text) == " ".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "x (y − softmax(A'x))'", "elements of so(p, k)", "|D a w'x + f − y|² of one",
        "E det S_t = m!/(m−p)! and", "drift = noise", "x + unknown(y + z)",
    ],
)  # fmt: skip
def test_what_cannot_be_set_whole_is_left_plain(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    "text", [")√(x", "x_{y = 2", "a^{b^{c}} = 1", "√((x) = |y", "}{ x²", "|" * 9]
)
def test_brackets_in_disorder_lose_nothing(text: str) -> None:
    assert "".join(part.text for part in phrases(text)) == text
    assert all(part.latex.count("{") == part.latex.count("}") for part in phrases(text))


def halves(parts: Sequence[Phrase]) -> list[str]:
    """Where a formula ends and a sign goes on, or a sign stands before one that begins."""
    found = []
    for before, after in pairwise(parts):
        goes_on = re.match(r" [=+−<>≤≥·×±∓] ?(?=[^A-Za-z… ]|[a-z]?[A-Z])", after.text)
        begins = re.search(r"[^A-Za-z ] ?[=+−<>≤≥·×±∓] $", before.text)
        if (before.latex and goes_on) or (after.latex and begins):
            found.append(before.text + after.text)
    return found


def test_no_formula_of_the_catalogue_is_set_by_half() -> None:
    assert not [half for text in told() for half in halves(phrases(text))]


def test_that_a_half_is_seen() -> None:
    x, whole = Phrase(text="x", latex="x"), Phrase(text="x = 2y", latex="x = 2y")
    assert halves([x, Phrase(text=" + Wx: the skip")])
    assert halves([Phrase(text="2(1) + "), x])
    assert not halves([Phrase(text="the drift = "), whole, Phrase(text=" + … and so on")])


def test_a_derivative_is_no_transpose() -> None:
    for text in ("f'[dX]", "f''[dX, dX]", "(log p)'", "(b²)'", "σ'(0)"):
        assert "'" in shown(text)
        assert "top" not in shown(text)
    for text in ("W₁'", "x_i'x_j", "tr(A') = tr(A)", "[W₁; W₂']'", "(X' X)"):
        assert "top" in shown(text)
        assert "'" not in shown(text)


@cache
def told() -> tuple[str, ...]:
    """Everything that is said in the catalogue."""
    found = set()
    for path in (ROOT / "derivations/generated/expositions").glob("*.json"):
        for claim in read_expositions(path).values():
            found |= {claim.title, claim.statement, *claim.assumptions, *claim.remarks}
            found |= {said for x in claim.steps for said in (x.rule, x.words, x.check)}
    return tuple(sorted(found))


def faults(latex: str) -> list[str]:
    """Why a formula cannot be right."""
    with suppress(DoubleSuperscriptsError):  # told below
        convert(latex)
    bare = re.sub(r"\\operatorname\{[A-Za-z]+\}|\\[A-Za-z]+", "", latex)
    return [
        *(["a word"] if re.search("[a-z]{3}", bare) else []),
        *(["two scripts"] if re.search(r"\^\{[^{}]*\}\^|_\{[^{}]*\}_|\^\^|__", latex) else []),
        *(["braces"] if bare.count("{") != bare.count("}") else []),
        *(["no letter"] if r"\text" in latex else []),
    ]


def test_all_that_the_catalogue_says_can_be_read() -> None:
    formulas = 0
    for text in told():
        parts = phrases(text)
        assert "".join(part.text for part in parts) == " ".join(text.split())
        for part in parts:
            assert not (part.latex and faults(part.latex)), part
            formulas += bool(part.latex)
    assert formulas > 1000


def test_that_a_wrong_formula_is_seen() -> None:
    assert faults("the = x") == ["a word"]
    assert faults(r"\theta^{+}^{2}") == ["two scripts"]
    assert faults(r"\text{U+2A00}") == ["no letter"]
