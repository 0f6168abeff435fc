"""The judge measured: how often it rejects what is true, and misses what is wrong.

Every statistical test and every tier that uses chance is run many times at a loose level, where a
promise that is broken shows: on true claims, and on claims that are wrong by the smallest error
that the test declares to see.  Counts come with Clopper–Pearson intervals.  Beside them stand the
rates of the usual t or z test on the same samples.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

from verify.statistics.bounds import clopper_pearson

__all__ = ["LEVELS", "Count", "Job", "document", "exit_code", "jobs", "measure", "table"]

LEVELS = (0.05, 0.01)
"""Loose levels of both error rates."""

RUNS = 10_000
"""Runs on true claims, and as many on wrong ones, of each test."""

CHUNK = 500
"""Runs of a tier that a worker is given at once."""

QUICK = 20
"""A quick table has this part of the runs."""

INTERVAL = 1e-3
"""Level of the intervals: a rate is beyond its promise where its whole interval is."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """What some runs of one test on one law came to.

    Attributes
    ----------
    subject
        The test, or the tier and the kind of claim.
    law
        What it was run on.
    alpha
        The rate promised for both errors.
    samples
        Samples of a run, or how they were chosen.
    true_runs, false_rejects
        Runs on true claims, and those that ended with DISAGREES.
    wrong_runs, misses
        Runs on wrong claims, and those that ended with AGREES, for a tier; for a test those that
        did not end with DISAGREES, as the error is the smallest that n samples settle.
    open
        Runs of either kind that ended with INCONCLUSIVE.
    usual
        Runs on true claims that the t test (the z test of a probability) rejected; None if there is
        no such test.
    """

    subject: str
    law: str
    alpha: float
    samples: str
    true_runs: int = 0
    false_rejects: int = 0
    wrong_runs: int = 0
    misses: int = 0
    open: int = 0
    usual: int | None = None

    def __add__(self, other: Count) -> Count:
        return replace(
            self,
            true_runs=self.true_runs + other.true_runs,
            false_rejects=self.false_rejects + other.false_rejects,
            wrong_runs=self.wrong_runs + other.wrong_runs,
            misses=self.misses + other.misses,
            open=self.open + other.open,
            usual=None if self.usual is None or other.usual is None else self.usual + other.usual,
        )

    @property
    def within(self) -> bool:
        """Whether both rates are within their promise, as far as the runs can tell."""
        errors = ((self.false_rejects, self.true_runs), (self.misses, self.wrong_runs))
        return all(interval(hits, runs)[0] <= self.alpha for hits, runs in errors)

    def to_json(self) -> dict[str, Any]:
        """Counts, rates and intervals as JSON-able values."""
        rates = {
            name: {"rate": hits / runs if runs else None, "interval": list(interval(hits, runs))}
            for name, hits, runs in (
                ("false_reject", self.false_rejects, self.true_runs),
                ("miss", self.misses, self.wrong_runs),
            )
        }
        return {**asdict(self), **rates, "within": self.within}


def interval(hits: int, runs: int) -> tuple[float, float]:
    """The interval of a rate."""
    if runs == 0:
        return 0.0, 1.0
    low, high = clopper_pearson(hits, runs, INTERVAL)
    return float(low), float(high)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Some runs, from their numbers: what a worker is given.

    ``of`` is "decisions" or "claims": the module that knows the ``name``.
    """

    of: str
    name: str
    alpha: float
    runs: int
    first: int
    seed: int

    def count(self) -> Count:
        """The runs, done."""
        from . import claims as power_claims
        from . import decisions as power_decisions

        cells: Any = {"decisions": power_decisions, "claims": power_claims}[self.of]
        found: Count = cells.counted(self.name, self.alpha, self.runs, self.first, self.seed)
        return found


def jobs(seed: int = 0, *, quick: bool = False) -> list[Job]:
    """All runs of the table; those of tiers, which take longest, in parts and first."""
    from . import claims as power_claims
    from . import decisions as power_decisions

    part = QUICK if quick else 1
    found = []
    for alpha in LEVELS[:1] if quick else LEVELS:
        # The tiers are run at the first level alone: theirs are the same tests.
        for name in power_claims.RUNS if alpha == LEVELS[0] else ():
            runs = power_claims.RUNS[name] // part
            found += [
                Job(of="claims", name=name, alpha=alpha, runs=min(CHUNK, runs - first), first=first,
                    seed=seed)
                for first in range(0, runs, CHUNK)
            ]  # fmt: skip
        found += [
            Job(of="decisions", name=name, alpha=alpha, runs=RUNS // part, first=0, seed=seed)
            for name in power_decisions.NAMES
        ]
    return found


def measure(
    wanted: Sequence[Job], workers: int = 2, progress: Callable[[int, int, str], None] | None = None
) -> list[Count]:
    """The counts of all jobs, parts of one added up, in their order."""
    found: dict[tuple[str, str, float], Count] = {}
    for done, (job, count) in enumerate(zip(wanted, _counts(wanted, workers), strict=True), 1):
        key = (job.of, job.name, job.alpha)
        found[key] = found[key] + count if key in found else count
        if progress:
            progress(done, len(wanted), job.name)
    return sorted(found.values(), key=lambda count: count.alpha, reverse=True)


def _counts(wanted: Sequence[Job], workers: int) -> Iterable[Count]:
    if workers == 1:
        yield from map(Job.count, wanted)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        yield from pool.map(Job.count, wanted)


def exit_code(counts: Sequence[Count]) -> int:
    """0 if every rate is within its promise, else 1."""
    return 0 if counts and all(count.within for count in counts) else 1


def document(counts: Sequence[Count], seed: int) -> dict[str, Any]:
    """The table as JSON-able values."""
    return {
        "schema": "driftproof.power/1",
        "seed": seed,
        "interval level": INTERVAL,
        "within": exit_code(counts) == 0,
        "rows": [count.to_json() for count in counts],
    }


def table(counts: Sequence[Count]) -> str:
    """The table in Markdown, as METHOD.md holds it."""
    head = (
        "| test | law | samples | promise | false rejects | t or z test | misses | open | within |",
        "|---|---|---|---|---|---|---|---|---|",
    )
    return "\n".join([*head, *map(_row, counts)])


def _row(count: Count) -> str:
    usual = "" if count.usual is None else _percent(count.usual, count.true_runs)
    cells = (
        count.subject,
        count.law,
        count.samples,
        f"{100 * count.alpha:g} %",
        _rate(count.false_rejects, count.true_runs),
        usual,
        _rate(count.misses, count.wrong_runs),
        _percent(count.open, count.true_runs + count.wrong_runs),
        "yes" if count.within else "NO",
    )
    return f"| {' | '.join(cells)} |"


def _rate(hits: int, runs: int) -> str:
    if runs == 0:
        return "none promised"
    low, high = (_short(100 * end) for end in interval(hits, runs))
    return f"{hits:,} of {runs:,}: {_percent(hits, runs)} ({low} to {high} %)"


def _percent(hits: int, runs: int) -> str:
    return f"{_short(100 * hits / runs)} %" if runs else ""


def _short(x: float) -> str:
    return f"{x:.0f}" if x >= 10 else f"{x:.2g}"
