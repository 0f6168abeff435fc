"""A loss that does not know the length of θ: under the noise of SGD |θ|² only grows (seed 003).

An instance of `noether_flow`, A = I: every sample gradient is orthogonal to θ and homogeneous of
degree −1, so that d|θ|² = T tr Σ dt ≥ 0 without a martingale part, Σ ∝ |θ|⁻², and |θ|⁴ is linear in
t for a fixed law of the direction.  The loss of one sample is declared with its generator, and
checked; the gradient is typed, and compared with that of the loss.
dθ = −∇L dt + √(TΣ) dW, T = 2σ² = η/b.
"""

from typing import Any

from sympy import sqrt

from derivations import (
    INITIAL,
    Brownian,
    DifferentialClaim,
    Family,
    MatrixSDE,
    Mutant,
    Parameter,
    PathCheck,
    Process,
    SignClaim,
    State,
    Symmetry,
    Theorem,
    dims,
    dt,
    index,
    t,
    total,
    tr,
)

from ._noise_equilibrium import NO_TRAINING, PAPER, T, several, wrong_flows

d, m, n = dims("d m n")
theta, i = State("theta", d), index("i", n)
x, y, slope = Parameter("x", d), Parameter("y"), Process("s")
g, H, beta = Process("g", d), Process("H", d, m), Brownian("beta", m)
NORM = tr(theta.T * theta)
SUMS = {
    "path": "the slopes of the samples are any processes here; paths: scale_invariance.quartic",
    **NO_TRAINING,
}


def theorem() -> Theorem:
    """The law for a finite data set; its sign for every loss; |θ|⁴ on paths."""
    return Theorem(
        id="scale_invariance",
        title="Scale invariance: the noise of SGD makes the norm grow, |θ|⁴ in a straight line",
        source=PAPER,
        claims=(_scale(), _norm(), _quartic()),
    )


def _across(z: Any) -> Any:
    """(I − θθ'/|θ|²)z/|θ|."""
    return (z - theta * tr(z.T * theta) / NORM) / sqrt(NORM)


def _spherical() -> Symmetry:
    """ℓ = (x'θ/|θ| − y)²."""
    r = tr(x.T * theta) / sqrt(NORM) - y
    return Symmetry(
        loss=r**2,
        moves={theta: theta},
        data=(x, y),
        gradient={theta: slope * _across(x)},
        abbreviations={slope: 2 * r},
    )


def _sample() -> Any:
    """The gradient of sample i."""
    return Family("s", process=True)[i] * _across(Family("x", d)[i])


def _second_moment() -> Any:
    """The mean of |g_i|²."""
    return total(tr(_sample().T * _sample()), i) / n


def _noise_of_the_sphere() -> Any:
    """tr Σ."""
    mean = total(_sample(), i) / n
    return _second_moment() - tr(mean.T * mean)


def _scale() -> DifferentialClaim:
    drift = T * _noise_of_the_sphere()
    return _spherical().flow_claim(
        i,
        T,
        id="scale_invariance",
        title="θ → e^s θ: d|θ|² = T tr Σ dt",
        source=PAPER,
        statement="Loss (x'θ/|θ| − y)², which does not know the length of θ: A = I.",
        drift=drift,
        assumptions=(several(n), several(d, "parameters")),
        mutants=wrong_flows(
            drift,
            exponent=("Σ ∝ |θ|⁻¹ for |θ|⁻²", drift * sqrt(NORM)),
            square=("T² for T", T * drift),
            uncentred=("∇L∇L' not subtracted", T * _second_moment()),
        ),
        inapplicable=SUMS,
    )


def _norm() -> SignClaim:
    tangent = H - theta * (theta.T * H) / NORM
    slope = g - theta * (theta.T * g) / NORM
    return SignClaim(
        id="scale_invariance.norm_grows",
        title="scale invariance: |θ|² never falls",
        source=PAPER,
        statement="tr Σ ≥ 0 for every noise of every scale-invariant loss, and the differential of "
        "|θ|² has no other part.",
        sde=MatrixSDE({theta: -slope * dt + sqrt(T) * tangent * beta.d}),
        observable=NORM,
        sign=">=",
        shown=T * tr(tangent.T * tangent),
        assumptions=(several(d, "parameters"),),
        mutants=(
            Mutant(name="sign", mistake="it never rises", changes={"sign": "<="}),
            Mutant(name="flow", mistake="it falls strictly", changes={"sign": "<"}),
        ),
        inapplicable={
            "path": "mean and noise are any processes here; paths: scale_invariance.quartic",
            **NO_TRAINING,
        },
    )


def _quartic() -> DifferentialClaim:
    s, B = Parameter("s"), Brownian("B", d)
    across = B.d - theta * (theta.T * B.d) / NORM
    sde = MatrixSDE({theta: sqrt(T) * s * across / sqrt(NORM)})

    def stated(rate: Any, observable: Any = NORM**2) -> dict[str, Any]:
        path = PathCheck(
            sde=sde,
            observable=observable,
            law=INITIAL + rate * t,
            horizon="1/2",
            sizes={d: 3},
            values={T: "1/2", s: "3/4", theta: (("3/4",), ("-1/2",), (1,))},
            relevant=0.03,
        )
        return {"observable": observable, "drift": rate, "path": path}

    return DifferentialClaim(
        id="scale_invariance.quartic",
        title="Σ ∝ |θ|⁻²: |θ|⁴ = |θ_0|⁴ + 2T s²(d − 1) t on every path",
        source=PAPER,
        statement="The gradient of a scale-invariant loss is homogeneous of degree −1, so that "
        "|θ|² tr Σ depends on the direction alone and d|θ|⁴ = 2T |θ|² tr Σ dt: for a fixed law of "
        "the direction E|θ|⁴ is linear in t.  Here Σ = s²(I − θθ'/|θ|²)/|θ|², and |θ|² tr Σ is "
        "s²(d − 1).",
        sde=sde,
        **stated(2 * T * s**2 * (d - 1)),
        assumptions=(several(d, "parameters"),),
        mutants=(
            Mutant(name="factor_two", mistake="T", changes=stated(T * s**2 * (d - 1))),
            Mutant(name="dimension", mistake="d for d − 1", changes=stated(2 * T * s**2 * d)),
            Mutant(name="square", mistake="s for s²", changes=stated(2 * T * s * (d - 1))),
            Mutant(name="sign", mistake="decay", changes=stated(-2 * T * s**2 * (d - 1))),
            Mutant(
                name="exponent",
                mistake="|θ|² linear in t",
                changes=stated(T * s**2 * (d - 1), NORM),
            ),
        ),
        inapplicable=NO_TRAINING,
    )
