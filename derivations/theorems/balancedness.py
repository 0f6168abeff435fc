"""Balancedness under noise (as derived here).

D = W1'W1 − W2W2' = Θ'JΘ is conserved by gradient flow.  Under S(dZ)Θ it has no martingale part:
dD = (tr(C) W2W2' − k W1'CW1) dt.  For C = γI the fixed points are p W2W2' = k W1'W1; for C ≻ 0 a
fixed point forces rank W1 = rank W2 ≤ min(p, k), since then W2W2' and W1'CW1 have one column space.
"""

from typing import Any

from sympy import exp, sqrt

from derivations import (
    AlgorithmCheck,
    Brownian,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    PathCheck,
    Process,
    State,
    Theorem,
    dt,
    t,
    tr,
)

from ._network import W1, W2, B, C, R, eta, gamma, k, l, moved_by, p

SOURCE = "as derived here"
D = W1.T * W1 - W2 * W2.T


def theorem() -> Theorem:
    """Any covariance, isotropic noise, the square case with its path law, one discrete step."""
    return Theorem(
        id="balancedness",
        title="The imbalance of the layers drifts to an equilibrium, without a martingale part",
        source=SOURCE,
        claims=(_general(), _isotropic(), _square(), _discrete()),
    )


def _general() -> DifferentialClaim:
    drift = tr(C) * W2 * W2.T - k * W1.T * C * W1
    return DifferentialClaim(
        id="balancedness",
        title="dD = (tr(C) W2W2' − k W1'CW1) dt",
        source=SOURCE,
        statement="For any R and any noise S(C^½ dB)Θ, D = W1'W1 − W2W2' has no martingale part.",
        sde=MatrixSDE(moved_by(R * dt + B.d)),
        observable=D,
        drift=drift,
        mutants=(
            Mutant(name="sign", mistake="the imbalance grows", changes={"drift": -drift}),
            Mutant(
                name="trace",
                mistake="C outside: tr(C) on both",
                changes={"drift": tr(C) * (W2 * W2.T - k * W1.T * W1 / p)},
            ),
            Mutant(
                name="factor_two",
                mistake="the quadratic variation of one layer counted twice",
                changes={"drift": drift + tr(C) * W2 * W2.T},
            ),
            Mutant(name="missing_ito", mistake="no Itô term", changes={"drift": 0 * D}),
        ),
        inapplicable=_elsewhere(),
    )


def _isotropic() -> DifferentialClaim:
    E = Brownian("E", p, k)
    drift = gamma * (p * W2 * W2.T - k * W1.T * W1)
    return DifferentialClaim(
        id="balancedness.isotropic",
        title="C = γI: the imbalance stands still where p W2W2' = k W1'W1",
        source=SOURCE,
        statement="dD = γ(p W2W2' − k W1'W1) dt.",
        sde=MatrixSDE(moved_by(R * dt + sqrt(gamma) * E.d)),
        observable=D,
        drift=drift,
        mutants=(
            Mutant(
                name="swapped",
                mistake="p and k swapped",
                changes={"drift": gamma * (k * W2 * W2.T - p * W1.T * W1)},
            ),
            Mutant(
                name="root_gamma",
                mistake="√γ for γ",
                changes={"drift": sqrt(gamma) * (p * W2 * W2.T - k * W1.T * W1)},
            ),
        ),
        inapplicable=_elsewhere(),
    )


def _square() -> DifferentialClaim:
    V1, V2, E = State("W1", p, l), State("W2", l, p), Brownian("E", p, p)
    Q, imbalance = Process("R", p, p), V1.T * V1 - V2 * V2.T
    noise = sqrt(gamma) * E.d
    quiet = MatrixSDE({V1: noise * V2.T, V2: V1.T * noise})

    def stated(rate: Any) -> dict[str, Any]:
        """One rate of decay, as every tier reads it; paths are drawn without the residual."""
        path = PathCheck(
            sde=quiet,
            observable=imbalance,
            law=exp(-rate * t) * Parameter("initial", l, l),
            horizon="1/2",
            sizes={p: 2, l: 4},
            values={gamma: "3/4"},
        )
        return {"drift": -rate * imbalance, "path": path}

    return DifferentialClaim(
        id="balancedness.square",
        title="p = k, C = γI: D(t) = D(0) e^{−γpt} on every path",
        source=SOURCE,
        statement="For as many outputs as inputs the imbalance decays exponentially, at rate γp.",
        sde=MatrixSDE({V1: (Q * dt + noise) * V2.T, V2: V1.T * (Q * dt + noise)}),
        observable=imbalance,
        **stated(gamma * p),
        mutants=(
            Mutant(name="factor_two", mistake="2γp for γp", changes=stated(2 * gamma * p)),
            Mutant(name="dimension", mistake="γ for γp", changes=stated(gamma)),
        ),
        inapplicable={
            "algorithm": "noise of p = k outputs with C = γI is not what the data sets give"
        },
    )


def _discrete() -> IdentityClaim:
    G = Parameter("G", p, k)
    moved1, moved2 = W1 + eta * G * W2.T, W2 + eta * W1.T * G
    gain = eta**2 * (W2 * G.T * G * W2.T - W1.T * G * G.T * W1)
    return IdentityClaim(
        id="balancedness.discrete",
        title="one step: D⁺ = D + η²(W2G'GW2' − W1'GG'W1)",
        source=SOURCE,
        statement="Exactly, for one step of GD or SGD with any residual G: "
        "the terms of first order in η cancel.",
        left=moved1.T * moved1 - moved2 * moved2.T,
        right=D + gain,
        draws=G,
        mutants=(
            Mutant(name="sign", mistake="the two terms swapped", changes={"right": D - gain}),
            Mutant(name="order", mistake="η for η²", changes={"right": D + gain / eta}),
        ),
        inapplicable={"path": "one step of an algorithm has no paths"},
        algorithm=AlgorithmCheck(algorithm="label_noise", rate=0 * k),
    )


def _elsewhere() -> dict[str, str]:
    return {
        "path": "R is any process here; paths are simulated for balancedness.square",
        "algorithm": "R is any process here; the exact step is checked for balancedness.discrete",
    }
