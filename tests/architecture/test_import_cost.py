"""What is heavy is loaded late: a command that prints its help does not wait for a plot library."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from tests.architecture.imports import ROOT, find_modules, within
from tests.architecture.test_import_directions import loaded

# Seconds of one processor to load, warm: scipy.stats 0.7, matplotlib 0.3, nbformat 0.1.
HEAVY = ("matplotlib", "scipy.stats", "nbformat", "nbclient", "IPython", "pandas", "numba", "jax")

PUBLIC = {
    "derivations": (*HEAVY, "scipy", "click", "rich"),
    "numerics": (*HEAVY, "sympy", "click", "rich"),
    "verify": (*HEAVY, "scipy"),
    "verify.cli": HEAVY,
    "derivations.build": (*HEAVY, "scipy"),
    "notebooks.build": (*HEAVY, "scipy", "sympy"),
}

COMMANDS = [("derivations.build", "--help"), ("verify", "--help")]


def loaded_among(names: tuple[str, ...], modules: set[str]) -> list[str]:
    return [name for name in names if any(within(module, name) for module in modules)]


@pytest.mark.parametrize("module", PUBLIC)
def test_importing_stays_light(module: str) -> None:
    assert not loaded_among(PUBLIC[module], loaded(f"import {module}"))


def test_no_module_of_the_numeric_side_loads_sympy() -> None:
    names = sorted(name for name in find_modules(ROOT, ("numerics",)) if not is_script(name))
    modules = loaded("\n".join(f"import {name}" for name in names))
    assert set(names) <= modules
    assert not loaded_among(("sympy", "derivations", "verify"), modules)


def is_script(name: str) -> bool:
    return name.rpartition(".")[2] == "__main__"


def processor_seconds(command: list[str]) -> float:
    """Return the processor time of a command: unlike the clock's, it does not grow under load."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_comes_quickly(command: tuple[str, ...]) -> None:
    line = [sys.executable, "-m", *command]
    # The least of three: the first may have to compile the sources.
    assert min(processor_seconds(line) for _ in range(3)) < 1.5


def test_a_heavy_import_is_seen() -> None:
    assert loaded_among(HEAVY, loaded("import scipy.stats")) == ["scipy.stats"]
    assert not loaded_among(HEAVY, loaded("import scipy.special"))
