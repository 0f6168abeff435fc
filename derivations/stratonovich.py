"""Itô and Stratonovich: ∫ b ∘ dB = ∫ b dB + ½ ⟨b, B⟩.

The correction of the drift of a state X with noise b(X) dB is ½ d⟨b, B⟩/dt: the martingale part of
the coefficient b, contracted with the noise it multiplies.  Source: Øksendal, Stochastic
Differential Equations, 6th ed., (3.3.6); Karatzas and Shreve, Definition 3.3.13.
"""

from __future__ import annotations

from typing import Any

from sympy import Rational

from .basis import Basis, FormAlgebra
from .contraction import Contraction
from .differential import Ito, ItoAlgebra
from .display import expression
from .facts import Facts
from .forms import Form
from .interpreter import interpret
from .sde import MatrixSDE, is_increment
from .symbols import dt

__all__ = ["correction", "to_ito", "to_stratonovich"]


class _Coefficients(ItoAlgebra):
    """Differentials of the coefficients only: an increment counts as a constant letter."""

    def letter(self, symbol: Any) -> Ito:
        return (
            self.constant(self.forms.letter(symbol))
            if is_increment(symbol)
            else super().letter(symbol)
        )


def correction(system: MatrixSDE, state: Any) -> Any:
    """½ d⟨b, B⟩/dt for the noise b dB of a state: the Itô drift minus the Stratonovich drift."""
    forms = FormAlgebra(Basis(), Facts(system.assuming))
    algebra = _Coefficients(
        forms,
        lambda s: (Form.zero(forms.letter(s).shape), interpret(system.noise(s), forms)),
        # Only the martingale part of the coefficient is wanted, no second-order term.
        lambda product: Form.zero(product.shape),
    )
    moved = interpret(system.noise(state), algebra).martingale
    return expression(Contraction(system.correlation)(moved).scaled(Rational(1, 2)))


def to_ito(system: MatrixSDE) -> MatrixSDE:
    """The Itô equation of a Stratonovich system; an Itô system is returned as it is."""
    return system if system.calculus == "ito" else _moved(system, 1, "ito")


def to_stratonovich(system: MatrixSDE) -> MatrixSDE:
    """The Stratonovich equation of an Itô system; a Stratonovich system is returned as it is."""
    return system if system.calculus == "stratonovich" else _moved(system, -1, "stratonovich")


def _moved(system: MatrixSDE, sign: int, calculus: str) -> MatrixSDE:
    equations = {
        state: equation + sign * correction(system, state) * dt
        for state, equation in system.equations.items()
    }
    return system.with_equations(equations, calculus=calculus)
