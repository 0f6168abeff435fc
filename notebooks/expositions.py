"""An exposition as Markdown for the cells of a notebook: formulas between lines of ``$$``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from derivations.exposition import Exposition, Mathematics, Passage, Row, StepShown

__all__ = ["display", "escaped", "statement_markdown", "step_markdowns"]

WIDTH = 64
"""Letters in a row of a formula."""

_BRACKET = re.compile(r"\\[{}]|\\(?:begin|end)\b|[(){}\[\]]| [+-] ")
_OPEN = ("(", "{", "[", "\\begin")
_CLOSE = (")", "}", "]", "\\end")
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
    if not exposition.steps:
        parts += map(escaped, exposition.remarks)
    parts.append(f"The claim is `{exposition.id}` in the catalogue.")
    return "\n\n".join(parts)


def step_markdowns(exposition: Exposition) -> tuple[str, ...]:
    """The derivation, a text a step; what was used, and what differs, below the last."""
    many, texts = len(exposition.steps), []
    left = previous = Mathematics(unicode="")
    for number, step in enumerate(exposition.steps, 1):
        # While the chain goes on, its left side is that of its first step.
        left = left if previous == step.before else step.before
        previous = step.after
        head = f"**Step {number} of {many}: {escaped(step.rule)}.**"
        idle = step.before == step.after and number > 1
        texts.append(_idle_step(step, head) if idle else _step(step, left, head))
    if texts:
        texts[-1] = "\n\n".join([texts[-1], *_closing(exposition)])
    return tuple(texts)


def _step(step: StepShown, left: Mathematics, head: str) -> str:
    parts = [f"{head} {escaped(step.words)}".rstrip(), _equation(left, step.after)]
    if step.assumptions:
        named = ", ".join(_fact(fact) for fact in step.assumptions)
        parts.append(f"Used here: {named}.")
    parts.append(f"*Checked:* {escaped(step.check)}.")
    return "\n\n".join(parts)


def _idle_step(step: StepShown, head: str) -> str:
    return f"{head} There is nothing left for it to do.\n\n*Checked:* {escaped(step.check)}."


def _closing(exposition: Exposition) -> Iterator[str]:
    for passage in exposition.differences:
        yield from _passage(passage)
    for title, facts in exposition.facts:
        if facts:
            yield f"{escaped(title)}: {', '.join(map(_fact, facts))}."


def _fact(fact: Mathematics) -> str:
    return f"${fact.latex}$" if fact.latex else escaped(fact.unicode)


def _equation(left: Mathematics, right: Mathematics) -> str:
    if not left.latex or left == right:
        return display(right.latex)
    return display(f"{left.latex} = {right.latex}", left.latex)


def display(latex: str, left: str = "") -> str:
    """A formula between lines of ``$$``, broken before top-level signs where it is long.

    ``left`` is its left side, which then stands in a row of its own.
    """
    pieces = _pieces(latex[len(left) :]) if left else _pieces(latex)
    if _seen(latex) <= WIDTH or len(pieces) == 1:
        return f"$$\n{latex}\n$$"
    rows: list[str] = [f"& {left}"] if left else []
    row = ""
    for piece in pieces:
        if row and _seen(row + piece) > WIDTH:
            rows.append(row)
            row = ""
        row += piece if row else f"&\\quad {piece.strip()}" if rows else f"& {piece.strip()}"
    rows.append(row)
    body = " \\\\\n".join(rows)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def _pieces(latex: str) -> list[str]:
    """The terms of a sum, each with its sign; what stands in brackets stays together."""
    pieces, begin, depth = [], 0, 0
    for found in _BRACKET.finditer(latex):
        token = found.group()
        if token in _OPEN:
            depth += 1
        elif token in _CLOSE:
            depth -= 1
        elif depth == 0 and token[0] == " " and latex[begin : found.start()].strip(" ="):
            pieces.append(latex[begin : found.start()])
            begin = found.start()
    return [*pieces, latex[begin:]]


def _seen(latex: str) -> int:
    """About how many letters wide a formula is."""
    plain = re.sub(r"\\(?:left|right|mathrm|operatorname|quad|begin|end)\b|[{}^_&]", "", latex)
    plain = re.sub(r"\\[a-zA-Z]+", "x", plain)
    return len(plain.replace(" ", ""))


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
        return display(lines[0].replace("&", "", 1).strip())
    body = " \\\\\n".join(lines)
    return display(f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}")


def _inline(formula: Mathematics) -> str:
    return formula.latex or rf"\text{{{formula.unicode}}}"
