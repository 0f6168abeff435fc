"""The README's code runs, and prints what the README says that it prints."""

from __future__ import annotations

import contextlib
import io
import re
from itertools import pairwise
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """(language, text) of every fenced block, in order."""
    return FENCE.findall(README.read_text(encoding="utf-8"))


def printed_by_examples() -> list[str]:
    """What each Python block prints, run one after another in one namespace."""
    namespace: dict[str, object] = {}
    outputs = []
    for language, text in blocks():
        if language == "python":
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                exec(compile(text, str(README), "exec"), namespace)
            outputs.append(stream.getvalue())
    return outputs


def promised() -> list[str]:
    """The text block that follows each Python block."""
    found = blocks()
    return [
        after
        for (language, _), (kind, after) in pairwise(found)
        if language == "python" and kind == "text"
    ]


def test_each_example_prints_what_stands_below_it() -> None:
    printed = printed_by_examples()
    assert len(printed) >= 2
    assert printed == promised()


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"])
def test_linked_files_are_there(name: str) -> None:
    assert f"({name})" in README.read_text(encoding="utf-8")
    assert (README.parent / name).is_file()


def test_every_theorem_of_the_catalogue_is_listed() -> None:
    from derivations.catalogue import names

    listed = set(re.findall(r"^\| `(\w+)` \|", README.read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == set(names())


def test_every_experiment_is_listed() -> None:
    from verify.experiments.catalogue import experiments

    text = README.read_text(encoding="utf-8")
    table = text.partition("| experiment |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([a-z-]+)(?: and ([a-z-]+)| FILE\.csv)? \|", table, re.MULTILINE)
    assert sorted(name for row in rows for name in row if name) == [x.id for x in experiments()]


def test_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert pictures
    for picture in pictures:
        data = (README.parent / picture).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < 150_000
