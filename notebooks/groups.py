"""The walkthroughs by group, found under ``notebooks/walkthroughs``."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from notebooks.cells import Walkthrough
from notebooks.errors import NotebookError

__all__ = ["Places"]

ROOT = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where walkthroughs are read and notebooks are written."""

    folder: Path = ROOT

    def groups(self) -> tuple[str, ...]:
        """All groups, sorted by name; nothing is imported."""
        files = (self.folder / "walkthroughs").glob("*.py")
        return tuple(sorted(file.stem for file in files if not file.stem.startswith("_")))

    def notebook(self, group: str) -> Path:
        """The notebook of a group."""
        return self.folder / f"{group}.ipynb"

    @property
    def index(self) -> Path:
        """The list of all notebooks."""
        return self.folder / "README.md"

    def orphans(self) -> tuple[Path, ...]:
        """Notebooks that no walkthrough stands for."""
        groups = self.groups()
        return tuple(p for p in sorted(self.folder.glob("*.ipynb")) if p.stem not in groups)

    def chosen(self, names: Sequence[str]) -> tuple[str, ...]:
        """The groups named, all where none is; in the order in which they are given.

        Raises
        ------
        NotebookError
            If one is not there; near misses are named.
        """
        from derivations.catalogue import nearest

        known = self.groups()
        for name in names:
            if name not in known:
                raise NotebookError(f"no walkthrough {name!r}; {nearest(name, known)}")
        return tuple(dict.fromkeys(names)) or known

    def walkthrough(self, group: str) -> Walkthrough:
        """What the file of a group gives.

        Raises
        ------
        NotebookError
            If it cannot be imported, or has no constant ``WALKTHROUGH``.
        """
        path = self.folder / "walkthroughs" / f"{group}.py"
        name = f"notebooks.walkthroughs.{group}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise NotebookError(f"walkthroughs/{group}.py: cannot be read; make it a Python file")
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            line = _line_in(path)
            raise NotebookError(
                f"walkthroughs/{group}.py{line}: {type(error).__name__}: {error}"
            ) from error
        found = getattr(module, "WALKTHROUGH", None)
        if not isinstance(found, Walkthrough):
            raise NotebookError(
                f"walkthroughs/{group}.py: has no WALKTHROUGH; add WALKTHROUGH = Walkthrough(...)"
            )
        return found


def _line_in(path: Path) -> str:
    """The last line of a file that the exception being handled went through."""
    _, error, trace = sys.exc_info()
    lines = []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename == str(path) and error.lineno:
        lines.append(error.lineno)
    return f", line {lines[-1]}" if lines else ""
