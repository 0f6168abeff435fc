"""A time limit for code that need not cooperate.

Seconds are those of the processor, so that a machine with other work to do ends nothing.  Code that
waits uses none: it is stopped after as many seconds by the clock if it hardly computed in them, and
after a few times as many whatever it did.

The alarm raises `TimeLimitError` in the middle of the block.  It is no `Exception`, so ``except
Exception`` does not catch it; and where a bare ``except`` swallows it, the alarm rings again and
again, at changing distances, until it rings outside of every ``try`` that swallows it.

What it cannot interrupt is a single call of compiled code that does not end: a signal is looked at
between two instructions of Python.  Worker processes have a second alarm for that, see
`verify.runs.workers`.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

from verify.errors import TimeLimitError, UsageError

__all__ = ["BY_CLOCK", "limited"]

# Time to clean up before the second ring; then sweeps of ever shorter distances, so that no loop of
# the caller's keeps in step with them and some ring falls between ``except`` and the next ``try``.
FIRST_PAUSE = 0.2
LONGEST_PAUSE, SHORTEST_PAUSE = 1e-3, 2e-6
SHRINKING = 0.93

WAITING = 0.05
"""What computes in less than this part of its time waits for something, not for the processor."""

BY_CLOCK = 5.0
"""By the clock a limit is over after so many times its seconds."""


def limited(seconds: float) -> AbstractContextManager[None]:
    """A block that TimeLimitError leaves after this many seconds of processor time.

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
    outer = signal.getsignal(signal.SIGALRM)
    if not isinstance(outer, _Alarm):
        return _Alarm(seconds)
    return nullcontext() if outer.left() <= seconds else _Alarm(seconds, outer.until)


class _Alarm:
    """The block and the handler of its signal: raises, and sets the clock for the next ring."""

    def __init__(self, seconds: float, until: float = math.inf) -> None:
        self.seconds = seconds
        self.until = min(time.monotonic() + BY_CLOCK * seconds, until)
        self._over = self._rung = self._setting = False
        self._pause = FIRST_PAUSE

    def __enter__(self) -> None:
        self._started, self._used = time.monotonic(), time.process_time()
        self._before = signal.signal(signal.SIGALRM, self)
        self._outer, _ = signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def left(self) -> float:
        """Seconds of the processor until it rings."""
        return self.seconds - (time.process_time() - self._used)

    def _later(self) -> float:
        """Seconds by the clock after which to look again; 0 if the time is over."""
        now, left = time.monotonic(), self.left()
        waits = self.seconds - left < WAITING * (now - self._started)
        if self._rung or waits or left <= 0 or now >= self.until:
            return 0.0
        return max(min(left, self.until - now), SHORTEST_PAUSE)

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
        later = self._later()
        if later:
            signal.setitimer(signal.ITIMER_REAL, later)
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
