"""One step of an algorithm in every tier: right claims, and each with the mistakes people make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Gt, Le, Rational, binomial, exp, sqrt

from derivations import (
    Assumption,
    Family,
    Gaussian,
    Minibatch,
    State,
    StepClaim,
    TwoPoint,
    Update,
    dims,
    index,
    positive,
    total,
    tr,
)
from numerics.draws import Draw
from numerics.errors import NumericsError
from numerics.numeric_update import NumericUpdate
from verify.loading import compiled
from verify.runner import Settings, judge
from verify.steps.measures import judged_order
from verify.verdict import Evidence, Status

AGREES, DISAGREES, INCONCLUSIVE, NONE = (
    Status.AGREES,
    Status.DISAGREES,
    Status.INCONCLUSIVE,
    Status.NOT_APPLICABLE,
)
TIERS = ("derivation", "exact", "generator", "one-step")
TEXT: dict[str, Any] = {"id": "step", "title": "a step", "source": "a test", "statement": "a step"}
p, (n, b) = 2, dims("n b")
x, X = State("x"), State("X", p, 1)
h, a = positive("h"), positive("a")
s, g, S, G = TwoPoint("s"), Gaussian("g"), TwoPoint("S", p, 1), Gaussian("G", p, 1)
i, c = index("i", n), Family("c")
norm = tr(X.T * X)


def evidence(given: StepClaim, *tiers: str) -> dict[str, Evidence]:
    verdict = judge(compiled(given), Settings(tiers=tiers or TIERS, effort="quick"))
    return {e.tier: e for e in verdict.evidence}


def statuses(given: StepClaim, *tiers: str) -> list[Status]:
    return [e.status for e in evidence(given, *tiers).values()]


def claim(moves: dict[Any, Any], f: Any, change: Any, **fields: Any) -> StepClaim:
    return StepClaim(update=Update(moves), observable=f, change=change, **TEXT, **fields)


def drawn(*, replacement: bool) -> tuple[StepClaim, Any]:
    """(Σ_i w_i c_i/n)² in the mean, and the same with the factor of the other sampling."""
    w = Minibatch("w", b, replacement=replacement)
    mean = total(c[i], i) / n
    variance = (total(c[i] ** 2, i) / n - mean**2) / b
    factors = [1, (n - b) / (n - 1)]
    right, other = factors if replacement else factors[::-1]
    facts = tuple(
        Assumption(text=str(condition), condition=condition) for condition in (Le(b, n), Gt(n, 1))
    )
    given = claim(
        {x: x + h * total(w[i] * c[i], i) / n},
        x**2,
        2 * h * x * mean + h**2 * (mean**2 + right * variance),
        assumptions=facts,
    )
    return given, given.change + h**2 * (other - right) * variance


WITH, WITHOUT = drawn(replacement=True), drawn(replacement=False)
EXACT = claim({X: X + h * G}, norm**2, h**2 * (2 * p + 4) * norm + h**4 * p * (p + 2))
ORDER = claim({x: x + h * s}, exp(x), h**2 * exp(x) / 2, step=h, order=4)
RIGHT: dict[str, StepClaim] = {
    "normals": EXACT,
    "signs": claim({x: x + h * s}, x**4, 6 * h**2 * x**2 + h**4),
    "with replacement": WITH[0],
    "without replacement": WITHOUT[0],
    "for every draw": claim(
        {X: X + h * S}, norm, 2 * h * tr(X.T * S) + h**2 * p, pathwise=True
    ),
    "nothing drawn": claim({x: x - h * a * x}, x**2, (h**2 * a**2 - 2 * h * a) * x**2),
    "to order two": claim(
        {X: X - h * a * X + h * S}, norm, -2 * h * a * norm, step=h, order=2
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_change_agrees_in_every_tier_that_reaches_it(name: str) -> None:
    found = evidence(RIGHT[name])
    for tier, e in found.items():
        assert e.status is AGREES, (tier, e.reason)


WRONG: dict[str, StepClaim] = {
    "factor": replace(EXACT, change=EXACT.change / 2),
    "sign": replace(RIGHT["nothing drawn"], change=-RIGHT["nothing drawn"].change),
    "lost power": replace(EXACT, change=h * (2 * p + 4) * norm + h**4 * p * (p + 2)),
    "signs for normals": replace(
        EXACT, change=h**2 * (2 * p + 4) * norm + h**4 * p**2
    ),
    "normals for signs": replace(RIGHT["signs"], change=6 * h**2 * x**2 + 3 * h**4),
    "with for without": replace(WITHOUT[0], change=WITHOUT[1]),
    "without for with": replace(WITH[0], change=WITH[1]),
    "one draw of many": replace(RIGHT["for every draw"], change=2 * h * tr(X.T * S)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_change_is_refuted_in_every_tier(name: str) -> None:
    assert statuses(WRONG[name]) == [DISAGREES] * 4


# Orders.


def test_an_order_is_measured_and_a_higher_one_refuted() -> None:
    """E exp(x + hs) = exp(x) cosh h: what is left out after h²/2 is of fourth order."""
    for order, expected in ((3, AGREES), (4, AGREES), (5, DISAGREES), (6, DISAGREES)):
        found = evidence(replace(ORDER, order=order), "exact", "generator")
        # exp(x) has no exact value, and 200 digits measure its order.
        assert found["exact"].status is NONE
        assert found["generator"].status is expected
        assert "order 4.00" in found["generator"].reason


@pytest.mark.parametrize(("order", "power"), [(3, 2), (4, 2), (5, 4)])
def test_exact_series_name_the_power_that_differs(order: int, power: int) -> None:
    """(x + hs)⁴ = x⁴ + 6h²x² + h⁴ in the mean."""
    moved = claim({x: x + h * s}, x**4, 0, step=h, order=order)
    stated = replace(moved, change=6 * h**2 * x**2) if power == 4 else moved
    found = evidence(stated, "exact")["exact"]
    assert found.status is DISAGREES
    assert found.numbers["least power that differs"] == power
    below = replace(stated, order=power)
    assert statuses(below, "exact") == [AGREES]


def test_half_powers_have_no_series_and_are_fitted() -> None:
    """√h in front of a normal: E exp(x + √h g) = exp(x + h/2)."""
    half = claim({x: x + sqrt(h) * g}, exp(x), h * exp(x) / 2, step=h, order=2)
    found = evidence(half)
    assert [found[tier].status for tier in TIERS] == [NONE, NONE, AGREES, AGREES]
    wrong = evidence(replace(half, change=h * exp(x)), "generator", "one-step")
    assert [e.status for e in wrong.values()] == [DISAGREES] * 2


def test_orders_that_do_not_settle_say_nothing() -> None:
    assert judged_order([1.0, 0.25, 0.0625], 2.0, "")[0] is AGREES
    assert judged_order([1.0, 0.25, 0.0625], 3.0, "")[0] is DISAGREES
    assert judged_order([1.0, 0.25, 0.01], 3.0, "")[0] is INCONCLUSIVE
    # The next order below is half a power away, and never as good as the one claimed.
    assert judged_order([1.0, 0.7, 0.49], 1.0, "")[0] is DISAGREES


def test_what_is_stated_at_the_claimed_order_is_nothing() -> None:
    """h is O(h), and so is 2h: a claim to order one says that much and no more."""
    true = claim({x: x + 2 * h}, x, h, step=h, order=1)
    found = evidence(true)
    assert [found[tier].status for tier in TIERS] == [AGREES, AGREES, AGREES, NONE]
    wrong = replace(true, order=2)
    assert statuses(wrong) == [DISAGREES] * 4


@pytest.mark.parametrize("pathwise", [True, False])
def test_what_is_left_out_may_be_a_series_in_the_root_of_the_step_size(pathwise: bool) -> None:
    drawn = g if pathwise else 1 + g**2
    mean = g if pathwise else 2
    true = claim(
        {x: x + sqrt(h) * drawn + h * x}, x, sqrt(h) * mean, step=h, order=1, pathwise=pathwise
    )
    assert statuses(true, "generator", "one-step") == [AGREES] * 2
    wrong = replace(true, change=sqrt(h) * mean * 1.001)
    assert statuses(wrong, "generator", "one-step") == [DISAGREES] * 2


# Sampling.


@pytest.mark.parametrize("effort", ["quick", "standard"])
def test_smaller_steps_are_taken_until_the_bias_settles_a_change(effort: str) -> None:
    """E cos(w − η(sin w + sξ)) to third order: from three step sizes alone it stayed open."""
    update = NumericUpdate(
        states={"w": ()},
        parameters={"eta": (0.01, 0.1), "s": (0.5, 2.0)},
        draws=(Draw(name="xi", law="gaussian", shape=()),),
        moves=lambda w, eta, s, xi: w - eta * (np.sin(w) + s * xi),
    )

    def third(factor: float) -> StepClaim:
        return StepClaim(
            update=update,
            observable=lambda w: np.cos(w),
            change=lambda w, eta, s: (
                factor * eta * np.sin(w) ** 2 - eta**2 / 2 * np.cos(w) * (np.sin(w) ** 2 + s**2)
            ),
            step="eta",
            order=3,
            **TEXT,
        )

    for seed in range(4):
        settings = Settings(tiers=("one-step",), effort=effort, seed=seed)
        (found,) = judge(compiled(third(1.0)), settings).evidence
        assert found.status is AGREES, found.reason
        (found,) = judge(compiled(third(1.0 + 1e-4)), settings).evidence
        assert found.status is DISAGREES, found.reason


def test_what_samples_leave_open_says_what_it_would_take() -> None:
    Z = State("Z", 3, 3)
    spread = claim(
        {Z: Z + Gaussian("xi", 3, 3) / 4}, exp(tr(Z)), exp(tr(Z)) * (exp(Rational(3, 32)) - 1)
    )
    found = evidence(spread, "one-step")["one-step"]
    assert found.status is INCONCLUSIVE
    assert "antithetic pairs would settle it" in found.reason


def test_many_draws_are_sampled_with_an_interval() -> None:
    Z = State("Z", 5, 3)
    noise = Gaussian("xi", 5, 3)
    wide = claim({Z: Z + h * noise}, tr(Z.T * Z), 15 * h**2)
    found = evidence(wide, "one-step")["one-step"]
    assert found.status is AGREES
    assert found.false_agree == found.false_reject
    assert found.false_reject
    assert "antithetic pairs" in found.reason
    assert statuses(replace(wide, change=14 * h**2), "one-step") == [DISAGREES]


def test_a_change_of_nothing_below_the_order_is_no_matter_for_samples() -> None:
    still = claim({x: x + h * s}, x**2, 0, step=h, order=2)
    assert statuses(still, "exact", "generator", "one-step") == [AGREES, AGREES, NONE]
    wrong = replace(still, order=3)
    assert statuses(wrong, "exact", "generator") == [DISAGREES] * 2


@pytest.mark.parametrize("degree", [6, 8, 9, 10])
def test_means_of_powers_of_normals_are_exact_or_not_taken(degree: int) -> None:
    """E (x + g)^n − x^n: exact up to degree 9; above it, no degree is taken for another."""
    moments = {2: 1, 4: 3, 6: 15, 8: 105, 10: 945}
    terms = [binomial(degree, k) * m * x ** (degree - k) for k, m in moments.items() if k <= degree]
    expected = (AGREES, DISAGREES) if degree <= 9 else (NONE, NONE)
    for stated, status in zip((sum(terms), sum(terms) - 6), expected, strict=True):
        assert statuses(claim({x: x + g}, x**degree, stated), "exact") == [status]


def test_functions_of_normals_without_a_degree_are_not_averaged_exactly() -> None:
    smooth = claim({x: x + g}, 1 / (1 + x**2), 0)
    found = evidence(smooth, "exact")["exact"]
    assert found.status is NONE
    assert "no polynomial of degree" in found.reason
    # No rule knows the mean of a rational function to many digits; samples refute it.
    assert statuses(smooth, "generator", "one-step") == [INCONCLUSIVE, DISAGREES]


def test_the_rounding_of_an_observable_is_seen() -> None:
    """log(1 + 10⁻⁹x²) has eight digits fewer than float64; its order is not made of them."""
    small = claim({x: x + h * s}, (1 + x) ** 2 - 2 * x - x**2, 0)
    assert statuses(small, "exact", "generator") == [AGREES] * 2
    assert np.isfinite(evidence(small, "generator")["generator"].numbers["value"])


# Steps given by Python functions.

A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])


def form(w: Any, power: int) -> Any:
    """w' Aᵖ w."""
    return np.einsum("...i,ij,...j->...", w, np.linalg.matrix_power(A, power), w)


def descent(law: str = "gaussian") -> NumericUpdate:
    """w⁺ = w − η(Aw + ξ)."""
    return NumericUpdate(
        states={"w": (3,)},
        parameters={"eta": (0.01, 0.5)},
        draws=(Draw(name="xi", law=law, shape=(3,)),),
        moves=lambda w, eta, xi: w - eta * (w @ A + xi),
    )


def lost(update: NumericUpdate, factor: float = 1.0, **fields: Any) -> StepClaim:
    """Half of w'Aw falls by ηw'A²w − (η²/2)(w'A³w + tr A)."""
    return StepClaim(
        update=update,
        observable=lambda w: form(w, 1) / 2,
        change=lambda w, eta: -eta * form(w, 2) + factor * eta**2 / 2 * (form(w, 3) + np.trace(A)),
        **TEXT,
        **fields,
    )


@pytest.mark.parametrize("law", ["gaussian", "two-point"])
def test_steps_of_functions_are_measured(law: str) -> None:
    found = evidence(lost(descent(law)))
    assert [found[tier].status for tier in TIERS] == [NONE, NONE, AGREES, AGREES]
    assert statuses(lost(descent(law), factor=2.0), "generator", "one-step") == [DISAGREES] * 2


def test_orders_of_functions_are_fitted() -> None:
    first = lost(descent(), factor=0.0, step="eta", order=2)
    assert statuses(first, "generator", "one-step") == [AGREES] * 2
    assert statuses(replace(first, order=3), "generator") == [DISAGREES]


def test_minibatches_of_functions() -> None:
    """The mean over batches of x_i: its variance is V/b (n − b)/(n − 1)."""
    data = np.array([1.0, 3.0, -2.0, 5.0, 0.5])

    def given(factor: float) -> StepClaim:
        update = NumericUpdate(
            states={"m": ()},
            draws=(Draw(name="w", law="minibatch", shape=(5,), batch=2),),
            moves=lambda m, w: np.sum(w * data, axis=-1) / 5 + 0 * m,
        )
        return StepClaim(
            update=update,
            observable=lambda m: m**2,
            change=lambda m: data.mean() ** 2 + factor * data.var() / 2 - m**2,
            **TEXT,
        )

    assert statuses(given(3 / 4), "generator", "one-step") == [AGREES] * 2
    assert statuses(given(1.0), "generator", "one-step") == [DISAGREES] * 2


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "states": ({"states": {}}, "states: got none"),
    "names": ({"parameters": {"w": 1.0}}, "name 'w'"),
    "draws": ({"draws": ("xi",)}, r"give a tuple of Draw"),
    "within": ({"within": {"v": (0, 1)}}, "'v' is none of w"),
    "shape": ({"moves": lambda w: w[..., 0]}, "returned shape"),
    "argument": ({"moves": lambda w, mu: w}, "argument 'mu'"),
    "mixing": ({"moves": lambda w: w - w.mean()}, "mixes the points"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_updates_that_make_no_sense_are_refused(name: str) -> None:
    changed, reason = REFUSED[name]
    with pytest.raises(NumericsError, match=reason):
        NumericUpdate(**{"states": {"w": (3,)}, "moves": lambda w: w, **changed})
