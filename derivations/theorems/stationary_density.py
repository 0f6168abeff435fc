"""The stationary law of SGD on the balanced product of two factors (seed 003).

Loss (uwx − y)² on u = w, v = uw = u².  The mean slope in v is 2(β1 v − β2), its variance 4g(v) with
g = α1v² − 2α2v + α3, and du = −u(2(β1v − β2) dt + 2√(Tg) dβ), Itô, T = 2σ² (η/b for SGD).  Hence

    dv = 4v[Tg − (β1v − β2)] dt − 4v√(Tg) dβ,

where 4vTg is Itô's term of the square, and 2a/D = ½/v − (β1v − β2)/(2Tvg) with a the drift and
D = 16Tv²g integrates to

    p(v) ∝ v^{β2/(2α3T) − 3/2} g^{−1−β2/(4α3T)} exp[−κ arctan((α1v − α2)/√Δ)],
    κ = (α3β1 − α2β2)/(2α3T√Δ),    Δ = α1α3 − α2² > 0,

on v > 0.  At 0 it can be normalised iff β2/(2α3T) − 3/2 > −1, that is T < β2/α3; at infinity p
falls like v^{−7/2} always.  The same number is where the drift of log v at 0, 4β2 − 4Tα3, changes
sign.
α1 = Var x², α2 = Cov(x², xy), α3 = Var(xy), β1 = Ex², β2 = Exy > 0.
"""

from typing import Any

from sympy import Gt, Integer, Rational, atan, diff, exp, log, sqrt

from derivations import (
    Assumption,
    Brownian,
    DifferentialClaim,
    FokkerPlanckClaim,
    MatrixSDE,
    Mutant,
    State,
    StationaryClaim,
    Theorem,
    ThresholdClaim,
    density,
    dt,
    positive,
    real,
)

from ._noise_equilibrium import NO_TRAINING, PAPER, T

SOURCE = f"{PAPER}; L. Ziyin, H. Li, M. Ueda, Law of Balance and Stationary Distribution of SGD"
alpha1, alpha3, beta1, beta2 = (positive(s) for s in ("alpha1", "alpha3", "beta1", "beta2"))
alpha2 = real("alpha2")
u, z, lost, beta = State("u"), State("z"), State("a"), Brownian("beta")
v, y = State("v", positive=True), State("y", positive=True)
DELTA = alpha1 * alpha3 - alpha2**2
SPREAD = Assumption(text="the samples differ, Δ = α1α3 − α2² > 0", condition=Gt(DELTA, 0))


def _noise(z: Any) -> Any:
    """g, a quarter of the variance of the slope at uw = z."""
    return alpha1 * z**2 - 2 * alpha2 * z + alpha3


def _drift(z: Any) -> Any:
    return 4 * z * (T * _noise(z) - beta1 * z + beta2)


def _stretch(x: Any) -> Any:
    """What the drift of log v loses beside 4(β2 − Tα3); not negative for β1 ≥ 2Tα2."""
    return 4 * x * (beta1 - 2 * T * alpha2) + 4 * T * alpha1 * x**2


def _log_drift(x: Any) -> Any:
    """The drift of log v at v = x."""
    return 4 * (beta2 - beta1 * x - T * _noise(x))


def _log_noise(x: Any) -> Any:
    """The martingale part of log v at v = x."""
    return -4 * sqrt(T * _noise(x)) * beta.d


SDE = MatrixSDE({v: _drift(v) * dt - 4 * v * sqrt(T * _noise(v)) * beta.d})
LOGARITHM = MatrixSDE(
    {z: _log_drift(exp(z)) * dt + _log_noise(exp(z)), lost: _stretch(exp(z)) * dt}
)
"""z = log v, and a the integral of what its drift loses where v is not small."""
NUMBERS = {
    alpha1: Rational(1, 4),
    alpha2: Rational(-3, 10),
    alpha3: Integer(1),
    beta1: Integer(2),
    beta2: Integer(2),
}
"""One set of samples, √Δ = 2/5: the paths see every factor of the density."""
INVERSE = MatrixSDE(
    {
        y: (4 * (beta1 - beta2 * y + 3 * T * y * _noise(1 / y))).subs(NUMBERS) * dt
        + 4 * y * sqrt(T * _noise(1 / y).subs(NUMBERS)) * beta.d
    }
)
"""y = 1/v."""
VALUES = {T: "1/2", alpha1: "1/10", alpha2: "1/10", alpha3: 3, beta1: 2, z: 0, lost: 0}
REMAINS = {"path": "a martingale part remains; paths: stationary_density.inverse", **NO_TRAINING}
STEEP = "drift and noise grow faster than v, and Euler's steps leave the domain"


def theorem() -> Theorem:
    """From u = w to v, the forward equation, the density, its threshold."""
    return Theorem(
        id="stationary_density",
        title="The stationary density of the balanced product v = uw under SGD",
        source=SOURCE,
        claims=(
            _density(),
            _inverse(),
            _product(),
            _forward(),
            _logarithm(),
            _stretched(),
            _threshold(),
        ),
    )


def _of(
    x: Any,
    *,
    power: Any = 2,
    first: Any = 3,
    last: Any = 1,
    share: Any = 2,
    turn: Any = 1,
    T: Any = T,
) -> Any:
    """x^{β2/(power α3T) − first/2} g^{−last − β2/(share power α3T)} exp(−turn κ arctan)."""
    gap, g, rate = sqrt(DELTA), _noise(x), 1 / (power * alpha3 * T)
    kappa = rate * (alpha3 * beta1 - alpha2 * beta2) / gap
    powers = x ** (beta2 * rate - Rational(first, 2)) * g ** (-last - beta2 * rate / share)
    return powers * exp(-turn * kappa * atan((alpha1 * x - alpha2) / gap))


WRONG: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("factor_two", "T = σ² for 2σ²", {"power": 4}),
    ("square", "T² for T", {"T": T**2}),
    ("ito", "v^{…−1}: Itô's term of v = u² lost", {"first": 2}),
    ("exponent", "g^{…} without −1", {"last": 0}),
    ("half", "g^{…−β2/(8α3T)} for 4", {"share": 4}),
    ("double", "g^{…−β2/(2α3T)} for 4", {"share": 1}),
    ("sign", "+κ arctan", {"turn": -1}),
    ("arctan", "2κ", {"turn": 2}),
)


def _density() -> StationaryClaim:
    return StationaryClaim(
        id="stationary_density",
        title="p(v) ∝ v^{β2/(2α3T)−3/2} g^{−1−β2/(4α3T)} exp[−κ arctan((α1v−α2)/√Δ)]",
        source=SOURCE,
        statement="On u = w, for T < β2/α3; Itô, T = 2σ².",
        sde=SDE,
        observable=v,
        density=_of(v),
        horizon=6,
        assumptions=(SPREAD,),
        mutants=tuple(
            Mutant(name=name, mistake=mistake, changes={"density": _of(v, **wrong)})
            for name, mistake, wrong in WRONG
        ),
        inapplicable={"path": f"{STEEP}; paths: stationary_density.inverse", **NO_TRAINING},
    )


def _inverse() -> StationaryClaim:
    def stated(**wrong: Any) -> dict[str, Any]:
        return {"density": (_of(1 / y, **wrong) / y**2).subs(NUMBERS)}

    return StationaryClaim(
        id="stationary_density.inverse",
        title="y = 1/v has the stationary density p(1/y)/y², on paths",
        source="as derived here",
        statement="α = (1/4, −3/10, 1), β = (2, 2).  Drift and noise of y grow no faster than y, "
        "so that Euler's steps can follow.",
        sde=INVERSE,
        observable=y,
        horizon=2,
        values={T: "1/4", y: 1},
        relevant=0.1,
        **stated(),
        mutants=tuple(
            Mutant(name=name, mistake=mistake, changes=stated(**wrong))
            for name, mistake, wrong in WRONG
        ),
        inapplicable=NO_TRAINING,
    )


def _product() -> DifferentialClaim:
    x = u**2
    slope = 2 * (beta1 * x - beta2) * dt + 2 * sqrt(T * _noise(x)) * beta.d
    drift = _drift(x)
    martingale = -4 * x * sqrt(T * _noise(x)) * beta.d
    return DifferentialClaim(
        id="stationary_density.product",
        title="dv = 4v[Tg − (β1v − β2)] dt − 4v√(Tg) dβ for v = u² on u = w",
        source=SOURCE,
        statement="The equation of the density from that of SGD; 4vTg is Itô's term.",
        sde=MatrixSDE({u: -u * slope}),
        observable=x,
        drift=drift,
        martingale=martingale,
        assumptions=(SPREAD,),
        mutants=(
            Mutant(
                name="missing_ito",
                mistake="no Itô term",
                changes={"drift": -4 * x * (beta1 * x - beta2)},
            ),
            Mutant(
                name="factor_two",
                mistake="8vTg",
                changes={"drift": drift + 4 * x * T * _noise(x)},
            ),
            Mutant(name="sign", mistake="the sign of the drift", changes={"drift": -drift}),
            Mutant(
                name="noise",
                mistake="2v√(Tg) dβ",
                changes={"martingale": martingale / 2},
            ),
        ),
        inapplicable=REMAINS,
    )


def _forward() -> FokkerPlanckClaim:
    p, g = density("p", v), _noise(v)
    spread, drift = diff(8 * T * v**2 * g * p, v, 2), diff(_drift(v) * p, v)
    return FokkerPlanckClaim(
        id="stationary_density.fokker_planck",
        title="∂p/∂t = ∂²(8Tv²g p)/∂v² − ∂(4v[Tg − (β1v − β2)]p)/∂v",
        source=SOURCE,
        statement="The forward equation that the density solves with no current.",
        sde=SDE,
        density=p,
        right=spread - drift,
        assumptions=(SPREAD,),
        mutants=(
            Mutant(name="factor_two", mistake="16 for 8", changes={"right": 2 * spread - drift}),
            Mutant(name="sign", mistake="the sign of the drift", changes={"right": spread + drift}),
            Mutant(
                name="square",
                mistake="v for v²",
                changes={"right": diff(8 * T * v * g * p, v, 2) - drift},
            ),
            Mutant(
                name="outside",
                mistake="8Tv²g ∂²p/∂v²",
                changes={"right": 8 * T * v**2 * g * diff(p, v, 2) - drift},
            ),
        ),
        inapplicable={"path": "an equation at a point", **NO_TRAINING},
    )


def _logarithm() -> DifferentialClaim:
    drift, martingale = _log_drift(v), _log_noise(v)
    return DifferentialClaim(
        id="stationary_density.logarithm",
        title="d log v = 4(β2 − β1v − Tg) dt − 4√(Tg) dβ",
        source="as derived here",
        statement="The equation of z in the system of the threshold, at v = e^z.  Of 4Tg in the "
        "drift of v and Itô's term −8Tg of the logarithm −4Tg is left.",
        sde=SDE,
        observable=log(v),
        drift=drift,
        martingale=martingale,
        assumptions=(SPREAD,),
        mutants=(
            Mutant(
                name="missing_ito",
                mistake="+4Tg: Itô's term of the logarithm lost",
                changes={"drift": drift + 8 * T * _noise(v)},
            ),
            Mutant(
                name="stratonovich",
                mistake="no Tg: Itô's term of the logarithm halved",
                changes={"drift": drift + 4 * T * _noise(v)},
            ),
            Mutant(
                name="factor_two",
                mistake="T = σ² for 2σ²",
                changes={"drift": drift + 2 * T * _noise(v), "martingale": martingale / sqrt(2)},
            ),
            Mutant(name="noise", mistake="−4v√(Tg) dβ", changes={"martingale": martingale * v}),
        ),
        inapplicable=REMAINS,
    )


def _stretched() -> DifferentialClaim:
    drift = 4 * (beta2 - T * alpha3)
    martingale = _log_noise(exp(z))
    return DifferentialClaim(
        id="stationary_density.stretched",
        title="d(z + a) = 4(β2 − Tα3) dt − 4√(Tg) dβ for z = log v",
        source="as derived here",
        statement="The observable of the threshold in its system: a takes from the drift of log v "
        "what depends on v.",
        sde=LOGARITHM,
        observable=z + lost,
        drift=drift,
        martingale=martingale,
        assumptions=(SPREAD,),
        mutants=(
            Mutant(name="factor_two", mistake="2Tα3", changes={"drift": drift - 4 * T * alpha3}),
            Mutant(name="half", mistake="Tα3/2", changes={"drift": drift + 2 * T * alpha3}),
            Mutant(name="square", mistake="T²α3", changes={"drift": 4 * (beta2 - T**2 * alpha3)}),
            Mutant(
                name="not_subtracted",
                mistake="the drift of log v itself",
                changes={"drift": _log_drift(exp(z))},
            ),
        ),
        inapplicable=REMAINS,
    )


def _threshold() -> ThresholdClaim:
    threshold = T * alpha3
    return ThresholdClaim(
        id="stationary_density.threshold",
        title="v vanishes for T > β2/α3, and not below",
        source=SOURCE,
        statement="f = log v + a, a the integral of 4v(β1 − 2Tα2) + 4Tα1v² ≥ 0, has the drift "
        "4(β2 − Tα3).  f/t < 0 is collapse, since log v ≤ f; with f/t > 0 there is none, since a "
        "would stay bounded.  The minimum of the loss is at β2/β1 on both sides.",
        sde=LOGARITHM,
        observable=z + lost,
        parameter=beta2,
        threshold=threshold,
        below=-1,
        above=1,
        horizon=12,
        values=VALUES,
        relevant=0.1,
        mutants=(
            Mutant(name="factor_two", mistake="T > β2/(2α3)", changes={"threshold": 2 * threshold}),
            Mutant(name="half", mistake="T > 2β2/α3", changes={"threshold": threshold / 2}),
            Mutant(name="inverse", mistake="β2 < 1/(Tα3)", changes={"threshold": 1 / threshold}),
            Mutant(name="signs", mistake="collapse above", changes={"below": 1, "above": -1}),
        ),
        inapplicable=NO_TRAINING,
    )
