"""What an experiment is: settings, a simulation of one seed, a judge of all seeds, pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Experiment", "Finding", "Numbers", "Progress", "Settings"]

Progress: TypeAlias = Callable[[float, str], None]
"""Called with the fraction done and what is being done."""
Settings: TypeAlias = Mapping[str, Any]
Numbers: TypeAlias = Mapping[str, Any]
"""What one seed gave: arrays and scalars by name; lines of text under ``notes`` are printed."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One statement, judged."""

    name: str
    """A few words."""
    statement: str
    """What is claimed, in one sentence."""
    status: Status
    """AGREES, DISAGREES or INCONCLUSIVE."""
    reason: str
    """The numbers in words: measured 0.012 ± 0.003, predicted 0.0125, relevant error 2 %."""
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """An experiment, as data and three functions."""

    id: str
    """Its name on the command line: the name of its file with hyphens."""
    title: str
    source: str
    """Which figure, theorem or document it comes from."""
    claim: str
    """What is claimed, in one or two sentences."""
    settings: Settings
    """Standard settings, JSON-able; they are saved with the numbers."""
    simulate: Callable[[int, Settings, Progress], Numbers]
    """What one seed gives.  Seeds run in threads beside each other: no shared state."""
    judge: Callable[[Sequence[Numbers], Settings], Sequence[Finding]]
    """The findings from all seeds."""
    draw: Callable[[Sequence[Numbers], Settings, Sequence[Finding]], Mapping[str, Figure]]
    """File stem -> figure; called inside `verify.experiments.style.applied`."""
    quick: Settings = field(default_factory=dict)
    """Settings that replace the standard ones for ``--quick``."""
    seeds: int = 5
    """How many seeds run by default."""
    on_table: Callable[[Path, Sequence[str]], Experiment] | None = None
    """For an experiment on the user's own data: itself on a CSV file and its target columns."""
