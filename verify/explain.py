"""The statement of a claim and its derivation, step by step, for people."""

from __future__ import annotations

import textwrap
from typing import Any

from derivations.claim import DifferentialClaim, IdentityClaim, TimeChangeClaim

from .tiers.derivation import facts_of

__all__ = ["explained"]

WIDTH = 96


def explained(claim: Any, *, latex: bool = False) -> str:
    """What a claim states, assumes and follows from, as text or as LaTeX."""
    show = _latex if latex else str
    heading = f"{claim.id}: {claim.title}"
    lines = [heading, "=" * len(heading), "", *_wrapped(claim.statement), f"Source: {claim.source}"]
    for assumption in claim.assumptions:
        lines.append(f"Assumes: {assumption.text}")
    for name, expression in _declared(claim):
        lines += ["", f"{name}", _display(expression, show, latex)]
    derivation = _derivation(claim)
    if derivation is not None:
        lines += ["", "Derivation (Itô)"]
        for number, step in enumerate(derivation.steps, 1):
            lines += ["", f"{number}. {step.rule}", _display(step.after, show, latex)]
            lines += [f"   checked: {step.check}"]
            used = ", ".join(str(fact) for fact in step.assumptions)
            lines += [f"   assumes: {used}"] if used else []
        lines += _facts(derivation)
    for tier, reason in claim.inapplicable.items():
        lines += ["", f"Tier {tier} does not apply: {reason}"]
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), WIDTH) or [""]


def _display(expression: Any, show: Any, latex: bool) -> str:
    text = expression if isinstance(expression, str) else show(expression)
    return f"\\[ {text} \\]" if latex else f"   {text}"


def _latex(expression: Any) -> str:
    from sympy import latex

    return str(latex(expression))


def _declared(claim: Any) -> list[tuple[str, Any]]:
    """The declared system, the observable and what is stated of it."""
    if isinstance(claim, DifferentialClaim):
        return [
            *_system("System", claim.sde),
            ("Observable", claim.observable),
            ("Stated drift", claim.drift),
            ("Stated martingale part", claim.martingale),
        ]
    if isinstance(claim, IdentityClaim):
        return [("Left", claim.left), ("Right", claim.right)]
    if isinstance(claim, TimeChangeClaim):
        clock = [("Clock: dτ = rate dt with the rate", claim.rate)]
        return [*_system("System", claim.sde), *clock, *_system("In the new time", claim.changed)]
    return []


def _system(title: str, sde: Any) -> list[tuple[str, Any]]:
    return [(f"{title}: d{state} =", equation) for state, equation in sde.equations.items()]


def _derivation(claim: Any) -> Any:
    if isinstance(claim, DifferentialClaim):
        return claim.sde.d(claim.observable, assuming=facts_of(claim)).derivation
    return None


def _facts(derivation: Any) -> list[str]:
    lines = []
    for title, facts in (
        ("Used", derivation.used),
        ("Needed though not declared", derivation.implied),
        ("Declared though never used", derivation.unused),
    ):
        if facts:
            lines += ["", f"{title}: {', '.join(str(fact) for fact in facts)}"]
    return lines
