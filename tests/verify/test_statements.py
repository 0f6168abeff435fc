"""Statements of claim files: the names that they make, against the symbol table of Python."""

from __future__ import annotations

import ast
import symtable
from pathlib import Path

import pytest

from verify.outside.files import read
from verify.outside.statements import bound, parsed

HEAD = """from verify import IdentityClaim
def claim(title=""):
    return IdentityClaim(left=lambda A: A, right=lambda A: A, arguments={"A": (2, 2)}, title=title)
good = claim()
"""
DEEP = " + ".join(["1"] * 6000)

MAKING = """
a, (b, *c) = d.x = e[0] = 1
f = g = lambda h: (i := h)
j: int = [k for k in range(3) if k]
for p in q: r = p
with s as (t, u): import v.w, x as y; from z import *
def aa(ab): ac = ab
class ad(ae): af = 1
match ag:
    case [ah, *ai] | {'x': ah, **ai}: aj += 1
if ak:
    def al(): pass
else:
    async def am(): an = 1
"""


def test_names_are_those_of_the_symbol_table() -> None:
    for statement in ast.parse(MAKING).body:
        table = symtable.symtable(ast.unparse(statement), "", "exec")
        symbols = table.get_symbols()
        names = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
        assert set(bound(statement)) == names, ast.unparse(statement)


def test_a_sum_of_hundreds_of_terms_is_one(tmp_path: Path) -> None:
    """Python can bear it, and looking through it takes no more."""
    path = tmp_path / "mine.py"
    path.write_text(f"{HEAD}big = claim(str({DEEP[:1997]}))\n")
    found = read(str(path))
    assert not found.troubles
    assert [c.title for c in found.claims] == ["good", "500"]


def test_claims_that_are_nested_too_deeply_are_missed(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(f"{HEAD}lost = claim(str({DEEP}))\nused = [lost]\nafter = claim()\n")
    found = read(str(path))
    assert [c.id for c in found.claims] == ["good", "after"]
    assert found.unread == ("lost",)
    (trouble,) = found.troubles
    assert "line 5: RecursionError: nested too deeply" in trouble
    assert trouble.endswith("; lost with it: used (line 6)")


@pytest.mark.parametrize(
    "text", [f"if a:\n    b = {DEEP}\nelse:\n    b = 1\nc = 1", "x = \0\nc = 1"]
)
def test_what_is_left_of_a_broken_statement_hides_nothing_below(text: str) -> None:
    statements, broken = parsed(text, "mine.py")
    assert broken
    assert [bound(s) for s in statements] == [("c",)]
