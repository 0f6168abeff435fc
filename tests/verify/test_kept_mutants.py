"""Kill tables that are kept: what is read is what was written, and for which claim it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verify import cli, loading
from verify.errors import UsageError
from verify.mutants.kept import PLACE, Kept, KeptTable, check, keep, table_of
from verify.mutants.table import Kill, Outcome, Table
from verify.problem import Reference
from verify.runner import Settings
from verify.verdict import Evidence, Status

HASHES = {"claim": "c", "derivation": "d", "kernels": "k", "judge": "j"}


def row(mutant: str, tier: str, outcome: Outcome) -> Kill:
    found = Evidence(tier=tier, status=Status.DISAGREES, reason="for a test")
    return Kill(
        claim="cir", mutant=mutant, mistake=f"the “{mutant}”", tier=tier, evidence=found,
        kind="sign", outcome=outcome,
    )  # fmt: skip


TABLE = Table(
    rows=(
        row("a", "path", Outcome.NOT_VISIBLE),
        row("a", "derivation", Outcome.KILLED),
        row("b", "exact", Outcome.EQUIVALENT),
    ),
    mutants=3,
    available=12,
    defects=("a defect",),
)


def kept(claim: str = "cir", table: Table = TABLE) -> KeptTable:
    return table_of(claim, HASHES, table, effort="quick", seed=3)


def test_what_is_kept_of_a_table() -> None:
    table = kept()
    assert (table.judged, table.available, table.defects) == (3, 12, ("a defect",))
    assert table.tiers == ("derivation", "exact", "path")
    assert [mutant.name for mutant in table.mutants] == ["a", "b"]
    assert table.mutants[0].outcomes["path"] is Outcome.NOT_VISIBLE


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "kills.json"
    assert Kept.read(path) == Kept()
    both = Kept().updated([kept(), kept("bessel", Table(available=2))])
    both.write(path)
    assert Kept.read(path) == both
    assert Kept.read(path).text() == path.read_text(encoding="utf-8")
    # A line for every mutant.
    assert sum('"name"' in line for line in path.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Measured for these kernels."),
        ({"judge": "x"}, "by an earlier version of the judge"),
        ({"derivation": "x"}, "by an earlier version of the judge"),
        (
            {"kernels": "x"},
            "Out of date: the claim changed since; run python -m verify mutants cir",
        ),
        ({"claim": "x", "judge": "x"}, "Out of date"),
    ],
)
def test_for_what_it_was_measured(changed: dict[str, str], said: str) -> None:
    table, now = kept(), {**HASHES, **changed}
    assert said in table.said(now)
    assert table.is_of(now) == ("Out of date" not in said)


def test_claims_of_the_catalogue_alone_are_kept_and_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "kills.json"
    Kept().updated([kept("bessel"), kept("gone")]).write(path)
    mine = Reference(claim="mine", file="mine.py")
    asked = [Reference(claim="cir.noise"), mine]
    keep(asked, [TABLE, TABLE], Settings(effort="quick"), path=path)
    found = Kept.read(path)
    assert list(found.tables) == ["bessel", "cir.noise", "gone"]
    fresh = found.table_of("cir.noise")
    assert fresh is not None
    assert all(fresh.hashes[name] for name in HASHES)
    assert found.table_of("mine") is None
    keep(asked, [TABLE, TABLE], Settings(effort="quick"), everything=True, path=path)
    assert list(Kept.read(path).tables) == ["cir.noise"]


def whole() -> dict[str, Any]:
    """What a file with one table says."""
    found: dict[str, Any] = json.loads(Kept().updated([kept()]).text())
    return found


def damaged(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> str:
    """A file in which something was changed: in all of it, or in its first mutant."""
    found = whole()
    change(found, found["claims"]["cir"])
    return json.dumps(found)


DAMAGED = {
    "empty": "",
    "a list": "[]",
    "null": "null",
    "another format": '{"schema": "another/1"}',
    "no text": "\x00",
    "deep": "[" * 100_000,
    "cut off": json.dumps(whole())[:-40],
    "no claims": damaged(lambda found, _: found.pop("claims")),
    "claims that are a list": damaged(lambda found, _: found.update(claims=[])),
    "a table that is a number": damaged(lambda found, _: found["claims"].update(cir=3)),
    "no hashes": damaged(lambda _, table: table.pop("hashes")),
    "hashes that are a list": damaged(lambda _, table: table.update(hashes=[])),
    "a count that is text": damaged(lambda _, table: table.update(judged="3")),
    "a count that is true": damaged(lambda _, table: table.update(judged=True)),
    "an effort that is a number": damaged(lambda _, table: table.update(effort=3)),
    "mutants that are text": damaged(lambda _, table: table.update(mutants="ab")),
    "a mutant that is text": damaged(lambda _, table: table.update(mutants=["ab"])),
    "a name that is a list": damaged(lambda _, table: table["mutants"][0].update(name=[])),
    "an outcome that is none": damaged(
        lambda _, table: table["mutants"][0].update(tiers={"exact": "lost"})
    ),
    "tiers that are a list": damaged(lambda _, table: table["mutants"][0].update(tiers=["exact"])),
    "defects that are text": damaged(lambda _, table: table.update(defects="ab")),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "kills.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no kill tables") as caught:
        Kept.read(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", [DAMAGED["cut off"], DAMAGED["hashes that are a list"]])
def test_with_damaged_tables_nothing_is_begun_and_the_remedy_works(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, report = tmp_path / "kills.json", tmp_path / "report"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(loading, "require_current", lambda chosen: None)
    for reads in (Kept.read, check):
        monkeypatch.setattr(reads, "__defaults__", (path,))
    run = ["run", "cir.noise", "--tier", "derivation", "--store", str(tmp_path / "store")]
    for asked in ([*run, "--report", str(report)], ["mutants", "cir.noise", "--keep"]):
        assert cli.main(asked) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
        assert f"{path}: no kill tables" in told.err
        assert not report.exists()
    path.unlink()
    assert cli.main([*run, "--report", str(report)]) == 0
    assert "python -m verify mutants" in (report / "claims" / "cir.noise.html").read_text()


def test_damaged_tables_are_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "kills.json"
    path.write_text(DAMAGED["cut off"], encoding="utf-8")
    keep(
        [Reference(claim="cir.noise")],
        [TABLE],
        Settings(effort="quick"),
        everything=True,
        path=path,
    )
    assert list(Kept.read(path).tables) == ["cir.noise"]


def test_a_part_of_a_table_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    before = PLACE.read_bytes()
    for some in (("--by-hand",), ("--tier", "exact")):
        assert cli.main(["mutants", "cir.noise", "--keep", *some]) == 2
        assert "--keep" in capsys.readouterr().err
    assert PLACE.read_bytes() == before


def test_the_tables_in_the_repository_are_as_written_and_hold() -> None:
    found = Kept.read()
    assert found.tables
    assert found.text() == PLACE.read_text(encoding="utf-8")
    for table in found.tables.values():
        outcomes = {outcome for mutant in table.mutants for outcome in mutant.outcomes.values()}
        assert Outcome.SURVIVED not in outcomes
        assert not table.defects
        assert len(table.mutants) == table.judged
