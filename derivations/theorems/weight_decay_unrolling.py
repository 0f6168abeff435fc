"""Weight decay forgets: W_T is close to a matrix of low rank (Galanti et al., as derived here).

One step on the loss with decay λ|W|² is W⁺ = W − μ(G + 2λW) = κW − μG, κ = 1 − 2μλ, G the data
gradient of the batch.  Unrolled over m steps

    W_T = κ^m W_{T−m} − μ Σ_{j=1}^m κ^{j−1} G_{T−j},

by induction on m, the dimension m of the sum being a symbol: one step is the base case, and the
form for m, put into one more step, is the form for m + 1.  If every G_j is of rank r or less (see
batch_gradient_rank), G_j = D_jA_j', the sum is a product DA' through m r columns, by induction too:
one more step puts r columns beside them.  So W_T is |κ|^m |W_{T−m}| away from a matrix of rank m r
or less.  All of this holds for any κ; the distance becomes small if |1 − 2μλ| < 1.
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
    """Induction step and base case, three steps written out; the low rank, the distance."""
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


def _columns() -> tuple[Any, Any, Any, Any]:
    """D and A of the m steps before, m r columns each; those of the latest step, r columns."""
    return (
        Parameter("D", d, m * r),
        Parameter("A", c, m * r),
        Parameter("D_0", d, r),
        Parameter("A_0", c, r),
    )


def _near(late: int = 0) -> Any:
    """−μ [D_0, κD][A_0, A]', a product through (m + 1)r columns."""
    D, A, newest, inputs = _columns()
    left = stack(kappa**late * newest.T, kappa ** (late + 1) * D.T)
    return -mu * left.T * stack(inputs.T, A.T)


def _one_more() -> Any:
    """One step from κ^m W − μDA', the form for m, on the gradient D_0A_0'."""
    D, A, newest, inputs = _columns()
    return _step(kappa**m * W - mu * D * A.T, newest * inputs.T)


def _low_rank() -> IdentityClaim:
    _, _, newest, inputs = _columns()
    return IdentityClaim(
        id="weight_decay_unrolling.low_rank",
        title="gradients of rank r: W_T − κ^m W_{T−m} is a product through m r columns",
        source=SOURCE,
        statement="From m steps to m + 1, m a symbol: put into one more step on G = D_0A_0', "
        "r columns each, κ^m W − μDA' with its m r columns becomes κ^{m+1}W and a product through "
        "(m + 1)r.  The base case has no columns.  r = batch·reuse by batch_gradient_rank.",
        left=_one_more() - kappa ** (m + 1) * W,
        right=_near(),
        mutants=(
            Mutant(name="exponent", mistake="κ^j for κ^{j−1}", changes={"right": _near(late=1)}),
            Mutant(
                name="one_step",
                mistake="the latest r columns alone",
                changes={"right": -mu * newest * inputs.T},
            ),
            Mutant(name="factor_two", mistake="2μ for μ", changes={"right": 2 * _near()}),
            Mutant(name="sign", mistake="+ for −", changes={"right": -_near()}),
        ),
        inapplicable=STEP,
    )


def _distance() -> IdentityClaim:
    def squared(near: Any) -> Any:
        gap = _one_more() - near
        return tr(gap.T * gap)

    def stated(factor: Any = kappa, power: int = 2) -> dict[str, Any]:
        """What is left of the start, m + 1 steps before."""
        return {"right": factor ** (power * (m + 1)) * tr(W.T * W)}

    return IdentityClaim(
        id="weight_decay_unrolling.distance",
        title="|W_T − V| = |κ|^m |W_{T−m}| for a V of rank m r at most",
        source=SOURCE,
        statement="After one more step than m, so for every number of steps: the distance to V of "
        "the low rank is exactly what is left of the start, and the nearest matrix of that rank is "
        "no farther.",
        left=squared(_near()),
        **stated(),
        mutants=(
            Mutant(
                name="square",
                mistake="κ^m for κ^{2m} in the squared distance",
                changes=stated(power=1),
            ),
            Mutant(
                name="factor_two",
                mistake="1 − μλ for 1 − 2μλ",
                changes=stated(1 - mu * lam),
            ),
            Mutant(
                name="exponent",
                mistake="V with κ^j for κ^{j−1}",
                changes={"left": squared(_near(late=1))},
            ),
        ),
        inapplicable=STEP,
    )
