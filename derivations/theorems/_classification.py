"""Networks with one output and with three, and the distributions over classes of their samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sympy import Ge, Identity, ZeroMatrix, exp

from derivations import (
    Assumption,
    Family,
    MatrixSDE,
    State,
    full_row_rank,
    index,
    positive,
    stack,
    tr,
)

from ._network import PAPER, W1, l, n, p

__all__ = [
    "BINARY",
    "CLASSES",
    "DRAWS",
    "NO_TIME",
    "ONE",
    "OWN",
    "PAIRS",
    "SOURCE",
    "TERNARY",
    "Net",
    "column",
    "distribution",
    "i",
    "logits",
    "one_hot",
    "rho",
    "root_of_product",
    "sigmoid",
    "softmax",
    "x",
]

SOURCE = f"{PAPER}, Section 6"
OWN = "as derived here"

ONE = Identity(1)
CLASSES = range(3)
PAIRS = tuple(combinations(CLASSES, 2))

i = index("i", n)
x = Family("x", p)
rho = positive("rho")

DRAWS = (
    "the training runs have the square loss; all label draws are enumerated in "
    "classification_determinant.flip_draws and .label_draws"
)
NO_TIME = {
    "path": "an identity has no paths",
    "algorithm": "a sum over all labels that can be drawn; no run is needed",
}


class Net:
    """W1 (p, l) and W2 (l, k) with k a number."""

    def __init__(self, outputs: int) -> None:
        self.W2 = State("W2", l, outputs)
        self.theta = stack(W1, self.W2.T)
        self.M = self.theta * self.theta.T
        self.rank = Assumption(
            text=f"Θ has full row rank p + {outputs}", condition=full_row_rank(self.theta)
        )
        self.width = Assumption(
            text=f"the width l is at least p + {outputs} (necessary for full row rank)",
            condition=Ge(l, p + outputs),
        )
        self.where = {"Theta": self.theta, "M": self.M}

    def sde(self, dG: Any) -> MatrixSDE:
        """dΘ = S(dG)Θ, layer by layer."""
        moves = {W1: dG * self.W2.T, self.W2: W1.T * dG}
        return MatrixSDE(moves, assuming=[self.rank.condition])


BINARY, TERNARY = Net(1), Net(len(CLASSES))


def column(values: Sequence[Any]) -> Any:
    """The vector of some scalars."""
    return stack(*(value * ONE for value in values))


def one_hot(c: int) -> Any:
    """e_c among three classes."""
    return stack(*(ONE if a == c else ZeroMatrix(1, 1) for a in CLASSES))


def distribution(name: str) -> list[Any]:
    """Probabilities π_i1, π_i2, π_i3 of a sample as processes, squares over their sum."""
    roots = _roots(name)
    return [root**2 / sum(r**2 for r in roots) for root in roots]


def _roots(name: str) -> list[Any]:
    return [Family(f"{name}{c + 1}", process=True)[i] for c in CLASSES]


def root_of_product(name: str, c: int, d: int) -> Any:
    """√(π_c π_d) of a distribution, up to a sign that no law of a noise knows."""
    roots = _roots(name)
    return roots[c] * roots[d] / sum(r**2 for r in roots)


def softmax(logits: Sequence[Any]) -> list[Any]:
    """exp(z_c) / Σ_d exp(z_d)."""
    return [exp(z) / sum(map(exp, logits)) for z in logits]


def logits(A: Any, sample: Any) -> list[Any]:
    """The entries z_c = e_c'A'x of the logits of a sample, A (p, 3)."""
    return [tr(one_hot(c).T * A.T * sample) for c in CLASSES]


def sigmoid(z: Any) -> Any:
    """1 / (1 + exp(−z))."""
    return 1 / (1 + exp(-z))
