from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from verify.cli import cli
from verify.power import claims as power_claims
from verify.power import decisions as power_decisions
from verify.power import table as power
from verify.power.table import Count, Job

COUNT = Count(subject="a test", law="a law", alpha=0.05, samples="200")


@pytest.mark.parametrize("name", power_decisions.NAMES)
def test_each_test_keeps_its_promise(name: str) -> None:
    count = power_decisions.counted(name, 0.05, 150, 0, 0)
    assert count.true_runs == 150
    assert count.within, count
    if count.wrong_runs:
        assert count.wrong_runs == 150


@pytest.mark.parametrize("name", [name for name in power_claims.RUNS if name != "differential"])
def test_each_kind_of_claim_keeps_its_promise(name: str) -> None:
    count = power_claims.counted(name, 0.05, 12, 0, 0)
    assert count.within, count
    assert count.open < 12


def test_the_usual_tests_break_the_same_promise() -> None:
    # What the table is for: a judge made of t and z tests would be seen to fail.
    laws = ("two points, p = 0.002", "p = 0.01", "Pareto, index 1.1")
    names = [name for name in power_decisions.NAMES if name.endswith(laws)]
    assert len(names) == 5
    for name in names:
        count = power_decisions.counted(name, 0.05, 300, 0, 0)
        assert count.usual is not None
        assert not replace(count, false_rejects=count.usual, wrong_runs=0, misses=0).within


@pytest.mark.parametrize(
    ("rejected", "missed", "within"),
    [(0, 0, True), (500, 500, True), (540, 0, True), (620, 0, False), (0, 620, False)],
)
def test_a_rate_is_beyond_its_promise_where_its_interval_is(
    rejected: int, missed: int, within: bool
) -> None:
    count = replace(
        COUNT, true_runs=10_000, false_rejects=rejected, wrong_runs=10_000, misses=missed
    )
    assert count.within is within
    assert power.exit_code([count]) == (0 if within else 1)


def test_no_run_is_no_promise_kept() -> None:
    assert power.exit_code([]) == 1


def test_parts_add_up() -> None:
    part = replace(COUNT, true_runs=10, false_rejects=1, wrong_runs=5, misses=2, open=3, usual=4)
    both = part + part
    assert (both.true_runs, both.false_rejects, both.wrong_runs) == (20, 2, 10)
    assert (both.misses, both.open, both.usual) == (4, 6, 8)
    assert (part + replace(part, usual=None)).usual is None


def test_ten_thousand_true_claims_are_judged() -> None:
    jobs = power.jobs()
    of_tests = {(j.name, j.alpha): j.runs for j in jobs if j.of == "decisions"}
    assert len(of_tests) == 2 * len(power_decisions.NAMES)
    assert min(of_tests.values()) >= 10_000
    assert sum(j.runs for j in jobs if j.of == "claims" and j.name != "differential") >= 10_000
    # No run is counted twice.
    runs = [(j.name, i) for j in jobs if j.of == "claims" for i in range(j.first, j.first + j.runs)]
    assert len(set(runs)) == len(runs)


def test_counts_depend_on_the_seed_alone() -> None:
    jobs = [
        Job(of="decisions", name=name, alpha=0.05, runs=20, first=0, seed=4)
        for name in power_decisions.NAMES[:4]
    ]
    assert power.measure(jobs, workers=1) == power.measure(jobs[::-1], workers=1)[::-1]


def test_the_command_writes_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "RUNS", 200)
    monkeypatch.setattr(power_claims, "RUNS", {"law": 20})
    path = tmp_path / "power.json"
    result = CliRunner().invoke(
        cli, ["power", "--quick", "--workers", "1", "--json", str(path)], standalone_mode=False
    )
    assert result.exception is None
    assert "path tier: law" in result.output
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["schema"] == "driftproof.power/1"
    assert len(found["rows"]) == 1 + len(power_decisions.NAMES)
    assert {"false_reject", "miss", "within", "usual"} <= set(found["rows"][0])


def test_the_page_holds_the_table_of_what_is_measured() -> None:
    page = (Path(power.__file__).parents[1] / "METHOD.md").read_text(encoding="utf-8")
    assert "python -m verify power" in page
    for name in power_claims.RUNS:
        assert f"tier: {name} |" in page
    for name in power_decisions.NAMES:
        subject, law = name.split(": ")
        assert page.count(f"| {subject} | {law} |") == len(power.LEVELS)
    assert "| NO |" not in page
