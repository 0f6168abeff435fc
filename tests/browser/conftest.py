"""One site and one browser for all tests of this folder; what a page complains of fails a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import SWITCHES, chromium
from tests.browser.claims import CATALOGUE, FILES, PLACES
from tests.browser.visits import Visit
from verify import cli, loading

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on claims of every verdict."""
    folder = tmp_path_factory.mktemp("site")
    files = []
    for name, text in FILES.items():
        path = folder / "claims" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        files.append(str(path))
    files += [str(ROOT / place) for place in PLACES]
    with pytest.MonkeyPatch.context() as patch:
        # Whether the kernels are those of this very source tree is asked by `make test`.
        patch.setattr(loading, "require_current", lambda chosen: None)
        arguments = ["--effort", "quick", "--workers", "1", "--store", str(folder / "store")]
        cli.main(["run", *CATALOGUE, *files, *arguments, "--report", str(folder / "report")])
    return folder / "report"


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium, started once and ended after the last test of this folder."""
    place = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=place, args=list(SWITCHES))
        yield started
        started.close()


@pytest.fixture
def visit(browser: Any, site: Path) -> Iterator[Callable[..., Any]]:
    """Open a page of the site by its path, with options of a context; there is no network."""
    visits: list[Visit] = []

    def open_page(path: str = "index.html", **options: Any) -> Any:
        visits.append(Visit(browser, site, **options))
        return visits[-1].to(path)

    yield open_page
    troubles = [trouble for visit in visits for trouble in visit.close()]
    assert not troubles
