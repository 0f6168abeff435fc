"""How far the squared residuals that training draws can be from their expectations.

A step of SGD sees a random residual G whose law, given the weights, is known exactly: it is drawn
here. With d = |G|² − E|G|² and any s > 0 fixed in advance,

    exp(± s Σ d − Σ K±),      K± ≥ log E exp(± s d),

over all steps and runs is a supermartingale that starts at one. So by Ville's inequality, with
probability at least 1 − α, at every time at once,

    −(log(2/α) + Σ K₋)/s  ≤  Σ d  ≤  (log(2/α) + Σ K₊)/s.

Nothing is estimated, and no number of runs has to be large. See Howard, Ramdas, McAuliffe and
Sekhon, Time-uniform Chernoff bounds via nonnegative supermartingales, Probab. Surv. 17 (2020).

- Label noise: G is Gaussian, |G|² a quadratic form, and K is exact.
- Minibatches: 0 ≤ |G|² ≤ max |g_i|², and K is Bennett's bound, with a variance that is itself
  bounded by the moments of the samples' residuals g_i = x_i r_i'.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from numerics.network import Array
from numerics.training import Problem

__all__ = ["Concentration", "Weights", "batch_concentration", "label_noise_concentration"]

Weights: TypeAlias = tuple[Array, Array]
"""W1 (..., p, l) and W2 (..., l, k)."""
LogMoment: TypeAlias = Callable[[float], Array]
"""s (of either sign) -> a bound on log E exp(s d) of one step, shape (...)."""


@dataclass(frozen=True, kw_only=True)
class Concentration:
    """The exponents K± of one algorithm, for a tilt fixed in advance."""

    tilt: float
    """s."""
    bits: float
    """log(2/α)."""
    log_moment: Callable[[Array, Array], LogMoment]
    """The law of the next step at some weights."""

    def upper_exponent(self, W1: Array, W2: Array) -> Array:
        """K₊ of the next step."""
        return self.log_moment(W1, W2)(self.tilt)

    def lower_exponent(self, W1: Array, W2: Array) -> Array:
        """K₋ of the next step."""
        return self.log_moment(W1, W2)(-self.tilt)

    def half_width(self, upper: ArrayLike, lower: ArrayLike) -> Array:
        """Bound on |Σ d| from the sums of the exponents, any shape."""
        return np.asarray((self.bits + np.maximum(upper, lower)) / self.tilt, dtype=np.float64)


def label_noise_concentration(
    data: Problem, variance: float, path: Weights, draws: int, alpha: float
) -> Concentration:
    """For G = R + X'ε/n: in the eigenbasis of X'X/n, independent normals of variance δλ_j/n.

    Parameters
    ----------
    path
        Weights that runs may pass, from a run without noise: the tilt is chosen for them. A bad
        guess makes the bound wider, never wrong.
    draws
        Steps over all runs.
    """
    values, basis = np.linalg.eigh(data.XX)
    sigma2 = variance * np.maximum(values, 0.0) / data.n

    def at(W1: Array, W2: Array) -> LogMoment:
        means = np.sum((basis.T @ data.residual(W1, W2)) ** 2, axis=-1)

        def log_moment(s: float) -> Array:
            x = 2 * s * sigma2
            if x.max() >= 1:
                return np.full(means.shape[:-1], np.inf)
            noise = data.k * np.sum(-0.5 * np.log1p(-x) - 0.5 * x)
            value: Array = noise + s * np.sum(means * x / (1 - x), axis=-1)
            return value

        return log_moment

    scale = 1 / float(2 * sigma2.max())
    return _tilted(at, path, scale, draws, alpha)


def batch_concentration(
    data: Problem, batch: int, path: Weights, draws: int, alpha: float
) -> Concentration:
    """For the mean G of b rows' residuals, the rows drawn independently with replacement.

    Parameters as in `label_noise_concentration`.
    """
    lengths = np.einsum("ip,ip->i", data.X, data.X)

    def at(W1: Array, W2: Array) -> LogMoment:
        mean, variance, largest = _batch_moments(data, lengths, batch, W1 @ W2)

        def log_moment(s: float) -> Array:
            # d lies between −E|G|² and max|g|² − E|G|²; Bennett needs the end to which s points.
            extent = largest - mean if s > 0 else mean
            u = abs(s) * extent
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                value = variance * (np.expm1(u) - u) / extent**2
            return np.asarray(np.where(extent > 0, value, 0.0), dtype=np.float64)

        return log_moment

    sizes = _batch_moments(data, lengths, batch, path[0] @ path[1])[0]
    return _tilted(at, path, 1 / float(sizes.max()), draws, alpha)


def _tilted(
    at: Callable[[Array, Array], LogMoment],
    path: Weights,
    scale: float,
    draws: int,
    alpha: float,
) -> Concentration:
    """The tilt of the smallest half-width to be expected along a path."""
    bits = float(np.log(2 / alpha))
    log_moment = at(*path)

    def expected(s: float) -> float:
        with np.errstate(over="ignore"):
            return (bits + draws * max(float(log_moment(r).mean()) for r in (s, -s))) / s

    tilts = (scale * 2.0 ** np.arange(2.0, -40.0, -0.5)).tolist()
    return Concentration(tilt=min(tilts, key=expected), bits=bits, log_moment=at)


def _batch_moments(
    data: Problem, lengths: Array, batch: int, product: Array
) -> tuple[Array, Array, Array]:
    """E|G|², a bound on Var|G|², and max|g_i|², at weights with this product W1W2.

    With c = g − R, the variance of |R + c̄|² = |R|² + 2⟨R, c̄⟩ + |c̄|² is at most the square of the
    sum of the deviations of both terms, and E|c̄|⁴ of a mean of b independent vectors gives the
    second of them.
    """
    E = data.Y - data.X @ product
    R = data.XY - data.XX @ product
    squares = lengths * np.sum(E * E, axis=-1)
    size = np.sum(R * R, axis=(-2, -1))
    spread = np.maximum(squares.mean(axis=-1) - size, 0.0)
    along = np.sum((data.X @ R) * E, axis=-1)
    fourth = np.mean((squares - 2 * along + size[..., None]) ** 2, axis=-1)
    linear = 2 * np.sqrt(size * spread / batch)
    quadratic = np.sqrt(fourth / batch**3 + 2 * spread**2 / batch**2)
    return size + spread / batch, (linear + quadratic) ** 2, squares.max(axis=-1)
