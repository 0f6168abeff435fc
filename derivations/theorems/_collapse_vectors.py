"""Logarithms of singular values where the singular vectors stand still, and where they move.

Two modes, W1 and W2 of 2 × 2.  To second order the eigenvalue λ_i of W1W1' feels the other one
through E_i dW1 E_j alone, the part of the increment that turns the singular vectors.  Noise that is
diagonal in the singular bases has no such part, noise with all four entries has it.
"""

from __future__ import annotations

from typing import Any

from sympy import log, sqrt

from derivations import (
    Assumption,
    Brownian,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    Process,
    State,
    dt,
    eigenvalues,
    positive,
    total,
    tr,
)
from derivations.expressions import LogAbs

from ._collapse_modes import CHEN
from ._network import PAPER

__all__ = ["vector_claims"]

ELSEWHERE = {
    "path": "R is any process and a martingale part remains; see the experiment "
    "stochastic-collapse",
    "algorithm": "R is any process; both models side by side: the experiment stochastic-collapse",
}
gamma = positive("gamma")


def vector_claims() -> tuple[DifferentialClaim, DifferentialClaim]:
    """Standing singular vectors, and moving ones."""
    return (_standing(), _moving())


def _standing() -> DifferentialClaim:
    x1, x2, y1, y2 = (State(name) for name in ("x1", "x2", "y1", "y2"))
    r1, r2, beta1, beta2 = Process("r1"), Process("r2"), Brownian("beta1"), Brownian("beta2")
    ratio = y1 / x1
    gradient, collapse = 2 * ratio * r1, -gamma * ratio**2
    force = gamma * ((x1 * y1) ** 2 + (x2 * y2) ** 2) / (x1**2 - x2**2) / x1**2
    martingale = 2 * sqrt(gamma) * ratio * beta1.d
    dG1, dG2 = r1 * dt + sqrt(gamma) * beta1.d, r2 * dt + sqrt(gamma) * beta2.d
    return DifferentialClaim(
        id="stochastic_collapse.standing_vectors",
        title="diagonal noise: d log λ_i = (2r_i y_i/x_i − γy_i²/x_i²)dt + 2√γ (y_i/x_i)dβ_i",
        source=f"as derived here, for the noise of {CHEN}",
        statement="W1 = diag(x_1, x_2), W2 = diag(y_1, y_2), λ_i = x_i², residual and noise "
        "diagonal.  W1 stays diagonal, so that E_i dW1 E_j = 0 for i ≠ j: no mode feels another, "
        "and there is no repulsion.  At balance, x_i² = y_i², mode i collapses at the rate γ.  "
        "That these x_i² move like eigenvalues: singular_values.standing_vectors.",
        sde=MatrixSDE({x1: y1 * dG1, x2: y2 * dG2, y1: x1 * dG1, y2: x2 * dG2}),
        observable=2 * LogAbs(x1),
        drift=gradient + collapse,
        martingale=martingale,
        terms={"gradient": gradient, "collapse": collapse},
        mutants=(
            Mutant(
                name="repulsion",
                mistake="the repulsion of moving singular vectors added",
                changes={"drift": gradient + collapse + force},
            ),
            Mutant(name="no_ito", mistake="no Itô term at all", changes={"drift": gradient}),
            Mutant(
                name="sign",
                mistake="growth for collapse: the curvature of the logarithm forgotten",
                changes={"drift": gradient - collapse},
            ),
            Mutant(
                name="factor_two",
                mistake="the curvature of the logarithm counted twice",
                changes={"drift": gradient + 3 * collapse},
            ),
            Mutant(
                name="half_noise",
                mistake="½ in the martingale part",
                changes={"martingale": martingale / 2},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _moving() -> DifferentialClaim:
    W1, W2 = State("W1", 2, 2), State("W2", 2, 2)
    R, B = Process("R", 2, 2), Brownian("B", 2, 2)
    lam = eigenvalues(W1 * W1.T)
    i, j = lam.indices("i j")

    def q(index: Any) -> Any:
        return tr(lam.projector(index) * W1 * W2 * W2.T * W1.T)

    def along(G: Any) -> Any:
        return 2 * tr(lam.projector(i) * G * W2.T * W1.T) / lam[i]

    growth = gamma * tr(W2 * W2.T) / lam[i]
    curvature = -2 * gamma * q(i) / lam[i] ** 2
    force = gamma * total((q(i) + q(j)) / (lam[i] - lam[j]), j, excluding=i) / lam[i]
    drift = along(R) + growth + curvature + force
    dG = R * dt + sqrt(gamma) * B.d
    return DifferentialClaim(
        id="stochastic_collapse.moving_vectors",
        title="full noise: d log λ_i has the repulsion γ(q_i + q_j)/(λ_i(λ_i − λ_j))",
        source=f"{PAPER}, Theorem 5.1, for the logarithm as derived here",
        statement="The same logarithm where all entries of residual and noise are there: the "
        "growth γ|W2|²/λ_i has all of W2 in place of one mode's share, and the repulsion is there, "
        "below 0 for the smaller value.",
        sde=MatrixSDE({W1: dG * W2.T, W2: W1.T * dG}, assuming=[lam.distinct, lam.positive]),
        observable=log(lam[i]),
        drift=drift,
        martingale=sqrt(gamma) * along(B.d),
        terms={
            "gradient": along(R),
            "growth": growth,
            "curvature": curvature,
            "repulsion": force,
        },
        assumptions=(
            Assumption(text="the two eigenvalues of W1W1' differ", condition=lam.distinct),
            Assumption(text="W1 is invertible", condition=lam.positive),
        ),
        mutants=(
            Mutant(
                name="no_repulsion",
                mistake="singular vectors held still",
                changes={"drift": drift - force},
            ),
            Mutant(
                name="attraction",
                mistake="the sign of the repulsion",
                changes={"drift": drift - 2 * force},
            ),
            Mutant(
                name="half",
                mistake="½ of the curvature of the logarithm",
                changes={"drift": drift - curvature / 2},
            ),
        ),
        inapplicable=ELSEWHERE,
    )
