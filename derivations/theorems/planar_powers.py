"""Two dimensions: which powers of the larger and of the smaller value are monotone in the mean.

First reading (p = k = 1): the two eigenvalues of M.  Second reading (p = 2, k = 1, l = 2): the two
singular values of W1.  In the first the larger eigenvalue's power q has a drift ≥ 0 iff q ≥ ½, the
smaller one's ≤ 0 iff 0 < q ≤ ½: ½ is the only power for both.  (RD Section 5, as derived here.)
"""

from typing import Any

from sympy import exp

from derivations import (
    Assumption,
    Brownian,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    State,
    Theorem,
    eigenvalues,
    t,
    total,
    tr,
)
from derivations.expressions import BlockColumn

from ._network import PAPER, l
from ._planar_signs import first_signs, q, second_signs
from ._plane import M, a, b, beta, mu, plane, r, s, theta, w

SOURCE = f"{PAPER}, Section 5, two dimensions, as derived here"
PATHS = {
    "path": "the drift depends on the path; paths of the same system: planar_powers.solution",
    "algorithm": "the noise-only limit has no data to train on",
}


def theorem() -> Theorem:
    """Both readings, the exact solution, why l = 2 is needed in the second, and the signs."""
    return Theorem(
        id="planar_powers",
        title="Two dimensions: ½ is the only power that is monotone at both ends",
        source=SOURCE,
        claims=(
            _first_reading(),
            _second_reading(),
            _complete(),
            _any_width(),
            _solution(),
            *first_signs(_facts(mu, "M")),
            *second_signs(_second_reading()),
        ),
    )


def _facts(spectrum: Any, name: str) -> tuple[Assumption, Assumption]:
    return (
        Assumption(text=f"the eigenvalues of {name} are distinct", condition=spectrum.distinct),
        Assumption(text=f"{name} is positive definite", condition=spectrum.positive),
    )


def _first_reading() -> DifferentialClaim:
    K2 = BlockColumn(1, 1, 1)
    c = tr(K2.T * mu.projector(r) * K2)
    share = 4 * c * (1 - c)

    def drift(spread: Any, weight: Any = 3) -> Any:
        pull = total((mu[r] + weight * mu[s]) / (mu[r] - mu[s]), s, excluding=r)
        return q * mu[r] ** q * (spread * share + (1 - share) * pull)

    facts = _facts(mu, "M")
    E = mu.projector(r)
    K1 = BlockColumn(0, 1, 1)
    martingale = 4 * q * mu[r] ** q * tr(K1.T * E * K2) * beta.d
    return DifferentialClaim(
        id="planar_powers",
        title="p = k = 1: drift qλ^q[(2q−1)s + (1−s)(λ + 3λ')/(λ − λ')], λ' the other eigenvalue",
        source=SOURCE,
        statement="With s = 4c(1−c), c = y² of the eigenvector. For the larger eigenvalue both "
        "terms are ≥ 0 if q ≥ ½, for the smaller one both are ≤ 0 if 0 < q ≤ ½; at s = 1 the "
        "first term decides alone, so that no other power will do.",
        sde=MatrixSDE(plane(), assuming=[fact.condition for fact in facts]),
        observable=mu[r] ** q,
        drift=drift(2 * q - 1),
        martingale=martingale,
        assumptions=facts,
        where={"Theta": theta, "M": M, "c": c},
        mutants=(
            Mutant(name="one", mistake="q − 1 for 2q − 1", changes={"drift": drift(q - 1)}),
            Mutant(name="no_ito", mistake="2q for 2q − 1", changes={"drift": drift(2 * q)}),
            Mutant(
                name="weight", mistake="λ + λ' for λ + 3λ'", changes={"drift": drift(2 * q - 1, 1)}
            ),
            Mutant(
                name="half_noise",
                mistake="2 for 4 in the martingale part",
                changes={"martingale": martingale / 2},
            ),
        ),
        inapplicable=PATHS,
    )


def _two_rows(width: Any = 2) -> tuple[Any, Any, Any, Any]:
    W1, W2 = State("W1", 2, width), State("W2", width, 1)
    noise = Brownian("B", 2, 1)
    return W1, W2, noise, eigenvalues(W1 * W1.T)


def _second_reading() -> DifferentialClaim:
    W1, W2, noise, lam = _two_rows()
    i, j = lam.indices("i j")

    def onto(index: Any) -> Any:
        return tr(W2.T * W1.T * lam.projector(index) * W1 * W2) / lam[index]

    def drift(own: Any) -> Any:
        gap = lam[i] - lam[j]
        inside = (own + lam[j] / gap) * onto(i) + lam[i] / gap * onto(j)
        return q / 2 * lam[i] ** (q / 2 - 1) * total(inside, j, excluding=i)

    facts = _facts(lam, "W1W1'")
    along = tr(lam.projector(i) * noise.d * W2.T * W1.T)
    return DifferentialClaim(
        id="planar_powers.second_reading",
        title="p = l = 2, k = 1: powers of the singular values of W1, Δ = λ_i − λ_j",
        source=SOURCE,
        statement="The drift of σ_i^q is (q/2)σ_i^{q−2}[(q + λ_j/Δ)a_i² + (λ_i/Δ)a_j²]. For the "
        "larger singular value of W1 it is ≥ 0 for every q > 0; for the smaller one, where Δ < 0, "
        "it reads (q − 1 − λ_2/|Δ|)a_2² − (λ_2/|Δ|)a_1² ≤ 0 for 0 < q ≤ 1.",
        sde=MatrixSDE(
            {W1: noise.d * W2.T, W2: W1.T * noise.d}, assuming=[f.condition for f in facts]
        ),
        observable=lam[i] ** (q / 2),
        drift=drift(q),
        martingale=q * lam[i] ** (q / 2 - 1) * along,
        assumptions=facts,
        mutants=(
            Mutant(name="less", mistake="q − 1 for q", changes={"drift": drift(q - 1)}),
            Mutant(name="more", mistake="q + 1 for q", changes={"drift": drift(q + 1)}),
            Mutant(
                name="half_noise",
                mistake="½ in the martingale part",
                changes={"martingale": q / 2 * lam[i] ** (q / 2 - 1) * along},
            ),
        ),
        inapplicable=PATHS,
    )


def _complete() -> IdentityClaim:
    W1, W2, _, lam = _two_rows()
    i = lam.indices("i")
    parts = total(tr(W2.T * W1.T * lam.projector(i) * W1 * W2) / lam[i], i)
    return IdentityClaim(
        id="planar_powers.row_space",
        title="l = p: |W2|² = Σ_i |a_i|², nothing of W2 lies outside the row space of W1",
        source=SOURCE,
        statement="With l = 3 a component of W2 outside the row space of W1 enters |W2|² and "
        "spoils the sign for the smaller singular value, whatever q.",
        left=tr(W2 * W2.T),
        right=parts,
        assumptions=_facts(lam, "W1W1'"),
        mutants=(
            Mutant(
                name="first_power",
                mistake="p_i for a_i",
                changes={"right": total(tr(W2.T * W1.T * lam.projector(i) * W1 * W2), i)},
            ),
        ),
        inapplicable={"path": "an identity at a point", "algorithm": "an identity at a point"},
    )


def _any_width() -> DifferentialClaim:
    W1, W2, noise, lam = _two_rows(l)
    i, j = lam.indices("i j")

    def onto(index: Any) -> Any:
        return tr(W2.T * W1.T * lam.projector(index) * W1 * W2) / lam[index]

    gap = lam[i] - lam[j]
    size = q / 2 * lam[i] ** (q / 2 - 1)
    inside = size * total((q + lam[j] / gap) * onto(i) + lam[i] / gap * onto(j), j, excluding=i)
    outside = size * (tr(W2 * W2.T) - onto(i) - total(onto(j), j, excluding=i))
    facts = _facts(lam, "W1W1'")
    return DifferentialClaim(
        id="planar_powers.any_width",
        title="p = 2, k = 1, any l: a part b of W2 outside the row space of W1 adds b²",
        source=SOURCE,
        statement="With b² = |W2|² − a_1² − a_2² ≥ 0 the drift of σ_i^q gains (q/2)σ_i^{q−2} b², "
        "upwards for both singular values if q > 0. Where a_1 = a_2 = 0, possible from l = 3 on, "
        "it is all there is, so that no q > 0 keeps the smaller one from rising; for q < 0 its "
        "power rises inside the row space.",
        sde=MatrixSDE(
            {W1: noise.d * W2.T, W2: W1.T * noise.d}, assuming=[f.condition for f in facts]
        ),
        observable=lam[i] ** (q / 2),
        drift=inside + outside,
        martingale=q * lam[i] ** (q / 2 - 1) * tr(lam.projector(i) * noise.d * W2.T * W1.T),
        terms={"inside": inside, "outside": outside},
        assumptions=facts,
        mutants=(
            Mutant(
                name="square_only",
                mistake="the formula for l = 2 at any width",
                changes={"drift": inside},
            ),
            Mutant(
                name="double_outside", mistake="2b² for b²", changes={"drift": inside + 2 * outside}
            ),
        ),
        inapplicable=PATHS,
    )


def _solution() -> DifferentialClaim:
    plus = (w + a) * exp(-b + t / 2)
    return DifferentialClaim(
        id="planar_powers.solution",
        title="p = k = 1: w ± a = (w_0 ± a_0) exp(±B − t/2)",
        source=SOURCE,
        statement="(w + a) e^{−B + t/2} is constant, and so by symmetry is (w − a) e^{B + t/2}: "
        "M tends to zero on every path although E tr M = e^t tr M_0 "
        "(moment_hierarchy.mean).",
        sde=MatrixSDE({**plane(), b: beta.d}),
        observable=plus,
        drift=0,
        mutants=(
            Mutant(
                name="no_ito", mistake="e^{−B} alone", changes={"observable": (w + a) * exp(-b)}
            ),
            Mutant(
                name="sign",
                mistake="e^{−B − t/2}",
                changes={"observable": (w + a) * exp(-b - t / 2)},
            ),
            Mutant(
                name="minus",
                mistake="w − a with e^{−B}",
                changes={"observable": (w - a) * exp(-b + t / 2)},
            ),
        ),
        inapplicable=PATHS,
    )
