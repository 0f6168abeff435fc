"""Claims about simulated paths of a concrete system: laws, expectations, limits, thresholds.

Each has its system at concrete sizes; parameters that ``values`` does not give are drawn once from
the seed.  What is stated is kept as typed: it meets the simulated values in the judge alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sympy import SympifyError, false, oo, sympify

from .claim import Claim, PathCheck, is_function, require_positive
from .errors import DerivationError
from .printing import unicode
from .symbols import ScalarState, real, t

__all__ = [
    "LEVEL",
    "ExpectationClaim",
    "HittingClaim",
    "LawClaim",
    "LimitClaim",
    "PathClaim",
    "StationaryClaim",
    "ThresholdClaim",
]

LEVEL = real("level")
"""The argument of a distribution function: P(f(X_T) <= level)."""

_OTHER_TIERS = {
    "derivation": "what is stated of a law or of a limit is compared with simulated paths alone",
    "exact": "a law or a limit is no statement about one point",
    "generator": "a law or a limit is no statement about one point",
    "one-step": "a law or a limit is no statement about one step",
}


def _require_bounds(claim: str, bounds: Any) -> None:
    if bounds is None:
        return
    try:
        low, high = (float(end) for end in bounds)
    except (TypeError, ValueError):
        raise DerivationError(f"{claim}: bounds {bounds}: give two numbers (low, high)") from None
    if not low < high:
        raise DerivationError(f"{claim}: bounds ({low:g}, {high:g}): give the lower one first")


def _require_support(claim: str, support: Any, state: Any) -> None:
    if support is None:
        return
    wrong = f"{claim}: support={support}: "
    try:
        low, high = (sympify(end) for end in support)
    except (SympifyError, TypeError, ValueError):
        raise DerivationError(f"{wrong}give its two ends (low, high)") from None
    for end in (low, high):
        real = getattr(end, "is_extended_real", False)
        if real is False or (end.is_number and not real):
            raise DerivationError(f"{wrong}{end} is no end of an interval; give a real one, or oo")
    if (low < high) is false:
        raise DerivationError(f"{wrong}no interval; give the lower end first")
    if getattr(state, "is_positive", False) and low.is_extended_negative:
        raise DerivationError(f"{wrong}{state} is positive; begin at 0, or at a number above it")


def _has_time(value: Any) -> bool:
    """Whether an expression has t, or a function takes it."""
    if not is_function(value):
        return value is not None and t in sympify(value).free_symbols
    try:
        return "t" in inspect.signature(value).parameters
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True, kw_only=True)
class PathClaim(Claim):
    """What claims about simulated paths have: a system, an observable, a horizon, a setting.

    ``sizes`` gives every dimension an integer; ``values`` gives parameters and starting values,
    and parameters that it leaves out are drawn once; ``vary`` gives several values for some of
    them, and the claim is judged at each: a formula with the wrong power of η fits one value of η
    at most.  ``relevant`` is the error that matters, in units that each class states.

    ``timeless`` are the fields in which ``t`` has no meaning, with what to write instead.
    """

    timeless: ClassVar[Mapping[str, str]] = {}

    sde: Any
    observable: Any
    horizon: Any
    sizes: Mapping[Any, int] = field(default_factory=dict)
    values: Mapping[Any, Any] = field(default_factory=dict)
    vary: Mapping[Any, tuple[Any, ...]] = field(default_factory=dict)
    relevant: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "inapplicable", {**self.unasked, **self.inapplicable})
        if getattr(self.observable, "is_Matrix", False):
            raise DerivationError(
                f"{self.id}: observable {self.observable} is a matrix; give a scalar, such as an "
                "entry or a trace"
            )
        require_positive(
            self.id or type(self).__name__, horizon=self.horizon, relevant=self.relevant
        )
        _require_bounds(self.id, getattr(self, "bounds", None))
        for name, remedy in self.timeless.items():
            if _has_time(getattr(self, name)):
                claim, value = self.id or type(self).__name__, getattr(self, name)
                shown = "its function" if is_function(value) else value
                raise DerivationError(f"{claim}: {name}: {shown} has the time t; {remedy}")

    @property
    def unasked(self) -> dict[str, str]:
        """Tier -> why it has nothing to say about a claim of this kind."""
        return dict(_OTHER_TIERS)

    @property
    def simulated(self) -> PathCheck | None:
        """The setting as a path check, unless the claim says why there are no paths of it."""
        if "path" in self.inapplicable:
            return None
        return PathCheck(
            sde=self.sde,
            horizon=self.horizon,
            sizes=self.sizes,
            values=self.values,
            relevant=self.relevant,
        )

    def kernels(self) -> dict[str, Any]:
        """Name -> expression of everything that is evaluated, beside the system itself."""
        return {"observable": self.observable}

    def stated(self) -> tuple[tuple[str, Any], ...]:
        """The observable, and every other kernel under its name."""
        return tuple((name.replace("_", " "), value) for name, value in self.kernels().items())


@dataclass(frozen=True, kw_only=True)
class ExpectationClaim(PathClaim):
    """E f(X_T) = value, for a scalar observable f, at T = ``horizon``.

    ``value`` is an expression in ``t``, the parameters and the states, which stand for their
    values at time 0.  ``bounds`` are numbers (low, high) that f cannot leave, one of them perhaps
    infinite; ``variance`` is a declared bound of Var f(X_T), an expression like ``value``.  Without
    either, and with a law that may have heavy tails, an average proves little: the judge then says
    what it can (a lower bound for ``bounds=(0, oo)``) or that it cannot tell.  ``relevant`` is
    relative to the length high − low of ``bounds`` if both are finite, else to |value| at the
    setting that is judged, and absolute where the value is 0.
    """

    kind: ClassVar[str] = "expectation"

    value: Any
    bounds: tuple[float, float] | None = None
    variance: Any = None

    def kernels(self) -> dict[str, Any]:
        """Observable, value, and the declared variance bound."""
        found = {"observable": self.observable, "value": self.value}
        return found if self.variance is None else {**found, "variance": self.variance}


@dataclass(frozen=True, kw_only=True)
class LawClaim(PathClaim):
    """P(f(X_T) <= level) = cdf, for a scalar observable f, at T = ``horizon``.

    ``cdf`` is an expression in ``LEVEL``, ``t``, the parameters and the states at time 0.
    ``relevant`` is a distance of distribution functions.
    """

    kind: ClassVar[str] = "law"

    cdf: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_function(self.cdf) and LEVEL not in sympify(self.cdf).free_symbols:
            raise DerivationError(
                f"{self.id}: cdf {self.cdf} does not have LEVEL, its argument; write it with LEVEL"
            )

    def kernels(self) -> dict[str, Any]:
        """Observable and distribution function."""
        return {"observable": self.observable, "cdf": self.cdf}


@dataclass(frozen=True, kw_only=True)
class HittingClaim(PathClaim):
    """P(f(X) reaches ``level`` by time T) = probability, for a scalar observable f.

    ``level`` may have parameters and the states, which stand for their values at time 0; a level
    that moves is put into the observable, f(X) less the level reaching 0.  ``relevant`` is a
    difference of probabilities.
    """

    kind: ClassVar[str] = "hitting"
    timeless: ClassVar[Mapping[str, str]] = {
        "level": "take it from the observable, which then reaches 0"
    }

    level: Any
    probability: Any

    def kernels(self) -> dict[str, Any]:
        """Observable, level, probability."""
        return {
            "observable": self.observable,
            "level": self.level,
            "probability": self.probability,
        }


@dataclass(frozen=True, kw_only=True)
class StationaryClaim(PathClaim):
    """The stationary law: its density, or the value of E f under it.

    ``density`` is that of one scalar state, which is the observable: an expression in it and the
    parameters on the interval ``support``, normalised or not.  Without a support it is (0, ∞) for a
    positive state and the line for another.  ``value`` is the stationary expectation of the
    observable f, and ``bounds`` are numbers that f cannot leave; without bounds nothing is decided.
    One of density and value is given.

    Paths start where the setting says and where a pilot went, and are looked at after ``horizon``.
    ``relevant`` is a distance of distribution functions where a density is stated; of a stated
    value it is relative to the length high − low of ``bounds``.
    """

    kind: ClassVar[str] = "stationary"
    timeless: ClassVar[Mapping[str, str]] = {
        "density": "a stationary law does not move",
        "value": "a stationary law does not move",
    }

    density: Any = None
    support: tuple[Any, Any] | None = None
    value: Any = None
    bounds: tuple[float, float] | None = None
    relevant: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_support(self.id or type(self).__name__, self.support, self.observable)
        if (self.density is None) == (self.value is None):
            raise DerivationError(f"{self.id}: give a density or a value, one of the two")
        if self.density is None or is_function(self.density):
            return
        if not isinstance(self.observable, ScalarState):
            raise DerivationError(
                f"{self.id}: observable {self.observable} is no scalar state; a density is that of "
                "one, give it as the observable"
            )
        others = sympify(self.density).free_symbols & {*self.sde.states} - {self.observable}
        if others:
            raise DerivationError(
                f"{self.id}: density of {self.observable} has the state {others.pop()}; "
                "give the density of one state alone"
            )

    @property
    def unasked(self) -> dict[str, str]:
        """A density also goes through the tiers that look at its equation."""
        asked = ("derivation", "generator") if self.alone else ()
        return {tier: why for tier, why in super().unasked.items() if tier not in asked}

    @property
    def alone(self) -> bool:
        """Whether a density is stated of the only state, so that it solves an equation alone."""
        if self.density is None or is_function(self.density):
            return False
        return getattr(self.sde, "states", None) == (self.observable,)

    @property
    def interval(self) -> tuple[Any, Any]:
        """The support of the density."""
        positive = getattr(self.observable, "is_positive", False)
        low, high = self.support or (0 if positive else -oo, oo)
        return sympify(low), sympify(high)

    def kernels(self) -> dict[str, Any]:
        """Observable, and density or value; finite ends of the support."""
        if self.density is None:
            return {"observable": self.observable, "value": self.value}
        ends = dict(zip(("lower", "upper"), self.interval, strict=True))
        finite = {name: end for name, end in ends.items() if not end.is_infinite}
        return {"observable": self.observable, "density": self.density, **finite}

    def stated(self) -> tuple[tuple[str, Any], ...]:
        """The density with the finite ends of its support, or the mean."""
        if self.density is None:
            return (("f", self.observable), ("stationary mean of f", self.value))
        ends = {name: x for name, x in self.kernels().items() if name in ("lower", "upper")}
        rows = ((f"{name} end of its support", end) for name, end in ends.items())
        return (
            (f"stationary density of {unicode(self.observable)}, up to a factor", self.density),
            *rows,
        )


@dataclass(frozen=True, kw_only=True)
class LimitClaim(PathClaim):
    """f(X_t)/t → value almost surely: the rate at which an observable grows, such as log |X_t|.

    Paths are run up to ``horizon``, a third of which is left to the start.  ``relevant`` is
    absolute, in units of the rate.
    """

    kind: ClassVar[str] = "limit"
    timeless: ClassVar[Mapping[str, str]] = {"value": "give the limit, which has none"}

    value: Any
    relevant: float = 0.05

    def kernels(self) -> dict[str, Any]:
        """Observable and limit."""
        return {"observable": self.observable, "value": self.value}

    def stated(self) -> tuple[tuple[str, Any], ...]:
        """The observable and the limit."""
        return (("f", self.observable), ("lim f/t almost surely", self.value))


@dataclass(frozen=True, kw_only=True)
class ThresholdClaim(PathClaim):
    """The sign of lim f(X_t)/t changes where a parameter passes its threshold.

    With f = log of a norm, −1 is collapse, +1 growth, and 0 neither of both: a state that settles.
    ``below`` and ``above`` are the signs for ``parameter`` below and above ``threshold``, an
    expression in the other parameters; the claim is judged at (1 ± relevant) times the threshold,
    so that a threshold off by less than that share is not seen to be wrong.
    """

    kind: ClassVar[str] = "threshold"
    timeless: ClassVar[Mapping[str, str]] = {
        "threshold": "give a number, or the other parameters alone"
    }

    parameter: Any
    threshold: Any
    below: int
    above: int
    relevant: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if {self.below, self.above} not in ({-1, 1}, {-1, 0}, {0, 1}):
            raise DerivationError(
                f"{self.id}: below={self.below}, above={self.above}: give two different signs of "
                "-1, 0, 1"
            )
        if not is_function(self.threshold) and sympify(self.threshold).has(self.parameter):
            raise DerivationError(
                f"{self.id}: threshold {self.threshold} has {self.parameter} itself; give it in "
                "the other parameters"
            )

    def kernels(self) -> dict[str, Any]:
        """Observable and threshold."""
        return {"observable": self.observable, "threshold": self.threshold}

    def stated(self) -> tuple[tuple[str, Any], ...]:
        """The observable and the threshold, how far it is seen, the signs on both sides."""
        words = {-1: "< 0", 0: "= 0", 1: "> 0"}
        below, above = words[self.below], words[self.above]
        label = (
            f"threshold of {unicode(self.parameter)}, seen to ±{100 * self.relevant:g} % "
            f"(lim f/t {below} below it, {above} above)"
        )
        return (("f", self.observable), (label, self.threshold))
