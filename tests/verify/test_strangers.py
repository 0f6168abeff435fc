"""The code and the texts of others: neither ends the process, nor acts on a terminal or a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from verify import cli
from verify.outside.files import read
from verify.printable import printable, shown

HEAD = """\
import builtins, os, sys
from derivations import *
x, B = State("x"), Brownian("B")
sde = MatrixSDE({x: -x * dt + B.d})
def claim(**changes):
    stated = dict(sde=sde, observable=x**2, drift=1 - 2 * x**2, martingale=2 * x * B.d)
    return DifferentialClaim(**{**stated, **changes})
"""

BAD = "t\x1b[31mRED\x1b[0m\x07 \u202e\u2066\x9b end"
ACTING = ("\x1b", "\x07", "\u202e", "\u2066", "\x9b")

EVIL = f"""
BAD = {BAD!r}
good = claim(
    title=BAD, source=BAD, statement=BAD + "\\nmore", inapplicable={{"exact": BAD}},
    assumptions=(Assumption(text=BAD, condition=None),),
)
wrong = claim(title=BAD, drift=1)
def law(x): return 1 - 2 * x**2
law.__name__ = BAD
of_function = claim(drift=law)
print(BAD)
raise ValueError(BAD)
"""


def written(folder: Path, text: str) -> str:
    path = folder / "mine.py"
    path.write_text(HEAD + text, encoding="utf-8")
    return str(path)


# Texts.


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("list", "--json"),
        ("explain",),
        ("explain", "--latex"),
        ("run", "--effort", "quick", "--tier", "generator", "--workers", "1", "--report", "site"),
    ],
    ids=lambda given: " ".join(given[:2]),
)
def test_no_text_of_a_claim_acts_on_a_terminal_or_a_page(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main([arguments[0], written(tmp_path, EVIL), *arguments[1:]]) == 2
    texts = [*capsys.readouterr()]
    assert "RED" in texts[1]
    texts += [path.read_text() for path in sorted((tmp_path / "site").rglob("*.*"))
              if path.suffix in (".html", ".json", ".md")]  # fmt: skip
    for text in texts:
        assert not any(mark in text or json.dumps(mark)[1:-1] in text for mark in ACTING)


@pytest.mark.parametrize("letter", ["State('y\\x1b[31m')", "positive('y\\u202e')"])
def test_a_letter_has_a_name_that_can_be_printed(letter: str, tmp_path: Path) -> None:
    text = f"y = {letter}\nbad = claim(sde=MatrixSDE({{x: y * dt, State('z'): B.d}}))\n"
    text = text if "positive" in letter else text.replace("State('z')", "y")
    (trouble,) = read(written(tmp_path, text)).troubles
    assert "bad: a letter has the name 'y\\" in trouble


def test_marks_that_act_are_left_out_and_lines_kept() -> None:
    assert shown("a\x1b[2J\rb\n\tc\u202e\x85d") == "a[2J b\n\tc d"
    assert printable("a\x1b[2J\rb\n\tc\u202e\x85d") == "a[2J b c d"
    assert printable("é λ ∂ 中 ½ 🙂") == "é λ ∂ 中 ½ 🙂"


# Code.

ENDINGS = {
    "os._exit": "os._exit(7)",
    "_exit by name": "from os import _exit\n_exit(7)",
    "_exit in a theorem": "def theorem(): os._exit(7)",
    "no modules": "sys.modules.clear()\n1 / 0",
    "other modules": "sys.modules = {}\n1 / 0",
    "no names": "vars(builtins).clear()",
    "no imports": "builtins.__import__ = None\n1 / 0",
    "everything is": "builtins.isinstance = lambda *given: True\n1 / 0",
    "a theorem without names": "def theorem(): vars(builtins).clear(); os._exit(7)",
}


@pytest.mark.parametrize("case", ENDINGS)
def test_the_end_of_the_program_is_one_line(case: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"good = claim()\n{ENDINGS[case]}\nafter = claim()\n")
    names, modules, end = dict(vars(sys.modules["builtins"])), set(sys.modules), os._exit
    found = read(path)
    assert names == vars(sys.modules["builtins"])
    assert modules <= set(sys.modules)
    assert os._exit is end
    assert len(found.troubles) <= 1
    assert len(found.troubles) == 1 or case == "no names"
    assert [claim.id for claim in found.claims] == ["good", "after"]


def test_a_process_goes_on_after_all_of_it(tmp_path: Path) -> None:
    path = written(tmp_path, "good = claim()\n" + "\n".join(ENDINGS.values()) + "\n")
    command = [sys.executable, "-m", "verify", "list", path]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 2
    assert found.stdout.startswith("good\n")
    assert "Traceback" not in found.stderr
    assert found.stderr.count("SystemExit: it ends the program; a claim file only declares") == 2


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_function_that_ends_the_program_is_one_line(
    workers: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "good = claim()\ndef f(x): os._exit(7)\nbad = claim(drift=f)\n"
    arguments = (written(tmp_path, text), "--tier", "generator", "--effort", "quick")
    assert cli.main([*arguments, "--workers", workers]) == 2
    out = capsys.readouterr().out
    assert "bad: SystemExit: it ends the program; a claim file only declares" in out
    assert "2 claims: 1 AGREES, 1 ERROR; 1 not as expected" in out
