"""The manifest of hashes: which sources gave which outputs."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from derivations.errors import DerivationError

__all__ = ["Entry", "Manifest", "digest", "digest_of", "put"]

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One theorem: hashes of its own file, of what all theorems share, and of its outputs."""

    source: str
    shared: str
    claims: tuple[str, ...]
    outputs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The entries of all theorems by id."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    @staticmethod
    def read(path: Path) -> Manifest:
        """The manifest of a file; an empty one if there is none, or one of another format.

        Raises
        ------
        DerivationError
            If the file is not what this module wrote.
        """
        if not path.exists():
            return Manifest()
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["format"] != FORMAT:
                return Manifest()
            entries = {
                name: Entry(**{**entry, "claims": tuple(entry["claims"])})
                for name, entry in found["theorems"].items()
            }
        except (ValueError, KeyError, TypeError) as error:
            raise DerivationError(f"{path}: not a manifest ({error}); delete it") from error
        return Manifest(entries=entries)

    def with_entry(self, name: str, entry: Entry) -> Manifest:
        """The manifest with one entry exchanged or added."""
        return Manifest(entries={**self.entries, name: entry})

    def only(self, names: Collection[str]) -> Manifest:
        """The manifest without the theorems that are no more."""
        return Manifest(entries={name: e for name, e in self.entries.items() if name in names})

    def text(self) -> str:
        """The text of its file; the same for the same entries."""
        entries = {name: asdict(self.entries[name]) for name in sorted(self.entries)}
        return json.dumps({"format": FORMAT, "theorems": entries}, indent=2, sort_keys=True) + "\n"


def digest(text: str) -> str:
    """The hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(path: Path) -> str:
    """The hash of a file; empty if there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def put(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it finds the old text or the new one."""
    if path.exists() and path.read_bytes() == text.encode():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
