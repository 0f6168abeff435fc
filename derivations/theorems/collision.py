"""When eigenvalues meet, and when they cannot (as derived here).

For W1W1' with p = 2, C = γI and no gradient log(λ_1 − λ_2) is a local martingale: were the gap to
close at a finite time, a continuous local martingale would tend to −∞ there, which it does with
probability zero, since it would have to oscillate.  For p ≥ 3 the other eigenvalues and for general
C the noise itself push the logarithm of a gap, so that the argument is not available; nothing is
claimed there but the drift.

M is different.  For p = k = 1 with rows w and a, the squared gap of its two eigenvalues is
(|w|² − |a|²)² + 4 (w·a)², the first bracket falls at a fixed rate, and w·a is driven by the noise
alone: from |w_0| = |a_0| with w_0 ≠ ±a_0 the gap closes wherever w·a passes through zero.
"""

from typing import Any

from sympy import Abs, exp, log, sqrt

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
    entry,
    stack,
    t,
    total,
    tr,
)

from ._network import PAPER, gamma, k, l, p
from ._plane import M, a, b, beta, mu, plane, r, s, w

SOURCE = f"{PAPER}, Section 5, as derived here"
FLAT = {
    "path": "the derivative of an observable at a point is claimed; the exact solution on paths: "
    "planar_powers.solution",
    "algorithm": "the noise-only limit has no data to train on",
}


def theorem() -> Theorem:
    """The gap of W1W1' for two rows and for any number; the gap of M for one input and output."""
    return Theorem(
        id="collision",
        title="The eigenvalues of W1W1' do not meet for p = 2; those of M do",
        source=SOURCE,
        claims=(_two_rows(), _any_rows(), _gap_of_m(), _bracket(), _crossing()),
    )


def _noise(rows: Any) -> tuple[Any, Any, Any, Any]:
    W1, W2 = State("W1", rows, l), State("W2", l, k)
    dB = sqrt(gamma) * Brownian("B", rows, k).d
    return W1, W2, dB, {W1: dB * W2.T, W2: W1.T * dB}


def _distinct(lam: Any) -> Assumption:
    return Assumption(text="the eigenvalues of W1W1' are distinct", condition=lam.distinct)


def _two_rows() -> DifferentialClaim:
    W1, W2, dB, equations = _noise(2)
    lam = eigenvalues(W1 * W1.T)
    i, j = lam.indices("i j")

    def along(index: Any) -> Any:
        return tr(lam.projector(index) * dB * W2.T * W1.T)

    def q(index: Any) -> Any:
        return tr(lam.projector(index) * W1 * W2 * W2.T * W1.T)

    gap = lam[i] - lam[j]
    return DifferentialClaim(
        id="collision",
        title="p = 2: log|λ_1 − λ_2| of W1W1' is a local martingale",
        source=SOURCE,
        statement="Without gradient and for C = γI the logarithm of the gap has no drift, so that "
        "almost surely the gap does not close in finite time.",
        sde=MatrixSDE(equations, assuming=[lam.distinct]),
        observable=log(Abs(gap)),
        drift=0,
        martingale=2 * (along(i) - along(j)) / gap,
        assumptions=(_distinct(lam),),
        mutants=(
            Mutant(
                name="no_repulsion",
                mistake="the drift that is left without repulsion",
                changes={"drift": -2 * gamma * (q(i) + q(j)) / gap**2},
            ),
            Mutant(
                name="no_ito",
                mistake="Itô's ½ for the logarithm forgotten",
                changes={"drift": 2 * gamma * (q(i) + q(j)) / gap**2},
            ),
            Mutant(
                name="sum",
                mistake="the martingale part with a plus",
                changes={"martingale": 2 * (along(i) + along(j)) / gap},
            ),
        ),
        inapplicable=FLAT,
    )


def _any_rows() -> DifferentialClaim:
    W1, W2, dB, equations = _noise(p)
    lam = eigenvalues(W1 * W1.T)
    i, j, m = lam.indices("i j m")

    def q(index: Any) -> Any:
        return tr(lam.projector(index) * W1 * W2 * W2.T * W1.T)

    def along(index: Any) -> Any:
        return tr(lam.projector(index) * dB * W2.T * W1.T)

    gap = lam[i] - lam[j]
    others = ((q(i) + q(m)) / (lam[i] - lam[m]) - (q(j) + q(m)) / (lam[j] - lam[m])) / gap
    push = gamma * total(others, m, excluding=(i, j))
    return DifferentialClaim(
        id="collision.any_rows",
        title="any p: the drift of log|λ_i − λ_j| comes from the other eigenvalues",
        source=SOURCE,
        statement="Without gradient and for C = γI only the other eigenvalues push the logarithm "
        "of a gap; whether it can close for p ≥ 3 is not claimed.",
        sde=MatrixSDE(equations, assuming=[lam.distinct]),
        observable=log(Abs(gap)),
        drift=push,
        martingale=2 * (along(i) - along(j)) / gap,
        assumptions=(_distinct(lam),),
        mutants=(
            Mutant(name="free", mistake="no drift, as for p = 2", changes={"drift": 0 * push}),
            Mutant(name="sign", mistake="the sign of the push", changes={"drift": -push}),
            Mutant(name="factor_two", mistake="½ of it", changes={"drift": push / 2}),
        ),
        inapplicable=FLAT,
    )


squares = entry(w * w.T, 0, 0), entry(a * a.T, 0, 0)
mixed = entry(w * a.T, 0, 0)
WHERE = {"M": M}
TOGETHER = Assumption(text="the two eigenvalues of M differ", condition=mu.distinct)


def _gap_of_m() -> IdentityClaim:
    gap = (squares[0] - squares[1]) ** 2 + 4 * mixed**2
    return IdentityClaim(
        id="collision.gap_of_m",
        title="p = k = 1: (λ_1 − λ_2)² of M is (|w|² − |a|²)² + 4 (w·a)²",
        source=SOURCE,
        statement="The two eigenvalues of M meet exactly where |w| = |a| and w·a = 0.",
        left=(mu[r] - mu[s]) ** 2,
        right=gap,
        assumptions=(TOGETHER,),
        where=WHERE,
        mutants=(
            Mutant(name="mixed", mistake="2 for 4", changes={"right": gap - 2 * mixed**2}),
            Mutant(
                name="sum",
                mistake="(|w|² + |a|²)²",
                changes={"right": gap + 4 * squares[0] * squares[1]},
            ),
        ),
        inapplicable={
            "path": "an identity at a point",
            "algorithm": "an identity at a point",
        },
    )


def _bracket() -> DifferentialClaim:
    D = squares[0] - squares[1]
    return DifferentialClaim(
        id="collision.bracket",
        title="p = k = 1: d(|w|² − |a|²) = −γ(|w|² − |a|²) dt",
        source=SOURCE,
        statement="The first bracket decays at the rate γ on every path and stays zero if it is.",
        sde=MatrixSDE(plane(sqrt(gamma) * beta.d)),
        observable=D,
        drift=-gamma * D,
        mutants=(
            Mutant(name="sign", mistake="growth", changes={"drift": gamma * D}),
            Mutant(name="half", mistake="γ/2", changes={"drift": -gamma * D / 2}),
            Mutant(name="stratonovich", mistake="conserved, as for ∘dB", changes={"drift": 0 * D}),
        ),
        inapplicable=FLAT,
    )


def _crossing() -> DifferentialClaim:
    """4 w·a e^t = |w_0 + a_0|² e^{2B} − |w_0 − a_0|² e^{−2B}, for γ = 1."""

    def scaled(growth: Any, sign: Any = 1) -> Any:
        """|w + a|² e^{−2B + growth} over |w − a|² e^{2B + growth}."""
        rows = ((w + a, -2 * sign * b), (w - a, 2 * sign * b))
        return stack(*(exp(power + growth) * row * row.T for row, power in rows))

    return DifferentialClaim(
        id="collision.crossing",
        title="p = k = 1, γ = 1: |w + a|² e^{−2B + t} is constant, and so is |w − a|² e^{2B + t}",
        source=SOURCE,
        statement="4 w·a = e^{−t}(|w_0 + a_0|² e^{2B} − |w_0 − a_0|² e^{−2B}) passes through zero "
        "when 4B reaches log(|w_0 − a_0|²/|w_0 + a_0|²), which almost surely happens unless "
        "w_0 = ±a_0: from any other |w_0| = |a_0| the eigenvalues of M meet almost surely.",
        sde=MatrixSDE({**plane(), b: beta.d}),
        observable=scaled(t),
        drift=0,
        mutants=(
            Mutant(name="no_ito", mistake="e^{∓2B} without e^t", changes={"observable": scaled(0)}),
            Mutant(name="rate", mistake="t/2 for t", changes={"observable": scaled(t / 2)}),
            Mutant(
                name="swapped",
                mistake="e^{2B} with w + a",
                changes={"observable": scaled(t, -1)},
            ),
        ),
        inapplicable=FLAT,
    )
