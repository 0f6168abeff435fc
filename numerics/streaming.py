"""Moments in one pass, mergeable: what a run keeps of the values it does not keep.

Formulas of P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and
arbitrary-order statistical moments", Sandia report SAND2008-6212 (2008), eqs. (1.4), (2.1), (3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics.errors import SimulationError
from numerics.system import Array

__all__ = ["Moments"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Count, mean, central sums of powers and extremes of an array-valued observable.

    Everything is elementwise over the observable's shape, apart from the covariance. A value that
    is not a number makes the moments of its entry not a number.

    Attributes
    ----------
    count
        Number of values.
    mean
        Their mean.
    M2, M3, M4
        Σ (x − mean)^q.
    minimum, maximum
        The extremes.
    comoment
        Σ (x − mean)(x − mean)' of the flattened observable (d, d), or None if not asked for.

    Examples
    --------
    >>> a, b = Moments.of(np.array([1.0, 2.0])), Moments.of(np.array([6.0]))
    >>> merged = a.merged(b)
    >>> merged.count, float(merged.mean), float(merged.variance)
    (3, 3.0, 7.0)
    """

    count: int
    mean: Array
    M2: Array
    M3: Array
    M4: Array
    minimum: Array
    maximum: Array
    comoment: Array | None = None

    @classmethod
    def of(cls, values: Array, *, covariance: bool = False) -> Moments:
        """The moments of values (count, ...), the paths on the first axis."""
        values = np.asarray(values, dtype=float)
        if values.ndim < 1 or len(values) < 1:
            raise SimulationError(f"values: shape {values.shape} holds no path; give (paths, ...)")
        mean = values.mean(axis=0)
        centred = values - mean
        # One Newton step: what rounding left in the mean would else enter the higher sums.
        shift = centred.mean(axis=0)
        mean, centred = mean + shift, centred - shift
        squares = centred * centred
        flat = centred.reshape(len(values), -1)
        return cls(
            count=len(values),
            mean=mean,
            M2=squares.sum(axis=0),
            M3=(squares * centred).sum(axis=0),
            M4=(squares * squares).sum(axis=0),
            minimum=values.min(axis=0),
            maximum=values.max(axis=0),
            comoment=flat.T @ flat if covariance else None,
        )

    def merged(self, other: Moments) -> Moments:
        """The moments of both sets of values together, to rounding the same in any order."""
        a, b = self.count, other.count
        n = a + b
        d = other.mean - self.mean
        cross = a * b / n
        M3 = self.M3 + other.M3 + d**3 * (cross * (a - b) / n)
        M3 = M3 + 3 * d * (a * other.M2 - b * self.M2) / n
        M4 = self.M4 + other.M4 + d**4 * (cross * (a * a - a * b + b * b) / n**2)
        M4 = M4 + 6 * d**2 * (a * a * other.M2 + b * b * self.M2) / n**2
        M4 = M4 + 4 * d * (a * other.M3 - b * self.M3) / n
        comoment = None
        if self.comoment is not None and other.comoment is not None:
            flat = d.reshape(-1)
            comoment = self.comoment + other.comoment + np.outer(flat, flat) * cross
        return Moments(
            count=n,
            mean=self.mean + d * (b / n),
            M2=self.M2 + other.M2 + d**2 * cross,
            M3=M3,
            M4=M4,
            minimum=np.minimum(self.minimum, other.minimum),
            maximum=np.maximum(self.maximum, other.maximum),
            comoment=comoment,
        )

    @property
    def variance(self) -> Array:
        """Unbiased variance; nan for a single value."""
        return self.M2 / (self.count - 1) if self.count > 1 else np.full_like(self.mean, np.nan)

    @property
    def standard_error(self) -> Array:
        """Standard deviation of the mean, estimated; nan for a single value."""
        return np.asarray(np.sqrt(self.variance / self.count))

    @property
    def skewness(self) -> Array:
        """√n M3 / M2^{3/2}; nan where the values are constant."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.sqrt(self.count) * self.M3 / self.M2**1.5)

    @property
    def kurtosis(self) -> Array:
        """n M4 / M2², 3 for a normal law; nan where the values are constant."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.count * self.M4 / self.M2**2)

    @property
    def covariance(self) -> Array:
        """Unbiased covariance of the flattened observable, shape (d, d)."""
        if self.comoment is None:
            raise SimulationError("covariance: not collected in this run; ask with covariance=True")
        if self.count < 2:
            return np.full_like(self.comoment, np.nan)
        return self.comoment / (self.count - 1)
