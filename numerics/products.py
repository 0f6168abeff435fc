"""The product of batched matrices, wherever their paths stand in memory.

A batch (N, r, c) may be a view whose paths are contiguous: in small systems that is faster, since
each operation then runs along the paths. Elementwise operations, sums and transposes keep that
layout by themselves; `numpy.matmul` would first copy every matrix.
"""

from __future__ import annotations

import numpy as np

from numerics.system import Array

__all__ = ["matmul", "with_paths_last"]


def with_paths_last(values: Array) -> Array:
    """The same array (N, ...), its first axis contiguous in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 0, -1)), -1, 0)


def matmul(a: Array, b: Array) -> Array:
    """The product of batched matrices: `numpy.matmul` on operands of at least two axes.

    Examples
    --------
    >>> a, b = np.arange(12.0).reshape(2, 2, 3), np.arange(12.0).reshape(2, 3, 2)
    >>> bool(np.all(matmul(with_paths_last(a), with_paths_last(b)) == a @ b))
    True
    """
    if a.shape[-1] == 1 and b.shape[-2] == 1:
        return a * b  # an outer product: BLAS takes twice as long
    if a.ndim == 3 and b.ndim == 3 and a.strides[0] == a.itemsize == b.strides[0]:
        moved = np.einsum("ian,ajn->ijn", a.transpose(1, 2, 0), b.transpose(1, 2, 0))
        return np.asarray(moved.transpose(2, 0, 1))
    return np.asarray(np.matmul(a, b))
