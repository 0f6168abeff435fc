"""The time limit against code that does all it can to go on."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable

import pytest

from verify.errors import TimeLimitError, UsageError
from verify.runs.time_limit import limited


def sleeping() -> None:
    time.sleep(60)


def busy() -> None:
    while True:
        sum(range(1000))


def catching() -> None:
    while True:
        with contextlib.suppress(Exception):
            busy()


def swallowing() -> None:
    while True:
        try:
            busy()
        except BaseException:  # noqa: BLE001
            continue


def swallowing_twice() -> None:
    while True:
        with contextlib.suppress(BaseException):
            swallowing()


def swallowing_and_sleeping() -> None:
    while True:
        try:
            time.sleep(60)
        except:  # noqa: E722
            continue


@pytest.mark.parametrize(
    "endless",
    [sleeping, busy, catching, swallowing, swallowing_twice, swallowing_and_sleeping],
    ids=lambda function: function.__name__,
)
def test_what_does_not_end_is_stopped(endless: Callable[[], None]) -> None:
    started = time.perf_counter()
    with pytest.raises(TimeLimitError, match=r"the time limit of 0\.1 s"), limited(0.1):
        endless()
    assert time.perf_counter() - started < 10


def test_what_swallows_the_error_and_ends_is_late_all_the_same() -> None:
    with pytest.raises(TimeLimitError), limited(0.05), contextlib.suppress(BaseException):
        busy()


def test_the_limit_is_lifted_afterwards() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with limited(0.05):
        pass
    with pytest.raises(TimeLimitError), limited(0.02):
        busy()
    time.sleep(0.1)
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_another_error_comes_through() -> None:
    with pytest.raises(ZeroDivisionError), limited(1):
        1 / 0  # noqa: B018


def within(inner: float) -> None:
    try:
        with limited(inner):
            swallowing()
    except TimeLimitError as error:
        # The limit that is over first is the one that is named.
        if f"limit of {min(inner, 0.3)} s" not in str(error):
            raise AssertionError(str(error)) from error
    busy()


@pytest.mark.parametrize("inner", [0.05, 60.0])
def test_limits_may_stand_in_each_other(inner: float) -> None:
    started = time.perf_counter()
    with pytest.raises(TimeLimitError, match=r"limit of 0\.3 s"), limited(0.3):
        within(inner)
    assert time.perf_counter() - started < 10


def test_a_thread_has_no_alarm() -> None:
    seen = []

    def work() -> None:
        with limited(0.01):
            time.sleep(0.05)
        seen.append("end")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["end"]


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="seconds=0: give a positive"):
        limited(0)
