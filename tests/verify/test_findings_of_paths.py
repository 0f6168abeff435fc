"""Planted mistakes in values that are stated of paths, against what is said to fit."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sympy import Rational, erf, exp, log, sqrt

from derivations import (
    LEVEL,
    ExpectationClaim,
    HittingClaim,
    LawClaim,
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
from verify.finding import thresholds
from verify.finding.expression_changes import MOST, expression_changes
from verify.finding.finding import Finding
from verify.finding.locate import located
from verify.finding.path_fits import _anywhere, _distinct
from verify.finding.path_statement import PathStatement, statement_of
from verify.finding.path_values import PathValues
from verify.finding.path_wording import said
from verify.finding.thresholds import measured_threshold
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
    settings = finding.changes[-1]["settings"]
    assert settings == int(words.split()[2])
    # What fits at two settings may fit by chance.
    assert ("would tell" in finding.lines[-1]) == (settings < 3)


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
    assert (
        found(claim)
        .lines[-1]
        .startswith(
            "what fits at all 2 settings: σ² in place of σ, g - σ²/2; vary={g: (1, 2)} would tell"
        )
    )


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
    assert ": √2/(2 √g) times what is claimed, √2 √g; more values" in finding.lines[-1]
    measured = [c for c in finding.changes if c["part"].startswith("threshold of σ with g")]
    assert [c["claimed"] for c in measured] == [2, 4]
    for change, right in zip(measured, (2**0.5, 2.0), strict=True):
        assert abs(change["measured"] - right) <= change["radius"] < 0.1 * right


def test_of_one_number_a_factor_is_said_and_what_to_vary() -> None:
    claim = HittingClaim(
        **named(
            sde=MatrixSDE({x: g * dt + beta.d}), observable=x, level=Rational(-1, 2), relevant=0.05
        ),
        probability=exp(-g / 4),
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


@pytest.mark.parametrize(
    ("low", "high", "line"),
    [
        (-0.03, 0.02, "what fits at the one setting: 0 in place of the stated value; vary={"),
        (-0.1, 0.7, None),
        (0.02, 0.8, None),
        (0.4, 0.6, "the factor 0.50 ± 0.1 would make it fit; one number cannot tell"),
    ],
)
def test_of_a_number_that_may_be_0_no_factor_is_said(
    low: float, high: float, line: str | None
) -> None:
    claim = mean(x, a, horizon=1, values={x: 0, a: 1, sigma: 1})
    point = {"x": np.asarray(0.0), "a": np.asarray(1.0), "t": np.asarray(1.0)}
    stated = of_point(claim, point, [1.0], [low], [high])
    what = said(stated, ())
    assert (what is None) == (line is None)
    assert what is None or line is None or what[0].startswith(line), what


def of_point(claim: PathClaim, point: Any, stated: Any, low: Any, high: Any) -> PathStatement:
    one = PathValues(
        point=point, stated=np.asarray(stated), low=np.asarray(low), high=np.asarray(high)
    )
    return statement_of(compiled(claim), (one,))


def test_changes_are_told_apart_of_tiny_states() -> None:
    """Of a law whose states are of the size 1e-9 several changes fit, and none is the only one."""
    size = 1e-9
    variance = sigma**2 / a * (1 - FADE)
    claim = LawClaim(
        **named(sde=ORNSTEIN_UHLENBECK, observable=x, horizon=1),
        cdf=(1 + erf((LEVEL - x * exp(-a * t)) / sqrt(2 * variance))) / 2,
        values={x: 0, a: 1, sigma: 1},
    )
    speed = size ** (-2 / 3)
    levels = size * np.linspace(-2, 2, 9)
    deviation = size * math.sqrt((1 - math.exp(-2)) / 2)
    right = np.asarray([(1 + math.erf(u / deviation / math.sqrt(2))) / 2 for u in levels])
    point = {"x": 0.0, "a": speed, "sigma": size * speed**0.5, "t": 1 / speed}
    stated = of_point(
        claim,
        {**{name: np.asarray(value) for name, value in point.items()}, "level": levels},
        right, right - 0.05, right + 0.05,
    )  # fmt: skip
    fits = _distinct(stated, tuple(_anywhere(stated, expression_changes(stated.expression)[:50])))
    assert len(fits) > 1, fits


@pytest.mark.parametrize(
    ("zero", "finest", "found"),
    [(0.5, 0.05, True), (0.5, 0.0, True), (-0.5, 0.0, True), (0.5, 1.0, False)],
    ids=["too coarse at first", "fine", "negative", "too coarse"],
)
def test_a_threshold_is_no_wider_than_its_size(
    monkeypatch: pytest.MonkeyPatch, zero: float, finest: float, found: bool
) -> None:
    """Of grids that are too coarse for what is asked no error is known: less is asked."""

    def measured(limit: Any, plan: Plan) -> Any:
        path = limit.signature.path
        rate = zero - path.values["mu"]
        error = 0.01 if path.relevant > finest else 100 * (1 + abs(rate))
        one = {"difference": rate, "half_width": 0.005, "bias": error}
        return SimpleNamespace(numbers={"settings": (one,)})

    monkeypatch.setattr(thresholds, "check", measured)
    claim = ThresholdClaim(
        **named(sde=GEOMETRIC, observable=log(y), horizon=24, relevant=0.3),
        parameter=mu,
        threshold=2 * zero * sigma,
        below=1,
        above=-1,
        values={y: 1, sigma: 1},
    )
    problem = compiled(claim)
    assert problem.signature.path is not None
    ends = measured_threshold(problem, problem.signature.path, 2 * zero, (), Plan(seed=3))
    assert (ends is not None) == found
    if ends is not None:
        assert ends[0] < zero < ends[1]
        assert ends[1] - ends[0] < 0.2


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


def test_a_letter_is_changed_everywhere_however_long_an_expression_is() -> None:
    terms = (sigma * a**n * exp(-n * sigma * t) / (n + x) for n in range(1, 25))
    expression = sum(terms, start=x)
    changes = expression_changes(expression)
    assert expression.xreplace({sigma: sigma**2}) in {c.expression for c in changes}
    assert len([c for c in changes if not c.everywhere]) == MOST
    assert [c.cost for c in changes] == sorted(c.cost for c in changes)


def test_a_finding_is_the_same_twice() -> None:
    claim = mean(x**2, x**2 * FADE + 5 * VARIANCE, **VARIED)
    assert found(claim) == found(claim)
