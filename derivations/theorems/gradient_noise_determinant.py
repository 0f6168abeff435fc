"""Gradient noise of any covariance, and minibatches (RD §6, as derived here).

For mean-zero noise S(dZ)Θ, dZ = Σ_i G_i dβ_i with state-dependent G_i,
d log det M = −2 Σ_i |G_i|² dt, that is −2 E|dZ|².  A minibatch of size b as Gaussian noise with the
same covariance: one step is η (g − R) with g the mean of b of the n sample gradients x_i r_i', so
that per unit of time dZ = √(η/(b n)) Σ_i (x_i r_i' − R) dβ_i; drawing without replacement
multiplies the covariance by (n − b)/(n − 1).
"""

from typing import Any

from sympy import Gt, Le, sqrt

from derivations import (
    AlgorithmCheck,
    Assumption,
    BrownianFamily,
    DifferentialClaim,
    Family,
    MatrixSDE,
    Mutant,
    Theorem,
    dt,
    index,
    logdet,
    total,
    tr,
)

from ._network import PAPER, RANK, W1, W2, WHERE, WIDTH, M, R, b, eta, k, moved_by, n, p

SOURCE = f"{PAPER}, Section 6"
i = index("i", n)
beta = BrownianFamily("beta")
x, y, r = Family("x", p), Family("y", k), Family("r", k, process=True)


def mean(residual: Any) -> Any:
    """R = (1/n) Σ_i x_i r_i', the mean of the sample gradients."""
    return total(x[i] * residual.T, i) / n


def spread(residual: Any) -> Any:
    """1/n Σ_i |x_i|²|r_i|² − |R|², the total variance of the sample gradients."""
    squares = total(tr(x[i].T * x[i]) * tr(residual.T * residual), i) / n
    return squares - tr(mean(residual) * mean(residual).T)


square_loss = y[i] - W2.T * W1.T * x[i]
"""r_i for the square loss; other losses have other residuals and the same law."""


def theorem() -> Theorem:
    """Any covariance; minibatch with and without replacement."""
    return Theorem(
        id="gradient_noise_determinant",
        title="Any gradient noise makes det M fall, at twice its variance",
        source=SOURCE,
        claims=(_general(), _minibatch(), _without_replacement()),
    )


def _general() -> DifferentialClaim:
    G = Family("G", p, k, process=True)
    variance = total(tr(G[i] * G[i].T), i)
    return DifferentialClaim(
        id="gradient_noise_determinant",
        title="d log det M = −2 Σ_i |G_i|² dt for dZ = Σ_i G_i dβ_i",
        source=SOURCE,
        statement="For any state-dependent G_i, log det M has the drift −2 E|dZ|²/dt "
        "and no martingale part.",
        sde=MatrixSDE(moved_by(R * dt + total(G[i] * beta[i].d, i)), assuming=[RANK.condition]),
        observable=logdet(M),
        drift=-2 * variance,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 for 2", changes={"drift": -variance}),
            Mutant(name="sign", mistake="growth for decay", changes={"drift": 2 * variance}),
            Mutant(
                name="coherent",
                mistake="|Σ_i G_i|² for Σ_i |G_i|², as if the β_i were one",
                changes={"drift": -2 * tr(total(G[i], i) * total(G[i], i).T)},
            ),
            Mutant(name="missing_ito", mistake="no Itô term", changes={"drift": 0 * k}),
        ),
        inapplicable=_elsewhere("gradient_noise_determinant.minibatch"),
    )


def _minibatch() -> DifferentialClaim:
    return DifferentialClaim(
        id="gradient_noise_determinant.minibatch",
        title="minibatch with replacement: rate (2η/b)(1/n Σ|x_i|²|r_i|² − |R|²)",
        source=SOURCE,
        statement=(
            "Gaussian noise with the covariance of a minibatch drawn with replacement, r_i the "
            "residual of sample i under any loss."
        ),
        sde=_system(sqrt(eta / (b * n))),
        observable=logdet(M),
        **_stated("minibatch_with_replacement", 2 * eta / b),
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            _mutant("minibatch_with_replacement", "factor_two", "1 for 2", eta / b),
            _mutant("minibatch_with_replacement", "batch", "b² for b", 2 * eta / b**2),
            _mutant("minibatch_with_replacement", "root_eta", "√η for η", 2 * sqrt(eta) / b),
            Mutant(
                name="uncentred",
                mistake="|R|² not subtracted",
                changes={"drift": -2 * eta / b * (spread(r[i]) + tr(mean(r[i]) * mean(r[i]).T))},
            ),
        ),
        inapplicable={"path": _FINITE},
    )


def _without_replacement() -> DifferentialClaim:
    sampling = "minibatch_without_replacement"
    strength = 2 * eta / b * (n - b) / (n - 1)
    return DifferentialClaim(
        id="gradient_noise_determinant.without_replacement",
        title="minibatch without replacement: the rate times (n − b)/(n − 1)",
        source=SOURCE,
        statement="Gaussian noise with the covariance of a minibatch drawn without replacement.",
        sde=_system(sqrt(eta * (n - b) / (b * n * (n - 1)))),
        observable=logdet(M),
        **_stated(sampling, strength),
        assumptions=(
            RANK,
            WIDTH,
            Assumption(text="the batch is at most the data set", condition=Le(b, n)),
            Assumption(text="there are two samples or more", condition=Gt(n, 1)),
        ),
        where=WHERE,
        mutants=(
            _mutant(sampling, "factor_two", "1 for 2", strength / 2),
            Mutant(
                name="replacement",
                mistake="the factor (n − b)/(n − 1) forgotten",
                changes={"drift": -2 * eta / b * spread(r[i])},
            ),
            Mutant(
                name="off_by_one",
                mistake="(n − b)/n for (n − b)/(n − 1)",
                changes={"drift": -strength * (n - 1) / n * spread(r[i])},
            ),
        ),
        inapplicable={"path": _FINITE},
    )


def _stated(sampling: str, strength: Any) -> dict[str, Any]:
    """One rate, strength × spread, as every tier reads it; real runs have the square loss."""
    algorithm = AlgorithmCheck(algorithm=sampling, rate=-strength * spread(square_loss))
    return {"drift": -strength * spread(r[i]), "algorithm": algorithm}


def _mutant(sampling: str, name: str, mistake: str, strength: Any) -> Mutant:
    return Mutant(name=name, mistake=mistake, changes=_stated(sampling, strength))


_FINITE = "the rate depends on the path; the algorithm tier integrates it along real runs"


def _system(scale: Any) -> MatrixSDE:
    dZ = scale * total((x[i] * r[i].T - mean(r[i])) * beta[i].d, i)
    return MatrixSDE(moved_by(mean(r[i]) * dt + dZ), assuming=[RANK.condition])


def _elsewhere(where: str) -> dict[str, str]:
    return {
        "path": "R and G_i are any processes here",
        "algorithm": f"R and G_i are any processes here; see {where}",
    }
