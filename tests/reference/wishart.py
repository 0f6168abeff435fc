"""Wishart processes: determinant, inverse, traces of powers, entries."""

from __future__ import annotations

from typing import Any

from sympy import Identity, Q, ZeroMatrix, log, sqrt

from derivations import Brownian, MatrixSDE, State, det, dims, dt, entry, logdet, positive, tr
from tests.reference.case import Case, Covariation

BRU = "M.-F. Bru, Wishart processes, J. Theoretical Probability 4 (1991)"
n, m = dims("n m")
c = positive("c")
I = Identity(n)
Z, W = State("Z", n, m), Brownian("W", n, m)
wishart = MatrixSDE({Z: W.d})
M = Z * Z.T
REGULAR = (Q.positive_definite(M),)
WIDE = ({n: 1, m: 1}, {n: 1, m: 3}, {n: 2, m: 2}, {n: 2, m: 3}, {n: 3, m: 3})
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
        source="B. Øksendal, Stochastic Differential Equations, 6th ed., Example 4.2.2 (Bessel), "
        "with nm components",
        sde=wishart,
        f=sqrt(tr(M)),
        drift=(n * m - 1) / (2 * sqrt(tr(M))),
        martingale=tr(Z.T * W.d) / sqrt(tr(M)),
        wrong={"nm": n * m / (2 * sqrt(tr(M))), "no ½": (n * m - 1) / sqrt(tr(M))},
        sizes=({n: 1, m: 1}, {n: 2, m: 2}, {n: 2, m: 3}),
    ),
    Case(
        id="wishart_log_trace_ratio",
        source="worked out by hand: log det S − n log tr S; the second has drift n(nm−2)/tr S",
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


CASES = (*WISHART, *WISHART_COVARIATIONS)
