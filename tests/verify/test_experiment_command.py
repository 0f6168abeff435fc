"""The command ``experiment``: what is found, refused, thinned and written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from verify.cli import main
from verify.experiments import style
from verify.experiments.catalogue import experiments, find
from verify.experiments.command import LONGEST_SERIES, conduct
from verify.experiments.experiment import Experiment, Finding
from verify.verdict import Status


def planted(*statuses: Status) -> Experiment:
    def judge(runs: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> list[Finding]:
        return [Finding(name="n", statement="s", status=status, reason="r") for status in statuses]

    return Experiment(
        id="planted",
        title="t",
        source="s",
        claim="c",
        settings={"length": 1201},
        simulate=lambda seed, settings, progress: {
            "series": np.arange(settings["length"]),
            "pair": np.zeros((settings["length"], 2)),
            "seed": seed,
            "nothing": np.nan,
        },
        judge=judge,
        draw=lambda runs, settings, findings: {},
    )


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([Status.AGREES, Status.AGREES], 0),
        ([Status.AGREES, Status.DISAGREES, Status.INCONCLUSIVE], 1),
        ([Status.AGREES, Status.INCONCLUSIVE], 3),
        ([], 3),
    ],
)
def test_exit_codes(statuses: list[Status], code: int) -> None:
    assert conduct(planted(*statuses), range(2)).exit_code == code


def test_long_series_are_thinned_together_and_keep_their_ends() -> None:
    report = conduct(planted(Status.AGREES), [4, 5, 6])
    text = json.dumps(report.to_json(), allow_nan=False)
    found = json.loads(text)
    assert found["schema"] == "driftproof.experiment/1"
    assert [numbers["seed"] for numbers in found["numbers"]] == found["seeds"] == [4, 5, 6]
    series = found["numbers"][0]["series"]
    assert len(series) == len(found["numbers"][0]["pair"]) == LONGEST_SERIES
    assert (series[0], series[-1]) == (0, 1200)
    assert found["numbers"][0]["nothing"] is None


def test_every_experiment_is_found_by_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "list"]) == 0
    shown = capsys.readouterr().out
    assert {"figure-one", "high-dimension", "own-data"} <= {e.id for e in experiments()}
    for experiment in experiments():
        assert f"{experiment.id}" in shown
        json.dumps({**experiment.settings})
        assert set(experiment.quick) <= {*experiment.settings, "fall"}
        assert find(experiment.id).id == experiment.id


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["figur-one"], "did you mean figure-one"),
        (["zzz"], "choose from"),
        (["figure-one", "mine.csv"], "leave it out"),
        (["figure-one", "--targets", "y"], "leave it out"),
        (["own-data"], "give a CSV file"),
        (["own-data", "missing.csv", "--targets", "y"], "no such file"),
    ],
)
def test_bad_usage_is_one_line_and_writes_nothing(
    arguments: list[str],
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["experiment", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert hint in shown.err
    assert not list(tmp_path.iterdir())


def test_everything_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["experiment", "figure-one", "--quick", "--out", str(tmp_path), "--seed", "7"]
    assert main(arguments) == 0
    names = {"determinant.png", "determinant.svg", "singular-values.png", "singular-values.svg"}
    assert {path.name for path in tmp_path.iterdir()} == names | {"figure-one.json"}
    found = json.loads((tmp_path / "figure-one.json").read_text(encoding="utf-8"))
    assert found["seeds"] == [7, 8, 9, 10, 11]
    assert found["settings"]["steps"] == 300_000
    assert {finding["status"] for finding in found["findings"]} == {"AGREES"}
    shown = capsys.readouterr()
    assert shown.out.count("AGREES") == 4
    assert shown.err == ""


def test_a_caption_stays_inside_and_states_the_verdicts() -> None:
    findings = [Finding(name="law", statement="s", status=Status.DISAGREES, reason="word " * 60)]
    with style.applied():
        drawn = style.figure(8.0, 5.0)
        drawn.subplots().plot([0, 1], [0, 1])
        style.caption(
            drawn, claim="claim " * 30, about="about " * 40, verdicts=style.judged(findings)
        )
        style.files("x", drawn)
        boxes = [text.get_window_extent() for text in drawn.texts]
        axes = drawn.axes[0].get_tightbbox()
    width, height = drawn.bbox.width, drawn.bbox.height
    assert "✗ DISAGREES" in drawn.texts[-1].get_text()
    for box in boxes:
        assert box.x0 >= 0
        assert box.x1 <= width
        assert box.y0 >= 0
        assert box.y1 <= height
        assert axes is not None
        assert not axes.overlaps(box)
