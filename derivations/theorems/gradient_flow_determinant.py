"""Gradient flow conserves det M, the rank of Θ and the balancedness (RD Theorem 4.1).

As derived here: dΘ = S(R)Θ dt for any loss that depends on W1 W2 only.  Θ(t) = Φ(t)Θ(0) with
dΦ = S(R)Φ dt and det Φ = 1, so the rank of Θ is kept from any start; the rank of W1 alone is not.
"""

from typing import Any

from sympy import Q, ZeroMatrix

from derivations import (
    AlgorithmCheck,
    Assumption,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    S,
    State,
    Theorem,
    det,
    dt,
    full_row_rank,
    logdet,
    tr,
)

from ._network import (
    PAPER,
    RANK,
    W1,
    W2,
    WHERE,
    WIDTH,
    M,
    R,
    k,
    l,
    log_det_path,
    moved_by,
    p,
    residual,
)

SOURCE = f"{PAPER}, Theorem 4.1"
Theta, Phi = State("Theta", p + k, l), State("Phi", p + k, p + k)


def theorem() -> Theorem:
    """Determinant, propagator, balancedness, and what is not conserved."""
    return Theorem(
        id="gradient_flow_determinant",
        title="Gradient flow conserves det M and the rank of the parameters",
        source=SOURCE,
        claims=(
            _determinant(),
            _square_loss(),
            _propagator(),
            _unimodular(),
            _balanced(),
            _first_layer(),
        ),
    )


def _flow(G: object) -> MatrixSDE:
    return MatrixSDE(moved_by(G * dt), assuming=[RANK.condition])


def _determinant() -> DifferentialClaim:
    return DifferentialClaim(
        id="gradient_flow_determinant",
        title="d log det M = 0 under gradient flow, for any loss of W1 W2",
        source=SOURCE,
        statement="log det M has no drift, whatever the residual R.",
        sde=_flow(R),
        observable=logdet(M),
        drift=0 * k,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(
                name="trace", mistake="tr S(R)² for tr S(R)", changes={"drift": 2 * tr(R * R.T)}
            ),
            Mutant(
                name="sign",
                mistake="the blocks of S(R) subtracted",
                changes={"drift": -2 * tr(R * W2.T * W1.T)},
            ),
        ),
        inapplicable=_any_process("gradient_flow_determinant.square_loss"),
    )


def _square_loss() -> DifferentialClaim:
    sde = _flow(residual)

    def stated(rate: Any) -> dict[str, Any]:
        """One rate, as every tier reads it."""
        path = log_det_path(sde, rate)
        algorithm = AlgorithmCheck(algorithm="gradient_descent", rate=rate, dataset="diabetes")
        return {"drift": rate, "path": path, "algorithm": algorithm}

    return DifferentialClaim(
        id="gradient_flow_determinant.square_loss",
        title="det M is constant along gradient flow of the square loss",
        source=SOURCE,
        statement="det M(t) = det M(0) for the square loss, R = X'(Y − X W1 W2)/n.",
        sde=sde,
        observable=logdet(M),
        **stated(0 * k),
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="leak", mistake="a slow leak: −k/2 a unit of time", changes=stated(-k / 2)),
            Mutant(
                name="residual",
                mistake="2 tr(R W2'W1') for 0",
                changes={"drift": 2 * tr(residual * W2.T * W1.T)},
            ),
        ),
    )


def _propagator() -> DifferentialClaim:
    return DifferentialClaim(
        id="gradient_flow_determinant.propagator",
        title="Θ(t) = Φ(t) Θ(0): Φ⁻¹Θ is constant",
        source="as derived here",
        statement="With dΦ = S(R)Φ dt the product Φ⁻¹Θ does not move, "
        "so rank Θ is kept from any start, full or not.",
        sde=MatrixSDE({Theta: S(R) * Theta * dt, Phi: S(R) * Phi * dt}),
        observable=Phi.I * Theta,
        drift=ZeroMatrix(p + k, l),
        assumptions=(
            Assumption(
                text="Φ is invertible (it starts at I and det Φ = 1)", condition=Q.invertible(Phi)
            ),
        ),
        mutants=(
            Mutant(
                name="order",
                mistake="S(R) carried to the other side",
                changes={"drift": Phi.I * S(R) * Theta},
            ),
        ),
        inapplicable=_any_process("gradient_flow_determinant.square_loss"),
    )


def _unimodular() -> DifferentialClaim:
    return DifferentialClaim(
        id="gradient_flow_determinant.unimodular",
        title="d det Φ = 0: the propagator has determinant one",
        source="as derived here",
        statement="tr S(R) = 0, so det Φ keeps its value 1.",
        sde=MatrixSDE({Phi: S(R) * Phi * dt}),
        observable=det(Phi),
        drift=0 * k,
        assumptions=(Assumption(text="Φ is invertible", condition=Q.invertible(Phi)),),
        mutants=(
            Mutant(
                name="square",
                mistake="tr S(R)² for tr S(R)",
                changes={"drift": 2 * tr(R * R.T) * det(Phi)},
            ),
        ),
        inapplicable=_any_process("gradient_flow_determinant.square_loss"),
    )


def _balanced() -> DifferentialClaim:
    return DifferentialClaim(
        id="gradient_flow_determinant.balancedness",
        title="D = W1'W1 − W2W2' is conserved",
        source="as derived here; known for deep linear networks (Arora, Cohen, Hazan 2018)",
        statement="The imbalance of the layers is kept by gradient flow of any loss of W1 W2.",
        sde=MatrixSDE(moved_by(R * dt)),
        observable=W1.T * W1 - W2 * W2.T,
        drift=ZeroMatrix(l, l),
        mutants=(
            Mutant(
                name="sum",
                mistake="W1'W1 + W2W2' for W1'W1 − W2W2'",
                changes={"observable": W1.T * W1 + W2 * W2.T},
            ),
        ),
        inapplicable=_any_process("gradient_flow_determinant.square_loss"),
    )


def _first_layer() -> DifferentialClaim:
    first_rank = Assumption(text="W1 has full row rank p", condition=full_row_rank(W1))
    return DifferentialClaim(
        id="gradient_flow_determinant.first_layer",
        title="det W1W1' alone is not conserved",
        source="as derived here",
        statement="The tempting claim that det W1W1' is conserved; "
        "it is wrong, as the rank of W1 grows from W1 = 0.",
        sde=MatrixSDE(moved_by(R * dt), assuming=[first_rank.condition]),
        observable=logdet(W1 * W1.T),
        drift=0 * k,
        assumptions=(first_rank,),
        expected="DISAGREES",
        inapplicable=_any_process("gradient_flow_determinant.square_loss"),
    )


def _any_process(where: str) -> dict[str, str]:
    return {
        "path": f"R is any process here; paths are simulated for {where}",
        "algorithm": f"R is any process here; see {where}",
    }
