"""Right and wrong claims about the eigenvalues of W1 W1' under label noise, typed by hand.

For dW1 = √γ dB W2', dW2 = √γ W1' dB, with P = W1 W2 and q_i = tr(E_i P P'), W1 W1' has eigenvalues
with dλ_i = γ(|W2|² + Σ_{j ≠ i} (q_i + q_j)/(λ_i − λ_j)) dt + 2 √γ tr(E_i dB P').
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Abs, Ge, Integer, Rational, log, sqrt

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    MatrixSDE,
    State,
    dims,
    eigenvalues,
    positive,
    singular_values,
    total,
    tr,
)

p, k, l = dims("p k l")
W1, W2 = State("W1", p, l), State("W2", l, k)
gamma, B = positive("gamma"), Brownian("B", p, k)
noise = sqrt(gamma) * B.d
system = MatrixSDE({W1: noise * W2.T, W2: W1.T * noise})
lam, sigma = eigenvalues(W1 * W1.T), singular_values(W1)
i, j, m = lam.indices("i j m")
P = W1 * W2


def q(index: Any) -> Any:
    return tr(lam.projector(index) * P * P.T)


def repulsion(index: Any, other: Any, **excluding: Any) -> Any:
    return total((q(index) + q(other)) / (lam[index] - lam[other]), other, **excluding)


def drift(index: Any, other: Any) -> Any:
    return gamma * (tr(W2.T * W2) + repulsion(index, other, excluding=index))


def martingale(index: Any) -> Any:
    return 2 * sqrt(gamma) * tr(lam.projector(index) * B.d * P.T)


COMMON: Any = {
    "title": "eigenvalues",
    "source": "typed by hand",
    "statement": "",
    "assumptions": (
        Assumption(text="l ≥ p", condition=Ge(l, p)),
        Assumption(text="distinct eigenvalues", condition=lam.distinct),
    ),
}

POSITIVE = Assumption(text="W1 W1' positive definite", condition=lam.positive)

EIGENVALUE = DifferentialClaim(
    id="eigenvalue",
    sde=system,
    observable=lam[i],
    drift=drift(i, j),
    martingale=martingale(i),
    **COMMON,
)
ROOT = DifferentialClaim(
    id="root",
    sde=system,
    observable=sigma[i],
    drift=drift(i, j) / (2 * sigma[i]) - gamma * q(i) / (2 * lam[i] ** Rational(3, 2)),
    martingale=martingale(i) / (2 * sigma[i]),
    **{**COMMON, "assumptions": (*COMMON["assumptions"], POSITIVE)},
)
GAP = DifferentialClaim(
    id="gap",
    sde=system,
    observable=log(Abs(lam[i] - lam[j])),
    drift=(drift(i, m) - drift(j, m)) / (lam[i] - lam[j])
    - 2 * gamma * (q(i) + q(j)) / (lam[i] - lam[j]) ** 2,
    martingale=(martingale(i) - martingale(j)) / (lam[i] - lam[j]),
    **COMMON,
)
SQUARE = CovariationClaim(
    id="square", sde=system, first=lam[i], second=lam[i], rate=4 * gamma * q(i), **COMMON
)
MIXED = CovariationClaim(
    id="mixed", sde=system, first=lam[i], second=lam[j], rate=Integer(0), **COMMON
)

RIGHT: Any = {claim.id: claim for claim in (EIGENVALUE, ROOT, GAP, SQUARE, MIXED)}

_OVER_ALL = gamma * (tr(W2.T * W2) + repulsion(i, j))
WRONG: Any = {
    "a factor 2 in the repulsion": replace(
        EIGENVALUE, drift=drift(i, j) + gamma * repulsion(i, j, excluding=i)
    ),
    "the sign of the repulsion": replace(
        EIGENVALUE, drift=drift(i, j) - 2 * gamma * repulsion(i, j, excluding=i)
    ),
    "λ_i and λ_j exchanged": replace(
        EIGENVALUE,
        drift=gamma * (tr(W2.T * W2) + total((q(i) + q(j)) / (lam[j] - lam[i]), j, excluding=i)),
    ),
    "q_i for q_j": replace(
        EIGENVALUE,
        drift=gamma * (tr(W2.T * W2) + total(2 * q(i) / (lam[i] - lam[j]), j, excluding=i)),
    ),
    "|W2|² missing": replace(EIGENVALUE, drift=gamma * repulsion(i, j, excluding=i)),
    "the exclusion forgotten": replace(EIGENVALUE, drift=_OVER_ALL),
    "the martingale part halved": replace(EIGENVALUE, martingale=martingale(i) / 2),
    "the sign of the martingale part": replace(EIGENVALUE, martingale=-martingale(i)),
    "Itô's term of the root missing": replace(ROOT, drift=drift(i, j) / (2 * sigma[i])),
    "a factor in the rate": replace(SQUARE, rate=2 * gamma * q(i)),
    "a mixed rate that is not zero": replace(MIXED, rate=gamma * (q(i) + q(j))),
}
