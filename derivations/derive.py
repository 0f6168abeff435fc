"""The derivation of a claim: what its system, its expressions or its clock lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sympy import Q, sqrt

from .basis import Basis, FormAlgebra
from .cancellation import cancellation, summands
from .claim import (
    Claim,
    CovariationClaim,
    DifferentialClaim,
    IdentityClaim,
    MomentClaim,
    SignClaim,
    TimeChangeClaim,
)
from .clocks import change_time, new_time
from .derivation import (
    Derivation,
    Step,
    algebraic_step,
    covariation_derivation,
    ito_derivation,
)
from .differential import Differential, differential
from .diffusions import counterparts
from .display import expression
from .errors import DerivationError
from .facts import Facts
from .fokker_planck import FokkerPlanckClaim, forward_derivation
from .interpreter import interpret
from .moment_claims import moment_derivation
from .path_claims import StationaryClaim
from .printing import unicode
from .sign_claims import sign_derivation
from .stationary_density import stationary_derivation
from .step_claims import step_derivation
from .symbols import dt, t
from .update import StepClaim
from .wrapping import bracketed

__all__ = ["COMPARED", "Deriver", "derive", "derived_covariation", "derived_differential", "once"]


COMPARED = "the two normal forms"
"""The rule that ends the derivation of an identity."""

Deriver = Callable[..., Differential]
"""What makes a differential, as `differential` does: one that remembers derives each once."""


def once() -> Deriver:
    """A `differential` that remembers what it made, for as long as it is kept."""
    found: dict[Any, tuple[Any, Differential]] = {}

    def remembered(system: Any, f: Any, **given: Any) -> Differential:
        key = (id(system), f, *((name, tuple(x)) for name, x in sorted(given.items())))
        if key not in found:
            # Systems are told apart by identity, so each is kept alive.
            found[key] = system, differential(system, f, **given)
        return found[key][1]

    return remembered


def derive(claim: Claim, make: Deriver = differential) -> Derivation:
    """The steps that lead from what a claim declares to what follows from it.

    A differential is expanded and contracted; both sides of an identity are brought to normal form;
    a system is written in its new time.  Nothing of a stated form enters, except that both sides of
    an identity are statements.

    Raises
    ------
    DerivationError
        If the language cannot say the claim, or a step does not hold.
    """
    if isinstance(claim, DifferentialClaim):
        return ito_derivation(derived_differential(claim, make))
    if isinstance(claim, CovariationClaim):
        return covariation_derivation(*_pair(claim, make))
    if isinstance(claim, IdentityClaim):
        return _identity(claim)
    if isinstance(claim, MomentClaim):
        return moment_derivation(claim)
    if isinstance(claim, StepClaim):
        return step_derivation(claim)
    if isinstance(claim, SignClaim):
        facts = tuple(a.condition for a in claim.assumptions if a.condition is not None)
        return sign_derivation(claim, claim.sde.d(claim.observable, assuming=facts), facts)
    if isinstance(claim, TimeChangeClaim):
        return _time_change(claim)
    if isinstance(claim, FokkerPlanckClaim):
        return forward_derivation(claim)
    if isinstance(claim, StationaryClaim):
        return stationary_derivation(claim)
    raise DerivationError(f"{claim.id}: no derivation for a {type(claim).__name__}")


def derived_differential(
    claim: DifferentialClaim | SignClaim, make: Deriver = differential
) -> Differential:
    """The Itô differential of a claim's observable under its assumptions."""
    return make(claim.sde, claim.observable, assuming=_conditions(claim))


def derived_covariation(claim: CovariationClaim, make: Deriver = differential) -> Any:
    """The rate d⟨first, second⟩/dt of a claim under its assumptions."""
    first, second = _pair(claim, make)
    return first.covariation(second)


def _pair(
    claim: CovariationClaim, make: Deriver = differential
) -> tuple[Differential, Differential]:
    both = [claim.first, claim.second]
    found = {
        f: make(claim.sde, f, assuming=_conditions(claim), beside=both) for f in dict.fromkeys(both)
    }
    return found[claim.first], found[claim.second]


def _conditions(claim: Claim) -> tuple[Any, ...]:
    declared = getattr(getattr(claim, "sde", None), "assuming", ())
    # What is said in words alone assumes nothing that a rule could use.
    return tuple(a.condition for a in claim.assumptions if a.condition not in (None, *declared))


def _identity(claim: IdentityClaim) -> Derivation:
    conditions = _conditions(claim)
    facts = Facts(conditions)
    forms = FormAlgebra(Basis([claim.left, claim.right]), facts)
    steps = []
    for name, side in (("left", claim.left), ("right", claim.right)):
        facts.rules.clear()
        value = expression(interpret(side, forms))
        rules = ", ".join(facts.rules)
        rule = f"{name} side in normal form" + (f" ({rules})" if rules else "")
        step = algebraic_step(rule, side, value, assuming=conditions)
        cancelled = cancellation((x, [interpret(x, forms)]) for x in summands(side))
        steps.append(replace(step, cancelled=cancelled))
    steps.append(algebraic_step(COMPARED, steps[0].after, steps[1].after, assuming=conditions))
    return Derivation(
        subject=claim.left,
        steps=tuple(steps),
        used=tuple(facts.used),
        implied=tuple(facts.implied),
        unused=facts.unused,
    )


def _time_change(claim: TimeChangeClaim) -> Derivation:
    """Each equation in the new time; dτ = rate dt, dB̃ = √rate dB in it give back the old one."""
    rate, system = claim.rate, claim.sde.to_ito()
    names = _renamed(claim)
    changed = change_time(system, rate, renamed=names)
    back = {dt: rate * dt, **{names.get(d, d): sqrt(rate) * d for d in system.noises}}
    if any(t in equation.free_symbols for equation in changed.equations.values()):
        back[t] = new_time(rate)
    clock, root = bracketed(unicode(rate)), unicode(sqrt(rate))
    steps = []
    for state, before in system.equations.items():
        rule = f"dτ = {clock} dt and dB̃ = {root} dB in the equation of {unicode(state)}"
        after = changed.equations[state]
        undone = algebraic_step(rule, before, after.xreplace(back), assuming=system.assuming)
        steps.append(Step(rule=rule, before=before, after=after, check=undone.check))
    declared = (*system.assuming, *_conditions(claim))
    used = tuple(fact for fact in declared if fact == Q.positive(rate))
    return Derivation(
        subject=claim.sde,
        steps=tuple(steps),
        used=used,
        unused=tuple(fact for fact in declared if fact not in used),
    )


def _renamed(claim: TimeChangeClaim) -> dict[Any, Any]:
    return dict(counterparts(claim.sde, claim.changed))
