"""The committed notebooks: of their walkthroughs, valid, quiet, small, and free of one machine."""

from __future__ import annotations

import ast
import base64
import json
import subprocess
import sys
from functools import cache
from itertools import pairwise
from typing import Any

import nbformat
import pytest

from notebooks.cells import Code, Exercise, Text, Walkthrough
from notebooks.groups import Places
from tests.architecture.test_sources import machine_paths

PLACES = Places()
GROUPS = PLACES.groups()


@cache
def walkthrough(group: str) -> Walkthrough:
    """What its file gives: read once, since it declares systems and claims."""
    return PLACES.walkthrough(group)


def flat(group: str) -> list[Any]:
    return list(walkthrough(group).flat())


def cells(group: str) -> list[Any]:
    return list(nbformat.read(PLACES.notebook(group), as_version=4).cells)


def outputs(group: str) -> list[Any]:
    return [output for cell in cells(group) for output in cell.get("outputs", [])]


def code_of(group: str) -> list[str]:
    return [cell.source for cell in cells(group) if cell.cell_type == "code"]


def test_there_are_walkthroughs() -> None:
    assert GROUPS
    assert not PLACES.orphans()


def test_their_order_is_a_count() -> None:
    orders = sorted(walkthrough(group).order for group in GROUPS)
    assert all(a < b for a, b in pairwise(orders))


@pytest.mark.parametrize("group", GROUPS)
def test_the_notebook_is_valid_and_of_its_walkthrough(group: str) -> None:
    nbformat.validate(nbformat.read(PLACES.notebook(group), as_version=4))
    written = [cell.source for cell in cells(group)]
    for cell, source in zip(flat(group), written, strict=True):
        if isinstance(cell, Exercise):
            assert cell.question in source
            assert cell.solution in source
        else:
            assert source == cell.source


@pytest.mark.parametrize("group", GROUPS)
def test_outputs_are_quiet_and_of_no_machine(group: str) -> None:
    for output in outputs(group):
        assert output.output_type != "error"
        assert output.get("name") != "stderr"
    assert not machine_paths(PLACES.notebook(group).read_text(encoding="utf-8"))


@pytest.mark.parametrize("group", GROUPS)
def test_pictures_are_small_and_described(group: str) -> None:
    for output in outputs(group):
        if "image/png" in output.get("data", {}):
            assert len(base64.b64decode(output.data["image/png"])) <= 60_000
            assert len(output.metadata["image/png"]["alt"]) > 20


@pytest.mark.parametrize("group", GROUPS)
def test_it_has_what_a_walkthrough_has(group: str) -> None:
    told = flat(group)
    prose = "\n".join(cell.source for cell in told if isinstance(cell, Text))
    assert "## " in prose
    assert "Change this and see it break" in prose
    assert sum(isinstance(cell, Exercise) for cell in told) >= 2
    assert any(cell.alt for cell in told if isinstance(cell, Code))


def imported(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_imports_stand_at_the_top_and_are_public(group: str) -> None:
    first, *others = code_of(group)
    assert not [name for source in others for name in imported(source)]
    private = [name for name in imported(first) if any(p[0] == "_" for p in name.split("."))]
    assert not private


@pytest.mark.parametrize("group", GROUPS)
def test_the_code_is_clean(group: str) -> None:
    rules = ["--isolated", "--select=E,F,W,I,B,NPY", "--ignore=E741,E402,F403,F405,B018,E703"]
    ruff = [sys.executable, "-m", "ruff", "check", "--quiet", "--line-length=100", *rules]
    source = "\n\n".join(code_of(group)) + "\n"
    name = ["--stdin-filename", f"{group}.py", "-"]
    done = subprocess.run([*ruff, *name], input=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_notebook_says_that_it_is_generated() -> None:
    for group in GROUPS:
        book = json.loads(PLACES.notebook(group).read_text(encoding="utf-8"))
        assert book["metadata"]["driftproof"]["source"] == f"notebooks/walkthroughs/{group}.py"
