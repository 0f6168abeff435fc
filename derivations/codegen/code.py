"""Pieces of Python code with their precedence, and the names that they may use."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from sympy import Integer

from derivations.errors import DerivationError
from derivations.symbols import Dimension

__all__ = [
    "ATOM",
    "POWER",
    "PRODUCT",
    "SUM",
    "Code",
    "Names",
    "joined_power",
    "negated",
    "size_code",
    "within",
]

SUM, PRODUCT, POWER, ATOM = range(1, 5)


class Code(NamedTuple):
    """A piece of code: its text, how tightly it binds, and the index axes of its value.

    ``axes`` are names of open indices, sorted; a value has one axis for each, in that order, after
    its batch axes.  A ``plain`` number has no axes at all, and needs none to meet others.
    """

    text: str
    level: int = ATOM
    axes: tuple[str, ...] = ()
    plain: bool = False


class Names:
    """Identifiers for the names of a point: legal, distinct, none of those reserved."""

    def __init__(self, names: Iterable[str], reserved: Iterable[str] = ()) -> None:
        self._taken = set(reserved) | set(keyword.kwlist)
        self._given: dict[str, str] = {}
        for name in names:
            self._given[name] = self.fresh(re.sub(r"\W", "_", name) or "_")

    def __getitem__(self, name: str) -> str:
        if name not in self._given:
            self._given[name] = self.fresh(re.sub(r"\W", "_", name) or "_")
        return self._given[name]

    def copy(self) -> Names:
        """The same names; what is given from now on is not shared."""
        found = Names(())
        found._taken, found._given = set(self._taken), dict(self._given)
        return found

    def fresh(self, wish: str) -> str:
        """An identifier not yet in use, as near to the wish as possible."""
        name = f"_{wish}" if wish[0].isdigit() else wish
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def numbered(self, wish: str) -> str:
        """An identifier not yet in use: the wish, or the wish with the next number from 2 on."""
        number, name = 1, wish
        while name in self._taken:
            number += 1
            name = f"{wish}{number}"
        self._taken.add(name)
        return name


def within(code: Code, level: int) -> str:
    """The text of an operand, in parentheses unless it binds at least as tightly as ``level``."""
    return code.text if code.level >= level else f"({code.text})"


# A power of a name or a number is written without spaces, as formatters of Python do.
_SIMPLE = re.compile(r"-?(?:[A-Za-z_][\w.]*|\d+(?:\.\d+)?)\Z")


def joined_power(base: Code, exponent: str) -> Code:
    """The code of base to the exponent."""
    text = within(base, ATOM)
    simple = _SIMPLE.match(text) and _SIMPLE.match(exponent)
    return Code(f"{text}**{exponent}" if simple else f"{text} ** {exponent}", POWER, base.axes)


def negated(code: Code) -> Code:
    """Minus a product; a power in front stands in parentheses, as formatters of Python write it."""
    text = within(code, PRODUCT)
    first = ast.parse(text, mode="eval").body
    while isinstance(first, ast.BinOp) and not isinstance(first.op, ast.Pow):
        first = first.left
    if isinstance(first, ast.BinOp) and first.col_offset == 0:
        end = first.end_col_offset
        text = f"({text[:end]}){text[end:]}"
    return Code(f"-{text}", SUM, code.axes)


def size_code(size: Any, names: Names | None = None) -> Code:
    """A size, such as p + k, as code on integers."""
    if isinstance(size, int) or size.is_Integer:
        value = int(size)
        return Code(str(value), ATOM if value >= 0 else SUM)
    if isinstance(size, Dimension):
        return Code(names[str(size.name)] if names else str(size.name))
    if size.is_Add:
        return _size_sum([size_code(part, names) for part in sorted(size.args, key=str)])
    if size.is_Mul:
        coefficient, rest = size.as_coeff_Mul()
        if coefficient == -1:
            return negated(size_code(rest, names))
        factors = [size_code(part, names) for part in sorted(size.args, key=_numbers_first)]
        return Code(" * ".join(within(factor, POWER) for factor in factors), PRODUCT)
    if size.is_Pow and size.exp.is_Integer and size.exp > 0:
        return joined_power(size_code(size.base, names), str(size.exp))
    raise DerivationError(f"size {size}: only sums, products and powers of dimensions are sizes")


def _numbers_first(part: Any) -> tuple[bool, str]:
    return not isinstance(part, Integer), str(part)


def _size_sum(terms: list[Code]) -> Code:
    terms = sorted(terms, key=lambda term: term.text.startswith("-"))
    text = terms[0].text
    for term in terms[1:]:
        minus = term.level == SUM and term.text.startswith("-")
        text += f" - {term.text[1:]}" if minus else f" + {within(term, SUM)}"
    return Code(text, SUM)
