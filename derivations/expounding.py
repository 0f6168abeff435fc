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
from .arrival import ARRIVAL, Comparison, arrival, arrival_words
from .claim import (
    Claim,
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    IdentityClaim,
    MomentClaim,
    SignClaim,
    TimeChangeClaim,
    is_function,
)
from .collected import collected
from .derivation import Step
from .derive import COMPARED, Deriver, derive, derived_covariation, derived_differential
from .differential import differential
from .equality import Status, equal
from .errors import DerivationError
from .exposition import Exposition, Mathematics, Passage, Row, StepShown
from .expressions import is_zero
from .letters import letters_of
from .moment_claims import stated_drifts
from .notation import notation
from .path_claims import PathClaim
from .path_expositions import judged_at, stated_on_paths
from .phrases import phrases
from .printing import latex, letter, unicode
from .rules import in_words
from .sde import MatrixSDE
from .spectrum import spectra_of
from .statements import stated_identity, stated_sign, stated_step
from .symbols import TimeIncrement, dt, t
from .tables import table_of
from .update import StepClaim
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

    def text(self, value: Any) -> str:
        """A value in Unicode."""
        return self.mathematics(value).unicode

    def row(self, label: str, value: Any) -> Row:
        """A value under a label: a formula, or words."""
        right = self.mathematics(value)
        whole = phrases(label)[0].latex if len(phrases(label)) == 1 else ""
        if (whole or len(label) == 1) and not right.source:
            return Row(left=Mathematics(unicode=label, latex=whole or label), right=right)
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
    conditions = tuple(a.condition for a in claim.assumptions if a.condition is not None)
    parts = tuple(
        Comparison(name=n, derived=a, stated=b, answer=equal(a, b, assuming=conditions))
        for n, a, b in compared(claim, make)
    )
    made = list(derivation.steps)
    for last in arrival(claim, derivation, parts, printer.text):
        here = [n for n, step in enumerate(made) if step.after == last.before and not _of_law(step)]
        made.insert(max(here, default=len(made) - 1) + 1, last)
    steps = tuple(_merged(_step(claim, step, printer) for step in made))
    facts = {
        "Used": derivation.used,
        "Needed by a step and not declared": derivation.implied,
        "Assumed, and needed by no step here": derivation.unused,
    }
    formulas = [x for step in made for x in (step.before, step.after)]
    return replace(
        found,
        names=(*found.names, *notation([*_formulas(claim), *formulas])),
        steps=steps,
        differences=tuple(_differences(parts, printer)),
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
        letters=letters_of(claim),
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
        if claim.martingale is not None:
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
    elif step.rule.startswith(("the signs of all terms", "the sign over the region")):
        after, relation = Integer(0), _RELATIONS[step.rule.split()[-2]]
    elif isinstance(claim, TimeChangeClaim):
        after = _in_new_time(after)
        if step.rule == ARRIVAL:
            before = printer.mathematics(_in_new_time(step.before))
    shown = printer.mathematics(after)
    words = in_words(step.rule, before.unicode)
    if step.rule == ARRIVAL:
        words = arrival_words(step, before.unicode, shown.unicode)
    elif step.rule.startswith("Itô table"):
        words = f"{words} {table_of(getattr(claim, 'sde', None))}".strip()
    if step.cancelled is not None:
        words = f"{words} {step.cancelled.sentence(printer.text)}".strip()
    return StepShown(
        rule=step.rule,
        words=words,
        before=before,
        after=shown,
        relation=relation,
        check=step.check,
        assumptions=tuple(map(printer.mathematics, step.assumptions)),
    )


def _in_new_time(expression: Any) -> Any:
    """With dτ and τ for what is written dt and t where the new time is the only one."""
    return expression.xreplace({dt: TimeIncrement("dtau"), t: Symbol("tau")})


def _of_law(step: Step) -> bool:
    return step.rule.startswith("the law of")


def _merged(steps: Iterable[StepShown]) -> list[StepShown]:
    """The steps; one that changes nothing is told with the check of the one before it."""
    found: list[StepShown] = []
    for step in steps:
        idle = step.relation == "=" and step.before == step.after and step.rule != COMPARED
        if not (idle and found and found[-1].after == step.before):
            found.append(step)
            continue
        said = f"“{step.rule}” changes nothing here: {step.check}"
        assumed = dict.fromkeys((*found[-1].assumptions, *step.assumptions))
        check = f"{found[-1].check}; {said}"
        found[-1] = replace(found[-1], check=check, assumptions=tuple(assumed))
    return found


def _differences(parts: Iterable[Comparison], printer: _Printer) -> Iterator[Passage]:
    """What is derived less what is stated, where they differ."""
    for part in parts:
        if part.answer.status is Status.DIFFERENT:
            said = part.stated
            gap = part.derived if is_zero(said) else collected(part.derived - said)
            title = f"The stated {part.name} is not what follows; derived less stated"
            yield Passage(title=title, rows=(Row(right=printer.mathematics(gap)),))


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
        yield stated_identity(claim, printer.mathematics)
    elif isinstance(claim, MomentClaim):
        yield from _of_moments(claim, printer)
    elif isinstance(claim, TimeChangeClaim):
        clock = Row(
            left=Mathematics(unicode="dτ/dt", latex=r"\mathrm{d}\tau / \mathrm{d}t"),
            right=printer.mathematics(claim.rate),
        )
        yield Passage(title="Clock", rows=(clock,))
        yield printer.system("Stated: in the new time τ", claim.changed, _in_new_time)
    elif isinstance(claim, PathClaim):
        yield stated_on_paths(claim, printer.mathematics, printer.row)
    elif isinstance(claim, SignClaim):
        yield stated_sign(claim, printer.row)
    elif isinstance(claim, StepClaim):
        yield stated_step(claim, printer.mathematics, printer.row)
    else:
        yield Passage(title="Stated", rows=tuple(printer.row(*row) for row in claim.stated()))
    if isinstance(claim, PathClaim):
        yield judged_at(claim)


def _of_differential(claim: DifferentialClaim, printer: _Printer) -> Passage:
    parts = {"f": claim.observable, "drift": claim.drift, "martingale part": claim.martingale}
    left_open = parts["martingale part"] is None
    if left_open:
        del parts["martingale part"]
    if any(map(is_function, parts.values())):
        rows = tuple(printer.row(label, value) for label, value in parts.items())
        more = ", which is left open" if left_open else ""
        return Passage(title=f"Stated: df = drift dt + martingale part{more}", rows=rows)
    f, drift, *noise = map(printer.mathematics, parts.values())
    terms = [] if is_zero(claim.drift) else [_rated(drift)]
    terms += noise if not left_open and not is_zero(claim.martingale) else []
    terms += [Mathematics(unicode="…", latex=r"\cdots")] if left_open else []
    title = "Stated, the martingale part left open" if left_open else "Stated"
    return Passage(title=title, rows=(Row(left=_d(f, bracket=True), right=_sum(terms)),))


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


# Formulas made of formulas.


def _mathematics(value: Any) -> Mathematics:
    return _Printer().mathematics(value)


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
