"""Building tiny walkthroughs: what is written, when it is stale, how errors are told."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from notebooks import build as command
from notebooks import execution
from notebooks.build import Report, build, check
from notebooks.groups import Places
from notebooks.index import index_text
from tests.notebooks.made_up import places, quiet, read

GOOD = '''
text("Prose with $x$."),
code("""
import matplotlib.pyplot as plt

from notebooks.showing import use_style

use_style()
names = {"alpha", "beta", "gamma"}
print(sorted(names), f"{sum(0.1 for _ in range(3)):.3f}")
""", prints="alpha"),
code("""
figure, axes = plt.subplots(figsize=(3, 2))
axes.plot([1, 3, 2]);
""", alt="A line that rises and falls."),
code("len(names)"),
exercise("How many?", hint="Count.", solution="print(len(names))\\nassert len(names) == 3")
'''

PRINTS_TWO = 'code("print(1 + 1)")'


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Places, Report]:
    where = places(tmp_path_factory.mktemp("notebooks"), good=GOOD, other=PRINTS_TWO)
    return where, build(where, (), quiet, workers=2)


def outputs(book: Any) -> list[Any]:
    return [output for cell in book["cells"] for output in cell.get("outputs", [])]


def test_every_walkthrough_gives_a_notebook(built: tuple[Places, Report]) -> None:
    where, report = built
    assert sorted(report.written) == ["good.ipynb", "other.ipynb"]
    assert not report.errors
    for group in where.groups():
        nbformat.validate(nbformat.read(where.notebook(group), as_version=4))


def test_cells_and_outputs_are_there(built: tuple[Places, Report]) -> None:
    book = read(built[0].notebook("good"))
    kinds = [cell["cell_type"] for cell in book["cells"]]
    assert kinds == ["markdown", "markdown", "code", "code", "code", "markdown"]
    assert "".join(book["cells"][0]["source"]) == "# good"
    counts = [c["execution_count"] for c in book["cells"] if c["cell_type"] == "code"]
    assert counts == [1, 2, 3]
    printed, picture, value = outputs(book)
    assert "".join(printed["text"]) == "['alpha', 'beta', 'gamma'] 0.300\n"
    assert picture["metadata"]["image/png"]["alt"] == "A line that rises and falls."
    assert value["data"]["text/plain"] == ["3"]


def test_a_solution_is_folded_away_with_what_it_prints(built: tuple[Places, Report]) -> None:
    text = "".join(read(built[0].notebook("good"))["cells"][-1]["source"])
    assert text.startswith("**Exercise.** How many?")
    assert text.count("<details>") == text.count("</details>") == 2
    assert "assert len(names) == 3\n```\n\nprints\n\n```text\n3\n```" in text


def test_nothing_volatile_is_kept(built: tuple[Places, Report]) -> None:
    where, _ = built
    book = read(where.notebook("good"))
    assert set(book["metadata"]) == {"driftproof", "kernelspec", "language_info"}
    assert "version" not in book["metadata"]["language_info"]
    assert all(cell["metadata"] == {} for cell in book["cells"])
    assert str(where.folder) not in where.notebook("good").read_text(encoding="utf-8")
    picture = next(
        o["data"]["image/png"] for o in outputs(book) if "image/png" in o.get("data", {})
    )
    assert b"Software" not in base64.b64decode(picture)


def test_built_again_with_another_hash_seed_it_is_the_same_file(
    built: tuple[Places, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    where, _ = built
    before = where.notebook("good").read_bytes()
    monkeypatch.setenv("PYTHONHASHSEED", "4711")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    where.notebook("good").unlink()
    assert build(where, ("good",), quiet).written == ("good.ipynb",)
    assert where.notebook("good").read_bytes() == before


def test_what_is_stale_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    where = places(tmp_path, some=PRINTS_TWO, another=PRINTS_TWO)
    build(where, ("some",), quiet)
    assert check(where, ("some",), quiet) == Report(current=("some.ipynb",))
    (where.folder / "README.md").write_text("old", encoding="utf-8")
    old = where.notebook("some").read_text(encoding="utf-8").replace('"2\\n"', '"3\\n"')
    old = old.replace("# some", "# Some")
    where.notebook("some").write_text(old, encoding="utf-8")
    where.notebook("gone").write_text("{}", encoding="utf-8")
    report = check(where, (), quiet)
    assert sorted(report.stale) == [
        "README.md: is not the list of what is there",
        "another.ipynb: is missing",
        "gone.ipynb: no walkthrough stands for it",
        "some.ipynb: cell 1: source '# Some', a build writes '# some' (and 1 more)",
    ]
    assert where.notebook("some").read_text(encoding="utf-8") == old
    assert not where.notebook("another").exists()


def test_a_notebook_without_a_walkthrough_is_removed(tmp_path: Path) -> None:
    where = places(tmp_path)
    where.notebook("gone").write_text("{}", encoding="utf-8")
    assert build(where, (), quiet).removed == ("gone.ipynb",)
    assert not where.notebook("gone").exists()


def failing(folder: Path, cells: str) -> str:
    """The error of a walkthrough that cannot be built; its notebook stays as it was."""
    where = places(folder, bad=cells)
    where.notebook("bad").write_text("old", encoding="utf-8")
    (error,) = build(where, (), quiet).errors
    assert where.notebook("bad").read_text(encoding="utf-8") == "old"
    assert [path.name for path in sorted(folder.iterdir())] == ["bad.ipynb", "walkthroughs"]
    return error


def test_a_cell_that_raises_is_told_with_its_line(tmp_path: Path) -> None:
    cells = '''text("Prose."), code("a = 1"), code("""
def half(x):
    return x / 0

b = a
half(b)
""")'''
    assert failing(tmp_path, cells) == (
        "bad: cell 4: line 2: ZeroDivisionError: division by zero\n    return x / 0"
    )


def test_a_cell_that_does_not_parse_is_told_with_its_line(tmp_path: Path) -> None:
    error = failing(tmp_path, 'code("a = 1\\nb = (")')
    assert error.startswith("bad: cell 2: line 2: ")
    assert error.endswith("\n    b = (")


def test_a_solution_that_fails_is_an_error(tmp_path: Path) -> None:
    cells = 'code("a = 1"), exercise("How many?", solution="assert a == 2")'
    error = failing(tmp_path, cells)
    assert error == "bad: cell 3: solution, line 1: AssertionError\n    assert a == 2"


def test_standard_error_is_an_error(tmp_path: Path) -> None:
    cells = "code(\"import warnings\\nwarnings.warn('not so')\")"
    assert "bad: cell 2: writes to standard error:" in failing(tmp_path, cells)


def test_a_cell_that_does_not_end_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "CELL_SECONDS", 1)
    error = failing(tmp_path, 'code("import time\\ntime.sleep(60)")')
    assert error == "bad: cell 2: did not end in 1 seconds; make it do less"


def test_a_kernel_that_ends_is_an_error(tmp_path: Path) -> None:
    assert failing(tmp_path, 'code("import os\\nos._exit(1)")') == "bad: cell 2: ended its kernel"


def test_an_error_leaves_the_others_built(tmp_path: Path) -> None:
    where = places(tmp_path, bad='code("1 / 0")', fine=PRINTS_TWO)
    report = build(where, (), quiet, workers=2)
    assert report.written == ("fine.ipynb",)
    assert len(report.errors) == 1


def command_line(
    where: Places, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str]:
    monkeypatch.setattr(command, "Places", lambda: where)
    done = CliRunner().invoke(command.main, arguments)
    assert not done.exception or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = places(tmp_path, some='text("Prose.")')
    code, said = command_line(where, monkeypatch, "--check")
    assert (code, said.splitlines()[1:]) == (
        1,
        [
            "stale: some.ipynb: is missing",
            "stale: README.md: is not the list of what is there",
            "2 stale; run python -m notebooks.build",
        ],
    )
    code, said = command_line(where, monkeypatch)
    assert code == 0
    assert re.fullmatch(r"\[1/1\] some +[\d.]+ s\n1 written, 0 up to date, 0 removed\n", said)
    assert command_line(where, monkeypatch, "--check")[0] == 0
    code, said = command_line(where, monkeypatch, "sone")
    assert (code, said) == (2, "build: no walkthrough 'sone'; did you mean some?\n")
    code, said = command_line(where, monkeypatch, "--workers", "0")
    assert (code, said) == (2, "build: workers=0: give at least one\n")


def test_the_list_has_them_in_their_order(tmp_path: Path) -> None:
    where = places(tmp_path, first='text("a")', second='text("b")')
    last = where.folder / "walkthroughs" / "first.py"
    text = last.read_text(encoding="utf-8").replace("order=1", "order=7")
    last.write_text(text, encoding="utf-8")
    lines = index_text(where).splitlines()
    assert lines[-2:] == [
        "1. [second](second.ipynb)",
        "2. [first](first.ipynb)",
    ]


def test_an_unknown_group_is_refused_without_a_kernel() -> None:
    line = [sys.executable, "-m", "notebooks.build", "determinent"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "build: no walkthrough 'determinent'; did you mean determinant?\n"


def test_a_picture_may_differ_by_a_little(built: tuple[Places, Report], tmp_path: Path) -> None:
    from PIL import Image

    from notebooks.comparison import differences

    text = built[0].notebook("good").read_text(encoding="utf-8")

    def with_pixels(change: Any) -> str:
        book = json.loads(text)
        data = next(o["data"] for o in outputs(book) if "image/png" in o.get("data", {}))
        image = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGBA")
        buffer = io.BytesIO()
        change(image).save(buffer, "png")
        data["image/png"] = base64.b64encode(buffer.getvalue()).decode()
        return json.dumps(book)

    def dotted(count: int) -> Any:
        def change(image: Any) -> Any:
            for place in range(count):
                image.putpixel((place % image.width, place // image.width), (200, 0, 0, 255))
            return image

        return change

    assert differences(text, with_pixels(dotted(0))) == ()
    assert differences(text, with_pixels(dotted(10))) == ()
    (said,) = differences(text, with_pixels(dotted(200)))
    assert said == "cell 4: picture: more than 0.1% of the pixels differ by more than 32 of 255"
    assert differences(text, with_pixels(lambda image: image.resize((50, 50)))) == (said,)
