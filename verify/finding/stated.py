"""The stated parts of a problem with their terms: from its declaration, or from its functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from sympy import Mul, Symbol, sympify
from sympy.functions.special.tensor_functions import KroneckerDelta

from derivations.codegen.formulas import claimed_indices
from derivations.codegen.stated_parts import (
    StatedPart,
    TermKernel,
    TermPrinter,
    compiled_term,
    leading_difference,
    part_names,
    simplified,
    stated_parts,
)
from derivations.expressions import is_zero
from derivations.printing import unicode
from derivations.stated_terms import LEVELS, stated_terms
from numerics.errors import NoValueError
from numerics.kernel import Kernel
from numerics.signature import LetterSignature
from verify.errors import UsageError
from verify.problem import Problem

NOTHING = 1e-13
"""What is left of a sum relative to its terms, where it is but rounding."""

FEW = 4
"""Entries of a vector that are looked for one by one."""

__all__ = [
    "Residual",
    "StatedPart",
    "Statement",
    "TermKernel",
    "clock_of",
    "engine_residual",
    "forgotten_terms",
    "whole_term",
]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a problem states, term by term; every kernel is printed once."""

    problem: Problem
    printer: TermPrinter | None
    turned: bool = False
    """Whether noises in a new time are measured with the other sign."""

    @classmethod
    def of(cls, problem: Problem) -> Statement:
        """The statement of a problem."""
        printer = None if problem.claim is None else TermPrinter.of(problem.claim, problem.kernels)
        return cls(problem=problem, printer=printer)

    def parts(
        self, level: str, *, candidates: bool = False, only: str | None = None
    ) -> tuple[StatedPart, ...]:
        """The parts; a function is one term, unless its terms are given as functions."""
        if self.printer is not None:
            found = stated_parts(self.printer, level, candidates=candidates, only=only)
            return tuple(replace(p, turned=self.turned) for p in found)
        return tuple(p for p in _of_functions(self.problem) if only in (None, p.name))

    def leading(self) -> StatedPart | None:
        """The first coefficient of a step to an order that is wrong, to be checked by hand."""
        return None if self.printer is None else leading_difference(self.printer)

    def term(self, expression: Any) -> TermKernel:
        """An expression in the letters of the claim as one term."""
        if self.printer is None:
            raise UsageError(f"{self.problem.id}: a claim of functions has no expressions")
        return compiled_term(self.printer, expression)


def _of_functions(problem: Problem) -> Iterator[StatedPart]:
    kernels = problem.kernels
    if problem.kind == "differential":
        subject = (kernels["observable"],)
        terms = tuple(_named_terms(kernels)) or (whole_term(kernels["stated_drift"], "drift"),)
        more = forgotten_terms(problem)
        yield StatedPart(
            name="drift", quantity="drift", subject=subject, terms=terms, candidates=more
        )
        if (stated := kernels.get("stated_martingale")) is not None:
            words = "martingale part"
            term = whole_term(stated, words)
            yield StatedPart(name=words, quantity="martingale", subject=subject, terms=(term,))
    elif problem.kind == "covariation":
        pair = (kernels["first"], kernels["second"])
        term, more = whole_term(kernels["stated_rate"], "rate"), forgotten_terms(problem)
        yield StatedPart(
            name="rate", quantity="covariation", subject=pair, terms=(term,), candidates=more
        )
    elif problem.kind == "identity":
        for side, other in (("right", "left"), ("left", "right")):
            name, subject = f"{side}-hand side", (kernels[other],)
            term = whole_term(kernels[side], name)
            yield StatedPart(name=name, quantity="value", subject=subject, terms=(term,))


def _named_terms(kernels: Mapping[str, Kernel]) -> Iterator[TermKernel]:
    """The parts of a drift that a claim of functions names, and what is left of it."""
    named = {k.removeprefix("term_"): f for k, f in kernels.items() if k.startswith("term_")}
    if not named:
        return
    yield from (_function_term(f, name) for name, f in named.items())
    whole = kernels["stated_drift"]
    arguments = dict.fromkeys(x for f in (whole, *named.values()) for x in f.arguments)

    def rest(*values: Any) -> Any:
        point = dict(zip(arguments, values, strict=True))
        total, parts = whole(point), [f(point) for f in named.values()]
        size = abs(total) + sum(map(abs, parts))
        left = total - sum(parts)
        return np.where(abs(left) <= NOTHING * size, 0.0, left)

    kernel = Kernel(name="rest", arguments=tuple(arguments), arrays=rest, generic=whole.generic)
    yield _function_term(kernel, "the rest of the stated drift")


def forgotten_terms(problem: Problem) -> tuple[TermKernel, ...]:
    """What a function may have lost, with any powers of the scalars: 1, |v|², sums of entries."""
    states = [x for x in problem.letters() if x.kind == "state"]
    arrays = [x for x in states if x.shape or x.family is not None]
    found = [_candidate("1", (), lambda: 1.0)]
    for x in arrays:
        name, axes = unicode(Symbol(x.name)), _axes(x)
        found.append(_candidate(f"|{name}|²", (x.name,), lambda v, a=axes: np.sum(v**2, a)))
        found.append(_candidate(f"Σ {name}", (x.name,), lambda v, a=axes: np.sum(v, a)))
        if not x.shape and str(x.family).isdigit() and int(str(x.family)) <= FEW:
            for n in range(int(str(x.family))):
                found.append(_candidate(f"{name}_{n + 1}", (x.name,), lambda v, n=n: v[..., n]))
        if len(axes) == 2 and x.shape[0] == x.shape[1]:
            trace = partial(np.trace, axis1=-2, axis2=-1)
            found.append(_candidate(f"tr({name})", (x.name,), trace))
    return tuple(found)


def _axes(x: LetterSignature) -> tuple[int, ...]:
    count = len(x.shape) + (x.family is not None)
    return tuple(range(-count, 0))


def _candidate(text: str, arguments: tuple[str, ...], arrays: Any) -> TermKernel:
    """One term, of doubles alone, that a form may have lost."""

    def generic(ctx: Any, *_: Any) -> Any:
        if not arguments:
            return 1
        raise NoValueError(f"{text}: evaluated in double precision alone")

    def shown(number: Any, powers: Mapping[str, Fraction]) -> str:
        front = Mul(number, *(Symbol(name) ** sympify(e) for name, e in powers.items()))
        if text == "1" or front == 1:
            return unicode(front) if text == "1" else text
        return f"-{text}" if front == -1 else f"{unicode(front)} {text}"

    kernel = Kernel(name="candidate", arguments=arguments, arrays=arrays, generic=generic)
    return replace(_function_term(kernel, text), coefficient=Fraction(0), times=shown)


def whole_term(kernel: Kernel, words: str) -> TermKernel:
    """A function as one term, called by what it states."""
    return _function_term(kernel, f"the stated {words}")


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


@dataclass(frozen=True, kw_only=True)
class Residual:
    """What the engine derives less what is stated of a part.

    ``replaced`` is the number of a term as typed in whose place another one fits, ``text`` that
    one; without it ``text`` is the residual.  ``terms`` counts what ``text`` has, multiplied out.
    """

    text: str
    expression: Any
    terms: int
    replaced: int | None = None


def engine_residual(problem: Problem, part: str) -> Residual | None:
    """What is missing of a part according to the engine; None if it cannot derive it."""
    from derivations.errors import DerivationError

    claim = problem.claim
    if claim is None:
        return None
    try:
        found = [(d, s) for name, d, s in _compared(claim, part) if name == part]
        if not found or is_zero(gap := _gap(claim, *found[0])):
            return None
        said = unicode(gap, claim.where)
        for n, term in enumerate(stated_terms(found[0][1])):
            right = _gap(claim, gap, -term.expression)
            text = unicode(right, claim.where)
            single = len(stated_terms(right)) == 1
            if single and not is_zero(right) and len(text) <= len(said):
                count = len(stated_terms(right, LEVELS[1]))
                return Residual(text=text, expression=gap, terms=count, replaced=n)
        return Residual(text=said, expression=gap, terms=len(stated_terms(gap, LEVELS[1])))
    except DerivationError:
        return None


def _gap(claim: Any, derived: Any, stated: Any) -> Any:
    """The difference in normal form; different free indices have different values."""
    from verify.tiers.derivation import facts_of

    gap = simplified(derived if is_zero(stated) else derived - stated, facts_of(claim))
    free = {i.name for i in claimed_indices(claim)}
    apart = [d for d in gap.atoms(KroneckerDelta) if {x.name for x in d.args} <= free]
    return gap.subs(dict.fromkeys(apart, 0)) if apart else gap


def _compared(claim: Any, part: str) -> Iterator[tuple[str, Any, Any]]:
    """Name of a part, what is derived of it, what is stated."""
    from derivations.claim import IdentityClaim, MomentClaim
    from derivations.expounding import compared
    from derivations.fokker_planck import FokkerPlanckClaim, forward_parts
    from derivations.moment_claims import stated_drifts
    from derivations.step_claims import derived_change, stated_change
    from derivations.update import StepClaim

    if isinstance(claim, IdentityClaim):
        yield "right-hand side", claim.left, claim.right
        yield "left-hand side", claim.right, claim.left
    elif isinstance(claim, MomentClaim):
        names = part_names(claim)
        for name, moment, stated in zip(names, claim.moments, stated_drifts(claim), strict=True):
            if name == part:
                yield name, claim.sde.d(moment).drift, stated
    elif isinstance(claim, FokkerPlanckClaim):
        for name, derived, stated in forward_parts(claim):
            yield name.removeprefix("the "), derived, stated
    elif isinstance(claim, StepClaim):
        yield "change", derived_change(claim), stated_change(claim)
    else:
        yield from compared(claim)


def clock_of(problem: Problem) -> tuple[str, Mapping[str, Fraction], Any] | None:
    """The stated clock: its text, powers and number, if it is one term."""
    if problem.claim is None:
        return None
    terms = stated_terms(problem.claim.rate)
    powers = terms[0].powers if len(terms) == 1 else {}
    number = terms[0].coefficient if len(terms) == 1 else 1
    return unicode(problem.claim.rate, problem.claim.where), powers, number
