"""Weight decay beside label noise: it adds −2μ(p+k) to the rate (as derived here).

Decay (μ/2)|Θ|² in the loss; Galanti et al. write λ|W|², μ = 2λ.  One step is
Θ⁺ = ((1 − ημ) I + η S(G)) Θ.
"""

from typing import Any

from sympy import Identity, Lt, sqrt

from derivations import (
    AlgorithmCheck,
    Assumption,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    S,
    Theorem,
    det,
    dt,
    logdet,
    tr,
)

from ._network import (
    RANK,
    WHERE,
    WIDTH,
    B,
    C,
    M,
    R,
    X,
    delta,
    eta,
    k,
    labels,
    log_det_path,
    moved_by,
    mu,
    n,
    p,
    residual,
    theta,
)

SOURCE = "as derived here; weight decay after Galanti, Xu, Poggio et al."


def theorem() -> Theorem:
    """The flow with decay for any covariance, with label noise, and one discrete step."""
    return Theorem(
        id="weight_decay_determinant",
        title="Weight decay adds 2μ(p+k) to the decay rate of det M",
        source=SOURCE,
        claims=(_general(), _label_noise(), _discrete()),
    )


def _decayed(dG: object) -> MatrixSDE:
    moves = {state: move - mu * state * dt for state, move in moved_by(dG).items()}
    return MatrixSDE(moves, assuming=[RANK.condition])


def _general() -> DifferentialClaim:
    rate = -2 * k * tr(C) - 2 * mu * (p + k)
    return DifferentialClaim(
        id="weight_decay_determinant",
        title="d log det M = −(2k tr(C) + 2μ(p+k)) dt",
        source=SOURCE,
        statement="Decay shrinks every direction of Θ alike; the noise rate is unchanged.",
        sde=_decayed(R * dt + B.d),
        observable=logdet(M),
        drift=rate,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(
                name="once",
                mistake="μ(p+k): M is quadratic in Θ",
                changes={"drift": rate + mu * (p + k)},
            ),
            Mutant(name="one_layer", mistake="p for p + k", changes={"drift": rate + 2 * mu * k}),
            Mutant(
                name="sign", mistake="decay that feeds", changes={"drift": rate + 4 * mu * (p + k)}
            ),
            Mutant(
                name="lambda",
                mistake="λ and μ = 2λ confused",
                changes={"drift": rate - 2 * mu * (p + k)},
            ),
        ),
        inapplicable={
            "path": "R is any process here; paths: weight_decay_determinant.label_noise",
            "algorithm": "R is any process here; see weight_decay_determinant.label_noise",
        },
    )


def _label_noise() -> DifferentialClaim:
    sde = _decayed(residual * dt + sqrt(eta * delta) / n * X.T * labels.d)

    def stated(rate: Any) -> dict[str, Any]:
        """One rate, as every tier reads it."""
        path = log_det_path(sde, rate, {eta: "3/4", delta: 2, mu: "1/8"})
        algorithm = AlgorithmCheck(algorithm="label_noise", rate=rate, values={"mu": 0.05})
        return {"drift": rate, "path": path, "algorithm": algorithm}

    decay = -2 * mu * (p + k)
    rate = -2 * eta * delta * k * tr(X.T * X) / n**2 + decay
    return DifferentialClaim(
        id="weight_decay_determinant.label_noise",
        title="label noise with decay: −(2ηδk|X|²/n² + 2μ(p+k)) dt",
        source=SOURCE,
        statement="det M falls exponentially on every path, at the sum of the two rates.",
        sde=sde,
        observable=logdet(M),
        **stated(rate),
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="once", mistake="μ(p+k) for 2μ(p+k)", changes=stated(rate - decay / 2)),
            Mutant(name="no_noise", mistake="the noise forgotten", changes=stated(decay)),
            Mutant(name="no_decay", mistake="the decay forgotten", changes=stated(rate - decay)),
        ),
    )


def _discrete() -> IdentityClaim:
    G = Parameter("G", p, k)
    step = (1 - eta * mu) * Identity(p + k) + eta * S(G)
    scale = eta / (1 - eta * mu)
    right = (1 - eta * mu) ** (2 * (p + k)) * det(Identity(k) - scale**2 * G.T * G) ** 2 * det(M)
    return IdentityClaim(
        id="weight_decay_determinant.discrete",
        title="one step: det M⁺ = (1−ημ)^{2(p+k)} det(I − (η/(1−ημ))² G'G)² det M",
        source=SOURCE,
        statement="Exactly, for every step and every noisy residual G: "
        "2(p+k) log(1−ημ) is added and s_i becomes s_i/(1−ημ).",
        left=det(step * theta * theta.T * step.T),
        right=right,
        draws=G,
        assumptions=(
            RANK,
            WIDTH,
            Assumption(text="ημ < 1", condition=Lt(eta * mu, 1)),
        ),
        where=WHERE,
        mutants=(
            Mutant(
                name="unscaled",
                mistake="s_i not divided by 1−ημ",
                changes={
                    "right": (1 - eta * mu) ** (2 * (p + k))
                    * det(Identity(k) - eta**2 * G.T * G) ** 2
                    * det(M)
                },
            ),
            Mutant(
                name="one_layer",
                mistake="2p for 2(p+k)",
                changes={"right": right / (1 - eta * mu) ** (2 * k)},
            ),
        ),
        inapplicable={"path": "one step of an algorithm has no paths"},
        algorithm=AlgorithmCheck(algorithm="label_noise", rate=0 * k, values={"mu": 0.05}),
    )
