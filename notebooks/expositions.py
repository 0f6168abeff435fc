"""An exposition as Markdown for the cells of a notebook: formulas between lines of ``$$``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from derivations.exposition import Exposition, Mathematics, Passage, Row, StepShown

__all__ = ["escaped", "statement_markdown", "step_markdowns"]

_SPECIAL = re.compile(r"([\\`*_<>$\[\]#])")


def escaped(words: str) -> str:
    """Words as Markdown that shows these words and nothing else."""
    return _SPECIAL.sub(r"\\\1", words)


def statement_markdown(exposition: Exposition) -> str:
    """What a claim states and assumes: everything but the derivation."""
    parts = [f"**{escaped(exposition.title)}**"]
    if exposition.statement:
        parts.append(escaped(exposition.statement))
    if exposition.source:
        parts.append(f"*Source:* {escaped(exposition.source)}.")
    if exposition.assumptions:
        lines = "\n".join(f"- {escaped(assumption)}" for assumption in exposition.assumptions)
        parts.append(f"Assumptions:\n\n{lines}")
    for passage in exposition.declared:
        parts += _passage(passage)
    if exposition.names:
        parts += ["where", _rows(exposition.names)]
    if exposition.spectra:
        named = ", ".join(f"${matrix.latex}$" for matrix in exposition.spectra)
        parts.append(
            rf"$\lambda_i$, $E_i$: the eigenvalues, largest first, and eigenprojectors of {named}."
        )
    parts.append(f"The claim is `{exposition.id}` in the catalogue.")
    return "\n\n".join(parts)


def step_markdowns(exposition: Exposition) -> tuple[str, ...]:
    """The derivation, a text a step."""
    many = len(exposition.steps)
    return tuple(
        _step(step, f"Step {number} of {many}") for number, step in enumerate(exposition.steps, 1)
    )


def _step(step: StepShown, head: str) -> str:
    parts = [f"**{head}: {escaped(step.rule)}.** {escaped(step.words)}".rstrip()]
    parts.append(_display(_equation(step)))
    if step.assumptions:
        named = ", ".join(f"${fact.latex}$" for fact in step.assumptions)
        parts.append(f"Used here: {named}.")
    parts.append(f"*Checked:* {escaped(step.check)}.")
    return "\n\n".join(parts)


def _equation(step: StepShown) -> str:
    if not step.before.latex or step.before == step.after:
        return step.after.latex
    return (
        f"\\begin{{aligned}}\n& {step.before.latex} \\\\\n&= {step.after.latex}\n\\end{{aligned}}"
    )


def _passage(passage: Passage) -> Iterable[str]:
    yield f"{escaped(passage.title)}:"
    sources = [row.right.unicode for row in passage.rows if row.right.source]
    if sources:
        yield "```python\n" + "\n".join(sources) + "\n```"
    shown = [row for row in passage.rows if not row.right.source]
    if shown:
        yield _rows(shown)


def _rows(rows: Iterable[Row]) -> str:
    lines = []
    for row in rows:
        left = row.left.latex if row.left else rf"\text{{{row.words}}}" if row.words else ""
        right = _inline(row.right)
        lines.append(f"{left} &= {right}" if left else f"& {right}")
    if len(lines) == 1:
        return _display(lines[0].replace("&", "", 1).strip())
    body = " \\\\\n".join(lines)
    return _display(f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}")


def _inline(formula: Mathematics) -> str:
    return formula.latex or rf"\text{{{formula.unicode}}}"


def _display(latex: str) -> str:
    return f"$$\n{latex}\n$$"
