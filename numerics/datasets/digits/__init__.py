"""Handwritten digits of 8 × 8 pixels (UCI optdigits, its test part), shipped with provenance.

``digits.csv`` holds 1797 rows of 64 counts from 0 to 16 and the digit; ``digits.json`` says where
they come from, and has the SHA-256 of the file, which is checked whenever it is read.
``produce.py`` made both.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.errors import DataError

__all__ = ["Digits", "Split", "load", "provenance"]

Array: TypeAlias = NDArray[np.float64]
CLASSES = 10
GREATEST = 16
"""The largest count: a pixel is a block of 4 × 4 points, and says how many of them are inked."""


@dataclass(frozen=True, kw_only=True)
class Digits:
    """Images and what they show."""

    images: Array
    """Shape (n, 8, 8), from 0 to 1."""
    labels: NDArray[np.int64]
    """The digits, shape (n,)."""
    source: str
    """Where they come from, as one line to be printed under a figure."""

    def split(self, train: int, test: int, rng: np.random.Generator) -> Split:
        """Two disjoint parts, drawn without replacement.

        Raises
        ------
        DataError
            If there are not as many images.
        """
        if train < 1 or test < 1 or train + test > len(self.labels):
            raise DataError(
                f"train={train}, test={test}: there are {len(self.labels)} images; ask for fewer"
            )
        chosen = rng.permutation(len(self.labels))[: train + test]
        return Split(
            train=self.images[chosen[:train]],
            train_labels=self.labels[chosen[:train]],
            test=self.images[chosen[train:]],
            test_labels=self.labels[chosen[train:]],
        )


@dataclass(frozen=True, kw_only=True)
class Split:
    """Images to train on and others to test with."""

    train: Array
    train_labels: NDArray[np.int64]
    test: Array
    test_labels: NDArray[np.int64]


def provenance() -> dict[str, Any]:
    """What ``digits.json`` says: title, citation, url, licence, preprocessing, checksum."""
    text = resources.files(__name__).joinpath("digits.json").read_text("utf-8")
    about: dict[str, Any] = json.loads(text)
    return about


def load() -> Digits:
    """All 1797 images, divided by 16.

    Raises
    ------
    DataError
        If the file is not the one whose checksum is on record.

    Examples
    --------
    >>> digits = load()
    >>> digits.images.shape, digits.labels[:10].tolist()
    ((1797, 8, 8), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    about = provenance()
    content = resources.files(__name__).joinpath("digits.csv").read_bytes()
    if hashlib.sha256(content).hexdigest() != about["sha256"]:
        raise DataError("digits: digits.csv is not the file on record; reinstall it")
    rows = np.loadtxt(io.BytesIO(content), delimiter=",", skiprows=1, dtype=np.int64)
    return Digits(
        images=rows[:, :-1].reshape(-1, 8, 8) / float(GREATEST),
        labels=rows[:, -1],
        source=f"{about['citation']}; {about['url']}",
    )
