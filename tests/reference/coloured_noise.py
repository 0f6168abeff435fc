"""Given covariances, several matrix Brownian motions, and sums that share a noise or do not."""

from __future__ import annotations

from sympy import Identity, Q, ZeroMatrix

from derivations import Brownian, MatrixSDE, Parameter, State, det, dims, entry, logdet, tr
from tests.reference.case import Case, Covariation

n, m, r = dims("n m r")
I = Identity(n)
Z, W = State("Z", n, m), Brownian("W", n, m)
M = Z * Z.T
CC = Parameter("CC", n, n, positive_definite=True)
REGULAR = (Q.positive_definite(M),)
WIDE = ({n: 1, m: 1}, {n: 1, m: 3}, {n: 2, m: 2}, {n: 2, m: 3}, {n: 3, m: 3})
Wcd = Brownian(
    "Wcd",
    n,
    m,
    row_covariance=CC,
    column_covariance=Parameter("Dm", m, m, positive_definite=True),
)
Dm = Wcd.d.column_covariance
Y, V = State("Y", n, r), Brownian("V", n, r)
U, VU = State("U", n, m), Brownian("VU", n, m)
S2 = Z * Z.T + Y * Y.T
both = MatrixSDE({Z: W.d, Y: V.d})
one_noise = MatrixSDE({Z: W.d, U: W.d})
two_noises = MatrixSDE({Z: W.d, U: VU.d})
rho = Parameter("rho")
tied = MatrixSDE({Z: W.d, U: VU.d}, correlation={(W, VU): rho})
SU = Z * Z.T + U * U.T
K = Z + U
QK = K * K.T
E1, E2 = Parameter("E1", n, m), Parameter("E2", n, m)
E3, E4 = Parameter("E3", m, n), Parameter("E4", m, n)
L, K2 = Parameter("L", n, n), Parameter("K2", n, n)
Yt = State("Yt", m, n)
mirrored = MatrixSDE({Z: VU.d, Yt: VU.d.T})
N = I + Z * Yt
TALL = ({n: 1, m: 2, r: 1}, {n: 2, m: 1, r: 2}, {n: 2, m: 2, r: 3})

CASES = (
    Case(
        id="coloured_wishart",
        source="worked out by hand: dB dB' = tr(D) C dt",
        sde=MatrixSDE({Z: Wcd.d}),
        f=M,
        drift=tr(Dm) * CC,
        martingale=Wcd.d * Z.T + Z * Wcd.d.T,
        wrong={"D lost": m * CC, "C lost": tr(Dm) * I},
        sizes=WIDE,
    ),
    Case(
        id="coloured_wishart_log_determinant",
        source="worked out by hand: tr D tr(S⁻¹C) − tr(S⁻¹C S⁻¹ZDZ') − tr(S⁻¹C)tr(Z'S⁻¹ZD)",
        sde=MatrixSDE({Z: Wcd.d}),
        f=logdet(M),
        drift=tr(Dm) * tr(M.I * CC)
        - tr(M.I * CC * M.I * Z * Dm * Z.T)
        - tr(M.I * CC) * tr(Z.T * M.I * Z * Dm),
        martingale=2 * tr(Z.T * M.I * Wcd.d),
        wrong={
            "as for white noise": (m - n - 1) * tr(M.I * CC),
            "first Itô term lost": tr(Dm) * tr(M.I * CC) - tr(M.I * CC) * tr(Z.T * M.I * Z * Dm),
        },
        assuming=REGULAR,
        sizes=WIDE,
    ),
    Case(
        id="log_determinant_of_a_sum_independent",
        source="[Z, Y] is one Brownian matrix with m+r columns: Wishart with m+r",
        sde=both,
        f=logdet(S2),
        drift=(m + r - n - 1) * tr(S2.I),
        martingale=2 * tr(Z.T * S2.I * W.d) + 2 * tr(Y.T * S2.I * V.d),
        wrong={"m−n−1": (m - n - 1) * tr(S2.I), "m+r−2n−2": (m + r - 2 * n - 2) * tr(S2.I)},
        wrong_martingale={"second lost": 2 * tr(Z.T * S2.I * W.d)},
        assuming=(Q.positive_definite(S2),),
        sizes=TALL,
    ),
    Case(
        id="log_determinant_of_a_sum_shared",
        source="worked out by hand: dS = dB K' + K dB' + 2m I dt, K = Z + U",
        sde=one_noise,
        f=logdet(SU),
        drift=2 * m * tr(SU.I) - tr(SU**-2 * QK) - tr(SU.I * QK) * tr(SU.I),
        martingale=2 * tr(K.T * SU.I * W.d),
        wrong={
            "as if independent": (2 * m - n - 1) * tr(SU.I),
            "cross terms lost": 2 * m * tr(SU.I) - tr(SU**-2 * SU) - tr(SU.I * SU) * tr(SU.I),
        },
        assuming=(Q.positive_definite(SU),),
        sizes=({n: 1, m: 1}, {n: 2, m: 2}, {n: 3, m: 2}),
    ),
    Case(
        id="gram_of_a_sum_independent",
        source="worked out by hand: d(K K') has 2m I for independent noises",
        sde=two_noises,
        f=QK,
        drift=2 * m * I,
        martingale=(W.d + VU.d) * K.T + K * (W.d + VU.d).T,
        wrong={"shared": 4 * m * I, "one": m * I},
        sizes=WIDE,
    ),
    Case(
        id="gram_of_a_sum_shared",
        source="worked out by hand: K moves by 2dB, d(K K') has 4m I",
        sde=one_noise,
        f=QK,
        drift=4 * m * I,
        martingale=2 * W.d * K.T + 2 * K * W.d.T,
        wrong={"independent": 2 * m * I},
        sizes=WIDE,
    ),
    Case(
        id="gram_of_a_sum_correlated",
        source="worked out by hand: E dK dK' = (2 + 2ρ) m I dt",
        sde=tied,
        f=QK,
        drift=(2 + 2 * rho) * m * I,
        martingale=(W.d + VU.d) * K.T + K * (W.d + VU.d).T,
        wrong={"independent": 2 * m * I, "one cross term": (2 + rho) * m * I},
        sizes=WIDE,
    ),
    Case(
        id="log_determinant_of_a_gram_of_a_sum_correlated",
        source="K/√(2+2ρ) is a Brownian matrix: (m−n−1)(2+2ρ) tr(KK')⁻¹",
        sde=tied,
        f=logdet(QK),
        drift=(2 + 2 * rho) * (m - n - 1) * tr(QK.I),
        martingale=2 * tr(K.T * QK.I * (W.d + VU.d)),
        wrong={"independent": 2 * (m - n - 1) * tr(QK.I)},
        assuming=(Q.positive_definite(QK),),
        sizes=WIDE,
    ),
    Case(
        id="product_of_correlated_matrices",
        source="worked out by hand: dZ dU' = ρ m I dt",
        sde=tied,
        f=Z * U.T,
        drift=rho * m * I,
        martingale=W.d * U.T + Z * VU.d.T,
        wrong={"ρ lost": m * I, "n": rho * n * I, "independent": ZeroMatrix(n, n)},
        sizes=WIDE,
    ),
    Covariation(
        id="traces_of_correlated_matrices",
        source="worked out by hand: tr(P'dZ)tr(Q'dU) = ρ tr(P'Q) dt",
        sde=tied,
        f=tr(E1.T * Z),
        g=tr(E2.T * U),
        rate=rho * tr(E1.T * E2),
        wrong={"ρ lost": tr(E1.T * E2), "0": 0},
        sizes=WIDE,
    ),
    Covariation(
        id="traces_of_coloured_matrix",
        source="worked out by hand: tr(P dB)tr(Q dB) = tr(P C Q' D) dt",
        sde=MatrixSDE({Z: Wcd.d}),
        f=tr(E3 * Z),
        g=tr(E4 * Z),
        rate=tr(E3 * CC * E4.T * Dm),
        wrong={
            "white": tr(E3 * E4.T),
            "D lost": tr(E3 * CC * E4.T),
        },
        sizes=WIDE,
    ),
    Case(
        id="two_coloured_noises",
        source="worked out by hand: dB dB' = tr(D) C dt, L dV dV' L' = m LL' dt, no cross term",
        sde=MatrixSDE({Z: Wcd.d + L * VU.d}),
        f=M,
        drift=tr(Dm) * CC + m * L * L.T,
        martingale=(Wcd.d + L * VU.d) * Z.T + Z * (Wcd.d + L * VU.d).T,
        wrong={
            "L'L": tr(Dm) * CC + m * L.T * L,
            "cross term": tr(Dm) * CC + m * L * L.T + m * (L + L.T),
        },
        sizes=WIDE,
    ),
    Case(
        id="noise_between_two_matrices",
        source="worked out by hand: (L dV D)' P (L dV D) = D'dV'L'PL dV D = tr(L'PL) D'D dt",
        sde=MatrixSDE({Z: L * VU.d * Dm}),
        f=Z.T * K2 * Z,
        drift=tr(L.T * K2 * L) * Dm * Dm,
        martingale=Dm * VU.d.T * L.T * K2 * Z + Z.T * K2 * L * VU.d * Dm,
        wrong={"D once": tr(L.T * K2 * L) * Dm, "LL'": tr(L * K2 * L.T) * Dm * Dm},
        sizes=WIDE,
    ),
    Case(
        id="noise_and_its_transpose",
        source="worked out by hand: dZ dY = dB dB' = m I dt for dZ = dB, dY = dB'",
        sde=mirrored,
        f=Z * Yt,
        drift=m * I,
        martingale=VU.d * Yt + Z * VU.d.T,
        wrong={"as dB dB": I, "n": n * I},
        sizes=WIDE,
    ),
    Case(
        id="determinant_of_noise_and_its_transpose",
        source="worked out by hand: N = I + ZY, tr(N⁻¹dN) with dN = dB Y + Z dB' + m I dt, and "
        "½[(tr N⁻¹dN)² − tr(N⁻¹dN N⁻¹dN)]",
        sde=mirrored,
        f=det(N),
        drift=det(N)
        * (
            m * tr(N.I)
            + tr(Yt * N.I * N.I.T * Yt.T) / 2
            + tr(Z.T * N.I.T * N.I * Z) / 2
            + tr(N.I * Z * Yt * N.I)
            - tr(N.I * N.I.T * Yt.T * Yt) / 2
            - tr(N.I.T * N.I * Z * Z.T) / 2
            - tr(N.I) * tr(Yt * N.I * Z)
        ),
        martingale=det(N) * (tr(Yt * N.I * VU.d) + tr(N.I * Z * VU.d.T)),
        wrong={"no second order": det(N) * m * tr(N.I)},
        sizes=WIDE[:4],
    ),
    Covariation(
        id="coloured_noise_rows_and_columns",
        source="worked out by hand: d⟨Z_00, Z_11⟩ = C_01 D_01 dt",
        sde=MatrixSDE({Z: Wcd.d}),
        f=entry(Z, 0, 0),
        g=entry(Z, 1, 1),
        rate=entry(CC, 0, 1) * entry(Dm, 0, 1),
        wrong={"C_00 D_11": entry(CC, 0, 0) * entry(Dm, 1, 1), "0": 0},
        sizes=WIDE[2:],
    ),
)
