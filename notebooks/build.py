"""``python -m notebooks.build``: write and run the walkthroughs, or check that they are current.

Each walkthrough runs in a fresh kernel, several side by side.  A notebook is put in its place as a
whole, once all its cells have run.  ``--check`` runs them too and writes nothing: source and text
are compared byte for byte, pictures pixel by pixel (`notebooks.comparison`).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from derivations.usage import run
from notebooks.errors import CellError, NotebookError
from notebooks.groups import Places
from notebooks.index import index_text

__all__ = ["Report", "build", "check", "main"]

REMEDY = "python -m notebooks.build"
Say = Callable[[str], None]
Made = str | CellError | NotebookError
Finished = Callable[[str, Made], None]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a build wrote or a check found: names of notebooks, what is stale, errors."""

    written: tuple[str, ...] = ()
    current: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def build(places: Places, groups: Sequence[str], say: Say, *, workers: int = 2) -> Report:
    """Run the walkthroughs of some groups and write their notebooks; all where none is named.

    The list of all is written with them.

    Raises
    ------
    NotebookError
        If a group is not there.
    """
    from derivations.manifest import put

    written: list[str] = []
    current: list[str] = []
    errors: list[str] = []

    def finished(group: str, made: Made) -> None:
        path = places.notebook(group)
        if isinstance(made, Exception):
            errors.append(str(made))
        elif _differing(places, group, made):
            put(path, made)
            written.append(path.name)
        else:
            current.append(path.name)

    _run(places, places.chosen(groups), say, workers, finished)
    if not errors:
        put(places.index, index_text(places))
    removed = [] if groups else [path.name for path in places.orphans()]
    for name in removed:
        (places.folder / name).unlink()
    return Report(
        written=tuple(written),
        current=tuple(current),
        removed=tuple(removed),
        errors=tuple(errors),
    )


def check(places: Places, groups: Sequence[str], say: Say, *, workers: int = 2) -> Report:
    """Run the walkthroughs and compare; nothing is written.

    Raises
    ------
    NotebookError
        If a group is not there.
    """
    stale: list[str] = []
    current: list[str] = []
    errors: list[str] = []

    def finished(group: str, made: Made) -> None:
        name = places.notebook(group).name
        if isinstance(made, Exception):
            errors.append(str(made))
            return
        found = _differing(places, group, made)
        if found:
            more = f" (and {len(found) - 1} more)" if found[1:] else ""
            stale.append(f"{name}: {found[0]}{more}")
        else:
            current.append(name)

    _run(places, places.chosen(groups), say, workers, finished)
    if not errors and not _is_current(places):
        stale.append(f"{places.index.name}: is not the list of what is there")
    if not groups:
        stale += [f"{path.name}: no walkthrough stands for it" for path in places.orphans()]
    return Report(stale=tuple(stale), current=tuple(current), errors=tuple(errors))


def _is_current(places: Places) -> bool:
    index = places.index
    return index.exists() and index.read_text(encoding="utf-8") == index_text(places)


def _differing(places: Places, group: str, made: str) -> tuple[str, ...]:
    from notebooks.comparison import differences

    path = places.notebook(group)
    if not path.exists():
        return ("is missing",)
    return differences(path.read_text(encoding="utf-8"), made)


def _run(places: Places, groups: Sequence[str], say: Say, workers: int, finished: Finished) -> None:
    """Hand over the text of each notebook, or why there is none, as soon as it is there."""
    if workers < 1:
        raise NotebookError(f"workers={workers}: give at least one")
    asyncio.run(_side_by_side(places, groups, say, workers, finished))


async def _side_by_side(
    places: Places, groups: Sequence[str], say: Say, workers: int, finished: Finished
) -> None:
    from notebooks.notebook import notebook_text

    turns = asyncio.Semaphore(workers)
    done = 0

    async def one(group: str) -> None:
        nonlocal done
        async with turns:
            began = time.perf_counter()
            made: Made
            try:
                made = await notebook_text(group, places.walkthrough(group))
            except (CellError, NotebookError) as error:
                made = error
            done += 1
            word = "" if isinstance(made, str) else "  failed"
            took = time.perf_counter() - began
            say(f"[{done}/{len(groups)}] {group:<28} {took:5.1f} s{word}")
            finished(group, made)

    await asyncio.gather(*map(one, groups))


@click.command()
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if out of date.")
@click.option("--workers", default=2, show_default=True, help="Notebooks run side by side.")
def main(groups: tuple[str, ...], only_check: bool, workers: int) -> None:
    """Write and run the walkthrough of every GROUP, or of all.

    Exit code 0: up to date; 1: a cell fails, or --check found something stale; 2: bad usage.
    """
    work = check if only_check else build
    try:
        report = work(Places(), groups, lambda line: click.echo(line, err=True), workers=workers)
    except NotebookError as error:
        click.echo(f"build: {error}", err=True)
        sys.exit(2)
    for line in report.errors:
        click.echo(f"build: {line}", err=True)
    for line in report.stale:
        click.echo(f"stale: {line}")
    if only_check and (report.stale or report.errors):
        failed = f"{len(report.errors)} failed, " if report.errors else ""
        click.echo(f"{failed}{len(report.stale)} stale; run {REMEDY}")
    elif only_check:
        click.echo("up to date")
    else:
        click.echo(
            f"{len(report.written)} written, {len(report.current)} up to date, "
            f"{len(report.removed)} removed"
        )
    sys.exit(1 if report.errors or report.stale else 0)


if __name__ == "__main__":
    run(main, "build")
