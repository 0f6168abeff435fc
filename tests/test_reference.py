"""The reference pages are what the docstrings say, name every public name, and go stale aloud."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import griffe
import pytest
from click.testing import CliRunner

import derivations
from derivations.claim import Claim
from derivations.path_claims import PathClaim
from notebooks import reference
from notebooks.entries import entry, markdown

ROOT = Path(__file__).resolve().parent.parent
SOURCE = '''
"""A module."""

from dataclasses import dataclass, field


def half(x: float, *, of: int = 2) -> float:
    """Half of x.

    Parameters
    ----------
    x : float
        A number, x < 1 * 2.
    of
        Of how many, see :func:`~other.name`.

    Returns
    -------
    float
        x / of.

    Raises
    ------
    ValueError, TypeError
        If ``of`` is 0.

    Examples
    --------
    >>> half(1.0)
    0.5
    """


class Mistake(ValueError):
    """Something wrong."""
'''


@pytest.fixture(scope="module")
def pages() -> Mapping[str, str]:
    return reference.pages()


def test_the_pages_are_current(pages: Mapping[str, str]) -> None:
    """If not: python -m notebooks.reference."""
    assert not reference.check(pages)


@pytest.mark.parametrize("package", ["derivations", "verify"])
def test_every_public_name_stands_in_a_page(package: str, pages: Mapping[str, str]) -> None:
    headings = set(re.findall(r"^##+ (\w+)$", "\n".join(pages.values()), re.MULTILINE))
    assert set(importlib.import_module(package).__all__) <= headings


def test_what_walkthroughs_take_from_numerics_is_documented() -> None:
    """The part that needs PyTorch apart."""
    texts = [page.read_text() for page in (ROOT / "notebooks" / "walkthroughs").glob("*.py")]
    used = set(re.findall(r"from (numerics\.\w+)[\w.]* import", "\n".join(texts)))
    assert len(used) >= 3
    assert used - {"numerics.deep"} <= set(reference.NUMERICS)


def test_every_field_of_every_claim_stands_in_a_table(pages: Mapping[str, str]) -> None:
    """Its own, or that of the claims that it is one of."""
    sections = dict(
        section.split("\n", 1)
        for section in pages[f"{reference.FOLDER}/claims.md"].split("\n## ")[1:]
    )
    names = [getattr(derivations, name) for name in derivations.__all__]
    kinds = [kind for kind in names if _is_kind(kind)]
    assert len(kinds) >= 14
    for kind in kinds:
        text = sections[kind.__name__] + sections["Fields of every claim"]
        if issubclass(kind, PathClaim):
            text += sections["Fields of claims about paths"]
        for field in fields(kind):
            assert f"| `{field.name}` |" in text, (kind, field.name)


def _is_kind(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Claim)


def test_every_command_and_option_stands_in_a_page(pages: Mapping[str, str]) -> None:
    from verify.cli import cli

    text = pages[f"{reference.FOLDER}/command-line.md"]
    for name, command in cli.commands.items():
        assert f"## python -m verify {name}\n" in text
        for parameter in command.params:
            assert all(option in text for option in parameter.opts if option.startswith("--"))


def test_a_stale_a_missing_and_a_foreign_page_are_seen(
    pages: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "pages", lambda root: dict(pages))
    assert len(reference.write(tmp_path)) == len(pages)
    assert reference.check(pages, tmp_path) == []
    first, second, *_ = sorted(pages)
    (tmp_path / first).write_text("older", encoding="utf-8")
    (tmp_path / second).unlink()
    foreign = f"{reference.FOLDER}/nobody.md"
    (tmp_path / foreign).write_text("x", encoding="utf-8")
    assert reference.check(pages, tmp_path) == sorted([first, second, foreign])
    reference.write(tmp_path)
    assert reference.check(pages, tmp_path) == []
    assert not (tmp_path / foreign).exists()


def test_a_package_without_names_is_no_empty_page(tmp_path: Path) -> None:
    for package in reference.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text('"""A package."""\n', encoding="utf-8")
    with pytest.raises(ValueError, match="no public names"):
        list(reference.public(reference.parsed(tmp_path), "verify"))


def test_a_stale_page_is_one_line_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(*_: Any) -> list[str]:
        return ["a.md"]

    monkeypatch.setattr(reference, "pages", dict)
    monkeypatch.setattr(reference, "check", stale)
    done = CliRunner().invoke(reference.main, ["--check"])
    assert done.exit_code == 1
    assert done.output == "1 stale (a.md); run python -m notebooks.reference\n"


def test_an_entry_has_signature_parameters_errors_and_examples(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(SOURCE, encoding="utf-8")
    module = griffe.load("planted", search_paths=[tmp_path], docstring_parser="numpy")
    text = entry(module["half"])
    assert "half(x: float, *, of: int = 2) -> float" in text
    assert "* `x`, `float`: A number, x &lt; 1 \\* 2." in text
    assert "* `of`, `int`: Of how many, see `other.name`." in text
    assert "* `float`: x / of." in text
    assert "* `ValueError`, `TypeError`: If ``of`` is 0." in text
    assert "```pycon\n>>> half(1.0)\n0.5\n```" in text
    assert "class Mistake(ValueError)" in entry(module["Mistake"])


def test_markdown_keeps_code_and_lists() -> None:
    assert markdown("a * b and `c * d`") == "a \\* b and `c * d`"
    assert markdown("* one\n* two") == "* one\n* two"
    assert markdown("Text:\n\n    x * y\n") == "Text:\n\n    x * y"
