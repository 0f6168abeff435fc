"""Every test accepts the right value and rejects two wrong ones; more of it in test_power."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import ndtr

from verify.errors import UsageError
from verify.statistics.bounds import catoni_half_width, catoni_mean, clopper_pearson
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

ALPHA = 1e-6
N = 20_000


def rng(name: str) -> np.random.Generator:
    return np.random.default_rng(list(name.encode()))


def normal_shifted_by(m: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.asarray(ndtr(x - m))


X = rng("decisions").standard_normal(N)
HEAVY = rng("heavy").standard_t(3, N)

CASES: list[tuple[str, Decision, np.ndarray, float, tuple[float, float], float]] = [
    ("bounded", BoundedMean(alpha=ALPHA, low=-1, high=1), np.cos(X), math.exp(-0.5),
     (math.exp(-0.5) - 0.1, math.exp(-0.5) + 0.1), 0.1),
    ("probability", Probability(alpha=ALPHA), (X > 0).astype(float), 0.5, (0.4, 0.6), 0.1),
    ("quantile", Quantile(alpha=ALPHA, q=0.5), HEAVY, 0.0, (-0.35, 0.35), 0.1),
    ("variance", ControlledMean(alpha=ALPHA, variance=3.0), HEAVY, 0.0, (-0.2, 0.2), 0.2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("test", "values", "true", "wrong", "relevant"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_the_right_value_is_accepted_and_two_wrong_ones_are_rejected(
    test: Decision, values: np.ndarray, true: float, wrong: tuple[float, float], relevant: float
) -> None:
    assert test.decide(values, true, relevant) == Status.AGREES
    for stated in wrong:
        assert test.decide(values, stated, relevant) == Status.DISAGREES
    # Too few values settle nothing, neither a right value nor a wrong one.
    for stated in (true, *wrong):
        assert test.decide(values[:20], stated, relevant) == Status.INCONCLUSIVE


@pytest.mark.parametrize("shift", [-0.3, 0.3])
def test_a_law_is_told_from_shifted_ones(shift: float) -> None:
    right = DistributionFunction(alpha=ALPHA, cdf=normal_shifted_by(0.0))
    wrong = DistributionFunction(alpha=ALPHA, cdf=normal_shifted_by(shift))
    assert right.decide(X, 0.0, 0.1) == Status.AGREES
    assert wrong.decide(X, 0.0, 0.1) == Status.DISAGREES


@pytest.mark.parametrize(
    "test",
    [case[1] for case in CASES] + [DistributionFunction(alpha=ALPHA, cdf=normal_shifted_by(0))],
    ids=lambda test: type(test).__name__,
)
@pytest.mark.parametrize("relevant", [0.3, 0.05, 0.011])
def test_the_three_functions_of_a_test_agree(test: Decision, relevant: float) -> None:
    n = test.samples(relevant)
    assert n is not None
    assert test.visible(n) <= relevant
    # Clopper and Pearson's length jumps a little between even and odd n.
    assert test.visible(math.floor(0.999 * n) - 2) > relevant


def test_what_is_visible_is_settled_whatever_the_values_are() -> None:
    # The guarantee of `visible` needs no luck: it holds for the worst values within the bounds.
    test = BoundedMean(alpha=0.01, low=0, high=1)
    values = np.tile([0.0, 1.0], 100)
    error = test.visible(len(values))
    statuses = [test.decide(values, 0.5 + d * error, error) for d in np.linspace(-1.5, 1.5, 61)]
    assert Status.INCONCLUSIVE not in statuses
    assert statuses[0] == statuses[-1] == Status.DISAGREES


# Heavy tails: where an average misleads.


def test_rare_large_values_refute_no_true_mean() -> None:
    # One in 2,000 carries half of the mean: most samples of 500 do not have it.
    p, n = 1 / 2_000, 500
    draws = 0.5 + 0.5 / p * (rng("rare").random((400, n)) < p)
    test = ControlledMean(alpha=0.01, variance=0.25 / p)
    t_test = np.abs(draws.mean(axis=1) - 1) > 2.6 * draws.std(axis=1, ddof=1) / math.sqrt(n)
    assert np.mean(t_test) > 0.7
    assert sum(test.decide(x, 1.0, 0.1) == Status.DISAGREES for x in draws) <= 12


def test_catoni_counts_a_large_value_by_its_logarithm() -> None:
    values = np.append(np.zeros(999), 1e9)
    assert abs(values.mean()) > 1e5
    assert abs(catoni_mean(values, 1.0, 0.01)) < 0.5


def test_catonis_mean_is_the_root_of_its_equation() -> None:
    x = rng("catoni").standard_t(3, (5, 300))
    found = catoni_mean(x, 3.0, 0.01)
    bits = math.log(2 / 0.01)
    s = math.sqrt(2 * bits / (300 * 3.0 * (1 + 2 * bits / (300 - 2 * bits))))
    for row, m in zip(x, found, strict=True):
        total = sum(
            math.copysign(math.log(1 + abs(u) + u * u / 2), u) for u in (s * (row - m)).tolist()
        )
        assert abs(total) < 1e-9


def test_catoni_matches_the_proposition() -> None:
    # Proposition 2.4 with ε = alpha/2: sqrt(2 v log(1/ε) / (n (1 − 2 log(1/ε)/n))).
    bits = math.log(2 / 0.05)
    expected = math.sqrt(2 * 4.0 * bits / (500 * (1 - 2 * bits / 500)))
    assert catoni_half_width(4.0, 500, 0.05) == pytest.approx(expected, rel=1e-12)
    assert catoni_half_width(4.0, 10, 0.05) == math.inf


def test_clopper_and_pearson_match_the_table() -> None:
    # Clopper and Pearson (1934), 95 %: 5 of 10 gives 0.187 to 0.813, 1 of 10 gives 0.0025 to 0.445.
    low, high = clopper_pearson([5, 1], 10, 0.05)
    assert low == pytest.approx([0.1871, 0.0025], abs=5e-5)
    assert high == pytest.approx([0.8129, 0.4450], abs=5e-5)


def test_a_lower_bound_refutes_and_never_confirms() -> None:
    x = np.exp(2 * rng("lower").standard_normal(N))
    test, mean = LowerBound(alpha=ALPHA), math.exp(2)
    assert test.decide(x, mean / 4, 1e9) == Status.DISAGREES
    assert test.decide(x, mean / 8, 1e9) == Status.DISAGREES
    for stated in (mean, 2 * mean, 100 * mean):
        assert test.decide(x, stated, 1e9) == Status.INCONCLUSIVE
    assert test.visible(10**9) == math.inf
    assert test.samples(0.5) is None


def test_a_quantile_at_an_atom_is_met() -> None:
    values = rng("atom").integers(0, 3, N).astype(float)
    test = Quantile(alpha=ALPHA, q=0.5)
    assert test.decide(values, 1.0, 0.05) == Status.AGREES
    for wrong in (0.0, 2.0, 0.5, 1.5):
        assert test.decide(values, wrong, 0.05) == Status.DISAGREES


def test_a_law_with_atoms_is_met() -> None:
    values = rng("atoms").integers(0, 3, N).astype(float)
    right = DistributionFunction(alpha=ALPHA, cdf=lambda x: np.clip(np.floor(x) + 1, 0, 3) / 3)
    smooth = DistributionFunction(alpha=ALPHA, cdf=lambda x: np.clip(x + 1, 0, 3) / 3)
    assert right.decide(values, 0.0, 0.05) == Status.AGREES
    assert smooth.decide(values, 0.0, 0.05) == Status.DISAGREES


# Bad input.


def test_values_outside_their_bounds_are_refused() -> None:
    test = BoundedMean(alpha=ALPHA, low=0, high=1)
    with pytest.raises(UsageError, match=r"bounds \(0, 1\): the value 1\.5 is outside"):
        test.decide(np.array([0.1, 1.5, 0.2]), 0.5, 0.1)
    with pytest.raises(UsageError, match="nan is outside"):
        test.decide(np.array([0.1, math.nan]), 0.5, 0.1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Probability(alpha=0.0), "alpha=0.0"),
        (lambda: Quantile(alpha=0.1, q=1.0), "q=1.0"),
        (lambda: BoundedMean(alpha=0.1, low=1, high=0), "no bounds"),
        (lambda: BoundedMean(alpha=0.1, low=0, high=math.inf), "no bounds"),
        (lambda: ControlledMean(alpha=0.1, variance=-1.0), "variance=-1"),
    ],
)
def test_tests_that_are_none_are_refused(make: Callable[[], Decision], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
