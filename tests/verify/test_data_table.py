"""A user's file: what is accepted, and the one line for everything that is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from verify.data.table import read_table
from verify.errors import UsageError

GOOD = "a,b,y\n1,2,3\n2,5,1\n3,1,4\n4,9,1\n"

BAD = {
    "empty": ("", r"t\.csv: empty; give a line with the names"),
    "blank lines": ("\n , \n", r"t\.csv: empty"),
    "no rows": ("a,b,y\n", r"t\.csv: a header and no rows"),
    "no header": ("1,2,3\n4,5,6\n", r"t\.csv: numbers in the first line; name the columns there"),
    "semicolons": ("a;b;y\n1;2;3\n", r"t\.csv: separated by ';'; separate the columns by commas"),
    "tabs": ("a\tb\ty\n1\t2\t3\n", r"t\.csv: separated by '\\t'"),
    "one column": ("y\n1\n", r"t\.csv: a single column"),
    "unnamed column": ("a,,y\n1,2,3\n", r"column 2: has no name"),
    "duplicate header": ("a,y,a\n1,2,3\n", r"column 'a': is there 2 times; give every column its"),
    "short row": ("a,b,y\n1,2,3\n4,5\n", r"line 3: 2 values where the header has 3 names"),
    "long row": ("a,b,y\n1,2,3,4\n", r"line 2: 4 values where the header has 3 names"),
    "decimal commas": ("a,b,y\n1,5,2,5,3,5\n", r"line 2: 6 values where the header has 3 names"),
    "missing": ("a,b,y\n1,,3\n", r"column 'b', line 2: missing value; fill it in, or leave out"),
    "NA": ("a,b,y\n1,2,3\n1,2,NA\n", r"column 'y', line 3: missing value"),
    "nan": ("a,b,y\n1,NaN,3\n", r"column 'b', line 2: missing value"),
    "text": ("a,sex,y\n1,male,3\n", r"column 'sex', line 2: text 'male'; encode it as numbers"),
    "long text": (f"a,b,y\n1,{'x' * 50},3\n", r"column 'b', line 2: text 'x{19}…'; encode"),
    "digit groups": ("a,b,y\n1,1_000,3\n", r"column 'b', line 2: text '1_000'"),
    "infinite": ("a,b,y\n1,inf,3\n", r"column 'b', line 2: inf is not finite; leave out the row"),
    "overflow": ("a,b,y\n1,1e999,3\n", r"column 'b', line 2: 1e999 is not finite"),
    "huge": ("a,b,y\n1,-1e200,3\n", r"column 'b', line 2: -1e200 is too large to be squared"),
    "constant feature": (
        "a,b,y\n1,0.1,3\n2,0.1,1\n3,0.1,4\n",
        r"t\.csv: column 'b': constant, so it cannot be standardised; leave it out",
    ),
    "constant target": ("a,b,y\n1,2,3\n2,5,3\n3,1,3\n", r"t\.csv: column 'y': constant"),
    "too few rows": ("a,b,y\n1,2,3\n2,5,1\n", r"t\.csv: too few rows, 2 for 2 features; give at"),
}


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("what", BAD)
def test_a_bad_table_is_one_clear_line(tmp_path: Path, what: str) -> None:
    content, message = BAD[what]
    with pytest.raises(UsageError, match=f"^{message}") as caught:
        read_table(written(tmp_path, content), ["y"])
    assert "\n" not in str(caught.value)
    assert ";" in str(caught.value), "no remedy"


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([], r"--targets: none given; name one or more of a, b, y"),
        (["", " "], r"--targets: none given"),
        (["z"], r"--targets z: no such column; choose from a, b, y"),
        (["y", " y"], r"--targets y: named 2 times"),
        (["a", "b", "y"], r"--targets a,b,y: leaves no column to predict from"),
    ],
)
def test_bad_targets_are_one_clear_line(tmp_path: Path, targets: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_table(written(tmp_path, GOOD), targets)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv: no such file; check the path"):
        read_table(tmp_path / "none.csv", ["y"])
    with pytest.raises(UsageError, match="is a folder; give a CSV file"):
        read_table(tmp_path, ["y"])
    with pytest.raises(UsageError, match=r"t\.csv: not text in UTF-8"):
        read_table(written(tmp_path, b"a,b,y\n\xff\xfe,1,2\n"), ["y"])
    with pytest.raises(UsageError, match=r"t\.csv: not CSV \(.*\); save it as CSV"):
        read_table(written(tmp_path, "a,b,y\n" + "1" * 200_000 + ",1,2\n"), ["y"])


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.replace(",", " , "),
        GOOD.replace("\n", "\n\n"),
        '"a","b","y"\n' + "".join(f'"{r[0]}","{r[2]}",{r[4]}\n' for r in GOOD.split()[1:]),
    ],
    ids=["plain", "Windows", "byte order mark", "spaces", "blank lines", "quotes"],
)
def test_ways_to_write_the_same_table(tmp_path: Path, content: str) -> None:
    table = read_table(written(tmp_path, content), ["y"])
    assert (table.feature_names, table.target_names) == (("a", "b"), ("y",))
    raw = np.array([[1, 2], [2, 5], [3, 1], [4, 9]], dtype=float)
    expected = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    np.testing.assert_allclose(table.X, expected, rtol=1e-13)
    assert table.source == "t.csv"


def test_targets_stand_in_the_order_asked_for(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, GOOD), ["y", "a"])
    assert table.target_names == ("y", "a")
    assert table.feature_names == ("b",)
    assert table.Y[0, 1] == pytest.approx(-1.5 / np.sqrt(1.25))
