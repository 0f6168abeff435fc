"""The diagonal network u⊙v: the determinant theorem says nothing (RD rebuttal).

f(x) = x'(u⊙v) is the two-layer network with W1 = diag u, W2 = v, or, one output a coordinate, the
blocks Θ = [diag u; diag v], which are 2d × d.  Then M = ΘΘ' is 2d × 2d of rank at most d: the
assumption of full row rank fails for every d ≥ 1, det M is 0 from the start and log det M is not
defined.  The theorem's form may be written down for it, and the tool refuses to judge it.
"""

from __future__ import annotations

from sympy import Identity, ZeroMatrix
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from derivations import (
    Assumption,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Process,
    State,
    Theorem,
    dims,
    dt,
    full_row_rank,
    logdet,
    real,
    stack,
)
from derivations.expressions import diagonal

from ._network import PAPER

SOURCE = f"{PAPER}, authors' rebuttal"

d = dims("d")
u, v = State("u", d, 1), State("v", d, 1)
theta = stack(diagonal(u), diagonal(v))
M = theta * theta.T


def theorem() -> Theorem:
    """The refused claim, and the null space that makes M singular."""
    return Theorem(
        id="diagonal_network",
        title="The determinant theorem does not apply to the diagonal network u⊙v",
        source=SOURCE,
        claims=(_conserved(), _null_space()),
    )


def _conserved() -> DifferentialClaim:
    r = Process("r", d, 1)
    rank = Assumption(text="Θ has full row rank 2d", condition=full_row_rank(theta))
    return DifferentialClaim(
        id="diagonal_network",
        title="d log det M = 0 for Θ = [diag u; diag v]: not applicable",
        source=SOURCE,
        statement="The determinant theorem, written down for the diagonal network with any "
        "residual r.  Its rank assumption cannot be met, so it says nothing here.",
        sde=MatrixSDE({u: diagonal(v) * r * dt, v: diagonal(u) * r * dt}),
        observable=logdet(M),
        drift=0 * d,
        assumptions=(rank,),
        where={"Theta": theta, "M": M},
        expected="NOT APPLICABLE",
        inapplicable={
            "path": "log det M is not defined at any start",
            "algorithm": "log det M is not defined at any start",
        },
    )


def _null_space() -> IdentityClaim:
    one, zero, none = Identity(1), ZeroMatrix(1, 1), ZeroMatrix(2, 2)
    U, V = (
        BlockMatrix([[real(f"{name}1") * one, zero], [zero, real(f"{name}2") * one]])
        for name in ("u", "v")
    )
    return IdentityClaim(
        id="diagonal_network.null_space",
        title="Θ'[diag v; 0] = Θ'[0; diag u]: M has d null directions, here d = 2",
        source="as derived here",
        statement="Written out for two coordinates: M is 0 in the directions [diag v; −diag u], "
        "whatever u and v are.",
        left=stack(U, V).T * stack(V, none),
        right=stack(U, V).T * stack(none, U),
        mutants=(
            Mutant(
                name="sign",
                mistake="[diag v; diag u] for [diag v; −diag u]",
                changes={"right": -stack(U, V).T * stack(none, U)},
            ),
            Mutant(
                name="same",
                mistake="[diag v; −diag v] for [diag v; −diag u]",
                changes={"right": stack(U, V).T * stack(none, V)},
            ),
        ),
        inapplicable={
            "path": "an identity has no paths",
            "algorithm": "an identity; nothing is trained",
        },
    )
