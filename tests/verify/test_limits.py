"""Almost sure limits and thresholds on paths, right and wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Abs, Lt, Rational, log, sqrt, tanh

from derivations import (
    Assumption,
    Brownian,
    DerivationError,
    LimitClaim,
    MatrixSDE,
    State,
    ThresholdClaim,
    dt,
    positive,
    real,
    t,
)
from verify.loading import compiled
from verify.paths.rates import PARTS
from verify.paths.refinement import LOOKS
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.statistics.bounds import clopper_pearson
from verify.tiers import check_of
from verify.verdict import Evidence, Status

x, mu, sigma = State("x", positive=True), real("mu"), positive("sigma")
kappa, zeta, B = positive("kappa"), positive("zeta"), Brownian("B")
EQUATION = {x: mu * x * dt + sigma * x * B.d}
GBM = MatrixSDE(EQUATION)
# Chen et al. (2023): θ → 0 almost surely iff ζ² > 2κ.
COLLAPSE = MatrixSDE({x: (kappa * x - x**3) * dt + zeta * x * B.d})
PLAN = Plan(
    seed=1,
    effort=replace(EFFORTS["quick"], paths=1000),
    budget=ErrorBudget(false_agree=1e-3, false_reject=1e-3),
)
VALUES: dict[str, Any] = {"values": {mu: Rational(1, 10), sigma: 1, x: 1}, "horizon": 24}
VARIED: dict[str, Any] = {
    "values": {mu: Rational(1, 10), x: 1}, "vary": {sigma: (1, 2)}, "horizon": 24,
    "relevant": 0.4,
}  # fmt: skip


def rate(value: Any, sde: Any = GBM, relevant: float = 0.15, **fields: Any) -> Evidence:
    claim = LimitClaim(
        id="limit", title="", source="", statement="", sde=sde, observable=log(x),
        value=value, relevant=relevant, **fields,
    )  # fmt: skip
    return check_of("path")(compiled(claim), PLAN)


def sides(value: Any, below: int, above: int, **fields: Any) -> Evidence:
    plan = fields.pop("plan", PLAN)
    given: dict[str, Any] = {
        "sde": GBM, "parameter": mu, "values": {sigma: 1, x: 1}, "horizon": 48,
        "relevant": 0.2, **fields,
    }  # fmt: skip
    claim = ThresholdClaim(
        id="threshold", title="", source="", statement="", observable=log(x), threshold=value,
        below=below, above=above, **given,
    )  # fmt: skip
    return check_of("path")(compiled(claim), plan)


def test_the_growth_rate_of_geometric_brownian_motion() -> None:
    found = rate(mu - sigma**2 / 2, **VALUES)
    assert found.status == Status.AGREES, found.reason
    assert found.points >= 1000
    assert found.false_agree == found.false_reject == PLAN.budget.alpha
    assert "finite time" in found.condition


def test_planted_rates_are_rejected() -> None:
    assert rate(mu, **VALUES).status == Status.DISAGREES
    assert rate(mu + sigma**2 / 2, **VALUES).status == Status.DISAGREES


def test_the_rate_of_the_stratonovich_reading() -> None:
    stratonovich = MatrixSDE(EQUATION, calculus="stratonovich")
    values = {**VALUES, "horizon": 12}
    assert rate(mu, stratonovich, relevant=0.2, **values).status == Status.AGREES
    assert rate(mu - sigma**2 / 2, stratonovich, **values).status == Status.DISAGREES


def test_a_wrong_power_of_the_noise_fits_one_value_alone() -> None:
    assert rate(mu - sigma / 2, **VALUES).status == Status.AGREES
    found = rate(mu - sigma / 2, **VARIED)
    assert found.status == Status.DISAGREES
    assert "sigma = 2" in found.reason
    assert rate(mu - sigma**2 / 2, **VARIED).status == Status.AGREES


def test_a_state_that_settles_does_not_grow() -> None:
    """Below the threshold the formula of the linear system is wrong: the limit is 0."""
    values: dict[str, Any] = {"values": {kappa: 1, zeta: 1, x: 1}, "horizon": 40}
    assert rate(kappa - zeta**2 / 2, COLLAPSE, **values).status == Status.DISAGREES
    assert rate(0, COLLAPSE, **values).status == Status.AGREES


def test_grids_that_are_too_coarse_reject_nothing() -> None:
    """Over 5000 units of time neither a step nor a double is small enough."""
    found = rate(mu - sigma**2 / 2, **{**VALUES, "horizon": 5000})
    assert found.status == Status.INCONCLUSIVE
    assert "shorter horizon" in found.reason


def test_a_threshold_is_seen_from_both_sides() -> None:
    found = sides(sigma**2 / 2, -1, 1)
    assert found.status == Status.AGREES, found.reason
    (setting,) = found.numbers["settings"]
    low, high = sorted(side["at"] for side in setting["sides"])
    assert (low, high) == pytest.approx((0.4, 0.6))


@pytest.mark.parametrize("seed", [1, 2])
def test_conditions_on_the_parameter_are_asked_at_the_values_that_are_run(seed: int) -> None:
    """At 0.4 and 0.6: what was drawn for μ, from a normal law, is not among them."""

    def below(bound: Any, low: int) -> Evidence:
        condition = Assumption(text="μ below a bound", condition=Lt(mu, bound))
        fields: dict[str, Any] = {"assumptions": (condition,), "horizon": 24}
        return sides(sigma**2 / 2, low, -low, plan=replace(PLAN, seed=seed), **fields)

    assert below(Rational(61, 100), -1).status == Status.AGREES
    assert below(Rational(1, 2), 1).status == Status.DISAGREES
    found = below(Rational(1, 2), -1)
    assert found.status == Status.INCONCLUSIVE
    assert "mu = 0.6 does not meet: μ below a bound" in found.reason


def test_planted_thresholds_are_rejected() -> None:
    assert sides(sigma**2, -1, 1).status == Status.DISAGREES
    assert sides(sigma**2 / 4, -1, 1).status == Status.DISAGREES
    assert sides(sigma**2 / 2, 1, -1).status == Status.DISAGREES


def test_a_threshold_with_the_wrong_power_of_the_noise() -> None:
    varied = {"values": {x: 1}, "vary": {sigma: (1, Rational(1, 2))}}
    assert sides(sigma / 2, -1, 1).status == Status.AGREES
    assert sides(sigma / 2, -1, 1, **varied).status == Status.DISAGREES


def test_collapse_of_a_nonlinear_system() -> None:
    given = {"sde": COLLAPSE, "parameter": zeta, "values": {kappa: 1, x: 1}, "horizon": 24}
    assert sides(sqrt(2 * kappa), 0, -1, **given).status == Status.AGREES
    assert sides(2 * kappa, 0, -1, **{**given, "horizon": 48}).status == Status.DISAGREES
    # Between the stated threshold and the true one nothing collapses, and no rate is clear of 0.
    assert sides(sqrt(kappa) / 2, 0, -1, **{**given, "horizon": 12}).status != Status.AGREES


def test_what_is_not_resolved_is_left_open() -> None:
    found = sides(sigma**2 / 2, -1, 1, horizon=1, relevant=0.01)
    assert found.status == Status.INCONCLUSIVE
    assert "would settle it" in found.reason


def test_thresholds_that_make_no_sense_are_refused() -> None:
    with pytest.raises(DerivationError, match="two different signs"):
        sides(sigma**2 / 2, 1, 1)
    with pytest.raises(DerivationError, match="in the other parameters"):
        sides(mu + sigma, -1, 1)
    with pytest.raises(ValueError, match="is 0"):
        sides(0, -1, 1)


def test_a_limit_that_differs_from_path_to_path_is_not_one() -> None:
    """x/t → 2 on most paths, and → −2 on nearly a fifth of them."""
    y = State("y")
    sde = MatrixSDE({y: 2 * tanh(y) * dt + B.d})
    fields: dict[str, Any] = {"values": {y: Rational(1, 2)}, "horizon": 60}
    for relevant in (0.1, 0.2):
        assert growth(sde, y, 2, relevant, **fields).status == Status.INCONCLUSIVE
    assert "path to path" in growth(sde, y, 2, 0.2, **fields).reason
    assert growth(sde, y, 1, 0.2, **fields).status == Status.DISAGREES


def test_no_number_of_paths_is_named_for_a_limit_that_paths_do_not_have() -> None:
    """An Ornstein–Uhlenbeck process and a fixation at 0 or at 1: neither has one limit."""
    y = State("y")
    settled = MatrixSDE({x: x * (1 - x) * B.d})
    for sde, z, value in ((MatrixSDE({y: -y * dt + B.d}), y, 0), (settled, x, Rational(1, 2))):
        values = {z: value}
        found = growth(sde, t * z, value, 0.2, values=values, horizon=60)
        assert found.status == Status.INCONCLUSIVE, found.reason
        assert "a longer horizon may" in found.reason
        assert "steps would settle it" not in found.reason


def test_a_limit_that_is_approached_like_one_over_the_root_of_time() -> None:
    """|B|/t → 0, and x/t → 0 where x grows like √t."""
    y = State("y")
    root = MatrixSDE({y: dt / sqrt(1 + y**2) + B.d / 5})
    fields: dict[str, Any] = {"values": {y: 0}, "horizon": 40}
    for sde, f in ((MatrixSDE({y: B.d}), Abs(y)), (root, y)):
        assert growth(sde, f, 0, 0.05, **fields).status == Status.INCONCLUSIVE
        assert growth(sde, f, 0, 0.5, **fields).status == Status.AGREES
        assert growth(sde, f, 1, 0.1, **fields).status == Status.DISAGREES


def test_a_limit_that_is_approached_slowly_is_not_refused() -> None:
    """x/t → 1 where x' = 1 + 1/√(1+t), → 0 where x² = 1 + t; to the other side it would turn."""
    y = State("y")
    slow = MatrixSDE({y: (1 + 1 / sqrt(1 + t)) * dt + B.d / 10})
    root = MatrixSDE({x: dt / (2 * x)})
    for sde, f, start, limit in ((slow, y, 0, 1), (root, x, 1, 0)):
        fields: dict[str, Any] = {"values": {f: start}, "horizon": 20}
        assert growth(sde, f, limit, 0.05, **fields).status == Status.INCONCLUSIVE
        assert growth(sde, f, limit + 1, 0.05, **fields).status == Status.DISAGREES
    # Nothing so slow comes as far.
    assert growth(slow, y, -1, 0.05, values={y: 0}, horizon=20).status == Status.DISAGREES


def growth(
    sde: Any, observable: Any, value: Any, relevant: float, plan: Plan = PLAN, **fields: Any
) -> Evidence:
    claim = LimitClaim(
        id="limit", title="", source="", statement="", sde=sde, observable=observable,
        value=value, relevant=relevant, **fields,
    )  # fmt: skip
    return check_of("path")(compiled(claim), plan)


def test_the_reason_names_both_sides_of_a_threshold() -> None:
    found = sides(sigma**2 / 2, -1, 1)
    assert found.status == Status.AGREES, found.reason
    assert re.search(r"f/t at mu = 0\.4, stated < 0(:| ?,)", found.reason), found.reason
    assert re.search(r"f/t at mu = 0\.6, stated > 0(:| ?,)", found.reason), found.reason
    assert len(re.findall(r"[+-]0\.\d+ ± ", found.reason)) == 2, found.reason


TANH = MatrixSDE({State("y"): tanh(State("y")) * dt + B.d})


@pytest.mark.parametrize(
    ("start", "horizon", "relevant"),
    [(1.4, 100, 0.05), (1.2, 100, 0.1), (1.35, 40, 0.2), (1.0, 15, 0.3), (2.0, 40, 0.2)],
)
def test_a_small_part_of_the_paths_with_another_limit_is_seen(
    start: float, horizon: int, relevant: float
) -> None:
    """x/t → 1, and → −1 on a share (1 − tanh x₀)/2 of the paths: 12 % to 2 %."""
    y = State("y")
    plan = replace(PLAN, effort=EFFORTS["standard"], budget=ErrorBudget())
    for seed in range(4):
        found = growth(
            TANH, y, 1, relevant, plan=replace(plan, seed=seed), values={y: start}, horizon=horizon
        )
        assert found.status == Status.INCONCLUSIVE, found.reason
        assert "of the paths stay away" in found.reason


def test_paths_that_coarse_steps_lose_ask_for_finer_ones() -> None:
    """Nothing says that x is positive, and log x is no number where a step crosses 0."""
    free = State("x")
    sde = MatrixSDE({free: free * dt / 10 + free * B.d})
    plan = replace(PLAN, seed=0, effort=EFFORTS["standard"], budget=ErrorBudget())
    fields: dict[str, Any] = {"plan": plan, "values": {free: 1}, "horizon": 20}
    with np.errstate(invalid="ignore"):
        right = growth(sde, log(free), Rational(-2, 5), 0.1, **fields)
        wrong = growth(sde, log(free), Rational(1, 10), 0.1, **fields)
    assert right.status == Status.AGREES, right.reason
    assert right.numbers["settings"][0]["looks"] > 1
    assert wrong.status == Status.DISAGREES, wrong.reason


def test_a_limit_of_almost_all_paths_names_the_share_of_which_nothing_is_said() -> None:
    """From x₀ = 6 one path in 160,000 has the limit −1, which 8,000 paths cannot show."""
    y = State("y")
    plan = replace(PLAN, effort=EFFORTS["standard"], budget=ErrorBudget())
    found = growth(TANH, y, 1, 0.2, plan=plan, values={y: 6}, horizon=20)
    assert found.status == Status.AGREES, found.reason
    share = found.numbers["settings"][0]["unseen share"]
    # No more than seven paths of 8,000 beyond them, in a fifth of the rate of a look.
    assert share == pytest.approx(clopper_pearson(7, 8000, 1e-6 / LOOKS / PARTS)[1], rel=1e-6)
    assert "all but a share of at most 0.4 % of the paths are within" in found.condition
