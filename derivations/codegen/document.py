"""Expositions as LaTeX (amsmath): a theorem as a section, a claim as a subsection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from derivations.claim import Theorem
from derivations.displays import aligned, chain
from derivations.exposition import Exposition, Mathematics, Passage, Row, StepShown
from derivations.phrases import Phrase, phrases
from derivations.typesetting import words

__all__ = ["claim_latex", "prose", "theorem_latex"]

PAGE, ITEM = 440.0, 415.0
"""Width of a text in points, and of what stands in a list."""


def prose(text: str | Iterable[Phrase]) -> str:
    r"""Words with mathematics in them, whole formulas between dollars.

    >>> prose("S E_i = 0, and a_file")
    '$S\\,E_{i} = 0$, and a\\_file'
    """
    parts = phrases(text) if isinstance(text, str) else text
    return "".join(f"${part.latex}$" if part.latex else _spaced(part.text) for part in parts)


def _spaced(text: str) -> str:
    """Words, with the spaces at both ends that stand between them and a formula."""
    before, after = text[:1].isspace(), text[-1:].isspace()
    said = words(text)
    return f"{' ' * before}{said}{' ' * after}" if said else " " * before


def theorem_latex(theorem: Theorem, shown: Iterable[Exposition], provenance: str) -> str:
    """A section; ``provenance`` is its first line, a comment."""
    lines = [f"% {provenance}", rf"\section{{{prose(theorem.title)}}}", ""]
    lines += [words(f"Source: {theorem.source}."), ""]
    for exposition in shown:
        lines += claim_latex(exposition)
    return "\n".join(lines).rstrip() + "\n"


def claim_latex(shown: Exposition) -> Iterator[str]:
    """A claim as a subsection: what is stated, then the derivation as a numbered list."""
    yield rf"\subsection{{{prose(shown.title)}}}"
    yield rf"\label{{{re.sub(r'[^A-Za-z0-9._:-]', '-', shown.id)}}}"
    yield ""
    for paragraph in _heading(shown):
        yield paragraph
        yield ""
    for passage in shown.declared:
        yield from _passage(passage)
    if shown.names:
        yield from _passage(Passage(title="where", rows=shown.names))
    if shown.letters:
        yield from ("", prose(shown.letters), "")
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
        yield from (f"{words(title)}: {_listed(facts)}", "")
    for remark in shown.remarks:
        yield from (prose(remark), "")
    yield ""


def _heading(shown: Exposition) -> Iterator[str]:
    """What stands before the formulas, a paragraph each."""
    if shown.statement:
        yield prose(shown.statement)
    if shown.source:
        yield rf"\emph{{Source:}} {words(shown.source)}."
    if shown.expected != "AGREES":
        yield rf"\emph{{Expected verdict:}} {words(shown.expected)}."
    for assumption in shown.assumptions:
        yield rf"\emph{{Assumption:}} {prose(assumption)}."


def _step(step: StepShown, row: Row) -> Iterator[str]:
    yield rf"\item {prose(step.rule)}"
    if step.words:
        yield rf"\par {{\small {prose(step.words)}\par}}"
    yield from _display([row], ITEM)
    if step.assumptions:
        yield rf"Used: {_listed(step.assumptions)}"
        yield ""
    yield prose(f"Checked: {step.check}.")


def _passage(passage: Passage) -> Iterator[str]:
    yield prose(f"{passage.title}:")
    yield from _display(passage.rows)


def _display(rows: Sequence[Row], width: float = PAGE) -> Iterator[str]:
    yield r"\begin{align*}"
    yield " \\\\\n".join(f"  {line}" for line in aligned(rows, width))
    yield r"\end{align*}"


def _listed(facts: Iterable[Mathematics]) -> str:
    return ", ".join(f"${fact.latex}$" for fact in facts) + "."
