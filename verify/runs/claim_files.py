"""The texts that a claim file consists of: its own, and those of all modules that it imports.

Names are followed from text to text: through the folder of the file, the working folder and every
other one on the path, with all modules of a package, and through what the interpreter has loaded.
What belongs to this project, to Python or to an installed package is left out; it has a version or
a hash of its own.
"""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from verify.bad_input import PACKAGES

__all__ = ["is_outside", "texts"]

ROOT = Path(__file__).resolve().parents[2]

LIBRARIES = (ROOT, *(Path(sysconfig.get_path(key)).resolve() for key in ("stdlib", "platstdlib")))

INSTALLED = frozenset({"site-packages", "dist-packages"})

# Who uses these may import names that stand nowhere.
DYNAMIC = frozenset({"importlib", "__import__", "imp", "pkgutil", "runpy", "exec", "eval"})


def texts(file: Path) -> list[tuple[str, bytes]]:
    """Names and contents of a file of claims, which comes first, and of what it imports.

    What only its execution shows (a changed path, a module named at run time) is seen if it was
    executed in this process before.
    """
    file = file.resolve()
    folders = [file.parent, Path.cwd(), *_on_path()]
    waiting, found = [file], dict[Path, bytes]()
    while waiting:
        path = waiting.pop().resolve()
        if path in found or not path.is_file():
            continue
        found[path] = path.read_bytes()
        names, dynamic = _imported(found[path])
        for level, name in names:
            places = [path.parents[level - 1]] if 0 < level <= len(path.parents) else folders
            waiting += [p for folder in places for p in _at(folder, name.partition(".")[0])]
        waiting += _loaded(None if dynamic else {name for level, name in names if not level})
    # The name of the file itself decides nothing.
    own = found.pop(file, None)
    others = sorted((_name(path, folders), content) for path, content in found.items())
    return ([] if own is None else [("", own)]) + others


def _imported(content: bytes) -> tuple[set[tuple[int, str]], bool]:
    """The modules that a text imports, with their levels, and whether it may import others."""
    try:
        nodes = list(ast.walk(ast.parse(content)))
    except (SyntaxError, ValueError):
        return set(), False
    except (RecursionError, MemoryError):  # nested too deeply: it may import anything
        return set(), True
    found = {(0, a.name) for node in nodes if isinstance(node, ast.Import) for a in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            parts = [node.module] if node.module else []
            found |= {(node.level, ".".join([*parts, alias.name])) for alias in node.names}
    called = {node.id for node in nodes if isinstance(node, ast.Name)}
    used = called | {name.partition(".")[0] for _, name in found}
    return found, not used.isdisjoint(DYNAMIC)


def _at(folder: Path, name: str) -> Iterator[Path]:
    """The module of a folder that has this name, or all those of a package."""
    # These are loaded: what a second copy of this project on the path has is not imported.
    if name in PACKAGES or (folder == ROOT and (ROOT / name).is_dir()):
        return
    yield folder / f"{name}.py"
    if name.isidentifier():
        yield from (folder / name).rglob("*.py")


def _on_path() -> list[Path]:
    """The folders where imports are looked for, but those of Python and of installed packages."""
    folders = (Path(entry).resolve() for entry in list(sys.path))
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir() and is_outside(folder)]


def _loaded(names: set[str] | None) -> Iterator[Path]:
    """The files of the loaded modules that names need; those of all from outside without names."""
    if names is not None:
        split = (name.split(".") for name in names)
        names = {".".join(parts[:n]) for parts in split for n in range(1, len(parts) + 1)}
    for name, module in list(sys.modules.items()):
        text = getattr(module, "__dict__", {}).get("__file__")
        if not isinstance(text, str) or not (names is None or name in names):
            continue
        path = Path(text)
        if path.suffix == ".py" and is_outside(path) and is_outside(path.resolve()):
            yield from path.parent.rglob("*.py") if path.name == "__init__.py" else [path]


def is_outside(path: Path) -> bool:
    """Whether a path belongs neither to this project nor to Python nor to an installed package."""
    installed = not INSTALLED.isdisjoint(path.parts)
    return not installed and not any(path.is_relative_to(root) for root in LIBRARIES)


def _name(path: Path, folders: list[Path]) -> str:
    """The place of a module below the folder that it is imported from."""
    for folder in folders:
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name
