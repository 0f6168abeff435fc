"""The certificate of a run: what was judged, with what, and every number that came out.

It holds no time of day and no duration, so that the same run gives the same text: interrupted and
resumed or not, with any number of workers.  Its own hash stands in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from verify.errors import UsageError
from verify.problem import Reference
from verify.runner import Settings
from verify.verdict import Verdict, json_value

from .provenance import Provenance
from .store import Record, canonical, hash_of

__all__ = ["Certificate"]

SCHEMA = "driftproof.certificate/1"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The records of a run, its settings, and the versions that it ran with.

    Parameters
    ----------
    records : tuple of Record
        In the order in which the claims were asked for.
    settings : Settings
    versions : mapping
        As `verify.runs.provenance.versions` gives them.
    shares : tuple of mapping
        The seeds and the error rates of the tiers, for every claim, as a file has them.
    """

    records: tuple[Record, ...]
    settings: Settings
    versions: Mapping[str, str]
    shares: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if not self.shares:
            shares = tuple(self._shares(record) for record in self.records)
            object.__setattr__(self, "shares", shares)

    @property
    def name(self) -> str:
        """A name for its file, of what was asked: the same question overwrites its answer.

        A claim that was edited is another question.
        """
        asked = [
            [_reference(x.reference), x.provenance.claim, *filter(None, [x.provenance.values])]
            for x in self.records
        ]
        return f"certificate-{hash_of([asked, self.settings.to_json()])[:16]}.json"

    @property
    def digest(self) -> str:
        """Its own hash."""
        return hash_of(self._body())

    def text(self) -> str:
        """The text of its file."""
        found = self._body()
        return canonical({**found, "digest": hash_of(found)})

    def _body(self) -> dict[str, Any]:
        plan = self.settings.plan
        verdicts = [record.verdict for record in self.records]
        return {
            "schema": SCHEMA,
            "settings": self.settings.to_json(),
            "versions": dict(self.versions),
            "budget": {
                "given": _rates(plan.budget.false_agree, plan.budget.false_reject),
                "spent": _rates(
                    _sum([v.false_agree for v in verdicts if v.false_agree is not None]),
                    _sum([v.false_reject for v in verdicts]),
                ),
            },
            "claims": [
                {
                    "reference": _reference(record.reference),
                    "hashes": record.provenance.to_json(),
                    "verdict": untimed(record.verdict),
                    **shares,
                }
                for record, shares in zip(self.records, self.shares, strict=True)
            ],
        }

    def _shares(self, record: Record) -> dict[str, Any]:
        plan, claims = self.settings.plan, len(self.records)
        found = {
            tier: plan.for_tier(record.verdict.claim, tier, claims) for tier in self.settings.tiers
        }
        return {
            "seeds": {tier: share.seed_for() for tier, share in found.items()},
            "budget": {
                tier: _rates(share.budget.false_agree, share.budget.false_reject)
                for tier, share in found.items()
            },
        }

    def now(self) -> Certificate:
        """The same with seeds and error rates as the code has them now."""
        return replace(self, shares=())

    @staticmethod
    def read(path: Path) -> Certificate:
        """The certificate of a file.

        Raises
        ------
        UsageError
            If it cannot be read, or was changed after it was written: its hash, or what follows
            from its evidence, is not what it says.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise UsageError(f"{path}: cannot be read ({reason}); give a certificate") from None
        try:
            found = json.loads(text)
            schema, digest = found["schema"], found.pop("digest")
            if schema != SCHEMA:
                raise UsageError(f"its format is {schema!r} and not {SCHEMA!r}; run again")
            if digest != hash_of(found):
                raise UsageError("changed after it was written; its hash is another")
            certificate = _certificate(found)
            expected = certificate._body()
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            told = _fault(error)
            raise UsageError(f"{path}: not a certificate, or a damaged one ({told})") from None
        if canonical(found) != canonical(expected):
            place = next(iter(differences(found, expected)), ("its text",))[0]
            raise UsageError(f"{path}: changed after it was written; {place} does not follow")
        return certificate


def _fault(error: Exception) -> str:
    """What is wrong with a text, in words that need no Python."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno} is no JSON"
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}"
    return "something in it is of another kind than it has to be"


def untimed(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON without what differs from run to run: the time taken."""
    found = verdict.to_json()
    evidence = [
        {key: value for key, value in e.items() if key != "seconds"} for e in found["evidence"]
    ]
    return {**found, "evidence": evidence}


def differences(before: Any, after: Any, place: str = "") -> list[tuple[str, Any, Any]]:
    """Where two JSON values differ: the place, and the value on each side (None for no value).

    >>> differences({"a": [1, 2]}, {"a": [1, 3]})
    [('a[1]', 2, 3)]
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = sorted({*before, *after})
        pairs = [(f"{place}.{k}" if place else k, before.get(k), after.get(k)) for k in keys]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = [
            (f"{place}[{i}]", x, y) for i, (x, y) in enumerate(zip(before, after, strict=True))
        ]
    else:
        # 1 and 1.0, 0 and False are different texts.
        same = canonical(before) == canonical(after)
        return [] if same else [(place, before, after)]
    return [found for name, x, y in pairs for found in differences(x, y, name)]


def _certificate(found: Mapping[str, Any]) -> Certificate:
    return Certificate(
        records=tuple(
            Record(
                reference=Reference(**{k: _tuple(v) for k, v in claim["reference"].items()}),
                provenance=Provenance(**claim["hashes"]),
                verdict=Verdict.from_json(claim["verdict"]),
            )
            for claim in found["claims"]
        ),
        settings=Settings.from_json(found["settings"]),
        versions=dict(found["versions"]),
        shares=tuple({k: claim[k] for k in ("seeds", "budget")} for claim in found["claims"]),
    )


def _reference(reference: Reference) -> dict[str, Any]:
    found: dict[str, Any] = json_value(asdict(reference))
    return found


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _rates(false_agree: float | None, false_reject: float | None) -> dict[str, Any]:
    return {"false_agree": json_value(false_agree), "false_reject": json_value(false_reject)}


def _sum(rates: Sequence[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return math.fsum(known) if known and len(known) == len(rates) else None
