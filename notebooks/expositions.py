"""An exposition as Markdown for the cells of a notebook: formulas between lines of ``$$``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from derivations.displays import aligned, chain
from derivations.exposition import Exposition, Mathematics, Passage, Row, StepShown
from derivations.phrases import Phrase, phrases
from derivations.rules import in_words

__all__ = ["display", "escaped", "statement_markdown", "step_markdowns"]

WIDTH = 460.0
"""Of a formula in points: what a cell shows without scrolling."""

AGAIN = "This rule is explained above."
"""In the place of words on a rule that were read before."""

_SPECIAL = re.compile(r"([\\`*_<>$\[\]#])")


def escaped(words: str) -> str:
    """Words as Markdown that shows these words and nothing else."""
    return _SPECIAL.sub(r"\\\1", words)


def prose(said: str) -> str:
    r"""Words as Markdown, in which what is mathematics is set as such.

    >>> prose("S E_i = 0, and a_file")
    '$S\\thinspace E_{i} = 0$, and a\\_file'
    """
    return _parts(phrases(said))


def _parts(parts: Iterable[Phrase]) -> str:
    return "".join(
        f"${_unescaped(part.latex)}$" if part.latex else escaped(part.text) for part in parts
    )


def _unescaped(latex: str) -> str:
    """A formula without a mark after a stroke, of which Markdown takes the stroke away."""
    for mark, name in ((r"\,", "thinspace"), (r"\{", "lbrace"), (r"\}", "rbrace")):
        latex = latex.replace(mark, rf"\{name} ")
    return latex


def statement_markdown(exposition: Exposition) -> str:
    """What a claim states and assumes: everything but the derivation."""
    parts = [f"**{prose(exposition.title)}**"]
    if exposition.statement:
        parts.append(prose(exposition.statement))
    if exposition.source:
        parts.append(f"*Source:* {escaped(exposition.source)}.")
    if exposition.assumptions:
        lines = "\n".join(f"- {prose(assumption)}" for assumption in exposition.assumptions)
        parts.append(f"Assumptions:\n\n{lines}")
    for passage in exposition.declared:
        parts += _passage(passage)
    if exposition.names:
        parts += ["where", *_rows(exposition.names)]
    if exposition.letters:
        parts.append(_parts(exposition.letters))
    if exposition.spectra:
        named = ", ".join(f"${matrix.latex}$" for matrix in exposition.spectra)
        parts.append(
            rf"$\lambda_i$, $E_i$: the eigenvalues, largest first, and eigenprojectors of {named}."
        )
    if not exposition.steps:
        parts += map(escaped, exposition.remarks)
    parts.append(f"The claim is `{exposition.id}` in the catalogue.")
    return "\n\n".join(parts)


def step_markdowns(exposition: Exposition, told: set[str] | None = None) -> tuple[str, ...]:
    """The derivation, a text a step; what was used, and what differs, below the last.

    ``told`` holds what was said of rules in steps that the reader has seen; it is added to.
    """
    told = set() if told is None else told
    many, texts = len(exposition.steps), []
    left: Mathematics | None = None
    for number, (step, row) in enumerate(chain(exposition), 1):
        # While the chain goes on, its left side is that of its first step.
        left = row.left if row.left is not None and row.left.latex else left
        head = f"**Step {number} of {many}: {prose(step.rule)}.**"
        texts.append(_step(step, replace(row, left=left), f"{head} {_words(step, told)}".rstrip()))
    if texts:
        texts[-1] = "\n\n".join([texts[-1], *_closing(exposition)])
    return tuple(texts)


def _step(step: StepShown, row: Row, head: str) -> str:
    parts = [head, display([row])]
    if step.assumptions:
        named = ", ".join(_fact(fact) for fact in step.assumptions)
        parts.append(f"Used here: {named}.")
    parts.append(f"*Checked:* {escaped(step.check)}.")
    return "\n\n".join(parts)


def _words(step: StepShown, told: set[str]) -> str:
    """The rule in words; what was told before is not told again."""
    rule = in_words(step.rule)
    parts = [rule, step.words.removeprefix(rule).strip()] if rule else [step.words]
    new = [part for part in parts if part and part not in told]
    told.update(part for part in parts if part)
    if step.words and len(new) < len([part for part in parts if part]):
        new.insert(0, AGAIN)
    return prose(" ".join(new))


def _closing(exposition: Exposition) -> Iterator[str]:
    for passage in exposition.differences:
        yield from _passage(passage)
    for title, facts in exposition.facts:
        if facts:
            yield f"{escaped(title)}: {', '.join(map(_fact, facts))}."


def _fact(fact: Mathematics) -> str:
    return f"${fact.latex}$" if fact.latex else escaped(fact.unicode)


def _passage(passage: Passage) -> Iterator[str]:
    yield f"{escaped(passage.title)}:"
    yield from _rows(passage.rows)


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    """Formulas as one alignment; sources of functions as a list."""
    formulas = [row for row in rows if not row.right.source]
    if formulas:
        yield display(formulas)
    sources = [row for row in rows if row.right.source]
    if sources:
        yield "\n".join(f"- {_label(row)}`{row.right.unicode}`" for row in sources)


def _label(row: Row) -> str:
    said = row.words or (row.left.unicode if row.left else "")
    return f"{escaped(said)}: " if said else ""


def display(rows: Sequence[Row]) -> str:
    """Rows of formulas, aligned, between lines of ``$$``; long ones are broken."""
    body = " \\\\\n".join(aligned(rows, WIDTH))
    # Mathematics inside of \\text{...}: no renderer agrees with another on a $ within $$.
    body = re.sub(r"\$([^$]*)\$", r"}\1\\text{", body).replace(r"\text{}", "")
    # A sign and a space at the start of a line would make it an item of a list.
    body = re.sub(r"(?m)^([-+]) +", r"\1", body)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"
