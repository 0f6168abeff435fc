"""Dyson's Brownian motion: eigenvalues of a symmetric Brownian matrix, in both normalisations.

For an N × N Brownian matrix B the noise dH = (dB + dB')/√2 has variance t off the diagonal and 2t
on it, which gives dλ_i = √2 dβ_i + Σ_{j≠i} 1/(λ_i − λ_j) dt; dH = (dB + dB')/2 has half of both,
which gives dλ_i = dβ_i + ½Σ_{j≠i} 1/(λ_i − λ_j) dt.  Papers write either; mixtures are wrong.

H is declared as (G + G')/2 with dG = √2 dB, or dG = dB: its points have rational entries.
"""

from collections.abc import Mapping
from typing import Any

from sympy import Abs, Q, Rational, exp, log, sqrt

from derivations import (
    LEVEL,
    Assumption,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    LawClaim,
    MatrixSDE,
    Mutant,
    State,
    Theorem,
    det,
    dims,
    eigenvalues,
    t,
    total,
    tr,
)
from derivations.expressions import LogAbs

DYSON = (
    "F. Dyson, A Brownian-Motion Model for the Eigenvalues of a Random Matrix, "
    "J. Math. Phys. 3 (1962)"
)
AGZ = "G. Anderson, A. Guionnet, O. Zeitouni, An Introduction to Random Matrices (2010)"
SOURCE = f"{DYSON}; {AGZ}, Theorem 4.3.2 (β = 1)"
N = dims("N")
G, B = State("G", N, N), Brownian("B", N, N)
H = (G + G.T) / 2
HALVED = (B.d + B.d.T) / 2
NOISE = sqrt(2) * HALVED
lam = eigenvalues(H)
i, j, m = lam.indices("i j m")
DISTINCT = Assumption(text="the eigenvalues of H are distinct", condition=lam.distinct)
WHERE = {"H": H}
MOVING = {
    "path": "a differential or a covariation at a point; paths that repel: the experiment "
    "repulsion",
    "algorithm": "a statement about the equation alone",
}


def theorem() -> Theorem:
    """Both normalisations, the covariations, gaps, the discriminant, determinant, surmise."""
    return Theorem(
        id="dyson",
        title="Dyson's Brownian motion: eigenvalues of a symmetric Brownian matrix",
        source=SOURCE,
        claims=(
            _eigenvalue(),
            _halved(),
            _independence(),
            _speed(),
            _gap(),
            _discriminant(),
            _determinant(),
            _surmise(),
        ),
    )


def _sde(noise: Any, *facts: Any) -> MatrixSDE:
    return MatrixSDE({G: noise}, assuming=facts)


SDE = _sde(sqrt(2) * B.d, lam.distinct)
"""H = (G + G')/2 moves by dH = (dB + dB')/√2."""


def along(index: Any, noise: Any = NOISE) -> Any:
    """u_i' dH u_i."""
    return tr(lam.projector(index) * noise)


def _claim(sde: MatrixSDE, strength: Any, noise: Any, **fields: Any) -> DifferentialClaim:
    """dλ_i = u_i' noise u_i + strength Σ_{j≠i} 1/(λ_i − λ_j) dt."""
    drift = strength * total(1 / (lam[i] - lam[j]), j, excluding=i)
    martingale = along(i, noise)
    return DifferentialClaim(
        **fields,
        sde=sde,
        observable=lam[i],
        drift=drift,
        martingale=martingale,
        terms={"repulsion": drift},
        assumptions=(DISTINCT,),
        where=WHERE,
        mutants=(
            Mutant(name="half", mistake="½ of the repulsion", changes={"drift": drift / 2}),
            Mutant(
                name="unitary",
                mistake="twice the repulsion: β = 2, or the other normalisation",
                changes={"drift": 2 * drift},
            ),
            Mutant(name="attraction", mistake="λ_j − λ_i", changes={"drift": -drift}),
            Mutant(name="none", mistake="no repulsion", changes={"drift": 0 * drift}),
            Mutant(
                name="noise",
                mistake="√2 lost in the noise",
                changes={"martingale": martingale / sqrt(2)},
            ),
        ),
        inapplicable=MOVING,
    )


def _eigenvalue() -> DifferentialClaim:
    return _claim(
        SDE,
        1,
        NOISE,
        id="dyson",
        title="dH = (dB + dB')/√2: dλ_i = √2 dβ_i + Σ_{j≠i} 1/(λ_i − λ_j) dt",
        source=SOURCE,
        statement="The eigenvalues of a symmetric Brownian matrix of unit variance off the "
        "diagonal repel each other; √2 dβ_i = u_i'dH u_i.",
    )


def _halved() -> DifferentialClaim:
    return _claim(
        _sde(B.d, lam.distinct),
        Rational(1, 2),
        HALVED,
        id="dyson.halved",
        title="dH = (dB + dB')/2: dλ_i = dβ_i + ½Σ_{j≠i} 1/(λ_i − λ_j) dt",
        source=f"{SOURCE}, scaled by 1/√2",
        statement="The symmetric part of a Brownian matrix: noise and repulsion in the other "
        "normalisation.",
    )


def _covariation(
    name: str, other: Any, rate: Any, mutants: Mapping[str, Any], **fields: Any
) -> CovariationClaim:
    return CovariationClaim(
        id=f"dyson.{name}",
        source=SOURCE,
        sde=SDE,
        first=lam[i],
        second=lam[other],
        rate=rate,
        assumptions=(DISTINCT,),
        where=WHERE,
        mutants=tuple(
            Mutant(name=f"rate_{number}", mistake=mistake, changes={"rate": wrong})
            for number, (mistake, wrong) in enumerate(mutants.items(), 1)
        ),
        inapplicable=MOVING,
        **fields,
    )


def _independence() -> CovariationClaim:
    return _covariation(
        "independence",
        j,
        0,
        {"2/N: one noise shared by all": 2 / N},
        title="d⟨λ_i, λ_j⟩ = 0 for i ≠ j",
        statement="The β_i are independent Brownian motions.",
    )


def _speed() -> CovariationClaim:
    return _covariation(
        "quadratic_variation",
        i,
        2,
        {"1, as for (dB + dB')/2": 1, "√2 for 2": sqrt(2), "4 for 2": 4},
        title="dH = (dB + dB')/√2: d⟨λ_i⟩ = 2 dt",
        statement="The diagonal of H has twice the variance of the rest.",
    )


def _gap() -> DifferentialClaim:
    gap = lam[i] - lam[j]
    others = 1 / ((lam[i] - lam[m]) * (lam[j] - lam[m]))
    push = -total(others, m, excluding=(i, j))
    return DifferentialClaim(
        id="dyson.gap",
        title="log|λ_i − λ_j| has the drift −Σ_{m≠i,j} 1/((λ_i − λ_m)(λ_j − λ_m))",
        source="as derived here",
        statement="The repulsion of a pair and Itô's term cancel; the eigenvalues outside a gap "
        "press it together, those inside, of a pair that are no neighbours, push it open.",
        sde=SDE,
        observable=log(Abs(gap)),
        drift=push,
        martingale=(along(i) - along(j)) / gap,
        assumptions=(DISTINCT,),
        where=WHERE,
        mutants=(
            Mutant(name="sign", mistake="the sign", changes={"drift": -push}),
            Mutant(name="half", mistake="½", changes={"drift": push / 2}),
            Mutant(name="no_ito", mistake="no Itô term", changes={"drift": push + 2 / gap**2}),
            Mutant(
                name="no_repulsion",
                mistake="no repulsion within the pair",
                changes={"drift": push - 2 / gap**2},
            ),
        ),
        inapplicable=MOVING,
    )


def _discriminant() -> DifferentialClaim:
    def over_pairs(summand: Any) -> Any:
        """Σ_i Σ_{j≠i}."""
        return total(total(summand, j, excluding=i), i)

    squares = over_pairs((lam[i] - lam[j]) ** -2)
    return DifferentialClaim(
        id="dyson.discriminant",
        title="Σ_{i<j} log|λ_i − λ_j| is a local martingale",
        source=f"as derived here; McKean's argument as in {AGZ}, Section 4.3",
        statement="The logarithm of the Vandermonde determinant has no drift, so that almost "
        "surely no two eigenvalues meet.",
        sde=SDE,
        observable=over_pairs(LogAbs(lam[i] - lam[j])) / 2,
        drift=0,
        martingale=over_pairs(along(i) / (lam[i] - lam[j])),
        assumptions=(DISTINCT,),
        where=WHERE,
        mutants=(
            Mutant(name="no_repulsion", mistake="no repulsion", changes={"drift": -squares}),
            Mutant(name="no_ito", mistake="no Itô term", changes={"drift": squares}),
            Mutant(name="half", mistake="half of Itô's term", changes={"drift": squares / 2}),
        ),
        inapplicable=MOVING,
    )


def _determinant() -> DifferentialClaim:
    def drift(weight: Any) -> Any:
        return det(H) * (weight * tr(H.I * H.I) - tr(H.I) ** 2) / 2

    invertible = Q.invertible(H)
    return DifferentialClaim(
        id="dyson.determinant",
        title="det H has the drift −det H Σ_{i<j} 1/(λ_iλ_j) = −½det H ((tr H⁻¹)² − tr H⁻²)",
        source="as derived here",
        statement="The drift is minus the elementary symmetric polynomial of degree N − 2, so "
        "that E det H obeys the recursion of the Hermite polynomials.",
        sde=_sde(sqrt(2) * B.d, invertible),
        observable=det(H),
        drift=drift(1),
        martingale=det(H) * tr(H.I * NOISE),
        assumptions=(Assumption(text="H is invertible", condition=invertible),),
        where=WHERE,
        mutants=(
            Mutant(
                name="log", mistake="(tr H⁻¹dH)² left out: of log det", changes={"drift": drift(-1)}
            ),
            Mutant(name="trace", mistake="tr H⁻² left out", changes={"drift": drift(0)}),
            Mutant(name="sign", mistake="the sign", changes={"drift": -drift(1)}),
            Mutant(name="half", mistake="as for (dB + dB')/2", changes={"drift": drift(1) / 2}),
        ),
        inapplicable=MOVING,
    )


def _surmise() -> LawClaim:
    square = 2 * tr(H * H) - tr(H) ** 2

    def cdf(scale: Any) -> dict[str, Any]:
        return {"cdf": 1 - exp(-LEVEL / (scale * t))}

    return LawClaim(
        id="dyson.surmise",
        title="N = 2, from 0: P((λ_1 − λ_2)² ≤ y) = 1 − e^{−y/(8T)} for dH = (dB + dB')/√2",
        source="M. Mehta, Random Matrices, 3rd ed. (2004), Section 1.5 (Wigner's surmise)",
        statement="The gap has the density ∝ s e^{−s²/(8T)}: it vanishes linearly at zero.",
        sde=_sde(sqrt(2) * B.d),
        observable=square,
        horizon="3/2",
        sizes={N: 2},
        values={G: ((0, 0), (0, 0))},
        relevant=0.05,
        where=WHERE,
        **cdf(8),
        mutants=(
            Mutant(name="halved", mistake="4T, as for (dB + dB')/2", changes=cdf(4)),
            Mutant(name="twice", mistake="16T", changes=cdf(16)),
            Mutant(name="time", mistake="T² for T", changes=cdf(8 * t)),
            Mutant(
                name="poisson",
                mistake="no repulsion: the gap itself exponential",
                changes={"cdf": 1 - exp(-sqrt(LEVEL / (8 * t)))},
            ),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )
