"""The last step of a derivation: what it arrives at is what is stated, in another writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Basic, Integer, MatMul, Trace, sympify

from .claim import Claim, DifferentialClaim, MomentClaim, TimeChangeClaim
from .derivation import Derivation, Step
from .equality import Equality, Status, equal
from .expressions import is_zero
from .moment_claims import stated_drifts
from .symbols import dt
from .update import StepClaim

__all__ = ["ARRIVAL", "Comparison", "arrival", "arrival_words"]

ARRIVAL = "the form that is stated"
"""The rule of the step."""

_WORDS = (
    "What is derived and what is stated are one, and written differently. To go from one to the "
    "other, products are multiplied out, traces are rotated, tr(AB) = tr(BA), and turned over, "
    "tr(A') = tr(A), and equal terms are added."
)

_MORE = {
    "E_": (
        "Eigenprojectors are taken together with E_i E_j = 0 for i ≠ j, E_i² = E_i, Σ_i E_i = I, "
        "S E_i = λ_i E_i for their matrix S, and, since each has rank one, "
        "tr(E_i A E_i B) = tr(E_i A) tr(E_i B)."
    ),
    "K₁": "Blocks are taken together with K₁K₁' + K₂K₂' = I.",
    "⁻¹": "Inverses are cancelled against their matrices.",
}
"""What stands in a formula -> what is known of it besides."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A part of what a claim states, beside what is derived."""

    name: str
    derived: Any
    stated: Any
    answer: Equality


def arrival(
    claim: Claim,
    derivation: Derivation,
    compared: Sequence[Comparison],
    shown: Callable[[Any], str],
) -> Iterator[Step]:
    """The steps from what is derived to what is stated, where the two are ``shown`` differently."""
    for before, after, parts in _pairs(claim, derivation, compared):
        if all(shown(part.derived) == shown(part.stated) for part in parts):
            continue
        if all(map(_one, parts)):
            check = "; ".join(dict.fromkeys(part.answer.reason for part in parts))
            yield Step(rule=ARRIVAL, before=before, after=after, check=check)


def arrival_words(step: Step, before: str, after: str) -> str:
    """What is used to go from one form to the other; both are given in Unicode too."""
    if _turned(step.before) == _turned(step.after):
        return "The same, with traces rotated, tr(AB) = tr(BA), or turned over, tr(A') = tr(A)."
    more = [said for mark, said in _MORE.items() if mark in before or mark in after]
    return " ".join([_WORDS, *more])


def _turned(expression: Any) -> Any:
    """With each trace of a product in the turn that is first by its text."""
    traces = expression.atoms(Trace) if isinstance(expression, Basic) else ()
    return expression.xreplace({trace: Trace(_first(trace.arg)) for trace in traces})


def _first(product: Any) -> Any:
    if not isinstance(product, MatMul):
        return product
    factors = list(product.args)
    back = list(product.T.doit().args) if all(hasattr(f, "shape") for f in factors) else factors
    turns = [one[n:] + one[:n] for one in (factors, back) for n in range(len(one))]
    return MatMul(*min(turns, key=str))


def _one(part: Comparison) -> bool:
    """Whether both are equal, or agree wherever they were looked at."""
    return part.answer.status is not Status.DIFFERENT and bool(part.answer or part.answer.points)


def _pairs(
    claim: Any, derivation: Derivation, compared: Sequence[Comparison]
) -> Iterator[tuple[Any, Any, Sequence[Comparison]]]:
    """Last form, stated form, and the parts of which both are made."""
    last = derivation.result
    if isinstance(claim, DifferentialClaim) and claim.martingale is None:
        (drift,) = compared
        yield _differential(drift.derived), _differential(drift.stated), compared
    elif isinstance(claim, DifferentialClaim):
        yield last, _differential(claim.drift, claim.martingale), compared
    elif compared:
        yield last, _differential(compared[0].stated), compared
    else:
        for before, after in _forms(claim, derivation):
            answer = equal(before, after)
            part = Comparison(name="", derived=before, stated=after, answer=answer)
            yield before, after, (part,)


def _forms(claim: Any, derivation: Derivation) -> Iterator[tuple[Any, Any]]:
    steps = derivation.steps
    if isinstance(claim, StepClaim) and claim.order is None:
        yield derivation.result, sympify(claim.change)
    elif isinstance(claim, MomentClaim):
        for step, said in zip(steps, stated_drifts(claim), strict=False):
            yield step.after, sympify(said)
    elif isinstance(claim, TimeChangeClaim):
        changed = claim.changed.to_ito()
        for step, state in zip(steps, claim.sde.states, strict=True):
            yield step.after, changed.equations[state]


def _differential(drift: Any, martingale: Any = 0) -> Any:
    """Drift dt + martingale part; what is zero is left out."""
    drift, martingale = sympify(drift), sympify(martingale)
    if is_zero(drift):
        return martingale if not is_zero(martingale) else Integer(0)
    return dt * drift if is_zero(martingale) else dt * drift + martingale
