"""Singular values of a rectangular Brownian matrix with drift, dX = A dt + dB, X (p, m), p ≤ m.

With u_i, v_i the singular vectors and A any process,

    dσ_i = [u_i'Av_i + (m−p)/(2σ_i) + ½Σ_{j≠i}(1/(σ_i−σ_j) + 1/(σ_i+σ_j))] dt + dβ_i.

It is the noise of one layer alone, without the other one that multiplies it in a network.
"""

from typing import Any

from sympy import Ge, sqrt

from derivations import (
    Assumption,
    Brownian,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    Process,
    State,
    Theorem,
    dims,
    dt,
    eigenvalues,
    total,
    tr,
)

SOURCE = "as derived here from the eigenvalues of XX' (M.-F. Bru, Wishart processes, 1991)"
p, m = dims("p m")
X, A, B = State("X", p, m), Process("A", p, m), Brownian("B", p, m)
S = X * X.T
lam = eigenvalues(S)
i, j = lam.indices("i j")
sigma = sqrt(lam[i])
ASSUMPTIONS = (
    Assumption(text="the singular values of X are distinct", condition=lam.distinct),
    Assumption(text="X has full row rank", condition=lam.positive),
    Assumption(text="p ≤ m", condition=Ge(m, p)),
    Assumption(text="p ≥ 2 (a single one is a Bessel process: bessel)", condition=Ge(p, 2)),
)
SDE = MatrixSDE({X: A * dt + B.d}, assuming=[a.condition for a in ASSUMPTIONS[:2]])
WHERE = {"S": S}
MOVING = {
    "path": "A is any process, and a martingale part remains",
    "algorithm": "a statement about the equation alone",
}


def theorem() -> Theorem:
    """Singular values, with any drift."""
    return Theorem(
        id="rectangular_brownian",
        title="Singular values of a rectangular Brownian matrix with drift",
        source=SOURCE,
        claims=(_singular_value(),),
    )


def along(G: Any) -> Any:
    """u_i'Gv_i."""
    return tr(lam.projector(i) * G * X.T) / sigma


def _singular_value() -> DifferentialClaim:
    gradient = along(A)
    wall = (m - p) / (2 * sigma)

    def images(mirrored: Any) -> Any:
        """½Σ_{j≠i}(1/(σ_i−σ_j) + mirrored/(σ_i+σ_j))."""
        other = sqrt(lam[j])
        return total(1 / (sigma - other) + mirrored / (sigma + other), j, excluding=i) / 2

    drift = gradient + wall + images(1)
    return DifferentialClaim(
        id="rectangular_brownian",
        title="dσ_i = [u_i'Av_i + (m−p)/(2σ_i) + ½Σ_{j≠i}(1/(σ_i−σ_j) + 1/(σ_i+σ_j))]dt + dβ_i",
        source=SOURCE,
        statement="Singular values repel each other, their mirror images, and for m > p zero; "
        "dβ_i = u_i'dB v_i are independent Brownian motions.",
        sde=SDE,
        observable=sigma,
        drift=drift,
        martingale=along(B.d),
        terms={"gradient": gradient, "zero": wall, "repulsion": images(1)},
        assumptions=ASSUMPTIONS,
        where=WHERE,
        mutants=(
            Mutant(
                name="mirror",
                mistake="1/(σ_i+σ_j) left out",
                changes={"drift": gradient + wall + images(0)},
            ),
            Mutant(
                name="mirror_sign",
                mistake="−1/(σ_i+σ_j)",
                changes={"drift": gradient + wall + images(-1)},
            ),
            Mutant(
                name="wall",
                mistake="m − p − 1 for m − p",
                changes={"drift": drift - 1 / (2 * sigma)},
            ),
            Mutant(name="double", mistake="1 for ½", changes={"drift": drift + images(1)}),
            Mutant(
                name="gradient",
                mistake="2u_i'Av_i, as for the square",
                changes={"drift": drift + gradient},
            ),
            Mutant(
                name="noise",
                mistake="2dβ_i, as for the square",
                changes={"martingale": 2 * along(B.d)},
            ),
        ),
        inapplicable=MOVING,
    )
