"""Distribution functions by quadrature against SciPy's, and densities that have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from numerics.distribution import Distribution, NoDensityError
from numerics.errors import NumericsError

INF = np.inf

# Density, support, the law, the agreement that rounding near an end allows.
KNOWN: dict[str, tuple[Callable[[Any], Any], float, float, Any, float]] = {
    "normal": (lambda x: np.exp(-(x**2) / 2), -INF, INF, stats.norm, 1e-13),
    "far away": (lambda x: np.exp(-((x - 1e3) ** 2) / 2), -INF, INF, stats.norm(1e3), 1e-10),
    "Cauchy": (lambda x: 1 / (1 + x**2), -INF, INF, stats.cauchy, 1e-13),
    "heavy": (lambda x: (1 + x**2 / 1.1) ** -1.05, -INF, INF, stats.t(1.1), 1e-13),
    "gamma": (lambda x: x**-0.5 * np.exp(-x), 0.0, INF, stats.gamma(0.5), 1e-13),
    "steep": (lambda x: x**-0.95 * np.exp(-x), 0.0, INF, stats.gamma(0.05), 1e-13),
    "negative": (lambda x: np.exp(x), -INF, 0.0, stats.expon, 1e-13),
    "arcsine": (lambda x: (x * (1 - x)) ** -0.5, 0.0, 1.0, stats.beta(0.5, 0.5), 1e-8),
    "uniform": (np.ones_like, 2.0, 5.0, stats.uniform(2, 3), 1e-12),
    "inverse gamma": (lambda x: x**-3.0 * np.exp(-1 / x), 0.0, INF, stats.invgamma(2), 1e-13),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_law(name: str) -> None:
    p, low, high, law, within = KNOWN[name]
    found = Distribution.of(p, low, high, centre=0.3, scale=1.0)
    shares = np.array([1e-6, 0.01, 0.3, 0.5, 0.9, 0.999])
    x = law.ppf(shares) if name != "negative" else -law.ppf(1 - shares)
    assert np.max(np.abs(found.cdf(x) - shares)) < within


def test_no_factor_and_no_start_of_the_search_matters() -> None:
    x = np.linspace(-3, 3, 7)
    one = Distribution.of(lambda x: np.exp(-(x**2) / 2), -INF, INF, 0.0, 1.0)
    other = Distribution.of(lambda x: 7e5 * np.exp(-(x**2) / 2), -INF, INF, 40.0, 9.0)
    assert np.max(np.abs(one.cdf(x) - other.cdf(x))) < 1e-10
    assert other.mass == pytest.approx(7e5 * np.sqrt(2 * np.pi))


def test_outside_of_the_support() -> None:
    found = Distribution.of(lambda x: 2 * x, 0.0, 1.0, 0.5, 0.2)
    assert found.cdf(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])) == pytest.approx([0, 0, 0.25, 1, 1])


DIVERGING: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "power at 0": (lambda x: x**-1.2 * np.exp(-x), 0.0, INF),
    "flat": (np.ones_like, -INF, INF),
    "slow": (lambda x: (1 + x**2) ** -0.4, -INF, INF),
    "growing": (np.exp, -INF, INF),
    "power at 1": (lambda x: (1 - x) ** -1.5, 0.0, 1.0),
}


@pytest.mark.parametrize("name", DIVERGING)
def test_what_cannot_be_integrated_is_no_density(name: str) -> None:
    with pytest.raises(NoDensityError, match="diverges"):
        Distribution.of(*DIVERGING[name], centre=0.5, scale=1.0)


def test_the_border_is_left_open() -> None:
    with pytest.raises(NumericsError, match="the border") as caught:
        Distribution.of(lambda x: np.exp(-x) / x, 0.0, INF, 1.0, 1.0)
    assert not isinstance(caught.value, NoDensityError)


def test_a_negative_function_is_no_density() -> None:
    with pytest.raises(NoDensityError, match="negative"):
        Distribution.of(lambda x: x * np.exp(-(x**2)), -INF, INF, 0.0, 1.0)


@pytest.mark.parametrize("power", [1.0, 0.9])
@pytest.mark.parametrize("pole", [0.0, 0.5])
def test_a_pole_between_the_ends_is_not_integrated_over(power: float, pole: float) -> None:
    """That of power 0.9 has an integral, and halved panels do not find it."""
    with pytest.raises(NumericsError, match="without a pole"):
        Distribution.of(lambda x: np.exp(-(x**2)) * np.abs(x - pole) ** -power, -INF, INF, 0.0, 1.0)


def test_a_function_that_is_negative_beyond_a_pole_is_no_density() -> None:
    """Its sign says more than the integral, which does not settle."""
    with pytest.raises(NoDensityError, match="negative"):
        Distribution.of(lambda x: np.exp(-x) / (2.3 - x) ** 3, 0.0, INF, 1.0, 1.0)


def test_jumps_and_mild_singularities_are_integrated() -> None:
    mild = Distribution.of(lambda x: np.abs(x - 0.5) ** -0.5, 0.0, 1.0, 0.3, 0.2)
    assert mild.mass == pytest.approx(2 * 2**0.5, rel=1e-4)
    cut = Distribution.of(lambda x: np.exp(-x) * (x > 0.3123), 0.0, INF, 1.0, 1.0)
    assert cut.mass == pytest.approx(np.exp(-0.3123), rel=1e-9)


def test_a_density_that_is_no_number_between_its_ends_is_refused() -> None:
    def broken(x: Any) -> Any:
        return np.where(np.abs(x - 0.2) < 0.1, np.nan, np.exp(-(x**2)))

    with pytest.raises(NumericsError, match=r"not a number at 0\.1"):
        Distribution.of(broken, -INF, INF, 0.0, 1.0)


def test_no_mass_is_said() -> None:
    with pytest.raises(NumericsError, match="integral is 0"):
        Distribution.of(np.zeros_like, 0.0, 1.0, 0.5, 0.2)
