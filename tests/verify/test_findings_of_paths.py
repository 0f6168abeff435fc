"""Planted mistakes in values that are stated of paths, against what is said to fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import Rational, exp, log, sqrt

from derivations import (
    ExpectationClaim,
    HittingClaim,
    LimitClaim,
    MatrixSDE,
    ThresholdClaim,
    dt,
    positive,
    t,
)
from derivations.path_claims import PathClaim
from tests.verify.path_claims import (
    GEOMETRIC,
    ORNSTEIN_UHLENBECK,
    a,
    beta,
    geometric_law,
    judged,
    mu,
    named,
    sigma,
    x,
    y,
)
from verify import NumericSDE, check
from verify.finding.expression_changes import expression_changes
from verify.finding.finding import Finding
from verify.finding.locate import located
from verify.loading import compiled
from verify.planning import Plan
from verify.verdict import Status

g = positive("g")
FADE = exp(-2 * a * t)
STILL = {"horizon": 2, "values": {x: 0, a: 1}}
VARIED = {"horizon": 1, "values": {x: 1}, "vary": {sigma: (1, 2), a: (1, 2)}}
GROWTH = MatrixSDE({y: y * (g * dt + sigma * beta.d)})


def found(claim: PathClaim) -> Finding:
    evidence = judged(claim)
    assert evidence.status == Status.DISAGREES, evidence.reason
    return located(compiled(claim), (evidence,), Plan(seed=3))


def mean(f: Any, value: Any, sde: Any = ORNSTEIN_UHLENBECK, **fields: Any) -> ExpectationClaim:
    return ExpectationClaim(**named(sde=sde, observable=f, value=value, **fields))


VARIANCE = sigma**2 / (2 * a) * (1 - FADE)


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (
            mean(
                x**4,
                3 * (sigma / (2 * a) * (1 - FADE)) ** 2,
                **STILL,
                vary={sigma: (1, 2, 3)},
            ),
            "at all 3 settings: σ⁴ in place of σ²",
        ),
        (
            mean(
                y**2,
                y**2 * exp((2 * mu + sigma**2 / 2) * t),
                GEOMETRIC,
                horizon=1,
                values={y: 1, mu: Rational(1, 4)},
                vary={sigma: (Rational(1, 4), Rational(1, 2))},
            ),
            "at all 2 settings: σ² in place of σ²/2",
        ),
        (
            mean(x**2, x**2 * FADE + sigma**2 / (2 * a) * (1 + FADE), **VARIED),
            "at all 3 settings: -exp(-2 a t) in place of exp(-2 a t) (number 2 of 2 in it)",
        ),
        (
            mean(x**2, x**2 * FADE + 5 * VARIANCE, **VARIED),
            "at all 3 settings: the coefficient 1/2 for 5/2 in term 2 of 2",
        ),
        (
            mean(x**2, 3 * (x**2 * FADE + VARIANCE), **VARIED),
            "at all 3 settings: 1/3 times what is claimed",
        ),
    ],
    ids=["power", "in an exponent", "sign inside", "coefficient of a term", "factor"],
)
def test_the_mistake_in_a_mean_is_named(claim: PathClaim, words: str) -> None:
    finding = found(claim)
    assert f"what fits {words}" in finding.lines[-1], finding.lines
    assert "; or " not in finding.lines[-1]
    assert finding.changes[-1]["settings"] == int(words.split()[2])


def test_the_power_of_a_parameter_in_a_function() -> None:
    sde = NumericSDE(
        states={"x": ()},
        noises={"B": ()},
        parameters={"s": (0.5, 2.0)},
        drift=lambda x: -x,
        noise=lambda s, dB: s * dB,
    )
    claim = ExpectationClaim(
        sde=sde,
        observable=lambda x: x**2,
        value=lambda s, t: s * (1 - np.exp(-2 * t)) / 2,
        horizon=1,
        values={"x": 0.0},
        vary={"s": (0.5, 1.0, 2.0)},
    )
    verdict = check(claim, effort="quick")
    assert verdict.finding is not None
    assert verdict.finding.lines[-1] == "what fits at all 3 settings: s times what is claimed"


@pytest.mark.parametrize("parameters", [{}, {"s": (0.5, 2.0)}])
def test_a_wrong_value_of_a_vector_is_said_with_what_can_be_varied(parameters: Any) -> None:
    """A state that is a vector has no one value: what is advised is a scalar, if there is any."""
    alone: Any = lambda x: 0.5 + 0 * x[..., 0]  # noqa: E731
    of_both: Any = lambda x, s: alone(x) + 0 * s  # noqa: E731
    claim = ExpectationClaim(
        sde=NumericSDE(
            states={"x": (2,)},
            noises={"B": (2,)},
            parameters=parameters,
            drift=lambda x: -x,
            noise=lambda dB: dB,
        ),
        observable=lambda x: np.cos(x[..., 0]),
        value=of_both if parameters else alone,
        horizon=1,
        values={"x": [1.0, 1.0], **dict.fromkeys(parameters, 1.0)},
        bounds=(-1, 1),
    )
    verdict = check(claim, effort="quick")
    assert verdict.status == Status.DISAGREES
    assert verdict.finding is not None
    assert "E[f] at t = 1: claimed 0.5, simulated 0.7" in (said := " ".join(verdict.finding.text))
    assert ("vary={s: (1, 2)}" if parameters else "more values in vary") in said


def test_a_power_in_a_law_is_named_although_the_band_is_wide() -> None:
    claim = geometric_law(power=1, vary={sigma: (1, 2)}, values={y: 1, mu: "1/2"})
    finding = found(claim)
    assert "what fits at all 2 settings: " in finding.lines[-1], finding.lines
    assert "σ²/2" in finding.lines[-1]


def test_a_power_in_a_limit_is_named() -> None:
    claim = LimitClaim(
        **named(sde=GROWTH, observable=log(y), value=g - sigma / 2, horizon=24, relevant=0.3),
        values={g: 1, y: 1},
        vary={sigma: (1, 2)},
    )
    assert "what fits at all 2 settings: σ² in place of σ, g - σ²/2" in found(claim).lines


def test_a_threshold_is_measured_and_its_power_named() -> None:
    claim = ThresholdClaim(
        **named(sde=GROWTH, observable=log(y), horizon=24, relevant=0.4),
        parameter=sigma,
        threshold=2 * g,
        below=1,
        above=-1,
        values={y: 1},
        vary={g: (1, 2)},
    )
    finding = found(claim)
    assert finding.lines[-1].endswith("√2/(2 √g) times what is claimed, √2 √g"), finding.lines
    measured = [c for c in finding.changes if c["part"].startswith("threshold of σ with g")]
    assert [c["claimed"] for c in measured] == [2, 4]
    for change, right in zip(measured, (2**0.5, 2.0), strict=True):
        assert abs(change["measured"] - right) <= change["radius"] < 0.1 * right


def test_of_one_number_a_factor_is_said_and_what_to_vary() -> None:
    claim = HittingClaim(
        **named(sde=MatrixSDE({x: g * dt + beta.d}), observable=x, level=-1, relevant=0.05),
        probability=exp(-2 * g),
        horizon=1,
        values={g: Rational(1, 2), x: 0},
    )
    line = found(claim).lines[-1]
    assert line.startswith("the factor 0."), line
    assert "cannot tell a factor from a power: vary={g: (0.5, 1)} would tell more" in line


def test_settings_that_do_not_tell_changes_apart_are_not_made_to() -> None:
    """Of s and s² at s = 1 and with a sharp number both a factor and terms would do."""
    claim = mean(x**2, x**2 * FADE + 2 * VARIANCE, horizon=1, values={x: 1, a: 1, sigma: 1})
    line = found(claim).lines[-1]
    assert "one number cannot tell" in line


def test_where_nothing_fits_that_is_said() -> None:
    """A wrong value no simple change of which is right."""
    claim = mean(x**2, sqrt(sigma) + a**3 * x, **VARIED)
    line = found(claim).lines[-1]
    assert line.startswith("no one number, sign or power that was tried makes the stated value fit")


def test_changes_of_an_expression_are_single_and_different() -> None:
    expression = x**2 * FADE + VARIANCE
    changes = expression_changes(expression)
    assert len({c.expression for c in changes}) == len(changes)
    assert expression not in {c.expression for c in changes}
    wanted = {
        x**2 * FADE + sigma / (2 * a) * (1 - FADE),
        x**2 * FADE + sigma**2 / a * (1 - FADE),
        x**2 * FADE + sigma**2 / (2 * a) * (1 - exp(-a * t)),
        x**2 * exp(2 * a * t) + VARIANCE,
    }
    assert wanted <= {c.expression for c in changes}


def test_a_finding_is_the_same_twice() -> None:
    claim = mean(x**2, x**2 * FADE + 5 * VARIANCE, **VARIED)
    assert found(claim) == found(claim)
