"""Geometric Brownian motion: dx = μx dt + σx dβ with x > 0 (Øksendal, Example 5.1.1).

x_t = x_0 exp((μ − σ²/2)t + σβ_t).  The mean grows at μ, the typical path at μ − σ²/2: between them
lies Itô's correction, and for 0 < μ < σ²/2 almost every path vanishes while the mean explodes.
"""

from typing import Any

from sympy import erf, exp, log, sqrt

from derivations import (
    INITIAL,
    LEVEL,
    Brownian,
    DifferentialClaim,
    LawClaim,
    LimitClaim,
    MatrixSDE,
    MomentClaim,
    Mutant,
    PathCheck,
    State,
    Theorem,
    ThresholdClaim,
    dt,
    positive,
    real,
    t,
)

OKSENDAL = "B. Øksendal, Stochastic Differential Equations, 6th ed. (2003), Example 5.1.1"
mu, sigma, q = real("mu"), positive("sigma"), positive("q")
x, b, beta = State("x", positive=True), State("b"), Brownian("beta")
SDE = MatrixSDE({x: mu * x * dt + sigma * x * beta.d})
TYPICAL = mu - sigma**2 / 2
NO_ALGORITHM = {"algorithm": "a statement about the equation alone"}
VALUES = {mu: "1/4", sigma: "1/2", x: "3/2"}


def theorem() -> Theorem:
    """Logarithm, solution, moments, the Stratonovich reading, the law, the limit of a path."""
    return Theorem(
        id="geometric_brownian_motion",
        title="Geometric Brownian motion: growth μ in the mean, μ − σ²/2 on a path",
        source=OKSENDAL,
        claims=(
            _logarithm(),
            _solution(),
            _moments(),
            _stratonovich(),
            _law(),
            _limit(),
            _threshold(),
        ),
    )


def _logarithm() -> DifferentialClaim:
    return DifferentialClaim(
        id="geometric_brownian_motion",
        title="d log x = (μ − σ²/2)dt + σdβ",
        source=OKSENDAL,
        statement="The logarithm is a Brownian motion of variance σ² with the drift μ − σ²/2.",
        sde=SDE,
        observable=log(x),
        drift=TYPICAL,
        martingale=sigma * beta.d,
        mutants=(
            Mutant(name="no_ito", mistake="μ: Itô's term forgotten", changes={"drift": mu}),
            Mutant(name="factor_two", mistake="σ² for σ²/2", changes={"drift": mu - sigma**2}),
            Mutant(name="square", mistake="σ for σ²", changes={"drift": mu - sigma / 2}),
            Mutant(name="sign", mistake="μ + σ²/2", changes={"drift": mu + sigma**2 / 2}),
            Mutant(
                name="variance",
                mistake="σ² for σ in the martingale part",
                changes={"martingale": sigma**2 * beta.d},
            ),
        ),
        inapplicable={
            "path": "log x has a martingale part; paths: geometric_brownian_motion.solution",
            **NO_ALGORITHM,
        },
    )


def _solution() -> DifferentialClaim:
    sde = MatrixSDE({**SDE.equations, b: beta.d})

    def stated(rate: Any) -> dict[str, Any]:
        """x discounted by a rate and by the noise, which is to stand still."""
        observable = x * exp(-rate * t - sigma * b)
        path = PathCheck(
            sde=sde,
            observable=x * exp(-sigma * b),
            law=INITIAL * exp(rate * t),
            horizon="3/4",
            sizes={},
            values={**VALUES, b: 0},
        )
        return {"observable": observable, "path": path}

    return DifferentialClaim(
        id="geometric_brownian_motion.solution",
        title="x_t = x_0 exp((μ − σ²/2)t + σβ_t)",
        source=OKSENDAL,
        statement="With b the Brownian motion itself, x exp(−(μ − σ²/2)t − σb) is constant.",
        sde=sde,
        **stated(TYPICAL),
        drift=0,
        mutants=(
            Mutant(name="no_ito", mistake="e^{μt + σβ}", changes=stated(mu)),
            Mutant(name="sign", mistake="μ + σ²/2", changes=stated(mu + sigma**2 / 2)),
            Mutant(name="factor_two", mistake="σ² for σ²/2", changes=stated(mu - sigma**2)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _moments() -> MomentClaim:
    def stated(rate: Any) -> dict[str, Any]:
        return {"matrix": ((rate,),), "laws": (exp(rate * t) * x**q,)}

    return MomentClaim(
        id="geometric_brownian_motion.moments",
        title="E x_t^q = x_0^q exp((qμ + q(q−1)σ²/2)t)",
        source=f"{OKSENDAL} for q = 1; any power as derived here",
        statement="Every power closes; q = 1 gives the mean x_0 e^{μt}, without σ.",
        sde=SDE,
        moments=(x**q,),
        **stated(q * mu + q * (q - 1) * sigma**2 / 2),
        path=PathCheck(sde=SDE, horizon=1, sizes={}, values={**VALUES, q: 3}, relevant=0.005),
        mutants=(
            Mutant(
                name="square",
                mistake="q² for q(q−1)",
                changes=stated(q * mu + q**2 * sigma**2 / 2),
            ),
            Mutant(
                name="factor_two",
                mistake="½ lost",
                changes=stated(q * mu + q * (q - 1) * sigma**2),
            ),
            Mutant(name="typical", mistake="q times the typical rate", changes=stated(q * TYPICAL)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _stratonovich() -> DifferentialClaim:
    drift = (mu + sigma**2 / 2) * x
    return DifferentialClaim(
        id="geometric_brownian_motion.stratonovich",
        title="dx = μx dt + σx ∘ dβ has the Itô drift (μ + σ²/2)x",
        source=f"{OKSENDAL}, remark on the Stratonovich interpretation",
        statement="Read in the sense of Stratonovich, x_t = x_0 exp(μt + σβ_t): the typical growth "
        "is μ, that of the mean μ + σ²/2.",
        sde=MatrixSDE(SDE.equations, calculus="stratonovich"),
        observable=x,
        drift=drift,
        martingale=sigma * x * beta.d,
        mutants=(
            Mutant(name="no_correction", mistake="the Itô reading", changes={"drift": mu * x}),
            Mutant(
                name="factor_two",
                mistake="σ² for σ²/2",
                changes={"drift": drift + sigma**2 * x / 2},
            ),
            Mutant(name="sign", mistake="μ − σ²/2", changes={"drift": TYPICAL * x}),
        ),
        inapplicable={
            "path": "x has a martingale part; paths: geometric_brownian_motion.solution",
            "generator": "differences are taken of Itô systems; this one is Stratonovich's",
            **NO_ALGORITHM,
        },
    )


def _law() -> LawClaim:
    def cdf(rate: Any, variance: Any) -> dict[str, Any]:
        """Lognormal, log x of this mean growth and of this variance."""
        return {"cdf": (1 + erf((log(LEVEL / x) - rate * t) / sqrt(2 * variance))) / 2}

    return LawClaim(
        id="geometric_brownian_motion.law",
        title="x_T is lognormal: log x_T is normal, of mean log x_0 + (μ − σ²/2)T, variance σ²T",
        source=OKSENDAL,
        statement="P(x_T ≤ y) = Φ((log(y/x_0) − (μ − σ²/2)T)/(σ√T)).",
        sde=SDE,
        observable=x,
        horizon=2,
        values=VALUES,
        relevant=0.05,
        **cdf(TYPICAL, sigma**2 * t),
        mutants=(
            Mutant(name="no_ito", mistake="μ for μ − σ²/2", changes=cdf(mu, sigma**2 * t)),
            Mutant(name="time", mistake="σ²T² for σ²T", changes=cdf(TYPICAL, sigma**2 * t**2)),
            Mutant(name="square", mistake="σT for σ²T", changes=cdf(TYPICAL, sigma * t)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _limit() -> LimitClaim:
    return LimitClaim(
        id="geometric_brownian_motion.limit",
        title="(log x_t)/t → μ − σ²/2 almost surely",
        source=OKSENDAL,
        statement="The growth of a path, whatever that of the mean.",
        sde=SDE,
        observable=log(x),
        value=TYPICAL,
        horizon=20,
        values={mu: "1/4", sigma: "5/4", x: 1},
        relevant=0.12,
        mutants=(
            Mutant(name="mean", mistake="μ, the growth of the mean", changes={"value": mu}),
            Mutant(name="half", mistake="μ − σ²", changes={"value": mu - sigma**2}),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _threshold() -> ThresholdClaim:
    return ThresholdClaim(
        id="geometric_brownian_motion.threshold",
        title="x_t → 0 almost surely iff μ < σ²/2",
        source=OKSENDAL,
        statement="Below the threshold paths vanish though the mean e^{μt} grows for μ > 0.",
        sde=SDE,
        observable=log(x),
        parameter=mu,
        threshold=sigma**2 / 2,
        below=-1,
        above=1,
        horizon=16,
        values={sigma: "3/2", x: 1},
        relevant=0.15,
        mutants=(
            Mutant(
                name="mean", mistake="σ², as if Itô's ½ were lost", changes={"threshold": sigma**2}
            ),
            Mutant(name="fourth", mistake="σ²/4", changes={"threshold": sigma**2 / 4}),
            Mutant(name="signs", mistake="growth below", changes={"below": 1, "above": -1}),
        ),
        inapplicable=NO_ALGORITHM,
    )
