"""The Chromium of this machine; what `.ci/browser` installs is found here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")

MISSING = "no Chromium on this machine; `make browser` installs it"
REQUIRED = "DRIFTPROOF_BROWSER"


def place() -> str | None:
    """Return the path of Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def chromium(environment: Mapping[str, str] = os.environ) -> str:
    """Return the path of Chromium; skip without it, or fail where it is required."""
    found = place()
    if found is not None:
        return found
    if environment.get(REQUIRED) == "required":
        pytest.fail(f"{REQUIRED}=required, and {MISSING}", pytrace=False)
    pytest.skip(MISSING)
