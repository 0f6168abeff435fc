"""Fokker–Planck equations as derived, against equations written down in textbooks."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Rational, exp, sqrt, tanh

from derivations import (
    Brownian,
    BrownianFamily,
    DerivationError,
    FokkerPlanckClaim,
    MatrixSDE,
    State,
    density,
    dt,
    equal,
    index,
    positive,
    real,
    t,
    total,
)
from derivations.derive import derive
from derivations.fokker_planck import forward_parts
from derivations.printing import latex, unicode

x, y, z = State("x"), State("y"), State("z", positive=True)
theta, sigma, mu, rho = positive("theta"), positive("sigma"), real("mu"), real("rho")
B, W = Brownian("B"), Brownian("W")
p, q, r = density("p", x), density("q", x, y), density("p", z)

OU = MatrixSDE({x: -theta * x * dt + sigma * B.d})
ITO = {z: mu * z * dt + sigma * z * B.d}
# Risken (1989), (10.2): the Kramers equation of a particle with velocity y.
KRAMERS = MatrixSDE({x: y * dt, y: (-theta * y - x**3) * dt + sigma * B.d})


def stated(sde: MatrixSDE, p: Any, right: Any) -> FokkerPlanckClaim:
    return FokkerPlanckClaim(
        id="forward", title="", source="", statement="", sde=sde, density=p, right=right
    )


def wrong_parts(claim: FokkerPlanckClaim) -> list[str]:
    return [name for name, derived, given in forward_parts(claim) if not equal(derived, given)]


RIGHT = {
    "Ornstein–Uhlenbeck": (OU, p, (theta * x * p).diff(x) + sigma**2 / 2 * p.diff(x, 2)),
    "geometric, Itô": (
        MatrixSDE(ITO), r, -(mu * z * r).diff(z) + sigma**2 / 2 * (z**2 * r).diff(z, 2)),
    "geometric, Stratonovich": (
        MatrixSDE(ITO, calculus="stratonovich"), r,
        -(mu * z * r).diff(z) + sigma**2 / 2 * (z * (z * r).diff(z)).diff(z)),
    "square root": (
        MatrixSDE({z: theta * (mu - z) * dt + sigma * sqrt(z) * B.d}), r,
        -(theta * (mu - z) * r).diff(z) + sigma**2 / 2 * (z * r).diff(z, 2)),
    "Kramers": (
        KRAMERS, q,
        -y * q.diff(x) + ((theta * y + x**3) * q).diff(y) + sigma**2 / 2 * q.diff(y, 2)),
    "correlated": (
        MatrixSDE({x: x * B.d, y: sigma * W.d}, correlation={(B, W): rho}), q,
        (x**2 * q).diff(x, 2) / 2 + sigma**2 / 2 * q.diff(y, 2) + rho * sigma * (x * q).diff(x, y)),
    "bounded": (
        MatrixSDE({x: -tanh(x) * dt + exp(-x) * B.d}), p,
        (tanh(x) * p).diff(x) + (exp(-2 * x) * p).diff(x, 2) / 2),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_textbook_equation_is_what_follows(name: str) -> None:
    assert wrong_parts(stated(*RIGHT[name])) == []


WRONG = {
    "sign of the drift": (OU, p, -(theta * x * p).diff(x) + sigma**2 / 2 * p.diff(x, 2)),
    "no half": (OU, p, (theta * x * p).diff(x) + sigma**2 * p.diff(x, 2)),
    "the backward operator": (OU, p, -theta * x * p.diff(x) + sigma**2 / 2 * p.diff(x, 2)),
    "σ for σ²": (OU, p, (theta * x * p).diff(x) + sigma / 2 * p.diff(x, 2)),
    "the Stratonovich reading": (
        MatrixSDE(ITO), r, -(mu * z * r).diff(z) + sigma**2 / 2 * (z * (z * r).diff(z)).diff(z)),
    "the Itô reading": (
        MatrixSDE(ITO, calculus="stratonovich"), r,
        -(mu * z * r).diff(z) + sigma**2 / 2 * (z**2 * r).diff(z, 2)),
    "noise outside": (
        MatrixSDE(ITO), r, -(mu * z * r).diff(z) + sigma**2 / 2 * z**2 * r.diff(z, 2)),
    "half of the correlation": (
        MatrixSDE({x: x * B.d, y: sigma * W.d}, correlation={(B, W): rho}), q,
        (x**2 * q).diff(x, 2) / 2 + sigma**2 / 2 * q.diff(y, 2)
        + rho * sigma * (x * q).diff(x, y) / 2),
    "third derivative": (OU, p, (theta * x * p).diff(x) + sigma**2 / 2 * p.diff(x, 3)),
    "not linear": (OU, p, (theta * x * p).diff(x) + sigma**2 / 2 * p.diff(x, 2) + p**2),
    "a source": (OU, p, (theta * x * p).diff(x) + sigma**2 / 2 * p.diff(x, 2) + 1),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_planted_error_is_seen(name: str) -> None:
    assert wrong_parts(stated(*WRONG[name]))


def test_the_wrong_coefficient_is_named() -> None:
    assert wrong_parts(stated(*WRONG["no half"])) == ["the coefficient of ∂_xx p"]
    assert wrong_parts(stated(*WRONG["the backward operator"])) == [
        "the coefficient of ∂_x p",
        "the coefficient of p",
    ]


@pytest.mark.parametrize("name", ["Ornstein–Uhlenbeck", "geometric, Stratonovich", "Kramers"])
def test_every_step_is_checked(name: str) -> None:
    claim = stated(*RIGHT[name])
    found = derive(claim)
    assert all(step.check for step in found.steps)
    assert claim.jet.written(found.result - claim.right).expand() == 0


def test_a_density_is_shown_by_its_name() -> None:
    assert unicode((theta * p).diff(x, 2)) == "θ ∂_xx p"
    assert unicode(derive(stated(*RIGHT["Ornstein–Uhlenbeck"])).steps[0].after) == (
        "∂_xx(σ² p)/2 - ∂_x(-θ x p)"
    )
    shown = latex(derive(stated(*RIGHT["Ornstein–Uhlenbeck"])).steps[0].after)
    assert r"\left(\sigma^{2} p" in shown


i = index("i", 3)

REFUSED = [
    (lambda: stated(OU, density("p", x, y), p), "is no function of x and t"),
    (lambda: stated(OU, x, p), "is no function of x and t"),
    (lambda: stated(MatrixSDE({x: real("p") * dt + B.d}), p, p.diff(x)), "have one name"),
    (lambda: stated(OU, p, p.diff(t)).kernels(), "the derivative by t is the left side"),
    (lambda: stated(OU, p, density("g", x).diff(x)).kernels(), "is no derivative of p"),
    (lambda: stated(OU, p, density("g", x)).kernels(), "write one density"),
    (
        lambda: wrong_parts(
            stated(MatrixSDE({x: total(BrownianFamily("beta")[i].d, i)}), p, p.diff(x, 2))
        ),
        "no scalar noise",
    ),
    (
        lambda: wrong_parts(
            stated(MatrixSDE({x: B.d, y: W.d}, correlation={(B, W): x / 10}), q, q.diff(x, 2))
        ),
        "not constant",
    ),
]


@pytest.mark.parametrize(("make", "words"), REFUSED)
def test_what_has_no_meaning_is_refused(make: Any, words: str) -> None:
    with pytest.raises(DerivationError, match=words):
        make()


def test_numbers_stay_rational() -> None:
    claim = stated(OU, p, Rational(1, 2) * p.diff(x, 2))
    assert not any(derived.atoms(float) for _, derived, _ in forward_parts(claim))
