"""Linear systems of vectors, with additive and with multiplicative noise."""

from __future__ import annotations

from sympy import log, sqrt

from derivations import (
    Brownian,
    BrownianFamily,
    Family,
    MatrixSDE,
    Parameter,
    State,
    dims,
    dt,
    entry,
    index,
    total,
    tr,
)
from tests.reference.case import Case, Covariation

n, m, r = dims("n m r")
A, P = Parameter("A", n, n), Parameter("P", n, n)
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

CASES = (
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
        source=f"{KHASMINSKII}, Chapter 6 (Furstenberg-Khasminskii): drift of log|x|², by hand "
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
        source="B. Øksendal, Stochastic Differential Equations, 6th ed., Example 4.2.2 (Bessel)",
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
