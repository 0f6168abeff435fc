"""A verdict with what is wrong, where it disagrees; the search is imported only then."""

from __future__ import annotations

from dataclasses import replace

from verify.planning import Plan
from verify.problem import Problem
from verify.verdict import Status, Verdict

__all__ = ["with_finding"]


def with_finding(problem: Problem, verdict: Verdict, plan: Plan) -> Verdict:
    """The verdict; of a claim that disagrees with the wrong term and a small counter-example."""
    if verdict.status != Status.DISAGREES:
        return verdict
    import numpy as np

    from .locate import located

    # Points outside the domain are left out by their values; nothing is printed in between.
    with np.errstate(all="ignore"):
        finding = located(problem, verdict.evidence, plan.share("finding"))
    return replace(verdict, finding=finding)
