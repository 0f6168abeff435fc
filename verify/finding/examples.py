"""A counter-example in words: every letter of a small point, and both numbers there."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .finding import CounterExample
from .measured import Row
from .shrink import Small
from .small_values import plain, shown
from .stated import StatedPart
from .wording import entry_words, letter

__all__ = ["example"]

ROUNDING = 1e-11
"""What is left of numbers of size one that cancel each other."""


def example(part: StatedPart, small: Small, row: Row, stated: Any) -> CounterExample:
    """The counter-example at a small point where a row is not as stated."""
    at = {name: str(n) for name, n in small.sizes.items()}
    at |= {letter(name): shown(x) for name, x in sorted(small.point.items())}
    along = {letter(name): shown(plain(x)) for name, x in (row.along or {}).items()}
    exact = isinstance(row.measured, Fraction) and isinstance(stated, Fraction)
    return CounterExample(
        part=part.name,
        at={**at, **along},
        entry=entry_words(row),
        measured=shown(_rounded(row.measured, row)),
        claimed=shown(_rounded(stated, row)),
        exact=exact,
        against=part.against,
    )


def _rounded(value: Any, row: Row) -> Any:
    """0 for what is but rounding."""
    if isinstance(value, Fraction):
        return value
    return 0 if abs(float(value)) <= max(row.error, ROUNDING * row.scale) else value
