"""Two tiers of which one proves what the other refutes."""

from __future__ import annotations

from collections.abc import Sequence

from verify.verdict import Evidence, Status

__all__ = ["contradictions"]


def contradictions(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """A line for each tier that contradicts the derivation.

    What is proved holds at every point; and what exact arithmetic accepts with a bound on its error
    is hardly refuted (of a sign, points bound none).  The path tier looks at other things, and
    rounding and chance hide small errors from those that are left: that they accept what is refuted
    is no contradiction.
    """
    at, wrong = {e.tier: e.status for e in evidence}, Status.DISAGREES
    against: list[str] = []
    if at.get("derivation") == Status.AGREES:
        against = [x for x in ("exact", "generator", "one-step") if at.get(x) == wrong]
    elif at.get("derivation") == wrong:
        accepted = (e for e in evidence if e.tier == "exact" and e.status == Status.AGREES)
        against = [e.tier for e in accepted if e.false_agree is not None]
    return tuple(
        f"the tiers derivation and {tier} contradict each other, so one of the two is wrong; "
        "please report the claim"
        for tier in against
    )
