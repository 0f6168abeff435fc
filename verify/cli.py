"""The command line ``python -m verify``: run, replay, list, explain, mutants, new, data, ...

Exit codes: 0 every claim has the verdict it expects; 1 some claim is refuted; 2 bad usage or input,
also an error in a claim file whose other claims were judged, or verdicts that could not be kept; 3
nothing is refuted, something is open.  Results go to standard output, everything else to standard
error; with ``--json -`` standard output holds the JSON and nothing else.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .bad_input import line_of
from .planning import EFFORTS, TIERS
from .printable import is_unicode, printable, shown
from .runs import outputs

if TYPE_CHECKING:
    from .runner import Settings

__all__ = ["main"]

DEFAULT_COMMAND = "run"
QUIET_SECONDS = 2.0
LONGEST = 1000
"""Letters of a line that tells what is wrong."""

_tiers = click.option(
    "--tier",
    "tiers",
    multiple=True,
    type=click.Choice(TIERS),
    help="Only this tier; may be repeated.",
)
_effort = click.option(
    "--effort", type=click.Choice(list(EFFORTS)), default="standard", help="How much to spend."
)
_seed = click.option(
    "--seed", type=click.IntRange(min=0), default=0, help="Seed of all randomness."
)
_workers = click.option(
    "--workers", type=click.IntRange(min=1), default=None, help="Processes; at most 2 by default."
)
_json = click.option("--json", "json_path", metavar="PATH", help="JSON to a file, or - for stdout.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Judge claims about stochastic differential equations.

    Without a command, run.
    """


@cli.command()
@click.argument("ids", nargs=-1, metavar="[ID | FILE.py[:ID]]...")
@_tiers
@_effort
@_seed
@_workers
@_json
@click.option("--junit", "junit_path", metavar="PATH", help="JUnit XML to a file.")
@click.option(
    "--report",
    "report_folder",
    metavar="DIR",
    help="Pages to open in a browser, JSON and Markdown, into a folder.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Processor time of a tier on a claim; 120 by default, and 60 on Python functions.",
)
@click.option("--resume", is_flag=True, help="Take finished verdicts from the store.")
@click.option(
    "--store",
    "store_folder",
    metavar="DIR",
    default="build/verify",
    show_default=True,
    help="Where verdicts and the certificate are kept.",
)
def run(
    ids: tuple[str, ...],
    tiers: tuple[str, ...],
    effort: str,
    seed: int,
    workers: int | None,
    json_path: str | None,
    junit_path: str | None,
    report_folder: str | None,
    time_limit: float | None,
    resume: bool,
    store_folder: str,
) -> int:
    """Judge claims: those of the catalogue, or of files that declare claims.

    A claim file is Python code and is executed; `new` writes one to begin with.  Every verdict is
    kept as soon as it is there, and a certificate at the end; `replay` recomputes it.
    """
    from . import report, runner
    from .loading import references, require_current
    from .mutants.kept import Kept
    from .problem import names
    from .runs.certificate import Certificate
    from .runs.provenance import versions
    from .runs.store import Store
    from .verdict import exit_code

    kept_tables = Kept() if report_folder is None else Kept.read()
    wanted = outputs.wanted(json_path, junit_path, report_folder)
    settings = replace(_settings(tiers, effort, seed, workers), time_limit=time_limit)
    troubles, unread = list[str](), list[str]()
    chosen = references(ids, outputs.telling(troubles), unread)
    if troubles and not chosen and not unread:
        return 2
    require_current(chosen)
    store = Store(Path(outputs.given("--store", store_folder)), outputs.complain)
    started = time.perf_counter()
    with _progress("judging") as progress, outputs.telling_what_is_kept(store):
        found = runner.records(chosen, settings, progress, store=store, resume=resume)
    seconds = time.perf_counter() - started
    called = names(chosen)
    verdicts = tuple(
        replace(record.verdict, claim=name) for name, record in zip(called, found, strict=True)
    )
    certificate = Certificate(records=found, settings=settings, versions=versions())
    shown = settings.to_json()
    texts: dict[str, Callable[[], str]] = {
        "certificate": certificate.text,
        "json": lambda: report.json_text(report.document(verdicts, shown, troubles, unread)),
        "junit": lambda: report.junit_text(verdicts, troubles),
        "markdown": lambda: report.markdown(verdicts, shown, unread),
    }
    report.print_verdicts(verdicts, outputs.console(error=json_path == "-"), unread)
    outputs.emit(wanted, texts)
    if kept := store.write(certificate.name, certificate.text()):
        click.echo(f"certificate: {kept}", err=json_path == "-")
    if report_folder is not None:
        from .report.site import site_of, write_site

        site = site_of(certificate, kept_tables, seconds, troubles, unread)
        page = write_site(site, Path(report_folder))
        click.echo(f"report: {page}", err=json_path == "-")
    return 2 if troubles or store.failed else exit_code(verdicts)


@cli.command()
@click.argument("path", metavar="CERTIFICATE")
@_workers
@_json
def replay(path: str, workers: int | None, json_path: str | None) -> int:
    """Recompute a certificate: whether every claim still holds, and what changed if not.

    Exit code 0: every number is the same; 1: a verdict is another, or a number without any reason;
    2: the certificate was changed or cannot be read; 3: numbers moved with what decides them, or a
    claim is not found.  Claim files that it names are executed; the report has copies of them.
    """
    from . import report
    from .runs import replay as replayed
    from .runs.certificate import Certificate

    wanted = outputs.wanted(json_path, None, None)
    certificate = Certificate.read(Path(path))
    with _progress("replaying") as progress:
        found = replayed.replayed(certificate, workers, progress, Path(path).parent)
    outputs.emit(wanted, {"json": lambda: report.json_text(found.to_json())})
    click.echo(shown(found.text()), err=json_path == "-")
    return found.exit_code


@cli.command(name="list")
@click.argument("ids", nargs=-1, metavar="[ID | FILE.py[:ID]]...")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
def list_claims(ids: tuple[str, ...], as_json: bool) -> int:
    """Every claim: id, title, source, assumptions, tiers."""
    from . import report
    from .loading import described

    troubles: list[str] = []
    rows = described(ids, outputs.telling(troubles))
    if as_json:
        click.echo(report.json_text({"schema": "driftproof.claims/1", "claims": rows}), nl=False)
        return 2 if troubles else 0
    for row in rows:
        click.echo(f"{row['id']}\n    {printable(row['title'])}  [{printable(row['source'])}]")
        for text in row["assumptions"]:
            click.echo(f"    assumes {printable(text)}")
        click.echo(f"    tiers {', '.join(row['tiers']) or 'none'}")
        for tier, reason in row["inapplicable"].items():
            click.echo(f"    not {tier}: {reason}")
    return 2 if troubles else 0


@cli.command()
@click.argument("path", metavar="FILE")
def new(path: str) -> int:
    """Write a file of claims to begin with; it runs as it is."""
    from .outside.template import write_new

    write_new(Path(path))
    click.echo(f"{path}: written; run it with python -m verify run {path}")
    return 0


@cli.command()
@click.argument("identifier", metavar="ID | FILE.py[:ID]")
@click.option("--latex", is_flag=True, help="A LaTeX document, which compiles as it is.")
@click.option("--markdown", is_flag=True, help="Markdown, for issues and reviews.")
def explain(identifier: str, latex: bool, markdown: bool) -> int:
    """Statement and derivation of a claim, step by step: each rule in words, how it was checked."""
    from .explain import command

    troubles: list[str] = []
    command.run(identifier, outputs.telling(troubles), latex=latex, markdown=markdown)
    return 2 if troubles else 0


@cli.command()
@click.argument("ids", nargs=-1, metavar="[ID | FILE.py[:ID]]...")
@_tiers
@click.option("--effort", type=click.Choice(list(EFFORTS)), default="quick", help="How much.")
@_seed
@_workers
@click.option("--all", "everything", is_flag=True, help="Every mutant that can be made; long.")
@click.option("--by-hand", is_flag=True, help="Only those that claims bring with them.")
@click.option("--keep", is_flag=True, help="Keep the tables for reports, beside the code.")
@click.option(
    "--json",
    "json_path",
    metavar="PATH",
    default="build/reports/mutants.json",
    show_default=True,
    help="JSON to a file, or - for stdout.",
)
def mutants(
    ids: tuple[str, ...],
    tiers: tuple[str, ...],
    effort: str,
    seed: int,
    workers: int | None,
    everything: bool,
    by_hand: bool,
    keep: bool,
    json_path: str,
) -> int:
    """The kill table: wrong claims, generated and by hand, against every tier that can see them."""
    from . import report
    from .errors import UsageError
    from .loading import references
    from .mutants import kept as kept_tables
    from .mutants import report as mutant_report
    from .mutants import table
    from .mutants.making import MOST, Mutation, kill_tables

    if keep and (tiers or by_hand):
        raise UsageError("--keep: a table that is kept has all mutants and tiers; give it alone")
    if keep:
        kept_tables.check(anew=not ids)
    if json_path != "-":
        outputs.made(Path(json_path).parent)
    wanted = outputs.wanted(json_path, None, None)
    settings = _settings(tiers, effort, seed, workers)
    troubles: list[str] = []
    chosen = references(ids, outputs.telling(troubles))
    if troubles and not chosen:
        return 2
    asked = Mutation(most=0 if by_hand else None if everything else MOST)
    with _progress("judging mutants") as progress:
        tables = kill_tables(chosen, settings, asked, progress)
    found, shown = sum(tables, table.Table()), settings.to_json()
    if keep:
        kept_tables.keep(chosen, tables, settings, everything=not ids)
    outputs.emit(wanted, {"json": lambda: report.json_text(table.document(found, shown))})
    mutant_report.print_table(found, outputs.console(error=json_path == "-"))
    return 2 if troubles else table.exit_code(found)


@cli.command()
@click.argument("path", metavar="FILE.csv")
@click.option("--targets", default="", help="Columns to predict, separated by commas.")
@click.option("--width", type=int, help="Width l of the network, at least p + k.")
@click.option("--step", type=float, help="Step size.")
@click.option("--noise", type=float, help="Variance of the label noise, standardised targets.")
@click.option("--steps", type=int, help="Number of steps.")
@click.option("--batch", type=int, help="Batch size.")
@click.option("--seed", type=int, default=0, help="Seed of all randomness.")
@click.option("--out", metavar="DIR", help="Folder of the pictures; FILE-laws by default.")
def data(path: str, targets: str, out: str | None, **settings: Any) -> int:
    """Whether the determinant laws hold on your own data, with pictures."""
    from .data.command import run as run_on_data

    with _progress("training") as progress:
        found = run_on_data(
            path, targets=targets, out=out, progress=_fraction(progress), **settings
        )
    for line in found.lines:
        click.echo(line, err=found.exit_code == 2)
    return int(found.exit_code)


@cli.command()
@click.argument("name", metavar="NAME | list")
@click.argument("table", required=False, metavar="[FILE.csv]")
@click.option("--targets", default="", help="Columns to predict of FILE.csv, with commas.")
@click.option("--out", metavar="DIR", help="Folder of the results; build/experiments/NAME.")
@_seed
@click.option("--seeds", type=click.IntRange(min=1), help="How many seeds, from --seed on.")
@click.option("--quick", is_flag=True, help="Small settings, a few seconds.")
def experiment(
    name: str,
    table: str | None,
    targets: str,
    out: str | None,
    seed: int,
    seeds: int | None,
    quick: bool,
) -> int:
    """A figure of the papers, or your own data: numbers, pictures, verdicts.

    NAME is an id of `experiment list`; FILE.csv belongs to own-data.
    """
    from .experiments import command

    if name == "list":
        click.echo("\n".join(command.listed()))
        return 0
    with _progress("running") as progress:
        report = command.run(
            name,
            table=Path(table) if table else None,
            targets=targets,
            out=Path(out) if out else None,
            seed=seed,
            seeds=seeds,
            quick=quick,
            progress=_fraction(progress),
        )
    click.echo("\n".join(report.lines))
    return report.exit_code


@cli.command()
@click.option("--quick", is_flag=True, help="A twentieth of the runs, at one level.")
@_seed
@_workers
@_json
def power(quick: bool, seed: int, workers: int | None, json_path: str | None) -> int:
    """Measure the judge: false rejects of true claims, misses of wrong ones."""
    from . import report
    from .power import table as measured

    wanted = outputs.wanted(json_path, None, None)
    with _progress("judging the judge") as progress:
        counts = measured.measure(measured.jobs(seed, quick=quick), workers or 2, progress)
    outputs.emit(wanted, {"json": lambda: report.json_text(measured.document(counts, seed))})
    click.echo(measured.table(counts), err=json_path == "-")
    return measured.exit_code(counts)


def _settings(tiers: Sequence[str], effort: str, seed: int, workers: int | None) -> Settings:
    from .runner import Settings

    chosen = tuple(tier for tier in TIERS if tier in tiers) or TIERS
    settings = Settings(tiers=chosen, effort=effort, seed=seed)
    if workers is None:
        return settings
    return Settings(tiers=chosen, effort=effort, seed=seed, workers=workers)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on a terminal for what takes more than two seconds, nothing elsewhere."""
    from .progress import bar

    with bar(what, sys.stderr, QUIET_SECONDS) as advance:
        yield advance


def _fraction(progress: Callable[[int, int, str], None]) -> Callable[[float, str], None]:
    return lambda fraction, what: progress(round(1000 * fraction), 1000, what)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every error is one line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    meant = ""
    if not given or given[0] not in {*cli.commands, "-h", "--help"}:
        meant = next(iter(get_close_matches(given[0], cli.commands, n=1) if given else ()), "")
        given.insert(0, DEFAULT_COMMAND)
    for text in given:
        if "\0" in text or not is_unicode(text):
            return _failed(f"{text!r}: is no text in Unicode; rename the file")
    try:
        result = cli.main(given, prog_name="verify", standalone_mode=False)
    except click.exceptions.Abort:
        return _failed("stopped", code=130)
    except click.ClickException as error:
        return _failed(error.format_message())
    except BrokenPipeError:
        # The reader of a pipe has seen enough.
        sys.stderr.close()
        return 0
    except (ValueError, OSError) as error:
        line = line_of(error)
        if not line:
            raise
        if meant and repr(given[1]) in line:
            return _failed(f"{given[1]}: neither a command nor a claim; did you mean {meant}?")
        return _failed(line)
    return int(result or 0)


def _failed(message: str, code: int = 2) -> int:
    line = printable(message)
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} ... {line[-LONGEST // 4 :]}"
    click.echo(f"verify: {line}", err=True)
    return code
