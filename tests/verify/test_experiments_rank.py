"""Experiments on weight decay and rank: judged on what they simulate, and on what is wrong."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.verify.experimenting import judged, quickly, statuses
from verify.errors import UsageError
from verify.experiments import (
    deep_rank_sweep,
    gradient_rank,
    rank_distance,
    rank_sweep,
    saved_runs,
    style,
)
from verify.experiments.command import Report, conduct
from verify.experiments.rank_sweep_judge import falls, mean_rank
from verify.experiments.saved_runs import code_hash, saved
from verify.verdict import Status

AGREES, DISAGREES, OPEN = Status.AGREES, Status.DISAGREES, Status.INCONCLUSIVE


def draws(report: Report) -> None:
    with style.applied():
        drawn = report.experiment.draw(report.numbers, report.experiment.settings, report.findings)
        assert drawn
        for figure in drawn.values():
            figure.savefig(io.BytesIO(), dpi=30)


# gradient-rank


@cache
def gradient_report() -> Report:
    return conduct(quickly(gradient_rank.experiment(), batches=[1, 4, 16]), range(2))


def test_ranks_of_gradients_keep_their_bound() -> None:
    report = gradient_report()
    assert set(statuses(report.findings).values()) == {AGREES}
    draws(report)


def test_a_rank_above_the_bound_is_seen_in_one_layer_of_one_seed() -> None:
    report = gradient_report()
    rank = np.array(report.numbers[1]["rank"])
    rank[5] += 1
    planted = [report.numbers[0], {**report.numbers[1], "rank": rank}]
    found = statuses(gradient_rank.judge(planted, report.experiment.settings))
    assert found["the bound"] == DISAGREES


def test_a_bound_without_reuse_is_rejected() -> None:
    report = gradient_report()
    planted = [{**n, "reuse": np.ones_like(n["reuse"])} for n in report.numbers]
    found = statuses(gradient_rank.judge(planted, report.experiment.settings))
    assert found["the bound"] == DISAGREES


def test_a_bound_that_is_too_large_is_not_attained() -> None:
    report = gradient_report()
    planted = [{**n, "reuse": 2 * np.asarray(n["reuse"])} for n in report.numbers]
    found = statuses(gradient_rank.judge(planted, report.experiment.settings))
    assert found["attained"] == DISAGREES


def least(*names: str) -> Callable[[Mapping[str, Any]], Any]:
    """A bound that is the least of these, batch·reuse among them."""

    def bound(run: Mapping[str, Any]) -> Any:
        terms = [np.asarray(run["batch"]) * np.asarray(run["reuse"])]
        return np.min([*terms, *(np.asarray(run[name]) for name in names)], axis=0)

    return bound


@pytest.mark.parametrize("names", [(), ("d_in",), ("d_out",)])
def test_a_bound_with_one_term_less_is_not_attained(names: tuple[str, ...]) -> None:
    report = gradient_report()
    found = gradient_rank.judge(report.numbers, report.experiment.settings, bound=least(*names))
    assert statuses(found)["attained"] == DISAGREES
    whole = gradient_rank.judge(
        report.numbers, report.experiment.settings, bound=least("d_in", "d_out")
    )
    assert set(statuses(whole).values()) == {AGREES}


def test_ranks_that_need_no_reuse_are_seen() -> None:
    report = gradient_report()
    planted = [{**n, "rank": np.minimum(n["rank"], n["batch"])} for n in report.numbers]
    found = statuses(gradient_rank.judge(planted, report.experiment.settings))
    assert found["reuse"] == DISAGREES


# rank-distance


@cache
def distance_report() -> Report:
    small = {"memory": 12, "marks": [12, 20], "train": 100}
    return conduct(quickly(rank_distance.experiment(), **small), range(2))


def test_the_distance_is_within_its_bound() -> None:
    report = distance_report()
    assert set(statuses(report.findings).values()) == {AGREES}
    draws(report)


BOUNDS = {f"the bound, λ = {decay:g}" for decay in (0.04, 0.08, 0.16)}


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_another_power_of_the_factor_is_rejected(factor: float) -> None:
    report = distance_report()
    decays = [factor * decay for decay in report.experiment.settings["decays"]]
    found = judged(report, report.numbers, decays=decays)
    assert found["unrolled"] == DISAGREES
    names = {f"the bound, λ = {decay:g}" for decay in decays if decay > 0}
    # Half the decay gives a bound that is true too, and that could not be seen to fail.
    assert {found[name] for name in names} == {DISAGREES if factor == 2 else OPEN}


def test_steps_that_are_not_those_taken_are_rejected() -> None:
    report = distance_report()
    wrong = [{**n, "3 gradients": 2 * np.asarray(n["3 gradients"])} for n in report.numbers]
    assert judged(report, wrong)["unrolled"] == DISAGREES
    shifted = [
        {**n, "1 gradients": np.roll(np.asarray(n["1 gradients"]), 1, axis=1)}
        for n in report.numbers
    ]
    assert judged(report, shifted)["unrolled"] == DISAGREES


@pytest.mark.parametrize(("place", "more"), [(1, 2), (2, 2), (2, -2), (3, -2)])
def test_another_m_is_rejected(place: int, more: int) -> None:
    """Weights of two updates before, or after, are not W_{T−m}."""
    report = distance_report()
    name = f"the bound, λ = {report.experiment.settings['decays'][place]:g}"

    def shifted(values: Any) -> np.ndarray:
        rows = np.asarray(values)
        if more < 0:  # the bound κ^m |W_{T−m+2}| with no m below 2
            return np.concatenate([rows[:, :1], rows[:, :1], rows[:, :more]], axis=1)
        return np.concatenate([rows[:, :1], rows[:, 1 + more :]], axis=1)

    wrong = []
    for numbers in report.numbers:
        changed = dict(numbers)
        for part in ("sizes", "weights"):
            changed[f"{place} {part}"] = shifted(numbers[f"{place} {part}"])
        count = changed[f"{place} weights"].shape[1] - 1
        changed[f"{place} gradients"] = np.asarray(numbers[f"{place} gradients"])[:, :count]
        wrong.append(changed)
    found = judged(report, wrong)
    assert found["unrolled"] == DISAGREES
    assert (found[name] == DISAGREES) == (more < 0)


def test_a_distance_above_the_bound_is_rejected_for_its_decay_alone() -> None:
    report = distance_report()
    spectrum = np.array(report.numbers[1]["2 singular values"])
    spectrum[1] *= 1.1
    wrong = [report.numbers[0], {**report.numbers[1], "2 singular values": spectrum}]
    found = judged(report, wrong)
    assert {name for name, status in found.items() if status == DISAGREES} == {
        "the bound, λ = 0.08"
    }


def test_a_bound_that_nothing_could_break_is_left_open() -> None:
    report = distance_report()
    # A layer of rank one: every bound holds.
    wrong = []
    for numbers in report.numbers:
        spectrum = np.array(numbers["1 singular values"])
        spectrum[:, 1:] *= 1e-3
        wrong.append({**numbers, "1 singular values": spectrum})
    assert judged(report, wrong)["the bound, λ = 0.04"] == OPEN


# rank-sweep, on made-up networks


def made_up(rank: Any, error: Any = lambda run: 0.05) -> list[dict[str, Any]]:
    """Ten seeds of runs with given ranks."""
    settings = rank_sweep.experiment().settings
    return [
        {
            "runs": [
                {
                    **run,
                    "start ranks": [32, 32, 32, 10],
                    "ranks": [rank(run), rank(run), rank(run), 10],
                    "test error": error(run) + 0.001 * seed,
                }
                for run in rank_sweep.plan(settings)
            ]
        }
        for seed in range(10)
    ]


def verdicts(rank: Any, error: Any = lambda run: 0.05) -> dict[str, Status]:
    experiment = rank_sweep.experiment()
    return statuses(experiment.judge(made_up(rank, error), experiment.settings))


def by_decay_and_updates(run: Mapping[str, Any]) -> float:
    fall = 4 * float(np.log1p(run["updates"] * run["step"] * run["decay"]))
    # At equal updates large batches have the lower rank.
    return 32 - fall - 0.5 * float(np.log2(run["batch"] / 4) * (run["decay"] > 0))


def by_decay(run: Mapping[str, Any]) -> float:
    """A test error that rises where decay is strong."""
    return 0.05 + 5 * float(run["decay"])


def test_a_rank_that_follows_decay_and_updates_is_what_is_claimed() -> None:
    assert set(verdicts(by_decay_and_updates, by_decay).values()) == {AGREES}


@pytest.mark.parametrize(
    ("rank", "named", "status"),
    [
        (lambda run: 32, "batch size", DISAGREES),
        (lambda run: 32, "learning rate", DISAGREES),
        (lambda run: 32, "weight decay", DISAGREES),
        (lambda run: 20 if run["batch"] < 16 else 30, "updates", DISAGREES),
        (lambda run: by_decay_and_updates({**run, "batch": 4}), "updates", DISAGREES),
        (lambda run: 20 if run["batch"] < 16 else 30, "no decay", DISAGREES),
        (lambda run: by_decay_and_updates({**run, "decay": 0.001}), "no decay", DISAGREES),
        (lambda run: 32 - 0.5 * (run["batch"] == 4), "batch size", DISAGREES),
        (lambda run: 32 - 1.0 * (run["batch"] == 4), "batch size", OPEN),
    ],
)
def test_other_ranks_are_rejected(rank: Any, named: str, status: Status) -> None:
    assert verdicts(rank)[named] == status


@pytest.mark.parametrize(
    ("fall", "status"),
    [
        ([8.0] * 9 + [1.5], AGREES),
        ([8.0] * 9 + [0.5], OPEN),
        ([0.5] * 10, DISAGREES),
        ([0.5] * 9 + [3.0], OPEN),
        ([8.0] * 9, OPEN),  # nine seeds have one and the same order by chance in 0.002
    ],
)
def test_a_verdict_on_ranks_takes_ten_seeds_of_one_mind(fall: list[float], status: Status) -> None:
    assert falls("a", "", np.array(fall)).status == status


def test_the_rates_are_those_that_are_printed() -> None:
    # The fairest coin: the median is the bound itself.  Both errors in 5,000 tries.
    tries = np.random.default_rng(11).uniform(0.0, 2.0, (5_000, 10))
    found = [falls("a", "", fall).status for fall in tries]
    for wrong in (AGREES, DISAGREES):
        # Expected: 4.9 at 2⁻¹⁰, which is below the rate of 10⁻³; more than 16 in 10⁻⁵.
        assert 0 < found.count(wrong) <= 16
    assert "error rate 0.001" in falls("a", "", tries[0]).reason
    assert "run 10" in falls("a", "", tries[0, :9]).reason


def test_an_effect_on_the_test_error_is_seen() -> None:
    def nothing(run: Mapping[str, Any]) -> float:
        return 0.05

    def less(run: Mapping[str, Any]) -> float:
        return 0.04 if run["decay"] > 0 else 0.1

    for error, status in ((nothing, OPEN), (less, DISAGREES)):
        assert verdicts(by_decay_and_updates, error)["test error"] == status
    # Runs whose rank hardly falls do not hide it.
    assert verdicts(by_decay_and_updates, by_decay)["test error"] == AGREES


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_layer_that_keeps_its_rank_is_seen(layer: int) -> None:
    experiment = rank_sweep.experiment()
    runs = made_up(by_decay_and_updates)
    for run in (run for numbers in runs for run in numbers["runs"]):
        run["ranks"][layer] = 32
    found = statuses(experiment.judge(runs, experiment.settings))
    for name in ("batch size", "learning rate", "weight decay"):
        assert found[f"{name}, each layer"] == DISAGREES
        assert found[name] == AGREES


def test_the_last_layer_does_not_count() -> None:
    assert mean_rank({"ranks": [4, 2, 10]}) == 3


# What a stopped sweep leaves behind.


@cache
def sweep_settings() -> dict[str, Any]:
    return {
        "widths": [64, 8, 10],
        "train": 80,
        "test": 40,
        "base": {"batch": 4, "step": 0.2, "decay": 0.004, "updates": 400},
    }


def test_a_killed_sweep_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    place = {"saved": str(tmp_path / "killed")}
    script = (
        "import json, sys\n"
        "from verify.experiments import rank_sweep\n"
        "settings = json.loads(sys.argv[1])\n"
        "rank_sweep.simulate(0, settings, lambda done, what: None)\n"
    )
    settings = {**rank_sweep.experiment().settings, **rank_sweep.experiment().quick}
    settings |= {**sweep_settings(), **place}
    slow = {**settings, "base": {**settings["base"], "updates": 3000}}
    process = subprocess.Popen([sys.executable, "-c", script, json.dumps(slow)])
    folder = tmp_path / "killed"
    until = time.monotonic() + 60
    while not list(folder.glob("*.json")) and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    assert 0 < len(kept) < len(rank_sweep.plan(slow))
    rest = rank_sweep.simulate(0, slow, lambda done, what: None)
    assert {name: (folder / name).stat().st_mtime_ns for name in kept} == kept
    fresh = {**slow, "saved": str(tmp_path / "fresh")}
    assert rank_sweep.simulate(0, fresh, lambda done, what: None) == rest


def test_what_is_cut_off_or_of_other_settings_is_made_again(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> dict[str, Any]:
        made.append(1)
        return {"rank": np.int64(3)}

    said: list[str] = []
    for _ in range(2):
        assert saved(tmp_path, {"a": 1}, make, said.append) == {"rank": 3}
    assert len(made) == 1
    (path,) = tmp_path.glob("*.json")
    path.write_text(path.read_text("utf-8")[:20], "utf-8")
    assert not said
    saved(tmp_path, {"a": 1}, make, said.append)
    assert len(made) == 2
    assert said == [f"{path}: damaged; this run was made again"]
    saved(tmp_path, {"a": 2}, make, said.append)
    assert (len(made), len(said)) == (3, 1)
    assert not list(tmp_path.glob(".*"))


DAMAGED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "list": lambda record: [record],
    "number": lambda record: 3,
    "nothing": lambda record: None,
    "no value": lambda record: {"key": record["key"]},
    "value of text": lambda record: {**record, "value": "ranks"},
    "no ranks": lambda record: {**record, "value": {"test error": 0.1}},
    "ranks of text": lambda record: {**record, "value": {**record["value"], "ranks": "many"}},
    "one rank": lambda record: {**record, "value": {**record["value"], "ranks": [1]}},
    "rank off": lambda record: {**record, "value": {**record["value"], "ranks": [1, 10]}},
    "without digest": lambda record: {name: record[name] for name in ("key", "value")},
    "another key": lambda record: {**record, "key": {**record["key"], "seed": 1}},
    "as it was before": lambda record: {"key": "{}", "value": record["value"]},
}


@cache
def one_run_sweep() -> dict[str, Any]:
    settings = {**rank_sweep.experiment().settings, **sweep_settings(), "decays": [0.0]}
    base = {"batch": 4, "step": 0.2, "decay": 0.0, "updates": 20}
    return {**settings, "batches": [4], "steps": [0.2], "base": base}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_run_is_made_again_and_said(tmp_path: Path, how: str) -> None:
    settings = {**one_run_sweep(), "saved": str(tmp_path)}
    whole = rank_sweep.simulate(0, settings, lambda done, what: None)
    assert not whole["notes"]
    (path,) = tmp_path.glob("*.json")
    text = path.read_text("utf-8")
    path.write_text(json.dumps(DAMAGED[how](json.loads(text))), "utf-8")
    again = rank_sweep.simulate(0, settings, lambda done, what: None)
    assert again["notes"] == [f"{path}: damaged; this run was made again"]
    assert again["runs"] == whole["runs"]
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b"NaN"])
def test_a_file_of_anything_is_made_again(tmp_path: Path, content: bytes) -> None:
    said: list[str] = []
    saved(tmp_path, {}, lambda: {"a": 1}, said.append)
    (path,) = tmp_path.glob("*.json")
    path.write_bytes(content)
    assert saved(tmp_path, {}, lambda: {"a": 1}, said.append) == {"a": 1}
    assert said == [f"{path}: damaged; this run was made again"]


def test_runs_of_edited_code_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**one_run_sweep(), "saved": str(tmp_path / "runs")}
    first = rank_sweep.simulate(0, settings, lambda done, what: None)
    (path,) = (tmp_path / "runs").glob("*.json")
    record = json.loads(path.read_text("utf-8"))
    record["value"]["test error"] = 2.0
    path.write_text(json.dumps(record), "utf-8")
    monkeypatch.setattr(saved_runs, "code_hash", lambda file: "of other code")
    assert rank_sweep.simulate(0, settings, lambda done, what: None) == first
    assert len(list((tmp_path / "runs").glob("*.json"))) == 2


def test_every_file_that_may_move_a_number_is_in_the_hash(tmp_path: Path) -> None:
    network = tmp_path / "numerics" / "deep" / "network.py"
    kernel = tmp_path / "numerics" / "kernels" / "a.py"
    own = tmp_path / "sweep.py"
    for path in (network, kernel, own):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a = 1\n", "utf-8")
    hashes = [code_hash(str(own), tmp_path)]
    for path, seen in ((network, True), (own, True), (kernel, False)):
        path.write_text("a = 2\n", "utf-8")
        hashes.append(code_hash(str(own), tmp_path))
        assert (hashes[-1] != hashes[-2]) == seen


def test_other_versions_of_packages_are_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    found = code_hash(__file__)
    assert found == code_hash(__file__)
    monkeypatch.setattr(saved_runs, "version", lambda name: "0")
    assert found != code_hash(__file__)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(UsageError, match="run in a folder that can be written to"):
        saved(tmp_path / "file", {}, lambda: {"a": 1}, lambda line: None)


def test_a_sweep_is_judged_and_drawn(tmp_path: Path) -> None:
    experiment = quickly(rank_sweep.experiment(), **sweep_settings(), saved=str(tmp_path / "runs"))
    report = conduct(experiment, range(2))
    # Two seeds settle nothing.
    assert set(statuses(report.findings).values()) == {OPEN}
    draws(report)


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch (extra deep) is not installed"
)
def test_networks_in_pytorch_are_trained_and_saved(tmp_path: Path) -> None:
    experiment = quickly(
        deep_rank_sweep.experiment(),
        kinds=["residual", "convolution"],
        width={"residual": 6, "convolution": 2},
        train=20,
        test=20,
        batches=[4, 10],
        updates=10,
        saved=str(tmp_path),
    )
    first = conduct(experiment, range(2))
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
    assert len(kept) == 16
    assert conduct(experiment, range(2)).numbers == first.numbers
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")} == kept
    draws(first)


def test_networks_in_pytorch_are_judged_as_the_others() -> None:
    experiment = deep_rank_sweep.experiment()
    numbers = [
        {
            "runs": [
                {
                    **run,
                    "start ranks": [32, 32, 32, 10],
                    "ranks": [by_decay_and_updates(run)] * 3 + [10],
                    "test error": 0.05,
                }
                for run in deep_rank_sweep.plan(experiment.settings)
            ]
        }
    ] * 10
    found = experiment.judge(numbers, experiment.settings)
    assert {f.status for f in found} == {AGREES}
    for numbers_of in numbers[:1]:
        for run in numbers_of["runs"]:
            run["ranks"] = [32, 32, 32, 10]
    assert DISAGREES in {f.status for f in experiment.judge(numbers, experiment.settings)}
    report = Report(
        experiment=experiment,
        seeds=tuple(range(10)),
        numbers=tuple(numbers),
        findings=tuple(found),
        seconds=0,
    )
    draws(report)
