"""The kill table of a claim as HTML: a row for every mutant, a column for every tier."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from verify.mutants.kept import KeptMutant, KeptTable
from verify.mutants.table import Outcome

from .svg import class_of, plain

__all__ = ["LETTERS", "kill_table"]

LETTERS: Mapping[Outcome, str] = {
    Outcome.KILLED: "K",
    Outcome.NOT_VISIBLE: "n",
    Outcome.EQUIVALENT: "=",
    Outcome.SURVIVED: "S",
}
"""What stands in a cell: no outcome is told by its colour alone."""

_COLOURS: Mapping[Outcome, str] = {
    Outcome.KILLED: "var(--good, #2e9b5b)",
    Outcome.NOT_VISIBLE: "var(--muted, #8a8a8a)",
    Outcome.EQUIVALENT: "var(--muted, #8a8a8a)",
    Outcome.SURVIVED: "var(--bad, #d64545)",
}

_WORDS: Mapping[Outcome, str] = {
    Outcome.KILLED: "killed: the tier rejects the wrong claim",
    Outcome.NOT_VISIBLE: "not visible: it changes what is stated by less than the tier must see",
    Outcome.EQUIVALENT: "proved equal: it says what the claim says",
    Outcome.SURVIVED: "survivor: the tier should have rejected it",
}


def kill_table(table: KeptTable, said: str = "") -> str:
    """The table as an HTML element, all its texts escaped; empty if no mutant was judged.

    Parameters
    ----------
    table : KeptTable
    said : str
        For what it was measured, as `KeptTable.said` has it.
    """
    if not table.mutants:
        return ""
    head = "".join(f'<th scope="col">{_text(tier)}</th>' for tier in table.tiers)
    rows = "".join(_row(mutant, table.tiers) for mutant in table.mutants)
    occurring = {outcome for mutant in table.mutants for outcome in mutant.outcomes.values()}
    legend = "; ".join(f"{LETTERS[o]} {_WORDS[o]}" for o in Outcome if o in occurring)
    caption = (
        f"{table.judged} wrong versions of this claim, of {max(table.available, table.judged)} "
        f"that could be made, and the tiers that were asked about them. {said}".strip()
    )
    defects = "".join(f'<p class="defect">{_text(defect)}</p>' for defect in table.defects)
    return (
        f'<table class="kills"><caption>{_text(caption)}</caption>'
        f'<thead><tr><th scope="col">mistake</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="legend">{_text(legend)}; an empty cell: the tier was not asked.</p>{defects}'
    )


def _row(mutant: KeptMutant, tiers: tuple[str, ...]) -> str:
    cells = "".join(_cell(mutant.outcomes.get(tier)) for tier in tiers)
    # The name of a generated mutant says where its mistake stands.
    by_hand = mutant.kind == "by hand" and mutant.mistake
    words = mutant.mistake if by_hand else mutant.name
    return f'<tr><th scope="row">{_text(words)}</th>{cells}</tr>'


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "<td></td>"
    return (
        f'<td class="{class_of(outcome)}" style="color:{_COLOURS[outcome]};font-weight:600" '
        f'title="{_text(_WORDS[outcome])}">{LETTERS[outcome]}</td>'
    )


def _text(words: str) -> str:
    return escape(plain(words), quote=True)
