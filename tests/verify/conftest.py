"""What all tests of the judge share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _as_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """The path as before, and no modules of the test's own folder."""
    path = list(sys.path)
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    sys.path[:] = path
    for name, module in list(sys.modules.items()) if folder else ():
        if Path(getattr(module, "__file__", None) or "").is_relative_to(folder):
            del sys.modules[name]
