"""Claims about moments: what is stated of their expectations, beside what follows.

Without a martingale part, which is not claimed.  That it has mean zero is no matter of algebra:
where the growth of the coefficients does not show it (``derivations.integrability``), the drift of
a moment is not known to be the rate of its mean, and nothing is proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sympy import Add, Identity, ImmutableDenseMatrix, Integer, expand, sympify
from sympy.matrices.expressions import MatrixExpr

from .claim import MomentClaim
from .derivation import (
    Derivation,
    MatrixDifferential,
    ScalarDifferential,
    Step,
    algebraic_step,
    ito_derivation,
)
from .differential import differential
from .equality import equal
from .expressions import is_zero, tr
from .integrability import obstacle
from .printing import unicode
from .sde import MatrixSDE
from .symbols import Parameter, real, t

__all__ = [
    "moment_derivation",
    "moment_parts",
    "stated_drifts",
    "unproved",
    "weighted",
    "without_one",
]

PROVED = "the martingale part has mean zero"


def stated_drifts(claim: MomentClaim) -> tuple[Any, ...]:
    """Σ_j A_ij m_j for every moment, as stated; in the row of a matrix a scalar m_j is m_j I."""
    return _products(claim.matrix, claim.moments)


def _products(matrix: Any, moments: Sequence[Any]) -> tuple[Any, ...]:
    rows = ImmutableDenseMatrix(matrix).tolist()
    return tuple(_row(row, moments, like) for row, like in zip(rows, moments, strict=True))


def _row(row: Sequence[Any], moments: Sequence[Any], like: Any) -> Any:
    total = 0 * like
    for c, m in zip(row, moments, strict=True):
        if c == 0:
            continue
        as_matrix = isinstance(like, MatrixExpr) and not isinstance(m, MatrixExpr)
        term = c * m * Identity(like.shape[0]) if as_matrix else c * m
        total = term if is_zero(total) else total + term
    return total


def weighted(values: Sequence[Any], like: Sequence[Any]) -> Any:
    """Σ_i c_i f_i + tr(P_i'F_i) with free weights: as much as all the values at once."""
    parts = []
    for n, (value, moment) in enumerate(zip(values, like, strict=True), 1):
        if isinstance(moment, MatrixExpr):
            parts.append(tr(Parameter(f"weight{n}", *moment.shape).T * value))
        else:
            parts.append(real(f"weight{n}") * value)
    return Add(*(part for part in parts if not is_zero(part)))


def moment_parts(claim: MomentClaim) -> Iterator[tuple[str, Any, Any]]:
    """Name, derived form and stated form of everything that a claim about moments states."""
    for moment, stated in zip(claim.moments, stated_drifts(claim), strict=True):
        yield f"drift of {unicode(moment)}", claim.sde.d(moment).drift, stated
    yield from _law_parts(claim)


def _law_parts(claim: MomentClaim) -> Iterator[tuple[str, Any, Any]]:
    """That each law solves the stated system, and starts where its moment does."""
    if not claim.laws:
        return
    slopes = _products(claim.matrix, claim.laws)
    for moment, law, slope in zip(claim.moments, claim.laws, slopes, strict=True):
        yield f"the law of E[{unicode(moment)}] solves the system", _slope(claim, law), slope
        yield f"the law of E[{unicode(moment)}] at time 0", moment, _at_start(law)


def _slope(claim: MomentClaim, law: Any) -> Any:
    """The derivative by t of a law: its differential where the states, its start, stand still."""
    still = MatrixSDE(dict.fromkeys(claim.sde.states, 0))
    return differential(still, law).drift


def _at_start(law: Any) -> Any:
    return sympify(law).xreplace({t: Integer(0)})


def unproved(claim: MomentClaim) -> str:
    """Why the means are not known to follow the drifts; empty where they do."""
    found = obstacle(claim.sde, claim.moments)
    return found and (
        f"that the martingale parts have mean zero is not proved: {found}; a DifferentialClaim "
        "states the drift alone"
    )


def without_one(claim: MomentClaim) -> str:
    """What to write where nothing but a constant is missing of a rate; empty elsewhere."""
    if any(not sympify(m).free_symbols for m in claim.moments):
        return ""
    states = set(claim.sde.states)
    for moment, stated in zip(claim.moments, stated_drifts(claim), strict=True):
        gap = expand(claim.sde.d(moment).drift - stated).doit()
        if not is_zero(gap) and not gap.free_symbols & states:
            return (
                f"a constant is missing, {unicode(gap)}: give 1 a place among the moments, with a "
                "column for it and a row of zeros, and 1 among the laws"
            )
    return ""


def moment_derivation(claim: MomentClaim) -> Derivation:
    """The drift of every moment, each by a derivation of its own, and the laws that solve them."""
    steps, used = [], dict[Any, None]()
    missing = obstacle(claim.sde, claim.moments)
    mean = f"if the martingale part has mean zero: {missing}" if missing else PROVED
    for moment in claim.moments:
        d = claim.sde.d(moment)
        inner = ito_derivation(d)
        used |= dict.fromkeys(inner.used)
        shown = MatrixDifferential if isinstance(moment, MatrixExpr) else ScalarDifferential
        steps.append(
            Step(
                rule=f"dE[{unicode(moment)}]/dt: the drift; {mean}",
                before=shown(moment),
                after=d.drift,
                check=f"{len(inner.steps)} checked steps of Itô's formula",
            )
        )
    # A law that is stated wrongly follows from nothing: the steps are those of what does follow.
    laws = [(name, derived, law) for name, derived, law in _law_parts(claim) if equal(derived, law)]
    steps += [algebraic_step(name, law, derived) for name, derived, law in laws]
    declared = (*claim.sde.assuming, *(a.condition for a in claim.assumptions))
    unused = tuple(fact for fact in dict.fromkeys(declared) if fact not in (None, *used))
    return Derivation(subject=claim.moments[0], steps=tuple(steps), used=tuple(used), unused=unused)
