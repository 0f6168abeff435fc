"""Stationary densities of one scalar state: the flux of the stated density is zero.

    ∂p/∂t = −∂_x J,   J = a p − ½ ∂_x(b² p),   dx = a dt + b dB  (Itô)

A density whose flux is zero everywhere is stationary.  J/p = a − ½ (b²)' − ½ b² (log p)' is free of
p itself, and where p is made of powers and exponentials it is rational.  Whether p has a finite
integral is not asked here.

Source: Risken, The Fokker–Planck Equation (1989), (5.12) and (5.13).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Derivative, Function, Integer, expand_log, log, sympify

from .derivation import Derivation, Step, algebraic_step
from .errors import DerivationError, StepError
from .fokker_planck import Fields, fields
from .path_claims import StationaryClaim
from .symbols import ScalarState

__all__ = ["stationary_derivation", "stationary_parts", "stationary_slopes"]


def stationary_parts(claim: StationaryClaim) -> Iterator[tuple[str, Any, Any]]:
    """Name, the flux over the density, and 0; apart for positive and for negative values."""
    x = claim.observable
    for sign, letter in _signs(claim):
        where = "" if letter == x else f" for {x} {'>' if sign > 0 else '<'} 0"
        name = f"the stationary flux over the density{where}"
        yield name, _flux(claim, sign, letter), Integer(0)


def stationary_slopes(claim: StationaryClaim) -> tuple[Any, Any]:
    """(log p)' of the density without flux, (2a − (b²)')/b², and of the stated one."""
    drift, diffusion = _fields(claim)
    x = claim.observable
    derived = ((2 * drift - diffusion.diff(x)) / diffusion).expand().simplify().expand()
    stated = expand_log(log(sympify(claim.density)), force=True).diff(x)
    return derived, stated


def _signs(claim: StationaryClaim) -> Iterator[tuple[int, Any]]:
    """The signs that the state has in the support, each with the letter of its absolute value."""
    x, (low, high) = claim.observable, claim.interval
    if x.is_positive:
        yield 1, x
        return
    positive = ScalarState(f"|{x.name}|", positive=True)
    if not high.is_nonpositive:
        yield 1, positive
    if not low.is_nonnegative:
        yield -1, positive


def _flux(claim: StationaryClaim, sign: int, letter: Any) -> Any:
    """J/p where the state is ± a positive letter."""
    drift, diffusion = _fields(claim)
    slope = _logarithmic_slope(claim, sign, letter)
    spread = diffusion.diff(claim.observable)
    put = {claim.observable: sign * letter}
    return drift.subs(put) - (spread.subs(put) + diffusion.subs(put) * slope) / 2


def _logarithmic_slope(claim: StationaryClaim, sign: int, letter: Any) -> Any:
    """(log p)' where the state is ± a positive letter."""
    p = sympify(claim.density).subs(claim.observable, sign * letter)
    return sign * expand_log(log(p), force=True).diff(letter)


def _fields(claim: StationaryClaim) -> tuple[Any, Any]:
    found: Fields = fields(claim.sde)
    x = claim.observable
    if claim.sde.states != (x,):
        raise DerivationError(f"{x}: one of several states; its density solves no equation alone")
    return sympify(found.drift[x]), sympify(found.diffusion[x, x])


def stationary_derivation(claim: StationaryClaim) -> Derivation:
    """The flux of a density in general, and of the stated one.

    Raises
    ------
    StepError
        If a step does not hold.
    """
    x = claim.observable
    drift, diffusion = _fields(claim)
    p = Function("p", real=True)(x)
    flux = drift * p - Derivative(diffusion * p, x) / 2
    over = drift - diffusion.diff(x) / 2 - diffusion * Derivative(log(p), x) / 2
    if ((flux / p - over).doit()).expand().simplify() != 0:
        raise StepError(f"flux over density: {flux / p} is not {over}")
    steps = [
        Step(
            rule="∂p/∂t = −∂_x J with the flux J = a p − ½ ∂_x(b² p), which is to be zero",
            before=-Derivative(flux, x),
            after=flux,
            check="the Fokker–Planck equation in the form of a conservation law",
        ),
        Step(
            rule="over the density, J/p = a − ½ (b²)' − ½ b² (log p)'",
            before=flux / p,
            after=over,
            check="both sides carried out by SymPy are one",
        ),
    ]
    for sign, letter in _signs(claim):
        where = "" if letter == x else f" for {x} {'>' if sign > 0 else '<'} 0"
        slope = _logarithmic_slope(claim, sign, letter)
        rule = f"put in (log p)' of the stated density{where}"
        value = _flux(claim, sign, letter)
        simple = value.expand().simplify()
        put = {x: sign * letter}
        before = drift.subs(put) - diffusion.diff(x).subs(put) / 2 - diffusion.subs(put) * slope / 2
        check = algebraic_step(rule, before, simple, assuming=_conditions(claim)).check
        steps.append(Step(rule=rule, before=before, after=simple, check=check))
    return Derivation(subject=flux, steps=tuple(steps), unused=_declared(claim))


def _declared(claim: StationaryClaim) -> tuple[Any, ...]:
    """What the claim and its system assume, each once."""
    return tuple(dict.fromkeys((*claim.sde.assuming, *_conditions(claim))))


def _conditions(claim: StationaryClaim) -> tuple[Any, ...]:
    return tuple(a.condition for a in claim.assumptions if a.condition is not None)
