"""The folder of a report: what an earlier run wrote is replaced, what others wrote is left alone.

A new site is written beside the one that is there and then moved into its place file by file, the
index last, so that a run that is killed leaves no page cut off and no link that leads nowhere.  The
site knows its own files by a manifest.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from verify.errors import UsageError
from verify.runs.writing import ABANDONED, TEMPORARY, writable

__all__ = ["INDEX", "MANIFEST", "MARK", "check_folder", "put"]

INDEX = "index.html"
MANIFEST = ".driftproof-report.json"
MARK = '<meta name="generator" content="driftproof">'

FOLDERS = ("claims", "sources")

_OURS = re.compile(
    r"index\.html|claims/[a-z0-9][a-z0-9._~-]*\.html|sources/[0-9a-f]{16}(/(?!\.\.?(/|$))[^/\0]+)+"
)


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds somebody else's site; asked before the work and not after it.

    Raises
    ------
    UsageError
        Naming the file that stands in the way.
    """
    _require_ours(folder / INDEX)
    for place in (folder / name for name in FOLDERS):
        if place.exists() and not place.is_dir():
            raise UsageError(f"{place}: is no folder; give another folder")
        if place.exists():
            writable(place / INDEX)


def put(files: Mapping[str, bytes], folder: Path) -> None:
    """Have these files of a site in a folder, and no others of an earlier one.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents, by their paths in the folder; the index among them.
    folder : Path
        It is there.

    Raises
    ------
    UsageError
        Naming the file that cannot be written, or that is not of a report.
    """
    check_folder(folder)
    for path in files:
        if path.endswith(".html"):
            _require_ours(folder / path)
    try:
        _sweep(folder)
        beside = tempfile.mkdtemp(dir=folder, prefix=f"{MANIFEST}.", suffix=TEMPORARY)
        try:
            _move(files, Path(beside), folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        place = error.filename2 or error.filename or folder
        raise UsageError(f"{place}: cannot be written ({error.strerror})") from None


def _move(files: Mapping[str, bytes], beside: Path, folder: Path) -> None:
    """Write the files beside the old ones, and put each in its place when all are there."""
    for path, content in files.items():
        (beside / path).parent.mkdir(parents=True, exist_ok=True)
        (beside / path).write_bytes(content)
    earlier = _listed(folder / MANIFEST)
    _list(beside, {*earlier, *files}, folder)
    for path in sorted(files, key=lambda path: path == INDEX):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (beside / path).replace(folder / path)
    for path in sorted(earlier - files.keys()):
        (folder / path).unlink(missing_ok=True)
        _remove_empty(folder, PurePosixPath(path).parent)
    _list(beside, files.keys(), folder)


def _remove_empty(folder: Path, inside: PurePosixPath) -> None:
    """Remove a folder of the site that nothing is in any more, and those around it."""
    with suppress(OSError):
        for place in [inside, *inside.parents][:-1]:
            (folder / place).rmdir()


def _listed(manifest: Path) -> set[str]:
    """The files of the site that is there, those only that it could have written."""
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {str(path) for path in found if _OURS.fullmatch(str(path))}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _list(beside: Path, files: Collection[str], folder: Path) -> None:
    text = json.dumps({"files": sorted(files)}, indent=1) + "\n"
    (beside / MANIFEST).write_text(text, encoding="utf-8")
    (beside / MANIFEST).replace(folder / MANIFEST)


def _sweep(folder: Path) -> None:
    """Remove what runs that were killed long ago had begun to write."""
    for place in folder.glob(f"{MANIFEST}.*{TEMPORARY}"):
        with suppress(FileNotFoundError):  # another run may sweep too
            if time.time() - place.stat().st_mtime > ABANDONED:
                shutil.rmtree(place, ignore_errors=True)


def _require_ours(path: Path) -> None:
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            ours = MARK in file.read(2000)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    if not ours:
        raise UsageError(f"{path}: is there and is not of a report; give another folder")
