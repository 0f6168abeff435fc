"""The hashes of what decides a verdict: they are of files that are there, and follow them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from verify.loading import load
from verify.problem import Reference
from verify.runs import provenance
from verify.runs.provenance import ROOT, Sources, kernels_hash

NOTHING = hashlib.sha256().hexdigest()
REFERENCE = Reference(claim="cir.noise")


def test_every_hash_is_of_something() -> None:
    found = Sources.now().of(REFERENCE).to_json()
    assert sorted(found) == ["claim", "derivation", "judge", "kernels"]
    assert len(set(found.values())) == 4
    assert all(value not in ("", NOTHING) for value in found.values())
    assert (ROOT / "pyproject.toml").exists()


def test_the_kernels_of_the_file_are_those_that_are_judged() -> None:
    assert Sources.now().of(REFERENCE).kernels == kernels_hash(load(REFERENCE))


def test_the_judge_follows_what_decides_and_not_what_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    deciding = ("numerics/schemes/euler.py", "verify/tiers/exact.py", "verify/mutants/table.py")
    showing = ("verify/charts/svg.py", "verify/report/site.py", "verify/mutants/kills.json")

    def judge(changed: str = "") -> str:
        for name in (*deciding, *showing):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("changed" if name == changed else "as it was", encoding="utf-8")
        return provenance._judge()

    before = judge()
    assert before != NOTHING
    assert all(judge(name) != before for name in deciding)
    assert {judge(name) for name in showing} == {before}
