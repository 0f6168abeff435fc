"""The square-root diffusion dv = κ(θ − v)dt + σ√v dβ (Cox, Ingersoll and Ross).

For 4κθ/σ² = n a whole number it is the squared length of an Ornstein–Uhlenbeck vector of n
dimensions, dx = −(κ/2)x dt + (σ/2)dB: there √v dβ = x'dB.  It stays positive iff 2κθ ≥ σ²
(Feller), which is n ≥ 2.
"""

from typing import Any

from sympy import Q, diff, exp, log, oo, sqrt

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    ExpectationClaim,
    MatrixSDE,
    MomentClaim,
    Mutant,
    PathCheck,
    State,
    StationaryClaim,
    Theorem,
    dims,
    dt,
    positive,
    t,
    tr,
)
from derivations.fokker_planck import FokkerPlanckClaim, density

SOURCE = (
    "J. Cox, J. Ingersoll, S. Ross, A Theory of the Term Structure of Interest Rates, "
    "Econometrica 53 (1985)"
)
n = dims("n")
kappa, theta, sigma = positive("kappa"), positive("theta"), positive("sigma")
v, beta = State("v", positive=True), Brownian("beta")
SDE = MatrixSDE({v: kappa * (theta - v) * dt + sigma * sqrt(v) * beta.d})
x, B = State("x", n), Brownian("B", n)
VECTOR = MatrixSDE({x: -kappa / 2 * x * dt + sigma / 2 * B.d})
square = tr(x.T * x)
NO_ALGORITHM = {"algorithm": "a statement about the equation alone"}
MOVING = {"path": "a martingale part remains; paths: cir.moments", **NO_ALGORITHM}


def theorem() -> Theorem:
    """The squared length, logarithm and root of v, moments, transform, density."""
    return Theorem(
        id="cir",
        title="The square-root diffusion of Cox, Ingersoll and Ross",
        source=SOURCE,
        claims=(
            _length(),
            _noise(),
            _logarithm(),
            _root(),
            _moments(),
            _laplace(),
            _forward(),
            _stationary(),
        ),
    )


def _length() -> DifferentialClaim:
    drift = n * sigma**2 / 4 - kappa * square
    martingale = sigma * tr(x.T * B.d)
    return DifferentialClaim(
        id="cir",
        title="v = |x|²: dv = (nσ²/4 − κv)dt + σ x'dB for dx = −(κ/2)x dt + (σ/2)dB",
        source=f"{SOURCE}; squared lengths as derived here",
        statement="The squared length of an Ornstein–Uhlenbeck vector reverts at κ to "
        "θ = nσ²/(4κ).",
        sde=VECTOR,
        observable=square,
        drift=drift,
        martingale=martingale,
        mutants=(
            Mutant(
                name="rate",
                mistake="κ/2, that of the vector",
                changes={"drift": drift + kappa * square / 2},
            ),
            Mutant(
                name="factor_two",
                mistake="nσ²/2 for nσ²/4",
                changes={"drift": drift + n * sigma**2 / 4},
            ),
            Mutant(
                name="dimension",
                mistake="1 for n",
                changes={"drift": drift + (1 - n) * sigma**2 / 4},
            ),
            Mutant(name="noise", mistake="2 for 1", changes={"martingale": 2 * martingale}),
        ),
        inapplicable=MOVING,
    )


def _noise() -> CovariationClaim:
    rate = sigma**2 * square
    return CovariationClaim(
        id="cir.noise",
        title="d⟨v⟩ = σ²v dt for v = |x|²",
        source=f"{SOURCE}; squared lengths as derived here",
        statement="So that x'dB = √v dβ, and v solves the scalar equation in law.",
        sde=VECTOR,
        first=square,
        second=square,
        rate=rate,
        mutants=(
            Mutant(name="factor_two", mistake="2σ²v", changes={"rate": 2 * rate}),
            Mutant(name="square", mistake="σ²v²", changes={"rate": rate * square}),
            Mutant(name="root", mistake="σ for σ²", changes={"rate": sigma * square}),
        ),
        inapplicable=MOVING,
    )


def _logarithm() -> DifferentialClaim:
    drift = (kappa * theta - sigma**2 / 2) / v - kappa
    martingale = sigma / sqrt(v) * beta.d
    return DifferentialClaim(
        id="cir.logarithm",
        title="d log v = ((κθ − σ²/2)/v − κ)dt + σ/√v dβ",
        source=f"{SOURCE}, (17) and the condition 2κθ ≥ σ²",
        statement="Near zero the drift of log v is upwards iff 2κθ > σ²: Feller's condition.",
        sde=SDE,
        observable=log(v),
        drift=drift,
        martingale=martingale,
        mutants=(
            Mutant(
                name="feller",
                mistake="κθ ≥ σ² for 2κθ ≥ σ²",
                changes={"drift": (kappa * theta - sigma**2) / v - kappa},
            ),
            Mutant(
                name="no_ito",
                mistake="no Itô term",
                changes={"drift": kappa * theta / v - kappa},
            ),
            Mutant(
                name="root",
                mistake="σ/v for σ/√v",
                changes={"martingale": sigma / v * beta.d},
            ),
        ),
        inapplicable=MOVING,
    )


def _root() -> DifferentialClaim:
    root = sqrt(v)
    drift = (4 * kappa * theta - sigma**2) / (8 * root) - kappa * root / 2
    return DifferentialClaim(
        id="cir.root",
        title="d√v = ((4κθ − σ²)/(8√v) − κ√v/2)dt + (σ/2)dβ",
        source="as derived here (Lamperti's transformation)",
        statement="The root has constant noise: the length of the Ornstein–Uhlenbeck vector.",
        sde=SDE,
        observable=root,
        drift=drift,
        martingale=sigma / 2 * beta.d,
        mutants=(
            Mutant(
                name="no_ito",
                mistake="no Itô term",
                changes={"drift": drift + sigma**2 / (8 * root)},
            ),
            Mutant(
                name="factor_two",
                mistake="2σ² for σ²",
                changes={"drift": drift - sigma**2 / (8 * root)},
            ),
            Mutant(name="noise", mistake="σ dβ", changes={"martingale": sigma * beta.d}),
        ),
        inapplicable=MOVING,
    )


def _moments() -> MomentClaim:
    fade = exp(-kappa * t)
    mean = theta + (v - theta) * fade

    def second(first: Any, last: Any) -> dict[str, Any]:
        """The laws, for these weights of the two parts of the variance."""
        variance = first * v * (fade - fade**2) + last * (1 - fade) ** 2
        return {"laws": (mean, mean**2 + variance, 1)}

    def matrix(curve: Any) -> tuple[tuple[Any, ...], ...]:
        return (
            (-kappa, 0, kappa * theta),
            (2 * kappa * theta + curve, -2 * kappa, 0),
            (0, 0, 0),
        )

    first, last = sigma**2 / kappa, theta * sigma**2 / (2 * kappa)
    return MomentClaim(
        id="cir.moments",
        title="E v_t = θ + (v_0−θ)c, Var v_t = v_0σ²/κ(c−c²) + θσ²/(2κ)(1−c)², c = e^{−κt}",
        source=f"{SOURCE}, (19)",
        statement="Mean and variance; for t → ∞ they tend to θ and θσ²/(2κ).",
        sde=SDE,
        moments=(v, v**2, 1),
        matrix=matrix(sigma**2),
        **second(first, last),
        path=PathCheck(
            sde=SDE,
            horizon=1,
            sizes={},
            values={kappa: "3/2", theta: 2, sigma: "1/2", v: 1},
            relevant=0.005,
        ),
        assumptions=(Assumption(text="v is positive", condition=Q.positive(v)),),
        mutants=(
            Mutant(name="factor_two", mistake="θσ²/κ", changes=second(first, 4 * last)),
            Mutant(name="exchanged", mistake="θ for v_0", changes=second(2 * last / v, last)),
            Mutant(
                name="ito", mistake="σ²/2 for Itô's σ²", changes={"matrix": matrix(sigma**2 / 2)}
            ),
            Mutant(name="constant", mistake="σ² E v lost", changes={"matrix": matrix(0)}),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _laplace() -> ExpectationClaim:
    s, fade = positive("s"), exp(-kappa * t)

    def stated(scale: Any, degrees: Any = n) -> dict[str, Any]:
        """Laplace transform of scale times a non-central χ² law."""
        width = 1 + 2 * s * scale
        return {"value": width ** (-degrees / 2) * exp(-s * square * fade / width)}

    scale = sigma**2 * (1 - fade) / (4 * kappa)
    return ExpectationClaim(
        id="cir.laplace",
        title="E e^{−sv_T} = (1+2sc)^{−n/2} exp(−s v_0e^{−κT}/(1+2sc)), c = σ²(1−e^{−κT})/(4κ)",
        source=f"{SOURCE}, (18), its transform",
        statement="v_T/c is χ² with n = 4κθ/σ² degrees of freedom, non-central v_0e^{−κT}/c; "
        "simulated as the squared length of a vector, which needs no square root.",
        sde=VECTOR,
        observable=exp(-s * square),
        bounds=(0.0, 1.0),
        horizon=1,
        sizes={n: 3},
        values={kappa: 2, sigma: "3/2", s: "3/4", x: ((1,), ("1/2",), (0,))},
        relevant=0.05,
        **stated(scale),
        mutants=(
            Mutant(name="degrees", mistake="n + 2 degrees", changes=stated(scale, n + 2)),
            Mutant(name="factor_two", mistake="σ²(…)/(2κ)", changes=stated(2 * scale)),
            Mutant(name="four", mistake="σ²(…)/κ", changes=stated(4 * scale)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _forward() -> FokkerPlanckClaim:
    p = density("p", v)
    spread = diff(v * p, v, 2) * sigma**2 / 2
    drift = diff(kappa * (theta - v) * p, v)
    return FokkerPlanckClaim(
        id="cir.fokker_planck",
        title="∂p/∂t = ½σ² ∂²(vp)/∂v² − ∂(κ(θ − v)p)/∂v",
        source=f"{SOURCE}; W. Feller, Two singular diffusion problems, Ann. Math. 54 (1951)",
        statement="Feller's equation: the noise's coefficient stands inside both derivatives.",
        sde=SDE,
        density=p,
        right=spread - drift,
        mutants=(
            Mutant(
                name="outside",
                mistake="½σ²v ∂²p/∂v²",
                changes={"right": sigma**2 * v / 2 * diff(p, v, 2) - drift},
            ),
            Mutant(name="half", mistake="σ² for ½σ²", changes={"right": 2 * spread - drift}),
            Mutant(name="sign", mistake="the sign of the drift", changes={"right": spread + drift}),
            Mutant(
                name="stratonovich",
                mistake="½σ² ∂(√v ∂(√v p)): Stratonovich's",
                changes={"right": sigma**2 / 2 * diff(sqrt(v) * diff(sqrt(v) * p, v), v) - drift},
            ),
        ),
        inapplicable={"path": "an equation at a point", **NO_ALGORITHM},
    )


def _stationary() -> StationaryClaim:
    def gamma(shape: Any, rate: Any) -> dict[str, Any]:
        return {"density": v ** (shape - 1) * exp(-rate * v)}

    shape, rate = 2 * kappa * theta / sigma**2, 2 * kappa / sigma**2
    return StationaryClaim(
        id="cir.stationary",
        title="stationary density ∝ v^{2κθ/σ²−1} e^{−2κv/σ²}",
        source=f"{SOURCE}, (20)",
        statement="A gamma law of mean θ and variance θσ²/(2κ).",
        sde=SDE,
        observable=v,
        support=(0, oo),
        horizon=8,
        values={kappa: "5/4", theta: "3/4", sigma: "1/2", v: 1},
        relevant=0.05,
        **gamma(shape, rate),
        mutants=(
            Mutant(name="factor_two", mistake="4κ for 2κ", changes=gamma(2 * shape, 2 * rate)),
            Mutant(name="half", mistake="κ for 2κ", changes=gamma(shape / 2, rate / 2)),
            Mutant(name="square", mistake="σ for σ²", changes=gamma(shape * sigma, rate * sigma)),
        ),
        inapplicable=NO_ALGORITHM,
    )
