"""Matrix geometric Brownian motion, inverses and determinants of square Brownian matrices."""

from __future__ import annotations

from sympy import Identity

from derivations import Brownian, MatrixSDE, Parameter, State, det, dims, dt, tr
from tests.reference.case import Case, Covariation

n = dims("n")
I = Identity(n)
X, B = State("X", n, n), Brownian("B", n, n)
A, P = Parameter("A", n, n), Parameter("P", n, n)
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

CASES = (
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
