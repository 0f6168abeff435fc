from __future__ import annotations

import math

import numpy as np
import pytest

from verify.errors import UsageError
from verify.planning import EFFORTS, TIERS, ErrorBudget, Estimate, Plan, effort
from verify.verdict import Status


@pytest.mark.parametrize(
    ("value", "half_width", "bias", "status"),
    [
        (0.0, 0.0, 0.0, Status.AGREES),
        (0.05, 0.03, 0.02, Status.AGREES),
        (0.05, 0.04, 0.02, Status.INCONCLUSIVE),
        (0.2, 0.05, 0.02, Status.DISAGREES),
        # Small, but surely not zero: the claim is an equality.
        (0.095, 0.01, 0.0, Status.DISAGREES),
        # Explained by the bias alone: never a reason to reject ...
        (0.5, 0.01, 0.6, Status.INCONCLUSIVE),
        # ... nor to accept: the bias budget is beyond half of the relevant error.
        (0.0, 0.01, 0.06, Status.INCONCLUSIVE),
        (math.nan, 0.01, 0.0, Status.INCONCLUSIVE),
        (0.0, math.inf, 0.0, Status.INCONCLUSIVE),
        (0.0, math.nan, 0.0, Status.INCONCLUSIVE),
    ],
)
def test_the_rule(value: float, half_width: float, bias: float, status: Status) -> None:
    for sign in (1, -1):
        found = Estimate(value=sign * value, half_width=half_width, bias=bias)
        assert found.decide(0.1) == status


def test_what_is_visible_is_settled() -> None:
    # At the smallest visible error every difference is settled, whatever it is.
    for d in np.linspace(0, 0.3, 301):
        found = Estimate(value=float(d), half_width=0.03, bias=0.01)
        assert found.decide(found.visible * (1 + 1e-9)) != Status.INCONCLUSIVE


def test_samples_settle() -> None:
    found = Estimate(value=0.0, half_width=0.2, bias=0.01)
    n = found.samples(1000, 0.1)
    assert n is not None
    settled = Estimate(value=0.0, half_width=0.2 * math.sqrt(1000 / n), bias=0.01)
    assert settled.visible <= 0.1 * (1 + 1e-9)
    assert Estimate(value=0.0, half_width=0.2, bias=0.05).samples(1000, 0.1) is None


def test_rates_are_kept_by_the_rule() -> None:
    """Both promised rates, measured at a loose level with a Gaussian whose interval is exact."""
    rng = np.random.default_rng(7)
    trials, alpha, w = 20_000, 0.02, 2.3263478740408408  # 98 % of a standard normal
    noise = rng.standard_normal(trials)
    # Wrong by the relevant error, up or down.
    relevant = 2 * w
    true = [Estimate(value=x, half_width=w).decide(relevant) for x in noise]
    wrong = [Estimate(value=x + relevant, half_width=w).decide(relevant) for x in noise]
    allowed = alpha * trials + 6 * math.sqrt(alpha * trials)
    assert 0 < true.count(Status.DISAGREES) <= allowed
    assert wrong.count(Status.AGREES) <= allowed
    assert true.count(Status.INCONCLUSIVE) == wrong.count(Status.INCONCLUSIVE) == 0


def test_shares_of_a_budget_add_up() -> None:
    whole = ErrorBudget(false_agree=1e-6, false_reject=1e-3)
    part = whole.split(7).split(6)
    assert part.false_agree * 42 == pytest.approx(1e-6)
    assert part.false_reject * 42 == pytest.approx(1e-3)
    assert part.alpha == part.false_agree


def test_a_tier_gets_the_share_of_its_claim() -> None:
    plan = Plan().for_tier("a", "exact", claims=5)
    assert plan.budget.false_agree == pytest.approx(1e-6 / (5 * len(TIERS)))


def test_randomness_depends_on_seed_and_purpose_alone() -> None:
    def first(seed: int, claim: str, tier: str, claims: int = 3) -> float:
        return float(Plan(seed=seed).for_tier(claim, tier, claims).generator("points").random())

    assert first(1, "a", "exact") == first(1, "a", "exact", claims=9)
    others = [first(2, "a", "exact"), first(1, "b", "exact"), first(1, "a", "path")]
    assert len({first(1, "a", "exact"), *others}) == 4


def test_efforts_grow() -> None:
    quick, standard, deep = (effort(name) for name in ("quick", "standard", "deep"))
    for name in ("sizes", "points", "samples", "pilot", "paths", "steps", "updates", "repeats"):
        assert getattr(quick, name) <= getattr(standard, name) <= getattr(deep, name)
    assert set(EFFORTS) == {"quick", "standard", "deep"}


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: effort("hard"), "effort=hard"),
        (lambda: Plan(seed=-1), "seed=-1"),
        (lambda: ErrorBudget(false_agree=0.0), "false_agree=0.0"),
        (lambda: ErrorBudget(false_reject=1.0), "false_reject=1.0"),
        (lambda: ErrorBudget().split(0), "parts=0"),
    ],
)
def test_wrong_settings_are_named(make: object, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        make()  # type: ignore[operator]
