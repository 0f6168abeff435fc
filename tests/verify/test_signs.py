"""Signs of drifts in every tier: true ones, reversed ones, and ones that fail in a corner only."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from sympy import Ge, Gt, Lt, Rational, sin

from derivations import (
    Assumption,
    Brownian,
    DerivationError,
    MatrixSDE,
    SignClaim,
    State,
    dims,
    dt,
    eigenvalues,
    positive,
    real,
    tr,
)
from derivations.catalogue import find
from derivations.mutation import generated_mutants
from verify.loading import compiled
from verify.runner import Settings, judge
from verify.verdict import Evidence, Status

AGREES, DISAGREES, INCONCLUSIVE = Status.AGREES, Status.DISAGREES, Status.INCONCLUSIVE
TIERS = ("derivation", "exact", "generator", "one-step")
TEXT: dict[str, Any] = {"id": "sign", "title": "a sign", "source": "a test", "statement": "a sign"}
n, m = dims("n m")
x, X = State("x"), State("X", n, m)
a, q = positive("a"), real("q")
beta, B = Brownian("beta"), Brownian("B", n, m)


def assume(condition: Any) -> Assumption:
    return Assumption(text=str(condition), condition=condition)


def evidence(claim: SignClaim, *tiers: str) -> dict[str, Evidence]:
    verdict = judge(compiled(claim), Settings(tiers=tiers or TIERS, effort="quick"))
    return {e.tier: e for e in verdict.evidence}


def statuses(claim: SignClaim, *tiers: str) -> list[Status]:
    return [e.status for e in evidence(claim, *tiers).values()]


def claim(drift: Any, noise: Any, f: Any, sign: str, *facts: Any, **fields: Any) -> SignClaim:
    """f of one state x, or of X."""
    state = X if f.has(X) else x
    sde = MatrixSDE({state: drift + noise})
    return SignClaim(
        sde=sde, observable=f, sign=sign, assumptions=tuple(map(assume, facts)), **TEXT, **fields
    )


RIGHT = {
    "norm": claim(0 * X, B.d, tr(X * X.T), ">"),
    "square": claim(-a * x * dt, a * x * beta.d, x**2, "<=", Lt(a, 2)),
    "fourth power": claim(-a * x * dt, 0 * x, x**4, "<="),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_true_sign_agrees_in_every_tier(name: str) -> None:
    found = evidence(RIGHT[name])
    assert [e.status for e in found.values()] == [AGREES] * 4
    for tier in TIERS[1:]:
        assert found[tier].false_agree is None
        assert "no proof" in found[tier].reason
    for tier in TIERS[1:3]:
        N, q = found[tier].points, found[tier].numbers["missed"]
        # The rate of a run is shared by six tiers.
        assert (1 - q) ** N == pytest.approx(1e-6 / 6)
        assert f"{N} sampled points of the region" in found[tier].reason
        assert f"less than {100 * q:.3g} % of it" in found[tier].reason
    assert found["derivation"].false_agree == 0
    kept = found["generator"].numbers["drifts"]
    direction = 1 if kept["stated"].startswith(">") else -1
    pairs = list(zip(kept["value"], kept["error"], strict=True))
    assert 2 <= len(pairs) <= 24
    assert all(direction * value + error >= 0 for value, error in pairs)


TURNED = {">=": "<", "<=": ">", ">": "<=", "<": ">="}


@pytest.mark.parametrize("name", RIGHT)
def test_the_other_sign_is_refuted_in_every_tier(name: str) -> None:
    right = RIGHT[name]
    assert statuses(replace(right, sign=TURNED[right.sign])) == [DISAGREES] * 4


def test_a_zero_drift_has_weak_signs_and_no_strict_one() -> None:
    """β is a martingale: exact zeros are told from small numbers, measured ones are not."""
    still = claim(0 * x, a * beta.d, x, ">=")
    assert statuses(still, "derivation", "exact") == [AGREES, INCONCLUSIVE]
    for sign in (">", "<"):
        assert statuses(replace(still, sign=sign), "derivation", "exact") == [DISAGREES] * 2
    assert statuses(still, "generator", "one-step") == [INCONCLUSIVE] * 2


DRIFTS = {"norm": n * m, "square": (a - 2) * a * x**2, "fourth power": -4 * a * x**4}


@pytest.mark.parametrize("name", RIGHT)
def test_the_form_that_shows_the_sign_is_compared_in_every_tier(name: str) -> None:
    right, drift = RIGHT[name], DRIFTS[name]
    assert statuses(replace(right, shown=drift)) == [AGREES] * 4
    for wrong in (2 * drift, -drift, drift + n * m if name == "norm" else drift - a * x**2):
        found = evidence(replace(right, shown=wrong))
        assert [e.status for e in found.values()] == [DISAGREES] * 4
        for tier in TIERS:
            assert "the form that is to show the sign" in found[tier].reason


def test_the_form_that_shows_the_sign_of_an_eigenvalue_is_compared_too() -> None:
    """λ_1 of XX' under dX = X dt: its drift is 2 λ_1."""
    spectrum = eigenvalues(X * X.T)
    i = spectrum.indices("i")
    right = SignClaim(
        sde=MatrixSDE({X: X * dt}), observable=spectrum[i], sign=">", number=1,
        assumptions=(assume(Ge(m, n)),), shown=2 * spectrum[i], **TEXT,
    )  # fmt: skip
    tiers = ("exact", "generator", "one-step")
    assert statuses(right, *tiers) == [AGREES] * 3
    assert statuses(replace(right, shown=spectrum[i]), *tiers) == [DISAGREES] * 3


def test_mutants_are_made_of_the_form_that_shows_the_sign() -> None:
    made = generated_mutants(replace(RIGHT["norm"], shown=n * m))
    assert {name for mutant in made for name in mutant.changes} == {"sign", "shown"}
    assert {x for mutant in generated_mutants(RIGHT["norm"]) for x in mutant.changes} == {"sign"}


CORNER = {
    "a bound": (claim(-a * x * dt, 0 * x, -(x**2), ">=", Ge(a, 0)), AGREES),
    "a smaller bound": (
        claim((a - 2) * x * dt, 0 * x, x**2, ">=", Gt(a, Rational(3, 2))), DISAGREES,
    ),
    "a cubic": (claim((x**2 - x**4 / 1000) * x * dt, 0 * x, x**2, ">="), DISAGREES),
    "a sine": (claim((sin(x) + Rational(99, 100)) * dt, 0 * x, x, ">="), DISAGREES),
}  # fmt: skip


@pytest.mark.parametrize("name", CORNER)
def test_a_sign_that_fails_in_a_corner_is_searched_for(name: str) -> None:
    given, expected = CORNER[name]
    found = evidence(given, "exact")["exact"]
    assert found.status is expected
    if expected is DISAGREES:
        assert "the drift" in found.reason


@pytest.mark.parametrize(("start", "expected"), [(4, DISAGREES), (100, AGREES)])
def test_many_points_look_for_a_corner_of_a_function(start: float, expected: Status) -> None:
    """x² turned beyond 4 is met; where no point is drawn it is not, and that is said."""
    turned = claim(-a * x * dt, 0 * x, x**2, "<=")
    turned = replace(turned, observable=lambda x: np.where(x > start, (2 * start - x) * x, x**2))
    found = evidence(turned, "generator")["generator"]
    assert (found.status, found.points) == (expected, 128)
    assert found.false_agree is None
    assert ("may be missed" in found.reason) is (expected is AGREES)


@cache
def largest() -> Any:
    return find("first_layer_eigenvalues.largest")


def test_the_smallest_eigenvalue_has_neither_sign() -> None:
    """At random points its drift is >= 0; a point against that is found by looking for it."""
    found = evidence(replace(largest(), number=-1), "exact")["exact"]
    assert found.status is DISAGREES
    assert found.numbers["tried"]


def test_a_form_that_shows_the_sign_has_to_be_the_drift() -> None:
    shown = RIGHT["square"]
    assert shown.shown is None
    right = replace(shown, shown=(a - 2) * a * x**2)
    assert statuses(right, "derivation") == [AGREES]
    assert statuses(replace(right, shown=(a - 2) * x**2), "derivation") == [DISAGREES]


def test_what_no_rule_decides_is_left_open() -> None:
    odd = claim((x**4 - x**2 * a + a**2) * dt, 0 * x, x, ">=")
    found = evidence(odd, "derivation")["derivation"]
    assert found.status is INCONCLUSIVE
    assert "no sign is read off" in found.reason


def test_refusals() -> None:
    with pytest.raises(DerivationError, match="sign='positive'"):
        replace(RIGHT["norm"], sign="positive")
    with pytest.raises(DerivationError, match="a matrix has no sign"):
        replace(RIGHT["norm"], observable=X * X.T)
    lam = eigenvalues(X * X.T)
    i, j = lam.indices("i j")
    both = replace(RIGHT["norm"], observable=lam[i] - lam[j], number=1)
    reason = evidence(both, "derivation")["derivation"].reason
    assert "the observable has 2 free indices" in reason
