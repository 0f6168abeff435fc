"""Rates of growth: standard limits settle at once, and no control hides what is no limit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Rational, log, sqrt

from derivations import Brownian, LimitClaim, MatrixSDE, State, ThresholdClaim, dt, positive, real
from verify.loading import compiled
from verify.paths import limits
from verify.paths.controls import NONE, Control, fitted_share
from verify.paths.horizon import settings
from verify.paths.rates import Growth, Rate, control_of, rate_of
from verify.paths.refinement import Look
from verify.planning import EFFORTS, ErrorBudget, Estimate, Plan
from verify.tiers import check_of
from verify.verdict import Evidence, Status

x, y, A = State("x", positive=True), State("y"), State("A")
u, v = State("u"), State("v")
mu, sigma = real("mu"), positive("sigma")
B, B1, B2 = Brownian("B"), Brownian("B1"), Brownian("B2")
A1, A2 = Brownian("A1"), Brownian("A2")
PLAN = Plan(
    seed=3,
    effort=replace(EFFORTS["standard"], paths=1000),
    budget=ErrorBudget(false_agree=1e-6, false_reject=1e-6),
)
GBM = MatrixSDE({x: mu * x * dt + sigma * x * B.d})
OU = MatrixSDE({y: (mu - y) * dt + sigma * B.d, A: y * dt})
CIR = MatrixSDE({x: (mu - x) * dt + sigma * sqrt(x) * B.d, A: x * dt})
LINEAR = MatrixSDE(
    {
        u: mu * u * dt + sigma * (u * B1.d - v * B2.d),
        v: mu * v * dt + sigma * (v * B1.d + u * B2.d),
    }
)
STANDARD: dict[str, tuple[Any, Any, Any, dict[Any, Any]]] = {
    "growth": (GBM, log(x), mu - sigma**2 / 2, {mu: Rational(1, 10), sigma: 1, x: 1}),
    "calm growth": (GBM, log(x), mu - sigma**2 / 2, {mu: 1, sigma: Rational(1, 2), x: 1}),
    "average": (OU, A, mu, {mu: 1, sigma: Rational(1, 2), y: 1, A: 0}),
    "positive average": (CIR, A, mu, {mu: 1, sigma: Rational(1, 2), x: 1, A: 0}),
    # |X|² is a geometric Brownian motion: exponent μ − σ²/2 + σ²/2.
    "exponent": (LINEAR, log(u**2 + v**2) / 2, mu, {mu: 1, sigma: Rational(1, 2), u: 1, v: 0}),
}


def claimed(sde: Any, observable: Any, value: Any, **fields: Any) -> Any:
    return compiled(
        LimitClaim(
            id="limit", title="", source="", statement="", sde=sde, observable=observable,
            value=value, **fields,
        )
    )  # fmt: skip


def judged(*claim: Any, plan: Plan = PLAN, **fields: Any) -> Evidence:
    return check_of("path")(claimed(*claim, **fields), plan)


@pytest.mark.parametrize("name", STANDARD)
def test_standard_limits_settle_at_the_default_and_wrong_ones_too(name: str) -> None:
    sde, f, value, values = STANDARD[name]
    number = abs(float(value.subs(values)))
    fields: dict[str, Any] = {"values": values, "horizon": 30, "relevant": 0.09 * number}
    plan = replace(PLAN, effort=EFFORTS["standard"])
    right = judged(sde, f, value, plan=plan, **fields)
    assert right.status == Status.AGREES, right.reason
    assert right.numbers["settings"][0]["looks"] <= 2
    wrong = judged(sde, f, value * Rational(11, 10), **fields)
    assert wrong.status == Status.DISAGREES, wrong.reason


NOISY = MatrixSDE(
    {
        u: mu * u * dt + sigma * (u * B1.d + v * B2.d),
        v: mu * v * dt + sigma * (u * A1.d + v * A2.d),
    }
)


def test_a_limit_that_is_far_off_is_refuted_by_few_paths_on_coarse_grids() -> None:
    """What is right asks for ten times the path steps: in the plane the noise moves every path."""
    fields: dict[str, Any] = {"horizon": 60, "relevant": 0.15}
    values = {mu: Rational(3, 10), sigma: 1, u: 1, v: 0}
    plan = replace(PLAN, effort=EFFORTS["standard"])
    f = log(u**2 + v**2) / 2
    found = judged(NOISY, f, mu - sigma**2 / 2, values=values, plan=plan, **fields)
    assert found.status == Status.DISAGREES, found.reason
    (setting,) = found.numbers["settings"]
    assert setting["paths"] <= 1000
    assert setting["steps"] <= 1024
    # The rates of this look and of those it did not need are shared.
    assert found.false_reject == plan.budget.false_reject


def test_without_a_control_the_same_effort_leaves_growth_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "control_of", lambda *_: NONE)
    sde, f, value, values = STANDARD["growth"]
    found = judged(sde, f, value, values=values, horizon=30)
    assert found.status == Status.INCONCLUSIVE


def setting_of(*claim: Any, **fields: Any) -> Any:
    (setting,) = settings(claimed(*claim, **fields), PLAN)
    return setting


def test_a_control_is_odd_in_the_noise_and_bounded() -> None:
    """So its mean is zero: drift added to the system moves it by nothing."""
    rng = np.random.default_rng(1)
    values = {mu: 5, sigma: 1, x: 1}
    setting = setting_of(GBM, log(x), mu, values=values, horizon=1)
    added = Control(share=(1.0, 1.0), bound=2.0).sums(setting, setting.problem, 0.01)
    state, dB = {"x": rng.uniform(0.1, 3, 1000)}, rng.normal(size=1000) / 10
    plus, minus = (added(state, 0, {"dB": s * dB}) for s in (1, -1))
    np.testing.assert_allclose(plus, -minus, atol=1e-15)
    assert np.max(np.abs(plus[:, 1])) <= 2.0 * math.sqrt(0.01)
    # Where nothing is cut off it is the martingale part of log x.
    small = np.abs(dB) < 0.1
    np.testing.assert_allclose(plus[small, 1], np.arctanh(dB[small]), rtol=1e-9)


def test_what_is_no_limit_is_not_hidden_by_its_martingale() -> None:
    """B²/t has no limit, though B² less its martingale part is t."""
    for value in (1, Rational(1, 2)):
        found = judged(MatrixSDE({y: B.d}), y**2, value, values={y: 0}, horizon=40, relevant=0.2)
        assert found.status != Status.AGREES


def test_a_martingale_that_does_not_shrink_is_no_control() -> None:
    setting = setting_of(MatrixSDE({y: B.d}), y**2, 1, values={y: 0}, horizon=40)
    assert not control_of(setting, PLAN, 60).bound
    grown = setting_of(GBM, log(x), mu, values={mu: 0, sigma: 1, x: 1}, horizon=40)
    assert control_of(grown, PLAN, 480).share


def test_a_share_is_fitted_only_where_it_is_worth_it() -> None:
    rng = np.random.default_rng(2)
    M, rest = rng.normal(size=(2, 500, 1))
    assert fitted_share(2 * M[:, 0] + rest[:, 0] / 9, M)[0] == pytest.approx(2, abs=0.05)
    assert fitted_share(rest[:, 0], M) == ()
    assert fitted_share(np.full(500, np.nan), M) == ()


@pytest.mark.parametrize("order", [0.5, 0.75, 1.5, 2.0])
def test_the_bias_of_the_step_covers_every_order_from_a_half(order: float) -> None:
    """Levels that are off by 3 h^p, and 2 h, with paths as far from each other."""
    spread = np.linspace(-1, 1, 401)
    levels = tuple(
        np.stack([spread + 3 * h**order + (2 * h if order > 1 else 0)] * 2)
        for h in (1 / 64, 1 / 128, 1 / 256)
    )
    found = rate_of(Growth(plain=levels, levels=levels), 0.1)
    assert abs(found.estimate.value) <= found.step * (1 + 1e-9)


def threshold_of(monkeypatch: pytest.MonkeyPatch, paths: int) -> tuple[Evidence, list[int]]:
    """A threshold whose rate is ±0.1 and clear of zero from so many paths on."""
    seen: list[int] = []

    def rate(look: Look, alpha: float) -> Rate:
        seen.append(look.paths)
        width = 0.1 * math.sqrt(paths / look.paths)
        return Rate(estimate=Estimate(value=-0.1, half_width=width))

    monkeypatch.setattr(limits, "control_of", lambda *_: NONE)
    monkeypatch.setattr(limits, "growth_per_time", lambda setting, look, control: look)
    monkeypatch.setattr(limits, "rate_of", rate)
    claim = ThresholdClaim(
        id="threshold", title="", source="", statement="", sde=GBM, observable=log(x),
        parameter=mu, threshold=sigma**2 / 2, below=-1, above=1, horizon=20,
        values={sigma: 1, x: 1},
    )  # fmt: skip
    return check_of("path")(compiled(claim), PLAN), seen


@pytest.mark.parametrize("paths", [1_200, 3_000, 12_000, 25_000])
def test_the_second_look_at_a_threshold_takes_what_the_first_named(
    monkeypatch: pytest.MonkeyPatch, paths: int
) -> None:
    _, seen = threshold_of(monkeypatch, paths)
    # Both sides have the same looks, and the second look settles.
    assert seen[0] < paths < seen[1]
    assert len(seen) == 4


def test_paths_that_no_look_takes_are_named_if_effort_deep_takes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, _ = threshold_of(monkeypatch, 2_000_000)
    assert "would settle it, and effort deep takes so many" in found.reason
    found, _ = threshold_of(monkeypatch, 2_000_000_000)
    assert "no number of paths would settle it; a longer horizon may" in found.reason
