"""One neuron w2 σ(w1 x) near zero: when label noise makes zero attract (linearised).

Loss ½(w2 σ(w1 x) − y − ξ)², σ(0) = 0, c = σ'(0), one sample a step, ξ label noise of variance ζ².
To first order in the weights the residual is −(y + ξ), so that with a = x(y + ξ), drawn anew,

    w1⁺ = w1 + ηc a w2,   w2⁺ = w2 + ηc a w1,   hence   w1⁺ ± w2⁺ = (1 ± ηc a)(w1 ± w2).

One step moves log|w1 + w2| by log|1 + ηc a|: ηc E xy − ½(ηc)² E a² in the mean, up to O(η³), with
E a² = E[(xy)²] + ζ²E x².  The stochastic differential equation with the covariance of the gradient
has Var a = Var(xy) + ζ²E x² in its place.  So real SGD has E[(xy)²] where the threshold of the
equation has Var(xy): (E xy)² more, of the same order in η.  At the threshold |E xy| = ηc Var(a)/2,
and the share (E xy)²/Var a is ηc|E xy|/2.  The third order, (ηc)³E a³/3, has the same order there.
"""

from __future__ import annotations

from typing import Any

from sympy import log, sqrt

from derivations import (
    Brownian,
    DifferentialClaim,
    Family,
    MatrixSDE,
    Minibatch,
    Mutant,
    State,
    StepClaim,
    ThresholdClaim,
    TwoPoint,
    Update,
    dims,
    dt,
    index,
    positive,
    real,
    total,
)
from derivations.expressions import LogAbs

from ._collapse_modes import CHEN, NO_ALGORITHM

__all__ = ["neuron_claims"]

SOURCE = f"{CHEN}, the single neuron; constants as derived here"
w1, w2, beta = State("w1"), State("w2"), Brownian("beta")
eta, slope, zeta = positive("eta"), positive("c"), positive("zeta")
mean, spread, square = real("m"), positive("v"), positive("e")
variance = spread + zeta**2 * square
pull = slope * (mean * dt + sqrt(eta * variance) * beta.d)
LINEAR = MatrixSDE({w1: w2 * pull, w2: w1 * pull})


def neuron_claims() -> tuple[Any, ...]:
    """The linearised equation, one step of SGD, the threshold."""
    return (_logarithm(), _step(), _threshold())


def _logarithm() -> DifferentialClaim:
    def drift(noise: Any) -> Any:
        return slope * mean - eta * slope**2 * noise / 2

    return DifferentialClaim(
        id="stochastic_collapse.neuron",
        title="linearised: d log|w1 + w2| = (cm − ½ηc²(v + ζ²e))dt + c√(η(v + ζ²e)) dβ",
        source=SOURCE,
        statement="m = E xy, v = Var(xy), e = E x², c = σ'(0); of w1 − w2 with −m.  Both fall iff "
        "ηc(ζ² + v/e)/2 > |m|/e.",
        sde=LINEAR,
        observable=LogAbs(w1 + w2),
        drift=drift(variance),
        martingale=slope * sqrt(eta * variance) * beta.d,
        mutants=(
            Mutant(name="no_ito", mistake="no Itô term", changes={"drift": drift(0)}),
            Mutant(
                name="factor_two", mistake="ηc² for ½ηc²", changes={"drift": drift(2 * variance)}
            ),
            Mutant(
                name="labels_only",
                mistake="Var(xy) forgotten",
                changes={"drift": drift(zeta**2 * square)},
            ),
            Mutant(
                name="deviation",
                mistake="ζ for ζ²",
                changes={"drift": drift(spread + zeta * square)},
            ),
            Mutant(name="sign", mistake="growth by noise", changes={"drift": drift(-variance)}),
        ),
        inapplicable={
            "path": "a martingale part remains; paths: stochastic_collapse.neuron_threshold",
            **NO_ALGORITHM,
        },
    )


def _step() -> StepClaim:
    n = dims("n")
    i = index("i", n)
    x, y, chosen, xi = Family("x"), Family("y"), Minibatch("w", 1), TwoPoint("xi")
    gain = eta * slope * total(chosen[i] * x[i] * (y[i] + zeta * xi), i) / n
    first = total(x[i] * y[i], i) / n
    power = total(x[i] ** 2, i) / n
    second = total(x[i] ** 2 * y[i] ** 2, i) / n

    def change(noise: Any) -> Any:
        return -(eta**2) * slope**2 * noise

    stated = second + zeta**2 * power
    return StepClaim(
        id="stochastic_collapse.neuron_step",
        title="one step, b = 1: E log|w1² − w2²| falls by η²c²(E[x²y²] + ζ²E x²) + O(η³)",
        source="as derived here",
        statement="The mean over the n samples and the sign of the label's noise ±ζ of "
        "log|1 + ηca| + log|1 − ηca|: what both directions lose.  E[x²y²] stands where the "
        "equation has Var(xy): the squared mean gradient counts too, as in one_step_laws.",
        update=Update({w1: w1 + gain * w2, w2: w2 + gain * w1}),
        observable=LogAbs(w1**2 - w2**2),
        change=change(stated),
        step=eta,
        order=3,
        mutants=(
            Mutant(
                name="sde",
                mistake="the equation's Var(xy)",
                changes={"change": change(stated - first**2)},
            ),
            Mutant(name="factor_two", mistake="2 for 1", changes={"change": change(2 * stated)}),
            Mutant(name="sign", mistake="growth by noise", changes={"change": change(-stated)}),
            Mutant(name="samples", mistake="Var(xy)/n", changes={"change": change(stated / n)}),
            Mutant(
                name="deviation",
                mistake="ζ for ζ²",
                changes={"change": change(second + zeta * power)},
            ),
        ),
        inapplicable={
            "path": "one step of an algorithm has no paths",
            "algorithm": "many steps on data: the experiment stochastic-collapse",
        },
    )


def _threshold() -> ThresholdClaim:
    def stated(noise: Any, factor: Any = slope) -> dict[str, Any]:
        return {"threshold": eta * factor * noise / 2}

    return ThresholdClaim(
        id="stochastic_collapse.neuron_threshold",
        title="linearised, m > 0: w → 0 almost surely iff m < ηc(v + ζ²e)/2",
        source=SOURCE,
        statement="For m < 0 the same of −m, so that zero attracts iff "
        "ηc(ζ² + Var(xy)/E x²)/2 > |E xy|/E x².  Otherwise the linearised weights grow until the "
        "neuron saturates or fits.",
        sde=LINEAR,
        observable=log(w1**2 + w2**2) / 2,
        parameter=mean,
        below=-1,
        above=1,
        horizon=15,
        values={eta: "1/8", slope: 2, spread: "17/4", zeta: 4, square: "1/4", w1: 1, w2: "1/4"},
        relevant=0.15,
        **stated(variance),
        mutants=(
            Mutant(
                name="labels_only",
                mistake="Var(xy) forgotten",
                changes=stated(zeta**2 * square),
            ),
            Mutant(name="factor_two", mistake="1 for ½", changes=stated(2 * variance)),
            Mutant(name="half", mistake="¼ for ½", changes=stated(variance / 2)),
            Mutant(name="slope", mistake="c² for c", changes=stated(variance, slope**2)),
            Mutant(
                name="deviation",
                mistake="ζ for ζ²",
                changes=stated(spread + zeta * square),
            ),
            Mutant(name="signs", mistake="collapse above", changes={"below": 1, "above": -1}),
        ),
        inapplicable=NO_ALGORITHM,
    )
