"""Parts of a long experiment on the disk, each under the hash of its settings and of its code.

A part is written the moment it is there, in one step: a sweep that was stopped, in whatever way,
goes on with what is missing.  What was calculated by other code counts as missing; so does a file
that is not as it was written, and that is said.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from verify.errors import UsageError
from verify.experiments.experiment import Numbers
from verify.runs.writing import write
from verify.verdict import json_value

__all__ = ["code_hash", "saved", "swept"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("numpy", "torch")
"""Packages whose version may move a number."""


def code_hash(file: str, root: Path = ROOT) -> str:
    """Of a file, of the numeric side of the project at ``root``, and of `PACKAGES`.

    Kernels of theorems are left out: no experiment that is saved calls one.
    """
    numerics = root / "numerics"
    paths = [
        path
        for path in sorted(numerics.rglob("*"))
        if path.suffix in {".py", ".csv", ".json"} and path.parent != numerics / "kernels"
    ]
    parts = [(path.relative_to(root).as_posix(), path.read_bytes()) for path in paths]
    parts.append(("", Path(file).read_bytes()))
    parts += [(name, found.encode()) for name, found in _versions()]
    hashes = [(name, hashlib.sha256(content).hexdigest()) for name, content in parts]
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()


def _versions() -> Iterable[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, ""


def saved(
    folder: Path,
    settings: Mapping[str, Any],
    make: Callable[[], Mapping[str, Any]],
    say: Callable[[str], None],
) -> Mapping[str, Any]:
    """What was saved under these settings, else what ``make`` gives, saved from now on.

    Parameters
    ----------
    folder
        It is made where it is missing.
    settings
        All that decides the result, JSON-able, the seed and the hash of the code among it.
    make
        Gives JSON-able values by name.
    say
        Called with one line when a file is there that is not as it was written.

    Raises
    ------
    UsageError
        If nothing can be written there.
    """
    key = json_value(settings)
    path = folder / f"{_digest(key)[:24]}.json"
    try:
        return _read(path, key)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "damaged"
        say(f"{path}: {why}; this run was made again")
    made: dict[str, Any] = json_value(make())
    _put(path, json.dumps({"key": key, "value": made, "digest": _digest([key, made])}))
    return made


def swept(
    folder: Path,
    runs: Sequence[Mapping[str, Any]],
    common: Mapping[str, Any],
    make: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    told: Callable[[float, Mapping[str, Any]], None],
) -> Numbers:
    """Every run of a sweep beside what it gave, saved as soon as it is there.

    Parameters
    ----------
    folder
        It is made where it is missing.
    runs
        How each run differs from the others.
    common
        What else decides the results, the seed among it.
    make
        Gives the values of one run from all its settings; a function, whose file is hashed.
    told
        Called with the fraction done and the run that is next.

    Returns
    -------
    mapping
        ``runs``, and ``notes`` on files that could not be used.

    Raises
    ------
    UsageError
        If nothing can be written there.
    """
    found: list[dict[str, Any]] = []
    notes: list[str] = []
    code = code_hash(make.__code__.co_filename)
    for number, run in enumerate(runs):
        told(number / len(runs), run)
        settings = {**common, **run}
        of_code = {**settings, "code": code}
        found.append({**run, **saved(folder, of_code, partial(make, settings), notes.append)})
    return {"runs": found, "notes": notes}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read(path: Path, key: Any) -> dict[str, Any]:
    record = json.loads(path.read_text("utf-8"))
    if not isinstance(record, dict) or not isinstance(record.get("value"), dict):
        raise ValueError
    value: dict[str, Any] = record["value"]
    if record.get("key") != key or record.get("digest") != _digest([key, value]):
        raise ValueError
    return value


def _put(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, text)
    except OSError as error:
        raise UsageError(
            f"{path.parent}: {error.strerror}; run in a folder that can be written to"
        ) from None
