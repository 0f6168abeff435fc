"""The guide's code runs and prints what stands below it; its links and commands exist.

The page about adding a theorem has a copy of the sources of its own, and a process.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import documents
from tests.documents import ROOT, Block, blocks, broken_links, holds, run_page, unknown_words

GUIDE = ROOT / "notebooks" / "guide"
PAGES = sorted(GUIDE.glob("*.md"))
REFERENCE = sorted((GUIDE / "reference").glob("*.md"))
OTHERS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "verify/METHOD.md")]
OTHERS.append(ROOT / "verify" / "CLAIMS.md")
IN_A_COPY = "add-a-theorem.md"
RUN = [page for page in PAGES if page.name != IN_A_COPY]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_a_page_runs_and_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    run_page(page, tmp_path)


def test_the_theorem_of_the_guide_is_added_built_and_judged(tmp_path: Path) -> None:
    """In a copy of the three packages: the commands as they stand, in one process."""
    kept = shutil.ignore_patterns("expositions", "latex")
    for package in ("derivations", "numerics", "verify"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=kept)
    file, *commands = (b for b in blocks(GUIDE / IN_A_COPY) if b.language in ("python", "sh"))
    name = documents.FILE.match(file.text)
    assert name
    (tmp_path / name[1]).write_text(file.text, encoding="utf-8")
    for block in commands:
        assert block.printed is not None
        printed = in_a_process(block, tmp_path)
        assert holds(block.printed, printed), printed


def in_a_process(block: Block, folder: Path) -> str:
    """What the commands of a block print, run one after the other by one interpreter."""
    calls = [line.split()[2:] for line in block.text.splitlines()]
    program = (
        "import sys; from derivations.build import main as build; from verify.cli import main\n"
        f"for module, *words in {calls!r}:\n"
        "    if module == 'verify': assert main([*words, '--workers', '1']) == 0\n"
        "    else: build(words, standalone_mode=False)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "page", [*PAGES, *REFERENCE, *OTHERS], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere_and_commands_exist(page: Path) -> None:
    assert not broken_links(page)
    assert not unknown_words(page)


def test_every_page_is_reached_from_the_index() -> None:
    index = (GUIDE / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in PAGES if f"({page.name})" not in index]
    assert missing == ["README.md"]


def test_targets_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in [*PAGES, *OTHERS]:
        assert documents.make_targets(page) <= targets, page


# Planted faults: what the checks above must see.


def planted(tmp_path: Path, text: str) -> Path:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("```python\nprint(2)\n```\n\n```text\n3\n```\n", "it prints"),
        ("```python\n# mine.py\nx = 1\n```\n", "no command uses mine.py"),
        ("```sh\nrm -r build\n```\n", "nobody runs it"),
        ("```sh\npython -m verify list no_such_claim\n```\n", "exit code 2"),
        ("```ruby\nputs 1\n```\n", "nobody runs it"),
    ],
)
def test_a_planted_fault_of_a_page_is_seen(text: str, seen: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=seen):
        run_page(planted(tmp_path, text), tmp_path)


def test_planted_links_and_options_are_seen(tmp_path: Path) -> None:
    text = "# Here\n\n[a](nowhere.md) [b](#here) [c](#there) `python -m verify run --fast x`\n"
    page = planted(tmp_path, text)
    assert broken_links(page) == ["nowhere.md", "#there"]
    assert unknown_words(page) == ["run --fast"]
    assert unknown_words(planted(tmp_path, "`python -m verify juge`")) == ["juge"]


def test_what_is_left_out_is_left_out_and_no_more() -> None:
    assert holds("a … c\n…\ne", "a b c\nd\nd\ne\n")
    assert holds("…\nlast", "last\n")
    assert holds("a   12 digits\n───", "a  9.1 / 40 digits\n─────\n")
    assert not holds("a   12 points", "a   11 points\n")
    assert not holds("a … c", "a b d\n")
    assert not holds("a\n…\ne", "a\nd\n")


def test_what_is_cited_is_what_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    page = (GUIDE / "cite.md").read_text(encoding="utf-8")
    assert f"\nversion: {project['version']}\n" in cff
    assert f"\nlicense: {project['license']}\n" in cff
    assert f"version = {{{project['version']}}}" in page
    for author in project["authors"]:
        assert f'\n  - name: "{author["name"]}"\n' in cff
        assert f"{{{{{author['name']}}}}}" in page
