"""How Chromium is found: without it tests are skipped, or fail where it has to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import chromium

INSTALLER = Path(__file__).resolve().parents[2] / ".ci" / "browser"


def test_what_the_installer_looks_for_is_what_is_found() -> None:
    assert f"for name in {' '.join(chromium.NAMES)}; do" in INSTALLER.read_text(encoding="utf-8")


def test_without_chromium_tests_are_skipped_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chromium, "NAMES", ())
    with pytest.raises(pytest.skip.Exception, match="`make browser` installs it"):
        chromium.chromium({})


def test_where_chromium_is_required_its_absence_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "NAMES", ())
    with pytest.raises(pytest.fail.Exception, match="=required, and no Chromium"):
        chromium.chromium({"DRIFTPROOF_BROWSER": "required"})
