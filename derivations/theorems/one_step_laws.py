"""One step of the real algorithms, in the mean over what they draw (RD §6, as derived here).

Θ⁺ = (I + η S(G)) Θ with the noisy residual G changes log det M by −2η²|G|² + O(η⁴).  In the mean
|G|² is |R|² plus the variance of the draw, so that the |R|² term has the order of the noise term:
δk|X|²/n² for label noise, (1/b)(1/n Σ_i |x_i|²|r_i|² − |R|²) for a minibatch, times (n − b)/(n − 1)
without replacement.  Weight decay adds a term of first order.
"""

from typing import Any

from sympy import Ge, Gt, Le, sqrt

from derivations import (
    Assumption,
    Family,
    Gaussian,
    Minibatch,
    Mutant,
    State,
    StepClaim,
    Theorem,
    TwoPoint,
    Update,
    det,
    dims,
    full_row_rank,
    index,
    logdet,
    stack,
    total,
    tr,
)

from ._network import (
    PAPER,
    RANK,
    W1,
    W2,
    WHERE,
    WIDTH,
    M,
    X,
    delta,
    eta,
    k,
    l,
    mu,
    n,
    p,
    residual,
)

SOURCE = f"{PAPER}, Section 6, as derived here"
STEP = {
    "path": "one step of an algorithm has no paths",
    "algorithm": "many steps on real data: discrete_determinant and label_noise_determinant",
}
normals, signs = Gaussian("xi", n, k), TwoPoint("xi", n, k)
noise = sqrt(delta) / n * X.T
R2, X2 = tr(residual.T * residual), tr(X.T * X)


def _step(G: Any, decay: Any = 0) -> Update:
    """W1⁺ = (1 − ηd) W1 + η G W2', W2⁺ = (1 − ηd) W2 + η W1'G."""
    keep = 1 - eta * decay
    return Update({W1: keep * W1 + eta * G * W2.T, W2: keep * W2 + eta * W1.T * G})


def theorem() -> Theorem:
    """Label noise, minibatches, weight decay; the imbalance; what normals do and signs do not."""
    return Theorem(
        id="one_step_laws",
        title="One step of SGD in the mean: log det M, the imbalance, det M",
        source=SOURCE,
        claims=(
            _label_noise(),
            _third_order(),
            _minibatch(replacement=True),
            _minibatch(replacement=False),
            _decay(),
            _imbalance(),
            _fourth_moment(),
        ),
    )


def _label_noise() -> StepClaim:
    change = -2 * eta**2 * (R2 + delta * k * X2 / n**2)
    return StepClaim(
        id="one_step_laws",
        title="label noise: E log det M⁺ − log det M = −2η²(|R|² + δk|X|²/n²) + O(η³)",
        source=SOURCE,
        statement="Normal label noise of variance δ.  The squared residual costs as much as the "
        "noise, to the same order in η: at fixed δ the step and its SDE do not agree as η → 0.",
        update=_step(residual + noise * normals),
        observable=logdet(M),
        change=change,
        step=eta,
        order=3,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="factor_two", mistake="1 for 2", changes={"change": change / 2}),
            Mutant(
                name="sde",
                mistake="the SDE's rate: |R|² forgotten",
                changes={"change": -2 * eta**2 * delta * k * X2 / n**2},
            ),
            Mutant(name="sign", mistake="growth for decay", changes={"change": -change}),
            Mutant(name="power", mistake="η for η²", changes={"change": change / eta}),
            Mutant(
                name="root_delta",
                mistake="√δ for δ",
                changes={"change": -2 * eta**2 * (R2 + sqrt(delta) * k * X2 / n**2)},
            ),
        ),
        inapplicable=STEP,
    )


def _third_order() -> StepClaim:
    return StepClaim(
        id="one_step_laws.third_order",
        title="label noise: the terms of third order vanish",
        source=SOURCE,
        statement="log det M⁺ − log det M is even in η for every draw, so that the law of one step "
        "holds up to O(η⁴), and no further.",
        update=_step(residual + noise * signs),
        observable=logdet(M),
        change=-2 * eta**2 * (R2 + delta * k * X2 / n**2),
        step=eta,
        order=4,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(Mutant(name="order", mistake="O(η⁵) claimed", changes={"order": 5}),),
        inapplicable={
            **STEP,
            "derivation": "the expansion of log det is of second order: see one_step_laws",
        },
    )


def _minibatch(*, replacement: bool) -> StepClaim:
    i, b = index("i", n), dims("b")
    x, y = Family("x", p), Family("y", k)
    weights = Minibatch("w", b, replacement=replacement)
    r = y[i] - W2.T * W1.T * x[i]
    full = total(x[i] * r.T, i) / n
    square = tr(full.T * full)
    spread = total(tr(x[i].T * x[i]) * tr(r.T * r), i) / n - square

    def change(factor: Any) -> Any:
        return -2 * eta**2 * (square + factor * spread / b)

    factor = 1 if replacement else (n - b) / (n - 1)
    other = (n - b) / (n - 1) if replacement else 1
    how = "with" if replacement else "without"
    words = "" if replacement else "(n−b)/(n−1)·"
    mutants = [
        Mutant(
            name="replacement",
            mistake="the factor of the other kind of sampling",
            changes={"change": change(other)},
        ),
        Mutant(name="batch", mistake="1/b forgotten", changes={"change": change(factor * b)}),
        Mutant(
            name="uncentred",
            mistake="|R|² not subtracted",
            changes={"change": change(factor) - 2 * eta**2 * factor * square / b},
        ),
    ]
    if not replacement:
        off = change((n - b) / n)
        mutants.append(Mutant(name="off_by_one", mistake="n for n − 1", changes={"change": off}))
    return StepClaim(
        id=f"one_step_laws.{how}_replacement",
        title=f"minibatch {how} replacement: −2η²(|R|² + {words}V/b) + O(η³)",
        source=SOURCE,
        statement=f"V = 1/n Σ_i |x_i|²|r_i|² − |R|², b samples drawn {how} replacement, r_i the "
        "residual of sample i.",
        update=_step(total(weights[i] * x[i] * r.T, i) / n),
        observable=logdet(M),
        change=change(factor),
        step=eta,
        order=3,
        assumptions=(
            RANK,
            WIDTH,
            Assumption(text="the batch is at most the data set", condition=Le(b, n)),
            Assumption(text="there are two samples or more", condition=Gt(n, 1)),
        ),
        where=WHERE,
        mutants=tuple(mutants),
        inapplicable=STEP,
    )


def _decay() -> StepClaim:
    change = -2 * eta * mu * (p + k)
    return StepClaim(
        id="one_step_laws.weight_decay",
        title="weight decay (μ/2)|Θ|²: log det M falls by 2ημ(p + k) + O(η²)",
        source="as derived here",
        statement="To first order in η label noise and gradient leave log det M alone, and decay "
        "scales each of the p + k directions.",
        update=_step(residual + noise * normals, decay=mu),
        observable=logdet(M),
        change=change,
        step=eta,
        order=2,
        assumptions=(RANK, WIDTH),
        where=WHERE,
        mutants=(
            Mutant(name="half", mistake="1 for 2", changes={"change": change / 2}),
            Mutant(name="width", mistake="l for p + k", changes={"change": -2 * eta * mu * l}),
            Mutant(name="order", mistake="O(η³) claimed", changes={"order": 3}),
        ),
        inapplicable=STEP,
    )


def _imbalance() -> StepClaim:
    gradient = W2 * residual.T * residual * W2.T - W1.T * residual * residual.T * W1
    drawn = delta / n**2 * (X2 * W2 * W2.T - k * W1.T * X.T * X * W1)
    change = eta**2 * (gradient + drawn)
    return StepClaim(
        id="one_step_laws.imbalance",
        title="E D⁺ − D = η²[W2R'RW2' − W1'RR'W1 + δ(|X|² W2W2' − k W1'X'XW1)/n²], exactly",
        source="as derived here",
        statement="D = W1'W1 − W2W2'.  The drift of balancedness, and the squared gradient beside "
        "it; any independent labels of variance δ.",
        update=_step(residual + noise * signs),
        observable=W1.T * W1 - W2 * W2.T,
        change=change,
        mutants=(
            Mutant(name="sign", mistake="the imbalance grows", changes={"change": -change}),
            Mutant(
                name="flow",
                mistake="conserved, as for gradient flow",
                changes={"change": eta**2 * drawn},
            ),
            Mutant(
                name="outputs",
                mistake="k forgotten",
                changes={
                    "change": eta**2
                    * (gradient + delta / n**2 * (X2 * W2 * W2.T - W1.T * X.T * X * W1))
                },
            ),
        ),
        inapplicable=STEP,
    )


def _fourth_moment() -> StepClaim:
    a, g = State("W2", l, 1), Gaussian("g", p)
    G = sqrt(delta) * g
    planar = stack(W1, a.T)
    square = planar * planar.T
    s = eta**2 * delta

    def change(fourth: Any) -> Any:
        return (s**2 * fourth - 2 * s * p) * det(square)

    return StepClaim(
        id="one_step_laws.fourth_moment",
        title="one output, normal noise alone: E det M⁺ = (1 − 2η²δp + η⁴δ²p(p+2)) det M, exactly",
        source="as derived here",
        statement="det M⁺ = (1 − η²|G|²)² det M and E|g|⁴ = p(p + 2) for p standard normals; of "
        "signs |g|² is p, and the bracket is (1 − η²δp)².",
        update=Update({W1: W1 + eta * G * a.T, a: a + eta * W1.T * G}),
        observable=det(square),
        change=change(p * (p + 2)),
        assumptions=(
            Assumption(text="[W1; W2'] has full row rank", condition=full_row_rank(planar)),
            Assumption(text="the width l is at least p + 1", condition=Ge(l, p + 1)),
        ),
        mutants=(
            Mutant(name="signs", mistake="signs for normals", changes={"change": change(p**2)}),
            Mutant(
                name="uncorrelated",
                mistake="E|g|⁴ = 3p",
                changes={"change": change(3 * p)},
            ),
        ),
        inapplicable={
            **STEP,
            "derivation": "the determinant of the moved stack is not expanded in the draw",
        },
    )
