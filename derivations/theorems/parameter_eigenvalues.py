"""Eigenvalues of M = ΘΘ' under label noise (as derived here).

For dΘ = S(R)Θ dt + S(dZ)Θ with E[dZ dZ'] = kC dt and eigenvectors (x_i; y_i) of M,

    drift of λ_i = 4λ_i x_i'Ry_i + Σ_m λ_m V_im + Σ_{j≠i} (λ_i + λ_j)² V_ij/(λ_i − λ_j),
    V_ij = x_i'Cx_i |y_j|² + x_j'Cx_j |y_i|² + 2 (x_i'Cx_j)(y_i·y_j),
    d⟨λ_i, λ_j⟩ = 16 λ_iλ_j (x_i'Cx_j)(y_i·y_j) dt.

The drifts of all log λ_i add up to −2k tr(C): the law of log det M.
"""

from typing import Any

from sympy import log, sqrt

from derivations import (
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    Theorem,
    dt,
    total,
    tr,
)

from ._network import PAPER, RANK, WHERE, WIDTH, B, C, R, gamma, k, moved_by, p
from ._spectra import K1, K2, M_DISTINCT, M_ROWS, V, a, b, c, crossed, mu

SOURCE = f"{PAPER}, Section 5 for M in place of W1W1', as derived here"
white = Brownian("B", p, k)
ELSEWHERE = {
    "path": "R is any process and the drift depends on the path; "
    "paths of log det M: label_noise_determinant.label_noise",
    "algorithm": "R is any process; real SGD beside its SDE: the experiment sgd-versus-sde",
}


def theorem() -> Theorem:
    """C = γI, any C, covariations, and the sum of the logarithms."""
    return Theorem(
        id="parameter_eigenvalues",
        title="The eigenvalues of M repel each other and drift as log det M demands",
        source=SOURCE,
        claims=(_white(), _coloured(), _covariation(), _log_sum()),
    )


def _sde(noise: Any, *facts: Any) -> MatrixSDE:
    return MatrixSDE(moved_by(R * dt + noise), assuming=[mu.distinct, *facts])


def gradient(factor: Any = 4) -> Any:
    """4 λ_i x_i' R y_i."""
    return factor * mu[a] * tr(R * K2.T * mu.projector(a) * K1)


def parts(scale: Any, weight: Any = V) -> dict[str, Any]:
    """The parts of the drift of λ_i, for noise of a scale and a weight V_ij."""
    growth = scale * total(mu[c] * weight(a, c), c, excluding=a) + scale * mu[a] * weight(a, a)
    pair = (mu[a] + mu[b]) ** 2 * weight(a, b) / (mu[a] - mu[b])
    force = scale * total(pair, b, excluding=a)
    return {"gradient": gradient(), "growth": growth, "repulsion": force}


def _drift(weight: Any, scale: Any) -> dict[str, Any]:
    """The drift and its parts, as a claim has them."""
    terms = parts(scale, weight)
    return {"drift": sum(terms.values()), "terms": terms}


def _white() -> DifferentialClaim:
    stated = _drift(V, gamma)
    drift, force = stated["drift"], stated["terms"]["repulsion"]
    martingale = 4 * sqrt(gamma) * mu[a] * tr(white.d * K2.T * mu.projector(a) * K1)

    def uncrossed(first: Any, second: Any) -> Any:
        return V(first, second) - 2 * crossed(first, second)

    no_square = gamma * total((mu[a] + mu[b]) * V(a, b) / (mu[a] - mu[b]), b, excluding=a)
    return DifferentialClaim(
        id="parameter_eigenvalues",
        title="C = γI: drift of an eigenvalue of M with the repulsion (λ_i+λ_j)²V_ij/(λ_i−λ_j)",
        source=SOURCE,
        statement="Eigenvalues of M grow by γΣ_m λ_mV_im and repel each other, up to the first "
        "time two of them meet.",
        sde=_sde(sqrt(gamma) * white.d),
        observable=mu[a],
        **stated,
        martingale=martingale,
        assumptions=(M_DISTINCT, M_ROWS),
        where=WHERE,
        mutants=(
            Mutant(
                name="no_repulsion",
                mistake="the repulsion is missing",
                changes={"drift": drift - force},
            ),
            Mutant(
                name="no_square",
                mistake="λ_i + λ_j for its square",
                changes={"drift": drift - force + no_square},
            ),
            Mutant(
                name="uncrossed",
                mistake="2(x_i·x_j)(y_i·y_j) is missing in V",
                changes={"drift": _drift(uncrossed, gamma)["drift"]},
            ),
            Mutant(
                name="own_term",
                mistake="the sum Σ_m λ_mV_im without m = i",
                changes={"drift": drift - gamma * mu[a] * V(a, a)},
            ),
            Mutant(
                name="gradient_half",
                mistake="2 for 4 in front of the gradient",
                changes={"drift": drift - gradient(2)},
            ),
            Mutant(
                name="half_noise",
                mistake="2 for 4 in the martingale part",
                changes={"martingale": martingale / 2},
            ),
            Mutant(name="no_ito", mistake="no Itô term at all", changes={"drift": gradient()}),
        ),
        inapplicable=ELSEWHERE,
    )


def _coloured() -> DifferentialClaim:
    def weight(first: Any, second: Any) -> Any:
        return V(first, second, C)

    def mean(first: Any, second: Any) -> Any:
        return tr(C) / p * V(first, second)

    def half(first: Any, second: Any) -> Any:
        return V(first, second, C) - crossed(first, second, C)

    return DifferentialClaim(
        id="parameter_eigenvalues.any_noise",
        title="any noise covariance C: the same with x_i'Cx_j for γ x_i·x_j",
        source=SOURCE,
        statement="For noise S(C^½dB) the weight is V_ij = x_i'Cx_i|y_j|² + x_j'Cx_j|y_i|² + "
        "2(x_i'Cx_j)(y_i·y_j).",
        sde=_sde(B.d),
        observable=mu[a],
        **_drift(weight, 1),
        martingale=4 * mu[a] * tr(B.d * K2.T * mu.projector(a) * K1),
        assumptions=(M_DISTINCT, M_ROWS),
        where=WHERE,
        mutants=(
            Mutant(
                name="mean_noise",
                mistake="tr(C)/p for C",
                changes={"drift": _drift(mean, 1)["drift"]},
            ),
            Mutant(
                name="half_cross",
                mistake="(x_i'Cx_j)(y_i·y_j) once",
                changes={"drift": _drift(half, 1)["drift"]},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _covariation() -> CovariationClaim:
    rate = 16 * mu[a] * mu[b] * crossed(a, b, C)
    return CovariationClaim(
        id="parameter_eigenvalues.covariation",
        title="d⟨λ_i, λ_j⟩ = 16λ_iλ_j (x_i'Cx_j)(y_i·y_j) dt",
        source=SOURCE,
        statement="The eigenvalues of M are driven by correlated noises, even for C = γI.",
        sde=_sde(B.d),
        first=mu[a],
        second=mu[b],
        rate=rate,
        assumptions=(M_DISTINCT, M_ROWS),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="8 for 16", changes={"rate": rate / 2}),
            Mutant(name="independent", mistake="0 for i ≠ j", changes={"rate": 0 * rate}),
            Mutant(name="scale", mistake="λ_i² for λ_iλ_j", changes={"rate": rate * mu[a] / mu[b]}),
        ),
        inapplicable=ELSEWHERE,
    )


def _log_sum() -> DifferentialClaim:
    rate = -2 * k * tr(C)
    return DifferentialClaim(
        id="parameter_eigenvalues.log_sum",
        title="the drifts of all log λ_i add up to −2k tr(C)",
        source=SOURCE,
        statement="Σ_i log λ_i = log det M has the drift −2k tr(C) and no martingale part, "
        "although every summand has one.",
        sde=_sde(B.d, RANK.condition),
        observable=total(log(mu[a]), a),
        drift=rate,
        assumptions=(M_DISTINCT, RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 for 2", changes={"drift": rate / 2}),
            Mutant(name="transpose", mistake="p for k", changes={"drift": -2 * p * tr(C)}),
            Mutant(
                name="half_square",
                mistake="Itô's ½ forgotten in d log λ_i",
                changes={"drift": rate - 8 * total(crossed(a, a, C), a)},
            ),
        ),
        inapplicable=ELSEWHERE,
    )
