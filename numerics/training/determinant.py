"""What one step of training does to log det M, from the step's own residual and from the state.

The two do not know each other: `log_det_change` reads η, μ and G alone, `log_det_with_error` of
`numerics.network` reads the weights alone. That they agree, draw by draw, is the theorem
`discrete_determinant`.
"""

import numpy as np

from numerics.network import Array, transposed

__all__ = ["log_det_change", "squared_singular_values"]


def squared_singular_values(G: Array) -> Array:
    """s_i(G)², i = 1 … min(p, k), from the smaller of G'G and GG'; shape (..., min(p, k))."""
    tall = G.shape[-2] >= G.shape[-1]
    values = np.linalg.eigvalsh(transposed(G) @ G if tall else G @ transposed(G))
    return np.asarray(np.maximum(values, 0.0), dtype=np.float64)


def log_det_change(G: Array, step: float, decay: float = 0.0) -> Array:
    """log det M⁺ − log det M of a step that saw the residual G, shape (...).

    It is 2(p+k) log(1 − ημ) + 2 Σ_i log|1 − (η s_i/(1 − ημ))²|, s_i the singular values of G.

    Accumulated over a run it follows log det M long after M itself is singular to working
    precision. It is −inf where some η s_i = 1 − ημ, which drops the rank.
    """
    keep = 1.0 - step * decay
    x = (step / keep) ** 2 * squared_singular_values(G)
    with np.errstate(divide="ignore"):
        # log|1 − x| without losing the digits of a small x
        shares = np.log1p(np.where(x < 1.0, -x, x - 2.0))
    change: Array = 2.0 * sum(G.shape[-2:]) * np.log(keep) + 2.0 * shares.sum(axis=-1)
    return change
