"""Path: simulated paths of the declared system against a law that holds on every path.

The declared increment is run by Euler–Maruyama at steps h, h/2, h/4 on the same Brownian paths, the
observable is taken from the simulated state by plain linear algebra.  A change of time is checked
on paths too: both systems are driven by one Brownian motion, dB̃ = √rate dB.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.schemes import named
from numerics.signature import PathSignature
from numerics.simulate import simulate_grids
from numerics.system import Array, System
from verify.amounts import percent
from verify.paths.clocked import clocked
from verify.paths.course import at_the_end, marks, over_time, quantiles, watched
from verify.paths.expectations import averaged
from verify.paths.growth import grown
from verify.paths.hitting import crossed
from verify.paths.laws import distributed
from verify.paths.limits import limiting, threshold
from verify.paths.looks import settled
from verify.paths.moments import expected
from verify.paths.pathwise import OUTER_RELEVANT, PathErrors, path_errors
from verify.paths.simulated import (
    as_drawn,
    drawn_values,
    number,
    simulated_system,
    starting_values,
    unmet,
)
from verify.paths.stationary import stationary
from verify.planning import Plan
from verify.problem import Problem
from verify.verdict import Evidence, Status

__all__ = ["check"]

TIER = "path"
CONDITION = "the bias left by the step length, which is an extrapolation from h, h/2, h/4"
EXCEPTIONS = 0.05
"""Share of paths on which a law that holds on every path may be seen off: no finite number of paths
bounds it by zero."""

ROUNDING = 1e-12
"""What is stated to change by this part of its size is conserved."""

SMALL, SMALL_BLOCK = 32, 4096
"""Systems of at most so many numbers, and their paths in a block."""

_OF_PATHS: Mapping[str, Callable[[Problem, Plan], Evidence]] = {
    "expectation": averaged,
    "hitting": crossed,
    "law": distributed,
    "limit": limiting,
    "stationary": stationary,
    "threshold": threshold,
}


def check(problem: Problem, plan: Plan) -> Evidence:
    """The law of the path check, or both systems of a change of time."""
    if problem.kind == "time change":
        return clocked(problem, plan)
    if problem.kind == "exponents":
        return grown(problem, plan)
    if problem.kind in _OF_PATHS:
        return _OF_PATHS[problem.kind](problem, plan)
    setting = problem.signature.path
    if setting is None:
        reason = "the claim states no law of a concrete system over a span of time"
        return Evidence(tier=TIER, status=Status.NOT_APPLICABLE, reason=reason)
    if problem.kind == "moments":
        return _moments(problem, setting, plan)
    return settled(lambda look: _looked(problem, setting, look), plan)


def _moments(problem: Problem, setting: PathSignature, plan: Plan) -> Evidence:
    point = starting_values(setting, plan)
    if failed := unmet(problem, point):
        return _inadmissible(failed)
    system = simulated_system(problem, setting, point)
    return expected(problem, setting, system, point, float(number(setting.horizon)))


def _inadmissible(failed: Sequence[str]) -> Evidence:
    """Of a start that fails these conditions nothing is claimed."""
    reason = f"the start does not meet: {'; '.join(failed)}; no admissible point was looked at"
    return Evidence(tier=TIER, status=Status.INCONCLUSIVE, reason=reason)


def _looked(problem: Problem, setting: PathSignature, plan: Plan) -> Evidence:
    point = starting_values(setting, plan)
    if failed := unmet(problem, point):
        return _inadmissible(failed)
    horizon = float(number(setting.horizon))
    system = simulated_system(problem, setting, point)
    errors, scale, course = _errors(problem, plan, system, point, setting)
    found = path_errors(errors, plan.budget, noisy=bool(system.noises), exceptions=EXCEPTIONS)
    evidence = _evidence(plan, setting, system, found, scale, horizon)
    drawn, reason = drawn_values(setting, point), evidence.reason
    if drawn and evidence.status == Status.DISAGREES:
        reason = f"{reason}; with {as_drawn(drawn, system.states)}"
    numbers = {**evidence.numbers, **course, **({"drawn": drawn} if drawn else {})}
    return replace(evidence, reason=reason, numbers=numbers)


def _evidence(
    plan: Plan,
    setting: PathSignature,
    system: System,
    found: PathErrors,
    scale: float,
    horizon: float,
) -> Evidence:
    centre, spread = found.worst_centre, found.worst_spread
    status = found.status(setting.relevant)
    alpha = plan.budget.alpha if system.noises else 0.0
    paths = plan.effort.paths if system.noises else 1
    reason = (
        f"observable − law at t = {horizon:g} relative to {scale:.3g}: median {centre.value:+.2g} "
        f"± {centre.half_width:.1g}, bias ≤ {centre.bias:.1g}, relevant {setting.relevant:g}; 75 % "
        f"of paths within {spread.value:.1g} ± {spread.half_width:.1g} as h → 0"
    )
    if system.noises:
        held = 100 * (1 - found.beyond(setting.relevant))
        allowed = OUTER_RELEVANT * setting.relevant
        wanted = 100 * (1 - EXCEPTIONS)
        reason += f", at least {held:.3g} % within {allowed:g} or as √h ({wanted:g} % wanted)"
    needed = centre.samples(paths, setting.relevant)
    if status == Status.INCONCLUSIVE and needed:
        reason += f"; about {max(needed, paths):,} paths would settle the median"
    return Evidence(
        tier=TIER,
        status=status,
        reason=reason,
        brief=percent(abs(centre.value) + centre.half_width + centre.bias),
        false_agree=alpha,
        false_reject=alpha,
        condition=CONDITION,
        points=paths,
        numbers={
            "horizon": horizon,
            "steps": [plan.effort.steps * 2**level for level in range(3)],
            "paths": paths,
            "scale": scale,
            "relevant": setting.relevant,
            "median": _shown(centre),
            "spread": _shown(spread),
            "strong order": found.strong_order,
            "weak order": found.weak_order,
            "medians": found.medians,
            "outer quantiles": found.outer,
            "share beyond": found.beyond(setting.relevant),
        },
    )


def _shown(e: Any) -> dict[str, float]:
    return {
        "value": e.value,
        "half_width": e.half_width,
        "bias": e.bias,
        "visible": e.visible,
    }


def _errors(
    problem: Problem,
    plan: Plan,
    system: System,
    point: Mapping[str, Any],
    setting: PathSignature,
) -> tuple[list[Array], float, dict[str, Any]]:
    """Observable − law over the scale of the law, at three step lengths; the scale; the course."""
    horizon = float(number(setting.horizon))
    initial = np.asarray(problem.kernel("path_observable")(point), dtype=float)
    kernel = problem.kernel("path_law")

    def law(time: float) -> Array:
        at = {**point, "initial": initial, "t": np.asarray(time)}
        return np.asarray(kernel(at), dtype=float)

    stated = law(horizon)
    scale = _scale(initial, stated)
    key = (TIER, plan, horizon)
    reached, times, found = problem.measured(
        key, point, lambda declared: _reached(declared, plan, system, point, horizon)
    )
    course = over_time(law, initial, times, found, setting.relevant * scale)
    return [(value - stated) / scale for value in reached], scale, course


def _reached(
    problem: Problem, plan: Plan, system: System, point: Mapping[str, Any], horizon: float
) -> tuple[list[Array], list[float], Array | None]:
    """The observable at the horizon on every path, at three step lengths.

    With it the times that were passed on the way, and quantiles of all paths there.
    """
    observable = problem.kernel("path_observable")
    parameters = {name: value for name, value in point.items() if name not in system.states}
    # Without noise all paths are one.
    paths = plan.effort.paths if system.noises else 1
    initial = np.asarray(observable(point), dtype=float)
    whole = watched(lambda state: observable({**parameters, **state}), horizon)
    ended = at_the_end(whole, horizon, initial.shape)
    runs = simulate_grids(
        system,
        named("euler_maruyama"),
        {name: point[name] for name in system.states},
        horizon,
        plan.effort.steps,
        paths,
        plan.seed_for("paths") % 2**63,
        observe=[{"f": f} for f in (ended, ended, whole)],
        at=marks(plan.effort.steps),
        block=_block(system),
    )
    times = [float(time) for time in runs[-1].times]
    return [run.values["f"][-1] for run in runs], times, quantiles(runs[-1].values["f"])


def _block(system: System) -> int | None:
    """Paths in a block: of few numbers more than is usual, as all of them are run anyway."""
    if not system.noises:
        return 1
    return SMALL_BLOCK if system.size <= SMALL else None


def _scale(initial: Array, stated: Array) -> float:
    """What errors are relative to: the stated change; of what is conserved its size, or one.

    A change by rounding, as that of an initial value less and plus a number, is none.
    """
    size = float(np.max(np.abs(initial)))
    change = float(np.max(np.abs(stated - initial)))
    return max(1.0, size) if change <= ROUNDING * size else change
