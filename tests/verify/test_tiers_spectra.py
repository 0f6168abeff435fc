"""Claims about eigenvalues, right and wrong ones, in the exact, generator and one-step tiers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Ge

from derivations import eigenvalues, total
from numerics.contexts import MERSENNE_61, PrimeFieldContext
from tests.derivations.spectral_claims import (
    EIGENVALUE,
    MIXED,
    RIGHT,
    SQUARE,
    W1,
    W2,
    WRONG,
    i,
    lam,
)
from tests.verify.explaining import explained
from verify.agreement import worst
from verify.coordinates import by_tuple, units
from verify.degrees import false_pass, orders
from verify.loading import compiled
from verify.mutants.table import visible_tiers
from verify.planning import Plan, effort
from verify.tiers import derivation, exact, generator, one_step
from verify.verdict import Status

PLAN = Plan(seed=1, effort=effort("quick"))
TIERS: Any = {"exact": exact, "generator": generator, "one-step": one_step}


def cases(claims: Any) -> list[tuple[str, str]]:
    """Claims and tiers; one step is slow, and is taken for the claims about λ_i alone."""
    slow = {name for name, claim in claims.items() if claim.id in ("root", "gap")}
    return [
        (name, tier) for name in claims for tier in TIERS if {name, tier} - slow != {"one-step"}
    ]


@pytest.mark.parametrize(("id_", "tier"), cases(RIGHT))
def test_a_right_claim_agrees(id_: str, tier: str) -> None:
    found = TIERS[tier].check(compiled(RIGHT[id_]), PLAN)
    assert found.status == Status.AGREES, found.reason
    assert found.points >= 1


@pytest.mark.parametrize(("mistake", "tier"), cases(WRONG))
def test_a_wrong_claim_disagrees(mistake: str, tier: str) -> None:
    few = replace(PLAN, effort=replace(PLAN.effort, samples=2_000, pilot=200))
    found = TIERS[tier].check(compiled(WRONG[mistake]), few)
    assert found.status == Status.DISAGREES, found.reason


@pytest.mark.parametrize("id_", RIGHT)
def test_the_engine_derives_them(id_: str) -> None:
    assert derivation.check(compiled(RIGHT[id_]), PLAN).status == Status.AGREES


@pytest.mark.parametrize("mistake", [name for name in WRONG if name != "the exclusion forgotten"])
def test_the_engine_refuses_the_wrong_ones(mistake: str) -> None:
    assert derivation.check(compiled(WRONG[mistake]), PLAN).status == Status.DISAGREES


def test_what_divides_by_zero_is_said_to() -> None:
    reason = exact.check(compiled(WRONG["the exclusion forgotten"]), PLAN).reason
    assert "drift: the stated form divides by zero" in reason


def test_one_eigenvalue_has_no_pair() -> None:
    found = exact.check(compiled(MIXED), PLAN)
    assert all(sizes["p"] >= 2 for sizes in found.numbers["sizes"])


def test_points_without_distinct_eigenvalues_are_refused() -> None:
    assumptions = EIGENVALUE.assumptions[1:]  # without l ≥ p: zero is an eigenvalue
    found = exact.check(compiled(replace(EIGENVALUE, assumptions=assumptions)), PLAN)
    assert found.status == Status.AGREES
    assert all(sizes["l"] >= sizes["p"] - 1 for sizes in found.numbers["sizes"])


def test_the_false_pass_bound_counts_the_orders_of_the_eigenvalues() -> None:
    problem = compiled(EIGENVALUE)
    sizes = {"p": 3, "k": 1, "l": 4}
    assert orders(problem, sizes) == 6 * 2**3
    bound = exact.check(problem, PLAN).false_agree
    assert bound is not None
    assert 0 < bound < 1e-15
    field = PrimeFieldContext(MERSENNE_61)
    one, none = (
        false_pass(replace(problem, signature=signature), field, [sizes])
        for signature in (problem.signature, replace(problem.signature, spectra=()))
    )
    assert one is not None
    assert none is not None
    assert one > 48**2 * none


def test_numbers_of_two_spectra_are_compared_among_the_rationals() -> None:
    mu = eigenvalues(W2.T * W2)
    n = mu.indices("n")
    # Two spectra of one size are not numbered alike modulo a prime.
    found = exact.check(compiled(replace(SQUARE, second=lam[i] + 0 * mu[n])), PLAN)
    assert found.numbers["field"] == "a prime field"
    found = exact.check(compiled(replace(SQUARE, second=lam[i] + total(mu[n], n))), PLAN)
    assert found.status == Status.DISAGREES
    assert found.numbers["field"] == "the rationals"


def test_every_eigenvalue_is_measured_by_its_own_size() -> None:
    assert by_tuple(np.arange(6.0).reshape(2, 3), 0).shape == (1, 6)
    assert by_tuple(np.arange(6.0).reshape(2, 3), 1).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert by_tuple(np.zeros((7, 4, 2, 3)), 3).shape == (4, 42)
    gap, scale = np.array([0.0, 1e-3]), np.array([1e6, 1e-3])
    assert worst(gap, scale, np.zeros(2), 1).value == 1.0
    assert worst(gap, scale, np.zeros(2), 0).value < 1e-8


def test_an_eigenvalue_that_is_always_zero_is_measured_by_the_others() -> None:
    gap, scale = np.array([0.0, 1e-15]), np.array([10.0, 1e-14])
    assert worst(gap, scale, np.zeros(2), 1).value < 1e-15
    assert worst(np.array([0.0, 0.5]), scale, np.zeros(2), 1).value == 0.05
    assert units(np.array([0.0, 1e-14]), beside=10.0).tolist() == [10.0, 10.0]
    # With l = p − 1 the last eigenvalue is zero and stays so.
    assumptions = (replace(EIGENVALUE.assumptions[0], condition=Ge(1 + W1.cols, W1.rows)),)
    for claim in (EIGENVALUE, MIXED):
        wide = replace(claim, assumptions=(*assumptions, *claim.assumptions[1:]))
        for check in (exact.check, generator.check):
            found = check(compiled(wide), PLAN)
            assert found.status == Status.AGREES, found.reason
            assert any(sizes["l"] == sizes["p"] - 1 for sizes in found.numbers["sizes"])


def test_a_covariation_is_explained_and_its_mutants_are_seen() -> None:
    text = explained(MIXED)
    assert "d⟨" in text
    assert "Itô table" in text
    assert "not what follows" in explained(WRONG["a factor in the rate"])
    assert {"exact", "generator", "one-step", "derivation"} <= set(visible_tiers(["rate"]))
    assert visible_tiers(["first"]) == visible_tiers(["second"]) == visible_tiers(["drift"])
