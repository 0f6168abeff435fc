"""The contractions of a matrix Brownian motion, alone and inside longer words and traces."""

from __future__ import annotations

from sympy import Identity, ZeroMatrix

from derivations import Brownian, MatrixSDE, Parameter, S, State, det, dims, stack, tr
from tests.reference.case import Case, Covariation

SHEET = "theorem sheet, §0: contractions of a standard matrix Brownian motion"
BY_HAND = "worked out by hand: the sum over the pairs of differentials, each by the table"

a, b, c = dims("a b c")
Ia, Ib = Identity(a), Identity(b)
X, B = State("X", a, b), Brownian("B", a, b)
free = MatrixSDE({X: B.d})
Pa, Qa = Parameter("Pa", a, a), Parameter("Qa", a, a)
Pb, Qb = Parameter("Pb", b, b), Parameter("Qb", b, b)
P, Q_ = Parameter("P", b, a), Parameter("Q", b, a)
N = Parameter("N", c, a)
ALL = ({a: 1, b: 1, c: 1}, {a: 1, b: 3, c: 2}, {a: 3, b: 1, c: 1}, {a: 2, b: 3, c: 2})

TABLE = (
    Case(
        id="contraction_dB_P_dBt",
        source=f"{SHEET}: dB P dB' = tr(P) I",
        sde=free,
        f=X * Pb * X.T,
        drift=tr(Pb) * Ia,
        martingale=B.d * Pb * X.T + X * Pb * B.d.T,
        wrong={"b I": b * Ia, "half": tr(Pb) * Ia / 2, "0": ZeroMatrix(a, a)},
        sizes=ALL,
    ),
    Case(
        id="contraction_dBt_P_dB",
        source=f"{SHEET}: dB' P dB = tr(P) I",
        sde=free,
        f=X.T * Pa * X,
        drift=tr(Pa) * Ib,
        martingale=B.d.T * Pa * X + X.T * Pa * B.d,
        wrong={"a I": a * Ib},
        wrong_martingale={"P taken symmetric": 2 * X.T * Pa * B.d},
        sizes=ALL,
    ),
    Case(
        id="contraction_dB_P_dB",
        source=f"{SHEET}: dB P dB = P'",
        sde=free,
        f=X * P * X,
        drift=P.T,
        martingale=B.d * P * X + X * P * B.d,
        wrong={"twice": 2 * P.T, "0": ZeroMatrix(a, b)},
        sizes=ALL,
    ),
    Case(
        id="contraction_dBt_P_dBt",
        source=f"{SHEET}: dB' P dB' = P'",
        sde=free,
        f=X.T * P.T * X.T,
        drift=P,
        martingale=B.d.T * P.T * X.T + X.T * P.T * B.d.T,
        wrong={"twice": 2 * P},
        sizes=ALL,
    ),
    Covariation(
        id="contraction_trace_trace",
        source=f"{SHEET}: tr(P dB) tr(Q dB) = tr(P Q')",
        sde=free,
        f=tr(P * X),
        g=tr(Q_ * X),
        rate=tr(P * Q_.T),
        wrong={"product of traces": tr(P * P.T), "half": tr(P * Q_.T) / 2},
        sizes=ALL,
    ),
    Case(
        id="contraction_trace_word",
        source=f"{SHEET}: tr(P dB) dB = P'",
        sde=free,
        f=tr(P * X) * X,
        drift=P.T,
        martingale=tr(P * B.d) * X + tr(P * X) * B.d,
        wrong={"half": P.T / 2, "0": ZeroMatrix(a, b)},
        sizes=ALL,
    ),
    Case(
        id="contraction_trace_transposed_word",
        source=f"{SHEET}, transposed: tr(P dB) dB' = P",
        sde=free,
        f=tr(P * X) * X.T,
        drift=P,
        martingale=tr(P * B.d) * X.T + tr(P * X) * B.d.T,
        wrong={"half": P / 2},
        sizes=ALL,
    ),
)

LONGER = (
    Case(
        id="three_factors",
        source=f"{BY_HAND}: dB P dB Q X, X P dB Q dB, dB (P X Q) dB",
        sde=free,
        f=X * P * X * Q_ * X,
        drift=P.T * Q_ * X + X * P * Q_.T + Q_.T * X.T * P.T,
        martingale=B.d * P * X * Q_ * X + X * P * B.d * Q_ * X + X * P * X * Q_ * B.d,
        wrong={
            "outer pair lost": P.T * Q_ * X + X * P * Q_.T,
            "outer pair not transposed": P.T * Q_ * X + X * P * Q_.T + P.T * X.T * Q_.T,
        },
        sizes=ALL,
    ),
    Case(
        id="alternating_word",
        source=f"{BY_HAND}: dB Pb dB' = tr(Pb) I, dB'Pa dB = tr(Pa) I, dB (Pb X' Pa) dB = Pa'X Pb'",
        sde=free,
        f=X * Pb * X.T * Pa * X,
        drift=tr(Pb) * Pa * X + tr(Pa) * X * Pb + Pa.T * X * Pb.T,
        martingale=B.d * Pb * X.T * Pa * X + X * Pb * B.d.T * Pa * X + X * Pb * X.T * Pa * B.d,
        wrong={
            "outer pair not transposed": tr(Pb) * Pa * X + tr(Pa) * X * Pb + Pa * X * Pb,
            "outer pair lost": tr(Pb) * Pa * X + tr(Pa) * X * Pb,
            "traces exchanged": tr(Pa) * Pa * X + tr(Pb) * X * Pb + Pa.T * X * Pb.T,
        },
        sizes=ALL,
    ),
    Case(
        id="trace_of_four",
        source=f"{BY_HAND}: six pairs of tr(X Pb X' Pa X Qb X' Qa)",
        sde=free,
        f=tr(X * Pb * X.T * Pa * X * Qb * X.T * Qa),
        drift=tr(Pb) * tr(Pa * X * Qb * X.T * Qa)
        + tr(Pa) * tr(X * Pb * Qb * X.T * Qa)
        + tr(Qb) * tr(X * Pb * X.T * Pa * Qa)
        + tr(Qa) * tr(Pb * X.T * Pa * X * Qb)
        + tr(Pa.T * X * Pb.T * Qb * X.T * Qa)
        + tr(X * Pb * Qb.T * X.T * Pa.T * Qa),
        martingale=tr(Pb * X.T * Pa * X * Qb * X.T * Qa * B.d)
        + tr(X * Pb * B.d.T * Pa * X * Qb * X.T * Qa)
        + tr(Qb * X.T * Qa * X * Pb * X.T * Pa * B.d)
        + tr(X * Pb * X.T * Pa * X * Qb * B.d.T * Qa),
        wrong={
            "neighbours only": tr(Pb) * tr(Pa * X * Qb * X.T * Qa)
            + tr(Pa) * tr(X * Pb * Qb * X.T * Qa)
            + tr(Qb) * tr(X * Pb * X.T * Pa * Qa)
            + tr(Qa) * tr(Pb * X.T * Pa * X * Qb),
        },
        sizes=ALL,
    ),
    Case(
        id="two_traces",
        source=f"{BY_HAND}: ab from tr(dB'dB), 2tr(PX) from 2tr(X'dB)tr(P dB)",
        sde=free,
        f=tr(X.T * X) * tr(P * X),
        drift=(a * b + 2) * tr(P * X),
        martingale=2 * tr(X.T * B.d) * tr(P * X) + tr(X.T * X) * tr(P * B.d),
        wrong={"cross term halved": (a * b + 1) * tr(P * X), "cross term lost": a * b * tr(P * X)},
        sizes=ALL,
    ),
    Case(
        id="word_between_constants",
        source=f"{BY_HAND}: N dB P dB = N P'",
        sde=free,
        f=N * X * P * X * P,
        drift=N * P.T * P,
        martingale=N * B.d * P * X * P + N * X * P * B.d * P,
        wrong={"twice": 2 * N * P.T * P, "transposed last": N * P.T * Q_},
        sizes=ALL,
    ),
    Case(
        id="symmetric_block_squared",
        source="worked out by hand: S(dB)S(dB) = [[b I, 0], [0, a I]], its trace is 2ab",
        sde=free,
        f=tr(S(X) * S(X)),
        drift=2 * a * b,
        martingale=4 * tr(X.T * B.d),
        wrong={"one block": a * b, "(a+b)²": (a + b) ** 2},
        wrong_martingale={"one block": 2 * tr(X.T * B.d)},
        sizes=ALL,
    ),
    Case(
        id="symmetric_block_cubed",
        source="worked out by hand: tr S(X)³ = 0, an odd power has no diagonal block",
        sde=free,
        f=tr(S(X) ** 3),
        drift=0,
        martingale=0,
        wrong={"as for a full matrix": 3 * (a + b) * tr(X.T * X)},
        sizes=ALL,
    ),
    Case(
        id="symmetric_block_fourth_power",
        source="worked out by hand: 2 tr (XX')², whose drift is 4(a+b+1) tr XX'",
        sde=free,
        f=tr(S(X) ** 4),
        drift=4 * (a + b + 1) * tr(X.T * X),
        martingale=8 * tr(X.T * X * X.T * B.d),
        wrong={"half": 2 * (a + b + 1) * tr(X.T * X), "a+b": 4 * (a + b) * tr(X.T * X)},
        sizes=ALL,
    ),
    Case(
        id="stack_with_itself",
        source="worked out by hand: [X; X][X; X]' has trace 2|X|², drift 2ab",
        sde=free,
        f=tr(stack(X, X) * stack(X, X).T),
        drift=2 * a * b,
        martingale=4 * tr(X.T * B.d),
        wrong={"one block": a * b, "all four blocks": 4 * a * b},
        sizes=ALL,
    ),
    Case(
        id="determinant_of_gram_of_a_stack",
        source="worked out by hand: det([X; X]'[X; X]) = 2^b det(X'X), a Wishart determinant",
        sde=free,
        f=det(stack(X, X).T * stack(X, X)),
        drift=2**b * (a - b + 1) * det(X.T * X) * tr((X.T * X).I),
        martingale=2 * 2**b * det(X.T * X) * tr((X.T * X).I * X.T * B.d),
        wrong={"2^b lost": (a - b + 1) * det(X.T * X) * tr((X.T * X).I)},
        sizes=({a: 2, b: 1}, {a: 3, b: 2}),
    ),
)

CASES = (*TABLE, *LONGER)
