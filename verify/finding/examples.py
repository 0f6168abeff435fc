"""A counter-example in words: every letter of a small point, and both numbers there."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .finding import CounterExample
from .measured import Row
from .shrink import Small, plain, shown
from .stated import StatedPart
from .wording import entry_words, letter

__all__ = ["example"]


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
        measured=shown(row.measured),
        claimed=shown(stated),
        exact=exact,
        against=part.against,
    )
