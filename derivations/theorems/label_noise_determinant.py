"""Label noise: log det M falls at a constant rate on every path (RD Theorem 4.2, as derived here).

dΘ = S(R)Θ dt + S(dZ)Θ with E[dZ dZ'] = k C dt gives d log det M = −2k tr(C) dt, without a
martingale part, so det M(t) = det M(0) exp(−2k tr(C) t) on every path.
"""

from typing import Any

from sympy import sqrt

from derivations import (
    AlgorithmCheck,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    SignClaim,
    Theorem,
    dt,
    logdet,
    tr,
)

from ._network import (
    PAPER,
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
    n,
    p,
    residual,
)


def theorem() -> Theorem:
    """The law for any noise covariance, and for Gaussian label noise."""
    return Theorem(
        id="label_noise_determinant",
        title="Under label noise det M decays exponentially, at one rate on every path",
        source=f"{PAPER}, Theorem 4.2",
        claims=(_general(), _label_noise(), _falls()),
    )


def _general() -> DifferentialClaim:
    rate = -2 * k * tr(C)
    return DifferentialClaim(
        id="label_noise_determinant",
        title="d log det M = −2k tr(C) dt for noise S(C^½ dB)Θ",
        source=f"{PAPER}, Theorem 4.2; general covariance as derived here",
        statement="For any residual process R, log det M has the constant drift −2k tr(C) "
        "and no martingale part.",
        sde=MatrixSDE(moved_by(R * dt + B.d), assuming=[RANK.condition]),
        observable=logdet(M),
        drift=rate,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="k tr(C) for 2k tr(C)", changes={"drift": rate / 2}),
            Mutant(name="sign", mistake="growth for decay", changes={"drift": -rate}),
            Mutant(
                name="transpose",
                mistake="dZ'dZ for dZ dZ': p for k",
                changes={"drift": -2 * p * tr(C)},
            ),
            Mutant(
                name="stratonovich",
                mistake="the Itô term is missing: the Stratonovich drift",
                changes={"drift": 0 * k},
            ),
            Mutant(
                name="square", mistake="tr(C²) for tr(C)", changes={"drift": -2 * k * tr(C * C)}
            ),
            Mutant(
                name="martingale",
                mistake="a martingale part 2 tr(dB dB̄') that is not there",
                changes={"martingale": 2 * tr(R.T * B.d)},
            ),
        ),
        inapplicable={
            "path": "R is any process here; paths: label_noise_determinant.label_noise",
            "algorithm": "R is any process here; see label_noise_determinant.label_noise",
        },
    )


def _falls() -> SignClaim:
    return SignClaim(
        id="label_noise_determinant.falls",
        title="log det M never rises: its drift is below 0 for every noise C ≻ 0",
        source=f"{PAPER}, Theorem 4.2",
        statement="Without a martingale part log det M falls on every path, whatever the residual.",
        sde=MatrixSDE(moved_by(R * dt + B.d), assuming=[RANK.condition]),
        observable=logdet(M),
        sign="<",
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="sign", mistake="growth for decay", changes={"sign": ">"}),
            Mutant(name="conserved", mistake="never falls", changes={"sign": ">="}),
        ),
        inapplicable={
            "path": "R is any process here; paths: label_noise_determinant.label_noise",
            "algorithm": "R is any process here; see label_noise_determinant.label_noise",
        },
    )


def _label_noise() -> DifferentialClaim:
    dZ = sqrt(eta * delta) / n * X.T * labels.d
    sde = MatrixSDE(moved_by(residual * dt + dZ), assuming=[RANK.condition])

    def stated(rate: Any) -> dict[str, Any]:
        """One rate, as every tier reads it."""
        path = log_det_path(sde, rate, {eta: "3/4", delta: 2})
        algorithm = AlgorithmCheck(algorithm="label_noise", rate=rate, dataset="diabetes")
        return {"drift": rate, "path": path, "algorithm": algorithm}

    rate = -2 * eta * delta * k * tr(X.T * X) / n**2
    root_delta = -2 * eta * sqrt(delta) * k * tr(X.T * X) / n**2
    return DifferentialClaim(
        id="label_noise_determinant.label_noise",
        title="label noise of variance δ at step η: d log det M = −2ηδk |X|²/n² dt",
        source=f"{PAPER}, Theorem 4.2; constants in the convention time = steps·η, δ a variance",
        statement=(
            "det M(t) = det M(0) exp(−2ηδk|X|²t/n²) on every path of the square loss "
            "with label noise."
        ),
        sde=sde,
        observable=logdet(M),
        **stated(rate),
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 for 2", changes=stated(rate / 2)),
            Mutant(name="sign", mistake="growth for decay", changes=stated(-rate)),
            Mutant(name="root_delta", mistake="√δ for δ", changes=stated(root_delta)),
            Mutant(name="mean", mistake="1/n for 1/n²", changes=stated(rate * n)),
            Mutant(name="missing_ito", mistake="no Itô term", changes=stated(0 * k)),
        ),
    )
