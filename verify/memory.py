"""What was measured, kept for as long as the declaration is the same.

Mutants of a claim that change stated forms alone leave its measured side as it is: they share one
memory, and every value is measured once.  A value is found again by what it is and where it was
taken, so a memory changes no result.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, final

import numpy as np

from numerics.errors import NumericsError

__all__ = ["Memory", "written"]

T = TypeVar("T")


@final
class Memory:
    """Values by their keys; where there was none, the error that said so."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[Any, NumericsError | None]] = {}

    def __len__(self) -> int:
        """How many values are known."""
        return len(self._found)

    def recall(self, key: Hashable, find: Callable[[], T]) -> T:
        """The value of a key, found if it is not known yet.

        Raises
        ------
        NumericsError
            As it was raised when the value was looked for.
        """
        if key not in self._found:
            try:
                self._found[key] = find(), None
            except NumericsError as error:
                self._found[key] = None, error
        value, missing = self._found[key]
        if missing is not None:
            raise missing.with_traceback(None)
        found: T = value
        return found

    def only(self, what: Hashable) -> Memory:
        """A memory of the values whose key begins with ``(what, ...)``, at whatever point."""
        kept = Memory()
        kept._found = {key: found for key, found in self._found.items() if _begins(key, what)}
        return kept


def _begins(key: Hashable, what: Hashable) -> bool:
    """Whether a key is (what was measured, where) and the first of what was measured is this."""
    match key:
        case (tuple(first), str()):
            return first[:1] == (what,)
    return False


def written(value: Any) -> str:
    """A value of a point, or a point, as text that tells it from every other.

    >>> written({"n": 3, "x": np.array([0.5])})
    'n=3 x=[0.5]'
    """
    if isinstance(value, Mapping):
        return " ".join(f"{name}={written(x)}" for name, x in value.items())
    if isinstance(value, np.ndarray):
        return str(value.tolist())
    if isinstance(value, list | tuple):
        return f"({', '.join(map(written, value))})"
    return str(value)
