"""The numbers of a tier as tables: labelled values, and a table for what has rows and columns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify.charts.svg import shown

from .notation import set_numbers

__all__ = ["NumberTable", "number", "tables"]

MOST = 40
"""Rows of a table; longer ones are whole in the raw numbers."""

_SHORT = 12


@dataclass(frozen=True, kw_only=True)
class NumberTable:
    """A table: its title, the heads of its columns (none for labelled values), its rows.

    ``left_out`` counts the rows that are not shown.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


def tables(numbers: Mapping[str, Any]) -> tuple[NumberTable, ...]:
    """The labelled values first, then a table for each value that has rows."""
    labelled: list[tuple[str, ...]] = []
    found: list[NumberTable] = []
    for path, value in _flat(numbers):
        table = _table(value)
        if table is None:
            labelled.append((path, _shown(value)))
        else:
            columns, rows = table
            left_out = max(0, len(rows) - MOST)
            found.append(
                NumberTable(title=path, columns=columns, rows=rows[:MOST], left_out=left_out)
            )
    first = NumberTable(title="", columns=(), rows=tuple(labelled))
    return (*((first,) if labelled else ()), *found)


def number(value: Any) -> str:
    """A number as people read it.

    >>> number(1.23456e-7), number(12), number(-0.5), number(None)
    ('1.235·10⁻⁷', '12', '−0.5', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value):
        return shown(value, 4)
    text = str(value)
    return text.replace("-", "−") if isinstance(value, int | float) else set_numbers(text)


def _label(key: str) -> str:
    return key.replace("half_width", "half-width").replace("_", " ")


def _flat(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Values with the keys that lead to them; what makes a table stays whole."""
    alike = _alike(value)
    if alike and len(alike) < len(value):
        yield path or "parts", alike
    for key, item in value.items():
        if key in alike and len(alike) < len(value):
            continue
        name = f"{path}, {_label(str(key))}" if path else _label(str(key))
        if isinstance(item, Mapping) and item and _table(item) is None:
            yield from _flat(item, name)
        elif isinstance(item, Mapping | Sequence) and not isinstance(item, str) and not item:
            yield name, None
        else:
            yield name, item


def _alike(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The mappings among the values that have one shape and so make a table, if there are two."""
    shapes: dict[tuple[str, ...], dict[str, Any]] = {}
    for key, item in value.items():
        if isinstance(item, Mapping) and len(item) > 1 and all(map(_is_plain, item.values())):
            shapes.setdefault(tuple(item), {})[key] = item
    found = max(shapes.values(), key=len, default={})
    return found if len(found) > 1 else {}


def _table(value: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]] | None:
    """Columns and rows of a list of mappings, or of a mapping of mappings that have one shape."""
    if isinstance(value, Mapping):
        heads, inner = [_label(str(key)) for key in value], list(value.values())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        heads, inner = [], list(value)
    else:
        return None
    if not inner or not all(isinstance(item, Mapping) and item for item in inner):
        return None
    if not all(_is_plain(cell) for item in inner for cell in item.values()):
        return None
    columns = list(dict.fromkeys(str(key) for item in inner for key in item))
    rows = [tuple(_shown(item.get(key, "")) for key in columns) for item in inner]
    if heads:
        rows = [(head, *cells) for head, cells in zip(heads, rows, strict=True)]
    return (*([""] if heads else []), *map(_label, columns)), tuple(rows)


def _is_plain(value: Any) -> bool:
    """Whether a cell can hold the value."""
    if isinstance(value, Mapping):
        return all(not isinstance(item, Mapping | list | tuple) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(not isinstance(item, Mapping | list | tuple) for item in value)
    return True


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_shown(item)}" for key, item in value.items()) or "–"
    if isinstance(value, Sequence) and not isinstance(value, str):
        if any(isinstance(item, Mapping | list | tuple) for item in value):
            text = json.dumps(value, ensure_ascii=False)
            return text if len(text) <= 120 else f"{text[:117]}…"
        more = f", … ({len(value)} in all)" if len(value) > _SHORT else ""
        return ", ".join(_shown(item) for item in value[:_SHORT]) + more or "–"
    return number(value)
