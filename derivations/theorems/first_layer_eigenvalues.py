"""Eigenvalues of W1W1' repel each other (RD Theorem 5.1, as derived here).

For dΘ = S(R)Θ dt + √γ S(dB)Θ, S = W1W1' and P = W1W2 the differential of an eigenvalue is

    dλ_i = [2 u_i'R p_i + γ(|W2|² + Σ_{j≠i} (q_i + q_j)/(λ_i − λ_j))] dt + 2√γ u_i'dB p_i,

p_i = P'u_i and q_i = |p_i|²: for C = γI the λ_i are driven by independent Brownian motions of rates
4γ q_i.  A noise covariance C turns q_i + q_j into C_ii q_j + C_jj q_i + 2 C_ij p_i·p_j.
"""

from typing import Any

from sympy import sqrt

from derivations import (
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    Process,
    SignClaim,
    State,
    Theorem,
    dt,
    tr,
)

from ._network import PAPER, W1, W2, B, C, R, gamma, k, l, moved_by, p
from ._spectra import DISTINCT, ROWS, P, along, i, j, lam, q, repulsion

SOURCE = f"{PAPER}, Theorem 5.1"
white = Brownian("B", p, k)
WHERE = {"P": P, "q_i": q(i), "q_j": q(j)}


def theorem() -> Theorem:
    """One output as in the paper, any number of outputs, any noise, and the covariations."""
    return Theorem(
        id="first_layer_eigenvalues",
        title="Label noise makes the eigenvalues of W1W1' repel each other",
        source=SOURCE,
        claims=(
            _scalar_output(),
            _white(),
            _coloured(),
            _independent(),
            _covariation(),
            _power(),
            _largest(),
        ),
    )


def _scalar_output() -> DifferentialClaim:
    """k = 1: W2 is a vector a, and P = W1 a."""
    a, r = State("W2", l, 1), Process("R", p, 1)
    noise = Brownian("B", p, 1)
    product = W1 * a
    dG = r * dt + sqrt(gamma) * noise.d
    return _claim(
        id="first_layer_eigenvalues",
        title="one output: dλ_i = [2u_i'R p_i + γ(|W2|² + Σ_{j≠i}(q_i+q_j)/(λ_i−λ_j))]dt + …",
        source=SOURCE,
        statement="The eigenvalues of W1W1' are pushed apart by γ(q_i + q_j)/(λ_i − λ_j), the "
        "highlighted term of (5.6), up to the first time two of them meet.",
        sde=MatrixSDE({W1: dG * a.T, a: W1.T * dG}, assuming=[lam.distinct]),
        gradient=2 * along(i, r, product),
        growth=tr(a * a.T),
        numerator=q(i, product) + q(j, product),
        noise=noise.d,
        product=product,
    )


def _largest() -> SignClaim:
    noise = sqrt(gamma) * white.d
    return SignClaim(
        id="first_layer_eigenvalues.largest",
        title="noise alone, C = γI: the largest eigenvalue of W1W1' never falls in the mean",
        source=f"{SOURCE}, as derived here",
        statement="Without gradient λ_1 is a local submartingale: |W2|² and every repulsion "
        "(q_1 + q_j)/(λ_1 − λ_j) are ≥ 0.  Of the smallest eigenvalue neither sign is true.",
        sde=MatrixSDE({W1: noise * W2.T, W2: W1.T * noise}, assuming=[lam.distinct]),
        observable=lam[i],
        sign=">=",
        number=1,
        assumptions=(DISTINCT, ROWS),
        mutants=(
            Mutant(name="sign", mistake="never rises in the mean", changes={"sign": "<="}),
            Mutant(name="smallest", mistake="said of the smallest one", changes={"number": -1}),
        ),
        inapplicable={
            "path": "the sign of a drift at a point is claimed, no law over a span of time",
            "algorithm": "the noise-only limit has no data to train on",
        },
    )


def _white() -> DifferentialClaim:
    return _claim(
        id="first_layer_eigenvalues.any_outputs",
        title="any number of outputs: the same with |W2|² the Frobenius norm",
        source=f"{SOURCE}, for any k as derived here",
        statement="Theorem 5.1 for any number of outputs k, noise covariance C = γI.",
        sde=_sde(sqrt(gamma) * white.d),
        gradient=2 * along(i, R),
        growth=tr(W2 * W2.T),
        numerator=q(i) + q(j),
        noise=white.d,
        product=P,
    )


def _claim(
    *,
    gradient: Any,
    growth: Any,
    numerator: Any,
    noise: Any,
    product: Any,
    **fields: Any,
) -> DifferentialClaim:
    martingale = 2 * sqrt(gamma) * along(i, noise, product)
    force = gamma * repulsion(numerator)
    drift = gradient + gamma * growth + force
    swapped = gamma * repulsion(-numerator)
    own = gamma * repulsion(2 * q(i, product))
    return DifferentialClaim(
        **fields,
        observable=lam[i],
        drift=drift,
        martingale=martingale,
        terms={"gradient": gradient, "growth": gamma * growth, "repulsion": force},
        assumptions=(DISTINCT, ROWS),
        where={"P": product, "q_i": q(i, product), "q_j": q(j, product)},
        mutants=(
            Mutant(
                name="no_repulsion",
                mistake="the repulsion is missing, as in models whose singular vectors stand still",
                changes={"drift": drift - force},
            ),
            Mutant(
                name="attraction",
                mistake="λ_j − λ_i for λ_i − λ_j",
                changes={"drift": gradient + gamma * growth + swapped},
            ),
            Mutant(
                name="half_repulsion",
                mistake="a factor 2 in the repulsion",
                changes={"drift": drift - force / 2},
            ),
            Mutant(
                name="own_weight",
                mistake="2q_i for q_i + q_j",
                changes={"drift": gradient + gamma * growth + own},
            ),
            Mutant(
                name="missing_growth",
                mistake="γ|W2|² is missing: dW1 dW1' forgotten",
                changes={"drift": drift - gamma * growth},
            ),
            Mutant(
                name="gradient_half",
                mistake="u_i'R p_i for 2u_i'R p_i",
                changes={"drift": drift - gradient / 2},
            ),
            Mutant(name="no_ito", mistake="no Itô term at all", changes={"drift": gradient}),
            Mutant(
                name="root_two",
                mistake="√2 for 2 in front of the martingale part",
                changes={"martingale": martingale / sqrt(2)},
            ),
            Mutant(
                name="root_gamma",
                mistake="γ for √γ in the martingale part",
                changes={"martingale": sqrt(gamma) * martingale},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


ELSEWHERE = {
    "path": "R is any process and the drift depends on the path; paths with the repulsion on and "
    "off: the experiment repulsion",
    "algorithm": "R is any process; real SGD beside its SDE: the experiment sgd-versus-sde",
}


def _sde(noise: Any) -> MatrixSDE:
    return MatrixSDE(moved_by(R * dt + noise), assuming=[lam.distinct])


def weight(first: Any, second: Any) -> Any:
    """C_ij p_i·p_j for C_ij = u_i'C u_j, the noise's covariance between two eigenvectors."""
    E = lam.projector
    return tr(C * E(first) * P * P.T * E(second))


def _coloured() -> DifferentialClaim:
    E = lam.projector

    def numerator(cross: Any) -> Any:
        single = tr(C * E(i)) * q(j) + tr(C * E(j)) * q(i)
        return single + cross * weight(i, j)

    gradient = 2 * along(i, R)
    growth = tr(C * E(i)) * tr(W2 * W2.T)
    force = repulsion(numerator(2))
    drift = gradient + growth + force
    return DifferentialClaim(
        id="first_layer_eigenvalues.any_noise",
        title="any noise covariance: numerator C_ii q_j + C_jj q_i + 2C_ij p_i·p_j",
        source=f"{SOURCE}, for any covariance C as derived here",
        statement="For noise S(C^½dB) the growth is C_ii|W2|² and the repulsion has the numerator "
        "C_ii q_j + C_jj q_i + 2C_ij p_i·p_j with C_ij = u_i'Cu_j.",
        sde=_sde(B.d),
        observable=lam[i],
        drift=drift,
        martingale=2 * along(i, B.d),
        terms={"gradient": gradient, "growth": growth, "repulsion": force},
        assumptions=(DISTINCT, ROWS),
        where=WHERE,
        mutants=(
            Mutant(
                name="no_cross",
                mistake="2C_ij p_i·p_j is missing",
                changes={"drift": gradient + growth + repulsion(numerator(0))},
            ),
            Mutant(
                name="half_cross",
                mistake="C_ij p_i·p_j once",
                changes={"drift": gradient + growth + repulsion(numerator(1))},
            ),
            Mutant(
                name="mean_noise",
                mistake="tr(C)/p for C_ii in the growth",
                changes={"drift": drift - growth + tr(C) / p * tr(W2 * W2.T)},
            ),
            Mutant(
                name="swapped_weights",
                mistake="C_ii q_i + C_jj q_j",
                changes={
                    "drift": gradient
                    + growth
                    + repulsion(tr(C * E(i)) * q(i) + tr(C * E(j)) * q(j) + 2 * weight(i, j))
                },
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _independent() -> CovariationClaim:
    return CovariationClaim(
        id="first_layer_eigenvalues.independence",
        title="C = γI: d⟨λ_i, λ_j⟩ = 0 for i ≠ j",
        source=SOURCE,
        statement="For C = γI different eigenvalues have no covariation.",
        sde=_sde(sqrt(gamma) * white.d),
        first=lam[i],
        second=lam[j],
        rate=0,
        assumptions=(DISTINCT, ROWS),
        where=WHERE,
        mutants=(
            Mutant(
                name="correlated",
                mistake="4γ p_i·p_j, as if C_ij were γ",
                changes={"rate": 4 * gamma * q(i)},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _covariation() -> CovariationClaim:
    rate = 4 * weight(i, j)
    return CovariationClaim(
        id="first_layer_eigenvalues.covariation",
        title="any noise: d⟨λ_i, λ_j⟩ = 4C_ij p_i·p_j dt for i ≠ j",
        source=f"{SOURCE}, for any covariance C as derived here",
        statement="Eigenvalues are driven by correlated noises as soon as C is no multiple of I.",
        sde=_sde(B.d),
        first=lam[i],
        second=lam[j],
        rate=rate,
        assumptions=(DISTINCT, ROWS),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="2 for 4", changes={"rate": rate / 2}),
            Mutant(name="sign", mistake="the sign", changes={"rate": -rate}),
            Mutant(name="independent", mistake="0, as for C = γI", changes={"rate": 0 * rate}),
        ),
        inapplicable=ELSEWHERE,
    )


def _power() -> CovariationClaim:
    rate = 4 * tr(C * lam.projector(i)) * q(i)
    return CovariationClaim(
        id="first_layer_eigenvalues.quadratic_variation",
        title="any noise: d⟨λ_i, λ_i⟩ = 4C_ii q_i dt",
        source=f"{SOURCE}, for any covariance C as derived here",
        statement="An eigenvalue's quadratic variation grows at the rate 4C_ii q_i.",
        sde=_sde(B.d),
        first=lam[i],
        second=lam[i],
        rate=rate,
        assumptions=(DISTINCT, ROWS),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="2 for 4", changes={"rate": rate / 2}),
            Mutant(
                name="mean_noise",
                mistake="tr(C)/p for C_ii",
                changes={"rate": 4 * tr(C) / p * q(i)},
            ),
        ),
        inapplicable=ELSEWHERE,
    )
