from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

from tests.architecture.imports import PACKAGES, ROOT, find_modules, within

MODULES = find_modules(ROOT)
LONGEST_MODULE = 500
LONGEST_FUNCTION = 60  # lines, docstring left out

TEXTS = {".py", ".md", ".toml", ".yml", ".json", ".csv", ".tex", ".ipynb", ".lock", ".txt", ""}
WRITTEN_BY_COMMANDS = {".git", ".venv", "build", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
WRITTEN_BY_COMMANDS |= {"__pycache__", ".hypothesis", ".benchmarks", "driftproof.egg-info"}

# A path that begins at the root of one machine, or in somebody's home.
MACHINE_PATH = re.compile(
    r"(?<![\w.~/:*\-\\}])(?:[/](?:work|root|home|Users|tmp|opt|mnt)[/]\w|~[/]|[A-Z]:\\\\?Users)"
)


def texts(folder: Path) -> list[Path]:
    """Return the files of text below a folder that a commit may hold."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name in WRITTEN_BY_COMMANDS:
            continue
        if path.is_dir():
            found += texts(path)
        elif path.suffix in TEXTS:
            found.append(path)
    return found


def handwritten() -> list[str]:
    # A generated kernel is as long as its theorem needs, and nobody reads it top to bottom.
    generated = {name for name in MODULES if within(name, "numerics.kernels")}
    return [name for name in MODULES if name not in generated]


def machine_paths(text: str) -> list[str]:
    return [line for line in text.splitlines() if MACHINE_PATH.search(line)]


def long_functions(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            if node.end_lineno - first.lineno + 1 > LONGEST_FUNCTION:
                found.append(f"{node.name}, line {node.lineno}")
    return found


def undocumented(tree: ast.Module) -> list[str]:
    """Return the public functions, classes and methods without a docstring, and the module."""
    missing = [] if ast.get_docstring(tree) else ["the module"]
    waiting = [("", tree)]
    while waiting:
        prefix, parent = waiting.pop()
        for node in parent.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            decorators = {ast.unparse(line).rpartition(".")[2] for line in node.decorator_list}
            if node.name.startswith("_") or decorators & {"overload", "override", "setter"}:
                continue
            if not ast.get_docstring(node):
                missing.append(f"{prefix}{node.name}, line {node.lineno}")
            if isinstance(node, ast.ClassDef):
                waiting.append((f"{prefix}{node.name}.", node))
    return missing


def parsed(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def lines(name: str, source: str) -> int:
    """Return how long a module is; the prose of a walkthrough, which is a page, is left out."""
    count = len(source.splitlines())
    if not within(name, "notebooks.walkthroughs"):
        return count
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="text")):
                count -= node.end_lineno - node.lineno + 1
    return count


@pytest.mark.parametrize("name", handwritten())
def test_a_module_is_short(name: str) -> None:
    assert lines(name, MODULES[name].read_text(encoding="utf-8")) <= LONGEST_MODULE


@pytest.mark.parametrize("name", handwritten())
def test_a_function_is_short(name: str) -> None:
    assert not long_functions(parsed(name))


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_has_a_docstring(name: str) -> None:
    assert not undocumented(parsed(name))


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_there_and_say_what_they_are(package: str) -> None:
    module = importlib.import_module(package)
    for name in getattr(module, "__all__", ()):
        value = getattr(module, name)
        if inspect.isroutine(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{package}.{name} has no docstring"


def test_no_path_of_one_machine() -> None:
    for path in texts(ROOT):
        assert not machine_paths(path.read_text(encoding="utf-8")), path


def test_the_lock_names_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?:extra-)?index-url|^\s*--find-links", text, re.MULTILINE)


def test_the_lock_gives_a_version_and_hashes_for_each_dependency() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 30
    for entry in entries:
        assert re.match(r"[\w.\-]+==[\w.]+ \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry


# Planted faults: what the checks above must see.


@pytest.mark.parametrize(
    "text",
    [
        "open('/" + "home/someone/data.csv')",
        "see /" + "work/main/README.md",
        '"/' + 'tmp/out.json"',
        "~" + "/data.csv",
        r"C:\\" + r"Users\\someone",
        '{"path": "/' + 'root/x"}',
    ],
)
def test_a_planted_machine_path_is_seen(text: str) -> None:
    assert machine_paths(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/home/page",
        "frame/wo" + "rk/shop",
        "a /b",
        "build/tmp/x",
        "#!/usr/bin/env bash",
        "../shared/bench/",
        "a ~ b/c",
    ],
)
def test_a_harmless_path_is_not_seen(text: str) -> None:
    assert not machine_paths(text)


def test_only_the_prose_of_a_walkthrough_is_left_out() -> None:
    prose, cell = 'a = text("""\nx\n""")\n', 'b = code("""\nx\n""")\n'
    assert lines("notebooks.walkthroughs.plane", prose + cell) == 3
    assert lines("notebooks.cells", prose + cell) == 6


def test_a_planted_long_function_is_seen() -> None:
    body = "\n".join(["    x = 1"] * (LONGEST_FUNCTION + 1))
    docstring = '    """' + "\n" * LONGEST_FUNCTION + '    """\n'
    assert long_functions(ast.parse(f"def f():\n{body}")) == ["f, line 1"]
    assert not long_functions(ast.parse(f"def f():\n{docstring}    return 1"))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("def f(): ...", ["the module", "f, line 1"]),
        ('"""Doc."""\nclass A:\n    """Doc."""\n    def f(self): ...', ["A.f, line 4"]),
        ('"""Doc."""\ndef _f(): ...\nclass _A:\n    def f(self): ...', []),
        ('"""Doc."""\ndef f():\n    """Doc."""\n    def inner(): ...', []),
    ],
)
def test_a_planted_missing_docstring_is_seen(text: str, missing: list[str]) -> None:
    assert undocumented(ast.parse(text)) == missing
