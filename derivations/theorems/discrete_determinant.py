"""One step of GD or SGD, exactly (RD §6, as derived here).

Θ⁺ = (I + η S(G)) Θ with any (noisy) residual G gives det M⁺ = det(I_k − η²G'G)² det M, so
log det M⁺ − log det M = 2 Σ_i log|1 − η² s_i(G)²|.  To second order in η this is −2η²|G|², whose
mean under label noise is −2η²(|R|² + δk|X|²/n²): the |R|² term has the order of the noise term.
"""

from sympy import Identity, sqrt

from derivations import (
    AlgorithmCheck,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    S,
    State,
    Theorem,
    det,
    tr,
)

from ._network import PAPER, RANK, WHERE, WIDTH, M, X, delta, eta, k, labels, n, p, theta

SOURCE = f"{PAPER}, Section 6"
G = Parameter("G", p, k)


def theorem() -> Theorem:
    """The exact step, its symmetric form, and the mean square of the noisy residual."""
    return Theorem(
        id="discrete_determinant",
        title="One step of GD or SGD multiplies det M by det(I − η²G'G)²",
        source=SOURCE,
        claims=(_step(), _factor(), _mean_square()),
    )


def _step() -> IdentityClaim:
    step = Identity(p + k) + eta * S(G)
    right = det(Identity(k) - eta**2 * G.T * G) ** 2 * det(M)
    return IdentityClaim(
        id="discrete_determinant",
        title="det M⁺ = det(I_k − η²G'G)² det M",
        source=SOURCE,
        statement="Exactly, for one step of GD or SGD with any sampling, G its noisy residual.",
        left=det(step * theta * theta.T * step.T),
        right=right,
        draws=G,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(
                name="unsquared",
                mistake="the outer square lost",
                changes={"right": det(Identity(k) - eta**2 * G.T * G) * det(M)},
            ),
            Mutant(
                name="sign",
                mistake="I + η²G'G",
                changes={"right": det(Identity(k) + eta**2 * G.T * G) ** 2 * det(M)},
            ),
            Mutant(
                name="step",
                mistake="η for η²",
                changes={"right": det(Identity(k) - eta * G.T * G) ** 2 * det(M)},
            ),
            Mutant(
                name="conserved",
                mistake="the law of gradient flow taken for GD",
                changes={"right": det(M)},
            ),
        ),
        inapplicable={"path": "one step of an algorithm has no paths"},
        algorithm=AlgorithmCheck(algorithm="label_noise", rate=0 * k, dataset="diabetes"),
    )


def _factor() -> IdentityClaim:
    return IdentityClaim(
        id="discrete_determinant.factor",
        title="det(I + ηS(G)) = det(I_k − η²G'G) = det(I_p − η²GG')",
        source="Schur complement; Sylvester's determinant identity",
        statement="The factor may be computed on the smaller side: the min(p,k) values 1 − η²s_i².",
        left=det(Identity(p + k) + eta * S(G)),
        right=det(Identity(p) - eta**2 * G * G.T),
        draws=G,
        mutants=(
            Mutant(
                name="sign",
                mistake="+ for −",
                changes={"right": det(Identity(p) + eta**2 * G * G.T)},
            ),
        ),
        inapplicable={
            "path": "one step of an algorithm has no paths",
            "algorithm": "an identity of matrices; the step is checked for discrete_determinant",
        },
    )


def _mean_square() -> DifferentialClaim:
    noisy = State("G", p, k)
    rate = delta * k * tr(X.T * X) / n**2
    return DifferentialClaim(
        id="discrete_determinant.mean_square",
        title="E|G|² grows by δk|X|²/n² over |R|² under label noise",
        source="as derived here",
        statement="With dG = √δ/n X'dB run from R for one unit of time, "
        "G_1 is the noisy residual R + X'ε/n.",
        sde=MatrixSDE({noisy: sqrt(delta) / n * X.T * labels.d}),
        observable=tr(noisy * noisy.T),
        drift=rate,
        martingale=2 * sqrt(delta) / n * tr(noisy.T * X.T * labels.d),
        mutants=(
            Mutant(name="root_delta", mistake="√δ for δ", changes={"drift": rate / sqrt(delta)}),
            Mutant(name="outputs", mistake="k forgotten", changes={"drift": rate / k}),
        ),
        inapplicable={
            "path": "the law of one step; its drift is constant",
            "algorithm": "the step is checked for discrete_determinant",
        },
    )
