"""The texts that a claim brings: what people wrote to be read, and nothing that acts on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from sympy import Basic, Symbol
from sympy.core.symbol import Str

from derivations.claim import Assumption
from derivations.sde import MatrixSDE
from numerics.numeric_sde import NumericSDE
from verify.errors import ClaimError
from verify.printable import is_unicode, printable, shown

__all__ = ["check_names", "plain_texts"]

LINES = ("title", "source")


def plain_texts(claim: Any) -> Any:
    """The claim with texts that are only read: no controls of a terminal, no turned direction."""
    found: dict[str, Any] = {
        name: printable(text) for name in LINES if _is_text(text := getattr(claim, name))
    }
    if _is_text(claim.statement):
        found["statement"] = shown(claim.statement)
    if isinstance(claim.inapplicable, Mapping):
        found["inapplicable"] = {
            tier: printable(why) if _is_text(why) else why
            for tier, why in claim.inapplicable.items()
        }
    if isinstance(claim.assumptions, tuple):
        found["assumptions"] = tuple(map(_plain, claim.assumptions))
    same = all(getattr(claim, name) == value for name, value in found.items())
    return claim if same else replace(claim, **found)


def _is_text(value: Any) -> bool:
    # Half a character is told of elsewhere.
    return isinstance(value, str) and is_unicode(value)


def _plain(assumption: Any) -> Any:
    if not isinstance(assumption, Assumption) or not _is_text(assumption.text):
        return assumption
    return replace(assumption, text=printable(assumption.text))


def check_names(claim: Any) -> None:
    """Refuse letters whose names cannot be printed.

    Raises
    ------
    ClaimError
        Naming the letter.
    """
    for name in _names(claim):
        if printable(name) != name:
            raise ClaimError(f"a letter has the name {name!r}; give letters that can be printed")


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Basic):
        # Indices and sizes are symbols too, and the name of a matrix is an argument of it.
        for letter in value.atoms(Symbol, Str):
            yield str(letter.name)
    elif isinstance(value, MatrixSDE):
        yield from _names((*value.equations, *value.equations.values()))
    elif isinstance(value, Mapping):
        yield from (name for name in value if isinstance(name, str))
        yield from _names([*value, *value.values()])
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _names(item)
    elif is_dataclass(value) and not isinstance(value, type | NumericSDE):
        # The names that a system of functions has are those of arguments.
        yield from _names([getattr(value, field.name) for field in fields(value)])
