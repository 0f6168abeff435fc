"""Itô differentials: a value with its drift and its martingale part, and how they multiply.

Expressions are evaluated in the algebra of Itô differentials.  One rule, the product rule

    d(XY) = X dY + dX Y + dX dY,

and the Itô table for dX dY give everything else: from d(S S⁻¹) = 0 the inverse, from the
second-order expansion of the determinant d det S, and the chain rule for smooth scalar functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import (
    Dummy,
    Mul,
    Pow,
    Rational,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    diff,
    erf,
    exp,
    gamma,
    log,
    sin,
    sinh,
    sympify,
    tan,
    tanh,
)
from sympy.core.function import AppliedUndef

from .assumable import assumable
from .basis import Basis, FormAlgebra
from .coincidence import where_indices_coincide
from .contraction import Contraction
from .decimals import exactly
from .display import expression
from .errors import AssumptionError, DerivationError, UnknownSymbolError
from .expressions import LogAbs, Stack
from .facts import Facts
from .forms import Atom, Form
from .interpreter import interpret
from .inverses import inverse
from .perturbation import Perturbation
from .resolution import apart_indices
from .sde import MatrixSDE
from .shapes import shape_of
from .spectrum import Eigenprojector, Eigenvalue
from .symbols import (
    FamilyMember,
    MatrixParameter,
    MatrixProcess,
    MatrixState,
    ScalarMember,
    ScalarProcess,
    ScalarState,
    t,
)
from .words import Selector, Unit

if TYPE_CHECKING:
    from .derivation import Derivation

__all__ = ["Differential", "Ito", "ItoAlgebra", "differential"]

HALF = Rational(1, 2)

SMOOTH = frozenset(
    {Pow, exp, log, LogAbs, sin, cos, tan, sinh, cosh, tanh}
    | {asin, acos, atan, asinh, acosh, atanh, erf, gamma}
)
"""Functions that Itô's formula takes, within their domains."""


@dataclass(frozen=True, kw_only=True)
class Ito:
    """A value X with dX = drift dt + martingale; the martingale part is linear in increments."""

    value: Form
    drift: Form
    martingale: Form


class ItoAlgebra:
    """The algebra of Itô differentials.

    Parameters
    ----------
    forms : FormAlgebra
        The algebra of the values.
    of_state : callable
        state -> (drift, martingale) as forms.
    contract : callable
        The product of two martingale parts -> its contraction per dt.
    """

    def __init__(
        self,
        forms: FormAlgebra,
        of_state: Callable[[Any], tuple[Form, Form]],
        contract: Callable[[Form], Form],
    ) -> None:
        self.forms, self.of_state, self.contract = forms, of_state, contract
        self._states: dict[Any, Ito] = {}

    def constant(self, value: Form) -> Ito:
        """Something whose differential is zero."""
        zero = Form.zero(value.shape)
        return Ito(value=value, drift=zero, martingale=zero)

    def scalar(self, value: Any) -> Ito:
        """A function of constants and of time: the drift is its derivative by t."""
        for symbol in value.free_symbols:
            if isinstance(symbol, ScalarProcess):
                raise UnknownSymbolError(_no_dynamics(symbol))
        drift = Form.scalar(diff(value, t))
        return Ito(value=Form.scalar(value), drift=drift, martingale=Form.zero(()))

    def letter(self, symbol: Any) -> Ito:
        """A state moves by its equation, a parameter not at all; a process has no differential."""
        if isinstance(symbol, MatrixState | ScalarState):
            return self._state(symbol)
        if isinstance(symbol, MatrixParameter) or getattr(symbol, "role", "") == "parameter":
            return self.constant(self.forms.letter(symbol))
        if isinstance(symbol, MatrixProcess | FamilyMember | ScalarMember):
            raise UnknownSymbolError(_no_dynamics(symbol))
        raise DerivationError(f"{symbol}: a differential cannot be differentiated again")

    def _state(self, symbol: Any) -> Ito:
        if symbol not in self._states:
            drift, martingale = self.of_state(symbol)
            value = self.forms.letter(symbol)
            self._states[symbol] = Ito(value=value, drift=drift, martingale=martingale)
        return self._states[symbol]

    def block_column(self, selector: Selector) -> Ito:
        """A constant."""
        return self.constant(self.forms.block_column(selector))

    def unit(self, vector: Unit) -> Ito:
        """A constant."""
        return self.constant(self.forms.unit(vector))

    def identity(self, size: Any) -> Ito:
        """A constant."""
        return self.constant(Form.identity(size))

    def zero(self, shape: Any) -> Ito:
        """A constant."""
        return self.constant(Form.zero(shape))

    def stack(self, expression: Stack) -> Ito | None:
        """The letter Θ = Σ K_a A_a, moved by dΘ = Σ K_a dA_a; None if it is no letter."""
        whole = self.forms.stack(expression)
        if whole is None:
            return None
        drift, martingale = Form.zero(whole.shape), Form.zero(whole.shape)
        for n, block in enumerate(expression.args):
            part = interpret(block, self)
            column = Form.letter(Selector(expression.partition, n))
            drift, martingale = drift + column * part.drift, martingale + column * part.martingale
        return Ito(value=whole, drift=drift, martingale=martingale)

    def add(self, a: Ito, b: Ito) -> Ito:
        """d(X + Y) = dX + dY."""
        return Ito(
            value=a.value + b.value, drift=a.drift + b.drift, martingale=a.martingale + b.martingale
        )

    def mul(self, a: Ito, b: Ito) -> Ito:
        """d(XY) = dX Y + X dY + dX dY."""
        return Ito(
            value=a.value * b.value,
            drift=a.drift * b.value
            + a.value * b.drift
            + self.contract(a.martingale * b.martingale),
            martingale=a.martingale * b.value + a.value * b.martingale,
        )

    def transpose(self, a: Ito) -> Ito:
        """d(X') = (dX)'."""
        return Ito(value=a.value.T, drift=a.drift.T, martingale=a.martingale.T)

    def inverse(self, a: Ito, expression: Any) -> Ito:
        """d(X⁻¹) = −X⁻¹ dX X⁻¹ + X⁻¹ dX X⁻¹ dX X⁻¹."""
        self.forms.facts.invertible(expression)
        V = where_indices_coincide([a.value], lambda forms: inverse(*forms))
        m = V * a.martingale
        return Ito(
            value=V,
            drift=self.contract(m * m * V) - V * a.drift * V,
            martingale=-(m * V),
        )

    def trace(self, a: Ito) -> Ito:
        """d tr X = tr dX."""
        return Ito(value=a.value.trace(), drift=a.drift.trace(), martingale=a.martingale.trace())

    def det(self, a: Ito, expression: Any) -> Ito:
        """d det X = det X · [tr(X⁻¹dX) + ½ (tr(X⁻¹dX)² − tr(X⁻¹dX X⁻¹dX))]."""
        value = self.forms.det(a.value, expression)
        if not (a.drift or a.martingale):
            return self.constant(value)
        self.forms.facts.invertible(expression)
        V = inverse(a.value)
        m = V * a.martingale
        first = m.trace()
        second = self.contract(first * first) - self.contract((m * m).trace())
        return Ito(
            value=value,
            drift=value * ((V * a.drift).trace() + second.scaled(HALF)),
            martingale=value * first,
        )

    def function(self, head: Any, arguments: list[Ito]) -> Ito:
        """The chain rule: df = Σ f_a da + ½ Σ f_ab d⟨a, b⟩, for twice differentiable f."""
        if head not in SMOOTH and not issubclass(head, AppliedUndef):
            raise DerivationError(
                f"{head.__name__}: not twice differentiable; Itô's formula needs that"
            )
        slots = [Dummy(real=True) for _ in arguments]
        f = head(*slots)
        self._admissible(head, [apart_indices(a.value).value() for a in arguments])

        def at(derivative: Any) -> Form:
            def scalar(forms: Any) -> Form:
                values = map(Form.value, forms)
                return Form.scalar(derivative.xreplace(dict(zip(slots, values, strict=True))))

            return where_indices_coincide([a.value for a in arguments], scalar)

        drift, martingale = Form.zero(()), Form.zero(())
        for x, a in zip(slots, arguments, strict=True):
            fx = diff(f, x)
            if fx == 0 or not (a.drift or a.martingale):
                continue
            drift += at(fx) * a.drift
            martingale += at(fx) * a.martingale
            for y, b in zip(slots, arguments, strict=True):
                fxy = diff(fx, y)
                if fxy != 0:
                    pair = self.contract(a.martingale * b.martingale)
                    drift += (at(fxy) * pair).scaled(HALF)
        return Ito(value=at(f), drift=drift, martingale=martingale)

    def _admissible(self, head: Any, values: list[Any]) -> None:
        """Refuse the log, or a power that is no integer, of what is not known to be positive."""
        is_root = head is Pow and not values[1].is_integer
        if not (is_root or head is log) or values[0].is_positive:
            return
        facts, argument = self.forms.facts, values[0]
        if isinstance(argument, Eigenvalue):
            S = argument.matrix.spectral.matrix
            facts.positive_definite(S, f"{head.__name__.lower()} of an eigenvalue of {S}")
            return
        if all(map(self._is_positive, Mul.make_args(argument))):
            return
        for atom in argument.free_symbols:
            if isinstance(atom, Atom) and atom.payload[0] == "det" and not atom.is_positive:
                matrix = expression(atom.payload[1])
                facts.positive_definite(matrix, f"log det({matrix})")
        if not any(self._value(fact) == argument for fact in facts.positive_scalars()):
            shown = expression(Form.scalar(argument))
            raise AssumptionError(
                f"{head.__name__.lower()} of {shown}: not known to be positive; declare the state "
                f"with positive=True, or pass assuming=[Q.positive({shown})]"
            )

    def _is_positive(self, factor: Any) -> bool:
        """Whether a factor is positive: declared so, or an even power of a determinant, not 0."""
        base, power = factor.as_base_exp()
        if factor.is_positive or not (isinstance(base, Atom) and base.payload[0] == "det"):
            return bool(factor.is_positive)
        matrix = expression(base.payload[1])
        return bool(power.is_even) and self.forms.facts.is_nonsingular(matrix)

    def _value(self, typed: Any) -> Any:
        value: Form = interpret(typed, self.forms)
        return value.value()

    def eigenvalue(self, letter: Eigenvalue) -> Ito:
        """dλ_i = tr(E_i dS) + Σ_{j≠i} tr(E_i dS E_j dS)/(λ_i − λ_j)."""
        S, moved = self._perturbed(letter)
        return Ito(
            value=moved.value,
            drift=moved.value_first(S.drift) + self.contract(moved.value_second(S.martingale)),
            martingale=moved.value_first(S.martingale),
        )

    def projector(self, letter: Eigenprojector) -> Ito:
        """dE_i to second order in dS (see :mod:`derivations.perturbation`)."""
        S, moved = self._perturbed(letter)
        first = moved.projector_first
        return Ito(
            value=moved.projector,
            drift=first(S.drift) + self.contract(moved.projector_second(S.martingale)),
            martingale=first(S.martingale),
        )

    def _perturbed(self, letter: Any) -> tuple[Ito, Perturbation]:
        self.forms.facts.distinct(letter.matrix)
        spectral = self.forms.spectral(letter.matrix)
        S: Ito = interpret(letter.matrix, self)
        return S, Perturbation(spectral, letter.index)

    def derivative(self, expression: Any) -> Ito:
        """Refused: the derivatives of an unspecified function are not followed further."""
        raise DerivationError(f"{expression}: differentiate before, or name it as a function of t")

    def total(self, body: Any, index: Any, *excluded: Any) -> Ito:
        """d Σ_i X_i = Σ_i dX_i."""
        a: Ito = interpret(body, self)
        return Ito(
            value=a.value.total(index, excluded),
            drift=a.drift.total(index, excluded),
            martingale=a.martingale.total(index, excluded),
        )


def _no_dynamics(symbol: Any) -> str:
    return (
        f"{symbol}: a process without stated dynamics has no differential; declare it as a State "
        "with an equation, or as a Parameter"
    )


class Differential:
    """df = drift dt + martingale of a function f of the state of a system; Itô.

    ``drift`` and ``martingale`` are SymPy expressions; ``covariation`` gives d⟨f, g⟩/dt.
    ``contract`` is the Itô table of the system, ``facts`` tells which assumptions were used.
    """

    def __init__(
        self, system: MatrixSDE, f: Any, ito: Ito, contract: Contraction, facts: Facts
    ) -> None:
        self.system, self.f, self.ito, self.facts = system, f, ito, facts
        self.contract = contract

    @cached_property
    def drift(self) -> Any:
        """The coefficient of dt."""
        return expression(apart_indices(self.ito.drift))

    @cached_property
    def martingale(self) -> Any:
        """The martingale part, linear in the differentials of the Brownian motions."""
        return expression(apart_indices(self.ito.martingale))

    def covariation(self, other: Differential | None = None) -> Any:
        """The rate d⟨f, g⟩/dt (of f with itself if no other is given), for scalars.

        Different free indices take different values: d⟨λ_i, λ_j⟩ is for i ≠ j.

        Raises
        ------
        DerivationError
            If one of the two is a matrix, or they belong to different systems.
        """
        other = self if other is None else other
        if other.system is not self.system:
            raise DerivationError("covariation: the two differentials belong to different systems")
        if self.ito.value.shape or other.ito.value.shape:
            raise DerivationError("covariation: of two scalars only; take entries or traces first")
        rate = self.contract(self.ito.martingale * other.ito.martingale)
        return expression(apart_indices(rate))

    @property
    def derivation(self) -> Derivation:
        """The steps from f to its differential, each checked."""
        from .derivation import ito_derivation

        return ito_derivation(self)

    def __repr__(self) -> str:
        return f"d({self.f}) = ({self.drift})*dt + {self.martingale}"


def differential(
    system: MatrixSDE, f: Any, *, assuming: Iterable[Any] = (), beside: Iterable[Any] = ()
) -> Differential:
    """The Itô differential of a scalar or matrix function of the state of a system.

    Parameters
    ----------
    system : MatrixSDE, Itô or Stratonovich; the differential is Itô in either case
    f : SymPy expression in the states, parameters and ``t``
    assuming : facts in addition to those of the system
    beside : expressions that the result will meet, whose stacks are taken as letters too

    Raises
    ------
    DerivationError
        One line naming what is wrong with f.
    """
    if isinstance(f, str):
        raise DerivationError(f"observable: got the text {f!r}; give a SymPy expression")
    f = exactly(sympify(f))
    shape_of(f)
    system.check_letters(f, str(f))
    facts = Facts((*system.assuming, *assumable(assuming)))
    forms = FormAlgebra(Basis([f, *beside]), facts)
    contract = Contraction(system.correlation)
    ito = system.to_ito()

    def of_state(state: Any) -> tuple[Form, Form]:
        return interpret(ito.drift(state), forms), interpret(ito.noise(state), forms)

    algebra = ItoAlgebra(forms, of_state, contract)
    return Differential(system, f, interpret(f, algebra), contract, facts)
