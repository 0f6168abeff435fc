"""Literals and calls as source text, broken over lines as Python's formatters break them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from derivations.codegen.fitting import WIDTH

__all__ = ["Call", "Verbatim", "assignment", "columns", "definition", "statement", "text"]


class Call:
    """A call of a name with keyword arguments, to be written out."""

    def __init__(self, function: str, **arguments: Any) -> None:
        self.function, self.arguments = function, arguments


class Verbatim(str):
    """Source text that stands as it is."""

    __slots__ = ()


def assignment(target: str, value: Any) -> str:
    """``target = value``, on as many lines as it takes."""
    head = f"{target} = "
    return head + text(value, indent=0, column=len(head))


def text(value: Any, *, indent: int = 0, column: int = 0, trailing: int = 0) -> str:
    """A value as source text.

    Parameters
    ----------
    value
        Numbers, texts, tuples, lists, mappings, :class:`Call`, :class:`Verbatim`.
    indent
        Indentation of the line on which the text begins.
    column
        Column at which it begins.
    trailing
        Number of characters that follow on its last line.
    """
    flat = _flat(value)
    if column + len(flat) + trailing <= WIDTH:
        return flat
    if isinstance(value, str) and not isinstance(value, Verbatim):
        return f"\n{' ' * indent}".join(_pieces(value, column, indent, trailing))
    opening, items, closing = _broken(value)
    if not items:
        return flat
    lines = [opening]
    for prefix, item in items:
        start = indent + 4
        inner = text(item, indent=start, column=start + len(prefix), trailing=1)
        lines.append(f"{' ' * start}{prefix}{inner},")
    return "\n".join([*lines, " " * indent + closing])


def _broken(value: Any) -> tuple[str, list[tuple[str, Any]], str]:
    if isinstance(value, Call):
        items = [(f"{name}=", item) for name, item in value.arguments.items()]
        return f"{value.function}(", items, ")"
    if isinstance(value, Mapping):
        return "{", [(f"{_flat(name)}: ", item) for name, item in value.items()], "}"
    if isinstance(value, tuple):
        return "(", [("", item) for item in value], ")"
    if isinstance(value, list):
        return "[", [("", item) for item in value], "]"
    return "", [], ""


def _pieces(words: str, column: int, indent: int, trailing: int) -> list[str]:
    """A text as several literals, broken after spaces: the first from a column, each on a line."""
    found, piece = [], ""
    for word in re.findall(r"\S*\s*", words):
        if piece and column + len(quoted(piece + word)) + trailing > WIDTH:
            found.append(quoted(piece))
            piece, column = "", indent
        piece += word
    return [*found, quoted(piece)]


def _flat(value: Any) -> str:
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Fraction):
        return f"Fraction({value.numerator}, {value.denominator})"
    opening, items, closing = _broken(value)
    if not closing:
        return repr(value)
    comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
    return opening + ", ".join(prefix + _flat(item) for prefix, item in items) + comma + closing


def quoted(words: str) -> str:
    """A text in double quotes, in single ones if that saves escapes."""
    found = repr(words)
    if found.startswith("'") and '"' not in words:
        return '"' + found[1:-1].replace("\\'", "'") + '"'
    return found


def definition(name: str, parameters: list[str], result: str) -> str:
    """The first line or lines of a function."""
    flat = f"def {name}({', '.join(parameters)}) -> {result}:"
    if len(flat) <= WIDTH:
        return flat
    # A parameter alone has a comma, as formatters of Python write it.
    inner = f"    {', '.join(parameters)}{',' * (len(parameters) == 1)}"
    if len(inner) <= WIDTH:
        return f"def {name}(\n{inner}\n) -> {result}:"
    lines = ",\n".join(f"    {parameter}" for parameter in parameters)
    return f"def {name}(\n{lines},\n) -> {result}:"


def statement(line: str, indent: int) -> str:
    """A statement without its indentation, broken at its last brackets if it is too long."""
    if indent + len(line) <= WIDTH or not line.endswith((")", "]")):
        return line
    at = _opening(line)
    if line[:at] == "return " and line[at] == "(":
        entries = (f"    {entry}," for entry in _entries(line[at + 1 : -1]))
        return "\n".join(("return (", *entries, ")"))
    # A list comprehension is broken before its loops.
    lines = _inside(line[at:], indent)
    if any(indent + len(part) > WIDTH for part in lines):
        return line
    return "\n".join((f"{line[: at + 1]}", *lines, line[-1]))


def _inside(code: str, indent: int) -> list[str]:
    """The lines between brackets, indented by four."""
    body = code[1:-1]
    parts = [body]
    if indent + 4 + len(body) > WIDTH:
        if code[0] == "[":
            parts = _loops(body)
        if _listed(parts[0]) and indent + 4 + len(parts[0]) > WIDTH:
            parts[:1] = ["[", *_inside(parts[0], indent + 4), "]"]
    return [f"    {part}" for part in parts]


def _entries(code: str) -> list[str]:
    """What commas separate that are in no brackets."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(code):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and letter == ",":
            found.append(code[start:at].strip())
            start = at + 1
    # A tuple of one has a comma after it, and nothing after that.
    return [entry for entry in (*found, code[start:].strip()) if entry]


def _listed(code: str) -> bool:
    """Whether code is one list."""
    return code.startswith("[") and code.endswith("]") and _opening(code) == 0


def columns(code: str) -> int:
    """Columns that an expression takes: those of its longest line, if `statement` breaks it."""
    if not _listed(code):
        return len(code)
    element, *loops = _loops(code[1:-1])
    return max(4 + columns(element) if _listed(element) else len(element), *map(len, loops), 0)


def _loops(text: str) -> list[str]:
    """The element of a comprehension, its loops and their conditions."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and text.startswith((" for ", " if "), at):
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]


def _opening(line: str) -> int:
    """Where the bracket opens that the end of the line closes."""
    depth = 0
    for at in range(len(line) - 1, -1, -1):
        depth += (line[at] in ")]") - (line[at] in "([")
        if depth == 0:
            return at
    return 0
