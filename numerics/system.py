"""A declared system as numbers: its states, its noises, and the increment as it was typed.

Everything here is Itô: dX = drift dt + noise(dB), and `System.increment` is the right-hand side, a
function of a batch of paths that is linear in (dt, dB) together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.errors import SimulationError

__all__ = [
    "Array",
    "Increment",
    "LeftMultiplication",
    "NoiseSpec",
    "State",
    "System",
    "covariance_factor",
]

Array: TypeAlias = NDArray[np.float64]
State: TypeAlias = Mapping[str, Array]
"""Name -> array, the paths on the first axis: (N, r, c), vectors (N, r, 1), scalars (N,)."""

Increment: TypeAlias = Callable[[Mapping[str, Any], float, float, State], State]
"""(point, t, dt, dB) -> increment of every state."""


def covariance_factor(covariance: Array) -> Array:
    """A with AA' = C for a positive semidefinite C, one column for each unit of rank.

    Cholesky with diagonal pivots: it ends at the rank, so that a singular covariance costs no
    needless normals, and it has no signs to choose.

    Raises
    ------
    SimulationError
        If C is not square, not symmetric or has a negative eigenvalue.

    Examples
    --------
    >>> A = covariance_factor(np.array([[4.0, 2.0], [2.0, 1.0]]))
    >>> A.shape, (A @ A.T).tolist()
    ((2, 1), [[4.0, 2.0], [2.0, 1.0]])
    """
    C = np.array(covariance, dtype=float)
    if C.ndim != 2 or C.shape[0] != C.shape[1]:
        raise SimulationError(f"covariance: shape {C.shape}, but it must be square; give r×r")
    scale = float(np.abs(C).max(initial=0.0))
    tolerance = 64 * len(C) * np.finfo(float).eps * scale
    if not np.isfinite(scale) or not np.allclose(C, C.T, rtol=0.0, atol=tolerance):
        raise SimulationError("covariance: not finite and symmetric; give (C + C')/2")
    columns: list[Array] = []
    rest = C.copy()
    for _ in range(len(C)):
        pivot = int(np.argmax(np.diag(rest)))
        if rest[pivot, pivot] <= tolerance:
            break
        column = rest[:, pivot] / np.sqrt(rest[pivot, pivot])
        rest = rest - np.outer(column, column)
        columns.append(column)
    # What is left has no positive diagonal: it is zero, or C was no covariance.
    if np.abs(rest).max(initial=0.0) > 4 * tolerance:
        least = float(np.linalg.eigvalsh(C)[0])
        raise SimulationError(
            f"covariance: smallest eigenvalue {least:.3g} < 0; give a positive semidefinite one"
        )
    return np.stack(columns, axis=1) if columns else np.zeros((len(C), 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class NoiseSpec:
    """The law of one Brownian motion: dB = A ξ D' with ξ of independent N(0, dt) entries.

    Attributes
    ----------
    name
        Name of the Brownian motion; its increment is called ``"d" + name``.
    shape
        (r, c) for a matrix, (n,) for an index family of scalars, () for a scalar.
    row_factor
        A (r×q) with AA' the row covariance, or None for the identity; for a family (n,) the
        covariance of its members is AA'.
    column_factor
        D (c×s) with DD' the column covariance, or None; only for a matrix.
    """

    name: str
    shape: tuple[int, ...]
    row_factor: Array | None = None
    column_factor: Array | None = None

    def __post_init__(self) -> None:
        if len(self.shape) > 2 or any(n < 1 for n in self.shape):
            raise SimulationError(
                f"shape {self.shape} of noise {self.name}: give (r, c), (n,) or (), sizes above 0"
            )
        for axis, factor in enumerate((self.row_factor, self.column_factor)):
            side = ("row_factor", "column_factor")[axis]
            if factor is None:
                continue
            if axis >= len(self.shape):
                raise SimulationError(
                    f"{side} of noise {self.name}: its shape {self.shape} has no such axis; "
                    "leave it out"
                )
            if np.ndim(factor) != 2 or len(factor) != self.shape[axis]:
                raise SimulationError(
                    f"{side} of noise {self.name}: shape {np.shape(factor)}, "
                    f"but {self.shape[axis]} rows are needed; give A with AA' the covariance"
                )

    @classmethod
    def with_covariance(
        cls,
        name: str,
        shape: tuple[int, ...],
        *,
        rows: Array | None = None,
        columns: Array | None = None,
    ) -> NoiseSpec:
        """The noise with E dB_ia dB_jb = rows_ij columns_ab dt; either may be singular."""
        return cls(
            name=name,
            shape=shape,
            row_factor=None if rows is None else covariance_factor(rows),
            column_factor=None if columns is None else covariance_factor(columns),
        )

    @property
    def differential(self) -> str:
        """Name of its increment."""
        return "d" + self.name

    @property
    def inner_shape(self) -> tuple[int, ...]:
        """Shape of ξ."""
        factors = (self.row_factor, self.column_factor)
        return tuple(
            n if factor is None else factor.shape[1]
            for n, factor in zip(self.shape, factors, strict=False)
        )

    @property
    def components(self) -> int:
        """Number of independent scalar Brownian motions in it."""
        return int(np.prod(self.inner_shape))

    def reduced(self, X: Array, *, name: str | None = None) -> NoiseSpec:
        """The law of X'B, for X (n×p) and this B (n×c): p×c with row covariance X'CX.

        The factor is R' of a QR decomposition A'X = QR, so that (X'A)(X'A)' = R'R and X'X is never
        formed: n = 1000 samples cost min(n, p)·c normals a step, and the law is exact.

        Examples
        --------
        >>> labels = NoiseSpec(name="B", shape=(1000, 2))
        >>> labels.reduced(np.ones((1000, 3))).components
        6
        """
        X = np.asarray(X, dtype=float)
        if len(self.shape) != 2 or X.ndim != 2 or len(X) != self.shape[0]:
            raise SimulationError(
                f"X: shape {X.shape} does not multiply noise {self.name} of shape {self.shape}; "
                "give X of n rows for a noise of shape (n, c)"
            )
        AX = X if self.row_factor is None else self.row_factor.T @ X
        R: Array = np.asarray(np.linalg.qr(AX, mode="r"))
        return replace(
            self, name=name or self.name, shape=(X.shape[1], self.shape[1]), row_factor=R.T.copy()
        )

    def applied(self, xi: Array) -> Array:
        """A ξ D' for ξ of shape (q, s, N), (q, N) or (N,): the paths on the last axis."""
        if self.row_factor is not None:
            flat = self.row_factor @ xi.reshape(xi.shape[0], -1)
            xi = flat.reshape(len(self.row_factor), *xi.shape[1:])
        if self.column_factor is not None:
            xi = np.matmul(self.column_factor, xi)
        return xi

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Gaussian increments over a unit of time, shape (size, r, c)."""
        xi = rng.standard_normal((*self.inner_shape, size))
        return np.ascontiguousarray(np.moveaxis(self.applied(xi), -1, 0))


@dataclass(frozen=True, kw_only=True, eq=False)
class LeftMultiplication:
    """A system that multiplies a stack of its states from the left: dΘ = L(x, t, dt, dB) Θ.

    Attributes
    ----------
    matrix
        (point, t, dt, dB) -> L, shape (N, d, d) or (d, d), linear in (dt, dB) together.
    rows, transposed_rows
        The states stacked in Θ, from the top: those as they are, then those transposed. Θ = [W1;
        W2'] is ``rows=("W1",), transposed_rows=("W2",)``.
    constant_noise
        Whether the part of L that belongs to dB depends on dB alone, as in S(dB).
    """

    matrix: Callable[[Mapping[str, Any], float, float, State], Array]
    rows: tuple[str, ...]
    transposed_rows: tuple[str, ...] = ()
    constant_noise: bool = False

    def stack(self, state: State) -> Array:
        """Θ, shape (N, d, w)."""
        blocks = [state[name] for name in self.rows]
        blocks += [state[name].swapaxes(-1, -2) for name in self.transposed_rows]
        return np.concatenate(blocks, axis=-2)

    def unstack(self, Theta: Array, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        """The states in Θ."""
        states, first = {}, 0
        for name in (*self.rows, *self.transposed_rows):
            height = shapes[name][0 if name in self.rows else 1]
            block = Theta[..., first : first + height, :]
            states[name] = block if name in self.rows else block.swapaxes(-1, -2)
            first += height
        return states


@dataclass(frozen=True, kw_only=True, eq=False)
class System:
    """A declared SDE as numbers, Itô.

    Attributes
    ----------
    states
        Name -> shape of one path: (r, c), (r, 1), or () for a scalar.
    noises
        Its Brownian motions, independent of each other unless `correlation` says otherwise.
    increment
        (point, t, dt, dB) -> increment of every state, printed from the declaration as typed. The
        point holds the states; parameters belong to the function.
    correlation
        (name, name) -> ρ for two noises of one shape: E ξ_a ξ̃_a = ρ dt for equal entries a of
        their ξ, 0 for different ones. For scalars: their correlation.
    paths_last
        Whether `increment` forms its products with `numerics.products.matmul`, so that paths may
        stand on the last axis in memory. It decides speed and nothing else.
    multiplier
        The same increment as a left multiplication, if it is one; the exponential scheme uses it.
    """

    states: Mapping[str, tuple[int, ...]]
    noises: tuple[NoiseSpec, ...]
    increment: Increment
    correlation: Mapping[tuple[str, str], float] = field(default_factory=dict)
    paths_last: bool = False
    multiplier: LeftMultiplication | None = None

    def __post_init__(self) -> None:
        names = [noise.name for noise in self.noises]
        if len(set(names)) < len(names):
            raise SimulationError(
                f"noises: {', '.join(names)} name one twice; give each its own name"
            )
        unknown = {name for pair in self.correlation for name in pair} - set(names)
        if unknown:
            raise SimulationError(
                f"correlation: {', '.join(sorted(unknown))} is no noise; "
                f"name two of {', '.join(names)}"
            )
        if self.multiplier is not None:
            stacked = (*self.multiplier.rows, *self.multiplier.transposed_rows)
            if sorted(stacked) != sorted(self.states):
                raise SimulationError(
                    f"multiplier: stacks {', '.join(stacked)}, but the states are "
                    f"{', '.join(self.states)}; stack each once"
                )
        self.mixing()  # refuses correlations that are none

    @property
    def size(self) -> int:
        """Number of scalars in the state of one path."""
        return sum(int(np.prod(shape)) for shape in self.states.values())

    def mixing(self) -> Array:
        """K with ξ_a = Σ_b K_ab ζ_b, ζ independent: the symmetric root of the correlation."""
        names = [noise.name for noise in self.noises]
        C = np.eye(len(names))
        for (a, b), rho in self.correlation.items():
            i, j = names.index(a), names.index(b)
            if i == j or self.noises[i].inner_shape != self.noises[j].inner_shape:
                raise SimulationError(
                    f"correlation ({a}, {b}): needs two noises of one shape; "
                    "correlate the entries of one noise by row_factor"
                )
            if C[i, j] not in (0.0, rho):
                raise SimulationError(
                    f"correlation ({a}, {b}): {rho:g}, and {C[i, j]:g} the other way round; "
                    "give it once"
                )
            C[i, j] = C[j, i] = rho
        if not self.correlation:
            return C
        values, vectors = np.linalg.eigh(C)
        if not values[0] >= -1e-12:
            raise SimulationError(
                f"correlation: smallest eigenvalue {values[0]:.3g} < 0; no noises are correlated so"
            )
        return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)

    def no_noise(self, batch: tuple[int, ...]) -> dict[str, Array]:
        """The increments dB = 0 for a batch of paths."""
        return {noise.differential: np.zeros((*batch, *noise.shape)) for noise in self.noises}

    def drift(self, point: Mapping[str, Any], t: float) -> State:
        """The drift, Itô, at a batch of points."""
        name = next(iter(self.states))
        batch = np.shape(point[name])[: np.ndim(point[name]) - len(self.states[name])]
        return self.increment(point, t, 1.0, self.no_noise(batch))

    def noise(self, point: Mapping[str, Any], t: float, dB: State) -> State:
        """The action of the noise on dB, at a batch of points."""
        return self.increment(point, t, 0.0, dB)
