"""The exposition of a claim: what it states, assumes and follows from, as data to be shown.

One exposition serves the terminal, LaTeX, Markdown, the report and the notebooks, so that they
cannot say different things.  Its formulas carry both spellings, Unicode and LaTeX; its words are
Unicode.  That of the catalogue is generated with the kernels; that of a claim file is made on
the spot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .phrases import Phrase

__all__ = [
    "Exposition",
    "Mathematics",
    "Passage",
    "Row",
    "StepShown",
    "expositions_text",
    "read_expositions",
]


@dataclass(frozen=True, kw_only=True)
class Mathematics:
    """A formula in both spellings; ``source`` is set for the source text of a Python function.

    Parameters
    ----------
    unicode : str
        One line, as `derivations.printing.unicode` prints it; a function's source otherwise.
    latex : str
        For mathematics mode; empty for the source of a function.
    source : bool
    """

    unicode: str
    latex: str = ""
    source: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """``left = right``, or ``right`` alone; ``relation`` stands between them."""

    right: Mathematics
    left: Mathematics | None = None
    words: str = ""
    """In the place of a formula on the left: "drift", "relevant error"."""
    note: str = ""
    """After the formula: "one after the other"."""
    relation: str = "="


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Formulas under a title: the system, what is stated, the clock, names, the setting."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class StepShown:
    """A step of the derivation: the rule's name, the rule in words, the formulas, the check.

    ``before`` is what the rule is applied to, ``after`` what it gives; ``relation`` stands between
    them: ``=``, ``≈`` where terms are left out, or the sign that is read off.
    """

    rule: str
    words: str
    before: Mathematics
    after: Mathematics
    check: str
    assumptions: tuple[Mathematics, ...] = ()
    relation: str = "="


@dataclass(frozen=True, kw_only=True)
class Exposition:
    """A claim for people.

    ``declared`` holds what the claim states, in its order; ``names`` the compounds that the
    formulas abbreviate; ``letters`` a sentence that says what every letter is; ``differences`` what
    is derived less what is stated, where they differ; ``facts`` titles and lists of facts ("Used",
    "Needed though not declared", ...); ``remarks`` sentences: why nothing is derived, why a tier
    does not apply.
    """

    id: str
    title: str
    statement: str = ""
    source: str = ""
    expected: str = "AGREES"
    assumptions: tuple[str, ...] = ()
    declared: tuple[Passage, ...] = ()
    names: tuple[Row, ...] = ()
    letters: tuple[Phrase, ...] = ()
    spectra: tuple[Mathematics, ...] = ()
    """The matrices whose eigenvalues λ_i and eigenprojectors E_i the formulas speak of."""
    steps: tuple[StepShown, ...] = ()
    differences: tuple[Passage, ...] = ()
    facts: tuple[tuple[str, tuple[Mathematics, ...]], ...] = ()
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-able values; `from_json` reads them."""
        return asdict(self)

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Exposition:
        """The exposition of `to_json`."""
        return Exposition(
            **{
                **found,
                "assumptions": tuple(found["assumptions"]),
                "declared": tuple(map(_passage, found["declared"])),
                "names": tuple(map(_row, found["names"])),
                "letters": tuple(Phrase(**part) for part in found.get("letters", ())),
                "spectra": tuple(Mathematics(**m) for m in found["spectra"]),
                "steps": tuple(map(_step, found["steps"])),
                "differences": tuple(map(_passage, found["differences"])),
                "facts": tuple(
                    (title, tuple(Mathematics(**m) for m in facts))
                    for title, facts in found["facts"]
                ),
                "remarks": tuple(found["remarks"]),
            }
        )


def expositions_text(expositions: Iterable[Exposition], provenance: str) -> str:
    """The text of the file that `read_expositions` reads."""
    found = {"provenance": provenance, "claims": [shown.to_json() for shown in expositions]}
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def read_expositions(path: Path) -> dict[str, Exposition]:
    """The expositions of a generated file, by the ids of their claims."""
    found = json.loads(path.read_text(encoding="utf-8"))["claims"]
    return {claim["id"]: Exposition.from_json(claim) for claim in found}


def _passage(found: Mapping[str, Any]) -> Passage:
    return Passage(title=found["title"], rows=tuple(map(_row, found["rows"])))


def _row(found: Mapping[str, Any]) -> Row:
    left = found["left"]
    return Row(
        right=Mathematics(**found["right"]),
        left=None if left is None else Mathematics(**left),
        words=found["words"],
        note=found["note"],
        relation=found["relation"],
    )


def _step(found: Mapping[str, Any]) -> StepShown:
    return StepShown(
        rule=found["rule"],
        words=found["words"],
        before=Mathematics(**found["before"]),
        after=Mathematics(**found["after"]),
        check=found["check"],
        relation=found["relation"],
        assumptions=tuple(Mathematics(**m) for m in found["assumptions"]),
    )
