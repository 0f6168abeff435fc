"""Bessel processes: the length of a Brownian motion x in n dimensions (Revuz and Yor, Chapter XI).

dβ = x'dB/|x| is a Brownian motion of one dimension, so that R = |x| and R² solve equations of
their own: dR = dβ + (n−1)/(2R) dt and d(R²) = n dt + 2R dβ.  The function R^{2−n}, log R for n = 2,
has no drift: that decides which spheres are reached, and that the origin is not from n = 2 on.
"""

from typing import Any

from sympy import Gt, Q, Rational, erf, erfc, exp, gamma, log, lowergamma, pi, sqrt

from derivations import (
    LEVEL,
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    HittingClaim,
    LawClaim,
    MatrixSDE,
    MomentClaim,
    Mutant,
    PathCheck,
    State,
    Theorem,
    dims,
    t,
    tr,
)

REVUZ_YOR = "D. Revuz, M. Yor, Continuous Martingales and Brownian Motion, 3rd ed. (1999)"
SOURCE = f"{REVUZ_YOR}, Chapter XI, Section 1"
n = dims("n")
x, B = State("x", n), Brownian("B", n)
SDE = MatrixSDE({x: B.d})
square = tr(x.T * x)
along = tr(x.T * B.d)
AWAY = Assumption(text="x is not at the origin", condition=Q.positive(square))
MOVING = {
    "path": "R has a martingale part; paths: bessel.moments",
    "algorithm": "a statement about the equation alone",
}


def theorem() -> Theorem:
    """The radius and its functions, moments, laws from zero and elsewhere, a sphere reached."""
    return Theorem(
        id="bessel",
        title="Bessel processes: the distance of Brownian motion from the origin",
        source=SOURCE,
        claims=(
            _radius(),
            _square(),
            _noise(),
            _logarithm(),
            _harmonic(),
            _moments(),
            _law(),
            _shifted_law(),
            _hitting(),
        ),
    )


def _radius() -> DifferentialClaim:
    R = sqrt(square)
    drift = (n - 1) / (2 * R)
    return DifferentialClaim(
        id="bessel",
        title="dR = dβ + (n−1)/(2R) dt",
        source=SOURCE,
        statement="The length of a Brownian motion in n dimensions is a diffusion of its own; in "
        "one dimension |x| has no drift away from zero.",
        sde=SDE,
        observable=R,
        drift=drift,
        martingale=along / R,
        assumptions=(AWAY,),
        mutants=(
            Mutant(name="dimension", mistake="n for n − 1", changes={"drift": n / (2 * R)}),
            Mutant(name="factor_two", mistake="½ lost", changes={"drift": 2 * drift}),
            Mutant(name="sign", mistake="towards the origin", changes={"drift": -drift}),
            Mutant(name="square", mistake="1/R² for 1/R", changes={"drift": drift / R}),
            Mutant(name="noise", mistake="x'dB for dβ", changes={"martingale": along}),
        ),
        inapplicable=MOVING,
    )


def _square() -> DifferentialClaim:
    return DifferentialClaim(
        id="bessel.square",
        title="d(R²) = n dt + 2R dβ",
        source=f"{REVUZ_YOR}, Definition XI.1.1",
        statement="The squared Bessel process of dimension n, defined through the origin too.",
        sde=SDE,
        observable=square,
        drift=n,
        martingale=2 * along,
        mutants=(
            Mutant(name="dimension", mistake="n − 1 for n", changes={"drift": n - 1}),
            Mutant(name="factor_two", mistake="n/2 for n", changes={"drift": n / 2}),
            Mutant(name="no_ito", mistake="no drift", changes={"drift": 0 * n}),
            Mutant(name="noise", mistake="1 for 2 in the noise", changes={"martingale": along}),
        ),
        inapplicable=MOVING,
    )


def _noise() -> CovariationClaim:
    R = sqrt(square)
    return CovariationClaim(
        id="bessel.noise",
        title="d⟨R⟩ = dt: β is a Brownian motion",
        source=f"{SOURCE}; Lévy's characterisation",
        statement="The martingale part of R has the quadratic variation t, in every dimension.",
        sde=SDE,
        first=R,
        second=R,
        rate=1,
        assumptions=(AWAY,),
        mutants=(
            Mutant(name="dimension", mistake="n for 1", changes={"rate": n}),
            Mutant(name="square", mistake="4R², as for R²", changes={"rate": 4 * square}),
        ),
        inapplicable=MOVING,
    )


def _logarithm() -> DifferentialClaim:
    drift = (n - 2) / (2 * square)
    return DifferentialClaim(
        id="bessel.logarithm",
        title="d log R = dβ/R + (n−2)/(2R²) dt",
        source=SOURCE,
        statement="For n = 2 the logarithm is a local martingale: the origin is not reached, every "
        "circle is; from n = 3 on it rises.",
        sde=SDE,
        observable=log(square) / 2,
        drift=drift,
        martingale=along / square,
        assumptions=(AWAY,),
        mutants=(
            Mutant(
                name="curvature",
                mistake="n − 1 for n − 2",
                changes={"drift": drift + 1 / (2 * square)},
            ),
            Mutant(name="factor_two", mistake="of log R²", changes={"drift": 2 * drift}),
            Mutant(name="no_ito", mistake="n for n − 2", changes={"drift": drift + 1 / square}),
        ),
        inapplicable=MOVING,
    )


def _harmonic() -> DifferentialClaim:
    def power(exponent: Any) -> dict[str, Any]:
        """R to this power, and its martingale part."""
        R = square ** (exponent / 2)
        return {"observable": R, "martingale": exponent * R * along / square}

    return DifferentialClaim(
        id="bessel.harmonic",
        title="R^{2−n} is a local martingale",
        source=f"{REVUZ_YOR}, Chapter XI, Section 1; Øksendal, Example 7.4.2",
        statement="By optional stopping the sphere of radius r is reached from R_0 > r with "
        "probability (r/R_0)^{n−2} for n ≥ 3: Brownian motion is transient.",
        sde=SDE,
        **power(2 - n),
        drift=0,
        assumptions=(AWAY, Assumption(text="n is at least 3", condition=Gt(n, 2))),
        mutants=(
            Mutant(name="exponent", mistake="R^{1−n}", changes=power(1 - n)),
            Mutant(name="square", mistake="(R²)^{2−n}", changes=power(4 - 2 * n)),
            Mutant(name="sign", mistake="R^{n−2}", changes=power(n - 2)),
        ),
        inapplicable=MOVING,
    )


def _moments() -> MomentClaim:
    def stated(rate: Any, curve: Any) -> dict[str, Any]:
        """E R² grows at this rate, E R⁴ at this multiple of E R²."""
        laws = (square + rate * t, square**2 + curve * (square * t + rate * t**2 / 2), 1)
        return {"matrix": ((0, 0, rate), (curve, 0, 0), (0, 0, 0)), "laws": laws}

    half = {"laws": (square + n * t, square**2 + (2 * n + 4) * (square * t + n * t**2), 1)}
    return MomentClaim(
        id="bessel.moments",
        title="E R² = R_0² + nt, E R⁴ = R_0⁴ + (2n+4)(R_0²t + nt²/2)",
        source=f"{SOURCE}; as derived here",
        statement="Even moments of the length are polynomials in time.",
        sde=SDE,
        moments=(square, square**2, 1),
        **stated(n, 2 * n + 4),
        path=PathCheck(sde=SDE, horizon=1, sizes={n: 2}, relevant=0.005),
        mutants=(
            Mutant(name="variation", mistake="2n for 2n + 4", changes=stated(n, 2 * n)),
            Mutant(name="factor_two", mistake="n/2 for n", changes=stated(n / 2, 2 * n + 4)),
            Mutant(name="time", mistake="t² for t²/2", changes=half),
            Mutant(name="half", mistake="2n + 2", changes=stated(n * Rational(1), 2 * n + 2)),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )


def _law() -> LawClaim:
    def cdf(degrees: Any, scale: Any = 2 * t) -> dict[str, Any]:
        """Of a gamma law: level/scale has the shape degrees/2."""
        return {"cdf": lowergamma(degrees / 2, LEVEL / scale) / gamma(degrees / 2)}

    return LawClaim(
        id="bessel.law",
        title="from the origin R_T²/T is χ² with n degrees of freedom",
        source=f"{REVUZ_YOR}, Corollary XI.1.4",
        statement="P(R_T² ≤ y) = γ(n/2, y/(2T))/Γ(n/2).",
        sde=SDE,
        observable=square,
        horizon="3/2",
        sizes={n: 3},
        values={x: ((0,), (0,), (0,))},
        relevant=0.05,
        **cdf(n),
        mutants=(
            Mutant(name="degrees", mistake="n − 1 degrees", changes=cdf(n - 1)),
            Mutant(name="scale", mistake="y/T for y/(2T)", changes=cdf(n, t)),
            Mutant(name="time", mistake="T² for T", changes=cdf(n, 2 * t**2)),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )


def _three(start: Any) -> dict[str, Any]:
    """Brownian motion in three dimensions at time T, from a distance to be given."""
    y, W = State("x", 3), Brownian("B", 3)
    return {
        "sde": MatrixSDE({y: W.d}),
        "observable": sqrt(tr(y.T * y)),
        "values": {y: ((start,), (0,), (0,))},
    }


def _shifted_law() -> LawClaim:
    distance = sqrt(tr(State("x", 3).T * State("x", 3)))

    def cdf(weight: Any, shift: Any = 1) -> dict[str, Any]:
        near, far = ((LEVEL + s * distance) / sqrt(t) for s in (-1, 1))
        mass = (erf(near / sqrt(2)) + shift * erf(far / sqrt(2))) / 2
        bells = (exp(-(near**2) / 2) - exp(-(far**2) / 2)) / sqrt(2 * pi)
        return {"cdf": mass - weight * sqrt(t) / distance * bells}

    return LawClaim(
        id="bessel.shifted_law",
        title="n = 3: P(R_T ≤ r) = Φ(a) + Φ(b) − 1 − √T/R_0 (φ(a) − φ(b)), a, b = (r ∓ R_0)/√T",
        source=f"as derived here from the density of {REVUZ_YOR}, Corollary XI.1.4",
        statement="The non-central law, elementary in three dimensions.",
        **_three(1),
        horizon="3/4",
        relevant=0.05,
        **cdf(1),
        mutants=(
            Mutant(name="line", mistake="that of |β|, n = 1", changes=cdf(0)),
            Mutant(name="sign", mistake="+ for −", changes=cdf(-1)),
            Mutant(name="half", mistake="√T/(2R_0)", changes=cdf(Rational(1, 2))),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )


def _hitting() -> HittingClaim:
    radius = Rational(1)
    distance = sqrt(tr(State("x", 3).T * State("x", 3)))

    def reached(share: Any, scale: Any = 2) -> dict[str, Any]:
        return {"probability": share * erfc((distance - radius) / sqrt(scale * t))}

    return HittingClaim(
        id="bessel.hitting",
        title="n = 3: the sphere of radius r is reached by T with probability "
        "(r/R_0) erfc((R_0 − r)/√(2T))",
        source="A. Borodin, P. Salminen, Handbook of Brownian Motion, 2nd ed. (2002), Part II, "
        "Chapter 5 (Bessel process of order ½)",
        statement="Only the share r/R_0 of the paths ever comes, as R^{2−n} tells "
        "(bessel.harmonic).",
        **_three("3/2"),
        level=radius,
        horizon=2,
        relevant=0.12,
        **reached(radius / distance),
        mutants=(
            Mutant(name="recurrent", mistake="1 for r/R_0, as on the line", changes=reached(1)),
            Mutant(
                name="square",
                mistake="(r/R_0)², as for n = 4",
                changes=reached((radius / distance) ** 2),
            ),
            Mutant(name="scale", mistake="√T for √(2T)", changes=reached(radius / distance, 1)),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )
