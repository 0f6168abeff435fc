"""Derivations: chains of steps, each checked when it is made.

An Itô derivation has four steps: the second-order expansion of the observable, the system put in
for the differentials, the Itô table for their products, and the result in normal form.  The first
three are checked at random points from definitions alone (:mod:`derivations.checks`), an algebraic
step by :func:`derivations.equality.equal`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Expr
from sympy.matrices.expressions import MatrixExpr

from .basis import Basis, FormAlgebra
from .cancellation import Cancellation, cancellation, summands
from .checks import Checks
from .differential import Differential
from .display import expression
from .equality import Status, equal
from .errors import DerivationError, StepError
from .expansion import Expansion, FormalDifferentials, expansion
from .expressions import is_zero
from .facts import Facts
from .forms import Form
from .interpreter import interpret
from .sde import MatrixSDE
from .symbols import dt

__all__ = [
    "Covariation",
    "Derivation",
    "MatrixDifferential",
    "ScalarDifferential",
    "Step",
    "algebraic_step",
    "covariation_derivation",
    "ito_derivation",
]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: the rule, the expressions before and after, and how it was checked."""

    rule: str
    before: Any
    after: Any
    check: str
    assumptions: tuple[Any, ...] = ()
    cancelled: Cancellation | None = None


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """A chain of checked steps.

    ``implied`` are conditions that a rule needed and nobody declared (a matrix that must be
    invertible); ``unused`` are declared facts that no step asked for.
    """

    subject: Any
    steps: tuple[Step, ...]
    used: tuple[Any, ...] = ()
    implied: tuple[Any, ...] = ()
    unused: tuple[Any, ...] = ()

    @property
    def result(self) -> Any:
        """What the last step arrives at."""
        return self.steps[-1].after


def algebraic_step(rule: str, before: Any, after: Any, *, assuming: tuple[Any, ...] = ()) -> Step:
    """A step between equal expressions.

    Raises
    ------
    StepError
        If the two differ, or if it cannot be told whether they are equal and points do not agree.
    """
    answer = equal(before, after, assuming=assuming)
    if answer.status is Status.DIFFERENT:
        raise StepError(f"{rule}: {before} is not {after}; {answer.reason}")
    if answer.status is Status.CANNOT_TELL and not answer.points:
        raise StepError(f"{rule}: {before} = {after} could not be checked; {answer.reason}")
    return Step(rule=rule, before=before, after=after, check=answer.reason)


# Itô derivations ------------------------------------------------------------------------------


def ito_derivation(d: Differential) -> Derivation:
    """The steps from f to df, each checked.

    Raises
    ------
    StepError
        If a step does not hold at a point: then the engine is wrong, and says so.
    """
    facts = Facts(d.facts.declared)
    steps = tuple(_ito_steps(d, FormAlgebra(Basis([d.f]), facts)))
    return Derivation(
        subject=steps[0].before,
        steps=steps,
        used=tuple(facts.used),
        implied=tuple(facts.implied),
        unused=facts.unused,
    )


def _ito_steps(d: Differential, forms: FormAlgebra) -> Iterator[Step]:
    system, facts = d.system.to_ito(), forms.facts
    formal = FormalDifferentials(system, forms.basis)
    taylor = expansion(d.f, forms, lambda state: formal.of_state[state])
    noisy = expansion(d.f, forms, system.noise)
    drifting = expansion(d.f, forms, system.drift, order=1)
    contracted = expression(d.contract(noisy.products))

    first = _sum(drifting.linear, taylor.timely)
    expanded = _sum(taylor.linear, taylor.quadratic, _times(taylor.timely, dt))
    inserted = _sum(_times(first, dt), noisy.linear, noisy.quadratic)
    tabled = _sum(_times(first, dt), noisy.linear, _times(contracted, dt))
    final = _sum(_times(d.drift, dt), d.martingale)

    def read(term: Any) -> Form:
        found: Form = interpret(term, forms)
        return found

    checks = Checks(d.f, system, formal, [*d.facts.declared, *d.facts.implied])
    yield Step(
        rule="Itô's formula: expansion to second order",
        before=_differential_of(d.f),
        after=expanded,
        check=checks.expansion(taylor),
        assumptions=(*facts.used, *facts.implied),
    )
    yield Step(
        rule="insert the equations of the system",
        before=expanded,
        after=inserted,
        check=checks.insertion(taylor, noisy, drifting),
        cancelled=_inserted(taylor, formal, system, forms),
    )
    yield Step(
        rule="Itô table for products of two differentials",
        before=inserted,
        after=tabled,
        check=checks.contraction(noisy.quadratic, contracted),
        cancelled=_cancelled((noisy.quadratic, lambda term: [d.contract(read(term))])),
    )
    yield Step(
        rule="normal form: collect drift and martingale part",
        before=tabled,
        after=final,
        check=_collected((_sum(first, contracted), d.drift), (noisy.linear, d.martingale)),
        cancelled=_cancelled((_sum(first, contracted), lambda term: [read(term)])),
    )


def _inserted(
    taylor: Expansion, formal: FormalDifferentials, system: MatrixSDE, forms: FormAlgebra
) -> Cancellation | None:
    """What cancels when the equations are put in: drifts and noises, and products of noises."""
    drifts, noises = (formal.moved(field) for field in (system.drift, system.noise))
    still = [u for u, moved in noises.items() if not interpret(moved, forms)]

    def linear(term: Any) -> list[Form]:
        return [interpret(term.xreplace(moved), forms) for moved in (drifts, noises)]

    def quadratic(term: Any) -> list[Form] | None:
        # That nothing comes of a differential without noise needs no telling.
        quiet = term.has(*still) if still else False
        return None if quiet else [interpret(term.xreplace(noises), forms)]

    return _cancelled((taylor.linear, linear), (taylor.quadratic, quadratic))


def _cancelled(*sums: tuple[Any, Callable[[Any], list[Form] | None]]) -> Cancellation | None:
    """What cancels among the forms that the terms of sums become; none where that has no form."""
    try:
        found = [(term, of(term)) for whole, of in sums for term in summands(whole)]
        return cancellation((term, forms) for term, forms in found if forms is not None)
    except DerivationError:
        return None


def covariation_derivation(first: Differential, second: Differential) -> Derivation:
    """The steps from ⟨f, g⟩ to its rate: both martingale parts, the Itô table for their product.

    Raises
    ------
    StepError
        If a step does not hold at a point: then the engine is wrong, and says so.
    """
    parts = [ito_derivation(d) for d in dict.fromkeys((first, second))]
    martingales = [d.martingale for d in (first, second)]
    product = martingales[0] * martingales[1]
    rate = first.covariation(second)
    system = first.system.to_ito()
    forms = FormAlgebra(Basis([first.f, second.f]), Facts(first.facts.declared))
    declared = [fact for d in (first, second) for fact in (*d.facts.declared, *d.facts.implied)]
    formal = FormalDifferentials(system, forms.basis)
    checks = Checks(first.f * second.f, system, formal, list(dict.fromkeys(declared)))
    before = Covariation(first.f, second.f)
    insertion = Step(
        rule="only the martingale parts of the two differentials are multiplied",
        before=before,
        after=product,
        check="; ".join(dict.fromkeys(part.steps[0].check for part in parts)),
        assumptions=tuple(dict.fromkeys(a for part in parts for a in part.steps[0].assumptions)),
    )
    table = Step(
        rule="Itô table for products of two differentials",
        before=product,
        after=_times(rate, dt),
        check=checks.contraction(product, rate),
    )
    return Derivation(
        subject=before,
        steps=(insertion, table),
        used=tuple(dict.fromkeys(fact for part in parts for fact in part.used)),
        implied=tuple(dict.fromkeys(fact for part in parts for fact in part.implied)),
        unused=tuple(f for f in parts[0].unused if f in parts[-1].unused),
    )


def _collected(*pairs: tuple[Any, Any]) -> str:
    for before, after in pairs:
        answer = equal(before, after)
        if answer.status is not Status.EQUAL:
            raise StepError(f"normal form: {before} against {after}: {answer.reason}")
    return "the normal form of the difference is zero"


def _times(a: Any, scalar: Any) -> Any:
    return a if is_zero(a) else scalar * a


def _sum(*terms: Any) -> Any:
    """The sum of terms of one shape; zeros are left out, so that a sum is shown as it is."""
    total = terms[0]
    for term in terms[1:]:
        total = term if is_zero(total) else total if is_zero(term) else total + term
    return total


def _differential_of(f: Any) -> Any:
    return MatrixDifferential(f) if isinstance(f, MatrixExpr) else ScalarDifferential(f)


class _Shown:
    """d(f), for display."""

    args: tuple[Any, ...]

    def _sympystr(self, printer: Any) -> str:
        return f"d({printer._print(self.args[0])})"

    def _latex(self, printer: Any) -> str:
        return rf"\mathrm{{d}}\left({printer._print(self.args[0])}\right)"


class ScalarDifferential(_Shown, Expr):
    """d(f) of a scalar f, for display."""


class Covariation(Expr):
    """d⟨f, g⟩, for display."""

    def _sympystr(self, printer: Any) -> str:
        return f"d<{printer._print(self.args[0])}, {printer._print(self.args[1])}>"

    def _latex(self, printer: Any) -> str:
        first, second = map(printer._print, self.args)
        return rf"\mathrm{{d}}\left\langle {first}, {second}\right\rangle"


class MatrixDifferential(_Shown, MatrixExpr):
    """d(f) of a matrix f, for display."""

    @property
    def shape(self) -> tuple[Any, Any]:
        """Shape of f."""
        rows, columns = self.args[0].shape
        return rows, columns
