"""Work in threads beside each other that ends soon when the user stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

__all__ = ["side_by_side"]

Item = TypeVar("Item")
Result = TypeVar("Result")

PATIENCE = 1.0
"""Seconds that work which is stopped has to come to its next question."""


class _StoppedError(Exception):
    """Ends work that asked."""


def side_by_side(
    work: Callable[[Item, Callable[[], None]], Result], items: Sequence[Item], workers: int
) -> tuple[Result, ...]:
    """What ``work(item, ask)`` gives for every item, in their order, from some threads.

    An interrupt or an error ends all of it: what has not begun never does, what runs ends where it
    next calls ``ask()``, and what does not ask within `PATIENCE` seconds is left behind; its thread
    does not keep the process.

    Parameters
    ----------
    work
        Calls ``ask`` from time to time, between runs.
    items
        One call of ``work`` each.
    workers
        Threads at most.
    """
    stopped = threading.Event()
    waiting: SimpleQueue[tuple[Item, Future[Result]]] = SimpleQueue()
    futures: list[Future[Result]] = [Future() for _ in items]
    for pair in zip(items, futures, strict=True):
        waiting.put(pair)

    def ask() -> None:
        if stopped.is_set():
            raise _StoppedError

    def worker() -> None:
        while not stopped.is_set():
            try:
                item, future = waiting.get_nowait()
            except Empty:
                return
            try:
                future.set_result(work(item, ask))
            except BaseException as error:  # noqa: BLE001 - the thread that asks for it raises it
                future.set_exception(error)

    threads = [
        threading.Thread(target=worker, daemon=True) for _ in range(min(workers, len(items)))
    ]
    try:
        for thread in threads:
            thread.start()
        return tuple(future.result() for future in futures)
    except BaseException:
        stopped.set()
        for thread in filter(threading.Thread.is_alive, threads):
            thread.join(PATIENCE / len(threads))
        raise
