"""``python -m verify explain``: the pages of the claims that an argument names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from verify.errors import UsageError

from .expositions import expositions_named

if TYPE_CHECKING:
    from derivations.exposition import Exposition

__all__ = ["run"]


def run(identifier: str, told: Callable[[str], None], *, latex: bool, markdown: bool) -> None:
    """Print the expositions of an id or a file: for a terminal, as a document or as Markdown.

    Raises
    ------
    UsageError
        If both are asked for.
    """
    if latex and markdown:
        raise UsageError("--latex, --markdown: got both; give one of them")
    shown = expositions_named(identifier, told)
    if latex:
        from .latex import document

        sys.stdout.write(document(shown))
    elif markdown:
        from .markdown import text

        sys.stdout.write("\n".join(map(text, shown)))
    else:
        _print(shown)


def _print(shown: Iterable[Exposition]) -> None:
    from rich.console import Console

    from .terminal import USUAL, page

    # COLUMNS, where it is set, also where a page goes to a file or a pipe.
    told = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    width = get_terminal_size((USUAL, 24)).columns if told else USUAL
    # Colours only on a terminal, and none where NO_COLOR is set; lines are not wrapped again.
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for number, exposition in enumerate(shown):
        if number:
            console.print("\n")
        console.print(page(exposition, width))
