"""Parts of a long experiment on the disk, each under the hash of its settings.

A part is written the moment it is there, in one step: a sweep that was stopped, in whatever way,
goes on with what is missing.  A file that cannot be read counts as missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from verify.errors import UsageError
from verify.runs.writing import write
from verify.verdict import json_value

__all__ = ["saved", "swept"]


def saved(
    folder: Path, settings: Mapping[str, Any], make: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """What was saved under these settings, else what ``make`` gives, saved from now on.

    Parameters
    ----------
    folder
        It is made where it is missing.
    settings
        All that decides the result, JSON-able, the seed among it.
    make
        Gives JSON-able values by name.

    Raises
    ------
    UsageError
        If nothing can be written there.
    """
    key = json.dumps(json_value(settings), sort_keys=True)
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
    known = _read(path, key)
    if known is not None:
        return known
    made: dict[str, Any] = json_value(make())
    _put(path, json.dumps({"key": key, "value": made}))
    return made


def swept(
    folder: Path,
    runs: Sequence[Mapping[str, Any]],
    common: Mapping[str, Any],
    make: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    told: Callable[[float, Mapping[str, Any]], None],
) -> list[dict[str, Any]]:
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
        Gives the values of one run from all its settings.
    told
        Called with the fraction done and the run that is next.

    Raises
    ------
    UsageError
        If nothing can be written there.
    """
    found = []
    for number, run in enumerate(runs):
        told(number / len(runs), run)
        settings = {**common, **run}
        found.append({**run, **saved(folder, settings, partial(make, settings))})
    return found


def _read(path: Path, key: str) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.get("key") != key:
        return None
    value = record.get("value")
    return value if isinstance(value, dict) else None


def _put(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, text)
    except OSError as error:
        raise UsageError(
            f"{path.parent}: {error.strerror}; run in a folder that can be written to"
        ) from None
