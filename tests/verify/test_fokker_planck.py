"""Fokker–Planck equations through the tiers: by proof, without rounding, at 50 digits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from numerics.adjoint import adjoint, by_differences, by_series, flux
from numerics.contexts import MultiprecisionContext, RationalContext
from tests.derivations.test_fokker_planck import RIGHT, WRONG, stated
from tests.verify.explaining import explained
from verify.loading import compiled
from verify.planning import EFFORTS, Plan
from verify.tiers import check_of
from verify.verdict import Status

PLAN = Plan(seed=3, effort=EFFORTS["quick"])
TIERS = ("derivation", "exact", "generator")


@pytest.mark.parametrize("name", [name for name in RIGHT if name != "bounded"])
def test_every_tier_agrees(name: str) -> None:
    problem = compiled(stated(*RIGHT[name]))
    for tier in TIERS:
        found = check_of(tier)(problem, PLAN)
        assert found.status == Status.AGREES, f"{tier}: {found.reason}"
        assert found.points or tier == "derivation"


def test_exponentials_have_no_exact_numbers_but_digits() -> None:
    problem = compiled(stated(*RIGHT["bounded"]))
    assert check_of("exact")(problem, PLAN).status == Status.NOT_APPLICABLE
    found = check_of("generator")(problem, PLAN)
    assert found.status == Status.AGREES
    assert found.numbers["digits"]["50 digits"]["right side"] > 15


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_sees_a_planted_error(name: str, tier: str) -> None:
    found = check_of(tier)(compiled(stated(*WRONG[name])), PLAN)
    assert found.status == Status.DISAGREES, found.reason


def test_a_bound_is_stated_for_a_false_pass() -> None:
    found = check_of("exact")(compiled(stated(*RIGHT["correlated"])), PLAN)
    assert found.false_agree is not None
    assert found.false_agree < 1e-30


@pytest.mark.parametrize("tier", ["one-step", "path"])
def test_other_tiers_say_why_they_do_not_apply(tier: str) -> None:
    problem = compiled(stated(*RIGHT["Kramers"]))
    if tier in problem.inapplicable:
        assert "density" in problem.inapplicable[tier] or "densities" in problem.inapplicable[tier]
    else:
        assert check_of(tier)(problem, PLAN).status == Status.NOT_APPLICABLE


def test_series_and_differences_agree_on_a_hand_made_example() -> None:
    """L*p for dx = x dB (Itô and Stratonovich) and p = x³ at x = 2, by hand: ½(x⁵)'' = 80, or
    ½(x(x⁴)')' = 64; the fluxes are −½(x⁵)' = −40 and −½ x (x⁴)' = −32."""
    problem = compiled(stated(*RIGHT["geometric, Itô"]))
    exact, wide = RationalContext(), MultiprecisionContext(50)
    for calculus, value, current in (("ito", 80, -40), ("stratonovich", 64, -32)):
        system = replace(problem.system("declared", {}), calculus=calculus)
        for ctx in (exact, wide):
            point = {name: ctx.rational(n) for name, n in (("z", 2), ("mu", 0), ("sigma", 1))}
            derivative = by_series(ctx) if ctx is exact else by_differences(wide)
            found = adjoint(ctx, derivative, system, cube, point)
            assert ctx.to_float(found.value) == pytest.approx(value, abs=1e-12)
            through = flux(ctx, derivative, system, cube, point)
            assert ctx.to_float(through.value) == pytest.approx(current, abs=1e-12)


def cube(ctx: Any, point: Any) -> Any:
    return point["z"] ** 3


def test_an_explanation_names_the_equation_and_its_steps() -> None:
    text = explained(stated(*RIGHT["geometric, Stratonovich"]))
    assert "∂p/∂t = " in text
    assert "1. Itô drift of z" in text
    assert "σ² z² ∂_zz p/2 + z (-μ + 3 σ²/2) ∂_z p + (-μ + σ²/2) p" in text
