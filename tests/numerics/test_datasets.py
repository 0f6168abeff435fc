"""The shipped data: complete, as published, and refused when they are not."""

from __future__ import annotations

import hashlib
from importlib import resources

import numpy as np
import pytest

from numerics import datasets
from numerics.errors import DataError

# Sums of the published tables, counted from scikit-learn 1.9.1 (numerics/datasets/produce.py).
COLUMN_SUMS = {
    "diabetes": {"age": 21445, "sex": 649, "s1": 83600, "progression": 67243},
    "linnerud": {"chins": 189, "situps": 2911, "jumps": 1406, "weight": 3572, "pulse": 1122},
}
SHAPES = {"diabetes": (442, 10, 1), "linnerud": (20, 3, 3)}


def test_every_set_is_known_here() -> None:
    assert datasets.names() == tuple(sorted(SHAPES))


@pytest.mark.parametrize("name", datasets.names())
def test_raw_values_are_the_published_ones(name: str) -> None:
    data = datasets.load(name, standardise=False)
    columns = dict(
        zip(data.feature_names + data.target_names, np.hstack([data.X, data.Y]).T, strict=True)
    )
    assert (len(data.X), data.X.shape[1], data.Y.shape[1]) == SHAPES[name]
    for column, total in COLUMN_SUMS[name].items():
        assert columns[column].sum() == total


@pytest.mark.parametrize("name", datasets.names())
def test_standardised_columns_have_mean_zero_and_mean_square_one(name: str) -> None:
    data, raw = datasets.load(name), datasets.load(name, standardise=False)
    for values, original in ((data.X, raw.X), (data.Y, raw.Y)):
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-13)
        np.testing.assert_allclose((values**2).mean(axis=0), 1, rtol=1e-13)
        for column, raw_column in zip(values.T, original.T, strict=True):
            assert np.corrcoef(column, raw_column)[0, 1] > 1 - 1e-12


@pytest.mark.parametrize("name", datasets.names())
def test_provenance_is_complete_and_the_checksum_is_that_of_the_file(name: str) -> None:
    about = datasets.provenance(name)
    folder = resources.files("numerics.datasets")
    content = folder.joinpath(f"{name}.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == about["sha256"]
    for key in ("title", "citation", "url", "licence", "preprocessing", "producer"):
        assert about[key].strip(), key
    header = content.decode().splitlines()[0].split(",")
    assert list(about["columns"]) == header
    assert about["rows"] == len(content.decode().splitlines()) - 1
    assert "BSD 3-Clause" in folder.joinpath("LICENSE-scikit-learn.md").read_text("utf-8")
    assert about["url"] in datasets.load(name).source


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"'wine': no such data set; .* diabetes, linnerud"):
        datasets.load("wine")


def test_a_changed_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    about = datasets.provenance("linnerud") | {"sha256": "0" * 64}
    monkeypatch.setattr(datasets, "provenance", lambda name: about)
    with pytest.raises(DataError, match=r"linnerud\.csv is not the file on record"):
        datasets.load("linnerud")


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6, -1 / 3])
def test_a_constant_column_is_refused_by_name(value: float) -> None:
    values = np.column_stack([np.arange(7.0), np.full(7, value)])
    with pytest.raises(DataError, match="column 'flat': constant"):
        datasets.standardised(values, ("x", "flat"))


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("variation", [1e-9, 1.0])
def test_a_small_variation_is_no_constant(scale: float, variation: float) -> None:
    values = scale * (1.0 + variation * np.arange(7.0)[:, None])
    assert (datasets.standardised(values, ("x",)) ** 2).mean() == pytest.approx(1)
