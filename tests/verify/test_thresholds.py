"""The threshold of the stationary density: its system against claims, and how far it is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sympy import exp

import verify
from derivations import MatrixSDE, catalogue, dt
from derivations.path_claims import ThresholdClaim
from verify.verdict import Status

LOGARITHM: Any = catalogue.find("stationary_density.logarithm")
STRETCHED: Any = catalogue.find("stationary_density.stretched")
GROWTH: Any = catalogue.find("geometric_brownian_motion.threshold")
THRESHOLD: Any = catalogue.find("stationary_density.threshold")


def _at_the_logarithm(expression: Any) -> Any:
    (v,) = LOGARITHM.sde.states
    z = next(x for x in THRESHOLD.sde.states if str(x) == "z")
    return expression.subs(v, exp(z))


def _equation(name: str) -> tuple[Any, Any]:
    """A state of the threshold's system, and its equation."""
    return next((x, e) for x, e in THRESHOLD.sde.equations.items() if str(x) == name)


def test_the_system_of_the_threshold_is_that_of_two_judged_claims() -> None:
    _, equation = _equation("z")
    stated = LOGARITHM.drift * dt + LOGARITHM.martingale
    assert (equation - _at_the_logarithm(stated)).expand() == 0
    assert STRETCHED.sde == THRESHOLD.sde
    assert STRETCHED.observable == THRESHOLD.observable


@pytest.mark.parametrize("tier", ["derivation", "generator", "one-step"])
@pytest.mark.parametrize("state", ["z", "a"])
def test_a_wrong_drift_in_the_system_of_the_threshold_is_refuted(tier: str, state: str) -> None:
    """Of z and of what it loses: the sum of both has another drift then."""
    x, equation = _equation(state)
    wrong = MatrixSDE({**STRETCHED.sde.equations, x: equation + exp(_equation("z")[0]) * dt})
    found = verify.check(replace(STRETCHED, sde=wrong), tiers=(tier,), effort="quick")
    assert found.status == Status.DISAGREES
    right = verify.check(STRETCHED, tiers=(tier,), effort="quick")
    assert right.status == Status.AGREES


@pytest.mark.parametrize("tier", ["derivation", "exact", "generator", "one-step"])
def test_a_wrong_drift_of_the_logarithm_is_refuted(tier: str) -> None:
    """As a wrong line for z in the system of the threshold would be stated."""
    (v,) = LOGARITHM.sde.states
    wrong = replace(LOGARITHM, drift=LOGARITHM.drift + v)
    found = verify.check(wrong, tiers=(tier,), effort="quick")
    assert found.status == Status.DISAGREES


@pytest.mark.parametrize("claim", [GROWTH, THRESHOLD], ids=lambda claim: claim.id)
def test_the_statement_says_how_far_a_threshold_is_seen(claim: ThresholdClaim) -> None:
    (label,) = [label for label, _ in claim.stated() if "threshold" in label]
    assert f"seen to ±{100 * claim.relevant:g} %" in label


def test_the_verdict_says_how_far_a_threshold_is_seen() -> None:
    (evidence,) = verify.check(THRESHOLD, tiers=("path",)).evidence
    assert evidence.brief == "±10 %"
    assert "seen to ±10 %" in evidence.reason


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_threshold_off_by_more_than_the_width_is_refuted(factor: float) -> None:
    wrong = replace(THRESHOLD, threshold=THRESHOLD.threshold * factor)
    assert verify.check(wrong, tiers=("path",)).status == Status.DISAGREES
