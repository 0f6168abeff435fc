"""The last kill table of every claim of the catalogue, kept in a file beside this one.

It takes minutes to make, and a report shows it without making it again.  Each table has the hashes
of what it was made from, so that it is told whether it is still that of the claim.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from verify.errors import UsageError
from verify.planning import TIERS
from verify.problem import Reference
from verify.runs.writing import writable, write
from verify.verdict import json_value

from .table import Outcome, Table

if TYPE_CHECKING:
    from verify.runner import Settings

__all__ = ["PLACE", "Kept", "KeptMutant", "KeptTable", "check", "keep", "table_of"]

PLACE = Path(__file__).with_name("kills.json")
SCHEMA = "driftproof.kills/1"

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class KeptMutant:
    """A wrong version of a claim, and what became of it in every tier that was asked.

    Parameters
    ----------
    name, mistake, kind : str
        As in `verify.mutants.table.Kill`.
    outcomes : mapping of str to Outcome
        Tier -> outcome.
    """

    name: str
    mistake: str
    kind: str
    outcomes: Mapping[str, Outcome]

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        tiers = {tier: str(self.outcomes[tier]) for tier in TIERS if tier in self.outcomes}
        return {"name": self.name, "kind": self.kind, "mistake": self.mistake, "tiers": tiers}

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> KeptMutant:
        """The mutant of `to_json`."""
        outcomes = {tier: Outcome(said) for tier, said in _of(found, "tiers", dict).items()}
        return KeptMutant(
            name=_of(found, "name", str),
            mistake=_of(found, "mistake", str),
            kind=_of(found, "kind", str),
            outcomes=outcomes,
        )


@dataclass(frozen=True, kw_only=True)
class KeptTable:
    """The kill table of one claim.

    Parameters
    ----------
    claim : str
    hashes : mapping
        Of what it was made from, as `verify.runs.provenance.Provenance` names them.
    effort : str
    seed : int
    judged, available : int
        Mutants that were judged, and that could have been made.
    mutants : tuple of KeptMutant
        Those that some tier was asked about.
    defects : tuple of str
        As in `verify.mutants.table.Table`.
    """

    claim: str
    hashes: Mapping[str, str]
    effort: str
    seed: int
    judged: int
    available: int
    mutants: tuple[KeptMutant, ...] = ()
    defects: tuple[str, ...] = field(default=())

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that were asked about some mutant, in their order."""
        return tuple(t for t in TIERS if any(t in m.outcomes for m in self.mutants))

    def is_of(self, hashes: Mapping[str, str]) -> bool:
        """Whether it was made from this declaration and these kernels."""
        return all(self.hashes.get(name) == hashes.get(name) for name in ("claim", "kernels"))

    def said(self, hashes: Mapping[str, str]) -> str:
        """For what it was measured, in a sentence; ``hashes`` are those of the claim now."""
        if not self.is_of(hashes):
            return (
                "Out of date: the claim changed since; run "
                f"python -m verify mutants {self.claim} --keep"
            )
        if any(self.hashes.get(name) != value for name, value in hashes.items()):
            return "Measured for these kernels, by an earlier version of the judge."
        return "Measured for these kernels."

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        return {
            "hashes": dict(self.hashes),
            "effort": self.effort,
            "seed": self.seed,
            "judged": self.judged,
            "available": self.available,
            **({"defects": list(self.defects)} if self.defects else {}),
            "mutants": [mutant.to_json() for mutant in self.mutants],
        }

    @staticmethod
    def from_json(claim: str, found: Mapping[str, Any]) -> KeptTable:
        """The table of `to_json`."""
        return KeptTable(
            claim=claim,
            hashes=_of(found, "hashes", dict),
            effort=_of(found, "effort", str),
            seed=_of(found, "seed", int),
            judged=_of(found, "judged", int),
            available=_of(found, "available", int),
            mutants=tuple(KeptMutant.from_json(m) for m in _of(found, "mutants", list)),
            defects=tuple(map(str, _of({"defects": [], **found}, "defects", list))),
        )


def table_of(
    claim: str, hashes: Mapping[str, str], table: Table, *, effort: str, seed: int
) -> KeptTable:
    """What is kept of the kill table of one claim."""
    rows: dict[tuple[str, str, str], dict[str, Outcome]] = {}
    for row in table.rows:
        rows.setdefault((row.mutant, row.mistake, row.kind), {})[row.tier] = row.result
    return KeptTable(
        claim=claim,
        hashes=json_value(hashes),
        effort=effort,
        seed=seed,
        judged=table.mutants,
        available=table.available,
        mutants=tuple(
            KeptMutant(name=name, mistake=mistake, kind=kind, outcomes=outcomes)
            for (name, mistake, kind), outcomes in rows.items()
        ),
        defects=table.defects,
    )


def check(path: Path = PLACE, *, anew: bool) -> None:
    """Refuse a file that tables cannot be kept in; asked before the work and not after it.

    ``anew`` says that none of those in it stay.

    Raises
    ------
    UsageError
        If it cannot be written, or is damaged and some in it are to stay.
    """
    writable(path)
    if not anew:
        Kept.read(path)


def keep(
    references: Sequence[Reference],
    tables: Sequence[Table],
    settings: Settings,
    *,
    everything: bool = False,
    path: Path = PLACE,
) -> None:
    """Write the tables of claims of the catalogue, each as that of its claim as it is now.

    ``everything`` says that these are all claims: tables of others are dropped.
    """
    from verify.runs.provenance import Sources

    sources = Sources.now()
    found = [
        table_of(
            reference.claim,
            sources.of(reference).to_json(),
            table,
            effort=settings.effort,
            seed=settings.seed,
        )
        for reference, table in zip(references, tables, strict=True)
        if reference.file is None
    ]
    before = Kept() if everything else Kept.read(path)
    before.updated(found).write(path)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The kill tables that are kept, by the ids of their claims."""

    tables: Mapping[str, KeptTable] = field(default_factory=dict)

    @staticmethod
    def read(path: Path = PLACE) -> Kept:
        """Those of a file; none if there is no file.

        Raises
        ------
        UsageError
            If the file is damaged or has another format.
        """
        if not path.exists():
            return Kept()
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["schema"] != SCHEMA:
                raise ValueError(f"its format is {found['schema']!r}")
            claims = _of(found, "claims", dict).items()
            return Kept(tables={name: KeptTable.from_json(name, x) for name, x in claims})
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            fault = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise UsageError(
                f"{path}: no kill tables ({fault}); remove the file, which reports do without, or "
                "write it anew with python -m verify mutants --keep"
            ) from None

    def table_of(self, claim: str) -> KeptTable | None:
        """The table of a claim of the catalogue; None if none is kept."""
        return self.tables.get(claim)

    def updated(self, tables: Iterable[KeptTable]) -> Kept:
        """With these in place of older ones."""
        return Kept(tables={**self.tables, **{table.claim: table for table in tables}})

    def text(self) -> str:
        """The text of the file: a line for every mutant."""
        claims = ",\n".join(_lines(name, self.tables[name]) for name in sorted(self.tables))
        return f'{{"schema": {json.dumps(SCHEMA)}, "claims": {{\n{claims}\n}}}}\n'

    def write(self, path: Path = PLACE) -> None:
        """Write the file, whole or not at all."""
        write(path, self.text())


def _of(found: Mapping[str, Any], key: str, kind: type[Value]) -> Value:
    """What a file has under a key, if it is of the kind that it has to be."""
    value = found[key]
    if type(value) is not kind:
        raise TypeError(f"{key!r} is no {kind.__name__}")
    return value


def _lines(name: str, table: KeptTable) -> str:
    head = table.to_json()
    mutants = [_json(mutant) for mutant in head.pop("mutants")]
    between = "\n" if mutants else ""
    listed = between + ",\n".join(f"  {mutant}" for mutant in mutants) + between
    return f'{_json(name)}: {_json(head)[:-1]}, "mutants": [{listed}]}}'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
