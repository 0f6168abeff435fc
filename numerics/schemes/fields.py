"""Derivatives of the declared fields along themselves, by central differences.

Nothing is differentiated symbolically: the declared increment is all there is. The step is the cube
root of the machine precision relative to the state, so a derivative has about ten digits, and all
but rounding for fields that are affine or quadratic in the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from numerics.products import with_paths_last
from numerics.system import Array, State, System

__all__ = [
    "combined",
    "derivative_along",
    "in_full",
    "ito_correction",
    "paths_of",
    "repeated",
    "size_of",
]

RELATIVE_STEP = float(np.finfo(float).eps ** (1 / 3))
BATCH = 1 << 18  # scalars of state at once while the components of the noise are gone through


def paths_of(state: State) -> int:
    """Number of paths in a state."""
    return len(next(iter(state.values())))


def size_of(state: State) -> Array:
    """Largest absolute entry of each path over all states, shape (N,)."""
    largest = [np.abs(x).max(axis=tuple(range(1, x.ndim)), initial=0.0) for x in state.values()]
    return np.asarray(np.maximum.reduce(largest))


def combined(state: State, weights: Sequence[float | Array], parts: Sequence[State]) -> State:
    """X + Σ_i w_i I_i; a weight is a number or one number for each path."""
    total = dict(state)
    for weight, part in zip(weights, parts, strict=True):
        whole = isinstance(weight, float) and weight == 1.0
        for name, value in part.items():
            term = value if whole else _for_paths(weight, state[name].ndim) * value
            total[name] = total[name] + term
    return total


def _for_paths(weight: float | Array, ndim: int) -> float | Array:
    """A weight for each path, against arrays of `ndim` axes."""
    return weight if isinstance(weight, float) else weight.reshape(-1, *(1,) * (ndim - 1))


def in_full(increment: State, state: State) -> State:
    """An increment with an entry for every path, where it is the same for all of them."""
    return {name: np.broadcast_to(increment[name], x.shape) for name, x in state.items()}


def derivative_along(field: Callable[[State], State], state: State, direction: State) -> State:
    """(f(x + sv) − f(x − sv))/(2s), path by path, with s|v| a small part of |x|."""
    direction = in_full(direction, state)
    state_size, direction_size = size_of(state), size_of(direction)
    reach = RELATIVE_STEP * np.where(state_size > 0.0, state_size, 1.0)
    s = reach / np.where(direction_size > 0.0, direction_size, 1.0)
    after = field(combined(state, (s,), (direction,)))
    before = field(combined(state, (-s,), (direction,)))
    change = {name: after[name] - before[name] for name in state}
    return {name: x / (2 * _for_paths(s, x.ndim)) for name, x in in_full(change, state).items()}


def repeated(state: State, times: int) -> dict[str, Array]:
    """The paths once for each of several directions: (times·N, ...), the direction slowest."""
    return {name: _in_layout_of(x, np.concatenate([x] * times)) for name, x in state.items()}


def _in_layout_of(x: Array, values: Array) -> Array:
    """The values with their paths on the last axis in memory, if those of x stand there."""
    return with_paths_last(values) if x.strides[0] == x.itemsize else values


def _in_batches(E: Mapping[str, Array], size: int) -> Iterator[tuple[int, dict[str, Array]]]:
    """The directions of the noise in portions that keep the repeated state bounded."""
    m = len(next(iter(E.values()))) if E else 0
    portion = max(1, BATCH // size)
    for first in range(0, m, portion):
        part = {name: directions[first : first + portion] for name, directions in E.items()}
        yield min(portion, m - first), part


def ito_correction(system: System, E: Mapping[str, Array], state: State, t: float) -> State:
    """c = ½ Σ_j (∂b_j)b_j of the declared noise: Itô drift − c is the Stratonovich drift.

    Parameters
    ----------
    E
        `numerics.brownian.basis` of the system: the direction of each component.
    """
    N = paths_of(state)
    total = {name: np.zeros_like(x) for name, x in state.items()}
    for m, part in _in_batches(E, N * system.size):
        like = next(iter(state.values()))
        dB = {
            name: _in_layout_of(like, np.repeat(directions, N, axis=0))
            for name, directions in part.items()
        }
        many = repeated(state, m)

        def b(x: State, dB: State = dB) -> State:
            return system.noise(x, t, dB)

        along = derivative_along(b, many, b(many))
        for name, x in along.items():
            total[name] += 0.5 * x.reshape(m, N, *x.shape[1:]).sum(axis=0)
    return total
