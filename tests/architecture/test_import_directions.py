from __future__ import annotations

import functools
import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.architecture.imports import (
    PACKAGES,
    ROOT,
    Import,
    find_modules,
    forbidden,
    read_all,
    ways_into,
    within,
)

MODULES = find_modules(ROOT)

# The tier that judges the derivation needs the engine; the others are evidence about it.
ENGINE_TIER = "verify.tiers.derivation"
INDEPENDENT_TIERS = sorted(
    name
    for name in MODULES
    if within(name, "verify.tiers")
    and name != "verify.tiers"
    and not within(name, ENGINE_TIER)
    and not name.rpartition(".")[2].startswith("__")
)

DIRECTIONS = [
    ("derivations", ("numerics", "verify", "notebooks", "tests")),
    ("numerics", ("derivations", "verify", "notebooks", "tests", "sympy")),
    ("verify", ("notebooks", "tests")),
    ("verify.experiments", ("derivations",)),
    ("notebooks", ("tests",)),
]


@functools.cache
def imports() -> Mapping[str, tuple[Import, ...]]:
    """Those of every module, read by the process that asks."""
    return read_all(MODULES)


@pytest.mark.parametrize(("importer", "imported"), DIRECTIONS)
def test_imports_go_one_way(importer: str, imported: tuple[str, ...]) -> None:
    assert not forbidden(imports(), importer, *imported)


def test_every_package_was_read() -> None:
    for package in PACKAGES:
        assert package in MODULES, f"{package} has no __init__.py below {ROOT}"


def test_there_are_tiers_to_check() -> None:
    assert {name.rpartition(".")[2] for name in INDEPENDENT_TIERS} >= {
        "exact",
        "generator",
        "one_step",
        "path",
        "algorithm",
    }


@pytest.mark.parametrize("tier", INDEPENDENT_TIERS)
def test_a_tier_does_not_come_to_the_engine(tier: str) -> None:
    assert not ways_into(imports(), tier, "derivations")


@pytest.mark.parametrize("tier", INDEPENDENT_TIERS)
def test_a_tier_imports_nothing_by_a_computed_name(tier: str) -> None:
    assert not forbidden(imports(), tier, "<computed>")


def test_the_simulated_side_does_not_load_sympy() -> None:
    for name in MODULES:
        if within(name, "numerics"):
            assert not ways_into(imports(), name, "sympy"), name


def loaded(code: str) -> set[str]:
    """Return the modules loaded after some code ran in an interpreter of its own."""
    report = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_a_running_interpreter_agrees() -> None:
    modules = loaded("\n".join(f"import {tier}" for tier in INDEPENDENT_TIERS))
    assert set(INDEPENDENT_TIERS) <= modules
    assert not {name for name in modules if within(name, "derivations")}


def test_the_derivation_tier_does_load_the_engine() -> None:
    # Else the test above could pass because nothing is ever loaded.
    assert "derivations.words" in loaded(f"import {ENGINE_TIER}")


# Planted imports: what the reader must see.


def tree(root: Path, files: dict[str, str]) -> dict[str, Path]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for folder in path.relative_to(root).parents[:-1]:
            (root / folder / "__init__.py").touch()
    return find_modules(root)


PLANTED = {
    "plain": "import derivations.words",
    "renamed": "import derivations as d",
    "from package": "from derivations import words",
    "from module": "from derivations.words import Word",
    "in a function": "def f():\n    from derivations import words",
    "in a method": "class A:\n    def f(self):\n        import derivations.words",
    "in a lambda": "f = lambda: __import__('derivations.words')",
    "in a branch": "try:\n    import numpy\nexcept ImportError:\n    import derivations",
    "in an else": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    pass\nelse:\n    import derivations"
    ),
    "by importlib": "import importlib\nimportlib.import_module('derivations.words')",
    "for types": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from derivations import words"
    ),
}


@pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_import_is_seen(tmp_path: Path, text: str) -> None:
    modules = tree(tmp_path, {"numerics/brownian.py": text, "derivations/words.py": ""})
    seen = forbidden(read_all(modules), "numerics", "derivations")
    assert seen
    assert seen[0].startswith("numerics.brownian, line ")


@pytest.mark.parametrize(
    "text",
    [
        "import derivations_of_others",
        "from numerics import derivations",
        "from .derivations import f",
        "text = 'import derivations'",
        "# import derivations",
    ],
)
def test_a_harmless_text_is_not_seen(tmp_path: Path, text: str) -> None:
    modules = tree(
        tmp_path,
        {
            "numerics/brownian.py": text,
            "numerics/derivations.py": "",
            "derivations/words.py": "",
        },
    )
    assert not forbidden(read_all(modules), "numerics", "derivations")


def test_a_computed_import_is_seen(tmp_path: Path) -> None:
    text = "import importlib\ndef f(name):\n    return importlib.import_module('deriva' + name)"
    modules = tree(tmp_path, {"verify/tiers/exact.py": text})
    assert forbidden(read_all(modules), "verify.tiers.exact", "<computed>")


def chains(root: Path, files: dict[str, str]) -> list[str]:
    files = {"verify/tiers/exact.py": "", "derivations/words.py": ""} | files
    return ways_into(read_all(tree(root, files)), "verify.tiers.exact", "derivations")


def test_an_engine_behind_another_module_is_seen(tmp_path: Path) -> None:
    files = {
        "verify/tiers/exact.py": "from verify.sampling import points",
        "verify/sampling.py": "def points():\n    from .symbols import names",
        "verify/symbols.py": "from derivations.symbols import State",
    }
    assert chains(tmp_path, files) == [
        "verify.tiers.exact -> verify.sampling -> verify.symbols -> derivations",
        "verify.tiers.exact -> verify.sampling -> verify.symbols -> derivations.symbols",
    ]


def test_an_engine_in_a_package_around_the_tier_is_seen(tmp_path: Path) -> None:
    assert chains(tmp_path, {"verify/__init__.py": "import derivations"}) == [
        "verify.tiers.exact -> verify -> derivations"
    ]


def test_a_late_import_of_a_package_around_the_tier_counts_only_if_it_is_used(
    tmp_path: Path,
) -> None:
    late = {"verify/__init__.py": "def __getattr__(name):\n    import derivations"}
    assert not chains(tmp_path, late)
    assert chains(tmp_path, late | {"verify/tiers/exact.py": "from verify import judge"})


def test_an_import_for_types_alone_loads_nothing(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import derivations"
    assert not chains(tmp_path, {"verify/tiers/exact.py": text})


def test_a_circle_of_imports_ends(tmp_path: Path) -> None:
    files = {
        "verify/tiers/exact.py": "import verify.a",
        "verify/a.py": "import verify.b",
        "verify/b.py": "import verify.a",
    }
    assert not chains(tmp_path, files)


def test_the_interpreter_check_sees_a_loaded_module() -> None:
    assert importlib.util.find_spec("colorsys") is not None
    assert "colorsys" in loaded("import colorsys")
    assert "colorsys" not in loaded("")
