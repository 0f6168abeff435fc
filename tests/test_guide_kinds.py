"""The page with a claim of every kind has every kind, each run and refuted once or linked."""

from __future__ import annotations

import re

import pytest

import derivations
from tests.documents import ROOT, blocks

PAGE = ROOT / "notebooks" / "guide" / "kinds-of-claims.md"
FIRST = ROOT / "notebooks" / "guide" / "check-my-papers-claim.md"
KINDS = [name for name in derivations.__all__ if name.endswith("Claim")]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_block_or_a_file_that_has_one(kind: str) -> None:
    """Its paragraph names it in bold words of the paper; the file that it links to builds one."""
    if any(f"{kind}(" in block.text for block in blocks(PAGE)):
        return
    paragraphs = PAGE.read_text(encoding="utf-8").split("\n\n")
    (words,) = [text for text in paragraphs if f"`{kind}`" in text and text.startswith("**")]
    linked = [(PAGE.parent / link).resolve() for link in re.findall(r"\]\(([^)#]+)", words)]
    assert any(f"{kind}(" in file.read_text(encoding="utf-8") for file in linked)


def test_every_claim_that_is_judged_there_is_also_refuted_there() -> None:
    judging = [block for block in blocks(PAGE) if "judged(" in block.text]
    judging = [block for block in judging if "def judged" not in block.text]
    assert len(judging) >= 10
    assert all(block.printed == "AGREES\nDISAGREES\n" for block in judging)


def test_the_first_page_leads_to_the_kinds_that_it_names() -> None:
    table = FIRST.read_text(encoding="utf-8").partition("## 2.")[2].partition("## 3.")[0]
    rows = [row for row in table.splitlines() if "Claim`" in row and row.startswith("|")]
    assert len(rows) >= 8
    unlinked = [row for row in rows if "(kinds-of-claims.md#" not in row]
    assert [re.findall(r"`(\w+Claim)`", row) for row in unlinked] == [["ExpectationClaim"]]
