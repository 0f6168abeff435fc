"""Cells as they are written, formulas as every renderer reads them, comparison with what is old."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from derivations.exposition import (
    Exposition,
    Mathematics,
    Passage,
    Row,
    StepShown,
    read_expositions,
)
from notebooks import notebook
from notebooks.cells import Code, Text, Walkthrough, code, exercise, kernel, mutant, steps, text
from notebooks.comparison import differences
from notebooks.errors import CellError, NotebookError
from notebooks.expositions import AGAIN, display, escaped, statement_markdown, step_markdowns
from notebooks.kernels import kernel_markdown, kernel_sources
from notebooks.mathematics import require_readable
from tests.notebooks.made_up import places

ROOT = Path(__file__).resolve().parents[2]
DETERMINANT = ROOT / "derivations/generated/expositions/label_noise_determinant.json"


def test_indentation_that_lines_share_is_taken_away() -> None:
    cell = code("""
        for x in y:
            print(x)
        """)
    assert cell.source == "for x in y:\n    print(x)"
    assert text("One line.").source == "One line."


@pytest.mark.parametrize("empty", ["", "\n   \n"])
def test_an_empty_cell_is_refused(empty: str) -> None:
    with pytest.raises(NotebookError, match="is empty"):
        text(empty)


def test_cells_are_laid_flat_with_the_title_first() -> None:
    nested = (text("a"), (code("1"), mutant("Wrong.", "2")))
    cells = Walkthrough(title="T", order=1, cells=(nested, text("b"))).flat()
    assert [type(cell).__name__ for cell in cells] == [
        "Text",
        "Text",
        "Code",
        "Text",
        "Code",
        "Text",
    ]
    assert cells[0] == Text(source="# T")
    assert cells[4] == Code(source="2", prints=("DISAGREES",))


def test_what_is_no_cell_is_refused() -> None:
    wrong: Any = "prose"
    with pytest.raises(NotebookError, match="got 'prose'; give text"):
        Walkthrough(title="T", order=1, cells=(wrong,)).flat()


@pytest.mark.parametrize(
    "markdown",
    [
        "a $x$ and $$y$$ in a line",
        "a formula $x +\ny$ over two lines",
        "$$\nx\n\ny\n$$",
        "$$\nx\n- y\n$$",
        "$$\nx\n=\ny\n$$",
        "$$\nx $y$\n$$",
        "$$\nx",
        "```python\nx",
    ],
)
def test_a_formula_that_some_renderer_shows_as_text_is_refused(markdown: str) -> None:
    with pytest.raises(NotebookError):
        text(markdown)


@pytest.mark.parametrize(
    "markdown",
    ["$x$ and $y$", "$$\n-x\n$$", "it costs 5 \\$", "`$HOME`", "```bash\necho $HOME\n```"],
)
def test_a_formula_that_all_read_alike_is_let_through(markdown: str) -> None:
    require_readable(markdown)


# What a cell must print and draw: made-up outputs, no kernel.

PICTURE = {"output_type": "display_data", "data": {"image/png": "AAAA"}, "metadata": {}}


def built(monkeypatch: pytest.MonkeyPatch, cell: Any, *outputs: Any) -> Any:
    async def run(group: str, sources: Any) -> Any:
        return [[nbformat.from_dict(output) for output in outputs] for _ in sources]

    monkeypatch.setattr(notebook, "run", run)
    walkthrough = Walkthrough(title="T", order=1, cells=(cell,))
    return json.loads(asyncio.run(notebook.notebook_text("some", walkthrough)))


def printed(line: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": line}


def test_what_the_prose_relies_on_must_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert built(monkeypatch, code("f()", prints="AGREES"), printed("AGREES\n"))
    with pytest.raises(CellError, match="cell 2: does not print 'AGREES', on which") as raised:
        built(monkeypatch, code("f()", prints="AGREES"), printed("no\n"))
    assert str(raised.value).endswith("it prints\n    no")
    with pytest.raises(CellError, match="does not print 'AGREES'"):
        built(monkeypatch, code("f()", prints="AGREES"), printed("DISAGREES\n"))


def test_a_mutant_must_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CellError, match="cell 3: does not print 'DISAGREES'"):
        built(monkeypatch, mutant("The factor 2 is lost.", "f()"), printed("INCONCLUSIVE\n"))


def test_a_picture_must_be_described(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CellError, match="draws 1 pictures and describes 0"):
        built(monkeypatch, code("f()"), PICTURE)
    with pytest.raises(CellError, match="draws 0 pictures and describes 1"):
        built(monkeypatch, code("f()", alt="A line."))


def test_a_picture_must_be_small(monkeypatch: pytest.MonkeyPatch) -> None:
    large = {**PICTURE, "data": {"image/png": "A" * 100_000}}
    with pytest.raises(CellError, match="draws a picture of 75000 bytes"):
        built(monkeypatch, code("f()", alt="A line."), large)


@pytest.mark.parametrize(
    "line", ["/" + "home/someone/x", "<object at 0x7f3a12>", "~" + "/data", "/" + "tmp/x.json"]
)
def test_what_differs_from_run_to_run_is_refused(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    with pytest.raises(CellError, match="prints a folder or an address"):
        built(monkeypatch, code("f()"), printed(f"first\n{line}\n"))


def test_the_id_of_a_cell_follows_from_its_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def ids(*cells: Any) -> list[str]:
        return [cell["id"] for cell in built(monkeypatch, cells)["cells"]]

    one, two = ids(text("a"), text("b")), ids(text("new"), text("a"), text("b"))
    assert one[1:] == two[2:]
    twice = ids(text("a"), text("a"))
    assert len(set(twice)) == 3


# Generated cells.

STEP = StepShown(
    rule="first rule",
    words="Words with a_b and 2*3.",
    before=Mathematics(unicode="df", latex="d f"),
    after=Mathematics(unicode="a", latex="a"),
    check="at 2 points",
    assumptions=(Mathematics(unicode="M > 0", latex="M > 0"),),
)
SHOWN = Exposition(
    id="some.claim",
    title="a title with W_1",
    statement="It holds.",
    source="somewhere",
    assumptions=("x is not 0",),
    declared=(
        Passage(title="System", rows=(Row(right=STEP.after, left=STEP.before),)),
        Passage(title="Code", rows=(Row(right=Mathematics(unicode="lambda x: x", source=True)),)),
    ),
    steps=(
        STEP,
        StepShown(rule="idle", words="", before=STEP.after, after=STEP.after, check="is zero"),
    ),
    facts=(("Used", (Mathematics(unicode="M > 0", latex="M > 0"),)),),
)


def test_a_statement_has_its_parts_and_no_stray_markup() -> None:
    shown = statement_markdown(SHOWN)
    require_readable(shown)
    for part in (
        r"**a title with $W_{1}$**",
        "It holds.",
        "*Source:* somewhere.",
        "- $x$ is not 0",
    ):
        assert part in shown
    assert "d f &= a" in shown
    assert "- `lambda x: x`" in shown


def test_steps_have_rule_words_formula_and_check() -> None:
    first, last = step_markdowns(SHOWN)
    assert first == (
        "**Step 1 of 2: first rule.** Words with $a_{b}$ and 2\\*3.\n\n"
        "$$\n\\begin{aligned}\nd f &= a\n\\end{aligned}\n$$\n\n"
        "Used here: $M > 0$.\n\n*Checked:* at 2 points."
    )
    assert last.startswith("**Step 2 of 2: idle.**")
    assert "a &= a" in last or "= a" in last
    assert last.endswith("Used: $M > 0$.")


def test_long_formulas_are_broken_at_the_signs_of_their_sums() -> None:
    term = r"\operatorname{tr}\left(A + B\right) \frac{a + b}{c - d}"
    long = Mathematics(unicode="", latex=" + ".join([term] * 12))
    shown = display([Row(left=Mathematics(unicode="f", latex="f"), right=long)])
    rows = shown.splitlines()[2:-2]
    assert 1 < len(rows) < 12
    for row in rows:
        assert row.count(r"\left(") == row.count(r"\right)") == row.count(r"\frac")
    assert "".join(rows).count(term) == 12
    require_readable(shown)


def test_words_in_the_place_of_a_formula_have_their_letters() -> None:
    shown = display([Row(words="W₁ after", right=Mathematics(unicode="x", latex="x"))])
    assert "\n" r"W_{1}\text{ after} &= x" in shown
    require_readable(shown)


def test_words_are_shown_as_they_are() -> None:
    assert escaped("a_b * [c] $d$ <e>") == r"a\_b \* \[c\] \$d\$ \<e\>"


def test_every_claim_of_the_catalogue_can_be_read() -> None:
    files = sorted((ROOT / "derivations/generated/expositions").glob("*.json"))
    shown = [claim for file in files for claim in read_expositions(file).values()]
    assert len(shown) > 100
    for claim in shown:
        for markdown in (statement_markdown(claim), *step_markdowns(claim)):
            require_readable(markdown)


def test_the_derivation_of_the_catalogue_takes_notes() -> None:
    cells = steps("label_noise_determinant", notes={2: "Look here."}).make(set())
    assert cells[2].source == "Look here."
    with pytest.raises(NotebookError, match="has no step 9"):
        steps("label_noise_determinant", notes={9: "Nothing."}).make(set())


def test_what_was_told_of_a_rule_is_not_told_again() -> None:
    told: set[str] = set()
    first, *_ = step_markdowns(read_expositions(DETERMINANT)["label_noise_determinant"], told)
    again, *_ = step_markdowns(read_expositions(DETERMINANT)["label_noise_determinant"], told)
    assert "Taylor's formula" in first
    assert AGAIN not in first
    assert "Taylor's formula" not in again
    assert AGAIN in again


def test_kernels_are_shown_as_emitted() -> None:
    shown = kernel_markdown("label_noise_determinant", ("stated_drift",))
    source = kernel_sources("label_noise_determinant")["stated_drift"]
    assert f"```python\n{source}\n```" in shown
    file = ROOT / "numerics/kernels/label_noise_determinant.py"
    assert source in file.read_text(encoding="utf-8")


def test_a_kernel_that_is_not_there_is_named() -> None:
    with pytest.raises(NotebookError, match=r"has no 'drifd'; there are increment"):
        kernel("label_noise_determinant", "drifd").make(set())
    with pytest.raises(NotebookError, match=r"no numerics/kernels/nothing\.py"):
        kernel("nothing").make(set())


# Files of walkthroughs.


def test_a_file_without_a_walkthrough_is_named(tmp_path: Path) -> None:
    where = places(tmp_path)
    (tmp_path / "walkthroughs" / "empty.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(NotebookError, match=r"walkthroughs/empty\.py: has no WALKTHROUGH; add"):
        where.walkthrough("empty")


def test_a_file_that_raises_is_named_with_its_line(tmp_path: Path) -> None:
    where = places(tmp_path, bad='text("$$")')
    with pytest.raises(NotebookError, match=r"walkthroughs/bad.py, line 4: NotebookError: text"):
        where.walkthrough("bad")
    (tmp_path / "walkthroughs" / "bad.py").write_text("x = (\n", encoding="utf-8")
    with pytest.raises(NotebookError, match=r"walkthroughs/bad.py, line 1: SyntaxError"):
        where.walkthrough("bad")


# What is old.


def book(source: str, output: str = "", **more: Any) -> str:
    cells = [{"cell_type": "code", "id": "a", "source": [source], "outputs": [printed(output)]}]
    return json.dumps({"cells": cells, "metadata": {}, **more})


def test_what_differs_is_said() -> None:
    new = book("f()", "1\n2\n")
    assert differences(new, new) == ()
    assert differences(book("g()", "1\n2\n"), new) == (
        "cell 1: source 'g()', a build writes 'f()'",
    )
    assert differences(book("f()", "1\n3\n"), new) == ("cell 1: output '3', a build writes '2'",)
    assert differences(book("f()", "1\n2"), new) == (
        "cell 1: output '1\\n2', a build writes '1\\n2\\n'",
    )
    assert differences("{", new) == ("is not a notebook",)
    assert differences('{"cells": []}', new) == ("has 0 cells, a build writes 1",)
    assert differences(book("f()", "1\n2\n", nbformat=3), new) == (
        "the notebook's metadata or the way it is written differ",
    )


def test_an_exercise_needs_a_solution() -> None:
    with pytest.raises(NotebookError, match="solution: is empty"):
        exercise("Why?", solution="")
