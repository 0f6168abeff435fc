"""The time limit against code that does all it can to go on."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable

import pytest

from verify.errors import TimeLimitError, UsageError
from verify.runs.time_limit import BY_CLOCK, limited


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


def slowed(monkeypatch: pytest.MonkeyPatch, times: float) -> None:
    """The processor has so many times as much to do, as if others had the rest of it."""
    real = time.process_time
    monkeypatch.setattr(time, "process_time", lambda: real() / times)


def test_a_machine_with_other_work_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is of processor time: what computes for half of it may take longer by the clock."""
    slowed(monkeypatch, 3)
    used = time.process_time()
    with limited(0.2):
        while time.process_time() - used < 0.1:
            pass
    started = time.perf_counter()
    with pytest.raises(TimeLimitError, match=r"limit of 0\.1 s"), limited(0.1):
        busy()
    assert time.perf_counter() - started > 0.25


def test_what_hardly_computes_is_stopped_by_the_clock() -> None:
    def waiting() -> None:
        while True:
            time.sleep(0.01)

    started = time.perf_counter()
    with pytest.raises(TimeLimitError), limited(0.5):
        waiting()
    assert time.perf_counter() - started < 0.5 * BY_CLOCK


def test_by_the_clock_there_is_an_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What gets a tenth of the processor is stopped long before it had its seconds."""
    slowed(monkeypatch, 10)
    started = time.perf_counter()
    with pytest.raises(TimeLimitError, match=r"limit of 0\.1 s"), limited(0.1):
        busy()
    assert 0.1 * BY_CLOCK <= time.perf_counter() - started < 0.9


def test_a_limit_within_another_ends_with_it_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    slowed(monkeypatch, 10)
    started = time.perf_counter()
    with pytest.raises(TimeLimitError), limited(0.1), limited(0.09):
        busy()
    assert time.perf_counter() - started < 0.9
