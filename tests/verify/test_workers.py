"""Worker processes: every result once, whatever happens to a process."""

from __future__ import annotations

import _thread
import threading
import time
from pathlib import Path
from typing import Any

import joblib
import pytest

from tests.verify import tasks
from verify.runs.workers import results


def lost(job: Any, reason: str) -> str:
    return f"{job} lost: {reason}"


def gathered(task: Any, jobs: Any, workers: int = 2, seconds: float = 0.0) -> list[Any]:
    found = list(results(task, jobs, workers=workers, lost=lost, seconds=seconds))
    assert sorted(index for index, _ in found) == list(range(len(jobs)))
    return [result for _, result in sorted(found)]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_has_its_result(workers: int) -> None:
    assert gathered(tasks.square, range(9), workers) == [n * n for n in range(9)]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_job_is_no_result(workers: int) -> None:
    assert gathered(tasks.square, [], workers) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_through(workers: int) -> None:
    with pytest.raises(ValueError, match="number=2: not this one"):
        gathered(tasks.failing_at_two, range(5), workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_one_thread_inside_the_linear_algebra(workers: int) -> None:
    for _, threads in gathered(tasks.threads_inside, range(2), workers):
        assert threads
        assert set(threads) == {1}


def test_a_task_that_kills_its_process_is_named_and_the_others_are_done() -> None:
    found = gathered(tasks.killed_at_three, range(8))
    assert found[3].startswith("3 lost: its process died twice")
    assert "SIGKILL" in found[3]
    assert found[:3] + found[4:] == [n * n for n in range(8) if n != 3]


def test_a_process_that_dies_once_costs_nothing(tmp_path: Path) -> None:
    names = [str(tmp_path / f"{n}") for n in range(4)]
    assert gathered(tasks.killed_once, names) == ["0", "1", "2", "3"]


def test_compiled_code_that_does_not_end_is_ended() -> None:
    started = time.perf_counter()
    found = gathered(tasks.deaf_at_one, range(3), seconds=0.5)
    assert found[1].startswith("1 lost")
    assert found[::2] == [0, 2]
    assert time.perf_counter() - started < 30


def test_the_caller_chooses_the_backend() -> None:
    with joblib.parallel_config(backend="threading"):
        found = gathered(tasks.threads_inside, range(4))
    # Threads of this process, and no other process.
    assert len({process for process, _ in found}) == 1
    alone = gathered(tasks.threads_inside, range(1))
    assert {process for process, _ in found} == {process for process, _ in alone}


def test_an_interrupt_does_not_wait_for_the_tasks() -> None:
    started, over = time.perf_counter(), threading.Event()

    def interrupt() -> None:
        # Python drops an interrupt that comes within a finalizer: then Ctrl-C is pressed again.
        while not over.wait(1.0):
            _thread.interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            gathered(tasks.slow, range(4))
    finally:
        over.set()
    assert time.perf_counter() - started < 15
