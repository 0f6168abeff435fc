"""Wishart processes: eigenvalues of S = X'X for a Brownian matrix X (m, p), m ≥ p (Bru).

dλ_i = 2√λ_i dβ_i + (m + Σ_{j≠i} (λ_i + λ_j)/(λ_i − λ_j)) dt, the β_i independent.  From these: the
trace is a squared Bessel process of dimension mp, det S a geometric functional, log det S.
"""

from typing import Any

from sympy import Ge, Q, exp, sqrt

from derivations import (
    LEVEL,
    Assumption,
    Brownian,
    DifferentialClaim,
    LawClaim,
    MatrixSDE,
    MomentClaim,
    Mutant,
    PathCheck,
    State,
    Theorem,
    det,
    dims,
    eigenvalues,
    logdet,
    t,
    total,
    tr,
)

BRU = "M.-F. Bru, Wishart processes, J. Theoretical Probability 4 (1991)"
EIGENVALUES = (
    "M.-F. Bru, Diffusions of perturbed principal component analysis, J. Multivariate Anal. 29 "
    "(1989); V. Pérez-Abreu, C. Tudor, Wishart and Laguerre processes, Math. Reports 14 (2012), "
    "(1.2)"
)
m, p, k, q = dims("m p k q")
X, B = State("X", m, p), Brownian("B", m, p)
S = X.T * X
lam = eigenvalues(S)
i, j = lam.indices("i j")
DISTINCT = Assumption(text="the eigenvalues of X'X are distinct", condition=lam.distinct)
TALL = Assumption(text="m ≥ p (else zero is an eigenvalue for good)", condition=Ge(m, p))
SEVERAL = Assumption(
    text="p ≥ 2 (one eigenvalue repels nothing: bessel.square)", condition=Ge(p, 2)
)
POSITIVE = Assumption(text="X has full column rank", condition=Q.positive_definite(S))
WHERE = {"S": S}
MOVING = {
    "path": "a martingale part remains; paths: wishart.moments",
    "algorithm": "a statement about the equation alone",
}


def theorem() -> Theorem:
    """Eigenvalues, log det and det, the trace, moments, the law of the smallest eigenvalue."""
    return Theorem(
        id="wishart",
        title="Wishart processes: eigenvalues, determinant and trace of X'X",
        source=BRU,
        claims=(
            _eigenvalue(),
            _log_determinant(),
            _determinant(),
            _trace(),
            _moments(),
            _smallest(),
        ),
    )


def _sde(*facts: Any) -> MatrixSDE:
    return MatrixSDE({X: B.d}, assuming=facts)


def _eigenvalue() -> DifferentialClaim:
    force = total((lam[i] + lam[j]) / (lam[i] - lam[j]), j, excluding=i)
    martingale = 2 * tr(lam.projector(i) * X.T * B.d)
    return DifferentialClaim(
        id="wishart",
        title="dλ_i = 2√λ_i dβ_i + (m + Σ_{j≠i}(λ_i + λ_j)/(λ_i − λ_j))dt",
        source=EIGENVALUES,
        statement="Eigenvalues of X'X, up to their first collision (there is none); "
        "√λ_i dβ_i = u_i'X'dB u_i, and the β_i are independent.",
        sde=_sde(lam.distinct),
        observable=lam[i],
        drift=m + force,
        martingale=martingale,
        terms={"growth": m, "repulsion": force},
        assumptions=(DISTINCT, TALL, SEVERAL),
        where=WHERE,
        mutants=(
            Mutant(name="exchanged", mistake="p for m", changes={"drift": p + force}),
            Mutant(name="half", mistake="½ of the repulsion", changes={"drift": m + force / 2}),
            Mutant(name="attraction", mistake="λ_j − λ_i", changes={"drift": m - force}),
            Mutant(name="none", mistake="no repulsion", changes={"drift": m}),
            Mutant(
                name="dyson",
                mistake="2λ_i for λ_i + λ_j",
                changes={"drift": m + total(2 * lam[i] / (lam[i] - lam[j]), j, excluding=i)},
            ),
            Mutant(name="noise", mistake="√λ_i for 2√λ_i", changes={"martingale": martingale / 2}),
        ),
        inapplicable=MOVING,
    )


def _log_determinant() -> DifferentialClaim:
    """k columns and k + q rows: the sizes looked at differ in q too."""
    Y, E = State("X", k + q, k), Brownian("B", k + q, k)
    M = Y.T * Y
    full = Assumption(text="X has full column rank", condition=Q.positive_definite(M))
    drift = (q - 1) * tr(M.I)
    return DifferentialClaim(
        id="wishart.log_determinant",
        title="d log det S = (m − k − 1) tr S⁻¹ dt + 2 tr(S⁻¹X'dB), k < m = k + q",
        source=BRU,
        statement="For m = k + 1 the logarithm of the determinant is a local martingale: from "
        "there on S stays invertible.",
        sde=MatrixSDE({Y: E.d}, assuming=[full.condition]),
        observable=logdet(M),
        drift=drift,
        martingale=2 * tr(M.I * Y.T * E.d),
        assumptions=(full,),
        where={"S": M},
        mutants=(
            Mutant(
                name="determinant",
                mistake="m − k + 1, that of det S",
                changes={"drift": (q + 1) * tr(M.I)},
            ),
            Mutant(name="one", mistake="m − k", changes={"drift": q * tr(M.I)}),
            Mutant(name="no_ito", mistake="no Itô term", changes={"drift": (k + q) * tr(M.I)}),
            Mutant(name="exchanged", mistake="k − m − 1", changes={"drift": -(q + 1) * tr(M.I)}),
        ),
        inapplicable=MOVING,
    )


def _determinant() -> DifferentialClaim:
    size = det(S)
    drift = (m - p + 1) * size * tr(S.I)
    return DifferentialClaim(
        id="wishart.determinant",
        title="d det S = det S [(m − p + 1) tr S⁻¹ dt + 2 tr(S⁻¹X'dB)]",
        source=BRU,
        statement="The drift is m − p + 1 times the elementary symmetric polynomial of degree "
        "p − 1 of the eigenvalues, so that E det S_t = m!/(m−p)! t^p from S_0 = 0.",
        sde=_sde(POSITIVE.condition),
        observable=size,
        drift=drift,
        martingale=2 * size * tr(S.I * X.T * B.d),
        assumptions=(POSITIVE, TALL),
        where=WHERE,
        mutants=(
            Mutant(
                name="logarithm",
                mistake="m − p − 1, that of log det S",
                changes={"drift": (m - p - 1) * size * tr(S.I)},
            ),
            Mutant(name="scale", mistake="det S lost", changes={"drift": drift / size}),
            Mutant(
                name="sign", mistake="p − m + 1", changes={"drift": (p - m + 1) * size * tr(S.I)}
            ),
        ),
        inapplicable=MOVING,
    )


def _trace() -> DifferentialClaim:
    return DifferentialClaim(
        id="wishart.trace",
        title="d tr S = mp dt + 2 tr(X'dB): a squared Bessel process of dimension mp",
        source=BRU,
        statement="The sum of the eigenvalues; the repulsions cancel in it.",
        sde=_sde(),
        observable=tr(S),
        drift=m * p,
        martingale=2 * tr(X.T * B.d),
        where=WHERE,
        mutants=(
            Mutant(name="sum", mistake="m + p", changes={"drift": m + p}),
            Mutant(name="symmetric", mistake="m(p+1)", changes={"drift": m * (p + 1)}),
            Mutant(name="noise", mistake="1 for 2", changes={"martingale": tr(X.T * B.d)}),
        ),
        inapplicable=MOVING,
    )


def _moments() -> MomentClaim:
    """The second elementary symmetric polynomial, det S for p = 2, closes with the trace."""
    size = tr(S)
    pairs = (size**2 - tr(S * S)) / 2

    def stated(first: Any, second: Any) -> dict[str, Any]:
        """tr S grows at the rate ``second``, Σ_{i<j} λ_iλ_j at ``first`` times tr S."""
        laws = (pairs + first * (size * t + second * t**2 / 2), size + second * t, 1)
        return {"matrix": ((0, first, 0), (0, 0, second), (0, 0, 0)), "laws": laws}

    rate = (m - 1) * (p - 1)
    return MomentClaim(
        id="wishart.moments",
        title="E Σ_{i<j}λ_iλ_j grows at (m−1)(p−1)E tr S, E tr S at mp",
        source=f"{BRU}; as derived here",
        statement="For p = 2 the first is det S: E det S_t = det S_0 + (m−1)(t tr S_0 + m t²), "
        "m(m−1)t² from zero.",
        sde=_sde(),
        moments=(pairs, size, 1),
        **stated(rate, m * p),
        path=PathCheck(sde=_sde(), horizon=1, sizes={m: 2, p: 2}, relevant=0.005),
        assumptions=(SEVERAL, Assumption(text="m ≥ 2", condition=Ge(m, 2))),
        where=WHERE,
        mutants=(
            Mutant(
                name="logarithm",
                mistake="m − 3 for m − 1, as in log det S",
                changes=stated((m - 3) * (p - 1), m * p),
            ),
            Mutant(name="one", mistake="m(p−1)", changes=stated(m * (p - 1), m * p)),
            Mutant(name="half", mistake="mp/2 for the trace", changes=stated(rate, m * p / 2)),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )


def _smallest() -> LawClaim:
    """λ_min of 2 x 2, by its trace and its determinant."""
    size = tr(S)
    gap = sqrt(2 * tr(S * S) - size**2)

    def cdf(rate: Any) -> dict[str, Any]:
        return {"cdf": 1 - exp(-rate * LEVEL)}

    return LawClaim(
        id="wishart.smallest",
        title="m = 3, p = 2, from 0: λ_min is exponential, P(λ_min ≤ y) = 1 − e^{−y/T}",
        source="A. Edelman, Eigenvalues and condition numbers of random matrices, SIAM J. Matrix "
        "Anal. Appl. 9 (1988), the case m = p + 1: e^{−py/(2T)}",
        statement="For m = p + 1 the smallest eigenvalue of a Wishart matrix is exponential of "
        "mean 2T/p.",
        sde=_sde(),
        observable=(size - gap) / 2,
        horizon="3/2",
        sizes={m: 3, p: 2},
        values={X: ((0, 0),) * 3},
        relevant=0.05,
        where=WHERE,
        **cdf(1 / t),
        mutants=(
            Mutant(name="factor_two", mistake="mean 4T/p", changes=cdf(1 / (2 * t))),
            Mutant(name="complex", mistake="mean T/p, as for complex entries", changes=cdf(2 / t)),
            Mutant(name="time", mistake="T² for T", changes=cdf(1 / t**2)),
        ),
        inapplicable={"algorithm": "a statement about the equation alone"},
    )
