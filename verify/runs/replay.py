"""A certificate computed again: what still holds, and what changed where something does not.

Bit for bit is the measure: the same code, versions and machine give the same numbers to the last
digit.  Where one of these changed, its name stands beside what it may have moved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from verify.errors import VerifyError
from verify.loading import claim_of, require_current
from verify.problem import Reference, names
from verify.runner import Progress, records
from verify.verdict import Verdict

from . import copies
from .certificate import Certificate, differences, untimed
from .provenance import versions
from .store import Record

__all__ = ["Change", "Replay", "Replayed", "replayed"]

SCHEMA = "driftproof.replay/1"
ERROR = "ERROR"
SHOWN = 3
"""Numbers that are named for one claim; the others are counted."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One value that is another than the certificate says."""

    what: str
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """The place, both values, and by how much a number moved."""
        return f"{self.what}: {_shown(self.before)} → {_shown(self.after)}{self._moved()}"

    def _moved(self) -> str:
        if not (_is_number(self.before) and _is_number(self.after)):
            return ""
        moved = self.after - self.before
        scale = max(abs(self.before), abs(self.after))
        relative = f", {abs(moved) / scale:.1e} of it" if scale and math.isfinite(scale) else ""
        return f" (by {moved:+.3g}{relative})"


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One claim of a certificate, computed again.

    Parameters
    ----------
    claim : str
    before, after : str
        What the verdicts say, ERROR where none could be given; no second one where the claim
        cannot be computed again.
    reasons : tuple of Change
        What decides a verdict and is another: hashes, versions, seeds.
    numbers : tuple of Change
        What came out and is another.
    cut_off : bool
        Whether one of the two computations was cut off, so that nothing follows.
    error : str
        Why the claim cannot be computed again; empty if it was.
    """

    claim: str
    before: str
    after: str | None = None
    reasons: tuple[Change, ...] = ()
    numbers: tuple[Change, ...] = ()
    cut_off: bool = False
    error: str = ""

    @property
    def is_error(self) -> bool:
        """Whether no verdict could be given, neither before nor now."""
        return self.before == self.after == ERROR

    @property
    def exit_code(self) -> int:
        """0 nothing that came out is another; 1 refuted; 3 not to be compared."""
        if self.error:
            return 3
        if not self.numbers:
            return 0
        if self.cut_off:
            return 3
        return 3 if self.before == self.after and self.reasons else 1

    @property
    def text(self) -> str:
        """One line, or one and the changed numbers below it."""
        if self.error:
            return f"{self.claim}: cannot be replayed: {self.error}"
        reasons = "; ".join(change.text for change in self.reasons)
        if not self.numbers:
            told = f", although changed: {reasons}" if reasons else ""
            held = "as before" if self.is_error else "holds bit for bit"
            return f"{self.claim}: {self.after}, {held}{told}"
        why = f"changed: {reasons}" if reasons else "nothing that decides it has changed"
        held = "still holds" if self.before == self.after else "does not hold any more"
        cut = ", one of the two was cut off" if self.cut_off else ""
        lines = [f"{self.claim}: {self.before} → {self.after}, {held}{cut}; {why}"]
        lines += [f"    {change.text}" for change in self.numbers[:SHOWN]]
        if len(self.numbers) > SHOWN:
            lines.append(f"    and {len(self.numbers) - SHOWN} more")
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """All claims of a certificate, computed again."""

    claims: tuple[Replayed, ...]

    @property
    def exit_code(self) -> int:
        """0 every claim holds bit for bit; 1 one does not hold; 3 one is not to be compared."""
        codes = {claim.exit_code for claim in self.claims}
        return 1 if 1 in codes else 3 if codes != {0} else 0

    def text(self) -> str:
        """A line for every claim, and how many hold."""
        errors = sum(claim.exit_code == 0 and claim.is_error for claim in self.claims)
        held = sum(claim.exit_code == 0 for claim in self.claims) - errors
        lines = [claim.text for claim in self.claims]
        lost = sum(bool(claim.error) for claim in self.claims)
        more = f", {errors} with the same error" if errors else ""
        more += f", {lost} cannot be replayed" if lost else ""
        return "\n".join([*lines, f"{held} of {len(self.claims)} claims hold bit for bit{more}"])

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        return {
            "schema": SCHEMA,
            "exit_code": self.exit_code,
            "claims": [
                {
                    "claim": claim.claim,
                    "before": claim.before,
                    "after": claim.after,
                    "error": claim.error,
                    "cut_off": claim.cut_off,
                    "reasons": [asdict(change) for change in claim.reasons],
                    "numbers": [asdict(change) for change in claim.numbers],
                }
                for claim in self.claims
            ],
        }


def replayed(
    certificate: Certificate,
    workers: int | None = None,
    progress: Progress | None = None,
    folder: Path | None = None,
) -> Replay:
    """Every claim of a certificate, computed again and compared.

    Parameters
    ----------
    certificate : Certificate
    workers : int, optional
        Processes; those of the certificate by default.
    progress : callable, optional
    folder : Path, optional
        Where the certificate lies, with the copies of its claim files; the working folder by
        default.
    """
    settings = certificate.settings
    if workers is not None:
        settings = replace(settings, workers=workers)
    located = [_located(record, folder or Path()) for record in certificate.records]
    still = [reference for reference, _ in located if reference is not None]
    require_current(still)
    # The error rates are shared as they were, also with claims that are no more.
    again = iter(records(still, settings, progress, claims=len(certificate.records)))
    moved = _changes(certificate.versions, versions())
    claims = []
    shares = zip(certificate.shares, certificate.now().shares, strict=True)
    called = names([record.reference for record in certificate.records])
    for name, record, (reference, error), (was, now) in zip(
        called, certificate.records, located, shares, strict=True
    ):
        if reference is None:
            claims.append(Replayed(claim=name, before=record.verdict.said, error=error))
        else:
            changes = (*_changes(was, now), *moved)
            claims.append(_compared(name, record, next(again), changes))
    return Replay(claims=tuple(claims))


def _located(record: Record, folder: Path) -> tuple[Reference | None, str]:
    """Where a claim is found now; None and the reason for one that is no more."""
    try:
        reference = copies.found(record, folder)
        claim_of(reference)
    except (VerifyError, ValueError) as error:
        return None, " ".join(str(error).split())
    return reference, ""


def _compared(name: str, before: Record, after: Record, moved: tuple[Change, ...]) -> Replayed:
    hashes = _changes(before.provenance.to_json(), after.provenance.to_json())
    return Replayed(
        claim=name,
        before=before.verdict.said,
        after=after.verdict.said,
        reasons=(*hashes, *moved),
        numbers=_changes(untimed(before.verdict), untimed(after.verdict)),
        cut_off=_cut_off(before.verdict) or _cut_off(after.verdict),
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    return tuple(Change(what=what, before=x, after=y) for what, x, y in differences(before, after))


def _cut_off(verdict: Verdict) -> bool:
    return not all(evidence.finished for evidence in verdict.evidence)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = repr(value) if _is_number(value) else " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:12]}…" if " " not in text else f"{text[:57]}…"
