"""A regression problem as training sees it: data, and the products of them every step needs."""

from dataclasses import dataclass

import numpy as np

from numerics.errors import DataError
from numerics.network import Array

__all__ = ["Problem", "problem"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Data X (n, p) and Y (n, k) with their sufficient statistics."""

    X: Array
    Y: Array
    XX: Array
    """X'X/n, shape (p, p)."""
    XY: Array
    """X'Y/n, shape (p, k)."""
    factor: Array
    """A (p, rank X) with AA' = X'X: X'ε has the law of Aξ for independent normal ε and ξ."""

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.X)

    @property
    def p(self) -> int:
        """Number of features."""
        return int(self.X.shape[1])

    @property
    def k(self) -> int:
        """Number of targets."""
        return int(self.Y.shape[1])

    def residual(self, W1: Array, W2: Array) -> Array:
        """R = X'(Y − X W1 W2)/n, shape (..., p, k), at a cost that does not know n."""
        return self.XY - self.XX @ (W1 @ W2)

    def errors(self, W1: Array, W2: Array) -> Array:
        """Y − X W1 W2, the errors r_i of every sample as rows, shape (..., n, k)."""
        return self.Y - self.X @ (W1 @ W2)

    def mean_square_gradient(self, W1: Array, W2: Array) -> Array:
        """1/n Σ_i |x_i|²|r_i|², the mean square of the samples' residuals, shape (...)."""
        E = self.errors(W1, W2)
        lengths = np.einsum("ip,ip->i", self.X, self.X)
        value: Array = np.einsum("...ik,...ik,i->...", E, E, lengths) / self.n
        return value


def problem(X: Array, Y: Array) -> Problem:
    """The problem of data X (n, p) and targets Y (n, k).

    Raises
    ------
    DataError
        If the arrays are not matrices with the same, positive number of rows, or not finite.
    """
    for name, values in (("X", X), ("Y", Y)):
        if values.ndim != 2 or 0 in values.shape:
            raise DataError(
                f"{name} of shape {values.shape}: not a matrix with entries; give (rows, columns)"
            )
        if not np.isfinite(values).all():
            raise DataError(f"{name}: has entries that are not finite; remove those rows")
    if len(X) != len(Y):
        raise DataError(f"Y with {len(Y)} rows: X has {len(X)}; give both the same rows")
    n = len(X)
    # The singular values of X and not the eigenvalues of X'X: half of the digits would be lost
    # there.
    _, sizes, directions = np.linalg.svd(X, full_matrices=False)
    kept = sizes > sizes[0] * max(X.shape) * np.finfo(np.float64).eps
    return Problem(
        X=X, Y=Y, XX=X.T @ X / n, XY=X.T @ Y / n, factor=directions[kept].T * sizes[kept]
    )
