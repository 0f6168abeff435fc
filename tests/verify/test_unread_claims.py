"""Claims that are declared and cannot be read: they are counted wherever verdicts are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from verify import cli
from verify.outside.files import read
from verify.report.tables import summary

HEAD = """\
from derivations import *
x, B = State("x"), Brownian("B")
sde = MatrixSDE({x: -x * dt + B.d})
def claim(**changes):
    stated = dict(sde=sde, observable=x**2, drift=1 - 2 * x**2, martingale=2 * x * B.d)
    return DifferentialClaim(**{**stated, **changes})
"""

SEVEN = """\
one, two = claim(), claim()
three = [claim(drift=dt), claim()]
four = claim(drift=x^2)
five = claim(id="a b")
wrong = sde.drfit
six = claim(drift=wrong)
"""

QUICK = ("--tier", "generator", "--effort", "quick", "--workers", "1")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> str:
        path = tmp_path / "mine.py"
        path.write_text(HEAD + text, encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = claim()", ()),
        ("a = claim(drift=dt)", ("a",)),
        ("a = DifferentialClaim(drift=dt)", ("a",)),
        ("a = [DifferentialClaim(drift=0), claim()]", ("a.1", "a.2")),
        ("a, b = claim(drift=1 / 0), claim()", ("a", "b")),
        ("a = claim(drift=\nb = claim()", ("a",)),
        ("a = DifferentialClaim(sde=sde drift=0)", ("a",)),
        ("a = 1 / 0", ()),
        ("_a = claim(drift=1 / 0)", ()),
        ("a = 1 / 0\nb: Claim = claim(drift=a)\nc = {'d': claim(drift=a)}", ("b", "c")),
        ("def theorem(): return claim(drift=1 / 0)", ("theorem",)),
        ("a = claim(drift=1 / 0)\na = claim()", ()),
        ("a = claim(id='c')\nb = claim(id='c')", ("b",)),
        ("def other(): return 1 / 0\na = other()\nf = lambda: claim()", ()),
    ],
)
def test_the_names_of_claims_that_went_wrong_are_known(
    text: str, names: tuple[str, ...], written: Any
) -> None:
    assert read(written(text)).unread == names


def test_they_are_counted_wherever_verdicts_are(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "7 claims: 3 AGREES, 4 not read; the others as expected"
    arguments = (written(SEVEN), *QUICK, "--report", "report", "--junit", "found.xml")
    assert cli.main(arguments) == 2
    assert said in capsys.readouterr().out
    found = json.loads(Path("report/verdicts.json").read_text())
    assert found["unread"] == ["three.1", "four", "five", "six"]
    assert (len(found["verdicts"]), found["exit_code"]) == (3, 2)
    markdown = Path("report/verdicts.md").read_text()
    assert f"\n{said}.\n" in markdown
    assert "\nNot read: three.1, four, five, six.\n" in markdown
    page = Path("report/index.html").read_text()
    assert f'<p class="lead">{said}.</p>' in page
    assert '<li class="error"><strong>4</strong> not read</li>' in page
    suites = {x.attrib["name"]: x for x in ElementTree.parse("found.xml").getroot()}
    errors = [case.find("error").attrib["message"] for case in suites["claim files"]]
    assert len(errors) == int(suites["claim files"].attrib["errors"]) == 4
    assert "three.1: drift: leave out dt" in " ".join(errors)


def test_a_file_of_none_but_such_claims_is_counted_too(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written("one = claim(drift=dt)\n")
    assert cli.main([path, *QUICK]) == 2
    assert capsys.readouterr().out.startswith("1 claim: 1 not read\n")
    assert cli.main([path, *QUICK, "--json", "-"]) == 2
    assert json.loads(capsys.readouterr().out)["unread"] == ["one"]


def test_only_those_that_were_asked_for_are_counted(
    written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(SEVEN)
    assert cli.main([f"{path}:three", *QUICK]) == 2
    assert "2 claims: 1 AGREES, 1 not read" in capsys.readouterr().out
    assert cli.main([f"{path}:one", *QUICK]) == 2
    assert "1 claim: 1 AGREES; all as expected" in capsys.readouterr().out


def test_a_run_without_errors_says_nothing_of_them() -> None:
    assert summary(()) == "0 claims: none; all as expected"
    assert summary((), ("a", "b")) == "2 claims: 2 not read"
