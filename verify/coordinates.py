"""A system by its Itô drift and its diffusion matrix, over all entries of all states in a row.

Two systems have one law if these two agree: what a change of time is judged by.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from numerics.brownian import basis
from numerics.contexts import FlintContext
from numerics.declared import DeclaredSystem, letter
from numerics.jets import generator
from numerics.kernel import Kernel
from numerics.system import Array, System

__all__ = ["by_tuple", "coordinates", "diffusion", "entries", "evaluated", "fitted", "units"]

ROUNDING = 1e-10
"""A sum of absolute terms below this share of the largest is rounding and no value."""


def evaluated(kernel: Kernel, point: Mapping[str, Any]) -> Any:
    """A stated form in float64; what divides by zero there is no number."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return kernel(point)


def fitted(stated: Any, shape: tuple[int, ...], axes: int) -> Array:
    """A stated value in the shape of a measured one, whose last ``axes`` axes are its own.

    It may lack leading axes (it is then the same for all), and a scalar stands for a value all of
    whose entries it is: a stated 0 for a zero of any shape.
    """
    value = np.asarray(stated, dtype=float)
    if axes and value.shape[-axes:] != shape[len(shape) - axes :]:
        value = value.reshape(value.shape + (1,) * axes)
    return np.broadcast_to(value, shape)


def by_tuple(entries: Any, axes: int) -> Array:
    """The entries of a value with ``axes`` axes of its own, in one row for each tuple of indices.

    A scalar or a matrix has no axis of tuples, and one row.
    """
    x = np.asarray(entries, dtype=float)
    if axes % 2 == 0:
        return x.reshape(1, -1)
    return np.moveaxis(x, -axes, 0).reshape(x.shape[-axes], -1)


def units(scales: Any, beside: float = 0.0) -> Array:
    """The unit of every tuple: its sum of absolute terms, or the largest if that is but rounding.

    An eigenvalue that is always zero has a differential of nothing but rounding.  ``beside`` is
    what such a sum might have been, where all of them may be rounding.
    """
    largest = np.max(scales, initial=beside)
    return np.asarray(np.where(scales > ROUNDING * largest, scales, largest))


def coordinates(
    ctx: FlintContext, system: DeclaredSystem, point: Mapping[str, Any]
) -> tuple[list[Any], list[Any]]:
    """Itô drifts of all entries, and Σ_j w_j b_ja b_jb for all pairs a <= b, in a context."""
    values = [generator(ctx, system, letter(name), point) for name in system.states]
    drift = [x for value in values for x in entries(ctx, value.drift)]
    fields = []
    for j, component in enumerate(values[0].components):
        b = [x for value in values for x in entries(ctx, value.martingale[j])]
        fields.append((component.weight, b))
    pairs = [(a, b) for a in range(len(drift)) for b in range(a, len(drift))]
    return drift, [ctx.total([w * x[a] * x[b] for w, x in fields]) for a, b in pairs]


def entries(ctx: FlintContext, value: Any) -> list[Any]:
    """The scalars of a scalar, a matrix, or a family of either."""
    if isinstance(value, list | tuple):
        return [x for member in value for x in entries(ctx, member)]
    if not ctx.is_matrix(value):
        return [value]
    rows, columns = ctx.shape(value)
    return [ctx.entry(value, i, j) for i in range(rows) for j in range(columns)]


def diffusion(system: System, point: Mapping[str, Any]) -> tuple[Array, Array]:
    """Drift (d,) and diffusion matrix (d, d) of an Itô system at one point, in float64."""
    t = float(point.get("t", 0.0))
    a = system.increment(point, t, 1.0, system.no_noise(()))
    units = basis(system)
    count = sum(noise.components for noise in system.noises)
    b = system.increment(point, t, 0.0, units)
    drift = np.concatenate([np.ravel(a[name]) for name in system.states])
    rows = [
        np.broadcast_to(b[name], (count, *shape)).reshape(count, prod(shape))
        for name, shape in system.states.items()
    ]
    fields = np.concatenate(rows, axis=1)
    return drift, fields.T @ fields
