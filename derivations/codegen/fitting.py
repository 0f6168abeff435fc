"""Statements that fit on a line: what is too long is broken into named parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from sympy import Add, MatAdd, MatMul, Mul, Transpose

from derivations.codegen.hoisting import ordered, renamed, wish
from derivations.codegen.structure import (
    Listing,
    is_letter,
    is_matrix,
    named,
    parts,
    rebuilt,
)

__all__ = ["WIDTH", "fit"]

WIDTH = 100
"""Columns of a line of code."""

_INDENT = 4

Definitions = list[tuple[Any, Any]]


def fit(
    definitions: Definitions,
    results: Sequence[Any],
    length: Callable[[Any], int],
    numbered: Callable[[str], str],
    keep: Collection[Any] = (),
) -> tuple[Definitions, list[Any]]:
    """Break long statements into parts, and number the names in the order of definition.

    Parameters
    ----------
    definitions, results
        Names with their expressions, and the results, of which each stands on a line of its own.
    length
        Columns of the code of an expression.
    numbered
        Gives an unused identifier near a wish.
    keep
        Names that stay as they are.
    """
    breaker = _Breaker(length)
    done: Definitions = []
    for symbol, value in definitions:
        room = WIDTH - _INDENT - len(f"{symbol.name if symbol in keep else 'dZ99'} = ")
        done.append((symbol, breaker.broken(value, room, Listing)))
    new = [breaker.broken(value, WIDTH - _INDENT - len("return ")) for value in results]
    return _numbered(ordered([*done, *breaker.named]), new, numbered, keep)


def _itself(value: Any) -> Any:
    return value


class _Breaker:
    """Collects the parts that were named; their names are placeholders until the end."""

    def __init__(self, length: Callable[[Any], int]) -> None:
        self.named: Definitions = []
        self._length = length

    def broken(self, value: Any, room: int, statement: Callable[[Any], Any] = _itself) -> Any:
        """An expression whose statement fits into some columns, in terms of named parts."""
        while self._length(statement(value)) > room:
            part = self._part(value, room)
            if part is None:
                return value
            symbol = named(part, f"_{len(self.named)}")
            self.named.append((symbol, part))
            value = _exchanged(value, part, symbol)
        return value

    def _part(self, value: Any, room: int) -> Any:
        """The longest part, or run of terms or factors, that fits on a line itself."""
        lengths = {part: self._length(Listing(part)) for part in _inner(value)}
        fitting = [part for part, length in lengths.items() if length <= room]
        compound = [part for part in fitting if not _turned_letter(part)]
        return max(compound or fitting, key=lambda part: lengths[part], default=None)


def _turned_letter(part: Any) -> bool:
    return isinstance(part, Transpose) and is_letter(part.args[0])


def _inner(value: Any) -> Iterator[Any]:
    """The proper parts that may be named, and runs of terms or factors from the first on."""
    if isinstance(value, Add | MatAdd | Mul | MatMul):
        first = sum(not is_matrix(factor) for factor in value.args) if is_matrix(value) else 0
        for stop in range(first + 2, len(value.args)):
            run = value.args[first:stop]
            yield value.func(*run) if is_matrix(value) else value.func(*run, evaluate=False)
    for part in parts(value):
        if parts(part):
            yield part
        yield from _inner(part)


def _exchanged(value: Any, part: Any, symbol: Any) -> Any:
    """A value with a part, or a run of its terms or factors, exchanged."""
    if value == part:
        return symbol
    if type(value) is type(part) and isinstance(value, Add | MatAdd | Mul | MatMul):
        length = len(part.args)
        for start in range(len(value.args) - length + 1):
            if value.args[start : start + length] == part.args:
                args = (*value.args[:start], symbol, *value.args[start + length :])
                return value.func(*args) if is_matrix(value) else value.func(*args, evaluate=False)
    inner = parts(value)
    changed = [_exchanged(piece, part, symbol) for piece in inner]
    same = all(a is b for a, b in zip(inner, changed, strict=True))
    return value if same else rebuilt(value, changed)


def _numbered(
    definitions: Definitions,
    results: Sequence[Any],
    numbered: Callable[[str], str],
    keep: Collection[Any],
) -> tuple[Definitions, list[Any]]:
    final: dict[Any, Any] = {}
    done: Definitions = []
    for symbol, value in definitions:
        new = renamed(value, final)
        final[symbol] = symbol if symbol in keep else named(symbol, numbered(wish(new)))
        done.append((final[symbol], new))
    return done, [renamed(value, final) for value in results]
