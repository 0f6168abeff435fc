"""Two dimensions: for which powers the larger and the smaller value are monotone in the mean."""

from __future__ import annotations

from typing import Any

from sympy import Ge, Le, Rational

from derivations import Assumption, MatrixSDE, Mutant, SignClaim, positive, total, tr
from derivations.expressions import BlockColumn

from ._network import PAPER
from ._plane import M, mu, plane, r, s

__all__ = ["first_signs", "q", "second_signs"]

SOURCE = f"{PAPER}, Section 5, two dimensions, as derived here"
q = positive("q")
HALF, ONE = Rational(1, 2), Rational(1)
NO_LAW = {
    "path": "the sign of a drift at a point is claimed, no law over a span of time",
    "algorithm": "the noise-only limit has no data to train on",
}


def _power(relation: Any, words: str) -> Assumption:
    return Assumption(text=f"the power q is {words}", condition=relation)


def first_signs(facts: tuple[Assumption, ...]) -> tuple[SignClaim, SignClaim]:
    """p = k = 1: λ^q of the two eigenvalues of M.

    With c and d the squared entries of the eigenvector, c + d = 1, the drift is
    qλ^q[4(2q − 1)cd + (c − d)²(λ + 3λ')/(λ − λ')].
    """
    E = mu.projector(r)
    c, d = (tr(K.T * E * K) for K in (BlockColumn(1, 1, 1), BlockColumn(0, 1, 1)))
    pull = total((mu[r] + 3 * mu[s]) / (mu[r] - mu[s]), s, excluding=r)
    shared: dict[str, Any] = {
        "source": SOURCE,
        "sde": MatrixSDE(plane(), assuming=[fact.condition for fact in facts]),
        "observable": mu[r] ** q,
        "shown": q * mu[r] ** q * (4 * (2 * q - 1) * c * d + (c - d) ** 2 * pull),
        "where": {"M": M},
        "inapplicable": NO_LAW,
    }
    least, most = _power(Ge(q, HALF), "at least ½"), _power(Le(q, HALF), "at most ½")
    larger = SignClaim(
        id="planar_powers.larger",
        title="p = k = 1: λ_1^q is a local submartingale for q ≥ ½",
        statement="Both terms of the drift are ≥ 0: 2q − 1 is, and so is λ_1 − λ_2.",
        sign=">=",
        number=1,
        assumptions=(*facts, least),
        mutants=(
            Mutant(name="sign", mistake="never rises in the mean", changes={"sign": "<="}),
            Mutant(name="smaller", mistake="said of the smaller one", changes={"number": -1}),
            Mutant(
                name="power",
                mistake="from q = ¼ on",
                changes={"assumptions": (*facts, _power(Ge(q, Rational(1, 4)), "at least ¼"))},
            ),
        ),
        **shared,
    )
    smaller = SignClaim(
        id="planar_powers.smaller",
        title="p = k = 1: λ_2^q is a local supermartingale for 0 < q ≤ ½",
        statement="Both terms of the drift are ≤ 0: 2q − 1 is, and so is λ_2 − λ_1.",
        sign="<=",
        number=-1,
        assumptions=(*facts, most),
        mutants=(
            Mutant(name="sign", mistake="never falls in the mean", changes={"sign": ">="}),
            Mutant(name="larger", mistake="said of the larger one", changes={"number": 1}),
            Mutant(
                name="power",
                mistake="up to q = 1, as for the singular values of W1",
                changes={"assumptions": (*facts, _power(Le(q, ONE), "at most 1"))},
            ),
        ),
        **shared,
    )
    return larger, smaller


def second_signs(reading: Any) -> tuple[SignClaim, SignClaim]:
    """p = l = 2, k = 1: σ^q of the two singular values of W1, from the claim of their drift."""
    facts = reading.assumptions
    shared: dict[str, Any] = {
        "source": SOURCE,
        "sde": reading.sde,
        "observable": reading.observable,
        "shown": reading.drift,
        "inapplicable": NO_LAW,
    }
    most = _power(Le(q, ONE), "at most 1")
    larger = SignClaim(
        id="planar_powers.larger_singular_value",
        title="p = l = 2, k = 1: σ_1^q is a local submartingale for q > 0",
        statement="All terms of (q/2)σ_1^{q−2}[(q + λ_2/Δ)a_1² + (λ_1/Δ)a_2²] are ≥ 0.",
        sign=">=",
        number=1,
        assumptions=facts,
        mutants=(
            Mutant(name="sign", mistake="never rises in the mean", changes={"sign": "<="}),
            Mutant(name="smaller", mistake="said of the smaller one", changes={"number": -1}),
        ),
        **shared,
    )
    smaller = SignClaim(
        id="planar_powers.smaller_singular_value",
        title="p = l = 2, k = 1: σ_2^q is a local supermartingale for 0 < q ≤ 1",
        statement="(q/2)σ_2^{q−2}[(q − 1 − λ_2/Δ)a_2² − (λ_2/Δ)a_1²] with Δ = λ_1 − λ_2.",
        sign="<=",
        number=-1,
        assumptions=(*facts, most),
        mutants=(
            Mutant(name="sign", mistake="never falls in the mean", changes={"sign": ">="}),
            Mutant(name="any_power", mistake="for every q > 0", changes={"assumptions": facts}),
        ),
        **shared,
    )
    return larger, smaller
