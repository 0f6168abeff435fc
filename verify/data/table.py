"""A CSV file as a regression data set, or one line that says what is wrong with it."""

import csv
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from numerics.datasets import Dataset, standardised
from numerics.errors import DataError
from numerics.network import Array
from verify.errors import UsageError

__all__ = ["read_table"]

MISSING = {"", "?", "-", ".", "na", "n/a", "nan", "null", "none"}
# Squares and their sums over the rows must stay finite.
LARGEST = 1e100


def read_table(path: Path, targets: Sequence[str]) -> Dataset:
    """The columns of a CSV file, standardised: `targets` to be predicted from all the others.

    The first line names the columns, values are numbers with a decimal point, separated by commas.

    Raises
    ------
    UsageError
        If the file cannot be read as such a table, or is no regression problem.
    """
    header, rows = _rows(path)
    wanted = _checked_targets(targets, header)
    values = np.array([_numbers(line, cells, header) for line, cells in rows], dtype=np.float64)
    features = tuple(name for name in header if name not in wanted)
    if len(rows) <= len(features):
        raise UsageError(
            f"{path.name}: too few rows, {len(rows)} for {len(features)} features; give at least "
            f"{len(features) + 1} or leave out columns"
        )
    try:
        scaled = standardised(values, header)
    except DataError as error:
        raise UsageError(f"{path.name}: {error}") from None
    return Dataset(
        name=path.stem,
        X=_columns(scaled, header, features),
        Y=_columns(scaled, header, wanted),
        feature_names=features,
        target_names=wanted,
        source=path.name,
    )


def _columns(values: Array, header: tuple[str, ...], names: tuple[str, ...]) -> Array:
    return values[:, [header.index(name) for name in names]]


def _rows(path: Path) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    """The header, and every other line that is not blank with its number."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(_lines(csv.reader(file)))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: is a folder; give a CSV file") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give a file that can be read") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path.name}: not text in UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise UsageError(f"{path.name}: not CSV ({error}); save it as CSV") from None
    if not lines:
        raise UsageError(
            f"{path.name}: empty; give a line with the names of the columns, then rows"
        )
    header = _checked_header(path, lines[0][1])
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            raise UsageError(
                f"line {line}: {len(cells)} values where the header has {len(header)} names; "
                "give every row a value for every column"
            )
    if len(lines) == 1:
        raise UsageError(f"{path.name}: a header and no rows; add the rows")
    return header, lines[1:]


def _lines(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield reader.line_num, stripped  # type: ignore[attr-defined] # csv.reader has it


def _checked_header(path: Path, names: list[str]) -> tuple[str, ...]:
    if len(names) == 1:
        other = next((mark for mark in (";", "\t", "|") if mark in names[0]), None)
        found = f"separated by {other!r}" if other else "a single column"
        raise UsageError(f"{path.name}: {found}; separate the columns by commas")
    if all(_number(name) is not None for name in names):
        raise UsageError(f"{path.name}: numbers in the first line; name the columns there")
    if "" in names:
        raise UsageError(f"column {names.index('') + 1}: has no name; name it in the first line")
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise UsageError(f"column {name!r}: is there {count} times; give every column its own name")
    return tuple(names)


def _checked_targets(targets: Sequence[str], header: tuple[str, ...]) -> tuple[str, ...]:
    columns = ", ".join(header)
    wanted = tuple(name.strip() for name in targets if name.strip())
    if not wanted:
        raise UsageError(f"--targets: none given; name one or more of {columns}")
    for name in wanted:
        if name not in header:
            raise UsageError(f"--targets {name}: no such column; choose from {columns}")
    name, count = Counter(wanted).most_common(1)[0]
    if count > 1:
        raise UsageError(f"--targets {name}: named {count} times; name every target once")
    if len(wanted) == len(header):
        raise UsageError(
            f"--targets {','.join(wanted)}: leaves no column to predict from; name fewer targets"
        )
    return wanted


def _number(cell: str) -> float | None:
    """The number in a cell; Python's digit groups (1_000) are not numbers in a table."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _numbers(line: int, cells: list[str], header: tuple[str, ...]) -> list[float]:
    numbers = []
    for name, cell in zip(header, cells, strict=True):
        where = f"column {name!r}, line {line}"
        if cell.lower() in MISSING:
            raise UsageError(f"{where}: missing value; fill it in, or leave out the row or column")
        number = _number(cell)
        if number is None:
            shown = cell if len(cell) <= 20 else cell[:19] + "…"
            raise UsageError(
                f"{where}: text {shown!r}; encode it as numbers or leave out the column"
            )
        if not math.isfinite(number):
            raise UsageError(f"{where}: {cell} is not finite; leave out the row")
        if abs(number) > LARGEST:
            raise UsageError(f"{where}: {cell} is too large to be squared; rescale the column")
        numbers.append(number)
    return numbers
