"""Ornstein–Uhlenbeck: dx = θ(m − x)dt + σdβ, and its matrix form (Karatzas and Shreve, 5.6.8).

x_t − m = e^{−θt}(x_0 − m) + σ∫e^{−θ(t−s)}dβ_s is normal, of variance σ²(1 − e^{−2θt})/(2θ).  A matrix
X (n, c) with independent columns has E XX' solving a Lyapunov equation.
"""

from typing import Any

from sympy import Identity, exp, sqrt

from derivations import (
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    MatrixSDE,
    MomentClaim,
    Mutant,
    Parameter,
    PathCheck,
    State,
    Theorem,
    dims,
    dt,
    positive,
    real,
    t,
    tr,
)

SOURCE = (
    "I. Karatzas, S. Shreve, Brownian Motion and Stochastic Calculus, 2nd ed. (1991), Example 5.6.8"
)
n, c = dims("n c")
theta, sigma, m = positive("theta"), positive("sigma"), real("m")
x, beta = State("x"), Brownian("beta")
SDE = MatrixSDE({x: theta * (m - x) * dt + sigma * beta.d})
X = State("X", n, c)
A = Parameter("A", n, n)
C = Parameter("C", n, n, positive_definite=True)
NO_ALGORITHM = {"algorithm": "a statement about the equation alone"}


def theorem() -> Theorem:
    """The discounted process, the first two moments, and the matrix process of any size."""
    return Theorem(
        id="ornstein_uhlenbeck",
        title="Ornstein–Uhlenbeck: a normal law whose variance tends to σ²/(2θ)",
        source=SOURCE,
        claims=(_discounted(), _moments(), _lyapunov(), _second_moment(), _isotropic()),
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
            values={theta: 1, sigma: "3/4", m: "1/2", x: 2},
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
    dB = Brownian("B", n, c, row_covariance=C).d
    S = X * X.T
    drift = c * C - A * S - S * A.T
    return DifferentialClaim(
        id="ornstein_uhlenbeck.lyapunov",
        title="dX = −AX dt + C^½dB: the drift of XX' is cC − AXX' − XX'A'",
        source=SOURCE,
        statement="Any stationary second moment S of c independent columns solves the Lyapunov "
        "equation AS + SA' = cC.",
        sde=MatrixSDE({X: -A * X * dt + dB}),
        observable=S,
        drift=drift,
        martingale=dB * X.T + X * dB.T,
        mutants=(
            Mutant(
                name="transpose",
                mistake="A for A' on the right",
                changes={"drift": c * C - A * S - S * A},
            ),
            Mutant(name="columns", mistake="n for c", changes={"drift": drift + (n - c) * C}),
            Mutant(name="no_ito", mistake="no Itô term", changes={"drift": drift - c * C}),
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


def _second_moment() -> CovariationClaim:
    dB = Brownian("B", n, c, row_covariance=C).d
    rate = 4 * tr(X.T * C * X)
    return CovariationClaim(
        id="ornstein_uhlenbeck.quadratic_variation",
        title="d⟨|X|²⟩ = 4 tr(X'CX) dt",
        source="as derived here",
        statement="The squared norm fluctuates with the noise along X only.",
        sde=MatrixSDE({X: -A * X * dt + dB}),
        first=tr(X * X.T),
        second=tr(X * X.T),
        rate=rate,
        mutants=(
            Mutant(name="factor_two", mistake="2 for 4", changes={"rate": rate / 2}),
            Mutant(name="white", mistake="C lost", changes={"rate": 4 * tr(X.T * X)}),
            Mutant(name="traces", mistake="tr C |X|²", changes={"rate": 4 * tr(C) * tr(X.T * X)}),
        ),
        inapplicable={
            "path": "a covariation at a point; paths: ornstein_uhlenbeck.isotropic",
            **NO_ALGORITHM,
        },
    )


def _isotropic() -> MomentClaim:
    dB = Brownian("B", n, c).d
    sde = MatrixSDE({X: -theta * X * dt + sigma * dB})
    S, fade = X * X.T, exp(-2 * theta * t)

    def stated(columns: Any, rate: Any = 2 * theta) -> dict[str, Any]:
        decay = exp(-rate * t)
        limit = columns * sigma**2 / rate
        return {
            "matrix": ((-rate, columns * sigma**2), (0, 0)),
            "laws": (decay * S + limit * (1 - decay) * Identity(n), 1),
        }

    halved = (fade * S + c * sigma**2 / theta * (1 - fade) * Identity(n), 1)
    return MomentClaim(
        id="ornstein_uhlenbeck.isotropic",
        title="A = θI: E XX' = e^{−2θt}X_0X_0' + cσ²(1 − e^{−2θt})/(2θ) I",
        source=SOURCE,
        statement="The second moment of an n × c matrix relaxes to cσ²/(2θ) I.",
        sde=sde,
        moments=(S, 1),
        **stated(c),
        path=PathCheck(
            sde=sde,
            horizon=1,
            sizes={n: 1, c: 2},
            values={theta: 1, sigma: "3/4"},
            relevant=0.005,
        ),
        mutants=(
            Mutant(name="columns", mistake="n for c", changes=stated(n)),
            Mutant(name="rate", mistake="e^{−θt} for e^{−2θt}", changes=stated(c, theta)),
            Mutant(name="factor_two", mistake="cσ²/θ", changes={"laws": halved}),
            Mutant(name="root", mistake="√c for c", changes=stated(sqrt(c))),
        ),
        inapplicable=NO_ALGORITHM,
    )
