"""The claim files of a run, kept beside its certificate: what is judged again is what was judged.

A copy lies in a folder that has the hash of its content for a name, with the modules that it
imports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from verify.errors import UsageError
from verify.problem import Reference

from . import claim_files
from .store import Record

__all__ = ["copied", "copy_of", "found"]

FOLDER = "sources"
DIGITS = 16


def copy_of(record: Record) -> str:
    """Where the copy of the claim file of a record lies, from the certificate; empty for none."""
    file = record.reference.file
    return f"{_folder(record)}/{Path(file).name}" if file else ""


def copied(records: Iterable[Record]) -> dict[str, bytes]:
    """The copies of all claim files, by their places; a file that cannot be read has none."""
    texts: dict[str, bytes] = {}
    for folder, record in {_folder(r): r for r in records if r.reference.file}.items():
        file = record.reference.file or ""
        try:
            parts = claim_files.texts(Path(file))
        except OSError:
            continue
        places = [f"{folder}/{name or Path(file).name}" for name, _ in parts]
        # Two modules of one name cannot lie in one folder.
        if len(set(places)) == len(places) and parts and not parts[0][0]:
            texts |= {place: text for place, (_, text) in zip(places, parts, strict=True)}
    return texts


def found(record: Record, folder: Path) -> Reference:
    """The reference of a record, with the place where its claim file lies now.

    That is the place that the certificate names, if what lies there is what was judged or there is
    no copy of that in ``folder``; the copy otherwise.

    Raises
    ------
    UsageError
        If there is neither.
    """
    reference = record.reference
    if reference.file is None:
        return reference
    given, copy = Path(reference.file), folder / copy_of(record)
    if not copy.is_file():
        if not given.is_file():
            raise UsageError(
                f"{reference.file}: there is no such file; replay in the folder that the run was "
                "made in, or the certificate of a report, which has a copy of the file"
            )
        return reference
    same = given.is_file() and given.read_bytes() == copy.read_bytes()
    return reference if same else replace(reference, file=str(copy))


def _folder(record: Record) -> str:
    return f"{FOLDER}/{record.provenance.claim[:DIGITS]}"
