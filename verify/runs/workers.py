"""Tasks in worker processes: results as they come, and no harm from a process that dies.

The processes are joblib's.  Its backend is left to the caller: within

    with joblib.parallel_config(backend="dask"):
        verify.runner.run(references, Settings(workers=64))

the same tasks go to a cluster, whose machines must see the same claim files; without it they go to
processes of this machine (loky).  Every task runs with one thread inside the linear algebra, here
and in a worker, so that no sum is taken in another order because there are more cores; what it
prints goes to standard error.  What is not guaranteed: that another processor, or another build of
NumPy, rounds alike.

A worker may be killed, by the system when memory runs out or by a fault in compiled code.  Which of
the tasks it had is then unknown, so each that had begun is done once more, alone; the one that
kills its process again is reported by ``lost``, and all others go on.
"""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from derivations.garbage import look_rarely

from .strangers import Kept, heard, single

__all__ = ["one_thread", "results"]

Job = TypeVar("Job")
Result = TypeVar("Result")

WATCH = 0.5
"""Seconds after which a worker sees that the process that wanted its results is no more."""


def results(
    task: Callable[[Job], Result],
    jobs: Sequence[Job],
    *,
    workers: int,
    lost: Callable[[Job, str], Result],
    seconds: float = 0.0,
) -> Iterator[tuple[int, Result]]:
    """The number and the result of every job, as they come.

    Parameters
    ----------
    task
        A function that a worker can import.
    jobs
    workers
        How many at a time; 1 keeps all of them in this process, where nothing can be lost.
    lost
        The result of a job whose worker died twice, from the job and the reason.
    seconds
        After which a worker that does not answer to its own time limits is ended; 0 for never.
        Workers on other machines are not.

    Raises
    ------
    Exception
        What a task raises; the tasks that have begun are given up.
    """
    waiting = dict(enumerate(jobs))
    if workers == 1 or len(jobs) < 2:
        for index, job in waiting.items():
            with one_thread(), single(), heard(), Kept():
                result = task(job)
            yield index, result
        return
    worker = _Worker(task=task, parent=os.getpid(), seconds=seconds)
    while waiting:
        begun: list[int] = []
        try:
            with closing(_parallel(worker, waiting, min(workers, len(jobs)), begun)) as found:
                for index, result in found:
                    del waiting[index]
                    yield index, result
        except BrokenExecutor:
            for index in begun:
                if index in waiting:
                    yield index, _alone(worker, index, waiting.pop(index), workers, lost)


def _parallel(worker: _Worker, jobs: Mapping[int, Any], workers: int, begun: list[int]) -> Any:
    """The results of joblib, as many jobs handed out as there are workers and no more."""
    from joblib import Parallel, delayed

    def handed_out() -> Iterator[Any]:
        for index, job in tuple(jobs.items()):
            begun.append(index)
            yield delayed(worker)(index, job)

    parallel = Parallel(
        n_jobs=workers,
        return_as="generator_unordered",
        pre_dispatch=workers,
        batch_size=1,
        max_nbytes=None,
        # Taken by backends that start processes here, and of no account to the others.
        initializer=_follow,
        initargs=(worker.parent,),
    )
    with _uninterrupted():
        return parallel(handed_out())


def _alone(
    worker: _Worker, index: int, job: Job, workers: int, lost: Callable[[Job, str], Any]
) -> Any:
    try:
        ((_, result),) = _parallel(worker, {index: job}, workers, [])
    except BrokenExecutor as error:
        found = re.search(r"exit codes of the workers are \{(.*?)\}", str(error))
        codes = f" ({found[1]})" if found else ""
        return lost(job, f"its process died twice, the second time alone{codes}")
    return result


@dataclass(frozen=True, kw_only=True)
class _Worker:
    """A task with what surrounds it in a process of its own."""

    task: Callable[[Any], Any]
    parent: int
    seconds: float

    def __call__(self, index: int, job: Any) -> tuple[int, Any]:
        if os.getppid() != self.parent:
            # The machine of a cluster, or a thread of the caller's own process.
            with one_thread(), single(), heard(), Kept():
                return index, self.task(job)
        with one_thread(), single(), heard(), Kept(), _ended_after(self.seconds):
            return index, self.task(job)


def _follow(parent: int) -> None:
    """End this process when its parent has died, however it died, and not at a Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    look_rarely()
    end = os._exit  # which a job may not have

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        end(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes that start in here leave it to this one to end them when the keyboard interrupts.

    What is ignored when a process starts stays ignored in it; the moment is short.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End this process from outside of Python after this many seconds."""
    if not seconds:
        yield
        return
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def one_thread() -> Iterator[None]:
    """A block in which NumPy uses one thread: no sum depends on how many there are."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
