"""Wrong usage of the commands that write what is generated: one line, and exit code 2."""

from __future__ import annotations

import runpy
import sys

import click
import pytest

from derivations.usage import run

MODULES = {
    "derivations.build": "build",
    "notebooks.build": "build",
    "notebooks.reference": "reference",
}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("given", [("--nosuch",), ("--check", "--check=3"), ("no", "--nosuch")])
def test_wrong_usage_is_one_line(
    module: str,
    given: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [module, *given])
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert out == ""
    assert err.startswith(f"{MODULES[module]}: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (click.UsageError("one\ntwo"), 2, "name: one two\n"),
        (KeyboardInterrupt(), 130, "name: stopped\n"),
        (None, 0, ""),
    ],
)
def test_how_a_command_ends(
    raised: BaseException | None,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @click.command()
    def command() -> None:
        if raised is not None:
            raise raised

    monkeypatch.setattr(sys, "argv", ["name"])
    if code:
        with pytest.raises(SystemExit) as ended:
            run(command, "name")
        assert ended.value.code == code
    else:
        run(command, "name")
    assert capsys.readouterr().err.strip("\n") == said.strip("\n")
