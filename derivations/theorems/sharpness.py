"""The trace of the Hessian of a matrix factorization, and the noise equilibrium (seed 003).

For the mean of |UWx − y|², q outputs, tr H = 2(q tr WΣ_xW' + tr(Σ_x)|U|²), derived as the generator
of √2 times a Brownian motion of all parameters, the Laplacian.  Along an orbit (UC⁻¹, CW), Q = C'C,
it is 2(q tr(QM) + c tr(Q⁻¹N)) with M = WΣ_xW', N = U'U, c = tr Σ_x.  If P is the equilibrium under
isotropic Σ_r, q PMP = cN, then

    q tr(QM) + c tr(Q⁻¹N) − 2q tr(PM) = q tr((Q − P)Q⁻¹(Q − P)M) ≥ 0,

and 0 for Q = P alone: isotropic noise leads to the flattest point of the orbit.  With N = U'Σ_rU
and tr(Σ_r) for q the same identity says that every equilibrium minimises
tr(Σ_r)tr(QM) + c tr(Q⁻¹N), which is not tr H where Σ_r is anisotropic: from the flattest start the
noise then sharpens.
"""

from typing import Any

from sympy import Inverse, sqrt

from derivations import (
    Brownian,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    SignClaim,
    State,
    Theorem,
    dims,
    dt,
    positive,
    tr,
)

from ._noise_equilibrium import NO_TRAINING, PAPER

q, h, p = dims("q h p")
U, W = State("U", q, h), State("W", h, p)
Sx = Parameter("Sigma_x", p, p, positive_definite=True)
TRACE = 2 * (q * tr(W * Sx * W.T) + tr(Sx) * tr(U.T * U))
"""tr H."""
STATIC = {"one-step": "nothing moves", "path": "nothing moves", **NO_TRAINING}
DIRECTION = {"path": "a derivative at a point, no path of an algorithm", **NO_TRAINING}


def theorem() -> Theorem:
    """The trace of the Hessian, its slope along an orbit, its minimum."""
    return Theorem(
        id="sharpness",
        title="Isotropic noise leads to the flattest factorization, anisotropic noise need not",
        source=PAPER,
        claims=(_hessian(), _slope(), _convex(), _minimum()),
    )


def _hessian() -> DifferentialClaim:
    A = Parameter("A", q, p)
    B, E = Brownian("B", q, h), Brownian("E", h, p)
    left = U * W - A
    loss = tr(left * Sx * left.T)
    slope = 2 * sqrt(2) * tr(left * Sx * (B.d * W + U * E.d).T)
    return DifferentialClaim(
        id="sharpness",
        title="tr H = 2(q tr WΣ_xW' + tr(Σ_x)|U|²)",
        source=PAPER,
        statement="Loss E|UWx − y|² = tr((UW − A)Σ_x(UW − A)') and a constant, A the regression; "
        "tr H is the drift of the loss along √2 times a Brownian motion of (U, W).",
        sde=MatrixSDE({U: sqrt(2) * B.d, W: sqrt(2) * E.d}),
        observable=loss,
        drift=TRACE,
        martingale=slope,
        mutants=(
            Mutant(name="half", mistake="1 for 2: loss ½(…)", changes={"drift": TRACE / 2}),
            Mutant(
                name="outputs",
                mistake="q forgotten",
                changes={"drift": 2 * (tr(W * Sx * W.T) + tr(Sx) * tr(U.T * U))},
            ),
            Mutant(
                name="exchanged",
                mistake="the covariance on the other layer's side",
                changes={"drift": 2 * (tr(Sx) * tr(W * W.T) + q * tr(Sx) * tr(U.T * U) / p)},
            ),
            Mutant(
                name="sign",
                mistake="a difference",
                changes={"drift": 2 * (q * tr(W * Sx * W.T) - tr(Sx) * tr(U.T * U))},
            ),
            Mutant(
                name="square",
                mistake="|U| for |U|²",
                changes={"drift": 2 * (q * tr(W * Sx * W.T) + tr(Sx) * sqrt(tr(U.T * U)))},
            ),
            Mutant(name="slope", mistake="half the slope", changes={"martingale": slope / 2}),
        ),
        inapplicable=DIRECTION,
    )


X = Parameter("X", h, h, symmetric=True)
ORBIT = MatrixSDE({U: -U * X * dt, W: X * W * dt})


def _slope() -> DifferentialClaim:
    drift = 4 * tr(X * (q * W * Sx * W.T - tr(Sx) * U.T * U))
    return DifferentialClaim(
        id="sharpness.orbit",
        title="along the orbit d tr H = 4 tr(X(q WΣ_xW' − tr(Σ_x)U'U)) ds",
        source="as derived here",
        statement="dW = XW ds, dU = −UX ds with X symmetric keep UW.  tr H stands still for every "
        "X iff q WΣ_xW' = tr(Σ_x)U'U, the equilibrium of matrix_factorization_equilibrium for "
        "isotropic Σ_r.",
        sde=ORBIT,
        observable=TRACE,
        drift=drift,
        mutants=(
            Mutant(name="half", mistake="2 for 4", changes={"drift": drift / 2}),
            Mutant(name="sign", mistake="the other direction", changes={"drift": -drift}),
            Mutant(
                name="outputs",
                mistake="q forgotten: the balance WΣ_xW' = tr(Σ_x)U'U",
                changes={"drift": 4 * tr(X * (W * Sx * W.T - tr(Sx) * U.T * U))},
            ),
        ),
        inapplicable=DIRECTION,
    )


def _convex() -> SignClaim:
    drift = 4 * tr(X * (q * W * Sx * W.T - tr(Sx) * U.T * U))
    return SignClaim(
        id="sharpness.convex",
        title="tr H is convex along the orbit",
        source="as derived here",
        statement="Its second derivative along (Ue^{−sX}, e^{sX}W) is "
        "8(q tr(XWΣ_xW'X) + tr(Σ_x)tr(XU'UX)) ≥ 0.",
        sde=ORBIT,
        observable=drift,
        sign=">=",
        shown=8 * (q * tr(X * W * Sx * W.T * X) + tr(Sx) * tr(X * U.T * U * X)),
        mutants=(
            Mutant(name="sign", mistake="concave", changes={"sign": "<="}),
            Mutant(name="flat", mistake="falling", changes={"sign": "<"}),
        ),
        inapplicable=DIRECTION,
    )


def _minimum() -> IdentityClaim:
    Q, P, M = (Parameter(name, h, h, positive_definite=True) for name in "QPM")
    inverse, a = Inverse(Q), positive("a")
    gap = (Q - P) * inverse * (Q - P) * M

    def left(last: Any) -> Any:
        return a * (tr(Q * M) + tr(inverse * P * M * P) - 2 * tr(last * M))

    return IdentityClaim(
        id="sharpness.minimum",
        title="a tr(QM) + c tr(Q⁻¹N) − 2a tr(PM) = a tr((Q − P)Q⁻¹(Q − P)M) where a PMP = cN",
        source="as derived here",
        statement="cN is put in as a PMP.  M, Q positive definite make the right side positive "
        "unless Q = P: on the orbit the equilibrium is the only minimum of tr H for a = q, "
        "N = U'U, and of tr(Σ_r)tr(WΣ_xW') + tr(Σ_x)tr(U'Σ_rU) for every Σ_r.",
        left=left(P),
        right=a * tr(gap),
        mutants=(
            Mutant(name="minimiser", mistake="Q for P", changes={"left": left(Q)}),
            Mutant(name="factor_two", mistake="2a", changes={"right": 2 * a * tr(gap)}),
            Mutant(name="sign", mistake="a maximum", changes={"right": -a * tr(gap)}),
            Mutant(
                name="square",
                mistake="(Q − P) once",
                changes={"right": a * tr((Q - P) * inverse * M * P)},
            ),
            Mutant(
                name="exponent",
                mistake="Q for Q⁻¹",
                changes={"right": a * tr((Q - P) * Q * (Q - P) * M)},
            ),
        ),
        inapplicable=STATIC,
    )
