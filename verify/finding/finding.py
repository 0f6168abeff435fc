"""What is wrong with a refuted claim: the term, the number, a point to check by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CounterExample", "Finding"]


@dataclass(frozen=True, kw_only=True)
class CounterExample:
    """A small admissible point at which both sides differ.

    ``at`` gives every letter as text, ``entry`` says which number is meant where there are several;
    ``exact`` says whether both values are exact, ``against`` where the measured one
    comes from.
    """

    part: str
    at: Mapping[str, str]
    entry: str
    measured: str
    claimed: str
    exact: bool
    against: str = "measured"

    def __str__(self) -> str:
        point = ", ".join(f"{name} = {value}" for name, value in self.at.items())
        where = f", {self.entry}" if self.entry else ""
        return (
            f"counter-example: {point or 'anywhere'}: {self.part}{where}: {self.against} "
            f"{self.measured}, claimed {self.claimed}"
        )

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        return {
            "part": self.part,
            "at": dict(self.at),
            "entry": self.entry,
            "measured": self.measured,
            "claimed": self.claimed,
            "exact": self.exact,
            "against": self.against,
        }

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> CounterExample:
        """The counter-example of `to_json`."""
        return CounterExample(**found)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found out about a claim that disagrees.

    Attributes
    ----------
    lines : tuple of str
        For people: each wrong term with its number as claimed and as measured, or what is missing.
    changes : tuple of mappings
        The same as data: ``part``, ``term``, ``claimed``, ``measured``, ``radius``, ``powers``.
    explained : bool
        Whether the changes make the claim fit at every point that was looked at.
    counterexample : CounterExample, optional
    """

    lines: tuple[str, ...]
    changes: tuple[Mapping[str, Any], ...] = ()
    explained: bool = False
    counterexample: CounterExample | None = field(default=None)

    @property
    def text(self) -> tuple[str, ...]:
        """All lines, the counter-example last."""
        last = () if self.counterexample is None else (str(self.counterexample),)
        return (*self.lines, *last)

    def __str__(self) -> str:
        return "\n".join(self.text)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON-able values."""
        example = self.counterexample
        return {
            "lines": list(self.lines),
            "changes": [dict(change) for change in self.changes],
            "explained": self.explained,
            "counterexample": None if example is None else example.to_json(),
        }

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Finding:
        """The finding of `to_json`."""
        example = found["counterexample"]
        return Finding(
            lines=tuple(found["lines"]),
            changes=tuple(found["changes"]),
            explained=found["explained"],
            counterexample=None if example is None else CounterExample.from_json(example),
        )
