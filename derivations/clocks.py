"""Change of time: dX = α dt + β dB under the clock dτ = a dt becomes dX = (α/a) dτ + (β/√a) dB̃.

B̃_τ = ∫ √a dB is a Brownian motion of the new time (Dambis, Dubins and Schwarz; Øksendal, Theorem
8.5.7).  The clock a > 0 may be constant, depend on time or on the state; a full half-line of new
time needs ∫ a dt = ∞.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Dummy, Q, integrate, solve, sqrt, sympify

from .basis import Basis, FormAlgebra
from .display import expression
from .equality import Equality, Status, equal
from .errors import AssumptionError, DerivationError
from .facts import Facts
from .interpreter import interpret
from .sde import MatrixSDE, increment_of, increments_of
from .shapes import shape_of
from .symbols import dt, t

__all__ = ["change_time", "same_law"]


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


def same_law(first: MatrixSDE, second: MatrixSDE) -> Equality:
    """Whether two systems with the same states are one equation but for the names of the noises.

    The Brownian motions are matched in order of their names; sufficient for equality in law, and
    necessary where each noise enters once.
    """
    first, second = first.to_ito(), second.to_ito()
    if first.states != second.states or len(first.noises) != len(second.noises):
        raise DerivationError(
            f"systems: the states {first.states} and {second.states} and the numbers of noises "
            "must be the same"
        )
    names = dict(zip(second.noises, first.noises, strict=True))
    answer = Equality(status=Status.EQUAL, reason="")
    for state in first.states:
        for part in (MatrixSDE.drift, MatrixSDE.noise):
            answer = equal(part(first, state), part(second, state).xreplace(names))
            if answer.status is not Status.EQUAL:
                return answer
    return answer


def _old_time(rate: Any) -> Any:
    """The old time as a function of the new one (called t again), for a clock of time alone."""
    if rate.free_symbols & {t} or not rate.free_symbols or rate.is_Symbol:
        s = Dummy("s", nonnegative=True)
        new = integrate(rate.xreplace({t: s}), (s, 0, s))
        found = [x for x in solve(new - t, s) if x.is_real is not False]
        if len(found) == 1:
            return found[0]
    raise DerivationError(
        f"rate: the equation holds t and the new time of {rate} cannot be solved for it; "
        "declare time as a state, dt = 1*dt"
    )
