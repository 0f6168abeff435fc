"""What the judge says: the evidence of one tier, the verdict on a claim, exit codes, JSON.

``AGREES``, ``DISAGREES``, ``INCONCLUSIVE``, ``NOT APPLICABLE`` are the four answers.  Both error
rates are part of every answer:

* *false agree*: how likely a claim that is wrong by the relevant error is accepted;
* *false reject*: how likely a true claim is rejected.

A rate of 0 means that no chance is involved; None means that no bound is stated.  Rates are
conditional on what ``Evidence.condition`` says (a bias that was extrapolated, a kurtosis bound).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .errors import VerifyError
from .finding.finding import Finding

__all__ = [
    "TIERS",
    "Evidence",
    "Status",
    "Verdict",
    "alike",
    "combine",
    "exit_code",
    "json_value",
]

SCHEMA = "driftproof.verdicts/1"

TIERS = ("derivation", "exact", "generator", "one-step", "path", "algorithm")


class Status(StrEnum):
    """The four answers."""

    AGREES = "AGREES"
    DISAGREES = "DISAGREES"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_APPLICABLE = "NOT APPLICABLE"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one tier found.

    Parameters
    ----------
    tier : str
    status : Status
    reason : str
        One sentence for people: what was compared and how well it agreed, or why it does not apply.
    false_agree, false_reject : float or None
        Bounds of both error rates; 0 where no chance is involved, None where no bound is stated.
    condition : str
        What the rates are conditional on; empty if on nothing.
    points : int
        Admissible points (or paths) that were used.  A tier without any is never ``AGREES``.
    refused : int
        Points that were drawn and did not meet the assumptions.
    brief : str
        A few letters for a table, such as ``9 digits``.
    numbers : mapping
        Everything measured, as JSON-able values.
    finished : bool
        False if a time limit or a crash cut the check off: asked again, it may say more.
    seconds : float
        Time taken; the one field that differs from run to run.
    """

    tier: str
    status: Status
    reason: str
    false_agree: float | None = 0.0
    false_reject: float | None = 0.0
    condition: str = ""
    points: int = 0
    refused: int = 0
    brief: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    finished: bool = True
    seconds: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        for name in ("false_agree", "false_reject"):
            rate = getattr(self, name)
            if rate is not None and not 0 <= rate <= 1:
                raise VerifyError(f"{name}={rate}: a rate lies between 0 and 1")

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values, without NaN or infinity."""
        return {
            "tier": self.tier,
            "status": str(self.status),
            "reason": self.reason,
            "brief": self.brief,
            "false_agree": json_value(self.false_agree),
            "false_reject": json_value(self.false_reject),
            "condition": self.condition,
            "points": self.points,
            "refused": self.refused,
            "numbers": json_value(self.numbers),
            "finished": self.finished,
            "seconds": round(self.seconds, 3),
        }

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Evidence:
        """The evidence of `to_json`; numbers stay the lists and mappings that JSON has."""
        return Evidence(**{**found, "status": Status(found["status"])})


def alike(evidence: Iterable[Evidence]) -> list[tuple[str, Evidence]]:
    """Evidence that says the same once, with the names of its tiers."""
    groups: dict[tuple[Status, str], list[Evidence]] = {}
    for one in evidence:
        groups.setdefault((one.status, one.reason), []).append(one)
    return [(", ".join(e.tier for e in group), group[0]) for group in groups.values()]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer on one claim, with the evidence of every tier asked, in their order.

    ``error`` says why no tier could be asked: the claim of a user that cannot be made a problem.
    ``finding`` says what is wrong with a claim that disagrees; it decides nothing.
    """

    claim: str
    title: str
    evidence: tuple[Evidence, ...]
    expected: Status = Status.AGREES
    error: str = ""
    finding: Finding | None = None

    def __bool__(self) -> bool:
        """Whether the answer is AGREES: ``assert check(claim)`` fails on every other."""
        return self.agrees

    def __str__(self) -> str:
        """The status, and why, a line for each tier; then what is wrong."""
        lines = [f"{self.claim}: {self.said}"] + ([self.error] if self.error else [])
        asked = [e for e in self.evidence if e.status != Status.NOT_APPLICABLE] or self.evidence
        lines += [f"{tiers} {e.status}: {e.reason}" for tiers, e in alike(asked)]
        return "\n    ".join([*lines, *(self.finding.text if self.finding else ())])

    @property
    def status(self) -> Status:
        """One tier that disagrees decides; one that cannot tell leaves the claim open."""
        if self.error:
            return Status.INCONCLUSIVE
        return combine(evidence.status for evidence in self.evidence)

    @property
    def said(self) -> str:
        """The status, or ERROR where no tier could be asked."""
        return "ERROR" if self.error else str(self.status)

    @property
    def agrees(self) -> bool:
        """Whether the answer is AGREES."""
        return self.status == Status.AGREES

    @property
    def finished(self) -> bool:
        """Whether every tier came to its end, so that the same question gives the same answer."""
        return not self.error and all(evidence.finished for evidence in self.evidence)

    @property
    def unasked(self) -> bool:
        """Whether none of the tiers asked applies, while others, which were not asked, may."""
        every = {evidence.tier for evidence in self.evidence} >= set(TIERS)
        silent = not self.error and self.status == Status.NOT_APPLICABLE != self.expected
        return silent and not every

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the declared one, or no tier that was asked applies."""
        return not self.error and (self.status == self.expected or self.unasked)

    @property
    def false_agree(self) -> float | None:
        """The largest false-agree bound stated by a tier, None if none states one.

        A claim agrees only if every tier agrees; but tiers look at different parts of a claim, so
        the largest bound is the one that holds for each part.
        """
        rates = [rate for rate in self._spent("false_agree") if rate is not None]
        return max(rates, default=None)

    @property
    def false_reject(self) -> float | None:
        """The sum of the tiers' false-reject bounds, None if some tier states none.

        A tier that is INCONCLUSIVE has spent its share; one that came to no measurement states no
        rate, has rejected nothing, and is left out.
        """
        rates = self._spent("false_reject")
        if any(rate is None for rate in rates):
            return None
        return math.fsum(rate for rate in rates if rate is not None)

    def _spent(self, name: str) -> list[float | None]:
        """The rates of the tiers that decided, and of those that drew and left it open."""
        decided = (Status.AGREES, Status.DISAGREES)
        rates = [(e.status, getattr(e, name)) for e in self.evidence]
        return [r for s, r in rates if s in decided or (s == Status.INCONCLUSIVE and r)]

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        return {
            "claim": self.claim,
            "title": self.title,
            "status": str(self.status),
            "expected": str(self.expected),
            "as_expected": self.as_expected,
            "false_agree": json_value(self.false_agree),
            "false_reject": json_value(self.false_reject),
            "evidence": [evidence.to_json() for evidence in self.evidence],
            **({"error": self.error} if self.error else {}),
            **({"finding": json_value(self.finding.to_json())} if self.finding else {}),
        }

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Verdict:
        """The verdict of `to_json`; what follows from the evidence is not read."""
        return Verdict(
            claim=found["claim"],
            title=found["title"],
            evidence=tuple(Evidence.from_json(evidence) for evidence in found["evidence"]),
            expected=Status(found["expected"]),
            error=found.get("error", ""),
            finding=Finding.from_json(found["finding"]) if "finding" in found else None,
        )


def combine(statuses: Iterable[Status]) -> Status:
    """The answer that several answers make together.

    >>> str(combine([Status.AGREES, Status.NOT_APPLICABLE]))
    'AGREES'
    >>> str(combine([Status.AGREES, Status.INCONCLUSIVE]))
    'INCONCLUSIVE'
    """
    found = set(statuses)
    for status in (Status.DISAGREES, Status.INCONCLUSIVE, Status.AGREES):
        if status in found:
            return status
    return Status.NOT_APPLICABLE


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """0: every claim has the verdict it expects; 1: one is refuted; 3: one is left open.

    2 goes before all others: some claim has an error, and no verdict could be given.  No claim at
    all, or none that a tier of the run applies to, is 3: such a run has shown nothing.
    """
    if any(verdict.error for verdict in verdicts):
        return 2
    missed = [verdict.status for verdict in verdicts if not verdict.as_expected]
    if any(status in (Status.DISAGREES, Status.AGREES) for status in missed):
        return 1
    return 3 if missed or all(verdict.unasked for verdict in verdicts) else 0


def json_value(value: Any) -> Any:
    """The value as JSON takes it: mappings, lists, text, numbers; NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if hasattr(value, "tolist"):
        return json_value(value.tolist())
    if isinstance(value, Iterable):
        return [json_value(item) for item in value]
    number = float(value)
    return number if math.isfinite(number) else None
