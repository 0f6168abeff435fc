"""A time limit for code that need not cooperate.

The alarm raises `TimeLimitError` in the middle of the block.  It is no `Exception`, so ``except
Exception`` does not catch it; and where a bare ``except`` swallows it, the alarm rings again and
again, at changing distances, until it rings outside of every ``try`` that swallows it.

What it cannot interrupt is a single call of compiled code that does not end: a signal is looked at
between two instructions of Python.  Worker processes have a second alarm for that, see
`verify.runs.workers`.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

from verify.errors import TimeLimitError, UsageError

__all__ = ["limited"]

# Time to clean up before the second ring; then sweeps of ever shorter distances, so that no loop of
# the caller's keeps in step with them and some ring falls between ``except`` and the next ``try``.
FIRST_PAUSE = 0.2
LONGEST_PAUSE, SHORTEST_PAUSE = 1e-3, 2e-6
SHRINKING = 0.93


def limited(seconds: float) -> AbstractContextManager[None]:
    """A block that TimeLimitError leaves after this many seconds.

    Limits may stand in each other; the one that is over first rings.  Needs the alarm signal of
    Unix and the main thread; elsewhere the block runs without a limit.

    Raises
    ------
    TimeLimitError
        When the time is over; a BaseException.
    UsageError
        If the number of seconds is not positive.

    Examples
    --------
    >>> with limited(60):
    ...     1 + 1
    2
    """
    if not seconds > 0:
        raise UsageError(f"seconds={seconds}: give a positive number of seconds")
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        return nullcontext()
    if isinstance(signal.getsignal(signal.SIGALRM), _Alarm):
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        if 0 < left <= seconds:
            return nullcontext()
    return _Alarm(seconds)


class _Alarm:
    """The block and the handler of its signal: raises, and sets the clock for the next ring."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._over = self._rung = self._setting = False
        self._pause = FIRST_PAUSE

    def __enter__(self) -> None:
        self._started = time.monotonic()
        self._before = signal.signal(signal.SIGALRM, self)
        self._outer, _ = signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        # The first line is reached always: no ring raises in here.
        self._over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        if self._outer:
            left = self._outer - (time.monotonic() - self._started)
            signal.setitimer(signal.ITIMER_REAL, max(left, SHORTEST_PAUSE), LONGEST_PAUSE)
        if self._rung and kind is None:
            # The block swallowed the error and came to its end, too late.
            raise self._error()

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        if self._over or self._setting or (frame and frame.f_code is _Alarm.__exit__.__code__):
            return
        self._rung = self._setting = True
        # A ring so early that it comes in here is lost, but not those after it.
        signal.setitimer(signal.ITIMER_REAL, self._pause, LONGEST_PAUSE)
        self._pause *= SHRINKING
        if not SHORTEST_PAUSE < self._pause < LONGEST_PAUSE:
            self._pause = LONGEST_PAUSE
        self._setting = False
        raise self._error()

    def _error(self) -> TimeLimitError:
        return TimeLimitError(f"stopped after the time limit of {self.seconds:g} s")
