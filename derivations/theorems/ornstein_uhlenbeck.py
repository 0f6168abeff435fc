"""Ornstein–Uhlenbeck: dx = θ(m − x)dt + σdβ, and its matrix form (Karatzas and Shreve, 5.6.8).

x_t − m = e^{−θt}(x_0 − m) + σ∫e^{−θ(t−s)}dβ_s is normal, of variance σ²(1 − e^{−2θt})/(2θ).  For a
matrix X (d, k) with independent columns E XX' solves a Lyapunov equation.
"""

from typing import Any

from sympy import Identity, cos, diff, erf, exp, oo, sqrt

from derivations import (
    LEVEL,
    Brownian,
    DifferentialClaim,
    LawClaim,
    MatrixSDE,
    MomentClaim,
    Mutant,
    Parameter,
    PathCheck,
    State,
    StationaryClaim,
    Theorem,
    dims,
    dt,
    positive,
    real,
    t,
)
from derivations.fokker_planck import FokkerPlanckClaim, density

SOURCE = (
    "I. Karatzas, S. Shreve, Brownian Motion and Stochastic Calculus, 2nd ed. (1991), Example 5.6.8"
)
d, k = dims("d k")
theta, sigma, m = positive("theta"), positive("sigma"), real("m")
x, beta = State("x"), Brownian("beta")
SDE = MatrixSDE({x: theta * (m - x) * dt + sigma * beta.d})
X = State("X", d, k)
A = Parameter("A", d, d)
C = Parameter("C", d, d, positive_definite=True)
NO_ALGORITHM = {"algorithm": "a statement about the equation alone"}


def theorem() -> Theorem:
    """The process, its moments and its law, the stationary one, and the matrix of any size."""
    return Theorem(
        id="ornstein_uhlenbeck",
        title="Ornstein–Uhlenbeck: a normal law whose variance tends to σ²/(2θ)",
        source=SOURCE,
        claims=(
            _discounted(),
            _moments(),
            _lyapunov(),
            _isotropic(),
            _law(),
            _forward(),
            _stationary(),
            _at_one(),
        ),
    )


def _discounted() -> DifferentialClaim:
    martingale = sigma * exp(theta * t) * beta.d
    return DifferentialClaim(
        id="ornstein_uhlenbeck",
        title="d(e^{θt}(x − m)) = σe^{θt}dβ",
        source=SOURCE,
        statement="Discounted backwards the deviation from the mean is a martingale with "
        "deterministic integrand, so that x_t is normal.",
        sde=SDE,
        observable=exp(theta * t) * (x - m),
        drift=0,
        martingale=martingale,
        mutants=(
            Mutant(
                name="sign",
                mistake="e^{−θt} for e^{θt}",
                changes={"observable": exp(-theta * t) * (x - m)},
            ),
            Mutant(
                name="centre",
                mistake="x for x − m",
                changes={"observable": exp(theta * t) * x},
            ),
            Mutant(
                name="square",
                mistake="σ² for σ in the noise",
                changes={"martingale": sigma * martingale},
            ),
        ),
        inapplicable={
            "path": "the martingale part remains; paths: ornstein_uhlenbeck.moments",
            **NO_ALGORITHM,
        },
    )


def _moments() -> MomentClaim:
    fade = exp(-theta * t)

    def stated(variance: Any, rate: Any = 2 * theta) -> dict[str, Any]:
        """Mean and variance, if the variance tends to this one at this rate."""
        mean = m + fade * (x - m)
        return {"laws": (mean, mean**2 + variance * (1 - exp(-rate * t)), 1)}

    matrix = ((-theta, 0, theta * m), (2 * theta * m, -2 * theta, sigma**2), (0, 0, 0))
    limit = sigma**2 / (2 * theta)
    halved = (matrix[0], (2 * theta * m, -2 * theta, sigma**2 / 2), matrix[2])
    return MomentClaim(
        id="ornstein_uhlenbeck.moments",
        title="E x_t = m + e^{−θt}(x_0 − m), Var x_t = σ²(1 − e^{−2θt})/(2θ)",
        source=SOURCE,
        statement="Mean and second moment close with the constant 1.",
        sde=SDE,
        moments=(x, x**2, 1),
        matrix=matrix,
        **stated(limit),
        path=PathCheck(
            sde=SDE,
            horizon=1,
            sizes={},
            values={theta: "5/4", sigma: "3/4", m: "1/2", x: 2},
            relevant=0.005,
        ),
        mutants=(
            Mutant(name="factor_two", mistake="σ²/θ for σ²/(2θ)", changes=stated(2 * limit)),
            Mutant(name="rate", mistake="e^{−θt} in the variance", changes=stated(limit, theta)),
            Mutant(name="square", mistake="σ for σ²", changes=stated(limit / sigma)),
            Mutant(name="ito", mistake="σ²/2 for Itô's σ²", changes={"matrix": halved}),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _lyapunov() -> DifferentialClaim:
    """dX = −AX dt + C^½ dB: the drift of XX'."""
    dB = Brownian("B", d, k, row_covariance=C).d
    S = X * X.T
    drift = k * C - A * S - S * A.T
    return DifferentialClaim(
        id="ornstein_uhlenbeck.lyapunov",
        title="dX = −AX dt + C^½dB: the drift of XX' is kC − AXX' − XX'A'",
        source=SOURCE,
        statement="Any stationary second moment S of k independent columns solves the Lyapunov "
        "equation AS + SA' = kC.",
        sde=MatrixSDE({X: -A * X * dt + dB}),
        observable=S,
        drift=drift,
        martingale=dB * X.T + X * dB.T,
        mutants=(
            Mutant(
                name="transpose",
                mistake="A for A' on the right",
                changes={"drift": k * C - A * S - S * A},
            ),
            Mutant(name="columns", mistake="d for k", changes={"drift": drift + (d - k) * C}),
            Mutant(name="no_ito", mistake="no Itô term", changes={"drift": drift - k * C}),
            Mutant(
                name="martingale",
                mistake="one of the two factors moves",
                changes={"martingale": 2 * dB * X.T},
            ),
        ),
        inapplicable={
            "path": "XX' has a martingale part; paths: ornstein_uhlenbeck.isotropic",
            **NO_ALGORITHM,
        },
    )


def _isotropic() -> MomentClaim:
    dB = Brownian("B", d, k).d
    sde = MatrixSDE({X: -theta * X * dt + sigma * dB})
    S, fade = X * X.T, exp(-2 * theta * t)

    def stated(columns: Any, rate: Any = 2 * theta) -> dict[str, Any]:
        decay = exp(-rate * t)
        limit = columns * sigma**2 / rate
        return {
            "matrix": ((-rate, columns * sigma**2), (0, 0)),
            "laws": (decay * S + limit * (1 - decay) * Identity(d), 1),
        }

    halved = (fade * S + k * sigma**2 / theta * (1 - fade) * Identity(d), 1)
    return MomentClaim(
        id="ornstein_uhlenbeck.isotropic",
        title="A = θI: E XX' = e^{−2θt}X_0X_0' + kσ²(1 − e^{−2θt})/(2θ) I",
        source=SOURCE,
        statement="The second moment of a d × k matrix relaxes to kσ²/(2θ) I.",
        sde=sde,
        moments=(S, 1),
        **stated(k),
        path=PathCheck(
            sde=sde,
            horizon="1/2",
            sizes={d: 1, k: 2},
            values={theta: "5/4", sigma: "3/4"},
            relevant=0.005,
        ),
        mutants=(
            Mutant(name="columns", mistake="d for k", changes=stated(d)),
            Mutant(name="rate", mistake="e^{−θt} for e^{−2θt}", changes=stated(k, theta)),
            Mutant(name="factor_two", mistake="kσ²/θ", changes={"laws": halved}),
            Mutant(name="root", mistake="√k for k", changes=stated(sqrt(k))),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _law() -> LawClaim:
    mean = m + exp(-theta * t) * (x - m)

    def cdf(variance: Any) -> dict[str, Any]:
        return {"cdf": (1 + erf((LEVEL - mean) / sqrt(2 * variance))) / 2}

    limit = sigma**2 / (2 * theta)
    return LawClaim(
        id="ornstein_uhlenbeck.law",
        title="x_T is normal of mean m + e^{−θT}(x_0 − m) and variance σ²(1 − e^{−2θT})/(2θ)",
        source=SOURCE,
        statement="The law at every time, from a fixed start.",
        sde=SDE,
        observable=x,
        horizon=1,
        values={theta: "1/2", sigma: "3/2", m: "1/2", x: 2},
        relevant=0.05,
        **cdf(limit * (1 - exp(-2 * theta * t))),
        mutants=(
            Mutant(name="stationary", mistake="already σ²/(2θ)", changes=cdf(limit)),
            Mutant(
                name="rate",
                mistake="e^{−θT} for e^{−2θT}",
                changes=cdf(limit * (1 - exp(-theta * t))),
            ),
            Mutant(
                name="factor_two",
                mistake="σ²/θ",
                changes=cdf(2 * limit * (1 - exp(-2 * theta * t))),
            ),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _forward() -> FokkerPlanckClaim:
    p = density("p", x)
    inward = diff(theta * (x - m) * p, x)
    return FokkerPlanckClaim(
        id="ornstein_uhlenbeck.fokker_planck",
        title="∂p/∂t = ∂(θ(x − m)p)/∂x + ½σ² ∂²p/∂x²",
        source="H. Risken, The Fokker–Planck Equation, 2nd ed. (1989), Section 5.3",
        statement="The density of an Ornstein–Uhlenbeck process.",
        sde=SDE,
        density=p,
        right=inward + sigma**2 / 2 * diff(p, x, 2),
        mutants=(
            Mutant(
                name="sign",
                mistake="outwards",
                changes={"right": sigma**2 / 2 * diff(p, x, 2) - inward},
            ),
            Mutant(
                name="half",
                mistake="σ² for ½σ²",
                changes={"right": inward + sigma**2 * diff(p, x, 2)},
            ),
            Mutant(
                name="backward",
                mistake="the backward equation",
                changes={"right": theta * (m - x) * diff(p, x) + sigma**2 / 2 * diff(p, x, 2)},
            ),
        ),
        inapplicable={"path": "an equation at a point", **NO_ALGORITHM},
    )


def _at_rest(**fields: Any) -> StationaryClaim:
    return StationaryClaim(
        source=SOURCE,
        sde=SDE,
        horizon=8,
        values={theta: "3/4", sigma: "3/2", m: "1/2", x: "1/2"},
        relevant=0.04,
        inapplicable=NO_ALGORITHM,
        **fields,
    )


def _stationary() -> StationaryClaim:
    def normal(factor: Any) -> Any:
        """A normal density of mean m, unnormalised, of variance σ²/(2 factor)."""
        return exp(-factor * (x - m) ** 2 / sigma**2)

    return _at_rest(
        id="ornstein_uhlenbeck.stationary",
        title="stationary density ∝ exp(−θ(x − m)²/σ²)",
        statement="Normal with mean m and variance σ²/(2θ).",
        observable=x,
        density=normal(theta),
        support=(-oo, oo),
        mutants=(
            Mutant(name="factor_two", mistake="2θ: σ²/4", changes={"density": normal(2 * theta)}),
            Mutant(name="half", mistake="θ/2: σ²/θ", changes={"density": normal(theta / 2)}),
            Mutant(
                name="centre",
                mistake="centred at 0",
                changes={"density": exp(-theta * x**2 / sigma**2)},
            ),
        ),
    )


def _at_one() -> StationaryClaim:
    def mean(variance: Any) -> dict[str, Any]:
        return {"value": exp(-variance / 2)}

    limit = sigma**2 / (2 * theta)
    return _at_rest(
        id="ornstein_uhlenbeck.characteristic",
        title="at rest E cos(x − m) = e^{−σ²/(4θ)}",
        statement="The characteristic function of the stationary law at 1, a bounded observable.",
        observable=cos(x - m),
        bounds=(-1.0, 1.0),
        **mean(limit),
        mutants=(
            Mutant(name="factor_two", mistake="variance σ²/θ", changes=mean(2 * limit)),
            Mutant(name="half", mistake="variance σ²/(4θ)", changes=mean(limit / 2)),
        ),
    )
