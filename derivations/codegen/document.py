"""Expositions as LaTeX (amsmath): a theorem as a section, a claim as a subsection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from derivations.claim import Theorem
from derivations.displays import aligned, chain
from derivations.exposition import Exposition, Mathematics, Passage, Row, StepShown
from derivations.typesetting import words

__all__ = ["claim_latex", "theorem_latex"]

PAGE, ITEM = 440.0, 415.0
"""Width of a text in points, and of what stands in a list."""


def theorem_latex(theorem: Theorem, shown: Iterable[Exposition], provenance: str) -> str:
    """A section; ``provenance`` is its first line, a comment."""
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
    for passage in shown.declared:
        yield from _passage(passage)
    if shown.names:
        yield from _passage(Passage(title="where", rows=shown.names))
    for matrix in shown.spectra:
        yield r"$\lambda_{i}$, $E_{i}$: the eigenvalues, largest first, and eigenprojectors of"
        yield from _display([Row(right=matrix)])
    if shown.steps:
        yield r"\paragraph{Derivation}"
        yield r"\begin{enumerate}"
        for step, row in chain(shown):
            yield from _step(step, row)
        yield r"\end{enumerate}"
    for passage in shown.differences:
        yield from _passage(passage)
    for title, facts in shown.facts:
        yield words(f"{title}: ") + _listed(facts)
    for remark in shown.remarks:
        yield words(remark)
        yield ""
    yield ""


def _step(step: StepShown, row: Row) -> Iterator[str]:
    yield rf"\item {words(step.rule)}"
    if step.words:
        yield rf"\par {{\small {words(step.words)}}}"
    yield from _display([row], ITEM)
    if step.assumptions:
        yield words("Used: ") + _listed(step.assumptions)
    yield words(f"Checked: {step.check}.")


def _passage(passage: Passage) -> Iterator[str]:
    yield words(f"{passage.title}:")
    yield from _display(passage.rows)


def _display(rows: Sequence[Row], width: float = PAGE) -> Iterator[str]:
    yield r"\begin{align*}"
    yield " \\\\\n".join(f"  {line}" for line in aligned(rows, width))
    yield r"\end{align*}"


def _listed(facts: Iterable[Mathematics]) -> str:
    return ", ".join(f"${fact.latex}$" for fact in facts) + "."
