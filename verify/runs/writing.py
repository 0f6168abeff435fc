"""Files that are written as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from verify.errors import UsageError

__all__ = ["ABANDONED", "TEMPORARY", "writable", "write"]

TEMPORARY = ".tmp"
"""How the name of a file ends that is still being written."""

ABANDONED = 3600.0
"""Seconds after which what was not written to its end is taken for a killed run's."""


def writable(path: Path) -> Path:
    """The path, if a file can be made there; asked before the work and not after it.

    Raises
    ------
    UsageError
        Naming the path and what stands in the way.
    """
    folder = path.resolve().parent
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; give the name of a file")
    if _is_open_ended(path):
        return path
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {folder}; make it first")
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); give another path"
        ) from None
    return path


def write(path: Path, text: str, *, settled: bool = True) -> None:
    """Put a text into a file: whoever reads it, at any time, finds the old text or the new one.

    The text is on the disk before the name points to it, so that a machine that stops leaves no
    empty file either; of many files that are easily made again, that is not worth the wait, and
    ``settled`` is false. A link stays one, and what it leads to is written; a pipe or a device is
    not replaced by a file, it is given the text.
    """
    if _is_open_ended(path):
        with path.open("w", encoding="utf-8") as stream:
            stream.write(text)
        return
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if settled:
                os.fsync(file.fileno())
        # mkstemp makes files for the owner alone; a report is for whoever may read its folder.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
        if settled:
            _settle(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _is_open_ended(path: Path) -> bool:
    """Whether something other than a file has that name: a pipe, a device such as /dev/stdout."""
    return path.exists() and not path.is_file()


def _settle(folder: Path) -> None:
    """Have the new name on the disk too, where folders can be synchronised."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
