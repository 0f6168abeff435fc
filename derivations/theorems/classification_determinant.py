"""Classification losses: the residual changes, the determinant laws do not (RD §6, derived here).

Logistic and softmax loss depend on W1 W2 only, so dΘ = S(R)Θ dt with another residual: a sample
adds x_i (y_i − q_i)'/n, with its label distribution y_i and the predicted one q_i.  Gradient flow
conserves det M, and label noise makes it fall by the variance of the labels drawn:

* labels in {0, 1} flipped with probability ρ: a draw has mean (1−2ρ)y + ρ and variance ρ(1−ρ);
* a class drawn from π_i: covariance diag(π_i) − π_iπ_i' = Σ_{c<d} π_icπ_id (e_c − e_d)(e_c − e_d)',
  whose trace is 1 − |π_i|².

The sum over pairs of classes gives a square root without roots of matrices, and shows that the
noise never leaves the plane 1'ξ = 0.  Probabilities are written as squares over their sum.
"""

from __future__ import annotations

from typing import Any

from sympy import Gt, MatAdd, Rational, ZeroMatrix, sqrt

from derivations import (
    INITIAL,
    Assumption,
    Brownian,
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
    dims,
    dt,
    index,
    logdet,
    stack,
    t,
    total,
    tr,
)

from ._classification import (
    CLASSES,
    DRAWS,
    ONE,
    OWN,
    PAIRS,
    SOURCE,
    TERNARY,
    column,
    distribution,
    i,
    logits,
    one_hot,
    root_of_product,
    softmax,
    x,
)
from ._label_draws import label_draws, label_variance
from ._label_flips import flip_draws, label_flips
from ._loss_gradients import logistic_gradient, softmax_gradient
from ._network import RANK, W1, WHERE, WIDTH, M, b, eta, k, l, moved_by, n, p

ELSEWHERE = {
    "path": "predictions are any processes here; paths: classification_determinant.softmax_flow",
    "algorithm": DRAWS,
}


def theorem() -> Theorem:
    """Gradient flow, flipped and redrawn labels, minibatches, and what softmax conserves."""
    return Theorem(
        id="classification_determinant",
        title="Logistic and softmax loss change the residual, not the laws of det M",
        source=SOURCE,
        claims=(
            _flow(),
            _softmax_flow(),
            logistic_gradient(),
            softmax_gradient(),
            label_flips(),
            flip_draws(),
            _redrawn(),
            label_variance(),
            _softmax_noise(),
            label_draws(),
            _minibatch(),
            _class_sum(),
            _softmax_class_sum(),
        ),
    )


def _flow() -> DifferentialClaim:
    y, q = Family("y", k), Family("q", k, process=True)
    R = total(x[i] * (y[i] - q[i]).T, i) / n
    return DifferentialClaim(
        id="classification_determinant",
        title="d log det M = 0 under gradient flow of logistic and softmax loss",
        source=SOURCE,
        statement="The residual is (1/n) Σ_i x_i (y_i − q_i)', q_i the predicted probabilities, "
        "any function of the state; log det M has no drift.",
        sde=MatrixSDE(moved_by(R * dt), assuming=[RANK.condition]),
        observable=logdet(M),
        drift=0 * k,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(
                name="discrete",
                mistake="the second-order term of a GD step taken for the flow",
                changes={"drift": -2 * eta * tr(R * R.T)},
            ),
            Mutant(
                name="loss",
                mistake="log det M thought to follow the predictions",
                changes={"drift": 2 * total(tr(q[i].T * (y[i] - q[i])), i) / n},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _softmax_flow() -> DifferentialClaim:
    samples = [(Parameter(f"x{a}", p, 1), Parameter(f"y{a}", len(CLASSES), 1)) for a in (1, 2)]
    A = W1 * TERNARY.W2
    R = MatAdd(*(s * (y - column(softmax(logits(A, s)))).T for s, y in samples)) / 2
    sde = TERNARY.sde(R * dt)

    def stated(rate: Any) -> dict[str, Any]:
        """One rate, as every tier reads it."""
        path = PathCheck(
            sde=sde,
            observable=logdet(TERNARY.M),
            law=INITIAL + rate * t,
            horizon=1,
            sizes={p: 2, l: 7},
            values={samples[0][1]: [[1], [0], [0]], samples[1][1]: [[0], [0], [1]]},
        )
        return {"drift": rate, "path": path}

    return DifferentialClaim(
        id="classification_determinant.softmax_flow",
        title="det M is constant along gradient flow of the softmax loss, three classes",
        source=SOURCE,
        statement="The network with its softmax written out, two samples: det M(t) = det M(0).",
        sde=sde,
        observable=logdet(TERNARY.M),
        **stated(0 * p),
        assumptions=(TERNARY.rank, TERNARY.width),
        where=TERNARY.where,
        mutants=(
            Mutant(
                name="leak",
                mistake="a slow leak: −1/2 a unit of time",
                changes=stated(-Rational(1, 2)),
            ),
            Mutant(
                name="residual",
                mistake="2 tr(R W2'W1') for 0",
                changes={"drift": 2 * tr(R * TERNARY.W2.T * W1.T)},
            ),
        ),
        inapplicable={"algorithm": DRAWS},
    )


def _redrawn() -> DifferentialClaim:
    draws = dims("m")
    j = index("j", draws)
    sample, e, mean = Family("x", p), Family("e", k), Family("c", k, process=True)
    s, beta = Family("s", process=True), BrownianFamily("beta")
    R = Process("R", p, k)
    noise = total(s[j] * beta[j].d * sample[j] * (e[j] - mean[j]).T, j)
    gap = tr((e[j] - mean[j]).T * (e[j] - mean[j]))
    variance = total(s[j] ** 2 * tr(sample[j].T * sample[j]) * gap, j)
    return DifferentialClaim(
        id="classification_determinant.redrawn_labels",
        title="labels drawn anew: rate (2η/n²) Σ_i |x_i|² Σ_c π_ic |e_c − c_i|²",
        source=OWN,
        statement="j runs over the pairs of a sample and a class, s_j² is the class's probability "
        "there, e_j its code, c_j the mean code; any number of classes, any codes.",
        sde=MatrixSDE(
            moved_by(R * dt + sqrt(eta) / n * noise),
            assuming=[RANK.condition],
        ),
        observable=logdet(M),
        drift=-2 * eta / n**2 * variance,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(
                name="factor_two",
                mistake="1 for 2",
                changes={"drift": -eta / n**2 * variance},
            ),
            Mutant(
                name="uncentred",
                mistake="the mean code not subtracted",
                changes={
                    "drift": -2
                    * eta
                    / n**2
                    * total(s[j] ** 2 * tr(sample[j].T * sample[j]) * tr(e[j].T * e[j]), j)
                },
            ),
            Mutant(
                name="mean_loss",
                mistake="1/n for 1/n²",
                changes={"drift": -2 * eta / n * variance},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _softmax_residual() -> Any:
    """(1/n) Σ_i x_i (y_i − q_i)' for label and predicted distributions over three classes."""
    labels, predicted = distribution("y"), distribution("q")
    gap = column([a - q for a, q in zip(labels, predicted, strict=True)])
    return total(x[i] * gap.T, i) / n


def _softmax_drawn(R: Any) -> MatrixSDE:
    """Labels drawn anew from y_i at every step: noise by pairs of classes, and a residual R."""
    terms = []
    for c, d in PAIRS:
        beta = BrownianFamily(f"beta{c + 1}{d + 1}")
        root = root_of_product("y", c, d)
        terms.append(root * beta[i].d * x[i] * (one_hot(c) - one_hot(d)).T)
    noise = sqrt(eta) / n * total(MatAdd(*terms), i)
    return TERNARY.sde(R * dt + noise)


def _softmax_noise() -> DifferentialClaim:
    labels = distribution("y")

    def rate(spread: Any, scale: Any = -2 * eta / n**2) -> Any:
        return scale * total(tr(x[i].T * x[i]) * spread, i)

    squares = sum(q**2 for q in labels)
    return DifferentialClaim(
        id="classification_determinant.softmax_label_noise",
        title="classes drawn from π_i: rate (2η/n²) Σ_i |x_i|²(1 − |π_i|²), three classes",
        source=SOURCE,
        statement="Gaussian noise with the covariance diag(π_i) − π_iπ_i' of the labels drawn; "
        "predictions and π_i are any processes.",
        sde=_softmax_drawn(Process("R", p, len(CLASSES))),
        observable=logdet(TERNARY.M),
        drift=rate(1 - squares),
        assumptions=(TERNARY.rank, TERNARY.width),
        where=TERNARY.where,
        mutants=(
            Mutant(
                name="factor_two",
                mistake="1 for 2",
                changes={"drift": rate(1 - squares, -eta / n**2)},
            ),
            Mutant(name="uncentred", mistake="|π|² forgotten", changes={"drift": rate(1)}),
            Mutant(
                name="diagonal",
                mistake="independent entries with the variances π_c: the sign of |π|² turned",
                changes={"drift": rate(1 + squares)},
            ),
            Mutant(
                name="largest",
                mistake="π_1(1−π_1), the variance of one class, for all",
                changes={"drift": rate(labels[0] * (1 - labels[0]))},
            ),
            Mutant(name="missing_ito", mistake="no Itô term", changes={"drift": 0 * p}),
        ),
        inapplicable={**ELSEWHERE, "path": "the rate depends on the path through π_i"},
    )


def _minibatch() -> DifferentialClaim:
    y, q = Family("y", k), Family("q", k, process=True)
    r = y[i] - q[i]
    R = total(x[i] * r.T, i) / n
    noise = sqrt(eta / (b * n)) * total((x[i] * r.T - R) * BrownianFamily("beta")[i].d, i)
    squares = total(tr(x[i].T * x[i]) * tr(r.T * r), i) / n
    spread = squares - tr(R * R.T)
    return DifferentialClaim(
        id="classification_determinant.minibatch",
        title="minibatch: rate (2η/b)(1/n Σ|x_i|²|y_i − q_i|² − |R|²)",
        source=SOURCE,
        statement="Gaussian noise with the covariance of a minibatch drawn with replacement, "
        "q_i the predicted probabilities, logistic or softmax.",
        sde=MatrixSDE(moved_by(R * dt + noise), assuming=[RANK.condition]),
        observable=logdet(M),
        drift=-2 * eta / b * spread,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 for 2", changes={"drift": -eta / b * spread}),
            Mutant(
                name="uncentred",
                mistake="|R|² not subtracted",
                changes={"drift": -2 * eta / b * squares},
            ),
            Mutant(name="batch", mistake="b² for b", changes={"drift": -2 * eta / b**2 * spread}),
        ),
        inapplicable={**ELSEWHERE, "path": "the rate depends on the path"},
    )


def _class_sum() -> DifferentialClaim:
    W2, H = State("W2", l, k), Process("H", p, k)
    ones, G = Parameter("u", k, 1), Family("G", p, k, process=True)
    motion = BrownianFamily("beta")[i].d
    away = total(G[i] * motion, i)
    reaching = Process("K", p, k) * Brownian("gamma").d
    dG = H * dt + reaching + away - away * ones * ones.T / tr(ones.T * ones)
    drift = W1.T * H * ones
    return DifferentialClaim(
        id="classification_determinant.class_sum",
        title="d(W2 u) = W1'(H dt + K dγ)u: noise with rows orthogonal to u does not reach W2 u",
        source=OWN,
        statement="For the softmax u is the vector of ones: labels drawn and minibatches have rows "
        "y − q, which sum to zero, here the projected G_i; and so has the residual H.  With "
        "Hu = 0 and no other noise K, W2 u does not move at all.",
        sde=MatrixSDE({W1: dG * W2.T, W2: W1.T * dG}),
        observable=W2 * ones,
        assumptions=(Assumption(text="there are two classes or more", condition=Gt(k, 1)),),
        drift=drift,
        martingale=W1.T * reaching * ones,
        mutants=(
            Mutant(name="factor_two", mistake="2 for 1", changes={"drift": 2 * drift}),
            Mutant(
                name="noise",
                mistake="the projected noise counted too",
                changes={"martingale": W1.T * (reaching + away) * ones},
            ),
        ),
        inapplicable=ELSEWHERE,
    )


def _softmax_class_sum() -> DifferentialClaim:
    ones = stack(*(ONE for _ in CLASSES))
    labels, predicted = distribution("y"), distribution("q")
    first = total((labels[0] - predicted[0]) * x[i], i) / n
    return DifferentialClaim(
        id="classification_determinant.softmax_class_sum",
        title="softmax conserves W2·1, with labels drawn anew or not",
        source=SOURCE,
        statement="No drift and no martingale part: probabilities sum to one, and so do labels.",
        sde=_softmax_drawn(_softmax_residual()),
        observable=TERNARY.W2 * ones,
        assumptions=(TERNARY.rank, TERNARY.width),
        drift=ZeroMatrix(l, 1),
        martingale=ZeroMatrix(l, 1),
        mutants=(
            Mutant(
                name="one_class",
                mistake="one column of W2 for their sum",
                changes={"observable": TERNARY.W2 * one_hot(0)},
            ),
            Mutant(
                name="first_class",
                mistake="the residual of the first class alone",
                changes={"drift": W1.T * first},
            ),
        ),
        inapplicable={**ELSEWHERE, "path": "predictions are any processes here"},
    )
