"""One step: drift and covariation by precise Monte Carlo over one step of the declared system.

Gaussian increments in antithetic pairs, Hermite control variates, Richardson extrapolation in the
step length.  Where the randomness is finite it is enumerated: all two-point draws of a noisy
residual of up to 16 entries.  At least five digits of the sum of the absolute terms are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.brownian import basis
from numerics.generator import estimate_generator
from numerics.one_step import OneStepEstimate, one_step_covariation, one_step_drift
from numerics.system import Array, System
from verify.amounts import counted
from verify.coordinates import by_tuple, diffusion, evaluated, fitted, units
from verify.planning import Estimate, Plan
from verify.problem import NOTHING_DRAWN, Problem
from verify.sampling import generic_point, point_near
from verify.side_by_side import Compared, listed
from verify.signs import stepped as of_a_sign
from verify.signs import with_its_form
from verify.sizes import Sizes, several_sizes, telling_sizes
from verify.steps.checks import stepped as of_a_step
from verify.systems import as_numbers, fine_within, is_no_number, smooth_within
from verify.verdict import Evidence, Status, combine

__all__ = ["check"]

TIER = "one-step"
RELEVANT = 1e-6
"""Relevant error, relative to the sum of the absolute terms: six digits."""

RELEVANT_OF_EIGENVALUES = 1e-5
"""Of each eigenvalue, relative to its own terms: steps stay within the reach, and are rounded."""

NOTHING = 1e-7
"""Terms of a drift below this share of what they might have been are rounding of differences."""

LEAST_SAMPLES, MOST_SAMPLES = 2_000, 10**12
LARGEST_ENUMERATION = 16
FEW_ENTRIES = 12
CONDITION = "the range declared for the controlled statistic; the extrapolation in the step length"

Point = Mapping[str, Any]
Gaps = dict[str, Estimate]
Found = tuple[Estimate, Compared]
"""A difference, and all entries that it is the worst of."""


def check(problem: Problem, plan: Plan) -> Evidence:
    """One step at a generic point, at sizes that differ from each other and from 1."""
    if problem.kind == "sign":
        return with_its_form(of_a_sign, problem, plan, _compared)
    if problem.kind == "step":
        return of_a_step(problem, plan)
    if problem.kind == "identity":
        return _enumerated(problem, plan)
    return _compared(problem, plan)


def _compared(problem: Problem, plan: Plan) -> Evidence:
    sizes, sample = point_near(problem, _sizes(problem), plan)
    if not sample.points:
        return sample.empty(TIER)
    drawn = as_numbers(_declared(problem, sizes), sample.values[0])
    if nowhere := is_no_number(drawn, sample.values[0]):
        return Evidence(tier=TIER, status=Status.INCONCLUSIVE, reason=nowhere, false_agree=None)
    measure = {
        "covariation": _covariation,
        "differential": _differential,
        "moments": _differential,
        "sign": _differential,
        "time change": _time_change,
    }[problem.kind]
    found = measure(problem, plan, sizes, sample.values[0])
    gaps = {name: gap for name, (gap, _) in found.items()}
    relevant = RELEVANT_OF_EIGENVALUES if problem.signature.spectra else RELEVANT
    statuses = {name: gap.decide(relevant) for name, gap in gaps.items()}
    status = combine(statuses.values())
    reached = max(abs(gap.value) + gap.half_width + gap.bias for gap in gaps.values())
    digits = -np.log10(max(reached, 1e-17))
    return Evidence(
        tier=TIER,
        status=status,
        reason=_reason(status, statuses, gaps, plan, relevant),
        brief=f"{digits:.1f} digits",
        false_agree=problem.missed(plan.budget.alpha),
        false_reject=plan.budget.alpha,
        condition=CONDITION,
        points=1,
        refused=sample.refused,
        numbers={
            "sizes": dict(sizes),
            "relevant": relevant,
            "samples": plan.effort.samples,
            **{name: _shown(gap) for name, gap in gaps.items()},
            "values": listed({name: [x] for name, (_, x) in found.items()}, relevant),
        },
    )


def _shown(gap: Estimate) -> dict[str, float]:
    return {
        "difference": gap.value,
        "half_width": gap.half_width,
        "bias": gap.bias,
        "visible": gap.visible,
    }


def _reason(
    status: Status, statuses: Mapping[str, Status], gaps: Gaps, plan: Plan, relevant: float
) -> str:
    telling = [name for name, s in statuses.items() if s == status]
    parts = [
        f"{name}: difference {gaps[name].value:.2g} ± {gaps[name].half_width:.1g}, bias "
        f"≤ {gaps[name].bias:.1g}"
        for name in telling
    ]
    text = f"relative to the sum of the absolute terms, {'; '.join(parts)}"
    if status != Status.INCONCLUSIVE:
        return text
    if any(gaps[name].bias >= relevant / 2 for name in telling):
        return f"{text}; the bias is beyond half of the relevant error {relevant:g}"
    needed = [gaps[name].samples(plan.effort.samples, relevant) for name in telling]
    most = max(math.inf if n is None else n for n in needed)
    if most > MOST_SAMPLES:
        return f"{text}; no number of samples settles it here"
    return f"{text}; {most:,} samples would settle it"


def _sizes(problem: Problem) -> Sizes:
    """The sizes to look at; of a change of time every product of two entries is simulated."""
    if problem.kind == "time change":
        return telling_sizes(problem.signature, FEW_ENTRIES)
    return telling_sizes(problem.signature)


def _relative(e: OneStepEstimate, stated: Any, beside: float = 0.0) -> Found:
    """The worst entry of measured − stated, in units of the absolute terms.

    What a scalar or a matrix consists of is measured together, different eigenvalues each by its
    own.  A stated form that is no number where the observable is smooth is infinitely far off.
    ``beside`` is what the terms might have been, where all of them are but rounding.
    """
    axes = np.ndim(e.mean)
    stated = fitted(stated, np.shape(e.mean), axes)
    mean, claimed, gap, half, bias, scale = (
        by_tuple(np.broadcast_to(x, np.shape(e.mean)), axes)
        for x in (e.mean, stated, e.mean - stated, e.half_width, e.bias, e.scale)
    )
    if not np.all(np.isfinite(stated)):
        return Estimate(value=math.inf), Compared(
            claimed=claimed, measured=mean, gap=gap, half_width=half, bias=bias, unit=1.0
        )
    unit = units(np.max(scale, axis=1, keepdims=True))
    unit = np.where(np.max(unit) > NOTHING * beside, unit, max(beside, float(np.max(unit))))
    unit = np.where(unit == 0.0, np.max(np.abs(gap), axis=1, keepdims=True), unit)
    unit = np.where(unit == 0.0, 1.0, unit)
    gap, half, bias = (x / unit for x in (gap, half, bias))
    compared = Compared(
        claimed=claimed, measured=mean, gap=gap, half_width=half, bias=bias, unit=unit
    )
    # An entry that is clear of zero decides; if there is none, the one that may be farthest off.
    clear, far = np.abs(gap) - half - bias, np.abs(gap) + half + bias
    worst = np.unravel_index(np.argmax(clear if np.any(clear > 0) else far), gap.shape)
    value, width, off = (float(x[worst]) for x in (gap, half, bias))
    return Estimate(value=value, half_width=width, bias=off), compared


def _covariation(
    problem: Problem, plan: Plan, sizes: Mapping[str, int], point: Point
) -> dict[str, Found]:
    """The quadratic covariation of two observables."""

    def measure(declared: Problem) -> OneStepEstimate:
        system = as_numbers(_declared(declared, sizes), point)
        first = declared.kernel("first")
        return one_step_covariation(
            system,
            first,
            declared.kernel("second"),
            point,
            seed=plan.seed_for("covariation"),
            samples=max(_samples(plan, first(point)) // 4, LEAST_SAMPLES),
            level=plan.budget.alpha,
            pilot=plan.effort.pilot,
            reach=smooth_within(declared, system, point),
        )

    def spread(declared: Problem) -> float:
        system = as_numbers(_declared(declared, sizes), point)
        reach = smooth_within(declared, system, point)
        scales = (
            estimate_generator(system, declared.kernel(f), point, reach=reach).martingale_scale
            for f in ("first", "second")
        )
        return float(np.prod([np.max(np.linalg.norm(x, axis=0), initial=0.0) for x in scales]))

    found = problem.measured((TIER, plan), point, measure)
    # Eigenvalues of one matrix move along different components: all terms are zero.
    beside = problem.measured((TIER, "spread"), point, spread)
    stated = evaluated(problem.kernel("stated_rate"), point)
    return {"covariation": _relative(found, stated, beside)}


def _differential(
    problem: Problem, plan: Plan, sizes: Mapping[str, int], point: Point
) -> dict[str, Found]:
    """Drift, quadratic variation, and covariation with a random linear function of the state.

    The last sees the sign of the martingale part, which the quadratic variation does not.
    """
    found = problem.measured(
        (TIER, plan), point, lambda given: _one_step(given, plan, sizes, point)
    )
    stated = evaluated(problem.kernel("stated_drift"), point)
    beside = _curved(problem, sizes, point, found["square"]) if "square" in found else 0.0
    gaps = {"drift": _relative(found["drift"], stated, beside)}
    if "square" in found and "stated_martingale" in problem.kernels:
        moved, along = _stated_martingale(problem, plan, sizes, point)
        gaps["quadratic variation"] = _relative(found["square"], np.sum(moved**2, axis=0))
        gaps["covariation"] = _relative(found["mixed"], np.tensordot(along, moved, axes=1))
    return gaps


def _curved(
    problem: Problem, sizes: Mapping[str, int], point: Point, square: OneStepEstimate
) -> float:
    """What the second derivatives might make of the noise: |∂f·b| |b|/|x|.

    Along every component a determinant is linear: all terms of its drift are zero.
    """
    system = as_numbers(_declared(problem, sizes), point)
    size = np.sqrt(sum(np.sum(np.square(point[name])) for name in system.states))
    noise = np.sqrt(np.trace(diffusion(system, point)[1]))
    return float(np.sqrt(np.max(square.scale)) * noise / size) if size > 0.0 else 0.0


def _one_step(
    declared: Problem, plan: Plan, sizes: Mapping[str, int], point: Point
) -> dict[str, OneStepEstimate]:
    """The drift and, if there is noise whose part is stated, both covariations."""
    system = as_numbers(_declared(declared, sizes), point)
    f = declared.kernel("observable")
    share = plan.share("components", 3)
    settings: dict[str, Any] = {
        "level": share.budget.alpha,
        "pilot": plan.effort.pilot,
        "reach": smooth_within(declared, system, point),
    }
    samples = _samples(plan, f(point))
    found = {
        "drift": one_step_drift(
            system, f, point, seed=plan.seed_for("drift"), samples=samples, **settings
        )
    }
    if not system.noises or declared.kind in ("moments", "sign"):
        return found
    # Products of first differences have hardly any noise left under their controls.
    settings["samples"] = max(samples // 4, LEAST_SAMPLES)
    g = _like(f, _linear(system, plan), point)
    for name, other in (("square", f), ("mixed", g)):
        found[name] = one_step_covariation(
            system, f, other, point, seed=plan.seed_for(name), **settings
        )
    if not declared.of_functions:
        return found
    of_f, of_g = (
        estimate_generator(system, x, point, reach=fine_within(system, point)) for x in (f, g)
    )
    return {
        "drift": _seen(found["drift"], of_f.drift, of_f.drift_error),
        "square": _seen(found["square"], *of_f.covariation(of_f)[:2]),
        "mixed": _seen(found["mixed"], *of_f.covariation(of_g)[:2]),
    }


def _seen(found: OneStepEstimate, value: Array, error: Array) -> OneStepEstimate:
    """What was measured; unknown where differences of the same function say something else.

    Of a function that moves faster than all steps both are wrong, and hardly ever the same.
    """
    apart = np.abs(found.mean - value) > found.half_width + found.bias + error
    return replace(found, bias=np.where(apart | ~np.isfinite(error), np.inf, found.bias))


def _samples(plan: Plan, value: Any) -> int:
    """Antithetic pairs: fewer for a large matrix, whose entries are all measured by each."""
    axes = np.ndim(value)
    entries = int(by_tuple(value, axes).shape[1])
    return max(plan.effort.samples // max(1, entries // 4), LEAST_SAMPLES)


def _declared(problem: Problem, sizes: Mapping[str, int]) -> Any:
    """The system to draw from: the one with the small law where label noise has one."""
    systems = problem.signature.systems
    return problem.system("reduced" if "reduced" in systems else "declared", sizes)


def _linear(system: System, plan: Plan) -> dict[str, Array]:
    """Coefficients of a random linear function of the state."""
    rng = plan.generator("linear function")
    return {name: rng.standard_normal(shape) for name, shape in system.states.items()}


def _applied(coefficients: Mapping[str, Array], values: Mapping[str, Any]) -> Array:
    total: Any = 0.0
    for name, c in coefficients.items():
        axes = tuple(range(-c.ndim, 0))
        total = total + np.sum(c * np.asarray(values[name], dtype=float), axis=axes)
    return np.asarray(total)


def _like(
    f: Callable[[Point], Any], g: Mapping[str, Array], point: Point
) -> Callable[[Point], Array]:
    """The linear function as an observable that multiplies every entry of f."""
    axes = np.ndim(f(point))

    def observable(values: Point) -> Array:
        value = _applied(g, values)
        return value.reshape(value.shape + (1,) * axes)

    return observable


def _stated_martingale(
    problem: Problem, plan: Plan, sizes: Mapping[str, int], point: Point
) -> tuple[Array, Array]:
    """The stated martingale part, and the linear function's, along every Brownian component.

    The stated form speaks of the declared Brownian motions; their components are as many as they
    are, and only sums over them are compared.
    """
    whole = as_numbers(problem.system("declared", sizes), point)
    units = basis(whole)
    count = sum(noise.components for noise in whole.noises)
    b = whole.increment(point, float(point.get("t", 0.0)), 0.0, units)
    along = np.broadcast_to(_applied(_linear(whole, plan), b), (count,))
    stated = evaluated(problem.kernel("stated_martingale"), {**point, **units})
    shape = np.shape(problem.kernel("observable")(point))
    return fitted(stated, (count, *shape), len(shape)), along


def _time_change(
    problem: Problem, plan: Plan, sizes: Mapping[str, int], point: Point
) -> dict[str, Found]:
    """Drift of (1, x)(1, x)' under both systems: the rate times the one is the other.

    x are all entries of all states, so that drift and diffusion matrix are both compared.
    """
    rate = float(problem.kernel("rate")(point))
    old = problem.measured(
        (TIER, plan), point, lambda given: _drift_of_squares(given, "declared", plan, sizes, point)
    )
    new = _drift_of_squares(problem, "changed", plan, sizes, point)
    # Two systems that stand still have no terms at all.
    scale = float(np.max(old.scale) + abs(rate) * np.max(new.scale)) or 1.0
    gap = (old.mean - rate * new.mean) / scale
    half = float(np.max(old.half_width + abs(rate) * new.half_width)) / scale
    bias = float(np.max(old.bias + abs(rate) * new.bias)) / scale
    worst = Estimate(value=float(np.max(np.abs(gap))), half_width=half, bias=bias)
    stated = rate * new.mean
    compared = Compared(
        claimed=stated, measured=old.mean, gap=gap, half_width=half, bias=bias, unit=scale
    )
    return {"drift and diffusion matrix": (worst, compared)}


def _drift_of_squares(
    problem: Problem, name: str, plan: Plan, sizes: Mapping[str, int], point: Point
) -> OneStepEstimate:
    system = as_numbers(problem.system(name, sizes), point)
    return one_step_drift(
        system,
        _squares(system),
        point,
        seed=plan.seed_for(name),
        level=plan.share("components", 2).budget.alpha,
        samples=plan.effort.samples,
        pilot=plan.effort.pilot,
    )


def _squares(system: System) -> Callable[[Point], Array]:
    def observable(values: Point) -> Array:
        parts = []
        for name, shape in system.states.items():
            x = np.asarray(values[name], dtype=float)
            parts.append(x.reshape(*x.shape[: x.ndim - len(shape)], -1))
        row = np.concatenate([np.ones((*parts[0].shape[:-1], 1)), *parts], axis=-1)
        return np.asarray(row[..., :, None] * row[..., None, :])

    return observable


def _enumerated(problem: Problem, plan: Plan) -> Evidence:
    """An identity at every two-point draw ±1 of the noise in its random letter."""
    if problem.draws is None:
        return Evidence(tier=TIER, status=Status.NOT_APPLICABLE, reason=NOTHING_DRAWN)
    letter = problem.signature.letter(problem.draws)
    sizes = next(
        (
            s
            for s in several_sizes(problem.signature, 50)
            if _components(letter, s) <= LARGEST_ENUMERATION
        ),
        None,
    )
    if sizes is None:
        reason = f"{problem.draws} has more than {LARGEST_ENUMERATION} entries at all sizes"
        return Evidence(tier=TIER, status=Status.NOT_APPLICABLE, reason=reason)
    sample = generic_point(problem, sizes, plan)
    if not sample.points:
        return sample.empty(TIER)
    point, count = sample.values[0], _components(letter, sizes)
    signs = 1.0 - 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
    drawn = point[letter.name] + signs.reshape(-1, *np.shape(point[letter.name]))
    left, right = (
        np.asarray(problem.kernel(side)({**point, letter.name: drawn}), dtype=float)
        for side in ("left", "right")
    )
    scale = float(np.max(np.abs(left)) + np.max(np.abs(right))) or 1.0
    gap = Estimate(value=float(np.max(np.abs(left - right))) / scale)
    left, right = np.broadcast_arrays(left, right)  # a stated 0 is a zero of any shape
    off = (left - right) / scale
    compared = Compared(claimed=right, measured=left, gap=off, half_width=0.0, bias=0.0, unit=scale)
    status = gap.decide(RELEVANT)
    return Evidence(
        tier=TIER,
        status=status,
        reason=f"both sides at all {2**count:,} two-point draws of {letter.name}: largest relative "
        f"difference {gap.value:.1g}",
        brief=counted(2**count, "draw"),
        points=2**count,
        refused=sample.refused,
        numbers={
            "sizes": dict(sizes),
            "draws": 2**count,
            "difference": gap.value,
            "relevant": RELEVANT,
            "values": listed({"both sides": [compared]}, RELEVANT),
        },
    )


def _components(letter: Any, sizes: Mapping[str, int]) -> int:
    return int(np.prod(letter.shape_at(sizes)))
