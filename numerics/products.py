"""The product of batched matrices, wherever their paths stand in memory.

A batch (N, r, c) may be a view whose paths are contiguous: in small systems that is faster, since
each operation then runs along the paths. Elementwise operations, sums and transposes keep that
layout by themselves; `numpy.matmul` would first copy every matrix.
"""

from __future__ import annotations

import numpy as np

from numerics.system import Array

__all__ = ["LARGEST_PATHS_LAST", "matmul", "with_paths_last", "zeros_in_layout_of"]

# Up to this many scalars a path, operations along the paths beat BLAS on single matrices.
LARGEST_PATHS_LAST = 128


def with_paths_last(values: Array) -> Array:
    """The same array (N, ...), its first axis contiguous in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 0, -1)), -1, 0)


def zeros_in_layout_of(values: Array, shape: tuple[int, int]) -> Array:
    """A zero matrix of that shape for each of a batch (..., r, c), laid out as the batch is."""
    kind = np.result_type(values, np.float64)
    if _paths_last(values):
        return np.moveaxis(np.zeros((*shape, len(values)), dtype=kind), -1, 0)
    return np.zeros((*values.shape[:-2], *shape), dtype=kind)


def matmul(a: Array, b: Array) -> Array:
    """The product of batched matrices: `numpy.matmul` on operands of at least two axes.

    Examples
    --------
    >>> a, b = np.arange(12.0).reshape(2, 2, 3), np.arange(12.0).reshape(2, 3, 2)
    >>> bool(np.all(matmul(with_paths_last(a), with_paths_last(b)) == a @ b))
    True
    """
    rows, inner = a.shape[-2:]
    if inner == 1 and b.shape[-2] == 1:
        return _outer(a, b)
    if rows == 1 and a.ndim >= 3 and b.ndim >= 3 and a.shape[-3] > b.shape[-3] == 1:
        # Rows that meet one matrix are the rows of one: a call of BLAS for all of them.
        return np.asarray(np.matmul(a[..., 0, :], b[..., 0, :, :])[..., None, :])
    if a.ndim + b.ndim == 5 and _paths_last(a if a.ndim == 3 else b):
        # One factor for all paths: what comes of it keeps the layout, and so do the steps after.
        path = "ia,naj->ijn" if a.ndim == 2 else "nia,aj->ijn"
        return np.asarray(np.einsum(path, a, b)).transpose(2, 0, 1)
    if a.ndim == 3 and b.ndim == 3 and (_paths_last(a) or _paths_last(b)):
        a, b = (x if _paths_last(x) else with_paths_last(x) for x in (a, b))
        # Output indices in the order that walks the longer side inside: up to a quarter less time.
        path = "nia,naj->jin" if rows > b.shape[-1] else "nia,naj->ijn"
        product: Array = np.einsum(path, a, b)
        return product.T if rows > b.shape[-1] else product.transpose(2, 0, 1)
    return np.asarray(np.matmul(a, b))


def _outer(a: Array, b: Array) -> Array:
    """Columns times rows, elementwise: BLAS takes twice as long."""
    ndim = max(a.ndim, b.ndim)
    if ndim < 3 or (ndim == 3 and _paths_last(a) == _paths_last(b)):
        return a * b
    # Families of small matrices, and those of two layouts: the batch is to be walked inside.
    first, second = (
        np.moveaxis(x.reshape((1,) * (ndim - x.ndim) + x.shape), (-2, -1), (0, 1)) for x in (a, b)
    )
    return np.moveaxis(np.multiply(first, second, order="C"), (0, 1), (-2, -1))


def _paths_last(a: Array) -> bool:
    return a.ndim == 3 and a.strides[0] == a.itemsize and a[0].size > 1
