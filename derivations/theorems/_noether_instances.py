"""Symmetries of four losses, and their flow under the noise of a finite data set (seed 003).

Each is declared as a loss of one sample and a generator, and checked when it is made; the gradients
are typed, and compared with those of the loss.  dθ = −∇L dt + √(TΣ) dW, T = 2σ² = η/b.
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
    dims,
    dt,
    index,
    t,
    total,
    tr,
)
from derivations.claim import Claim

from ._noise_equilibrium import NO_TRAINING, PAPER, T, several

d, m, n, h, p, k = dims("d m n h p k")
theta = State("theta", d)
g, H, beta = Process("g", d), Process("H", d, m), Brownian("beta", m)
i = index("i", n)
SUMS = {
    "path": "the slopes of the samples are any processes here; paths: noether_flow.quartic",
    **NO_TRAINING,
}


def instances() -> tuple[Claim, ...]:
    """Rescaling, double rotation, scale invariance with its two consequences, a ReLU neuron."""
    return (_rescaling(), _double_rotation(), _scale(), _norm(), _quartic(), _relu())


def _wrong(claim: Any, **wrong: Any) -> tuple[Mutant, ...]:
    """Mutants of a flow: T and its power, the sign; more by name."""
    usual = {
        "factor_two": ("2T: σ² for 2σ²", 2 * claim),
        "sign": ("the other direction", -claim),
        "root": ("√T for T", claim / sqrt(T)),
    }
    return tuple(
        Mutant(name=name, mistake=mistake, changes={"drift": drift})
        for name, (mistake, drift) in {**usual, **wrong}.items()
    )


def _rescaling() -> DifferentialClaim:
    u, w, x, y, s = State("u", h), State("w", h), Parameter("x"), Parameter("y"), Process("s")
    r = tr(u.T * w) * x - y
    symmetry = Symmetry(
        loss=r**2,
        moves={u: u, w: -w},
        data=(x, y),
        gradient={u: s * w, w: s * u},
        abbreviations={s: 2 * r * x},
    )
    slope, gap = Family("s", process=True)[i], tr(w.T * w) - tr(u.T * u)
    drift = T * (total(slope**2, i) / n - (total(slope, i) / n) ** 2) * gap
    return symmetry.flow_claim(
        i,
        T,
        id="noether_flow.rescaling",
        title="(u, w) → (e^s u, e^{−s} w): d(|u|² − |w|²) = T C0 (|w|² − |u|²) dt",
        source=PAPER,
        statement="Loss (u'w x − y)², or any other of u'w, with the slope s_i in u'w at sample i; "
        "C0 is its variance over the samples: the shorter factor grows.",
        drift=drift,
        assumptions=(several(n),),
        mutants=_wrong(drift, uncentred=("∇L∇L' not subtracted", T * total(slope**2, i) / n * gap)),
        inapplicable=SUMS,
    )


def _double_rotation() -> DifferentialClaim:
    U, W, B = State("U", k, h), State("W", h, p), Parameter("B", h, h, symmetric=True)
    x, y, Z = Parameter("x", p, 1), Parameter("y", k, 1), Process("Z", k, p)
    residual = U * W * x - y
    symmetry = Symmetry(
        loss=tr(residual.T * residual),
        moves={U: U * B, W: -B * W},
        data=(x, y),
        gradient={U: Z * W.T, W: U.T * Z},
        abbreviations={Z: 2 * residual * x.T},
    )
    slope = Family("Z", k, p, process=True)[i]

    def of(z: Any) -> Any:
        """tr(B(Wz'zW' − U'zz'U))."""
        return tr(B * W * z.T * z * W.T) - tr(B * U.T * z * z.T * U)

    drift = T * (total(of(slope), i) / n - of(total(slope, i) / n))
    return symmetry.flow_claim(
        i,
        T,
        id="noether_flow.double_rotation",
        title="(U, W) → (Ue^{sB}, e^{−sB}W): d tr(B(U'U − WW')) = T tr(ΣA) dt",
        source=PAPER,
        statement="Loss |UWx − y|², or any other of UW with the slope Z_i at sample i; B any "
        "symmetric matrix, so that all of U'U − WW' moves without a martingale part: see "
        "matrix_factorization_equilibrium.",
        drift=drift,
        assumptions=(several(n),),
        mutants=_wrong(drift, uncentred=("∇L∇L' not subtracted", T * total(of(slope), i) / n)),
        inapplicable=SUMS,
    )


x, y, slope = Parameter("x", d), Parameter("y"), Process("s")
NORM = tr(theta.T * theta)


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


def _noise_of_the_sphere() -> Any:
    """tr Σ."""
    sample = Family("s", process=True)[i] * _across(Family("x", d)[i])
    mean = total(sample, i) / n
    return total(tr(sample.T * sample), i) / n - tr(mean.T * mean)


def _scale() -> DifferentialClaim:
    drift = T * _noise_of_the_sphere()
    return _spherical().flow_claim(
        i,
        T,
        id="noether_flow.scale_invariance",
        title="θ → e^s θ: d|θ|² = T tr Σ dt",
        source=PAPER,
        statement="Loss (x'θ/|θ| − y)², which does not know the length of θ: A = I.",
        drift=drift,
        assumptions=(several(n), several(d, "parameters")),
        mutants=_wrong(drift, exponent=("Σ ∝ |θ|⁻¹ for |θ|⁻²", drift * sqrt(NORM))),
        inapplicable=SUMS,
    )


def _norm() -> SignClaim:
    tangent = H - theta * (theta.T * H) / NORM
    slope = g - theta * (theta.T * g) / NORM
    return SignClaim(
        id="noether_flow.norm_grows",
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
            "path": "mean and noise are any processes here; paths: noether_flow.quartic",
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
        id="noether_flow.quartic",
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


def _relu() -> DifferentialClaim:
    w, a, gate = State("w", p), State("a", k), Parameter("D")
    z, y, others = Parameter("x", p, 1), Parameter("y", k, 1), Parameter("f", k, 1)
    r, residual = Process("r", k, 1), a * tr(w.T * z) * gate + others - y
    symmetry = Symmetry(
        loss=tr(residual.T * residual),
        moves={w: w, a: -a},
        data=(z, y, others, gate),
        gradient={w: 2 * gate * tr(a.T * r) * z, a: 2 * gate * tr(w.T * z) * r},
        abbreviations={r: residual},
    )
    zs, rs, gates = Family("x", p)[i], Family("r", k, process=True)[i], Family("D")[i]
    into, out = gates * tr(a.T * rs) * zs, gates * tr(w.T * zs) * rs

    def squared(z: Any) -> Any:
        return tr(z.T * z)

    def centred(z: Any) -> Any:
        return total(squared(z), i) / n - squared(total(z, i) / n)

    drift = 4 * T * (centred(into) - centred(out))
    uncentred = 4 * T * (total(squared(into), i) - total(squared(out), i)) / n
    return symmetry.flow_claim(
        i,
        T,
        id="noether_flow.relu_neuron",
        title="(w, a) → (e^s w, e^{−s} a): d(|w|² − |a|²) = T tr(ΣA) dt for one ReLU neuron",
        source=PAPER,
        statement="Loss |D a w'x + f − y|² of one neuron, D the slope of its activation at each "
        "sample, 0 or 1 for ReLU, and f what the other neurons add: while the activation pattern "
        "lasts.  r_i is the residual at sample i, whatever the others do.",
        drift=drift,
        assumptions=(several(n),),
        mutants=_wrong(drift, uncentred=("∇L∇L' not subtracted", uncentred)),
        inapplicable=SUMS,
    )
