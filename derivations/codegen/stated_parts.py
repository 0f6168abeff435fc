"""The parts of a claim, each with its additive terms as kernels of their own.

For a claim that was refuted: which of its terms is wrong can be measured when every term can be
evaluated alone.  Nothing is derived here; `residuals` alone asks the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from sympy import Identity, Integer, Mul, Symbol, sympify

from derivations.basis import Basis, FormAlgebra
from derivations.claim import (
    Claim,
    CovariationClaim,
    DifferentialClaim,
    IdentityClaim,
    MomentClaim,
    TimeChangeClaim,
)
from derivations.codegen.formulas import claimed_indices
from derivations.codegen.function import Formula
from derivations.codegen.module import kernels_source, run_source
from derivations.codegen.spectra import tuples
from derivations.codegen.structure import is_matrix
from derivations.codegen.structure import letters as letters_of
from derivations.display import expression as displayed
from derivations.errors import DerivationError
from derivations.expressions import is_zero, tr
from derivations.facts import Facts
from derivations.fokker_planck import FokkerPlanckClaim, forward_parts
from derivations.interpreter import interpret
from derivations.path_claims import StationaryClaim
from derivations.printing import unicode
from derivations.sde import is_increment
from derivations.shapes import shape_of
from derivations.stated_terms import StatedTerm, stated_terms
from derivations.stationary_density import stationary_slopes
from derivations.step_claims import derived_change, first_difference, stated_change
from derivations.symbols import MatrixState
from derivations.update import StepClaim

__all__ = [
    "NOISE",
    "StatedPart",
    "TermKernel",
    "TermPrinter",
    "compiled_term",
    "leading_difference",
    "part_names",
    "simplified",
    "stated_parts",
]

NOISE = "noise in the new time"
"""The quantity of a noise term of a system after a change of time."""


@dataclass(frozen=True, kw_only=True)
class TermKernel:
    """One term: ``coefficient`` times the value of ``kernel``.

    Attributes
    ----------
    text, base_text
        The term and what its coefficient stands in front of, as printed.
    coefficient
        A fraction, or a float for a number such as √2.
    powers
        Exponents of the scalar letters in front.
    kernel
        The base as a kernel.
    name
        What the claim calls it, if it has a name.
    times
        The printed product of a number, powers of scalars, and the base.
    """

    text: str
    base_text: str
    coefficient: Any
    powers: Mapping[str, Fraction]
    kernel: Any
    name: str
    times: Callable[[Any, Mapping[str, Fraction]], str]


@dataclass(frozen=True, kw_only=True)
class StatedPart:
    """What is stated of one quantity.

    Attributes
    ----------
    name
        In words.
    quantity
        How it is measured: ``"drift"``, ``"martingale"``, ``"covariation"``, ``"value"``,
        ``"drift in the new time"``, ``"noise in the new time"``.
    subject
        The kernels of what it is measured of, or the name of a state.
    terms, candidates
        The terms stated, and others that might have been forgotten.
    renamed
        Increment of the declared system -> that of the stated one.
    against
        Where the right values come from: ``"measured"`` or ``"derived"``.
    turned
        Whether a noise is measured with the other sign, which has the same law.
    """

    name: str
    quantity: str
    subject: tuple[Any, ...] = ()
    terms: tuple[TermKernel, ...] = ()
    candidates: tuple[TermKernel, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    against: str = "measured"
    turned: bool = False


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A part before its kernels are printed."""

    name: str
    quantity: str
    expression: Any
    subject: tuple[Any, ...] = ()
    state: str | None = None
    against: str = "measured"
    others: tuple[Any, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


def stated_parts(
    printer: TermPrinter, level: str = "typed", *, candidates: bool = False, only: str | None = None
) -> tuple[StatedPart, ...]:
    """The parts of a claim with their terms; none for a claim that states no form.

    Raises
    ------
    DerivationError
        If a term cannot be printed.
    """
    chosen = [part for part in _parts(printer.claim) if only in (None, part.name)]
    found = [_printed(printer, part, level, candidates) for part in chosen]
    kernels = printer.kernels()
    return tuple(_bound(part, kernels) for part in found)


def leading_difference(printer: TermPrinter) -> StatedPart | None:
    """Of a step to an order, the first coefficient in the step size that is not as derived."""
    claim = printer.claim
    found = first_difference(claim) if isinstance(claim, StepClaim) else None
    if found is None:
        return None
    n, derived, stated = found
    h = sympify(getattr(claim, "step", None))
    name = f"coefficient of {unicode(h**n)} in the change" if n else f"change at {unicode(h)} = 0"
    part = _derived_part(name, derived, stated)
    return _bound(_printed(printer, part, "typed", False), printer.kernels())


def part_names(claim: Claim) -> tuple[str, ...]:
    """The names of the parts of a claim."""
    return tuple(part.name for part in _parts(claim))


def compiled_term(printer: TermPrinter, expression: Any) -> TermKernel:
    """One expression of a claim's letters as a single term."""
    (found,) = printer.terms([StatedTerm(expression=expression, coefficient=1, base=expression)])
    return replace(found, kernel=printer.kernels()[found.kernel])


def simplified(expression: Any, facts: Iterable[Any] = ()) -> Any:
    """An expression in its normal form; itself if it has none."""
    try:
        algebra = FormAlgebra(Basis([expression]), Facts(tuple(facts)))
        return displayed(interpret(expression, algebra))
    except DerivationError:
        return expression


def _bound(part: StatedPart, kernels: Mapping[str, Any]) -> StatedPart:
    def of(terms: tuple[TermKernel, ...]) -> tuple[TermKernel, ...]:
        return tuple(replace(term, kernel=kernels[term.kernel]) for term in terms)

    subject = tuple(kernels.get(name, name) for name in part.subject)
    return replace(part, subject=subject, terms=of(part.terms), candidates=of(part.candidates))


@dataclass(frozen=True, kw_only=True)
class TermPrinter:
    """Collects the expressions of a claim, and prints the kernel of each once."""

    claim: Claim
    indices: tuple[Any, ...]
    formulas: dict[Any, Formula] = field(default_factory=dict)
    printed: dict[str, Any] = field(default_factory=dict)
    known: dict[Any, str] = field(default_factory=dict)

    @classmethod
    def of(cls, claim: Claim, kernels: Mapping[str, Any]) -> TermPrinter:
        """The printer of a claim, which has these kernels already."""
        found = cls(claim=claim, indices=claimed_indices(claim))
        for name in ("observable", "first", "second", "left", "right"):
            if name in kernels and hasattr(claim, name):
                found.known[sympify(getattr(claim, name))] = name
                found.printed[name] = kernels[name]
        return found

    def name(self, expression: Any) -> str:
        """The name of the kernel of an expression."""
        if sympify(expression) in self.known:
            return self.known[sympify(expression)]
        value = tuples(sympify(expression), self.indices)
        if value not in self.formulas:
            name = f"term_{len(self.formulas) + 1}"
            self.formulas[value] = Formula(
                name=name, results=((name, value),), several=False, summary="A term."
            )
        return self.formulas[value].name

    def terms(self, terms: Iterable[StatedTerm]) -> tuple[TermKernel, ...]:
        """Terms whose kernels are names still."""
        where = self.claim.where
        named = {
            stated_terms(value)[0].base: name
            for name, value in getattr(self.claim, "terms", {}).items()
            if len(stated_terms(value)) == 1
        }
        return tuple(
            TermKernel(
                text=unicode(term.expression, where),
                base_text=unicode(term.base, where),
                coefficient=_number(term.coefficient),
                powers=term.powers,
                kernel=self.name(term.base),
                name=named.get(term.base, ""),
                times=_times(term.base, where),
            )
            for term in terms
        )

    def kernels(self) -> Mapping[str, Any]:
        """The kernels by their names."""
        new = tuple(f for f in self.formulas.values() if f.name not in self.printed)
        if new:
            source = kernels_source("Terms.", self.claim, new)
            self.printed.update(run_source(source)["KERNELS"])
        return self.printed


def _times(base: Any, where: Mapping[str, Any]) -> Callable[[Any, Mapping[str, Fraction]], str]:
    def shown(number: Any, powers: Mapping[str, Fraction]) -> str:
        letters = {str(letter.name): letter for letter in base.free_symbols}
        factors = [
            letters.get(name, Symbol(name, positive=True)) ** sympify(power)
            for name, power in powers.items()
        ]
        return unicode(Mul(sympify(number), *factors) * base, where)

    return shown


def _number(coefficient: Any) -> Any:
    number = sympify(coefficient)
    if number.is_Rational:
        return Fraction(int(number.p), int(number.q))
    return float(number)


def _printed(printer: TermPrinter, part: _Part, level: str, candidates: bool) -> StatedPart:
    terms = stated_terms(part.expression, level)
    others: list[StatedTerm] = []
    if candidates:
        used = {term.base for term in terms}
        bases = [*part.others, *_forgotten(printer.claim, part)]
        others = [
            StatedTerm(expression=base, coefficient=0, base=base)
            for base in dict.fromkeys(bases)
            if base not in used
        ]
    subject = tuple(printer.name(value) for value in part.subject)
    return StatedPart(
        name=part.name,
        quantity=part.quantity,
        subject=subject if part.state is None else (part.state,),
        terms=printer.terms(terms),
        candidates=printer.terms(others),
        renamed=part.renamed,
        against=part.against,
    )


def _forgotten(claim: Claim, part: _Part) -> Iterator[Any]:
    """Simple words that a form may have lost: 1, |A|², tr A; letters of the same shape."""
    expressions = [part.expression, *part.subject]
    # A noise in a new time has letters of its own.
    sde = getattr(claim, "changed" if part.quantity == NOISE else "sde", None)
    if sde is not None:
        expressions += list(sde.equations.values())
    named: dict[str, Any] = {}
    for expression in expressions:
        named |= letters_of(sympify(expression))
    matrices = [x for _, x in sorted(named.items()) if is_matrix(x) and not hasattr(x, "index")]
    still = [x for x in matrices if not is_increment(x)]
    noises = [x for x in matrices if is_increment(x)]
    like = part.subject[0] if part.subject else part.expression
    if part.quantity in ("martingale", NOISE):
        if not is_matrix(like):
            yield from (tr(a.T * b) for b in noises for a in still if a.shape == b.shape)
        else:
            yield from (b for b in noises if b.shape == like.shape)
        return
    if is_matrix(like):
        if like.shape[0] == like.shape[1]:
            yield Identity(like.shape[0])
        yield from (x for x in still if x.shape == like.shape)
        yield from (x.T for x in still if x.T.shape == like.shape != x.shape)
        return
    yield Integer(1)
    for x in still:
        yield tr(x * x.T) if isinstance(x, MatrixState) or x.shape[0] != x.shape[1] else tr(x)


# The parts of each kind of claim.


def _parts(claim: Claim) -> Iterator[_Part]:
    if isinstance(claim, DifferentialClaim):
        f = (claim.observable,)
        yield _Part(name="drift", quantity="drift", expression=claim.drift, subject=f)
        if claim.martingale is not None:
            yield _Part(
                name="martingale part",
                quantity="martingale",
                expression=claim.martingale,
                subject=f,
            )
    elif isinstance(claim, CovariationClaim):
        yield _Part(
            name="rate",
            quantity="covariation",
            expression=claim.rate,
            subject=(claim.first, claim.second),
        )
    elif isinstance(claim, IdentityClaim):
        for name, side, other in (
            ("right-hand side", claim.right, claim.left),
            ("left-hand side", claim.left, claim.right),
        ):
            yield _Part(name=name, quantity="value", expression=side, subject=(other,))
    elif isinstance(claim, MomentClaim):
        yield from _moment_rows(claim)
    elif isinstance(claim, TimeChangeClaim):
        yield from _clock_parts(claim)
    elif isinstance(claim, FokkerPlanckClaim):
        for name, derived, stated in forward_parts(claim):
            yield _derived_part(name.removeprefix("the "), derived, stated)
    elif isinstance(claim, StepClaim):
        yield _derived_part("change", derived_change(claim), stated_change(claim))
    elif isinstance(claim, StationaryClaim) and claim.alone:
        name = f"the derivative of log p by {unicode(claim.observable, claim.where)}"
        yield _derived_part(name, *stationary_slopes(claim))


def _derived_part(name: str, derived: Any, stated: Any) -> _Part:
    """A part whose right value no simulation gives term by term: the engine does."""
    return _Part(
        name=name, quantity="value", expression=stated, subject=(derived,), against="derived"
    )


def _moment_rows(claim: MomentClaim) -> Iterator[_Part]:
    for n, (row, moment) in enumerate(zip(claim.matrix, claim.moments, strict=True), 1):
        total, others = Integer(0) * moment, []
        for entry, other in zip(row, claim.moments, strict=True):
            wide = other
            if is_matrix(moment) and not is_matrix(other):
                wide = other * Identity(moment.shape[0])
            elif is_matrix(other) and (
                not is_matrix(moment) or tuple(other.shape) != tuple(moment.shape)
            ):
                continue
            others.append(wide)
            if entry != 0:
                total = entry * wide if is_zero(total) else total + entry * wide
        yield _Part(
            name=f"row {n} of the matrix, dE[{unicode(moment, claim.where)}]/dt",
            quantity="drift",
            expression=total,
            subject=(moment,),
            others=tuple(others),
        )


def _clock_parts(claim: TimeChangeClaim) -> Iterator[_Part]:
    changed = claim.changed.to_ito()
    old, new = claim.sde.noises, changed.noises
    renamed = {str(a.name): str(b.name) for a, b in zip(old, new, strict=False)}
    # Noises of other shapes, or more of them, have no terms to be put beside the declared ones.
    alike = [shape_of(a) for a in old] == [shape_of(b) for b in new]
    for state in claim.sde.states:
        stated = {"drift": changed.drift(state), "noise": changed.noise(state)}
        for what, expression in stated.items():
            if what == "noise" and not alike:
                continue
            yield _Part(
                name=f"{what} of {unicode(state)} in the new time",
                quantity=f"{what} in the new time",
                expression=expression,
                subject=(state,),
                state=str(state.name),
                renamed=renamed,
            )
