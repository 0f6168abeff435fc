"""Quadratic parametrisation β = θ² with label noise (Pillaud-Vivien et al. 2022).

Loss L(θ) = ¼|Xθ² − y|², squares entry by entry: ∇L = θ⊙X'(Xθ² − y).  Labels y + ξ with a fresh
normal ξ of variance s in every step of size η move θ by ηθ⊙X'ξ more, which is √δ θ⊙X'dB with
δ = ηs and t = η·steps:

    dθ = −θ⊙X'(Xβ − y)dt + √δ θ⊙X'dB,   B of n entries,   δ = ηs.

With h = diag X'X Itô's rule gives dβ = β⊙[−2X'(Xβ − y) + δh]dt + 2√δ β⊙X'dB and, as
d log β = dβ/β − ½(dβ/β)² and (dβ/β)² = 4δh dt, d log β with −δh.  (A mean loss ¼|·|²/n has X'X/n
and X'y/n in place of X'X and X'y, and δ = ηs/n.)

Features are columns x_j of X; what is said of one feature holds for any number beside it, which
enter its equation through the residual ρ = y − Xβ alone.  The long run, and the Lasso that it
solves: `_quadratic_limits`.
"""

from typing import Any

from sympy import log, sqrt

from derivations import (
    INITIAL,
    Brownian,
    CovariationClaim,
    DifferentialClaim,
    MatrixSDE,
    Mutant,
    Parameter,
    PathCheck,
    Process,
    State,
    StepClaim,
    Theorem,
    TwoPoint,
    Update,
    dims,
    dt,
    positive,
    real,
    t,
    tr,
)

from ._quadratic_limits import NO_ALGORITHM, OWN, SOURCE, long_run_claims

MOVING = {
    "path": "ρ is any process and a martingale part remains; paths: the claim .lasso",
    **NO_ALGORITHM,
}
n = dims("n")
delta, q = positive("delta"), positive("q")
x, z, y = Parameter("x", n), Parameter("z", n), Parameter("y", n)
theta, phi, B = State("theta", positive=True), State("phi", positive=True), Brownian("B", n)
rho = Process("rho", n)
pull, noise, h = tr(x.T * rho), tr(x.T * B.d), tr(x.T * x)
FEATURE = MatrixSDE({theta: theta * pull * dt + sqrt(delta) * theta * noise})
beta = theta**2


def theorem() -> Theorem:
    """β, its logarithm and powers, a null direction, one step, collapse, the Lasso."""
    return Theorem(
        id="quadratic_parametrisation",
        title="Label noise under the quadratic parametrisation β = θ²",
        source=SOURCE,
        claims=(
            _weight(),
            _logarithm(),
            _power(),
            _covariation(),
            _null_direction(),
            _step(),
            _step_logarithm(),
            *long_run_claims(),
        ),
    )


def _weight() -> DifferentialClaim:
    drift = beta * (2 * pull + delta * h)
    martingale = 2 * sqrt(delta) * beta * noise
    return DifferentialClaim(
        id="quadratic_parametrisation",
        title="dβ_j = β_j[2x_j'ρ + δh_j]dt + 2√δ β_j x_j'dB, h_j = |x_j|²",
        source=SOURCE,
        statement="For every feature j, ρ = y − Xβ the residual: dβ = β⊙[−2X'(Xβ − y) + δh]dt "
        "+ 2√δ β⊙X'dB, h = diag X'X.  The noise makes E β grow at the rate δh.",
        sde=FEATURE,
        observable=beta,
        drift=drift,
        martingale=martingale,
        mutants=(
            Mutant(
                name="no_ito",
                mistake="δh forgotten",
                changes={"drift": 2 * beta * pull},
            ),
            Mutant(
                name="sign",
                mistake="−δh, as for log β",
                changes={"drift": drift - 2 * delta * h * beta},
            ),
            Mutant(
                name="factor_two",
                mistake="2δh, Itô's ½ lost",
                changes={"drift": drift + delta * h * beta},
            ),
            Mutant(
                name="gradient",
                mistake="1 for 2 before X'(Xβ − y): the gradient of ¼|·|² in β is no gradient in θ",
                changes={"drift": drift - beta * pull},
            ),
            Mutant(
                name="half_noise",
                mistake="√δ for 2√δ",
                changes={"martingale": martingale / 2},
            ),
            Mutant(
                name="power",
                mistake="θ for β before the noise",
                changes={"martingale": martingale / theta},
            ),
        ),
        inapplicable=MOVING,
    )


def _logarithm() -> DifferentialClaim:
    drift = 2 * pull - delta * h
    return DifferentialClaim(
        id="quadratic_parametrisation.logarithm",
        title="d log β_j = [2x_j'ρ − δh_j]dt + 2√δ x_j'dB",
        source=SOURCE,
        statement="The sign flips: log takes ½(dβ/β)² = 2δh dt off the δh of dβ/β.  A path falls "
        "at the rate δh though the mean of β grows at it.",
        sde=FEATURE,
        observable=log(beta),
        drift=drift,
        martingale=2 * sqrt(delta) * noise,
        mutants=(
            Mutant(name="sign", mistake="+δh, as for β", changes={"drift": drift + 2 * delta * h}),
            Mutant(name="no_ito", mistake="no Itô term", changes={"drift": 2 * pull}),
            Mutant(name="factor_two", mistake="2δh", changes={"drift": drift - delta * h}),
            Mutant(
                name="half", mistake="δh/2, that of log θ", changes={"drift": drift + delta * h / 2}
            ),
            Mutant(name="square", mistake="δ² for δ", changes={"drift": 2 * pull - delta**2 * h}),
            Mutant(name="noise", mistake="√δ for 2√δ", changes={"martingale": sqrt(delta) * noise}),
        ),
        inapplicable=MOVING,
    )


def _power() -> DifferentialClaim:
    drift = beta**q * (2 * q * pull + q * (2 * q - 1) * delta * h)
    return DifferentialClaim(
        id="quadratic_parametrisation.power",
        title="d β_j^q = β_j^q[2q x_j'ρ + q(2q − 1)δh_j]dt + 2q√δ β_j^q x_j'dB",
        source=OWN,
        statement="Where the sign flips: Itô's term is δh at q = 1, 0 at q = ½, which is θ itself "
        "with its noise of mean 0, and below 0 for q < ½; divided by q it tends to −δh at q → 0, "
        "the logarithm.",
        sde=FEATURE,
        observable=theta ** (2 * q),
        drift=theta ** (2 * q) * (2 * q * pull + q * (2 * q - 1) * delta * h),
        martingale=2 * q * sqrt(delta) * theta ** (2 * q) * noise,
        mutants=(
            Mutant(
                name="variable",
                mistake="q(q − 1), as if β had additive labels: flips at q = 1",
                changes={"drift": drift - q**2 * delta * h * beta**q},
            ),
            Mutant(
                name="no_ito",
                mistake="no Itô term",
                changes={"drift": 2 * q * beta**q * pull},
            ),
            Mutant(
                name="double",
                mistake="2q(2q − 1): Itô's ½ lost",
                changes={"drift": drift + q * (2 * q - 1) * delta * h * beta**q},
            ),
            Mutant(
                name="exponent",
                mistake="√δ q for 2√δ q in the martingale part",
                changes={"martingale": q * sqrt(delta) * beta**q * noise},
            ),
        ),
        inapplicable=MOVING,
    )


def _pair() -> dict[Any, Any]:
    """Two features x and z beside any others."""
    moves = {}
    for weight, column in ((theta, x), (phi, z)):
        change = tr(column.T * rho) * dt + sqrt(delta) * tr(column.T * B.d)
        moves[weight] = weight * change
    return moves


def _covariation() -> CovariationClaim:
    cross = tr(x.T * z)
    return CovariationClaim(
        id="quadratic_parametrisation.covariation",
        title="d⟨log β_i, log β_j⟩ = 4δ x_i'x_j dt",
        source=OWN,
        statement="Labels are shared by all features: the noise of two weights is as correlated "
        "as their features.",
        sde=MatrixSDE(_pair()),
        first=log(theta**2),
        second=log(phi**2),
        rate=4 * delta * cross,
        mutants=(
            Mutant(name="factor_two", mistake="2 for 4", changes={"rate": 2 * delta * cross}),
            Mutant(name="independent", mistake="independent noise", changes={"rate": 0 * delta}),
            Mutant(name="own", mistake="|x_i|² for x_i'x_j", changes={"rate": 4 * delta * h}),
        ),
        inapplicable=MOVING,
    )


def _null_direction() -> DifferentialClaim:
    c = real("c")
    columns = {theta: x, phi: c * x}
    residual = y - theta**2 * x - c * phi**2 * x
    moves = {
        weight: weight * (tr(column.T * residual) * dt + sqrt(delta) * tr(column.T * B.d))
        for weight, column in columns.items()
    }
    sde = MatrixSDE(moves)
    observable = c * log(theta**2) - log(phi**2)

    def stated(rate: Any) -> dict[str, Any]:
        path = PathCheck(
            sde=sde,
            observable=observable,
            law=INITIAL + rate * t,
            horizon="1/2",
            sizes={n: 2},
            relevant=0.05,
            values={
                delta: "1/2",
                c: "1/2",
                theta: "3/4",
                phi: 1,
                x: ((1,), ("1/2",)),
                y: ((1,), ("3/4",)),
            },
        )
        return {"drift": rate, "path": path}

    rate = -delta * h * c * (1 - c)
    return DifferentialClaim(
        id="quadratic_parametrisation.null_direction",
        title="Xw = 0: d w'log β = −δ w'h dt, without a martingale part",
        source=OWN,
        statement="Here for columns x and cx, w = (c, −1): c log β_1 − log β_2 moves by "
        "−δ|x|²c(1 − c)dt.  Gradient flow conserves w'log β, which makes its limit depend on the "
        "start; label noise moves it steadily, towards the feature with the cheaper h.",
        sde=sde,
        observable=observable,
        **stated(rate),
        mutants=(
            Mutant(name="flow", mistake="conserved, as by gradient flow", changes=stated(0 * t)),
            Mutant(name="factor_two", mistake="2δ", changes=stated(2 * rate)),
            Mutant(name="sign", mistake="+δ, as for β", changes=stated(-rate)),
            Mutant(
                name="square",
                mistake="c for c², h not squared",
                changes=stated(0 * t - delta * h * c),
            ),
        ),
        inapplicable=NO_ALGORITHM,
    )


# The algorithm: labels y + √s ξ in every step.


eta, s = positive("eta"), positive("s")
drawn = TwoPoint("xi", n)
others = Parameter("r", n)
"""y minus what the other features fit."""
rest = others - theta**2 * x
MOVE = Update({theta: theta * (1 + eta * tr(x.T * (rest + sqrt(s) * drawn)))})
STEP = {
    "path": "one step of an algorithm has no paths",
    "algorithm": "many steps: the experiment quadratic-lasso",
}


def _step() -> StepClaim:
    along = tr(x.T * rest)

    def change(noise: Any, gradient: Any = 1) -> Any:
        return beta * (2 * eta * along + eta**2 * (gradient * along**2 + noise * h))

    return StepClaim(
        id="quadratic_parametrisation.step",
        title="one step: E β⁺ = β⊙[1 − 2ηX'(Xβ − y) + η²((X'(Xβ − y))² + sh)], exactly",
        source=OWN,
        statement="Labels of variance s, independent, of any law; the other features stand in the "
        "residual.  With δ = ηs the noise is that of the equation; the squared gradient is left "
        "out there.",
        update=MOVE,
        observable=beta,
        change=change(s),
        mutants=(
            Mutant(
                name="sde",
                mistake="the squared gradient left out",
                changes={"change": change(s, 0)},
            ),
            Mutant(name="factor_two", mistake="2s for s", changes={"change": change(2 * s)}),
            Mutant(name="sign", mistake="−s: the sign of log β", changes={"change": change(-s)}),
            Mutant(name="deviation", mistake="√s for s", changes={"change": change(sqrt(s))}),
        ),
        inapplicable=STEP,
    )


def _step_logarithm() -> StepClaim:
    along = tr(x.T * rest)

    def change(noise: Any, gradient: Any = 1) -> Any:
        return 2 * eta * along - eta**2 * (gradient * along**2 + noise * h)

    return StepClaim(
        id="quadratic_parametrisation.step_logarithm",
        title="one step: E log β⁺ − log β = −2ηX'(Xβ − y) − η²((X'(Xβ − y))² + sh) + O(η³)",
        source=OWN,
        statement="The sign has flipped in the discrete step too: log(1 + ηg)² = 2ηg − η²g² + …, "
        "where the mean of (1 + ηg)² has + η²g².",
        update=MOVE,
        observable=log(beta),
        change=change(s),
        step=eta,
        order=3,
        mutants=(
            Mutant(name="sign", mistake="+η²sh, as for β", changes={"change": change(-s)}),
            Mutant(
                name="gradient", mistake="η for 2η", changes={"change": change(s) - eta * along}
            ),
            Mutant(
                name="square",
                mistake="the squared gradient left out",
                changes={"change": change(s, 0)},
            ),
            Mutant(name="deviation", mistake="√s for s", changes={"change": change(sqrt(s))}),
        ),
        inapplicable={
            **STEP,
            "one-step": "beside the first order of the mean the second is below what it resolves",
        },
    )
