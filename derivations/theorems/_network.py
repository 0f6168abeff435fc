"""The two-layer linear network f(x) = W2' W1' x, which the theorems of this group share.

Data X (n, p) and Y (n, k), layers W1 (p, l) and W2 (l, k), loss 1/(2n) |Y − X W1 W2|², residual
R = X'(Y − X W1 W2)/n, the stack Θ = [W1; W2'] and M = ΘΘ'.  Every gradient method moves Θ by a
symmetric block from the left, dΘ = S(dG) Θ, which is dW1 = dG W2', dW2 = W1' dG.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Ge

from derivations import (
    INITIAL,
    Assumption,
    Brownian,
    MatrixSDE,
    Parameter,
    PathCheck,
    Process,
    State,
    dims,
    full_row_rank,
    logdet,
    positive,
    stack,
    t,
)

p, k, l, n = dims("p k l n")
W1, W2 = State("W1", p, l), State("W2", l, k)
theta = stack(W1, W2.T)
M = theta * theta.T
WHERE = {"Theta": theta, "M": M}

eta, delta, mu, gamma, b = (positive(name) for name in ("eta", "delta", "mu", "gamma", "b"))
X, Y = Parameter("X", n, p), Parameter("Y", n, k)
C = Parameter("C", p, p, positive_definite=True)

R = Process("R", p, k)
"""The residual of any loss that depends on W1 W2 only."""

residual = X.T * (Y - X * W1 * W2) / n
"""The residual of the square loss."""

B = Brownian("B", p, k, row_covariance=C)
labels = Brownian("B", n, k)

RANK = Assumption(text="Θ has full row rank p + k", condition=full_row_rank(theta))
WIDTH = Assumption(
    text="the width l is at least p + k (necessary for full row rank)", condition=Ge(l, p + k)
)

PAPER = "Varre, Sagitova, Flammarion: SGD vs GD: Rank Deficiency in Linear Networks, NeurIPS 2024"


def moved_by(dG: Any) -> dict[Any, Any]:
    """dΘ = S(dG) Θ, layer by layer."""
    return {W1: dG * W2.T, W2: W1.T * dG}


def log_det_path(sde: MatrixSDE, rate: Any, values: Mapping[Any, Any] | None = None) -> PathCheck:
    """log det M on paths of a concrete system of the network, at a constant stated rate."""
    return PathCheck(
        sde=sde,
        observable=logdet(M),
        law=INITIAL + rate * t,
        horizon="3/4",
        sizes={p: 2, k: 3, l: 5, n: 8},
        values=values or {},
    )
