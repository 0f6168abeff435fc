"""A change of time on paths: the declared system against the one in the new time.

*On paths.*  Both systems are driven by one Brownian motion.  Over a step dτ of the new time the old
time moves by dt = dτ/rate at the state where the step begins, and the old noise by dB = dB̃/√rate.
Euler–Maruyama then gives one and the same path if the claim holds: no discretisation error enters.

*Step by step*, where the noises are not coupled, or where such paths differ: as a Brownian motion
may be turned, the laws of the single steps are compared at states that the paths visit.

*In law*, where the rate depends on the state or paths are not coupled.  The declared system runs in
its own time, step by equal step, until its clock shows τ; the changed one runs to τ with random
numbers of its own.  Their empirical distribution functions are held against each other with the
bound of Dvoretzky, Kiefer and Wolfowitz.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.brownian import increments
from numerics.loop import iterate
from numerics.system import Array, System
from numerics.transition import Transition
from verify.coordinates import diffusion
from verify.planning import Estimate, Plan
from verify.problem import Problem
from verify.sampling import point_near
from verify.sizes import wide_sizes
from verify.statistics.bounds import dkw_half_width
from verify.statistics.decisions import sample_distance
from verify.systems import as_numbers, per_path
from verify.verdict import Evidence, Status, combine

__all__ = ["clocked"]

TIER = "path"
ON_PATHS = 1e-8
"""Relevant difference of coupled paths, relative to their size: rounding has a margin of 10⁵."""

IN_LAW = 0.1
"""Relevant distance of distribution functions."""

LAW_PATHS = 5
"""Paths for the laws, for each path of the plan."""

STEPS = 64
VISITED = 32
"""Paths at whose ends the laws of the next steps are compared."""

LONGEST = 8
"""Own time that the declared system is given, in units of what it should need."""


@dataclass(frozen=True, kw_only=True)
class _Clock:
    """Both systems at one point, and how long to run them in the new time."""

    problem: Problem
    point: Mapping[str, Any]
    old: System
    new: System
    horizon: float

    @property
    def parameters(self) -> dict[str, Any]:
        return {k: v for k, v in self.point.items() if k not in self.old.states}

    def rate(self, state: Mapping[str, Array]) -> Array:
        """The rate at the states of a batch of paths, shape (N,)."""
        paths = len(next(iter(state.values())))
        value = self.problem.kernel("rate")({**self.parameters, **state})
        return np.broadcast_to(np.asarray(value, dtype=float), (paths,))


def clocked(problem: Problem, plan: Plan) -> Evidence:
    """Both systems of a change of time, on coupled paths or step by step, and in law if needed."""
    sizes, sample = point_near(problem, wide_sizes(problem.signature), plan)
    if not sample.points:
        return sample.empty(TIER)
    clock = _made(problem, sizes, sample.values[0])
    status, said, numbers, coupled = _compared(clock, plan)
    statuses, alpha = [status], 0.0
    if status == Status.AGREES and (_depends_on_state(clock) or not coupled):
        alpha = plan.budget.alpha
        distance = _in_law(clock, plan)
        statuses.append(distance.decide(IN_LAW))
        said += (
            f"; distribution functions by {distance.value:.2g} ± {distance.half_width:.2g}, bias ≤ "
            f"{distance.bias:.1g}, relevant {IN_LAW:g}"
        )
        numbers["distance in law"] = {
            "value": distance.value,
            "half_width": distance.half_width,
            "bias": distance.bias,
            "visible": distance.visible,
            "relevant": IN_LAW,
        }
    brief = ["on paths"] if coupled else ["step by step"]
    return Evidence(
        tier=TIER,
        status=combine(statuses),
        reason=said,
        brief=", ".join(brief + ["in law"] * (len(statuses) - 1)),
        false_agree=alpha,
        false_reject=alpha,
        condition="the bias left by the step length, measured by halving it" if alpha else "",
        points=plan.effort.paths,
        refused=sample.refused,
        numbers={"sizes": dict(sizes), "relevant": ON_PATHS, **numbers},
    )


def _compared(clock: _Clock, plan: Plan) -> tuple[Status, str, dict[str, Any], bool]:
    """Status, words, numbers of the coupled paths if they agree, else of the laws of the steps."""
    numbers: dict[str, Any] = {}
    if _coupled(clock):
        gap = Estimate(value=_on_paths(clock, plan))
        numbers["difference on paths"] = gap.value
        said = f"coupled paths at τ = {clock.horizon:.3g} differ by {gap.value:.1g} of their size"
        if gap.decide(ON_PATHS) == Status.AGREES:
            return Status.AGREES, said, numbers, True
    else:
        said = "the two systems have other noises and are not coupled"
    drift, diffusions = _of_steps(clock, plan)
    numbers |= {"difference of drifts": drift, "difference of diffusions": diffusions}
    said += (
        f"; over τ = {clock.horizon:.3g} the laws of their steps differ by {drift:.1g} of the size "
        f"of the state in the drift, by {diffusions:.1g} of its square in the diffusion matrix"
    )
    return Estimate(value=max(drift, diffusions)).decide(ON_PATHS), said, numbers, False


def _made(problem: Problem, sizes: Mapping[str, int], point: Mapping[str, Any]) -> _Clock:
    old, new = (as_numbers(problem.system(name, sizes), point) for name in ("declared", "changed"))
    return _Clock(
        problem=problem, point=point, old=old, new=new, horizon=Transition.at(new, point).unit_time
    )


def _coupled(clock: _Clock) -> bool:
    """Whether the two systems have the same noises, in their order, under whatever names."""
    pairs = [(system.noises, system.mixing()) for system in (clock.old, clock.new)]
    (old, mixing), (new, other) = pairs
    return (
        [noise.shape for noise in old] == [noise.shape for noise in new]
        and np.allclose(mixing, other)
        and all(
            _same(a.row_factor, b.row_factor) and _same(a.column_factor, b.column_factor)
            for a, b in zip(old, new, strict=True)
        )
    )


def _same(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and np.allclose(a, b)


def _depends_on_state(clock: _Clock) -> bool:
    return any(name in clock.old.states for name in clock.problem.kernel("rate").arguments)


def _moved(
    system: System, state: Mapping[str, Array], t: Array, dt: Array, dB: Mapping[str, Array]
) -> dict[str, Array]:
    change: Mapping[str, Any] = system.increment(state, t, dt, dB)  # type: ignore[arg-type]
    return {name: state[name] + change[name] for name in system.states}


def _rows(x: Array) -> Array:
    """One row for each path."""
    return x.reshape(len(x), -1)


def _start(clock: _Clock) -> dict[str, Array]:
    return {name: np.asarray(clock.point[name], dtype=float) for name in clock.old.states}


def _on_paths(clock: _Clock, plan: Plan) -> float:
    """The largest difference of coupled paths at the horizon, relative to their largest entry."""
    step = clock.horizon / STEPS
    renamed = {
        new.differential: old.differential
        for old, new in zip(clock.old.noises, clock.new.noises, strict=True)
    }

    def advanced(state: Mapping[str, Array], index: int, dB: Mapping[str, Array]) -> Any:
        x = {name: state[f"old {name}"] for name in clock.old.states}
        y = {name: state[f"new {name}"] for name in clock.new.states}
        rate = clock.rate(x)
        root = np.sqrt(rate)
        slowed = {renamed[name]: value / per_path(root, value) for name, value in dB.items()}
        dt, tau = step / rate, np.full(len(rate), step)
        x = _moved(clock.old, x, state["t"], dt, slowed)
        y = _moved(clock.new, y, index * tau, tau, dB)
        both = {f"old {name}": value for name, value in x.items()}
        return {**both, **{f"new {n}": v for n, v in y.items()}, "t": state["t"] + dt}

    start = {f"{side} {n}": x for side in ("old", "new") for n, x in _start(clock).items()}
    run = iterate(
        advanced,
        {**start, "t": np.zeros(())},
        steps=STEPS,
        paths=plan.effort.paths,
        seed=plan.seed_for("coupled paths"),
        draws=increments(clock.new, horizon=clock.horizon, steps=STEPS),
        observe={
            "both": lambda state: np.concatenate([_rows(state[key]) for key in start], axis=1)
        },
        keep=True,
        block=256,
    )
    old, new = np.split(run.values["both"][0], 2, axis=1)
    return float(np.max(np.abs(old - new)) / np.max(np.abs(new)))


# Step by step.


def _of_steps(clock: _Clock, plan: Plan) -> tuple[float, float]:
    """The largest differences of drift and diffusion matrix at states that the paths visit.

    A step of Euler and Maruyama is Gaussian and has these two as its law; over the horizon they
    move the state by as much as is returned, relative to its size and to the square of it.
    """
    visited, times = _changed_at(clock, plan, VISITED, STEPS)
    size = float(np.max(np.abs(visited[:, : clock.old.size])))
    gaps = []
    for row, t in zip(visited, times, strict=True):
        x = _unpacked(clock.old, row)
        rate = float(clock.rate({name: value[None] for name, value in x.items()})[0])
        a, S = diffusion(clock.old, {**x, "t": t})
        b, T = diffusion(clock.new, {**x, "t": clock.horizon})
        gaps.append([np.max(np.abs(u)) for u in (a / rate - b, S / rate - T)])
    drift, spread = np.max(gaps, axis=0) * clock.horizon
    return float(drift / size), float(spread / size**2)


def _unpacked(system: System, row: Array) -> dict[str, Array]:
    """The states of one row of entries."""
    found, first = {}, 0
    for name, shape in system.states.items():
        count = int(np.prod(shape))
        found[name] = row[first : first + count].reshape(shape)
        first += count
    return found


# In law.


def _in_law(clock: _Clock, plan: Plan) -> Estimate:
    """The largest distance of distribution functions over the entries of the state and its size."""
    paths = LAW_PATHS * plan.effort.paths
    old = [_declared_at(clock, plan, paths, STEPS * level) for level in (1, 2)]
    new = [_changed_at(clock, plan, paths, STEPS * level)[0] for level in (1, 2)]
    late = max(share for _, share in old)
    columns = old[0][0].shape[1]
    bias = late + max(
        sample_distance(old[0][0][:, c], old[1][0][:, c])
        + sample_distance(new[0][:, c], new[1][:, c])
        for c in range(columns)
    )
    value = max(sample_distance(old[1][0][:, c], new[1][:, c]) for c in range(columns))
    # Two empirical distribution functions for every column.
    half_width = 2 * dkw_half_width(paths, plan.budget.split(2 * columns).alpha)
    return Estimate(value=value, half_width=half_width, bias=bias)


def _columns(state: Mapping[str, Array], system: System) -> Array:
    """All entries of a state and the sum of their squares, (N, columns)."""
    entries = np.concatenate([_rows(state[name]) for name in system.states], axis=1)
    return np.concatenate([entries, np.sum(entries**2, axis=1, keepdims=True)], axis=1)


def _changed_at(clock: _Clock, plan: Plan, paths: int, steps: int) -> tuple[Array, Array]:
    """The changed system at the horizon, by equal steps of the new time, and the old times."""
    step = np.asarray(clock.horizon / steps)

    def advanced(state: Mapping[str, Array], index: int, dB: Mapping[str, Array]) -> Any:
        count = len(next(iter(state.values())))
        tau = np.broadcast_to(step, (count,))
        x = {name: state[name] for name in clock.new.states}
        return {
            **_moved(clock.new, x, index * tau, tau, dB),
            "old t": state["old t"] + tau / clock.rate(x),
        }

    run = iterate(
        advanced,
        {**_start(clock), "old t": np.zeros(())},
        steps=steps,
        paths=paths,
        seed=plan.seed_for("changed system"),
        draws=increments(clock.new, horizon=clock.horizon, steps=steps),
        observe={
            "x": lambda state: _columns(state, clock.new),
            "t": lambda state: state["old t"],
        },
        keep=True,
        block=1024,
    )
    return np.asarray(run.values["x"][0]), np.asarray(run.values["t"][0])


def _declared_at(clock: _Clock, plan: Plan, paths: int, steps: int) -> tuple[Array, float]:
    """The declared system when its clock shows the horizon, and the share of paths not yet there.

    Equal steps h of its own time; the step in which the clock would pass the horizon is shortened
    to end there, which is known when the step begins.
    """
    first = {name: x[None] for name, x in _start(clock).items()}
    needed = clock.horizon / float(clock.rate(first)[0])
    h = needed / steps
    longest = LONGEST if _depends_on_state(clock) else 1

    def advanced(state: Mapping[str, Array], index: int, dB: Mapping[str, Array]) -> Any:
        x = {name: state[name] for name in clock.old.states}
        rate = clock.rate(x)
        left = np.maximum(clock.horizon - state["clock"], 0.0)
        dt = np.minimum(h, left / rate)
        share = np.sqrt(dt / h)
        shortened = {name: value * per_path(share, value) for name, value in dB.items()}
        after = _moved(clock.old, x, index * np.full(len(rate), h), dt, shortened)
        return {**after, "clock": state["clock"] + rate * dt}

    run = iterate(
        advanced,
        {**_start(clock), "clock": np.zeros(())},
        steps=longest * steps,
        paths=paths,
        seed=plan.seed_for("declared system"),
        draws=increments(clock.old, horizon=longest * needed, steps=longest * steps),
        observe={
            "x": lambda state: _columns(state, clock.old),
            "late": lambda state: state["clock"] < (1 - 1e-9) * clock.horizon,
        },
        keep=True,
        block=1024,
    )
    return run.values["x"][0], float(np.mean(run.values["late"][0]))
