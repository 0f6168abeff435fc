"""Small walkthroughs in a folder of their own, and the notebooks that are built from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from notebooks.groups import Places

HEAD = """
from notebooks.cells import Walkthrough, code, exercise, kernel, mutant, steps, text

"""


def places(folder: Path, **cells: str) -> Places:
    """A folder with a walkthrough for each name, made of these cells."""
    (folder / "walkthroughs").mkdir(exist_ok=True)
    for name, text in cells.items():
        whole = f"{HEAD}WALKTHROUGH = Walkthrough(title={name!r}, order=1, cells=({text},))\n"
        (folder / "walkthroughs" / f"{name}.py").write_text(whole, encoding="utf-8")
    return Places(folder=folder)


def read(path: Path) -> Any:
    """The notebook as JSON gives it."""
    return json.loads(path.read_text(encoding="utf-8"))


def quiet(line: str) -> None:
    """Takes progress, and drops it."""
