from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from sympy import Float, Rational, exp, log, sqrt

from derivations import Brownian, HittingClaim, MatrixSDE, State, dt
from tests.verify.path_claims import (
    GEOMETRIC,
    PLAN,
    a,
    crossing,
    judged,
    mu,
    named,
    normal,
    sigma,
    t,
    x,
    y,
)
from verify.loading import compiled
from verify.memory import Memory
from verify.paths import hitting
from verify.paths.horizon import settings
from verify.paths.level import Meeting
from verify.paths.refinement import Look
from verify.verdict import Status


def test_the_right_probability_agrees() -> None:
    found = judged(crossing())
    assert found.status == Status.AGREES, found.reason
    assert "bridge" in found.condition


@pytest.mark.parametrize(
    "wrong",
    [
        crossing(factor=Rational(1, 2)),
        crossing(drift=-mu),
        crossing(drift=0 * mu, scale=sigma / 2),
    ],
    ids=["no reflection", "sign", "scale"],
)
def test_a_wrong_probability_disagrees(wrong: HittingClaim) -> None:
    found = judged(wrong)
    assert found.status == Status.DISAGREES, found.reason


def test_a_wrong_power_is_seen_where_the_parameter_varies() -> None:
    wrong = crossing(scale=sigma**2)
    assert judged(wrong).status == Status.AGREES
    found = judged(replace(wrong, vary={sigma: (1, Rational(1, 2))}))
    assert found.status == Status.DISAGREES
    assert "sigma = 0.5" in found.reason


def test_a_level_below_is_reached_from_above() -> None:
    mirrored = crossing(drift=-mu)
    below = replace(mirrored, level=-a)
    assert judged(below).status == Status.AGREES


def test_an_observable_that_is_no_state() -> None:
    # log Y is a Brownian motion with drift μ − σ²/2.
    nu, up = mu - sigma**2 / 2, log(a)
    root = sigma * sqrt(t)
    value = normal((nu * t - up) / root) + exp(2 * nu * up / sigma**2) * normal(
        (-up - nu * t) / root
    )
    claim = HittingClaim(
        **named(
            sde=GEOMETRIC, observable=y**2, level=a**2, probability=value, horizon=1,
            values={y: 1, mu: "1/5", sigma: "1/2", a: "3/2"}, relevant=0.1,
        )
    )  # fmt: skip
    assert judged(claim).status == Status.AGREES
    assert judged(replace(claim, level=a)).status == Status.DISAGREES


def test_crossings_between_steps_are_not_missed() -> None:
    # Counting what is seen at 16 steps misses a seventh of the crossings: an error of order √h.
    claim = crossing()
    (setting,) = settings(compiled(claim), PLAN)
    look = Look(steps=16, paths=20_000, plan=PLAN)
    true = setting.stated("probability")
    survival = [one.survival for one in hitting._crossings(setting, look, 1.0)]
    bridged = [np.mean(-np.expm1(s)) for s in survival]
    assert np.abs(np.array(bridged) - true).max() < 0.015
    seen = [np.mean(np.isneginf(s)) for s in survival]
    assert true - seen[0] > 0.05
    # It shrinks like √h: halved by four times the steps.
    assert (true - seen[2]) / (true - seen[0]) == pytest.approx(0.5, abs=0.12)


def test_the_bridge_has_its_probability() -> None:
    # Of a bridge from a to b of variance v: P(it meets 0) = exp(−2ab/v).
    rng = np.random.default_rng(11)
    steps, paths, (a0, b0, v) = 1024, 4_000, (0.4, 0.7, 0.6)
    W = np.cumsum(rng.standard_normal((paths, steps)) * np.sqrt(v / steps), axis=1)
    s = np.arange(1, steps + 1) / steps
    bridge = a0 + W - s * W[:, -1:] + s * (b0 - a0)
    crossed = np.mean(bridge.min(axis=1) < 0)
    stated = -np.expm1(hitting._log_without_crossing(*(np.array([q]) for q in (a0, b0, v))))[0]
    assert stated == pytest.approx(np.exp(-2 * a0 * b0 / v))
    assert crossed == pytest.approx(stated, abs=0.04)


def test_without_noise_only_what_is_seen_counts() -> None:
    one = np.array([1.0])
    assert hitting._log_without_crossing(one, one, 0 * one) == 0.0
    assert hitting._log_without_crossing(one, -one, 0 * one) == -np.inf
    assert hitting._log_without_crossing(0 * one, one, one) == -np.inf


def test_a_level_that_moves() -> None:
    # X_t − μt is a Brownian motion without drift: the line a + μt is reached as a is by that.
    claim = crossing(drift=0 * mu)
    moving = replace(claim, observable=x - mu * t)
    assert judged(moving).status == Status.AGREES
    assert judged(claim).status == Status.DISAGREES


def test_a_start_at_the_level_has_reached_it() -> None:
    at = {x: 1, mu: 0, sigma: 1, a: 1}
    claim = HittingClaim(**{**_fields(crossing(values=at)), "probability": 1 + 0 * t})
    found = judged(claim)
    assert found.status == Status.AGREES, found.reason
    assert found.false_reject == 0.0
    assert judged(replace(claim, probability=Rational(1, 2))).status == Status.DISAGREES


def _fields(claim: HittingClaim) -> dict[str, object]:
    names = ("id", "title", "source", "statement", "sde", "observable", "level", "horizon")
    return {**{name: getattr(claim, name) for name in names}, "values": claim.values}


@pytest.mark.parametrize("factor", [3, -1])
def test_what_is_no_probability_disagrees(factor: int) -> None:
    found = judged(crossing(factor=factor))
    assert found.status == Status.DISAGREES
    assert "no probability" in found.reason


u, v = State("u"), State("v")
PLANE = MatrixSDE({u: Brownian("B_u").d, v: Brownian("B_v").d})
AT = {u: "1/2", v: 0}


@pytest.mark.parametrize("stated", [0, Rational(3, 20), Rational(1, 2)])
@pytest.mark.parametrize("f", [sqrt(u**2 + v**2), u**2 + v**2], ids=["norm", "square"])
def test_a_level_that_is_only_touched_settles_nothing(f: object, stated: object) -> None:
    # Brownian motion in the plane never reaches 0; a bridge of |X| counts that it does.
    claim = HittingClaim(
        **named(
            sde=PLANE, observable=f, level=0, probability=stated + 0 * t, horizon=1,
            values=AT, relevant=0.1,
        )
    )  # fmt: skip
    found = judged(claim)
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "touched" in found.reason


def test_a_level_inside_of_the_same_observable_is_decided() -> None:
    inside = HittingClaim(
        **named(
            sde=PLANE, observable=log(u**2 + v**2), level=log(Rational(1, 16)),
            probability=1 + 0 * t, horizon=1, values=AT, relevant=0.1,
        )
    )  # fmt: skip
    assert judged(inside).status == Status.DISAGREES


def test_bridges_with_the_variance_of_either_end_differ_by_a_bias() -> None:
    (setting,) = settings(compiled(SQUARE_ROOT), PLAN)
    grids = hitting._crossings(setting, Look(steps=8, paths=2_000, plan=PLAN), 0.05)
    apart = abs(np.nanmean(np.exp(grids[-1].ends) - np.exp(grids[-1].survival)))
    found = hitting._measured(grids, 0.5, 1e-3, 0.1)
    assert apart > 0.01
    assert found.estimate.bias > apart


SQUARE_ROOT = HittingClaim(
    **named(
        sde=MatrixSDE({y: 2 * dt + 2 * sqrt(y) * Brownian("b").d}), observable=y, level="1/20",
        probability=Rational(1, 2) + 0 * t, horizon=1, values={y: "1/4"}, relevant=0.1,
    )
)  # fmt: skip


def squared_bessel(dimension: object, probability: object, level: object = 0) -> HittingClaim:
    """P(Y reaches the level by 1) for dY = δ dt + 2√Y dB from 1/4."""
    return replace(
        SQUARE_ROOT,
        sde=MatrixSDE({y: dimension * dt + 2 * sqrt(y) * Brownian("b").d}),
        level=level,
        probability=probability + 0 * t,
        relevant=0.05,
    )


@pytest.mark.parametrize(
    ("dimension", "true"),
    # With B = √Y in dimension 1 by reflection; dimensions from 2 on do not reach 0.
    [(1, mpmath.erfc(mpmath.sqrt(0.125))), (2, 0), (3, 0)],
)
def test_where_the_noise_vanishes_at_the_level_no_true_claim_is_refuted(
    dimension: object, true: object
) -> None:
    found = judged(squared_bessel(dimension, Float(true)))
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "state a level inside" in found.reason


@pytest.mark.parametrize(("dimension", "wrong"), [(1, 1), (2, "0.8"), (3, "0.8")])
def test_more_than_ever_came_near_such_a_level_is_refuted(dimension: int, wrong: object) -> None:
    found = judged(squared_bessel(dimension, Rational(wrong)))
    assert found.status == Status.DISAGREES, found.reason


def test_a_level_inside_is_decided_where_the_noise_vanishes_at_another() -> None:
    # The transform of the time at which |B| in the plane comes from r to q: K0(r√2s)/K0(q√2s).
    r, q = mpmath.sqrt(0.25), mpmath.sqrt(0.05)

    def transform(s: mpmath.mpc) -> mpmath.mpc:
        root = mpmath.sqrt(2 * s)
        return mpmath.besselk(0, r * root) / (s * mpmath.besselk(0, q * root))

    true = Float(mpmath.invertlaplace(transform, 1, method="talbot"))
    inside = replace(squared_bessel(2, true, Rational(1, 20)), relevant=0.2)
    plan = replace(PLAN, effort=replace(PLAN.effort, paths=4_000))
    found = judged(inside, plan)
    assert found.status == Status.AGREES, found.reason
    for wrong in (true + Rational(1, 4), true - Rational(1, 4), 0):
        found = judged(replace(inside, probability=wrong + 0 * t), plan)
        assert found.status == Status.DISAGREES, found.reason


@pytest.mark.parametrize("stated", [0, Rational(9, 10)])
def test_a_drift_that_is_singular_at_the_level(stated: object) -> None:
    # A Bessel process of dimension 2 does not reach 0 either; its noise is constant.
    claim = HittingClaim(
        **named(
            sde=MatrixSDE({y: dt / (2 * y) + Brownian("b").d}), observable=y, level=0,
            probability=stated + 0 * t, horizon=1, values={y: "1/2"}, relevant=0.05,
        )
    )  # fmt: skip
    found = judged(claim)
    assert found.status == (Status.DISAGREES if stated else Status.INCONCLUSIVE), found.reason
    assert stated or "state a level inside" in found.reason


def mean_reverting(level: object, stated: object) -> HittingClaim:
    """dY = 3(1 − Y) dt + √Y dB: Feller's condition holds, and 0 is far beyond reach."""
    claim = squared_bessel(2, stated, level)
    return replace(claim, sde=MatrixSDE({y: 3 * (1 - y) * dt + sqrt(y) * Brownian("b").d}))


def test_a_level_that_nobody_comes_near_is_decided_even_so() -> None:
    assert judged(replace(mean_reverting(0, 0), relevant=0.2)).status == Status.AGREES
    assert judged(mean_reverting(0, Rational(1, 2))).status == Status.DISAGREES


def test_what_moves_a_path_is_uneven_where_it_vanishes_or_jumps() -> None:
    start, end = np.array([1e-3, 0.3, 0.3]), np.array([-1e-3, 0.29, 0.1])

    def uneven(claim: HittingClaim, level: float, state: str) -> list[bool]:
        problem = compiled(claim)
        (setting,) = settings(problem, PLAN)
        meeting = Meeting(declared=problem, setting=setting, level=level, h=1e-3)
        return meeting.is_uneven({state: start}, {state: end}, 0.0).tolist()

    assert uneven(crossing(), 0.0, "x") == [False] * 3
    assert uneven(squared_bessel(2, 0), 0.0, "y") == [True] * 3
    assert uneven(squared_bessel(2, 0), 0.28, "y")[1:] == [False] * 2


def test_measured_paths_are_kept_by_horizon() -> None:
    problem = replace(compiled(crossing()), memory=Memory())
    look = Look(steps=8, paths=50, plan=PLAN)
    (setting,) = settings(problem, PLAN)
    longer = replace(setting, horizon=4.0)
    short, long = (hitting._crossings(s, look, 1.0)[0].survival for s in (setting, longer))
    assert not np.array_equal(short, long)
