"""Moments at a horizon: the mean over all sign paths against what is stated, without statistics.

The declared increment is run by Euler's scheme with two-point increments ±√h along every path of
signs, so that no tail is missed and nothing is drawn but the start.  Against it stand the
exponential of the stated matrix and, where a claim has them, the stated laws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from numerics.errors import NumericsError
from numerics.moments import Expectation, expectation, propagated
from numerics.signature import PathSignature
from numerics.system import Array, System
from verify.amounts import percent
from verify.planning import Estimate
from verify.problem import Problem
from verify.verdict import Evidence, Status, combine

from .simulated import as_drawn, drawn_values

__all__ = ["expected"]

TIER = "path"
CONDITION = "the error left by the step length, which is an extrapolation from all grids"

Point = Mapping[str, Any]


def expected(
    problem: Problem, setting: PathSignature, system: System, point: Point, horizon: float
) -> Evidence:
    """The evidence on every moment, from one start, at one horizon."""
    moments = problem.kernel("path_moments")
    try:
        found = problem.measured(
            (TIER, horizon), point, lambda given: _measured(given, system, point, horizon)
        )
    except NumericsError as error:
        return Evidence(tier=TIER, status=Status.INCONCLUSIVE, reason=str(error))
    start = [np.asarray(m, dtype=float) for m in moments(point)]
    stated = {"matrix": propagated(_matrix(problem, point, len(start)), start, horizon)}
    if "path_laws" in problem.kernels:
        laws = problem.kernel("path_laws")({**point, "t": np.asarray(horizon)})
        stated["law"] = [np.broadcast_to(x, m.shape) for x, m in zip(laws, start, strict=True)]
    gaps = {name: _gaps(found, values) for name, values in stated.items()}
    evidence = _evidence(setting, found, stated, gaps, horizon)
    drawn = drawn_values(setting, point)
    if not drawn:
        return evidence
    reason = f"{evidence.reason}; with {as_drawn(drawn, system.states)}"
    return replace(evidence, reason=reason, numbers={**evidence.numbers, "drawn": drawn})


def _measured(problem: Problem, system: System, point: Point, horizon: float) -> Expectation:
    """The means of all moments over the sign paths."""
    moments = problem.kernel("path_moments")
    parameters = {name: value for name, value in point.items() if name not in system.states}

    def observable(states: Point) -> Array:
        paths = len(next(iter(states.values())))
        return _flat(moments({**parameters, **states}), paths)

    return expectation(system, observable, {name: point[name] for name in system.states}, horizon)


def _matrix(problem: Problem, point: Point, size: int) -> Array:
    entries = problem.kernel("path_matrix")(point)
    return np.array([float(x) for x in entries]).reshape(size, size)


def _flat(values: Sequence[Any], paths: int) -> Array:
    """Scalars (paths,) and matrices (paths, r, c) as (paths, components)."""
    parts = []
    for value in values:
        x = np.asarray(value, dtype=float)
        # A moment without the state in it is one number for all paths.
        x = np.broadcast_to(x, (paths, *x.shape)) if x.shape[:1] != (paths,) else x
        parts.append(x.reshape(paths, -1))
    return np.concatenate(parts, axis=1)


def _gaps(found: Expectation, stated: Sequence[Array]) -> list[Estimate]:
    """Every component of measured − stated, in units of the moment it belongs to."""
    gaps, first = [], 0
    for value in stated:
        entries = np.ravel(value)
        part = slice(first, first + entries.size)
        first = part.stop
        scale = max(float(np.max(np.abs(found.value[part]))), float(np.max(np.abs(entries)))) or 1.0
        for measured, error, x in zip(found.value[part], found.error[part], entries, strict=True):
            gaps.append(Estimate(value=float(measured - x) / scale, bias=float(error) / scale))
    return gaps


def _worst(gaps: Sequence[Estimate]) -> Estimate:
    """One that is clear of zero decides; if there is none, the one that may be farthest off."""
    clear = [gap for gap in gaps if abs(gap.value) > gap.bias]
    return max(clear or gaps, key=lambda gap: abs(gap.value) + gap.bias)


def _evidence(
    setting: PathSignature,
    found: Expectation,
    stated: Mapping[str, Sequence[Array]],
    components: Mapping[str, Sequence[Estimate]],
    horizon: float,
) -> Evidence:
    gaps = {name: _worst(found) for name, found in components.items()}
    statuses = {name: gap.decide(setting.relevant) for name, gap in gaps.items()}
    status = combine(statuses.values())
    parts = [
        f"{name}: {gaps[name].value:+.2g}, error ≤ {gaps[name].bias:.1g}"
        for name, decided in statuses.items()
        if decided == status
    ]
    reached = max(abs(gap.value) + gap.bias for gap in gaps.values())
    return Evidence(
        tier=TIER,
        status=status,
        reason=f"means over all sign paths − stated at t = {horizon:g}, relative to each moment: "
        f"{'; '.join(parts)}, relevant {setting.relevant:g}; {len(found.means)} grids, up to "
        f"{found.paths:,} paths, as h → 0",
        brief=percent(reached),
        condition=CONDITION,
        points=found.paths,
        numbers={
            "horizon": horizon,
            "grids": len(found.means),
            "paths": found.paths,
            "relevant": setting.relevant,
            "measured": found.value,
            "error": found.error,
            "means of the finest grid": found.means[-1],
            **{name: np.concatenate([np.ravel(x) for x in v]) for name, v in stated.items()},
            "differences": {
                name: {"difference": gap.value, "half_width": 0.0, "bias": gap.bias}
                for name, gap in gaps.items()
            },
            "refuting": {
                name: [n for n, gap in enumerate(each) if _refutes(gap, setting.relevant)]
                for name, each in components.items()
            },
        },
    )


def _refutes(gap: Estimate, relevant: float) -> bool:
    return gap.decide(relevant) == Status.DISAGREES
