"""Verdicts on the disk: read back as they were, or judged again, whatever happened to the files."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.verify.records import PROVENANCE, SETTINGS, VERSIONS, evidence, verdict
from verify import cli, loading, runner
from verify.finding.finding import CounterExample, Finding
from verify.problem import Reference
from verify.runs import writing
from verify.runs.provenance import Sources
from verify.runs.store import Store, key_of
from verify.runs.writing import ABANDONED
from verify.verdict import Status, Verdict

KEY = "0" * 64


def stored(folder: Path, said: list[str] | None = None) -> Store:
    return Store(folder, [].append if said is None else said.append)


def shown(found: tuple[str, Verdict] | None) -> object:
    return found and (found[0], found[1].to_json())


def test_a_verdict_comes_back_as_it_was(tmp_path: Path) -> None:
    stored(tmp_path).put(KEY, "kernels", verdict())
    found = stored(tmp_path).get(KEY)
    assert shown(found) == ("kernels", verdict().to_json())
    # Once more: what was read is written as it was read.
    assert found
    stored(tmp_path / "again").put(KEY, "kernels", found[1])
    texts = [stored(folder).path(KEY).read_text() for folder in (tmp_path, tmp_path / "again")]
    assert texts[0] == texts[1]


def test_what_is_wrong_with_a_claim_comes_back_too(tmp_path: Path) -> None:
    example = CounterExample(
        part="drift", at={"x": "1/2"}, entry="", measured="1", claimed="2", exact=True
    )
    wrong = verdict("one", evidence(status=Status.DISAGREES))
    wrong = replace(wrong, finding=Finding(lines=("2 for 1",), counterexample=example))
    stored(tmp_path).put(KEY, "", wrong)
    found = stored(tmp_path).get(KEY)
    assert shown(found) == ("", wrong.to_json())
    assert found
    assert found[1].finding == wrong.finding


def test_what_is_not_there_is_not_complained_about(tmp_path: Path) -> None:
    said: list[str] = []
    assert stored(tmp_path, said).get(KEY) is None
    assert said == []


@pytest.mark.parametrize(
    "unfinished",
    [
        verdict("one", evidence(), evidence("path", finished=False)),
        replace(verdict(), error="no claim at all"),
    ],
    ids=["cut off", "error"],
)
def test_what_was_cut_off_is_not_kept(tmp_path: Path, unfinished: Verdict) -> None:
    store = stored(tmp_path)
    store.put(KEY, "", unfinished)
    assert store.get(KEY) is None
    assert (store.kept, store.failed) == (0, False)


# What decides a verdict decides the key.


def key(**changes: object) -> str:
    given = {
        "reference": Reference(claim="one"),
        "provenance": PROVENANCE,
        "settings": SETTINGS.to_json(),
        "claims": 4,
        "versions": VERSIONS,
    }
    return key_of(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"reference": Reference(claim="two")},
        {"reference": Reference(claim="one", mutant="half")},
        {"reference": Reference(claim="one", tiers=("exact",))},
        *({"provenance": replace(PROVENANCE, **{name: "x"})} for name in PROVENANCE.to_json()),
        {"settings": replace(SETTINGS, tiers=("exact",)).to_json()},
        {"settings": replace(SETTINGS, effort="deep").to_json()},
        {"settings": replace(SETTINGS, seed=4).to_json()},
        {"settings": {**SETTINGS.to_json(), "false_agree": 1e-3}},
        {"settings": {**SETTINGS.to_json(), "false_reject": 1e-3}},
        {"claims": 5},
        {"versions": {**VERSIONS, "numpy": "2.4.7"}},
    ],
    ids=str,
)
def test_another_question_has_another_key(change: dict[str, object]) -> None:
    assert key(**change) != key()


@pytest.mark.parametrize(
    "change",
    [
        {"settings": replace(SETTINGS, workers=7, time_limit=1.0).to_json()},
        {"reference": Reference(claim="one", file="somewhere/else.py")},
    ],
    ids=["workers", "place"],
)
def test_what_decides_nothing_is_not_in_the_key(change: dict[str, object]) -> None:
    assert key(**change) == key()


def test_a_claim_file_is_hashed_with_what_it_imports_from_beside_it(tmp_path: Path) -> None:
    file, beside = tmp_path / "mine.py", tmp_path / "beside.py"
    file.write_text("import numpy\nfrom beside import rate\n")
    beside.write_text("rate = 1\n")
    (tmp_path / "other.py").write_text("")
    sources = Sources(derivation="", judge="", theorems={})
    reference = Reference(claim="mine", file=str(file))
    hashes = [sources.of(reference).claim]
    for path, text in ((beside, "rate = 2\n"), (file, "from beside import rate\n")):
        path.write_text(text)
        hashes.append(sources.of(reference).claim)
    assert len(set(hashes)) == 3
    (tmp_path / "other.py").write_text("unused = 1\n")
    assert sources.of(reference).claim == hashes[-1]


# Damaged files.


def edited(text: str) -> str:
    return text.replace("0.1", "0.2", 1)


def of_another_key(text: str) -> str:
    return text.replace(KEY, "1" * 64)


DAMAGES: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "truncated": lambda text: text[: len(text) // 2],
    "edited": edited,
    "of another key": of_another_key,
    "of another format": lambda text: text.replace("driftproof.record/1", "driftproof.record/0"),
    "a list": lambda text: "[]",
    "a number": lambda text: "1",
    "without a record": lambda text: '{"schema": "driftproof.record/1", "digest": ""}',
    "very deep": lambda text: "[" * 100_000,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_ignored_with_one_line(
    tmp_path: Path, damage: Callable[[str], str]
) -> None:
    said: list[str] = []
    store = stored(tmp_path, said)
    store.put(KEY, "", verdict())
    text = store.path(KEY).read_text()
    assert damage(text) != text
    store.path(KEY).write_text(damage(text))
    assert store.get(KEY) is None
    (line,) = said
    assert str(store.path(KEY)) in line
    assert "judged again" in line
    assert "\n" not in line
    # A second one needs no second line, and writing makes it good.
    assert store.get(KEY) is None
    assert len(said) == 1
    store.put(KEY, "", verdict())
    assert shown(store.get(KEY)) == ("", verdict().to_json())


def test_bytes_that_are_no_text_are_damage(tmp_path: Path) -> None:
    said: list[str] = []
    store = stored(tmp_path, said)
    store.path(KEY).write_bytes(b"\xff\xfe\x00")
    assert store.get(KEY) is None
    assert len(said) == 1


def test_what_killed_runs_left_is_swept_after_a_while(tmp_path: Path) -> None:
    stored(tmp_path)
    old, new = (tmp_path / "verdicts" / f".{name}{writing.TEMPORARY}" for name in ("old", "new"))
    for path in (old, new):
        path.touch()
    past = time.time() - 2 * ABANDONED
    os.utime(old, (past, past))
    stored(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)


# Places that cannot be written.

CLAIM = ("discrete_determinant.factor", "--tier", "exact", "--effort", "quick", "--workers", "1")


def full(handle: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    store = stored(tmp_path, said)
    store.put(KEY, "", verdict())
    monkeypatch.setattr(writing.os, "fsync", full)
    store.put("1" * 64, "", verdict())
    assert store.failed
    (line,) = said
    assert "No space left on device" in line
    assert "\n" not in line
    assert [path.name for path in (tmp_path / "verdicts").iterdir()] == [f"{KEY}.json"]
    # Nothing more is tried, and what was there before stays.
    store.put("2" * 64, "", verdict())
    assert store.write("certificate.json", "{}") is None
    assert len(said) == 1
    assert store.get(KEY)


SMALL_DISK = """
import resource, sys
from pathlib import Path
from tests.verify.records import evidence, verdict
from verify.runs.store import Store

store = Store(Path(sys.argv[1]), print)
store.put("0" * 64, "", verdict())
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
store.put("1" * 64, "", verdict("large", evidence(numbers={"values": list(range(100_000))})))
"""


def test_a_file_that_grows_too_large_for_the_system_is_not_there(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.count("\n") == 1
    assert "File too large" in ran.stdout
    assert [path.name for path in (tmp_path / "verdicts").iterdir()] == [f"{'0' * 64}.json"]


@pytest.mark.parametrize("place", ["{tmp}/file/store", "/proc/store", "{tmp}/file"])
def test_verdicts_are_printed_where_nothing_can_be_kept(
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(loading, "require_current", lambda chosen: None)
    (tmp_path / "file").write_text("")
    folder = place.format(tmp=tmp_path)
    assert cli.main([*CLAIM, "--store", folder]) == 2
    out, err = capsys.readouterr()
    assert "1 claim: 1 AGREES; all as expected" in out
    assert err.startswith(f"verify: {folder}: cannot be written (")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_fills_during_the_run_costs_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loading, "require_current", lambda chosen: None)
    monkeypatch.setattr(writing.os, "fsync", full)
    report = tmp_path / "report"
    assert cli.main([*CLAIM, "--store", str(tmp_path / "store"), "--report", str(report)]) == 2
    out, err = capsys.readouterr()
    assert "1 claim: 1 AGREES; all as expected" in out
    assert all("No space left on device" in line for line in err.splitlines())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_stopped_run_says_what_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def judged(job: Any) -> tuple[str, Verdict, str]:
        if job.reference.claim == "discrete_determinant.factor":
            raise KeyboardInterrupt
        return "", verdict(job.reference.claim), ""

    monkeypatch.setattr(loading, "require_current", lambda chosen: None)
    monkeypatch.setattr(runner._Job, "judged", judged)
    theorem = ("discrete_determinant", *CLAIM[1:], "--store", str(tmp_path))
    assert cli.main(theorem) == 130
    err = capsys.readouterr().err
    assert f"verify: 1 new verdicts are kept in {tmp_path}; --resume goes on\n" in err
    assert "verify: stopped\n" in err
    assert len(list((tmp_path / "verdicts").iterdir())) == 1


# Runs that are killed, and runs beside each other.


def test_killed_runs_end_with_the_certificate_of_one_that_was_not(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.verify.killed_runs", str(tmp_path), "1", "15"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    # What was finished is never lost, and some kills came in the middle.
    assert all(counts == sorted(counts) for counts in found["left"])
    assert any(0 < count < 30 for counts in found["left"] for count in counts)
    assert found["same"] == found["ended"] >= 1
    assert found["together"]
