"""Interpolation between Chebyshev points: small for analytic functions, large across kinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from numerics.smoothness import NODES, _interpolated, interpolation_error

BOX = (
    {"x": np.array(-1.0), "W": np.full((2, 2), 0.5)},
    {"x": np.array(2.0), "W": np.full((2, 2), 1.5)},
)
SMOOTH: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "polynomial": lambda s: s["x"] ** 3 * s["W"][..., 0, 1],
    "exponential": lambda s: np.exp(s["x"]) + np.linalg.det(s["W"]),
    "rational": lambda s: 1 / (4 + s["x"] + s["W"][..., 0, 0]),
}
ROUGH: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "kink": lambda s: np.abs(s["x"] - 0.1),
    "step": lambda s: (s["W"][..., 1, 0] > 0.9).astype(float),
    "quantised": lambda s: np.round(s["x"], 1),
}


def test_the_polynomial_through_the_points_is_numpys() -> None:
    angles = np.arange(2 * NODES - 1) * np.pi / (2 * NODES - 2)
    r, rng = (1 - np.cos(angles)) / 2, np.random.default_rng(1)
    f = np.polynomial.Polynomial(rng.standard_normal(NODES))(r)
    np.testing.assert_allclose(_interpolated(r, f), f[1::2], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_functions_are_interpolated(name: str) -> None:
    error, spread = interpolation_error(SMOOTH[name], *BOX)
    assert error < 1e-9 * spread


@pytest.mark.parametrize("name", ROUGH)
def test_rough_functions_are_not(name: str) -> None:
    error, spread = interpolation_error(ROUGH[name], *BOX)
    assert error > 1e-3 * spread > 0


def test_what_is_not_finite_is_not_smooth() -> None:
    with np.errstate(all="ignore"):
        assert interpolation_error(lambda s: np.log(s["x"]), *BOX) == (np.inf, 0.0)
