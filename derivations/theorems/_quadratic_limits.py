"""The long run under label noise and the quadratic parametrisation: collapse, and a Lasso.

If time averages of β converge, to b, then log β_j/t → −2(X'(Xb − y))_j − δh_j.  That is 0 where β_j
survives, and at most 0 where it dies, and there b_j = 0.  These are the conditions of optimality of

    minimise ½|Xb − y|² + (δ/2) Σ_j h_j b_j   over b ≥ 0,   h_j = |x_j|²:

a Lasso over b ≥ 0 with weights h_j, all equal if the features have one length.  That averages
converge is seen here, on paths, and not proved.  The state is β itself; x'dB enters by its
covariance alone.
"""

from __future__ import annotations

from typing import Any

from sympy import Rational, exp, log, oo, sqrt

from derivations import (
    Brownian,
    LimitClaim,
    MatrixSDE,
    Mutant,
    State,
    StationaryClaim,
    ThresholdClaim,
    dt,
    positive,
    real,
)

__all__ = ["NO_ALGORITHM", "OWN", "SOURCE", "long_run_claims"]

PILLAUD = (
    "Pillaud-Vivien, Reygner, Flammarion: Label Noise (Stochastic) Gradient Descent Implicitly "
    "Solves the Lasso for Quadratic Parametrisation, COLT 2022"
)
SOURCE = f"{PILLAUD}; HaoChen, Wei, Lee, Ma, COLT 2021; constants as derived here"
OWN = "as derived here"
NO_ALGORITHM = {"algorithm": "the real algorithm beside it: the experiment quadratic-lasso"}
delta = positive("delta")
b, c, total = State("beta", positive=True), State("beta2", positive=True), State("a")
H, K, G = positive("h"), positive("k"), real("g")
F, E = real("f"), real("e")
B1, B2 = Brownian("B1"), Brownian("B2")


def long_run_claims() -> tuple[Any, ...]:
    """The law of one feature, collapse of all, the Lasso, the rate at which others die."""
    return (_density(), _threshold(), _threshold_of_the_second(), _lasso(), _support())


def _one() -> MatrixSDE:
    """One feature: h = |x|², f = x'y, x'dB = √h dβ."""
    return MatrixSDE({b: b * (2 * F - 2 * H * b + delta * H) * dt + 2 * sqrt(delta * H) * b * B1.d})


def _density() -> StationaryClaim:
    def stated(lead: Any, rate: Any) -> dict[str, Any]:
        return {"density": b ** (lead - Rational(3, 2)) * exp(-rate * b)}

    lead = F / (delta * H)
    return StationaryClaim(
        id="quadratic_parametrisation.density",
        title="one feature, δ < 2x'y/|x|²: density ∝ β^{x'y/(δ|x|²) − 3/2} e^{−β/δ}",
        source=OWN,
        statement="A gamma law of scale δ and mean x'y/|x|² − δ/2: least squares, less the "
        "Lasso's shrinkage.  It is the mode of stochastic_collapse with κ = h, γ = δh.",
        sde=_one(),
        observable=b,
        support=(0, oo),
        horizon=4,
        values={H: "3/2", F: 2, delta: "1/3", b: 1},
        relevant=0.06,
        **stated(lead, 1 / delta),
        mutants=(
            Mutant(
                name="ito", mistake="−1 for −3/2", changes=stated(lead + Rational(1, 2), 1 / delta)
            ),
            Mutant(name="exponent", mistake="2x'y/(δh)", changes=stated(2 * lead, 1 / delta)),
            Mutant(name="scale", mistake="δ/2 for δ", changes=stated(lead, 2 / delta)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _two() -> dict[Any, Any]:
    """Two features with |x|² = h, |z|² = k, x'z = g, x'y = f, z'y = e; noise of this covariance."""
    own, across, left = sqrt(H), G / sqrt(H), sqrt(K - G**2 / H)
    first = 2 * (F - H * b - G * c) + delta * H
    second = 2 * (E - G * b - K * c) + delta * K
    return {
        b: b * first * dt + 2 * sqrt(delta) * b * own * B1.d,
        c: c * second * dt + 2 * sqrt(delta) * c * (across * B1.d + left * B2.d),
    }


def _roots() -> MatrixSDE:
    """The same two features by θ = √β, and 2∫h'β dt."""
    u, v = State("theta", positive=True), State("phi", positive=True)
    own, across, left = sqrt(H), G / sqrt(H), sqrt(K - G**2 / H)
    first, second = F - H * u**2 - G * v**2, E - G * u**2 - K * v**2
    return MatrixSDE(
        {
            u: u * (first * dt + sqrt(delta) * own * B1.d),
            v: v * (second * dt + sqrt(delta) * (across * B1.d + left * B2.d)),
            total: 2 * (H * u**2 + K * v**2) * dt,
        }
    )


def _threshold() -> ThresholdClaim:
    return _decided_by(
        id="quadratic_parametrisation.threshold",
        title="β → 0 for noise δ > max_j 2(X'y)_j/h_j: two features, where the first decides",
        statement="With f = log Σβ + 2∫h'β dt: f/t < 0 is collapse, as the integral is not "
        "negative, and f/t > 0 excludes it.  Near 0 log β_j has the drift 2(X'y)_j − δh_j; with "
        "e < δk/2 the first feature decides alone, at f = δh/2.",
        parameter=F,
        own=(H, "h"),
        other=(K, "k"),
        values={H: 2, K: 1, E: "1/4"},
        horizon=15,
    )


def _threshold_of_the_second() -> ThresholdClaim:
    return _decided_by(
        id="quadratic_parametrisation.threshold_second",
        title="β → 0 for noise δ > max_j 2(X'y)_j/h_j: two features, where the second decides",
        statement="With f < δh/2 the second feature decides alone, at e = δk/2, though the first "
        "one is the longer: it is the largest 2(X'y)_j/h_j, and not one feature's.",
        parameter=E,
        own=(K, "k"),
        other=(H, "h"),
        values={H: 2, K: "3/2", F: "1/2"},
        horizon=8,
    )


def _decided_by(
    *,
    own: tuple[Any, str],
    other: tuple[Any, str],
    values: dict[Any, Any],
    horizon: int,
    **fields: Any,
) -> ThresholdClaim:
    roots = _roots()
    u, v = roots.states[:2]
    (h, name), (k, across) = own, other

    def stated(value: Any) -> dict[str, Any]:
        return {"threshold": value}

    return ThresholdClaim(
        source=f"{SOURCE}; threshold {OWN}",
        sde=roots,
        observable=log(u**2 + v**2) + total,
        below=-1,
        above=1,
        horizon=horizon,
        values={**values, G: "1/2", delta: 2, u: "2/3", v: "2/3", total: 0},
        relevant=0.15,
        **stated(delta * h / 2),
        **fields,
        mutants=(
            Mutant(name="half", mistake=f"δ{name}/4", changes=stated(delta * h / 4)),
            Mutant(name="factor_two", mistake=f"δ{name}", changes=stated(delta * h)),
            Mutant(
                name="other",
                mistake=f"δ{across}/2, the other feature",
                changes=stated(delta * k / 2),
            ),
            Mutant(name="square", mistake="δ² for δ", changes=stated(delta**2 * h / 2)),
            Mutant(name="unweighted", mistake=f"{name} forgotten", changes=stated(delta / 2)),
            Mutant(name="signs", mistake="collapse above", changes={"below": 1, "above": -1}),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _lasso() -> LimitClaim:
    det = H * K - G**2

    def first(weight: Any, other: Any) -> dict[str, Any]:
        return {"value": (K * (F - weight * H) - G * (E - other * K)) / det}

    half = delta / 2
    return LimitClaim(
        id="quadratic_parametrisation.lasso",
        title="(1/t)∫β dt → the minimiser of ½|Xb − y|² + (δ/2)Σ_j h_j b_j over b ≥ 0",
        source=f"{SOURCE}; which Lasso {OWN}",
        statement="Two correlated features that both survive: X'Xb = X'y − δh/2, the first entry.  "
        "The weights are h_j = |x_j|², and with columns of equal length this is the Lasso.",
        sde=MatrixSDE({**_two(), total: b * dt}),
        observable=total,
        horizon=16,
        values={H: 2, K: "3/2", G: "3/4", F: 3, E: 3, delta: "1/2", b: 1, c: 1, total: 0},
        relevant=0.12,
        **first(half, half),
        mutants=(
            Mutant(name="least_squares", mistake="no penalty", changes=first(0, 0)),
            Mutant(name="factor_two", mistake="δ for δ/2", changes=first(delta, delta)),
            Mutant(name="sign", mistake="the sign of the penalty", changes=first(-half, -half)),
            Mutant(name="unweighted", mistake="Σb for Σhb", changes=first(half / H, half / K)),
        ),
        inapplicable=NO_ALGORITHM,
    )


def _support() -> LimitClaim:
    def stated(mean: Any, weight: Any = delta) -> dict[str, Any]:
        return {"value": 2 * (E - G * mean) - weight * K}

    mean = F / H - delta / 2
    return LimitClaim(
        id="quadratic_parametrisation.support",
        title="a feature off the Lasso's support: log β_j/t → −2(X'(Xb − y))_j − δh_j < 0",
        source=OWN,
        statement="The second feature alone would survive; the first one explains it away: "
        "b = (f/h − δ/2, 0), and the rate at which β_2 dies is the slack of its condition.",
        sde=MatrixSDE(_two()),
        observable=log(c),
        horizon=20,
        values={H: "3/2", K: "5/2", G: "7/4", F: 2, E: 2, delta: "1/4", b: 1, c: "1/2"},
        relevant=0.2,
        **stated(mean),
        mutants=(
            Mutant(name="least_squares", mistake="b without shrinkage", changes=stated(F / H)),
            Mutant(name="alone", mistake="the first feature forgotten", changes=stated(0)),
            Mutant(name="sign", mistake="+δh, as for β", changes=stated(mean, -delta)),
        ),
        inapplicable=NO_ALGORITHM,
    )
