"""The tiers: one file each, every one a function ``check(problem, plan) -> Evidence``.

The file of the tier ``one-step`` is ``one_step.py``, and so on; there is no list to keep.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from verify.planning import Plan
from verify.problem import Problem
from verify.verdict import Evidence

__all__ = ["TierCheck", "check_of"]


class TierCheck(Protocol):
    """What every tier is."""

    def __call__(self, problem: Problem, plan: Plan) -> Evidence:
        """What the tier finds on a claim within the plan."""


def check_of(tier: str) -> TierCheck:
    """The check of a tier, imported when it is first needed."""
    module = import_module(f"{__name__}.{tier.replace('-', '_')}")
    return cast(TierCheck, module.check)
