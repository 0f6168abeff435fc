from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from derivations import DerivationError
from derivations import build as build_module
from derivations.build import Report, build, check, check_anew, main
from derivations.catalogue import find_theorem
from derivations.claim import Theorem
from derivations.manifest import Manifest, put
from derivations.places import PROVENANCE, Places
from tests.architecture.imports import ROOT
from tests.derivations.codegen_theorem import identity

NAMES = ("alpha", "beta", "gamma")


def theorem(name: str) -> Theorem:
    claim = replace(identity(), id=name, title=f"Claim {name}")
    return Theorem(id=name, title=f"Theorem {name}", source="the tests", claims=(claim,))


class Loader:
    """Gives theorems, remembers which, and may do something else first."""

    def __init__(self, before: Callable[[str], None] = lambda name: None) -> None:
        self.asked: list[str] = []
        self.before = before

    def __call__(self, name: str) -> Theorem:
        self.asked.append(name)
        self.before(name)
        return theorem(name)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    folder = tmp_path / "derivations" / "theorems"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "_shared.py").write_text("p = 1\n")
    (tmp_path / "derivations" / "words.py").write_text("# rules\n")
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"# {name}\n")
    (tmp_path / "numerics" / "kernels").mkdir(parents=True)
    (tmp_path / "numerics" / "kernels" / "__init__.py").write_text("# by hand\n")
    return Places(root=tmp_path)


def made(places: Places, load: Loader | None = None, *theorems: str) -> Report:
    return build(places, theorems, load or Loader(), lambda line: None)


def checked(places: Places, *theorems: str) -> Report:
    """What both checks say: by hashes, and with everything derived again."""
    by_hash, anew = check(places, theorems), checked_anew(places, *theorems)
    assert by_hash == anew
    return anew


def checked_anew(places: Places, *theorems: str) -> Report:
    return check_anew(places, theorems, Loader(), lambda line: None)


def outputs(places: Places) -> dict[str, str]:
    return {
        path.relative_to(places.root).as_posix(): path.read_text()
        for pattern in ("numerics/kernels/*", "derivations/generated/**/*.*")
        for path in sorted(places.root.glob(pattern))
    }


def test_a_build_writes_kernels_latex_expositions_and_the_manifest(places: Places) -> None:
    report = made(places)
    assert report == Report(written=NAMES)
    assert set(outputs(places)) == {
        "numerics/kernels/__init__.py",
        *(f"numerics/kernels/{name}.py" for name in NAMES),
        *(f"derivations/generated/latex/{name}.tex" for name in NAMES),
        *(f"derivations/generated/expositions/{name}.json" for name in NAMES),
        "derivations/generated/manifest.json",
    }
    text = outputs(places)["numerics/kernels/beta.py"]
    assert PROVENANCE in text
    assert "Source: derivations/theorems/beta.py." in text
    assert text.startswith('"""Kernels: Theorem beta.')
    assert outputs(places)["derivations/generated/latex/beta.tex"].startswith(f"% {PROVENANCE}")


def test_the_manifest_holds_hashes_of_sources_and_outputs(places: Places) -> None:
    made(places)
    entry = json.loads(places.manifest.read_text())["theorems"]["alpha"]
    source = places.theorems()["alpha"].read_bytes()
    assert entry["source"] == hashlib.sha256(source).hexdigest()
    assert entry["claims"] == ["alpha"]
    for name, digest in entry["outputs"].items():
        assert digest == hashlib.sha256((places.root / name).read_bytes()).hexdigest()


def test_nothing_to_do_asks_for_no_theorem(places: Places) -> None:
    made(places)
    before = {path: path.stat().st_mtime_ns for path in places.root.rglob("*.*")}
    load = Loader()
    assert made(places, load) == Report(current=NAMES)
    assert load.asked == []
    assert before == {path: path.stat().st_mtime_ns for path in places.root.rglob("*.*")}


def test_a_changed_theorem_alone_is_made_again(places: Places) -> None:
    made(places)
    places.theorems()["beta"].write_text("# beta, changed\n")
    load = Loader()
    assert made(places, load) == Report(written=("beta",), current=("alpha", "gamma"))
    assert load.asked == ["beta"]


@pytest.mark.parametrize("changed", ["derivations/words.py", "derivations/theorems/_shared.py"])
def test_a_change_that_concerns_all_makes_all_again(places: Places, changed: str) -> None:
    made(places)
    (places.root / changed).write_text("# changed\n")
    assert made(places).written == NAMES


@pytest.mark.parametrize(
    "output",
    [
        "numerics/kernels/alpha.py",
        "derivations/generated/latex/alpha.tex",
        "derivations/generated/expositions/alpha.json",
    ],
)
def test_an_output_changed_by_hand_is_found_and_made_again(places: Places, output: str) -> None:
    made(places)
    right = outputs(places)
    (places.root / output).write_text("changed by hand")
    assert checked(places).stale == (f"{output}: differs from what a build writes",)
    assert made(places).written == ("alpha",)
    assert outputs(places) == right


def test_an_output_that_is_gone_is_found_and_made_again(places: Places) -> None:
    made(places)
    right = outputs(places)
    (places.root / "numerics/kernels/gamma.py").unlink()
    assert checked(places).stale == ("numerics/kernels/gamma.py: is missing",)
    assert made(places).written == ("gamma",)
    assert outputs(places) == right


def test_a_check_that_derives_anew_does_not_trust_the_manifest(places: Places) -> None:
    made(places)
    output = places.root / "numerics/kernels/alpha.py"
    output.write_text(output.read_text().replace("trace(", "2 * trace("))
    forged = hashlib.sha256(output.read_bytes()).hexdigest()
    manifest = json.loads(places.manifest.read_text())
    manifest["theorems"]["alpha"]["outputs"]["numerics/kernels/alpha.py"] = forged
    places.manifest.write_text(json.dumps(manifest))
    found = "numerics/kernels/alpha.py: differs from what a build writes"
    assert found in checked_anew(places).stale
    assert check(places, ()) == Report()


@pytest.mark.parametrize("changed", ["derivations/words.py", "derivations/theorems/alpha.py"])
def test_a_check_sees_sources_that_changed(places: Places, changed: str) -> None:
    made(places)
    (places.root / changed).write_text("# changed\n")
    assert (
        "derivations/generated/manifest.json: the entry of alpha is out of date"
        in checked(places).stale
    )


def test_a_check_writes_nothing(places: Places) -> None:
    before = outputs(places)
    report = checked(places)
    assert len(report.stale) == 12
    assert outputs(places) == before


def test_up_to_date(places: Places) -> None:
    made(places)
    assert checked(places) == Report()
    assert checked(places, "beta") == Report()


def test_files_of_a_theorem_that_is_no_more_are_removed(places: Places) -> None:
    made(places)
    places.theorems()["beta"].unlink()
    assert checked(places).stale == (
        "derivations/generated/expositions/beta.json: belongs to no theorem",
        "derivations/generated/latex/beta.tex: belongs to no theorem",
        "numerics/kernels/beta.py: belongs to no theorem",
        "derivations/generated/manifest.json: beta is no theorem any more",
    )
    report = made(places)
    assert report.removed == (
        "derivations/generated/expositions/beta.json",
        "derivations/generated/latex/beta.tex",
        "numerics/kernels/beta.py",
    )
    assert set(Manifest.read(places.manifest).entries) == {"alpha", "gamma"}
    assert not [name for name in outputs(places) if "beta" in name]
    assert checked(places) == Report()


def test_a_file_written_by_hand_is_never_removed(places: Places) -> None:
    extra = places.root / "numerics" / "kernels" / "notes.py"
    extra.write_text("# mine\n")
    assert made(places).removed == ()
    assert extra.exists()


def test_only_what_is_asked_for_is_built(places: Places) -> None:
    load = Loader()
    assert made(places, load, "beta").written == ("beta",)
    assert load.asked == ["beta"]
    assert made(places).current == ("beta",)


def test_an_interrupted_build_keeps_what_is_done(places: Places) -> None:
    def interrupted(name: str) -> None:
        if name == "beta":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(places, Loader(interrupted))
    assert set(Manifest.read(places.manifest).entries) == {"alpha"}
    assert "numerics/kernels/alpha.py" in outputs(places)
    assert not [name for name in outputs(places) if name.endswith(".tmp")]
    load = Loader()
    assert made(places, load) == Report(written=("beta", "gamma"), current=("alpha",))


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.py"
    put(path, "old\n")

    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        put(path, "new\n")
    assert [found.name for found in tmp_path.iterdir()] == ["file.py"]
    assert path.read_text() == "old\n"


def test_a_theorem_from_which_nothing_can_be_made_does_not_stop_the_others(places: Places) -> None:
    def refused(name: str) -> None:
        if name == "alpha":
            raise DerivationError("the claim makes no sense")

    report = made(places, Loader(refused))
    assert report.errors == ("alpha: the claim makes no sense",)
    assert report.written == ("beta", "gamma")


def test_a_manifest_that_is_none_is_named(places: Places) -> None:
    places.manifest.parent.mkdir(parents=True)
    places.manifest.write_text("{]")
    with pytest.raises(DerivationError, match="not a manifest"):
        made(places)


def test_a_manifest_of_another_format_is_written_anew(places: Places) -> None:
    places.manifest.parent.mkdir(parents=True)
    places.manifest.write_text('{"format": 0}')
    assert made(places).written == NAMES


def test_progress_is_told_line_by_line(places: Places) -> None:
    lines: list[str] = []
    build(places, (), Loader(), lines.append)
    assert lines == ["[1/3] alpha", "[2/3] beta", "[3/3] gamma"]


def real_places(tmp_path: Path, *names: str) -> Places:
    folder = tmp_path / "derivations" / "theorems"
    folder.mkdir(parents=True)
    for name in names:
        source = ROOT / "derivations" / "theorems" / f"{name}.py"
        (folder / f"{name}.py").write_bytes(source.read_bytes())
    return Places(root=tmp_path)


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    names = ("discrete_determinant", "time_change")
    alone = real_places(tmp_path / "alone", *names)
    together = real_places(tmp_path / "together", *names)
    build(alone, (), find_theorem, lambda line: None)
    report = build(together, (), find_theorem, lambda line: None, workers=2)
    assert sorted(report.written) == sorted(names)
    assert outputs(alone) == outputs(together)


HASHED = """
import hashlib
from derivations.catalogue import find_theorem
from derivations.codegen.document import theorem_latex
from derivations.expounding import expound
from derivations.codegen.module import module_source
from tests.derivations.codegen_theorem import theorem
text = ""
for found in (theorem(), find_theorem("discrete_determinant")):
    text += module_source("", found.claims) + theorem_latex(found, map(expound, found.claims), "")
print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_the_order_of_hashing_changes_nothing() -> None:
    found = set()
    for seed in ("0", "4711"):
        ran = subprocess.run(
            [sys.executable, "-c", HASHED],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        found.add(ran.stdout)
    assert len(found) == 1


# The command.


@pytest.fixture
def command(places: Places, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(build_module, "ROOT", places.root)
    monkeypatch.setattr(build_module, "MOST_WORKERS", 1)
    monkeypatch.setattr(build_module, "_load", theorem)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_the_command_builds_and_then_has_nothing_to_do(command: Callable[..., Result]) -> None:
    first, second = command(), command()
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == "3 written, 0 up to date, 0 files removed\n"
    assert second.stdout == "0 written, 3 up to date, 0 files removed\n"
    assert first.stderr == second.stderr == ""


def test_the_command_checks(command: Callable[..., Result], places: Places) -> None:
    stale = command("--check", "beta")
    assert stale.exit_code == 1
    assert "stale: numerics/kernels/beta.py: is missing\n" in stale.stdout
    command()
    for arguments in (["--check"], ["--check", "--anew"]):
        current = command(*arguments)
        assert (current.exit_code, current.stdout) == (0, "up to date\n")


def test_a_build_is_always_anew(command: Callable[..., Result]) -> None:
    refused = command("--anew")
    assert refused.exit_code == 2
    assert refused.stderr == "build: --anew: belongs to a check; give --check --anew\n"


def test_the_command_takes_the_id_of_a_theorem_or_of_a_claim(
    command: Callable[..., Result],
) -> None:
    assert command("beta").stdout.startswith("1 written")
    assert command("beta", "alpha").stdout.startswith("1 written, 1 up to date")


@pytest.mark.parametrize(
    ("id_", "line"),
    [
        ("bet", "build: no theorem 'bet'; did you mean beta?\n"),
        ("nothing", "build: no theorem 'nothing'; there are alpha, beta, gamma\n"),
        ("beta.nothing", "build: no claim 'beta.nothing'; there are beta\n"),
    ],
)
def test_an_unknown_id_gets_one_line(
    command: Callable[..., Result], places: Places, id_: str, line: str
) -> None:
    before = outputs(places)
    result = command(id_)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)
    assert outputs(places) == before


def test_a_theorem_that_cannot_be_built_gets_one_line(
    command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(name: str) -> Theorem:
        raise DerivationError("the claim makes no sense")

    monkeypatch.setattr(build_module, "_load", refused)
    result = command("alpha")
    assert result.exit_code == 2
    assert result.stderr == "build: alpha: the claim makes no sense\n"


def test_a_manifest_that_is_none_gets_one_line(
    command: Callable[..., Result], places: Places
) -> None:
    places.manifest.parent.mkdir(parents=True)
    places.manifest.write_text("{]")
    result = command()
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "not a manifest" in result.stderr
