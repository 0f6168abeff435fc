"""The rescaling of two factors and of a ReLU neuron, under the noise of SGD (seed 003).

Multiply one factor by e^s and divide the other by it: the loss of every sample stays, and the
noise of SGD moves the difference of the squared lengths, without a martingale part.  These are
instances of `noether_flow`, each declared as a loss of one sample and a generator, and checked when
it is made; the gradients are typed, and compared with those of the loss.
dθ = −∇L dt + √(TΣ) dW, T = 2σ² = η/b.  What follows for two factors: `law_of_balance`.
"""

from typing import Any

from derivations import (
    DifferentialClaim,
    Family,
    Parameter,
    Process,
    State,
    Symmetry,
    Theorem,
    dims,
    index,
    total,
    tr,
)

from ._noise_equilibrium import NO_TRAINING, PAPER, T, several, wrong_flows

n, h, p, k = dims("n h p k")
i = index("i", n)
SUMS = {
    "path": "the slopes of the samples are any processes here; paths: law_of_balance.constant",
    **NO_TRAINING,
}


def theorem() -> Theorem:
    """Two factors of a product; a neuron while its activation pattern lasts."""
    return Theorem(
        id="rescaling_symmetry",
        title="Rescaling: the noise of SGD moves |u|² − |w|², without a martingale part",
        source=PAPER,
        claims=(_rescaling(), _relu()),
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
        id="rescaling_symmetry",
        title="(u, w) → (e^s u, e^{−s} w): d(|u|² − |w|²) = T C0 (|w|² − |u|²) dt",
        source=PAPER,
        statement="Loss (u'w x − y)², or any other of u'w, with the slope s_i in u'w at sample i; "
        "C0 is its variance over the samples: the shorter factor grows.",
        drift=drift,
        assumptions=(several(n),),
        mutants=wrong_flows(
            drift,
            uncentred=("∇L∇L' not subtracted", T * total(slope**2, i) / n * gap),
            square=("s for s²: the mean slope in the place of C0", T * total(slope, i) / n * gap),
        ),
        inapplicable=SUMS,
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
        id="rescaling_symmetry.relu_neuron",
        title="(w, a) → (e^s w, e^{−s} a): d(|w|² − |a|²) = T tr(ΣA) dt for one ReLU neuron",
        source=PAPER,
        statement="Loss |D a w'x + f − y|² of one neuron, D the slope of its activation at each "
        "sample, 0 or 1 for ReLU, and f what the other neurons add: while the activation pattern "
        "lasts.  r_i is the residual at sample i, whatever the others do.",
        drift=drift,
        assumptions=(several(n),),
        mutants=wrong_flows(drift, uncentred=("∇L∇L' not subtracted", uncentred)),
        inapplicable=SUMS,
    )
