"""Errors of the walkthroughs: one line that names what is wrong, its value and the remedy."""

from __future__ import annotations

__all__ = ["CellError", "NotebookError"]


class NotebookError(Exception):
    """A walkthrough that cannot be read, or a name that is not there."""


class CellError(Exception):
    """A cell that does not run as it should; ``str`` is what to print, in a few lines."""

    def __init__(self, notebook: str, cell: int, what: str, line: str = "") -> None:
        self.notebook, self.cell, self.what, self.line = notebook, cell, what, line
        super().__init__(notebook, cell, what, line)

    def __str__(self) -> str:
        """The notebook, the cell counted from 1, the line of its source, and what happened."""
        head = f"{self.notebook}: cell {self.cell}: {self.what}"
        return f"{head}\n    {self.line}" if self.line else head
