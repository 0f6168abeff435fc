"""Tasks that worker processes are given in the tests: quick, failing, deadly."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path


def square(number: int) -> int:
    return number * number


def threads_inside(number: int) -> tuple[int, list[int]]:
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    return os.getpid(), [library["num_threads"] for library in threadpool_info()]


def killed_at_three(number: int) -> int:
    """Three kills its process whenever it is asked."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def killed_once(path: str) -> str:
    """The first to come kills its process: memory that was short for a moment."""
    marker = Path(path).parent / "killed"
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Path(path).name


def failing_at_two(number: int) -> int:
    if number == 2:
        raise ValueError("number=2: not this one")
    return number


def deaf_at_one(number: int) -> int:
    """One stays in compiled code that holds the interpreter: no signal is looked at."""
    if number == 1:
        ctypes.PyDLL(None).sleep(60)
    return number


def slow(number: int) -> int:
    time.sleep(30)
    return number
