"""What is said of a refuted claim about paths: the worst level, both numbers, and their error."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import cos, exp, log

from derivations import (
    LimitClaim,
    StationaryClaim,
    ThresholdClaim,
)
from numerics.numeric_sde import NumericSDE
from tests.verify.path_claims import (
    GEOMETRIC,
    ORNSTEIN_UHLENBECK,
    a,
    cosine,
    crossing,
    geometric_law,
    growth,
    judged,
    mu,
    named,
    sigma,
    x,
    y,
)
from verify import LawClaim, check
from verify.finding.values import of_values
from verify.loading import compiled
from verify.report.tables import complaints
from verify.verdict import Status, Verdict

SAID = re.compile(r"(.*): claimed (.*), simulated (−?[\d.]+) ± ([\de.-]+)")


def lines(claim: Any) -> tuple[str, ...]:
    evidence = judged(claim)
    assert evidence.status == Status.DISAGREES, evidence.reason
    return of_values(compiled(claim), [evidence]).lines


def read(claim: Any) -> tuple[str, str, float, float]:
    (line,) = lines(claim)
    found = SAID.fullmatch(line)
    assert found, line
    what, claimed, measured, error = found.groups()
    return what, claimed, float(measured.replace("−", "-")), float(error)


def test_a_law_names_the_worst_level_and_both_probabilities() -> None:
    wrong = geometric_law(sign=-1)
    what, claimed, measured, error = read(wrong)
    level = re.fullmatch(r"P\(y ≤ ([\d.]+)\) at t = 1", what)
    assert level, what
    z = np.log(float(level[1]))
    assert float(claimed) == pytest.approx(normal(z + 1), abs=2e-3)
    assert abs(measured - normal(z)) <= error
    # No level is worse: a shift of one standard deviation is seen best in the middle.
    assert abs(z + 0.5) < 0.2


def normal(z: float) -> float:
    from math import erf

    return (1 + erf(z / 2**0.5)) / 2


def test_the_setting_that_is_wrong_is_named() -> None:
    what, *_ = read(geometric_law(power=1, vary={sigma: (1, 2)}))
    assert what.endswith(" at t = 1 with sigma = 2")


@pytest.mark.parametrize(
    ("claim", "what", "claimed", "right"),
    [
        (cosine(cos(x)), "E[cos(x)] at t = 1", "0.540302", np.cos(np.exp(-1)) * np.exp(-0.21617)),
        (crossing(drift=2 * mu), "P(x reaches a) at t = 1", "0.668102", 0.4901),
        (growth(y), "E[y] at t = 1", "1", np.exp(0.5)),
    ],
)
def test_numbers_are_named_for_what_they_are(
    claim: Any, what: str, claimed: str, right: float
) -> None:
    said, stated, measured, error = read(claim)
    assert (said, stated) == (what, claimed)
    assert abs(measured - right) <= error + 1e-5


def test_a_bound_from_one_side_is_no_value() -> None:
    kinked = replace(cosine(x / 20), observable=abs(x), bounds=(0, float("inf")))
    (line,) = lines(kinked)
    found = re.fullmatch(r"E\[.*\] at t = 1: claimed 0\.05, simulated at least ([\d.]+)", line)
    assert found, line
    assert 0.05 < float(found[1]) < 0.7


REST: dict[str, Any] = {"values": {x: 1, a: 1, sigma: 1}, "horizon": 6}


@pytest.mark.parametrize(
    ("claim", "begin"),
    [
        (
            StationaryClaim(
                **named(sde=ORNSTEIN_UHLENBECK, observable=x, **REST),
                density=exp(-a * (x - 1) ** 2 / sigma**2),
            ),
            r"P\(x ≤ [−\d.]+\) in the stationary law: ",
        ),
        (
            StationaryClaim(
                **named(sde=ORNSTEIN_UHLENBECK, observable=cos(x), **REST),
                value=0,
                bounds=(-1, 1),
            ),
            r"stationary mean of cos\(x\): claimed 0, ",
        ),
        (
            LimitClaim(
                **named(sde=GEOMETRIC, observable=log(y), horizon=24, relevant=0.2),
                value=mu,
                values={y: 1, mu: "1/2", sigma: 1},
            ),
            r"the limit of log\(y\)/t: claimed 0\.5, ",
        ),
        (
            ThresholdClaim(
                **named(sde=GEOMETRIC, observable=log(y), horizon=24, relevant=0.2),
                parameter=mu,
                threshold=sigma**2,
                below=-1,
                above=1,
                values={y: 1, sigma: 1},
            ),
            r"growth of log\(y\) at mu = 0\.8: claimed < 0, ",
        ),
    ],
    ids=["density", "mean", "limit", "threshold"],
)
def test_what_holds_after_a_long_time(claim: Any, begin: str) -> None:
    (line,) = lines(claim)
    assert re.match(begin + r"simulated −?[\d.]+ ± " if "claimed" in begin else begin, line), line
    assert SAID.fullmatch(line), line


def test_a_function_is_called_f() -> None:
    bm = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=0, noise=lambda dB: dB)
    law: Callable[..., Any] = lambda level: np.exp(-np.exp(-level))  # noqa: E731
    found = check(
        LawClaim(sde=bm, observable=lambda x: x, cdf=law, horizon=1, values={"x": 0}, relevant=0.1),
        effort="quick",
    )
    assert found.finding is not None
    (line,) = found.finding.lines
    assert line.startswith("P(f ≤ "), line


def test_what_has_no_number_is_said_once() -> None:
    """A probability beyond 1 is refuted by the tier in its own words."""
    wrong = crossing(factor=3)
    evidence = judged(wrong)
    assert evidence.status == Status.DISAGREES
    finding = of_values(compiled(wrong), [evidence])
    verdict = Verdict(claim="wrong", title="", evidence=(evidence,), finding=finding)
    told = complaints(verdict)
    assert len(told) == len(set(told)) == 2, told
