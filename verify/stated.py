"""The stated parts of a problem with their terms: from its declaration, or from its functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy.functions.special.tensor_functions import KroneckerDelta

from derivations.codegen.formulas import claimed_indices
from derivations.codegen.stated_parts import (
    StatedPart,
    TermKernel,
    compiled_term,
    simplified,
    stated_parts,
)
from derivations.expressions import is_zero
from derivations.stated_terms import LEVELS, stated_terms

from .problem import Problem

if TYPE_CHECKING:
    from numerics.kernel import Kernel

__all__ = [
    "Residual",
    "StatedPart",
    "TermKernel",
    "clock_of",
    "engine_residual",
    "parts_at",
    "term_of",
]


def parts_at(problem: Problem, level: str, *, candidates: bool = False) -> tuple[StatedPart, ...]:
    """The parts of a problem; a function is one term, unless its terms are given as functions."""
    if problem.claim is not None:
        return stated_parts(problem.claim, level, candidates=candidates)
    return tuple(_of_functions(problem))


def _of_functions(problem: Problem) -> Iterator[StatedPart]:
    kernels = problem.kernels
    if problem.kind == "differential":
        subject = (kernels["observable"],)
        for name, quantity in (("drift", "drift"), ("martingale", "martingale")):
            words = "martingale part" if name == "martingale" else name
            terms = _function_terms(problem, f"stated_{name}", words)
            yield StatedPart(name=words, quantity=quantity, subject=subject, terms=terms)
    elif problem.kind == "covariation":
        terms = _function_terms(problem, "stated_rate", "rate")
        pair = (kernels["first"], kernels["second"])
        yield StatedPart(name="rate", quantity="covariation", subject=pair, terms=terms)
    elif problem.kind == "identity":
        for side, other in (("right", "left"), ("left", "right")):
            terms = _function_terms(problem, side, f"{side}-hand side")
            name = f"{side}-hand side"
            yield StatedPart(name=name, quantity="value", subject=(kernels[other],), terms=terms)


def _function_terms(problem: Problem, name: str, words: str) -> tuple[TermKernel, ...]:
    """The kernels ``name_1``, ``name_2``, ... if there are any, else ``name`` alone."""
    several = [k for k in sorted(problem.kernels) if k.removeprefix(f"{name}_").isdigit()]
    chosen = sorted(several, key=lambda k: int(k.rpartition("_")[2])) or [name]
    alone = len(chosen) == 1
    return tuple(
        _function_term(problem.kernels[k], f"the stated {words}" if alone else f"function {n}")
        for n, k in enumerate(chosen, 1)
        if k in problem.kernels
    )


def _function_term(kernel: Kernel, text: str) -> TermKernel:
    def times(number: Any, powers: Mapping[str, Fraction]) -> str:
        factors = [f"{name}^{power}" if power != 1 else name for name, power in powers.items()]
        return " ".join([str(number), *factors, f"({text})"])

    return TermKernel(
        text=text,
        base_text=text,
        coefficient=Fraction(1),
        powers={},
        kernel=kernel,
        name="",
        times=times,
    )


def term_of(problem: Problem, expression: Any) -> TermKernel:
    """An expression in the letters of a problem's claim as one term."""
    return compiled_term(problem.claim, expression)


@dataclass(frozen=True, kw_only=True)
class Residual:
    """What the engine derives less what is stated of a part.

    ``replaced`` is the number of a stated term in whose place another one fits, ``text`` that one;
    without it ``text`` is the residual.  ``terms`` counts what is left, multiplied out.
    """

    text: str
    expression: Any
    terms: int
    replaced: int | None = None


def engine_residual(problem: Problem, part: str, level: str) -> Residual | None:
    """What is missing of a part according to the engine; None if it cannot derive it."""
    from derivations.errors import DerivationError
    from derivations.printing import unicode

    claim = problem.claim
    if claim is None:
        return None
    try:
        found = [(d, s) for name, d, s in _compared(claim) if name == part]
        if not found or is_zero(gap := _gap(claim, *found[0])):
            return None
        terms = len(stated_terms(gap, LEVELS[2]))
        for n, term in enumerate(stated_terms(found[0][1], level)):
            right = _gap(claim, gap, -term.expression)
            if len(stated_terms(right, LEVELS[2])) < terms and not is_zero(right):
                text = unicode(right, claim.where)
                return Residual(text=text, expression=gap, terms=terms, replaced=n)
        return Residual(text=unicode(gap, claim.where), expression=gap, terms=terms)
    except DerivationError:
        return None


def _gap(claim: Any, derived: Any, stated: Any) -> Any:
    """The difference in normal form; different free indices have different values."""
    from .tiers.derivation import facts_of

    gap = simplified(derived if is_zero(stated) else derived - stated, facts_of(claim))
    free = {i.name for i in claimed_indices(claim)}
    apart = [d for d in gap.atoms(KroneckerDelta) if {x.name for x in d.args} <= free]
    return gap.subs(dict.fromkeys(apart, 0)) if apart else gap


def _compared(claim: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name of a part, what is derived of it, what is stated."""
    from derivations.claim import IdentityClaim, MomentClaim
    from derivations.moment_claims import stated_drifts

    from .explain import compared

    if isinstance(claim, IdentityClaim):
        yield "right-hand side", claim.left, claim.right
        yield "left-hand side", claim.right, claim.left
    elif isinstance(claim, MomentClaim):
        named = zip(stated_parts(claim), claim.moments, stated_drifts(claim), strict=True)
        for part, moment, stated in named:
            yield part.name, claim.sde.d(moment).drift, stated
    else:
        yield from compared(claim)


def clock_of(problem: Problem) -> tuple[str, Mapping[str, Fraction], Any] | None:
    """The stated clock: its text, powers and number, if it is one term."""
    if problem.claim is None:
        return None
    from derivations.printing import unicode

    terms = stated_terms(problem.claim.rate)
    powers = terms[0].powers if len(terms) == 1 else {}
    number = terms[0].coefficient if len(terms) == 1 else 1
    return unicode(problem.claim.rate, problem.claim.where), powers, number
