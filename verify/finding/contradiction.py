"""Two tiers of which one proves what the other refutes."""

from __future__ import annotations

from collections.abc import Sequence

from verify.verdict import Evidence, Status

__all__ = ["contradictions"]

LAWS = "the law of "
"""How the names of those parts begin that the engine alone compares exactly: laws of moments."""

DIFFERENT = "DIFFERENT"


def contradictions(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """A line for each tier that contradicts the derivation.

    What is proved holds at every point; and what exact arithmetic accepts with a bound on its error
    is hardly refuted (of a sign, points bound none; where there are dimensions, the bound is one at
    the sizes that were drawn).  The path tier looks at other things, and rounding and chance hide
    small errors from those that are left: that they accept what is refuted is no contradiction.
    """
    at, wrong = {e.tier: e for e in evidence}, Status.DISAGREES
    derivation = at.get("derivation")
    against: list[str] = []
    if derivation is None:
        return ()
    if derivation.status == Status.AGREES:
        others = (at[x] for x in ("exact", "generator", "one-step") if x in at)
        against = [e.tier for e in others if e.status == wrong]
    elif derivation.status == wrong and not _of_laws_alone(derivation):
        accepted = (e for e in evidence if e.tier == "exact" and e.status == Status.AGREES)
        against = [e.tier for e in accepted if e.false_agree is not None and not e.condition]
    return tuple(
        f"the tiers derivation and {tier} contradict each other, so one of the two is wrong; "
        "please report the claim"
        for tier in against
    )


def _of_laws_alone(derivation: Evidence) -> bool:
    """Whether all that the engine refutes are laws, while exact arithmetic compares drifts."""
    parts = derivation.numbers.get("parts", {})
    different = [name for name, answer in parts.items() if answer == DIFFERENT]
    return bool(different) and all(name.startswith(LAWS) for name in different)
