"""The kill table: every wrong claim made from a right one, against every tier that can see it.

A tier can see a mutant if it reads a field that the mutant changes.  It kills the mutant if it says
DISAGREES.  A mutant that is proved to say what the claim says is equivalent, and no tier may reject
it.  One that changes what is stated by less than a tier promises to see, at the points of the tier,
is not visible to it, and the change is given.  Any other is a survivor, and a survivor is a defect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from verify.planning import TIERS
from verify.verdict import Evidence, Status, Verdict, json_value

__all__ = [
    "READS",
    "Kill",
    "Outcome",
    "Table",
    "document",
    "exit_code",
    "kills",
    "visible_tiers",
]

SCHEMA = "driftproof.mutants/2"

_FORMS = ("derivation", "exact", "generator", "one-step")

READS: Mapping[str, tuple[str, ...]] = {
    "drift": _FORMS,
    "martingale": _FORMS,
    "matrix": (*_FORMS, "path"),
    "laws": ("derivation", "path"),
    "observable": _FORMS,
    "first": _FORMS,
    "second": _FORMS,
    "sde": (*_FORMS, "path"),
    "rate": (*_FORMS, "path"),
    "changed": (*_FORMS, "path"),
    "left": (*_FORMS, "algorithm"),
    "right": (*_FORMS, "algorithm"),
    "sign": _FORMS,
    "shown": _FORMS,
    "change": _FORMS,
    "order": ("exact", "generator"),
    "update": _FORMS,
    "number": ("exact",),
    "assumptions": ("exact",),
    "exponents": ("path",),
    "path": ("path",),
    "value": ("path",),
    "cdf": ("path",),
    "density": ("derivation", "generator", "path"),
    "level": ("path",),
    "probability": ("path",),
    "threshold": ("path",),
    "below": ("path",),
    "above": ("path",),
    "algorithm": ("algorithm",),
}
"""Which tiers read which field of a claim."""


class Outcome(StrEnum):
    """What became of a mutant in a tier."""

    KILLED = "killed"
    SURVIVED = "survived"
    NOT_VISIBLE = "not visible"
    EQUIVALENT = "equivalent"


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One mutant against one tier.

    ``kind`` is the kind of the mistake, "by hand" for a mutant that was not generated.  ``change``
    is by how much what is stated changes at the points of a tier that did not reject it.
    """

    claim: str
    mutant: str
    mistake: str
    tier: str
    evidence: Evidence
    kind: str = "by hand"
    change: float | None = None
    outcome: Outcome | None = None

    @property
    def killed(self) -> bool:
        """Whether the tier refused the wrong claim."""
        return self.result is Outcome.KILLED

    @property
    def result(self) -> Outcome:
        """The outcome; if nothing else is known, what the tier said decides."""
        if self.outcome is not None:
            return self.outcome
        rejected = self.evidence.status == Status.DISAGREES
        return Outcome.KILLED if rejected else Outcome.SURVIVED

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        return {
            "claim": self.claim,
            "mutant": self.mutant,
            "mistake": self.mistake,
            "kind": self.kind,
            "tier": self.tier,
            "killed": self.killed,
            "outcome": str(self.result),
            "change": json_value(self.change),
            "status": str(self.evidence.status),
            "reason": self.evidence.reason,
            "seconds": json_value(round(self.evidence.seconds, 3)),
        }


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of all mutants, and what is true beside them.

    Parameters
    ----------
    rows : tuple of Kill
    mutants : int
        How many were judged.
    available : int
        How many could have been made.
    defects : tuple of str
        A right claim that a tier rejects, an equivalent mutant that a tier rejects.
    """

    rows: tuple[Kill, ...] = ()
    mutants: int = 0
    available: int = 0
    defects: tuple[str, ...] = field(default=())

    def __add__(self, other: Table) -> Table:
        """Both tables, one after the other."""
        return Table(
            rows=self.rows + other.rows,
            mutants=self.mutants + other.mutants,
            available=self.available + other.available,
            defects=self.defects + other.defects,
        )

    def named(self, name: str) -> Table:
        """The table of one claim under another name, that of its file where files share an id."""
        return replace(self, rows=tuple(replace(row, claim=name) for row in self.rows))

    def counts(self) -> dict[str, Counter[tuple[str, Outcome]]]:
        """Kind of mistake -> (tier, outcome) -> rows, and of all kinds together."""
        found: dict[str, Counter[tuple[str, Outcome]]] = {"all": Counter()}
        for row in self.rows:
            for kind in (row.kind, "all"):
                found.setdefault(kind, Counter())[row.tier, row.result] += 1
        return found

    @property
    def equivalent(self) -> tuple[tuple[str, str], ...]:
        """Claim and mutant of those that are proved to say the same."""
        same = [(r.claim, r.mutant) for r in self.rows if r.result is Outcome.EQUIVALENT]
        return tuple(dict.fromkeys(same))

    @property
    def unseen(self) -> int:
        """Mutants about which no tier was asked."""
        return self.mutants - len({(row.claim, row.mutant) for row in self.rows})

    @property
    def too_small(self) -> tuple[tuple[str, str], ...]:
        """Claim and mutant of those that are visible to no tier that was asked."""
        seen = {(r.claim, r.mutant) for r in self.rows if r.result is not Outcome.NOT_VISIBLE}
        every = dict.fromkeys((row.claim, row.mutant) for row in self.rows)
        return tuple(found for found in every if found not in seen)


def visible_tiers(changes: Iterable[str]) -> tuple[str, ...]:
    """The tiers that read one of these fields of a claim.

    >>> visible_tiers(["path"])
    ('path',)
    """
    found = {tier for name in changes for tier in READS.get(name, ())}
    return tuple(tier for tier in TIERS if tier in found)


def kills(mutant: Any, claim: str, verdict: Verdict) -> tuple[Kill, ...]:
    """The rows of one mutant: every tier that can see it and that applies."""
    seen = visible_tiers(mutant.changes)
    return tuple(
        Kill(
            claim=claim,
            mutant=mutant.name,
            mistake=mutant.mistake,
            tier=e.tier,
            evidence=e,
            kind=getattr(mutant, "kind", "by hand"),
        )
        for e in verdict.evidence
        if e.tier in seen and e.status != Status.NOT_APPLICABLE and not _unread(mutant, e)
    )


def _unread(mutant: Any, evidence: Evidence) -> bool:
    """Whether a mutant is one of the form that shows a sign, and the tier has no numbers for it."""
    return set(mutant.changes) == {"shown"} and evidence.numbers.get("stated form", "") is None


def exit_code(table: Table) -> int:
    """0: some mutants, each asked of a tier, none survived, no defect beside them; else 1."""
    survived = any(row.result is Outcome.SURVIVED for row in table.rows)
    sound = table.mutants > 0 and not table.unseen and not table.defects
    return 0 if sound and not survived else 1


def document(table: Table, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The kill table as JSON-able values."""
    outcomes: Sequence[Outcome] = tuple(Outcome)
    return {
        "schema": SCHEMA,
        "exit_code": exit_code(table),
        "settings": dict(settings),
        "mutants": table.mutants,
        "available": table.available,
        "killed": sum(row.killed for row in table.rows),
        "survived": sum(row.result is Outcome.SURVIVED for row in table.rows),
        "equivalent": [f"{claim}~{mutant}" for claim, mutant in table.equivalent],
        "visible to no tier": [f"{claim}~{mutant}" for claim, mutant in table.too_small],
        "defects": list(table.defects),
        "counts": {
            kind: {
                tier: {str(o): counted[tier, o] for o in outcomes if counted[tier, o]}
                for tier in TIERS
                if any(counted[tier, o] for o in outcomes)
            }
            for kind, counted in table.counts().items()
        },
        "kills": [row.to_json() for row in table.rows],
    }
