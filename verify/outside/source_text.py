"""Python functions and systems of them as their sources say them, for people."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator, Mapping
from typing import Any

from numerics.numeric_sde import NumericSDE
from verify.printable import printable

__all__ = ["declared_rows", "source_text"]


def source_text(function: Any) -> str:
    """What a function returns, if that is one expression; else its name, arguments and line.

    >>> source_text(max)
    'max'
    """
    name = printable(str(getattr(function, "__name__", type(function).__name__)))
    code = getattr(function, "__code__", None)
    if code is None:
        return name
    found = [_expression(node) for node in _definitions(code)]
    taken = ", ".join(inspect.signature(function).parameters)
    if len(found) == 1 and found[0]:
        return found[0]
    # Two lambdas on one line with the same arguments look alike from here.
    return f"{'f' if name == '<lambda>' else name}({taken}), line {code.co_firstlineno}"


def _definitions(code: Any) -> Iterator[ast.Lambda | ast.FunctionDef]:
    """The definitions on the line of a function, with its arguments."""
    names = list(code.co_varnames[: code.co_argcount])
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda | ast.FunctionDef) and node.lineno == code.co_firstlineno:
            given = [*node.args.posonlyargs, *node.args.args]
            if [argument.arg for argument in given] == names:
                yield node


def _expression(node: ast.Lambda | ast.FunctionDef) -> str:
    if isinstance(node, ast.Lambda):
        return ast.unparse(node.body)
    body = node.body[1:] if ast.get_docstring(node) else node.body
    if len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is not None:
        return ast.unparse(body[0].value)
    return ""


def declared_rows(sde: NumericSDE) -> list[tuple[str, str]]:
    """A system of functions in rows of a name and what it is."""
    rows = []
    for what, given in (("drift", sde.drift), ("noise", sde.noise)):
        if given is None:
            continue
        parts = given if isinstance(given, Mapping) else {", ".join(sde.states): given}
        rows += [(f"{what} of {name}", _text(value)) for name, value in parts.items()]
    for letter in sde.letters:
        shape = letter.shape_at({})
        if letter.kind == "parameter" and letter.within is not None:
            low, high = letter.within
            rows.append((letter.name, f"{low}" if letter.fixed else f"between {low} and {high}"))
        elif shape:
            rows.append((f"shape of {letter.name}", f"{shape}"))
    rows += [("points where", _text(f.call)) for f in sde.conditions()]
    return rows


def _text(value: Any) -> str:
    return source_text(value) if callable(value) else str(value)
