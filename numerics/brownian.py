"""Refinable increments of Brownian motions, keyed by seed and block of paths.

The random numbers of block b are a function of (seed, b) and of what they are for. So results do
not depend on the number of workers, on the order in which blocks are done, or on how many paths
there are in all: a block is always drawn whole.

**Gaussian increments are refined by bridges.** Write the number of steps as m·2^L with m odd. The m
increments over T/m, the *roots*, are drawn first; an increment c over h is split into ½c + √h/2·z
and the rest, L times, depth first. Each level has one stream of its own. Therefore

- runs with steps, 2·steps, 4·steps, ... see one and the same Brownian path: nobody has to know the
  finest level in advance, and what a level sees does not depend on which other levels were asked;
- memory is L + 1 increments, and n steps cost n normals, as without refinement.

**A coarse increment is exactly the sum of its fine ones**, to the last bit: all values are
multiples of a unit of about 10⁻¹⁴√T (a power of two) and below 2⁵³ of them, so sums do not
round. The price is a relative change of the law of an increment by the square of unit/√h. This
holds for ξ; factors A, D of a covariance are applied afterwards, and then sums agree to rounding.

**Two-point increments ±√h cannot be refined**: a sum of two is not two-point. They are two-point at
the level where they are drawn and independent between levels; with ``drawn`` a run with fewer steps
sees sums of them.

Generators are NumPy's SFC64, seeded through `numpy.random.SeedSequence`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Protocol, TypeAlias, TypeVar

import numpy as np

from numerics.errors import SimulationError
from numerics.system import Array, NoiseSpec, System

__all__ = ["Block", "Draws", "Law", "basis", "increments"]

D_co = TypeVar("D_co", covariant=True)
Law: TypeAlias = Literal["gaussian", "two-point"]
Increments: TypeAlias = Iterator[Array]

# |W| stays below 32√T with a probability beyond 1 − 10⁻²⁰⁰; 2⁵³ units must hold it.
UNITS_PER_ROOT_TIME = 2.0**46
# Normals drawn by one call: enough to hide the interpreter, few enough to stay in the cache.
DRAWN_AT_ONCE = 1 << 15


@dataclass(frozen=True, kw_only=True)
class Block:
    """Consecutive paths that share their random streams.

    Attributes
    ----------
    seed
        Any non-negative integer below 2¹²⁸.
    index
        b: the block holds the paths b·size, ..., (b+1)·size − 1.
    size
        Number of paths drawn, whether all of them are wanted or not.
    """

    seed: int
    index: int
    size: int

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**128:
            raise SimulationError(
                f"seed {self.seed}: outside [0, 2¹²⁸); give a non-negative integer"
            )
        if not 0 <= self.index < 2**32:
            raise SimulationError(f"block index {self.index}: outside [0, 2³²); take larger blocks")
        if self.size < 1:
            raise SimulationError(f"block {self.size}: no path in it; give 1 or more")

    @property
    def paths(self) -> range:
        """Global numbers of its paths."""
        return range(self.index * self.size, (self.index + 1) * self.size)

    def generator(self, purpose: str) -> np.random.Generator:
        """The stream for one purpose: the same numbers for the same (seed, index, purpose)."""
        digest = hashlib.sha256(purpose.encode()).digest()
        # Words of 32 bits each, so that no two keys run together in the sequence's entropy.
        words = tuple(int.from_bytes(digest[i : i + 4], "little") for i in (0, 4, 8))
        key = np.random.SeedSequence(self.seed, spawn_key=(self.index, *words))
        return np.random.Generator(np.random.SFC64(key))


class Draws(Protocol[D_co]):
    """The randomness of a block, one item a step."""

    def __call__(self, block: Block, /) -> Iterator[D_co]:
        """Start the stream of a block from its beginning."""


def basis(system: System) -> dict[str, Array]:
    """The increments of the independent scalar Brownian motions that a system consists of.

    Name of increment -> (m, r, c): ``dB = Σ_j ξ_j basis["dB"][j]`` with ξ_j independent N(0, dt),
    the same m for all noises, factors and correlations included.
    """
    K = system.mixing()
    directions: dict[str, list[Array]] = {noise.differential: [] for noise in system.noises}
    for source, drawn in enumerate(system.noises):
        m = drawn.components
        for target, noise in enumerate(system.noises):
            moved = np.zeros((m, *noise.shape))
            if K[target, source] != 0.0:
                xi = K[target, source] * np.eye(m).reshape(*noise.inner_shape, m)
                moved = np.moveaxis(noise.applied(xi), -1, 0)
            directions[noise.differential].append(moved)
    return {name: np.concatenate(parts) for name, parts in directions.items()}


def increments(
    system: System,
    *,
    horizon: float,
    steps: int,
    drawn: int | None = None,
    law: Law = "gaussian",
    paths_last: bool = False,
) -> Draws[Mapping[str, Array]]:
    """The increments of all noises of a system, step by step over [0, horizon].

    Parameters
    ----------
    system
        Its noises and their correlation are read, nothing else.
    steps
        Number of equal steps.
    drawn
        Draw at this number of steps, a multiple of `steps`, and sum; by default `steps`. For
        Gaussian increments and a power of two as the multiple it makes no difference.
    law
        ``"gaussian"``, or ``"two-point"`` for ±√h: bounded, with the Gaussian moments up to order
        three, enough for weak order one (Kloeden & Platen 1992, §14.1).
    paths_last
        Whether paths stand on the last axis in memory. The arrays have shape (N, r, c) and the
        same values in either case.

    Returns
    -------
    Draws
        Block -> iterator of mappings ``"dB"`` -> (N, r, c), (N, n) for families, (N,) for scalars.
    """
    drawn = steps if drawn is None else drawn
    if not (np.isfinite(horizon) and horizon > 0):
        raise SimulationError(f"horizon {horizon}: not a positive time; give a number above zero")
    if steps < 1:
        raise SimulationError(f"steps {steps}: no step; give 1 or more")
    if drawn < 1 or drawn % steps:
        raise SimulationError(
            f"drawn {drawn}: not a multiple of steps {steps}; give k·steps, k ≥ 1"
        )
    if law not in _SOURCES:
        raise SimulationError(f"law {law!r}: unknown; give one of {', '.join(_SOURCES)}")
    source, group = _SOURCES[law], drawn // steps
    K = system.mixing() if system.correlation else None
    placed = [(noise.differential, _placing(noise, paths_last)) for noise in system.noises]

    def of(block: Block) -> Iterator[Mapping[str, Array]]:
        streams = [_summed(source(block, noise, horizon, drawn), group) for noise in system.noises]
        for parts in zip(*streams, strict=True) if streams else ((),) * steps:
            mixed = parts if K is None else _mixed(K, parts)
            yield {name: place(xi) for (name, place), xi in zip(placed, mixed, strict=True)}

    return of


def _mixed(K: Array, parts: tuple[Array, ...]) -> tuple[Array, ...]:
    """ξ_a = Σ_b K_ab ζ_b, adding up only what is there."""
    mixed = []
    for row in K:
        terms = [weight * zeta for weight, zeta in zip(row, parts, strict=True) if weight != 0.0]
        mixed.append(sum(terms[1:], start=terms[0]))
    return tuple(mixed)


def _placing(noise: NoiseSpec, paths_last: bool) -> Callable[[Array], Array]:
    """ξ -> A ξ D' with the paths on the first axis of the array, wherever they stand in memory."""
    inner = noise.inner_shape
    if not inner:
        return lambda xi: xi.reshape(-1)

    def place(xi: Array) -> Array:
        shaped = noise.applied(xi.reshape(*inner, -1))
        view = shaped.transpose(shaped.ndim - 1, *range(shaped.ndim - 1))
        return view if paths_last else np.ascontiguousarray(view)

    return place


def _summed(stream: Increments, group: int) -> Increments:
    """Sums of `group` consecutive increments."""
    if group == 1:
        yield from stream
        return
    for first in stream:
        total = first.copy()
        for part in islice(stream, group - 1):
            total += part
        yield total


def _grid_shift(horizon: float) -> float:
    """1.5·2⁵² units: adding it and taking it away again rounds to the nearest unit."""
    root_time = 2.0 ** float(np.ceil(np.log2(np.sqrt(horizon))))
    return float(1.5 * 2.0**52 * root_time / UNITS_PER_ROOT_TIME)


def _rounded(values: Array, shift: float) -> Array:
    """The values in whole units, in place."""
    values += shift
    values -= shift
    return values


def _gaussian(block: Block, noise: NoiseSpec, horizon: float, steps: int) -> Increments:
    """Roots split by bridges; ξ of shape (components, N)."""
    depth = (steps & -steps).bit_length() - 1
    roots = steps >> depth
    shape = (noise.components, block.size)
    name = f"{noise.name}, {roots} roots"
    drawing = block.generator(f"increments of {name}")
    bridges = [
        _Bridge(
            generator=block.generator(f"bridges of {name}, level {level}"),
            deviation=0.5 * float(np.sqrt(horizon / (roots << level))),
        )
        for level in range(depth)
    ]
    scale, shift = np.sqrt(horizon / roots), _grid_shift(horizon)
    at_once = max(1, DRAWN_AT_ONCE // (shape[0] * shape[1]))
    for first in range(0, roots, at_once):
        root = drawing.standard_normal((min(at_once, roots - first), *shape))
        root *= scale
        yield from _leaves(_rounded(root, shift), bridges, shift, at_once)


@dataclass(frozen=True, kw_only=True)
class _Bridge:
    """One level of refinement: its stream and the deviation √h/2 of the midpoint."""

    generator: np.random.Generator
    deviation: float


def _leaves(wholes: Array, bridges: list[_Bridge], shift: float, at_once: int) -> Increments:
    """The finest increments below `wholes` (g, components, N), from left to right.

    A stream is read from left to right within its level, whatever is split together: `at_once`
    decides memory and speed, never the values.
    """
    if not bridges:
        yield from wholes
        return
    portion = max(1, at_once // 2)
    for first in range(0, len(wholes), portion):
        whole = wholes[first : first + portion]
        z = bridges[0].generator.standard_normal(whole.shape)
        halves = np.empty((len(whole), 2, *whole.shape[1:]))
        left = halves[:, 0]
        np.multiply(z, bridges[0].deviation, out=left)
        left += np.multiply(whole, 0.5, out=z)
        _rounded(left, shift)
        np.subtract(whole, left, out=halves[:, 1])
        yield from _leaves(halves.reshape(-1, *whole.shape[1:]), bridges[1:], shift, at_once)


def _two_point(block: Block, noise: NoiseSpec, horizon: float, steps: int) -> Increments:
    """Fair signs times √h; ξ of shape (components, N)."""
    shape = (noise.components, block.size)
    bits = block.generator(f"signs of {noise.name}, {steps} steps")
    count = noise.components * block.size
    size = np.sqrt(horizon / steps)
    values = _rounded(np.array([-size, size]), _grid_shift(horizon))
    for _ in range(steps):
        octets = np.frombuffer(bits.bytes(-(-count // 8)), dtype=np.uint8)
        yield values[np.unpackbits(octets, count=count)].reshape(shape)


_SOURCES: Mapping[str, Callable[[Block, NoiseSpec, float, int], Increments]] = {
    "gaussian": _gaussian,
    "two-point": _two_point,
}
