"""Claims about moments: the tiers agree with right ones, and refuse wrong matrices and laws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sympy import Gt, Rational, exp, nan, sin, solve, sqrt, symbols

import verify
from derivations import (
    Assumption,
    Brownian,
    MatrixSDE,
    MomentClaim,
    PathCheck,
    State,
    dt,
    equal,
    real,
    t,
)
from derivations.derive import derive
from tests.verify.explaining import explained
from verify.explain import exposition_of
from verify.explain.latex import document
from verify.loading import compiled
from verify.planning import Plan, effort
from verify.tiers import check_of
from verify.verdict import Evidence, Status

a, b = real("a"), real("b")
x, beta = State("x"), Brownian("beta")
SDE = MatrixSDE({x: a * x * dt + b * x * beta.d})
PLAN = Plan(seed=3, effort=effort("quick"))
RATE = 2 * a + b**2

SQUARE = MomentClaim(
    id="square",
    title="E x² of geometric Brownian motion",
    source="for a test",
    statement="It grows at rate 2a + b².",
    sde=SDE,
    moments=(x**2, x),
    matrix=((RATE, 0), (0, a)),
    laws=(exp(RATE * t) * x**2, exp(a * t) * x),
    path=PathCheck(sde=SDE, horizon=1, sizes={}, values={a: "1/2", b: "3/4"}, relevant=0.001),
)
FORMS = ("derivation", "exact", "generator", "one-step")


def found(tier: str, **changes: Any) -> Evidence:
    return check_of(tier)(compiled(replace(SQUARE, **changes)), PLAN)


@pytest.mark.parametrize("tier", [*FORMS, "path"])
def test_a_right_claim_agrees(tier: str) -> None:
    evidence = found(tier)
    assert evidence.status == Status.AGREES, evidence.reason


@pytest.mark.parametrize("tier", [*FORMS, "path"])
@pytest.mark.parametrize(
    "matrix",
    [
        ((2 * a, 0), (0, a)),
        ((RATE, 0), (0, a + b**2 / 2)),
        ((RATE, b), (0, a)),
        ((RATE, 0), (b, a)),
    ],
)
def test_a_wrong_matrix_disagrees(tier: str, matrix: Any) -> None:
    assert found(tier, matrix=matrix, laws=()).status == Status.DISAGREES


@pytest.mark.parametrize("tier", ["derivation", "path"])
@pytest.mark.parametrize(
    "law",
    [
        exp(2 * a * t) * x**2,
        exp(RATE * t) * x**2 / 2,
        exp(RATE * t) * x,
        (1 + RATE * t) * x**2,
    ],
)
def test_a_wrong_law_disagrees(tier: str, law: Any) -> None:
    assert found(tier, laws=(law, exp(a * t) * x)).status == Status.DISAGREES


@pytest.mark.parametrize("tier", [*FORMS, "path"])
def test_a_claim_is_not_refuted_where_its_assumptions_do_not_hold(tier: str) -> None:
    """The law with |a − b| holds for a > b, and what is drawn for a and b may be otherwise."""
    sde, speed = MatrixSDE({x: -(a - b) * x * dt + beta.d}), sqrt((a - b) ** 2)
    claim = replace(
        SQUARE,
        sde=sde,
        moments=(x,),
        matrix=((-speed,),),
        laws=(exp(-speed * t) * x,),
        assumptions=(Assumption(text="a > b", condition=Gt(a, b)),),
        path=PathCheck(sde=sde, horizon=1, sizes={}, values={x: 1}, relevant=0.01),
    )
    statuses = {check_of(tier)(compiled(claim), replace(PLAN, seed=n)).status for n in range(3)}
    assert statuses <= {Status.AGREES, Status.INCONCLUSIVE}
    assert Status.AGREES in statuses or tier == "derivation"


def test_the_derivation_names_the_moment() -> None:
    reason = found("derivation", matrix=((RATE, 0), (0, 2 * a))).reason
    assert "drift of x" in reason
    assert "drift of x²" not in reason


STRICT: dict[str, Any] = {
    "sde": MatrixSDE({x: -(x**2) * beta.d}),
    "moments": (x,),
    "matrix": ((0,),),
}


@pytest.mark.parametrize("laws", [(), (x,)])
def test_a_local_martingale_is_not_said_to_keep_its_mean(laws: Any) -> None:
    # E x_1 = 0.683 from x_0 = 1: the drift is 0, and the mean falls.
    evidence = found("derivation", **STRICT, laws=laws)
    assert evidence.status == Status.INCONCLUSIVE
    assert "mean zero is not proved: dx grows faster than linearly" in evidence.reason
    assert evidence.brief == ""
    assert "if the martingale part has mean zero: dx grows" in explained(
        replace(SQUARE, **STRICT, laws=laws, path=None)
    )


CHECKED = PathCheck(sde=STRICT["sde"], horizon=1, sizes={}, values={x: "1/8"}, relevant=0.01)


@pytest.mark.parametrize("tier", [*FORMS, "path"])
def test_no_tier_alone_lets_a_strict_local_martingale_keep_its_mean(tier: str) -> None:
    """Drift 0 at every point, and no grid of Euler's sees the mean fall: each would agree."""
    strict = replace(SQUARE, **STRICT, laws=(x,), path=CHECKED)
    found = verify.check(strict, tiers=(tier,), effort="quick")
    assert found.status == Status.INCONCLUSIVE
    assert "mean zero is not proved" in found.evidence[0].reason
    assert found.evidence[0].brief == ""
    assert verify.check(SQUARE, tiers=(tier,), effort="quick").status == Status.AGREES
    if tier != "derivation":
        assert check_of(tier)(compiled(strict), PLAN).status == Status.AGREES


@pytest.mark.parametrize("tier", FORMS)
def test_a_wrong_rate_of_a_local_martingale_is_refuted_by_each_tier(tier: str) -> None:
    wrong = replace(SQUARE, **STRICT | {"matrix": ((1,),)}, laws=(), path=None)
    assert verify.check(wrong, tiers=(tier,), effort="quick").status == Status.DISAGREES


@pytest.mark.parametrize("moments", [(x,), (x, 1)])
def test_a_constant_needs_the_moment_one(moments: Any) -> None:
    size = len(moments)
    matrix = ((-a,),) if size == 1 else ((-a, 0), (0, 0))
    sde = MatrixSDE({x: a * (b - x) * dt + beta.d})
    evidence = found("derivation", sde=sde, moments=moments, matrix=matrix, laws=())
    assert evidence.status == Status.DISAGREES
    assert ("a constant is missing, a b: give 1" in evidence.reason) == (size == 1)


def test_a_wrong_rate_is_refuted_whether_or_not_means_follow() -> None:
    assert found("derivation", **STRICT | {"matrix": ((1,),)}, laws=()).status == Status.DISAGREES


def test_too_coarse_a_law_is_left_open() -> None:
    far = replace(SQUARE.path, horizon=30)  # type: ignore[type-var]
    assert found("path", path=far).status == Status.INCONCLUSIVE


def test_the_steps_hold_the_drifts_and_the_laws() -> None:
    steps = derive(SQUARE).steps
    assert len(steps) == 6
    assert equal(steps[0].after, RATE * x**2)
    assert equal(steps[1].after, a * x)
    assert equal(steps[2].after, RATE * exp(RATE * t) * x**2)
    # A law that does not solve the system is no step; that it starts at x² is one.
    assert len(derive(replace(SQUARE, laws=(x**2, exp(a * t) * x))).steps) == 5


def test_it_is_explained() -> None:
    page = explained(SQUARE)
    assert "dE[x²]/dt" in page
    assert "E[m] at time t" in page
    assert r"\mathrm{d}\operatorname{E}\left[x^{2}\right]" in document([exposition_of(SQUARE)])


def test_the_calculus_of_a_system_is_said() -> None:
    sde = MatrixSDE({x: b * x * beta.d}, calculus="stratonovich")
    page = explained(replace(SQUARE, sde=sde, matrix=((2 * b**2, 0), (0, b**2 / 2)), laws=()))
    assert "System (Stratonovich)" in page
    assert "System (Itô)" in explained(SQUARE)


@pytest.mark.parametrize("law", [exp(a * t) * x**2, exp(RATE * t) * x**2 + 1])
def test_the_generator_tier_looks_at_laws_without_paths_too(law: Any) -> None:
    right = found("generator", path=None)
    assert right.status == Status.AGREES
    assert right.numbers["digits"]["50 digits"]["laws solve the system"] > 15
    wrong = found("generator", path=None, laws=(law, exp(a * t) * x))
    assert wrong.status == Status.DISAGREES
    assert "laws" in wrong.reason


def at_known_times(*times: Rational) -> Any:
    """A wrong law of x that starts at x and solves the system at these times, and at no others."""
    one, two = symbols("one two")
    added = t * (1 + one * t + two * t**2)
    held = [(added.diff(t) - a * added).subs(t, time) for time in times]
    return exp(a * t) * x + added.subs(solve(held, (one, two)))


@pytest.mark.parametrize("seed", range(3))
def test_a_law_that_holds_at_two_times_disagrees(seed: int) -> None:
    """No times are known beforehand: every point has its own."""
    law = at_known_times(Rational(1, 2), Rational(7, 5))
    problem = compiled(replace(SQUARE, path=None, laws=(exp(RATE * t) * x**2, law)))
    wrong = check_of("generator")(problem, replace(PLAN, seed=seed))
    assert wrong.status == Status.DISAGREES
    assert "laws solve the system: 0.0 digits" in wrong.reason
    assert "laws at time 0" not in wrong.reason


FAST = sin(10**70 * t)
"""It turns too fast for 50 digits: all that they say is that it lies between -1 and 1."""


def test_a_law_that_no_digits_resolve_is_left_open() -> None:
    """Its differences are exactly 0, and known up to 1: no agreement."""
    mean = {"path": None, "moments": (x, 1), "matrix": ((a, 0), (0, 0))}
    laws = exp(a * t) * x, 1 + FAST
    assert found("generator", **mean, laws=laws).status == Status.INCONCLUSIVE
    # What is not resolved in one law hides nothing that is wrong in another.
    wrong = found("generator", **mean, laws=(exp(2 * a * t) * x, 1 + FAST))
    assert wrong.status == Status.DISAGREES


@pytest.mark.parametrize(("factor", "status"), [(1, "AGREES"), (3, "DISAGREES")])
def test_a_law_that_is_no_number_at_time_0_starts_at_its_limit(factor: int, status: str) -> None:
    law = factor * x * (exp(a * t) - 1) / (1 - exp(-a * t))
    assert law.subs(t, 0).has(nan)
    evidence = found("generator", path=None, laws=(SQUARE.laws[0], law))
    assert evidence.status == status
    assert ("laws at time 0: 0." in evidence.reason) == (factor == 3)


def test_a_law_that_is_no_number_agrees_with_nothing() -> None:
    law = exp(a * t) * x + t / FAST
    assert found("generator", path=None, laws=(SQUARE.laws[0], law)).status == Status.INCONCLUSIVE
