"""Where the results of a command go: files asked for, standard output, the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from verify.errors import UsageError
from verify.printable import printable

from .writing import writable, write

if TYPE_CHECKING:
    from rich.console import Console

    from .store import Store

__all__ = [
    "Output",
    "complain",
    "console",
    "emit",
    "given",
    "made",
    "telling",
    "telling_what_is_kept",
    "wanted",
]

Output: TypeAlias = tuple[str, Path | None]
"""A kind of text and its file; None is standard output."""


def wanted(json_path: str | None, junit_path: str | None, folder: str | None) -> list[Output]:
    """What to write where, each place tried before the work begins.

    Raises
    ------
    UsageError
        Naming the place that cannot be written.
    """
    found: list[Output] = []
    if json_path is not None:
        found.append(("json", None if json_path == "-" else _file("--json", json_path)))
    if junit_path is not None:
        if junit_path == "-":
            raise UsageError("--junit -: standard output is for --json; give the name of a file")
        found.append(("junit", _file("--junit", junit_path)))
    if json_path is not None and json_path == junit_path:
        raise UsageError(f"--json, --junit: got {json_path} for both; give two files")
    if folder is not None:
        root = made(Path(given("--report", folder)))
        from verify.report.folder import check_folder

        check_folder(root)
        found.append(("json", writable(root / "verdicts.json")))
        found.append(("certificate", writable(root / "certificate.json")))
        found.append(("markdown", writable(root / "verdicts.md")))
    return found


def given(option: str, name: str) -> str:
    """The name that an option gives.

    Raises
    ------
    UsageError
        If it is empty, which a path would take for the working folder.
    """
    if not name:
        raise UsageError(f"{option}: got an empty name; give one")
    return name


def _file(option: str, name: str) -> Path:
    if Path(given(option, name)).suffix == ".py":
        raise UsageError(f"{option} {name}: would be in the place of Python; give another name")
    return writable(Path(name))


def made(folder: Path) -> Path:
    """The folder, made with all above it if it is not there.

    Raises
    ------
    UsageError
        Naming the folder that cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be made ({error.strerror}); give another folder"
        ) from None
    return folder


def emit(outputs: Sequence[Output], texts: Mapping[str, Callable[[], str]]) -> None:
    """Write every text to its place.

    Raises
    ------
    UsageError
        Naming the file that cannot be written; nothing of it is left.
    """
    for kind, path in outputs:
        if path is None:
            click.echo(texts[kind](), nl=False)
            continue
        try:
            write(path, texts[kind]())
        except OSError as error:
            raise UsageError(f"{path}: cannot be written ({error.strerror})") from None


def complain(line: str) -> None:
    """One line on standard error."""
    click.echo(f"verify: {printable(line)}", err=True)


def telling(troubles: list[str]) -> Callable[[str], None]:
    """Tells an error in a claim file at once, and keeps it: the other claims are still judged."""

    def told(trouble: str) -> None:
        troubles.append(trouble)
        complain(trouble)

    return told


@contextmanager
def telling_what_is_kept(store: Store) -> Iterator[None]:
    """Say at a Ctrl-C how much of the work is not lost."""
    try:
        yield
    except KeyboardInterrupt:
        complain(f"{store.kept} new verdicts are kept in {store.folder}; --resume goes on")
        raise


def console(*, error: bool) -> Console:
    """The terminal, or what stands for it: standard error or standard output."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    # A table that is piped into a file keeps its columns whatever the terminal was.
    return Console(file=stream, width=None if stream.isatty() else 200, highlight=False)
