"""The command ``experiment``: run the seeds, judge, draw, write."""

from __future__ import annotations

import json
import os
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from verify.data.writing import checked_folder, write_folder
from verify.errors import UsageError
from verify.experiments import style
from verify.experiments.catalogue import experiments, find
from verify.experiments.experiment import Experiment, Finding, Numbers, Progress
from verify.experiments.threads import side_by_side
from verify.verdict import Status, combine, json_value

__all__ = ["SCHEMA", "Report", "conduct", "listed", "run"]

SCHEMA = "driftproof.experiment/1"
LONGEST_SERIES = 500
WORKERS = 2


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came out of an experiment."""

    experiment: Experiment
    """With the settings that were used."""
    seeds: tuple[int, ...]
    numbers: tuple[Numbers, ...]
    """What each seed gave."""
    findings: tuple[Finding, ...]
    seconds: float
    """Of the clock, for simulating and judging."""
    files: tuple[Path, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: every finding agrees; 1: one disagrees; 3: one is open, or there is none."""
        verdict = combine(finding.status for finding in self.findings)
        return {Status.AGREES: 0, Status.DISAGREES: 1}.get(verdict, 3)

    @property
    def lines(self) -> list[str]:
        """The report for people."""
        return list(_lines(self))

    def to_json(self) -> dict[str, Any]:
        """JSON-able values; series longer than `LONGEST_SERIES` are thinned."""
        return {
            "schema": SCHEMA,
            "id": self.experiment.id,
            "title": self.experiment.title,
            "source": self.experiment.source,
            "claim": self.experiment.claim,
            "settings": json_value(self.experiment.settings),
            "seeds": list(self.seeds),
            "seconds": round(self.seconds, 3),
            "findings": [json_value(vars(finding)) for finding in self.findings],
            "numbers": [json_value(_thinned(numbers)) for numbers in self.numbers],
        }


def listed() -> Iterator[str]:
    """Every experiment: id, title, source, claim."""
    for experiment in experiments():
        name = f"{experiment.id} FILE.csv" if experiment.on_table else experiment.id
        yield name
        yield f"    {experiment.title}  [{experiment.source}]"
        yield from _wrapped(experiment.claim, "    ")


def run(
    name: str,
    *,
    table: Path | None = None,
    targets: str = "",
    out: Path | None = None,
    seed: int = 0,
    seeds: int | None = None,
    quick: bool = False,
    progress: Progress = lambda fraction, what: None,
) -> Report:
    """Run an experiment and write its numbers and pictures.

    Parameters
    ----------
    name
        Its id.
    table, targets
        The user's CSV file and its columns to predict, for an experiment on own data.
    out
        Folder of the results, by default ``build/experiments/NAME``.
    seed, seeds
        The first seed, and how many follow one another from there.
    quick
        The experiment's quick settings.

    Raises
    ------
    UsageError
        On bad input; then nothing is written.
    """
    experiment = _on_table(find(name), table, targets)
    folder = checked_folder(out or Path("build") / "experiments" / name)
    if quick:
        experiment = replace(experiment, settings={**experiment.settings, **experiment.quick})
    chosen = range(seed, seed + (experiment.seeds if seeds is None else seeds))
    report = conduct(experiment, chosen, progress)
    progress(1.0, "drawing")
    contents = _pictures(report)
    text = json.dumps(report.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    contents[f"{experiment.id}.json"] = text.encode()
    write_folder(folder, contents)
    return replace(report, files=tuple(folder / file for file in contents))


def conduct(
    experiment: Experiment,
    seeds: Sequence[int],
    progress: Progress = lambda fraction, what: None,
) -> Report:
    """Simulate every seed and judge them together; nothing is drawn or written."""
    if not seeds:
        raise UsageError("--seeds 0: nothing to run; give one or more")
    begun = time.perf_counter()
    done = dict.fromkeys(seeds, 0.0)

    def one(seed: int, ask: Callable[[], None]) -> Numbers:
        def advanced(fraction: float, what: str) -> None:
            ask()
            done[seed] = fraction
            progress(sum(done.values()) / len(done), f"seed {seed}: {what}")

        numbers = experiment.simulate(seed, experiment.settings, advanced)
        advanced(1.0, "done")
        return numbers

    numbers = side_by_side(one, seeds, min(WORKERS, os.cpu_count() or 1))
    findings = tuple(experiment.judge(numbers, experiment.settings))
    return Report(
        experiment=experiment,
        seeds=tuple(seeds),
        numbers=numbers,
        findings=findings,
        seconds=time.perf_counter() - begun,
    )


def _on_table(experiment: Experiment, table: Path | None, targets: str) -> Experiment:
    if experiment.on_table is None:
        if table is not None or targets:
            given = f"{table}" if table is not None else f"--targets {targets}"
            raise UsageError(f"{given}: {experiment.id} has data of its own; leave it out")
        return experiment
    if table is None:
        raise UsageError(
            f"{experiment.id}: no data; give a CSV file, as in {experiment.id} FILE.csv --targets y"
        )
    return experiment.on_table(table, targets.split(","))


def _pictures(report: Report) -> dict[str, bytes]:
    experiment = report.experiment
    contents: dict[str, bytes] = {}
    with style.applied():
        drawn = experiment.draw(report.numbers, experiment.settings, report.findings)
        for stem, picture in drawn.items():
            contents |= style.files(stem, picture)
    return contents


def _thinned(value: Any) -> Any:
    """The value with every series cut down to `LONGEST_SERIES`, its ends kept.

    Series of one length keep the same places, so that they still belong together.
    """
    if isinstance(value, Mapping):
        return {name: _thinned(item) for name, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray) and len(np.shape(value)) > 0:
        length = len(value)
        if length > LONGEST_SERIES:
            kept = np.linspace(0, length - 1, LONGEST_SERIES).round().astype(int)
            return np.asarray(value)[kept]
    return value


def _lines(report: Report) -> Iterator[str]:
    experiment = report.experiment
    yield from _wrapped(f"{experiment.id}: {experiment.claim}")
    for finding in report.findings:
        yield ""
        yield f"{finding.status:<14}{finding.name}"
        yield from _wrapped(finding.statement, " " * 14)
        yield from _wrapped(finding.reason, " " * 14)
    yield ""
    for note in (note for numbers in report.numbers for note in numbers.get("notes", ())):
        yield from _wrapped(f"note: {note}")
    seeds = ", ".join(map(str, report.seeds))
    yield from _wrapped(f"seeds {seeds}; {report.seconds:.1f} s")
    for file in report.files:
        yield f"{file}"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, 100, initial_indent=indent, subsequent_indent=indent)
