"""The largest singular value of a Brownian matrix X (3, 2), an observable that is a function."""

from typing import Any

import numpy as np

from verify import DifferentialClaim, NumericSDE

brownian = NumericSDE(states={"X": (3, 2)}, noises={"B": (3, 2)}, drift=0, noise=lambda dB: dB)


def values(X: Any) -> tuple[Any, Any]:
    """Both singular values, the larger one first."""
    s = np.linalg.svd(X, compute_uv=False)
    return s[..., 0], s[..., 1]


def along(X: Any, dB: Any) -> Any:
    """u'dB v for the first pair of singular vectors."""
    u, _, vt = np.linalg.svd(X, full_matrices=False)
    return np.einsum("...i,...ij,...j->...", u[..., :, 0], dB, vt[..., 0, :])


largest = DifferentialClaim(
    sde=brownian,
    observable=lambda X: values(X)[0],
    drift=lambda X: 1 / (2 * values(X)[0]) + values(X)[0] / (values(X)[0] ** 2 - values(X)[1] ** 2),
    martingale=along,
)
