"""Texts of a claim file that are markup, in a browser that would run what they bring in.

The policy of the pages is put aside for it: escaping alone has to hold.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.claims import ATTACK, NAMED
from tests.browser.looks import injected
from tests.browser.visits import Visit, until

PAGES = ("index", "claims/attack", "claims/attack.wrong", "claims/attacking")


@pytest.mark.parametrize("path", PAGES)
def test_no_text_of_a_claim_brings_anything_in(visit: Callable[..., Any], path: str) -> None:
    page = visit(f"{path}.html", bypass_csp=True)
    page.wait_for_timeout(20)
    assert not injected(page)
    assert ATTACK[:40] in page.locator("main").inner_text()
    assert page.locator("footer").is_visible()


def test_the_name_of_a_file_is_shown_as_it_is(visit: Callable[..., Any]) -> None:
    page = visit()
    assert page.locator("#theorem option", has_text=NAMED).count() == 1
    assert "7 * 7" in page.locator("main").inner_text()


@pytest.fixture
def spoilt(site: Path, tmp_path: Path) -> Path:
    """A page in which a text is not escaped."""
    text = (site / "claims/attack.html").read_text(encoding="utf-8")
    path = tmp_path / "spoilt.html"
    path.write_text(text.replace("</h1>", f"</h1>{ATTACK}</a>-->", 1), encoding="utf-8")
    return path


def test_what_comes_in_would_be_seen(browser: Any, spoilt: Path) -> None:
    visit = Visit(browser, spoilt.parent, bypass_csp=True)
    page = visit.to("spoilt.html")
    until(page, "window.attacked")
    faults = " ".join(injected(page))
    assert visit.close()
    for seen in ("a script has run", "onerror", "onload", "injected", "javascript:", "2 scripts"):
        assert seen in faults


def test_the_policy_would_stop_what_comes_in(browser: Any, spoilt: Path) -> None:
    visit = Visit(browser, spoilt.parent)
    page = visit.to("spoilt.html")
    faults = injected(page)
    assert "violates the following Content Security Policy" in " ".join(visit.close())
    assert faults
    assert "a script has run" not in faults
