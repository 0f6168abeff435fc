"""Brownian motion on GL(N): dG = dB G or dG = G dB, read by Itô or by Stratonovich.

The volume of k columns of G obeys an equation of its own: with P the projector on their span,

    d log det X'X = k(N − k − 1)dt + 2 tr(P dB)   for dX = dB X, X (N, k),

and tr(P dB) has the quadratic variation k t.  By the law of large numbers the k largest Lyapunov
exponents sum to k(N − k − 1)/2, so that number i is (N − 2i)/2; read by Stratonovich, where ½G dt
is added, (N − 2i + 1)/2, symmetric about zero (Newman; Norris, Rogers and Williams).
"""

from typing import Any

from sympy import Abs, Identity, Q, Rational, erf, exp, log, sqrt

from derivations import (
    LEVEL,
    POSITION,
    Assumption,
    Brownian,
    DifferentialClaim,
    ExponentClaim,
    Exponents,
    LawClaim,
    MatrixSDE,
    MomentClaim,
    Mutant,
    PathCheck,
    State,
    Theorem,
    det,
    dims,
    dt,
    logdet,
    t,
    tr,
)
from derivations.expressions import LogAbs

NEWMAN = (
    "C. Newman, The distribution of Lyapunov exponents: exact results for random matrices, "
    "Comm. Math. Phys. 103 (1986)"
)
NRW = "J. Norris, L. Rogers, D. Williams, Brownian motions of ellipsoids, Trans. AMS 294 (1986)"
N, k, m = dims("N k m")
G, B = State("G", N, N), Brownian("B", N, N)
X, E = State("X", k + m, k), Brownian("E", k + m, k + m)
FULL = Assumption(text="the columns are independent", condition=Q.positive_definite(X.T * X))
FLOW = MatrixSDE({X: E.d * X}, assuming=[FULL.condition])
i = POSITION
NO_ALGORITHM = {"algorithm": "a statement about the equation alone"}
MOVING = {"path": "a martingale part remains; paths: general_linear.exponents", **NO_ALGORITHM}


def theorem() -> Theorem:
    """Volumes, both calculi, both sides, moments, and the exponents."""
    return Theorem(
        id="general_linear",
        title="Brownian motion on GL(N): volumes and Lyapunov exponents, Itô and Stratonovich",
        source=f"{NEWMAN}; {NRW}",
        claims=(
            _volume(),
            _correction(),
            _right(),
            _determinant(),
            _law(),
            _moments(),
            _ito_exponents(),
            _stratonovich_exponents(),
        ),
    )


def _volume() -> DifferentialClaim:
    M = X.T * X
    drift = k * (m - 1)
    martingale = 2 * tr(M.I * X.T * E.d * X)
    return DifferentialClaim(
        id="general_linear",
        title="d log det X'X = k(N − k − 1)dt + 2 tr(P dB) for k columns of dX = dB X, N = k + m",
        source=f"{NEWMAN}; the differential as derived here",
        statement="The squared volume of k < N columns, P the projector on their span: a drift "
        "that no state enters, and noise of the variance 4k.  For k = N see "
        "general_linear.determinant.",
        sde=FLOW,
        observable=logdet(M),
        drift=drift,
        martingale=martingale,
        assumptions=(FULL,),
        mutants=(
            Mutant(name="stratonovich", mistake="k(N − k), as for ∘dB", changes={"drift": k * m}),
            Mutant(name="half", mistake="½: of the volume itself", changes={"drift": drift / 2}),
            Mutant(name="no_ito", mistake="kn: no second order", changes={"drift": k * (k + m)}),
            Mutant(
                name="transposed",
                mistake="k(N − 1): tr(P dB P dB) left out",
                changes={"drift": k * (k + m - 1)},
            ),
            Mutant(name="noise", mistake="1 for 2", changes={"martingale": martingale / 2}),
        ),
        inapplicable=MOVING,
    )


def _correction() -> DifferentialClaim:
    return DifferentialClaim(
        id="general_linear.stratonovich",
        title="dG = ∘dB G is dG = ½G dt + dB G",
        source=f"{NRW}, (1)",
        statement="dB dB = I dt, whatever N: the Itô drift of the Stratonovich equation is ½G.",
        sde=MatrixSDE({G: B.d * G}, calculus="stratonovich"),
        observable=G,
        drift=G / 2,
        martingale=B.d * G,
        mutants=(
            Mutant(name="dimension", mistake="N/2, as if dB dB'", changes={"drift": N * G / 2}),
            Mutant(name="factor_two", mistake="G for ½G", changes={"drift": G}),
            Mutant(name="none", mistake="the Itô reading", changes={"drift": 0 * G}),
        ),
        inapplicable={
            "path": "G has a martingale part; paths: general_linear.stratonovich_exponents",
            "generator": "differences are taken of Itô systems; this one is Stratonovich's",
            **NO_ALGORITHM,
        },
    )


def _right() -> DifferentialClaim:
    return DifferentialClaim(
        id="general_linear.inverse",
        title="dG = G dB gives dG⁻¹ = G⁻¹dt − dB G⁻¹",
        source="as derived here",
        statement="The inverse of the motion by right multiplication is one by left "
        "multiplication, with the drift that Itô adds twice.",
        sde=MatrixSDE({G: G * B.d}, assuming=[Q.invertible(G)]),
        observable=G.I,
        drift=G.I,
        martingale=-B.d * G.I,
        assumptions=(Assumption(text="G is invertible", condition=Q.invertible(G)),),
        mutants=(
            Mutant(name="half", mistake="½G⁻¹", changes={"drift": G.I / 2}),
            Mutant(name="dimension", mistake="NG⁻¹", changes={"drift": N * G.I}),
            Mutant(name="side", mistake="G⁻¹dB for dB G⁻¹", changes={"martingale": -G.I * B.d}),
        ),
        inapplicable=MOVING,
    )


def _determinant() -> DifferentialClaim:
    fact = Q.invertible(G)
    return DifferentialClaim(
        id="general_linear.determinant",
        title="d log|det G| = −½N dt + tr dB for dG = dB G and for dG = G dB",
        source="as derived here",
        statement="The determinant is the exponential martingale of tr B: det G has no drift, "
        "and |det G| → 0 at the rate N/2, the sum of the exponents.",
        sde=MatrixSDE({G: G * B.d}, assuming=[fact]),
        observable=LogAbs(det(G)),
        drift=-N * Rational(1, 2),
        martingale=tr(B.d),
        assumptions=(Assumption(text="G is invertible", condition=fact),),
        mutants=(
            Mutant(name="square", mistake="−N: of det G'G", changes={"drift": -N}),
            Mutant(name="stratonovich", mistake="0, as for ∘dB", changes={"drift": 0 * N}),
            Mutant(name="entries", mistake="−N²/2", changes={"drift": -(N**2) * Rational(1, 2)}),
            Mutant(name="noise", mistake="tr dB lost", changes={"martingale": 0 * tr(B.d)}),
        ),
        inapplicable=MOVING,
    )


def _law() -> LawClaim:
    def cdf(rate: Any, variance: Any = N * t) -> dict[str, Any]:
        """log|det G_T| normal, of this mean growth and variance, from G_0 = I."""
        return {"cdf": (1 + erf((log(LEVEL) - rate * t) / sqrt(2 * variance))) / 2}

    return LawClaim(
        id="general_linear.law",
        title="|det G_T| is lognormal: log of mean −NT/2 and variance NT, from G_0 = I",
        source="as derived here (general_linear.determinant)",
        statement="The determinant is a geometric Brownian motion without drift.",
        sde=MatrixSDE({G: B.d * G}),
        observable=Abs(det(G)),
        horizon="1/2",
        sizes={N: 2},
        values={G: ((1, 0), (0, 1))},
        relevant=0.05,
        **cdf(-N / 2),
        mutants=(
            Mutant(name="stratonovich", mistake="mean 0", changes=cdf(0 * N)),
            Mutant(name="square", mistake="mean −NT, of det G'G", changes=cdf(-N)),
            Mutant(name="entries", mistake="variance N²T", changes=cdf(-N / 2, N**2 * t)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _moments() -> MomentClaim:
    sde = MatrixSDE({G: B.d * G})
    inner, outer, size = G.T * G, G * G.T, tr(G * G.T)

    def stated(rate: Any) -> dict[str, Any]:
        """E G'G grows at this rate, and E|G|² with it."""
        grown = exp(rate * t)
        laws = (grown * inner, outer + (grown - 1) * size / N * Identity(N), grown * size)
        return {"matrix": ((rate, 0, 0), (0, 0, 1), (0, 0, rate)), "laws": laws}

    return MomentClaim(
        id="general_linear.moments",
        title="dG = dB G: E G'G = e^{Nt}G_0'G_0, E GG' = G_0G_0' + (e^{Nt} − 1)|G_0|²/N I",
        source="as derived here",
        statement="The mean of |G|² grows at N, the typical |G|² at N − 2 (general_linear, k = 1).",
        sde=sde,
        moments=(inner, outer, size),
        **stated(N),
        path=PathCheck(sde=sde, horizon="1/8", sizes={N: 2}, relevant=0.01),
        mutants=(
            Mutant(name="typical", mistake="N − 2 for N", changes=stated(N - 2)),
            Mutant(name="stratonovich", mistake="N + 1: ½G twice", changes=stated(N + 1)),
            Mutant(
                name="sides",
                mistake="dE GG' = N E GG', as for dG = G dB",
                changes={"matrix": ((N, 0, 0), (0, N, 0), (0, 0, N))},
            ),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _exponents(value: Any) -> dict[str, Any]:
    return {"exponents": (Exponents(first=1, last=N, value=value),)}


def on_paths() -> dict[str, str]:
    """Exponents are limits for t → ∞: no tier that looks at one instant sees them."""
    reason = "a limit for t → ∞; its volumes are proved for general_linear"
    return {
        **dict.fromkeys(("derivation", "exact", "generator", "one-step"), reason),
        **NO_ALGORITHM,
    }


def _ito_exponents() -> ExponentClaim:
    return ExponentClaim(
        id="general_linear.exponents",
        title="Itô: the exponents of dG = dB G are (N − 2i)/2",
        source=f"{NEWMAN}, in Itô form",
        statement="Equidistant, from N/2 − 1 down to −N/2; their sum is −N/2.",
        sde=MatrixSDE({G: B.d * G}),
        **_exponents((N - 2 * i) / 2),
        sizes=({N: 1}, {N: 2}, {N: 3}),
        mutants=(
            Mutant(
                name="stratonovich",
                mistake="(N − 2i + 1)/2",
                changes=_exponents((N - 2 * i + 1) / 2),
            ),
            Mutant(name="square", mistake="N − 2i: of G'G", changes=_exponents(N - 2 * i)),
            Mutant(name="sign", mistake="growth for decay", changes=_exponents((2 * i - N) / 2)),
        ),
        inapplicable=on_paths(),
    )


def _stratonovich_exponents() -> ExponentClaim:
    return ExponentClaim(
        id="general_linear.stratonovich_exponents",
        title="Stratonovich: the exponents of dG = ∘dB G are (N − 2i + 1)/2",
        source=f"{NEWMAN}; {NRW}",
        statement="Symmetric about zero, with volumes that neither grow nor shrink.  The system "
        "is written in Itô form (general_linear.stratonovich).",
        sde=MatrixSDE({G: G / 2 * dt + B.d * G}),
        **_exponents((N - 2 * i + 1) / 2),
        sizes=({N: 1}, {N: 2}, {N: 3}),
        mutants=(
            Mutant(name="ito", mistake="(N − 2i)/2", changes=_exponents((N - 2 * i) / 2)),
            Mutant(
                name="square",
                mistake="N − 2i + 1: of G'G",
                changes=_exponents(N - 2 * i + 1),
            ),
            Mutant(
                name="offset",
                mistake="(N − 2i + 2)/2: numbered from 0",
                changes=_exponents((N - 2 * i + 2) / 2),
            ),
        ),
        inapplicable=on_paths(),
    )
