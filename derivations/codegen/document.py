"""A theorem as LaTeX: its claims as declared and stated, and their derivations step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Symbol

from derivations.claim import (
    Claim,
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    IdentityClaim,
    MomentClaim,
    Theorem,
    TimeChangeClaim,
)
from derivations.derive import Deriver, derive
from derivations.differential import differential
from derivations.moment_claims import stated_drifts
from derivations.printing import latex
from derivations.sde import MatrixSDE
from derivations.spectrum import spectra_of

__all__ = ["theorem_latex"]

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


def theorem_latex(theorem: Theorem, provenance: str, make: Deriver = differential) -> str:
    """A section of LaTeX (amsmath); ``provenance`` is its first line, a comment.

    Raises
    ------
    DerivationError
        If a claim that names the derivation tier cannot be derived, or a step does not hold.
    """
    lines = [f"% {provenance}", rf"\section{{{words(theorem.title)}}}", ""]
    lines += [words(f"Source: {theorem.source}."), ""]
    for claim in theorem.claims:
        lines += _claim(claim, make)
    return "\n".join(lines).rstrip() + "\n"


def _claim(claim: Claim, make: Deriver) -> Iterator[str]:
    yield rf"\subsection{{{words(claim.title)}}}"
    yield rf"\label{{{claim.id}}}"
    yield ""
    yield words(claim.statement)
    yield words(f"Source: {claim.source}.")
    if claim.expected != "AGREES":
        yield words(f"Expected verdict: {claim.expected}.")
    for assumption in claim.assumptions:
        yield words(f"Assumption: {assumption.text}.")
    where = claim.where
    for name, compound in where.items():
        yield from _display(f"{latex(Symbol(name))} = {latex(compound)}")
    for matrix in spectra_of(vars(claim).values()):
        yield r"$\lambda_{i}$, $E_{i}$: the eigenvalues, largest first, and eigenprojectors of"
        yield from _display(latex(matrix, where))
    yield from _stated(claim)
    yield r"\paragraph{Derivation}"
    if "derivation" in claim.inapplicable:
        yield words(f"None: {claim.inapplicable['derivation']}.")
        yield ""
        return
    if not claim.speaks:
        yield words("None: the assumptions cannot hold, and the claim says nothing.")
        yield ""
        return
    found = derive(claim, make)
    yield r"\begin{enumerate}"
    for step in found.steps:
        yield rf"\item {words(step.rule)}"
        yield from _display(latex(step.after, where))
        yield words(f"Checked: {step.check}.")
    yield r"\end{enumerate}"
    for label, facts in (("Implied", found.implied), ("Declared and not used", found.unused)):
        for fact in facts:
            yield words(f"{label}: ") + f"${latex(fact, where)}$."
    yield ""


def _stated(claim: Claim) -> Iterator[str]:
    where = claim.where
    if isinstance(claim, DifferentialClaim):
        yield from _system("System", claim.sde)
        yield words("Claim:")
        f, drift, martingale = (
            latex(value, where) for value in (claim.observable, claim.drift, claim.martingale)
        )
        right = rf"\left({drift}\right) \mathrm{{d}}t"
        right += "" if claim.martingale == 0 else f" + {martingale}"
        yield from _display(rf"\mathrm{{d}}\left({f}\right) = {right}")
    elif isinstance(claim, CovariationClaim):
        yield from _system("System", claim.sde)
        yield words("Claim:")
        f, g, rate = (latex(value, where) for value in (claim.first, claim.second, claim.rate))
        left = rf"\mathrm{{d}}\left\langle {f}, {g} \right\rangle"
        yield from _display(rf"{left} = \left({rate}\right) \mathrm{{d}}t")
    elif isinstance(claim, MomentClaim):
        yield from _system("System", claim.sde)
        yield from _moments(claim)
    elif isinstance(claim, ExponentClaim):
        yield from _system("System", claim.sde)
        for group in claim.exponents:
            ends = dict.fromkeys((group.first, group.last))
            which = " to ".join(f"${latex(end)}$" for end in ends)
            mean = "mean of the exponents" if group.mean else "exponent"
            yield words(f"Claim, {mean} number ") + which + words(", from the largest:")
            yield from _display(latex(group.value))
    elif isinstance(claim, IdentityClaim):
        yield words("Claim:")
        yield from _display(f"{latex(claim.left, where)} = {latex(claim.right, where)}")
    elif isinstance(claim, TimeChangeClaim):
        yield from _system("System", claim.sde)
        yield words("Clock:")
        yield from _display(rf"\mathrm{{d}}\tau = {latex(claim.rate)}\, \mathrm{{d}}t")
        yield from _system("Claim, with the new time under the letter t", claim.changed)
    else:
        if hasattr(claim, "sde"):
            yield from _system("System", claim.sde)
        for label, value in claim.stated():
            yield words(f"Claim, {label}:")
            yield from _display(latex(value, where))


def _moments(claim: MomentClaim) -> Iterator[str]:
    yield words("Claim, where words on the right stand for their expectations:")
    named = [rf"\mathrm{{E}}\left[{latex(moment, claim.where)}\right]" for moment in claim.moments]
    for moment, drift in zip(named, stated_drifts(claim), strict=True):
        yield from _display(rf"\mathrm{{d}}{moment} / \mathrm{{d}}t = {latex(drift, claim.where)}")
    if claim.laws:
        yield words("At time t, from the state at time 0:")
        for moment, law in zip(named, claim.laws, strict=True):
            yield from _display(f"{moment} = {latex(law, claim.where)}")


def _system(what: str, sde: MatrixSDE) -> Iterator[str]:
    sense = "Itô" if sde.calculus == "ito" else "Stratonovich"
    yield words(f"{what} ({sense}):")
    for state, equation in sde.equations.items():
        yield from _display(rf"\mathrm{{d}}{latex(state)} = {latex(equation)}")


def _display(formula: Any) -> tuple[str, str, str]:
    return r"\[", f"  {formula}", r"\]"


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
