"""Derivations: chains of steps, each checked when it is made.

An Itô derivation has four steps: the second-order expansion of the observable, the system put in for
the differentials, the Itô table for their products, and the result in normal form.  Each is checked
at random points with the definitions alone, by arithmetic that knows no rule of the calculus:

* an expansion by f(x + s u) − f(x) − s D₁[u] − s² D₂[u, u] = O(s³) at s = 2⁻³⁰⁰,
* an insertion by evaluating both sides,
* a contraction by summing the quadratic form over the unit directions of the noise,
* an algebraic step by :func:`derivations.equality.equal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import flint
from sympy import Identity, Symbol, ZeroMatrix
from sympy.matrices.expressions import MatrixExpr

from .basis import Basis, FormAlgebra
from .display import expression
from .equality import Status, equal
from .errors import StepError
from .expressions import BlockColumn, Stack
from .facts import Facts
from .forms import Form
from .interpreter import interpret
from .points import Point, covariance_directions, draw, entries, evaluate, precision
from .sde import MatrixSDE
from .symbols import MatrixIncrement, MatrixState, ScalarIncrement, ScalarMember, dt

if TYPE_CHECKING:
    from .differential import Differential

__all__ = ["Derivation", "Step", "algebraic_step", "ito_derivation"]

BITS, TINY = 3000, 300
POINTS = 2


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: the rule, the expressions before and after, and how it was checked."""

    rule: str
    before: Any
    after: Any
    check: str
    assumptions: tuple[Any, ...] = ()


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
    system = d.system.to_ito()
    facts = Facts((*d.facts.declared,))
    forms = FormAlgebra(Basis([d.f]), facts)
    formal = _Formal(system, forms.basis)
    taylor = _parts(d, forms, lambda s: (_nothing(forms, s), interpret(formal.of_state[s], forms)))
    inserted = _parts(d, forms, lambda s: (_nothing(forms, s), interpret(system.noise(s), forms)))
    drifting = _parts(
        d, forms, lambda s: (_nothing(forms, s), interpret(system.drift(s), forms)), increments=0
    )
    contracted = expression(d._contract(inserted["quadratic"]))
    before = _differential_of(d.f)
    second = _sum(expression(taylor["timely"]), None, dt)
    expanded = _sum(_sum(expression(taylor["linear"]), expression(taylor["quadratic"])), second)
    noise, square = expression(inserted["linear"]), expression(inserted["quadratic"])
    first = _sum(expression(drifting["linear"]), expression(taylor["timely"]))
    put_in = _sum(_sum(_times(first, dt), noise), square)
    tabled = _sum(_sum(_times(first, dt), noise), _times(contracted, dt))
    final = _sum(_times(d.drift, dt), d.martingale)
    checks = _Checks(d, system, formal)
    steps = [
        Step(
            rule="Itô's formula: expansion to second order",
            before=before,
            after=expanded,
            check=checks.expansion(taylor),
            assumptions=tuple(facts.used) + tuple(facts.implied),
        ),
        Step(
            rule="insert the equations of the system",
            before=expanded,
            after=put_in,
            check=checks.insertion(taylor, inserted, drifting),
        ),
        Step(
            rule="Itô table for products of two differentials",
            before=put_in,
            after=tabled,
            check=checks.contraction(square, contracted),
        ),
        Step(
            rule="normal form: collect drift and martingale part",
            before=tabled,
            after=final,
            check=_collected(_sum(first, contracted), d.drift, noise, d.martingale),
        ),
    ]
    return Derivation(
        subject=before,
        steps=tuple(steps),
        used=tuple(facts.used),
        implied=tuple(facts.implied),
        unused=facts.unused,
    )


class _Formal:
    """The letters dX: one for each state, or one for a whole stack of states.

    ``of_state`` maps a state to its differential in these letters, ``letters`` maps each letter to
    how it is put together from differentials of states.
    """

    def __init__(self, system: MatrixSDE, basis: Basis) -> None:
        self.of_state: dict[Any, Any] = {}
        self.letters: dict[Any, Callable[[Callable[[Any], Any]], Any]] = {}
        for state in system.states:
            home = basis.homes.get(state)
            if home is None:
                letter = _increment(f"d{state.name}", getattr(state, "shape", ()))
                self.of_state[state] = letter
                self.letters[letter] = lambda field, state=state: field(state)
            else:
                stack, n, transposed = home
                whole = Stack(*stack.blocks)
                letter = _increment(f"d{whole}", whole.shape)
                block = BlockColumn(n, *whole.partition).T * letter
                self.of_state[state] = block.T if transposed else block
                self.letters[letter] = lambda field, whole=whole: _stacked(whole, field)

    def values(self, field: Callable[[Any], Any], point: Point) -> dict[Any, Any]:
        """The letters' values where the states have the differentials ``field(state)``."""
        return {u: evaluate(build(field), point) for u, build in self.letters.items()}


def _increment(name: str, shape: Any) -> Any:
    if not shape:
        return ScalarIncrement(name, real=True)
    return MatrixIncrement(name, *shape, Identity(shape[0]), Identity(shape[1]))


def _stacked(whole: Any, field: Callable[[Any], Any]) -> Any:
    parts = (field(b) if isinstance(b, MatrixState) else field(b.args[0]).T for b in whole.args)
    return Stack(*parts)


def _nothing(forms: FormAlgebra, state: Any) -> Form:
    return Form.zero(forms.letter(state).shape)


def _parts(
    d: Differential, forms: FormAlgebra, of_state: Callable[[Any], Any], increments: int = 1
) -> dict[str, Form]:
    """First- and second-order parts of f with given differentials of the states, not contracted."""
    from .differential import ItoAlgebra

    def keep(product: Form) -> Form:
        return product if increments else Form.zero(product.shape)

    value = interpret(d.f, ItoAlgebra(forms, of_state, keep))
    timely = {m: c for m, c in value.drift.terms.items() if not m.increments}
    twofold = {m: c for m, c in value.drift.terms.items() if m.increments}
    shape = value.drift.shape
    return {
        "linear": value.martingale,
        "quadratic": Form(shape, twofold),
        "timely": Form(shape, timely),
    }


def _differential_of(f: Any) -> Any:
    if isinstance(f, MatrixExpr):
        return MatrixDifferential(f)
    return ScalarDifferential(f)


class MatrixDifferential(MatrixExpr):
    """d(f) of a matrix, for display."""

    @property
    def shape(self) -> tuple[Any, Any]:
        """Shape of f."""
        return tuple(self.args[0].shape)  # type: ignore[return-value]

    def _sympystr(self, printer: Any) -> str:
        return f"d({printer._print(self.args[0])})"

    def _latex(self, printer: Any) -> str:
        return rf"\mathrm{{d}}\left({printer._print(self.args[0])}\right)"


def ScalarDifferential(f: Any) -> Any:  # noqa: N802 - shown as d(f)
    """d(f) of a scalar, for display."""
    return Symbol(f"d({f})")


def _times(a: Any, scalar: Any) -> Any:
    return a if _is_zero(a) else scalar * a


def _sum(a: Any, b: Any, scale: Any = 1) -> Any:
    if b is None:
        return _times(a, scale)
    if _is_zero(a):
        return b
    return a if _is_zero(b) else a + b


def _is_zero(a: Any) -> bool:
    return bool(a == 0) or isinstance(a, ZeroMatrix)


def _collected(drift: Any, drift_after: Any, noise: Any, noise_after: Any) -> str:
    for before, after in ((drift, drift_after), (noise, noise_after)):
        answer = equal(before, after)
        if answer.status is not Status.EQUAL:
            raise StepError(f"normal form: {before} against {after}: {answer.reason}")
    return "the normal form of the difference is zero"


class _Checks:
    """The numeric checks of an Itô derivation, from definitions alone."""

    def __init__(self, d: Differential, system: MatrixSDE, formal: _Formal) -> None:
        self.d, self.system, self.formal = d, system, formal
        fields = [system.drift(s) for s in system.states] + [system.noise(s) for s in system.states]
        facts = [*d.facts.declared, *d.facts.implied]
        with precision(BITS):
            self.points = draw([d.f, *formal.letters, *fields], facts, count=POINTS)
        if not self.points:
            raise StepError(f"{d.f}: no point found that meets the assumptions {facts}")

    def _said(self, what: str) -> str:
        sizes = "; ".join(
            ", ".join(f"{k} = {v}" for k, v in p.sizes.items()) or "scalars" for p in self.points
        )
        return f"{what} at {len(self.points)} random points ({sizes})"

    def expansion(self, taylor: Mapping[str, Form]) -> str:
        """f(x + s u) against the expansion, u the values of the formal differentials."""
        with precision(BITS):
            s = flint.arb(2) ** (-TINY)
            linear, quadratic = (expression(taylor[k]) for k in ("linear", "quadratic"))
            for point in self.points:
                moved = {
                    x: point.letter(x) + evaluate(u, point) * s
                    for x, u in self.formal.of_state.items()
                }
                gap = evaluate(self.d.f, point.with_overrides(moved)) - evaluate(self.d.f, point)
                gap = gap - evaluate(linear, point) * s - evaluate(quadratic, point) * (s * s)
                if not all(abs(x) < s**2 * flint.arb(2) ** (-TINY // 2) for x in entries(gap)):
                    raise StepError(f"d({self.d.f}): the expansion fails at sizes {point.sizes}")
        return self._said(f"third order in s = 2^-{TINY}")

    def insertion(self, taylor: Any, inserted: Any, drifting: Any) -> str:
        """Formal differentials replaced by the values of the noise and of the drift."""
        pairs = [
            (taylor["linear"], inserted["linear"], self.system.noise),
            (taylor["quadratic"], inserted["quadratic"], self.system.noise),
            (taylor["linear"], drifting["linear"], self.system.drift),
        ]
        with precision(BITS // 10):
            for point in self.points:
                for before, after, field in pairs:
                    values = self.formal.values(field, point)
                    left = evaluate(expression(before), point.with_overrides(values))
                    _agree(left, evaluate(expression(after), point), "insertion", point)
        return self._said("both sides agree")

    def contraction(self, square: Any, contracted: Any) -> str:
        """The quadratic form summed over the unit directions of the noise, weighted by covariance."""
        with precision(BITS // 10):
            for point in self.points:
                total = None
                for part in self._polarised(square, point):
                    total = part if total is None else total + part
                expected = evaluate(contracted, point)
                _agree(
                    expected - expected if total is None else total, expected, "Itô table", point
                )
        return self._said("the sum over the directions of the noise agrees")

    def _polarised(self, square: Any, point: Point) -> Any:
        """Cov(ξ, η) · q(ξ, η) over pairs of directions, by polarisation."""
        noises = _noise_letters(self.system, point)
        zero = {n: point.letter(n) * flint.arb(0) for n in noises}

        def q(values: Mapping[Any, Any]) -> Any:
            return evaluate(square, point.with_overrides({**zero, **values}))

        for n in noises:
            for E, F, weight in covariance_directions(n, point):
                same = q({n: E + F}) - q({n: E - F})
                yield same * weight / 4
        for pair, rho in self.system.correlation.items():
            a, b = sorted(pair, key=str)
            weight = evaluate(rho, point)
            for E, F, diagonal in covariance_directions(a, point):
                both = q({a: E, b: F}) - q({a: E, b: F * flint.arb(-1)})
                yield both * weight * diagonal / 2


def _noise_letters(system: MatrixSDE, point: Point) -> list[Any]:
    """The increments at a point, the members of a family one by one."""
    found: list[Any] = []
    for d in system.noises:
        if isinstance(d, ScalarMember):
            count = point.size(d.index.range)
            found += [
                d.func(*(n if a == d.index else a for a in d.args)) for n in range(1, count + 1)
            ]
        else:
            found.append(d)
    return found


def _agree(a: Any, b: Any, what: str, point: Point) -> None:
    scale = 1 + max(float(abs(x)) for x in entries(b))
    if not all(abs(x) < scale * 2.0**-100 for x in entries(a - b)):
        raise StepError(f"{what}: the two sides differ at sizes {point.sizes}, seed {point.seed}")
