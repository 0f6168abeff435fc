"""Certificates: one text for one run, and no edit that goes unnoticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.verify.records import SETTINGS, VERSIONS, evidence, record, verdict
from verify.errors import UsageError
from verify.runner import Settings
from verify.runs.certificate import Certificate, differences
from verify.runs.store import canonical, hash_of
from verify.verdict import Status, Verdict

CERTIFICATE = Certificate(
    records=(record("one"), record("two", evidence(status=Status.DISAGREES))),
    settings=SETTINGS,
    versions=VERSIONS,
)


def written(folder: Path, text: str = CERTIFICATE.text()) -> Path:
    path = folder / "certificate.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_it_is_read_back_as_it_was(tmp_path: Path) -> None:
    read = Certificate.read(written(tmp_path))
    assert read.text() == CERTIFICATE.text()
    assert read.name == CERTIFICATE.name
    assert read.settings == replace(SETTINGS, workers=read.settings.workers)


def test_it_says_what_was_judged_with_what() -> None:
    found = json.loads(CERTIFICATE.text())
    one = found["claims"][0]
    assert set(one["hashes"]) == {"claim", "derivation", "kernels", "judge"}
    assert found["versions"] == VERSIONS
    assert found["settings"]["seed"] == 3
    assert set(one["seeds"]) == set(one["budget"]) == set(SETTINGS.tiers)
    plan = SETTINGS.plan.for_tier("one", "path", 2)
    assert one["seeds"]["path"] == plan.seed_for()
    assert one["budget"]["path"]["false_agree"] == plan.budget.false_agree
    assert found["budget"]["given"] == {"false_agree": 1e-6, "false_reject": 1e-6}
    assert found["budget"]["spent"] == {"false_agree": 2e-9, "false_reject": 1e-9}
    assert one["verdict"]["evidence"][0]["numbers"]["array"] == [0.0, 1 / 3, 2 / 3]


def test_it_holds_no_time() -> None:
    later = tuple(
        replace(
            r,
            verdict=replace(
                r.verdict, evidence=tuple(replace(e, seconds=99.0) for e in r.verdict.evidence)
            ),
        )
        for r in CERTIFICATE.records
    )
    assert replace(CERTIFICATE, records=later).text() == CERTIFICATE.text()
    assert "seconds" not in CERTIFICATE.text()


def test_workers_and_time_limits_are_not_in_it() -> None:
    settings = replace(SETTINGS, workers=9, time_limit=7.0)
    assert replace(CERTIFICATE, settings=settings).text() == CERTIFICATE.text()


def test_its_keys_are_sorted_and_its_hash_is_of_the_rest() -> None:
    found = json.loads(CERTIFICATE.text())
    assert CERTIFICATE.text() == canonical(found)
    assert found.pop("digest") == hash_of(found)


def test_the_name_is_of_what_was_asked() -> None:
    answered = replace(CERTIFICATE, records=(record("one"), record("two")))
    assert answered.name == CERTIFICATE.name
    assert replace(CERTIFICATE, settings=Settings(seed=4)).name != CERTIFICATE.name
    assert replace(CERTIFICATE, records=(record("one"),)).name != CERTIFICATE.name
    one, two = CERTIFICATE.records
    edited = replace(one, provenance=replace(one.provenance, claim="edited"))
    assert replace(CERTIFICATE, records=(edited, two)).name != CERTIFICATE.name
    elsewhere = replace(one, provenance=replace(one.provenance, judge="other code"))
    assert replace(CERTIFICATE, records=(elsewhere, two)).name == CERTIFICATE.name


# Edits, with the hash as it was and with a hash that fits.


def status(found: dict[str, Any]) -> None:
    found["claims"][1]["verdict"]["status"] = "AGREES"


def number(found: dict[str, Any]) -> None:
    found["claims"][0]["verdict"]["evidence"][0]["numbers"]["tenth"] = 0.2


def spent(found: dict[str, Any]) -> None:
    found["budget"]["spent"]["false_agree"] = 1e-12


def as_expected(found: dict[str, Any]) -> None:
    found["claims"][1]["verdict"]["as_expected"] = True


def without_a_claim(found: dict[str, Any]) -> None:
    del found["claims"][1]["verdict"]


def another_tier(found: dict[str, Any]) -> None:
    found["settings"]["tiers"] = ["none"]


def more(found: dict[str, Any]) -> None:
    found["approved"] = True


@pytest.mark.parametrize(
    "edit", [status, number, spent, as_expected, without_a_claim, another_tier, more]
)
def test_an_edit_is_noticed(tmp_path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    found = json.loads(CERTIFICATE.text())
    edit(found)
    with pytest.raises(UsageError, match=r"certificate\.json: "):
        Certificate.read(written(tmp_path, canonical(found)))


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (status, r"claims\[1\]\.verdict\.status"),
        (spent, r"budget\.spent\.false_agree"),
        (as_expected, r"claims\[1\]\.verdict\.as_expected"),
        (more, "approved"),
    ],
)
def test_an_edit_with_a_hash_that_fits_must_follow(
    tmp_path: Path, edit: Callable[[dict[str, Any]], None], place: str
) -> None:
    found = json.loads(CERTIFICATE.text())
    edit(found)
    del found["digest"]
    forged = canonical({**found, "digest": hash_of(found)})
    with pytest.raises(UsageError, match=f"changed after it was written; {place} does not follow"):
        Certificate.read(written(tmp_path, forged))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", "{}", '{"schema": "driftproof.certificate/0", "digest": ""}', "[" * 9999],
    ids=["empty", "cut", "list", "number", "nothing", "another format", "deep"],
)
def test_what_is_no_certificate_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Certificate.read(written(tmp_path, text))
    assert "certificate.json: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json: cannot be read \(No such file"):
        Certificate.read(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"bytes\.json: cannot be read \(it is not text"):
        Certificate.read(tmp_path / "bytes.json")


@pytest.mark.parametrize(
    ("before", "after", "places"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {}, ["a"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a"]),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 3}], ["[1].a"]),
        ({"a": 1}, {"a": 1.0}, ["a"]),
        ({"a": 0}, {"a": False}, ["a"]),
        ({"a": 0.1}, {"a": 0.1 + 2**-56}, ["a"]),
    ],
)
def test_differences_are_found_to_the_last_bit(before: Any, after: Any, places: list[str]) -> None:
    assert [place for place, _, _ in differences(before, after)] == places


def test_a_verdict_with_an_error_has_its_place(tmp_path: Path) -> None:
    failed = Verdict(claim="one", title="", evidence=(), error="the claim has no SDE")
    records = (replace(record("one"), verdict=failed), record("two"))
    text = replace(CERTIFICATE, records=records).text()
    assert Certificate.read(written(tmp_path, text)).text() == text
    assert json.loads(text)["claims"][1]["verdict"]["claim"] == verdict("two").claim
