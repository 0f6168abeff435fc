"""The noise equilibrium of a matrix factorization (seed 003).

Loss |UWx − y|² of one sample, decay γ(|U|² + |W|²), gradient 2rx' in the product UW, r = UWx − y.
Both factors are moved by it, dU = −dZ W', dW = −U'dZ with dZ the mean gradient and its noise, so
that with dθ = −∇L dt + √(TΣ) dW, T = 2σ² (η/b for SGD), and Γ = E[rx'], half the mean gradient,

    d(WW' − U'U) = 4T{U'(E[|x|²rr'] − ΓΓ')U − W(E[|r|²xx'] − Γ'Γ)W'} dt − 4γ(WW' − U'U) dt

without a martingale part; 4T = 8σ² of the paper.  Where Γ = 0 and r is independent of x, dZ has the
covariance 4 Σ_r ⊗ Σ_x, and the imbalance stands still iff

    tr(Σ_r) WΣ_xW' = tr(Σ_x) U'Σ_rU.

Along an orbit (UC⁻¹, CW), which keeps UW, put M = WΣ_xW', N = U'Σ_rU, Q = C'C: the condition is
tr(Σ_r) Q M Q = tr(Σ_x) N.  For M, N ≻ 0 exactly one positive definite Q solves it, the matrix
geometric mean M⁻¹ # (tr(Σ_x)/tr(Σ_r)) N, and C is unique up to a rotation of the hidden space.  If
rank M ≠ rank N no C does: equilibrium is a limit at which the rank collapses.

Attraction.  Proved: the motion of the imbalance, where it is one along the orbit, dW = XW ds and
dU = −UX ds with X symmetric, XG + GX = tr(Σ_x)N − tr(Σ_r)M for G = WW' + U'U, lowers
F = tr(Σ_r) tr(M) + tr(Σ_x) tr(N) at the rate 2 tr(X(tr(Σ_r)M − tr(Σ_x)N)) = −4 tr(XGX), and F has
one minimum on the orbit (see sharpness), the equilibrium. For as many outputs as inputs and
isotropic noise the imbalance itself decays exponentially on every path. Seen, not proved:
attraction of the whole process, with UW fluctuating and Σ_r moving with it.
"""

from typing import Any

from sympy import Inverse, exp, sqrt

from derivations import (
    Brownian,
    BrownianFamily,
    DifferentialClaim,
    Family,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    PathCheck,
    Process,
    State,
    Theorem,
    dims,
    dt,
    index,
    positive,
    t,
    total,
    tr,
)

from ._noise_equilibrium import NO_TRAINING, PAPER, T, gamma, several

q, h, p, n = dims("q h p n")
U, W = State("U", q, h), State("W", h, p)
Sr = Parameter("Sigma_r", q, q, positive_definite=True)
Sx = Parameter("Sigma_x", p, p, positive_definite=True)
gradient = Process("S", q, p)
"""The mean gradient in UW: any process, since it cancels."""
IMBALANCE = W * W.T - U.T * U
i = index("i", n)
OPEN = {
    "path": "the rate depends on the path; paths: matrix_factorization_equilibrium.square",
    **NO_TRAINING,
}
STATIC = {
    "one-step": "nothing moves",
    "path": "nothing moves",
    **NO_TRAINING,
}


def theorem() -> Theorem:
    """The imbalance under independent residuals, and of samples; where it stands; attraction."""
    return Theorem(
        id="matrix_factorization_equilibrium",
        title="Minibatch noise drives a matrix factorization to a balance of its own",
        source=PAPER,
        claims=(
            _independent(),
            _samples(),
            _equilibrium(),
            _along_the_orbit(),
            _descent(),
            _square(),
        ),
    )


def _system(dZ: Any, decay: Any = 0) -> MatrixSDE:
    """dU = −dZ W' − 2γU dt, dW = −U'dZ − 2γW dt."""
    pull = 2 * decay * dt
    if decay == 0:
        return MatrixSDE({U: -dZ * W.T, W: -U.T * dZ})
    return MatrixSDE({U: -dZ * W.T - pull * U, W: -U.T * dZ - pull * W})


def _independent() -> DifferentialClaim:
    B = Brownian("B", q, p, row_covariance=Sr, column_covariance=Sx)
    up, down = tr(Sx) * U.T * Sr * U, tr(Sr) * W * Sx * W.T

    def stated(strength: Any, out: Any = up, into: Any = down, decay: Any = 4 * gamma) -> Any:
        return strength * (out - into) - decay * IMBALANCE

    wrong = {
        "paper": ("8T: the paper's 8σ² read in T", stated(8 * T)),
        "sign": ("the two noises exchanged", stated(-4 * T)),
        "loss": ("T: the gradient of ½|UWx − y|²", stated(T)),
        "root": ("√T for T", stated(4 * sqrt(T))),
        "isotropic": ("U'U for U'Σ_rU", stated(4 * T, out=tr(Sx) * tr(Sr) * U.T * U / q)),
        "trace": ("tr(Σ_x) forgotten", stated(4 * T, out=U.T * Sr * U)),
        "decay": ("2γ for 4γ", stated(4 * T, decay=2 * gamma)),
    }
    return DifferentialClaim(
        id="matrix_factorization_equilibrium",
        title="d(WW' − U'U) = 4T{tr(Σ_x)U'Σ_rU − tr(Σ_r)WΣ_xW'}dt − 4γ(WW' − U'U)dt",
        source=PAPER,
        statement="The covariance of the noise is that of a residual independent of x with "
        "E rx' = 0; the mean gradient S is any process, since it cancels.  T = 2σ², so that 4T is "
        "8σ² of the paper.",
        sde=_system(gradient * dt + 2 * sqrt(T) * B.d, gamma),
        observable=IMBALANCE,
        drift=stated(4 * T),
        mutants=tuple(
            Mutant(name=name, mistake=mistake, changes={"drift": drift})
            for name, (mistake, drift) in wrong.items()
        ),
        inapplicable=OPEN,
    )


def _samples() -> DifferentialClaim:
    x, beta = Family("x", p), BrownianFamily("beta")
    r = Family("r", q, process=True)[i]
    mean = total(r * x[i].T, i) / n
    centred = total(r * x[i].T * beta[i].d, i) - mean * total(beta[i].d, i)
    dZ = 2 * mean * dt + 2 * sqrt(T / n) * centred

    def stated(strength: Any, centre: Any = 1) -> Any:
        out = total(tr(x[i].T * x[i]) * r * r.T, i) / n - centre * mean * mean.T
        into = total(tr(r.T * r) * x[i] * x[i].T, i) / n - centre * mean.T * mean
        return strength * (U.T * out * U - W * into * W.T) - 4 * gamma * IMBALANCE

    return DifferentialClaim(
        id="matrix_factorization_equilibrium.samples",
        title="a data set: 4T{U'(E|x|²rr' − ΓΓ')U − W(E|r|²xx' − Γ'Γ)W'} − 4γ(WW' − U'U)",
        source=PAPER,
        statement="Gaussian noise with the covariance of single samples; Γ = E rx', half the "
        "mean gradient in UW, E the mean over the n samples; r_i = UWx_i − y_i, or half the slope "
        "of another loss.",
        sde=_system(dZ, gamma),
        observable=IMBALANCE,
        drift=stated(4 * T),
        assumptions=(several(n),),
        mutants=(
            Mutant(name="factor_two", mistake="8T for 4T", changes={"drift": stated(8 * T)}),
            Mutant(name="sign", mistake="the other way", changes={"drift": stated(-4 * T)}),
            Mutant(name="square", mistake="T² for T", changes={"drift": stated(4 * T**2)}),
            Mutant(
                name="uncentred",
                mistake="ΓΓ' not subtracted",
                changes={"drift": stated(4 * T, centre=0)},
            ),
        ),
        inapplicable=OPEN,
    )


# Along the orbit.

M = Parameter("M", h, h, positive_definite=True)
N = Parameter("N", h, h, positive_definite=True)
C = Parameter("C", h, h, positive_definite=True)
a, c = positive("a"), positive("c")


def _equilibrium() -> IdentityClaim:
    inverse = Inverse(C)

    def right(last: Any) -> Any:
        return inverse * (a * C * C * M * C * C - c * last) * inverse

    return IdentityClaim(
        id="matrix_factorization_equilibrium.orbit",
        title="at (UC⁻¹, CW) the two noises differ by C⁻¹(a QMQ − cN)C⁻¹, Q = C²",
        source="as derived here",
        statement="a = tr Σ_r, c = tr Σ_x, M = WΣ_xW', N = U'Σ_rU; C positive definite, which is "
        "all up to a rotation.  So equilibrium is a QMQ = cN, whose one positive definite solution "
        "is the geometric mean of M⁻¹ and (c/a)N.",
        left=a * C * M * C - c * inverse * N * inverse,
        right=right(N),
        mutants=(
            Mutant(name="sign", mistake="a sum", changes={"right": right(-N)}),
            Mutant(name="factor_two", mistake="2c for c", changes={"right": right(2 * N)}),
            Mutant(
                name="square",
                mistake="Q = C for C²",
                changes={"right": inverse * (a * C * M * C - c * N) * inverse},
            ),
            Mutant(
                name="side",
                mistake="C for C⁻¹ outside",
                changes={"right": C * (a * C * C * M * C * C - c * N) * C},
            ),
        ),
        inapplicable=STATIC,
    )


X = Parameter("X", h, h, symmetric=True)


def _moved() -> MatrixSDE:
    """The orbit's tangent at the identity, X symmetric."""
    return MatrixSDE({U: -U * X * dt, W: X * W * dt})


def _along_the_orbit() -> DifferentialClaim:
    G = W * W.T + U.T * U
    drift = X * G + G * X
    return DifferentialClaim(
        id="matrix_factorization_equilibrium.tangent",
        title="along the orbit, dW = XW ds and dU = −UX ds: d(WW' − U'U) = (XG + GX) ds",
        source="as derived here",
        statement="G = WW' + U'U; where G is positive definite every symmetric change of the "
        "imbalance is that of one X (a Lyapunov equation).",
        sde=_moved(),
        observable=IMBALANCE,
        drift=drift,
        mutants=(
            Mutant(name="half", mistake="once", changes={"drift": drift / 2}),
            Mutant(
                name="sign",
                mistake="G = WW' − U'U",
                changes={"drift": X * IMBALANCE + IMBALANCE * X},
            ),
        ),
        inapplicable={"path": "a direction at a point, X any", **NO_TRAINING},
    )


def _descent() -> DifferentialClaim:
    up, down = U.T * Sr * U, W * Sx * W.T
    potential = tr(Sr) * tr(down) + tr(Sx) * tr(up)
    drift = 2 * tr(X * (tr(Sr) * down - tr(Sx) * up))
    return DifferentialClaim(
        id="matrix_factorization_equilibrium.descent",
        title="F = tr(Σ_r)tr(WΣ_xW') + tr(Σ_x)tr(U'Σ_rU) moves by 2tr(X(tr(Σ_r)M − tr(Σ_x)N)) ds",
        source="as derived here",
        statement="With XG + GX = tr(Σ_x)N − tr(Σ_r)M, the motion that the noise gives the "
        "imbalance, this is −2tr(X(XG + GX)) = −4tr(XGX) ≤ 0, and 0 at the equilibrium alone.",
        sde=_moved(),
        observable=potential,
        drift=drift,
        mutants=(
            Mutant(name="half", mistake="1 for 2", changes={"drift": drift / 2}),
            Mutant(name="sign", mistake="ascent", changes={"drift": -drift}),
            Mutant(
                name="sum",
                mistake="both terms grow",
                changes={"drift": 2 * tr(X * (tr(Sr) * down + tr(Sx) * up))},
            ),
        ),
        inapplicable={"path": "a direction at a point, X any", **NO_TRAINING},
    )


def _square() -> DifferentialClaim:
    V, Z = State("U", p, h), Process("S", p, p)
    B, s = Brownian("B", p, p), positive("s")
    imbalance = W * W.T - V.T * V
    noise = 2 * sqrt(T * s) * B.d

    def stated(rate: Any) -> dict[str, Any]:
        path = PathCheck(
            sde=MatrixSDE({V: -noise * W.T, W: -V.T * noise}),
            observable=imbalance,
            law=exp(-rate * t) * Parameter("initial", h, h),
            horizon="1/4",
            sizes={p: 2, h: 3},
            values={T: "1/4", s: "1/2"},
            relevant=0.05,
        )
        return {"drift": -rate * imbalance, "path": path}

    dZ = Z * dt + noise
    return DifferentialClaim(
        id="matrix_factorization_equilibrium.square",
        title="as many outputs as inputs, Σ_r ⊗ Σ_x = sI: the imbalance is D_0 e^{−4Tps t}",
        source="as derived here",
        statement="Isotropic noise of a square product: exponential decay on every path, whatever "
        "the gradient; paths are run without it.",
        sde=MatrixSDE({V: -dZ * W.T, W: -V.T * dZ}),
        observable=imbalance,
        **stated(4 * T * p * s),
        mutants=(
            Mutant(name="factor_two", mistake="8T", changes=stated(8 * T * p * s)),
            Mutant(name="dimension", mistake="p forgotten", changes=stated(4 * T * s)),
            Mutant(name="square", mistake="s²", changes=stated(4 * T * p * s**2)),
        ),
        inapplicable=NO_TRAINING,
    )
