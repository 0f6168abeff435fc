"""How far a state may move until eigenvalues of a matrix of it can meet: where they are smooth.

Eigenvalues of a symmetric S(x) are analytic functions of x as long as they cannot collide, for
complex displacements too. Those of a normal matrix move by at most |E| if E is added (Bauer and
Fike 1960, Numer. Math. 2, Theorem IIIa), so that they stay apart while |E| is below half of the
smallest gap:

- for S = A A', whose eigenvalues come from those of [[0, A], [A', 0]], which are ±σ_i and 0, while
  |δA| is below half of the smallest gap of the σ_i and 0;
- for any S while |S(x + δ) − S(x)| is below half of the smallest gap of the λ_i; to first order
  this is half of the gap over the norm of the derivative of S, which is found by differences.

Differences across a collision converge to wrong numbers: the ordered eigenvalues have a kink there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from numerics.batched import eigenvalues, stack, swap
from numerics.errors import NotAdmissibleError
from numerics.kernel import Kernel, Point
from numerics.signature import SpectrumSignature

__all__ = ["reach"]

Array: TypeAlias = NDArray[np.float64]

_STEP = 1e-6  # of |x|: a derivative to a few digits
_LEAST = 64 * np.finfo(float).eps  # of the largest: a smaller gap is rounding


def reach(
    spectra: Sequence[SpectrumSignature],
    kernels: Mapping[str, Kernel],
    states: Mapping[str, tuple[int, ...]],
    point: Point,
) -> Array | None:
    """The length in state space within which all eigenvalues are smooth; None if there are none.

    Parameters
    ----------
    spectra
        The matrices whose eigenvalues are meant, as a claim's signature lists them.
    kernels
        Name -> kernel of those that are not typed as A A'.
    states
        Name -> shape of the states, as `System.states` has them.
    point
        In float64, with any leading batch axes, which the result has too.

    Raises
    ------
    NotAdmissibleError
        If two eigenvalues are not told apart in float64.
    """
    found = [_of_one(spectrum, kernels, states, point) for spectrum in spectra]
    return np.asarray(np.min(np.broadcast_arrays(*found), axis=0)) if found else None


def _of_one(
    spectrum: SpectrumSignature,
    kernels: Mapping[str, Kernel],
    states: Mapping[str, tuple[int, ...]],
    point: Point,
) -> Array:
    names = [name for name, _ in spectrum.rows or ()]
    if spectrum.rows and len(set(names)) == len(names):
        blocks = [
            swap(_matrix(point[name])) if turned else _matrix(point[name])
            for name, turned in spectrum.rows
        ]
        A = stack(*blocks)
        if A.shape[-2] == 1:
            return np.full(A.shape[:-2], np.inf)
        sigma = np.linalg.svd(A, compute_uv=False)
        # Zero counts: λ_i and 0 meet there if A has more rows than columns, √λ_i has its kink.
        zero = np.zeros((*sigma.shape[:-1], 1))
        return np.asarray(0.5 * _gap(np.concatenate([sigma, zero], axis=-1)))
    S = kernels[spectrum.kernel]
    values = np.asarray(S(point), dtype=float)
    if values.shape[-1] == 1:
        return np.full(values.shape[:-2], np.inf)
    gap, slope = _gap(eigenvalues(values)), _slope(S, states, point)
    with np.errstate(divide="ignore"):
        return np.asarray(0.5 * gap / slope, dtype=float)


def _matrix(value: Any) -> Array:
    array: Array = np.asarray(value, dtype=float)
    return array if array.ndim > 1 else array[..., None]


def _gap(downwards: Array) -> Array:
    """The smallest difference of neighbours, refused where it is rounding."""
    gap = np.asarray(np.min(-np.diff(downwards, axis=-1), axis=-1))
    largest = np.max(np.abs(downwards), axis=-1)
    if not np.all(gap > _LEAST * downwards.shape[-1] * largest):
        raise NotAdmissibleError(
            f"eigenvalues: two of them are apart by {float(np.min(gap)):.2g}, which float64 does "
            "not tell from 0; draw another point"
        )
    return gap


def _slope(S: Kernel, states: Mapping[str, tuple[int, ...]], point: Point) -> Array:
    """The largest |dS|/|dx|, the norm of the matrix of the derivatives of all entries."""
    columns = []
    for name, shape in states.items():
        x = np.asarray(point[name], dtype=float)
        for at in np.ndindex(*shape):
            unit = np.zeros(shape)
            unit[at] = 1.0
            h = _STEP * (float(np.max(np.abs(x), initial=0.0)) or 1.0)
            up, down = (S({**point, name: x + sign * h * unit}) for sign in (1.0, -1.0))
            slope = np.asarray(up - down, dtype=float) / (2.0 * h)
            columns.append(slope.reshape(*slope.shape[:-2], -1))
    jacobian = np.stack(np.broadcast_arrays(*columns), axis=-1)
    return np.asarray(np.linalg.norm(jacobian, ord=2, axis=(-2, -1)), dtype=float)
