"""The texts that a claim file consists of: what is imported from anywhere but a package decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.problem import Reference
from verify.runs.claim_files import texts
from verify.runs.provenance import Sources


def written(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def hash_of(folder: Path) -> str:
    """The hash of a claim file as another process finds it, which has executed nothing yet."""
    sources = Sources(derivation="", judge="", theorems={})
    return sources.of(Reference(claim="mine", file=str(folder / "own" / "mine.py"))).claim


IMPORTS = {
    "a module of a package": (
        "import parts.sub.mod as m\n",
        {"own/parts/__init__.py": "", "own/parts/sub/__init__.py": ""},
        "own/parts/sub/mod.py",
    ),
    "a package without __init__": ("from spaced.sub import mod\n", {}, "own/spaced/sub/mod.py"),
    "from a package to the folder": (
        "import deep.sub.first\n",
        {"own/deep/sub/first.py": "import rates_beside\n"},
        "own/rates_beside.py",
    ),
    "relative": (
        "import inner.low.first\n",
        {"own/inner/low/first.py": "from ..high import K\n"},
        "own/inner/high.py",
    ),
    "in a function": ("def f():\n    import lazy.sub.mod\n", {}, "own/lazy/sub/mod.py"),
    "a path of its own": (
        "import sys\nsys.path.append(__file__ + '/../../library')\nimport far_rates\n",
        {},
        "library/far_rates.py",
    ),
    "named at run time": (
        "import importlib\nm = importlib.import_module('_'.join(['named', 'late']))\n",
        {},
        "own/named_late.py",
    ),
    "a path and a name of its own": (
        "import sys\nfrom pathlib import Path\n"
        "sys.path.append(str(Path(__file__).parents[1] / 'library'))\n"
        "m = __import__('_'.join(['late', 'rates']))\n",
        {},
        "library/late_rates.py",
    ),
}


@pytest.mark.parametrize(("text", "files", "changed"), IMPORTS.values(), ids=IMPORTS.keys())
def test_what_a_claim_file_imports_is_of_its_hash(
    tmp_path: Path, text: str, files: dict[str, str], changed: str
) -> None:
    written(tmp_path, {**files, "own/mine.py": text, changed: "K = 1\n", "own/other.py": ""})
    (tmp_path / "library").mkdir(exist_ok=True)
    before = hash_of(tmp_path)
    assert hash_of(tmp_path) == before
    (tmp_path / "own/other.py").write_text("unused = 1\n")
    assert hash_of(tmp_path) == before
    (tmp_path / changed).write_text("K = 2\n")
    assert hash_of(tmp_path) != before


def test_the_place_decides_nothing_but_that_in_a_package_does(tmp_path: Path) -> None:
    files = {"own/mine.py": "import pair.a, pair.b\n", "own/pair/a.py": "K = 1\n"}
    for place in ("one", "two"):
        written(tmp_path / place, {**files, "own/pair/b.py": "K = 2\n"})
    one, two = (texts(tmp_path / place / "own" / "mine.py") for place in ("one", "two"))
    assert one == two
    assert [name for name, _ in one] == ["", "pair/a.py", "pair/b.py"]


def test_neither_python_nor_packages_nor_this_project_are_hashed_as_the_users(
    tmp_path: Path,
) -> None:
    text = "import ast, numpy, importlib\nfrom derivations import State\n"
    written(tmp_path, {"own/mine.py": text})
    hash_of(tmp_path)
    assert [name for name, _ in texts(tmp_path / "own" / "mine.py")] == [""]


def test_a_second_copy_of_this_project_on_the_path_is_not_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from derivations import State\nimport verify, numerics.draws\nimport derived\n"
    copy = {f"copy/{name}/__init__.py": "" for name in ("derivations", "numerics", "verify")}
    written(tmp_path, {**copy, "own/mine.py": text, "copy/derived/__init__.py": ""})
    for folder in ("copy", "copy/derivations/.."):
        monkeypatch.syspath_prepend(str(tmp_path / folder))
    found = [name for name, _ in texts(tmp_path / "own" / "mine.py")]
    assert found == ["", "derived/__init__.py"]
