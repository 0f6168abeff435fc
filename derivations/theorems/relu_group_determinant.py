"""ReLU: the determinant law of a group of neurons with one activation pattern (as derived here).

A two-layer network f(x) = Σ_r a_r φ(w_r'x) with a piecewise linear activation.  The neurons of a
group share their slopes on the data, D = diag(d_1, …, d_n) with d_i in {0, 1} for ReLU, so that
their output is D X W1 W2 and all of them move by one block: dΘ = S(dG) Θ with
dG = X'D(Y − f)/n dt + √(ηδ)/n X'D dB.  What the other groups add to f is a process F of their own.
So d log det M = −2ηδk |DX|²/n² dt while the pattern lasts, up to the first time at which one neuron
of the group meets a sample on its kink, w_r'x_i = 0.

Three assumptions beside the pattern: the group holds p + k neurons or more, their Θ has full row
rank (more than the number says), and no neuron of it sits on a kink.  The law is used for symmetric
D alone, so it holds for leaky ReLU with its slopes too; for a mask D² = D and |DX|² is the sum of
|x_i|² over the active samples.
"""

from collections.abc import Mapping
from typing import Any

from sympy import Ge, Gt, sqrt

from derivations import (
    INITIAL,
    Assumption,
    BrownianFamily,
    DifferentialClaim,
    Family,
    MatrixSDE,
    Mutant,
    Parameter,
    PathCheck,
    Process,
    State,
    Theorem,
    dt,
    full_row_rank,
    index,
    logdet,
    stack,
    t,
    total,
    tr,
)

from ._network import (
    W1,
    W2,
    WHERE,
    B,
    C,
    M,
    X,
    Y,
    b,
    delta,
    eta,
    k,
    l,
    labels,
    moved_by,
    n,
    p,
    theta,
)

SOURCE = (
    "Varre, Sagitova, Flammarion: SGD vs GD: Rank Deficiency in Linear Networks, NeurIPS 2024, "
    "author response; as derived here"
)

D = Parameter("D", n, n, symmetric=True)
"""Slopes of the activation at the samples, diagonal, the same for every neuron of the group."""
F = Process("F", n, k)
"""What the neurons outside of the group add to the output on the data."""

RANK = Assumption(text="Θ of the group has full row rank p + k", condition=full_row_rank(theta))
WIDTH = Assumption(
    text="the group has at least p + k neurons (necessary for full row rank), which share their "
    "activation pattern D on the data while the law is used; none sits on a kink, w_r'x_i = 0",
    condition=Ge(l, p + k),
)
ALIVE = Assumption(
    text="the group is active at some sample (a dead one does not move at all)",
    condition=Gt(tr(D * D), 0),
)
GATED = (
    "the algorithms of this tier train linear networks; real runs of ReLU networks: experiments "
    "relu-planar and relu-high-dimension"
)
OPEN = "the others' output F is any process here; paths: relu_group_determinant.two_groups"


def theorem() -> Theorem:
    """One group among others, gradient flow, two groups at once, biases, minibatches."""
    return Theorem(
        id="relu_group_determinant",
        title="ReLU: det M of a group of neurons with one activation pattern obeys the linear law",
        source=SOURCE,
        claims=(_group(), _gradient_flow(), _two_groups(), _biases(), _minibatch()),
    )


def _noise(slopes: Any) -> Any:
    """√(ηδ)/n X'D dB, the label noise that reaches the neurons with these slopes."""
    return sqrt(eta * delta) / n * X.T * slopes * labels.d


def _rate(slopes: Any) -> Any:
    """−2ηδk |DX|²/n²."""
    return -2 * eta * delta * k * tr(X.T * slopes * slopes * X) / n**2


def _group() -> DifferentialClaim:
    dG = X.T * D * (Y - F - D * X * W1 * W2) / n * dt + _noise(D)
    rate = _rate(D)
    return DifferentialClaim(
        id="relu_group_determinant",
        title="d log det M = −2ηδk |DX|²/n² dt for a group with the activation pattern D",
        source=SOURCE,
        statement="While the pattern lasts log det M of the group falls at a constant rate and has "
        "no martingale part, whatever the other neurons do.",
        sde=MatrixSDE(moved_by(dG), assuming=[RANK.condition]),
        observable=logdet(M),
        drift=rate,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 for 2", changes={"drift": rate / 2}),
            Mutant(name="sign", mistake="growth for decay", changes={"drift": -rate}),
            Mutant(
                name="unmasked",
                mistake="|X|² for |DX|²: the rate of the linear network",
                changes={"drift": -2 * eta * delta * k * tr(X.T * X) / n**2},
            ),
            Mutant(
                name="slope",
                mistake="D for D², which only a 0/1 mask forgives",
                changes={"drift": -2 * eta * delta * k * tr(X.T * D * X) / n**2},
            ),
            Mutant(name="mean", mistake="1/n for 1/n²", changes={"drift": rate * n}),
            Mutant(name="missing_ito", mistake="no Itô term", changes={"drift": 0 * k}),
            Mutant(
                name="martingale",
                mistake="a martingale part from the output of the others",
                changes={"martingale": 2 * tr(F.T * D * labels.d) / n},
            ),
        ),
        inapplicable={"path": OPEN, "algorithm": GATED},
    )


def _gradient_flow() -> DifferentialClaim:
    loss_slope = Process("E", n, k)
    return DifferentialClaim(
        id="relu_group_determinant.gradient_flow",
        title="gradient flow conserves det M of the group, for any loss",
        source=SOURCE,
        statement="dG = X'D E/n dt with E any process, minus the slope of any loss at the outputs, "
        "leaves det M of the group where it is.",
        sde=MatrixSDE(moved_by(X.T * D * loss_slope / n * dt), assuming=[RANK.condition]),
        observable=logdet(M),
        drift=0 * k,
        assumptions=(RANK, WIDTH, ALIVE),
        where=WHERE,
        mutants=(
            Mutant(
                name="trace",
                mistake="tr(S(R)) taken for 2 tr(D E Y')/n",
                changes={"drift": 2 * tr(D * loss_slope * Y.T) / n},
            ),
            Mutant(
                name="noise",
                mistake="the rate under label noise, without label noise",
                changes={"drift": _rate(D)},
            ),
        ),
        inapplicable={"path": OPEN, "algorithm": GATED},
    )


# Two groups, which make up the network, driven by the noise of the same labels.

V1, V2 = State("V1", p, l), State("V2", l, k)
other = Parameter("H", n, n, symmetric=True)
"""The slopes of the second group."""
second = stack(V1, V2.T)
N = second * second.T

RANKS = Assumption(
    text="that of the second group too, which has as many neurons and a pattern H of its own",
    condition=full_row_rank(second),
)
MASKS = tuple(
    [[int(i == j and i in active) for j in range(6)] for i in range(6)]
    for active in (range(4), range(2, 6))
)
"""Two half-planes that overlap on two of six samples."""


def _two_groups() -> DifferentialClaim:
    errors = Y - D * X * W1 * W2 - other * X * V1 * V2
    moves = moved_by(X.T * D * errors / n * dt + _noise(D))
    dG = X.T * other * errors / n * dt + _noise(other)
    moves |= {V1: dG * V2.T, V2: V1.T * dG}
    sde = MatrixSDE(moves, assuming=[RANK.condition, RANKS.condition])

    def stated(rate: Any, observable: Any = None) -> dict[str, Any]:
        """One rate, as every tier reads it."""
        if observable is None:
            observable = logdet(M) + 2 * logdet(N)
        path = PathCheck(
            sde=sde,
            observable=observable,
            law=INITIAL + rate * t,
            horizon="3/4",
            sizes={p: 2, k: 3, l: 5, n: 6},
            values={eta: "3/4", delta: 2, D: MASKS[0], other: MASKS[1]},
        )
        return {"drift": rate, "observable": observable, "path": path}

    rate = _rate(D) + 2 * _rate(other)
    return DifferentialClaim(
        id="relu_group_determinant.two_groups",
        title="two groups under one label noise: each determinant falls at its own rate",
        source=SOURCE,
        statement="On every path log det M + 2 log det N has the rates of the two patterns, though "
        "the groups share their noise and fit the labels together.",
        sde=sde,
        **stated(rate),
        assumptions=(RANK, WIDTH, RANKS),
        where={**WHERE, "N": N},
        mutants=(
            Mutant(
                name="exchanged",
                mistake="each group given the other's pattern",
                changes=stated(_rate(other) + 2 * _rate(D)),
            ),
            Mutant(
                name="one_rate",
                mistake="the rate of the linear network for both",
                changes=stated(-6 * eta * delta * k * tr(X.T * X) / n**2),
            ),
            Mutant(
                name="pooled",
                mistake="both groups taken for one: det(M + N) at the mean of the rates",
                changes=stated((_rate(D) + _rate(other)) / 2, logdet(M + N)),
            ),
            Mutant(name="missing_ito", mistake="no Itô term", changes=stated(0 * k)),
        ),
        inapplicable={"algorithm": GATED},
    )


# Biases.

c = State("c", 1, l)
ones = Parameter("u", n, 1)
extended = stack(W1, c, W2.T)
M_c = extended * extended.T

RANK_C = Assumption(
    text="[W1; c; W2'] of the group has full row rank p + 1 + k",
    condition=full_row_rank(extended),
)
WIDTH_C = Assumption(
    text="the group has at least p + 1 + k neurons with one pattern D",
    condition=Ge(l, p + 1 + k),
)


def _biases() -> DifferentialClaim:
    dE = D * (Y - F - D * (X * W1 + ones * c) * W2) / n * dt + sqrt(eta * delta) / n * D * labels.d
    sde = MatrixSDE(
        {
            W1: X.T * dE * W2.T,
            c: ones.T * dE * W2.T,
            W2: (W1.T * X.T + c.T * ones.T) * dE,
        },
        assuming=[RANK_C.condition],
    )
    inputs = tr(X.T * D * D * X)
    rate = -2 * eta * delta * k * (inputs + tr(ones.T * D * D * ones)) / n**2
    return DifferentialClaim(
        id="relu_group_determinant.biases",
        title="with biases, data [X, u], u of ones: p becomes p + 1, the rate that of |D[X, u]|²",
        source=SOURCE,
        statement="φ(w_r'x + c_r): the biases c are a row of Θ, and u a column of the data.",
        sde=sde,
        observable=logdet(M_c),
        drift=rate,
        assumptions=(RANK_C, WIDTH_C),
        where={"Theta": extended, "M": M_c},
        mutants=(
            Mutant(
                name="without",
                mistake="the column of the biases forgotten",
                changes={"drift": _rate(D)},
            ),
            Mutant(
                name="all_samples",
                mistake="the biases hear every sample: |u|² for |Du|²",
                changes={"drift": _rate(D) - 2 * eta * delta * k * tr(ones.T * ones) / n**2},
            ),
            Mutant(name="sign", mistake="growth for decay", changes={"drift": -rate}),
        ),
        inapplicable={"path": OPEN, "algorithm": GATED},
    )


# Minibatches with label noise, as the experiments run them.

i = index("i", n)
beta = BrownianFamily("beta")
x, r = Family("x", p), Family("r", k, process=True)
d = Family("d")


def _minibatch() -> DifferentialClaim:
    gradient = d[i] * x[i] * r[i].T
    mean = total(gradient, i) / n
    lengths = d[i] ** 2 * tr(x[i].T * x[i])
    dG = (
        mean * dt
        + sqrt(eta / (b * n)) * total((gradient - mean) * beta[i].d, i)
        + sqrt(eta * delta / b) * B.d
    )
    errors = total(lengths * tr(r[i].T * r[i]), i) / n
    square = tr(mean * mean.T)
    fresh = delta * k * tr(C)

    def rate(value: Any) -> Mapping[str, Any]:
        return {"drift": -2 * eta / b * value}

    return DifferentialClaim(
        id="relu_group_determinant.minibatch",
        title="batches of b with label noise: (2η/b)(1/n Σ d_i²|x_i|²(|r_i|² + kδ) − |R|²)",
        source=SOURCE,
        statement="Gaussian noise with the covariance of one step: b samples drawn with "
        "replacement and fresh label noise of variance δ on each; r_i the error of the network, "
        "R = 1/n Σ d_i x_i r_i', C = 1/n Σ d_i² x_i x_i'.",
        sde=MatrixSDE(moved_by(dG), assuming=[RANK.condition]),
        observable=logdet(M),
        **rate(errors - square + fresh),
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(
                name="factor_two", mistake="1 for 2", changes=rate((errors - square + fresh) / 2)
            ),
            Mutant(
                name="full_batch",
                mistake="label noise at the rate of the full batch, b/n of it",
                changes=rate(errors - square + fresh * b / n),
            ),
            Mutant(name="uncentred", mistake="|R|² not subtracted", changes=rate(errors + fresh)),
            Mutant(name="errors", mistake="the errors r_i forgotten", changes=rate(fresh)),
            Mutant(
                name="labels", mistake="the label noise forgotten", changes=rate(errors - square)
            ),
            Mutant(
                name="outputs", mistake="k forgotten", changes=rate(errors - square + fresh / k)
            ),
        ),
        inapplicable={
            "path": "the errors r_i are any processes here; the rate depends on the path",
            "algorithm": GATED,
        },
    )
