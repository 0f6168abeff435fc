"""Weight decay forgets: W_T is close to a matrix of low rank (Galanti et al., as derived here).

One step on the loss with decay λ|W|² is W⁺ = W − μ(G + 2λW) = κW − μG, κ = 1 − 2μλ, G the data
gradient of the batch.  Unrolled over m steps

    W_T = κ^m W_{T−m} − μ Σ_{j=1}^m κ^{j−1} G_{T−j},

by induction on m, the dimension m of the sum being a symbol: one step is the base case, and the
form for m, put into one more step, is the form for m + 1.  If every G_j is of rank r or less (see
batch_gradient_rank), the sum is of rank m r or less, and W_T is |κ|^m |W_{T−m}| away from it.
All of this holds for any κ; the distance becomes small if |1 − 2μλ| < 1.
"""

from functools import reduce
from typing import Any

from derivations import (
    Family,
    IdentityClaim,
    Mutant,
    Parameter,
    State,
    Theorem,
    dims,
    index,
    positive,
    stack,
    total,
    tr,
)

SOURCE = "Galanti, Xu, Poggio et al. (seed 002), as derived here"
STEP = {
    "path": "steps of an algorithm have no paths of an SDE",
    "algorithm": "any gradients, of any network: there is no det M here",
}
d, c, m, r = dims("d c m r")
mu, lam = positive("mu"), positive("lambda")
kappa = 1 - 2 * mu * lam
W = State("W", d, c)
EARLIER = 3
"""Steps that are written out one by one."""


def theorem() -> Theorem:
    """Induction step and base case, some steps written out, the low rank, the distance."""
    return Theorem(
        id="weight_decay_unrolling",
        title="SGD with weight decay is close to the sum of its last gradients",
        source=SOURCE,
        claims=(_induction(), _base(), _written_out(), _low_rank(), _distance()),
    )


def _step(before: Any, G: Any, decay: Any = 2 * lam) -> Any:
    """One step of learning rate μ on gradient and decay."""
    return before - mu * (G + decay * before)


def _induction() -> IdentityClaim:
    latest, j = Parameter("G_0", d, c), index("j", m)
    weight, G = Family("a"), Family("G", d, c)
    older = total(weight[j] * G[j], j)
    return IdentityClaim(
        id="weight_decay_unrolling",
        title="from m steps to m + 1: W_{T−m} keeps κ^{m+1}, a_j becomes κa_j, the latest has 1",
        source=SOURCE,
        statement="One more step gives the latest gradient the weight 1 and each of the m older "
        "ones a factor κ, m a symbol: with a_1 = 1 from the base case a_j = κ^{j−1} for all j.",
        left=_step(kappa**m * W - mu * older, latest),
        right=kappa ** (m + 1) * W - mu * (latest + kappa * older),
        mutants=(
            Mutant(
                name="exponent",
                mistake="two factors κ a step for the older gradients",
                changes={"right": kappa ** (m + 1) * W - mu * (latest + kappa**2 * older)},
            ),
            Mutant(
                name="late",
                mistake="κ^j for κ^{j−1}: the latest gradient shrunk too",
                changes={"right": kappa ** (m + 1) * W - mu * kappa * (latest + older)},
            ),
            Mutant(
                name="stuck",
                mistake="κ^m for κ^{m+1}",
                changes={"right": kappa**m * W - mu * (latest + kappa * older)},
            ),
            Mutant(
                name="factor_two",
                mistake="1 − μλ for 1 − 2μλ",
                changes={
                    "right": (1 - mu * lam) * kappa**m * W - mu * (latest + (1 - mu * lam) * older)
                },
            ),
            Mutant(
                name="sign",
                mistake="the gradients added",
                changes={"right": kappa ** (m + 1) * W + mu * (latest + kappa * older)},
            ),
        ),
        inapplicable=STEP,
    )


def _base() -> IdentityClaim:
    G = Parameter("G", d, c)
    return IdentityClaim(
        id="weight_decay_unrolling.base",
        title="one step: W − μ(G + 2λW) = (1 − 2μλ)W − μG",
        source=SOURCE,
        statement="The base case, m = 1; λ|W|² has the gradient 2λW.",
        left=_step(W, G),
        right=kappa * W - mu * G,
        mutants=(
            Mutant(
                name="factor_two",
                mistake="1 − μλ: the decay written (λ/2)|W|²",
                changes={"right": (1 - mu * lam) * W - mu * G},
            ),
            Mutant(
                name="scaled",
                mistake="the gradient shrunk too",
                changes={"right": kappa * (W - mu * G)},
            ),
        ),
        inapplicable=STEP,
    )


def _gradients() -> list[Any]:
    """G_{T−1}, G_{T−2}, …, the latest first."""
    return [Parameter(f"G_{j}", d, c) for j in range(1, EARLIER + 1)]


def _run(gradients: list[Any]) -> Any:
    """W_T from W = W_{T−m} by real steps, the earliest gradient first."""
    return reduce(_step, reversed(gradients), W)


def _written_out() -> IdentityClaim:
    G = _gradients()

    def unrolled(factor: Any = kappa, late: int = 0, sign: int = -1) -> Any:
        """The form for m = `EARLIER`."""
        weighed = (factor ** (j + late) * gradient for j, gradient in enumerate(G))
        return factor**EARLIER * W + sign * mu * reduce(lambda a, b: a + b, weighed)

    return IdentityClaim(
        id="weight_decay_unrolling.written_out",
        title="three steps: W_T = κ³W_{T−3} − μ(G_{T−1} + κG_{T−2} + κ²G_{T−3})",
        source=SOURCE,
        statement="The steps themselves, taken one after the other, beside the unrolled form.",
        left=_run(G),
        right=unrolled(),
        mutants=(
            Mutant(
                name="factor_two",
                mistake="1 − μλ for 1 − 2μλ",
                changes={"right": unrolled(1 - mu * lam)},
            ),
            Mutant(name="exponent", mistake="κ^j for κ^{j−1}", changes={"right": unrolled(late=1)}),
            Mutant(name="sign", mistake="+ μ Σ for − μ Σ", changes={"right": unrolled(sign=1)}),
            Mutant(
                name="order",
                mistake="the gradients in the wrong order",
                changes={"left": _run(G[::-1])},
            ),
        ),
        inapplicable=STEP,
    )


def _factors() -> tuple[list[Any], list[Any]]:
    """D_j and A_j with G_{T−j} = D_j A_j', r columns each."""
    numbers = range(1, EARLIER + 1)
    return [Parameter(f"D_{j}", d, r) for j in numbers], [
        Parameter(f"A_{j}", c, r) for j in numbers
    ]


def _near(shift: int = 0) -> Any:
    """−μ [D_1, κD_2, κ²D_3] [A_1, A_2, A_3]', a product through 3r columns."""
    D, A = _factors()
    left = stack(*(kappa ** (j + shift) * part.T for j, part in enumerate(D)))
    return -mu * left.T * stack(*(part.T for part in A))


def _low_rank() -> IdentityClaim:
    D, A = _factors()
    moved = _run([a * b.T for a, b in zip(D, A, strict=True)])
    return IdentityClaim(
        id="weight_decay_unrolling.low_rank",
        title="gradients of rank r: W_T − κ³W_{T−3} is a product through 3r columns",
        source=SOURCE,
        statement="With G_{T−j} = D_jA_j', r columns each, what three steps have added has rank "
        "3r at most; r = batch·reuse by batch_gradient_rank.",
        left=moved - kappa**EARLIER * W,
        right=_near(),
        mutants=(
            Mutant(name="exponent", mistake="κ^j for κ^{j−1}", changes={"right": _near(shift=1)}),
            Mutant(
                name="one_step",
                mistake="one block of r columns alone",
                changes={"right": -mu * D[0] * A[0].T},
            ),
            Mutant(name="sign", mistake="+ for −", changes={"right": -_near()}),
        ),
        inapplicable=STEP,
    )


def _distance() -> IdentityClaim:
    D, A = _factors()
    moved = _run([a * b.T for a, b in zip(D, A, strict=True)])

    def squared(near: Any) -> Any:
        return tr((moved - near).T * (moved - near))

    return IdentityClaim(
        id="weight_decay_unrolling.distance",
        title="|W_T − V| = κ³|W_{T−3}| for a V of rank 3r at most",
        source=SOURCE,
        statement="The distance to V of the low rank is exactly what is left of the start; the "
        "nearest matrix of that rank is no farther.",
        left=squared(_near()),
        right=kappa ** (2 * EARLIER) * tr(W.T * W),
        mutants=(
            Mutant(
                name="square",
                mistake="κ^m for κ^{2m} in the squared distance",
                changes={"right": kappa**EARLIER * tr(W.T * W)},
            ),
            Mutant(
                name="factor_two",
                mistake="1 − μλ for 1 − 2μλ",
                changes={"right": (1 - mu * lam) ** (2 * EARLIER) * tr(W.T * W)},
            ),
            Mutant(
                name="exponent",
                mistake="V with κ^j for κ^{j−1}",
                changes={"left": squared(_near(shift=1))},
            ),
        ),
        inapplicable=STEP,
    )
