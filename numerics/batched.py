"""Linear algebra over any leading batch axes: the vocabulary of the generated NumPy kernels.

Matrices are ``(..., r, c)``, scalars ``(...)``; batch axes broadcast.  Everything here is plain
linear algebra; no formula of stochastic calculus enters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special

from numerics.products import matmul, zeros_in_layout_of

__all__ = [
    "Array",
    "apart",
    "block",
    "det",
    "eigenvalues",
    "erf",
    "erfc",
    "gamma_function",
    "inv",
    "logdet",
    "lowergamma",
    "matmul",
    "matrix_power",
    "projectors",
    "repeated",
    "scale",
    "solve",
    "stack",
    "swap",
    "symmetric_block",
    "trace",
    "tuples",
    "uppergamma",
]

Array: TypeAlias = npt.NDArray[Any]


def erf(x: Array | float) -> Array:
    """The error function; (1 + erf(x/√2))/2 is the normal distribution function."""
    return np.asarray(special.erf(x))


def erfc(x: Array | float) -> Array:
    """1 − erf(x), without cancellation for large x."""
    return np.asarray(special.erfc(x))


def gamma_function(s: Array | float) -> Array:
    """The gamma function."""
    return np.asarray(special.gamma(s))


def lowergamma(s: Array | float, x: Array | float) -> Array:
    """The integral of u^(s−1) e^(−u) from 0 to x; 0 for x < 0, where a law has no mass."""
    return np.asarray(special.gamma(s) * special.gammainc(s, np.maximum(x, 0.0)))


def uppergamma(s: Array | float, x: Array | float) -> Array:
    """The integral of u^(s−1) e^(−u) from x on; gamma(s) for x < 0."""
    return np.asarray(special.gamma(s) * special.gammaincc(s, np.maximum(x, 0.0)))


def scale(c: Array | float, A: Array) -> Array:
    """Scalars ``(...)`` times matrices ``(..., r, c)``."""
    product: Array = np.asarray(c)[..., None, None] * A
    return product


def swap(A: Array) -> Array:
    """The transposes, as a view."""
    return np.swapaxes(A, -1, -2)


def trace(A: Array) -> Array:
    """The traces."""
    value: Array = np.trace(A, axis1=-2, axis2=-1)
    return value


def det(A: Array) -> Array:
    """The determinants."""
    value: Array = np.linalg.det(A)
    return value


def logdet(A: Array) -> Array:
    """log det, without overflow; nan where the determinant is negative."""
    sign, value = np.linalg.slogdet(A)
    return np.where(sign < 0, np.nan, value)


def inv(A: Array) -> Array:
    """The inverses."""
    value: Array = np.linalg.inv(A)
    return value


def solve(A: Array, B: Array) -> Array:
    """A⁻¹ B without forming the inverse."""
    value: Array = np.linalg.solve(A, B)
    return value


def matrix_power(A: Array, n: int) -> Array:
    """The n-th powers, n any integer."""
    value: Array = np.linalg.matrix_power(A, n)
    return value


def stack(*blocks: Array) -> Array:
    """The blocks under each other, [A_1; A_2; ...]."""
    return _joined(blocks, axis=-2)


def block(rows: Sequence[Sequence[Array]]) -> Array:
    """The matrix made of the given rows of blocks."""
    return _joined([_joined(row, axis=-1) for row in rows], axis=-2)


def symmetric_block(G: Array) -> Array:
    """S(G) = [[0, G], [G', 0]], in the layout of G."""
    p, k = G.shape[-2:]
    S = zeros_in_layout_of(G, (p + k, p + k))
    S[..., :p, p:] = G
    S[..., p:, :p] = swap(G)
    return S


def apart(A: Array, axis: int, other: int, instead: float = 0.0) -> Array:
    """A with zeros, or another number, where two of its axes have the same index."""
    n = max(A.shape[axis], A.shape[other])
    A = np.broadcast_to(
        A,
        tuple(
            n if at % A.ndim in (axis % A.ndim, other % A.ndim) else size
            for at, size in enumerate(A.shape)
        ),
    )
    shape = [1] * A.ndim
    shape[axis] = shape[other] = n
    return np.where(np.eye(n, dtype=bool).reshape(shape), instead, A)


def eigenvalues(S: Array) -> Array:
    """The eigenvalues of symmetric matrices, ``(..., n)``, downwards; nan where S is not finite."""
    S, finite = _symmetrised(S)
    values: Array = np.linalg.eigvalsh(S)[..., ::-1]
    return np.where(finite[..., None], values, np.nan)


def projectors(S: Array) -> Array:
    """The eigenprojectors u_i u_i', ``(..., i, r, c)``, in the order of `eigenvalues`."""
    S, finite = _symmetrised(S)
    u = swap(np.linalg.eigh(S)[1])[..., ::-1, :]
    return np.where(finite[..., None, None, None], u[..., :, None] * u[..., None, :], np.nan)


def tuples(A: Array, axes: int, trailing: int = 0) -> Array:
    """One axis of the pairwise different values of `axes` index axes, in lexicographic order.

    The index axes stand before the last `trailing` axes; one of length 1 is the same for all values
    of its index.

    >>> tuples(np.arange(9.0).reshape(3, 3), 2).tolist()
    [1.0, 2.0, 3.0, 5.0, 6.0, 7.0]
    """
    if axes == 0:
        return A
    first = A.ndim - trailing - axes
    lengths = A.shape[first : first + axes]
    n = max(lengths)
    A = np.broadcast_to(A, (*A.shape[:first], *[n] * axes, *A.shape[first + axes :]))
    chosen = np.array(list(permutations(range(n), axes)), dtype=np.intp).reshape(-1, axes)
    picked: Array = A[(*[slice(None)] * first, *chosen.T)]
    return picked


def repeated(A: Array | float, count: int, trailing: int = 0) -> Array:
    """A with an axis of `count` equal values before its last `trailing` axes."""
    A = np.expand_dims(np.asarray(A), -1 - trailing)
    shape = list(A.shape)
    shape[-1 - trailing] = count
    return np.broadcast_to(A, shape)


def _symmetrised(S: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """(S + S')/2, and where it is finite: elsewhere it is 0, as LAPACK needs numbers."""
    S = 0.5 * (S + swap(S))
    finite = np.asarray(np.isfinite(S).all(axis=(-2, -1)))
    return np.where(finite[..., None, None], S, 0.0), finite


def _joined(parts: Sequence[Array], axis: int) -> Array:
    batch = np.broadcast_shapes(*(part.shape[:-2] for part in parts))
    return np.concatenate(
        [np.broadcast_to(part, (*batch, *part.shape[-2:])) for part in parts], axis=axis
    )
