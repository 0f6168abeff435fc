"""The code of others while it runs: what it prints is no result, and it makes no second process."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout

__all__ = ["MOST", "heard", "single"]

MOST = 4000
"""Characters of one file of claims, or of the functions of one claim, that are passed on."""

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
            os._exit(0)


class _Beginning(io.TextIOBase):
    """A text of which the first characters are passed on."""

    def __init__(self, most: int) -> None:
        self._left = most

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def write(self, text: str) -> int:
        """Pass on what there is still room for."""
        shown, whole = text[: max(self._left, 0)], len(text) <= self._left
        if self._left > 0:
            sys.stderr.write(shown if whole else shown + REST)
        self._left -= len(text)
        return len(text)

    def flush(self) -> None:
        """What was passed on is seen at once."""
        if not sys.stderr.closed:
            sys.stderr.flush()
