"""Files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from verify.errors import UsageError

__all__ = ["checked_folder", "write_folder"]


def checked_folder(folder: Path) -> Path:
    """The folder, if files can be put there; found out before any work is done.

    Raises
    ------
    UsageError
        If it is a file, or nothing can be written there.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder}: is a file; give a folder")
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise UsageError(f"--out {folder}: {nearest} is a file; give another folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(
            f"--out {folder}: no permission to write in {nearest}; give another folder"
        )
    return folder


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a folder, each under a temporary name until all of them are complete."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as place:
            for name, content in files.items():
                (Path(place) / name).write_bytes(content)
            for name in files:
                os.replace(Path(place) / name, folder / name)
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror}; give another folder") from None
