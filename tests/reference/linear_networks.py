"""Two-layer linear networks under gradient flow, label noise, general noise and weight decay."""

from __future__ import annotations

from typing import Any

from sympy import BlockMatrix, Q, sqrt

from derivations import (
    Brownian,
    BrownianFamily,
    Family,
    MatrixSDE,
    Parameter,
    Process,
    S,
    State,
    det,
    dims,
    dt,
    index,
    logdet,
    positive,
    stack,
    total,
    tr,
)
from tests.reference.case import Case

# The numbers say which statement is meant; the formulas were derived for this project.
RD = "as derived here, after A. Varre, M. Sagitova, N. Flammarion, SGD vs GD (2024)"
BY_HAND = "worked out by hand: M⁺ = (I+K)M(I+K)', log det gains 2tr K − tr K², K = S(dZ)"

p, k, l, n, q = dims("p k l n q")
gamma, delta, eta, mu, c = (positive(name) for name in ("gamma", "delta", "eta", "mu", "c"))
W1, W2, W3 = State("W1", p, l), State("W2", l, k), State("W3", q, l)
R = Process("R", p, k)
C = Parameter("C", p, p, positive_definite=True)
B, BC = Brownian("B", p, k), Brownian("BC", p, k, row_covariance=C)
X, E = Parameter("X", n, p), Brownian("E", n, k)
i = index("i", n)
G, beta, beta1 = Family("G", p, k, process=True), BrownianFamily("beta"), Brownian("beta1")


def network(dZ: Any) -> MatrixSDE:
    """dΘ = S(dZ)Θ in its two layers."""
    return MatrixSDE({W1: dZ * W2.T, W2: W1.T * dZ})


theta, turned = stack(W1, W2.T), stack(W2.T, W1)
M, M_turned = theta * theta.T, turned * turned.T
P = W1 * W2
REGULAR = (Q.positive_definite(M),)
TURNED = (Q.positive_definite(M_turned),)
WIDTHS = ({p: 1, k: 1, l: 2}, {p: 1, k: 2, l: 3}, {p: 2, k: 1, l: 4}, {p: 2, k: 2, l: 4})
WITH_DATA = tuple({**sizes, n: 3} for sizes in WIDTHS)

flow = network(R * dt)
noisy = network(R * dt + sqrt(gamma) * B.d)
coloured = network(R * dt + BC.d)
labels = network(R * dt + sqrt(eta * delta) / n * X.T * E.d)
general = network(R * dt + total(G[i] * beta[i].d, i))
decaying = MatrixSDE(
    {
        W1: R * W2.T * dt - mu * W1 * dt + BC.d * W2.T,
        W2: W1.T * R * dt - mu * W2 * dt + W1.T * BC.d,
    }
)

DETERMINANT = (
    Case(
        id="gradient_flow_log_determinant",
        source=f"{RD}, Theorem 4.1",
        sde=flow,
        f=logdet(M),
        drift=0,
        martingale=0,
        wrong={"residual left over": 4 * tr(P.T * R)},
        assuming=REGULAR,
        sizes=WIDTHS,
    ),
    Case(
        id="gradient_flow_determinant",
        source=f"{RD}, Theorem 4.1",
        sde=flow,
        f=det(M),
        drift=0,
        martingale=0,
        wrong={"residual left over": 4 * tr(P.T * R) * det(M)},
        assuming=REGULAR,
        sizes=WIDTHS,
    ),
    Case(
        id="white_noise_log_determinant",
        source=f"{RD}, Theorem 4.2; {BY_HAND}",
        sde=noisy,
        f=logdet(M),
        drift=-2 * gamma * k * p,
        martingale=0,
        wrong={
            "1 for 2": -gamma * k * p,
            "sign": 2 * gamma * k * p,
            "√γ for γ": -2 * sqrt(gamma) * k * p,
            "p+k for pk": -2 * gamma * (p + k),
            "Stratonovich for Itô": 0,
            "l for k": -2 * gamma * l * p,
        },
        wrong_martingale={"transposed block lost": 2 * sqrt(gamma) * tr(P.T * B.d)},
        assuming=REGULAR,
        sizes=WIDTHS,
    ),
    Case(
        id="white_noise_determinant",
        source=f"{RD}, Theorem 4.2; no martingale part, so det M has the same rate",
        sde=noisy,
        f=det(M),
        drift=-2 * gamma * k * p * det(M),
        martingale=0,
        wrong={"det lost": -2 * gamma * k * p, "1 for 2": -gamma * k * p * det(M)},
        assuming=REGULAR,
        sizes=WIDTHS,
    ),
    Case(
        id="stack_in_the_other_order",
        source=f"{RD}, Theorem 4.2; [W2'; W1] is Θ with its blocks exchanged",
        sde=noisy,
        f=logdet(M_turned),
        drift=-2 * gamma * k * p,
        martingale=0,
        wrong={"1 for 2": -gamma * k * p},
        assuming=TURNED,
        sizes=WIDTHS,
    ),
    Case(
        id="coloured_noise_log_determinant",
        source=f"{RD}, Theorem 4.2 with covariance; {BY_HAND}: tr K² = 2k tr C",
        sde=coloured,
        f=logdet(M),
        drift=-2 * k * tr(C),
        martingale=0,
        wrong={"p tr C": -2 * p * tr(C), "1 for 2": -k * tr(C), "C²": -2 * k * tr(C * C)},
        assuming=REGULAR,
        sizes=WIDTHS,
    ),
    Case(
        id="label_noise_log_determinant",
        source=f"{RD}, Theorem 4.2: rate 2ηδk|X|²/n²",
        sde=labels,
        f=logdet(M),
        drift=-2 * eta * delta * k * tr(X.T * X) / n**2,
        martingale=0,
        wrong={
            "1/n": -2 * eta * delta * k * tr(X.T * X) / n,
            "√δ": -2 * eta * sqrt(delta) * k * tr(X.T * X) / n**2,
            "η lost": -2 * delta * k * tr(X.T * X) / n**2,
            "p for k": -2 * eta * delta * p * tr(X.T * X) / n**2,
        },
        assuming=REGULAR,
        sizes=WITH_DATA,
    ),
    Case(
        id="general_noise_log_determinant",
        source=f"{RD}, Section 6; {BY_HAND}: tr K² = 2 Σ|G_i|²",
        sde=general,
        f=logdet(M),
        drift=-2 * total(tr(G[i].T * G[i]), i),
        martingale=0,
        wrong={
            "square of the sum": -2 * tr(total(G[i], i).T * total(G[i], i)),
            "1 for 2": -total(tr(G[i].T * G[i]), i),
            "n times one": -2 * n * total(tr(G[i].T * G[i]), i),
        },
        assuming=REGULAR,
        sizes=WITH_DATA,
    ),
    Case(
        id="weight_decay_log_determinant",
        source="worked out by hand: −μΘ dt adds 2tr(−μI) = −2μ(p+k)",
        sde=decaying,
        f=logdet(M),
        drift=-2 * k * tr(C) - 2 * mu * (p + k),
        martingale=0,
        wrong={
            "4μ": -2 * k * tr(C) - 4 * mu * (p + k),
            "μ l": -2 * k * tr(C) - 2 * mu * l,
            "μ(p+k)": -2 * k * tr(C) - mu * (p + k),
        },
        assuming=REGULAR,
        sizes=WIDTHS,
    ),
)

# ------------------------------------------------ other spellings of one system and observable
Theta = State("Theta", p + k, l)
blocks = BlockMatrix([[W1 * W1.T, W1 * W2], [W2.T * W1.T, W2.T * W2]])
M_theta = Theta * Theta.T
A0, B0 = Process("A0", n, p), Process("B0", k, q)
Bdeep = Brownian("Bdeep", n, q, row_covariance=Parameter("Cn", n, n, positive_definite=True))
three = stack(W1, W2.T, W3)
M3 = three * three.T

SPELLINGS = (
    Case(
        id="single_stacked_state",
        source=f"{RD}, Theorem 4.2",
        sde=MatrixSDE({Theta: S(R) * Theta * dt + S(B.d) * Theta}),
        f=logdet(M_theta),
        drift=-2 * k * p,
        martingale=0,
        wrong={"(p+k)²": -((p + k) ** 2), "1 for 2": -k * p},
        assuming=(Q.positive_definite(M_theta),),
        sizes=WIDTHS,
    ),
    Case(
        id="single_stacked_state_coloured",
        source=f"{RD}, Theorem 4.2; {BY_HAND}",
        sde=MatrixSDE({Theta: S(R) * Theta * dt + S(BC.d) * Theta}),
        f=logdet(M_theta),
        drift=-2 * k * tr(C),
        martingale=0,
        wrong={"p tr C": -2 * p * tr(C)},
        assuming=(Q.positive_definite(M_theta),),
        sizes=WIDTHS,
    ),
    Case(
        id="observable_as_a_block_matrix",
        source=f"{RD}, Theorem 4.2, M written out in its four blocks",
        sde=noisy,
        f=logdet(blocks),
        drift=-2 * gamma * k * p,
        martingale=0,
        wrong={"1 for 2": -gamma * k * p},
        assuming=(Q.positive_definite(blocks),),
        sizes=WIDTHS,
    ),
    Case(
        id="three_blocks",
        source="worked out by hand: K = diag(S(dB), c dβ I_q), 2tr K − tr K² = 2qc dβ − 2pk − qc²",
        sde=MatrixSDE({W1: B.d * W2.T, W2: W1.T * B.d, W3: c * W3 * beta1.d}),
        f=logdet(M3),
        drift=-2 * p * k - q * c**2,
        martingale=2 * q * c * beta1.d,
        wrong={"q²": -2 * p * k - q**2 * c**2, "third block lost": -2 * p * k},
        wrong_martingale={"1 for 2": q * c * beta1.d},
        assuming=(Q.positive_definite(M3),),
        sizes=({p: 1, k: 1, q: 1, l: 3}, {p: 2, k: 1, q: 1, l: 4}, {p: 1, k: 1, q: 2, l: 4}),
    ),
    Case(
        id="noise_seen_through_other_layers",
        source=f"{RD}, depth L (adjacent layers): rate 2 tr(A'CA)|B|² for dZ = A'dB B'",
        sde=network(A0.T * Bdeep.d * B0.T),
        f=logdet(M),
        drift=-2 * tr(A0.T * Bdeep.d.row_covariance * A0) * tr(B0 * B0.T),
        martingale=0,
        wrong={"|B|": -2 * tr(A0.T * Bdeep.d.row_covariance * A0) * k, "1 for 2": -tr(
            A0.T * Bdeep.d.row_covariance * A0
        ) * tr(B0 * B0.T)},
        assuming=REGULAR,
        sizes=({p: 1, k: 1, l: 2, n: 2, q: 2}, {p: 2, k: 1, l: 3, n: 2, q: 2}),
    ),
)  # fmt: skip

CASES = (*DETERMINANT, *SPELLINGS)
