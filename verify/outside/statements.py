"""The statements of a claim file, those that are no Python apart, and the names that each makes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Broken", "bound", "parsed"]

REPAIRS = 3
"""Statements that may be no Python; with more the file is given up."""

DEEP = "RecursionError: nested too deeply; split it into several statements"
"""A sum of thousands of terms is nested as often as it has terms."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Lines that are no Python, and the names that they seem to make."""

    line: int
    message: str
    names: tuple[str, ...]
    text: str = ""


def parsed(text: str, path: str) -> tuple[list[ast.stmt], list[Broken]]:
    """The statements of a file; those that are no Python are blanked out and told."""
    broken: list[Broken] = []
    lines = text.split("\n")  # and at nothing else that may stand in a text
    while True:
        try:
            return ast.parse("\n".join(lines), filename=path).body, broken
        except (SyntaxError, ValueError) as error:
            at, said = getattr(error, "lineno", None) or 1, getattr(error, "msg", None)
            first, last = _block(lines, at)
            if said == "unexpected indent":
                first = at  # what stands before it is whole
            said = f"SyntaxError: {said or error}"
        except (RecursionError, MemoryError):
            at, said = _deep(lines), DEEP
            first, last = _block(lines, at)
        block = lines[first - 1 : last]
        if len(broken) == REPAIRS or not any(block):
            # What was blanked out was not the cause: the first message is the one that counts.
            return [], broken[:1] or [Broken(line=at, message=said, names=())]
        names, whole = tuple(_made(block)), "\n".join(block)
        broken.append(Broken(line=at, message=said, names=names, text=whole))
        lines[first - 1 : last] = [""] * len(block)


def _starts(lines: list[str]) -> list[int]:
    """The lines at which statements seem to begin."""
    return [n for n, line in enumerate(lines, 1) if re.match(r"[^\s#)\]}]", line)]


def _block(lines: list[str], at: int) -> tuple[int, int]:
    """First and last line of the top-level statement that a line seems to belong to."""
    starts = _starts(lines)
    first = max((n for n in starts if n <= at), default=1)
    following = min((n for n in starts if n > at), default=len(lines) + 1)
    return first, following - 1


def _deep(lines: list[str]) -> int:
    """The line of the first statement that is nested too deeply for the parser, which names none.

    It is 1 if none is so by itself.
    """
    for first in _starts(lines):
        try:
            ast.parse("\n".join(lines[first - 1 : _block(lines, first)[1]]))
        except (SyntaxError, ValueError):
            continue
        except (RecursionError, MemoryError):
            return first
    return 1


def _made(block: list[str]) -> Iterator[str]:
    for line in block:
        found = re.match(r"(?:def |class )?(\w+)\s*(?:[=(:]|$)", line)
        if found:
            yield found[1]


_OWN_NAMES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAMED = (*_OWN_NAMES, ast.MatchAs, ast.MatchStar)


def bound(statement: ast.stmt) -> tuple[str, ...]:
    """The names of the module that a statement makes.

    >>> bound(ast.parse("a, b = c = [d := x for x in y]").body[0])
    ('a', 'b', 'c', 'd')
    """
    # No recursion: whatever is nested less deeply than the parser can bear is looked through.
    names: dict[str, None] = {}
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        names |= dict.fromkeys(_given(node))
        waiting += reversed(_inside(node))
    return tuple(names)


def _inside(node: ast.AST) -> list[ast.AST]:
    """The parts whose names are those of what is around them."""
    if isinstance(node, ast.comprehension):
        return [node.iter, *node.ifs]
    if isinstance(node, (*_OWN_NAMES, ast.Lambda)):
        return []
    return list(ast.iter_child_nodes(node))


def _given(node: ast.AST) -> Iterator[str]:
    """The names that one part of a statement gives, without its own parts."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.alias) and node.name != "*":
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, _NAMED) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
