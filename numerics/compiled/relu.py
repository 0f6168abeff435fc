"""SGD and its SDE on a two-layer ReLU network f(x) = Σ_r a_r max(w_r'x, 0), one run.

One sample a step, with fresh label noise: with i uniform and e = y_i + √δ ξ − f(x_i), every neuron
that is active at x_i moves by

    w_r⁺ = w_r + η e a_r x_i,   a_r⁺ = a_r + η e w_r'x_i.

Its SDE has the same mean and covariance per unit of time: with r_i = y_i − f(x_i) and f_i the
gradient of f(x_i) in the weights, an Euler–Maruyama step h of it adds Σ_i c_i f_i,

    c_i = h r_i/n + √(hη/n) (r_i ξ_i − r̄ + √δ ζ_i),   r̄ = r_i Σ_j ξ_j/n,

ξ and ζ independent N(0, 1).  Weights are W (m, p), a neuron a row, and a (m,); both are changed in
place.
"""

from __future__ import annotations

import numpy as np

from numerics.compiled import compiled
from numerics.network import Array

__all__ = ["sde_steps", "sde_steps_literal", "sgd_steps", "sgd_steps_literal"]


@compiled
def sgd_steps(
    W: Array,
    a: Array,
    X: Array,
    y: Array,
    eta: float,
    deviation: float,
    steps: int,
    rng: np.random.Generator,
) -> None:
    """Take a number of steps of SGD on single samples.

    Parameters
    ----------
    W, a
        The weights, (m, p) and (m,).
    X, y
        The data, (n, p) and (n,).
    eta, deviation
        η and √δ.
    steps
        Their number.
    rng
        Gives a uniform number, for i, and a normal one, for ξ, each step.
    """
    m, p = W.shape
    n = len(X)
    z = np.empty(m)
    for _ in range(steps):
        i = int(rng.random() * n)
        error = y[i] + deviation * rng.standard_normal()
        for r in range(m):
            value = 0.0
            for c in range(p):
                value += W[r, c] * X[i, c]
            z[r] = value
            if value > 0.0:
                error -= a[r] * value
        for r in range(m):
            if z[r] > 0.0:
                moved = eta * error * a[r]
                for c in range(p):
                    W[r, c] += moved * X[i, c]
                a[r] += eta * error * z[r]


@compiled
def sde_steps(
    W: Array,
    a: Array,
    X: Array,
    y: Array,
    eta: float,
    deviation: float,
    h: float,
    steps: int,
    rng: np.random.Generator,
) -> None:
    """Take a number of Euler–Maruyama steps of length h of the SDE of `sgd_steps`.

    Parameters
    ----------
    W, a, X, y, eta, deviation, steps
        As there.
    h
        Length of a step in time.
    rng
        Gives ξ and then ζ, n normals each, every step.
    """
    m, p = W.shape
    n = len(X)
    root = np.sqrt(h * eta / n)
    z, error, xi, coefficient = np.empty((n, m)), np.empty(n), np.empty(n), np.empty(n)
    g = np.empty(p)
    for _ in range(steps):
        mean = 0.0
        for i in range(n):
            xi[i] = rng.standard_normal()
            mean += xi[i] / n
            value = y[i]
            for r in range(m):
                inner = 0.0
                for c in range(p):
                    inner += W[r, c] * X[i, c]
                z[i, r] = inner
                if inner > 0.0:
                    value -= a[r] * inner
            error[i] = value
        for i in range(n):
            noise = error[i] * (xi[i] - mean) + deviation * rng.standard_normal()
            coefficient[i] = h * error[i] / n + root * noise
        for r in range(m):
            g[:] = 0.0
            moved = 0.0
            for i in range(n):
                if z[i, r] > 0.0:
                    moved += coefficient[i] * z[i, r]
                    for c in range(p):
                        g[c] += coefficient[i] * X[i, c]
            for c in range(p):
                W[r, c] += a[r] * g[c]
            a[r] += moved


def sgd_steps_literal(
    W: Array,
    a: Array,
    X: Array,
    y: Array,
    eta: float,
    deviation: float,
    steps: int,
    rng: np.random.Generator,
) -> None:
    """`sgd_steps` as its formulas say it, on the same random numbers."""
    for _ in range(steps):
        i = int(rng.random() * len(X))
        xi = rng.standard_normal()
        z = W @ X[i]
        active = z > 0
        error = y[i] + deviation * xi - a @ np.maximum(z, 0.0)
        W_change = eta * error * np.outer(a * active, X[i])
        a += eta * error * np.maximum(z, 0.0)
        W += W_change


def sde_steps_literal(
    W: Array,
    a: Array,
    X: Array,
    y: Array,
    eta: float,
    deviation: float,
    h: float,
    steps: int,
    rng: np.random.Generator,
) -> None:
    """`sde_steps` as its formulas say it, on the same random numbers."""
    n = len(X)
    for _ in range(steps):
        xi, zeta = rng.standard_normal(n), rng.standard_normal(n)
        Z = X @ W.T
        D = Z > 0
        error = y - np.maximum(Z, 0.0) @ a
        noise = error * (xi - xi.mean()) + deviation * zeta
        coefficient = h * error / n + np.sqrt(h * eta / n) * noise
        W_change = (D * coefficient[:, None]).T @ X * a[:, None]
        a += np.maximum(Z, 0.0).T @ coefficient
        W += W_change
