"""Small public regression data sets, shipped with their provenance.

Beside each ``NAME.csv`` (raw values) stands ``NAME.json``: where the values come from, their units,
the licence and the SHA-256 of the CSV file, which is checked whenever the data are read.
``produce.py`` made both.
"""

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.errors import DataError

__all__ = ["Dataset", "load", "names", "provenance", "standardised"]

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A regression data set: n rows of p features and k targets."""

    name: str
    X: Array
    """Features, shape (n, p)."""
    Y: Array
    """Targets, shape (n, k)."""
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    source: str
    """Where the values come from, as one line to be printed under a figure."""


def names() -> tuple[str, ...]:
    """The shipped data sets, in alphabetical order.

    >>> names()
    ('diabetes', 'linnerud')
    """
    files = resources.files(__name__).iterdir()
    return tuple(
        sorted(file.name.removesuffix(".csv") for file in files if file.name.endswith(".csv"))
    )


def provenance(name: str) -> dict[str, Any]:
    """What ``NAME.json`` says: title, citation, url, licence, units, preprocessing, checksum."""
    if name not in names():
        raise DataError(
            f"name {name!r}: no such data set; the shipped ones are {', '.join(names())}"
        )
    about: dict[str, Any] = json.loads(
        resources.files(__name__).joinpath(f"{name}.json").read_text("utf-8")
    )
    return about


def standardised(values: Array, labels: tuple[str, ...]) -> Array:
    """Columns centred and divided by their standard deviation (divisor n): |X|² = n p.

    Raises
    ------
    DataError
        If a column is constant, which no factor can bring to standard deviation one.
    """
    largest = np.abs(values).max(axis=0)
    # Units of the largest value: no square may overflow or vanish.
    units = values / np.where(largest > 0, largest, 1.0)
    centred = units - units.mean(axis=0)
    deviation = np.sqrt(np.mean(centred**2, axis=0))
    # A constant column leaves the rounding of its mean behind, not zeros.
    flat = deviation <= 8 * np.finfo(np.float64).eps
    if flat.any():
        label = labels[int(np.argmax(flat))]
        raise DataError(f"column {label!r}: constant, so it cannot be standardised; leave it out")
    return np.asarray(centred / deviation, dtype=np.float64)


def load(name: str, *, standardise: bool = True) -> Dataset:
    """A shipped data set.

    Parameters
    ----------
    name
        One of `names()`.
    standardise
        Centre every column, features and targets, and divide it by its population standard
        deviation. A linear network without biases on centred data is the one with an intercept on
        the raw data. With ``False`` the raw values come back.

    Raises
    ------
    DataError
        If there is no such data set, or if its file is not the one whose checksum is on record.

    Examples
    --------
    >>> data = load("linnerud")
    >>> data.X.shape, data.Y.shape, data.target_names
    ((20, 3), (20, 3), ('weight', 'waist', 'pulse'))
    >>> round(float((data.X**2).sum()), 12)
    60.0
    """
    about = provenance(name)
    content = resources.files(__name__).joinpath(f"{name}.csv").read_bytes()
    if hashlib.sha256(content).hexdigest() != about["sha256"]:
        raise DataError(f"data set {name!r}: {name}.csv is not the file on record; reinstall it")
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8")))
    values = np.array(rows, dtype=np.float64)
    if standardise:
        values = standardised(values, tuple(header))
    targets = tuple(about["targets"])
    features = tuple(column for column in header if column not in targets)
    return Dataset(
        name=name,
        X=values[:, [header.index(column) for column in features]],
        Y=values[:, [header.index(column) for column in targets]],
        feature_names=features,
        target_names=targets,
        source=f"{about['citation']}; {about['url']}",
    )
