"""A clock that makes an Ornstein–Uhlenbeck process of a diffusion with a volatility of its own.

dx = −x(1 + x²)dt + √(1 + x²)dB run on the clock dτ = (1 + x²)dt (Øksendal, Theorem 8.5.7).
"""

import numpy as np

from verify import NumericSDE, TimeChangeClaim

fast = NumericSDE(
    states={"x": ()},
    noises={"B": ()},
    drift=lambda x: -x * (1 + x**2),
    noise=lambda x, dB: np.sqrt(1 + x**2) * dB,
)
plain = NumericSDE(states={"x": ()}, noises={"W": ()}, drift=lambda x: -x, noise=lambda dW: dW)

clock = TimeChangeClaim(sde=fast, rate=lambda x: 1 + x**2, changed=plain)
