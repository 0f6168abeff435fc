"""More samples where the first did not settle a claim: looks, each with its share of the rates.

What a look spends is fixed beforehand.  Of laws that hold on every path, and of real algorithms,
the second look spends four times the paths and twice the steps; exponents have three looks
(`verify.paths.growth`).  What follows from the last look instead stands in
`verify.paths.refinement`: laws at a time, stationary ones, expectations, crossing probabilities,
limits.  Both error rates are split over the looks beforehand, and each has randomness of its own,
so that looking twice costs nothing in honesty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from verify.planning import Plan
from verify.verdict import Evidence, Status

__all__ = ["LOOKS", "looks", "settled"]

TIMES = ((1, 1), (4, 2))
"""How many times the paths (and repeats) and the steps of the plan each look has."""

LOOKS = len(TIMES)


def settled(check: Callable[[Plan], Evidence], plan: Plan) -> Evidence:
    """The evidence of the first look that settles the claim, else of the last one."""
    for look, share in enumerate(looks(plan), 1):
        found = check(share)
        found = replace(found, numbers={**found.numbers, "looks": look})
        if found.status != Status.INCONCLUSIVE:
            break
    return replace(
        found,
        false_agree=_of_all_looks(found.false_agree, plan.budget.false_agree),
        false_reject=_of_all_looks(found.false_reject, plan.budget.false_reject),
    )


def looks(plan: Plan, times: Sequence[tuple[int, int]] = TIMES) -> Iterator[Plan]:
    """The plan of each look, with its share of the rates, for a check that looks part by part.

    ``times`` are those of the paths and of the steps of the plan, at each look.
    """
    share = replace(plan, budget=plan.budget.split(len(times)))
    yield from (_enlarged(share, look, *more) for look, more in enumerate(times))


def _of_all_looks(rate: float | None, whole: float) -> float | None:
    """The rate that was spent: the whole share, unless no chance was involved."""
    return whole if rate else rate


def _enlarged(plan: Plan, look: int, paths: int, steps: int) -> Plan:
    effort = plan.effort
    return replace(
        plan,
        purpose=f"{plan.purpose}/look {look}" if look else plan.purpose,
        effort=replace(
            effort,
            paths=effort.paths * paths,
            repeats=effort.repeats * paths,
            steps=effort.steps * steps,
        ),
    )
