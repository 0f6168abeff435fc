"""Moments under noise alone (as derived here): for S(dZ)Θ the expectations close at every degree.

With R = 0 and C = γI, per unit of time: d E[W1W1'] = γ E|W2|² I, d E[W2'W2] = γ E|W1|² I,
d E[W1W2] = γ E[W1W2].  Products of traces of one degree close among themselves, so that any
expectation is a matrix exponential; with a residual nothing closes.  p = k = 1 shows that means do
not tell what is typical: E tr M = e^t tr M_0 (γ = 1), though M → 0 almost surely.
"""

from typing import Any

from sympy import Identity, cosh, exp, sinh, sqrt

from derivations import (
    Brownian,
    MatrixSDE,
    MomentClaim,
    Mutant,
    PathCheck,
    State,
    Theorem,
    stack,
    t,
    tr,
)

from ._network import W1, W2, B, C, gamma, k, l, moved_by, p

SOURCE = "as derived here"
ISOTROPIC = MatrixSDE(moved_by(sqrt(gamma) * Brownian("B", p, k).d))
first, second = tr(W1 * W1.T), tr(W2 * W2.T)


def theorem() -> Theorem:
    """Second moments of the layers, of any covariance, fourth moments, the trap of the mean."""
    return Theorem(
        id="moment_hierarchy",
        title="Without a residual the moments of each degree solve a closed linear system",
        source=SOURCE,
        claims=(_second(), _coloured(), _fourth(), _mean()),
    )


def _second() -> MomentClaim:
    matrix = (
        (0, 0, 0, 0, gamma),
        (0, 0, 0, gamma, 0),
        (0, 0, gamma, 0, 0),
        (0, 0, 0, 0, p * gamma),
        (0, 0, 0, k * gamma, 0),
    )

    def laws(s: Any) -> tuple[Any, ...]:
        """The solution, if the sizes of both layers grow and shrink at the rates ±s."""
        grown1 = cosh(s * t) * first + sqrt(p) / sqrt(k) * sinh(s * t) * second
        grown2 = cosh(s * t) * second + sqrt(k) / sqrt(p) * sinh(s * t) * first
        return (
            W1 * W1.T + (grown1 - first) / p * Identity(p),
            W2.T * W2 + (grown2 - second) / k * Identity(k),
            exp(gamma * t) * W1 * W2,
            grown1,
            grown2,
        )

    s = gamma * sqrt(p) * sqrt(k)
    without_factor = tuple(tuple(x / k if x == k * gamma else x for x in row) for row in matrix)
    exchanged = (*matrix[:3], (0, 0, 0, 0, k * gamma), (0, 0, 0, p * gamma, 0))
    halved = tuple(tuple(x / 2 for x in row) for row in matrix)
    return MomentClaim(
        id="moment_hierarchy",
        title="dE[W1W1'] = γE|W2|² I, dE[W2'W2] = γE|W1|² I, dE[W1W2] = γE[W1W2] per dt",
        source=SOURCE,
        statement="Under isotropic noise alone the second moments of the layers feed each other: "
        "|W1|² and |W2|² grow like e^{γ√(pk) t} in the mean, and the product W1W2 like e^{γt}.",
        sde=ISOTROPIC,
        moments=(W1 * W1.T, W2.T * W2, W1 * W2, first, second),
        matrix=matrix,
        laws=laws(s),
        path=_paths(horizon=1, sizes={p: 1, k: 2, l: 2}),
        mutants=(
            Mutant(name="exchanged", mistake="p and k exchanged", changes={"matrix": exchanged}),
            Mutant(name="dimension", mistake="γ for kγ", changes={"matrix": without_factor}),
            Mutant(name="factor_two", mistake="half of every rate", changes={"matrix": halved}),
            Mutant(
                name="stratonovich",
                mistake="the Itô correction left in: the drift of S(∘dB)Θ",
                changes={"matrix": _stratonovich(matrix)},
            ),
            Mutant(
                name="arithmetic_mean",
                mistake="the rate γ(p + k)/2 for γ√(pk)",
                changes={"laws": laws(gamma * (p + k) / 2)},
            ),
        ),
        inapplicable=_no_algorithm(),
    )


def _stratonovich(matrix: Any) -> Any:
    """The same with the drifts ½γkW1 and ½γpW2, which the Itô reading does not have."""
    extra = (k * gamma, p * gamma, (p + k) * gamma / 2, k * gamma, p * gamma)
    return tuple(
        tuple(x + (extra[i] if i == j else 0) for j, x in enumerate(row))
        for i, row in enumerate(matrix)
    )


def _coloured() -> MomentClaim:
    matrix = ((0, tr(C * C)), (k, 0))
    return MomentClaim(
        id="moment_hierarchy.covariance",
        title="any covariance C: dE tr(W1'CW1) = tr(C²) E|W2|², dE|W2|² = k E tr(W1'CW1) per dt",
        source=SOURCE,
        statement="For noise S(C^½ dB)Θ the sizes of the layers, the first measured by C, close.",
        sde=MatrixSDE(moved_by(B.d)),
        moments=(tr(W1.T * C * W1), second),
        matrix=matrix,
        path=PathCheck(
            sde=MatrixSDE(moved_by(B.d)),
            horizon="1/2",
            sizes={p: 2, k: 1, l: 2},
            values={C: ((1, "1/2"), ("1/2", "3/4"))},
            relevant=0.005,
        ),
        mutants=(
            Mutant(
                name="trace",
                mistake="tr(C)² for tr(C²)",
                changes={"matrix": ((0, tr(C) ** 2), (k, 0))},
            ),
            Mutant(
                name="transpose",
                mistake="dZ'dZ for dZ dZ': p for k",
                changes={"matrix": ((0, tr(C * C)), (p, 0))},
            ),
        ),
        inapplicable=_no_algorithm(),
    )


def _fourth() -> MomentClaim:
    moments = (
        first**2,
        tr(W1 * W1.T * W1 * W1.T),
        tr(W1 * W2 * W2.T * W1.T),
        first * second,
        tr(W2 * W2.T * W2 * W2.T),
        second**2,
    )

    def matrix(cross: Any) -> tuple[tuple[Any, ...], ...]:
        """The system, with the weight of E|W1W2|² in the drift of both squares of traces."""
        rows = (
            (0, 0, cross, 2 * p, 0, 0),
            (0, 0, 2 * (p + 1), 2, 0, 0),
            (0, k, 2, 2, p, 0),
            (k, 0, 4, 0, 0, p),
            (0, 0, 2 * (k + 1), 2, 0, 0),
            (0, 0, cross, 2 * k, 0, 0),
        )
        return tuple(tuple(gamma * x for x in row) for row in rows)

    uncorrected = tuple(
        tuple(0 if (i, j) in ((2, 2), (3, 2)) else x for j, x in enumerate(row))
        for i, row in enumerate(matrix(4))
    )
    return MomentClaim(
        id="moment_hierarchy.fourth",
        title="degree four: |W1|⁴, |W1W1'|², |W1W2|², |W1|²|W2|², |W2W2'|², |W2|⁴ close",
        source=SOURCE,
        statement="The products of traces of degree four solve a linear system of six equations; "
        "their expectations follow by a matrix exponential.",
        sde=ISOTROPIC,
        moments=moments,
        matrix=matrix(4),
        path=_paths(horizon="1/4", sizes={p: 2, k: 1, l: 2}),
        mutants=(
            Mutant(
                name="square",
                mistake="the quadratic variation of |W1|² counted half",
                changes={"matrix": matrix(2)},
            ),
            Mutant(
                name="uncorrelated",
                mistake="the layers moved by independent noises: no cross terms",
                changes={"matrix": uncorrected},
            ),
        ),
        inapplicable=_no_algorithm(),
    )


def _mean() -> MomentClaim:
    V = _square()
    size = tr(V["M"])

    def stated(rate: Any) -> dict[str, Any]:
        """One rate, in the equation and in its solution."""
        return {"matrix": ((rate,),), "laws": (exp(rate * t) * size,)}

    return MomentClaim(
        id="moment_hierarchy.mean",
        title="p = k, γ = 1: E tr M = e^{pt} tr M_0",
        source=SOURCE,
        statement="For as many outputs as inputs the mean of tr M grows at rate p; for p = k = 1 "
        "at rate 1, though almost every path of M tends to 0 (planar_powers): rare paths carry it.",
        sde=V["sde"],
        moments=(size,),
        **stated(p),
        where={"Theta": V["Theta"], "M": V["M"]},
        path=PathCheck(
            sde=V["sde"],
            horizon=4,
            sizes={p: 1, l: 2},
            relevant=0.0005,
        ),
        mutants=(
            Mutant(name="typical", mistake="the decay of a typical path", changes=stated(-p)),
            Mutant(name="factor_two", mistake="2p for p", changes=stated(2 * p)),
            Mutant(name="ito", mistake="half of the rate", changes=stated(p / 2)),
        ),
        inapplicable=_no_algorithm(),
    )


def _square() -> dict[str, Any]:
    """The layers for p = k: M, and the system of the noise alone, γ = 1."""
    V1, V2 = State("W1", p, l), State("W2", l, p)
    noise, theta = Brownian("B", p, p).d, stack(V1, V2.T)
    return {
        "Theta": theta,
        "M": theta * theta.T,
        "sde": MatrixSDE({V1: noise * V2.T, V2: V1.T * noise}),
    }


def _paths(*, horizon: Any, sizes: dict[Any, int]) -> PathCheck:
    return PathCheck(
        sde=ISOTROPIC, horizon=horizon, sizes=sizes, values={gamma: "3/4"}, relevant=0.005
    )


def _no_algorithm() -> dict[str, str]:
    return {"algorithm": "noise alone, without the residual, is not what a data set gives"}
