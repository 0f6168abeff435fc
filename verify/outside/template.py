"""The claim file that ``python -m verify new`` writes: it runs as it is, and every claim agrees."""

from __future__ import annotations

from pathlib import Path

from verify.errors import UsageError

__all__ = ["TEMPLATE", "write_new"]

TEMPLATE = '''\
"""Claims about stochastic differential equations: python -m verify run THIS_FILE

This file is executed.  Every value at the top level that is a claim is judged.
"""

import numpy as np

from derivations import Brownian, DifferentialClaim, MatrixSDE, State, dims, dt, positive, tr
from verify import ExpectationClaim, NumericSDE

# In symbols, for matrices of every size: proved, calculated exactly, and simulated.
n, m = dims("n m")
X, B, a = State("X", n, m), Brownian("B", n, m), positive("a")
matrices = MatrixSDE({X: -a * X * dt + B.d})

squared_norm = DifferentialClaim(
    title="d tr XX' of a matrix of Ornstein-Uhlenbeck processes",
    sde=matrices,
    observable=tr(X * X.T),
    drift=n * m - 2 * a * tr(X * X.T),
    martingale=2 * tr(X.T * B.d),
)

# In Python functions, where symbols cannot say it: arrays with leading batch axes.
# A tuple (low, high) is a range from which every point has its own value.
scalar = NumericSDE(
    states={"x": ()},
    noises={"B": ()},
    parameters={"mu": (-1.0, 1.0), "sigma": (0.5, 2.0)},
    within={"x": (0, np.inf)},
    drift=lambda x, mu: mu * x,
    noise=lambda x, sigma, dB: sigma * x * dB,
)

logarithm = DifferentialClaim(
    title="d log x of geometric Brownian motion",
    sde=scalar,
    observable=lambda x: np.log(x),
    drift=lambda mu, sigma: mu - sigma**2 / 2,
    martingale=lambda sigma, dB: sigma * dB,
)

# About simulated paths: an expectation at a time, with a bound on the observable or its variance.
probability = ExpectationClaim(
    title="a symmetric law stays symmetric",
    sde=NumericSDE(
        states={"x": ()}, noises={"B": ()}, drift=lambda x: -(x**3), noise=lambda dB: dB
    ),
    observable=lambda x: np.tanh(x),
    value=0.0,
    bounds=(-1.0, 1.0),
    horizon=1,
    values={"x": 0.0},
    relevant=0.05,
)
'''


def write_new(path: Path) -> None:
    """Write the template to a new file.

    Raises
    ------
    UsageError
        If the name does not end with .py, the file is there, or it cannot be made.
    """
    if path.suffix != ".py":
        raise UsageError(f"{path}: a file of claims is Python; give a name that ends with .py")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise UsageError(f"{path}: is there already; give the name of a new file") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
