"""A progress bar that stays away from files, pipes and short work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["bar"]


@contextmanager
def bar(what: str, stream: TextIO, quiet: float) -> Iterator[Callable[[int, int, str], None]]:
    """Yield ``advance(done, total, label)``; the bar appears after ``quiet`` seconds.

    On anything but a terminal nothing is ever printed.
    """
    if not stream.isatty():
        yield lambda done, total, label: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[label]}"),
        console=Console(file=stream),
        transient=True,
    )
    task = progress.add_task(what, total=None, label="")
    timer = threading.Timer(quiet, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda done, total, label: progress.update(
            task, completed=done, total=total, label=label
        )
    finally:
        timer.cancel()
        timer.join()
        progress.stop()
