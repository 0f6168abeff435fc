"""The code of others while it runs: what it prints is no result, and it makes no second process.

It does not end the process either, and what Python has built in is put back after it.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from typing import NoReturn, Self, final

from verify.printable import shown

__all__ = ["MOST", "Kept", "heard", "single"]

MOST = 4000
"""Characters of one file of claims, or of the functions of one claim, that are passed on."""

_END = os._exit

REST = "\n... and more, which is left out\n"


def heard(most: int = MOST) -> AbstractContextManager[object]:
    """A block whose prints go to standard error, up to so many characters of them."""
    return redirect_stdout(_Beginning(most))


@contextmanager
def single() -> Iterator[None]:
    """A block that one process leaves: a copy of it that was made in there (`os.fork`) ends."""
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            _END(0)


@final
class Kept:
    """A block that ends the process by no `os._exit`, and after which names are what they were.

    Those of Python itself, and of the modules that are loaded; what is new stays.
    """

    def __init__(self) -> None:
        self._names, self._modules = vars(builtins), sys.modules
        self._own, self._loaded = dict(self._names), dict(self._modules)
        self._end = os._exit

    def __enter__(self) -> Self:
        os._exit = _ended
        return self

    def __exit__(self, *error: object) -> None:
        # Until the first line is done, no name of Python's own can be used here.
        self._names.update(self._own)
        os._exit = self._end
        sys.modules = self._modules
        for name, module in self._loaded.items():
            self._modules.setdefault(name, module)


def _ended(status: int = 0) -> NoReturn:
    raise SystemExit(status)


class _Beginning(io.TextIOBase):
    """A text of which the first characters are passed on."""

    def __init__(self, most: int) -> None:
        self._left = most

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def write(self, text: str) -> int:
        """Pass on what there is still room for."""
        beginning, whole = shown(text[: max(self._left, 0)]), len(text) <= self._left
        if self._left > 0:
            sys.stderr.write(beginning if whole else beginning + REST)
        self._left -= len(text)
        return len(text)

    def flush(self) -> None:
        """What was passed on is seen at once."""
        if not sys.stderr.closed:
            sys.stderr.flush()
