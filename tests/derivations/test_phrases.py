"""Mathematics in words: what is found, what is left alone, and that every renderer can read it."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache

import pytest
from latex2mathml.converter import convert
from latex2mathml.exceptions import DoubleSuperscriptsError

from derivations.build import ROOT
from derivations.exposition import read_expositions
from derivations.phrases import phrases


def shown(text: str) -> str:
    return "".join(f"${part.latex}$" if part.latex else part.text for part in phrases(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("d log det M", r"$\mathrm{d}\log \det M$"),
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
        ("∂p/∂t = L*p", r"$\partial p/\partial t = L\ast p$"),
        ("e^{−κT}", r"$e^{-\kappa T}$"),
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
        "** bold ** and `code`", "a", "A", "", "I", "- one - two",
    ],
)  # fmt: skip
def test_what_is_none_is_left_alone(text: str) -> None:
    assert shown(text) == " ".join(text.split())


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
    bare = re.sub(r"\\operatorname\{tr\}|\\[A-Za-z]+", "", latex)
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
