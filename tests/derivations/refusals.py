"""Requests that are refused, beside valid neighbours, and the letters they are written in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sympy import (
    MatrixSymbol,
    Symbol,
)

from derivations import (
    Brownian,
    BrownianFamily,
    DerivationError,
    Family,
    MatrixSDE,
    Parameter,
    Process,
    State,
    dims,
    dt,
    index,
    stack,
)

p, k, l, n = dims("p k l n")
W1, W2, B = State("W1", p, l), State("W2", l, k), Brownian("B", p, k)
X, U, A = State("X", n, n), Brownian("U", n, n), Parameter("A", n, n)
R, C = Process("R", p, k), Parameter("C", p, p, positive_definite=True)
x, y, beta, gamma = State("x"), State("y", positive=True), Brownian("beta"), Brownian("gamma")
foreign, foreign_matrix = Symbol("foreign"), MatrixSymbol("Foreign", n, n)
i = index("i", n)
F, betas = Family("F", n, n), BrownianFamily("betas")
theta = stack(W1, W2.T)
M = theta * theta.T
network = MatrixSDE({W1: R * W2.T * dt + B.d * W2.T, W2: W1.T * R * dt + W1.T * B.d})
flat = MatrixSDE({X: A * X * dt + U.d, x: x * beta.d, y: y * gamma.d})


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A request that is refused, the error, what its line names, and a neighbour that is taken."""

    id: str
    wrong: Callable[[], Any]
    error: type[DerivationError]
    names: tuple[str, ...]
    right: Callable[[], Any]


def check_refused(case: Refusal) -> None:
    """One line of the stated class, which names what is wrong."""
    with pytest.raises(case.error) as caught:
        shown(case.wrong())
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    for name in case.names:
        assert re.search(rf"(?<![A-Za-z]){re.escape(name)}", message), (name, message)


def shown(result: Any) -> None:
    """Force what is computed only when it is asked for."""
    if hasattr(result, "drift") and not isinstance(result, MatrixSDE):
        assert result.drift is not None
        assert result.martingale is not None
