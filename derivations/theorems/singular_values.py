"""Singular values of W1 and of Θ (as derived here).

σ_i = √λ_i(W1W1'), u_i and v_i its singular vectors, a_i = W2'v_i. For C = γI

    dσ_i = [u_i'Ra_i + γ/(2σ_i) (|W2|² − |a_i|² + Σ_{j≠i} (λ_i|a_i|² + λ_j|a_j|²)/(λ_i − λ_j))] dt
           + √γ u_i'dB a_i.

To second order λ_i feels the others through E_i dW1 E_j alone, j ≠ i: the part of the noise that
turns the singular vectors.  Where the noise is diagonal in fixed singular bases (simultaneously
diagonalisable, as in the teacher–student model of the Stochastic Collapse paper) that part is zero,
and with it the repulsion: `singular_values.standing_vectors`.
"""

from typing import Any

from sympy import sqrt

from derivations import (
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    Process,
    State,
    Theorem,
    dt,
    eigenvalues,
    total,
    tr,
)
from derivations.expressions import BlockColumn

from ._network import PAPER, RANK, W1, W2, WHERE, WIDTH, R, gamma, k, moved_by, p
from ._spectra import DISTINCT, FULL, K1, K2, M_DISTINCT, ROWS, a, crossed, i, j, lam, mu, repulsion
from .parameter_eigenvalues import parts as parameter_parts

SOURCE = f"{PAPER}, Section 5, for singular values as derived here"
B = Brownian("B", p, k)
ELSEWHERE = {
    "path": "R is any process and the drift depends on the path; see the experiment repulsion",
    "algorithm": "R is any process; real SGD beside its SDE: the experiment sgd-versus-sde",
}
sigma = sqrt(lam[i])


def onto(index: Any) -> Any:
    """|a_i|² = |W2'v_i|², v_i v_i' = W1'E_iW1/λ_i."""
    right = W1.T * lam.projector(index) * W1
    return tr(W2.T * right * W2) / lam[index]


def along(G: Any) -> Any:
    """u_i' G a_i."""
    return tr(lam.projector(i) * G * W2.T * W1.T) / sigma


def theorem() -> Theorem:
    """Singular values of W1, their covariation, those of Θ, and the model without repulsion."""
    return Theorem(
        id="singular_values",
        title="Singular values of W1 and of Θ under label noise",
        source=SOURCE,
        claims=(_first_layer(), _independence(), _parameters(), _standing()),
    )


def _sde(*facts: Any) -> MatrixSDE:
    return MatrixSDE(moved_by(R * dt + sqrt(gamma) * B.d), assuming=facts)


def _first_layer() -> DifferentialClaim:
    growth = gamma * tr(W2 * W2.T) / (2 * sigma)
    curvature = -gamma * onto(i) / (2 * sigma)
    force = gamma / (2 * sigma) * repulsion(lam[i] * onto(i) + lam[j] * onto(j))
    drift = along(R) + growth + curvature + force
    swapped = gamma / (2 * sigma) * repulsion(lam[j] * onto(i) + lam[i] * onto(j))
    return DifferentialClaim(
        id="singular_values",
        title="singular values of W1: drift with repulsion and the curvature of the root",
        source=SOURCE,
        statement="Singular values of W1 repel each other; the concave root adds −γ|a_i|²/(2σ_i), "
        "up to the first time two of them meet or one vanishes.",
        sde=_sde(lam.distinct, lam.positive),
        observable=sigma,
        drift=drift,
        martingale=sqrt(gamma) * along(B.d),
        terms={
            "gradient": along(R),
            "growth": growth,
            "curvature": curvature,
            "repulsion": force,
        },
        assumptions=(DISTINCT, FULL, ROWS),
        mutants=(
            Mutant(
                name="no_curvature",
                mistake="−|a_i|² is missing: Itô's ½ for the root forgotten",
                changes={"drift": drift - curvature},
            ),
            Mutant(
                name="swapped_weights",
                mistake="λ_j|a_i|² + λ_i|a_j|² in the repulsion",
                changes={"drift": drift - force + swapped},
            ),
            Mutant(
                name="no_repulsion",
                mistake="singular vectors held still",
                changes={"drift": drift - force},
            ),
            Mutant(
                name="half_noise",
                mistake="½ in the martingale part",
                changes={"martingale": sqrt(gamma) * along(B.d) / 2},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _independence() -> CovariationClaim:
    rate = gamma * onto(i)
    return CovariationClaim(
        id="singular_values.quadratic_variation",
        title="d⟨σ_i, σ_i⟩ = γ|a_i|² dt",
        source=SOURCE,
        statement="The quadratic variation of a singular value of W1 grows at the rate γ|a_i|².",
        sde=_sde(lam.distinct, lam.positive),
        first=sigma,
        second=sigma,
        rate=rate,
        assumptions=(DISTINCT, FULL, ROWS),
        mutants=(
            Mutant(name="factor_four", mistake="4γ|a_i|², that of λ_i", changes={"rate": 4 * rate}),
            Mutant(
                name="whole", mistake="|W2|² for |a_i|²", changes={"rate": gamma * tr(W2 * W2.T)}
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _along_parameters() -> Any:
    """x_i' dB y_i."""
    return tr(B.d * K2.T * mu.projector(a) * K1)


def _parameters() -> DifferentialClaim:
    s = sqrt(mu[a])
    parts = {name: value / (2 * s) for name, value in parameter_parts(gamma).items()}
    curvature = -2 * gamma * s * crossed(a, a)
    drift = sum(parts.values()) + curvature
    return DifferentialClaim(
        id="singular_values.parameters",
        title="the singular values of Θ: half of dλ_i/σ_i and the curvature of the root",
        source=SOURCE,
        statement="For σ_i = √λ_i(M) the concave root adds −2γσ_i|x_i|²|y_i|².",
        sde=_sde(mu.distinct, RANK.condition),
        observable=s,
        drift=drift,
        martingale=2 * sqrt(gamma) * s * _along_parameters(),
        terms={**parts, "curvature": curvature},
        assumptions=(M_DISTINCT, RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(
                name="no_curvature",
                mistake="Itô's ½ for the root forgotten",
                changes={"drift": drift - curvature},
            ),
            Mutant(
                name="double_curvature",
                mistake="4 for 2 in the curvature",
                changes={"drift": drift + curvature},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _standing() -> DifferentialClaim:
    """Two modes in fixed singular bases: W1 = diag(x1, x2) and W2 = diag(y1, y2)."""
    mode1, mode2 = (e * e.T for e in (BlockColumn(0, 1, 1), BlockColumn(1, 1, 1)))
    x1, x2, y1, y2 = (State(name) for name in ("x1", "x2", "y1", "y2"))
    r1, r2, beta1, beta2 = Process("r1"), Process("r2"), Brownian("beta1"), Brownian("beta2")
    first, second = x1 * mode1 + x2 * mode2, y1 * mode1 + y2 * mode2
    own = eigenvalues(first * first.T)
    n, m = own.indices("n m")
    E = own.projector

    def of_mode(value1: Any, value2: Any, index: Any = n) -> Any:
        return tr(E(index) * (value1 * mode1 + value2 * mode2))

    def q(index: Any) -> Any:
        return of_mode((x1 * y1) ** 2, (x2 * y2) ** 2, index)

    gradient = 2 * of_mode(x1 * y1 * r1, x2 * y2 * r2)
    growth = gamma * of_mode(y1**2, y2**2)
    force = gamma * total((q(n) + q(m)) / (own[n] - own[m]), m, excluding=n)
    martingale = 2 * sqrt(gamma) * of_mode(x1 * y1 * beta1.d, x2 * y2 * beta2.d)
    dG1, dG2 = r1 * dt + sqrt(gamma) * beta1.d, r2 * dt + sqrt(gamma) * beta2.d
    distinct = Assumption(text="the two eigenvalues of W1W1' differ", condition=own.distinct)
    return DifferentialClaim(
        id="singular_values.standing_vectors",
        title="diagonal noise: dλ_i = (2x_i y_i r_i + γy_i²)dt + 2√γ x_i y_i dβ_i, no repulsion",
        source="as derived here, for the simultaneously diagonalisable noise of Chen et al. (2023)",
        statement="If residual and noise are diagonal in the singular bases of the start, "
        "dW1 = dG W2' and dW2 = W1'dG with dG = diag(dG_1, dG_2), then the singular vectors stand "
        "still, E_i dW1 E_j = 0 for i ≠ j, and no mode feels another: no term in 1/(λ_i − λ_j). "
        "The off-diagonal entries of a full dB are what repels: at such a state they add "
        "γλ_i|W2|²/(λ_i − λ_j) to the drift of λ_i.",
        sde=MatrixSDE(
            {x1: y1 * dG1, x2: y2 * dG2, y1: x1 * dG1, y2: x2 * dG2}, assuming=[own.distinct]
        ),
        observable=own[n],
        drift=gradient + growth,
        martingale=martingale,
        terms={"gradient": gradient, "growth": growth},
        assumptions=(distinct,),
        where={"W1": first, "W2": second},
        mutants=(
            Mutant(
                name="repulsion",
                mistake="γ(q_i + q_j)/(λ_i − λ_j) of Theorem 5.1 added",
                changes={"drift": gradient + growth + force},
            ),
            Mutant(
                name="full_noise",
                mistake="the whole of Theorem 5.1, as if all entries of dB were there",
                changes={"drift": gradient + gamma * tr(second * second.T) + force},
            ),
            Mutant(name="no_ito", mistake="no Itô term at all", changes={"drift": gradient}),
            Mutant(
                name="half_noise",
                mistake="½ in the martingale part",
                changes={"martingale": martingale / 2},
            ),
        ),
        inapplicable=ELSEWHERE,
    )
