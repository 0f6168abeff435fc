"""Functions that kernels call, at the borders of where they are defined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gamma

from numerics.batched import eigenvalues, logdet, lowergamma, projectors, uppergamma


def test_the_logarithm_of_a_negative_determinant_is_not_a_number() -> None:
    found = logdet(np.array([np.diag([2.0, 3.0]), np.diag([-2.0, 3.0]), np.diag([0.0, 3.0])]))
    np.testing.assert_allclose(found, [np.log(6.0), np.nan, -np.inf])


def test_the_parts_of_the_gamma_function_add_up_on_the_whole_line() -> None:
    x = np.array([-1.0, 0.0, 0.7, 30.0])
    np.testing.assert_allclose(lowergamma(2.5, x) + uppergamma(2.5, x), gamma(2.5), rtol=1e-14)
    assert lowergamma(2.5, x)[:2].tolist() == [0.0, 0.0]
    assert uppergamma(1.0, 0.7) == pytest.approx(np.exp(-0.7), rel=1e-14)


def test_matrices_that_are_not_finite_have_no_spectrum_and_spoil_no_other() -> None:
    S = np.array([np.diag([1.0, 3.0]), [[1.0, np.nan], [np.nan, 1.0]], np.full((2, 2), np.inf)])
    np.testing.assert_array_equal(eigenvalues(S), [[3.0, 1.0], [np.nan] * 2, [np.nan] * 2])
    found = projectors(S)
    np.testing.assert_array_equal(found[0], [np.diag([0.0, 1.0]), np.diag([1.0, 0.0])])
    assert np.isnan(found[1:]).all()
