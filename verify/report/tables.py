"""Verdicts on a terminal: a table, the reasons of what is not as expected, a summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verify.planning import TIERS
from verify.verdict import Evidence, Status, Verdict, alike

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "brief",
    "complaints",
    "expectation",
    "print_verdicts",
    "rate_text",
    "rates_line",
    "summary",
]

FEW = 5
"""Claims left to tiers that were not asked for which the reasons are printed; more are counted."""

_STYLES = {
    Status.AGREES: "green",
    Status.DISAGREES: "bold red",
    Status.INCONCLUSIVE: "yellow",
    Status.NOT_APPLICABLE: "dim",
}


def rate_text(rate: float | None) -> str:
    """An error rate in words of at most a few letters."""
    if rate is None:
        return "not bounded"
    return "0" if rate == 0 else f"at most {rate:.1g}"


def brief(evidence: Evidence) -> str:
    """What a table shows of one tier."""
    if evidence.status == Status.NOT_APPLICABLE:
        return "–"
    if evidence.status == Status.AGREES:
        return evidence.brief or "agrees"
    return str(evidence.status).lower()


def summary(verdicts: Sequence[Verdict], unread: Sequence[str] = ()) -> str:
    """One line for the whole run; ``unread`` names claims that were declared and not read."""
    judged = [v for v in verdicts if not v.error]
    counts = {str(status): sum(v.status == status for v in judged) for status in Status}
    counts |= {"ERROR": len(verdicts) - len(judged), "not read": len(unread)}
    found = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    missed = sum(not verdict.as_expected for verdict in verdicts)
    expected = "the others as expected" if unread and judged else "all as expected"
    ending = f"{missed} not as expected" if missed else "" if unread and not judged else expected
    if unasked := sum(verdict.unasked for verdict in verdicts):
        ending += f", {unasked} for tiers that were not asked"
    count = len(verdicts) + len(unread)
    noun = "claim" if count == 1 else "claims"
    return f"{count} {noun}: {found or 'none'}{ending and '; '}{ending}"


def print_verdicts(
    verdicts: Sequence[Verdict], console: Console, unread: Sequence[str] = ()
) -> None:
    """A table of claims and tiers, the reason of everything that is not as expected, a summary."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    tiers = [t for t in TIERS if any(e.tier == t for v in verdicts for e in v.evidence)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("claim", *tiers, "verdict"):
        table.add_column(name, no_wrap=True)
    for verdict in verdicts:
        by_tier = {e.tier: e for e in verdict.evidence}
        cells = [
            Text(brief(by_tier[t]), style=_STYLES[by_tier[t].status]) if t in by_tier else Text("")
            for t in tiers
        ]
        shown = Text(verdict.said, style=_STYLES[verdict.status])
        table.add_row(Text(verdict.claim), *cells, shown)
    if verdicts:
        console.print(table)
    few = sum(verdict.unasked for verdict in verdicts) <= FEW
    for verdict in verdicts:
        if not verdict.as_expected:
            for line in complaints(verdict):
                console.print(Text(line), soft_wrap=True)
        elif verdict.status == Status.NOT_APPLICABLE and (few or not verdict.unasked):
            for reason in dict.fromkeys(e.reason for e in verdict.evidence):
                console.print(Text(f"{verdict.claim}: {reason}"), soft_wrap=True)
        elif verdict.finding:
            console.print(Text(f"{verdict.claim}: {verdict.status}, as expected"), soft_wrap=True)
            for line in verdict.finding.text:
                console.print(Text(f"    {line}"), soft_wrap=True)
    console.print(Text(summary(verdicts, unread)), soft_wrap=True)
    if verdicts:
        console.print(Text(rates_line(verdicts)), soft_wrap=True)


def rates_line(verdicts: Sequence[Verdict]) -> str:
    """Both error rates of the whole run."""
    reject = [v.false_reject for v in verdicts]
    total = (
        None if any(rate is None for rate in reject) else sum(r for r in reject if r is not None)
    )
    agree = [v.false_agree for v in verdicts if v.false_agree is not None]
    accepted = rate_text(sum(agree) if agree else None)
    silent = sum(v.agrees and v.false_agree is None for v in verdicts)
    if agree and silent:
        accepted += f", and not bounded for {silent} of the claims"
    return (
        f"chance that some true claim is rejected: {rate_text(total)}; that some claim wrong by "
        f"the relevant error is accepted: {accepted}; given the conditions named with each tier"
    )


def complaints(verdict: Verdict) -> list[str]:
    """Why a verdict is not as expected: its error, or the tiers that say so and the finding."""
    if verdict.error:
        return [f"{verdict.claim}: {verdict.error}"]
    said = expectation(verdict)
    lines = [f"{verdict.claim}: {verdict.status}{f', {said}' if said else ''}"]
    deciding = [e for e in verdict.evidence if e.status == verdict.status]
    telling = [f"{tiers}: {e.reason}" for tiers, e in alike(deciding)]
    found = verdict.finding.text if verdict.finding else ()
    return lines + [f"    {x}" for x in dict.fromkeys([*telling, *found])]


def expectation(verdict: Verdict) -> str:
    """What was expected in place of the verdict; nothing, where it is that the claim is right."""
    usual = verdict.as_expected or verdict.expected == Status.AGREES
    return "" if usual else f"expected {verdict.expected}"
