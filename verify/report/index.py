"""What the first page of the site shows, as data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from verify.verdict import Status

from .pages import ClaimView
from .tables import rates_line, summary

__all__ = ["SAID", "Index", "index"]

SAID = ("DISAGREES", "ERROR", "INCONCLUSIVE", "AGREES", "NOT APPLICABLE")
"""What a verdict may say, the most urgent first."""

_COUNTED = (Status.AGREES, Status.DISAGREES, Status.INCONCLUSIVE, Status.NOT_APPLICABLE)


@dataclass(frozen=True, kw_only=True)
class Group:
    """A theorem or a claim file: the row of its first claim, and how many verdicts of each kind."""

    name: str
    title: str
    first: str
    counts: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class TierSums:
    """A tier in the whole run: verdicts by status, rates spent, seconds."""

    name: str
    counts: tuple[int, ...]
    false_reject: float | None
    false_agree: float | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Index:
    """The first page."""

    claims: tuple[ClaimView, ...]
    groups: tuple[Group, ...]
    tiers: tuple[TierSums, ...]
    troubles: tuple[str, ...] = field(default=())
    unread: tuple[str, ...] = field(default=())

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many claims have each verdict."""
        return tuple((said, sum(c.said == said for c in self.claims)) for said in SAID)

    @property
    def unexpected(self) -> tuple[ClaimView, ...]:
        """The claims whose verdict is not the declared one."""
        return tuple(claim for claim in self.claims if not claim.as_expected)

    @property
    def summary(self) -> str:
        """The run in a line."""
        return summary([claim.verdict for claim in self.claims], self.unread)

    @property
    def rates(self) -> str:
        """Both error rates of the run in a line."""
        return rates_line([claim.verdict for claim in self.claims])

    @property
    def seconds(self) -> float:
        """The time of all tiers of all claims."""
        return math.fsum(claim.seconds for claim in self.claims)


def index(
    claims: Sequence[ClaimView],
    titles: Mapping[str, str],
    tiers: Iterable[str],
    troubles: Sequence[str] = (),
    unread: Sequence[str] = (),
) -> Index:
    """The index of the claims.

    Parameters
    ----------
    claims : sequence of ClaimView
    titles : mapping
        Of theorems.
    tiers : iterable of str
        Those that were asked.
    troubles : sequence of str
        Errors of claim files.
    unread : sequence of str
        The names of the claims that could not be read.
    """
    groups: dict[str, list[ClaimView]] = {}
    for claim in claims:
        groups.setdefault(claim.group, []).append(claim)
    return Index(
        claims=tuple(claims),
        groups=tuple(
            Group(
                name=name,
                title=titles.get(name, ""),
                first=members[0].row,
                counts={said: n for said in SAID if (n := sum(c.said == said for c in members))},
            )
            for name, members in groups.items()
        ),
        tiers=tuple(_sums(tier, claims) for tier in tiers),
        troubles=tuple(troubles),
        unread=tuple(unread),
    )


def _sums(tier: str, claims: Iterable[ClaimView]) -> TierSums:
    found = [e for claim in claims for e in claim.verdict.evidence if e.tier == tier]
    decided = (Status.AGREES, Status.DISAGREES)
    rejecting = [e.false_reject for e in found if e.status in decided or e.false_reject]
    accepting = [e.false_agree for e in found if e.status in decided and e.false_agree is not None]
    unbounded = any(rate is None for rate in rejecting)
    return TierSums(
        name=tier,
        counts=tuple(sum(e.status == status for e in found) for status in _COUNTED),
        false_reject=None if unbounded else math.fsum(r for r in rejecting if r is not None),
        false_agree=math.fsum(accepting) if accepting else None,
        seconds=math.fsum(e.seconds for e in found),
    )
