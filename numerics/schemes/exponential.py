"""Exponential scheme for increments that act linearly: X⁺ = exp(A h + BΔβ − ½ Σ_j B_j∘B_j h) X.

For dΘ = L(x, dt, dB)Θ it keeps d log|det Θ| = tr(L) − ½ Σ_j tr(L_j²) dt, the law of the
determinant, to rounding in every step. **It does so because the Itô correction −½ Σ_j L_j² h
stands in the exponent, computed from the declared fields; so it is no evidence for that law.** Use
it for what does not follow from the correction, and another scheme to test the law itself.

L is frozen over a step. Its strong order is 1 for commuting noise where the noise part of L does
not depend on the state, as in dx = x dβ, and ½ where it does, as in dx = x(1 − x) dβ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from numerics.products import LARGEST_PATHS_LAST, matmul, with_paths_last
from numerics.schemes.fields import paths_of, repeated
from numerics.schemes.scheme import Scheme
from numerics.system import Array, State, System

__all__ = ["SCHEME", "Operator", "correction", "exponential_applied", "operator"]

SCHEME = Scheme(
    name="exponential",
    calculus="Ito",
    strong_order=0.5,
    strong_order_commuting=1.0,
    weak_order=1.0,
    weights=(),
    predictor=(),
    correction=1.0,
    exponential=True,
    requires=("linear increment",),
    citation="G. Lord, S. J. A. Malham, A. Wiese, SIAM J. Numer. Anal. 46 (2008) 2893 (Magnus, ½)",
)


class Operator(Protocol):
    """A linear increment as a matrix acting on a stack of the states."""

    def matrix(self, point: Mapping[str, Any], t: float, dt: float, dB: State, /) -> Array:
        """L, shape (N, d, d) or (d, d)."""

    def stack(self, state: State, /) -> Array:
        """Θ, shape (N, d, w)."""

    def unstack(self, Theta: Array, shapes: Mapping[str, tuple[int, ...]], /) -> dict[str, Array]:
        """The states in Θ."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Vectorised:
    """Any state-linear system, acting on the vector of all its entries."""

    system: System

    def stack(self, state: State) -> Array:
        flat = [x.reshape(len(x), -1) for x in (state[name] for name in self.system.states)]
        return np.concatenate(flat, axis=1)[..., None]

    def unstack(self, Theta: Array, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        states, first = {}, 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            states[name] = Theta[:, first : first + size, 0].reshape(-1, *shape)
            first += size
        return states

    def matrix(self, point: Mapping[str, Any], t: float, dt: float, dB: State) -> Array:
        d = self.system.size
        N = paths_of(dB) if dB else 1
        unit = self.unstack(np.eye(d)[..., None], self.system.states)
        units = {name: np.repeat(x, N, axis=0) for name, x in unit.items()}
        columns = self.system.increment(units, t, dt, repeated(dB, d))
        full = {name: np.broadcast_to(columns[name], x.shape) for name, x in units.items()}
        return self.stack(full).reshape(d, N, d).transpose(1, 2, 0)


def operator(system: System) -> Operator:
    """The multiplier of the system, or its increment as a matrix on the vector of all entries."""
    return system.multiplier if system.multiplier is not None else _Vectorised(system=system)


def correction(
    system: System, acting: Operator, E: Mapping[str, Array], state: State, t: float
) -> Array:
    """½ Σ_j L_j², shape (N, d, d) or (1, d, d): from the declared noise, frozen at the state.

    It is the same for all paths where the noise part of L does not depend on the state.
    """
    same = system.multiplier is None or system.multiplier.constant_noise
    point = {name: x[:1] for name, x in state.items()} if same else state
    N, total = paths_of(point), 0.0
    for j in range(len(next(iter(E.values()))) if E else 0):
        dB = {name: np.repeat(directions[j : j + 1], N, axis=0) for name, directions in E.items()}
        L = acting.matrix(point, t, 0.0, dB)
        total = total + 0.5 * np.matmul(L, L)
    return np.asarray(total)


def exponential_applied(Z: Array, Theta: Array) -> Array:
    """exp(Z)Θ by its Taylor series in s equal parts, to rounding.

    Examples
    --------
    >>> turned = exponential_applied(np.array([[0.0, -np.pi], [np.pi, 0.0]]), np.eye(2))
    >>> bool(np.abs(turned + np.eye(2)).max() < 1e-14)
    True
    """
    norm = float(np.abs(Z).sum(axis=-1).max(initial=0.0))
    if not np.isfinite(norm):
        return np.full(
            np.broadcast_shapes(Z.shape[:-2], Theta.shape[:-2]) + Theta.shape[-2:], np.nan
        )
    parts = max(1, int(np.ceil(norm)))
    part = Z / parts
    if Z.ndim == Theta.ndim == 3 and Z[0].size + Theta[0].size <= LARGEST_PATHS_LAST:
        part, Theta = with_paths_last(part), with_paths_last(Theta)
    terms, remainder = 0, 1.0
    while remainder > 2.0**-54:  # the bound (norm/parts)^q/q! of the first term left out
        terms += 1
        remainder *= norm / parts / terms
    for _ in range(parts):
        term = Theta
        for q in range(1, terms + 1):
            term = matmul(part, term) / q
            Theta = Theta + term
    return Theta
