"""The statistical tests on laws that are skewed, heavy-tailed or nearly constant."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from verify.paths.refinement import LOOKS, Look, Measurement, refined
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.statistics.bounds import Array
from verify.statistics.decisions import (
    BoundedMean,
    ControlledMean,
    Decision,
    DistributionFunction,
    LowerBound,
    Probability,
    Quantile,
)
from verify.verdict import Status

from .table import Count

__all__ = ["NAMES", "counted"]

SAMPLES = 200


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A test on a law, a true claim about it, and how a wrong one is made.

    ``draw(rng, n)`` are n samples; ``wrong(test, true, error, sign)`` is the test and the stated
    value of a claim that is wrong by an error; None where the test sees no wrong claim.
    """

    subject: str
    law: str
    draw: Callable[[np.random.Generator, int], Array]
    test: Callable[[float], Decision]
    true: float
    wrong: Callable[[Decision, float, float, int], tuple[Decision, float]] | None
    usual: str = ""


def counted(name: str, alpha: float, runs: int, first: int, seed: int) -> Count:
    """Runs number first, first + 1, ... of one cell."""
    cell = _CELLS[name]
    rng = np.random.default_rng([seed, zlib.crc32(f"{name} {alpha}".encode()), first])
    if cell.subject == LOOKED:
        return _looked(cell, alpha, runs, rng)
    test, n = cell.test(alpha), SAMPLES
    error = test.visible(n)
    rejected = missed = left = usual = 0
    for run in range(runs):
        values = cell.draw(rng, n)
        status = test.decide(values, cell.true, _finite(error))
        rejected += status == Status.DISAGREES
        left += status == Status.INCONCLUSIVE
        if cell.wrong is not None:
            answer = _wrong(cell, test, values, error, 1 if run % 2 else -1)
            missed += answer != Status.DISAGREES
            left += answer == Status.INCONCLUSIVE
        if cell.usual:
            usual += _USUAL[cell.usual](values, cell.true, alpha)
    return Count(
        subject=cell.subject,
        law=cell.law,
        alpha=alpha,
        samples=f"{n}",
        true_runs=runs,
        false_rejects=rejected,
        wrong_runs=runs if cell.wrong is not None else 0,
        misses=missed,
        open=left,
        usual=usual if cell.usual else None,
    )


def _wrong(cell: Cell, test: Decision, values: Array, error: float, sign: int) -> Status:
    """The answer on a claim that is wrong by the error."""
    assert cell.wrong is not None
    other, stated = cell.wrong(test, cell.true, error, sign)
    return other.decide(values, stated, error)


def _finite(error: float) -> float:
    return error if math.isfinite(error) else 1.0


# Several looks at a bounded mean: the loop of the path tier on samples without bias.

LOOKED = f"bounded mean, {LOOKS} looks"


def _looked(cell: Cell, alpha: float, runs: int, rng: np.random.Generator) -> Count:
    effort = replace(EFFORTS["quick"], paths=100, steps=32)
    plan = Plan(budget=ErrorBudget(false_agree=alpha, false_reject=alpha), effort=effort)
    relevant = 0.2

    def answer(stated: float) -> Status:
        def looked(look: Look) -> Measurement:
            test = cell.test(look.plan.budget.alpha)
            return Measurement(estimate=test.estimate(cell.draw(rng, look.paths), stated))

        return refined(looked, plan, relevant, 1).status

    true = [answer(cell.true) for _ in range(runs)]
    wrong = [answer(cell.true + (relevant if run % 2 else -relevant)) for run in range(runs)]
    return Count(
        subject=cell.subject,
        law=cell.law,
        alpha=alpha,
        samples="100 and more",
        true_runs=runs,
        false_rejects=true.count(Status.DISAGREES),
        wrong_runs=runs,
        misses=wrong.count(Status.AGREES),
        open=[*true, *wrong].count(Status.INCONCLUSIVE),
    )


# The usual tests, which are asymptotic: what they make of the same samples.


def _t(values: Array, true: float, alpha: float) -> bool:
    n = len(values)
    half = stdtrit(n - 1, 1 - alpha / 2) * np.std(values, ddof=1) / math.sqrt(n)
    return bool(abs(np.mean(values) - true) > half)


def _z(values: Array, true: float, alpha: float) -> bool:
    p = float(np.mean(values))
    half = ndtri(1 - alpha / 2) * math.sqrt(p * (1 - p) / len(values))
    return bool(abs(p - true) > half)


_USUAL: Mapping[str, Callable[[Array, float, float], bool]] = MappingProxyType({"t": _t, "z": _z})


# Laws.


def _shifted(test: Decision, true: float, error: float, sign: int) -> tuple[Decision, float]:
    return test, true + sign * error


def _raised(test: Decision, true: float, error: float, sign: int) -> tuple[Decision, float]:
    """A stated probability stays one."""
    return test, true + (error if true + sign * error < 0 else sign * error)


def _bent(test: Decision, true: float, error: float, sign: int) -> tuple[Decision, float]:
    """A distribution function that is off by the error where it is ½, and less elsewhere."""
    assert isinstance(test, DistributionFunction)
    cdf = test.cdf

    def bent(x: Array) -> Array:
        F = cdf(x)
        return np.asarray(F + sign * 4 * error * F * (1 - F))

    return replace(test, cdf=bent), true


def _other_quantile(
    inverse: Callable[[float], float],
    test: Decision,
    true: float,
    error: float,
    sign: int,
) -> tuple[Decision, float]:
    assert isinstance(test, Quantile)
    q = test.q + sign * error
    return test, inverse(q if 0 < q < 1 else test.q - sign * error)


def _two_point(p: float, high: float = 1.0) -> Callable[[np.random.Generator, int], Array]:
    return lambda rng, n: np.asarray(high * (rng.random(n) < p))


def _lognormal(s: float) -> Callable[[np.random.Generator, int], Array]:
    return lambda rng, n: np.asarray(np.exp(s * rng.standard_normal(n)))


def _pareto(a: float) -> Callable[[np.random.Generator, int], Array]:
    return lambda rng, n: np.asarray(1 + rng.pareto(a, n))


def _bounded(law: str, draw: Callable[[np.random.Generator, int], Array], mean: float) -> Cell:
    return Cell(
        subject="bounded mean (Bernstein)",
        law=law,
        draw=draw,
        test=lambda alpha: BoundedMean(alpha=alpha, low=0.0, high=1.0),
        true=mean,
        wrong=_shifted,
        usual="t",
    )


def _controlled(
    law: str, draw: Callable[[np.random.Generator, int], Array], mean: float, variance: float
) -> Cell:
    return Cell(
        subject="mean, variance declared (Catoni)",
        law=law,
        draw=draw,
        test=lambda alpha: ControlledMean(alpha=alpha, variance=variance),
        true=mean,
        wrong=_shifted,
        usual="t",
    )


def _probability(p: float) -> Cell:
    return Cell(
        subject="probability (Clopper–Pearson)",
        law=f"p = {p:g}",
        draw=_two_point(p),
        test=lambda alpha: Probability(alpha=alpha),
        true=p,
        wrong=_raised,
        usual="z",
    )


def _law(
    law: str, draw: Callable[[np.random.Generator, int], Array], cdf: Callable[[Array], Array]
) -> Cell:
    return Cell(
        subject="law (DKW)",
        law=law,
        draw=draw,
        test=lambda alpha: DistributionFunction(alpha=alpha, cdf=cdf),
        true=0.0,
        wrong=_bent,
    )


def _quantile(
    law: str,
    q: float,
    draw: Callable[[np.random.Generator, int], Array],
    inverse: Callable[[float], float],
) -> Cell:
    return Cell(
        subject="quantile (order statistics)",
        law=f"{law}, q = {q:g}",
        draw=draw,
        test=lambda alpha: Quantile(alpha=alpha, q=q),
        true=inverse(q),
        wrong=partial(_other_quantile, inverse),
    )


def _lower(law: str, draw: Callable[[np.random.Generator, int], Array], mean: float) -> Cell:
    return Cell(
        subject="lower bound of a mean (cut off)",
        law=law,
        draw=draw,
        test=lambda alpha: LowerBound(alpha=alpha),
        true=mean,
        wrong=None,
        usual="t",
    )


def _lognormal_variance(s: float) -> float:
    return math.exp(s * s) * (math.exp(s * s) - 1)


_RARE = 0.002

_EVERY = (
    _bounded("uniform", lambda rng, n: rng.random(n), 0.5),
    _bounded("two points, p = 0.01", _two_point(0.01), 0.01),
    _bounded("Beta(1/20, 1/2)", lambda rng, n: rng.beta(0.05, 0.5, n), 0.05 / 0.55),
    replace(_bounded("two points, p = 0.1", _two_point(0.1), 0.1), subject=LOOKED, usual=""),
    _probability(0.5),
    _probability(0.01),
    _law("normal", lambda rng, n: rng.standard_normal(n), lambda x: np.asarray(ndtr(x))),
    _law("Cauchy", lambda rng, n: rng.standard_cauchy(n), lambda x: 0.5 + np.arctan(x) / np.pi),
    _law(
        "ten atoms",
        lambda rng, n: rng.integers(1, 11, n).astype(float),
        lambda x: np.clip(np.floor(x), 0, 10) / 10,
    ),
    _quantile(
        "Cauchy",
        0.5,
        lambda rng, n: rng.standard_cauchy(n),
        lambda q: math.tan(math.pi * (q - 0.5)),
    ),
    _quantile(
        "exponential", 0.8, lambda rng, n: rng.standard_exponential(n), lambda q: -math.log1p(-q)
    ),
    _controlled("normal", lambda rng, n: rng.standard_normal(n), 0.0, 1.0),
    _controlled("Student, 3 degrees", lambda rng, n: rng.standard_t(3, n), 0.0, 3.0),
    _controlled("lognormal, σ = 1.5", _lognormal(1.5), math.exp(1.125), _lognormal_variance(1.5)),
    _controlled(
        "two points, p = 0.002",
        _two_point(_RARE, 1 / math.sqrt(_RARE)),
        math.sqrt(_RARE),
        1 - _RARE,
    ),
    _controlled("Pareto, index 2.1", _pareto(2.1), 2.1 / 1.1, 2.1 / (1.1**2 * 0.1)),
    _lower("lognormal, σ = 2", _lognormal(2.0), math.exp(2.0)),
    _lower("Pareto, index 1.1", _pareto(1.1), 11.0),
    _lower("two points, p = 0.002", _two_point(_RARE), _RARE),
)

_CELLS: Mapping[str, Cell] = MappingProxyType(
    {f"{cell.subject}: {cell.law}": cell for cell in _EVERY}
)

NAMES = tuple(_CELLS)
"""What is measured."""
