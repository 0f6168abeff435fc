"""Change of time: dX = α dt + β dB under the clock dτ = a dt becomes dX = (α/a) dτ + (β/√a) dB̃.

B̃_τ = ∫ √a dB is a Brownian motion of the new time (Dambis, Dubins and Schwarz; Øksendal, Theorem
8.5.7).  The clock a > 0 may be constant, depend on time or on the state; a full half-line of new time
needs ∫ a dt = ∞.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Q, sqrt

from .errors import AssumptionError, DerivationError
from .facts import Facts
from .forms import Basis, FormAlgebra, expression
from .interpreter import interpret
from .sde import MatrixSDE, increments_of
from .shapes import shape_of
from .symbols import dt

__all__ = ["change_time"]


def change_time(
    system: MatrixSDE, rate: Any, *, renamed: Mapping[Any, Any] | None = None
) -> MatrixSDE:
    """The Itô equation in the new time τ, dτ = rate dt; ``dt`` of the result means dτ.

    Parameters
    ----------
    rate : scalar expression, positive
    renamed : mapping, optional
        Brownian motion -> the name of its counterpart B̃ in the new time; the old letters are kept
        where it is silent (they then stand for B̃).

    Raises
    ------
    DerivationError, AssumptionError
        If the rate is not a scalar, holds an increment, or is not known to be positive.
    """
    if shape_of(rate) != () or increments_of(rate):
        raise DerivationError(f"rate: {rate} must be a scalar without differentials")
    if not rate.is_positive and Q.positive(rate) not in system.assuming:
        raise AssumptionError(
            f"rate: {rate} is not known to be positive; pass assuming=[Q.positive({rate})] to the system"
        )
    system = system.to_ito()
    names = {_d(a): _d(b) for a, b in (renamed or {}).items()}
    forms = FormAlgebra(Basis(), Facts(system.assuming))
    a = interpret(rate, forms).value()
    equations = {}
    for state in system.states:
        drift = interpret(system.drift(state), forms).scaled(1 / a)
        noise = interpret(system.noise(state), forms).scaled(1 / sqrt(a))
        equations[state] = expression(drift) * dt + expression(noise).xreplace(names)
    return system.with_equations(equations, renamed=names)


def _d(brownian: Any) -> Any:
    return getattr(brownian, "d", brownian)
