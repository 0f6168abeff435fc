"""The kill table: every wrong claim made from a right one, against every tier that can see it.

A tier can see a mutant if it reads a field that the mutant changes.  It kills the mutant if it says
DISAGREES; anything else is a survivor, and a survivor is a defect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .planning import TIERS
from .verdict import Evidence, Status, Verdict, json_value

__all__ = ["READS", "Kill", "document", "exit_code", "kills", "visible_tiers"]

SCHEMA = "driftproof.mutants/1"

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
    "exponents": ("path",),
    "path": ("path",),
    "algorithm": ("algorithm",),
}
"""Which tiers read which field of a claim."""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One mutant against one tier."""

    claim: str
    mutant: str
    mistake: str
    tier: str
    evidence: Evidence

    @property
    def killed(self) -> bool:
        """Whether the tier refused the wrong claim."""
        return self.evidence.status == Status.DISAGREES

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        return {
            "claim": self.claim,
            "mutant": self.mutant,
            "mistake": self.mistake,
            "tier": self.tier,
            "killed": self.killed,
            "status": str(self.evidence.status),
            "reason": self.evidence.reason,
            "seconds": json_value(round(self.evidence.seconds, 3)),
        }


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
        Kill(claim=claim, mutant=mutant.name, mistake=mutant.mistake, tier=e.tier, evidence=e)
        for e in verdict.evidence
        if e.tier in seen and e.status != Status.NOT_APPLICABLE
    )


def exit_code(table: Sequence[Kill], mutants: int) -> int:
    """0: every mutant is killed by every tier that can see it, and some tier sees each; else 1."""
    seen = {(kill.claim, kill.mutant) for kill in table}
    return 0 if len(seen) == mutants > 0 and all(kill.killed for kill in table) else 1


def document(table: Sequence[Kill], mutants: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The kill table as JSON-able values."""
    return {
        "schema": SCHEMA,
        "exit_code": exit_code(table, mutants),
        "settings": dict(settings),
        "mutants": mutants,
        "killed": sum(kill.killed for kill in table),
        "survived": sum(not kill.killed for kill in table),
        "kills": [kill.to_json() for kill in table],
    }
