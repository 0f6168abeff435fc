"""Stochastic collapse: multiplicative noise makes an invariant set attract (Chen et al. 2023).

dθ = (μθ − θ³)dt + ζθ dβ: the quartic potential ¼θ⁴ − ½μθ² and noise that vanishes at 0.
d log θ = (μ − ζ²/2 − θ²)dt + ζ dβ decides: θ → 0 almost surely iff ζ² > 2μ, and for ζ² < 2μ the
density ∝ θ^{2μ/ζ²−2} e^{−θ²/ζ²} is stationary on θ > 0, the mirrored one on θ < 0.  At ζ² = 2μ
neither holds: the density would be 1/θ near 0, which has infinite mass, and log θ comes back again
and again (null recurrence), so that θ → 0 in probability and not almost surely.

One neuron: `_collapse_neuron`; the diagonal teacher–student model: `_collapse_modes`, and the noise
that labels give it: `_collapse_labels`; why it has no repulsion of singular values:
`_collapse_vectors`.
"""

from typing import Any

from sympy import Rational, diff, exp, log, oo

from derivations import (
    Brownian,
    DifferentialClaim,
    LimitClaim,
    MatrixSDE,
    Mutant,
    State,
    StationaryClaim,
    Theorem,
    ThresholdClaim,
    dt,
    positive,
    real,
)
from derivations.fokker_planck import FokkerPlanckClaim, density

from ._collapse_labels import label_claims
from ._collapse_modes import CHEN, NO_ALGORITHM, mode_claims
from ._collapse_neuron import neuron_claims
from ._collapse_vectors import vector_claims

SOURCE = f"{CHEN}, the quartic potential; as derived here"
HALF = Rational(1, 2)
mu, zeta = real("mu"), positive("zeta")
theta, a, beta = State("theta", positive=True), State("a"), Brownian("beta")
dtheta = (mu * theta - theta**3) * dt + zeta * theta * beta.d
SDE = MatrixSDE({theta: dtheta})


def theorem() -> Theorem:
    """The quartic diffusion, one neuron, the diagonal teacher–student model, singular vectors."""
    return Theorem(
        id="stochastic_collapse",
        title="Stochastic collapse: thresholds of one weight, one neuron, one mode",
        source=CHEN,
        claims=(
            _logarithm(),
            _linear(),
            _forward(),
            _threshold(),
            _density(),
            _second_moment(),
            _transform(),
            *neuron_claims(),
            *label_claims(),
            *mode_claims(),
            *vector_claims(),
        ),
    )


def _logarithm() -> DifferentialClaim:
    drift = mu - theta**2 - zeta**2 / 2
    return DifferentialClaim(
        id="stochastic_collapse",
        title="d log θ = (μ − ζ²/2 − θ²)dt + ζ dβ",
        source=SOURCE,
        statement="Near 0 the logarithm has the drift μ − ζ²/2: zero attracts iff ζ² > 2μ, though "
        "the potential has its minimum elsewhere for every μ > 0.",
        sde=SDE,
        observable=log(theta),
        drift=drift,
        martingale=zeta * beta.d,
        mutants=(
            Mutant(name="no_ito", mistake="no Itô term", changes={"drift": drift + zeta**2 / 2}),
            Mutant(
                name="factor_two", mistake="ζ² for ζ²/2", changes={"drift": drift - zeta**2 / 2}
            ),
            Mutant(name="sign", mistake="μ + ζ²/2", changes={"drift": drift + zeta**2}),
            Mutant(
                name="square",
                mistake="θ for θ²",
                changes={"drift": drift + theta**2 - theta},
            ),
            Mutant(
                name="noise",
                mistake="ζ² for ζ in the martingale part",
                changes={"martingale": zeta**2 * beta.d},
            ),
        ),
        inapplicable={
            "path": "a martingale part remains; paths: stochastic_collapse.threshold",
            **NO_ALGORITHM,
        },
    )


def _linear() -> DifferentialClaim:
    drift = 2 + (3 * zeta**2 - 2 * mu) / theta**2
    return DifferentialClaim(
        id="stochastic_collapse.inverse_square",
        title="u = 1/θ² solves du = (2 + (3ζ² − 2μ)u)dt − 2ζu dβ, which is linear",
        source="as derived here",
        statement="So that θ_t = θ_0 E_t/√(1 + 2θ_0²∫E²ds), E_t = exp((μ − ζ²/2)t + ζβ_t): the "
        "path never reaches 0 and never leaves to infinity.",
        sde=SDE,
        observable=theta**-2,
        drift=drift,
        martingale=-2 * zeta / theta**2 * beta.d,
        mutants=(
            Mutant(name="no_ito", mistake="3ζ² lost", changes={"drift": 2 - 2 * mu / theta**2}),
            Mutant(
                name="first",
                mistake="ζ² for 3ζ²",
                changes={"drift": 2 + (zeta**2 - 2 * mu) / theta**2},
            ),
            Mutant(name="sign", mistake="−2 for 2", changes={"drift": drift - 4}),
            Mutant(
                name="noise",
                mistake="the sign of the noise",
                changes={"martingale": 2 * zeta / theta**2 * beta.d},
            ),
        ),
        inapplicable={
            "path": "a martingale part remains; paths: stochastic_collapse.threshold",
            **NO_ALGORITHM,
        },
    )


def _forward() -> FokkerPlanckClaim:
    p = density("p", theta)
    spread = zeta**2 / 2 * diff(theta**2 * p, theta, 2)
    drift = diff((mu * theta - theta**3) * p, theta)
    return FokkerPlanckClaim(
        id="stochastic_collapse.fokker_planck",
        title="∂p/∂t = ½ζ² ∂²(θ²p)/∂θ² − ∂((μθ − θ³)p)/∂θ",
        source=SOURCE,
        statement="The noise stands inside both derivatives: Itô's reading.",
        sde=SDE,
        density=p,
        right=spread - drift,
        mutants=(
            Mutant(
                name="outside",
                mistake="½ζ²θ² ∂²p/∂θ²",
                changes={"right": zeta**2 * theta**2 / 2 * diff(p, theta, 2) - drift},
            ),
            Mutant(name="half", mistake="ζ² for ½ζ²", changes={"right": 2 * spread - drift}),
            Mutant(name="sign", mistake="the sign of the drift", changes={"right": spread + drift}),
            Mutant(
                name="stratonovich",
                mistake="½ζ² ∂(θ ∂(θp)): Stratonovich's",
                changes={
                    "right": zeta**2 / 2 * diff(theta * diff(theta * p, theta), theta) - drift
                },
            ),
        ),
        inapplicable={"path": "an equation at a point", **NO_ALGORITHM},
    )


def _threshold() -> ThresholdClaim:
    return ThresholdClaim(
        id="stochastic_collapse.threshold",
        title="θ → 0 almost surely if ζ² > 2μ, and not if ζ² < 2μ",
        source=SOURCE,
        statement="With f = log θ + 2∫θ²dt: f/t → μ − ζ²/2 < 0 is collapse, as the integral is "
        "not negative; f/t → 2μ − ζ² > 0 excludes it.  At equality log θ is null recurrent: "
        "neither collapse nor a stationary law.",
        sde=MatrixSDE({theta: dtheta, a: 2 * theta**2 * dt}),
        observable=log(theta) + a,
        parameter=mu,
        threshold=zeta**2 / 2,
        below=-1,
        above=1,
        horizon=400,
        values={zeta: "2/5", theta: "1/4", a: 0},
        relevant=0.25,
        mutants=(
            Mutant(
                name="flow", mistake="ζ², as if Itô's ½ were lost", changes={"threshold": zeta**2}
            ),
            Mutant(name="fourth", mistake="ζ²/4", changes={"threshold": zeta**2 / 4}),
            Mutant(name="root", mistake="ζ/2", changes={"threshold": zeta / 2}),
            Mutant(name="signs", mistake="collapse above", changes={"below": 1, "above": -1}),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _density() -> StationaryClaim:
    def stated(power: Any, rate: Any) -> dict[str, Any]:
        return {"density": theta**power * exp(-rate * theta**2)}

    lead = 2 * mu / zeta**2
    return StationaryClaim(
        id="stochastic_collapse.stationary",
        title="ζ² < 2μ: stationary density ∝ θ^{2μ/ζ² − 2} e^{−θ²/ζ²}",
        source=SOURCE,
        statement="θ² is gamma of shape μ/ζ² − ½ and scale ζ².  For μ > ζ² the mode is √(μ − ζ²), "
        "below √μ; for ζ²/2 < μ < ζ² the density is unbounded at 0.",
        sde=SDE,
        observable=theta,
        support=(0, oo),
        horizon=5,
        values={mu: "3/2", zeta: "3/4", theta: 1},
        relevant=0.05,
        **stated(lead - 2, zeta**-2),
        mutants=(
            Mutant(name="stratonovich", mistake="−1 for −2", changes=stated(lead - 1, zeta**-2)),
            Mutant(name="half", mistake="μ/ζ²", changes=stated(lead / 2 - 2, zeta**-2)),
            Mutant(name="root", mistake="ζ for ζ²", changes=stated(2 * mu / zeta - 2, 1 / zeta)),
            Mutant(name="rate", mistake="e^{−2θ²/ζ²}", changes=stated(lead - 2, 2 * zeta**-2)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _second_moment() -> LimitClaim:
    return LimitClaim(
        id="stochastic_collapse.second_moment",
        title="ζ² < 2μ: (1/t)∫θ²ds → μ − ζ²/2",
        source="as derived here",
        statement="Where log θ_t/t → 0, the mean of its drift μ − ζ²/2 − θ² vanishes.",
        sde=MatrixSDE({theta: dtheta, a: theta**2 * dt}),
        observable=a,
        value=mu - zeta**2 / 2,
        horizon=36,
        values={mu: "5/2", zeta: "3/2", theta: 1, a: 0},
        relevant=0.25,
        mutants=(
            Mutant(name="flow", mistake="μ, the minimum squared", changes={"value": mu}),
            Mutant(name="factor_two", mistake="μ − ζ²", changes={"value": mu - zeta**2}),
            Mutant(name="sign", mistake="μ + ζ²/2", changes={"value": mu + zeta**2 / 2}),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _transform() -> StationaryClaim:
    rate = positive("q")

    def value(shape: Any, scale: Any) -> dict[str, Any]:
        return {"value": (1 + rate * scale) ** -shape}

    shape = mu / zeta**2
    return StationaryClaim(
        id="stochastic_collapse.transform",
        title="ζ² < 2μ: E e^{−qθ²} = (1 + qζ²)^{½ − μ/ζ²} in the long run",
        source="as derived here",
        statement="The Laplace transform of θ², which has all moments: E θ² = μ − ζ²/2, "
        "E θ⁴ = (μ − ζ²/2)(μ + ζ²/2).",
        sde=SDE,
        observable=exp(-rate * theta**2),
        bounds=(0.0, 1.0),
        horizon=5,
        values={mu: "5/2", zeta: "4/5", rate: "1/2", theta: 1},
        relevant=0.05,
        **value(shape - HALF, zeta**2),
        mutants=(
            Mutant(name="ito", mistake="shape μ/ζ²", changes=value(shape, zeta**2)),
            Mutant(
                name="double", mistake="shape 2μ/ζ² − ½", changes=value(2 * shape - HALF, zeta**2)
            ),
            Mutant(name="scale", mistake="ζ²/2 for ζ²", changes=value(shape - HALF, zeta**2 / 2)),
        ),
        inapplicable=NO_ALGORITHM,
    )
