"""The command line as a person uses it; judging itself is tested with the tiers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from derivations.catalogue import claims
from verify import cli, loading
from verify.errors import KernelError
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.problem import Reference
from verify.tiers import check_of
from verify.verdict import Status

REQUIRE_CURRENT = loading.require_current
FAST = ("--tier", "exact", "--effort", "quick", "--workers", "1")
CLAIM = "discrete_determinant.factor"

FILE = """
from sympy import log
from derivations import Brownian, DifferentialClaim, MatrixSDE, Mutant, State, Theorem, dt, positive

x, beta = State("x", positive=True), Brownian("beta")
mu, sigma = positive("mu"), positive("sigma")


def theorem():
    claim = DifferentialClaim(
        id="mine",
        title="d log x of geometric Brownian motion",
        source="a textbook",
        statement="The Ito term is half of the variance.",
        sde=MatrixSDE({x: mu * x * dt + sigma * x * beta.d}),
        observable=log(x),
        drift=mu - sigma**2 / FACTOR,
        martingale=sigma * beta.d,
        mutants=(Mutant(name="missing", mistake="no Ito term", changes={"drift": mu}),),
    )
    return Theorem(id="mine", title="mine", source="mine", claims=(claim,))
"""

LAW = """
from derivations import ExpectationClaim

law = ExpectationClaim(sde=MatrixSDE({x: beta.d}), observable=x, value=0, horizon="1/2")
"""


@pytest.fixture(autouse=True)
def _as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not ask whether the generated kernels are those of this very source tree."""
    monkeypatch.setattr(loading, "require_current", lambda chosen: None)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE.replace("FACTOR", "2"))
    return path


@pytest.mark.parametrize("arguments", [(CLAIM,), ("run", CLAIM)])
def test_run_is_the_command_without_a_name(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*arguments, *FAST]) == 0
    out, err = capsys.readouterr()
    assert CLAIM in out
    assert "AGREES" in out
    assert "1 claim: 1 AGREES; all as expected" in out
    assert err == ""


def test_the_exit_code_is_1_for_a_wrong_claim(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine.write_text(FILE.replace("FACTOR", "4"))
    assert cli.main([str(mine), *FAST]) == 1
    out = capsys.readouterr().out
    assert "mine: DISAGREES\n" in out
    assert "exact: drift: both sides differ" in out


def test_the_exit_code_is_3_for_an_open_claim(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A tier that does not apply has shown nothing.
    assert cli.main([str(mine), "--tier", "path", "--workers", "1"]) == 3
    assert "NOT APPLICABLE" in capsys.readouterr().out


def test_a_file_of_claims_is_judged(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiers = ("--tier", "derivation", "--tier", "exact", "--tier", "generator")
    assert cli.main([str(mine), *tiers, "--effort", "quick", "--workers", "1"]) == 0
    assert "proved" in capsys.readouterr().out


def test_json_on_standard_output_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([CLAIM, *FAST, "--json", "-", "--seed", "3"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["schema"] == "driftproof.verdicts/1"
    assert found["exit_code"] == 0
    assert found["settings"]["seed"] == 3
    (verdict,) = found["verdicts"]
    assert (verdict["claim"], verdict["status"]) == (CLAIM, "AGREES")
    assert {"false_agree", "false_reject", "evidence"} <= verdict.keys()
    assert "AGREES" in err


def test_files_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = {"--json": tmp_path / "a.json", "--junit": tmp_path / "a.xml"}
    outputs = [text for option, path in paths.items() for text in (option, str(path))]
    folder = tmp_path / "new" / "report"
    assert cli.main([CLAIM, *FAST, *outputs, "--report", str(folder)]) == 0
    assert json.loads(paths["--json"].read_text()) == json.loads(
        (folder / "verdicts.json").read_text()
    )
    assert f"## {CLAIM}" in (folder / "verdicts.md").read_text()
    suite = ElementTree.parse(paths["--junit"]).getroot().find("testsuite")
    assert suite is not None
    assert [case.get("name") for case in suite.findall("testcase")] == ["exact", "verdict"]
    assert suite.get("failures") == suite.get("errors") == "0"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.xml", "new"]


def test_junit_tells_failures_from_what_no_tier_was_asked(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for name, text, tier in (("failures", "4", "exact"), ("skipped", "2", "path")):
        mine.write_text(FILE.replace("FACTOR", text))
        path = tmp_path / f"{name}.xml"
        cli.main([str(mine), "--tier", tier, "--workers", "1", "--junit", str(path)])
        suite = ElementTree.parse(path).getroot().find("testsuite")
        assert suite is not None
        found[name] = suite.get(name)
    # The tier's own case is one of the two that are skipped.
    assert found == {"failures": "1", "skipped": "2"}


def test_a_claim_for_other_tiers_is_no_surprise_and_a_refuted_one_is(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exact tier has nothing to say of a law; what it does decide counts as ever."""
    for factor, code, ending in (
        ("2", 0, "all as expected, 1 for tiers that were not asked"),
        ("4", 1, "1 not as expected, 1 for tiers that were not asked"),
    ):
        mine.write_text(FILE.replace("FACTOR", factor) + LAW)
        assert cli.main([str(mine), *FAST]) == code
        out = capsys.readouterr().out
        assert ending in out
        assert "law: NOT APPLICABLE, expected" not in out
        assert "law: a law or a limit is no statement about one point" in out


# Files.


def test_claims_of_one_id_in_two_files_are_told_apart(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = mine.with_name("other.py")
    other.write_text(FILE.replace("FACTOR", "4"))
    assert cli.main([str(mine), str(other), *FAST, "--json", "-"]) == 1
    found = json.loads(capsys.readouterr().out)["verdicts"]
    assert {v["claim"]: v["status"] for v in found} == {
        f"{mine}:mine": "AGREES",
        f"{other}:mine": "DISAGREES",
    }
    arguments = ["mutants", str(mine), str(other), *FAST, "--by-hand", "--json", "-"]
    cli.main(arguments)
    kills = json.loads(capsys.readouterr().out)["kills"]
    assert [row["claim"] for row in kills] == [f"{mine}:mine", f"{other}:mine"]


def test_a_file_named_by_two_ways_counts_once(
    mine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mine.parent)
    assert cli.main(["mine.py", str(mine), "./mine.py", *FAST]) == 0
    assert "1 claim: 1 AGREES" in capsys.readouterr().out


def test_one_claim_of_a_file_is_named_after_a_colon(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine.write_text(FILE.replace("FACTOR", "2") + LAW)
    for command in (["run"], ["explain"], ["list"]):
        options = FAST if command == ["run"] else ()
        assert cli.main([*command, f"{mine}:mine", *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert any(line.startswith("mine") for line in lines)
        assert not any(line.startswith("law") for line in lines)
    assert cli.main(["list", f"{mine}:mien"]) == 2
    assert capsys.readouterr().err == f"verify: {mine}: no claim 'mien' in it; did you mean mine?\n"


# Wrong usage: one line each, exit code 2.


def test_a_tier_has_the_time_that_is_given(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = (*FAST, "--store", str(tmp_path / "store"))
    assert cli.main([str(mine), *given, "--time-limit", "0.0001"]) == 3
    assert "stopped after the time limit of 0.0001 s" in capsys.readouterr().out
    assert cli.main([str(mine), *given, "--time-limit", "1000"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("label_noise_determinnat",), "label_noise_determinant"),
        (("discrete_determinant.factr",), "discrete_determinant.factor"),
        (
            ("run", "qqqq.zzz"),
            "'qqqq.zzz': neither a claim that python -m verify list shows nor a f",
        ),
        (("rnu", "mine.py"), "rnu: neither a command nor a claim; did you mean run?"),
        (("mutants", CLAIM, "--json", "/dev/null/a.json"), "/dev/null: cannot be made"),
        (("replay", __file__), "not a certificate, or a damaged one (line 1 is no JSON)"),
        ((CLAIM, "--tier", "exakt"), "exakt"),
        ((CLAIM, "--effort", "hard"), "hard"),
        ((CLAIM, "--seed", "-1"), "-1"),
        ((CLAIM, "--seed", "x"), "x"),
        ((CLAIM, "--workers", "0"), "0"),
        ((CLAIM, "--time-limit", "0"), "0"),
        ((CLAIM, "--time-limit", "nan"), "nan"),
        ((CLAIM, "--nonsense"), "--nonsense"),
        ((CLAIM, "--json", "{tmp}/none/a.json"), "none"),
        ((CLAIM, "--json", "{tmp}"), "folder"),
        ((CLAIM, "--report", "{tmp}/file/report"), "file"),
        ((CLAIM, "--json", "{tmp}/claims.py"), "would be in the place of Python; give another"),
        ((CLAIM, "--junit", "{tmp}/claims.py"), "would be in the place of Python; give another"),
        ((CLAIM, "--json", "{tmp}/a", "--junit", "{tmp}/a"), "for both; give two files"),
        ((CLAIM, "--junit", "-"), "standard output is for --json"),
        ((CLAIM, "--json", ""), "--json: got an empty name"),
        ((CLAIM, "--report", ""), "--report: got an empty name"),
        ((CLAIM, "--store", ""), "--store: got an empty name"),
        (("x" * 5000,), "x: cannot be used (File name too long)"),
        (("x" * 5000 + ".py",), ".py: cannot be used (File name too long)"),
        ((CLAIM, "--store", "a\0b"), r"'a\x00b': is no text in Unicode"),
        (("replay", "a\udc80b"), r"'a\udc80b': is no text in Unicode"),
        ((CLAIM, "--seed", "9" * 5000), "99 ... 99"),
        (("none.py",), "none.py"),
        (("explain", "none"), "none"),
        (("explain",), "ID"),
        (("mutants", "none"), "none"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert cli.main([text.format(tmp=tmp_path) for text in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("verify: ")
    assert err.count("\n") == 1
    assert said in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:\n", "line 1"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("x = 1\n", "no claim in it"),
        ("from derivations import nothing_of_this_name\n", "nothing_of_this_name"),
    ],
)
def test_a_broken_file_is_one_line(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text)
    assert cli.main([str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert "broken.py" in err


def test_stale_kernels_are_refused(tmp_path: Path) -> None:
    (tmp_path / "derivations" / "theorems").mkdir(parents=True)
    (tmp_path / "derivations" / "theorems" / "a.py").write_text("")
    with pytest.raises(KernelError, match=r"kernels of a: .* python -m derivations\.build"):
        REQUIRE_CURRENT([Reference(claim="a")], root=tmp_path)


# The other commands.


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["claims"]
    row = next(row for row in rows if row["id"] == "label_noise_determinant")
    assert row["title"]
    assert row["source"]
    assert row["assumptions"]
    assert "exact" in row["tiers"]
    assert set(row["tiers"]).isdisjoint(row["inapplicable"])
    assert cli.main(["list"]) == 0
    assert "label_noise_determinant" in capsys.readouterr().out


def test_list_promises_no_step_where_an_identity_draws_nothing() -> None:
    """In the words of a run."""
    identities = {claim.id: claim for claim in claims() if claim.kind == "identity"}
    rows = [row for row in loading.described() if row["id"] in identities]
    still = [row for row in rows if identities[row["id"]].draws is None]
    assert 10 <= len(still) < len(rows)
    assert not any("one-step" in row["tiers"] for row in still)
    silent = [row for row in still if "one-step" not in identities[row["id"]].inapplicable]
    problem = loading.load(Reference(claim=silent[0]["id"]))
    plan = Plan(
        seed=0, effort=EFFORTS["quick"], budget=ErrorBudget(false_agree=1e-4, false_reject=1e-4)
    )
    found = check_of("one-step")(problem, plan)
    assert found.status == Status.NOT_APPLICABLE
    assert found.reason == silent[0]["inapplicable"]["one-step"]


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "discrete_determinant.mean_square"]) == 0
    out = capsys.readouterr().out
    assert "E|G|²" in out
    assert "1. " in out
    assert "4. " in out
    assert cli.main(["explain", "discrete_determinant.mean_square", "--latex"]) == 0
    assert "\\" in capsys.readouterr().out


def test_mutants(mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kills.json"
    assert cli.main(["mutants", str(mine), *FAST, "--by-hand", "--json", str(path)]) == 0
    found = json.loads(path.read_text())
    assert (found["killed"], found["survived"], found["mutants"]) == (1, 0, 1)
    out = capsys.readouterr().out
    assert "killed" in out
    assert "no Ito term" in out


def test_a_survivor_is_a_failure(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine.write_text(mine.read_text().replace('changes={"drift": mu}', 'changes={"title": "other"}'))
    path = tmp_path / "kills.json"
    assert cli.main(["mutants", str(mine), *FAST, "--by-hand", "--json", str(path)]) == 1
    assert "1 seen by no tier" in capsys.readouterr().out


def test_data_passes_on_what_the_command_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.csv"
    assert cli.main(["data", str(missing), "--targets", "a"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "none.csv" in err


def test_no_bar_and_no_colour_where_there_is_no_terminal() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "verify", "list", "balancedness"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\x1b" not in ran.stdout + ran.stderr
