from __future__ import annotations

import re
from dataclasses import replace

import pytest

from derivations import Theorem
from derivations.catalogue import find_theorem, names
from derivations.codegen.document import theorem_latex
from derivations.expounding import expound
from derivations.typesetting import words
from tests.architecture.imports import ROOT
from tests.derivations.codegen_theorem import differential, identity, theorem, time_change

LATEX = ROOT / "derivations" / "generated" / "latex"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("plain words, 50 % of them", r"plain words, 50 \% of them"),
        ("ηδ", r"$\eta \delta$"),
        ("2ηδk|X|²/n²", r"2$\eta \delta$k$|$X$| {}^{2}$/n${}^{2}$"),
        ("γ − 1 ≥ 0", r"$\gamma$ $-$ 1 $\geq$ 0"),
        ("dB̃", r"d$\tilde{B}$"),
        ("C^½ costs 3 $", r"$C^{1/2}$ costs 3 \textdollar{}"),
        ("a_bat & {c}", r"a\_bat \& \{c\}"),
        ("e^{−θt}(x_0)", r"$e^{-\theta t}$($x_{0}$)"),
        ("label_noise", r"label\_noise"),
        ("a\\input{b}", r"a\textbackslash{}input\{b\}"),
        ("A_1…A_n + …", r"$A_{1} \ldots A_{n}$ + $\ldots$"),
        ("Itô, Øksendal", "Itô, Øksendal"),
    ],
)
def test_words_with_letters_of_mathematics(text: str, latex: str) -> None:
    assert words(text) == latex


def shown(told: Theorem, provenance: str = "") -> str:
    return theorem_latex(told, map(expound, told.claims), provenance)


def problems(text: str) -> list[str]:
    """What is wrong with the structure of a LaTeX text; empty if nothing is."""
    found = []
    bare = re.sub(r"\\[{}$%&#_\\]", "", text.partition("\n")[2])
    if bare.count("{") != bare.count("}"):
        found.append("braces")
    if any(line.count("$") % 2 for line in bare.splitlines()):
        found.append("dollars")
    for opening, closing in ((r"\\begin\{(\w+)\}", r"\\end\{(\w+)\}"), (r"\\(\[)", r"\\(\])")):
        if len(re.findall(opening, text)) != len(re.findall(closing, text)):
            found.append(opening)
    # Letters of mathematics have become commands; Latin letters with accents stay.
    found += sorted({letter for letter in text if ord(letter) > 0x17F})
    found += re.findall(r"U\+[0-9A-F]{4}", text)
    return found


@pytest.mark.parametrize("name", names())
def test_every_letter_of_a_theorem_has_latex(name: str) -> None:
    told = find_theorem(name)
    texts = [told.title, told.source]
    for claim in told.claims:
        texts += [claim.title, claim.source, claim.statement, *claim.inapplicable.values()]
        texts += [assumption.text for assumption in claim.assumptions]
    assert problems("%\n" + "\n".join(map(words, texts))) == []


@pytest.mark.parametrize("name", names())
def test_generated_latex_is_well_formed(name: str) -> None:
    assert problems((LATEX / f"{name}.tex").read_text()) == []


def test_a_malformed_text_is_noticed() -> None:
    assert problems("%\n{") == ["braces"]
    assert problems("%\n$x") == ["dollars"]
    assert problems("%\n\\begin{bmatrix}") == [r"\\begin\{(\w+)\}"]
    assert problems("%\nγ") == ["γ"]
    assert problems(f"%\n{words('x ⇝ y')}") == ["U+21DD"]


def test_a_claim_is_shown_with_its_system_statement_and_derivation() -> None:
    text = shown(theorem(), "where it comes from")
    assert text.startswith("% where it comes from\n\\section{A theorem of the tests}")
    assert r"\label{codegen_theorem.identity}" in text
    assert r"\emph{Assumption:} wide enough." in text
    assert r"\item Itô table for products of two differentials" in text
    assert r"\mathrm{d}\tau / \mathrm{d}t &= a" in text
    assert text.count(r"\begin{enumerate}") == len(theorem().claims)
    assert problems(text) == []


def test_a_claim_without_derivation_says_why() -> None:
    claim = replace(identity(), inapplicable={"derivation": "the language cannot say it"})
    text = shown(Theorem(id="x", title="X", source="y", claims=(claim,)))
    assert "Tier derivation does not apply: the language cannot say it." in text
    assert r"\item" not in text


def test_the_verdict_that_is_expected_is_shown_if_it_is_another() -> None:
    wrong = replace(time_change(), expected="DISAGREES")
    text = shown(Theorem(id="x", title="X", source="y", claims=(wrong,)))
    assert r"\emph{Expected verdict:} DISAGREES." in text
    right = shown(Theorem(id="x", title="X", source="y", claims=(differential(),)))
    assert "Expected verdict" not in right
