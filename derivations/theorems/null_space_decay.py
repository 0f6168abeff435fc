"""Linear regression with weight decay: the part of W off the data (the Janus abstract).

Loss 1/(2n)|Y − XW|² + λ|W|², W (p×k).  N (p×q) holds q independent vectors of the null space of
the data, XN = 0, and N'W is the part of W along them: any data with that null space, of full rank
or not, are X = ZP with P = I − N(N'N)⁻¹N' and any Z, and so are their samples, x_i = Pz_i.  Every
gradient is X' times something, so that N'W is moved by the decay alone,

    N'W⁺ = (1 − 2ηλ) N'W    in every update, of GD and of SGD, whatever is drawn,

and by induction on the number m of updates W_m = κ^m W_0 + X'F, κ = 1 − 2ηλ, with some F.

An epoch of GD is one update, an epoch of SGD with batches of b is ⌈n/b⌉ of them: (1 − 2ηλ)^⌈n/b⌉.
The decay λ|W|² is that of weight_decay_unrolling; μ|Θ|²/2 elsewhere, μ = 2λ.
"""

from typing import Any

from sympy import Gt, Identity, exp, sqrt

from derivations import (
    Assumption,
    Brownian,
    DifferentialClaim,
    Family,
    IdentityClaim,
    MatrixSDE,
    Minibatch,
    Mutant,
    Parameter,
    PathCheck,
    State,
    StepClaim,
    Theorem,
    TwoPoint,
    Update,
    dims,
    dt,
    full_row_rank,
    index,
    positive,
    t,
    total,
)

SOURCE = "The Janus effects of SGD vs GD (seed 002), as derived here"
STEP = {
    "path": "one step of an algorithm has no paths",
    "algorithm": "linear regression has no det M; the experiment null-space-decay runs it",
}
n, p, q, k, b, m = dims("n p q k b m")
eta, delta, lam = positive("eta"), positive("delta"), positive("lambda")
W, N, Y = State("W", p, k), Parameter("N", p, q), Parameter("Y", n, k)
P = Identity(p) - N * (N.T * N).I * N.T
X = Parameter("Z", n, p) * P
BASIS = Assumption(
    text="the q vectors of the null space are independent", condition=full_row_rank(N.T)
)
SEVERAL = Assumption(text="there are two updates or more", condition=Gt(m, 1))
WHERE = {"P": P}
residual = X.T * (Y - X * W) / n
UPDATES = 3
"""Updates that are written out one by one."""


def theorem() -> Theorem:
    """GD, SGD, any number of updates, no decay, the continuous equation."""
    return Theorem(
        id="null_space_decay",
        title="Off the data, weight decay acts alone: (1 − 2ηλ) an update, for GD and SGD",
        source=SOURCE,
        claims=(
            _descent(),
            _minibatch(),
            _induction(),
            _updates(),
            _written_out(),
            _still(),
            _flow(),
        ),
    )


def _descent() -> StepClaim:
    change = -2 * eta * lam * N.T * W
    return StepClaim(
        id="null_space_decay",
        title="gradient descent: N'W⁺ = (1 − 2ηλ) N'W",
        source=SOURCE,
        statement="The gradient of the square loss is X' times something, and N'X' = 0.",
        update=Update({W: (1 - 2 * eta * lam) * W + eta * residual}),
        observable=N.T * W,
        change=change,
        assumptions=(BASIS,),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="ηλ for 2ηλ", changes={"change": change / 2}),
            Mutant(name="sign", mistake="growth for decay", changes={"change": -change}),
            Mutant(name="square", mistake="(ηλ)² for ηλ", changes={"change": eta * lam * change}),
            Mutant(
                name="decoupled",
                mistake="λ for ηλ: decay outside of the gradient",
                changes={"change": change / eta},
            ),
        ),
        inapplicable=STEP,
    )


def _samples() -> Update:
    """A step of SGD on the samples x_i = Pz_i that a minibatch draws, with noise in its labels."""
    i = index("i", n)
    w, noise = Minibatch("w", b), sqrt(delta) * TwoPoint("xi", n, k)
    x, y = P * Family("z", p)[i], Family("y", k)[i]
    drawn = total(w[i] * x * (y - W.T * x).T, i) / n
    return Update({W: (1 - 2 * eta * lam) * W + eta * drawn + eta * X.T * noise / n})


def _minibatch() -> StepClaim:
    change = -2 * eta * lam * N.T * W
    return StepClaim(
        id="null_space_decay.minibatch",
        title="SGD: N'W⁺ = (1 − 2ηλ) N'W for every minibatch and every label noise",
        source=SOURCE,
        statement="An update of SGD does to N'W what one of GD does, whatever the batch; with "
        "⌈n/b⌉ updates an epoch the rate per epoch is ⌈n/b⌉ times as large.",
        update=_samples(),
        observable=N.T * W,
        change=change,
        pathwise=True,
        assumptions=(BASIS,),
        where=WHERE,
        mutants=(
            Mutant(
                name="batch",
                mistake="a part b/n of it an update: the rates per epoch taken for equal",
                changes={"change": b * change / n},
            ),
            Mutant(name="factor_two", mistake="ηλ for 2ηλ", changes={"change": change / 2}),
            Mutant(name="sign", mistake="growth for decay", changes={"change": -change}),
        ),
        inapplicable=STEP,
    )


def _form(power: Any, along: Any) -> Any:
    """κ^m W_0 + X'F: what m updates make of W_0, F whatever the errors were."""
    return (1 - 2 * eta * lam) ** power * W + X.T * along


def _induction() -> IdentityClaim:
    F, E = Parameter("F", n, k), Parameter("E", n, k)
    kept = 1 - 2 * eta * lam

    def after(decay: Any, power: Any = m + 1, sign: int = 1) -> dict[str, Any]:
        """The form for m + 1."""
        return {"right": _form(power, decay * F + sign * eta * E / n)}

    return IdentityClaim(
        id="null_space_decay.induction",
        title="from m updates to m + 1: κ^m W_0 + X'F becomes κ^{m+1}W_0 + X'(κF + ηE/n)",
        source=SOURCE,
        statement="κ = 1 − 2ηλ, m a symbol, F and the errors E of the batch any matrices: so W_m "
        "is κ^m W_0 and something in the row space of the data for every m.  The base case is "
        "F = 0.",
        left=kept * _form(m, F) + eta * X.T * E / n,
        **after(kept),
        assumptions=(BASIS,),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 − ηλ on F", changes=after(1 - eta * lam)),
            Mutant(name="exponent", mistake="κ^m for κ^{m+1}", changes=after(kept, m)),
            Mutant(name="square", mistake="κ² for κ on F", changes=after(kept**2)),
            Mutant(name="sign", mistake="−ηE/n", changes=after(kept, sign=-1)),
        ),
        inapplicable=STEP,
    )


def _updates() -> IdentityClaim:
    kept = 1 - 2 * eta * lam

    def stated(factor: Any, power: Any = m) -> dict[str, Any]:
        """What is left of N'W."""
        return {"right": factor**power * N.T * W}

    return IdentityClaim(
        id="null_space_decay.updates",
        title="m updates: N'W_m = (1 − 2ηλ)^m N'W_0",
        source=SOURCE,
        statement="m a symbol; W_m = κ^m W_0 + X'F by null_space_decay.induction, whatever the "
        "batches were.  An epoch of SGD has m = ⌈n/b⌉ of these factors, an epoch of GD one.",
        left=N.T * _form(m, Parameter("F", n, k)),
        **stated(kept),
        assumptions=(BASIS, SEVERAL),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 − ηλ", changes=stated(1 - eta * lam)),
            Mutant(name="sign", mistake="1 + 2ηλ", changes=stated(1 + 2 * eta * lam)),
            Mutant(name="epoch", mistake="one factor an epoch", changes=stated(kept, 1)),
            Mutant(name="power", mistake="squared once more", changes=stated(kept, 2 * m)),
        ),
        inapplicable=STEP,
    )


def _written_out() -> IdentityClaim:
    errors = [Parameter(f"E_{j}", n, k) for j in range(1, UPDATES + 1)]
    kept = 1 - 2 * eta * lam
    moved = W
    for E in errors:
        moved = kept * moved + eta * X.T * E / n

    def stated(factor: Any, power: int = UPDATES) -> dict[str, Any]:
        """What is left of N'W."""
        return {"right": factor**power * N.T * W}

    return IdentityClaim(
        id="null_space_decay.written_out",
        title="three updates: N'W_3 = (1 − 2ηλ)³ N'W_0",
        source=SOURCE,
        statement="The updates themselves, taken one after the other, with any errors E_1, E_2, "
        "E_3 of the batches: an epoch of SGD with n = 3b.",
        left=N.T * moved,
        **stated(kept),
        assumptions=(BASIS,),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 − ηλ", changes=stated(1 - eta * lam)),
            Mutant(name="epoch", mistake="one factor an epoch", changes=stated(kept, 1)),
            Mutant(name="power", mistake="squared once more", changes=stated(kept, 2 * UPDATES)),
        ),
        inapplicable=STEP,
    )


def _still() -> IdentityClaim:
    E = Parameter("E", n, k)
    moved = W + eta * X.T * E / n
    return IdentityClaim(
        id="null_space_decay.without",
        title="λ = 0: N'W does not move",
        source=SOURCE,
        statement="Neither gradients nor minibatches nor label noise, all of them X' times some E, "
        "reach the null space: without decay there is no bias off the data.",
        left=N.T * moved,
        right=N.T * W,
        assumptions=(BASIS,),
        where=WHERE,
        mutants=(
            Mutant(
                name="everything",
                mistake="all of W stands still",
                changes={"left": moved, "right": W},
            ),
            Mutant(
                name="implicit",
                mistake="an implicit decay of size η",
                changes={"right": (1 - eta) * N.T * W},
            ),
        ),
        inapplicable=STEP,
    )


def _flow() -> DifferentialClaim:
    labels = Brownian("B", n, k)
    drive = (residual - 2 * lam * W) * dt + sqrt(eta * delta) / n * X.T * labels.d
    sde = MatrixSDE({W: drive})

    def stated(rate: Any) -> dict[str, Any]:
        """One rate of decay, as every tier reads it."""
        path = PathCheck(
            sde=sde,
            observable=N.T * W,
            law=exp(-rate * t) * Parameter("initial", q, k),
            horizon="1/2",
            sizes={n: 2, p: 3, q: 2, k: 2},
            values={lam: "3/4", eta: "1/4", delta: "2"},
        )
        return {"drift": -rate * N.T * W, "path": path}

    return DifferentialClaim(
        id="null_space_decay.flow",
        title="dN'W = −2λ N'W dt under the SDE of label noise, without a martingale part",
        source=SOURCE,
        statement="N'W(t) = e^{−2λt} N'W(0) on every path; the noise stays in the row space of X.",
        sde=sde,
        observable=N.T * W,
        **stated(2 * lam),
        assumptions=(BASIS,),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="λ for 2λ", changes=stated(lam)),
            Mutant(name="sign", mistake="growth for decay", changes=stated(-2 * lam)),
            Mutant(
                name="rate",
                mistake="ηλ for λ in the time t = steps·η",
                changes=stated(2 * eta * lam),
            ),
        ),
        inapplicable={"algorithm": STEP["algorithm"]},
    )
