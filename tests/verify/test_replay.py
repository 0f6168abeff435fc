"""A certificate computed again: what holds, what moved, and what moved it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.verify.records import (
    PROVENANCE,
    SETTINGS,
    VERSIONS,
    evidence,
    record,
    verdict,
    with_number,
)
from verify import cli, loading, runner
from verify.errors import UsageError
from verify.runs import replay
from verify.runs.certificate import Certificate
from verify.runs.provenance import Sources
from verify.runs.replay import Change, replayed
from verify.runs.store import canonical, hash_of
from verify.verdict import Status, Verdict

CLAIMS = ("one", "two")
CERTIFICATE = Certificate(records=tuple(map(record, CLAIMS)), settings=SETTINGS, versions=VERSIONS)


class World:
    """What a replay finds: verdicts, hashes, versions; as in the certificate until changed."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {claim: verdict(claim) for claim in CLAIMS}
        self.provenance = PROVENANCE
        self.versions = dict(VERSIONS)
        self.missing: set[str] = set()
        self.asked: list[tuple[str, int]] = []

    def judged(self, job: Any) -> tuple[str, Verdict, str]:
        self.asked.append((job.reference.claim, job.claims))
        return self.provenance.kernels, self.verdicts[job.reference.claim], ""

    def claim_of(self, reference: Any) -> None:
        if reference.claim in self.missing:
            raise UsageError(f"{reference.claim}: there is no claim of this name")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    monkeypatch.setattr(runner._Job, "judged", lambda job: found.judged(job))
    monkeypatch.setattr(Sources, "of", lambda sources, reference: found.provenance)
    monkeypatch.setattr(runner, "versions", lambda: found.versions)
    monkeypatch.setattr(replay, "versions", lambda: found.versions)
    monkeypatch.setattr(replay, "claim_of", found.claim_of)
    monkeypatch.setattr(replay, "require_current", lambda chosen: None)
    return found


def again() -> tuple[int, str]:
    found = replayed(CERTIFICATE, workers=1)
    return found.exit_code, found.text()


def test_what_is_the_same_holds_bit_for_bit(world: World) -> None:
    code, text = again()
    assert code == 0
    assert text.splitlines() == [
        "one: AGREES, holds bit for bit",
        "two: AGREES, holds bit for bit",
        "2 of 2 claims hold bit for bit",
    ]


def test_another_version_that_moves_nothing_is_told(world: World) -> None:
    world.versions["numpy"] = "2.5.0"
    code, text = again()
    assert code == 0
    assert "one: AGREES, holds bit for bit, although changed: numpy: 2.4.6 → 2.5.0" in text


@pytest.mark.parametrize("name", PROVENANCE.to_json())
def test_another_hash_is_told(world: World, name: str) -> None:
    world.provenance = replace(PROVENANCE, **{name: "f" * 64})
    code, text = again()
    assert code == 0
    assert f"changed: {name}: {name[0] * 12}… → ffffffffffff…" in text


def test_a_number_that_moves_without_any_reason_is_a_failure(world: World) -> None:
    world.verdicts["two"] = with_number(world.verdicts["two"], 0.1 + 2**-56)
    code, text = again()
    assert code == 1
    assert "one: AGREES, holds bit for bit" in text
    assert "two: AGREES → AGREES, still holds; nothing that decides it has changed" in text
    assert "evidence[0].numbers.tenth: 0.1 → 0.10000000000000002 (by +1.39e-17" in text
    assert "1 of 2 claims hold bit for bit" in text


def test_a_number_that_moves_with_a_reason_leaves_the_claim_open(world: World) -> None:
    world.verdicts["two"] = with_number(world.verdicts["two"], 0.2)
    world.versions["numpy"] = "2.5.0"
    code, text = again()
    assert code == 3
    assert "two: AGREES → AGREES, still holds; changed: numpy: 2.4.6 → 2.5.0" in text


def test_another_verdict_is_a_failure_whatever_the_reason(world: World) -> None:
    world.verdicts["one"] = verdict("one", evidence(status=Status.DISAGREES))
    world.provenance = replace(PROVENANCE, claim="f" * 64)
    code, text = again()
    assert code == 1
    assert "one: AGREES → DISAGREES, does not hold any more; changed: claim" in text


def test_what_was_cut_off_shows_nothing(world: World) -> None:
    cut = evidence("path", status=Status.INCONCLUSIVE, finished=False)
    world.verdicts["one"] = verdict("one", evidence(), cut)
    code, text = again()
    assert code == 3
    assert "one of the two was cut off" in text


def failed(claim: str, why: str = "observable: ZeroDivisionError") -> Verdict:
    return Verdict(claim=claim, title="", evidence=(), error=why)


def test_an_error_is_called_one_as_by_run(world: World) -> None:
    """Neither an error again nor one that is new or gone is an open claim."""
    broken = replace(record("one"), verdict=failed("one"))
    certificate = replace(CERTIFICATE, records=(broken, CERTIFICATE.records[1]), shares=())
    world.verdicts["one"] = failed("one")
    found = replayed(certificate, workers=1)
    assert found.exit_code == 0
    assert found.text().splitlines() == [
        "one: ERROR, as before",
        "two: AGREES, holds bit for bit",
        "1 of 2 claims hold bit for bit, 1 with the same error",
    ]
    assert [claim["before"] for claim in found.to_json()["claims"]] == ["ERROR", "AGREES"]
    world.verdicts["one"] = verdict("one")
    found = replayed(certificate, workers=1)
    assert found.exit_code == 1
    assert "one: ERROR → AGREES, does not hold any more; nothing" in found.text()
    world.verdicts["two"] = failed("two")
    code, text = again()
    assert code == 1
    assert "two: AGREES → ERROR, does not hold any more" in text


def test_a_claim_that_is_no_more_is_told_and_the_others_keep_their_share(world: World) -> None:
    world.missing = {"one"}
    code, text = again()
    assert code == 3
    assert "one: cannot be replayed: one: there is no claim of this name" in text
    assert text.endswith("1 of 2 claims hold bit for bit, 1 cannot be replayed")
    assert "two: AGREES, holds bit for bit" in text
    assert world.asked == [("two", 2)]


def test_other_seeds_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay.Certificate, "now", lambda found: replace(SEEDS))
    SEEDS = replace(
        CERTIFICATE,
        shares=tuple({**share, "seeds": {"exact": 1}} for share in CERTIFICATE.shares),
    )
    code, text = again()
    assert code == 0
    assert "changed: seeds.exact: " in text


def test_many_numbers_are_counted(world: World) -> None:
    moved = evidence(numbers={"values": list(range(10))})
    world.verdicts["one"] = verdict("one", moved, *verdict("one").evidence[1:])
    assert "    and " in again()[1]


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (1.0, 3.0, "x: 1.0 → 3.0 (by +2, 6.7e-01 of it)"),
        (0.0, 0.0, "x: 0.0 → 0.0 (by +0)"),
        (None, 1.0, "x: None → 1.0"),
        ("a", "b", "x: a → b"),
        (True, False, "x: True → False"),
    ],
)
def test_a_change_says_by_how_much(before: Any, after: Any, moved: str) -> None:
    assert Change(what="x", before=before, after=after).text == moved


# The commands, on a claim of the catalogue.

CLAIM = ("discrete_determinant.factor", "--tier", "exact", "--effort", "quick", "--workers", "1")


@pytest.fixture
def certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    for module in (loading, replay):
        monkeypatch.setattr(module, "require_current", lambda chosen: None)
    sources = Sources.now()
    monkeypatch.setattr(Sources, "now", lambda: sources)
    assert cli.main([*CLAIM, "--store", str(tmp_path / "store")]) == 0
    (path,) = (tmp_path / "store").glob("certificate-*.json")
    assert f"certificate: {path}" in capsys.readouterr().out
    return path


def test_a_certificate_is_replayed(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", str(certificate), "--workers", "1"]) == 0
    out, err = capsys.readouterr()
    assert out.endswith("1 of 1 claims hold bit for bit\n")
    assert err == ""
    assert cli.main(["replay", str(certificate), "--workers", "1", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["exit_code"], found["claims"][0]["numbers"]) == (0, [])


def forged(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    found = json.loads(path.read_text())
    edit(found)
    del found["digest"]
    path.write_text(canonical({**found, "digest": hash_of(found)}))


def test_a_forged_number_is_found_by_computing_it(
    certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(found: dict[str, Any]) -> None:
        found["claims"][0]["verdict"]["evidence"][0]["points"] += 1

    forged(certificate, edit)
    assert cli.main(["replay", str(certificate), "--workers", "1"]) == 1
    assert "evidence[0].points: 5 → 4 (by -1" in capsys.readouterr().out


def test_an_edited_certificate_is_refused(
    certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate.write_text(certificate.read_text().replace('"points": 4', '"points": 9'))
    assert cli.main(["replay", str(certificate), "--workers", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "changed after it was written" in err
    assert err.count("\n") == 1


def test_resuming_ends_with_the_same_certificate(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = certificate.read_text()
    certificate.unlink()
    store = ("--store", str(certificate.parent))

    def refused(job: Any) -> None:
        raise AssertionError("judged again")

    with monkeypatch.context() as patched:
        patched.setattr(runner._Job, "judged", refused)
        assert cli.main([*CLAIM, *store, "--resume"]) == 0
        assert certificate.read_text() == text
        # Another seed is another question, and without --resume all is judged anew.
        for asked in (("--resume", "--seed", "1"), ()):
            with pytest.raises(AssertionError, match="judged again"):
                cli.main([*CLAIM, *store, *asked])
    (kept,) = (certificate.parent / "verdicts").iterdir()
    kept.write_text(kept.read_text()[:100])
    assert cli.main([*CLAIM, *store, "--resume"]) == 0
    assert certificate.read_text() == text


# Claim files: judged again from the copies that lie beside the certificate.

FILE = """
from sympy import log

from derivations import *
from halves import HALF

mu, sigma = positive("mu"), positive("sigma")
x, beta = State("x", positive=True), Brownian("beta")
sde = MatrixSDE({x: mu * x * dt + sigma * x * beta.d})
fields = {"sde": sde, "observable": log(x), "martingale": sigma * beta.d}
right = DifferentialClaim(title="right", drift=mu - HALF * sigma**2, **fields)
"""
OTHER = FILE.replace("HALF * sigma**2", "sigma**2 / 3")


@pytest.fixture
def reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """The folder of a report on a file that was named from its own folder."""
    for module in (loading, replay):
        monkeypatch.setattr(module, "require_current", lambda chosen: None)
    sources = Sources.now()
    monkeypatch.setattr(Sources, "now", lambda: replace(sources, executed={}))
    here = tmp_path / "here"
    here.mkdir()
    (here / "mine.py").write_text(FILE)
    (here / "halves.py").write_text("from sympy import Rational\n\nHALF = Rational(1, 2)\n")
    monkeypatch.chdir(here)
    asked = ("--tier", "derivation", "--effort", "quick", "--workers", "1")
    folders = ("--report", str(tmp_path / "report"), "--store", str(tmp_path / "store"))
    assert cli.main(["run", "mine.py", *asked, *folders]) == 0
    capsys.readouterr()
    monkeypatch.chdir(tmp_path / "report")
    return here


def again_in(capsys: pytest.CaptureFixture[str], path: str = "certificate.json") -> tuple[int, str]:
    code = cli.main(["replay", path, "--workers", "1"])
    return code, capsys.readouterr().out


def test_a_report_is_replayed_wherever_it_lies(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("mine.py", "halves.py"):
        (reported / name).unlink()
    code, out = again_in(capsys)
    assert (code, out.splitlines()[0]) == (0, "right: AGREES, holds bit for bit")
    page = (reported.parent / "report" / "claims" / "right.html").read_text()
    (copy,) = (reported.parent / "report" / "sources").glob("*/mine.py")
    assert copy.read_text() == FILE
    assert f'href="../sources/{copy.parent.name}/mine.py"' in page


def test_another_file_of_the_name_is_not_what_was_judged(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.py").write_text(OTHER)
    code, out = again_in(capsys)
    assert (code, out.splitlines()[0]) == (0, "right: AGREES, holds bit for bit")
    # A copy that was changed is no copy: what it says is told with the reason.
    (copy,) = Path("sources").glob("*/mine.py")
    Path("mine.py").unlink()
    copy.write_text(OTHER)
    code, out = again_in(capsys)
    assert code == 1
    assert "right: AGREES → DISAGREES, does not hold any more; changed: claim" in out


def test_a_file_that_is_gone_cannot_be_replayed_and_is_not_refuted(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (kept,) = (reported.parent / "store").glob("certificate-*.json")
    code, out = again_in(capsys, str(kept))
    assert code == 3
    assert out.startswith("right: cannot be replayed: mine.py: there is no such file; replay in")
    assert "does not hold" not in out


def test_the_next_report_takes_the_copies_of_the_last_away(reported: Path) -> None:
    (copy,) = Path("sources").glob("*/mine.py")
    folders = ("--report", str(reported.parent / "report"), "--store", str(reported / "store"))
    assert cli.main([*CLAIM, *folders]) == 0
    assert not copy.exists()
    assert (reported / "mine.py").exists()
