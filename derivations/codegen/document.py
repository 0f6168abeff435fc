"""A theorem as LaTeX: its claims as declared and stated, and their derivations step by step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from derivations.claim import Theorem
from derivations.exposition import Exposition, Passage, Row

__all__ = ["claim_latex", "theorem_latex", "words"]

_LETTERS = {
    **dict(zip("αβγδεζηθκλμνξπρστφχψω", (
        "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "kappa", "lambda",
        "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "varphi", "chi", "psi", "omega",
    ), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", (
        "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
    ), strict=True)),
    "−": "-", "×": "times", "·": "cdot", "≤": "leq", "≥": "geq", "≠": "neq", "≻": "succ",
    "⪰": "succeq", "→": "to", "√": "surd", "∫": "int", "∂": "partial", "∞": "infty", "∘": "circ",
    "⟨": "langle", "⟩": "rangle", "⊙": "odot", "∈": "in", "′": "prime", "∝": "propto", "⋅": "cdot",
    "≈": "approx", "±": "pm", "∓": "mp", "½": "tfrac12", "¼": "tfrac14", "∏": "prod", "⊥": "perp",
    "…": "ldots",
}  # fmt: skip
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼ", "0123456789+-ij", strict=True))
_MARKS = {"̄": "bar", "̃": "tilde", "̂": "hat"}
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\textdollar{}",
    "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "^": r"\^{}", "~": r"\~{}",
    "–": "--", "—": "---",
}  # fmt: skip


def theorem_latex(theorem: Theorem, shown: Iterable[Exposition], provenance: str) -> str:
    """A section of LaTeX (amsmath); ``provenance`` is its first line, a comment."""
    lines = [f"% {provenance}", rf"\section{{{words(theorem.title)}}}", ""]
    lines += [words(f"Source: {theorem.source}."), ""]
    for exposition in shown:
        lines += claim_latex(exposition)
    return "\n".join(lines).rstrip() + "\n"


def claim_latex(shown: Exposition) -> Iterator[str]:
    """A claim as a subsection: what is stated, then the derivation as a numbered list."""
    yield rf"\subsection{{{words(shown.title)}}}"
    yield rf"\label{{{re.sub(r'[^A-Za-z0-9._:-]', '-', shown.id)}}}"
    yield ""
    yield words(shown.statement)
    if shown.source:
        yield words(f"Source: {shown.source}.")
    if shown.expected != "AGREES":
        yield words(f"Expected verdict: {shown.expected}.")
    for assumption in shown.assumptions:
        yield words(f"Assumption: {assumption}.")
    for row in shown.names:
        yield from _display(row)
    for matrix in shown.spectra:
        yield r"$\lambda_{i}$, $E_{i}$: the eigenvalues, largest first, and eigenprojectors of"
        yield from _display(Row(right=matrix))
    for passage in shown.declared:
        yield from _passage(passage)
    if shown.steps:
        yield r"\paragraph{Derivation}"
        yield r"\begin{enumerate}"
        for step in shown.steps:
            yield rf"\item {words(step.rule)}"
            yield from _display(Row(right=step.after))
            yield words(f"Checked: {step.check}.")
        yield r"\end{enumerate}"
    for passage in shown.differences:
        yield from _passage(passage)
    for title, facts in shown.facts:
        yield words(f"{title}: ") + ", ".join(f"${fact.latex}$" for fact in facts) + "."
    for remark in shown.remarks:
        yield words(remark)
    yield ""


def _passage(passage: Passage) -> Iterator[str]:
    yield words(f"{passage.title}:")
    for row in passage.rows:
        yield from _display(row)


def _display(row: Row) -> Iterator[str]:
    left = rf"\text{{{words(row.words)}}}" if row.words else row.left.latex if row.left else ""
    right = rf"\texttt{{{words(row.right.unicode)}}}" if row.right.source else row.right.latex
    note = rf"\text{{, {words(row.note)}}}" if row.note else ""
    yield r"\["
    yield f"  {left} = {right}{note}" if left else f"  {right}{note}"
    yield r"\]"


def words(text: str) -> str:
    """A text with letters of mathematics as LaTeX."""
    parts: list[str] = []
    for letter in text:
        if letter in _MARKS and parts:
            parts[-1] = rf"$\{_MARKS[letter]}{{{parts[-1].strip('$')}}}$"
        elif letter in _LETTERS:
            name = _LETTERS[letter]
            parts.append(rf"$\{name}$" if name.isalnum() else f"${name}$")
        elif letter in _SUPERSCRIPTS:
            parts.append(f"${{}}^{{{_SUPERSCRIPTS[letter]}}}$")
        elif letter in _SUBSCRIPTS:
            parts.append(f"${{}}_{{{_SUBSCRIPTS[letter]}}}$")
        else:
            parts.append(_SPECIAL.get(letter, letter))
    # Formulas side by side are one formula.
    return "".join(parts).replace("$$", "")
