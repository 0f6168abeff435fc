"""Numbers for the stated laws of known diffusions: SciPy's distributions, and values by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import integrate, stats

__all__ = ["LAWS", "VALUES", "Law", "Value"]

LEVELS = np.array([0.1, 0.4, 0.9, 1.7, 3.1])
T = 1.5


@dataclass(frozen=True, kw_only=True)
class Law:
    """A distribution function at a few levels, from another parametrisation than the claim's."""

    claim: str
    point: Mapping[str, Any]
    cdf: Callable[[Any], Any]
    source: str


@dataclass(frozen=True, kw_only=True)
class Value:
    """One stated kernel of a claim at one point."""

    claim: str
    kernel: str
    point: Mapping[str, Any]
    value: Any
    source: str


def smallest_eigenvalue(x: float) -> float:
    """P(λ_min ≤ x) for X'X, X (3, 2) standard normal: the joint density ∝ (a − b) e^{−(a+b)/2}."""

    def mass(low: float) -> float:
        found, _ = integrate.dblquad(
            lambda a, b: (a - b) * np.exp(-(a + b) / 2), low, 60.0, lambda b: b, 120.0
        )
        return float(found)

    return 1.0 - mass(x) / mass(0.0)


start = np.array([[0.8], [-0.5], [0.3]])
squared = float(np.sum(start**2))

LAWS = (
    Law(
        claim="geometric_brownian_motion.law",
        point={"x": 0.7, "mu": 0.3, "sigma": 0.6, "t": T},
        cdf=lambda y: stats.lognorm.cdf(y, 0.6 * np.sqrt(T), scale=0.7 * np.exp((0.3 - 0.18) * T)),
        source="scipy.stats.lognorm",
    ),
    Law(
        claim="ornstein_uhlenbeck.law",
        point={"x": 0.7, "m": -0.4, "theta": 0.8, "sigma": 1.1, "t": T},
        cdf=lambda y: stats.norm.cdf(
            y,
            -0.4 + 1.1 * np.exp(-0.8 * T),
            1.1 * np.sqrt(integrate.quad(lambda s: np.exp(-1.6 * s), 0.0, T)[0]),
        ),
        source="scipy.stats.norm, the variance by quadrature of Itô's isometry",
    ),
    Law(
        claim="bessel.law",
        point={"n": 5, "t": T},
        cdf=lambda y: stats.chi2.cdf(y / T, 5),
        source="scipy.stats.chi2",
    ),
    Law(
        claim="bessel.shifted_law",
        point={"x": start, "t": T},
        cdf=lambda r: stats.ncx2.cdf(r**2 / T, 3, squared / T),
        source="scipy.stats.ncx2 with three degrees of freedom",
    ),
    Law(
        claim="dyson.surmise",
        point={"t": T},
        cdf=lambda y: stats.rayleigh.cdf(np.sqrt(y), scale=2 * np.sqrt(T)),
        source="scipy.stats.rayleigh: the gap is the length of two normals of variance 4T",
    ),
    Law(
        claim="wishart.smallest",
        point={"t": T},
        cdf=lambda y: np.array([smallest_eigenvalue(x / T) for x in np.ravel(y)]),
        source="quadrature of the joint density of the eigenvalues (Mehta, Random Matrices; "
        "James 1964)",
    ),
    Law(
        claim="general_linear.law",
        point={"N": 2, "t": T},
        cdf=lambda y: stats.lognorm.cdf(y, np.sqrt(2 * T), scale=np.exp(-T)),
        source="scipy.stats.lognorm",
    ),
)

kappa, theta, sigma, s = 1.3, 0.9, 1.2, 0.7
spread = sigma**2 * (1 - np.exp(-kappa * T)) / (4 * kappa)

VALUES = (
    Value(
        claim="cir.laplace",
        kernel="path_value",
        point={"x": start, "n": 3, "kappa": kappa, "sigma": sigma, "s": s, "t": T},
        value=integrate.quad(
            lambda y: (
                np.exp(-s * spread * y)
                * stats.ncx2.pdf(y, 3, squared * np.exp(-kappa * T) / spread)
            ),
            0.0,
            200.0,
        )[0],
        source="scipy.stats.ncx2, integrated",
    ),
    Value(
        claim="bessel.hitting",
        kernel="path_probability",
        point={"x": 2.0 * start / np.sqrt(squared), "t": T},
        value=0.5 * stats.levy.cdf(T, scale=1.0),
        source="scipy.stats.levy, the time to a level at distance 1, times r/R_0 = 1/2",
    ),
    Value(
        claim="ornstein_uhlenbeck.characteristic",
        kernel="path_value",
        point={"sigma": sigma, "theta": theta},
        value=stats.norm(0, sigma / np.sqrt(2 * theta)).expect(np.cos),
        source="scipy.stats.norm.expect",
    ),
    Value(
        claim="dyson",
        kernel="stated_drift",
        point={"G": np.diag([3.0, 1.0, -2.0])},
        value=[1 / 2 + 1 / 5, -1 / 2 + 1 / 3, -1 / 5 - 1 / 3],
        source="by hand at the eigenvalues 3, 1, −2",
    ),
    Value(
        claim="dyson.halved",
        kernel="stated_drift",
        point={"G": np.diag([3.0, 1.0, -2.0])},
        value=[7 / 20, -1 / 12, -4 / 15],
        source="by hand at the eigenvalues 3, 1, −2",
    ),
    Value(
        claim="wishart",
        kernel="stated_drift",
        point={"X": np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), "m": 3, "p": 2},
        value=[3 + 5 / 3, 3 - 5 / 3],
        source="by hand at the eigenvalues 4, 1",
    ),
    Value(
        claim="rectangular_brownian",
        kernel="stated_drift",
        point={
            "X": np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
            "A": np.array([[0.5, 7.0, 7.0], [7.0, -0.25, 7.0]]),
            "m": 3,
            "p": 2,
        },
        value=[0.5 + 1 / 4 + (1 + 1 / 3) / 2, -0.25 + 1 / 2 + (-1 + 1 / 3) / 2],
        source="by hand at the singular values 2, 1",
    ),
)
