"""Geometric Brownian motion: the logarithm, and the rate at which a path grows (Øksendal, 5.1)."""

from sympy import log

from derivations import Brownian, DifferentialClaim, LimitClaim, MatrixSDE, State, dt, positive

mu, sigma = positive("mu"), positive("sigma")
x, beta = State("x", positive=True), Brownian("beta")
sde = MatrixSDE({x: mu * x * dt + sigma * x * beta.d})

logarithm = DifferentialClaim(
    sde=sde,
    observable=log(x),
    drift=mu - sigma**2 / 2,
    martingale=sigma * beta.d,
)

growth = LimitClaim(
    sde=sde,
    observable=log(x),
    value=mu - sigma**2 / 2,
    horizon=40,
    values={mu: 1, sigma: 1, x: 1},
    relevant=0.2,
)
