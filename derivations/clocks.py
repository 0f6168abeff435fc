"""Change of time: dX = α dt + β dB under the clock dτ = a dt becomes dX = (α/a) dτ + (β/√a) dB̃.

B̃_τ = ∫ √a dB is a Brownian motion of the new time (Øksendal, Theorem 8.5.7): by Lévy's
characterisation for all entries on one clock, by Dambis, Dubins and Schwarz for one martingale.
The clock a > 0 may be constant, depend on time or on the state; a full half-line of new time needs
∫ a dt = ∞.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Dummy, Q, integrate, solve, sqrt, sympify

from .basis import Basis, FormAlgebra
from .display import expression
from .errors import AssumptionError, DerivationError
from .facts import Facts
from .interpreter import interpret
from .sde import MatrixSDE, increment_of, increments_of
from .shapes import shape_of
from .symbols import ScalarParameter, dt, t

__all__ = ["change_time", "new_time"]


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
    rate = sympify(rate)
    if shape_of(rate) != () or increments_of(rate):
        raise DerivationError(f"rate: {rate} must be a scalar without differentials")
    if not rate.is_positive and Q.positive(rate) not in system.assuming:
        raise AssumptionError(
            f"rate: {rate} is not known to be positive; pass assuming=[Q.positive({rate})] to the "
            "system"
        )
    system = system.to_ito()
    names = {increment_of(a): increment_of(b) for a, b in (renamed or {}).items()}
    forms = FormAlgebra(Basis(), Facts(system.assuming))
    a = interpret(rate, forms).value()
    equations = {}
    for state in system.states:
        drift = interpret(system.drift(state), forms).scaled(1 / a)
        noise = interpret(system.noise(state), forms).scaled(1 / sqrt(a))
        equations[state] = expression(drift) * dt + expression(noise).xreplace(names)
    if any(t in equation.free_symbols for equation in equations.values()):
        old = _old_time(rate)
        equations = {state: e.xreplace({t: old}) for state, e in equations.items()}
    return system.with_equations(equations, renamed=names)


def new_time(rate: Any) -> Any:
    """τ = ∫ rate dt from 0 to ``t``, for a clock that time alone drives.

    Raises
    ------
    DerivationError
        If the clock depends on the state or on a process.
    """
    if not all(s == t or isinstance(s, ScalarParameter) for s in rate.free_symbols):
        raise DerivationError(
            f"rate: the equation holds t, and the time of the clock {rate} is not a function of t "
            "alone; declare time as a state, dt = 1*dt"
        )
    s = Dummy("s", nonnegative=True)
    return integrate(rate.xreplace({t: s}), (s, 0, t))


def _old_time(rate: Any) -> Any:
    """The old time as a function of the new one, which is called t again."""
    s = Dummy("s", nonnegative=True)
    found = [x for x in solve(new_time(rate).xreplace({t: s}) - t, s) if x.is_real is not False]
    if len(found) != 1:
        raise DerivationError(
            f"rate: the equation holds t and the new time of {rate} cannot be solved for it; "
            "declare time as a state, dt = 1*dt"
        )
    return found[0]
