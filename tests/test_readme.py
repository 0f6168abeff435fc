"""The README's code runs and prints what it says; what it lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.documents import ROOT, blocks, run_page

README = ROOT / "README.md"
CATALOGUE = ROOT / "notebooks" / "guide" / "catalogue.md"


def test_each_example_prints_what_stands_below_it(tmp_path: Path) -> None:
    assert run_page(README, tmp_path) >= 3


def test_its_example_is_that_of_the_tutorial() -> None:
    """Whoever goes from one to the other finds the same claim, with the same mistake."""

    def letters(page: Path) -> str:
        text = next(b.text for b in blocks(page) if b.text.startswith("# energy.py"))
        kept = re.sub(r"#.*|sde = .*|sde=.*", "", text)
        return "".join(kept.split())

    assert letters(README) == letters(ROOT / "notebooks" / "guide" / "tutorial.md")


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"])
def test_linked_files_are_there(name: str) -> None:
    assert f"({name})" in README.read_text(encoding="utf-8")
    assert (README.parent / name).is_file()


def test_every_theorem_is_listed_in_the_guide() -> None:
    from derivations.catalogue import names

    rows = re.findall(r"^\| `(\w+)` \|", CATALOGUE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == list(names())


def test_every_experiment_is_listed_in_the_guide() -> None:
    from verify.experiments.catalogue import experiments

    text = CATALOGUE.read_text(encoding="utf-8")
    table = text.partition("| experiment |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([a-z-]+)(?: and ([a-z-]+)| FILE\.csv)? \|", table, re.MULTILINE)
    assert sorted(name for row in rows for name in row if name) == [x.id for x in experiments()]


def test_every_walkthrough_is_listed_in_the_order_of_reading() -> None:
    from notebooks.groups import Places

    rows = re.findall(
        r"^\| \[(\w+)\]\(notebooks/\1\.ipynb\)", README.read_text("utf-8"), re.MULTILINE
    )
    places = Places()
    assert rows == sorted(places.groups(), key=lambda group: places.walkthrough(group).order)


def test_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert pictures
    for picture in pictures:
        data = (README.parent / picture).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < 150_000
