"""The layers of a two-layer linear network: balancedness, Gram matrices, norms."""

from __future__ import annotations

from sympy import Identity, Q, ZeroMatrix, sqrt

from derivations import Brownian, MatrixSDE, State, logdet, total, tr
from tests.reference.case import Case, Covariation
from tests.reference.linear_networks import (
    BC,
    RD,
    REGULAR,
    W1,
    W2,
    WIDTHS,
    WITH_DATA,
    C,
    G,
    M,
    P,
    R,
    beta,
    coloured,
    flow,
    gamma,
    general,
    i,
    k,
    l,
    p,
)

D = W1.T * W1 - W2 * W2.T
S1 = W1 * W1.T
W2s, Bs = State("W2", l, p), Brownian("Bs", p, p)
square = MatrixSDE({W1: sqrt(gamma) * Bs.d * W2s.T, W2s: sqrt(gamma) * W1.T * Bs.d})

CASES = (
    Case(
        id="balancedness_gradient_flow",
        source="S. Du, W. Hu, J. Lee, Algorithmic Regularization in Learning Deep Homogeneous "
        "Models (2018): balancedness is conserved",
        sde=flow,
        f=D,
        drift=ZeroMatrix(l, l),
        martingale=ZeroMatrix(l, l),
        wrong={"transpose lost": W1.T * R * W2.T - W2 * R.T * W1},
        sizes=WIDTHS,
    ),
    Case(
        id="balancedness_noise",
        source="worked out by hand: dW1'dW1 = tr(C)W2W2' dt and dW2 dW2' = k W1'CW1 dt",
        sde=coloured,
        f=D,
        drift=tr(C) * W2 * W2.T - k * W1.T * C * W1,
        martingale=ZeroMatrix(l, l),
        wrong={
            "p for tr C": p * W2 * W2.T - k * W1.T * C * W1,
            "C lost": tr(C) * W2 * W2.T - k * W1.T * W1,
            "sign": tr(C) * W2 * W2.T + k * W1.T * C * W1,
        },
        wrong_martingale={"transpose lost": W1.T * BC.d * W2.T - W2 * BC.d.T * W1},
        sizes=WIDTHS,
    ),
    Case(
        id="balancedness_equal_sizes",
        source="worked out by hand: p = k and C = γI give dD = −γpD dt",
        sde=square,
        f=W1.T * W1 - W2s * W2s.T,
        drift=-gamma * p * (W1.T * W1 - W2s * W2s.T),
        martingale=ZeroMatrix(l, l),
        wrong={
            "√γ": -sqrt(gamma) * p * (W1.T * W1 - W2s * W2s.T),
            "sign": gamma * p * (W1.T * W1 - W2s * W2s.T),
            "conserved": ZeroMatrix(l, l),
        },
        sizes=({p: 1, l: 2}, {p: 2, l: 3}, {p: 3, l: 2}),
    ),
    Case(
        id="end_to_end_matrix",
        source="worked out by hand: d(W1W2) = dB W2'W2 + W1W1'dB + dB P'dB, dB P'dB = CP dt",
        sde=coloured,
        f=P,
        drift=R * W2.T * W2 + S1 * R + C * P,
        martingale=BC.d * W2.T * W2 + S1 * BC.d,
        wrong={"C lost": R * W2.T * W2 + S1 * R + P, "no Itô term": R * W2.T * W2 + S1 * R},
        sizes=WIDTHS,
    ),
    Case(
        id="first_layer_gram",
        source="worked out by hand: dB W2'W2 dB' = |W2|² C dt",
        sde=coloured,
        f=S1,
        drift=R * P.T + P * R.T + tr(W2.T * W2) * C,
        martingale=BC.d * P.T + P * BC.d.T,
        wrong={"C lost": R * P.T + P * R.T + tr(W2.T * W2) * Identity(p), "k C": k * C},
        sizes=WIDTHS,
    ),
    Case(
        id="second_layer_gram",
        source="worked out by hand: dB'W1W1'dB = tr(C W1W1') I dt",
        sde=coloured,
        f=W2.T * W2,
        drift=P.T * R + R.T * P + tr(C * S1) * Identity(k),
        martingale=P.T * BC.d + BC.d.T * P,
        wrong={"|W1|²": P.T * R + R.T * P + tr(S1) * Identity(k)},
        sizes=WIDTHS,
    ),
    Case(
        id="first_layer_log_determinant",
        source="worked out by hand: tr(S⁻¹dS) − ½tr(S⁻¹dS S⁻¹dS), dS = dB P' + P dB' + |W2|²C dt",
        sde=coloured,
        f=logdet(S1),
        drift=2 * tr(S1.I * R * P.T)
        + tr(W2.T * W2) * tr(S1.I * C)
        - tr(S1.I * C * S1.I * P * P.T)
        - tr(S1.I * C) * tr(S1.I * P * P.T),
        martingale=2 * tr(P.T * S1.I * BC.d),
        wrong={
            "second Itô term lost": 2 * tr(S1.I * R * P.T)
            + tr(W2.T * W2) * tr(S1.I * C)
            - tr(S1.I * C) * tr(S1.I * P * P.T),
            "conserved": 0,
        },
        assuming=(Q.positive_definite(S1),),
        sizes=WIDTHS,
    ),
    Case(
        id="squared_norm",
        source="worked out by hand: |Θ|² gains 2·2tr(P'R) + |W2|²tr C + k tr(C S1)",
        sde=coloured,
        f=tr(M),
        drift=4 * tr(P.T * R) + tr(C) * tr(W2.T * W2) + k * tr(C * S1),
        martingale=4 * tr(P.T * BC.d),
        wrong={"p for tr C": 4 * tr(P.T * R) + p * tr(W2.T * W2) + k * tr(C * S1)},
        wrong_martingale={"one layer": 2 * tr(P.T * BC.d)},
        sizes=WIDTHS,
    ),
    Case(
        id="squared_norm_general_noise",
        source="worked out by hand: |S(G_i)Θ|² summed",
        sde=general,
        f=tr(M),
        drift=4 * tr(P.T * R) + total(tr(W2.T * W2 * G[i].T * G[i]) + tr(S1 * G[i] * G[i].T), i),
        martingale=4 * total(tr(P.T * G[i]) * beta[i].d, i),
        wrong={
            "transposes exchanged": 4 * tr(P.T * R)
            + total(tr(W2.T * W2 * G[i].T * G[i]) - tr(S1 * G[i] * G[i].T), i),
        },
        wrong_martingale={"sum inside": 4 * total(tr(P.T * G[i]), i) * total(beta[i].d, i)},
        sizes=WITH_DATA[:3],
    ),
    Covariation(
        id="norm_of_each_layer",
        source="worked out by hand: 2tr(P'dB)·2tr(P'dB) = 4tr(P'CP)",
        sde=coloured,
        f=tr(W1 * W1.T),
        g=tr(W2.T * W2),
        rate=4 * tr(P.T * C * P),
        wrong={"C lost": 4 * tr(P.T * P), "2": 2 * tr(P.T * C * P)},
        sizes=WIDTHS,
    ),
    Covariation(
        id="log_determinant_with_anything",
        source=f"{RD}, Theorem 4.2: no martingale part",
        sde=coloured,
        f=logdet(M),
        g=tr(M**2),
        rate=0,
        wrong={"as if it had one": 8 * tr(P.T * C * P)},
        assuming=REGULAR,
        sizes=WIDTHS,
    ),
)
