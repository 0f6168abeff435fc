"""How error rates are spent, how much each tier may cost, and the rule that decides.

The decision on a difference d (measured − stated), known up to a half-width w at level 1 − alpha
and a bias of at most b, with relevant error δ and b < δ/2:

    |d| + w + b <= δ        AGREES
    else |d| − w > b        DISAGREES
    else                    INCONCLUSIVE, with the samples that would settle it

While the interval covers, a true claim is never rejected and a claim wrong by more than δ never
accepted; so alpha bounds both error rates, conditional on b.  At w <= δ/2 − b one of the first two
always holds: `Estimate.visible` is the smallest δ for which n samples settle every claim.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from .errors import UsageError
from .verdict import TIERS, Status

__all__ = ["EFFORTS", "TIERS", "Effort", "ErrorBudget", "Estimate", "Plan", "effort"]


@dataclass(frozen=True, kw_only=True)
class ErrorBudget:
    """Both error rates of a run, a claim, a tier or a component; shares add up to the whole."""

    false_agree: float = 1e-6
    false_reject: float = 1e-6

    def __post_init__(self) -> None:
        for name in ("false_agree", "false_reject"):
            rate = getattr(self, name)
            if not 0 < rate < 1:
                raise UsageError(f"{name}={rate}: an error rate lies strictly between 0 and 1")

    @property
    def alpha(self) -> float:
        """The level of a two-sided interval that keeps both rates."""
        return min(self.false_agree, self.false_reject)

    def split(self, parts: int) -> ErrorBudget:
        """The share of one of ``parts`` equal parts (union bound)."""
        if parts < 1:
            raise UsageError(f"parts={parts}: a budget is split into at least one part")
        return ErrorBudget(
            false_agree=self.false_agree / parts, false_reject=self.false_reject / parts
        )


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much every tier may spend.

    Parameters
    ----------
    name : str
    sizes : int
        Different sizes of the dimensions (exact and generator tiers).
    points : int
        Admissible points at each size.
    samples, pilot : int
        Antithetic pairs of the one-step tier, and those of its independent pilot.
    paths, steps : int
        Paths, and steps of the coarsest of three grids, of the path tier.
    updates : int
        Updates of the coarsest run of the algorithm tier.
    repeats : int
        Independent runs of the algorithm tier.
    """

    name: str
    sizes: int
    points: int
    samples: int
    pilot: int
    paths: int
    steps: int
    updates: int
    repeats: int


EFFORTS: Mapping[str, Effort] = MappingProxyType(
    {
        effort.name: effort
        for effort in (
            Effort(name="quick", sizes=2, points=2, samples=5_000, pilot=1_000,
                   paths=4_000, steps=256, updates=100, repeats=500),
            Effort(name="standard", sizes=4, points=2, samples=10_000, pilot=2_000,
                   paths=4_000, steps=256, updates=200, repeats=1_500),
            Effort(name="deep", sizes=8, points=16, samples=200_000, pilot=5_000,
                   paths=16_000, steps=1_024, updates=400, repeats=4_000),
        )
    }
)  # fmt: skip


def effort(name: str) -> Effort:
    """The effort of this name."""
    if name not in EFFORTS:
        raise UsageError(f"effort={name}: not an effort; choose one of {', '.join(EFFORTS)}")
    return EFFORTS[name]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one tier may spend on one claim: error rates, effort, and its own randomness."""

    seed: int = 0
    effort: Effort = EFFORTS["standard"]
    budget: ErrorBudget = field(default_factory=ErrorBudget)
    purpose: str = ""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError(f"seed={self.seed}: a seed is not negative; give 0, 1, 2, ...")

    def share(self, purpose: str, parts: int = 1) -> Plan:
        """The plan of one of ``parts`` equal parts, with randomness of its own."""
        return replace(self, budget=self.budget.split(parts), purpose=f"{self.purpose}/{purpose}")

    def for_tier(self, claim: str, tier: str, claims: int) -> Plan:
        """The share of one tier of one of ``claims`` claims."""
        return self.share(claim, claims).share(tier, len(TIERS))

    def seed_for(self, what: str = "") -> int:
        """A seed that depends on the run's seed and on what it is for, on nothing else."""
        key = zlib.crc32(f"{self.purpose}/{what}".encode())
        return int(np.random.SeedSequence([self.seed, key]).generate_state(1, np.uint64)[0] >> 1)

    def generator(self, what: str = "") -> np.random.Generator:
        """A generator of random numbers for one use."""
        return np.random.Generator(np.random.SFC64(self.seed_for(what)))


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A difference measured − stated, its half-width and the bound of its bias."""

    value: float
    half_width: float = 0.0
    bias: float = 0.0

    def decide(self, relevant: float) -> Status:
        """The rule above; a difference that is not a number settles nothing."""
        d, w, b = abs(self.value), self.half_width, self.bias
        if b < relevant / 2 and d + w + b <= relevant:
            return Status.AGREES
        if d - w > b:
            return Status.DISAGREES
        return Status.INCONCLUSIVE

    @property
    def visible(self) -> float:
        """The smallest relevant error that this half-width and bias settle for sure."""
        return 2 * (self.half_width + self.bias)

    def samples(self, n: int, relevant: float) -> int | None:
        """Samples that settle the claim, if n gave this half-width; None if the bias forbids it."""
        room = relevant / 2 - self.bias
        if not room > 0 or not math.isfinite(self.half_width):
            return None
        return math.ceil(n * (self.half_width / room) ** 2)
