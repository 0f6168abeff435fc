"""Brownian motion reaches a level by the reflection principle (Karatzas and Shreve, 2.6.2)."""

from scipy.special import ndtr

from verify import HittingClaim, NumericSDE

brownian = NumericSDE(states={"x": ()}, noises={"B": ()}, drift=0, noise=lambda dB: dB)

reached = HittingClaim(
    sde=brownian,
    observable=lambda x: x,
    level=1.0,
    probability=lambda t: 2 * ndtr(-1 / t**0.5),
    horizon=1,
    values={"x": 0.0},
    relevant=0.04,
)
