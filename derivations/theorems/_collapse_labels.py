"""What label noise gives to one mode of the diagonal teacher–student model: γ = ηδκ/n.

The gradient X'(X(T − W1W2) + ε)/n of the real network is, where the singular bases of teacher and
student are aligned, along mode i

    g = κ(s* − xy) + v'X'ε u/n,     v and u the singular vectors, of unit length,

whatever the other modes are, and x⁺ = x + ηyg, y⁺ = y + ηxg.  The entry v'X'ε u/n has the variance
δ|Xv|²/n² = δκ/n, so that in the time t = steps · η the noise of the mode is that of γ = ηδκ/n.
"""

from __future__ import annotations

from typing import Any

from sympy import Identity, sqrt

from derivations import (
    Brownian,
    DifferentialClaim,
    IdentityClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    StepClaim,
    TwoPoint,
    Update,
    dims,
    dt,
    positive,
    tr,
)

from ._collapse_modes import NO_ALGORITHM, target, x, y

__all__ = ["label_claims"]

n, p, k, l = dims("n p k l")
X, v, u = Parameter("X", n, p), Parameter("v", p), Parameter("u", k)
eta, delta = positive("eta"), positive("delta")
INPUT = tr(v.T * X.T * X * v) / (n * tr(v.T * v))
"""κ, of the inputs X and the singular vector v."""


def _entry(noise: Any) -> Any:
    """v'X'ε u/n for the singular vectors of unit length along v and u."""
    return tr(v.T * X.T * noise * u) / (n * sqrt(tr(v.T * v) * tr(u.T * u)))


def label_claims() -> tuple[Any, ...]:
    """The gradient along a mode, a step on it, its continuous equation."""
    return (_gradient(), _step(), _labels())


def _onto(w: Any) -> Any:
    """The projection onto a vector."""
    return w * w.T / tr(w.T * w)


def _aligned(name: str, value: Any, left: Any, right: Any) -> Any:
    """The mode of two singular vectors, and anything between what is orthogonal to them."""
    rows, columns = left.shape[0], right.shape[0]
    others = (Identity(rows) - _onto(left)) * Parameter(name, rows, columns)
    return value * left * right.T / (_length(left) * _length(right)) + others * (
        Identity(columns) - _onto(right)
    )


def _length(w: Any) -> Any:
    return sqrt(tr(w.T * w))


def _gradient() -> IdentityClaim:
    a, c, E = Parameter("a", l), Parameter("c", n), Parameter("E", n, k)
    # c is Xv/|v|²: v'X'X is a multiple of v' if the rest of X is orthogonal to both.
    inputs = c * v.T + (Identity(n) - _onto(c)) * Parameter("Z", n, p) * (Identity(p) - _onto(v))
    first, second = _aligned("Z_1", x, v, a), _aligned("Z_2", y, a, u)
    G = inputs.T * (inputs * (_aligned("Z_0", target, v, u) - first * second) + E) / n
    strength = tr(c.T * c) * tr(v.T * v) / n
    label = tr(v.T * inputs.T * E * u) / (n * _length(v) * _length(u))

    def stated(product: Any, rate: Any = strength, noise: Any = label) -> dict[str, Any]:
        return {"right": y * (rate * (target - product) + noise)}

    return IdentityClaim(
        id="stochastic_collapse.mode_gradient",
        title="aligned bases: v'GW2'a = y(κ(s* − xy) + v'X'ε u/n), whatever the other modes are",
        source="as derived here",
        statement="G = X'(Y − XW1W2)/n with labels Y = XT + ε; v, a, u are singular vectors of "
        "unit length of T, W1, W2, v is an eigenvector of X'X/n of the eigenvalue κ, and all else "
        "is anything orthogonal to them.  It is the step of x = v'W1a over η; of y with x for y.",
        left=tr(v.T * G * second.T * a) / (_length(v) * _length(a)),
        **stated(x * y),
        mutants=(
            Mutant(name="factor_two", mistake="2κ", changes=stated(x * y, 2 * strength)),
            Mutant(name="sign", mistake="s* + xy", changes=stated(-x * y)),
            Mutant(name="square", mistake="κ² for κ", changes=stated(x * y, strength**2)),
            Mutant(name="exponent", mistake="xy² for xy", changes=stated(x * y**2)),
            Mutant(name="labels", mistake="1/n forgotten", changes=stated(x * y, noise=n * label)),
        ),
        inapplicable={"one-step": "nothing moves", "path": "nothing moves", **NO_ALGORITHM},
    )


def _step() -> StepClaim:
    mean = INPUT * (target - x * y)
    slope = mean + sqrt(delta) * _entry(TwoPoint("xi", n, k))

    def stated(labels: Any, gradient: Any = 1, sign: int = -1) -> dict[str, Any]:
        return {"change": sign * eta**2 * (gradient * mean**2 + labels) * (x**2 - y**2)}

    noise = delta * INPUT / n
    return StepClaim(
        id="stochastic_collapse.mode_step",
        title="one step of a mode: E(x² − y²) falls by η²(κ²(s* − xy)² + δκ/n)(x² − y²), exactly",
        source="as derived here",
        statement="Gradient and label noise of variance δ along the mode of inputs X, κ = "
        "|Xv|²/(n|v|²).  In time, steps times η, the labels give the rate γ = ηδκ/n.  The squared "
        "gradient has the same order in η at fixed δ, is of first order at fixed ηδ, and vanishes "
        "where the mode is fitted.",
        update=Update({x: x + eta * y * slope, y: y + eta * x * slope}),
        observable=x**2 - y**2,
        **stated(noise),
        mutants=(
            Mutant(name="sde", mistake="κ²(s* − xy)² forgotten", changes=stated(noise, 0)),
            Mutant(name="factor_two", mistake="2δκ/n", changes=stated(2 * noise)),
            Mutant(name="sign", mistake="growth", changes=stated(noise, sign=1)),
            Mutant(name="square", mistake="κ² for κ", changes=stated(noise * INPUT)),
            Mutant(name="exponent", mistake="1/n² for 1/n", changes=stated(noise / n)),
        ),
        inapplicable={"path": "one step of an algorithm has no paths", **NO_ALGORITHM},
    )


def _labels() -> DifferentialClaim:
    B = Brownian("B", n, k)
    drawn = INPUT * (target - x * y) * dt + sqrt(eta * delta) * _entry(B.d)
    rate = eta * delta * INPUT / n
    drift = -rate * (x**2 - y**2)
    return DifferentialClaim(
        id="stochastic_collapse.mode_noise",
        title="label noise gives a mode γ = ηδκ/n: d(x² − y²) = −(ηδκ/n)(x² − y²)dt",
        source="as derived here",
        statement="The equation whose noise is that of the labels, dG = κ(s* − xy)dt + √(ηδ) "
        "v'X'dB u/n with v and u of unit length; B has an entry for each sample and output.  It is "
        "the limit of mode_step at fixed ηδ, and mode_balance with γ = ηδκ/n.",
        sde=MatrixSDE({x: y * drawn, y: x * drawn}),
        observable=x**2 - y**2,
        drift=drift,
        mutants=(
            Mutant(name="factor_two", mistake="2ηδκ/n", changes={"drift": 2 * drift}),
            Mutant(name="sign", mistake="growth", changes={"drift": -drift}),
            Mutant(name="square", mistake="κ² for κ", changes={"drift": INPUT * drift}),
            Mutant(name="exponent", mistake="1/n² for 1/n", changes={"drift": drift / n}),
            Mutant(name="inputs", mistake="κ forgotten", changes={"drift": drift / INPUT}),
        ),
        inapplicable={
            "path": "with γ for ηδκ/n: stochastic_collapse.mode_balance",
            **NO_ALGORITHM,
        },
    )
