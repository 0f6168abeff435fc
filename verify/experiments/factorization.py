"""Matrix factorization ℓ = |U W x − y|², trained by SGD and by gradient descent, and its orbit.

y = V x + ε with x ~ N(0, Σ_x), ε ~ N(0, Σ_r).  The loss is unchanged by U → U A⁻¹, W → A W;
gradient flow therefore keeps D = W W' − U'U.  With T = η/b (step over batch; time is steps times
η), where U W = V:

    dD = −4T F dt − 4γ D dt,   F = tr(Σ_r) W Σ_x W' − tr(Σ_x) U'Σ_r U.

On the orbit U W = V the law of D is the law of everything, up to a rotation of the h hidden units:
dW = B W dt, dU = −U B dt with the symmetric B that solves B S + S B = dD/dt, S = W W' + U'U.  The
equilibrium F = 0 is unique there: W = A W_0, U = U_0 A⁻¹ with A'A the geometric mean of M⁻¹ and N,
M = tr(Σ_r) W_0 Σ_x W_0', N = tr(Σ_x) U_0'Σ_r U_0, both positive definite.

Source: Ziyin, Wang, Li and Wu, Parameter symmetry and noise equilibrium of stochastic gradient
descent, NeurIPS 2024; constants as derived here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.network import Array
from numerics.noise_equilibrium import geometric_mean, noise_equilibrium

__all__ = [
    "Model",
    "Trained",
    "balanced",
    "carried",
    "curvature",
    "equilibrium",
    "imbalance",
    "loss",
    "noise_imbalance",
    "on_orbit",
    "orbit_flow",
    "sharpness",
    "train",
]


@dataclass(frozen=True, kw_only=True)
class Model:
    """What is factorized, and the two covariances."""

    V: Array
    """(d_y, d_x)"""
    inputs: Array
    """Σ_x, (d_x, d_x)."""
    noise: Array
    """Σ_r, (d_y, d_y)."""

    @cached_property
    def traces(self) -> tuple[float, float]:
        """tr Σ_x and tr Σ_r."""
        return float(np.trace(self.inputs)), float(np.trace(self.noise))


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The weights at some numbers of steps, the start among them."""

    steps: Array
    U: Array
    """(times, d_y, h)"""
    W: Array
    """(times, h, d_x)"""


def transpose(A: Array) -> Array:
    """The last two axes exchanged."""
    return np.swapaxes(A, -1, -2)


def imbalance(U: Array, W: Array) -> Array:
    """D = W W' − U'U, over leading axes."""
    return np.asarray(W @ transpose(W) - transpose(U) @ U)


def noise_imbalance(model: Model, U: Array, W: Array) -> Array:
    """F = tr(Σ_r) W Σ_x W' − tr(Σ_x) U'Σ_r U, over leading axes."""
    inputs, noise = model.traces
    first = noise * (W @ model.inputs @ transpose(W))
    return np.asarray(first - inputs * (transpose(U) @ model.noise @ U))


def loss(model: Model, U: Array, W: Array) -> Array:
    """E|U W x − y|² less tr Σ_r, over leading axes."""
    off = U @ W - model.V
    return np.asarray(np.sum((off @ model.inputs) * off, axis=(-1, -2)))


def curvature(model: Model, U: Array, W: Array) -> Array:
    """tr of the Hessian of `loss` as measured: its second differences, over leading axes.

    In each weight alone the loss is quadratic, so that a step of any size gives the derivative.
    """
    shapes = U.shape[-2:], W.shape[-2:]
    found = -2.0 * sum(map(math.prod, shapes)) * loss(model, U, W)
    for part, size in enumerate(shapes):
        for place in np.ndindex(size):
            step = np.zeros(size)
            step[place] = 1.0
            for e in (step, -step):
                found = found + (loss(model, U + e, W) if part == 0 else loss(model, U, W + e))
    return np.asarray(found)


def sharpness(model: Model, U: Array, W: Array) -> Array:
    """tr of the Hessian of the expected loss as stated, 2(d_y tr W Σ_x W' + tr(Σ_x)|U|²)."""
    first = np.trace(W @ model.inputs @ transpose(W), axis1=-2, axis2=-1)
    second = model.traces[0] * np.sum(U * U, axis=(-1, -2))
    return np.asarray(2 * (len(model.V) * first + second))


def train(
    model: Model,
    start: tuple[Array, Array],
    etas: Array,
    *,
    marks: int,
    batch: int = 1,
    decay: float = 0.0,
    rng: np.random.Generator | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Trained:
    """SGD with these step sizes; gradient descent on the expected loss without ``rng``.

    Weights that diverge are not numbers from there on.
    """
    from numerics.compiled.factorization import full_steps, sgd_steps

    U, W = (np.array(part, order="C") for part in start)
    at = np.unique(np.linspace(0, len(etas), marks + 1).round().astype(int))
    of_inputs, of_noise = (_cholesky(S) for S in (model.inputs, model.noise))
    kept = [(U.copy(), W.copy())]
    for before, after in itertools.pairwise(at):
        part = etas[before:after]
        with np.errstate(all="ignore"):
            if rng is None:
                full_steps(U, W, model.V, model.inputs, part, decay)
            else:
                sgd_steps(U, W, model.V, of_inputs, of_noise, part, batch, decay, rng)
        kept.append((U.copy(), W.copy()))
        progress(after / len(etas))
    return Trained(
        steps=at.astype(np.float64),
        U=np.array([pair[0] for pair in kept]),
        W=np.array([pair[1] for pair in kept]),
    )


def _cholesky(S: Array) -> Array:
    return np.asarray(np.linalg.cholesky(S), dtype=np.float64)


def carried(model: Model, U: Array, W: Array, rounds: int = 16) -> tuple[Array, Array]:
    """The points with U W = V and the same D, over leading axes: noise across the orbit taken off.

    U → U − s G W', W → W − s U'G changes D at second order only and U W by −s(G W'W + U U'G),
    which is s times what is off the solution.
    """
    for _ in range(rounds):
        a, P = np.linalg.eigh(U @ transpose(U))
        b, Q = np.linalg.eigh(transpose(W) @ W)
        size = np.maximum(a, 0)[..., :, None] + np.maximum(b, 0)[..., None, :]
        off = transpose(P) @ (U @ W - model.V) @ Q
        G = P @ (off / np.where(size > 1e-9, size, np.inf)) @ transpose(Q)
        U, W = U - 0.5 * G @ transpose(W), W - 0.5 * transpose(U) @ G
    return U, W


def _lyapunov(S: Array, right: Array) -> Array:
    """B with B S + S B = right, over leading axes."""
    s, P = np.linalg.eigh(S)
    turned = transpose(P) @ right @ P
    return np.asarray(P @ (turned / (s[..., :, None] + s[..., None, :])) @ transpose(P))


def orbit_flow(
    model: Model,
    start: tuple[Array, Array],
    times: Array,
    *,
    temperature: float,
    decay: float = 0.0,
    substeps: int = 5,
    force: Callable[[Model, Array, Array], Array] = noise_imbalance,
) -> tuple[Array, Array]:
    """U and W at the times as predicted, from starts on the orbit: Heun's method.

    Times come first, then the leading axes of the start.  Another ``force`` is another F.
    """

    def slope(U: Array, W: Array) -> tuple[Array, Array]:
        moved = -4 * temperature * force(model, U, W) - 4 * decay * imbalance(U, W)
        B = _lyapunov(W @ transpose(W) + transpose(U) @ U, moved)
        return -U @ B, B @ W

    U, W = start
    kept = [start]
    for span in np.diff(times):
        h = float(span) / substeps
        for _ in range(substeps):
            dU, dW = slope(U, W)
            more = slope(U + h * dU, W + h * dW)
            U, W = U + h / 2 * (dU + more[0]), W + h / 2 * (dW + more[1])
        kept.append((U, W))
    return np.array([pair[0] for pair in kept]), np.array([pair[1] for pair in kept])


def equilibrium(model: Model, start: tuple[Array, Array]) -> tuple[Array, Array]:
    """The point F = 0 on the orbit of the start."""
    return noise_equilibrium(*start, residual_covariance=model.noise, input_covariance=model.inputs)


def balanced(start: tuple[Array, Array], model: Model) -> tuple[Array, Array]:
    """The flattest point on the orbit of the start: d_y W Σ_x W' = tr(Σ_x) U'U."""
    U, W = start
    M = len(model.V) * W @ model.inputs @ W.T
    A = _root(geometric_mean(_root(M, -1.0), model.traces[0] * U.T @ U))
    return U @ np.linalg.inv(A), A @ W


def on_orbit(model: Model, hidden: int, start_shape: Array) -> tuple[Array, Array]:
    """U W = V for V of rank ``hidden``, from its singular values, turned by A (h, h) at the end."""
    left, values, right = np.linalg.svd(model.V)
    root = np.sqrt(values[:hidden])
    U, W = left[:, :hidden] * root, root[:, None] * right[:hidden]
    return U @ np.linalg.inv(start_shape), start_shape @ W


def _root(S: Array, power: float = 0.5) -> Array:
    s, P = np.linalg.eigh(S)
    return np.asarray((P * s**power) @ P.T)
