"""Matrix geometric Brownian motion, Wishart processes, linear systems, determinants, inverses."""

from __future__ import annotations

from typing import Any

from sympy import Identity, Q, ZeroMatrix, log, sqrt

from derivations.expressions import det, entry, logdet, total, tr
from derivations.sde import MatrixSDE
from derivations.symbols import (
    Brownian,
    BrownianFamily,
    Family,
    Parameter,
    State,
    dims,
    dt,
    index,
    positive,
)
from tests.reference.case import Case, Covariation

BRU = "M.-F. Bru, Wishart processes, J. Theoretical Probability 4 (1991)"
n, m, r = dims("n m r")
c = positive("c")
I = Identity(n)  # noqa: E741 - the identity

# ---------------------------------------------------------- matrix geometric Brownian motion
X, B = State("X", n, n), Brownian("B", n, n)
A, C, D, P, G = (Parameter(name, n, n) for name in "ACDPG")
CC, DD = (
    Parameter("CC", n, n, positive_definite=True),
    Parameter("DD", n, n, positive_definite=True),
)
Bcd = Brownian("Bcd", n, n, row_covariance=CC, column_covariance=DD)

right = MatrixSDE({X: X * A * dt + X * B.d})
left = MatrixSDE({X: A * X * dt + B.d * X})
coloured = MatrixSDE({X: X * A * dt + X * Bcd.d})
flat = MatrixSDE({X: A * dt + B.d})
SQUARE = ({n: 1}, {n: 2}, {n: 3})
BY_HAND_INVERSE = "worked out by hand: dX⁻¹ = −X⁻¹dX X⁻¹ + X⁻¹dX X⁻¹dX X⁻¹, dB dB = I dt"

GEOMETRIC = (
    Case(
        id="matrix_geometric_inverse_right",
        source=BY_HAND_INVERSE,
        sde=right,
        f=X.I,
        drift=(I - A) * X.I,
        martingale=-B.d * X.I,
        wrong={
            "no Itô term": -A * X.I,
            "½": (I / 2 - A) * X.I,
            "n for 1": (n * I - A) * X.I,
            "sides exchanged": X.I * (I - A),
        },
        wrong_martingale={"sign": B.d * X.I, "sides exchanged": -X.I * B.d},
        sizes=SQUARE,
    ),
    Case(
        id="matrix_geometric_inverse_left",
        source=BY_HAND_INVERSE,
        sde=left,
        f=X.I,
        drift=X.I * (I - A),
        martingale=-X.I * B.d,
        wrong={"no Itô term": -X.I * A, "sides exchanged": (I - A) * X.I},
        wrong_martingale={"transpose": -X.I * B.d.T},
        sizes=SQUARE,
    ),
    Case(
        id="matrix_geometric_inverse_coloured",
        source="worked out by hand: dB dB = C D dt for E dB_ia dB_jb = C_ij D_ab dt",
        sde=coloured,
        f=X.I,
        drift=(CC * DD - A) * X.I,
        martingale=-Bcd.d * X.I,
        wrong={
            "D C": (DD * CC - A) * X.I,
            "D lost": (CC - A) * X.I,
            "tr D": (tr(DD) * CC - A) * X.I,
        },
        sizes=SQUARE,
    ),
    Case(
        id="matrix_geometric_inverse_square",
        source="worked out by hand: X⁻² = X⁻¹X⁻¹, dX⁻¹ = −dB X⁻¹ + X⁻¹dt, cross term dB X⁻¹dB X⁻¹",
        sde=MatrixSDE({X: X * B.d}),
        f=X**-2,
        drift=2 * X**-2 + X.I.T * X.I,
        martingale=-B.d * X**-2 - X.I * B.d * X.I,
        wrong={"transpose lost": 3 * X**-2, "cross term lost": 2 * X**-2},
        sizes=SQUARE,
    ),
    Case(
        id="matrix_geometric_determinant_left",
        source="worked out by hand: (tr dB)² = n dt and tr(dB dB) = n dt cancel",
        sde=left,
        f=det(X),
        drift=det(X) * tr(A),
        martingale=det(X) * tr(B.d),
        wrong={
            "only (tr dB)²": det(X) * (tr(A) + n / 2),
            "only tr(dB dB)": det(X) * (tr(A) - n / 2),
        },
        wrong_martingale={"det lost": tr(B.d)},
        sizes=SQUARE,
    ),
    Case(
        id="matrix_geometric_determinant_coloured",
        source="worked out by hand: ½[(tr dB)² − tr(dB dB)] = ½[tr(CD) − tr(CD)]",
        sde=coloured,
        f=det(X),
        drift=det(X) * tr(A),
        martingale=det(X) * tr(Bcd.d),
        wrong={"tr C tr D": det(X) * (tr(A) + tr(CC) * tr(DD) / 2 - tr(CC * DD) / 2)},
        sizes=SQUARE,
    ),
    Case(
        id="determinant_of_brownian_matrix",
        source="worked out by hand: ½det X[tr(X⁻¹X⁻ᵀ) − tr(X⁻¹X⁻ᵀ)] = 0, a local martingale",
        sde=flat,
        f=det(X),
        drift=det(X) * tr(X.I * A),
        martingale=det(X) * tr(X.I * B.d),
        wrong={
            "first contraction only": det(X) * (tr(X.I * A) + tr(X.I * X.I.T) / 2),
            "transposes confused": det(X) * (tr(X.I * A) + tr(X.I * X.I.T) / 2 - tr(X.I * X.I) / 2),
        },
        wrong_martingale={"transpose": det(X) * tr(X.I.T * B.d)},
        sizes=SQUARE,
    ),
    Case(
        id="determinant_squared",
        source="worked out by hand: ½·2·d⟨det X⟩ = det² tr(X⁻¹X⁻ᵀ) dt",
        sde=MatrixSDE({X: B.d}),
        f=det(X) ** 2,
        drift=det(X) ** 2 * tr(X.I * X.I.T),
        martingale=2 * det(X) ** 2 * tr(X.I * B.d),
        wrong={
            "no Itô term": 0,
            "2": 2 * det(X) ** 2 * tr(X.I * X.I.T),
            "XᵀX": det(X) ** 2 * tr(X.I * X.I),
        },
        sizes=SQUARE,
    ),
    Covariation(
        id="determinant_with_trace",
        source="worked out by hand: det X tr(X⁻¹dB) tr(P dB) = det X tr(X⁻¹P') dt",
        sde=flat,
        f=det(X),
        g=tr(P * X),
        rate=det(X) * tr(X.I * P.T),
        wrong={"transpose lost": det(X) * tr(X.I * P)},
        sizes=SQUARE,
    ),
    Case(
        id="power_of_brownian_matrix",
        source="worked out by hand: d(X³) has dB X dB = X', X dB dB = X, dB dB X = X",
        sde=MatrixSDE({X: B.d}),
        f=X**3,
        drift=2 * X + X.T,
        martingale=B.d * X**2 + X * B.d * X + X**2 * B.d,
        wrong={"transpose lost": 3 * X, "n X": (n + 2) * X},
        sizes=SQUARE,
    ),
    Case(
        id="matrix_exponent_of_trace",
        source="worked out by hand: tr(PdB)² = |P|² dt, so the generator adds |P|²/2",
        sde=flat,
        f=tr(P * X) ** 3,
        drift=3 * tr(P * X) ** 2 * tr(P * A) + 3 * tr(P * X) * tr(P * P.T),
        martingale=3 * tr(P * X) ** 2 * tr(P * B.d),
        wrong={
            "transpose lost": 3 * tr(P * X) ** 2 * tr(P * A) + 3 * tr(P * X) * tr(P * P),
            "chain rule stops": 3 * tr(P * X) ** 2 * tr(P * A),
        },
        sizes=SQUARE,
    ),
)

# ------------------------------------------------------------------------- Wishart processes
Z, W = State("Z", n, m), Brownian("W", n, m)
wishart = MatrixSDE({Z: W.d})
M = Z * Z.T
REGULAR = (Q.positive_definite(M),)
WIDE = ({n: 1, m: 1}, {n: 1, m: 3}, {n: 2, m: 2}, {n: 2, m: 3}, {n: 3, m: 4})
TRACE = "worked out by hand: dS S^b dS = 2S^{b+1} + tr(S^{b+1})I + tr(S^b)S for dS = dB B' + B dB'"


def power_sum(q: int) -> Any:
    """The trace of S^q."""
    return tr(M**q) if q else n


def power_sum_drift(q: int) -> Any:
    """Drift of tr S^q for q ≥ 1: q(m+q−1) tr S^{q−1} + q Σ_{a=0}^{q−2} tr S^a tr S^{q−1−a}."""
    rest = sum(power_sum(a) * power_sum(q - 1 - a) for a in range(q - 1))
    return q * (m + q - 1) * power_sum(q - 1) + q * rest


WISHART = (
    Case(
        id="wishart",
        source=f"{BRU}: dS = dB B' + B dB' + m I dt",
        sde=wishart,
        f=M,
        drift=m * I,
        martingale=W.d * Z.T + Z * W.d.T,
        wrong={"n for m": n * I, "2m": 2 * m * I, "no Itô term": ZeroMatrix(n, n)},
        wrong_martingale={"twice one half": 2 * W.d * Z.T},
        sizes=WIDE,
    ),
    Case(
        id="wishart_log_determinant",
        source=f"{BRU}: the drift of log det S is (m−n−1) tr S⁻¹",
        sde=wishart,
        f=logdet(M),
        drift=(m - n - 1) * tr(M.I),
        martingale=2 * tr(Z.T * M.I * W.d),
        wrong={
            "m−n+1": (m - n + 1) * tr(M.I),
            "m−n": (m - n) * tr(M.I),
            "no Itô term": m * tr(M.I),
            "n and m exchanged": (n - m - 1) * tr(M.I),
            "S for S⁻¹": (m - n - 1) * tr(M),
        },
        wrong_martingale={"½": tr(Z.T * M.I * W.d)},
        assuming=REGULAR,
        sizes=WIDE,
    ),
    Case(
        id="wishart_determinant",
        source=f"{BRU}: d det S = 2 det S √(tr S⁻¹) dν + (m−n+1) det S tr S⁻¹ dt",
        sde=wishart,
        f=det(M),
        drift=(m - n + 1) * det(M) * tr(M.I),
        martingale=2 * det(M) * tr(Z.T * M.I * W.d),
        wrong={"as for log det": (m - n - 1) * det(M) * tr(M.I), "det lost": (m - n + 1) * tr(M.I)},
        assuming=REGULAR,
        sizes=WIDE,
    ),
    Case(
        id="wishart_inverse",
        source="worked out by hand: S⁻¹(dS S⁻¹dS)S⁻¹ with dS S⁻¹dS = (n+2)I + tr(S⁻¹)S",
        sde=wishart,
        f=M.I,
        drift=(n + 2 - m) * M**-2 + tr(M.I) * M.I,
        martingale=-M.I * (W.d * Z.T + Z * W.d.T) * M.I,
        wrong={
            "n−m": (n - m) * M**-2 + tr(M.I) * M.I,
            "trace term lost": (n + 2 - m) * M**-2,
            "no Itô term": -m * M**-2,
        },
        assuming=REGULAR,
        sizes=WIDE,
    ),
    *(
        Case(
            id=f"wishart_trace_power_{q}",
            source=TRACE,
            sde=wishart,
            f=tr(M**q),
            drift=power_sum_drift(q),
            martingale=2 * q * tr(Z.T * M ** (q - 1) * W.d) if q > 1 else 2 * tr(Z.T * W.d),
            wrong={
                "q−1 for q in the first term": power_sum_drift(q) - q * power_sum(q - 1),
                "no Itô term": q * m * power_sum(q - 1) if q > 1 else 0,
            },
            wrong_martingale={"½": q * tr(Z.T * M ** (q - 1) * W.d) if q > 1 else tr(Z.T * W.d)},
            sizes=WIDE,
        )
        for q in (1, 2, 3, 4)
    ),
    Case(
        id="wishart_trace_power_0",
        source="tr S⁰ = n is constant",
        sde=wishart,
        f=tr(M**0),
        drift=0,
        martingale=0,
        wrong={"n": n},
        sizes=WIDE,
    ),
    Case(
        id="wishart_trace_power_-1",
        source="worked out by hand: the trace of the drift of S⁻¹",
        sde=wishart,
        f=tr(M**-1),
        drift=(n + 2 - m) * tr(M**-2) + tr(M.I) ** 2,
        martingale=-2 * tr(Z.T * M**-2 * W.d),
        wrong={
            "tr S⁻² for (tr S⁻¹)²": (n + 3 - m) * tr(M**-2),
            "n−m+1": (n + 1 - m) * tr(M**-2) + tr(M.I) ** 2,
        },
        assuming=REGULAR,
        sizes=WIDE,
    ),
    Case(
        id="wishart_trace_power_-2",
        source="worked out by hand through the eigenvalues: f(λ) = λ⁻² in "
        "m Σf' + 2Σλf'' + ½Σ_{i≠j}(λ_i+λ_j)(f'(λ_i)−f'(λ_j))/(λ_i−λ_j)",
        sde=wishart,
        f=tr(M**-2),
        drift=(2 * n - 2 * m + 6) * tr(M**-3) + 4 * tr(M**-1) * tr(M**-2),
        martingale=-4 * tr(Z.T * M**-3 * W.d),
        wrong={
            "12−2m": (12 - 2 * m) * tr(M**-3),
            "2 tr tr": (2 * n - 2 * m + 6) * tr(M**-3) + 2 * tr(M**-1) * tr(M**-2),
        },
        assuming=REGULAR,
        sizes=WIDE,
    ),
    Case(
        id="wishart_squared_trace",
        source="worked out by hand: 2 tr S·nm + d⟨tr S⟩, d⟨tr S⟩ = 4 tr S dt",
        sde=wishart,
        f=tr(M) ** 2,
        drift=(2 * n * m + 4) * tr(M),
        martingale=4 * tr(M) * tr(Z.T * W.d),
        wrong={
            "as tr S²": 2 * (m + n + 1) * tr(M),
            "no Itô term": 2 * n * m * tr(M),
            "½ kept": (2 * n * m + 2) * tr(M),
        },
        wrong_martingale={"½": 2 * tr(M) * tr(Z.T * W.d)},
        sizes=WIDE,
    ),
    Case(
        id="wishart_root_of_trace",
        source="B. Øksendal, Stochastic Differential Equations, 6th ed., Example 4.2.2 (Bessel), nm components",
        sde=wishart,
        f=sqrt(tr(M)),
        drift=(n * m - 1) / (2 * sqrt(tr(M))),
        martingale=tr(Z.T * W.d) / sqrt(tr(M)),
        wrong={"nm": n * m / (2 * sqrt(tr(M))), "no ½": (n * m - 1) / sqrt(tr(M))},
        sizes=({n: 1, m: 1}, {n: 2, m: 2}, {n: 2, m: 3}),
    ),
    Case(
        id="wishart_log_trace_ratio",
        source="worked out by hand: log det S − n log tr S; the second has drift n(2−nm)... /tr S",
        sde=wishart,
        f=logdet(M) - n * log(tr(M)),
        drift=(m - n - 1) * tr(M.I) - n * (n * m - 2) / tr(M),
        martingale=2 * tr(Z.T * M.I * W.d) - 2 * n * tr(Z.T * W.d) / tr(M),
        wrong={"no Itô term in log tr": (m - n - 1) * tr(M.I) - n * n * m / tr(M)},
        assuming=REGULAR,
        sizes=WIDE,
    ),
    Case(
        id="wishart_mean_reverting",
        source=f"{BRU}: B an Ornstein-Uhlenbeck matrix; by hand −2cn added",
        sde=MatrixSDE({Z: -c * Z * dt + W.d}),
        f=logdet(M),
        drift=(m - n - 1) * tr(M.I) - 2 * c * n,
        martingale=2 * tr(Z.T * M.I * W.d),
        wrong={"cn": (m - n - 1) * tr(M.I) - c * n, "2cm": (m - n - 1) * tr(M.I) - 2 * c * m},
        assuming=REGULAR,
        sizes=WIDE,
    ),
    Case(
        id="wishart_entry",
        source=f"{BRU}: the diagonal of S has drift m, off it 0",
        sde=wishart,
        f=entry(M, 0, 1),
        drift=0,
        martingale=entry(W.d * Z.T, 0, 1) + entry(W.d * Z.T, 1, 0),
        wrong={"as on the diagonal": m},
        wrong_martingale={"one half": entry(W.d * Z.T, 0, 1)},
        sizes=({n: 2, m: 1}, {n: 3, m: 2}),
    ),
    Case(
        id="wishart_diagonal_entry",
        source=f"{BRU}: the diagonal of S has drift m, off it 0",
        sde=wishart,
        f=entry(M, 1, 1),
        drift=m,
        martingale=2 * entry(W.d * Z.T, 1, 1),
        wrong={"n": n, "2m": 2 * m},
        wrong_martingale={"½": entry(W.d * Z.T, 1, 1)},
        sizes=({n: 2, m: 1}, {n: 3, m: 2}),
    ),
    Case(
        id="wishart_product_of_entries",
        source=f"{BRU}: d⟨S_ij, S_kl⟩ = (S_ik δ_jl + S_il δ_jk + S_jk δ_il + S_jl δ_ik) dt",
        sde=wishart,
        f=entry(M, 0, 0) * entry(M, 0, 1),
        drift=(m + 2) * entry(M, 0, 1),
        martingale=2 * entry(M, 0, 1) * entry(W.d * Z.T, 0, 0)
        + entry(M, 0, 0) * (entry(W.d * Z.T, 0, 1) + entry(W.d * Z.T, 1, 0)),
        wrong={"m+1": (m + 1) * entry(M, 0, 1), "m": m * entry(M, 0, 1)},
        sizes=({n: 2, m: 1}, {n: 3, m: 2}),
    ),
)

WISHART_COVARIATIONS = tuple(
    Covariation(
        id=f"wishart_{name}",
        source=source,
        sde=wishart,
        f=f,
        g=g,
        rate=rate,
        wrong=wrong,
        assuming=REGULAR,
        sizes=WIDE[2:],
    )
    for name, source, f, g, rate, wrong in (
        (
            "log_determinant_with_itself",
            f"{BRU}: d⟨log det S⟩ = 4 tr S⁻¹ dt",
            logdet(M),
            logdet(M),
            4 * tr(M.I),
            {"2": 2 * tr(M.I), "S⁻²": 4 * tr(M**-2)},
        ),
        (
            "log_determinant_with_trace",
            "worked out by hand: 2tr(Z'S⁻¹dB)·2tr(Z'dB) = 4 tr(Z'S⁻¹Z) = 4n",
            logdet(M),
            tr(M),
            4 * n,
            {"m": 4 * m, "2n": 2 * n},
        ),
        (
            "trace_with_trace_of_square",
            "worked out by hand: 2tr(Z'dB)·4tr(Z'S dB) = 8 tr S²",
            tr(M),
            tr(M**2),
            8 * tr(M**2),
            {"4": 4 * tr(M**2), "(tr S)²": 8 * tr(M) ** 2},
        ),
        (
            "entries_00_00",
            f"{BRU}: d⟨S_ij, S_kl⟩, i=j=k=l",
            entry(M, 0, 0),
            entry(M, 0, 0),
            4 * entry(M, 0, 0),
            {"2": 2 * entry(M, 0, 0), "square": 4 * entry(M, 0, 0) ** 2},
        ),
        (
            "entries_00_01",
            f"{BRU}: d⟨S_ij, S_kl⟩, i=j=k≠l",
            entry(M, 0, 0),
            entry(M, 0, 1),
            2 * entry(M, 0, 1),
            {"1": entry(M, 0, 1), "4": 4 * entry(M, 0, 1)},
        ),
        (
            "entries_01_01",
            f"{BRU}: d⟨S_ij, S_kl⟩, i=k≠j=l",
            entry(M, 0, 1),
            entry(M, 1, 0),
            entry(M, 0, 0) + entry(M, 1, 1),
            {"with S_01": entry(M, 0, 0) + entry(M, 1, 1) + 2 * entry(M, 0, 1)},
        ),
        (
            "entries_00_11",
            f"{BRU}: d⟨S_ij, S_kl⟩, i=j≠k=l",
            entry(M, 0, 0),
            entry(M, 1, 1),
            0,
            {"as if one row": 4 * entry(M, 0, 1)},
        ),
        (
            "trace_with_entry",
            "worked out by hand: 2tr(Z'dB)·2(dB Z')_01 sums to 4 S_01",
            tr(M),
            entry(M, 0, 1),
            4 * entry(M, 0, 1),
            {"2": 2 * entry(M, 0, 1)},
        ),
    )
)

# ------------------------------------------------------------- coloured noise, sums of noises
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
TALL = ({n: 1, m: 2, r: 1}, {n: 2, m: 1, r: 2}, {n: 2, m: 2, r: 3})

SUMS = (
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
)

# ------------------------------------------------------------------------------ linear systems
i = index("i", r)
x, w = State("x", n), Brownian("w", m)
Sigma = Parameter("Sigma", n, m)
Psym = Parameter("Psym", n, n, symmetric=True)
Gs, betas = Family("Gs", n, n), BrownianFamily("betas")
linear = MatrixSDE({x: A * x * dt + Sigma * w.d})
bilinear = MatrixSDE({x: A * x * dt + total(Gs[i] * x * betas[i].d, i)})
KHASMINSKII = "R. Khasminskii, Stochastic Stability of Differential Equations, 2nd ed. (2012)"
SYSTEM = ({n: 1, m: 1, r: 1}, {n: 2, m: 3, r: 2}, {n: 3, m: 2, r: 3})
SS = x.T * x

LINEAR = (
    Case(
        id="quadratic_form",
        source=f"{KHASMINSKII}, quadratic Lyapunov functions: L x'Px = x'(A'P+PA)x + tr(Σ'PΣ)",
        sde=linear,
        f=tr(x.T * Psym * x),
        drift=tr(x.T * (A.T * Psym + Psym * A) * x) + tr(Sigma.T * Psym * Sigma),
        martingale=2 * tr(x.T * Psym * Sigma * w.d),
        wrong={
            "½ kept": tr(x.T * (A.T * Psym + Psym * A) * x) + tr(Sigma.T * Psym * Sigma) / 2,
            "no Itô term": tr(x.T * (A.T * Psym + Psym * A) * x),
        },
        wrong_martingale={"2 lost": tr(x.T * Psym * Sigma * w.d)},
        sizes=SYSTEM,
    ),
    Case(
        id="quadratic_form_not_symmetric",
        source="worked out by hand: the antisymmetric part of P drops out",
        sde=linear,
        f=tr(x.T * P * x),
        drift=tr(x.T * (A.T * P + P * A) * x) + tr(Sigma.T * P * Sigma),
        martingale=tr(x.T * (P + P.T) * Sigma * w.d),
        wrong={"no Itô term": tr(x.T * (A.T * P + P * A) * x)},
        wrong_martingale={"P taken symmetric": 2 * tr(x.T * P * Sigma * w.d)},
        sizes=SYSTEM,
    ),
    Case(
        id="second_moment",
        source=f"{KHASMINSKII}: Lyapunov equation for xx'",
        sde=linear,
        f=x * x.T,
        drift=A * x * x.T + x * x.T * A.T + Sigma * Sigma.T,
        martingale=Sigma * w.d * x.T + x * w.d.T * Sigma.T,
        wrong={"transpose lost": A * x * x.T + x * x.T * A + Sigma * Sigma.T},
        sizes=SYSTEM,
    ),
    Case(
        id="quadratic_form_multiplicative_noise",
        source=f"{KHASMINSKII}: L x'Px = x'(A'P + PA + Σ G_i'PG_i)x",
        sde=bilinear,
        f=tr(x.T * Psym * x),
        drift=tr(x.T * (A.T * Psym + Psym * A) * x)
        + total(tr(x.T * Gs[i].T * Psym * Gs[i] * x), i),
        martingale=total(2 * tr(x.T * Psym * Gs[i] * x) * betas[i].d, i),
        wrong={
            "transpose lost": tr(x.T * (A.T * Psym + Psym * A) * x)
            + total(tr(x.T * Gs[i] * Psym * Gs[i] * x), i),
            "no Itô term": tr(x.T * (A.T * Psym + Psym * A) * x),
        },
        sizes=SYSTEM,
    ),
    Case(
        id="furstenberg_khasminskii",
        source=f"{KHASMINSKII}, Section 6.7 (Furstenberg-Khasminskii): drift of log|x|², by hand "
        "2x'Ax/|x|² + Σ|G_i x|²/|x|² − 2Σ(x'G_i x)²/|x|⁴",
        sde=bilinear,
        f=log(tr(x.T * x)),
        drift=2 * tr(x.T * A * x) / tr(SS)
        + total(tr(x.T * Gs[i].T * Gs[i] * x), i) / tr(SS)
        - 2 * total(tr(x.T * Gs[i] * x) ** 2, i) / tr(SS) ** 2,
        martingale=total(2 * tr(x.T * Gs[i] * x) * betas[i].d, i) / tr(SS),
        wrong={
            "square outside the sum": 2 * tr(x.T * A * x) / tr(SS)
            + total(tr(x.T * Gs[i].T * Gs[i] * x), i) / tr(SS)
            - 2 * total(tr(x.T * Gs[i] * x), i) ** 2 / tr(SS) ** 2,
            "2 lost": 2 * tr(x.T * A * x) / tr(SS)
            + total(tr(x.T * Gs[i].T * Gs[i] * x), i) / tr(SS)
            - total(tr(x.T * Gs[i] * x) ** 2, i) / tr(SS) ** 2,
        },
        sizes=SYSTEM,
    ),
    Case(
        id="bessel_of_a_vector",
        source="B. Øksendal, Stochastic Differential Equations, 6th ed., Example 4.2.2 (Bessel process)",
        sde=MatrixSDE({x: (wn := Brownian("wn", n)).d}),
        f=sqrt(tr(x.T * x)),
        drift=(n - 1) / (2 * sqrt(tr(SS))),
        martingale=tr(x.T * wn.d) / sqrt(tr(SS)),
        wrong={"n": n / (2 * sqrt(tr(SS))), "½ lost": (n - 1) / sqrt(tr(SS))},
        sizes=({n: 1}, {n: 2}, {n: 4}),
    ),
    Covariation(
        id="squared_norm_of_a_vector",
        source="worked out by hand: 4x'ΣΣ'x",
        sde=linear,
        f=tr(x.T * x),
        g=tr(x.T * x),
        rate=4 * tr(x.T * Sigma * Sigma.T * x),
        wrong={"2": 2 * tr(x.T * Sigma * Sigma.T * x), "white": 4 * tr(x.T * x)},
        sizes=SYSTEM,
    ),
    Covariation(
        id="components_of_a_vector",
        source="worked out by hand: (ΣΣ')_01",
        sde=linear,
        f=entry(x, 0, 0),
        g=entry(x, 1, 0),
        rate=entry(Sigma * Sigma.T, 0, 1),
        wrong={"0": 0, "diagonal": entry(Sigma * Sigma.T, 0, 0)},
        sizes=SYSTEM[1:],
    ),
)

CASES = (*GEOMETRIC, *WISHART, *WISHART_COVARIATIONS, *SUMS, *LINEAR)
