"""How far a mutant is from the claim it was made of, at the points that a tier looks at.

No tier is asked: both stated forms are evaluated, and their difference is taken relative to the
larger of the two.  A mutant is visible to a tier where that is at least the error that the tier
promises to see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

import numpy as np

from numerics.brownian import basis
from numerics.contexts import RationalContext
from numerics.generator import estimate_generator
from numerics.points import as_arrays
from numerics.system import System
from verify.paths.simulated import number, starting_values
from verify.planning import Plan
from verify.problem import Problem
from verify.sampling import admissible, point_near
from verify.sizes import telling_sizes
from verify.steps.samples import relevant_change
from verify.systems import as_numbers, smooth_within

__all__ = ["LEAST", "change", "has_value"]

LEAST: Mapping[str, float] = {
    "derivation": 0.0,
    "exact": 1e-12,
    "generator": 1e-5,
    "one-step": 1e-6,
    "path": 0.02,
    "algorithm": 0.05,
}
"""The relative change of a stated form that a tier must see; above rounding for the exact one.

The path tier has the relevant error of its claim instead, where that states one.
"""


def change(tier: str, right: Problem, wrong: Problem, plan: Plan) -> tuple[float, float]:
    """The largest relative change at the points of a tier, and what it must see.

    Infinite where nothing can be evaluated: what is not known to be small counts as visible.
    """
    if tier == "path" and right.exponents is not None:
        return _of_exponents(right, wrong), right.exponents.relevant
    on_paths = tier == "path" and right.signature.path is not None
    least = LEAST[tier]
    if on_paths:
        assert right.signature.path is not None
        least = right.signature.path.relevant
    if tier == "one-step" and right.step is not None:
        least = relevant_change(right.step)
    if wrong.memory is not right.memory:
        # What is declared differs, and what is stated may not.
        return inf, least
    names = [
        name
        for name, kernel in wrong.kernels.items()
        if kernel is not right.kernels.get(name) and name.startswith("path_") == on_paths
    ]
    try:
        points = list(_points(tier, right, plan))
        found = [_relative(right, wrong, name, *point) for point in points for name in names]
    except (ValueError, ArithmeticError, KeyError):
        found = []
    return max(found, default=inf), least


def has_value(right: Problem, wrong: Problem, plan: Plan) -> bool:
    """Whether what is stated of paths is a number, or a distribution function: else it is nothing.

    A distribution function is looked at where the right one is strictly between 0 and 1.
    """
    names = [name for name in ("path_value", "path_cdf") if name in wrong.kernels]
    if not names:
        return True
    ((point, _),) = _points("path", wrong, plan)
    with np.errstate(all="ignore"):
        a, b = (_flat(problem.kernels[names[0]](point)) for problem in (right, wrong))
    if names[0] == "path_value":
        return bool(np.all(np.isfinite(b)))
    if len(a) != len(b):
        return False
    b = b[(a > 0.0) & (a < 1.0)]
    return bool(np.all((b >= 0.0) & (b <= 1.0)) and np.all(np.diff(b) >= 0.0))


def _points(
    tier: str, problem: Problem, plan: Plan
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, float]]]:
    """The points of a tier in float64, with the sums of absolute terms of what is measured there.

    A unit of every Brownian component goes with the point.
    """
    exact = RationalContext()
    if tier == "path" and problem.signature.path is not None:
        setting = problem.signature.path
        point = starting_values(setting, plan)
        observable = problem.kernels.get("path_observable")
        initial = {} if observable is None else {"initial": np.asarray(observable(point))}
        given = {**point, **initial, "t": np.asarray(float(number(setting.horizon)))}
        if problem.kind in ("law", "stationary"):
            given |= _along(problem)
        yield given, _of_bounds(problem)
        return
    if tier == "one-step" and problem.kind != "identity":
        _, sample = point_near(problem, telling_sizes(problem.signature), plan)
        points = list(zip([sizes for sizes, _ in sample.points], sample.values, strict=True))
    else:
        sample = admissible(problem, exact, plan, lambda sizes, x: True)
        points = [(sizes, as_arrays(point, exact)) for sizes, point in sample.points]
    for sizes, point in points:
        if "declared" not in problem.signature.systems:
            yield point, {}
            continue
        system = as_numbers(problem.system("declared", sizes), point)
        scales = {} if tier == "exact" else _scales(problem, system, point)
        yield {**point, **basis(system), "dt": np.asarray(1.0)}, scales


def _along(problem: Problem) -> dict[str, Any]:
    """Many values of what a distribution function, or a density, is a function of."""
    line = np.linspace(-6.0, 20.0, 26_001)
    if problem.kind == "law":
        return {"level": line}
    density, setting = problem.kernels.get("path_density"), problem.signature.path
    if density is None or setting is None:
        return {}
    states = [x for x in setting.letters if x.kind == "state" and x.name in density.arguments]
    return {x.name: line[line > 0.0] if "positive" in x.facts else line for x in states}


def _of_bounds(problem: Problem) -> dict[str, float]:
    """An expectation of bounded values is judged in units of their range."""
    if problem.bounds is None or not np.all(np.isfinite(problem.bounds)):
        return {}
    low, high = problem.bounds
    return {"path_value": float(high - low)}


def _scales(problem: Problem, system: System, point: Mapping[str, Any]) -> dict[str, float]:
    """Kernel -> the sum of the absolute values of the terms of what is measured against it."""
    if "observable" not in problem.kernels:
        return {}
    reach = smooth_within(problem, system, point)
    e = estimate_generator(system, problem.kernel("observable"), point, reach=reach)
    return {
        "stated_drift": float(np.max(e.drift_scale, initial=0.0)),
        "stated_martingale": float(np.max(e.martingale_scale, initial=0.0)),
    }


def _relative(
    right: Problem,
    wrong: Problem,
    name: str,
    point: Mapping[str, Any],
    scales: Mapping[str, float],
) -> float:
    """The largest change of a stated form, relative to the values and to the sum of the terms."""
    if name not in right.kernels:
        return inf
    a, b = (_flat(problem.kernels[name](point)) for problem in (right, wrong))
    if name == "path_density":
        # Not normalised: the largest difference of the distribution functions.
        a, b = (np.cumsum(np.where(np.isfinite(x), x, 0.0)) for x in (a, b))
        a, b = a / a[-1], b / b[-1]
    # A stated 0 stands for a zero of any shape.
    gaps = np.abs(a - b) if 1 in (len(a), len(b)) or len(a) == len(b) else np.array([inf])
    size = max(*(float(np.max(np.abs(x), initial=0.0)) for x in (a, b)), scales.get(name, 0.0))
    gap = float(np.max(gaps, initial=0.0))
    if not np.isfinite(gap):
        return inf
    return gap / size if size > 0.0 else 0.0


def _flat(value: Any) -> Any:
    parts = value if isinstance(value, tuple | list) else [value]
    return np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in parts])


def _of_exponents(right: Problem, wrong: Problem) -> float:
    """The largest change of a stated exponent, in units of the exponents themselves."""
    assert right.exponents is not None
    if wrong.exponents is None:
        return inf
    pairs = zip(right.exponents.at, wrong.exponents.at, strict=True)
    gaps = [
        abs(a.value - b.value)
        for one, other in pairs
        for a, b in zip(one.stated, other.stated, strict=True)
    ]
    return max(gaps, default=inf)
