"""What a claim file finds around it while it is executed, and what is put back after it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from verify.runs import claim_files
from verify.runs.strangers import MOST, heard

__all__ = ["surroundings"]


@contextlib.contextmanager
def surroundings(module: ModuleType, path: str, *, silent: bool) -> Iterator[None]:
    """What a script finds around it: its folder, itself as a module; no output of its own.

    The working folder and the settings of NumPy are put back.

    Parameters
    ----------
    module : ModuleType
        That the file is executed in.
    path : str
        Of the file.
    silent : bool
        Whether what it prints is dropped; else the beginning goes to standard error.
    """
    name, folder = module.__name__, str(Path(path).resolve().parent)
    before, working = sys.modules.get(name), Path.cwd()
    for stranger in _of_other_folders(Path(folder)):
        del sys.modules[stranger]
    sys.modules[name] = module  # data classes look for the module that they are in
    sys.path.insert(0, folder)
    try:
        # Standard output belongs to verdicts.
        with heard(0 if silent else MOST), np.errstate():
            yield
    finally:
        os.chdir(working)
        if folder in sys.path:
            sys.path.remove(folder)
        sys.modules.pop(name, None)
        if before is not None:
            sys.modules[name] = before


def _of_other_folders(folder: Path) -> list[str]:
    """The loaded modules that a module of this folder stands for: another file imported them."""
    loaded = [(name, getattr(module, "__file__", None)) for name, module in sys.modules.items()]
    tops = {
        name
        for name, file in loaded
        if isinstance(file, str) and "." not in name
        for own in (folder / f"{name}.py", folder / name / "__init__.py")
        if own.is_file() and Path(file).resolve() != own and claim_files.is_outside(Path(file))
    }
    return [name for name, _ in loaded if name.partition(".")[0] in tops]
