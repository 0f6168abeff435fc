"""From a claim to its exposition: what is declared and stated, and the derivation in steps.

The derivation is made once: ``make`` may remember the differentials that the kernels were made of.
Python functions stand where expressions could in claims from outside; what they and systems of
them say is told by `Sources`, which belongs to whoever can run them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sympy import Integer, Symbol, sympify

from .abbreviation import abbreviated
from .claim import (
    Claim,
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    IdentityClaim,
    MomentClaim,
    TimeChangeClaim,
    is_function,
)
from .derivation import Step
from .derive import Deriver, derive, derived_covariation, derived_differential
from .differential import differential
from .equality import Status, equal
from .errors import DerivationError
from .exposition import Exposition, Mathematics, Passage, Row, StepShown
from .expressions import is_zero
from .moment_claims import stated_drifts
from .notation import notation
from .path_claims import PathClaim
from .printing import latex, letter, unicode
from .rules import in_words
from .sde import MatrixSDE
from .spectrum import spectra_of
from .symbols import TimeIncrement, dt, t
from .wrapping import bracketed, joined

__all__ = ["Sources", "compared", "expound", "stated"]


_RELATIONS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "="}


class Sources(Protocol):
    """What Python functions and systems of them say, as text."""

    def text(self, function: Any) -> str:
        """The source of a function."""

    def rows(self, system: Any) -> Iterable[tuple[str, str]]:
        """A system of functions: what a part of it is called, and its source."""


@dataclass(frozen=True, kw_only=True)
class _Printer:
    """Values as mathematics, with the compounds that a claim names."""

    where: Mapping[str, Any] = field(default_factory=dict)
    sources: Sources | None = None

    def mathematics(self, value: Any) -> Mathematics:
        """A value in both spellings; of a function its source."""
        if is_function(value):
            return Mathematics(unicode=self._sources().text(value), source=True)
        short = abbreviated(value, self.where)
        return Mathematics(unicode=unicode(short), latex=latex(short))

    def row(self, label: str, value: Any) -> Row:
        """A value under a label: a letter of mathematics, or words."""
        right = self.mathematics(value)
        if len(label) == 1:
            return Row(left=Mathematics(unicode=label, latex=label), right=right)
        return Row(words=label, right=right)

    def system(self, title: str, sde: Any, shown: Callable[[Any], Any] = sympify) -> Passage:
        """The equations of a system; ``shown`` is what is done to them first."""
        if not isinstance(sde, MatrixSDE):
            rows = tuple(
                Row(words=what, right=Mathematics(unicode=text, source=True))
                for what, text in self._sources().rows(sde)
            )
        else:
            rows = tuple(
                Row(left=_d(letter(str(state))), right=self.mathematics(shown(equation)))
                for state, equation in sde.equations.items()
            )
        sense = "Itô" if sde.calculus == "ito" else "Stratonovich"
        return Passage(title=f"{title} ({sense})", rows=rows)

    def _sources(self) -> Sources:
        if self.sources is None:
            raise DerivationError("a Python function stands here; only expressions can be derived")
        return self.sources


def expound(claim: Claim, make: Deriver = differential) -> Exposition:
    """What a claim states, assumes and follows from.

    Raises
    ------
    DerivationError
        If the language cannot say the claim, or a step does not hold.
    """
    found = stated(claim)
    if "derivation" in claim.inapplicable:
        return found
    if not claim.speaks:
        said = "Nothing is derived: the assumptions cannot hold, and the claim says nothing."
        return replace(found, remarks=(said, *found.remarks))
    printer = _Printer(where=claim.where)
    derivation = derive(claim, make)
    steps = tuple(_step(claim, step, printer) for step in derivation.steps)
    facts = {
        "Used": derivation.used,
        "Needed though not declared": derivation.implied,
        "Declared though never used by a rule": derivation.unused,
    }
    formulas = [x for step in derivation.steps for x in (step.before, step.after)]
    return replace(
        found,
        names=(*found.names, *notation([*_formulas(claim), *formulas])),
        steps=steps,
        differences=tuple(_differences(claim, make, printer)),
        facts=tuple(
            (title, tuple(map(printer.mathematics, said))) for title, said in facts.items() if said
        ),
    )


def stated(claim: Claim, sources: Sources | None = None) -> Exposition:
    """What a claim states and assumes, without its derivation.

    Raises
    ------
    DerivationError
        If it has Python functions and there are no ``sources``.
    """
    printer = _Printer(where=claim.where, sources=sources)
    plain = [value for value in vars(claim).values() if not is_function(value)]
    return Exposition(
        id=claim.id,
        title=claim.title,
        statement=claim.statement,
        source=claim.source,
        expected=claim.expected,
        assumptions=tuple(assumption.text for assumption in claim.assumptions),
        declared=tuple(_declared(claim, printer)),
        names=tuple(_names(claim.where)),
        spectra=tuple(map(printer.mathematics, spectra_of(plain))),
        remarks=tuple(
            f"Tier {tier} does not apply: {reason}." for tier, reason in claim.inapplicable.items()
        ),
    )


def compared(claim: Any, make: Deriver = differential) -> Iterator[tuple[str, Any, Any]]:
    """Name, derived form and stated form of what a claim states of a differential."""
    if isinstance(claim, DifferentialClaim):
        d = derived_differential(claim, make)
        yield "drift", d.drift, claim.drift
        yield "martingale part", d.martingale, claim.martingale
    elif isinstance(claim, CovariationClaim):
        yield "rate", derived_covariation(claim, make), sympify(claim.rate)


def _step(claim: Claim, step: Step, printer: _Printer) -> StepShown:
    before, after, relation = printer.mathematics(step.before), step.after, "="
    if step.rule.startswith("dE["):
        before = _rate(_mean(printer.mathematics(step.before.args[0])))
    elif step.rule.startswith("the mean over"):
        before = _mean(before)
    elif step.rule.startswith("the map put in, up to"):
        relation = "≈"
    elif step.rule.startswith("the signs of all terms"):
        after, relation = Integer(0), _RELATIONS[step.rule.split()[-2]]
    elif isinstance(claim, TimeChangeClaim):
        after = _in_new_time(after)
    return StepShown(
        rule=step.rule,
        words=in_words(step.rule, before.unicode),
        before=before,
        after=printer.mathematics(after),
        relation=relation,
        check=step.check,
        assumptions=tuple(map(printer.mathematics, step.assumptions)),
    )


def _in_new_time(expression: Any) -> Any:
    """With dτ and τ for what is written dt and t where the new time is the only one."""
    return expression.xreplace({dt: TimeIncrement("dtau"), t: Symbol("tau")})


def _differences(claim: Claim, make: Deriver, printer: _Printer) -> Iterator[Passage]:
    """What is derived less what is stated, where they differ."""
    conditions = tuple(a.condition for a in claim.assumptions if a.condition is not None)
    for name, derived, said in compared(claim, make):
        if equal(derived, said, assuming=conditions).status is Status.DIFFERENT:
            gap = printer.mathematics(derived if is_zero(said) else derived - said)
            title = f"The stated {name} is not what follows; derived less stated"
            yield Passage(title=title, rows=(Row(right=gap),))


def _names(where: Mapping[str, Any]) -> Iterator[Row]:
    for name, compound in where.items():
        # Each name may use the others, not itself.
        others = {other: e for other, e in where.items() if other != name and compound.has(e)}
        right = _Printer(where=others).mathematics(compound)
        yield Row(left=_mathematics(letter(name)), right=right)


def _formulas(claim: Claim) -> list[Any]:
    sde = getattr(claim, "sde", None)
    return [*vars(claim).values(), *(sde.equations.values() if isinstance(sde, MatrixSDE) else ())]


# What is declared and stated, kind by kind.


def _declared(claim: Any, printer: _Printer) -> Iterator[Passage]:
    if hasattr(claim, "sde"):
        yield printer.system("System", claim.sde)
    if isinstance(claim, DifferentialClaim):
        yield _of_differential(claim, printer)
    elif isinstance(claim, CovariationClaim):
        yield _of_covariation(claim, printer)
    elif isinstance(claim, ExponentClaim):
        rows = tuple(printer.row(*group) for group in _exponents(claim))
        yield Passage(title="Stated: Lyapunov exponents, counted from the largest", rows=rows)
    elif isinstance(claim, IdentityClaim):
        yield _of_identity(claim, printer)
    elif isinstance(claim, MomentClaim):
        yield from _of_moments(claim, printer)
    elif isinstance(claim, TimeChangeClaim):
        clock = Row(
            left=Mathematics(unicode="dτ/dt", latex=r"\mathrm{d}\tau / \mathrm{d}t"),
            right=printer.mathematics(claim.rate),
        )
        yield Passage(title="Clock", rows=(clock,))
        yield printer.system("Stated: in the new time τ", claim.changed, _in_new_time)
    else:
        yield Passage(title="Stated", rows=tuple(printer.row(*row) for row in claim.stated()))
    if isinstance(claim, PathClaim):
        yield Passage(title="Judged at", rows=tuple(_setting(claim)))


def _of_differential(claim: DifferentialClaim, printer: _Printer) -> Passage:
    parts = {"f": claim.observable, "drift": claim.drift, "martingale part": claim.martingale}
    if any(map(is_function, parts.values())):
        rows = tuple(printer.row(label, value) for label, value in parts.items())
        return Passage(title="Stated: df = drift dt + martingale part", rows=rows)
    f, drift, martingale = map(printer.mathematics, parts.values())
    terms = [] if is_zero(claim.drift) else [_rated(drift)]
    terms += [] if is_zero(claim.martingale) else [martingale]
    return Passage(title="Stated", rows=(Row(left=_d(f, bracket=True), right=_sum(terms)),))


def _of_covariation(claim: CovariationClaim, printer: _Printer) -> Passage:
    parts = {"f": claim.first, "g": claim.second, "rate": claim.rate}
    if any(map(is_function, parts.values())):
        rows = tuple(printer.row(label, value) for label, value in parts.items())
        return Passage(title="Stated: d⟨f, g⟩ = rate dt", rows=rows)
    f, g, rate = map(printer.mathematics, parts.values())
    left = Mathematics(
        unicode=f"d⟨{f.unicode}, {g.unicode}⟩",
        latex=rf"\mathrm{{d}}\left\langle {f.latex}, {g.latex} \right\rangle",
    )
    right = _sum([] if is_zero(claim.rate) else [_rated(rate)])
    return Passage(title="Stated", rows=(Row(left=left, right=right),))


def _of_identity(claim: IdentityClaim, printer: _Printer) -> Passage:
    left, right = map(printer.mathematics, (claim.left, claim.right))
    if left.source or right.source:
        return Passage(
            title="Stated: left = right",
            rows=(Row(words="left", right=left), Row(words="right", right=right)),
        )
    return Passage(title="Stated", rows=(Row(left=left, right=right),))


def _of_moments(claim: MomentClaim, printer: _Printer) -> Iterator[Passage]:
    named = [_mean(printer.mathematics(moment)) for moment in claim.moments]
    yield _table(
        "Stated: the rate of each moment; the words on the right stand for their expectations",
        map(_rate, named),
        map(printer.mathematics, stated_drifts(claim)),
    )
    if claim.laws:
        yield _table(
            "Stated: E[m] at time t, from the state at time 0",
            named,
            map(printer.mathematics, claim.laws),
        )


def _exponents(claim: ExponentClaim) -> Iterator[tuple[str, Any]]:
    for group in claim.exponents:
        ends = [unicode(end) for end in dict.fromkeys((group.first, group.last))]
        yield f"{'mean of ' if group.mean else ''}number {' to '.join(ends)}", group.value


def _setting(claim: PathClaim) -> Iterator[Row]:
    """The numbers at which paths are run: those that vary, with all their values."""
    yield Row(left=Mathematics(unicode="T", latex="T"), right=_numbers(claim.horizon))
    for size, number in claim.sizes.items():
        yield Row(left=_mathematics(size), right=_numbers(number))
    for name, value in claim.values.items():
        if name not in claim.vary:
            yield Row(left=_mathematics(letter(str(name))), right=_numbers(value))
    for name, values in claim.vary.items():
        several = [_numbers(value) for value in values]
        right = Mathematics(
            unicode=", ".join(x.unicode for x in several),
            latex=r",\ ".join(x.latex for x in several),
        )
        left = _mathematics(letter(str(name)))
        yield Row(left=left, right=right, note="one after the other")
    bounds = getattr(claim, "bounds", None)
    if bounds is not None:
        yield Row(words="bounds of the observable", right=_numbers(bounds))
    yield Row(words="relevant error", right=_numbers(claim.relevant))


# Formulas made of formulas.


def _mathematics(value: Any) -> Mathematics:
    return _Printer().mathematics(value)


def _numbers(value: Any) -> Mathematics:
    """Numbers as they are given: 0.02 stays 0.02."""
    text = str(value.tolist() if hasattr(value, "tolist") else value).replace("oo", "∞")
    return Mathematics(unicode=text, latex=text.replace("∞", r"\infty"))


def _d(x: Any, *, bracket: bool = False) -> Mathematics:
    found = x if isinstance(x, Mathematics) else _mathematics(x)
    if not bracket:
        return Mathematics(unicode=f"d{found.unicode}", latex=rf"\mathrm{{d}}{found.latex}")
    return Mathematics(
        unicode=f"d({found.unicode})", latex=rf"\mathrm{{d}}\left({found.latex}\right)"
    )


def _mean(x: Mathematics) -> Mathematics:
    return Mathematics(
        unicode=f"E[{x.unicode}]", latex=rf"\operatorname{{E}}\left[{x.latex}\right]"
    )


def _rate(x: Mathematics) -> Mathematics:
    """The derivative by time."""
    return Mathematics(unicode=f"d{x.unicode}/dt", latex=rf"\mathrm{{d}}{x.latex} / \mathrm{{d}}t")


def _rated(x: Mathematics) -> Mathematics:
    """A rate times dt; a sum gets brackets."""
    body, shown = bracketed(x.unicode), bracketed(x.latex, latex=True)
    return Mathematics(unicode=f"{body} dt", latex=rf"{shown}\, \mathrm{{d}}t")


def _sum(terms: list[Mathematics]) -> Mathematics:
    if not terms:
        return Mathematics(unicode="0", latex="0")
    return Mathematics(
        unicode=joined(x.unicode for x in terms), latex=joined(x.latex for x in terms)
    )


def _table(title: str, left: Iterable[Mathematics], right: Iterable[Mathematics]) -> Passage:
    rows = (Row(left=a, right=b) for a, b in zip(left, right, strict=True))
    return Passage(title=title, rows=tuple(rows))
