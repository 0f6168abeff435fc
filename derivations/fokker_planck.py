"""Fokker–Planck equations: what a declared system does to the density of its scalar states.

    ∂p/∂t = L*p = −Σ_i ∂_i(a_i p) + ½ Σ_ij ∂_i∂_j((bb')_ij p),    dX = a dt + b dB  (Itô)

Source: Risken, The Fokker–Planck Equation (1989), (4.94); Øksendal, Stochastic Differential
Equations, 6th ed., exercise 8.3 (the adjoint of the generator).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from math import factorial
from typing import Any, ClassVar

from sympy import (
    Add,
    Derivative,
    Function,
    Integer,
    Poly,
    Rational,
    Symbol,
    collect,
    expand,
    sympify,
)
from sympy.core.function import AppliedUndef

from .claim import Claim
from .derivation import Derivation, Step, algebraic_step
from .errors import DerivationError, StepError
from .sde import MatrixSDE, linear_part
from .symbols import ScalarIncrement, ScalarState, real, t

__all__ = [
    "Fields",
    "FokkerPlanckClaim",
    "density",
    "fields",
    "forward_derivation",
    "forward_operator",
    "forward_parts",
]

_OTHER_TIERS = {"one-step": "an equation for densities is no statement about a step of a path"}


def density(name: str, *states: Any) -> Any:
    """A density p(x, …, t) of scalar states: an unknown function of them and of time."""
    return Function(name, real=True)(*states, t)


@dataclass(frozen=True, kw_only=True)
class FokkerPlanckClaim(Claim):
    """∂p/∂t = right for the density p of the states of a system, all of them scalar.

    ``density`` is made by `density`; ``right`` is an expression in it and its derivatives by the
    states, ``p.diff(x)``, carried out or not.  The system is Itô or Stratonovich, as declared.
    """

    kind: ClassVar[str] = "fokker planck"

    sde: MatrixSDE
    density: Any
    right: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "inapplicable", {**_OTHER_TIERS, **self.inapplicable})
        p, states = self.density, self.sde.states
        if not isinstance(p, AppliedUndef) or p.args != (*states, t):
            names = ", ".join(map(str, states))
            raise DerivationError(
                f'{self.id}: density {p} is no function of {names} and t; give density("p", '
                f"{names})"
            )
        letters = {a for e in (*self.sde.equations.values(), self.right) for a in _letters(e)}
        taken = {a.name for a in letters if a.name.split("_")[0] in (str(p.func), "offset")}
        if taken:
            raise DerivationError(
                f"{self.id}: the density and {taken.pop()} have one name; rename one of them"
            )

    def stated(self) -> tuple[tuple[str, Any], ...]:
        """The right side."""
        return ((f"∂{self.density.func}/∂t", self.right),)

    def kernels(self) -> dict[str, Any]:
        """The right side in values of p and its derivatives, and a polynomial that has them."""
        jet = self.jet
        return {"density": jet.polynomial(), "stated_right": jet.written(self.right)}

    @cached_property
    def jet(self) -> Jet:
        """Letters for the values of p and of its derivatives at a point."""
        return Jet(p=self.density, states=self.sde.states)


def _letters(expression: Any) -> set[Any]:
    return {a for a in sympify(expression).free_symbols if isinstance(a, Symbol)}


# The values of a density and of its derivatives.


@dataclass(frozen=True)
class Jet:
    """Letters p, p_x, p_x_x, … for the values of p and of its derivatives at a point."""

    p: Any
    states: tuple[Any, ...]

    def letter(self, *by: Any) -> Any:
        """The letter of a derivative by these states."""
        ordered = sorted(by, key=self.states.index)
        return real("_".join([str(self.p.func), *(str(x.name) for x in ordered)]))

    def written(self, expression: Any) -> Any:
        """An expression in p with all derivatives carried out and letters in their place."""
        found = sympify(expression).doit()
        values = {d: self.letter(*self._variables(d)) for d in found.atoms(Derivative)}
        found = found.xreplace(values).xreplace({self.p: self.letter()})
        unknown = found.atoms(AppliedUndef) | found.atoms(Derivative)
        if unknown:
            raise DerivationError(f"right: {unknown.pop()} is not {self.p}; write one density")
        return found

    def _variables(self, derivative: Any) -> tuple[Any, ...]:
        if derivative.expr != self.p or not set(derivative.variables) <= set(self.states):
            raise DerivationError(
                f"right: {derivative} is no derivative of {self.p} by its states; "
                "the derivative by t is the left side"
            )
        return tuple(derivative.variables)

    def polynomial(self) -> Any:
        """p near a point to second order, in the displacement from it."""
        terms = []
        for order in range(3):
            for by in combinations_with_replacement(self.states, order):
                power, weight = Integer(1), 1
                for x in dict.fromkeys(by):
                    power *= real(f"offset_{x.name}") ** by.count(x)
                    weight *= factorial(by.count(x))
                terms.append(self.letter(*by) * power / weight)
        return Add(*terms)

    def coefficients(self, expression: Any) -> dict[Any, Any] | None:
        """Derivative (or p itself) -> its coefficient; None if the expression is not linear."""
        value = self.written(expression)
        letters = {self.letter(): self.p} | {
            self.letter(*by): Derivative(self.p, *by)
            for order in range(1, 7)
            for by in combinations_with_replacement(self.states, order)
        }
        used = [x for x in letters if value.has(x)]
        if not used:
            return {} if value == 0 else None
        try:
            poly = Poly(expand(value), *used)
        except Exception:  # noqa: BLE001 - SymPy says in many ways that it is no polynomial
            return None
        if any(sum(powers) != 1 for powers, _ in poly.terms()):
            return None
        return {letters[used[powers.index(1)]]: c for powers, c in poly.terms()}


# The adjoint.


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Itô drift a_i and diffusion matrix (bb')_ij of a system of scalar states."""

    drift: dict[Any, Any]
    diffusion: dict[tuple[Any, Any], Any]


def fields(sde: MatrixSDE) -> Fields:
    """The fields of a system in the sense of Itô.

    Raises
    ------
    DerivationError
        If a state or a noise is no scalar, or a correlation is not constant.
    """
    for state in sde.states:
        if not isinstance(state, ScalarState):
            raise DerivationError(f"{state}: a matrix; densities are those of scalar states")
    for noise in sde.noises:
        if not isinstance(noise, ScalarIncrement):
            raise DerivationError(f"{noise}: no scalar noise; write its entries out one by one")
    for rho in sde.correlation.values():
        if rho.has(*sde.states, t):
            raise DerivationError(f"correlation {rho}: not constant; put it into the coefficients")
    system = sde.to_ito()
    columns = {(x, d): _along(system, x, d) for x in system.states for d in system.noises}
    return Fields(
        drift={x: system.drift(x) for x in system.states},
        diffusion={
            (x, y): Add(
                *(weight * columns[x, d] * columns[y, e] for d, e, weight in _covariances(system))
            )
            for x in system.states
            for y in system.states
        },
    )


def _along(system: MatrixSDE, state: Any, noise: Any) -> Any:
    """The coefficient of one noise in the equation of a state."""
    equation = system.equations[state]
    if not sympify(equation).has(noise):
        return Integer(0)
    return linear_part(equation, {noise}).xreplace({noise: Integer(1)})


def _covariances(system: MatrixSDE) -> Iterator[tuple[Any, Any, Any]]:
    """Pairs of noises with E[dB dB̃]/dt, where it is not zero."""
    for d in system.noises:
        yield d, d, Integer(1)
        for e in system.noises:
            rho = system.correlation.get(frozenset((d, e)))
            if d != e and rho is not None:
                yield d, e, rho


def forward_operator(found: Fields, p: Any) -> Any:
    """L*p with its derivatives not carried out."""
    drifts = [-Derivative(a * p, x) for x, a in found.drift.items() if a != 0]
    spread = [
        Rational(1, 2) * Derivative(D * p, x, y) for (x, y), D in found.diffusion.items() if D != 0
    ]
    return Add(*drifts, *spread)


def forward_parts(claim: FokkerPlanckClaim) -> Iterator[tuple[str, Any, Any]]:
    """Name, derived form and stated form of the coefficients of p and of its derivatives.

    A right side that is not linear in p is compared as a whole, in letters for their values.
    """
    jet = claim.jet
    operator = forward_operator(fields(claim.sde), claim.density)
    derived, stated = (jet.coefficients(side) for side in (operator, claim.right))
    if derived is None or stated is None:
        yield "the right side", jet.written(operator), jet.written(claim.right)
        return
    order = sorted({*derived, *stated}, key=lambda d: (-_order(d), str(d)))
    for d in order:
        name = f"the coefficient of {_said(d)}"
        yield name, derived.get(d, Integer(0)), stated.get(d, Integer(0))


def _order(d: Any) -> int:
    return len(d.variables) if isinstance(d, Derivative) else 0


def _said(d: Any) -> str:
    from .printing import unicode

    return unicode(d)


# The steps.


def forward_derivation(claim: FokkerPlanckClaim) -> Derivation:
    """From the equations of a system to its Fokker–Planck equation, each step checked.

    Raises
    ------
    StepError
        If a step does not hold: then the engine is wrong, and says so.
    """
    found, p = fields(claim.sde), claim.density
    steps = list(_conversion(claim.sde, found))
    operator = forward_operator(found, p)
    steps.append(
        Step(
            rule=f"∂{p.func}/∂t = L*{p.func}, the adjoint of the generator "
            "Lφ = Σ a_i ∂_i φ + ½ Σ (bb')_ij ∂_ij φ",
            before=Derivative(p, t),
            after=operator,
            check=_duality(found, operator, p),
        )
    )
    derived = claim.jet.coefficients(operator)
    assert derived is not None
    order = sorted(derived, key=lambda d: (-_order(d), str(d)))
    carried = Add(*(_tidied(derived[d], claim.sde.states) * d for d in order))
    rule = "product rule, sorted by the derivatives of the density"
    both = (claim.jet.written(side) for side in (operator, carried))
    steps.append(
        Step(rule=rule, before=operator, after=carried, check=algebraic_step(rule, *both).check)
    )
    assumed = (a.condition for a in claim.assumptions if a.condition is not None)
    declared = tuple(dict.fromkeys((*claim.sde.assuming, *assumed)))
    return Derivation(subject=Derivative(p, t), steps=tuple(steps), unused=declared)


def _tidied(coefficient: Any, states: tuple[Any, ...]) -> Any:
    return collect(expand(coefficient), states)


def _conversion(sde: MatrixSDE, found: Fields) -> Iterator[Step]:
    """The Itô drift of a Stratonovich system, against SymPy's derivatives of its noise."""
    if sde.calculus == "ito":
        return
    for x in sde.states:
        correction = Add(
            *(
                Rational(1, 2) * rho * _along(sde, y, e) * _along(sde, x, d).diff(y)
                for d, e, rho in _covariances(sde)
                for y in sde.states
            )
        )
        rule = f"Itô drift of {x}: a + ½ Σ_j Σ_k b_kj ∂_k b_j"
        yield algebraic_step(rule, sde.drift(x) + correction, found.drift[x])


def _duality(found: Fields, operator: Any, p: Any) -> str:
    """Check φ L*p − p Lφ = Σ_i ∂_i(…): its integral is zero for every test function φ."""
    phi = Function("phi", real=True)(*p.args[:-1])
    half = Rational(1, 2)
    generator = Add(
        *(a * phi.diff(x) for x, a in found.drift.items()),
        *(half * D * phi.diff(x, y) for (x, y), D in found.diffusion.items()),
    )
    divergence = Add(
        *(-(a * phi * p).diff(x) for x, a in found.drift.items()),
        *(
            half * (phi * (D * p).diff(y) - p * D * phi.diff(y)).diff(x)
            for (x, y), D in found.diffusion.items()
        ),
    )
    gap = expand((phi * operator.doit() - p * generator - divergence).doit())
    if gap != 0 and gap.simplify() != 0:
        raise StepError(f"adjoint: φ L*p − p Lφ is no divergence, {gap} is left")
    return "φ L*p − p Lφ is a divergence for every φ, carried out by SymPy"
