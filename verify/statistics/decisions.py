"""Statistical tests as triples: decide, what n samples can see, how many an error takes.

Every test holds a stated value against samples by `Estimate.decide` and a bound of `bounds`, so
both error rates are at most ``alpha``, for any law that the test speaks about and any number of
samples: nothing is asymptotic.

* ``estimate(values, stated)`` is the difference measured − stated with its half-width,
* ``decide(values, stated, relevant)`` the answer,
* ``visible(n)`` the smallest relevant error that n samples settle for sure,
* ``samples(relevant)`` how many samples settle this error; None if no number does.

The pattern is that of TensorFlow Probability's ``statistical_testing``: an assertion, the
discrepancy that it can detect, the samples that it needs.  Values are independent and identically
distributed.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from verify.errors import UsageError
from verify.planning import Estimate
from verify.verdict import Status

from .bounds import (
    Array,
    bernstein_half_width,
    bernstein_samples,
    catoni_half_width,
    catoni_mean,
    catoni_samples,
    clopper_pearson,
    dkw_half_width,
    dkw_samples,
    least,
    proportion_samples,
)

__all__ = [
    "BoundedMean",
    "ControlledMean",
    "Decision",
    "DistributionFunction",
    "LowerBound",
    "Probability",
    "Quantile",
    "law_distance",
    "sample_distance",
]


@dataclass(frozen=True, kw_only=True)
class Decision(ABC):
    """A test of a stated value; ``alpha`` bounds how often it is wrong in either direction."""

    alpha: float

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise UsageError(
                f"alpha={self.alpha}: an error rate lies strictly between 0 and 1; give 0.01, say"
            )

    @abstractmethod
    def estimate(self, values: Array, stated: float) -> Estimate:
        """The difference measured − stated, and its half-width at level 1 − alpha."""

    def decide(self, values: Array, stated: float, relevant: float) -> Status:
        """AGREES, DISAGREES or INCONCLUSIVE, for values without bias."""
        return self.estimate(values, stated).decide(relevant)

    @abstractmethod
    def visible(self, n: int) -> float:
        """The smallest relevant error that n samples settle for sure; infinite if none is."""

    @abstractmethod
    def samples(self, relevant: float) -> int | None:
        """Samples that settle a claim with this relevant error; None if no number does."""


@final
@dataclass(frozen=True, kw_only=True)
class BoundedMean(Decision):
    """The mean of values that lie between two bounds, by the empirical Bernstein inequality.

    ``visible`` and ``samples`` take the largest variance that the bounds leave, if none is given.
    """

    low: float
    high: float
    variance: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.low < self.high and math.isfinite(self.high - self.low)):
            raise UsageError(
                f"low={self.low:g}, high={self.high:g}: no bounds of values; give two finite "
                "numbers, the lower one first"
            )

    def estimate(self, values: Array, stated: float) -> Estimate:
        """Values outside the bounds are refused: the inequality would not hold.

        Raises
        ------
        UsageError
            Naming the value that is farthest out.
        """
        x = np.asarray(values, dtype=float)
        outside = np.maximum(self.low - x, x - self.high)
        slack = 1e-12 * (abs(self.low) + abs(self.high))
        if not np.all(outside <= slack):
            worst = float(x[np.argmax(np.where(np.isnan(outside), np.inf, outside))])
            raise UsageError(
                f"bounds ({self.low:g}, {self.high:g}): the value {worst:g} is outside; give "
                "bounds that hold"
            )
        variance = float(np.var(x, ddof=1)) if len(x) > 1 else 0.0
        half = bernstein_half_width(variance, len(x), self.high - self.low, self.alpha)
        return Estimate(value=float(np.mean(x)) - stated, half_width=half)

    @property
    def _variance(self) -> float:
        # Popoviciu; the sample variance is larger by n/(n − 1) at most, which `visible` adds.
        most = (self.high - self.low) ** 2 / 4
        return most if self.variance is None else min(self.variance, most)

    def visible(self, n: int) -> float:
        """Twice the half-width at the largest variance."""
        if n < 2:
            return math.inf
        most = self._variance * n / (n - 1)
        return 2 * bernstein_half_width(most, n, self.high - self.low, self.alpha)

    def samples(self, relevant: float) -> int:
        """Samples for half of the relevant error as half-width."""
        first = bernstein_samples(self._variance, relevant / 2, self.high - self.low, self.alpha)
        return least(lambda n: self.visible(n) <= relevant, first)


@final
@dataclass(frozen=True, kw_only=True)
class Probability(Decision):
    """The probability of an event, from zeros and ones, by Clopper and Pearson's interval."""

    def estimate(self, values: Array, stated: float) -> Estimate:
        """The middle of the interval, and half of its length."""
        x = np.asarray(values)
        low, high = (float(end) for end in clopper_pearson(np.count_nonzero(x), len(x), self.alpha))
        return Estimate(value=(low + high) / 2 - stated, half_width=(high - low) / 2)

    def visible(self, n: int) -> float:
        """The length of the longest interval, that of n/2 hits."""
        low, high = clopper_pearson(n // 2, n, self.alpha)
        return float(high - low)

    def samples(self, relevant: float) -> int:
        """Samples for an interval no longer than the relevant error."""
        return proportion_samples(relevant / 2, self.alpha)


def law_distance(values: Array, cdf: Callable[[Array], Array]) -> float:
    """The largest distance of the empirical distribution function from ``cdf``, any law."""
    x = np.sort(np.asarray(values, dtype=float))
    levels, counts = np.unique(x, return_counts=True)
    n, upto = len(x), np.cumsum(counts)
    # Where the law has atoms, its values just below them are asked for too.
    at, below = cdf(levels), cdf(np.nextafter(levels, -np.inf))
    gaps = np.maximum(np.abs(upto / n - at), np.abs((upto - counts) / n - below))
    return float(np.max(gaps))


def sample_distance(a: Array, b: Array) -> float:
    """The largest distance of the empirical distribution functions of two samples."""
    a, b = np.sort(a), np.sort(b)
    at = np.concatenate([a, b])
    F, G = (np.searchsorted(x, at, side="right") / len(x) for x in (a, b))
    return float(np.max(np.abs(F - G)))


@final
@dataclass(frozen=True, kw_only=True)
class DistributionFunction(Decision):
    """A law against its distribution function, by Dvoretzky, Kiefer and Wolfowitz with Massart."""

    cdf: Callable[[Array], Array]

    def estimate(self, values: Array, stated: float = 0.0) -> Estimate:
        """The largest distance of the distribution functions, for which 0 is stated."""
        half = dkw_half_width(len(values), self.alpha)
        return Estimate(value=law_distance(values, self.cdf) - stated, half_width=half)

    def visible(self, n: int) -> float:
        """Twice the half-width of the band."""
        return 2 * dkw_half_width(n, self.alpha)

    def samples(self, relevant: float) -> int:
        """Samples for a band of half of the relevant error."""
        return dkw_samples(relevant / 2, self.alpha)


@final
@dataclass(frozen=True, kw_only=True)
class Quantile(Decision):
    """A stated q-quantile, such as the median, of any law; errors are those of its probability.

    x is a q-quantile where P(X < x) <= q <= P(X <= x), so that atoms are met too.
    """

    q: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.q < 1:
            raise UsageError(f"q={self.q}: a quantile lies strictly between 0 and 1")

    def estimate(self, values: Array, stated: float) -> Estimate:
        """How far q lies from what the law has up to the stated value: P(X <= x) − q, or 0."""
        x, one = np.asarray(values), Probability(alpha=self.alpha / 2)
        hits = ((x < stated).astype(float), (x <= stated).astype(float))
        below, upto = (one.estimate(hit, self.q) for hit in hits)
        if below.value > 0:
            return below
        if upto.value < 0:
            return upto
        return Estimate(value=0.0, half_width=max(below.half_width, upto.half_width))

    def visible(self, n: int) -> float:
        """As for a probability at half of the rate."""
        return Probability(alpha=self.alpha / 2).visible(n)

    def samples(self, relevant: float) -> int:
        """As for a probability at half of the rate."""
        return Probability(alpha=self.alpha / 2).samples(relevant)


@final
@dataclass(frozen=True, kw_only=True)
class ControlledMean(Decision):
    """The mean of values whose variance has a declared bound, by Catoni's estimator.

    An average is misled by one rare large value; here such a value counts by its logarithm.
    Heavy tails are allowed, as long as the declared bound is true.
    """

    variance: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.variance >= 0 and math.isfinite(self.variance)):
            raise UsageError(
                f"variance={self.variance:g}: no bound of a variance; give a finite number >= 0"
            )

    def estimate(self, values: Array, stated: float) -> Estimate:
        """Catoni's mean less the stated one."""
        mean = float(catoni_mean(values, self.variance, self.alpha))
        half = catoni_half_width(self.variance, len(values), self.alpha)
        return Estimate(value=mean - stated, half_width=half)

    def visible(self, n: int) -> float:
        """Twice the half-width."""
        return 2 * catoni_half_width(self.variance, n, self.alpha)

    def samples(self, relevant: float) -> int:
        """Samples for half of the relevant error as half-width."""
        return catoni_samples(self.variance, relevant / 2, self.alpha)


@final
@dataclass(frozen=True, kw_only=True)
class LowerBound(Decision):
    """The mean of values f >= low without any other bound: E f >= E min(f, c) for every c.

    c is chosen on the first tenth of the values and used on the others, which are independent of
    it.  A stated mean below the bound is refuted; none is ever confirmed, for rare values beyond c
    may carry any mean.  ``visible`` and ``samples`` say so.
    What is averaged may spread ``stretch`` times as far as from ``low`` to c.
    """

    low: float = 0.0
    stretch: float = 1.0

    def estimate(self, values: Array, stated: float) -> Estimate:
        """The mean of min(f, c) less the stated one, where this is larger; else nothing is known.

        Raises
        ------
        UsageError
            If a value is below the lower bound.
        """
        pilot, rest = self.divided(values)
        c = self.cut(pilot, len(rest))
        if not c > self.low:
            return Estimate(value=0.0, half_width=math.inf)
        # One side only: the rate of the other side is spent here.
        one = BoundedMean(alpha=min(2 * self.alpha, 0.999), low=self.low, high=c)
        found = one.estimate(np.minimum(rest, c), stated)
        above = found.value > found.half_width
        return found if above else Estimate(value=0.0, half_width=math.inf)

    def decide(self, values: Array, stated: float, relevant: float) -> Status:
        """DISAGREES or INCONCLUSIVE: however large the relevant error is, nothing is confirmed."""
        found = self.estimate(values, stated)
        return Status.DISAGREES if found.value > found.half_width else Status.INCONCLUSIVE

    def divided(self, values: Array) -> tuple[Array, Array]:
        """The values that choose c, and those that are averaged."""
        x = np.asarray(values, dtype=float)
        return x[: len(x) // 10], x[len(x) // 10 :]

    def cut(self, pilot: Array, n: int) -> float:
        """The c for which a sample like the pilot would give the largest lower bound."""
        if not len(pilot):
            return self.low
        candidates = np.unique(np.quantile(pilot, 1 - 0.5 ** np.arange(16)))

        def promised(c: float) -> float:
            x = np.minimum(pilot, c)
            half = bernstein_half_width(
                float(np.var(x)), n, self.stretch * (c - self.low), self.alpha
            )
            return float(np.mean(x)) - half

        return max((float(c) for c in candidates), key=promised)

    def visible(self, n: int) -> float:
        """Infinite: a mean that rare values raise looks like the stated one."""
        return math.inf

    def samples(self, relevant: float) -> None:
        """None: no number of samples confirms a mean without an upper bound."""
        return
