"""Symmetries of a loss: what is accepted, what is refused in one line, what follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import Q, atan, log, sqrt

from derivations import (
    DerivationError,
    Parameter,
    State,
    Symmetry,
    dims,
    equal,
    index,
    positive,
    real,
    tr,
)
from derivations.derive import derived_differential
from derivations.shapes import shape_of
from derivations.slope import wrong_slope
from derivations.step_claims import derived_change

h, p, q, n = dims("h p q n")
u, w, x, y = State("u", h), State("w", h), Parameter("x"), Parameter("y")
U, W = State("U", q, h), State("W", h, p)
z, v = Parameter("x", p, 1), Parameter("y", q, 1)
B, C = Parameter("B", h, h, symmetric=True), State("C", p, p)
T, gamma, eta = positive("T"), positive("gamma"), positive("eta")
i = index("i", n)
scalar = (tr(u.T * w) * x - y) ** 2
residual = U * W * z - v
matrix = tr(residual.T * residual)
theta = State("theta", p)
length = sqrt(tr(theta.T * theta))
angle = (tr(z.T * theta) / length - y) ** 2
a, b = State("a"), State("b")

SYMMETRIES = {
    "rescaling": Symmetry(loss=scalar, moves={u: u, w: -w}, data=(x, y)),
    "double rotation": Symmetry(loss=matrix, moves={U: U * B, W: -B * W}, data=(z, v)),
    "scale": Symmetry(loss=angle, moves={theta: theta}, data=(z, y)),
    "scalars": Symmetry(loss=(a * b * x - y) ** 2, moves={a: a, b: -b}, data=(x, y)),
}


@pytest.mark.parametrize("name", SYMMETRIES)
def test_the_flow_has_no_martingale_part_and_the_stated_drift(name: str) -> None:
    symmetry = SYMMETRIES[name]
    claim = symmetry.flow_claim(i, T, gamma)
    found = derived_differential(claim)
    assert found.martingale == 0
    assert equal(found.drift, claim.drift)
    assert not equal(found.drift, symmetry.flow(i, 2 * T, gamma))


@pytest.mark.parametrize("name", SYMMETRIES)
def test_without_noise_and_decay_the_quantity_stays(name: str) -> None:
    symmetry = SYMMETRIES[name]
    found = symmetry.sde(i, 0).d(symmetry.quantity)
    assert equal(found.drift, 0)
    assert found.martingale == 0


@pytest.mark.parametrize("name", SYMMETRIES)
def test_one_step_changes_it_by_the_square_of_the_gradient(name: str) -> None:
    symmetry = SYMMETRIES[name]
    claim = symmetry.step_claim(eta)
    change = derived_change(claim)
    assert equal(change, claim.change)
    assert not equal(change, claim.change / 2)


QUANTITIES = {
    "rescaling": tr(u.T * u) - tr(w.T * w),
    "double rotation": tr(B * (U.T * U - W * W.T)),
    "scale": tr(theta.T * theta),
    "scalars": a**2 - b**2,
}


@pytest.mark.parametrize("name", SYMMETRIES)
def test_quantities_against_those_of_the_literature(name: str) -> None:
    assert equal(SYMMETRIES[name].quantity, QUANTITIES[name])


def test_the_derived_gradient_against_differences() -> None:
    """∂|UWx − y|²/∂U at random numbers, by central differences of the loss in NumPy."""
    rng = np.random.default_rng(1)
    U0, W0, x0, y0 = (rng.normal(size=s) for s in ((2, 3), (3, 4), (4, 1), (2, 1)))
    expected = 2 * (U0 @ W0 @ x0 - y0) @ x0.T @ W0.T

    def loss(V: Any) -> float:
        return float(((V @ W0 @ x0 - y0) ** 2).sum())

    step = 1e-5
    for k in range(U0.size):
        E = np.zeros(U0.size)
        E[k] = step
        slope = (loss(U0 + E.reshape(U0.shape)) - loss(U0 - E.reshape(U0.shape))) / (2 * step)
        assert slope == pytest.approx(expected.ravel()[k], rel=1e-6, abs=1e-6)
    gradient = SYMMETRIES["double rotation"].gradient
    assert equal(gradient[U], 2 * residual * z.T * W.T)
    assert equal(gradient[W], 2 * U.T * residual * z.T)
    assert not equal(gradient[U], residual * z.T * W.T)


SLOPES = {
    "factor two": (residual.T * residual, {U: residual * z.T * W.T, W: 2 * U.T * residual * z.T}),
    "sign": (residual.T * residual, {U: 2 * residual * z.T * W.T, W: -2 * U.T * residual * z.T}),
    "transpose": (tr(C * C * C), {C: 3 * C * C}),
    "a term lost": (a**2 * b + b, {a: 2 * a * b, b: a**2}),
    "arc tangent": (atan(a * b), {a: b / (1 + a * b), b: a / (1 + (a * b) ** 2)}),
}
WRONG_ALONG = {"factor two": U, "sign": W, "transpose": C, "a term lost": b, "arc tangent": a}


@pytest.mark.parametrize("name", SLOPES)
def test_differences_see_a_wrong_gradient(name: str) -> None:
    f, gradient = SLOPES[name]
    assert wrong_slope(tr(f) if shape_of(f) else f, gradient) == WRONG_ALONG[name]


@pytest.mark.parametrize("name", SYMMETRIES)
def test_differences_pass_the_gradient_of_the_loss(name: str) -> None:
    symmetry = SYMMETRIES[name]
    assert wrong_slope(symmetry.loss, symmetry.gradient) is None
    doubled = {x: 2 * g for x, g in symmetry.gradient.items()}
    assert wrong_slope(symmetry.loss, doubled) == symmetry.states[0]


def test_a_mistake_of_the_engine_does_not_come_into_a_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    derived = SYMMETRIES["scalars"].derived_gradient
    planted = property(lambda _: {x: g / 2 for x, g in derived.items()})
    monkeypatch.setattr(Symmetry, "derived_gradient", planted)
    text = refusal(loss=(a * b * x - y) ** 2, moves={a: a, b: -b}, data=(x, y))
    assert text.startswith("gradient of a:")
    assert "not what differences of the loss" in text


def test_a_loss_without_values_at_any_point_is_refused() -> None:
    never = -((a * b * x) ** 2)
    text = refusal(loss=log(never), moves={a: a, b: -b}, assuming=(Q.positive(never),))
    assert "no point was found" in text


def test_what_is_observed_is_the_moves_as_typed() -> None:
    """As a user would type it; the engine's normal form of it has other words."""
    quantity = SYMMETRIES["double rotation"].quantity
    assert quantity == tr(U.T * U * B) - tr(W.T * B * W)
    assert SYMMETRIES["scale"].quantity == tr(theta.T * theta)


def refusal(**given: Any) -> str:
    with pytest.raises(DerivationError) as raised:
        Symmetry(**given)
    text = str(raised.value)
    assert "\n" not in text
    return text


def test_a_loss_without_the_symmetry_is_refused_with_what_is_left_over() -> None:
    text = refusal(loss=scalar, moves={u: u, w: w})
    assert "not invariant under {u: u, w: w}" in text
    assert "dℓ/ds = 4 x (x tr(u w') - y) tr(u w') is left over" in text
    # A decay in the loss breaks the rescaling.
    text = refusal(loss=scalar + gamma * tr(u.T * u), moves={u: u, w: -w})
    assert "2 γ tr(u u') is left over" in text


def test_a_generator_that_is_not_symmetric_or_not_linear_is_refused() -> None:
    turn = Parameter("A", h, h)
    assert "not a symmetric linear map" in refusal(loss=matrix, moves={U: U * turn, W: -turn * W})
    assert "not a symmetric linear map" in refusal(
        loss=scalar, moves={u: tr(u.T * u) * u, w: -tr(u.T * u) * w}
    )


def test_a_wrong_gradient_is_refused_with_the_right_one() -> None:
    wrong = (tr(u.T * w) * x - y) * x
    text = refusal(loss=scalar, moves={u: u, w: -w}, gradient={u: wrong * w, w: 2 * wrong * u})
    assert text.startswith("gradient of u: got x (x tr(u' w) - y) w, the loss has 2 x")


def test_a_loss_that_is_a_matrix_and_data_that_do_not_occur_are_refused() -> None:
    assert "a matrix; take its trace" in refusal(loss=residual, moves={U: U, W: -W})
    other = real("unused")
    assert "does not occur in the loss" in refusal(loss=scalar, moves={u: u, w: -w}, data=(other,))
