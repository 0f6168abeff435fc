"""What is shown of a wrong step: coefficients, factors, and values that draws take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import Le

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
)
from numerics.draws import Draw
from numerics.numeric_update import NumericUpdate
from verify import check
from verify.finding.finding import Finding
from verify.verdict import Status

h, s, w = positive("eta"), positive("sigma"), State("w")
tau, xi, (n, b) = TwoPoint("tau"), Gaussian("xi"), dims("n b")
i, c, weights = index("i", n), Family("c"), Minibatch("omega", b)


def finding(claim: StepClaim) -> Finding:
    verdict = check(claim)
    assert verdict.status is Status.DISAGREES, str(verdict)
    assert verdict.finding is not None
    return verdict.finding


@pytest.mark.parametrize(("stated", "claimed"), [(6 * h**2 * s**2 * w**2, "6"), (0, "0")])
def test_an_order_shows_the_coefficient_that_is_wrong(stated: Any, claimed: str) -> None:
    """(w − ηw³ − ησξ)⁴ at η = 1 has terms of which a claim to order three says nothing."""
    claim = StepClaim(
        update=Update({w: w - h * (w**3 + s * xi)}),
        observable=w**4,
        change=-4 * h * w**6 + stated,
        step=h,
        order=3,
    )
    example = finding(claim).counterexample
    assert example is not None
    assert str(example) == (
        "counter-example: σ = 1, w = 1: coefficient of η² in the change: derived 12, "
        f"claimed {claimed}"
    )


def test_signs_in_a_counter_example_are_signs() -> None:
    claim = StepClaim(
        update=Update({w: w + h * tau}), observable=w**2, change=h**2 * tau**2, pathwise=True
    )
    example = finding(claim).counterexample
    assert example is not None
    assert example.at["τ"] in ("[1]", "[−1]")
    # Measured values at signs alone would let a square stand for a number.
    # The trace of a number may be printed as that.
    said = str(finding(claim)).replace("tr(τ)", "τ")
    assert "2 η w τ" in said


def test_weights_in_a_counter_example_are_those_of_a_minibatch() -> None:
    small = (Assumption(text="b <= n", condition=Le(b, n)),)
    claim = StepClaim(
        update=Update({w: w + h * total(weights[i] * c[i], i)}),
        observable=w,
        change=h * total(weights[i] ** 2 * c[i], i),
        pathwise=True,
        assumptions=small,
    )
    found = finding(claim)
    assert "claimed n, derived b" in str(found)
    example = found.counterexample
    assert example is not None
    size, batch = int(example.at["n"]), int(example.at["b"])
    drawn = example.at["ω"].strip("()").split(", ")
    assert sorted(drawn) == ["0"] * (size - batch) + [str(size // batch)] * batch


# Steps of functions have no terms: factors, powers and coefficients are measured.


def update(law: str, moves: Any) -> NumericUpdate:
    return NumericUpdate(
        states={"w": ()},
        parameters={"eta": (0.01, 0.1), "s": (0.5, 2.0)},
        draws=(Draw(name="xi", law=law, shape=()),),
        moves=moves,
    )


SINE = update("gaussian", lambda w, eta, s, xi: w - eta * (np.sin(w) + s * xi))


def cosine(change: Any, order: int) -> StepClaim:
    """E cos(w − η(sin w + sξ)) − cos w = η sin²w − η²/2 cos w (sin²w + s²) + O(η³)."""
    return StepClaim(
        update=SINE, observable=lambda w: np.cos(w), change=change, step="eta", order=order
    )


def test_the_coefficient_of_functions_that_is_wrong() -> None:
    found = finding(cosine(lambda w, eta: eta * np.sin(w) ** 2, 3))
    assert str(found.counterexample) == (
        "counter-example: s = 1, w = 0: coefficient of η² in the change: measured −0.5, claimed 0"
    )


def test_the_factor_of_functions_that_is_wrong() -> None:
    found = finding(cosine(lambda w, eta: -eta * np.sin(w) ** 2, 2))
    assert "coefficient of η in the change as a whole: claimed factor 1, measured −1" in str(found)
    assert found.explained


def test_the_power_of_functions_that_is_wrong() -> None:
    claim = StepClaim(
        update=update("two-point", lambda w, eta, s, xi: w + eta * s * xi),
        observable=lambda w: w**2,
        change=lambda eta, s: eta**2 * s,
    )
    found = finding(claim)
    assert "measured s times what is claimed" in str(found)
    assert found.explained


def test_every_draw_of_functions() -> None:
    def change(w: Any, eta: Any, s: Any, xi: Any) -> Any:
        return (1 - eta) ** 2 * w**2 - 2 * (1 - eta) * eta * s * w * xi + eta**2 * s**2 - w**2

    moves = lambda w, eta, s, xi: w - eta * (w + s * xi)  # noqa: E731
    wrong = StepClaim(
        update=update("gaussian", moves), observable=lambda w: w**2, change=change, pathwise=True
    )
    found = finding(wrong)
    assert "the difference grows like η^2 s^2" in str(found)
    example = found.counterexample
    assert example is not None
    assert example.at["ξ"] not in ("1", "−1")
    right = StepClaim(
        update=update("two-point", moves), observable=lambda w: w**2, change=change, pathwise=True
    )
    assert check(right).status is Status.AGREES


def test_half_powers_of_the_step_size_are_left_to_the_tiers() -> None:
    claim = StepClaim(
        update=update("two-point", lambda w, eta, xi: w + np.sqrt(eta) * xi),
        observable=lambda w: np.abs(w) ** 1.5,
        change=lambda w, eta: eta * np.abs(w) ** -0.5,
        step="eta",
        order=2,
    )
    found = finding(claim)
    assert found.lines
    assert "could not be located" not in str(found)
