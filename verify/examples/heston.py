"""Heston's stochastic volatility, as Python functions: log price, and how it moves with variance.

S. Heston, Review of Financial Studies 6 (1993), 327: dS = μSdt + √vS dB, dv = κ(θ − v)dt + ξ√v dZ.
"""

import numpy as np

from verify import CovariationClaim, DifferentialClaim, NumericSDE

heston = NumericSDE(
    states={"S": (), "v": ()},
    noises={"B": (), "Z": ()},
    correlation={("B", "Z"): -0.7},
    parameters={"mu": (0.0, 0.2), "kappa": (0.5, 3.0), "theta": 0.04, "xi": (0.1, 0.5)},
    within={"S": (50, 150), "v": (0.01, 0.2)},
    drift={"S": lambda S, mu: mu * S, "v": lambda v, kappa, theta: kappa * (theta - v)},
    noise={"S": lambda S, v, dB: np.sqrt(v) * S * dB, "v": lambda v, xi, dZ: xi * np.sqrt(v) * dZ},
)

log_price = DifferentialClaim(
    sde=heston,
    observable=lambda S: np.log(S),
    drift=lambda mu, v: mu - v / 2,
    martingale=lambda v, dB: np.sqrt(v) * dB,
)

leverage = CovariationClaim(
    sde=heston, first=lambda S: np.log(S), second=lambda v: v, rate=lambda v, xi: -0.7 * xi * v
)
