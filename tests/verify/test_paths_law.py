from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sympy import Abs, Rational, exp, log, sign, sin, sqrt

from derivations import (
    LEVEL,
    DerivationError,
    ExpectationClaim,
    ExponentClaim,
    LawClaim,
    MatrixSDE,
    PathCheck,
    dt,
    positive,
)
from tests.verify.path_claims import (
    EFFORT,
    ORNSTEIN_UHLENBECK,
    PLAN,
    a,
    beta,
    geometric_law,
    judged,
    mu,
    named,
    normal,
    sigma,
    t,
    x,
    y,
)
from verify.errors import UsageError
from verify.planning import Effort
from verify.verdict import Evidence, Status

VARIED = {sigma: (Rational(1, 2), 1)}


def test_the_right_law_agrees() -> None:
    found = judged(geometric_law())
    assert found.status == Status.AGREES, found.reason
    assert found.false_agree == found.false_reject == pytest.approx(PLAN.budget.alpha)
    assert "estimated" in found.condition


@pytest.mark.parametrize(
    "wrong",
    [
        geometric_law(factor=0),
        geometric_law(factor=2),
        geometric_law(factor=-1),
        geometric_law(sign=-1),
    ],
    ids=["Itô term missing", "factor", "sign of the Itô term", "sign of the drift"],
)
def test_a_wrong_law_disagrees(wrong: object) -> None:
    found = judged(wrong)
    assert found.status == Status.DISAGREES, found.reason


def test_a_wrong_power_is_seen_where_the_parameter_varies() -> None:
    # σ³ for σ² is no mistake at σ = 1.
    wrong = geometric_law(power=4)
    assert judged(wrong).status == Status.AGREES
    values = {**wrong.values, sigma: 1}
    varied = geometric_law(power=4, values=values, vary={sigma: (1, 2)})
    found = judged(varied)
    assert found.status == Status.DISAGREES, found.reason
    assert "sigma = 2" in found.reason
    right = judged(geometric_law(vary=VARIED))
    assert right.status == Status.AGREES, right.reason
    assert {s["setting"] for s in right.numbers["settings"]} == {"sigma = 1", "sigma = 0.5"}


def test_rates_are_split_over_settings_and_looks() -> None:
    # Half-widths of the first look say which level it was given.
    alone = judged(geometric_law(factor=-1)).numbers["settings"][0]
    shared = judged(geometric_law(factor=-1, vary=VARIED)).numbers["settings"][0]
    alpha = PLAN.budget.alpha / 3
    assert alone["half_width"] == pytest.approx(np.sqrt(np.log(2 / alpha) / 2_000))
    assert shared["half_width"] == pytest.approx(np.sqrt(np.log(4 / alpha) / 2_000))


def test_a_smaller_error_takes_more_paths_and_says_how_many() -> None:
    found = judged(geometric_law(relevant=0.01))
    assert found.status == Status.INCONCLUSIVE
    assert "paths of" in found.reason
    assert "would settle it" in found.reason
    assert "no number" not in found.reason


# What is no distribution function.


@pytest.mark.parametrize(
    ("cdf", "message"),
    [
        (1 - normal(log(LEVEL)), "it falls"),
        (2 * normal(log(LEVEL)), "outside [0, 1]"),
        (normal(log(LEVEL)) - 1, "outside [0, 1]"),
        (normal(log(LEVEL)) + sin(40 * LEVEL) / 50, "no distribution function"),
    ],
    ids=["falls", "above 1", "below 0", "wiggles"],
)
def test_what_is_no_distribution_function_never_agrees(cdf: object, message: str) -> None:
    found = judged(replace(geometric_law(relevant=0.4), cdf=cdf))
    assert found.status == Status.DISAGREES
    assert message in found.reason


def test_a_cdf_that_is_no_number_where_paths_are_is_told() -> None:
    found = judged(replace(geometric_law(), cdf=normal(log(LEVEL - 1))))
    assert found.status == Status.INCONCLUSIVE
    assert "cdf: no number at" in found.reason
    assert "state it wherever" in found.reason


def test_a_scheme_that_leaves_the_domain_of_a_law_refutes_nothing() -> None:
    # The squared length of a plane Brownian motion: exponential, and never below 0; the steps of
    # its scheme sometimes are, where the formula is below 0 too.
    square = MatrixSDE({x: 2 * dt + 2 * sqrt(Abs(x)) * beta.d})
    claim = LawClaim(
        **named(
            sde=square, observable=x, cdf=1 - exp(-LEVEL / (2 * t)), horizon=1, values={x: 0},
            relevant=0.1,
        )
    )  # fmt: skip
    found = judged(claim)
    assert found.status != Status.DISAGREES, found.reason
    for wrong in (1 - exp(-LEVEL / t), 1 - exp(-LEVEL / (2 * t)) * 2, exp(-LEVEL / (2 * t))):
        assert judged(replace(claim, cdf=wrong)).status == Status.DISAGREES


def test_few_paths_beyond_a_law_are_bias() -> None:
    # At σ = 2 some paths of the scheme of geometric Brownian motion fall below 0.
    wide = geometric_law(values={y: 1, mu: "1/2", sigma: 2})
    found = judged(wide)
    assert found.status == Status.AGREES, found.reason
    assert judged(replace(wide, cdf=geometric_law(factor=0).cdf)).status == Status.DISAGREES


def test_a_cdf_without_its_argument_is_refused() -> None:
    with pytest.raises(DerivationError, match="does not have LEVEL"):
        replace(geometric_law(), cdf=normal(y))


def test_what_varies_must_occur() -> None:
    with pytest.raises(UsageError, match="vary: eta does not occur"):
        judged(geometric_law(vary={positive("eta"): (1, 2)}))


@pytest.mark.parametrize("horizon", [0, -1])
def test_a_horizon_is_a_positive_time(horizon: int) -> None:
    with pytest.raises(DerivationError, match=f"scratch: horizon={horizon}: give a finite time"):
        geometric_law(horizon=horizon)


@pytest.mark.parametrize("relevant", [0, -0.1])
def test_a_relevant_error_is_above_zero(relevant: float) -> None:
    with pytest.raises(DerivationError, match=f"scratch: relevant={relevant}: give an error above"):
        geometric_law(relevant=relevant)
    sde = MatrixSDE({x: beta.d})
    with pytest.raises(DerivationError, match=f"exponents: relevant={relevant}: give an error"):
        ExponentClaim(id="exponents", sde=sde, exponents=(), sizes=(), relevant=relevant)
    with pytest.raises(DerivationError, match=f"PathCheck: relevant={relevant}: give an error"):
        PathCheck(sde=sde, horizon=1, sizes={}, relevant=relevant)


def test_a_drift_between_the_steps_is_not_missed() -> None:
    spike = 250 * (1 + sign(Rational(1, 1000) - Abs(t - Rational(503, 1000))))
    claim = LawClaim(
        **named(
            sde=MatrixSDE({x: spike * dt + beta.d}), observable=x, cdf=normal(LEVEL / sqrt(t)),
            horizon=1, values={x: 0}, relevant=0.1,
        )
    )  # fmt: skip
    found = judged(claim)
    assert found.status == Status.INCONCLUSIVE, found.reason
    assert "change too fast" in found.reason
    right = replace(claim, cdf=normal((LEVEL - 1) / sqrt(t)))
    assert judged(right).status == Status.INCONCLUSIVE


# Bias.


@pytest.mark.parametrize("start", [0, 1])
def test_a_scheme_that_hardly_converges_rejects_no_right_mean(start: int) -> None:
    # The square of a Bessel process of dimension 1/10, which spends its time at 0.
    slow = MatrixSDE({x: dt / 10 + 2 * sqrt(Abs(x)) * beta.d})
    claim = ExpectationClaim(
        **named(
            sde=slow, observable=exp(-Abs(x)), value=3 ** Rational(-1, 20) * exp(-x / 3),
            horizon=1, values={x: start}, bounds=(0, 1), relevant=0.05,
        )
    )  # fmt: skip
    right = judged(claim)
    assert right.status == Status.INCONCLUSIVE, right.reason
    assert judged(replace(claim, value=Rational(1, 20))).status == Status.DISAGREES


def quick_decay(effort: Effort, relevant: float) -> Evidence:
    """The law of a process that forgets its start within few of the steps."""
    spread = sigma**2 * (1 - exp(-2 * a * t)) / (2 * a)
    claim = LawClaim(
        **named(
            sde=ORNSTEIN_UHLENBECK,
            observable=x,
            cdf=normal((LEVEL - x * exp(-a * t)) / sqrt(spread)),
            horizon=1,
            values={x: 1, sigma: 1, a: 12},
            relevant=relevant,
        )
    )
    return judged(claim, replace(PLAN, effort=effort))


def test_the_bias_of_the_scheme_is_no_reason_to_reject() -> None:
    found = quick_decay(replace(EFFORT, steps=32, paths=4_000), 0.1)
    assert found.status != Status.DISAGREES, found.reason
    assert quick_decay(EFFORT, 0.1).status == Status.AGREES


def test_a_bias_beyond_the_relevant_error_settles_nothing() -> None:
    # No look may take steps enough.
    found = quick_decay(replace(EFFORT, steps=4, paths=100), 0.02)
    assert found.status == Status.INCONCLUSIVE, found.reason
