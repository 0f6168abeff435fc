"""The experiments, found by their place: every file of this package with ``experiment()``."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from verify.errors import UsageError
from verify.experiments.experiment import Experiment

__all__ = ["experiments", "find"]

PACKAGE = "verify.experiments"


def experiments() -> tuple[Experiment, ...]:
    """All of them, sorted by id."""
    return tuple(sorted(_found(), key=lambda experiment: experiment.id))


def find(name: str) -> Experiment:
    """The experiment with this id.

    Raises
    ------
    UsageError
        If there is none; it names those with similar names, else all of them.
    """
    known = {experiment.id: experiment for experiment in _found()}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(known)}"
    raise UsageError(f"experiment {name}: no such experiment; {hint}")


def _found() -> Iterator[Experiment]:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        module = importlib.import_module(f"{PACKAGE}.{path.stem}")
        make = getattr(module, "experiment", None)
        # A package's attribute of that name is its submodule, and no experiment.
        if callable(make):
            found: Experiment = make()
            assert found.id == path.stem.replace("_", "-"), path
            yield found
