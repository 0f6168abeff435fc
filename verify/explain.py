"""The statement of a claim and its derivation, step by step, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sympy import sympify

from derivations.claim import (
    CovariationClaim,
    DifferentialClaim,
    ExponentClaim,
    IdentityClaim,
    MomentClaim,
    TimeChangeClaim,
    is_function,
)
from derivations.derive import derive, derived_covariation
from derivations.equality import equal
from derivations.moment_claims import stated_drifts
from derivations.path_claims import PathClaim
from derivations.printing import latex as latex_of
from derivations.printing import unicode
from derivations.spectrum import spectra_of
from numerics.numeric_sde import NumericSDE

from .applicability import refusal
from .outside.functions import functional
from .outside.source_text import declared_rows, source_text
from .tiers.derivation import facts_of

__all__ = ["compared", "explained"]

WIDTH = 96

Row = tuple[str, Any]


class _Page:
    """The lines of an explanation, as text or as LaTeX."""

    def __init__(self, where: Mapping[str, Any], *, latex: bool) -> None:
        self.where, self.latex = where, latex
        self.lines: list[str] = []

    def text(self, line: str, indent: str = "") -> None:
        """A sentence, wrapped."""
        wrapped = textwrap.wrap(
            " ".join(line.split()), WIDTH, initial_indent=indent, subsequent_indent=indent
        )
        self.lines += wrapped or [""]

    def formula(self, left: str, expression: Any) -> None:
        """``left = expression``, or the expression alone; of a function its source."""
        if is_function(expression):
            text = source_text(expression)
            expression = rf"\texttt{{{text}}}" if self.latex else text
        if self.latex:
            shown = expression if isinstance(expression, str) else latex_of(expression, self.where)
            head = rf"\text{{{left}}} = " if left else ""
            self.lines.append(rf"\[ {head}{shown} \]")
            return
        shown = expression if isinstance(expression, str) else unicode(expression, self.where)
        head = f"    {left} = " if left else "    "
        indent = " " * 8
        self.lines += textwrap.wrap(
            shown, WIDTH, initial_indent=head, subsequent_indent=indent, break_long_words=False
        )

    def gap(self) -> None:
        """An empty line."""
        self.lines.append("")


def explained(claim: Any, *, latex: bool = False) -> str:
    """What a claim states, assumes and follows from, as text or as LaTeX."""
    page = _Page(claim.where, latex=latex)
    heading = f"{claim.id}: {claim.title}"
    page.lines += [heading, "=" * len(heading)]
    for line in (claim.statement, claim.source and f"Source: {claim.source}."):
        if line:
            page.text(line)
    if claim.expected != "AGREES":
        page.text(f"Expected verdict: {claim.expected}.")
    for assumption in claim.assumptions:
        page.text(f"Assumes: {assumption.text}.")
    for title, rows in _declared(claim):
        page.gap()
        page.text(title)
        for left, expression in rows:
            page.formula(left, expression)
    _where(page, claim.where)
    for matrix in spectra_of([x for x in vars(claim).values() if not is_function(x)]):
        said = unicode(matrix, claim.where)
        page.text(f"λ_i, E_i: the eigenvalues, largest first, and eigenprojectors of {said}.")
    found = refusal(claim)
    if found is None and functional(claim):
        page.gap()
        page.text("The claim is of Python functions: there is nothing to derive from.")
    elif found is None:
        _derivation(page, claim)
    else:
        page.gap()
        page.text(f"Not applicable: {found.reason}. Nothing is derived.")
    if claim.inapplicable:
        page.gap()
    for tier, reason in claim.inapplicable.items():
        page.text(f"Tier {tier} does not apply: {reason}.")
    return "\n".join(page.lines)


def _where(page: _Page, where: Mapping[str, Any]) -> None:
    if not where:
        return
    page.gap()
    page.text("where")
    for name, expression in where.items():
        # Each name may use the others, not itself.
        others = {other: e for other, e in where.items() if other != name and expression.has(e)}
        shown = latex_of(expression, others) if page.latex else unicode(expression, others)
        left = latex_of(_letter(name)) if page.latex else unicode(_letter(name))
        page.formula(left, shown)


def _letter(name: str) -> Any:
    from sympy import Symbol

    return Symbol(name)


def _declared(claim: Any) -> Iterator[tuple[str, Sequence[Row]]]:
    """The declared system and what is stated of it, under titles."""
    if isinstance(claim, DifferentialClaim):
        yield _calculus(claim.sde), _system(claim.sde)
        yield (
            "Stated: d f = drift dt + martingale part",
            [
                ("f", claim.observable),
                ("drift", claim.drift),
                ("martingale part", claim.martingale),
            ],
        )
    elif isinstance(claim, CovariationClaim):
        yield _calculus(claim.sde), _system(claim.sde)
        yield (
            "Stated: d⟨f, g⟩ = rate dt",
            [("f", claim.first), ("g", claim.second), ("rate", claim.rate)],
        )
    elif isinstance(claim, ExponentClaim):
        yield "System (Itô)", _system(claim.sde)
        yield "Stated: Lyapunov exponents, counted from the largest", _exponents(claim)
    elif isinstance(claim, IdentityClaim):
        yield "Stated", [("left", claim.left), ("right", claim.right)]
    elif isinstance(claim, MomentClaim):
        yield _calculus(claim.sde), _system(claim.sde)
        drifts = stated_drifts(claim)
        named = [f"E[{unicode(moment, claim.where)}]" for moment in claim.moments]
        rates = [f"d{moment}/dt" for moment in named]
        yield (
            "Stated: the rate of each moment; the words on the right stand for their expectations",
            list(zip(rates, drifts, strict=True)),
        )
        if claim.laws:
            yield (
                "Stated: E[m] at time t, from the state at time 0",
                list(zip(named, claim.laws, strict=True)),
            )
    elif isinstance(claim, TimeChangeClaim):
        yield _calculus(claim.sde), _system(claim.sde)
        yield "Clock", [("dτ/dt", claim.rate)]
        yield "Stated: in the new time", _system(claim.changed)
    else:
        if hasattr(claim, "sde"):
            yield _calculus(claim.sde), _system(claim.sde)
        yield "Stated", list(claim.stated())
        if isinstance(claim, PathClaim):
            yield "Judged at", [*_setting(claim)]


def _setting(claim: PathClaim) -> Iterator[Row]:
    """The numbers at which paths are run: those that vary, with all their values."""
    yield "T", str(claim.horizon)
    for size, number in claim.sizes.items():
        yield str(size), str(number)
    for letter, value in claim.values.items():
        if letter not in claim.vary:
            yield unicode(_letter(str(letter))), _numbers(value)
    for letter, values in claim.vary.items():
        yield (
            unicode(_letter(str(letter))),
            f"{', '.join(map(_numbers, values))}, one after the other",
        )
    bounds = getattr(claim, "bounds", None)
    if bounds is not None:
        yield "bounds of the observable", _numbers(bounds)
    yield "relevant error", str(claim.relevant)


def _numbers(value: Any) -> str:
    return str(value.tolist() if hasattr(value, "tolist") else value)


def _calculus(sde: Any) -> str:
    return "System (Itô)" if sde.calculus == "ito" else "System (Stratonovich)"


def _system(sde: Any) -> list[Row]:
    if isinstance(sde, NumericSDE):
        return [*declared_rows(sde)]
    return [
        (f"d{unicode(_letter(str(state)))}", equation) for state, equation in sde.equations.items()
    ]


def _exponents(claim: Any) -> list[Row]:
    rows: list[Row] = []
    for group in claim.exponents:
        ends = [unicode(end) for end in dict.fromkeys((group.first, group.last))]
        words = f"{'mean of ' if group.mean else ''}number {' to '.join(ends)}"
        rows.append((words, group.value))
    return rows


def _derivation(page: _Page, claim: Any) -> None:
    if "derivation" in claim.inapplicable:
        return  # a law, or a limit of what other claims derive: the tier's reason says so
    derivation = derive(claim)
    page.gap()
    page.text("Derivation")
    for number, step in enumerate(derivation.steps, 1):
        page.gap()
        page.text(f"{number}. {step.rule}")
        page.formula("", step.after)
        page.text(f"checked: {step.check}", indent="    ")
    _residual(page, claim, derivation)
    page.gap()
    for title, facts in (
        ("Used", derivation.used),
        ("Needed though not declared", derivation.implied),
        ("Declared though never used by a rule", derivation.unused),
    ):
        if facts:
            page.text(f"{title}: {', '.join(_said(fact, claim.where) for fact in facts)}.")


def _residual(page: _Page, claim: Any, derivation: Any) -> None:
    """What is derived less what is stated, where they differ."""
    for name, derived, stated in compared(claim):
        if not equal(derived, stated, assuming=facts_of(claim)):
            page.gap()
            page.text(f"The stated {name} is not what follows; derived less stated")
            page.formula("", derived if stated == 0 else derived - stated)


def compared(claim: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, derived form and stated form of what a claim states of a differential."""
    if isinstance(claim, DifferentialClaim):
        d = claim.sde.d(claim.observable, assuming=facts_of(claim))
        yield "drift", d.drift, claim.drift
        yield "martingale part", d.martingale, claim.martingale
    elif isinstance(claim, CovariationClaim):
        yield "rate", derived_covariation(claim), sympify(claim.rate)


def _said(fact: Any, where: Mapping[str, Any]) -> str:
    """A fact in words."""
    head = getattr(getattr(fact, "function", None), "name", None)
    if head is None:
        return unicode(fact, where)
    words = str(head).replace("_", " ")
    verb = "has" if words.endswith("eigenvalues") else "is"
    return f"{unicode(fact.arguments[0], where)} {verb} {words}"
