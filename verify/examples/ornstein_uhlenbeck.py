"""Ornstein–Uhlenbeck: its law at a time, its forward equation, its stationary density."""

from sympy import Rational, erf, exp, sqrt

from derivations import LEVEL, Brownian, FokkerPlanckClaim, LawClaim, MatrixSDE, State
from derivations import density, dt, positive, t

theta, sigma = positive("theta"), positive("sigma")
x, beta = State("x"), Brownian("beta")
sde = MatrixSDE({x: -theta * x * dt + sigma * beta.d})

spread = sigma * sqrt((1 - exp(-2 * theta * t)) / (2 * theta))
law = LawClaim(
    sde=sde,
    observable=x,
    cdf=Rational(1, 2) * (1 + erf((LEVEL - x * exp(-theta * t)) / (spread * sqrt(2)))),
    horizon=1,
    values={theta: 1, sigma: 2, x: 1},
)

p = density("p", x)
forward = FokkerPlanckClaim(
    sde=sde, density=p, right=theta * (x * p).diff(x) + sigma**2 / 2 * p.diff(x, 2)
)
