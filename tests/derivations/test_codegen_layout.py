from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from typing import Any

import pytest

from derivations.codegen import compile_module, module_source
from derivations.codegen.fitting import WIDTH
from derivations.codegen.layout import Call, Verbatim, definition, statement, text
from tests.derivations.codegen_theorem import theorem
from tests.derivations.test_codegen_words import WORDS, claim

CROWDED = ["matrices excluding an index", "traces in a sum", "sum of a product of sums", "repeated"]


def ruff(command: str, source: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", *command.split(), "--stdin-filename", "generated.py", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ran.stdout + ran.stderr if ran.returncode else ""


@pytest.mark.parametrize("name", ["theorem", *CROWDED])
def test_generated_code_is_formatted_and_clean(name: str) -> None:
    source = (
        module_source("Kernels.", theorem().claims)
        if name == "theorem"
        else compile_module(claim(WORDS[name])).source
    )
    assert ruff("format --diff", source) == ""
    assert ruff("check", source) == ""


def test_badly_formatted_code_is_noticed() -> None:
    assert ruff("format --diff", "x = {'a':1}\n")
    assert ruff("check", "import os\n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"),
        (0.5, "0.5"),
        (Fraction(1, 3), "Fraction(1, 3)"),
        ("it's", '"it\'s"'),
        ('say "so"', "'say \"so\"'"),
        ((), "()"),
        ((1,), "(1,)"),
        ([1, (2, 3)], "[1, (2, 3)]"),
        ({"a": Verbatim("f")}, '{"a": f}'),
        (Call("F", x=1, y="b"), 'F(x=1, y="b")'),
        (None, "None"),
    ],
)
def test_short_values_stand_on_one_line(value: Any, expected: str) -> None:
    assert text(value) == expected


def test_long_values_are_broken() -> None:
    value = Call("F", rows=tuple(range(30)), name="x" * 60)
    lines = text(value).splitlines()
    assert lines[0] == "F("
    assert lines[-1] == ")"
    assert max(map(len, lines)) <= WIDTH


def test_long_words_are_broken_after_spaces() -> None:
    words = " ".join(["it's", "so"] * 40)
    source = "CONDITIONS = " + text((Call("C", text=words, relation="l >= k"),), column=13) + "\n"
    assert ruff("format --diff", source) == ""
    assert max(map(len, source.splitlines())) <= WIDTH
    assert eval(source.removeprefix("CONDITIONS ="), {"C": dict})[0]["text"] == words


@pytest.mark.parametrize("count", [19, 20, 40])
def test_many_results_stand_on_a_line_each(count: int) -> None:
    names = ", ".join(f"_{i}" for i in range(count))
    code = statement(f"return ({names}, f(_1, _2))", indent=4)
    body = "\n".join(f"    {line}" for line in code.splitlines())
    assert ruff("format --diff", f"def results():\n{body}\n") == ""


def test_a_single_result_that_is_too_long_stays_a_tuple() -> None:
    code = statement(f"return ({'x' * 100},)", indent=4)
    assert code == f"return (\n    {'x' * 100},\n)"


def test_the_first_line_of_a_function() -> None:
    assert definition("f", ["x: Any"], "Any") == "def f(x: Any) -> Any:"
    many = [f"{'x' * 8}{i}: Any" for i in range(6)]
    assert definition("f" * 20, many, "Any").splitlines()[1] == "    " + ", ".join(many)
    more = [f"{'x' * 8}{i}: Any" for i in range(12)]
    assert len(definition("f", more, "Any").splitlines()) == 14


def test_a_statement_is_broken_at_its_last_brackets() -> None:
    line = f"return s + f([{'x' * 90}])"
    assert statement(line, indent=4) == f"return s + f(\n    [{'x' * 90}]\n)"
    assert statement("return s", indent=4) == "return s"
    # What does not fit anyhow stays as it is.
    assert statement(f"return f({'x' * 120})", indent=4) == f"return f({'x' * 120})"
