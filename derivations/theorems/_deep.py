"""The deep linear network f(x) = W_L' … W_1' x: its layers, their moves, its pairs of layers."""

from __future__ import annotations

from typing import Any

from sympy import Ge, Identity

from derivations import (
    Assumption,
    Brownian,
    Mutant,
    Parameter,
    Process,
    State,
    dims,
    dt,
    full_row_rank,
    stack,
)

from ._network import n

__all__ = [
    "FOUR",
    "THREE",
    "W1",
    "W2",
    "W3",
    "W4",
    "C",
    "X",
    "d",
    "mistakes",
    "moved",
    "noisy",
    "pair",
    "rank",
    "width",
]

d = dims("d0 d1 d2 d3 d4")
W1, W2, W3, W4 = (State(f"W{j + 1}", d[j], d[j + 1]) for j in range(4))
THREE, FOUR = (W1, W2, W3), (W1, W2, W3, W4)
C = Parameter("C", d[0], d[0], positive_definite=True)
X = Parameter("X", n, d[0])


def product(layers: Any, rows: Any) -> Any:
    """The product of some layers, the identity of a size if there is none."""
    found: Any = Identity(rows)
    for layer in layers:
        found = found * layer
    return found


def moved(layers: Any, dG: Any) -> dict[Any, Any]:
    """Every layer by its gradient step (W_1 … W_{j−1})' dG (W_{j+1} … W_L)', all at once."""
    moves = {}
    for j, layer in enumerate(layers):
        before = product(layers[:j], layers[0].shape[0])
        behind = product(layers[j + 1 :], layer.shape[1])
        moves[layer] = before.T * dG * behind.T
    return moves


def pair(layers: Any, j: int) -> Any:
    """Θ_j = [W_j; W_{j+1}']."""
    return stack(layers[j - 1], layers[j].T)


def rank(theta: Any, j: int) -> Assumption:
    """Full row rank of Θ_j."""
    return Assumption(
        text=f"Θ{j} has full row rank d{j - 1} + d{j + 1}", condition=full_row_rank(theta)
    )


def width(j: int) -> Assumption:
    """What full row rank asks of the width between the layers."""
    return Assumption(
        text=f"the width d{j} is at least d{j - 1} + d{j + 1} (necessary for full row rank)",
        condition=Ge(d[j], d[j - 1] + d[j + 1]),
    )


def noisy(layers: Any) -> Any:
    """R dt + dB for any residual process R, dB with row covariance C."""
    shape = layers[0].shape[0], layers[-1].shape[1]
    return Process("R", *shape) * dt + Brownian("B", *shape, row_covariance=C).d


def mistakes(rate: Any, **wrong: tuple[str, Any]) -> tuple[Mutant, ...]:
    """The mistakes about a rate that any pair of layers invites, and some of its own."""
    common = {
        "factor_two": ("1 for 2", rate / 2),
        "sign": ("growth for decay", -rate),
        "missing_ito": ("no Itô term", 0 * rate),
    }
    return tuple(
        Mutant(name=name, mistake=mistake, changes={"drift": value})
        for name, (mistake, value) in {**common, **wrong}.items()
    )
