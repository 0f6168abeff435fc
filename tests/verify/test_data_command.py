"""The command ``data`` from a file to verdicts, pictures and exit codes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from verify.data import figures
from verify.data.command import DataReport, run
from verify.data.rates import Rate, predicted_rate
from verify.verdict import Status

Pictures = dict[str, bytes]
SETTINGS: Mapping[str, Any] = {"targets": "y,z", "steps": 400, "seed": 1}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def table(folder: Path) -> Path:
    rng = np.random.default_rng(4)
    values = rng.standard_normal((30, 5))
    values[:, 3] += values[:, 0] - 2 * values[:, 1]
    lines = ["a,b,c,y,z", *(",".join(f"{value:.5f}" for value in row) for row in values)]
    path = folder / "mine.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than training here; a test about something else goes without."""
    nothing: Callable[..., Pictures] = lambda *parts: {"determinant.png": b""}  # noqa: E731
    monkeypatch.setattr(figures, "draw", nothing)


def verdicts(report: DataReport) -> dict[str, Status]:
    return {law.theorem: law.verdict for law in report.laws}


def halved(name: str) -> Rate:
    return lambda point: predicted_rate(name)(point) / 2


def doubled(name: str) -> Rate:
    return lambda point: 2 * predicted_rate(name)(point)


def test_every_law_holds_and_everything_is_written(table: Path, folder: Path) -> None:
    seen: list[float] = []
    settings = {**SETTINGS, "steps": 1500, "batch": 4}
    report = run(table, progress=lambda done, what: seen.append(done), **settings)
    assert report.exit_code == 0, report.lines
    assert set(verdicts(report).values()) == {Status.AGREES}
    assert set(verdicts(report)) == {
        "discrete_determinant",
        "gradient_flow_determinant",
        "label_noise_determinant",
        "gradient_noise_determinant",
    }
    out = folder / "mine-laws"
    names = {"determinant.png", "determinant.svg", "singular_values.png", "singular_values.svg"}
    assert {path.name for path in out.iterdir()} == names | {"data.json"}
    assert {Path(file).name for file in report.files} == names | {"data.json"}
    for name in sorted(names):
        content = (out / name).read_bytes()
        if name.endswith("png"):
            assert content.startswith(b"\x89PNG")
            assert len(content) > 20_000
        else:
            assert ET.fromstring(content).tag.endswith("svg")
    assert json.loads((out / "data.json").read_text()) == report.to_json()
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert max(len(line) for line in report.lines) <= 100


def test_the_shipped_data_obey_the_laws(folder: Path, undrawn: None) -> None:
    for name, targets in (("linnerud", "weight,waist,pulse"), ("diabetes", "progression")):
        path = resources.files("numerics.datasets").joinpath(f"{name}.csv")
        assert isinstance(path, Path)
        report = run(path, targets=targets, steps=600)
        assert report.exit_code == 0, report.lines


@pytest.mark.parametrize("wrong", [doubled, halved], ids=["twice", "half"])
@pytest.mark.parametrize(
    ("algorithm", "theorem"),
    [
        ("label_noise", "label_noise_determinant"),
        ("minibatch_with_replacement", "gradient_noise_determinant"),
    ],
)
def test_a_planted_wrong_rate_disagrees(
    table: Path, undrawn: None, wrong: Callable[[str], Rate], algorithm: str, theorem: str
) -> None:
    report = run(table, batch=2, rates={algorithm: wrong(algorithm)}, **SETTINGS)
    assert verdicts(report)[theorem] == Status.DISAGREES
    assert list(verdicts(report).values()).count(Status.DISAGREES) == 1
    assert report.exit_code == 1
    expected = 0.5 if wrong is doubled else 2
    law = next(law for law in report.laws if law.theorem == theorem)
    # |R|² has its share in the prediction, and no mistake was planted there.
    assert abs(np.log(law.ratio / expected)) < 0.3


def test_a_wrong_rate_by_a_fifth_disagrees_too(table: Path, undrawn: None) -> None:
    rate: Rate = lambda point: 1.2 * predicted_rate("label_noise")(point)  # noqa: E731
    settings = {**SETTINGS, "steps": 2000}
    assert run(table, rates={"label_noise": rate}, **settings).exit_code == 1


def test_too_few_steps_are_inconclusive_and_say_what_would_help(table: Path, undrawn: None) -> None:
    report = run(table, **{**SETTINGS, "steps": 10})
    assert report.exit_code == 3
    law = report.laws[-1]
    assert law.verdict == Status.INCONCLUSIVE
    assert "times the --steps would decide" in law.statement


def test_too_large_a_step_is_inconclusive_and_says_so(table: Path, undrawn: None) -> None:
    report = run(table, step=0.35, **{**SETTINGS, "steps": 2000, "noise": 8.0})
    law = report.laws[-1]
    assert law.verdict == Status.INCONCLUSIVE
    assert law.statement.endswith("take a smaller --step")
    assert verdicts(report)["discrete_determinant"] == Status.AGREES


def test_without_noise_only_gradient_descent_is_judged(table: Path) -> None:
    report = run(table, noise=0.0, **SETTINGS)
    assert set(verdicts(report)) == {"discrete_determinant", "gradient_flow_determinant"}
    assert report.exit_code == 0


def test_beyond_rounding_the_rate_is_taken_up_to_where_det_m_is_known(
    table: Path, undrawn: None
) -> None:
    report = run(table, noise=80.0, **{**SETTINGS, "steps": 3000})
    law = report.laws[-1]
    assert "where det M is lost to rounding" in law.statement
    assert law.verdict == Status.AGREES
    assert law.draws < 32 * 3000


def test_the_same_call_gives_the_same_files(table: Path, folder: Path) -> None:
    settings = {**SETTINGS, "steps": 40}
    for out in ("first", "second"):
        run(table, out=out, **settings)
    for name in ("determinant.png", "determinant.svg", "singular_values.svg"):
        assert (folder / "first" / name).read_bytes() == (folder / "second" / name).read_bytes()


def test_json_has_no_number_that_is_not_one(table: Path, undrawn: None) -> None:
    report = run(table, **SETTINGS)
    text = json.dumps(report.to_json(), allow_nan=False)
    laws = json.loads(text)["laws"]
    for law in laws:
        assert law["verdict"] in set(Status)
        assert {"measured", "predicted", "ratio", "half_width", "bias", "tolerance"} <= set(law)
    assert json.loads(text)["schema"] == "driftproof.data/1"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 4}, "--width 4: below p + k = 5, so det M is zero; give 5 or more"),
        ({"step": 0.0}, "--step 0: not a positive number"),
        ({"step": float("nan")}, "--step nan: not a positive number"),
        ({"step": 1e4}, "--step 10000: gradient descent diverges on these data; take 0.0"),
        ({"noise": -1.0}, "--noise -1: a variance is not negative; give zero or more"),
        ({"noise": 1e12}, "--noise 1e+12: label noise makes training diverge"),
        ({"batch": 0}, "--batch 0: the file has 30 rows; give 1 to 30"),
        ({"batch": 31}, "--batch 31: the file has 30 rows; give 1 to 30"),
        ({"steps": 0}, "--steps 0: nothing to train"),
        ({"seed": -1}, "--seed -1: negative"),
        ({"targets": "w"}, "--targets w: no such column; choose from a, b, c, y, z"),
        ({"targets": None}, "--targets: none given; name one or more of a, b, c, y, z"),
        ({"path": "none.csv"}, "none.csv: no such file; check the path"),
        ({"out": "mine.csv"}, "--out mine.csv: is a file; give a folder"),
        ({"out": "mine.csv/deeper"}, "--out mine.csv/deeper: "),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    table: Path, folder: Path, changes: dict[str, Any], message: str
) -> None:
    report = run(**{"path": table, **SETTINGS, **changes})
    assert report.exit_code == 2
    assert len(report.lines) == 1
    assert "\n" not in report.lines[0]
    assert report.lines[0].startswith(f"verify data: {message}")
    assert report.to_json() == {
        "schema": "driftproof.data/1",
        "exit_code": 2,
        "error": report.lines[0],
    }
    assert [path.name for path in folder.iterdir()] == ["mine.csv"]


def test_nothing_half_written_stays_behind(
    table: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full while the second file is written: no file of the new set is to be seen."""
    out = folder / "out"
    out.mkdir()
    (out / "determinant.png").write_bytes(b"old")
    pictures = {"determinant.png": b"new", "determinant.svg": b"new"}
    monkeypatch.setattr(figures, "draw", lambda *parts: pictures)
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "determinant.svg":
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    report = run(table, out=out, **{**SETTINGS, "steps": 20})
    assert report.lines == (
        f"verify data: --out {out}: No space left on device; give another folder",
    )
    assert [path.name for path in out.iterdir()] == ["determinant.png"]
    assert (out / "determinant.png").read_bytes() == b"old"


def test_matplotlib_waits_until_something_is_drawn() -> None:
    import subprocess
    import sys

    code = "import sys, verify.data.command; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
