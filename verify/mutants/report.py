"""The kill table for people: counts by tier and kind of mistake, then all that was not killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.planning import TIERS

from .table import Kill, Outcome, Table

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["MOST_ROWS", "counts_markdown", "print_table"]

MOST_ROWS = 60
"""Mutants that are shown one by one; of more, only counts and what was not killed."""


def print_table(table: Table, console: Console) -> None:
    """Counts by tier and kind, survivors, changes too small for a tier, equivalent mutants."""
    from rich.text import Text

    if table.mutants <= MOST_ROWS:
        _print_mutants(table, console)
    _print_counts(table, console)
    said = [f"DEFECT {text}" for text in table.defects]
    said += [f"SURVIVED {_where(r)}" for r in table.rows if r.result is Outcome.SURVIVED]
    said += [f"not visible: {_where(r)}" for r in table.rows if r.result is Outcome.NOT_VISIBLE]
    said += [f"equivalent, by proof: {claim}~{mutant}" for claim, mutant in table.equivalent]
    said.append(_summary(table))
    for line in said:
        console.print(Text(line), soft_wrap=True)


def _where(row: Kill) -> str:
    change = "" if row.change is None else f" (changes {row.change:.2g} of what is stated)"
    return f"{row.claim}~{row.mutant} in {row.tier}{change}: {row.evidence.reason}"


def _summary(table: Table) -> str:
    counted = table.counts()["all"]
    by = {o: sum(n for (_, outcome), n in counted.items() if outcome is o) for o in Outcome}
    unseen, none = by[Outcome.NOT_VISIBLE], len(table.too_small)
    text = (
        f"{table.mutants} mutants of {table.available} that could be made, against the tiers that "
        f"can see them: {by[Outcome.KILLED]} kills, {by[Outcome.SURVIVED]} survivors, "
        f"{unseen} not visible to a tier ({none} mutants to none), "
        f"{len(table.equivalent)} mutants proved equivalent"
    )
    return text + (f"; {table.unseen} seen by no tier" if table.unseen else "")


def _tiers(table: Table) -> list[str]:
    return [tier for tier in TIERS if any(row.tier == tier for row in table.rows)]


def _cells(table: Table) -> list[list[str]]:
    """A row for each kind of mistake, a cell for each tier: killed of those that it can see."""
    rows = []
    for kind, counted in sorted(table.counts().items(), key=lambda item: item[0] == "all"):
        cells = [kind]
        for tier in _tiers(table):
            killed, survived, unseen, same = (counted[tier, o] for o in Outcome)
            text = f"{killed}/{killed + survived}"
            notes = [
                f"{unseen} not visible" if unseen else "",
                f"{same} equivalent" if same else "",
            ]
            text += "".join(f", {note}" for note in notes if note)
            cells.append(text if killed + survived + unseen + same else "")
        rows.append(cells)
    return rows


def counts_markdown(table: Table) -> str:
    """The counts as a Markdown table: killed/visible for every kind of mistake and tier."""
    head = ["mistake", *_tiers(table)]
    rows = [head, ["---"] * len(head), *_cells(table)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _print_counts(table: Table, console: Console) -> None:
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    shown = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("mistake", *_tiers(table)):
        shown.add_column(name)
    for cells in _cells(table):
        shown.add_row(*map(Text, cells))
    if table.rows:
        console.print(shown)


def _print_mutants(table: Table, console: Console) -> None:
    """A row for every mutant, a column for every tier."""
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    tiers = _tiers(table)
    shown = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("claim", "mutant", *tiers, "mistake"):
        shown.add_column(name, no_wrap=name != "mistake")
    rows: dict[tuple[str, str, str], dict[str, Kill]] = {}
    for row in table.rows:
        rows.setdefault((row.claim, row.mutant, row.mistake), {})[row.tier] = row
    for (claim, mutant, mistake), found in rows.items():
        cells = [_cell(found.get(tier)) for tier in tiers]
        shown.add_row(Text(claim), Text(mutant), *map(Text, cells), Text(mistake))
    if rows:
        console.print(shown)


def _cell(row: Kill | None) -> str:
    if row is None:
        return ""
    survived = row.result is Outcome.SURVIVED
    return f"SURVIVED ({row.evidence.status})" if survived else str(row.result)
