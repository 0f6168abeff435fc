"""The laws of log det M held against what training did: one verdict each.

The rule is that of `verify.planning.Estimate`: the ratio measured/predicted is known up to a
half-width (a finite-sample bound, `verify.data.concentration`) and a bias (what the continuous time
leaves out, and rounding); a law agrees if the ratio surely lies within `RELEVANT` of one.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from verify.data.measure import Measured
from verify.planning import Estimate
from verify.verdict import Status, json_value

__all__ = ["RELEVANT", "Law", "discrete_law", "gradient_flow_law", "noise_law"]

RELEVANT = 0.1
# log det M counts as measured while its rounding error stays below this.
MEASURABLE = 1e-4
# How often the step size of gradient descent is halved at most.
HALVINGS = 5
# Twice η times the mean square of the residual that a step sees.
EXPECTED = {
    "label noise": "2η(|R|² + δk|X|²/n²)",
    "minibatches": "2η(|R|² + (mean |x|²|r|² − |R|²)/b)",
}


@dataclass(frozen=True, kw_only=True)
class Law:
    """What became of one law on these data; numbers without a meaning for it are nan."""

    law: str
    """Whom it is about and what it says, for people."""
    theorem: str
    """The theorem's id."""
    verdict: Status
    statement: str
    """What was found, in one sentence."""
    measured: float = math.nan
    predicted: float = math.nan
    ratio: float = math.nan
    half_width: float = math.nan
    """Of the ratio, at the stated confidence."""
    bias: float = math.nan
    """Bound on the part of the ratio's deviation that is no chance."""
    tolerance: float = math.nan
    confidence: float = math.nan
    draws: int = 0

    def to_json(self) -> dict[str, Any]:
        """By name; not a number becomes null."""
        return {name: json_value(value) for name, value in vars(self).items()}


def discrete_law(measured: Sequence[Measured]) -> Law:
    """det M⁺ = det(I − η²G'G)² det M, in every step of every algorithm."""
    # The maximum of arrays passes on what is not a number; Python's own would lose it.
    excess = float(np.max([part.excess[-1].max() for part in measured]))
    resolved = int(sum(part.resolved[-1].sum() for part in measured))
    draws = sum(part.draws for part in measured)
    gap = float(np.max([part.gap[-1].max() for part in measured]))
    if excess > 1:
        verdict, found = Status.DISAGREES, f"a step is off by {excess:.2g} times its rounding bound"
    elif not excess <= 1 or resolved == 0:
        verdict, found = Status.INCONCLUSIVE, "no step changes det M by more than rounding does"
    else:
        verdict = Status.AGREES
        found = f"no step is off by more than {excess:.2g} of its rounding bound"
    return Law(
        law="every step multiplies det M by det(I − η²G'G)²",
        theorem="discrete_determinant",
        verdict=verdict,
        statement=f"{found}; {draws:,} steps, {resolved:,} of them resolved to 0.1%",
        measured=gap,
        ratio=excess,
        tolerance=1.0,
        confidence=1.0,
        draws=draws,
    )


def gradient_flow_law(drop: Callable[[int], float], gap: float) -> Law:
    """Gradient flow conserves det M: what gradient descent loses vanishes with the step size.

    Parameters
    ----------
    drop
        Number of halvings of η -> loss of log det M over one and the same time.
    gap
        Rounding error of those.

    Notes
    -----
    Two Richardson steps from the drops at η, η/2, η/4 give the limit, their difference its bias. At
    step sizes that are no longer small this is no bound, so η is halved until the law holds within
    `RELEVANT` of what η loses, and only the last limit may speak against it.
    """
    drops = [drop(0), drop(1), drop(2)]
    size = abs(drops[0]) + gap
    while True:
        linear = [2 * fine - coarse for coarse, fine in itertools.pairwise(drops)]
        limit = (4 * linear[-1] - linear[-2]) / 3
        bias = (abs(limit - linear[-1]) + gap) / size
        estimate = Estimate(value=limit / size, bias=bias)
        verdict = estimate.decide(RELEVANT)
        if verdict == Status.AGREES or len(drops) > HALVINGS:
            break
        drops.append(drop(len(drops)))
    found = (
        f"log det M fell by {drops[0]:.3g} at η, {drops[1]:.3g} at η/2, "
        f"{drops[-1]:.3g} at η/{2 ** (len(drops) - 1)}, in the limit by {limit:.1g}"
    )
    if abs(drops[0]) <= gap:
        verdict, found = Status.AGREES, f"log det M stayed the same to rounding ({gap:.1g})"
    return Law(
        law="gradient descent conserves det M up to first order in η",
        theorem="gradient_flow_determinant",
        verdict=verdict,
        statement=found,
        measured=limit,
        predicted=0.0,
        ratio=estimate.value,
        half_width=0.0,
        bias=estimate.bias,
        tolerance=RELEVANT,
        confidence=1.0,
        draws=len(drops),
    )


def noise_law(part: Measured, theorem: str, alpha: float) -> Law:
    """The mean fall of log det M per unit of time under noise, beside the stated rate."""
    assert part.concentration is not None
    # The bound holds at every time at once, so the last time that can be measured may be taken.
    end = int(np.flatnonzero((part.log_det_error <= MEASURABLE).all(axis=1)).max(initial=0))
    time, runs = float(part.times[end]), part.log_det.shape[1]
    total = {name: float(values[end].sum()) for name, values in part.sums.items()}
    fall = float((part.log_det[0] - part.log_det[end]).sum())
    predicted = total["noise"] + total["drift"]
    eta2 = 2 * part.algorithm.step**2
    half = eta2 * float(part.concentration.half_width(total["upper"], total["lower"]))
    # Exactly: the fall of every step is 2η²|G|² and a remainder of order η⁴|G|⁴, which is summed
    # here.
    bias = abs(-float(part.law[end].sum()) - eta2 * total["square"])
    bias += float(part.log_det_error[[0, end]].sum())
    if not predicted > 0 or end == 0:
        estimate = Estimate(value=math.nan)
    else:
        estimate = Estimate(
            value=fall / predicted - 1, half_width=half / predicted, bias=bias / predicted
        )
    span = runs * time if time else math.nan
    share = total["drift"] / predicted if predicted > 0 else math.nan
    verdict = estimate.decide(RELEVANT)
    found = (
        f"fell by {fall / span:#.4g}, predicted {predicted / span:#.4g} ({share:.1%} of it from "
        f"|R|²); ratio {estimate.value + 1:.4f} ± {estimate.half_width:.2g}, "
        f"bias at most {estimate.bias:.2g}"
    )
    if end < len(part.times) - 1:
        found += f"; up to t = {time:.3g}, where det M is lost to rounding"
    if verdict == Status.INCONCLUSIVE:
        found += _remedy(estimate)
    return Law(
        law=f"{part.name}: log det M falls by {EXPECTED[part.name]} per unit of time",
        theorem=theorem,
        verdict=verdict,
        statement=found,
        measured=-fall / span,
        predicted=-predicted / span,
        ratio=estimate.value + 1,
        half_width=estimate.half_width,
        bias=estimate.bias,
        tolerance=RELEVANT,
        confidence=1 - alpha,
        draws=int(part.steps[end]) * runs,
    )


def _remedy(estimate: Estimate) -> str:
    """What would settle an open law."""
    if estimate.bias >= RELEVANT / 2:
        return "; take a smaller --step"
    more = estimate.samples(1, RELEVANT)
    if more is None or more > 1000:
        return "; too little of it was seen to decide"
    return f"; about {more:,} times the --steps would decide"
