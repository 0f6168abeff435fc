"""What a stranger needs in a walkthrough: named axes, keys to curves, where readers get stuck."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from notebooks.cells import Code, Exercise, Text
from notebooks.groups import Places
from notebooks.index import index_text
from tests.documents import ROOT

PLACES = Places()
GROUPS = PLACES.groups()
ABOUT_THE_TOOL = {"judge", "own_claim"}
PARTS_OF_THE_JUDGE = {"judge"}  # it shows them; every other walkthrough does with the public names


def written(cells: Iterable[Any]) -> Iterator[Any]:
    """The cells that an author wrote; derivations and kernels, which take time, are left out."""
    for cell in cells:
        if isinstance(cell, tuple):
            yield from written(cell)
        elif isinstance(cell, Text | Code | Exercise):
            yield cell


def cells_of(group: str) -> list[Any]:
    return list(written(PLACES.walkthrough(group).cells))


def lacking(source: str) -> list[str]:
    """What the picture that a cell draws does not say about itself."""
    if "plt.subplots" not in source:
        return []
    ways = {
        "the horizontal axis": ("xlabel", "set_xticks(range"),
        "the vertical axis": ("ylabel", "yticks=[]", "set_yticks("),
        "a key to what is drawn": (".legend(", ".annotate(", ".text(", "colorbar(", "set_yticks("),
    }
    return [what for what, words in ways.items() if not any(word in source for word in words)]


@pytest.mark.parametrize("group", GROUPS)
def test_pictures_name_their_axes_and_their_curves(group: str) -> None:
    cells = [cell for cell in cells_of(group) if isinstance(cell, Code)]
    assert not [found for cell in cells if (found := lacking(cell.source))]


def test_a_picture_that_says_nothing_of_itself_is_seen() -> None:
    bare = "figure, axes = plt.subplots()\naxes.plot(x, y)"
    assert len(lacking(bare)) == 3
    assert lacking(bare + "\naxes.set(xlabel='x', ylabel='y')") == ["a key to what is drawn"]


@pytest.mark.parametrize("group", sorted(set(GROUPS) - ABOUT_THE_TOOL))
def test_a_walkthrough_of_theorems_says_where_readers_get_stuck(group: str) -> None:
    """And the section has something to run or to look at, not words alone."""
    cells = cells_of(group)
    stuck = [
        number
        for number, cell in enumerate(cells)
        if isinstance(cell, Text) and "# Where readers get stuck" in cell.source
    ]
    assert stuck
    assert any(isinstance(cell, Code) for first in stuck for cell in cells[first : first + 4])


def sources(group: str) -> list[str]:
    cells = cells_of(group)
    found = [cell.source for cell in cells if isinstance(cell, Code)]
    return found + [cell.solution for cell in cells if isinstance(cell, Exercise)]


@pytest.mark.parametrize("group", sorted(set(GROUPS) - PARTS_OF_THE_JUDGE))
def test_the_judge_is_used_by_its_public_names(group: str) -> None:
    inner = re.compile(r"^ *(?:from|import) +verify\.\w+", re.MULTILINE)
    assert not [line for source in sources(group) for line in inner.findall(source)]


def test_one_command_opens_the_walkthroughs_and_its_versions_are_bounded() -> None:
    commands = re.findall(r"^ {4}(.+)$", index_text(PLACES), re.MULTILINE)
    assert commands == ["make lab"]
    recipe = (
        (ROOT / "Makefile").read_text("utf-8").partition("\nlab: install")[2].partition("\n\n")[0]
    )
    assert "'.[notebooks]'" in recipe
    assert "--constraint" in recipe
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (lab,) = extras["optional-dependencies"]["notebooks"]
    assert re.fullmatch(r"jupyterlab>=\d+(\.\d+)*,<\d+", lab)
