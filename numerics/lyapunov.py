"""Lyapunov exponents of a linear system, by orthonormalising its columns as they are carried along.

A system that multiplies the stack Θ of its states from the left, dΘ = L(dt, dB) Θ, has the
exponents λ_1 ≥ λ_2 ≥ ..., the almost sure limits of (1/t) log of the singular values of Θ(t). After
every step Θ = QR is replaced by Q; the logs of the diagonal of R add up to the growth of volumes:
the first j of them to that of the first j columns, which is t(λ_1 + ... + λ_j) in the limit. That
holds for generic columns: where the first of them span an invariant subspace, as those of the
identity do in a triangular system, their volume grows like that subspace, whatever its exponents.
So Θ starts from an orthogonal matrix that is drawn once and is the same for all paths.

What the noise alone adds to log R_jj in a step is, to first order, (Q'L(0, dB)Q)_jj: a martingale M
whose quadratic variation grows at a bounded rate if that of L does, so that M/t tends to 0.

Source: G. Benettin, L. Galgani, A. Giorgilli, J.-M. Strelcyn, Meccanica 15 (1980) 9 and 21.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from numerics.brownian import basis, increments
from numerics.errors import SimulationError
from numerics.grids import iterate_grids
from numerics.loop import Step
from numerics.products import LARGEST_PATHS_LAST
from numerics.schemes import named
from numerics.schemes.conditions import require_conditions
from numerics.schemes.step import stepper
from numerics.system import Array, LeftMultiplication, State, System

__all__ = [
    "VolumeGrowth",
    "drift_per_time",
    "generic_frame",
    "log_growth",
    "log_growths",
    "require_left_multiplication",
    "spread_per_time",
]

GROWTH = "growth"
NOISE = "noise"
ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class VolumeGrowth:
    """Growth of the volumes that the columns of Θ span, column by column.

    Attributes
    ----------
    growth
        (times, paths, d): Σ log R_jj up to every time.
    noise
        (times, paths, d): the martingale Σ (Q'L(0, dB)Q)_jj, what the noise alone adds to it.
    """

    growth: Array
    noise: Array


def log_growth(
    system: System,
    *,
    horizon: float,
    steps: int,
    paths: int,
    seed: int,
    at: Sequence[int],
    scheme: str = "euler_maruyama",
    block: int = 256,
) -> Array:
    """Log growth of the volumes that the columns of Θ span, column by column.

    Parameters
    ----------
    system
        States (r, d) that stacked in their order are Θ (d, d), which it multiplies from the left.
    horizon, steps, paths, seed, block
        As for `numerics.simulate.simulate`; Θ starts from `generic_frame`.
    at
        Numbers of steps after which to read the growth, ascending.
    scheme
        Name of a scheme that converges to the Itô solution.

    Returns
    -------
    Array
        (len(at), paths, d): Σ log R_jj up to that time. Divided by the time, exponent number j,
        counted from the largest, up to what the start and a finite time leave.

    Raises
    ------
    SimulationError
        If the states are not the rows of a square Θ, the system does not multiply it from the left,
        or a condition of the scheme fails.

    Examples
    --------
    Geometric Brownian motion dx = x dB has the exponent −1/2:

    >>> from numerics.system import NoiseSpec
    >>> system = System(
    ...     states={"x": (1, 1)},
    ...     noises=(NoiseSpec(name="B", shape=(1, 1)),),
    ...     increment=lambda point, t, dt, dB: {"x": dB["dB"] @ point["x"]},
    ... )
    >>> growth = log_growth(system, horizon=16.0, steps=1024, paths=512, seed=1, at=[1024])
    >>> round(float(growth.mean()) / 16.0, 1)
    -0.5
    """
    (found,) = log_growths(
        system,
        horizon=horizon,
        steps=steps,
        paths=paths,
        seed=seed,
        at=at,
        grids=1,
        scheme=scheme,
        block=block,
    )
    return found.growth


def log_growths(
    system: System,
    *,
    horizon: float,
    steps: int,
    paths: int,
    seed: int,
    at: Sequence[int],
    grids: int,
    scheme: str = "euler_maruyama",
    block: int = 256,
) -> list[VolumeGrowth]:
    """The same paths with steps, 2·steps, …: their growth, and what the noise alone adds to it.

    Parameters
    ----------
    steps, at
        Of the coarsest grid.
    grids
        How many.
    system, horizon, paths, seed, scheme, block
        As for `log_growth`.

    Raises
    ------
    SimulationError
        As `log_growth`.
    """
    d = _side(system)
    require_left_multiplication(system)
    stacked = LeftMultiplication(matrix=_unused, rows=tuple(system.states))
    start = stacked.unstack(generic_frame(d), system.states)
    require_conditions(named(scheme), system, {name: x[None] for name, x in start.items()})
    last = system.paths_last and system.size <= LARGEST_PATHS_LAST
    begin = {**start, GROWTH: np.zeros(d), NOISE: np.zeros(d)}
    runs = iterate_grids(
        [_step(system, scheme, horizon / (steps << i), last=last) for i in range(grids)],
        lambda block: {
            name: np.array(np.broadcast_to(x, (block.size, *x.shape))) for name, x in begin.items()
        },
        steps=steps,
        horizon=horizon,
        paths=paths,
        seed=seed,
        draws=increments(system, horizon=horizon, steps=steps << (grids - 1), paths_last=last),
        observe=[{name: itemgetter(name) for name in (GROWTH, NOISE)}] * grids,
        at=at,
        finite=True,
        block=block,
    )
    return [
        VolumeGrowth(growth=np.asarray(x.values[GROWTH]), noise=np.asarray(x.values[NOISE]))
        for x in runs
    ]


def generic_frame(d: int) -> Array:
    """An orthogonal matrix (d, d) in general position, the same at every call.

    The Q of a normal matrix: the invariant subspaces of a system hold no column of it.
    """
    drawn = np.random.Generator(np.random.SFC64(d)).standard_normal((d, d))
    return np.asarray(np.linalg.qr(drawn)[0])


def _step(system: System, scheme: str, dt: float, *, last: bool) -> Step[State]:
    """A step of a scheme, after which the columns are made orthonormal again."""
    stacked = LeftMultiplication(matrix=_unused, rows=tuple(system.states))
    moved = stepper(named(scheme), system, dt)

    def step(state: State, index: int, dB: State) -> State:
        before = {name: state[name] for name in system.states}
        noise = system.noise(before, index * dt, dB)
        added = sum(np.sum(before[name] * noise[name], axis=-2) for name in before)
        Q, grown = _orthonormal(stacked.stack(moved(before, index, dB)))
        rows = stacked.unstack(Q if last else np.ascontiguousarray(Q), system.states)
        return {**rows, GROWTH: state[GROWTH] + grown, NOISE: state[NOISE] + added}

    return step


def _orthonormal(columns: Array) -> tuple[Array, Array]:
    """Q with its paths last in memory, and log R_jj (N, d), of matrices (N, d, d).

    Gram and Schmidt's way, modified: columns that are one step away from orthonormal ones are far
    from dependent, and what is lost now is made up for after the next step.
    """
    Q = np.ascontiguousarray(columns.T)
    grown = np.empty((Q.shape[0], Q.shape[2]))
    for j, column in enumerate(Q):
        grown[j] = np.sqrt(np.einsum("in,in->n", column, column))
        column /= grown[j]
        after = Q[j + 1 :]
        after -= np.einsum("in,kin->kn", column, after)[:, None] * column
    return Q.T, np.log(grown).T


def require_left_multiplication(system: System) -> None:
    """Refuse a system that does not multiply the stack of its states from the left.

    At a random Θ and dB the increment must be linear in Θ and commute with a factor from the right.
    """
    d = _side(system)
    rng = np.random.Generator(np.random.SFC64(0))
    stacked = LeftMultiplication(matrix=_unused, rows=tuple(system.states))
    dB = {noise.differential: noise.draw(rng, 1) for noise in system.noises}

    def moved(Theta: Array) -> Array:
        return stacked.stack(system.increment(stacked.unstack(Theta, system.states), 0.0, 0.5, dB))

    first, factor = rng.standard_normal((2, 1, d, d))
    gap = np.abs(moved(first @ factor) - moved(first) @ factor).max()
    if not gap <= ROUNDING * (1.0 + np.abs(moved(first) @ factor).max()):
        raise SimulationError(
            f"increment: not L(dt, dB) Θ with Θ the stack of {', '.join(system.states)} "
            f"(gap {gap:.2g}); exponents are those of a linear system"
        )


def spread_per_time(system: System) -> float:
    """E|L(0, dB)|²/d per unit of time, at t = 0: how fast noise moves a column of Θ, relatively."""
    d = _side(system)
    stacked = LeftMultiplication(matrix=_unused, rows=tuple(system.states))
    dB = basis(system)
    units = len(next(iter(dB.values()))) if dB else 0
    Theta = np.broadcast_to(np.eye(d), (units, d, d))
    moved = stacked.stack(system.noise(stacked.unstack(Theta, system.states), 0.0, dB))
    return float(np.sum(moved**2)) / d


def drift_per_time(system: System) -> float:
    """|L(1, 0)| at t = 0, the spectral norm: how fast the drift moves a column of Θ, relatively.

    No column is moved faster, then; what L is at other times is not looked at.
    """
    d = _side(system)
    stacked = LeftMultiplication(matrix=_unused, rows=tuple(system.states))
    Theta = stacked.unstack(np.eye(d)[None], system.states)
    none = {noise.differential: np.zeros((1, *noise.shape)) for noise in system.noises}
    moved = stacked.stack(system.increment(Theta, 0.0, 1.0, none))
    return float(np.linalg.norm(moved[0], ord=2))


def _side(system: System) -> int:
    """d for states that stack to (d, d)."""
    shapes = tuple(system.states.values())
    d = sum(shape[0] for shape in shapes if len(shape) == 2)
    if any(len(shape) != 2 or shape[1] != d for shape in shapes):
        raise SimulationError(
            f"states {dict(system.states)}: their rows are no square matrix; give all the columns "
            "of a fundamental matrix"
        )
    return d


def _unused(point: State, t: float, dt: float, dB: State) -> Array:
    raise SimulationError("matrix: the operator of a stack is not used here")
