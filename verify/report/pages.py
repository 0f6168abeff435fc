"""What the pages of the claims show, as data: a view of every claim."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from verify import charts
from verify.charts.kills import kill_table
from verify.charts.svg import class_of
from verify.planning import TIERS
from verify.problem import Reference, names
from verify.runs.copies import copy_of
from verify.runs.store import Record
from verify.verdict import Evidence, Status, Verdict, json_value

from .names import file_names, shortest
from .numbers import NumberTable, tables
from .tables import brief, expectation

if TYPE_CHECKING:
    from derivations.exposition import Row, StepShown
    from verify.finding.finding import Finding
    from verify.mutants.kept import Kept, KeptTable

    from .expositions import Told

__all__ = ["ClaimView", "Neighbour", "TierView", "claim_views"]


FEW = 3
"""Steps of a derivation that are shown without being asked for."""


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """The name and the file of the claim before or after."""

    name: str
    file: str


@dataclass(frozen=True, kw_only=True)
class TierView:
    """What a tier that applies has found."""

    evidence: Evidence

    @property
    def name(self) -> str:
        """The tier."""
        return self.evidence.tier

    @property
    def counted(self) -> str:
        """What its points are."""
        if "draws" in self.evidence.numbers:
            return "Draws"
        return {"path": "Paths", "algorithm": "Runs or steps"}.get(self.name, "Points")

    @cached_property
    def charts(self) -> tuple[charts.Chart, ...]:
        """Its pictures."""
        return charts.of(self.evidence)

    @cached_property
    def tables(self) -> tuple[NumberTable, ...]:
        """Its numbers."""
        return tables(json_value(self.evidence.numbers))

    @property
    def raw(self) -> str:
        """Its numbers as JSON."""
        numbers = json_value(self.evidence.numbers)
        return json.dumps(numbers, indent=1, sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class ClaimView:
    """A claim of the run: its row in the index and its page.

    Parameters
    ----------
    record : Record
    told : Told
        Its exposition, if it has one.
    name : str
        Its id, with its file where several claims have one id.
    file : str
        Of its page, in the folder of the pages.
    settings : mapping
        As `verify.runner.Settings.to_json` gives them.
    kept : KeptTable, optional
        The last kill table of the claim.
    group : str
        The theorem that it is of, or the name of its file.
    copy : str
        The address of the copy of its file, from its page; empty if there is none.
    before, after : Neighbour, optional
    """

    record: Record
    told: Told
    name: str
    file: str
    settings: Mapping[str, Any]
    kept: KeptTable | None = None
    group: str = ""
    copy: str = ""
    before: Neighbour | None = None
    after: Neighbour | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.record.verdict

    @property
    def href(self) -> str:
        """The address of its page, from the index."""
        return f"claims/{self.file}"

    @property
    def row(self) -> str:
        """The id of its row in the index."""
        return f"claim-{self.file.removesuffix('.html')}"

    @property
    def title(self) -> str:
        """Its title; the name of a claim that has none."""
        told = self.told.exposition.title if self.told.exposition else ""
        return self.verdict.title or told or self.name or "A claim without a name"

    @property
    def said(self) -> str:
        """The status, or ERROR."""
        return self.verdict.said

    @property
    def expectation(self) -> str:
        """How the verdict stands to the declared one; empty where there is nothing to say."""
        if self.error or (self.verdict.agrees and self.as_expected):
            return ""
        if self.verdict.unasked:
            return "other tiers were not asked"
        return "as expected" if self.as_expected else expectation(self.verdict)

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the declared one."""
        return self.verdict.as_expected

    @property
    def error(self) -> str:
        """Why no tier could be asked."""
        return self.verdict.error

    @property
    def silence(self) -> str:
        """Why there is no statement to show."""
        return self.told.silence

    @property
    def finding(self) -> Finding | None:
        """What is wrong."""
        return self.verdict.finding

    @property
    def changes(self) -> NumberTable | None:
        """What is wrong, with their numbers as claimed and as measured."""
        changes = self.finding.changes if self.finding else ()
        found = tables({"As claimed and as measured": json_value(changes)}) if changes else ()
        return next((table for table in found if table.columns), None)

    @property
    def refuting(self) -> tuple[Evidence, ...]:
        """The tiers that disagree."""
        return tuple(e for e in self.verdict.evidence if e.status == Status.DISAGREES)

    @property
    def open(self) -> tuple[Evidence, ...]:
        """The tiers that cannot tell."""
        return tuple(e for e in self.verdict.evidence if e.status == Status.INCONCLUSIVE)

    @cached_property
    def tiers(self) -> tuple[TierView, ...]:
        """The tiers that apply."""
        applicable = (e for e in self.verdict.evidence if e.status != Status.NOT_APPLICABLE)
        return tuple(TierView(evidence=e) for e in applicable)

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the tiers that apply."""
        return tuple(tier.name for tier in self.tiers)

    @property
    def inapplicable(self) -> tuple[Evidence, ...]:
        """The tiers that do not apply."""
        return tuple(e for e in self.verdict.evidence if e.status == Status.NOT_APPLICABLE)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else there is to say, without what is said of the tiers that do not apply."""
        said = {f"Tier {e.tier} does not apply: {e.reason}." for e in self.inapplicable}
        remarks = self.told.exposition.remarks if self.told.exposition else ()
        return tuple(remark for remark in remarks if remark not in said)

    def brief(self, tier: str) -> tuple[str, str]:
        """What the index shows of a tier, and its status."""
        for evidence in self.verdict.evidence:
            if evidence.tier == tier:
                return brief(evidence), class_of(evidence.status)
        return "", ""

    @property
    def steps(self) -> tuple[tuple[StepShown, Row], ...]:
        """The steps of the derivation, each with its formulas."""
        from derivations.displays import chain

        return tuple(chain(self.told.exposition)) if self.told.exposition else ()

    @property
    def is_long(self) -> bool:
        """Whether its derivation is folded, so that the tiers are not far below."""
        return len(self.steps) > FEW

    @property
    def seconds(self) -> float:
        """The time of all tiers."""
        return math.fsum(e.seconds for e in self.verdict.evidence)

    @property
    def false_agree(self) -> float | None:
        """The chance that it is accepted though it is wrong."""
        return self.verdict.false_agree

    @property
    def false_reject(self) -> float | None:
        """The chance that it is rejected though it is true."""
        return self.verdict.false_reject

    @property
    def hashes(self) -> Mapping[str, str]:
        """What decides the verdict, hashed."""
        return self.record.provenance.to_json()

    @property
    def kills(self) -> Markup:
        """The kill table, empty if none is kept."""
        if self.kept is None:
            return Markup("")
        # Its texts are escaped where it is made.
        return Markup(kill_table(self.kept, self.kept.said(self.hashes)))

    @property
    def kill_command(self) -> str:
        """The command that makes its kill table; of a claim file none is kept for a report."""
        words = ["python", "-m", "verify", "mutants", self.given]
        return shlex.join(words if self.record.reference.file else [*words, "--keep"])

    @property
    def given(self) -> str:
        """What names the claim for a command, in the folder of the report where that has a copy."""
        reference = self.record.reference
        file = copy_of(self.record) if self.copy else reference.file
        return f"{file}:{reference.claim}" if file else reference.claim

    @property
    def command(self) -> str:
        """The command that judges this claim again."""
        words = ["python", "-m", "verify", "run", self.given]
        if tuple(self.settings["tiers"]) != TIERS:
            for tier in self.settings["tiers"]:
                words += ["--tier", tier]
        words += ["--effort", self.settings["effort"], "--seed", str(self.settings["seed"])]
        return shlex.join(words)


def claim_views(
    records: Sequence[Record],
    tellings: Sequence[Told],
    settings: Mapping[str, Any],
    kept: Kept,
    copies: Collection[str] = (),
) -> tuple[ClaimView, ...]:
    """A view of every record, in their order.

    Parameters
    ----------
    records, tellings, settings
    kept : Kept
        The kill tables of the catalogue.
    copies : collection of str
        The places of the copies of claim files.
    """
    called = names([record.reference for record in records])
    neighbours = [
        Neighbour(name=name, file=file)
        for name, file in zip(called, file_names(called), strict=True)
    ]
    shown = shortest(r.reference.file for r in records if r.reference.file)
    return tuple(
        ClaimView(
            record=record,
            told=told,
            name=here.name,
            file=here.file,
            settings=settings,
            group=_group(record.reference, shown),
            kept=None if record.reference.file else kept.table_of(record.reference.claim),
            copy=f"../{quote(copy)}" if (copy := copy_of(record)) in copies else "",
            before=neighbours[i - 1] if i else None,
            after=neighbours[i + 1] if i + 1 < len(neighbours) else None,
        )
        for i, (record, told, here) in enumerate(zip(records, tellings, neighbours, strict=True))
    )


def _group(reference: Reference, shown: Mapping[str, str]) -> str:
    file = reference.file
    return shown[file] if file else reference.claim.partition(".")[0]
