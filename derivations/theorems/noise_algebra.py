"""The group behind the noise (as derived here): S(G) and what separates Itô from Stratonovich.

With J = diag(I_p, −I_k) the blocks S(G) anticommute with J: they are the symmetric part of the Lie
algebra so(p, k), and their brackets are its antisymmetric part.  Read in the sense of Stratonovich
the noise stays in the group Φ'JΦ = J; read in the sense of Itô, as stochastic gradient descent is,
it lacks the drift ½γ diag(kI_p, pI_k).  For p = k that is the scalar factor e^{−γpt/2}; for p ≠ k
it leads out of the group.
"""

from typing import Any

from sympy import BlockMatrix, Identity, Q, Rational, ZeroMatrix, exp, eye, sqrt

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    PathCheck,
    S,
    State,
    Theorem,
    dt,
    t,
    tr,
)

from ._network import R, gamma, k, l, p

SOURCE = "as derived here"
Phi, Theta = State("Phi", p + k, p + k), State("Theta", p + k, l)
NOISE = S(sqrt(gamma) * Brownian("B", p, k).d)


def theorem() -> Theorem:
    """The algebra, the group, the two calculi, p = k, p ≠ k, the projection."""
    return Theorem(
        id="noise_algebra",
        title="The noise lives in so(p, k); what Itô adds is a scalar factor only for p = k",
        source=SOURCE,
        claims=(
            _anticommutes(),
            _bracket(),
            _ito_drift(),
            _stratonovich_drift(),
            _group(),
            _square(),
            _leaves(),
            _projection(),
            _speed(),
        ),
    )


def _diagonal(upper: Any, lower: Any) -> Any:
    """diag(upper, lower), blocks of sizes p and k."""
    return BlockMatrix([[upper, ZeroMatrix(p, k)], [ZeroMatrix(k, p), lower]])


J = _diagonal(Identity(p), -Identity(k))
D = _diagonal(k * Identity(p), p * Identity(k))
SWAPPED = _diagonal(p * Identity(p), k * Identity(k))


def _anticommutes() -> IdentityClaim:
    G = Parameter("G", p, k)
    return IdentityClaim(
        id="noise_algebra",
        title="S(G)J + JS(G) = 0 for J = diag(I_p, −I_k)",
        source=SOURCE,
        statement="Every block S(G) is a symmetric element of so(p, k), which are the A with "
        "A'J + JA = 0.",
        left=S(G) * J,
        right=-J * S(G),
        where={"J": J},
        mutants=(
            Mutant(name="commutes", mistake="S(G) commutes with J", changes={"right": J * S(G)}),
            Mutant(
                name="definite",
                mistake="J without its signs: S(G) antisymmetric",
                changes={"right": -S(G)},
            ),
        ),
        inapplicable=_no_paths("an identity of matrices has no paths"),
    )


def _bracket() -> IdentityClaim:
    G, H = Parameter("G", p, k), Parameter("H", p, k)
    bracket = _diagonal(G * H.T - H * G.T, G.T * H - H.T * G)
    return IdentityClaim(
        id="noise_algebra.bracket",
        title="S(G)S(H) − S(H)S(G) = diag(GH' − HG', G'H − H'G)",
        source=SOURCE,
        statement="The brackets of the blocks are antisymmetric, of diagonal blocks: the blocks "
        "with their brackets stay within so(p, k), and the brackets are in so(p) + so(k).",
        left=S(G) * S(H) - S(H) * S(G),
        right=bracket,
        mutants=(
            Mutant(name="sign", mistake="the order exchanged", changes={"right": -bracket}),
            Mutant(
                name="transpose",
                mistake="H'G − G'H in the lower block",
                changes={"right": _diagonal(G * H.T - H * G.T, H.T * G - G.T * H)},
            ),
        ),
        inapplicable=_no_paths("an identity of matrices has no paths"),
    )


def _ito_drift() -> DifferentialClaim:
    drift = gamma * D * Phi / 2
    return DifferentialClaim(
        id="noise_algebra.ito_drift",
        title="dΦ = S(∘dZ)Φ is dΦ = ½γ diag(kI_p, pI_k)Φ dt + S(dZ)Φ in Itô form",
        source=SOURCE,
        statement="From Stratonovich to Itô the noise S(dZ)Φ, dZ = √γ dB, gains the drift "
        "½γ diag(kI_p, pI_k)Φ.",
        sde=MatrixSDE({Phi: NOISE * Phi}, calculus="stratonovich"),
        observable=Phi,
        drift=drift,
        martingale=NOISE * Phi,
        where={"D": D},
        mutants=(
            Mutant(name="factor_two", mistake="1 for ½", changes={"drift": 2 * drift}),
            Mutant(
                name="swapped",
                mistake="p and k exchanged",
                changes={"drift": gamma * SWAPPED * Phi / 2},
            ),
            Mutant(name="missing", mistake="no correction", changes={"drift": 0 * Phi}),
        ),
        inapplicable={**_no_paths("Φ has a martingale part"), **_no_differences()},
    )


def _stratonovich_drift() -> DifferentialClaim:
    def moved(factor: Any, matrix: Any) -> dict[str, Any]:
        """The Stratonovich system with a multiple of a matrix in its drift."""
        drift = S(R) * Theta + factor * gamma * matrix * Theta
        return {"sde": MatrixSDE({Theta: drift * dt + NOISE * Theta}, calculus="stratonovich")}

    half = Rational(1, 2)
    return DifferentialClaim(
        id="noise_algebra.stratonovich_drift",
        title="dΘ = S(R)Θ dt + S(dZ)Θ is dΘ = (S(R) − ½γ diag(kI_p, pI_k))Θ dt + S(∘dZ)Θ",
        source=SOURCE,
        statement="The stochastic gradient flow is an Itô equation; in Stratonovich form it has "
        "the additional drift −½γ diag(kI_p, pI_k)Θ, for any residual R.",
        **moved(-half, D),
        observable=Theta,
        drift=S(R) * Theta,
        martingale=NOISE * Theta,
        where={"D": D},
        mutants=(
            Mutant(name="sign", mistake="growth for decay", changes=moved(half, D)),
            Mutant(name="factor_two", mistake="1 for ½", changes=moved(-2 * half, D)),
            Mutant(name="swapped", mistake="p and k exchanged", changes=moved(-half, SWAPPED)),
        ),
        inapplicable={**_no_paths("Θ has a martingale part"), **_no_differences()},
    )


def _in_group(matrix: Any = D) -> MatrixSDE:
    """dΦ = S(∘dZ)Φ, in Itô form."""
    return MatrixSDE({Phi: gamma * matrix * Phi * dt / 2 + NOISE * Phi})


def _group() -> DifferentialClaim:
    def stated(sde: MatrixSDE) -> dict[str, Any]:
        """One system, as every tier reads it."""
        path = PathCheck(
            sde=sde,
            observable=Phi.T * J * Phi,
            law=Parameter("initial", p + k, p + k),
            horizon="1/4",
            sizes={p: 2, k: 1},
            values={gamma: 1, Phi: eye(3)},
        )
        return {"sde": sde, "path": path}

    return DifferentialClaim(
        id="noise_algebra.group",
        title="dΦ = S(∘dZ)Φ conserves Φ'JΦ on every path",
        source=SOURCE,
        statement="Read in the sense of Stratonovich the noise stays in the group Φ'JΦ = J, by "
        "continuity in the component SO₀(p, k) of the identity.  The system is written in Itô "
        "form (noise_algebra.ito_drift).",
        **stated(_in_group()),
        observable=Phi.T * J * Phi,
        drift=0 * Phi,
        where={"J": J},
        mutants=(
            Mutant(
                name="ito",
                mistake="the noise read in the sense of Itô",
                changes=stated(MatrixSDE({Phi: NOISE * Phi})),
            ),
            Mutant(
                name="swapped",
                mistake="p and k exchanged in the correction",
                changes=stated(_in_group(SWAPPED)),
            ),
        ),
        inapplicable=_no_algorithm(),
    )


def _square() -> DifferentialClaim:
    F, T, dE = State("Phi", 2 * p, 2 * p), State("Theta", 2 * p, l), Brownian("B", p, p).d
    noise = sqrt(gamma) * dE
    sde = MatrixSDE({F: gamma * p * F * dt / 2 + S(noise) * F, T: S(noise) * T})

    def stated(rate: Any) -> dict[str, Any]:
        """One rate of decay, as every tier reads it."""
        path = PathCheck(
            sde=sde,
            observable=F.I * T,
            law=exp(-rate * t) * Parameter("initial", 2 * p, l),
            horizon="1/2",
            sizes={p: 2, l: 3},
            values={gamma: "3/4", F: eye(4)},
        )
        return {"drift": -rate * F.I * T, "path": path}

    return DifferentialClaim(
        id="noise_algebra.square",
        title="p = k: Φ⁻¹Θ decays like e^{−γpt/2}, so Θ = e^{−γpt/2} Φ Θ_0 for Φ_0 = I",
        source=SOURCE,
        statement="Driven by one Brownian motion, the stochastic gradient flow Θ and the motion Φ "
        "in the group differ by a deterministic scalar factor: d(Φ⁻¹Θ) = −½γp Φ⁻¹Θ dt, without a "
        "martingale part.",
        sde=sde,
        observable=F.I * T,
        **stated(gamma * p / 2),
        assumptions=(Assumption(text="Φ is invertible", condition=Q.invertible(F)),),
        mutants=(
            Mutant(name="factor_two", mistake="γp for γp/2", changes=stated(gamma * p)),
            Mutant(name="dimension", mistake="γ/2 for γp/2", changes=stated(gamma / 2)),
            Mutant(name="no_decay", mistake="no factor at all", changes=stated(0 * gamma)),
        ),
        inapplicable=_no_algorithm(),
    )


def _leaves() -> DifferentialClaim:
    form, size = Theta.T * J * Theta, Theta.T * Theta
    return DifferentialClaim(
        id="noise_algebra.leaves",
        title="d(Θ'JΘ) = −½γ((p + k) Θ'JΘ + (k − p) Θ'Θ) dt",
        source=SOURCE,
        statement="Without a residual the form Θ'JΘ has no martingale part.  For p = k it shrinks "
        "by a scalar factor; for p ≠ k the positive Θ'Θ enters, and no factor brings Θ back into "
        "the group.",
        sde=MatrixSDE({Theta: NOISE * Theta}),
        observable=form,
        drift=-gamma * ((p + k) * form + (k - p) * size) / 2,
        where={"J": J},
        mutants=(
            Mutant(
                name="factor_only",
                mistake="a scalar factor for p ≠ k too",
                changes={"drift": -gamma * (p + k) * form / 2},
            ),
            Mutant(
                name="swapped",
                mistake="p − k for k − p",
                changes={"drift": -gamma * ((p + k) * form + (p - k) * size) / 2},
            ),
            Mutant(name="conserved", mistake="the Stratonovich law", changes={"drift": 0 * size}),
        ),
        inapplicable=_no_paths("Θ'Θ has a martingale part: there is no law on every path"),
    )


def _projection() -> DifferentialClaim:
    Y, K = Phi.T * Phi, Phi.T * J * Phi
    return DifferentialClaim(
        id="noise_algebra.projection",
        title="Y = Φ'Φ: dY = γ((p + k) Y + (k − p) Φ'JΦ) dt + 2Φ'S(dZ)Φ",
        source=SOURCE,
        statement="In the group, where Φ'JΦ = J, the drift of the projection Y = Φ'Φ to the "
        "symmetric space is a function of Y; with noise_algebra.speed Y is a diffusion of its "
        "own.  That it is the Brownian motion of that space is not claimed: the language has no "
        "Laplacian of a manifold.",
        sde=_in_group(),
        observable=Y,
        drift=gamma * ((p + k) * Y + (k - p) * K),
        martingale=2 * Phi.T * NOISE * Phi,
        where={"J": J},
        mutants=(
            Mutant(
                name="half",
                mistake="the drift of both factors without their product",
                changes={"drift": gamma * ((p + k) * Y + (k - p) * K) / 2},
            ),
            Mutant(
                name="swapped",
                mistake="p − k for k − p",
                changes={"drift": gamma * ((p + k) * Y + (p - k) * K)},
            ),
            Mutant(
                name="martingale",
                mistake="one factor moves, not both",
                changes={"martingale": Phi.T * NOISE * Phi},
            ),
        ),
        inapplicable=_no_paths("Y has a martingale part"),
    )


def _speed() -> CovariationClaim:
    P, Q = (Parameter(name, p + k, p + k, symmetric=True) for name in "PQ")
    Y, K = Phi.T * Phi, Phi.T * J * Phi
    return CovariationClaim(
        id="noise_algebra.speed",
        title="d⟨tr PY, tr QY⟩ = 4γ(tr(PYQY) − tr(PKQK)) dt, K = Φ'JΦ",
        source=SOURCE,
        statement="In the group, where K = J, the covariations of the entries of Y = Φ'Φ are "
        "functions of Y.",
        sde=_in_group(),
        first=tr(P * Y),
        second=tr(Q * Y),
        rate=4 * gamma * (tr(P * Y * Q * Y) - tr(P * K * Q * K)),
        where={"J": J},
        mutants=(
            Mutant(
                name="full",
                mistake="noise in all symmetric directions",
                changes={"rate": 4 * gamma * tr(P * Y * Q * Y)},
            ),
            Mutant(
                name="factor_two",
                mistake="2 for 4",
                changes={"rate": 2 * gamma * (tr(P * Y * Q * Y) - tr(P * K * Q * K))},
            ),
        ),
        inapplicable=_no_paths("Y has a martingale part"),
    )


def _no_algorithm() -> dict[str, str]:
    return {"algorithm": "noise alone, without the residual, is not what a data set gives"}


def _no_paths(reason: str) -> dict[str, str]:
    return {"path": reason, **_no_algorithm()}


def _no_differences() -> dict[str, str]:
    return {"generator": "differences are taken of Itô systems; this one is Stratonovich's"}
