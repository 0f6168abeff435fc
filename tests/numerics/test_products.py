"""The product of batches in either layout, against a loop over the matrices."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from numerics.products import matmul, with_paths_last, zeros_in_layout_of
from numerics.system import Array

RNG = np.random.default_rng(3)


def loop(a: Array, b: Array) -> Array:
    return np.array([[[sum(r * c) for c in y.T] for r in x] for x, y in zip(a, b, strict=True)])


@pytest.mark.parametrize("shape", list(product((1, 2, 5), (1, 3), (1, 4))))
@pytest.mark.parametrize("layouts", list(product((False, True), repeat=2)))
def test_every_layout_gives_the_product(
    shape: tuple[int, int, int], layouts: tuple[bool, bool]
) -> None:
    r, inner, c = shape
    a, b = RNG.standard_normal((6, r, inner)), RNG.standard_normal((6, inner, c))
    x, y = (with_paths_last(M) if last else M for M, last in zip((a, b), layouts, strict=True))
    assert np.allclose(matmul(x, y), loop(a, b), rtol=0, atol=1e-14)
    transposed = matmul(y.swapaxes(-1, -2), x.swapaxes(-1, -2))
    assert np.allclose(transposed, loop(a, b).swapaxes(-1, -2), rtol=0, atol=1e-14)


def test_a_parameter_without_paths_and_more_axes_broadcast() -> None:
    a, b = RNG.standard_normal((3, 4)), RNG.standard_normal((7, 4, 2))
    assert np.allclose(matmul(a, with_paths_last(b)), a @ b, rtol=0, atol=1e-14)
    assert np.allclose(matmul(with_paths_last(b).swapaxes(-1, -2), a.T), (a @ b).swapaxes(-1, -2))
    deep = RNG.standard_normal((5, 7, 3, 4))
    assert np.allclose(matmul(deep, with_paths_last(b)), deep @ b, rtol=0, atol=1e-14)


def test_rows_that_meet_one_matrix() -> None:
    """Samples x_i' (n, 1, p) times one matrix for each path (N, 1, p, k)."""
    x, W = RNG.standard_normal((9, 1, 4)), RNG.standard_normal((7, 1, 4, 2))
    assert np.allclose(matmul(x, W), x @ W, rtol=0, atol=1e-14)
    assert matmul(x, W).shape == (7, 9, 1, 2)
    assert np.allclose(matmul(x, W[0]), x @ W[0], rtol=0, atol=1e-14)


def test_columns_times_rows_of_a_family() -> None:
    """x_i (n, p, 1) times z_i' (N, n, 1, k), and batches of different numbers of axes."""
    x, z = RNG.standard_normal((9, 4, 1)), RNG.standard_normal((7, 9, 1, 2))
    assert np.array_equal(matmul(x, z), x * z)
    assert np.array_equal(matmul(z.swapaxes(-1, -2), x.swapaxes(-1, -2)), (x * z).swapaxes(-1, -2))
    assert np.array_equal(matmul(x[0], z), x[0] * z)


def test_columns_do_not_stretch_to_what_they_are_no_factor_of() -> None:
    with pytest.raises(ValueError, match="matmul"):
        matmul(np.ones((5, 3, 1)), np.ones((5, 3, 2)))


def test_the_layout_is_kept() -> None:
    a = with_paths_last(RNG.standard_normal((64, 5, 3)))
    b = with_paths_last(RNG.standard_normal((64, 3, 2)))
    assert a.strides[0] == 8
    assert matmul(a, b).strides[0] == 8
    assert (a + a).strides[0] == 8
    assert matmul(a, np.ascontiguousarray(b)).strides[0] == 8
    assert matmul(a[:, :, :1], np.ones((64, 1, 3))).strides[0] == 8
    assert zeros_in_layout_of(a, (2, 2)).strides[0] == 8
    assert zeros_in_layout_of(np.ascontiguousarray(a), (2, 2)).flags.c_contiguous
    assert matmul(np.ones((2, 5)), a).strides[0] == matmul(a, np.ones((3, 2))).strides[0] == 8
    assert matmul(b.swapaxes(-1, -2), a.swapaxes(-1, -2)).strides[0] == 8


def test_shapes_that_do_not_conform_are_refused() -> None:
    with pytest.raises(ValueError, match="mismatch"):
        matmul(np.ones((4, 2, 3)), np.ones((4, 2, 3)))
