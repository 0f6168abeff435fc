'''The cells of a walkthrough: what an author writes, and nothing of how a notebook is stored.

A walkthrough is one file ``notebooks/walkthroughs/GROUP.py`` with a constant ``WALKTHROUGH``; it is
found by its place there, and ``python -m notebooks.build GROUP`` writes ``notebooks/GROUP.ipynb``.
Texts stand at the left margin, so that they can be as wide as the page::

    """The change of time, from (5.2) to (5.3)."""

    from notebooks.cells import Walkthrough, code, derivation, exercise, kernel, mutant, text

    WALKTHROUGH = Walkthrough(
        title="The change of time",
        order=3,
        cells=(
            text(r"""
    What the reader will know at the end.
    """),
            code(r"""
    import matplotlib.pyplot as plt

    from derivations import *
    from notebooks.showing import show, use_style
    from verify import check

    use_style()
    """),
            derivation("time_change"),
            ...,
        ),
    )

A long one is a few constants, ``SETTING = (text(...), code(...))``, named in ``cells`` in order.

What there is

- ``text(markdown)``: prose. Formulas as ``$...$`` within one line, or between two lines ``$$``,
  where no line is empty or begins with a sign (the build refuses what some renderer would show as
  text); write raw strings (``r"""``). Indentation that all lines share is taken away. The title
  is the first cell by itself: begin with prose, and with ``## ...`` for each section.
- ``code(source, alt=..., prints=...)``: a cell that is run. Each picture needs a text ``alt`` that
  says what one sees (a tuple for several). Texts in ``prints`` must stand in the output: what the
  prose says then stays true. All imports stand in the first code cell.
- ``statement(claim_id)``: the claim, its source, its assumptions, the system and what is stated.
- ``steps(claim_id, notes={2: r"..."})``: the derivation, a cell a step: the rule, the rule in
  words, the formula, how the step was checked; a note stands below the step of that number.
- ``derivation(claim_id, notes=...)``: both of them.
- ``kernel(claim_id, "increment", "stated_drift")``: functions of the emitted kernels.
- ``mutant(mistake, source, prints=("DISAGREES",))``: "Change this and see it break"; the build
  fails if what it prints lacks the verdict.
- ``exercise(question, hint=..., solution=...)``: question, hint and solution folded away. The
  solution is run after all cells, with their names at hand; what it prints is shown with it, and
  an ``assert`` in it makes it a test.

What a walkthrough keeps to

- All that is printed is the same on every machine and in every run: no times, paths, addresses,
  and no more digits than the method has. ``show(verdict)`` prints a verdict that way;
  ``print(verdict)`` has residuals of 1e-12 in it, which differ from one processor to the next.
  Seeds are written out.
- At most nine processor seconds a notebook, three of which go to the kernel and imports:
  ``check(claim, effort="quick")``, ``tiers=(...)`` where one tier makes the point, few paths.
- Pictures: ``plt.subplots(figsize=(7, 3.2))``, colours of `notebooks.style.COLOURS`, one message
  each; at most 60 kB. A picture is at the end of its cell; no ``plt.show()`` is needed.
- Nothing is written to disk, nothing goes to standard error (no warnings, no progress bars).
- No state that is not there to be read: each cell uses what cells above it made.
'''

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from notebooks.errors import NotebookError
from notebooks.mathematics import require_readable

__all__ = [
    "Cell",
    "Cells",
    "Code",
    "Exercise",
    "Generated",
    "Text",
    "Walkthrough",
    "code",
    "derivation",
    "exercise",
    "kernel",
    "mutant",
    "statement",
    "steps",
    "text",
]


@dataclass(frozen=True, kw_only=True)
class Text:
    """Markdown."""

    source: str

    def __post_init__(self) -> None:
        require_readable(self.source)


@dataclass(frozen=True, kw_only=True)
class Code:
    """Python that is run: ``alt`` one text a picture, ``prints`` what its output must hold."""

    source: str
    alt: tuple[str, ...] = ()
    prints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A question, a hint, and a solution in Python that is run after all cells."""

    question: str
    hint: str = ""
    solution: str

    def __post_init__(self) -> None:
        require_readable(self.question)
        require_readable(self.hint)


@dataclass(frozen=True, kw_only=True)
class Generated:
    """Cells that are made when the notebook is built: `derivation`, `kernel` and the like."""

    make: Callable[[set[str]], tuple[Text, ...]]
    """From what was told of rules in cells above, which is added to."""


Cell: TypeAlias = Text | Code | Exercise
Cells: TypeAlias = "Cell | Generated | tuple[Cells, ...]"


@dataclass(frozen=True, kw_only=True)
class Walkthrough:
    """The constant ``WALKTHROUGH`` of a file of `notebooks.walkthroughs`.

    Parameters
    ----------
    title : str
        The heading of the notebook.
    order : int
        Where it stands among the others; 1 is read first.
    cells : tuple
        Cells, and tuples of them.
    """

    title: str
    order: int
    cells: tuple[Cells, ...]

    def flat(self) -> tuple[Cell, ...]:
        """All cells in order, the title first."""
        return (Text(source=f"# {self.title}"), *_flat(self.cells, set()))


def text(markdown: str) -> Text:
    """Prose in Markdown; common indentation is taken away."""
    return Text(source=_plain(markdown, "text"))


def code(source: str, *, alt: str | Iterable[str] = (), prints: str | Iterable[str] = ()) -> Code:
    """Python that is run; see the head of this module for ``alt`` and ``prints``."""
    return Code(source=_plain(source, "code"), alt=_texts(alt), prints=_texts(prints))


def mutant(
    mistake: str, source: str, *, alt: str = "", prints: str | Iterable[str] = ("DISAGREES",)
) -> tuple[Cell, ...]:
    """Change this and see it break: a mistake in words, and the cell in which it is caught."""
    head = "#### Change this and see it break"
    words = Text(source=f"{head}\n\n{_plain(mistake, 'mutant')}")
    return (words, code(source, alt=alt, prints=prints))


def exercise(question: str, *, solution: str, hint: str = "") -> Exercise:
    """A question with a hint and a solution, both folded away."""
    return Exercise(
        question=_plain(question, "exercise"),
        hint=_plain(hint, "hint") if hint else "",
        solution=_plain(solution, "solution"),
    )


def statement(claim_id: str) -> Generated:
    """A claim of the catalogue: statement, source, assumptions, system, what is stated."""
    return Generated(make=lambda told: (_statement(claim_id),))


def steps(claim_id: str, *, notes: Mapping[int, str] | None = None) -> Generated:
    """The derivation of a claim, a cell a step; ``notes`` stand below the steps they are of."""
    return Generated(make=lambda told: _steps(claim_id, notes or {}, told))


def derivation(claim_id: str, *, notes: Mapping[int, str] | None = None) -> Generated:
    """`statement` and `steps` of a claim, one below the other."""
    return Generated(make=lambda told: (_statement(claim_id), *_steps(claim_id, notes or {}, told)))


def kernel(claim_id: str, *names: str) -> Generated:
    """Functions of the kernels emitted for a claim; all that take arrays where none is named.

    ``names`` are what stands after the claim's id: ``"increment"``, ``"stated_drift"``.
    """
    return Generated(make=lambda told: (_kernel(claim_id, names),))


def _statement(claim_id: str) -> Text:
    from notebooks.expositions import statement_markdown

    return Text(source=statement_markdown(_exposition(claim_id)))


def _steps(claim_id: str, notes: Mapping[int, str], told: set[str]) -> tuple[Text, ...]:
    from notebooks.expositions import step_markdowns

    shown = step_markdowns(_exposition(claim_id), told)
    for number in notes:
        if not 1 <= number <= len(shown):
            raise NotebookError(f"notes: {claim_id} has no step {number}; it has {len(shown)}")
    cells = []
    for number, markdown in enumerate(shown, 1):
        cells.append(Text(source=markdown))
        if number in notes:
            cells.append(text(notes[number]))
    return tuple(cells)


def _kernel(claim_id: str, names: tuple[str, ...]) -> Text:
    from notebooks.kernels import kernel_markdown

    return Text(source=kernel_markdown(claim_id, names))


def _exposition(claim_id: str) -> Any:
    from verify.explain import exposition_of

    return exposition_of(claim_id)


def _flat(cells: Iterable[Any], told: set[str]) -> Iterator[Cell]:
    for cell in cells:
        if isinstance(cell, Text | Code | Exercise):
            yield cell
        elif isinstance(cell, Generated):
            yield from cell.make(told)
        elif isinstance(cell, tuple | list):
            yield from _flat(cell, told)
        else:
            raise NotebookError(f"cells: got {cell!r:.60}; give text(...), code(...) and the like")


def _plain(source: str, name: str) -> str:
    """Without common indentation and empty ends."""
    plain = inspect.cleandoc(source) if source[:1] != "\n" else textwrap.dedent(source).strip("\n")
    plain = plain.rstrip()
    if not plain:
        raise NotebookError(f"{name}: is empty; write something, or leave the cell out")
    return "\n".join(line.rstrip() for line in plain.splitlines())


def _texts(given: str | Iterable[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,) if given else ()
    return tuple(given)
