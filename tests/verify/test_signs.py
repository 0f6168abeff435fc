"""Signs of drifts in every tier: true ones, reversed ones, and ones that fail in a corner only."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from sympy import Abs, Ge, Gt, Le, Lt, Q, Rational, exp, log, sin

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
from derivations.admissible import draw
from derivations.catalogue import find
from derivations.derive import derive
from derivations.mutation import generated_mutants
from derivations.points import evaluate
from verify import NumericSDE
from verify.finding.contradiction import contradictions
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
    assert statuses(still, "derivation", "exact") == [AGREES] * 2
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


def test_what_no_rule_decides_is_left_to_points() -> None:
    """x < exp(x) is true, and no rule here shows it: as of a function, points decide."""
    odd = claim((x - exp(x)) * dt, beta.d, x, "<")
    found = evidence(odd)
    assert [e.status for e in found.values()] == [Status.NOT_APPLICABLE, AGREES, AGREES, AGREES]
    assert "cannot tell: no sign is read off x - exp(x)" in found["derivation"].reason
    wrong = claim((x - exp(x) + Rational(101, 100)) * dt, beta.d, x, "<")
    assert statuses(wrong, "exact") == [DISAGREES]


def test_a_form_that_is_not_seen_to_be_the_drift_is_left_open() -> None:
    """log(1 + e^x) − log(1 + e^−x) is x, which the engine does not know."""
    shown = log(1 + exp(x)) - log(1 + exp(-x))
    odd = claim(x * dt, beta.d, x, ">", Gt(x, 0), shown=shown)
    assert statuses(odd, "derivation") == [INCONCLUSIVE]


z, s, mu = State("z", positive=True), positive("sigma"), positive("mu")
ou = (-a * x * dt, s * beta.d, x**2)
unit = (-x * dt, beta.d, x**2)
ROOT = (a * (mu - z) * dt, s * z ** Rational(1, 2) * beta.d)
TENTH = Rational(1, 10)

# Drift, noise, observable, sign; what is assumed; what is assumed a little too widely.
REGIONS: dict[str, tuple[tuple[Any, ...], str, tuple[Any, ...], tuple[Any, ...]]] = {
    "the drift itself": (unit, ">", (Gt(1 - 2 * x**2, 0),), (Gt(1 - 2 * x**2, -TENTH),)),
    "the drift in parameters": (
        ou, ">", (Gt(s**2 - 2 * a * x**2, 0),), (Gt(s**2 - Rational(19, 10) * a * x**2, 0),),
    ),
    "weakly": (ou, ">=", (Ge(s**2, 2 * a * x**2),), (Ge(s**2, Rational(19, 10) * a * x**2),)),
    "an interval": (
        unit, ">", (Lt(x, 7 * TENTH), Gt(x, -7 * TENTH)), (Lt(x, 7 * TENTH), Gt(x, -8 * TENTH)),
    ),
    "a modulus": (unit, ">", (Lt(Abs(x), 7 * TENTH),), (Lt(Abs(x), 8 * TENTH),)),
    "outside": (unit, "<", (Gt(x**2, 1),), (Gt(x**2, 4 * TENTH),)),
    "a higher degree": (
        (x * dt, beta.d, x**4 - x**2 + x**6), ">=", (Gt(x**2, 1),), (Gt(x**2, TENTH / 5),),
    ),
    "no assumption": (
        ((x**4 - 2 * x**2 + Rational(1001, 1000)) * dt, beta.d, x), ">", (), (),
    ),
    "a root of a state": (
        (*ROOT, z ** Rational(1, 2)), ">",
        (Lt(2 * z, mu), Gt(2 * a * mu, s**2)), (Lt(2 * z, mu), Gt(3 * a * mu, s**2)),
    ),
    "a trace": (
        (-X * dt, B.d, tr(X * X.T)), ">=",
        (Le(2 * tr(X * X.T), n * m),), (Le(tr(X * X.T), n * m),),
    ),
}  # fmt: skip


def over(name: str, wide: bool = False) -> SignClaim:
    """The claim of a region, or of one that is too wide."""
    (drift, noise, f), sign, facts, more = REGIONS[name]
    state = next(y for y in (X, z, x) if f.has(y))
    return SignClaim(
        sde=MatrixSDE({state: drift + noise}), observable=f, sign=sign,
        assumptions=tuple(map(assume, more if wide else facts)), **TEXT,
    )  # fmt: skip


@pytest.mark.parametrize("name", REGIONS)
def test_a_sign_over_a_region_is_proved(name: str) -> None:
    right = over(name)
    found = evidence(right, "derivation", "exact")
    assert [e.status for e in found.values()] == [AGREES] * 2
    assert statuses(replace(right, sign=TURNED[right.sign]), "derivation") == [DISAGREES]
    derive(right)  # the steps, each of them checked


@pytest.mark.parametrize("name", [name for name in REGIONS if name != "no assumption"])
def test_a_region_that_is_too_wide_is_refuted_at_a_point(name: str) -> None:
    found = evidence(over(name, wide=True), "derivation", "exact")
    assert DISAGREES in {e.status for e in found.values()}
    if name != "a trace":  # its letters are no numbers to be put in
        assert found["derivation"].status is DISAGREES
        assert "the drift is" in found["derivation"].reason


def test_a_strict_sign_is_refuted_where_the_drift_vanishes() -> None:
    """At one point only, a rational or an irrational one, which no random point meets."""
    for drift, where in ((x**2, "x = 0"), ((x**2 - 2) ** 2, "x = -1.41421…")):
        touching = claim(drift * dt, beta.d, x, ">")
        found = evidence(touching, "derivation")["derivation"]
        assert found.status is DISAGREES
        assert f"the drift is 0 at {where}" in found.reason
        assert statuses(replace(touching, sign=">="), "derivation") == [AGREES]


@pytest.mark.parametrize("drift", [(n - 1) * (n - 2), 2 * n ** Rational(1, 2) - 1])
def test_sizes_are_whole_numbers(drift: Any) -> None:
    """Between them, and below 1, the drift has another sign."""
    right = claim(drift * dt, beta.d, x, ">=")
    assert statuses(right, "derivation") == [AGREES]
    (refuted,) = evidence(replace(right, sign="<"), "generator").values()
    assert refuted.status == DISAGREES
    assert refuted.reason.count(" n = ") == 1, refuted.reason
    assert statuses(replace(right, sign="<"), "derivation") == [DISAGREES]
    assert DISAGREES not in statuses(right)


def test_a_size_is_not_scaled_away() -> None:
    """Points may miss what is refuted; that is no contradiction of tiers."""
    wrong = claim((a - 10**6 * n) * dt, beta.d, x, "<")
    verdict = judge(compiled(wrong), Settings(tiers=("derivation", "exact"), effort="quick"))
    assert [e.status for e in verdict.evidence] == [DISAGREES, AGREES]
    assert not contradictions(verdict.evidence)


def test_what_is_assumed_definite_is_symmetric_at_every_point() -> None:
    """tr(A X X') has every sign for a matrix whose leading minors are positive."""
    A, u = State("A", n, n), State("u")
    sde = MatrixSDE({A: 0 * A * dt, X: 0 * X * dt, u: tr(A * X * X.T) * dt + beta.d})
    definite = (assume(Q.positive_definite(A)),)
    right = SignClaim(sde=sde, observable=u, sign=">=", assumptions=definite, **TEXT)
    assert statuses(right, "derivation") == [AGREES]
    assert statuses(replace(right, assumptions=()), "derivation") == [DISAGREES]
    for seed in range(4):
        points = draw([tr(A * X * X.T)], [Q.positive_definite(A)], count=6, seed=seed)
        assert len(points) == 6
        assert all(evaluate(tr(A * X * X.T), point) > 0 for point in points)
    assert not draw([tr(A)], [Q.positive_definite(A - A.T)], count=6)


def test_symbols_are_no_worse_than_functions() -> None:
    symbols = over("the drift itself")
    facts = (Assumption(text="r", condition=lambda x: 1 - 2 * x**2 > 0),)
    flat = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=lambda x: -x, noise=lambda dB: dB)
    function = SignClaim(sde=flat, observable=lambda x: x**2, sign=">", assumptions=facts, **TEXT)
    for given in (symbols, function):
        assert judge(compiled(given), Settings(tiers=TIERS, effort="quick")).status is AGREES


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
