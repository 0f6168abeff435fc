"""Cells run in a fresh kernel; what they print and draw, or in a few lines why they fail."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notebooks.errors import CellError

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

__all__ = ["Output", "Source", "run"]

CELL_SECONDS = 120
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"Cell In\[(\d+)\], line (\d+)")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Python to be run, and the number of the cell in the notebook that it belongs to."""

    code: str
    cell: int
    name: str = ""
    """What it is where it is not the cell itself: "solution"."""


Output = dict[str, Any]


async def run(notebook: str, sources: Sequence[Source]) -> list[list[Output]]:
    """The outputs of each source, run one after the other in one fresh kernel.

    The kernel is this interpreter, in an empty folder of its own, without the user's settings.

    Raises
    ------
    CellError
        If one raises, takes more than two minutes, ends its kernel, or writes to standard error.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    v4: Any = nbformat.v4
    cells = [v4.new_code_cell(source.code) for source in sources]
    book = v4.new_notebook(cells=cells)
    with _empty_folder() as folder:
        client = NotebookClient(
            book,
            km=_manager(folder),
            timeout=CELL_SECONDS,
            coalesce_streams=True,
            shutdown_kernel="immediate",
        )
        settings = {"env": _environment(folder), "cwd": str(folder / "work")}
        async with client.async_setup_kernel(cleanup_kc=True, **settings):
            _let_interrupt()
            for number, (cell, source) in enumerate(zip(cells, sources, strict=True)):
                try:
                    await client.async_execute_cell(cell, number, store_history=True)
                except CellExecutionError as error:
                    raise _failed(notebook, source, number + 1, error) from None
                except CellTimeoutError:
                    what = f"did not end in {CELL_SECONDS} seconds; make it do less"
                    raise CellError(notebook, source.cell, what) from None
                except DeadKernelError:
                    raise CellError(notebook, source.cell, "ended its kernel") from None
                _require_silence(notebook, source, cell)
    return [list(cell.outputs) for cell in cells]


def _let_interrupt() -> None:
    """Ctrl-C ends the build as it ends other programs; nbclient has put a handler of its own."""
    with suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)


@contextmanager
def _empty_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="notebook-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "work").mkdir()
        yield folder


def _environment(folder: Path) -> dict[str, str]:
    """One thread, so that no sum depends on how many there are; inline pictures; no profile."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {
        **os.environ,
        **dict.fromkeys(threads, "1"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(folder / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _manager(folder: Path) -> AsyncKernelManager:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class ThisInterpreter(KernelSpecManager):  # type: ignore[misc, unused-ignore]
        """Only the interpreter that builds, whatever kernels are installed."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            """Return the kernel of this interpreter."""
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            options = ["--HistoryManager.enabled=False"]
            return KernelSpec(argv=[*command, *options], language="python")

    return AsyncKernelManager(
        kernel_spec_manager=ThisInterpreter(),
        connection_file=str(folder / "kernel.json"),
        transport="ipc" if os.name == "posix" else "tcp",
    )


def _failed(notebook: str, source: Source, count: int, error: Any) -> CellError:
    """The error of a cell, with the line of the cell in which it arose."""
    trace = _COLOUR.sub("", error.traceback or "")
    lines = [int(line) for cell, line in _LINE.findall(trace) if int(cell) == count]
    text = source.code.splitlines()
    line = text[lines[-1] - 1].strip() if lines and lines[-1] <= len(text) else ""
    where = f"{source.name}, " if source.name else ""
    at = f"{where}line {lines[-1]}: " if lines else f"{where}".replace(", ", ": ")
    evalue = _COLOUR.sub("", str(error.evalue)).strip().splitlines()
    what = f"{at}{error.ename}: {' '.join(evalue[:3])}".rstrip(": ")
    return CellError(notebook, source.cell, what, line)


def _require_silence(notebook: str, source: Source, cell: Any) -> None:
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            first = _COLOUR.sub("", output.text).strip().splitlines() or [""]
            what = f"writes to standard error: {first[0]:.200}"
            raise CellError(notebook, source.cell, what)
