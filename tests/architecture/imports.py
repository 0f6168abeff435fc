"""The imports of the project, read from the sources by ``ast`` without running them.

Invariant: an import that the reader cannot resolve to a file of the project is an import of an
outside library, and is kept under the name it was written with.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("derivations", "numerics", "verify", "notebooks")


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported module, where it stands, and when it is loaded."""

    importer: str
    imported: str
    line: int
    deferred: bool = False  # inside a function: loaded when that is called
    typing_only: bool = False  # under ``if TYPE_CHECKING``: never loaded

    def __str__(self) -> str:
        return f"{self.importer}, line {self.line}, imports {self.imported}"


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_modules(root: Path, packages: tuple[str, ...] = PACKAGES) -> dict[str, Path]:
    """Return every module of the packages, by name."""
    paths = (path for package in packages for path in sorted((root / package).rglob("*.py")))
    return {module_name(path, root): path for path in paths}


def read_all(modules: Mapping[str, Path]) -> dict[str, tuple[Import, ...]]:
    """Return the imports of every module."""
    return {name: read_imports(name, path, modules) for name, path in modules.items()}


def read_imports(name: str, path: Path, modules: Mapping[str, Path]) -> tuple[Import, ...]:
    """Return the imports of one module, each resolved as far as the project's files go."""
    reader = _Reader(name, is_package=path.name == "__init__.py", modules=modules)
    reader.visit(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
    return tuple(reader.found)


_CALLED_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class _Reader(ast.NodeVisitor):
    def __init__(self, name: str, *, is_package: bool, modules: Mapping[str, Path]) -> None:
        self.name = name
        self.package = name if is_package else name.rpartition(".")[0]
        self.modules = modules
        self.found: list[Import] = []
        self.deferred = False
        self.typing_only = False

    def visit(self, node: ast.AST) -> None:
        outer = self.deferred
        self.deferred = outer or isinstance(node, _CALLED_LATER)
        super().visit(node)
        self.deferred = outer

    def visit_If(self, node: ast.If) -> None:
        outer = self.typing_only
        self.typing_only = outer or ast.unparse(node.test).endswith("TYPE_CHECKING")
        for child in node.body:
            self.visit(child)
        self.typing_only = outer
        for child in (node.test, *node.orelse):
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._absolute(node.module or "", node.level)
        submodules = [f"{base}.{alias.name}" for alias in node.names]
        # ``from package import module`` needs both; ``from module import name`` the module alone.
        inside = [module for module in submodules if module in self.modules]
        outside = [] if base.partition(".")[0] in PACKAGES else submodules
        for imported in (base, *inside, *outside):
            self._add(imported, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        called = getattr(node.func, "attr", getattr(node.func, "id", None))
        if called in ("import_module", "__import__") and node.args:
            target = node.args[0]
            known = isinstance(target, ast.Constant) and isinstance(target.value, str)
            self._add(target.value if known else "<computed>", node.lineno)
        self.generic_visit(node)

    def _absolute(self, module: str, level: int) -> str:
        if not level:
            return module
        parts = self.package.split(".")
        base = parts[: len(parts) - level + 1]
        return ".".join([*base, module] if module else base)

    def _add(self, imported: str, line: int) -> None:
        self.found.append(
            Import(
                importer=self.name,
                imported=imported,
                line=line,
                deferred=self.deferred,
                typing_only=self.typing_only,
            )
        )


def within(module: str, package: str) -> bool:
    """Tell whether a module is a package or lies in it."""
    return module == package or module.startswith(f"{package}.")


def forbidden(
    imports: Mapping[str, tuple[Import, ...]], importer: str, *imported: str
) -> list[str]:
    """Return every import, typing included, from a package into one of the others named."""
    return [
        str(found)
        for name, all_found in imports.items()
        if within(name, importer)
        for found in all_found
        if any(within(found.imported, target) for target in imported)
    ]


def ways_into(imports: Mapping[str, tuple[Import, ...]], start: str, target: str) -> list[str]:
    """Return the chains by which running a module may come to load another package.

    Imports inside functions count, since calling the module's functions is what it is for. Loading
    a module also loads the packages around it, but of those only what their own top level imports:
    nobody calls their functions. Chains are shortest; one is given for each first module met.
    """
    chains = {start: (start,)}
    surrounding: set[str] = set()  # reached only as a package around a module
    queue = [start]
    found = []
    while queue:
        name = queue.pop(0)
        if within(name, target):
            found.append(" -> ".join(chains[name]))
            continue
        for following, around in _loads(imports, name, deferred=name not in surrounding):
            if following not in chains or (following in surrounding and not around):
                chains.setdefault(following, (*chains[name], following))
                (surrounding.add if around else surrounding.discard)(following)
                queue.append(following)
    return sorted(set(found))


def _loads(
    imports: Mapping[str, tuple[Import, ...]], name: str, *, deferred: bool
) -> Iterator[tuple[str, bool]]:
    """Yield what loading a module loads, and whether only as a package around something."""
    named = [
        found.imported
        for found in imports.get(name, ())
        if not found.typing_only and (deferred or not found.deferred)
    ]
    for module in named:
        yield module, False
    for module in (name, *named):
        while module := module.rpartition(".")[0]:
            yield module, True
