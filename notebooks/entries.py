"""One name of the reference as Markdown: signature, text, parameters, errors, examples, source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import griffe

__all__ = ["doc_text", "entry", "field_rows", "field_table", "first_line", "markdown"]

ROLE = re.compile(r":\w+:`~?([^`]+)`")
CODE = re.compile(r"(``[^`]+``|`[^`]+`)")
Kind = griffe.DocstringSectionKind
TITLES = {
    Kind.parameters: "Parameters",
    Kind.attributes: "Attributes",
    Kind.returns: "Returns",
    Kind.yields: "Yields",
    Kind.raises: "Raises",
}
WIDEST = 88


def markdown(text: str) -> str:
    """A text of a docstring, with what Markdown would read otherwise escaped."""
    blocks = ROLE.sub(r"`\1`", text).split("\n\n")
    return "\n\n".join(_block(block) for block in blocks).strip("\n")


def _block(block: str) -> str:
    """A paragraph; a session of the interpreter keeps its letters and lines."""
    if block.lstrip().startswith(">>>"):
        return f"```pycon\n{block}\n```"
    lines = block.splitlines()
    return "\n".join(line if line.startswith("    ") else _escaped(line) for line in lines)


def _escaped(line: str) -> str:
    bullet = "* " if line.startswith("* ") else ""
    parts = CODE.split(line[len(bullet) :])
    kept = [
        part if number % 2 else part.replace("*", r"\*").replace("<", "&lt;")
        for number, part in enumerate(parts)
    ]
    return bullet + "".join(kept)


def sections(found: griffe.Object) -> list[Any]:
    """The sections of a docstring, parsed."""
    return list(found.docstring.parsed) if found.docstring else []


def first_line(found: griffe.Object | griffe.Alias) -> str:
    """What it is in one line."""
    return markdown(found.docstring.lines[0]) if found.docstring else ""


def doc_text(found: griffe.Object) -> str:
    """Everything that a docstring says, section by section."""
    return "\n\n".join(text for section in sections(found) for text in _section(section))


def _section(section: Any) -> Iterator[str]:
    if section.kind is Kind.text:
        yield markdown(section.value)
    elif section.kind is Kind.examples:
        yield from _examples(section.value)
    elif section.kind in TITLES:
        yield f"**{TITLES[section.kind]}**"
        yield "\n".join(_item(item, section.kind) for item in section.value)
    else:
        raise ValueError(f"section {section.kind}: unknown to the reference; add it to TITLES")


def _examples(parts: Any) -> Iterator[str]:
    yield "**Examples**"
    for kind, text in parts:
        yield markdown(text) if kind is Kind.text else f"```pycon\n{text}\n```"


def _item(item: Any, kind: Any) -> str:
    """A line of a list: name, type, and what it is."""
    names = getattr(item, "name", "").split(", ")
    type_ = "" if item.annotation is None else str(item.annotation)
    if kind is Kind.raises:
        names, type_ = type_.strip("()").split(", "), ""
    # A type is code; what a docstring says in words is none.
    worded = " " in type_ and "[" not in type_ and "|" not in type_
    texts = [f"`{name}`" for name in names if name]
    texts += [type_ if worded else f"`{type_}`"] if type_ else []
    said = markdown(item.description).replace("\n", "\n  ")
    head = ", ".join(texts)
    return f"* {head}: {said}" if said and head else f"* {head or said}"


def signature(found: griffe.Class | griffe.Function) -> str:
    """A call as it is typed, broken where it is long."""
    if isinstance(found, griffe.Class) and not _made_by_call(found):
        return f"class {found.name}({', '.join(str(base) for base in found.bases)})"
    arguments = list(_arguments(found))
    returned = found.returns if isinstance(found, griffe.Function) else None
    tail = f" -> {returned}" if returned is not None else ""
    line = f"{found.name}({', '.join(arguments)}){tail}"
    if len(line) <= WIDEST:
        return line
    inner = "".join(f"    {argument},\n" for argument in arguments)
    return f"{found.name}(\n{inner}){tail}"


def _made_by_call(found: griffe.Class) -> bool:
    """Whether the constructor is the class's own: enumerations and errors are not called so."""
    return "dataclass" in found.labels or not found.bases


def _arguments(found: Any, *, typed: bool = True) -> Iterator[str]:
    star = False
    for parameter in found.parameters:
        if parameter.name in ("self", "cls"):
            continue
        kind = parameter.kind
        if kind is griffe.ParameterKind.keyword_only and not star:
            star = True
            yield "*"
        stars = {
            griffe.ParameterKind.var_positional: "*",
            griffe.ParameterKind.var_keyword: "**",
        }.get(kind, "")
        star = star or stars == "*"
        default = "" if stars or parameter.default is None else f" = {_default(parameter)}"
        type_ = "" if parameter.annotation is None or not typed else f": {parameter.annotation}"
        default = default if type_ else default.replace(" ", "")
        yield f"{stars}{parameter.name}{type_}{default}"


def _default(parameter: Any) -> str:
    text = str(parameter.default)
    return "{}" if text == "dict()" else text


def entry(found: griffe.Object) -> str:
    """One name: heading, signature, docstring, methods, where it stands."""
    texts = [f"### {found.name}"]
    if isinstance(found, griffe.Class | griffe.Function):
        texts.append(f"```python\n{signature(found)}\n```")
    elif isinstance(found, griffe.Attribute) and found.value is not None:
        texts.append(f"```python\n{found.name} = {found.value}\n```")
    texts.append(doc_text(found))
    if isinstance(found, griffe.Class):
        texts += _members(found)
    path = found.relative_filepath.as_posix()
    texts.append(f"Source: [{path}](../../../{path})")
    return "\n\n".join(text for text in texts if text)


def _members(found: griffe.Class) -> Iterator[str]:
    """Public methods and properties in a line each, and the values of an enumeration."""
    values, methods = [], []
    for name, member in found.members.items():
        if name.startswith("_") or member.is_alias:
            continue
        if isinstance(member, griffe.Attribute) and "property" not in member.labels:
            values.append(f"* `{name}` = `{member.value}`")
        elif member.docstring:
            called = isinstance(member, griffe.Function)
            arguments = f"({', '.join(_arguments(member, typed=False))})" if called else ""
            methods.append(f"* `.{name}{arguments}`: {first_line(member)}")
    if values and any("Enum" in str(base) for base in found.bases):
        yield "**Values**"
        yield "\n".join(values)
    if methods:
        yield "**Methods and properties**"
        yield "\n".join(methods)


def field_rows(found: griffe.Class) -> list[str]:
    """The fields of a dataclass, its own and those of its bases, as rows of a table."""
    rows = []
    for parameter in found.parameters:
        if parameter.name == "self":
            continue
        type_ = str(parameter.annotation).replace("|", r"\|")
        default = "required" if parameter.default is None else f"`{_default(parameter)}`"
        rows.append(f"| `{parameter.name}` | `{type_}` | {default} |")
    return rows


def field_table(rows: list[str]) -> str:
    """A table of fields."""
    return "\n".join(["| field | type | default |", "|---|---|---|", *rows])
