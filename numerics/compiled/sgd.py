"""Label-noise SGD of the two-layer linear network at several step sizes on one Brownian path.

A step of size h is Θ⁺ = (I + S(hR + ΔZ))Θ with ΔZ the increment of dZ = √(ηδ)/n X'dB over h.  With
h = η it is label-noise SGD, ηX'ε/n having the law of ΔZ; with h below η it is the
Euler–Maruyama scheme of its SDE.  So at fixed ηδ the algorithm at η, η/2, η/4, … and the SDE on a
finer grid can all be driven by the same path, and their differences are small path by path.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from numerics.compiled import compiled
from numerics.network import Array, advanced

__all__ = ["coupled_steps", "coupled_steps_literal"]


@compiled
def _step(
    m: int, u: Array, v: Array, XX: Array, XY: Array, z: Array, dt: float, G: Array, sums: Array
) -> None:
    """One step of level m from W1 = u[m] (p, l), W2' = v[m] (k, l) and ΔZ = z[m], all in place."""
    p, width = u.shape[1:]
    k = v.shape[1]
    square, cross, size = 0.0, 0.0, 0.0
    for i in range(p):
        for a in range(k):
            product = 0.0
            for j in range(width):
                product += u[m, i, j] * v[m, a, j]
            G[p + i, a] = product
    for i in range(p):
        for a in range(k):
            r, dz = XY[i, a], z[m, i, a]
            for j in range(p):
                r -= XX[i, j] * G[p + j, a]
            square += r * r
            cross += r * dz
            size += dz * dz
            G[i, a] = dt * r + dz
    for j in range(width):
        for i in range(p):
            moved = 0.0
            for a in range(k):
                moved += G[i, a] * v[m, a, j]
            G[p + i, 0] = moved
        for a in range(k):
            moved = 0.0
            for i in range(p):
                moved += G[i, a] * u[m, i, j]
            v[m, a, j] += moved
        for i in range(p):
            u[m, i, j] += G[p + i, 0]
    sums[m, 0] += dt * square
    sums[m, 1] += dt * cross
    sums[m, 2] += size


@compiled
def coupled_steps(
    W1: Array,
    W2: Array,
    XX: Array,
    XY: Array,
    factor: Array,
    h: float,
    every: NDArray[np.int64],
    steps: int,
    rng: np.random.Generator,
    sums: Array,
) -> None:
    """Run every level over the same increments; weights and sums are changed in place.

    Parameters
    ----------
    W1, W2
        Weights (levels, paths, p, l) and (levels, paths, l, k).
    XX, XY
        X'X/n and X'Y/n.
    factor
        A with AA' the covariance of the rows of ΔZ over one finest step, (p, p).
    h, steps
        Size and number of the finest steps.
    every
        Finest steps in a step of each level: each a multiple of the next, the last one 1.
    rng
        Draws p·k normals a finest step, path after path.
    sums
        Zeros of shape (levels, 3, paths); on return Σ h|R|², Σ h⟨R, ΔZ⟩ and Σ |ΔZ|².
    """
    levels, paths, p, width = W1.shape
    k, last = W2.shape[3], levels - 1
    u, v = np.empty((levels, p, width)), np.empty((levels, k, width))
    z, xi = np.zeros((levels, p, k)), np.empty((p, k))
    G, own = np.empty((2 * p, k)), np.empty((levels, 3))
    for path in range(paths):
        for m in range(levels):
            u[m], v[m] = W1[m, path], W2[m, path].T
        own[:] = 0.0
        for step in range(1, steps + 1):
            for i in range(p):
                for a in range(k):
                    xi[i, a] = rng.standard_normal()
            for i in range(p):
                for a in range(k):
                    dz = 0.0
                    for j in range(p):
                        dz += factor[i, j] * xi[j, a]
                    z[last, i, a] = dz
            for m in range(last, -1, -1):
                if step % every[m] != 0:
                    break
                _step(m, u, v, XX, XY, z, h * every[m], G, own)
                for i in range(p):
                    for a in range(k):
                        if m > 0:
                            z[m - 1, i, a] += z[m, i, a]
                        z[m, i, a] = 0.0
        for m in range(levels):
            W1[m, path], W2[m, path] = u[m], v[m].T
        sums[:, :, path] = own


def coupled_steps_literal(
    W1: Array,
    W2: Array,
    XX: Array,
    XY: Array,
    factor: Array,
    h: float,
    every: NDArray[np.int64],
    steps: int,
    rng: np.random.Generator,
    sums: Array,
) -> None:
    """`coupled_steps` as it stands on paper, in NumPy: all paths of a level at once."""
    paths, p, k = W1.shape[1], W1.shape[2], W2.shape[3]
    dZ = factor @ rng.standard_normal((paths, steps, p, k))
    for m, ratio in enumerate(every):
        for first in range(0, steps, int(ratio)):
            z = dZ[:, first : first + ratio].sum(axis=1)
            R = XY - XX @ (W1[m] @ W2[m])
            W1[m], W2[m] = advanced(W1[m], W2[m], h * ratio * R + z, 1.0)
            for q, value in enumerate((h * ratio * R * R, h * ratio * R * z, z * z)):
                sums[m, q] += value.sum(axis=(-2, -1))
