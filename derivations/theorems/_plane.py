"""One input and one output, p = k = 1: M = [w; a][w; a]' is 2 x 2, moved by one Brownian motion."""

from __future__ import annotations

from typing import Any

from derivations import Brownian, State, eigenvalues, stack

from ._network import l

w, a, b = State("w", 1, l), State("a", 1, l), State("b")
beta = Brownian("beta")
theta = stack(w, a)
M = theta * theta.T
mu = eigenvalues(M)
r, s = mu.indices("r s")


def plane(dbeta: Any = beta.d) -> dict[Any, Any]:
    """dw = dβ a, da = dβ w."""
    return {w: dbeta * a, a: dbeta * w}
