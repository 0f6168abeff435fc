"""The law of balance of two factors under SGD (seed 003): who is longer shrinks.

Loss (u'w x − y)² of one sample; its slope in v = u'w is s = 2x(vx − y), so that ∇_u = s w and
∇_w = s u.  With dθ = −∇L dt + √(TΣ) dW, T = 2σ² (η/b for SGD), β the noise of the slope,

    d(|u|² − |w|²) = −T·C0 (|u|² − |w|²) dt,     C0 = Var s = 4(α1 v² − 2α2 v + α3),

α1 = Var x², α2 = Cov(x², xy), α3 = Var(xy), and no martingale part.  One step of SGD, exactly, with
any slope s: |u⁺|² − |w⁺|² = (1 − η²s²)(|u|² − |w|²).
"""

from typing import Any

from sympy import exp, sqrt

from derivations import (
    INITIAL,
    Brownian,
    BrownianFamily,
    DifferentialClaim,
    Family,
    Gaussian,
    IdentityClaim,
    MatrixSDE,
    Minibatch,
    Mutant,
    PathCheck,
    Process,
    State,
    StepClaim,
    Theorem,
    Update,
    dims,
    dt,
    index,
    positive,
    real,
    t,
    total,
    tr,
)

from ._noise_equilibrium import NO_TRAINING, ONE_STEP, PAPER, T, eta, several

SOURCE = f"{PAPER}; L. Ziyin, H. Li, M. Ueda, Law of Balance and Stationary Distribution of SGD"
m, n, b = dims("m n b")
u, w, i = State("u", m), State("w", m), index("i", n)
BALANCE = tr(u.T * u) - tr(w.T * w)
beta, x, y = BrownianFamily("beta"), Family("x"), Family("y")


def _slope(product: Any) -> Any:
    """The slope of (vx_i − y_i)² in v."""
    return 2 * x[i] * (product * x[i] - y[i])


def _mean(values: Any) -> Any:
    return total(values, i) / n


def theorem() -> Theorem:
    """Samples, the variance by moments, constant noise on paths, one step of SGD."""
    return Theorem(
        id="law_of_balance",
        title="Two factors under SGD: |u|² − |w|² decays at the rate T·C0",
        source=SOURCE,
        claims=(_samples(), _moments(), _paths(), _one_step(), _minibatch()),
    )


def _samples() -> DifferentialClaim:
    slope = Family("s", process=True)[i]
    mean = _mean(slope)
    variance = _mean(slope**2) - mean**2
    moved = mean * dt + sqrt(T / n) * total((slope - mean) * beta[i].d, i)
    drift = -T * variance * BALANCE
    return DifferentialClaim(
        id="law_of_balance",
        title="d(|u|² − |w|²) = −T·C0 (|u|² − |w|²) dt",
        source=SOURCE,
        statement="C0 is the variance over the samples of the slopes of a loss of u'w; T = 2σ².",
        sde=MatrixSDE({u: -w * moved, w: -u * moved}),
        observable=BALANCE,
        drift=drift,
        assumptions=(several(n),),
        mutants=(
            Mutant(name="factor_two", mistake="2T: σ² for 2σ²", changes={"drift": 2 * drift}),
            Mutant(name="sign", mistake="the longer one grows", changes={"drift": -drift}),
            Mutant(name="root", mistake="√T for T", changes={"drift": drift / sqrt(T)}),
            Mutant(
                name="uncentred",
                mistake="E s² for Var s",
                changes={"drift": -T * _mean(slope**2) * BALANCE},
            ),
            Mutant(
                name="square",
                mistake="the spread of s for its variance",
                changes={"drift": -T * sqrt(variance) * BALANCE},
            ),
        ),
        inapplicable={
            "path": "the slopes are any processes; with constant noise: law_of_balance.constant",
            **NO_TRAINING,
        },
    )


def _moments() -> IdentityClaim:
    z = real("v")

    def covariance(first: Any, second: Any) -> Any:
        return _mean(first * second) - _mean(first) * _mean(second)

    squares, products = x[i] ** 2, x[i] * y[i]
    first, last = covariance(squares, squares), covariance(products, products)
    cross = covariance(squares, products)
    right = 4 * (first * z**2 - 2 * cross * z + last)
    return IdentityClaim(
        id="law_of_balance.variance",
        title="C0 = 4(α1v² − 2α2v + α3)",
        source=SOURCE,
        statement="α1 = Var x², α2 = Cov(x², xy), α3 = Var(xy), over any samples; v = u'w.",
        left=_mean(_slope(z) ** 2) - _mean(_slope(z)) ** 2,
        right=right,
        assumptions=(several(n),),
        mutants=(
            Mutant(name="half", mistake="loss ½(…)²: 1 for 4", changes={"right": right / 4}),
            Mutant(
                name="sign",
                mistake="+2α2v",
                changes={"right": 4 * (first * z**2 + 2 * cross * z + last)},
            ),
            Mutant(
                name="factor_two",
                mistake="α2 for 2α2",
                changes={"right": 4 * (first * z**2 - cross * z + last)},
            ),
            Mutant(
                name="square",
                mistake="α1v for α1v²",
                changes={"right": 4 * (first * z - 2 * cross * z + last)},
            ),
        ),
        inapplicable={
            "one-step": "nothing moves",
            "path": "nothing moves",
            **NO_TRAINING,
        },
    )


def _paths() -> DifferentialClaim:
    c0, drive, one = positive("C0"), Process("L"), Brownian("beta")

    def system(mean: Any) -> MatrixSDE:
        slope = mean + sqrt(T * c0) * one.d
        return MatrixSDE({u: -w * slope, w: -u * slope})

    def stated(rate: Any) -> dict[str, Any]:
        path = PathCheck(
            sde=system(0 * dt),
            observable=BALANCE,
            law=INITIAL * exp(-rate * t),
            horizon="1/2",
            sizes={m: 2},
            values={T: "1/2", c0: "3/2"},
        )
        return {"drift": -rate * BALANCE, "path": path}

    return DifferentialClaim(
        id="law_of_balance.constant",
        title="constant C0: |u|² − |w|² = (|u_0|² − |w_0|²) e^{−T·C0 t} on every path",
        source=SOURCE,
        statement="Whatever the mean slope L is, as where the targets alone are noisy; paths are "
        "run without it.",
        sde=system(drive * dt),
        observable=BALANCE,
        **stated(T * c0),
        mutants=(
            Mutant(name="factor_two", mistake="2T·C0", changes=stated(2 * T * c0)),
            Mutant(name="half", mistake="½T·C0", changes=stated(T * c0 / 2)),
            Mutant(name="square", mistake="T²C0", changes=stated(T**2 * c0)),
        ),
        inapplicable=NO_TRAINING,
    )


def _one_step() -> StepClaim:
    s = Gaussian("s")

    def change(power: Any, factor: Any = 1) -> Any:
        return -factor * eta**power * s**2 * BALANCE

    return StepClaim(
        id="law_of_balance.one_step",
        title="one step of SGD: |u⁺|² − |w⁺|² = (1 − η²s²)(|u|² − |w|²), exactly",
        source=SOURCE,
        statement="For any slope s of any loss of u'w: the sign never changes while η|s| < 1, and "
        "gradient descent balances too, to second order in η.",
        update=Update({u: u - eta * s * w, w: w - eta * s * u}),
        observable=BALANCE,
        change=change(2),
        pathwise=True,
        mutants=(
            Mutant(name="factor_two", mistake="2η²", changes={"change": change(2, 2)}),
            Mutant(name="power", mistake="η for η²", changes={"change": change(1)}),
            Mutant(name="sign", mistake="growth", changes={"change": change(2, -1)}),
            Mutant(
                name="square",
                mistake="s for s²",
                changes={"change": -(eta**2) * s * BALANCE},
            ),
        ),
        inapplicable=ONE_STEP,
    )


def _minibatch() -> StepClaim:
    slopes, drawn = Family("s"), Minibatch("c", b, replacement=True)
    mean = _mean(slopes[i])
    variance = _mean(slopes[i] ** 2) - mean**2
    step = total(drawn[i] * slopes[i], i) / n

    def change(batch: Any, mean_part: Any) -> Any:
        return -(eta**2) * (variance / batch + mean_part * mean**2) * BALANCE

    return StepClaim(
        id="law_of_balance.minibatch",
        title="minibatch SGD: E(|u⁺|² − |w⁺|²) = (1 − η²(C0/b + s̄²))(|u|² − |w|²), exactly",
        source=SOURCE,
        statement="b samples drawn with replacement, s̄ the mean slope: the SDE's rate T·C0 with "
        "T = η/b, and η²s̄², which vanishes at the minimum.",
        update=Update({u: u - eta * step * w, w: w - eta * step * u}),
        observable=BALANCE,
        change=change(b, 1),
        assumptions=(several(n),),
        mutants=(
            Mutant(name="sde", mistake="s̄² forgotten", changes={"change": change(b, 0)}),
            Mutant(name="batch", mistake="1/b forgotten", changes={"change": change(1, 1)}),
            Mutant(name="square", mistake="1/b²", changes={"change": change(b**2, 1)}),
            Mutant(name="sign", mistake="growth", changes={"change": -change(b, 1)}),
        ),
        inapplicable=ONE_STEP,
    )
