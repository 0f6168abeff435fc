"""What explain says of claims about paths: the numbers at which they are judged."""

from __future__ import annotations

from sympy import exp

from derivations import Brownian, ExpectationClaim, MatrixSDE, State, dt, positive, t
from tests.verify.explaining import explained

x, sigma = State("x"), positive("sigma")


def test_the_setting_is_told() -> None:
    claim = ExpectationClaim(
        id="mean",
        title="the mean",
        source="",
        statement="",
        sde=MatrixSDE({x: -x * dt + sigma * Brownian("B").d}),
        observable=x,
        value=x * exp(-t),
        bounds=(0, 7),
        horizon=3,
        values={x: 2},
        vary={sigma: (1, 4)},
        relevant=0.125,
    )
    lines = [" ".join(line.split()) for line in explained(claim).splitlines()]
    for line in (
        "E[x] = x exp(-t)",
        "T = 3",
        "x(0) = 2",
        "σ = 1, 4, one after the other",
        "bounds of the observable = (0, 7)",
        "relevant error = 0.125",
    ):
        assert line in lines
