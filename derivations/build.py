"""``python -m derivations.build``: kernels, LaTeX, expositions, the manifest; from the theorems.

What is written depends on the sources alone: no time stamps, no order of hashing.  A theorem whose
sources and outputs have the hashes of the manifest is left alone, and SymPy is not asked.  Files
are written under another name and renamed, and each theorem is entered in the manifest when it is
done, so that an interrupted build loses nothing.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from derivations.errors import DerivationError
from derivations.garbage import look_rarely
from derivations.manifest import Entry, Manifest, digest, digest_of, put
from derivations.places import PROVENANCE, Places
from derivations.usage import run

if TYPE_CHECKING:
    from derivations.claim import Theorem

__all__ = ["Report", "build", "check", "check_anew", "main"]

ROOT = Path(__file__).resolve().parent.parent
MOST_WORKERS = 4


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a build did, or what a check found: relative names of files, and errors."""

    written: tuple[str, ...] = ()
    current: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


Load = Callable[[str], "Theorem"]
Say = Callable[[str], None]
Made = tuple[dict[str, str], Entry]


def build(
    places: Places, theorems: Sequence[str], load: Load, say: Say, *, workers: int = 1
) -> Report:
    """Bring the outputs of some theorems up to date, and remove what belongs to none.

    Parameters
    ----------
    places
        Where to read and write.
    theorems
        Ids of theorems; all of them where none is given.
    load
        Gives the theorem of an id; a function of a module where there are several workers.
    say
        Takes a line of progress.
    workers
        Number of processes.
    """
    removed = _remove_orphans(places)
    manifest = Manifest.read(places.manifest).only(places.theorems())
    shared = places.shared()
    waiting, current = _sorted_out(places, manifest, shared, theorems)
    written, errors = [], []
    for name, made in _progress(places, waiting, load, shared, say, workers):
        if isinstance(made, DerivationError):
            errors.append(f"{name}: {made}")
            continue
        texts, entry = made
        for output, text in texts.items():
            put(places.root / output, text)
        manifest = manifest.with_entry(name, entry)
        put(places.manifest, manifest.text())
        written.append(name)
    put(places.manifest, manifest.text())
    return Report(
        written=tuple(written),
        current=tuple(current),
        removed=tuple(removed),
        errors=tuple(errors),
    )


def check(places: Places, theorems: Sequence[str]) -> Report:
    """Compare sources and outputs with the hashes of the manifest; nothing is derived or written.

    What was generated from other sources, or edited since, is told; that the manifest itself tells
    the truth is for `check_anew` to find out.
    """
    manifest = Manifest.read(places.manifest)
    shared = places.shared()
    stale = []
    for name in theorems or places.theorems():
        entry = manifest.entries.get(name)
        stale += [
            said
            for output in places.outputs(name)
            if (said := _differs(places, output, entry.outputs.get(output) if entry else None))
        ]
        if entry is None or not places.is_of_sources(name, entry, shared):
            stale.append(f"{_relative(places)}: the entry of {name} is out of date")
    return Report(stale=(*_strangers(places, manifest), *stale))


def check_anew(
    places: Places, theorems: Sequence[str], load: Load, say: Say, *, workers: int = 1
) -> Report:
    """Derive everything again and compare byte by byte; no hash is trusted, nothing is written."""
    names = list(theorems) or list(places.theorems())
    manifest = Manifest.read(places.manifest)
    stale = _strangers(places, manifest)
    errors: list[str] = []
    for name, made in _progress(places, names, load, places.shared(), say, workers):
        if isinstance(made, DerivationError):
            errors.append(f"{name}: {made}")
            continue
        texts, entry = made
        stale += [
            said
            for output, text in texts.items()
            if (said := _differs(places, output, digest(text)))
        ]
        if manifest.entries.get(name) != entry:
            stale.append(f"{_relative(places)}: the entry of {name} is out of date")
    return Report(stale=tuple(stale), errors=tuple(errors))


def _differs(places: Places, output: str, sha: str | None) -> str:
    """In words, how an output is not what it is to be by its hash; nothing if it is."""
    path = places.root / output
    if not path.exists():
        return f"{output}: is missing"
    if sha is not None and digest_of(path) != sha:
        return f"{output}: differs from what a build writes"
    return ""


def _strangers(places: Places, manifest: Manifest) -> list[str]:
    """Files and entries of theorems that are no more."""
    gone = sorted(set(manifest.entries) - set(places.theorems()))
    return [
        *(f"{name}: belongs to no theorem" for name in places.orphans()),
        *(f"{_relative(places)}: {name} is no theorem any more" for name in gone),
    ]


def _progress(
    places: Places, names: Sequence[str], load: Load, shared: str, say: Say, workers: int
) -> Iterator[tuple[str, Made | DerivationError]]:
    """What each theorem gives, as it is done; what it gives does not depend on the workers."""
    done = _in_turn if min(workers, len(names)) < 2 else _side_by_side
    for number, (name, made) in enumerate(done(places, names, load, shared, workers), 1):
        say(f"[{number}/{len(names)}] {name}")
        yield name, made


def _in_turn(
    places: Places, names: Sequence[str], load: Load, shared: str, _: int
) -> Iterator[tuple[str, Made | DerivationError]]:
    for name in names:
        yield name, _attempted(places, name, load, shared)


def _side_by_side(
    places: Places, names: Sequence[str], load: Load, shared: str, workers: int
) -> Iterator[tuple[str, Made | DerivationError]]:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    # The longest first, so that none is left over at the end: long to write is long to make.
    names = sorted(names, key=lambda name: -_length(places, name))
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=look_rarely
    ) as pool:
        tasks = {pool.submit(_attempted, places, name, load, shared): name for name in names}
        try:
            for task in as_completed(tasks):
                yield tasks[task], task.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _length(places: Places, name: str) -> int:
    """How long the outputs of a theorem are at present."""
    files = (places.root / output for output in places.outputs(name))
    return sum(path.stat().st_size for path in files if path.exists())


def _attempted(places: Places, name: str, load: Load, shared: str) -> Made | DerivationError:
    try:
        return _generated(places, name, load, shared)
    except DerivationError as error:
        return error


def _relative(places: Places) -> str:
    return places.manifest.relative_to(places.root).as_posix()


def _remove_orphans(places: Places) -> list[str]:
    orphans = places.orphans()
    for name in orphans:
        (places.root / name).unlink()
    return orphans


def _sorted_out(
    places: Places, manifest: Manifest, shared: str, theorems: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The theorems to be built, and those whose hashes are those of the manifest."""
    waiting: list[str] = []
    current: list[str] = []
    for name in theorems or places.theorems():
        same = places.is_current(name, manifest.entries.get(name), shared)
        (current if same else waiting).append(name)
    return waiting, current


def _generated(places: Places, name: str, load: Load, shared: str) -> Made:
    """The texts of a theorem's outputs, and its entry in the manifest."""
    from derivations.codegen.document import theorem_latex
    from derivations.codegen.module import module_source
    from derivations.derive import once
    from derivations.exposition import expositions_text
    from derivations.expounding import expound

    source = places.theorems()[name]
    theorem = load(name)
    origin = f"Source: {source.relative_to(places.root).as_posix()}."
    kernels, latex, expositions = places.outputs(name)
    make = once()
    shown = [expound(claim, make) for claim in theorem.claims]
    texts = {
        kernels: module_source(_header(theorem.title, origin), theorem.claims, make=make),
        latex: theorem_latex(theorem, shown, f"{PROVENANCE} {origin}"),
        expositions: expositions_text(shown, f"{PROVENANCE} {origin}"),
    }
    entry = Entry(
        source=digest_of(source),
        shared=shared,
        claims=tuple(claim.id for claim in theorem.claims),
        outputs={output: digest(text) for output, text in texts.items()},
    )
    return texts, entry


def _header(title: str, origin: str) -> str:
    """The docstring of a module of kernels."""
    title = title.rstrip(".")
    first = f"Kernels: {title}."
    if len(first) > 97:
        first = f"Kernels of a theorem.\n\n{textwrap.fill(title, 100)}."
    return f"{first}\n\n{PROVENANCE}\n{origin}\n"


def _theorems_of(places: Places, ids: Sequence[str], load: Load) -> list[str]:
    """The theorems that ids of theorems or claims name."""
    from derivations.catalogue import nearest

    names = places.theorems()
    found: list[str] = []
    for id_ in ids:
        name = id_.split(".")[0]
        if name not in names:
            raise DerivationError(f"no theorem {name!r}; {nearest(id_, names)}")
        if id_ != name:
            claims = [claim.id for claim in load(name).claims]
            if id_ not in claims:
                raise DerivationError(f"no claim {id_!r}; there are {', '.join(claims)}")
        if name not in found:
            found.append(name)
    return found


def _load(name: str) -> Theorem:
    from derivations.catalogue import find_theorem

    return find_theorem(name)


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if out of date.")
@click.option("--anew", is_flag=True, help="With --check: derive all again and trust no hash.")
def main(ids: tuple[str, ...], only_check: bool, anew: bool) -> None:
    """Write what is generated from every theorem, or from those of each ID.

    --check compares sources and outputs with the hashes of the last build, in a second; with --anew
    everything is derived again and compared byte by byte, as CI does.

    Exit code 0: up to date; 1: --check found something stale; 2: unknown ID, or a theorem from
    which nothing can be made.
    """
    places = Places(root=ROOT)

    def say(line: str) -> None:
        if sys.stderr.isatty():
            click.echo(line, err=True)

    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    try:
        if anew and not only_check:
            raise DerivationError("--anew: belongs to a check; give --check --anew")
        names = _theorems_of(places, ids, _load)
        if only_check and not anew:
            report = check(places, names)
        else:
            work = check_anew if anew else build
            report = work(places, names, _load, say, workers=workers)
    except DerivationError as error:
        click.echo(f"build: {error}", err=True)
        sys.exit(2)
    for line in report.errors:
        click.echo(f"build: {line}", err=True)
    for line in report.stale:
        click.echo(f"stale: {line}")
    if only_check:
        count = len(report.stale)
        click.echo(f"{count} stale; run python -m derivations.build" if count else "up to date")
    else:
        click.echo(
            f"{len(report.written)} written, {len(report.current)} up to date, "
            f"{len(report.removed)} files removed"
        )
    sys.exit(2 if report.errors else 1 if report.stale else 0)


if __name__ == "__main__":
    run(main, "build")
