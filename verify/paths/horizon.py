"""Simulated paths of a claim up to its horizon: at h, h/2, h/4, on the same Brownian paths.

All that is simulated is the declared system by Euler–Maruyama; all that is seen of it is the
observable.  What a claim states is evaluated here too, but never reaches the simulation.

Coefficients that depend on the time are taken at a uniform random time of each step, for every path
and every grid one of its own (Kruse and Wu, A randomized Milstein method, Discrete Contin. Dyn.
Syst. B 24 (2019)): their mean over a step is right, and what oscillates between regular times, or
is not 0 between two of them only, is missed by no grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from numerics.brownian import Block, Draws, increments
from numerics.loop import iterate
from numerics.schemes import named
from numerics.schemes.step import stepper
from numerics.signature import PathSignature
from numerics.simulate import simulate, simulate_grids
from numerics.system import Array, State, System
from verify.errors import UsageError
from verify.planning import Plan
from verify.problem import Problem

from .coefficients import has_smooth_coefficients
from .simulated import as_drawn, drawn_values, number, simulated_system, starting_values, unmet

__all__ = ["LEVEL", "LEVELS", "Setting", "settings"]

LEVELS = 3
"""Grids: h, h/2, h/4."""

BLOCK = 8192
"""Scalars of state in a block: few paths enough for the cache, enough to hide the interpreter."""


PILOT, PILOT_STEPS = 256, 64
"""Paths and steps that show where the coefficients have to be smooth."""

LEVEL = "level"
"""The argument of a stated distribution function."""

PART = "part of a step"
"""Beside the increments of the noises: at which part of the step the coefficients are taken."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A claim about paths at one choice of its values.

    Attributes
    ----------
    problem
        The claim.
    label
        The values that vary, such as ``"sigma = 0.3"``, and those that were drawn, such as
        ``"a = 0.83, y(0) = 0.4 as drawn"``; empty if there are none.
    point
        Sizes, parameters and starting values.
    system
        Itô, with these parameters.
    horizon
        T.
    relevant
        As the claim states it.
    unmet
        Conditions that the point fails.
    takes_time
        Whether drift or noise depend on the time.
    drawn
        The values that the claim leaves open.
    """

    problem: Problem
    label: str
    point: Mapping[str, Any]
    system: System
    horizon: float
    relevant: float
    unmet: tuple[str, ...]
    takes_time: bool = False
    drawn: Mapping[str, Any] = field(default_factory=dict)

    @property
    def start(self) -> dict[str, Any]:
        """The states at time 0."""
        return {name: self.point[name] for name in self.system.states}

    def stated(self, name: str) -> float:
        """A stated number, at T.

        Raises
        ------
        UsageError
            If it is not a finite number.
        """
        at = {**self.point, "t": np.asarray(self.horizon)}
        with np.errstate(all="ignore"):
            value = np.asarray(self.problem.kernel(f"path_{name}")(at), dtype=float)
        if value.size != 1 or not np.all(np.isfinite(value)):
            raise UsageError(
                f"{name}: is {np.array2string(value, threshold=4)} at t = {self.horizon:g}"
                f"{self.at}; state one finite number"
            )
        return float(value.reshape(()))

    @property
    def at(self) -> str:
        """The varied and the drawn values as they follow a sentence."""
        return f" with {self.label}" if self.label else ""

    def observed(self, problem: Problem, state: Mapping[str, Any]) -> Array:
        """The observable on a batch of paths, (N,), at the time ``t`` of the state, else at T.

        Raises
        ------
        UsageError
            If it is no scalar.
        """
        parameters = {k: v for k, v in self.point.items() if k not in self.system.states}
        parameters["t"] = np.asarray(self.horizon)
        paths = len(next(iter(state[name] for name in self.system.states)))
        value = np.asarray(problem.kernel("path_observable")({**parameters, **state}), dtype=float)
        value = np.broadcast_to(value, (paths,)) if value.ndim == 0 else value
        if value.shape != (paths,):
            raise UsageError(
                f"observable: has shape {value.shape[1:]} on a path; give a scalar, such as an "
                "entry or a trace"
            )
        return value

    def reached(self, steps: int, paths: int, plan: Plan) -> list[Array]:
        """f(X_T) on every path with steps, 2 steps, 4 steps: three arrays (paths,)."""
        key = ("horizon", steps, paths, plan.seed, plan.purpose, self.horizon)

        def measure(declared: Problem) -> list[Array]:
            seed = plan.seed_for("paths") % 2**63
            if not self.takes_time:
                return self._at_grid_times(declared, steps, paths, seed)
            counts = [steps * 2**level for level in range(LEVELS)]
            return [self._at_random_times(declared, n, paths, seed) for n in counts]

        return self.problem.measured(key, self.point, measure)

    def _at_grid_times(self, declared: Problem, steps: int, paths: int, seed: int) -> list[Array]:
        runs = simulate_grids(
            self.system,
            named("euler_maruyama"),
            self.start,
            self.horizon,
            steps,
            paths,
            seed,
            observe=[{"f": lambda state: self.observed(declared, state)}] * LEVELS,
            finite=False,
            block=block_of(self.system, paths),
        )
        return [np.asarray(run.values["f"][0]) for run in runs]

    def _at_random_times(self, declared: Problem, steps: int, paths: int, seed: int) -> Array:
        system, draws = self.on_grid(steps)
        dt = self.horizon / steps
        run = iterate(
            stepper(named("euler_maruyama"), system, dt),
            {name: np.asarray(x, dtype=float) for name, x in self.start.items()},
            steps=steps,
            paths=paths,
            seed=seed,
            draws=draws,
            observe={"f": lambda state: self.observed(declared, state)},
            keep=True,
            finite=False,
            block=block_of(self.system, paths),
            dt=dt,
        )
        return np.asarray(run.values["f"][0])

    def is_rough(self, plan: Plan) -> bool:
        """Whether drift or noise are not smooth in the box of the ends of some paths."""
        found = simulate(
            self.system,
            named("euler_maruyama"),
            self.start,
            self.horizon,
            PILOT_STEPS,
            PILOT,
            plan.seed_for("pilot") % 2**63,
            observe={k: lambda state, k=k: state[k] for k in self.system.states},  # type: ignore[misc]
            keep=True,
            finite=False,
            block=PILOT,
        ).values
        low, high = (
            {
                name: f(np.concatenate([x[0], np.asarray(self.start[name], dtype=float)[None]]))
                for name, x in found.items()
            }
            for f in (_least, _most)
        )
        return not has_smooth_coefficients(self.system, self.horizon, low, high)

    def on_grid(self, steps: int) -> tuple[System, Draws[State]]:
        """The system and its draws for that many steps, at random times where it takes the time."""
        draws = increments(self.system, horizon=self.horizon, steps=steps)
        if not self.takes_time:
            return self.system, draws
        return _at_parts(self.system, self.horizon / steps), _with_parts(draws, steps)


def _least(x: Array) -> Array:
    return np.asarray(np.nanmin(x, axis=0))


def _most(x: Array) -> Array:
    return np.asarray(np.nanmax(x, axis=0))


def _at_parts(system: System, step: float) -> System:
    """The system whose coefficients are taken at the part of a step that the draws name."""

    def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
        if PART not in dB:
            return system.increment(point, t, dt, dB)
        noises = {name: x for name, x in dB.items() if name != PART}
        time: Any = t + step * dB[PART]
        return system.increment(point, time, dt, noises)

    return replace(system, increment=increment)


def _with_parts(draws: Draws[State], steps: int) -> Draws[State]:
    """The draws with a uniform part of a step for every path, of this number of steps alone."""

    def of(block: Block) -> Iterator[State]:
        rng = block.generator(f"times of {steps} steps")
        for dB in draws(block):
            yield {**dB, PART: rng.random(block.size)}

    return of


def block_of(system: System, paths: int) -> int:
    """Paths in a block: as many as fill the cache, and none in vain where there are few."""
    fitting = max(1, BLOCK // max(1, system.size))
    return max(1, min(fitting, paths))


def settings(problem: Problem, plan: Plan) -> Iterator[Setting]:
    """The claim at each of its settings.

    Raises
    ------
    UsageError
        If the horizon is no positive time, or what varies is not there.
    """
    path = problem.signature.path
    assert path is not None
    known = {letter.name for letter in path.letters}
    for name in path.vary:
        if name not in known:
            raise UsageError(f"vary: {name} does not occur in the claim; vary one that does")
    for one in path.settings():
        yield _setting(problem, path, one, plan)


def _setting(problem: Problem, path: PathSignature, one: PathSignature, plan: Plan) -> Setting:
    point = starting_values(one, plan)
    prefix = one.systems["path_reduced" if "path_reduced" in one.systems else "path"].prefix
    horizon = float(number(one.horizon))
    if not (np.isfinite(horizon) and horizon > 0):
        raise UsageError(f"horizon={horizon:g}: not a positive time; give a number above zero")
    system, drawn = simulated_system(problem, one, point), drawn_values(one, point)
    # What a threshold is of takes values of its own, at which its conditions are asked.
    moved = problem.threshold.parameter if problem.threshold is not None else None
    drawn = {name: x for name, x in drawn.items() if name not in _moved_by(problem)}
    return Setting(
        problem=problem,
        label=_label(path.vary, system, point, drawn),
        point=point,
        system=system,
        horizon=horizon,
        relevant=one.relevant,
        unmet=tuple(unmet(problem, {name: x for name, x in point.items() if name != moved})),
        takes_time="t" in problem.kernels[f"{prefix}increment"].arguments,
        drawn=drawn,
    )


def _moved_by(problem: Problem) -> set[str]:
    """The letters that a check gives values of its own."""
    moved = {LEVEL} if problem.kind == "law" else set()
    return moved | ({problem.threshold.parameter} if problem.threshold is not None else set())


def _label(
    vary: Iterable[str], system: System, point: Mapping[str, Any], drawn: Mapping[str, Any]
) -> str:
    varied = ", ".join(f"{name} = {_shown(point[name])}" for name in vary if name in point)
    return " and ".join(x for x in (varied, as_drawn(drawn, system.states)) if x)


def _shown(value: Any) -> str:
    return f"{float(value):g}" if np.ndim(value) == 0 else "a matrix"
