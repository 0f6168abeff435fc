"""What holds for every test: reproducible examples, and no state left behind."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator

import flint
import hypothesis
import mpmath
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from derivations.garbage import look_rarely

# The examples follow from the test alone, so that a failure is the same on every machine.
# HYPOTHESIS_PROFILE=explore looks for new ones.
hypothesis.settings.register_profile(
    "reproducible", derandomize=True, deadline=None, print_blob=True
)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))

# The catalogue and the tests themselves live to the end: only what the tests make is garbage.
look_rarely()

# The tests run in several processes: threads inside NumPy would wait for those of the others.
threadpool_limits(limits=1)


def pytest_collection_finish() -> None:
    """Leave what was loaded for the collection out of the search for garbage."""
    gc.collect()
    gc.freeze()


def global_state() -> dict[str, object]:
    """Return the settings that libraries keep globally and that this project never changes."""
    return {
        "mpmath precision": mpmath.mp.prec,
        "flint precision": flint.ctx.prec,
        "NumPy error handling": np.geterr(),
        "NumPy print options": np.get_printoptions(),
        "NumPy global random state": np.random.get_state()[1].tobytes(),  # noqa: NPY002 - read only
    }


def changed(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return the names of the settings that differ."""
    return [name for name in before if before[name] != after[name]]


@pytest.fixture(autouse=True)
def _no_global_state() -> Iterator[None]:
    """Fail a test after which a library's global setting or random state has changed."""
    before = global_state()
    yield
    different = changed(before, global_state())
    assert not different, f"changed and not restored: {', '.join(different)}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what was left out, and why, each reason once."""
    skipped = terminalreporter.stats.get("skipped", ())
    reasons = Counter(report.longrepr[2] for report in skipped if report.longrepr)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} left out: {reason.removeprefix('Skipped: ')}")
