"""Finished verdicts on the disk, each under the hash of all that decides it.

A verdict is written the moment it is there, in one step, so that a run that is killed loses what it
was working on and nothing else, and several runs may use one folder.  A verdict that was cut off,
by its time limit or because its process died, is not finished and is not kept.

A store never stops a run: what cannot be read is judged again, and when nothing can be written the
run goes on without.  Both are said in one line.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from verify.problem import Reference
from verify.verdict import Verdict, json_value

from .provenance import Provenance
from .writing import ABANDONED, TEMPORARY, write

__all__ = ["DEFAULT", "Record", "Store", "canonical", "hash_of", "key_of"]

SCHEMA = "driftproof.record/1"
DEFAULT = Path("build/verify")
"""Where verdicts are kept, below the current folder."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """The verdict on one claim and the hashes of what it is about."""

    reference: Reference
    provenance: Provenance
    verdict: Verdict


def canonical(value: Any) -> str:
    """JSON that is the same text for the same values: sorted keys, no NaN."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def hash_of(value: Any) -> str:
    """The hash of a value that JSON can say.

    >>> hash_of({"a": 1, "b": 2}) == hash_of({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def key_of(
    reference: Reference,
    provenance: Provenance,
    settings: Mapping[str, Any],
    claims: int,
    versions: Mapping[str, str],
) -> str:
    """The hash of all that decides a verdict; where the file of a claim lies does not.

    Parameters
    ----------
    reference, provenance
        The claim, and the hashes of what it is about.
    settings
        Tiers, effort, seed and error rates.
    claims
        How many share the error rates.
    versions
        As `verify.runs.provenance.versions` gives them.
    """
    return hash_of(
        {
            "schema": SCHEMA,
            "claim": json_value({**asdict(reference), "file": None}),
            "of": provenance.to_json(),
            "settings": dict(settings),
            "claims": claims,
            "versions": dict(versions),
        }
    )


class Store:
    """A folder of verdicts.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    say : callable
        Called with one line when something cannot be read or written; at most once for each.

    Attributes
    ----------
    failed : bool
        Whether something could not be written; nothing more is tried then.
    kept : int
        How many verdicts were put in.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.failed = False
        self.kept = 0
        self._say = say
        self._complained = False
        try:
            self._verdicts.mkdir(parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            self._fail(error)

    @property
    def _verdicts(self) -> Path:
        return self.folder / "verdicts"

    def path(self, key: str) -> Path:
        """The file of a key."""
        return self._verdicts / f"{key}.json"

    def get(self, key: str) -> tuple[str, Verdict] | None:
        """The hash of the kernels and the verdict under this key, None if there is none."""
        path = self.path(key)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["schema"] != SCHEMA:
                raise ValueError(f"of another format, {found['schema']!r}")
            if found["digest"] != hash_of(found["record"]) or found["record"]["key"] != key:
                raise ValueError("not as it was written")
            record = found["record"]
            return str(record["kernels"]), Verdict.from_json(record["verdict"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            if not self._complained:
                self._complained = True
                self._say(f"{path}: {_reason(error)}; this claim is judged again")
            return None

    def found(self, keys: Sequence[str]) -> dict[int, tuple[str, Verdict]]:
        """What `get` finds, by the place of the key; without the keys that have nothing."""
        found = {place: self.get(key) for place, key in enumerate(keys)}
        return {place: known for place, known in found.items() if known}

    def unkept(self, claim: str, why: str) -> None:
        """Tell that the verdict on a claim is judged anew, neither taken from here nor put in."""
        self._say(f"{claim}: judged anew, and its verdict is not kept: {why}")

    def put(self, key: str, kernels: str, verdict: Verdict) -> None:
        """Keep a finished verdict; one that was cut off is not kept."""
        if self.failed or not verdict.finished:
            return
        record = {"key": key, "kernels": kernels, "verdict": verdict.to_json()}
        try:
            write(
                self.path(key),
                canonical({"schema": SCHEMA, "digest": hash_of(record), "record": record}),
            )
            self.kept += 1
        except OSError as error:
            self._fail(error)

    def write(self, name: str, text: str) -> Path | None:
        """Put another file into the folder; its path, None if it cannot be written."""
        if self.failed:
            return None
        try:
            write(self.folder / name, text)
        except OSError as error:
            self._fail(error)
            return None
        return self.folder / name

    def _fail(self, error: OSError) -> None:
        self.failed = True
        self._say(
            f"{self.folder}: cannot be written ({error.strerror}), so verdicts are not kept; "
            "give another folder with --store"
        )

    def _sweep(self) -> None:
        """Remove what runs that were killed long ago had begun to write."""
        for folder in (self.folder, self._verdicts):
            for path in folder.glob(f".*{TEMPORARY}"):
                with suppress(FileNotFoundError):  # another run may sweep too
                    if time.time() - path.stat().st_mtime > ABANDONED:
                        path.unlink()


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"damaged, {error} is missing"
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | TypeError | RecursionError):
        return "damaged"
    return str(error.strerror if isinstance(error, OSError) else error)
