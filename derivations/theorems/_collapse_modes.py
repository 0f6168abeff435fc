"""The diagonal teacher–student model: each mode is the quartic diffusion of `stochastic_collapse`.

A linear network W1 W2 learns a map whose singular values are s_i*, in aligned singular bases, with
inputs whose covariance has the eigenvalues κ_i there.  If the noise is diagonal there too, mode i,
with the factors x and y, moves by dx = y dG and dy = x dG,

    dG = κ(s* − xy) dt + √γ dβ.

Label noise of variance δ on all n samples gives γ_i = ηδκ_i/n to each mode (`_collapse_labels`).
So κ drops out of the threshold γ < 2κ|s*|: mode i survives iff |s_i*| > ηδ/(2n), and then the mean
of xy is s* − ηδ/(2n), a soft threshold at the same place for every mode.  The noise of real
label-noise SGD is a full matrix: that its entries off the diagonal are left out is the model's
assumption.
"""

from __future__ import annotations

from typing import Any

from sympy import Rational, exp, log, oo, sqrt

from derivations import (
    INITIAL,
    Brownian,
    DifferentialClaim,
    LimitClaim,
    MatrixSDE,
    Mutant,
    PathCheck,
    State,
    StationaryClaim,
    ThresholdClaim,
    dt,
    positive,
    real,
    t,
)
from derivations.expressions import LogAbs

__all__ = ["CHEN", "NO_ALGORITHM", "mode_claims"]

CHEN = (
    "Chen, Kunin, Yamamura, Ganguli: Stochastic Collapse: How Gradient Noise Attracts SGD Dynamics "
    "Towards Simpler Subnetworks, NeurIPS 2023"
)
SOURCE = f"{CHEN}, teacher–student model; constants as derived here"
NO_ALGORITHM = {"algorithm": "real SGD beside it: the experiment stochastic-collapse"}
MOVING = {
    "path": "a martingale part remains; paths: stochastic_collapse.mode_mean",
    **NO_ALGORITHM,
}
kappa, gamma, target = positive("kappa"), positive("gamma"), real("s")
x, y, beta = State("x"), State("y"), Brownian("beta")
pull = kappa * (target - x * y) * dt + sqrt(gamma) * beta.d
FACTORS = MatrixSDE({x: y * pull, y: x * pull})
z, a = State("z", positive=True), State("a")
dz = (2 * kappa * z * (target - z) + gamma * z) * dt + 2 * sqrt(gamma) * z * beta.d
PRODUCT = MatrixSDE({z: dz})


def mode_claims() -> tuple[Any, ...]:
    """The equations of one mode, its threshold, its law and its mean."""
    return (_balance(), _factors(), _product(), _threshold(), _density(), _mean())


def _balance() -> DifferentialClaim:
    observable = x**2 - y**2

    def stated(rate: Any) -> dict[str, Any]:
        path = PathCheck(
            sde=FACTORS,
            observable=observable,
            law=INITIAL * exp(-rate * t),
            horizon="1/2",
            sizes={},
            values={kappa: "3/2", gamma: "3/4", target: 1, x: "5/4", y: "1/2"},
        )
        return {"drift": -rate * observable, "path": path}

    return DifferentialClaim(
        id="stochastic_collapse.mode_balance",
        title="one mode: d(x² − y²) = −γ(x² − y²)dt, without a martingale part",
        source=SOURCE,
        statement="The noise balances the two factors of a mode, on every path and whatever the "
        "teacher is; as x² − y² = (x + y)(x − y), one of x ± y always dies out.",
        sde=FACTORS,
        observable=observable,
        **stated(gamma),
        mutants=(
            Mutant(name="factor_two", mistake="2γ for γ", changes=stated(2 * gamma)),
            Mutant(name="flow", mistake="conserved, as by gradient flow", changes=stated(0 * t)),
            Mutant(name="sign", mistake="growth for decay", changes=stated(-gamma)),
            Mutant(name="root", mistake="√γ for γ", changes=stated(sqrt(gamma))),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _factors() -> DifferentialClaim:
    drift = kappa * (target - x * y) - gamma / 2
    return DifferentialClaim(
        id="stochastic_collapse.mode",
        title="one mode: d log|x + y| = (κ(s* − xy) − γ/2)dt + √γ dβ",
        source=SOURCE,
        statement="And d log|x − y| = (−κ(s* − xy) − γ/2)dt − √γ dβ.  At xy = 0 one of the two "
        "grows iff κ|s*| > γ/2.",
        sde=FACTORS,
        observable=LogAbs(x + y),
        drift=drift,
        martingale=sqrt(gamma) * beta.d,
        mutants=(
            Mutant(name="no_ito", mistake="γ/2 lost", changes={"drift": drift + gamma / 2}),
            Mutant(name="factor_two", mistake="γ for γ/2", changes={"drift": drift - gamma / 2}),
            Mutant(name="sign", mistake="γ/2 gained", changes={"drift": drift + gamma}),
            Mutant(
                name="teacher",
                mistake="κ does not weigh the teacher",
                changes={"drift": target - kappa * x * y - gamma / 2},
            ),
            Mutant(
                name="noise",
                mistake="γ for √γ in the martingale part",
                changes={"martingale": gamma * beta.d},
            ),
        ),
        inapplicable=MOVING,
    )


def _product() -> DifferentialClaim:
    drift = 2 * kappa * (target - z) - gamma
    return DifferentialClaim(
        id="stochastic_collapse.mode_product",
        title="a balanced mode, z = x²: d log z = (2κ(s* − z) − γ)dt + 2√γ dβ",
        source=SOURCE,
        statement="For x = y, dx = (κs*x − κx³)dt + √γ x dβ and dz = (2κz(s* − z) + γz)dt "
        "+ 2√γ z dβ: θ = √κ x is the quartic diffusion with μ = κs* and ζ² = γ.",
        sde=PRODUCT,
        observable=log(z),
        drift=drift,
        martingale=2 * sqrt(gamma) * beta.d,
        mutants=(
            Mutant(
                name="no_ito", mistake="+γ, as for z itself", changes={"drift": drift + 2 * gamma}
            ),
            Mutant(
                name="half",
                mistake="κ for 2κ",
                changes={"drift": kappa * (target - z) - gamma},
            ),
            Mutant(
                name="square",
                mistake="z² for z",
                changes={"drift": 2 * kappa * (target - z**2) - gamma},
            ),
            Mutant(
                name="noise", mistake="√γ for 2√γ", changes={"martingale": sqrt(gamma) * beta.d}
            ),
        ),
        inapplicable=MOVING,
    )


def _threshold() -> ThresholdClaim:
    return ThresholdClaim(
        id="stochastic_collapse.mode_threshold",
        title="a mode tends to 0 almost surely if s* < γ/(2κ), and survives if s* > γ/(2κ)",
        source=SOURCE,
        statement="With f = ½log(x² + y²) + κ∫(x² + y²)dt: f/t < 0 is collapse, as the integral "
        "is not negative, and f/t > 0 excludes it.  With γ = ηδκ/n the threshold is ηδ/(2n), the "
        "same for every mode: it is the small singular values of the teacher that are lost.",
        sde=MatrixSDE({**FACTORS.equations, a: kappa * (x**2 + y**2) * dt}),
        observable=log(x**2 + y**2) / 2 + a,
        parameter=target,
        threshold=gamma / (2 * kappa),
        below=-1,
        above=1,
        horizon=24,
        values={kappa: 3, gamma: 4, x: 1, y: "1/2", a: 0},
        relevant=0.2,
        mutants=(
            Mutant(name="double", mistake="γ/κ", changes={"threshold": gamma / kappa}),
            Mutant(name="half", mistake="γ/(4κ)", changes={"threshold": gamma / (4 * kappa)}),
            Mutant(
                name="square", mistake="γ² for γ", changes={"threshold": gamma**2 / (2 * kappa)}
            ),
            Mutant(name="signs", mistake="survival below", changes={"below": 1, "above": -1}),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _density() -> StationaryClaim:
    def stated(shape: Any, rate: Any) -> dict[str, Any]:
        return {"density": z ** (shape - 1) * exp(-rate * z)}

    lead, half, rate = kappa * target / gamma, Rational(1, 2), kappa / gamma
    return StationaryClaim(
        id="stochastic_collapse.mode_density",
        title="a mode that survives has the density ∝ z^{κs*/γ − 3/2} e^{−κz/γ}",
        source=SOURCE,
        statement="A gamma law of shape κs*/γ − ½ and scale γ/κ, so of mean s* − γ/(2κ).",
        sde=PRODUCT,
        observable=z,
        support=(0, oo),
        horizon=4,
        values={kappa: "3/2", gamma: "1/2", target: "3/2", z: 1},
        relevant=0.06,
        **stated(lead - half, rate),
        mutants=(
            Mutant(name="ito", mistake="−1 for −3/2", changes=stated(lead, rate)),
            Mutant(name="exponent", mistake="2κs*/γ", changes=stated(2 * lead - half, rate)),
            Mutant(name="rate", mistake="2κ/γ", changes=stated(lead - half, 2 * rate)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _mean() -> LimitClaim:
    return LimitClaim(
        id="stochastic_collapse.mode_mean",
        title="a mode that survives: (1/t)∫z dt → s* − γ/(2κ), a soft threshold",
        source="as derived here",
        statement="If log z neither grows nor falls in the long run, its mean drift is 0.  With "
        "γ = ηδκ/n the shrinkage is ηδ/(2n) in every mode.",
        sde=MatrixSDE({z: dz, a: z * dt}),
        observable=a,
        value=target - gamma / (2 * kappa),
        horizon=4,
        values={kappa: 4, gamma: 4, target: "3/2", z: 1, a: 0},
        relevant=0.18,
        mutants=(
            Mutant(name="teacher", mistake="no shrinkage", changes={"value": target}),
            Mutant(
                name="double", mistake="γ/κ for γ/(2κ)", changes={"value": target - gamma / kappa}
            ),
            Mutant(
                name="sign",
                mistake="Itô's term of z for that of log z",
                changes={"value": target + gamma / (2 * kappa)},
            ),
        ),
        inapplicable=NO_ALGORITHM,
    )
