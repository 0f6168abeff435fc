"""Stationary densities and means through the tiers, against laws from textbooks and papers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Abs, Gt, Rational, atan, cos, exp, lambdify, oo, sqrt

from derivations import (
    Assumption,
    Brownian,
    DerivationError,
    MatrixSDE,
    State,
    StationaryClaim,
    dt,
    positive,
    real,
    t,
)
from derivations.catalogue import find
from numerics.distribution import Distribution
from tests.verify.explaining import explained
from verify.loading import compiled
from verify.paths.normalisation import normalisation
from verify.paths.stationary import stationary
from verify.paths.stationary_paths import _left
from verify.planning import EFFORTS, ErrorBudget, Plan
from verify.problem import Problem
from verify.tiers import check_of
from verify.verdict import Status

x, v = State("x"), State("v", positive=True)
theta, sigma, mu, zeta = positive("theta"), positive("sigma"), positive("mu"), positive("zeta")
B, W = Brownian("B"), Brownian("W")
PLAN = Plan(
    seed=2,
    effort=replace(EFFORTS["quick"], paths=2000),
    budget=ErrorBudget(false_agree=1e-4, false_reject=1e-4),
)

OU = MatrixSDE({x: -theta * x * dt + sigma * B.d})
CIR = MatrixSDE({v: theta * (mu - v) * dt + sigma * sqrt(v) * B.d})
# Chen et al. (2023): collapse iff ζ² > 2μ, else this density.
COLLAPSE = MatrixSDE({v: (mu * v - v**3) * dt + zeta * v * B.d})
COLLAPSED = v ** (2 * mu / zeta**2 - 2) * exp(-(v**2) / zeta**2)


def claimed(sde: Any, observable: Any = x, **fields: Any) -> StationaryClaim:
    return StationaryClaim(
        id="stationary", title="", source="", statement="", sde=sde, observable=observable, **fields
    )


AT_REST = {"values": {theta: 1, sigma: 1, x: 2}, "horizon": 8}
SQUARE_ROOT = {"values": {theta: 1, mu: 1, sigma: 1, v: 1}, "horizon": 8}
ALIVE = {"values": {mu: 2, zeta: 1, v: 1}, "horizon": 5}

RIGHT: dict[str, StationaryClaim] = {
    "Ornstein–Uhlenbeck": claimed(OU, density=exp(-theta * x**2 / sigma**2), **AT_REST),
    "gamma": claimed(
        CIR, v, density=v ** (2 * theta * mu / sigma**2 - 1) * exp(-2 * theta * v / sigma**2),
        **SQUARE_ROOT),
    "multiplicative": claimed(COLLAPSE, v, density=COLLAPSED, **ALIVE),
}  # fmt: skip

WRONG: dict[str, StationaryClaim] = {
    "variance σ²/θ": claimed(OU, density=exp(-theta * x**2 / (2 * sigma**2)), **AT_REST),
    "gamma of the Stratonovich reading": claimed(
        CIR, v, density=v ** (2 * theta * mu / sigma**2) * exp(-2 * theta * v / sigma**2),
        **SQUARE_ROOT),
    "the exponent −1 for −2": claimed(COLLAPSE, v, density=COLLAPSED * v, **ALIVE),
}  # fmt: skip


@pytest.mark.parametrize("tier", ["derivation", "generator", "path"])
@pytest.mark.parametrize("name", RIGHT)
def test_a_known_density_agrees(name: str, tier: str) -> None:
    found = check_of(tier)(compiled(RIGHT[name]), PLAN)
    assert found.status == Status.AGREES, found.reason
    assert found.points or tier == "derivation"


@pytest.mark.parametrize("tier", ["derivation", "generator", "path"])
@pytest.mark.parametrize("name", WRONG)
def test_a_planted_error_is_seen(name: str, tier: str) -> None:
    found = check_of(tier)(compiled(WRONG[name]), PLAN)
    assert found.status == Status.DISAGREES, found.reason


@pytest.mark.parametrize("tier", ["derivation", "generator", "path"])
def test_what_has_no_finite_integral_is_no_density(tier: str) -> None:
    """At ζ² > 2μ all collapse; the formula still makes the flux zero."""
    claim = replace(RIGHT["multiplicative"], values={mu: 1, zeta: 2, v: 1})
    found = check_of(tier)(compiled(claim), PLAN)
    assert found.status == Status.DISAGREES
    assert "diverges" in found.reason


def test_a_wrong_power_of_a_parameter_fits_one_value_alone() -> None:
    wrong = exp(-theta * x**2 / sigma)
    one = claimed(OU, density=wrong, **AT_REST)
    assert stationary(compiled(one), PLAN).status == Status.AGREES
    several = claimed(OU, density=wrong, horizon=8, values={theta: 1, x: 2}, vary={sigma: (1, 2)})
    found = stationary(compiled(several), PLAN)
    assert found.status == Status.DISAGREES
    assert "sigma = 2" in found.reason


def law_of_balance(sign: int) -> StationaryClaim:
    """v = uw of a neuron on the balanced line u = w under SGD (Ziyin et al.)."""
    a1, a2, a3 = positive("alpha1"), real("alpha2"), positive("alpha3")
    b1, b2, T = positive("beta1"), positive("beta2"), positive("T")
    g, Delta = a1 * v**2 - 2 * a2 * v + a3, a1 * a3 - a2**2
    angle = atan((a1 * v - a2) / sqrt(Delta)) / sqrt(Delta)
    return claimed(
        MatrixSDE({v: (4 * v * (b2 - b1 * v) + 4 * T * v * g) * dt + 4 * v * sqrt(T * g) * B.d}),
        v,
        density=v ** (b2 / (2 * a3 * T) - Rational(3, 2))
        * g ** (-1 - b2 / (4 * a3 * T))
        * exp(sign * (a3 * b1 - a2 * b2) / (2 * a3 * T) * angle),
        values={a1: 1, a2: Rational(1, 2), a3: 1, b1: 1, b2: 1, T: Rational(1, 10), v: 1},
        horizon=4,
        assumptions=(Assumption(text="Δ > 0", condition=Gt(Delta, 0)),),
    )


def test_the_density_of_the_law_of_balance() -> None:
    right, wrong = compiled(law_of_balance(-1)), compiled(law_of_balance(1))
    assert check_of("derivation")(right, PLAN).status == Status.AGREES
    assert check_of("generator")(right, PLAN).status == Status.AGREES
    assert check_of("generator")(wrong, PLAN).status == Status.DISAGREES


def test_the_integral_is_found_to_many_digits() -> None:
    found = normalisation(RIGHT["Ornstein–Uhlenbeck"])
    assert found is not None
    (one,) = found.numbers["integrals"]
    assert float(one["integral"]) == pytest.approx(np.sqrt(np.pi), rel=1e-14)


def test_the_paths_of_the_law_of_balance_can_see_every_wrong_density() -> None:
    """Each is farther from the right law than the relevant error, and than what 32,000 see."""
    claim = find("stationary_density.inverse")
    levels = np.geomspace(1e-2, 1e2, 2001)

    def law(density: Any) -> Any:
        (y,) = claim.sde.states
        given = {letter: value for letter, value in claim.values.items() if letter != y}
        p = lambdify(y, density.subs(given))
        return Distribution.of(p, 0.0, np.inf, 1.0, 1.0).cdf(levels)

    right = law(claim.density)
    apart = {
        mutant.name: np.max(np.abs(law(mutant.changes["density"]) - right))
        for mutant in claim.mutants
    }
    assert {"half", "double", "exponent"} <= set(apart)
    assert min(apart.values()) > claim.relevant + 0.03, apart


def test_too_short_a_horizon_settles_nothing() -> None:
    for name in ("Ornstein–Uhlenbeck", "gamma"):
        short = replace(RIGHT[name], horizon=Rational(1, 4))
        found = stationary(compiled(short), PLAN)
        assert found.status == Status.INCONCLUSIVE, found.reason
        assert "a longer horizon may" in found.reason


def test_two_laws_are_not_one() -> None:
    """From either side of 0 the process stays there: the symmetric law is one of many."""
    sde = MatrixSDE({x: (mu * x - x**3) * dt + zeta * x * B.d})
    density = Abs(x) ** (2 * mu / zeta**2 - 2) * exp(-(x**2) / zeta**2)
    both = claimed(sde, density=density, values={mu: 2, zeta: 1, x: 1}, horizon=6)
    assert check_of("derivation")(compiled(both), PLAN).status == Status.INCONCLUSIVE
    assert stationary(compiled(both), PLAN).status == Status.INCONCLUSIVE


def test_a_well_that_the_start_does_not_leave_is_not_all() -> None:
    """Wells at 0 and 4: no path that starts in one of them has reached the other at T."""
    sde = MatrixSDE({x: -4 * x * (x - 2) * (x - 4) * dt + sigma * B.d})
    both = exp(-2 * (x**4 - 8 * x**3 + 16 * x**2) / sigma**2)
    for density in (both, exp(-32 * x**2 / sigma**2)):
        claim = claimed(sde, density=density, values={sigma: 1, x: 0}, horizon=8, relevant=0.1)
        found = stationary(compiled(claim), PLAN)
        assert found.status == Status.INCONCLUSIVE, found.reason
        assert "not the only one" in found.reason


def test_a_stated_support_does_not_choose_the_starts() -> None:
    """x stays on its side of 0; the stated half-line hides the other one from no start."""
    sde = MatrixSDE({x: (mu * x - x**3) * dt + zeta * x * B.d})
    density = x ** (2 * mu / zeta**2 - 2) * exp(-(x**2) / zeta**2)
    half = claimed(sde, density=density, support=(0, oo), values={mu: 2, zeta: 1, x: 1}, horizon=6)
    assert stationary(compiled(half), PLAN).status == Status.INCONCLUSIVE


def test_an_equation_that_takes_t_has_no_stationary_law() -> None:
    sde = MatrixSDE({x: -x * dt + cos(t) * B.d})
    found = stationary(compiled(claimed(sde, density=exp(-(x**2)), values={x: 0}, horizon=4)), PLAN)
    assert found.status == Status.INCONCLUSIVE
    assert "takes t" in found.reason


def test_moves_that_do_not_shrink_leave_an_unknown_bias() -> None:
    assert _left(0.04, 0.02, 0.001) == (pytest.approx(0.02), True)
    assert not _left(0.04, 0.038, 0.001)[1]
    assert _left(0.0005, 0.001, 0.001)[1]


def test_the_density_of_one_of_two_states() -> None:
    """x' = −x + y, y an Ornstein–Uhlenbeck process: Var x = σ²/4 at θ = 1."""
    y = State("y")
    sde = MatrixSDE({x: (y - x) * dt, y: -y * dt + sigma * W.d})
    settings = {"values": {sigma: 2, x: 1, y: 0}, "horizon": 12}
    right = claimed(sde, density=exp(-2 * x**2 / sigma**2), **settings)
    assert {"derivation", "generator"} <= set(right.inapplicable)
    assert stationary(compiled(right), PLAN).status == Status.AGREES
    wrong = claimed(sde, density=exp(-(x**2) / sigma**2), **settings)
    assert stationary(compiled(wrong), PLAN).status == Status.DISAGREES


def mean(value: Any, **fields: Any) -> Problem:
    return compiled(claimed(OU, cos(x), value=value, **AT_REST, **fields))


def test_means_of_bounded_observables() -> None:
    right = stationary(mean(exp(-(sigma**2) / (4 * theta)), bounds=(-1, 1)), PLAN)
    assert right.status == Status.AGREES, right.reason
    wrong = stationary(mean(exp(-(sigma**2) / (2 * theta)), bounds=(-1, 1)), PLAN)
    assert wrong.status == Status.DISAGREES, wrong.reason
    assert right.false_agree == right.false_reject == PLAN.budget.alpha
    assert "finite time" in right.condition


def test_a_mean_without_bounds_is_never_proved() -> None:
    found = stationary(mean(exp(-(sigma**2) / (4 * theta))), PLAN)
    assert found.status == Status.INCONCLUSIVE
    assert "no number of paths" in found.reason


REFUSED = [
    (lambda: claimed(OU, density=x, value=1, **AT_REST), "one of the two"),
    (lambda: claimed(OU, **AT_REST), "one of the two"),
    (lambda: claimed(OU, x**2, density=exp(-(x**2)), **AT_REST), "no scalar state"),
    (
        lambda: claimed(
            MatrixSDE({x: B.d, v: v * W.d}), density=exp(-(x**2) / v), values={}, horizon=1
        ),
        "one state alone",
    ),
]


@pytest.mark.parametrize(("make", "words"), REFUSED)
def test_what_is_not_one_density_is_refused(make: Any, words: str) -> None:
    with pytest.raises(DerivationError, match=words):
        make()


def test_an_explanation_shows_what_the_flux_leaves() -> None:
    text = explained(WRONG["variance σ²/θ"])
    assert "stationary density of x, up to a factor" in text
    assert "for x > 0" in text
    assert "-θ |x|/2" in text
