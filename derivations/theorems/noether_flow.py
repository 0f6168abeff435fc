"""The flow of θ'Aθ under the noise of SGD, for a symmetry of every per-sample loss (seed 003).

If ℓ(e^{sA}θ) = ℓ(θ) for every sample, A symmetric, then every sample gradient g has θ'Ag = 0.  At a
point θ with Aθ ≠ 0 these are exactly the vectors P h, h any and

    P = I − Aθθ'A/(θ'A²θ),

so that "all losses with the symmetry" is: mean and noise P g, P H with any processes g, H.  Itô's
formula gives d(θ'Aθ) = T tr(ΣA) dt, Σ = PHH'P, without a martingale part; gradient flow keeps θ'Aθ;
decay γ|θ|² adds −4γ θ'Aθ.  One step θ⁺ = θ − η g of SGD, exactly: θ⁺'Aθ⁺ = θ'Aθ + η² g'Ag, in the
mean over minibatches with the second moment Σ/b + ∇L∇L'.

Instances, made by `derivations.symmetry.Symmetry`, which checks each symmetry: here the double
rotation of a matrix factorization; two factors and a ReLU neuron in `rescaling_symmetry`; a loss
that does not know the length of θ in `scale_invariance`.
"""

from typing import Any

from sympy import Gt, sqrt

from derivations import (
    Assumption,
    Brownian,
    DifferentialClaim,
    Family,
    Gaussian,
    MatrixSDE,
    Minibatch,
    Mutant,
    Parameter,
    Process,
    State,
    StepClaim,
    Symmetry,
    Theorem,
    Update,
    dims,
    dt,
    index,
    total,
    tr,
)

from ._noise_equilibrium import (
    NO_TRAINING,
    ONE_STEP,
    PAPER,
    T,
    eta,
    gamma,
    several,
    wrong_flows,
)

d, m, n, b, h, p, k = dims("d m n b h p k")
theta, A = State("theta", d), Parameter("A", d, d, symmetric=True)
g, H, beta = Process("g", d), Process("H", d, m), Brownian("beta", m)
i = index("i", n)
LENGTH = tr(theta.T * A * A * theta)
CHARGE = tr(theta.T * A * theta)
"""θ'Aθ."""
MOVED = Assumption(text="θ is no fixed point of the symmetry, Aθ ≠ 0", condition=Gt(LENGTH, 0))
WIDE = several(d, "parameters")
OPEN = {
    "path": "mean and noise are any processes here; paths: scale_invariance.quartic",
    **NO_TRAINING,
}


def theorem() -> Theorem:
    """The law for every symmetry, decay, gradient flow, one step; the double rotation."""
    return Theorem(
        id="noether_flow",
        title="The noise of SGD moves θ'Aθ, without a martingale part; gradient flow keeps it",
        source=PAPER,
        claims=(
            _general(),
            _decay(),
            _gradient_flow(),
            _one_step(),
            _minibatch(),
            _double_rotation(),
        ),
    )


def _tangent(z: Any) -> Any:
    """P z: without what it has along Aθ."""
    return z - A * theta * (theta.T * A * z) / LENGTH


SPREAD = tr(_tangent(H).T * A * _tangent(H))
"""tr(ΣA)."""


def _system(decay: Any = 0, noise: Any = 0) -> MatrixSDE:
    drift = -_tangent(g) - 2 * decay * theta if decay != 0 else -_tangent(g)
    equation = drift * dt + noise if noise != 0 else drift * dt
    return MatrixSDE({theta: equation}, assuming=[MOVED.condition])


NOISE = sqrt(T) * _tangent(H) * beta.d


def _general() -> DifferentialClaim:
    return DifferentialClaim(
        id="noether_flow",
        title="d(θ'Aθ) = T tr(ΣA) dt, no martingale part",
        source=PAPER,
        statement="For every loss with the symmetry A, every noise covariance Σ of its gradients. "
        "T = 2σ² in the paper's letters, η/b for SGD.",
        sde=_system(noise=NOISE),
        observable=CHARGE,
        drift=T * SPREAD,
        assumptions=(MOVED, WIDE),
        mutants=(
            Mutant(name="factor_two", mistake="2T: σ² for 2σ²", changes={"drift": 2 * T * SPREAD}),
            Mutant(name="sign", mistake="decay for growth", changes={"drift": -T * SPREAD}),
            Mutant(name="root", mistake="√T for T", changes={"drift": sqrt(T) * SPREAD}),
            Mutant(
                name="trace",
                mistake="tr Σ for tr(ΣA)",
                changes={"drift": T * tr(_tangent(H).T * _tangent(H))},
            ),
            Mutant(
                name="unconstrained",
                mistake="noise that does not respect the symmetry",
                changes={"drift": T * tr(H.T * A * H)},
            ),
            Mutant(name="missing_ito", mistake="conserved", changes={"drift": 0 * d}),
        ),
        inapplicable=OPEN,
    )


def _decay() -> DifferentialClaim:
    def stated(rate: Any) -> Any:
        return T * SPREAD - rate * CHARGE

    return DifferentialClaim(
        id="noether_flow.weight_decay",
        title="weight decay γ|θ|²: d(θ'Aθ) = (T tr(ΣA) − 4γ θ'Aθ) dt",
        source=PAPER,
        statement="The decay's gradient is 2γθ; it breaks the symmetry and pulls θ'Aθ to 0.",
        sde=_system(decay=gamma, noise=NOISE),
        observable=CHARGE,
        drift=stated(4 * gamma),
        assumptions=(MOVED, WIDE),
        mutants=(
            Mutant(name="factor_two", mistake="2γ for 4γ", changes={"drift": stated(2 * gamma)}),
            Mutant(name="sign", mistake="growth", changes={"drift": stated(-4 * gamma)}),
            Mutant(name="square", mistake="4γ²", changes={"drift": stated(4 * gamma**2)}),
        ),
        inapplicable=OPEN,
    )


def _gradient_flow() -> DifferentialClaim:
    return DifferentialClaim(
        id="noether_flow.gradient_flow",
        title="gradient flow conserves θ'Aθ",
        source="E. Noether's theorem for gradient flow, as derived here",
        statement="Without noise and decay θ'Aθ stays where it started, for every loss.",
        sde=_system(),
        observable=CHARGE,
        drift=0 * d,
        assumptions=(MOVED, WIDE),
        mutants=(
            Mutant(
                name="gradient",
                mistake="−2θ'Ag, as if the loss had no symmetry",
                changes={"drift": -2 * tr(theta.T * A * g)},
            ),
            Mutant(
                name="order",
                mistake="g'Ag, the term of second order in the step",
                changes={"drift": tr(_tangent(g).T * A * _tangent(g))},
            ),
        ),
        inapplicable={"path": "the gradient is any process here", **NO_TRAINING},
    )


def _one_step() -> StepClaim:
    drawn = _tangent(Gaussian("xi", d))
    change = tr(drawn.T * A * drawn)
    return StepClaim(
        id="noether_flow.one_step",
        title="one step of SGD: θ⁺'Aθ⁺ − θ'Aθ = η² g'Ag, exactly",
        source=PAPER,
        statement="For any one gradient with the symmetry, g = Pξ; the term of first order in η is "
        "zero, draw by draw.",
        update=Update({theta: theta - eta * drawn}),
        observable=CHARGE,
        change=eta**2 * change,
        pathwise=True,
        assumptions=(MOVED, WIDE),
        mutants=(
            Mutant(name="half", mistake="½η²", changes={"change": eta**2 * change / 2}),
            Mutant(name="power", mistake="η for η²", changes={"change": eta * change}),
            Mutant(name="sign", mistake="decay", changes={"change": -(eta**2) * change}),
        ),
        inapplicable=ONE_STEP,
    )


def _minibatch() -> StepClaim:
    sample, weights = _tangent(Family("f", d)[i]), Minibatch("w", b, replacement=True)
    mean = total(sample, i) / n
    square, second = tr(mean.T * A * mean), total(tr(sample.T * A * sample), i) / n

    def change(batch: Any, mean_part: Any) -> Any:
        return eta**2 * ((second - square) / batch + mean_part * square)

    return StepClaim(
        id="noether_flow.minibatch",
        title="minibatch SGD: E θ⁺'Aθ⁺ − θ'Aθ = η²(tr(ΣA)/b + ∇L'A∇L), exactly",
        source=PAPER,
        statement="b samples drawn with replacement: the SDE's term ηT tr(ΣA), T = η/b, and beside "
        "it η²∇L'A∇L, which gradient descent has too.",
        update=Update({theta: theta - eta * total(weights[i] * sample, i) / n}),
        observable=CHARGE,
        change=change(b, 1),
        assumptions=(MOVED, WIDE, several(n)),
        mutants=(
            Mutant(name="sde", mistake="∇L'A∇L forgotten", changes={"change": change(b, 0)}),
            Mutant(name="batch", mistake="1/b forgotten", changes={"change": change(1, 1)}),
            Mutant(name="square", mistake="1/b²", changes={"change": change(b**2, 1)}),
            Mutant(name="sign", mistake="decay", changes={"change": -change(b, 1)}),
        ),
        inapplicable=ONE_STEP,
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
        mutants=wrong_flows(drift, uncentred=("∇L∇L' not subtracted", T * total(of(slope), i) / n)),
        inapplicable={
            "path": "the slopes of the samples are any processes here; paths: "
            "matrix_factorization_equilibrium.square",
            **NO_TRAINING,
        },
    )
